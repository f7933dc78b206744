/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reports as text for people. They may come from a file, so nothing in them is trusted: what is not
 * there, or is something else than it should be, is left out.
 */
#ifndef KTSTR_DUMP_TEXT_H
#define KTSTR_DUMP_TEXT_H

#include <stdio.h>

#include "lib/jtree.h"

/*
 * What comes first: why the scheduler ended, the task that has waited longest, why it waits, in
 * which queue, behind whom, which CPUs could run it, and what the scheduler's maps say of it.
 */
void ktstr_dump_text__screen(const struct ktstr_jnode *report, bool brief, FILE *f);

/* All of it: the above, tasks, queues, CPUs, counters, programs, maps. */
void ktstr_dump_text__all(const struct ktstr_jnode *report, FILE *f);

/* Maps whose name ends with @name, all members of their values. 0 or -ENOENT. */
int ktstr_dump_text__map(const struct ktstr_jnode *report, const char *name, FILE *f);

/* The task @pid: all of it, and what the maps have under it. 0 or -ENOENT. */
int ktstr_dump_text__task(const struct ktstr_jnode *report, int64_t pid, FILE *f);

/*
 * The task that has waited longest, or the one that the kernel's message is about. NULL: none waits.
 */
const struct ktstr_jnode *ktstr_dump_text__stalled(const struct ktstr_jnode *report);

#endif
