/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who holds an flock(2): /proc/locks names the inode and the process of each. The device there is that
 * of the superblock, which st_dev is not on btrfs and overlayfs; mountinfo has it, and fdinfo says
 * which mount an open file is on.
 */
#ifndef KTSTR_RESERVE_FLOCKS_H
#define KTSTR_RESERVE_FLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/err.h"

struct flock_id {
	uint32_t major, minor;
	uint64_t ino;
};

struct flock_row {
	struct flock_id id;
	pid_t pid;
	bool exclusive;
};

/* All of the moment when it was read. */
struct flocks {
	struct flock_row *row;
	size_t nr;
};

/* The locks of other PID namespaces are not in it. 0 or -errno with @err. */
int flocks__read(struct flocks *f, const char *proc, struct ktstr_err *err);
/* Of the text of /proc/locks. Lines of other kinds and lines that are damaged are left out. 0 or -ENOMEM. */
int flocks__parse(struct flocks *f, const char *text);
void flocks__free(struct flocks *f);

/* The file @path, without opening it for reading. 0 or -errno. */
int flocks__identify(const char *path, struct flock_id *id);
/*
 * The device of mount @mnt_id in the text of mountinfo. False: it is not there.
 */
bool flocks__mount(const char *mountinfo, uint64_t mnt_id, uint32_t *major, uint32_t *minor);

/* The next holder of @id behind @after (NULL: the first), or NULL. */
const struct flock_row *flocks__next(const struct flocks *f, const struct flock_id *id,
				     const struct flock_row *after);
/* How many hold it. */
uint32_t flocks__count(const struct flocks *f, const struct flock_id *id);

#define FLOCKS_CMDLINE	104	/* 100 characters, and "..." */

/* The command line of @pid with blanks for NULs, cut at 100 characters; "<cmdline unavailable>". */
void flocks__cmdline(const char *proc, pid_t pid, char buf[FLOCKS_CMDLINE]);

/* "pid 12 (make -j8), pid 15 (...)"; "<none recorded>". */
void flocks__format(const struct flocks *f, const struct flock_id *id, const char *proc, char *buf,
		    size_t size);

#endif
