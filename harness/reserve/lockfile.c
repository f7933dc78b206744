// SPDX-License-Identifier: GPL-2.0
/* See lockfile.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/kernel.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/parse.h"
#include "lib/paths.h"
#include "lockfile.h"

#define DEFAULT_DIR	"/tmp"
#define MAX_TRIES	16	/* a file that is removed and made again meanwhile */

/* Magic numbers: include/uapi/linux/magic.h, and the file systems themselves. */
static const struct {
	uint32_t magic;
	const char *name;
} remote[] = {
	{ 0x6969, "NFS" }, { 0xff534d42, "CIFS" }, { 0xfe534d42, "SMB" }, { 0x00c36400, "Ceph" },
	{ 0x6b414653, "AFS" }, { 0x5346414f, "AFS" }, { 0x65735546, "FUSE" },
};

int lockfile__dir(char *buf, size_t size, struct ktstr_err *err)
{
	const char *dir = ktstr_env("KTSTR_LOCK_DIR");

	if (!dir)
		dir = DEFAULT_DIR;
	if (*dir != '/')
		return ktstr_err(err, EINVAL, "KTSTR_LOCK_DIR=%s: must be an absolute path", dir);
	if (!ktstr_paths__is_dir(dir))
		return ktstr_err(err, ENOTDIR, "KTSTR_LOCK_DIR=%s: there is no such folder", dir);
	if (ktstr_paths__fmt(buf, size, "%s", dir))
		return ktstr_err(err, ENAMETOOLONG, "KTSTR_LOCK_DIR: the path is too long");
	return 0;
}

int lockfile__path(char *buf, size_t size, const char *dir, enum lockfile_kind kind, uint32_t number)
{
	return ktstr_paths__fmt(buf, size, "%s/ktstr-%s-%u.lock", dir,
				kind == LOCKFILE_LLC ? "llc" : "cpu", number);
}

/*
 * Opened and made in two steps: with fs.protected_regular, O_CREAT in /tmp fails for a file of another
 * user. Links are not followed, as anybody may put one into /tmp. -1 with errno.
 */
static int open_or_make(const char *path)
{
	const int flags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
	int fd;

	for (int i = 0; i < MAX_TRIES; i++) {
		fd = open(path, O_RDWR | flags);
		/* of a user with a narrow umask: flock() needs no right to write */
		if (fd < 0 && errno == EACCES)
			fd = open(path, O_RDONLY | flags);
		if (fd >= 0 || errno != ENOENT)
			return fd;
		fd = open(path, O_RDWR | O_CREAT | O_EXCL | flags, 0666);
		if (fd >= 0)
			fchmod(fd, 0666);	/* whatever the umask is: other users need it too */
		if (fd >= 0 || errno != EEXIST)
			return fd;
	}
	return -1;
}

static int check_file(int fd, const char *path, struct ktstr_err *err)
{
	struct statfs fs;
	struct stat st;

	if (fstat(fd, &st) || fstatfs(fd, &fs))
		return ktstr_err(err, errno, "lock file %s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return ktstr_err(err, EINVAL, "lock file %s: it is no regular file", path);
	for (size_t i = 0; i < ARRAY_SIZE(remote); i++)
		if ((uint32_t)fs.f_type == remote[i].magic)
			return ktstr_err(err, EOPNOTSUPP,
					 "lock file %s: it is on %s, where locks do not keep others away; set KTSTR_LOCK_DIR to a folder of a local file system",
					 path, remote[i].name);
	return 0;
}

/* Is @fd still what the name stands for? Cleaners of /tmp may have removed the file. */
static bool is_current(int fd, const char *path)
{
	struct stat a, b;

	return !fstat(fd, &a) && !lstat(path, &b) && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

int lockfile__take(const char *dir, enum lockfile_kind kind, uint32_t number, bool exclusive,
		   struct ktstr_err *err)
{
	const int how = (exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB;
	char path[PATH_MAX];
	int fd, ret;

	if (lockfile__path(path, sizeof(path), dir, kind, number))
		return ktstr_err(err, ENAMETOOLONG, "lock folder %.200s: the path is too long", dir);
	for (int i = 0; i < MAX_TRIES; i++) {
		fd = fd_high(open_or_make(path));
		if (fd < 0)
			return ktstr_err(err, errno, "lock file %s: %s%s", path, strerror(errno),
					 errno == ELOOP ? " (it is a link)" : "");
		ret = check_file(fd, path, err);
		if (!ret && flock(fd, how))
			ret = errno == EWOULDBLOCK ? -EWOULDBLOCK :
			      ktstr_err(err, errno, "lock file %s: flock: %s", path, strerror(errno));
		if (!ret && is_current(fd, path))
			return fd;
		close(fd);
		if (ret)
			return ret;
	}
	return ktstr_err(err, EAGAIN, "lock file %s: somebody keeps removing it", path);
}
