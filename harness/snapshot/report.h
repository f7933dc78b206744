/* SPDX-License-Identifier: GPL-2.0 */
/* Hooks of ktstr_snapshot_part (model/part.h): what is said of the snapshots of a run. */
#ifndef KTSTR_SNAPSHOT_REPORT_H
#define KTSTR_SNAPSHOT_REPORT_H

#include <stdbool.h>
#include <stdio.h>

struct ktstr_json;
struct ktstr_run;

void ktstr_snapshots__json(const struct ktstr_run *run, const void *state, const char *key,
			   struct ktstr_json *j);
void ktstr_snapshots__report(const struct ktstr_run *run, const void *state, bool brief, FILE *f);

#endif
