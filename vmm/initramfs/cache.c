// SPDX-License-Identifier: GPL-2.0
/*
 * One flat directory: "base-KEY" (a header and the stream), "index-QUICK" (a content key) and
 * "tmp-PID-N" (being written, under an exclusive flock). The modification time of a file is
 * when it was last used.
 */
#include <dirent.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/siphash.h"
#include "vmm/initramfs/tree/io.h"
#include "cache.h"
#include "lz4_legacy.h"

#define BUF_LEN		(256u << 10)
#define NAME_LEN	40
#define ORPHAN_AGE_S	(24 * 60 * 60)	/* whatever its pid means now */

static const char base_magic[8] = "ktstrfs2";
static const char index_magic[8] = "ktstrix1";

/* Both are little endian and end with a hash of all that is before it. */
struct base_header {
	char magic[8];
	uint64_t key, lz4_len, raw_len, unpacked;
	uint64_t data_hash;
	char pad[CACHE_DATA_OFF - 56];
	uint64_t hash;
};

_Static_assert(sizeof(struct base_header) == CACHE_DATA_OFF, "the stream is mapped from there");

struct index_file {
	char magic[8];
	uint64_t quick, key;
	uint64_t hash;
};

static uint64_t hash_of(const void *buf, size_t len)
{
	struct siphash s;

	siphash_init(&s);
	siphash_add(&s, buf, len);
	return htole64(siphash_end(&s));
}

static void base_name(char name[NAME_LEN], uint64_t key)
{
	snprintf(name, NAME_LEN, "base-%016llx", (unsigned long long)key);
}

static void index_name(char name[NAME_LEN], uint64_t quick)
{
	snprintf(name, NAME_LEN, "index-%016llx", (unsigned long long)quick);
}

/* Like mkdir -p; the open() that follows tells whether it was enough. */
static int make_dirs(const char *dir)
{
	char path[PATH_MAX];
	size_t len = strlen(dir);
	int ret = 0;

	if (!len || len >= sizeof(path))
		return len ? -ENAMETOOLONG : -ENOENT;
	for (size_t i = 1; i <= len; i++) {
		if (dir[i] && dir[i] != '/')
			continue;
		memcpy(path, dir, i);
		path[i] = '\0';
		if (mkdir(path, 0700) < 0 && errno != EEXIST)
			ret = -errno;
	}
	return ret;
}

int cache_open(struct cache *c, const char *dir, uint64_t budget)
{
	int ret;

	*c = (struct cache) { .budget = budget };
	c->dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (c->dirfd < 0 && errno == ENOENT) {
		ret = make_dirs(dir);
		c->dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (c->dirfd < 0 && ret)
			return ret;
	}
	return c->dirfd < 0 ? -errno : 0;
}

void cache_close(struct cache *c)
{
	if (c->dirfd >= 0)
		close(c->dirfd);
	c->dirfd = -1;
}

/* Only files of our own user or root are used: others may be malicious. */
static int open_entry(struct cache *c, const char *name, struct stat *st)
{
	int fd = openat(c->dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0)
		return -ENOENT;
	if (fstat(fd, st) < 0 || !S_ISREG(st->st_mode) ||
	    (st->st_uid != geteuid() && st->st_uid != 0)) {
		close(fd);
		return -ENOENT;
	}
	return fd;
}

int cache_find(struct cache *c, uint64_t quick, uint64_t *key)
{
	struct index_file f;
	char name[NAME_LEN];
	struct stat st;
	ssize_t n;
	int fd;

	index_name(name, quick);
	fd = open_entry(c, name, &st);
	if (fd < 0)
		return fd;
	n = io_pread(fd, &f, sizeof(f), 0);
	if (st.st_size != sizeof(f) || n != sizeof(f) ||
	    memcmp(f.magic, index_magic, sizeof(f.magic)) || le64toh(f.quick) != quick ||
	    f.hash != hash_of(&f, offsetof(struct index_file, hash))) {
		close(fd);
		unlinkat(c->dirfd, name, 0);
		return -ENOENT;
	}
	futimens(fd, NULL);
	close(fd);
	*key = le64toh(f.key);
	return 0;
}

static bool base_header_ok(const struct base_header *h, uint64_t key, uint64_t file_size)
{
	return !memcmp(h->magic, base_magic, sizeof(h->magic)) && le64toh(h->key) == key &&
	       h->hash == hash_of(h, offsetof(struct base_header, hash)) &&
	       file_size >= sizeof(*h) && le64toh(h->lz4_len) == file_size - sizeof(*h) &&
	       file_size - sizeof(*h) >= 4;
}

