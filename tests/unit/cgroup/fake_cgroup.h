/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A cgroup file system for unit tests: a plain folder whose mkdir() brings the control files
 * along, and a log of everything that was asked for, in order.
 */
#ifndef KTSTR_TESTS_UNIT_CGROUP_FAKE_CGROUP_H
#define KTSTR_TESTS_UNIT_CGROUP_FAKE_CGROUP_H

#include <errno.h>
#include <fcntl.h>
#include <linux/kernel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/guest/cgroup/cgroup.h"
#include "tests/unit/put_file.h"

static struct {
	char fs[64];
	char log[16384];		/* one line a call, paths relative to fs */
	const char *refuse;		/* mkdir of a path that ends in this: -EROFS */
} fake;

static const char * const fake_files[] = {
	"cgroup.procs", "cgroup.subtree_control", "cgroup.kill", "cgroup.freeze", "cpuset.cpus",
	"cpuset.cpus.effective", "cpuset.mems", "cpu.max", "cpu.weight", "cpu.uclamp.min",
	"cpu.uclamp.max", "memory.max", "memory.high", "memory.low",
	"memory.swap.max", "io.weight", "pids.max",
};

static void fake_log(const char *what, const char *path, const char *text)
{
	size_t n = strlen(fake.log);

	snprintf(fake.log + n, sizeof(fake.log) - n, "%s %s%s%s\n", what, path + strlen(fake.fs),
		 text ? "=" : "", text ? text : "");
}

static int fake_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_TRUNC), err = errno;
	const char *freeze;
	char dir[PATH_MAX];

	fake_log("write", path, text);
	if (fd < 0)
		return -err;
	err = write(fd, text, strlen(text)) < 0 ? errno : 0;
	close(fd);
	freeze = strstr(path, "/cgroup.freeze");
	if (freeze && !err) {
		snprintf(dir, sizeof(dir), "%.*s", (int)(freeze - path), path);
		put_file(dir, "cgroup.events", *text == '1' ? "populated 0\nfrozen 1\n" :
							      "populated 0\nfrozen 0\n");
	}
	return -err;
}

static int fake_mkdir(const char *path)
{
	size_t n = strlen(path), m = fake.refuse ? strlen(fake.refuse) : 0;
	unsigned int i;

	if (m && n >= m && !strcmp(path + n - m, fake.refuse))
		return -EROFS;
	if (mkdir(path, 0755))
		return -errno;
	fake_log("mkdir", path, NULL);
	for (i = 0; i < ARRAY_SIZE(fake_files); i++)
		put_file(path, fake_files[i], "");
	put_file(path, "cgroup.events", "populated 0\nfrozen 0\n");
	return 0;
}

static int fake_rmdir(const char *path)
{
	char file[PATH_MAX];
	unsigned int i;

	fake_log("rmdir", path, NULL);
	for (i = 0; i < ARRAY_SIZE(fake_files); i++) {
		snprintf(file, sizeof(file), "%s/%s", path, fake_files[i]);
		unlink(file);
	}
	snprintf(file, sizeof(file), "%s/cgroup.events", path);
	unlink(file);
	return rmdir(path) ? -errno : 0;
}

static const struct ktstr_cgroup_io fake_io = { fake_mkdir, fake_rmdir, fake_write };

/* A mounted file system with one cgroup "/t", as PID 1 leaves it. 0 or -errno. */
static int fake_mount(void)
{
	char root[80];
	int ret;

	memset(&fake, 0, sizeof(fake));
	strcpy(fake.fs, "/tmp/ktstr-cgroup-XXXXXX");
	if (!mkdtemp(fake.fs))
		return -errno;
	put_file(fake.fs, "cgroup.subtree_control", "");
	snprintf(root, sizeof(root), "%s/t", fake.fs);
	ret = fake_mkdir(root);
	fake.log[0] = '\0';
	return ret;
}

/* True when nothing but the cgroup "/t" was left behind. */
static int fake_umount(void)
{
	char path[128];
	int clean;

	snprintf(path, sizeof(path), "%s/t", fake.fs);
	clean = !fake_rmdir(path);
	snprintf(path, sizeof(path), "%s/cgroup.subtree_control", fake.fs);
	unlink(path);
	return !rmdir(fake.fs) && clean;
}

/* A file of a fake sysfs or procfs below @base, with its folders. */
static inline void fake_tree_put(const char *base, const char *dir, const char *file,
				 const char *text)
{
	char path[256], cmd[300];

	snprintf(path, sizeof(path), "%s/%s", base, dir);
	snprintf(cmd, sizeof(cmd), "mkdir -p %s", path);
	if (!system(cmd))
		put_file(path, file, text);
}

#endif
