/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The arguments of a run for the code that runs its body, and their text form for a guest: lines
 * KEY=VALUE in the file /ktstr.args. One table (guest_args.c) describes every field for the
 * encoder on the host and the decoder in the guest: a new option is a member here and a row there.
 * Runs without a machine pass the struct itself.
 *
 * Both ends are the same program, so anything unknown, missing, repeated or malformed is a bug and
 * is refused.
 */
#ifndef KTSTR_MODEL_GUEST_ARGS_H
#define KTSTR_MODEL_GUEST_ARGS_H

#include <stdint.h>

#include "lib/err.h"
#include "lib/topology.h"

#define KTSTR_GUEST_ARGS	"/ktstr.args"

/* Strings and lists are owned: malloc()ed, or NULL. Lists end with NULL. */
struct ktstr_guest_args {
	char *test;			/* name in the registry */
	struct ktstr_topology topo;
	uint32_t duration_s;
	uint32_t workers;		/* per cgroup, where a cgroup does not say */
	uint64_t seed;
	uint32_t run_grace_s;		/* the body's deadline is duration_s plus this */
	uint32_t attach_timeout_ms;
	char *cgroup_root;		/* below the cgroup mount, "/ktstr" */
	char *cgroup_walk;		/* where controllers are first enabled; NULL: the mount */
	uint32_t stall_poll_ms;		/* 0: do not look for stalled workers */
	uint32_t time_scale;		/* of limits that are times; 0: 1 */
	char *work_type;		/* for swappable cgroups; NULL: their own */
	uint32_t log_passes;		/* 1: claims that hold are notes, too */
	char **checks;			/* "NAME=VALUE", see ktstr_checks__to_list() */
	char *cgroup_parent;		/* made before the scheduler starts */
	char **sched_argv;		/* of the scheduler under test */
	uint32_t hold_attach;		/* 1: it waits at a sync point before it attaches */
	uint32_t probes;		/* 1: by BPF programs, see harness/model/probe.h */
	uint32_t session;		/* 1: the body is the user's and goes on without it */
	uint32_t no_restart;		/* 1: that the kernel makes it restart is its end */
	uint32_t unclean_exit;		/* 1: no matter how it ends when it is stopped */
	uint32_t no_scx_stats;		/* 1: it is not asked for its statistics */
	uint32_t num_snapshots;		/* periodic ones for which it is asked */
	char **enable, **disable;	/* "echo V > /path" */
	char **modules;			/* kernel modules to load, in this order */
	char **devices;			/* paths that exist then */
	char *disk_filesystem;		/* of /dev/vda, which is mounted; NULL: it is not */
};

/*
 * 0 and *@text, malloc()ed; or -EINVAL with @err for a value that the decoder would refuse,
 * -ENOMEM.
 */
int ktstr_guest_args__format(const struct ktstr_guest_args *a, char **text, struct ktstr_err *err);
/* 0, -EINVAL with @err, -ENOMEM. Nothing is left to be freed then. */
int ktstr_guest_args__parse(struct ktstr_guest_args *a, const char *text, struct ktstr_err *err);
/* May be called twice. */
void ktstr_guest_args__free(struct ktstr_guest_args *a);

/* Set a member to a copy of @value (NULL: to NULL), or append a copy to a list. 0 or -ENOMEM. */
int ktstr_guest_args__set(char **member, const char *value);
int ktstr_guest_args__add(char ***list, const char *value);

#endif
