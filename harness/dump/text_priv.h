/* SPDX-License-Identifier: GPL-2.0 */
/* What the files share that make text of reports. */
#ifndef KTSTR_DUMP_TEXT_PRIV_H
#define KTSTR_DUMP_TEXT_PRIV_H

#include "text.h"
#include "value_text.h"

#define TEXT_MAX_CPUS	4096

/* CPUs of a list as "0-2,5". */
struct text_cpus {
	uint8_t bit[TEXT_MAX_CPUS / 8];
};

void text_cpus__parse(struct text_cpus *c, const char *list);
bool text_cpus__has(const struct text_cpus *c, uint64_t cpu);

/* Elements of a list that carry @value under @key. */
const struct ktstr_jnode *text_find_u64(const struct ktstr_jnode *list, const char *key,
					uint64_t value);
/* "worker[12]" */
void text_task_name(const struct ktstr_jnode *task, char *buf, size_t size);
/* The queue that @task is in; NULL: none that is known. */
const struct ktstr_jnode *text_queue_of(const struct ktstr_jnode *report,
					const struct ktstr_jnode *task);
/* Its place in it, from 1; 0: it is not there. */
uint64_t text_place_in(const struct ktstr_jnode *queue, const char *name);
/* "the local queue of CPU 1", "DSQ 0x101" */
void text_queue_name(const struct ktstr_jnode *queue, char *buf, size_t size);
/* How values are shown: on one line each, a line a member that is not 0, or with all members. */
enum text_form { TEXT_LINE, TEXT_SHORT, TEXT_ALL };

/* Entries of maps that belong to the task: its storage, and those that have its pid as a key. */
void text_task_maps(const struct ktstr_jnode *report, const struct ktstr_jnode *task, int indent,
		    enum text_form form, FILE *f);
/* The @f-style heading of a part of the text. */
void text_title(const char *title, FILE *f);
void text_maps(const struct ktstr_jnode *report, FILE *f);
/* One map with its values. */
void text_map(const struct ktstr_jnode *map, bool all, FILE *f);

#endif
