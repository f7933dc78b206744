/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a person reads: verdict first, then what led to it, then the context. Two lengths from
 * one description: the brief form goes to the screen (at most about 40 lines), the whole one
 * into report.txt.
 */
#ifndef KTSTR_CORE_REPORT_H
#define KTSTR_CORE_REPORT_H

#include "run.h"

/* Fill @run->report and @run->brief. Both stay NULL when there is no memory. */
void ktstr_report__make(struct ktstr_run *run, const char *console);

/* Print @text as TAP diagnostics: every line behind "# ". */
void ktstr_report__print(const char *text);

#endif
