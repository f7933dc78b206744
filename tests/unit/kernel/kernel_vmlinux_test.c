// SPDX-License-Identifier: GPL-2.0
/* Unpacked kernels in the cache: made once, found again, few enough. */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>

#include "kselftest_harness.h"

#include "harness/kernel/kernel_priv.h"
#include "images.h"

FIXTURE(vmlinux) {
	char dir[64], cache[128], path[PATH_MAX];
	struct ktstr_err err;
};

FIXTURE_SETUP(vmlinux)
{
	strcpy(self->dir, "/tmp/ktstr-vmlinux-test-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	snprintf(self->cache, sizeof(self->cache), "%s/cache", self->dir);
	setenv("KTSTR_CACHE_DIR", self->cache, 1);
}

FIXTURE_TEARDOWN(vmlinux)
{
	nftw(self->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

#define AT(...)	(snprintf(self->path, sizeof(self->path), __VA_ARGS__), self->path)
#define SAYS(_text)								\
	EXPECT_NE(NULL, strstr(self->err.msg, _text)) TH_LOG("\"%s\"", self->err.msg)

/* How many unpacked kernels there are, also pieces of them. */
static int nr_unpacked(FIXTURE_DATA(vmlinux) *self)
{
	char dir[PATH_MAX];
	struct dirent *e;
	int n = 0;
	DIR *d;

	snprintf(dir, sizeof(dir), "%s/.vmlinux", self->cache);
	d = opendir(dir);
	while (d && (e = readdir(d)))
		n += e->d_name[0] != '.';
	if (d)
		closedir(d);
	return n;
}

TEST_F(vmlinux, a_kernel_is_unpacked_once)
{
	char *big = padded("\177ELF", 4, 1), *text, path[PATH_MAX], again[PATH_MAX];
	struct stat st, st2;
	size_t len;

	memcpy(big, "\177ELF", 4);
	memset(big + (1 << 20), 0, 1 << 20);
	put_zstd_image(AT("%s/v/bzImage", self->dir), "7.3.0 x", big, 3 << 20);
	ASSERT_EQ(0, ktstr_kernel__vmlinux(self->path, path, sizeof(path), &self->err))
		TH_LOG("%s", self->err.msg);
	EXPECT_EQ(0, strncmp(path, self->cache, strlen(self->cache)));
	text = ktstr_paths__read(path, 8 << 20, &len);
	ASSERT_NE(NULL, text);
	EXPECT_EQ(3u << 20, len);
	EXPECT_EQ(0, memcmp(text, big, len));
	free(text);
	ASSERT_EQ(0, stat(path, &st));
	/* a mebibyte of zeroes takes no place */
	EXPECT_GE(2u << 11, st.st_blocks);
	ASSERT_EQ(0, ktstr_kernel__vmlinux(self->path, again, sizeof(again), &self->err));
	EXPECT_STREQ(path, again);
	ASSERT_EQ(0, stat(again, &st2));
	EXPECT_EQ(st.st_ino, st2.st_ino);
	EXPECT_EQ(1, nr_unpacked(self));
	/* another image in its place is another kernel */
	big[77] ^= 1;
	put_zstd_image(self->path, "7.3.0 x", big, 3 << 20);
	ASSERT_EQ(0, ktstr_kernel__vmlinux(self->path, again, sizeof(again), &self->err));
	EXPECT_STRNE(path, again);
	ktstr_kernel__forget_vmlinux(self->path);
	EXPECT_FALSE(ktstr_paths__is_file(again));
	EXPECT_TRUE(ktstr_paths__is_file(path));
	free(big);
}

TEST_F(vmlinux, what_cannot_be_unpacked_leaves_nothing)
{
	char path[PATH_MAX], *big = padded(NOTHING, sizeof(NOTHING), 5000);

	/* a vmlinux is one already */
	memcpy(big, "\177ELF", 4);
	put(AT("%s/vmlinux", self->dir), big, 4096);
	memcpy(big, "text", 4);
	EXPECT_EQ(0, ktstr_kernel__vmlinux(self->path, path, sizeof(path), &self->err))
		TH_LOG("%s", self->err.msg);
	EXPECT_STREQ("", path);
	put_zstd_image(AT("%s/v/bzImage", self->dir), "7.3.0 x", big, 3 << 20);
	EXPECT_EQ(-EINVAL, ktstr_kernel__vmlinux(self->path, path, sizeof(path), &self->err));
	SAYS("does not unpack to a vmlinux");
	EXPECT_STREQ("", path);
	put_image(AT("%s/w/bzImage", self->dir), "7.3.0 x", "undecodable payload", 16);
	EXPECT_GT(0, ktstr_kernel__vmlinux(self->path, path, sizeof(path), &self->err));
	EXPECT_EQ(0, nr_unpacked(self));
	/* nor does it matter that the cache cannot be written */
	memcpy(big, "\177ELF", 4);
	put_zstd_image(AT("%s/v/bzImage", self->dir), "7.3.0 x", big, 3 << 20);
	setenv("KTSTR_CACHE_DIR", "/proc/self", 1);
	EXPECT_GT(0, ktstr_kernel__vmlinux(self->path, path, sizeof(path), &self->err));
	EXPECT_STREQ("", path);
	free(big);
}

TEST_F(vmlinux, only_the_last_used_unpacked_kernels_stay)
{
	char *big = padded(NOTHING, sizeof(NOTHING), 1), path[PATH_MAX], first[PATH_MAX] = "";
	struct timespec old[2] = { { 1000000, 0 }, { 1000000, 0 } };

	memcpy(big, "\177ELF", 4);
	for (int i = 0; i < 14; i++) {
		put_zstd_image(AT("%s/k%d/bzImage", self->dir, i), "7.3.0 x", big, 1 << 20);
		ASSERT_EQ(0, ktstr_kernel__vmlinux(self->path, path, sizeof(path), &self->err));
		if (!i)
			strcpy(first, path);
		/* unused for long, each a little less so */
		old[1].tv_sec = 1000000 + i;
		ASSERT_EQ(0, utimensat(AT_FDCWD, path, old, 0));
	}
	/* twelve, and the one that came last */
	EXPECT_EQ(13, nr_unpacked(self));
	EXPECT_FALSE(ktstr_paths__is_file(first));
	EXPECT_TRUE(ktstr_paths__is_file(path));
	free(big);
}

TEST_HARNESS_MAIN
