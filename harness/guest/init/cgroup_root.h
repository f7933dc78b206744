/* SPDX-License-Identifier: GPL-2.0 */
/* The cgroups that a run starts from, in a guest and on the host. */
#ifndef KTSTR_GUEST_INIT_CGROUP_ROOT_H
#define KTSTR_GUEST_INIT_CGROUP_ROOT_H

#include <stdbool.h>

#define GUEST_CGROUP_MOUNT	"/sys/fs/cgroup"

/*
 * Make @path ("/a/b") below the mount with cpu and cpuset available in it: both are enabled in every
 * ancestor, and with @leaf in itself for its children. 0 or -errno.
 */
int guest_cgroup__make(const char *path, bool leaf);
/* The same where what lies above @walk ("/a", "" is the mount) is not ours: it is left alone. */
int guest_cgroup__make_below(const char *walk, const char *path, bool leaf);
/* Kill all processes in @path and below. */
void guest_cgroup__kill(const char *path);

#endif
