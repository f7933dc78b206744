// SPDX-License-Identifier: GPL-2.0
/* See store.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kernel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/kernel/kernel.h"
#include "lib/fd.h"
#include "lib/paths.h"
#include "lib/siphash.h"
#include "store.h"

#define DRAFT	"draft-"
#define LOCK	"lock-"

/* The RAM has a checksum of its own (vmm/ram_saved.c). */
static const char * const summed[] = { "state", "console", "output", "key" };

#define NR_SUMMED	ARRAY_SIZE(summed)

static const char sums_magic[8] = "ktstrim1";

struct sums {
	char magic[8];
	uint64_t sum[NR_SUMMED];
};

int ktstr_image__root(char *buf, size_t size, struct ktstr_err *err)
{
	char root[PATH_MAX];
	int ret = ktstr_kernel__cache_root(root, sizeof(root), err);

	if (ret)
		return ret;
	ret = ktstr_paths__fmt(buf, size, "%s/.images", root);
	return ret ? ktstr_err(err, -ret, "cache of images %s: the path is too long", root) : 0;
}

int ktstr_store__open(struct ktstr_image_store *s, struct ktstr_err *err)
{
	int ret;

	s->dirfd = -1;
	ret = ktstr_image__root(s->path, sizeof(s->path), err);
	if (ret)
		return ret;
	ret = ktstr_paths__mkdirs(s->path);
	if (!ret) {
		s->dirfd = open(s->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		ret = s->dirfd < 0 ? -errno : 0;
	}
	return ret ? ktstr_err(err, -ret, "cache of images %s: %s", s->path, strerror(-ret)) : 0;
}

void ktstr_store__close(struct ktstr_image_store *s)
{
	fd_close(&s->dirfd);
}

static bool is_key(const char *name)
{
	return strlen(name) == KTSTR_IMAGE_KEY_LEN - 1 &&
	       strspn(name, "0123456789abcdef") == KTSTR_IMAGE_KEY_LEN - 1;
}

/* A folder of few, flat files. */
static void remove_folder(int dirfd, const char *name)
{
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *de;

	while (d && (de = readdir(d)))
		if (strcmp(de->d_name, ".") && strcmp(de->d_name, ".."))
			unlinkat(fd, de->d_name, 0);
	if (d)
		closedir(d);
	unlinkat(dirfd, name, AT_REMOVEDIR);
}

static int sum_file(int dirfd, const char *name, uint64_t *sum)
{
	int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct siphash h;
	char buf[32768];
	ssize_t n;

	if (fd < 0)
		return -errno;
	siphash_init(&h);
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		siphash_add(&h, buf, (size_t)n);
	close(fd);
	*sum = siphash_end(&h);
	return n < 0 ? -EIO : 0;
}

static int sum_all(int dirfd, struct sums *s)
{
	unsigned int i;
	int ret = 0;

	memset(s, 0, sizeof(*s));
	memcpy(s->magic, sums_magic, sizeof(s->magic));
	for (i = 0; i < NR_SUMMED && !ret; i++)
		ret = sum_file(dirfd, summed[i], &s->sum[i]);
	return ret;
}

static bool is_whole(int dirfd)
{
	struct sums is, want;
	int fd = openat(dirfd, "sums", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	bool read_all;

	if (fd < 0)
		return false;
	read_all = read(fd, &want, sizeof(want)) == (ssize_t)sizeof(want);
	close(fd);
	return read_all && !sum_all(dirfd, &is) && !memcmp(&is, &want, sizeof(is));
}

/* Only files of our own user or root: others could put what they like into a guest. */
static int open_file(int dirfd, const char *name)
{
	int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) ||
	    (st.st_uid != geteuid() && st.st_uid != 0)) {
		close(fd);
		return -1;
	}
	return fd;
}

/*
 * What makes a check of the memory hold: it is the same file, nobody has written to it since, and what
 * was written before is in the page cache or on the disk, as the host has not been booted since.
 */
struct checked {
	char boot_id[37];
	uint64_t inode;
	int64_t ctime_s, ctime_ns;
};

