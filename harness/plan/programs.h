/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The programs that a run takes into its guest: the scheduler, the staged schedulers, payloads.
 * They are looked for once, before anything boots; what is packed, reported and hashed is what was
 * found then.
 */
#ifndef KTSTR_PLAN_PROGRAMS_H
#define KTSTR_PLAN_PROGRAMS_H

#include "harness/model/run.h"
#include "lib/err.h"

/*
 * Find all of them and fill run->programs. 0 or -errno with @err (err->missing: one with a bare
 * name is nowhere). What was found before an error stays.
 */
int ktstr_programs__find(struct ktstr_run *run, struct ktstr_err *err);
void ktstr_programs__free(struct ktstr_run *run);

/* The one for this struct ktstr_scheduler or ktstr_payload; NULL: it was not found. */
const struct ktstr_program *ktstr_programs__of(const struct ktstr_run *run, const void *declared);

/* Its arguments in the guest, which ktstr_scheduler__args_free() frees. NULL with ENOMEM. */
char **ktstr_programs__args(const struct ktstr_run *run, const struct ktstr_program *p);

/* The name of the scheduler that ran: that of its file, or of this machine's; "eevdf" without one. */
const char *ktstr_programs__scheduler(const struct ktstr_run *run);

/*
 * A host file that the guest gets: a path, or a bare name, looked for in the working directory,
 * beside the test program, and in PATH. 0 or -ENOENT with @err (err->missing: a bare name).
 */
int ktstr_include__find(const char *spec, char *path, size_t size, struct ktstr_err *err);

#endif
