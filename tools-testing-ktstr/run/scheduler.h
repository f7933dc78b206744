/* SPDX-License-Identifier: GPL-2.0 */
/* ktstr run --scheduler: one scheduler for all tests of the run. */
#ifndef KTSTR_TOOL_RUN_SCHEDULER_H
#define KTSTR_TOOL_RUN_SCHEDULER_H

#include <stddef.h>

#include "suite.h"

/*
 * The absolute path of the scheduler @spec: a path, or a bare name, looked for as the programs of
 * @s would look for it, but without KTSTR_SCHEDULER. 0, or WRONG_USAGE after a complaint that names
 * the option or variable @asked_by.
 */
int run_scheduler__find(const struct suite *s, const char *asked_by, const char *spec, char *path,
			size_t size);

/*
 * Hand @path and its arguments @args (one a line, or NULL) down to the tests. The command line
 * beats the environment: variables for single schedulers are removed.
 */
void run_scheduler__export(const char *path, const char *args);

/*
 * Remove "-- ARGS" and keep the ARGS, one per line, in *@args, malloc()ed. Returns the new @argc, or
 * -errno: -EINVAL for one that is empty or has several lines.
 */
int run_scheduler__cut_args(int argc, const char **argv, char **args);

#endif
