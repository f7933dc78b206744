/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The guest's console while the run lasts (KTSTR_CONSOLE): console.log is a file that grows, and
 * inotify tells when. Its lines go to a descriptor, behind the name of the test.
 */
#ifndef KTSTR_HOST_FOLLOW_H
#define KTSTR_HOST_FOLLOW_H

#include <stdbool.h>
#include <stddef.h>

struct ktstr_follow {
	int file, changes;	/* -1: nothing is followed */
	int wake;		/* readable when the file grew or the caller's descriptor is readable */
	int out;
	const char *name;
	bool cr;		/* a terminal, which may be in raw mode */
	char line[1024];
	size_t len;
};

/*
 * Follow the file at @path, which exists; @out 0: do not. @wake_fd is the caller's other reason to
 * wake up. 0 or -errno.
 */
int ktstr_follow__open(struct ktstr_follow *f, const char *path, const char *name, int out,
		       int wake_fd);
/* Pass on what is new. Control characters, which only the guest can have meant, become '?'. */
void ktstr_follow__read(struct ktstr_follow *f);
/* Nobody writes to the file any more: pass on the rest. */
void ktstr_follow__close(struct ktstr_follow *f);

#endif
