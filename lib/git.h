/* SPDX-License-Identifier: GPL-2.0 */
/* Which commit a folder is at, as the program git says. */
#ifndef KTSTR_LIB_GIT_H
#define KTSTR_LIB_GIT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The first 7 digits of HEAD of the repository that @dir is the top of or, with @upward, lies in;
 * with "-dirty" where a file that git follows differs from it. False: no repository, no commit, no
 * git. Where git does not answer in time whether something differs, nothing does.
 */
bool ktstr_git__commit(const char *dir, bool upward, char *buf, size_t size);

#endif
