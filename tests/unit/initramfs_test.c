// SPDX-License-Identifier: GPL-2.0
/*
 * The whole builder: what ends up in the guest, that it is the same every time, and that a
 * cache can be broken in any way without anything but time being lost.
 */
/* Links: libktstr.a */
/* Libs: -llz4 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "../../vmm/initramfs/cache.h"
#include "../../vmm/initramfs/initramfs.h"
#include "../../vmm/initramfs/lz4_legacy.h"
#include "../../vmm/initramfs/siphash.h"

/* Called by LeakSanitizer, which cannot work in the chroot below: it needs /proc. */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
	return access("/proc/self/task", F_OK) != 0;
}

FIXTURE(fs) {
	char dir[64], cache[80], note[256];
	struct initramfs *fs;
	struct vm_err err;
};

#define SELF struct _test_data_fs *self

FIXTURE_SETUP(fs)
{
	snprintf(self->dir, sizeof(self->dir), "/tmp/ktstr-initramfs-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	ASSERT_EQ(0, chdir(self->dir));
	snprintf(self->cache, sizeof(self->cache), "%s/cache/deep", self->dir);
	self->fs = initramfs__new();
	ASSERT_NE(NULL, self->fs);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

FIXTURE_TEARDOWN(fs)
{
	initramfs__free(self->fs);
	nftw(self->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void put(const char *path, const void *data, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd < 0 || write(fd, data, len) != (ssize_t)len)
		abort();
	close(fd);
}

static void put_text(const char *path, const char *text)
{
	put(path, text, strlen(text));
}

struct buf {
	uint8_t *data;
	long len;
};

static int buf_write(void *ctx, const void *p, size_t len)
{
	struct buf *b = ctx;

	b->data = realloc(b->data, b->len + len + 1);
	memcpy(b->data + b->len, p, len);
	b->len += len;
	return 0;
}

/* Everything in @fd, which is closed. */
static struct buf slurp_fd(int fd)
{
	struct buf b = { 0 };
	char piece[65536];
	ssize_t n;

	while ((n = read(fd, piece, sizeof(piece))) > 0)
		buf_write(&b, piece, n);
	close(fd);
	return b;
}

/* Finish self->fs and return the cpio archive; len is -1 when that fails. */
static struct buf finish(SELF, const char *cache_dir)
{
	int fd = initramfs__finish(self->fs, cache_dir, self->note, sizeof(self->note),
				   &self->err);
	struct buf z, out = { 0 };

	if (fd < 0)
		return (struct buf) { .len = -1 };
	z = slurp_fd(fd);
	if (lz4_legacy_decode(z.data, z.len, (struct io_sink) { buf_write, &out }))
		out.len = -1;
	free(z.data);
	return out;
}

/* Unpack into @dir with the cpio tool; false: there is none. */
static bool unpack(const struct buf *b, const char *dir)
{
	char cmd[256];
	FILE *p;

	if (system("command -v cpio > /dev/null"))
		return false;
	snprintf(cmd, sizeof(cmd), "mkdir -p %s && cd %s && cpio -idm --quiet "
		 "--no-absolute-filenames 2> ../cpio.err", dir, dir);
	p = popen(cmd, "w");
	if (!p || fwrite(b->data, 1, b->len, p) != (size_t)b->len || pclose(p))
		abort();
	return true;
}

static const char *text_of(const char *path)
{
	static char text[256];
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	return n < 0 ? NULL : text;
}

static int same(const struct buf *a, const struct buf *b)
{
	return a->len > 0 && a->len == b->len && !memcmp(a->data, b->data, a->len);
}

#define ADD(src, dest, libs) initramfs__add_file(self->fs, src, dest, libs, &self->err)
#define ADD_TEXT(text, dest) \
	initramfs__add_data(self->fs, text, strlen(text), dest, 0644, &self->err)

/* Start over with a new builder. */
static void again(SELF)
{
	initramfs__free(self->fs);
	self->fs = initramfs__new();
}

/* Files of one kind in the cache. */
static int count(SELF, const char *prefix, char *last)
{
	DIR *d = opendir(self->cache);
	struct dirent *de;
	int n = 0;

	while (d && (de = readdir(d))) {
		if (strncmp(de->d_name, prefix, strlen(prefix)))
			continue;
		if (last)
			snprintf(last, PATH_MAX, "%.79s/%s", self->cache, de->d_name);
		n++;
	}
	if (d)
		closedir(d);
	return n;
}

/* The archive */

TEST_F(fs, the_cpio_tool_unpacks_it)
{
	struct stat st;
	struct buf b;

	put_text("a", "alpha");
	put("empty", "", 0);
	ASSERT_EQ(0, chmod("a", 0750));
	ASSERT_EQ(0, ADD("a", "/etc/deep/a", false));
	ASSERT_EQ(0, ADD("a", "/etc/other", false));
	ASSERT_EQ(0, ADD("empty", "/empty", false));
	ASSERT_EQ(0, ADD_TEXT("one", "/run/args"));
	b = finish(self, NULL);
	ASSERT_LT(0, b.len) TH_LOG("%s", self->err.msg);
	EXPECT_EQ(0, b.len % 512);
	if (!unpack(&b, "u"))
		SKIP(return, "no cpio tool");
	EXPECT_STREQ("alpha", text_of("u/etc/deep/a"));
	EXPECT_STREQ("", text_of("u/empty"));
	EXPECT_STREQ("one", text_of("u/run/args"));
	ASSERT_EQ(0, stat("u/etc/deep/a", &st));
	EXPECT_EQ(0750, (int)st.st_mode & 07777);
	EXPECT_EQ(0, (int)st.st_mtime);
	/* the second name of one host file is a link to the first */
	ASSERT_EQ(0, lstat("u/etc/other", &st));
	EXPECT_TRUE(S_ISLNK(st.st_mode));
	EXPECT_STREQ("", text_of("cpio.err"));
	free(b.data);
}

/* Name of the archive member that begins at @off; @off moves on to the next one. */
static const char *member(const struct buf *b, long *off, long *mode)
{
	char *p = (char *)b->data + *off, hex[9] = "";
	long name, size;

	if (*off + 110 > b->len || memcmp(p, "070701", 6))
		return NULL;
	memcpy(hex, p + 6 + 8, 8);
	*mode = strtol(hex, NULL, 16);
	memcpy(hex, p + 6 + 6 * 8, 8);
	size = strtol(hex, NULL, 16);
	memcpy(hex, p + 6 + 11 * 8, 8);
	name = strtol(hex, NULL, 16);
	*off += ((110 + name + 3) & ~3L) + ((size + 3) & ~3L);
	return p + 110;
}

TEST_F(fs, directories_come_first_and_sorted_data_last_in_call_order)
{
	static const char * const want[] = {
		"a", "a/b", "z", "a/b/f", "z/f",	/* base */
		"y", "y/late", "early", ".done", "TRAILER!!!",
	};
	const char *name;
	long off = 0, mode;
	struct buf b;
	size_t i = 0;

	put_text("f", "f");
	put_text("g", "g");
	ASSERT_EQ(0, ADD_TEXT("1", "/y/late"));
	ASSERT_EQ(0, ADD_TEXT("2", "/early"));
	ASSERT_EQ(0, ADD("f", "/z/f", false));
	ASSERT_EQ(0, ADD("g", "/a/b/f", false));
	ASSERT_EQ(0, ADD_TEXT("", "/.done"));
	b = finish(self, NULL);
	while (i < 10 && (name = member(&b, &off, &mode)))
		EXPECT_STREQ(want[i++], name);
	EXPECT_EQ(10, (int)i);
	free(b.data);
}

TEST_F(fs, the_result_is_a_sealed_memfd_at_its_beginning)
{
	int fd, seals;

	ASSERT_EQ(0, ADD_TEXT("x", "/x"));
	fd = initramfs__finish(self->fs, NULL, NULL, 0, &self->err);
	ASSERT_LE(0, fd);
	seals = fcntl(fd, F_GET_SEALS);
	EXPECT_EQ(F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL,
		  seals & (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL));
	EXPECT_EQ(-1, pwrite(fd, "y", 1, 0));
	EXPECT_EQ(0, lseek(fd, 0, SEEK_CUR));
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	close(fd);
}

TEST_F(fs, this_program_runs_in_the_unpacked_tree)
{
	struct stat st;
	struct buf b;

	ASSERT_EQ(0, ADD("/proc/self/exe", "/init", true)) TH_LOG("%s", self->err.msg);
	b = finish(self, NULL);
	ASSERT_LT(0, b.len);
	/* a dynamic /init finds out what $ORIGIN is before proc is mounted */
	EXPECT_NE(NULL, memmem(b.data, b.len, "proc/self/exe", 13));
	if (!unpack(&b, "u"))
		SKIP(return, "no cpio tool");
	ASSERT_EQ(0, stat("u/init", &st));
	EXPECT_EQ(0755, (int)st.st_mode & 07777);
	EXPECT_LE((uint64_t)st.st_size, initramfs__unpacked_bytes(self->fs));
	if (geteuid())
		SKIP(return, "chroot needs root");
	EXPECT_EQ(0, system("chroot u /init -t siphash_has_its_known_values > /dev/null"));
	free(b.data);
}

TEST_F(fs, unpacked_bytes_count_whole_pages)
{
	put_text("a", "x");
	ASSERT_EQ(0, ADD("a", "/a", false));
	ASSERT_EQ(0, ADD_TEXT("x", "/b"));
	free(finish(self, NULL).data);
	EXPECT_LE(2 * 4096, (long)initramfs__unpacked_bytes(self->fs));
	EXPECT_GE(4 * 4096, (long)initramfs__unpacked_bytes(self->fs));
}

/* Determinism */

TEST_F(fs, two_builds_are_identical_also_from_another_directory)
{
	struct buf b[3];

	for (int i = 0; i < 3; i++) {
		static const char * const dirs[] = { "one", "two", "two" };

		again(self);
		ASSERT_EQ(0, chdir(self->dir));
		mkdir(dirs[i], 0755);
		ASSERT_EQ(0, chdir(dirs[i]));
		put_text("f", "same content");
		ASSERT_EQ(0, ADD("f", "/f", false));
		ASSERT_EQ(0, ADD("/proc/self/exe", "/init", true));
		ASSERT_EQ(0, ADD_TEXT("args", "/args"));
		b[i] = finish(self, NULL);
	}
	EXPECT_TRUE(same(&b[0], &b[1]));
	EXPECT_TRUE(same(&b[1], &b[2]));
	for (int i = 0; i < 3; i++)
		free(b[i].data);
}

TEST_F(fs, the_order_of_files_does_not_matter)
{
	struct buf a, b;

	put_text("f", "f");
	put_text("g", "g");
	ASSERT_EQ(0, ADD("f", "/f", false));
	ASSERT_EQ(0, ADD("g", "/g", false));
	a = finish(self, NULL);
	again(self);
	ASSERT_EQ(0, ADD("g", "/g", false));
	ASSERT_EQ(0, ADD("f", "/f", false));
	b = finish(self, NULL);
	EXPECT_TRUE(same(&a, &b));
	free(a.data);
	free(b.data);
}

/* What is refused */

TEST_F(fs, only_regular_files_are_packed)
{
	ASSERT_EQ(0, mkfifo("fifo", 0600));
	EXPECT_EQ(-EINVAL, ADD("fifo", "/f", false));	/* and does not block */
	EXPECT_NE(NULL, strstr(self->err.msg, "a FIFO"));
	EXPECT_EQ(-EINVAL, ADD(".", "/f", false));
	EXPECT_EQ(-EINVAL, ADD("/dev/null", "/f", false));
	EXPECT_EQ(-ENOENT, ADD("none", "/f", false));
	EXPECT_NE(NULL, strstr(self->err.msg, "none"));
}

TEST_F(fs, guest_paths_are_checked)
{
	put_text("f", "f");
	EXPECT_EQ(-EINVAL, ADD("f", "f", false));
	EXPECT_EQ(-EINVAL, ADD("f", "/../f", false));
	EXPECT_EQ(-EINVAL, ADD_TEXT("x", "/a\nb"));
	EXPECT_EQ(-EINVAL, ADD_TEXT("x", "/TRAILER!!!"));
}

TEST_F(fs, two_files_under_one_path_are_an_error_that_names_both)
{
	put_text("first", "f");
	put_text("second", "g");
	ASSERT_EQ(0, ADD("first", "/f", false));
	EXPECT_EQ(0, ADD("first", "/f", false));
	EXPECT_EQ(-EEXIST, ADD("second", "/f", false));
	EXPECT_NE(NULL, strstr(self->err.msg, "/first"));
	EXPECT_NE(NULL, strstr(self->err.msg, "/second"));
	EXPECT_EQ(-EEXIST, ADD_TEXT("x", "/f"));
	EXPECT_EQ(0, ADD_TEXT("x", "/d"));
	EXPECT_EQ(0, ADD_TEXT("x", "/d"));
	EXPECT_EQ(-EEXIST, ADD_TEXT("y", "/d"));
}

TEST_F(fs, a_path_is_a_file_or_a_directory)
{
	put_text("f", "f");
	ASSERT_EQ(0, ADD("f", "/a/b", false));
	EXPECT_EQ(-EEXIST, ADD_TEXT("x", "/a"));
	EXPECT_EQ(-EEXIST, ADD_TEXT("x", "/a/b/c"));
	EXPECT_EQ(0, ADD_TEXT("x", "/a/bc"));
}

TEST_F(fs, four_gigabytes_are_too_large)
{
	put("huge", "", 0);
	ASSERT_EQ(0, truncate("huge", 1LL << 32));
	EXPECT_EQ(-EFBIG, ADD("huge", "/huge", false));
}

TEST_F(fs, a_large_file_spans_several_chunks)
{
	struct buf b;
	long size = 20 << 20;

	put("big", "", 0);
	ASSERT_EQ(0, truncate("big", size));
	ASSERT_EQ(0, ADD("big", "/big", false));
	b = finish(self, self->cache);
	EXPECT_LT(size, b.len);
	free(b.data);
}

TEST_F(fs, a_file_that_changed_since_it_was_added_is_an_error)
{
	put_text("f", "before");
	ASSERT_EQ(0, ADD("f", "/f", false));
	put_text("f", "after, and longer");
	EXPECT_EQ(-1, finish(self, NULL).len);
	EXPECT_NE(NULL, strstr(self->err.msg, "changed"));
	EXPECT_EQ(-1, finish(self, self->cache).len);
	EXPECT_EQ(0, count(self, "base-", NULL));
}

TEST_F(fs, a_broken_program_is_refused_but_packed_as_data)
{
	put("bad", "\177ELF\2\1\1\0\0\0\0\0\0\0\0\0junk", 20);
	EXPECT_EQ(-ENOEXEC, ADD("bad", "/bad", true));
	EXPECT_NE(NULL, strstr(self->err.msg, "/bad") ?: strstr(self->err.msg, "bad"));
	EXPECT_EQ(0, ADD("bad", "/bad", false));
}

/* The cache */

TEST_F(fs, a_second_build_comes_from_the_cache_and_is_the_same)
{
	struct timespec old[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };
	char entry[PATH_MAX];
	struct buf plain, cold, warm;
	struct stat st;
	uint64_t unpacked;

	put_text("f", "content");
	ASSERT_EQ(0, ADD("f", "/f", false));
	ASSERT_EQ(0, ADD("/proc/self/exe", "/init", true));
	plain = finish(self, NULL);
	unpacked = initramfs__unpacked_bytes(self->fs);
	cold = finish(self, self->cache);
	EXPECT_STREQ("", self->note);
	ASSERT_EQ(1, count(self, "base-", entry));
	ASSERT_EQ(0, utimensat(AT_FDCWD, entry, old, 0));
	warm = finish(self, self->cache);
	EXPECT_TRUE(same(&plain, &cold));
	EXPECT_TRUE(same(&plain, &warm));
	EXPECT_EQ(unpacked, initramfs__unpacked_bytes(self->fs));
	/* use shows in the time stamp */
	ASSERT_EQ(0, stat(entry, &st));
	EXPECT_LT(1000, st.st_mtime);
	EXPECT_EQ(1, count(self, "base-", NULL));
	EXPECT_EQ(0, count(self, "tmp-", NULL));
	free(plain.data);
	free(cold.data);
	free(warm.data);
}

TEST_F(fs, the_tail_is_not_cached)
{
	struct buf a, b;

	put_text("f", "content");
	ASSERT_EQ(0, ADD("f", "/f", false));
	ASSERT_EQ(0, ADD_TEXT("first run", "/args"));
	a = finish(self, self->cache);
	again(self);
	ASSERT_EQ(0, ADD("f", "/f", false));
	ASSERT_EQ(0, ADD_TEXT("second run", "/args"));
	b = finish(self, self->cache);
	EXPECT_EQ(1, count(self, "base-", NULL));
	EXPECT_NE(NULL, memmem(a.data, a.len, "first run", 9));
	EXPECT_NE(NULL, memmem(b.data, b.len, "second run", 10));
	EXPECT_EQ(NULL, memmem(b.data, b.len, "first run", 9));
	free(a.data);
	free(b.data);
}

TEST_F(fs, the_name_depends_on_content_path_and_mode_not_on_inode_or_time)
{
	struct timespec old[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };

	put_text("f", "content");
	put_text("g", "content");
	ASSERT_EQ(0, utimensat(AT_FDCWD, "g", old, 0));
	ASSERT_EQ(0, ADD("f", "/f", false));
	free(finish(self, self->cache).data);
	again(self);
	ASSERT_EQ(0, ADD("g", "/f", false));
	free(finish(self, self->cache).data);
	EXPECT_EQ(1, count(self, "base-", NULL));
	again(self);
	ASSERT_EQ(0, ADD("f", "/other", false));
	free(finish(self, self->cache).data);
	EXPECT_EQ(2, count(self, "base-", NULL));
	again(self);
	ASSERT_EQ(0, chmod("f", 0600));
	ASSERT_EQ(0, ADD("f", "/f", false));
	free(finish(self, self->cache).data);
	EXPECT_EQ(3, count(self, "base-", NULL));
}

TEST_F(fs, fresh_files_are_hashed_until_their_time_stamps_can_be_trusted)
{
	struct timespec wait = { .tv_sec = 2, .tv_nsec = 100000000 };

	put_text("f", "content");
	ASSERT_EQ(0, ADD("f", "/f", false));
	free(finish(self, self->cache).data);
	EXPECT_EQ(0, count(self, "index-", NULL));
	/* The promise is about wall-clock time; there is no event for its passing. */
	nanosleep(&wait, NULL);
	free(finish(self, self->cache).data);
	EXPECT_EQ(1, count(self, "index-", NULL));
	EXPECT_EQ(1, count(self, "base-", NULL));
}

TEST_F(fs, every_damage_to_an_entry_is_noticed_and_repaired)
{
	struct buf good, b;
	char entry[PATH_MAX];
	struct stat st;

	put_text("f", "content content content");
	ASSERT_EQ(0, ADD("f", "/f", false));
	good = finish(self, self->cache);
	ASSERT_EQ(1, count(self, "base-", entry));
	ASSERT_EQ(0, stat(entry, &st));
	for (long i = 0; i < st.st_size + 4; i++) {
		int fd = open(entry, O_RDWR);
		char c;

		ASSERT_LE(0, fd);
		if (i < st.st_size) {
			ASSERT_EQ(1, pread(fd, &c, 1, i));
			c ^= 1 << i % 8;
			ASSERT_EQ(1, pwrite(fd, &c, 1, i));
		} else {
			long sizes[] = { 0, 10, st.st_size - 1, st.st_size + 1 };

			ASSERT_EQ(0, ftruncate(fd, sizes[i - st.st_size]));
		}
		close(fd);
		b = finish(self, self->cache);
		EXPECT_TRUE(same(&good, &b));
		EXPECT_STREQ("", self->note);
		free(b.data);
	}
	free(good.data);
}

TEST_F(fs, a_damaged_index_only_costs_a_hash)
{
	struct cache c;
	uint64_t key = 0;

	ASSERT_EQ(0, cache_open(&c, self->cache, CACHE_BUDGET));
	ASSERT_EQ(0, cache_note(&c, 5, 77));
	ASSERT_EQ(0, cache_find(&c, 5, &key));
	EXPECT_EQ(77, (int)key);
	for (int i = 0; i < 33; i++) {
		char path[PATH_MAX], b;
		int fd;

		ASSERT_EQ(0, cache_note(&c, 5, 77));
		ASSERT_EQ(1, count(self, "index-", path));
		fd = open(path, O_RDWR);
		if (i < 32) {
			ASSERT_EQ(1, pread(fd, &b, 1, i));
			b ^= 0x10;
			ASSERT_EQ(1, pwrite(fd, &b, 1, i));
		} else {
			ASSERT_EQ(0, ftruncate(fd, 31));
		}
		close(fd);
		EXPECT_EQ(-ENOENT, cache_find(&c, 5, &key));
		EXPECT_EQ(0, count(self, "index-", NULL));
	}
	cache_close(&c);
}

/* A stream of @len bytes that the cache takes: it only looks at the magic. */
static int some_stream(size_t len)
{
	char path[] = "/tmp/ktstr-stream-XXXXXX";
	int fd = mkstemp(path);

	unlink(path);
	if (fd < 0 || write(fd, "\x02\x21\x4c\x18", 4) != 4 || ftruncate(fd, len))
		abort();
	return fd;
}

static int store(struct cache *c, uint64_t key, size_t len)
{
	struct cache_meta meta = { .lz4_len = len, .raw_len = 4, .unpacked = 4 };
	int fd = some_stream(len), ret = cache_store(c, key, fd, &meta);

	close(fd);
	return ret;
}

static bool has(struct cache *c, uint64_t key)
{
	char path[] = "/tmp/ktstr-out-XXXXXX";
	struct cache_meta meta;
	int fd = mkstemp(path), ret = cache_load(c, key, fd, &meta);

	unlink(path);
	close(fd);
	return !ret;
}

static void set_age(SELF, uint64_t key, time_t when)
{
	struct timespec t[2] = { { .tv_sec = when }, { .tv_sec = when } };
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/base-%016llx", self->cache, (unsigned long long)key);
	if (utimensat(AT_FDCWD, path, t, 0))
		abort();
}

TEST_F(fs, the_least_recently_used_entry_goes_when_the_budget_is_spent)
{
	struct cache c;

	ASSERT_EQ(0, cache_open(&c, self->cache, 350000));
	ASSERT_EQ(0, store(&c, 1, 100000));
	ASSERT_EQ(0, store(&c, 2, 100000));
	ASSERT_EQ(0, store(&c, 3, 100000));
	set_age(self, 1, 1000);
	set_age(self, 2, 2000);
	set_age(self, 3, 3000);
	EXPECT_TRUE(has(&c, 1));	/* used: now the youngest */
	ASSERT_EQ(0, store(&c, 4, 100000));
	EXPECT_TRUE(has(&c, 1));
	EXPECT_FALSE(has(&c, 2));
	EXPECT_TRUE(has(&c, 3));
	EXPECT_TRUE(has(&c, 4));
	EXPECT_EQ(-EFBIG, store(&c, 5, 400000));
	EXPECT_TRUE(has(&c, 4));
	cache_close(&c);
}

TEST_F(fs, foreign_files_in_the_folder_are_left_alone)
{
	char path[PATH_MAX];
	struct cache c;

	ASSERT_EQ(0, cache_open(&c, self->cache, 150000));
	snprintf(path, sizeof(path), "%s/base-notes.txt", self->cache);
	put_text(path, "mine");
	ASSERT_EQ(0, store(&c, 1, 100000));
	ASSERT_EQ(0, store(&c, 2, 100000));
	EXPECT_EQ(0, access(path, F_OK));
	EXPECT_FALSE(has(&c, 1));
	cache_close(&c);
}

/*
 * The child is killed as soon as its temporary file shows up, while 64 MiB are being written;
 * now and then it is faster, then another one tries.
 */
TEST_F(fs, a_killed_writer_leaves_nothing_that_others_use)
{
	struct cache c;
	int partial = 0;

	ASSERT_EQ(0, cache_open(&c, self->cache, CACHE_BUDGET));
	for (int i = 0; i < 200 && partial < 3; i++) {
		char temp[PATH_MAX] = "";
		pid_t pid = fork();
		int status;

		ASSERT_LE(0, pid);
		if (!pid) {
			store(&c, 100 + i, 64 << 20);
			_exit(0);
		}
		while (!count(self, "tmp-", NULL) && !waitpid(pid, &status, WNOHANG))
			;
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		if (count(self, "tmp-", temp)) {
			partial++;
			EXPECT_FALSE(has(&c, 100 + i));
			/* the next writer sweeps up */
			ASSERT_EQ(0, store(&c, 1, 1000));
			EXPECT_EQ(0, count(self, "tmp-", NULL));
		}
	}
	EXPECT_EQ(3, partial);
	cache_close(&c);
}

TEST_F(fs, the_temporary_file_of_a_living_writer_stays)
{
	char path[PATH_MAX];
	struct cache c;

	ASSERT_EQ(0, cache_open(&c, self->cache, CACHE_BUDGET));
	snprintf(path, sizeof(path), "%s/tmp-%d-0", self->cache, getppid());
	put_text(path, "half");
	ASSERT_EQ(0, store(&c, 1, 1000));
	EXPECT_EQ(0, access(path, F_OK));
	cache_close(&c);
}

/* Run as another user: root writes everywhere. */
TEST_F(fs, a_read_only_cache_costs_time_and_a_note)
{
	struct buf b;
	pid_t pid;
	int status;

	put_text("f", "content");
	ASSERT_EQ(0, chmod(self->dir, 0755));
	ASSERT_EQ(0, mkdir("ro", 0555));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		if (!geteuid() && (setgid(65534) || setuid(65534)))
			_exit(4);
		if (ADD("f", "/f", false))
			_exit(1);
		b = finish(self, "ro");
		if (b.len <= 0 || !strstr(self->note, "ro") ||
		    !strstr(self->note, "Permission denied"))
			_exit(2);
		b = finish(self, "ro/sub");
		_exit(b.len > 0 && strstr(self->note, "Permission denied") ? 0 : 3);
	}
	waitpid(pid, &status, 0);
	EXPECT_EQ(0, WEXITSTATUS(status));
}

TEST_F(fs, a_cache_path_that_is_no_folder_costs_time_and_a_note)
{
	struct buf b;

	put_text("f", "content");
	ASSERT_EQ(0, ADD("f", "/f", false));
	b = finish(self, "f");
	EXPECT_LT(0, b.len);
	EXPECT_NE(NULL, strstr(self->note, "Not a directory"));
	free(b.data);
}

TEST_F(fs, many_builders_at_once_agree)
{
	pid_t pids[8];
	struct buf want, b;
	int status;

	put_text("f", "content");
	ASSERT_EQ(0, ADD("f", "/f", false));
	want = finish(self, NULL);
	for (int i = 0; i < 8; i++) {
		pids[i] = fork();
		ASSERT_LE(0, pids[i]);
		if (!pids[i]) {
			for (int k = 0; k < 20; k++) {
				b = finish(self, self->cache);
				if (!same(&want, &b) || self->note[0])
					_exit(1);
				free(b.data);
			}
			_exit(0);
		}
	}
	for (int i = 0; i < 8; i++) {
		waitpid(pids[i], &status, 0);
		EXPECT_EQ(0, status);
	}
	EXPECT_EQ(1, count(self, "base-", NULL));
	EXPECT_EQ(0, count(self, "tmp-", NULL));
	free(want.data);
}

/* From an independent implementation that reproduces the published SipHash-2-4 value. */
TEST(siphash_has_its_known_values)
{
	static const struct {
		size_t len;
		uint64_t want;
	} known[] = {
		{ 0, 0xabac0158050fc4dc }, { 1, 0xc9f49bf37d57ca93 }, { 8, 0x369095118d299a8e },
		{ 15, 0xd320d86d2a519956 }, { 63, 0x9d199062b7bbb3a8 },
	};
	uint8_t in[64];
	struct siphash s;

	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = i;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		for (size_t cut = 0; cut <= known[i].len; cut++) {
			siphash_init_key(&s, 0x0706050403020100, 0x0f0e0d0c0b0a0908);
			siphash_add(&s, in, cut);
			siphash_add(&s, in + cut, known[i].len - cut);
			EXPECT_EQ(known[i].want, siphash_end(&s));
		}
	}
	siphash_init(&s);
	EXPECT_EQ(0xd1fba762150c532c, siphash_end(&s));
}

TEST_HARNESS_MAIN
