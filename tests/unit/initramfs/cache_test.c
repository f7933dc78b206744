// SPDX-License-Identifier: GPL-2.0
/*
 * The cache of built archives can be broken in any way, shared by any number of builders and
 * be out of reach: nothing but time is lost.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fixture.h"
#include "vmm/initramfs/cache.h"

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
		int fd;
		char c;

		/* of the zeroes between header and stream some will do */
		if (i > 64 && i < 4080)
			i += 250;
		fd = open(entry, O_RDWR);
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

/* A machine maps the entry while others use the cache: it is checked, shared and stays. */
TEST_F(fs, what_the_cache_holds_is_handed_out_without_a_copy)
{
	struct vm_part base = { .fd = -1 };
	struct buf whole, parts = { 0 }, out = { 0 };
	char path[PATH_MAX], piece[4096];
	int fd;

	put_text("f", "content");
	ASSERT_EQ(0, ADD("f", "/f", false));
	ASSERT_EQ(0, ADD_TEXT("late", "/tail"));
	fd = initramfs__finish_parts(self->fs, self->cache, &base, NULL, 0, &self->err);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-1, base.fd);		/* made just now: it is in the memfd */
	EXPECT_EQ(0, base.bytes);
	close(fd);

	again(self);
	ASSERT_EQ(0, ADD("f", "/f", false));
	ASSERT_EQ(0, ADD_TEXT("late", "/tail"));
	fd = initramfs__finish_parts(self->fs, self->cache, &base, NULL, 0, &self->err);
	ASSERT_LE(0, fd);
	ASSERT_LE(0, base.fd);
	EXPECT_EQ(0, base.off % 4096);
	ASSERT_EQ(1, count(self, "base-", path));
	ASSERT_EQ(0, unlink(path));
	for (uint64_t done = 0; done < base.bytes; ) {
		size_t n = base.bytes - done < 4096 ? base.bytes - done : 4096;

		ASSERT_EQ((ssize_t)n, pread(base.fd, piece, n, base.off + done));
		buf_write(&parts, piece, n);
		done += n;
	}
	whole = slurp_fd(fd);
	buf_write(&parts, whole.data, whole.len);
	EXPECT_EQ(0, lz4_legacy_decode(parts.data, parts.len, (struct io_sink) { buf_write, &out }));
	EXPECT_NE(NULL, memmem(out.data, out.len, "content", 7));
	EXPECT_NE(NULL, memmem(out.data, out.len, "late", 4));
	free(whole.data);
	free(parts.data);
	free(out.data);
	close(base.fd);
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

TEST_HARNESS_MAIN
