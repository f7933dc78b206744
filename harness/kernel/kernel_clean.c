// SPDX-License-Identifier: GPL-2.0
/*
 * Removes entries of the kernel cache. An entry that a run or a build uses is locked and stays. One
 * that goes away is renamed first, so that no reader ever sees half of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel_priv.h"
#include "lib/paths.h"

/* The lock of @key, ours alone; -EWOULDBLOCK when somebody has it. */
static int lock_exclusive(const char *root, const char *key)
{
	char path[PATH_MAX];
	int fd, ret;

	if (ktstr_paths__fmt(path, sizeof(path), "%s/.locks", root))
		return -ENAMETOOLONG;
	if (mkdir(path, 0777) && errno != EEXIST)
		return -errno;
	if (ktstr_paths__fmt(path, sizeof(path), "%s/.locks/%s.lock", root, key))
		return -ENAMETOOLONG;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0)
		return -errno;
	if (!flock(fd, LOCK_EX | LOCK_NB))
		return fd;
	ret = -errno;
	close(fd);
	return ret;
}

int ktstr_kernel__remove(const char *key, struct ktstr_err *err)
{
	char root[PATH_MAX], dir[PATH_MAX], doomed[PATH_MAX], image[PATH_MAX];
	int fd, ret = ktstr_kernel__cache_root(root, sizeof(root), err);

	if (ret)
		return ret;
	if (!ktstr_kernel_cache__valid_key(key) ||
	    ktstr_paths__fmt(dir, sizeof(dir), "%s/%s", root, key) ||
	    ktstr_paths__fmt(doomed, sizeof(doomed), "%s/.tmp-%s-%d", root, key, getpid()))
		return ktstr_err(err, EINVAL, "'%s' is no key of the kernel cache", key);
	fd = lock_exclusive(root, key);
	if (fd < 0)
		return fd == -EWOULDBLOCK ?
		       ktstr_err(err, EBUSY, "kernel %s is in use", key) :
		       ktstr_err(err, -fd, "the lock of kernel %s: %s", key, strerror(-fd));
	if (!ktstr_paths__fmt(image, sizeof(image), "%s/" KTSTR_KERNEL_IMAGE, dir))
		ktstr_kernel__forget_vmlinux(image);
	ret = rename(dir, doomed) ? -errno : ktstr_paths__remove_tree(doomed);
	close(fd);
	return ret ? ktstr_err(err, -ret, "removing kernel %s: %s", key, strerror(-ret)) : 0;
}

int ktstr_kernel__remove_builds(struct ktstr_err *err)
{
	char root[PATH_MAX], dir[PATH_MAX];
	int ret = ktstr_kernel__cache_root(root, sizeof(root), err);

	if (ret)
		return ret;
	if (ktstr_paths__fmt(dir, sizeof(dir), "%s/" KTSTR_KERNEL_BUILDS, root))
		return ktstr_err(err, ENAMETOOLONG, "%s: the path is too long", root);
	ret = ktstr_paths__remove_tree(dir);
	if (ret == -ENOENT)
		return 0;
	return ret ? ktstr_err(err, -ret, "removing %s: %s", dir, strerror(-ret)) : 0;
}
