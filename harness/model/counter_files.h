/* SPDX-License-Identifier: GPL-2.0 */
/* Files of counters from the guest, as its messages bring them. They are bounded and untrusted. */
#ifndef KTSTR_MODEL_COUNTER_FILES_H
#define KTSTR_MODEL_COUNTER_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "msg.h"

#define KTSTR_MAX_COUNTER_FILES	4096
#define KTSTR_MAX_COUNTER_BYTES	(64u << 20)	/* of all files */

struct ktstr_counter_file {
	enum ktstr_counters_kind kind;
	char *name;		/* as the guest says: check it before it becomes part of a path */
	uint8_t *data;
	size_t size, len;	/* as announced; so much is here */
};

struct ktstr_counter_files {
	struct ktstr_counter_file *file;
	uint32_t nr;
	uint32_t dropped;	/* files there was no room for */
	size_t bytes;		/* announced */
};

/* A message has come. False: it is none that our guest sends. */
bool ktstr_counter_files__add(struct ktstr_counter_files *c, const struct ktstr_msg_counters *what,
			 const void *data, size_t len);
void ktstr_counter_files__free(struct ktstr_counter_files *c);

#endif
