/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One JSON file per run, for programs (docs/reports.md has the schema). Crashes and timeouts leave
 * one too. Everything about the host and its clock is under the key "host"; the rest of the file
 * is identical for two deterministic runs.
 */
#ifndef KTSTR_REPORT_SIDECAR_H
#define KTSTR_REPORT_SIDECAR_H

#include "harness/model/run.h"

/* The text, malloc()ed; NULL with ENOMEM. */
char *ktstr_sidecar__text(const struct ktstr_run *run);

/* "{test}-{16 hex}.ktstr.json" */
void ktstr_sidecar__name(const struct ktstr_run *run, char *buf, size_t size);

/*
 * Write it atomically into KTSTR_SIDECAR_DIR, else into the run's folder, beside those of earlier
 * runs, which are never replaced. 0, or -errno with @err.
 */
int ktstr_sidecar__write(const struct ktstr_run *run, struct ktstr_err *err);

#endif
