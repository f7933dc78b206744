/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For `ktstr export`, which makes a file of what --needs and --pack print; that file runs --fits and
 * --here on another machine. All return an enum ktstr_exit.
 */
#ifndef KTSTR_HOST_EXPORT_H
#define KTSTR_HOST_EXPORT_H

#include "harness/plan/variant.h"

/* --needs: print what it needs, "KEY: VALUE" lines. */
int ktstr_export__needs(const struct ktstr_variant *v);
/* --fits: print whether this machine has that, or what it lacks (KTSTR_EXIT_SKIP). */
int ktstr_export__fits(const struct ktstr_variant *v);
/* --pack: write its files to stdout, a tar archive. */
int ktstr_export__pack(const struct ktstr_variant *v);

#endif
