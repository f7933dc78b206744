/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One JSON file a run (docs/reports.md has the schema): for machines what the report is for
 * people. Crashes and timeouts leave one too. What belongs to the host and its clock is under
 * the one key "host"; without it two deterministic runs have identical files.
 */
#ifndef KTSTR_CORE_SIDECAR_H
#define KTSTR_CORE_SIDECAR_H

#include "run.h"

/* The text, malloc()ed; NULL with ENOMEM. */
char *ktstr_sidecar__text(const struct ktstr_run *run);

/* "{test}-{16 hex}.ktstr.json" */
void ktstr_sidecar__name(const struct ktstr_run *run, char *buf, size_t size);

/*
 * Write it atomically into KTSTR_SIDECAR_DIR, else into the run's folder. 0, or -errno with
 * @err.
 */
int ktstr_sidecar__write(const struct ktstr_run *run, struct vm_err *err);

#endif
