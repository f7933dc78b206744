/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The two sides of `ktstr perf-delta`: A is a commit, checked out in a work tree of its own below the
 * cache, B is the work tree in which the user stands, as it is. The work tree of A is gone
 * afterwards; one that a killed process left is removed by the next.
 */
#ifndef KTSTR_TOOL_PERF_SIDES_H
#define KTSTR_TOOL_PERF_SIDES_H

#include <limits.h>

#include "lib/err.h"

struct sides {
	char top[PATH_MAX];		/* of the user's work tree */
	char prefix[PATH_MAX];		/* of the working directory below it: "" or "a/b/" */
	char tree[2][PATH_MAX];		/* of A and B */
	char commit[2][64];		/* 7 digits, and "-dirty" */
	char base[64];			/* A, in full */
};

/* Find the merge base of HEAD and @ref, and check it out. 0 or -errno with @err. */
int sides__open(struct sides *s, const char *ref, struct ktstr_err *err);
/* Remove what sides__open() made; also after an error of it. */
void sides__close(struct sides *s);

/* The folder of a side that corresponds to the working directory. */
int sides__folder(const struct sides *s, int side, char *buf, size_t size);
/*
 * The file of a side that is what @path, which the user gave, is for B. A path outside the work tree
 * is the same for both.
 */
int sides__path(const struct sides *s, int side, const char *path, char *buf, size_t size);

/*
 * Run a command in @dir with standard output @out (-1: ours), and wait for it. Its wait status, or
 * -errno. A signal that should end us is noted, and the command gets it from the terminal or from us.
 */
int sides__run(const char *dir, const char * const *argv, int out);
/* Note SIGINT, SIGTERM and SIGHUP from now on. */
void sides__catch_signals(void);
/* The signal; 0: none so far. */
int sides__signal(void);

#endif