/*
 * Copy @len bytes from @in at @in_off to @out's position (-1: nowhere), hashing them. 0, -errno
 * of the writer, -ENODATA when @in ends early or cannot be read.
 */
static int copy(int in, uint64_t in_off, int out, uint64_t len, uint64_t *hash, uint32_t *first)
{
	char *buf = malloc(BUF_LEN);
	struct siphash s;
	uint64_t done;
	int ret = 0;

	if (!buf)
		return -ENOMEM;
	siphash_init(&s);
	for (done = 0; done < len && !ret; ) {
		size_t want = len - done < BUF_LEN ? len - done : BUF_LEN;

		if (io_pread(in, buf, want, in_off + done) != (ssize_t)want) {
			ret = -ENODATA;
			break;
		}
		if (!done && want >= sizeof(*first))
			memcpy(first, buf, sizeof(*first));
		siphash_add(&s, buf, want);
		ret = out < 0 ? 0 : io_write(out, buf, want);
		done += want;
	}
	*hash = htole64(siphash_end(&s));
	free(buf);
	return ret;
}

/* Check an entry, copying it to @out unless that is -1. Its descriptor, -ENOENT, or -errno. */
static int load(struct cache *c, uint64_t key, int out, struct cache_meta *meta)
{
	struct base_header h;
	char name[NAME_LEN];
	uint32_t first = 0;
	struct stat st;
	uint64_t hash;
	int fd, ret;

	base_name(name, key);
	fd = open_entry(c, name, &st);
	if (fd < 0)
		return fd;
	ret = -ENODATA;
	if (io_pread(fd, &h, sizeof(h), 0) == sizeof(h) && base_header_ok(&h, key, st.st_size)) {
		ret = copy(fd, sizeof(h), out, le64toh(h.lz4_len), &hash, &first);
		if (!ret && (hash != h.data_hash || le32toh(first) != LZ4_LEGACY_MAGIC))
			ret = -ENODATA;
	}
	if (!ret) {
		futimens(fd, NULL);
		*meta = (struct cache_meta) {
			le64toh(h.lz4_len), le64toh(h.raw_len), le64toh(h.unpacked),
		};
	}
	if (!ret)
		return fd;
	close(fd);
	if (ret == -ENODATA) {
		unlinkat(c->dirfd, name, 0);
		ret = -ENOENT;
	}
	return ret;
}

