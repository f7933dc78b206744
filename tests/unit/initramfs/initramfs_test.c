// SPDX-License-Identifier: GPL-2.0
/*
 * The whole builder: what ends up in the guest, that it is the same every time, and what is
 * refused.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kernel.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fixture.h"
#include "lib/siphash.h"

/* Called by LeakSanitizer, which cannot work in the chroot below: it needs /proc. */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
	return access("/proc/self/task", F_OK) != 0;
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
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
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
