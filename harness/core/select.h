/* SPDX-License-Identifier: GPL-2.0 */
/* What the command line of a test program says about which tests to register. */
#ifndef KTSTR_CORE_SELECT_H
#define KTSTR_CORE_SELECT_H

#include <stdbool.h>

#include "plan.h"

#define KTSTR_FIXTURE	"ktstr"		/* KTAP lines read ktstr.<test> */

/* -l or -h: nothing will run. */
bool ktstr_select__lists(int argc, char **argv);
/* -t TEST or -r ktstr.TEST names this test. */
bool ktstr_select__names(int argc, char **argv, const char *test);
/* -EINVAL with @err when -t or -r names a test that does not exist: a typo must not pass. */
int ktstr_select__check(int argc, char **argv, const struct ktstr_registry *r,
			struct vm_err *err);

#endif
