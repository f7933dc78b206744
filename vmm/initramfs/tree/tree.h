/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The guest's file tree during its construction: guest paths, and the host files behind them.
 * Several paths may share one host file; then one of them becomes the file and the others symbolic
 * links to it, because the dynamic loader recognises a library by its inode.
 */
#ifndef KTSTR_VMM_INITRAMFS_TREE_TREE_H
#define KTSTR_VMM_INITRAMFS_TREE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"
#include "io.h"

/* A host file. */
struct tree_source {
	char *open_path;	/* how to open it again */
	char *canon;		/* its canonical host path; only a name */
	struct io_id id;	/* as it was when it was added */
	uint32_t mode;		/* permission bits in the guest */
	bool strip;		/* leave out DWARF */
	struct tree_entry *named;	/* first path that a caller asked for, or NULL */
	struct tree_entry *home;	/* tree_settle(): the path that is the file */
	struct tree_source *next;
};

/* A guest path: of a host file, or of literal data. */
struct tree_entry {
	char *path;
	struct tree_source *src;	/* NULL: data, or a plain link */
	char *link;			/* plain symbolic link to this, or NULL */
	void *data;
	size_t len;
	uint32_t mode;			/* of data */
	uint32_t order;			/* of data: call order */
};

struct tree {
	struct tree_entry **entries;	/* sorted by path */
	size_t nr, room;
	struct tree_source *sources;
	char **dirs;		/* directories that must be there though nothing is in them */
	size_t nr_dirs;
	uint32_t nr_data;
};

void tree_free(struct tree *t);

/* The source for an open file, made when it is new. NULL: no memory. */
struct tree_source *tree_source(struct tree *t, const char *open_path, const char *canon,
				const struct io_id *id);

struct tree_entry *tree_find(const struct tree *t, const char *path);

/*
 * Put @src at @path. It may be there already. Returns 0, -EEXIST when the path belongs to
 * something else or is used as a directory, or what cpio_check_path() says.
 */
int tree_add_source(struct tree *t, struct tree_source *src, const char *path,
		    struct ktstr_err *err);
int tree_add_data(struct tree *t, const void *data, size_t len, const char *path,
		  uint32_t mode, struct ktstr_err *err);
int tree_add_link(struct tree *t, const char *target, const char *path, struct ktstr_err *err);

/* Make sure that directory @path exists in the guest. Returns 0 or -errno with @err. */
int tree_need_dir(struct tree *t, const char *path, struct ktstr_err *err);

/*
 * Choose for every source the path that becomes the file: the named path, else the canonical one,
 * else the first.
 */
void tree_settle(struct tree *t);

/*
 * Call @fn for every directory, each once, parents first and sorted: with @data those that
 * hold data entries, else those of everything else. Stops at the first non-zero result and
 * returns it.
 */
int tree_each_dir(const struct tree *t, bool data,
		  int (*fn)(void *ctx, const char *dir), void *ctx);

/* Is @dir among the directories that tree_each_dir(@t, false) names? */
bool tree_has_dir(const struct tree *t, const char *dir);

/* Remove empty and "." components and resolve ".." by name. False: no room. */
bool tree_normalize(const char *path, char *out, size_t size);

#endif
