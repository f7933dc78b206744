/* SPDX-License-Identifier: GPL-2.0 */
/* Which tests the command line of a test program selects. */
#ifndef KTSTR_PLAN_SELECT_H
#define KTSTR_PLAN_SELECT_H

#include <stdbool.h>

#include "harness/model/registry.h"

#define KTSTR_FIXTURE	"ktstr"		/* KTAP lines have ktstr.<test> */

/* -l or -h: no test will run. */
bool ktstr_select__lists(int argc, char **argv);
/* -t TEST or -r ktstr.TEST names this test. */
bool ktstr_select__names(int argc, char **argv, const char *test);
/* -EINVAL with @err when -t or -r names a test that does not exist: a typo must not pass. */
int ktstr_select__check(int argc, char **argv, const struct ktstr_registry *r,
			struct ktstr_err *err);

#endif
