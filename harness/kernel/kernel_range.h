/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Several kernels: ranges of versions, and the name that each kernel of a run has in test ids. A
 * range stands for one kernel of each series between its ends.
 */
#ifndef KTSTR_KERNEL_KERNEL_RANGE_H
#define KTSTR_KERNEL_KERNEL_RANGE_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/err.h"

/* MAJOR, MINOR, PATCH, both ends included. "6.12..6.14" has all of 6.14. */
struct ktstr_kernel_range {
	unsigned int first[3], last[3];
};

int ktstr_kernel_range__parse(struct ktstr_kernel_range *r, const char *spec,
			      struct ktstr_err *err);
/* @version may go on behind its numbers ("7.3.4+deb13"). Release candidates are in no range. */
bool ktstr_kernel_range__has(const struct ktstr_kernel_range *r, const char *version);
/* Call @see with the version of every release of the cache that @r has. 0 or -errno with @err. */
int ktstr_kernel_range__cached(const struct ktstr_kernel_range *r,
			       void (*see)(const char *version, void *arg), void *arg,
			       struct ktstr_err *err);

/* "7.3" of "7.3.4+deb13". False: @version does not begin so. */
bool ktstr_kernel__series(const char *version, char *buf, size_t size);

#define KTSTR_KERNEL_LABEL_LEN	96

/*
 * The last element of a test's id where several kernels run, from what the user said: "kernel_7_3"
 * for a version, "kernel_path_linux_1a2b3c" for a path, "kernel_git_owner_repo_ref",
 * "kernel_local_1234567" for a key. Lower-case letters, digits and single underscores.
 */
void ktstr_kernel__label(const char *spec, char *buf, size_t size);

#endif
