/* SPDX-License-Identifier: GPL-2.0 */
/* Named places in a guest's kernel memory, for the ops READ_KERNEL_* and WRITE_KERNEL_*. */
#ifndef KTSTR_SNAPSHOT_MEMORY_H
#define KTSTR_SNAPSHOT_MEMORY_H

#include "harness/model/msg.h"
#include "harness/monitor/sample.h"

/*
 * Find what the question @ask is about: its address, and the field if that is bits of a number or
 * has a size of its own (size 0: it has none). 0 or -errno with @err. Nothing in @ask is trusted.
 */
int ktstr_memory__find(struct ktstr_monitor *m, const struct ktstr_msg_ask *ask, uint64_t *kva,
		       struct ktstr_btf_field *field, struct ktstr_err *err);

/* Read @ask->len bytes of it to @buf, or write those of @buf and read them again. 0, -errno. */
int ktstr_memory__read(struct ktstr_monitor *m, const struct ktstr_msg_ask *ask, void *buf,
		       struct ktstr_err *err);
int ktstr_memory__write(struct ktstr_monitor *m, const struct ktstr_msg_ask *ask, const void *buf,
			struct ktstr_err *err);

#endif
