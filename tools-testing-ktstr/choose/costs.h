/* SPDX-License-Identifier: GPL-2.0 */
/* How long tests take: as measured in earlier runs, else as a model says. */
#ifndef KTSTR_TOOL_RUN_COSTS_H
#define KTSTR_TOOL_RUN_COSTS_H

#include "lib/err.h"
#include "tools-testing-ktstr/run/suite.h"

/*
 * The wall time of each of the suite's variants into @seconds[]. @dir is searched for sidecars, those
 * of run folders below it too; the newest one of a variant counts, and those of skipped runs do not.
 * What was not measured gets budget__model(), scaled by what the measured ones really took. @dir NULL:
 * the model alone. @measured: how many have a sidecar. 0, or -errno with @err when @dir cannot be
 * read; a damaged sidecar only says nothing.
 */
int costs__estimate(const struct suite *s, const char *dir, double *seconds,
		    unsigned int *measured, struct ktstr_err *err);

#endif
