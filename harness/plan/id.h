/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The names of variants. A test as declared is ktstr/TEST; on the machine of a preset it is
 * gauntlet/TEST/PRESET. What stands behind the first slash is the variant's name: kselftest_harness.h
 * has it as the test of a fixture "ktstr" or "gauntlet", so that KTAP lines are ktstr.TEST and
 * gauntlet.TEST/PRESET. Names of tests have no slash, so an id is read in one way only.
 */
#ifndef KTSTR_PLAN_ID_H
#define KTSTR_PLAN_ID_H

#include <stdbool.h>
#include <stddef.h>

#define KTSTR_BASE		"ktstr"		/* the first component, and the harness's fixture */
#define KTSTR_GAUNTLET		"gauntlet"
#define KTSTR_ID_LEN		224		/* room for any id */

/* @preset NULL: the test as declared. Returns @buf. */
char *ktstr_id__format(char *buf, size_t size, const char *test, const char *preset);

/* "foo/tiny-1llc" of "gauntlet/foo/tiny-1llc". */
const char *ktstr_id__name(const char *id);

/* "ktstr" or "gauntlet", of a variant's name. */
const char *ktstr_id__fixture(const char *name);

/* As a file name: dots for slashes. Returns @buf. */
char *ktstr_id__file(char *buf, size_t size, const char *id);

/* "ktstr.x" and "gauntlet.x.y": the folder of a variant's run, whatever its number. */
bool ktstr_id__is_file(const char *file);

#endif