int cache_load(struct cache *c, uint64_t key, int out, struct cache_meta *meta)
{
	off_t start = lseek(out, 0, SEEK_END);
	int fd;

	if (start < 0)
		return -errno;
	fd = load(c, key, out, meta);
	if (fd < 0 && (ftruncate(out, start) < 0 || lseek(out, start, SEEK_SET) < 0))
		return -errno;
	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

int cache_open_entry(struct cache *c, uint64_t key, struct cache_meta *meta)
{
	return load(c, key, -1, meta);
}

/* A new temporary file, locked for its life. Returns the fd or -errno. */
static int open_temp(struct cache *c, char name[NAME_LEN])
{
	static atomic_uint counter;
	struct stat st;
	int fd;

	for (int tries = 0; tries < 100; tries++) {
		snprintf(name, NAME_LEN, "tmp-%d-%u", (int)getpid(),
			 atomic_fetch_add(&counter, 1));
		fd = openat(c->dirfd, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
			    0644);
		if (fd < 0 && errno == EEXIST)
			continue;
		if (fd < 0)
			return -errno;
		/* Another process may have removed the file, or be about to. */
		if (!flock(fd, LOCK_EX | LOCK_NB) && !fstat(fd, &st) && st.st_nlink)
			return fd;
		close(fd);
	}
	return -EBUSY;
}

static int commit(struct cache *c, int fd, const char *temp, const char *name, int ret)
{
	if (!ret && renameat(c->dirfd, temp, c->dirfd, name) < 0)
		ret = -errno;
	if (ret)
		unlinkat(c->dirfd, temp, 0);
	if (close(fd) < 0 && !ret) {
		ret = -errno;
		unlinkat(c->dirfd, name, 0);
	}
	return ret;
}

int cache_note(struct cache *c, uint64_t quick, uint64_t key)
{
	struct index_file f = { .quick = htole64(quick), .key = htole64(key) };
	char temp[NAME_LEN], name[NAME_LEN];
	int fd = open_temp(c, temp);

	if (fd < 0)
		return fd;
	memcpy(f.magic, index_magic, sizeof(f.magic));
	f.hash = hash_of(&f, offsetof(struct index_file, hash));
	index_name(name, quick);
	return commit(c, fd, temp, name, io_write(fd, &f, sizeof(f)));
}

struct old_file {
	char name[NAME_LEN];
	int64_t used_ns;
	uint64_t bytes;
};

static int compare_age(const void *a, const void *b)
{
	const struct old_file *x = a, *y = b;

	if (x->used_ns != y->used_ns)
		return x->used_ns < y->used_ns ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* Remove a temporary file that nobody writes any more. */
static void sweep_temp(struct cache *c, const char *name, const struct stat *st)
{
	int pid = atoi(name + strlen("tmp-"));
	bool dead = pid > 0 && kill(pid, 0) < 0 && errno == ESRCH;
	int fd;

	if (!dead && st->st_mtim.tv_sec + ORPHAN_AGE_S > time(NULL))
		return;
	/* The pid may belong to another namespace: the lock decides. */
	fd = openat(c->dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return;
	if (!flock(fd, LOCK_EX | LOCK_NB))
		unlinkat(c->dirfd, name, 0);
	close(fd);
}

static bool is_ours(const char *name)
{
	return (!strncmp(name, "base-", 5) && strlen(name) == 5 + 16) ||
	       (!strncmp(name, "index-", 6) && strlen(name) == 6 + 16);
}

/*
 * Go through all files: remove stale temporary ones, list the others. Returns their number or
 * -errno.
 */
static ssize_t list_files(struct cache *c, struct old_file **files, uint64_t *total)
{
	int fd = openat(c->dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	size_t nr = 0, room = 0;
	struct dirent *de;
	struct stat st;

	if (!d) {
		int ret = -errno;

		if (fd >= 0)
			close(fd);
		return ret;
	}
	while ((de = readdir(d))) {
		uint64_t blocks;

		if (fstatat(c->dirfd, de->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !S_ISREG(st.st_mode))
			continue;
		if (!strncmp(de->d_name, "tmp-", 4))
			sweep_temp(c, de->d_name, &st);
		if (!is_ours(de->d_name))
			continue;
		if (nr == room) {
			void *p = reallocarray(*files, room ? 2 * room : 32, sizeof(**files));

			if (!p)
				break;
			*files = p;
			room = room ? 2 * room : 32;
		}
		blocks = (uint64_t)st.st_blocks * 512;
		(*files)[nr] = (struct old_file) {
			.used_ns = io_id(&st).mtime_ns,
			.bytes = blocks > (uint64_t)st.st_size ? blocks : (uint64_t)st.st_size,
		};
		memcpy((*files)[nr].name, de->d_name, strlen(de->d_name) + 1);
		*total += (*files)[nr++].bytes;
	}
	closedir(d);
	return nr;
}

static void trim(struct cache *c, const char *keep)
{
	struct old_file *files = NULL;
	uint64_t total = 0;
	ssize_t nr = list_files(c, &files, &total);

	if (nr > 0)
		qsort(files, nr, sizeof(*files), compare_age);
	for (ssize_t i = 0; i < nr && total > c->budget; i++) {
		if (!strcmp(files[i].name, keep))
			continue;
		if (!unlinkat(c->dirfd, files[i].name, 0))
			total -= files[i].bytes;
	}
	free(files);
}

int cache_store(struct cache *c, uint64_t key, int in, const struct cache_meta *meta)
{
	struct base_header h = {
		.key = htole64(key), .lz4_len = htole64(meta->lz4_len),
		.raw_len = htole64(meta->raw_len), .unpacked = htole64(meta->unpacked),
	};
	char temp[NAME_LEN], name[NAME_LEN];
	uint32_t first;
	int fd, ret;

	if (meta->lz4_len + sizeof(h) > c->budget)
		return -EFBIG;
	fd = open_temp(c, temp);
	if (fd < 0)
		return fd;
	base_name(name, key);
	/* The header, written last, is what makes the file valid. */
	ret = lseek(fd, sizeof(h), SEEK_SET) < 0 ? -errno : 0;
	if (!ret)
		ret = copy(in, 0, fd, meta->lz4_len, &h.data_hash, &first);
	memcpy(h.magic, base_magic, sizeof(h.magic));
	h.hash = hash_of(&h, offsetof(struct base_header, hash));
	if (!ret && lseek(fd, 0, SEEK_SET) < 0)
		ret = -errno;
	if (!ret)
		ret = io_write(fd, &h, sizeof(h));
	ret = commit(c, fd, temp, name, ret);
	trim(c, name);
	return ret;
}
