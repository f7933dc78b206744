/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The cgroup manager: makes, configures and removes cgroups below one root.
 *
 * It records the folders that it made, in order, so that what a step made can be removed in
 * reverse order and nothing else is removed. cgroup v2 only.
 */
#ifndef KTSTR_GUEST_CGROUP_CGROUP_H
#define KTSTR_GUEST_CGROUP_CGROUP_H

#include <limits.h>
#include <sys/types.h>

#include <ktstr/cpumask.h>

#include "harness/result/statistics.h"
#include "lib/err.h"

/* The operations on the file system; unit tests replace them to use a plain folder. */
struct ktstr_cgroup_io {
	int (*mkdir)(const char *path);				/* 0 or -errno */
	int (*rmdir)(const char *path);
	int (*write)(const char *path, const char *text);
};

struct ktstr_cgroups {
	const struct ktstr_cgroup_io *io;
	char fs[PATH_MAX];		/* where cgroup2 is mounted */
	char root[PATH_MAX];		/* fs, or below it */
	char **made;			/* absolute paths, oldest first */
	size_t nr_made;
	size_t kept;			/* the oldest of them that keep() has marked */
	bool group_cpu;			/* create(): the cpu controller in inner folders too */
	uint64_t removal_ns;		/* how long remove() waits for the last task */
};

/* 0, or -ENOTSUP/-errno with a sentence when @fs is no cgroup2 mount. */
int ktstr_cgroupfs__check(const char *fs, struct ktstr_err *err);

/* @io NULL: the real thing. @root must be @fs or lie below it. 0 or -errno. */
int ktstr_cgroups__init(struct ktstr_cgroups *cg, const char *fs, const char *root,
			const struct ktstr_cgroup_io *io, struct ktstr_err *err);
/* Forgets; removes nothing. */
void ktstr_cgroups__fini(struct ktstr_cgroups *cg);

/* NULL, or why @name cannot be a cgroup of a test. */
const char *ktstr_cgroup__name_problem(const char *name);

/* Enable @controllers ("cpuset cpu") in everything from fs down to root. */
int ktstr_cgroups__enable(struct ktstr_cgroups *cg, const char *controllers, struct ktstr_err *err);
/* Disable one for what is below root, if it is enabled. EBUSY while one of those enables it too. */
int ktstr_cgroups__disable(struct ktstr_cgroups *cg, const char *controller, struct ktstr_err *err);
/*
 * mkdir -p. @controllers (may be NULL) are enabled in every folder between root and the leaf,
 * except the leaf itself. An existing folder is used and not removed later. With group_cpu, "cpu"
 * is enabled too, except in folders that contain tasks.
 */
int ktstr_cgroups__create(struct ktstr_cgroups *cg, const char *name, const char *controllers,
			  struct ktstr_err *err);
/* @name "": the root. */
int ktstr_cgroups__write(struct ktstr_cgroups *cg, const char *name, const char *file,
			 const char *text, struct ktstr_err *err);
/* cpuset.cpus, then cpuset.mems unless @mems is empty. Before any task is in there. */
int ktstr_cgroups__set_cpuset(struct ktstr_cgroups *cg, const char *name, const char *cpus,
			      const char *mems, struct ktstr_err *err);
/*
 * Empty both. If the kernel refuses that for a cgroup with tasks (ENOSPC; 6.18 does, 7.3 does
 * not), the parent's values are written.
 */
int ktstr_cgroups__clear_cpuset(struct ktstr_cgroups *cg, const char *name, struct ktstr_err *err);
/* O_PATH descriptor for CLONE_INTO_CGROUP, or -errno. */
int ktstr_cgroups__open(struct ktstr_cgroups *cg, const char *name, struct ktstr_err *err);
/* Move a task there. EBUSY is tried three times, 100 ms apart. */
int ktstr_cgroups__attach(struct ktstr_cgroups *cg, const char *name, pid_t pid,
			  struct ktstr_err *err);
/* At most @size - 1 bytes, terminated. Length or -errno. */
ssize_t ktstr_cgroups__read(struct ktstr_cgroups *cg, const char *name, const char *file,
			    char *buf, size_t size, struct ktstr_err *err);
/* Freeze or thaw, and wait until the kernel reports it as done. */
int ktstr_cgroups__freeze(struct ktstr_cgroups *cg, const char *name, bool frozen,
			  struct ktstr_err *err);
/* Disable what is enabled in cgroup.subtree_control: tasks may then be moved there. */
int ktstr_cgroups__clear_control(struct ktstr_cgroups *cg, const char *name, struct ktstr_err *err);

/*
 * Kill all tasks in it, wait until it is empty, rmdir. 0 also when it does not exist. An error
 * names a pid that is still in it.
 */
int ktstr_cgroups__remove(struct ktstr_cgroups *cg, const char *name, struct ktstr_err *err);
/*
 * What exists now belongs to the backdrop: ktstr_cgroups__unwind(cg, cg->kept) does not remove it.
 */
void ktstr_cgroups__keep(struct ktstr_cgroups *cg);
/* Remove what was made after the first @keep folders; goes on after an error, returns the first. */
int ktstr_cgroups__unwind(struct ktstr_cgroups *cg, size_t keep, struct ktstr_err *err);

/* Is there a cgroup below root, whoever made it? And: remove all of them, up to the first error. */
bool ktstr_cgroups__any(const struct ktstr_cgroups *cg);
int ktstr_cgroups__sweep(struct ktstr_cgroups *cg, struct ktstr_err *err);

#endif
