// SPDX-License-Identifier: GPL-2.0
/* The cgroups that a run starts from: see cgroup_root.h. */
#include <linux/kernel.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cgroup_root.h"
#include "lib/file.h"

static int enable_controllers(const char *dir)
{
	static const char * const controllers[] = { "+cpuset", "+cpu" };
	char path[PATH_MAX];
	int ret = 0, one;
	size_t i;

	snprintf(path, sizeof(path), "%s/cgroup.subtree_control", dir);
	/* one at a time: a kernel that lacks one has the other */
	for (i = 0; i < ARRAY_SIZE(controllers); i++) {
		one = guest_file__write(path, controllers[i]);
		if (one)
			ret = one;
	}
	return ret;
}

int guest_cgroup__make_below(const char *walk, const char *path, bool leaf)
{
	char dir[PATH_MAX] = GUEST_CGROUP_MOUNT;
	size_t len = strlen(dir), top = len + strlen(walk), part;
	int ret;

	while (*path) {
		path += strspn(path, "/");
		part = strcspn(path, "/");
		if (!part)
			break;
		ret = len < top ? 0 : enable_controllers(dir);
		if (ret)
			return ret;
		if (len + part + 2 > sizeof(dir))
			return -ENAMETOOLONG;
		dir[len++] = '/';
		memcpy(dir + len, path, part);
		len += part;
		dir[len] = '\0';
		path += part;
		if (mkdir(dir, 0755) && errno != EEXIST)
			return -errno;
	}
	return leaf ? enable_controllers(dir) : 0;
}

int guest_cgroup__make(const char *path, bool leaf)
{
	return guest_cgroup__make_below("", path, leaf);
}

void guest_cgroup__kill(const char *path)
{
	char file[PATH_MAX];

	snprintf(file, sizeof(file), GUEST_CGROUP_MOUNT "%s/cgroup.kill", path);
	guest_file__write(file, "1");
}