static int now_checked(int ram_fd, struct checked *c)
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	struct stat st;
	ssize_t n;

	memset(c, 0, sizeof(*c));
	if (fd < 0)
		return -errno;
	n = read(fd, c->boot_id, sizeof(c->boot_id) - 1);
	close(fd);
	if (n <= 0 || fstat(ram_fd, &st))
		return -EIO;
	c->inode = st.st_ino;
	c->ctime_s = st.st_ctim.tv_sec;
	c->ctime_ns = st.st_ctim.tv_nsec;
	return 0;
}

static bool is_checked(int dirfd, int ram_fd)
{
	struct checked now, then;
	int fd = open_file(dirfd, "checked");
	bool is;

	if (fd < 0)
		return false;
	is = !fd_read_at(fd, &then, sizeof(then), 0) && !now_checked(ram_fd, &now) &&
	     !memcmp(&now, &then, sizeof(now));
	close(fd);
	return is;
}

/* Without it the next run checks again, so that no failure matters. */
void ktstr_store__set_checked(struct ktstr_image_store *s, const char *key, int ram_fd)
{
	int dir = openat(s->dirfd, key, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	struct checked c;
	int fd;

	if (dir < 0)
		return;
	fd = openat(dir, "checked", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd >= 0 && !now_checked(ram_fd, &c))
		fd_write_at(fd, &c, sizeof(c), 0);
	fd_close(&fd);
	close(dir);
}

static void close_saved(struct vm_saved *s)
{
	fd_close(&s->state_fd);
	fd_close(&s->ram_fd);
	fd_close(&s->console_fd);
	fd_close(&s->output_fd);
}

int ktstr_store__find(struct ktstr_image_store *s, const char *key, struct vm_saved *to)
{
	int dir = openat(s->dirfd, key, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	*to = (struct vm_saved) { -1, -1, -1, -1, false };
	if (dir < 0)
		return -ENOENT;
	to->state_fd = open_file(dir, "state");
	to->ram_fd = open_file(dir, "ram");
	to->console_fd = open_file(dir, "console");
	to->output_fd = open_file(dir, "output");
	if (to->state_fd >= 0 && to->ram_fd >= 0 && to->console_fd >= 0 && to->output_fd >= 0 &&
	    is_whole(dir)) {
		to->ram_checked = is_checked(dir, to->ram_fd);
		futimens(dir, NULL);		/* it was used */
		close(dir);
		return 0;
	}
	close(dir);
	close_saved(to);
	remove_folder(s->dirfd, key);
	return -ENOENT;
}

/* Does @name still name the file that is open as @fd? */
static bool is_named(int dirfd, const char *name, int fd)
{
	struct stat named, opened;

	return !fstatat(dirfd, name, &named, AT_SYMLINK_NOFOLLOW) && !fstat(fd, &opened) &&
	       named.st_dev == opened.st_dev && named.st_ino == opened.st_ino;
}

/*
 * A holder unlinks the file while it has the lock. So whoever locks a file that has no name any more
 * has locked nothing, and looks again.
 */
static int take_lock(int dirfd, const char *name, int flags)
{
	int fd, ret;

	for (;;) {
		fd = openat(dirfd, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600);
		if (fd < 0)
			return -errno;
		if (flock(fd, LOCK_EX | LOCK_NB)) {
			ret = errno == EWOULDBLOCK ? -EAGAIN : -errno;
			close(fd);
			return ret;
		}
		if (is_named(dirfd, name, fd))
			return fd;
		close(fd);
	}
}

int ktstr_store__lock(struct ktstr_image_store *s, const char *key)
{
	char name[64];

	snprintf(name, sizeof(name), LOCK "%s", key);
	return take_lock(s->dirfd, name, O_CREAT);
}

void ktstr_store__unlock(struct ktstr_image_store *s, const char *key, int *lock)
{
	char name[64];

	snprintf(name, sizeof(name), LOCK "%s", key);
	if (*lock >= 0)
		unlinkat(s->dirfd, name, 0);
	fd_close(lock);
}

/* The lock of a maker that was killed. */
static void sweep_lock(int dirfd, const char *name)
{
	int fd = take_lock(dirfd, name, 0);

	if (fd < 0)
		return;
	unlinkat(dirfd, name, 0);
	close(fd);
}

static int create(struct ktstr_image_draft *d, const char *name)
{
	return fd_high(openat(d->dirfd, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
}

static int fill_draft(struct ktstr_image_store *s, struct ktstr_image_draft *d)
{
	int ret;

	if (mkdirat(s->dirfd, d->name, 0700))
		return -errno;
	d->dirfd = openat(s->dirfd, d->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (d->dirfd < 0 || flock(d->dirfd, LOCK_EX | LOCK_NB))
		return -errno;
	d->files.state_fd = create(d, "state");
	d->files.ram_fd = create(d, "ram");
	if (d->files.state_fd < 0 || d->files.ram_fd < 0)
		return -errno;
	ret = ktstr_paths__fmt(d->console, sizeof(d->console), "%s/%s/console", s->path, d->name);
	if (!ret)
		ret = ktstr_paths__fmt(d->output, sizeof(d->output), "%s/%s/output", s->path,
				       d->name);
	if (!ret)
		ret = ktstr_paths__fmt(d->emulator, sizeof(d->emulator), "%s/%s/emulator",
				       s->path, d->name);
	return ret;
}

int ktstr_store__begin(struct ktstr_image_store *s, struct ktstr_image_draft *d,
		       struct ktstr_err *err)
{
	static unsigned int count;
	int ret;

	memset(d, 0, sizeof(*d));
	d->dirfd = -1;
	d->files = (struct vm_saved) { -1, -1, -1, -1, false };
	snprintf(d->name, sizeof(d->name), DRAFT "%d-%u", (int)getpid(), count++);
	ret = fill_draft(s, d);
	if (!ret)
		return 0;
	ktstr_store__end(s, d);
	return ktstr_err(err, -ret, "cache of images %s: %s", s->path, strerror(-ret));
}

void ktstr_store__end(struct ktstr_image_store *s, struct ktstr_image_draft *d)
{
	close_saved(&d->files);
	if (d->name[0])
		remove_folder(s->dirfd, d->name);
	fd_close(&d->dirfd);
	d->name[0] = '\0';
}

static int write_text(struct ktstr_image_draft *d, const char *name, const void *text, size_t len)
{
	int fd = create(d, name), ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, len) != (ssize_t)len)
		ret = errno ? -errno : -ENOSPC;
	close(fd);
	return ret;
}

struct entry {
	char name[KTSTR_IMAGE_KEY_LEN];
	int64_t used_ns;
	uint64_t bytes;
};

static int by_use(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return x->used_ns > y->used_ns ? -1 : x->used_ns < y->used_ns;
}

static uint64_t folder_bytes(int dirfd, const char *name)
{
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	uint64_t bytes = 0;
	struct dirent *de;
	struct stat st;

	while (d && (de = readdir(d)))
		if (!fstatat(fd, de->d_name, &st, AT_SYMLINK_NOFOLLOW) && S_ISREG(st.st_mode))
			bytes += (uint64_t)st.st_blocks * 512;
	if (d)
		closedir(d);
	return bytes;
}

/* A draft whose writer has ended has no lock. */
static void sweep_draft(int dirfd, const char *name)
{
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return;
	if (!flock(fd, LOCK_EX | LOCK_NB))
		remove_folder(dirfd, name);
	close(fd);
}

/* All images, the last used first; removes what dead makers left. Their number or -errno. */
static int list(const struct ktstr_image_store *s, struct entry **all)
{
	int fd = openat(s->dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), nr = 0;
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *de;
	struct stat st;
	void *p;

	*all = NULL;
	if (!d)
		return -errno;
	while ((de = readdir(d))) {
		if (!strncmp(de->d_name, DRAFT, strlen(DRAFT)))
			sweep_draft(s->dirfd, de->d_name);
		if (!strncmp(de->d_name, LOCK, strlen(LOCK)))
			sweep_lock(s->dirfd, de->d_name);
		if (!is_key(de->d_name) ||
		    fstatat(s->dirfd, de->d_name, &st, AT_SYMLINK_NOFOLLOW))
			continue;
		p = reallocarray(*all, (size_t)nr + 1, sizeof(**all));
		if (!p)
			break;
		*all = p;
		(*all)[nr] = (struct entry) {
			.used_ns = st.st_mtim.tv_sec * INT64_C(1000000000) + st.st_mtim.tv_nsec,
			.bytes = folder_bytes(s->dirfd, de->d_name),
		};
		memcpy((*all)[nr++].name, de->d_name, sizeof((*all)->name));	/* is_key() */
	}
	closedir(d);
	if (nr)
		qsort(*all, (size_t)nr, sizeof(**all), by_use);
	return nr;
}

static void trim(struct ktstr_image_store *s, const char *keep)
{
	struct entry *all;
	uint64_t total = 0;
	int nr = list(s, &all), i;

	for (i = 0; i < nr; i++) {
		total += all[i].bytes;
		if (total > KTSTR_IMAGE_BUDGET && strcmp(all[i].name, keep)) {
			total -= all[i].bytes;
			remove_folder(s->dirfd, all[i].name);
		}
	}
	free(all);
	ktstr_store__sweep_refused(s, NULL, true);
}

int ktstr_store__commit(struct ktstr_image_store *s, struct ktstr_image_draft *d,
			const char *key, const char *text, struct ktstr_err *err)
{
	struct sums sums;
	int ret;

	unlinkat(d->dirfd, "emulator", 0);
	ret = write_text(d, "key", text, strlen(text));
	if (!ret)
		ret = sum_all(d->dirfd, &sums);
	if (!ret)
		ret = write_text(d, "sums", &sums, sizeof(sums));
	if (!ret && renameat(s->dirfd, d->name, s->dirfd, key)) {
		ret = -errno;
		/* a damaged one that could not be removed, or two makers without a lock */
		if (ret == -ENOTEMPTY || ret == -EEXIST) {
			remove_folder(s->dirfd, key);
			ret = renameat(s->dirfd, d->name, s->dirfd, key) ? -errno : 0;
		}
	}
	if (ret)
		return ktstr_err(err, -ret, "image in %s: %s", s->path, strerror(-ret));
	d->name[0] = '\0';
	trim(s, key);
	return 0;
}

int ktstr_image__list(struct ktstr_image_entry **all, struct ktstr_err *err)
{
	struct ktstr_image_store s;
	struct entry *found = NULL;
	char path[PATH_MAX];
	int nr, i;

	*all = NULL;
	nr = ktstr_store__open(&s, err);
	if (nr)
		return nr;
	nr = list(&s, &found);
	if (nr > 0)
		*all = calloc((size_t)nr, sizeof(**all));
	for (i = 0; i < nr && *all; i++) {
		struct ktstr_image_entry *e = &(*all)[i];

		memcpy(e->key, found[i].name, sizeof(e->key));
		e->bytes = found[i].bytes;
		e->used_s = found[i].used_ns / 1000000000;
		if (!ktstr_paths__fmt(path, sizeof(path), "%s/%s/key", s.path, e->key))
			e->text = ktstr_paths__read(path, 65536, NULL);
	}
	free(found);
	ktstr_store__close(&s);
	return nr < 0 ? ktstr_err(err, -nr, "cache of images %s: %s", s.path, strerror(-nr)) :
	       *all ? nr : 0;
}

void ktstr_image__list_free(struct ktstr_image_entry *all, int nr)
{
	int i;

	for (i = 0; i < nr && all; i++)
		free(all[i].text);
	free(all);
}

int ktstr_image__remove(const char *key, struct ktstr_err *err)
{
	struct ktstr_image_store s;
	struct entry *all = NULL;
	int nr, i, removed = 0, ret = ktstr_store__open(&s, err);

	if (ret)
		return ret;
	nr = list(&s, &all);
	for (i = 0; i < nr; i++) {
		if (key && strcmp(key, all[i].name))
			continue;
		remove_folder(s.dirfd, all[i].name);
		removed++;
	}
	free(all);
	ktstr_store__sweep_refused(&s, key, false);
	ktstr_store__close(&s);
	return removed;
}
