/* SPDX-License-Identifier: GPL-2.0 */
/* The tests and schedulers that a program declares: ktstr/register.h. */
#ifndef KTSTR_MODEL_REGISTRY_H
#define KTSTR_MODEL_REGISTRY_H

#include <ktstr/attrs.h>

#include "lib/err.h"

/* All tests and schedulers of this program, in source order. */
struct ktstr_registry {
	const struct ktstr_test * const *tests;
	unsigned int nr_tests;
	const struct ktstr_scheduler * const *schedulers;
	unsigned int nr_schedulers;
};
void ktstr_registry__get(struct ktstr_registry *r);
/* Names: non-empty, no slash, unique among tests and among schedulers. */
int ktstr_registry__check(const struct ktstr_registry *r, struct ktstr_err *err);
/* NULL when there is none. */
const struct ktstr_test *ktstr_registry__find(const struct ktstr_registry *r, const char *name);

#endif
