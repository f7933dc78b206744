/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The report for people: the verdict first, then its reasons, then the context. There are two
 * forms: the brief one is for the screen (at most about 40 lines), the complete one is report.txt.
 */
#ifndef KTSTR_REPORT_REPORT_H
#define KTSTR_REPORT_REPORT_H

#include "harness/model/run.h"

/* Fill @run->report and @run->brief. Both stay NULL when there is no memory. */
void ktstr_report__make(struct ktstr_run *run, const char *console);

/* Print @text as TAP diagnostics: every line behind "# ". */
void ktstr_report__print(const char *text);

#endif
