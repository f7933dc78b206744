/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How far a run is, as one line in the file "progress" of its folder while it goes on. `ktstr run`
 * shows it on a terminal.
 */
#ifndef KTSTR_HOST_PROGRESS_H
#define KTSTR_HOST_PROGRESS_H

#include "harness/model/seen.h"

/* "cgroup_steady, step 2, 3.2 s", "boots"; the time is that of the guest, by message or sample. */
void ktstr_progress__format(const struct ktstr_seen *s, char *buf, size_t size);

/*
 * A phase in which the guest says nothing: "image" (it is looked for, or made), "start" (the machine
 * is created, from an image it gets its archive), "judge". With the guest's time when there is one.
 */
void ktstr_progress__phase(const struct ktstr_run *run, const char *phase);

/*
 * Write it and what the parts say (ktstr_parts__live()), where it is not what was written last; remove
 * the file at the end.
 */
void ktstr_progress__tell(const struct ktstr_run *run);
void ktstr_progress__end(const struct ktstr_run *run);

#endif
