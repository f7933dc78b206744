/* SPDX-License-Identifier: GPL-2.0 */
/* What the guest did when, as lines of the complete report. */
#ifndef KTSTR_REPORT_TIMELINE_H
#define KTSTR_REPORT_TIMELINE_H

#include <stdio.h>

#include "harness/model/run.h"

void ktstr_timeline__report(const struct ktstr_run *run, FILE *f);

#endif
