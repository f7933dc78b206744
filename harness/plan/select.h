/* SPDX-License-Identifier: GPL-2.0 */
/* Which tests and variants the command line of a test program selects. */
#ifndef KTSTR_PLAN_SELECT_H
#define KTSTR_PLAN_SELECT_H

#include <stdbool.h>

#include "harness/model/registry.h"
#include "gauntlet.h"

/* -l or -h: no test will run. */
bool ktstr_select__lists(int argc, char **argv);
/* -t TEST or -r ktstr.TEST names this test. */
bool ktstr_select__names(int argc, char **argv, const char *test);

/*
 * The harness compares names as they are. So rewrite the command line for it: each NAME of -t and -T
 * that is an id (ktstr/TEST, gauntlet/TEST/PRESET) or a shell pattern becomes one option per variant
 * that it matches; gauntlet/TEST means all presets of TEST. Patterns match tests with .ignore, and
 * without "gauntlet/" in front variants of the gauntlet, only where their name stands in full.
 * 0, and the new command line, which lives as long as the process; -EINVAL or -ENOMEM with @err: a
 * typo must not pass, and what the gauntlet does not have is told with its reason.
 */
int ktstr_select__rewrite(int *argc, char ***argv, const struct ktstr_registry *r,
			  const struct ktstr_room *room, struct ktstr_err *err);

/*
 * The variants of the gauntlet that a rewritten command line selects: those that -t or -r names; all
 * with -l or -f gauntlet. Calls @add for each, until it does not return 0.
 */
int ktstr_select__gauntlet(int argc, char **argv, const struct ktstr_registry *r,
			   const struct ktstr_room *room,
			   int (*add)(const struct ktstr_variant *v, void *data), void *data);

/* Does @pattern match this variant? The rules are those of ktstr_select__rewrite(). */
bool ktstr_select__matches(const char *pattern, const char *test, const char *preset,
			   bool ignored);

#endif
