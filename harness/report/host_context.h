/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The machine that a run ran on: what of it can change the figures. Read from procfs and sysfs when
 * the sidecar is written; whatever this host does not have is null.
 */
#ifndef KTSTR_REPORT_HOST_CONTEXT_H
#define KTSTR_REPORT_HOST_CONTEXT_H

#include "lib/json.h"

/* Write the keys into the object that is open. @root is put before /proc and /sys: "" or a test's. */
void ktstr_host_context__json(const char *root, struct ktstr_json *j);

#endif
