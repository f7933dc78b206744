/* SPDX-License-Identifier: GPL-2.0 */
/* What a value of KTSTR_KERNEL or --kernel is, by its form alone (docs/kernels.md). */
#ifndef KTSTR_KERNEL_KERNEL_SPEC_H
#define KTSTR_KERNEL_KERNEL_SPEC_H

#include <stdbool.h>

enum ktstr_kernel_form {
	KTSTR_KERNEL_PATH,
	KTSTR_KERNEL_VERSION,
	KTSTR_KERNEL_KEY,
	KTSTR_KERNEL_RANGE,
	KTSTR_KERNEL_GIT,
};
enum ktstr_kernel_form ktstr_kernel_form__of(const char *spec);
/* Is @version the one that @spec asks for? "6.14" means any 6.14.x, but no 6.14-rc. */
bool ktstr_kernel_form__version_matches(const char *spec, const char *version);

/*
 * Is @dir a kernel source tree in which no kernel was built? One that was built there is a path like
 * any other.
 */
bool ktstr_kernel_tree__is_unbuilt(const char *dir);

#endif
