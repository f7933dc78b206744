// SPDX-License-Identifier: GPL-2.0
/*
 * Unpacked kernels in the cache, so that no machine has to unpack its own (docs/vm.md). A file is named
 * by what its image is on disk, and appears whole or not at all, so readers need no lock.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "kernel_priv.h"
#include "lib/fd.h"
#include "lib/paths.h"

#define FOLDER		".vmlinux"
#define MAX_KEPT	12		/* of 40 to 80 MB each */
#define MIN_AGE_S	600		/* no run takes that long to load a kernel that it was told of */

struct writer {
	int fd;
	uint64_t at;
};

int ktstr_kernel__stamp(char *buf, size_t size, const struct stat *st)
{
	return ktstr_paths__fmt(buf, size, "%" PRIx64 "-%" PRIx64 "-%" PRIx64 "-%" PRIx64 ".%09ld",
				(uint64_t)st->st_dev, (uint64_t)st->st_ino,
				(uint64_t)st->st_size, (uint64_t)st->st_mtim.tv_sec,
				st->st_mtim.tv_nsec);
}

static int write_piece(void *arg, const void *data, size_t len)
{
	struct writer *w = arg;
	int ret = fd_write_sparse(w->fd, data, len, w->at);

	w->at += len;
	return ret;
}

static int unpack_to(const char *image, const char *path, struct ktstr_err *err)
{
	struct writer w = { open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644), 0 };
	char magic[4] = "";
	int ret;

	if (w.fd < 0)
		return ktstr_err(err, errno, "%s: %s", path, strerror(errno));
	ret = ktstr_kernel__unpack(image, write_piece, &w, err);
	if (!ret && (fd_read_at(w.fd, magic, sizeof(magic), 0) || memcmp(magic, "\177ELF", 4)))
		ret = ktstr_err(err, EINVAL, "kernel image %s: it does not unpack to a vmlinux", image);
	/* a crash of the host must not leave a file that only looks complete */
	if (!ret && (ftruncate(w.fd, (off_t)w.at) || fsync(w.fd)))
		ret = ktstr_err(err, errno, "%s: %s", path, strerror(errno));
	fd_close(&w.fd);
	return ret;
}

struct kept {
	char name[NAME_MAX + 1];
	struct timespec used;
};

static int newest_first(const void *a, const void *b)
{
	const struct timespec *x = &((const struct kept *)a)->used, *y = &((const struct kept *)b)->used;

	if (x->tv_sec != y->tv_sec)
		return x->tv_sec < y->tv_sec ? 1 : -1;
	return (x->tv_nsec < y->tv_nsec) - (x->tv_nsec > y->tv_nsec);
}

/* Remove the oldest beyond MAX_KEPT, and what killed writers left. */
static void make_room(const char *dir)
{
	DIR *d = opendir(dir);
	struct kept *k = NULL, *more;
	time_t now = time(NULL);
	struct dirent *e;
	struct stat st;
	size_t n = 0;

	while (d && (e = readdir(d))) {
		if (e->d_name[0] == '.' || fstatat(dirfd(d), e->d_name, &st, 0))
			continue;
		more = realloc(k, (n + 1) * sizeof(*k));
		if (!more)
			break;
		k = more;
		snprintf(k[n].name, sizeof(k[n].name), "%s", e->d_name);
		k[n++].used = st.st_mtim;
	}
	if (n)
		qsort(k, n, sizeof(*k), newest_first);
	for (size_t i = 0; i < n; i++)
		if ((i >= MAX_KEPT || strstr(k[i].name, ".tmp")) && now - k[i].used.tv_sec > MIN_AGE_S)
			unlinkat(dirfd(d), k[i].name, 0);
	free(k);
	if (d)
		closedir(d);
}

static int store(const char *image, const char *dir, const char *path, struct ktstr_err *err)
{
	char tmp[PATH_MAX];
	int ret = ktstr_paths__mkdirs(dir);

	if (ret)
		return ktstr_err(err, -ret, "%s: %s", dir, strerror(-ret));
	if (ktstr_paths__fmt(tmp, sizeof(tmp), "%s.%d.tmp", path, (int)getpid()))
		return ktstr_err(err, ENAMETOOLONG, "%s: the path is too long", path);
	make_room(dir);
	ret = unpack_to(image, tmp, err);
	if (!ret && rename(tmp, path))
		ret = ktstr_err(err, errno, "%s: %s", path, strerror(errno));
	if (ret)
		unlink(tmp);
	return ret;
}

/* Where it is or would be; an empty @path if @image is no bzImage. */
static int place(const char *image, char *dir, char *path, size_t size, struct ktstr_err *err)
{
	struct ktstr_kernel_payload p;
	char root[PATH_MAX], name[NAME_MAX];
	struct stat st;
	int ret = ktstr_kernel_image__payload(image, &p, err);

	path[0] = '\0';
	if (ret || !p.offset)
		return ret;
	if (stat(image, &st))
		return ktstr_err(err, errno, "kernel image %s: %s", image, strerror(errno));
	ret = ktstr_kernel__cache_root(root, sizeof(root), err);
	if (ret)
		return ret;
	if (ktstr_kernel__stamp(name, sizeof(name), &st) ||
	    ktstr_paths__fmt(dir, size, "%s/" FOLDER, root) ||
	    ktstr_paths__fmt(path, size, "%s/%s", dir, name))
		return ktstr_err(err, ENAMETOOLONG, "%s: the path is too long", root);
	return 0;
}

int ktstr_kernel__vmlinux(const char *image, char *path, size_t size, struct ktstr_err *err)
{
	char dir[PATH_MAX];
	int ret;

	if (size > sizeof(dir))
		size = sizeof(dir);
	ret = place(image, dir, path, size, err);
	/* the time of its last use */
	if (!ret && path[0] && utimensat(AT_FDCWD, path, NULL, 0))
		ret = store(image, dir, path, err);
	if (ret)
		path[0] = '\0';
	return ret;
}

void ktstr_kernel__forget_vmlinux(const char *image)
{
	char dir[PATH_MAX], path[PATH_MAX];
	struct ktstr_err unused;

	if (!place(image, dir, path, sizeof(path), &unused) && path[0])
		unlink(path);
}
