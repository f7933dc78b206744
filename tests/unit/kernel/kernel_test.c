// SPDX-License-Identifier: GPL-2.0
/*
 * Promises of harness/kernel/ (docs/kernels.md): the order of discovery, that a named
 * kernel never becomes another, what a broken image or cache entry leads to, and what a
 * kernel needs for sched_ext. The images are made here, byte by byte.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <utime.h>

#include <lz4.h>
#include <zlib.h>

#include "kselftest_harness.h"

#include "harness/kernel/kernel_priv.h"
#include "images.h"

#define HAS_ALL	"sched_ext: BPF scheduler\0 .text\0.BTF\0"

FIXTURE(kernel) {
	char dir[64], cache[128], path[PATH_MAX];
	struct ktstr_kernel_suite suite;
	struct ktstr_kernel k;
	struct ktstr_err err;
};

FIXTURE_SETUP(kernel)
{
	strcpy(self->dir, "/tmp/ktstr-kernel-test-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	snprintf(self->cache, sizeof(self->cache), "%s/cache", self->dir);
	setenv("KTSTR_CACHE_DIR", self->cache, 1);
	unsetenv("KTSTR_TEST_KERNEL");
	unsetenv("KTSTR_KERNEL");
	unsetenv("KBUILD_OUTPUT");
	self->k.cache_lock_fd = -1;
	ASSERT_EQ(0, chdir(self->dir));		/* no ./linux there */
}

FIXTURE_TEARDOWN(kernel)
{
	ktstr_kernel__put(&self->k);
	ASSERT_EQ(0, chdir("/"));
	nftw(self->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void put_entry(const char *cache, const char *key, const char *version,
		      const char *source, time_t when)
{
	struct utimbuf t = { when, when };
	char path[PATH_MAX + 64], json[512];

	snprintf(path, sizeof(path), "%s/%s/bzImage", cache, key);
	put_image(path, version, NOTHING, sizeof(NOTHING));
	snprintf(path, sizeof(path), "%s/%s/metadata.json", cache, key);
	snprintf(json, sizeof(json),
		 "{\"extra\": [1, {\"version\": \"no\"}], \"version\": \"%s\", \"source\": {\"type\": \"%s\"}, \"image_name\": \"bzImage\", \"built_at\": \"2026-01-01T00:00:00Z\"}",
		 version, source);
	put(path, json, strlen(json));
	utime(path, &t);
}

#define AT(...)	(snprintf(self->path, sizeof(self->path), __VA_ARGS__), self->path)
#define FIND()	ktstr_kernel__find_for(&self->k, &self->suite, &self->err)
#define SAYS(_text)								\
	EXPECT_NE(NULL, strstr(self->err.msg, _text)) TH_LOG("\"%s\"", self->err.msg)

TEST_F(kernel, the_test_kernel_beats_everything_and_is_never_replaced)
{
	put_image(AT("%s/a/vmlinuz", self->dir), "7.1.0 (x@y) #1", NOTHING, 8);
	setenv("KTSTR_TEST_KERNEL", self->path, 1);
	setenv("KTSTR_KERNEL", "/nonexistent", 1);
	ASSERT_EQ(0, FIND());
	EXPECT_STREQ(self->path, self->k.path);
	EXPECT_STREQ("7.1.0", self->k.release);
	EXPECT_STREQ("KTSTR_TEST_KERNEL", self->k.source);
	ktstr_kernel__put(&self->k);
	setenv(KTSTR_ENV_KERNEL_SOURCE, "cache entry k1", 1);	/* as ktstr run hands it on */
	ASSERT_EQ(0, FIND());
	EXPECT_STREQ("cache entry k1", self->k.source);
	unsetenv(KTSTR_ENV_KERNEL_SOURCE);
	ktstr_kernel__put(&self->k);

	setenv("KTSTR_TEST_KERNEL", "", 1);
	EXPECT_GT(0, FIND());
	EXPECT_FALSE(self->err.missing);
	SAYS("KTSTR_TEST_KERNEL is set but empty");
	setenv("KTSTR_TEST_KERNEL", "/nonexistent", 1);
	EXPECT_GT(0, FIND());
	EXPECT_FALSE(self->err.missing);
}

TEST_F(kernel, a_path_is_an_image_or_a_folder_with_one)
{
	put_image(AT("%s/tree/arch/x86/boot/bzImage", self->dir), "7.2.0 x", NOTHING, 8);
	put_image(AT("%s/flat/bzImage", self->dir), "7.2.1 x", NOTHING, 8);
	setenv("KTSTR_KERNEL", AT("  %s/tree\n", self->dir), 1);
	ASSERT_EQ(0, FIND());
	EXPECT_STREQ("7.2.0", self->k.release);
	ktstr_kernel__put(&self->k);
	setenv("KTSTR_KERNEL", AT("%s/flat", self->dir), 1);
	ASSERT_EQ(0, FIND());
	EXPECT_STREQ("7.2.1", self->k.release);
	ktstr_kernel__put(&self->k);
	setenv("KTSTR_KERNEL", self->dir, 1);
	EXPECT_GT(0, FIND());
	EXPECT_FALSE(self->err.missing);
	SAYS("build that kernel first");
}

TEST_F(kernel, blank_means_unset)
{
	put_entry(self->cache, "k1", "7.0.1", "tarball", 1000);
	setenv("KTSTR_KERNEL", " \t ", 1);
	ASSERT_EQ(0, FIND());
	EXPECT_STREQ("cache entry k1", self->k.source);
}

/* What was fetched last is not what most people mean. */
TEST_F(kernel, the_default_is_the_newest_version_and_not_the_newest_entry)
{
	static const char * const rising[] = {
		"6.9.12", "6.18.15", "7.3-rc2", "7.3-rc10", "7.3", "7.3.4+deb13-cloud-amd64",
		"7.3.10", "7.10.1",
	};
	char key[8], want[32];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rising); i++) {
		snprintf(key, sizeof(key), "k%zu", i);
		snprintf(want, sizeof(want), "cache entry k%zu", i);
		put_entry(self->cache, key, rising[i], "distro", 9000 - (time_t)i);
		ASSERT_EQ(0, FIND());
		EXPECT_STREQ(want, self->k.source) TH_LOG("%s", rising[i]);
		ktstr_kernel__put(&self->k);
	}
}

TEST_F(kernel, an_entry_of_another_fragment_is_only_taken_by_its_key)
{
	static const char stale[] =
		"{\"version\": \"9.9\", \"source\": {\"type\": \"tarball\"}, \"ktstr_kconfig_hash\": \"00000000\"}";
	static const char current[] =
		"{\"version\": \"8.8\", \"source\": {\"type\": \"tarball\"}, \"ktstr_kconfig_hash\": \"" KTSTR_KCONFIG_HASH "\"}";

	EXPECT_EQ(8, strlen(KTSTR_KCONFIG_HASH));
	put_entry(self->cache, "other", "9.9", "tarball", 3000);
	put(AT("%s/other/metadata.json", self->cache), stale, strlen(stale));
	put_entry(self->cache, "untracked", "7.0", "distro", 2000);
	ASSERT_EQ(0, FIND());
	EXPECT_STREQ("cache entry untracked", self->k.source);
	ktstr_kernel__put(&self->k);
	put_entry(self->cache, "ours", "8.8", "tarball", 1000);
	put(AT("%s/ours/metadata.json", self->cache), current, strlen(current));
	ASSERT_EQ(0, FIND());
	EXPECT_STREQ("cache entry ours", self->k.source);
	ktstr_kernel__put(&self->k);
	ASSERT_EQ(0, ktstr_kernel__resolve(&self->k, "other", &self->err));
}

TEST_F(kernel, a_valid_entry_of_the_cache_is_taken_with_a_shared_lock)
{
	int fd;

	put_entry(self->cache, "old", "7.0.1", "tarball", 1000);
	put_entry(self->cache, "new", "7.0.2", "distro", 2000);
	put(AT("%s/broken/metadata.json", self->cache), "{\"version\":", 11);
	put_entry(self->cache, ".tmp-half-1", "8.0", "tarball", 9000);
	ASSERT_EQ(0, FIND());
	EXPECT_STREQ("cache entry new", self->k.source);
	fd = open(AT("%s/.locks/new.lock", self->cache), O_RDWR);
	ASSERT_LE(0, fd);
	EXPECT_NE(0, flock(fd, LOCK_EX | LOCK_NB));
	EXPECT_EQ(0, flock(fd, LOCK_SH | LOCK_NB));
	flock(fd, LOCK_UN);
	ktstr_kernel__put(&self->k);
	EXPECT_EQ(0, flock(fd, LOCK_EX | LOCK_NB));
	close(fd);
}

TEST_F(kernel, a_version_takes_the_highest_release_of_its_series)
{
	put_entry(self->cache, "a", "6.14.9", "tarball", 3000);
	put_entry(self->cache, "b", "6.14.10", "tarball", 1000);
	put_entry(self->cache, "c", "6.14.11", "local", 9000);	/* somebody's tree */
	put_entry(self->cache, "d", "6.12.40", "tarball", 9999);
	ASSERT_EQ(0, ktstr_kernel__resolve(&self->k, "6.14", &self->err));
	EXPECT_STREQ("6.14.10", self->k.release);
}

TEST_F(kernel, a_named_kernel_that_is_not_there_never_becomes_another)
{
	put_entry(self->cache, "a", "6.14.9", "tarball", 3000);
	put_image(AT("%s/linux/arch/x86/boot/bzImage", self->dir), "6.14.9 x", NOTHING, 8);
	setenv("KTSTR_KERNEL", "6.13", 1);
	EXPECT_EQ(-ENOENT, FIND());
	EXPECT_FALSE(self->err.missing);
	SAYS("KTSTR_KERNEL=6.13: not in the kernel cache");
	setenv("KTSTR_KERNEL", "some-key", 1);
	EXPECT_EQ(-ENOENT, FIND());
	EXPECT_EQ(-ENOENT, ktstr_kernel__resolve(&self->k, "6.13", &self->err));
	SAYS("never replaced by another");
}

#define IMAGE	"arch/x86/boot/bzImage"

TEST_F(kernel, a_suite_in_a_tree_takes_the_kernel_of_that_tree_and_no_other)
{
	char dir[128];

	put_entry(self->cache, "a", "9.14.9", "tarball", 3000);
	put(AT("%s/tree/Kbuild", self->dir), "", 0);
	put(AT("%s/tree/MAINTAINERS", self->dir), "", 0);
	snprintf(dir, sizeof(dir), "%s/tree/tools/testing", self->dir);
	self->suite.dir = dir;
	EXPECT_EQ(-ENODATA, FIND());
	EXPECT_TRUE(self->err.missing);
	SAYS("build the kernel first: this suite is in the kernel tree /tmp/ktstr-kernel-test-");
	SAYS("/tree, which has no " IMAGE "; or set KTSTR_KERNEL");
	/* one that is named is not the tree's to replace */
	setenv("KTSTR_KERNEL", "a", 1);
	ASSERT_EQ(0, FIND());
	EXPECT_STREQ("9.14.9", self->k.release);
	ktstr_kernel__put(&self->k);
	unsetenv("KTSTR_KERNEL");
	put_image(AT("%s/tree/" IMAGE, self->dir), "6.13.2 x", NOTHING, 8);
	ASSERT_EQ(0, FIND());
	EXPECT_STREQ("6.13.2", self->k.release);
	EXPECT_STREQ("the kernel tree around the suite", self->k.source);
}

TEST_F(kernel, a_suite_that_was_built_outside_of_its_tree_still_belongs_to_it)
{
	char out[128], tree[128];

	put_entry(self->cache, "a", "9.14.9", "tarball", 3000);
	snprintf(out, sizeof(out), "%s/o/kselftest/ktstr", self->dir);
	snprintf(tree, sizeof(tree), "%s/tree", self->dir);
	put(AT("%s/obj/flags", out), "", 0);
	put(AT("%s/Kbuild", tree), "", 0);
	self->suite.dir = out;
	/* standalone: built like this, but in no tree */
	ASSERT_EQ(0, FIND());
	EXPECT_STREQ("9.14.9", self->k.release);
	ktstr_kernel__put(&self->k);
	self->suite.made_in = tree;
	EXPECT_EQ(-ENODATA, FIND());
	SAYS("build the kernel first");
	put_image(AT("%s/" IMAGE, tree), "6.13.2 x", NOTHING, 8);
	ASSERT_EQ(0, FIND());
	EXPECT_STREQ("6.13.2", self->k.release);
	ktstr_kernel__put(&self->k);
	/* a kernel that was built in the same folder comes first */
	put(AT("%s/o/include/config/kernel.release", self->dir), "6.14.1\n", 7);
	put_image(AT("%s/o/" IMAGE, self->dir), "6.14.1 x", NOTHING, 8);
	ASSERT_EQ(0, FIND());
	EXPECT_STREQ("6.14.1", self->k.release);
	ktstr_kernel__put(&self->k);
}

TEST_F(kernel, an_installed_suite_belongs_to_no_tree_and_its_kernel_has_a_name)
{
	char text[512];

	put_entry(self->cache, "a", "6.14.9", "tarball", 3000);
	self->suite = (struct ktstr_kernel_suite){ .dir = self->dir, .made_in = "/gone" };
	ASSERT_EQ(0, FIND());
	ktstr_kernel__describe(&self->k, text, sizeof(text));
	EXPECT_EQ(0, strncmp("6.14.9, /tmp/", text, 13));
	EXPECT_NE(NULL, strstr(text, "/cache/a/bzImage (cache entry a)"));
}

TEST_F(kernel, a_version_that_the_cache_lacks_may_come_from_a_tree_of_that_version)
{
	put_entry(self->cache, "a", "6.14.9", "tarball", 3000);
	put_image(AT("%s/linux/arch/x86/boot/bzImage", self->dir), "6.13.2 x", NOTHING, 8);
	setenv("KTSTR_KERNEL", "6.13", 1);
	ASSERT_EQ(0, FIND());
	EXPECT_STREQ("6.13.2", self->k.release);
}

TEST_F(kernel, ranges_and_git_are_no_single_kernel)
{
	setenv("KTSTR_KERNEL", "6.12..6.14", 1);
	EXPECT_EQ(-EINVAL, FIND());
	SAYS("a range names several kernels");
	setenv("KTSTR_KERNEL", "git+https://example.org/x#v", 1);
	EXPECT_EQ(-EINVAL, FIND());
	SAYS("must be built first");
}

TEST_F(kernel, the_build_folder_comes_before_the_cache)
{
	put_entry(self->cache, "a", "6.14.9", "tarball", 3000);
	put_image(AT("%s/out/arch/x86/boot/bzImage", self->dir), "7.3.9 x", NOTHING, 8);
	setenv("KBUILD_OUTPUT", AT("%s/out", self->dir), 1);
	ASSERT_EQ(0, FIND());
	EXPECT_STREQ("7.3.9", self->k.release);
}

TEST_F(kernel, what_is_no_kernel_is_said_to_be_none)
{
	put(AT("%s/x", self->dir), "hello", 5);
	setenv("KTSTR_TEST_KERNEL", self->path, 1);
	EXPECT_GT(0, FIND());
	SAYS("is no bzImage, arm64 Image or vmlinux");
}

TEST_F(kernel, the_cache_lists_corrupt_entries_with_their_reason_and_newest_first)
{
	struct ktstr_kernel_entry *e;
	int nr;

	EXPECT_EQ(0, ktstr_kernel__list(&e, &self->err));
	put_entry(self->cache, "old", "7.0.1", "tarball", 1000);
	put_entry(self->cache, "new", "7.0.2", "distro", 2000);
	put(AT("%s/half/metadata.json", self->cache), "{}", 2);
	nr = ktstr_kernel__list(&e, &self->err);
	ASSERT_EQ(3, nr);
	EXPECT_STREQ("half", e[0].key);
	EXPECT_STREQ("the image is missing", e[0].corrupt);
	EXPECT_EQ(NULL, e[0].image);
	EXPECT_STREQ("new", e[1].key);
	EXPECT_STREQ("distro", e[1].source);
	EXPECT_STREQ("7.0.2", e[1].version);
	EXPECT_STREQ("2026-01-01T00:00:00Z", e[1].built_at);
	EXPECT_STREQ("old", e[2].key);
	ktstr_kernel__list_free(e, nr);
}

TEST_F(kernel, the_cache_root_follows_its_variables_and_refuses_nonsense)
{
	char root[PATH_MAX];

	EXPECT_EQ(0, ktstr_kernel__cache_root(root, sizeof(root), &self->err));
	EXPECT_STREQ(self->cache, root);
	setenv("KTSTR_CACHE_DIR", "", 1);
	setenv("XDG_CACHE_HOME", "/x", 1);
	EXPECT_EQ(0, ktstr_kernel__cache_root(root, sizeof(root), &self->err));
	EXPECT_STREQ("/x/ktstr/kernels", root);
	unsetenv("XDG_CACHE_HOME");
	setenv("HOME", "/h", 1);
	EXPECT_EQ(0, ktstr_kernel__cache_root(root, sizeof(root), &self->err));
	EXPECT_STREQ("/h/.cache/ktstr/kernels", root);
	setenv("HOME", "/", 1);
	EXPECT_EQ(-EINVAL, ktstr_kernel__cache_root(root, sizeof(root), &self->err));
	setenv("KTSTR_CACHE_DIR", "rel", 1);
	EXPECT_EQ(-EINVAL, ktstr_kernel__cache_root(root, sizeof(root), &self->err));
	SAYS("KTSTR_CACHE_DIR=rel: must be an absolute path");
}

static int check(struct ktstr_kernel *k, const char *path, struct ktstr_err *err)
{
	ktstr_kernel__put(k);
	k->path = strdup(path);
	k->source = strdup("test");
	return ktstr_kernel__check_scx(k, err);
}

TEST_F(kernel, sched_ext_is_recognised_in_a_compressed_image_even_across_pieces)
{
	static const size_t at[] = { 100, (1 << 20) - 12, (1 << 20) - 30, (2 << 20) - 1 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(at); i++) {
		char *big = padded(HAS_ALL, sizeof(HAS_ALL), at[i]);

		put_zstd_image(AT("%s/z", self->dir), "7.3.0 x", big, 3 << 20);
		EXPECT_EQ(0, check(&self->k, self->path, &self->err))
			TH_LOG("at %zu: %s", at[i], self->err.msg);
		free(big);
	}
}

TEST_F(kernel, what_sched_ext_lacks_is_named)
{
	static const char no_btf[] = "sched_ext: BPF scheduler \0.BTF_ids\0";
	char *big = padded(no_btf, sizeof(no_btf), 5000);

	put_zstd_image(AT("%s/z", self->dir), "7.3.0 x", big, 3 << 20);
	EXPECT_EQ(-ENOTSUP, check(&self->k, self->path, &self->err));
	EXPECT_TRUE(self->err.missing);
	SAYS("lacks CONFIG_DEBUG_INFO_BTF=y");
	free(big);
	big = padded(NOTHING, sizeof(NOTHING), 5000);
	put_zstd_image(self->path, "7.3.0 x", big, 3 << 20);
	EXPECT_EQ(-ENOTSUP, check(&self->k, self->path, &self->err));
	SAYS("lacks CONFIG_SCHED_CLASS_EXT=y");
	free(big);
}

TEST_F(kernel, the_embedded_config_decides_where_there_is_one)
{
	static const char config[] = "CONFIG_SCHED_CLASS_EXT=y\nCONFIG_DEBUG_INFO_BTF=y\n"
				     "CONFIG_BPF_SYSCALL=y\n# CONFIG_BPF_JIT is not set\n";
	char text[1024] = "IKCFG_ST";
	z_stream z = { .next_in = (Bytef *)config, .avail_in = sizeof(config) - 1,
		       .next_out = (Bytef *)text + 8, .avail_out = sizeof(text) - 8 };
	char *big;

	ASSERT_EQ(Z_OK, deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, 0));
	ASSERT_EQ(Z_STREAM_END, deflate(&z, Z_FINISH));
	deflateEnd(&z);
	/* in the middle of a piece, and across two */
	big = padded(text, sizeof(text), 7777);
	memcpy(big + 100, HAS_ALL, sizeof(HAS_ALL));
	put_zstd_image(AT("%s/z", self->dir), "7.3.0 x", big, 3 << 20);
	EXPECT_EQ(-ENOTSUP, check(&self->k, self->path, &self->err));
	SAYS("lacks CONFIG_BPF_JIT=y");
	free(big);
	big = padded(text, sizeof(text), (1 << 20) - 20);
	memcpy(big + 100, HAS_ALL, sizeof(HAS_ALL));
	put_zstd_image(self->path, "7.3.0 x", big, 3 << 20);
	EXPECT_EQ(-ENOTSUP, check(&self->k, self->path, &self->err));
	SAYS("lacks CONFIG_BPF_JIT=y");
	free(big);
}

TEST_F(kernel, gzip_and_lz4_images_are_read_too)
{
	char *big = padded(HAS_ALL, sizeof(HAS_ALL), 4711), *out = malloc(4 << 20);
	z_stream z = { .next_in = (Bytef *)big, .avail_in = 3 << 20,
		       .next_out = (Bytef *)out, .avail_out = 4 << 20 };
	uint32_t n;

	ASSERT_EQ(Z_OK, deflateInit2(&z, 1, Z_DEFLATED, 16 + MAX_WBITS, 8, 0));
	ASSERT_EQ(Z_STREAM_END, deflate(&z, Z_FINISH));
	put_image(AT("%s/gz", self->dir), "7.3.0 x", out, z.total_out + 4);
	deflateEnd(&z);
	EXPECT_EQ(0, check(&self->k, self->path, &self->err));

	memcpy(out, "\x02\x21\x4c\x18", 4);
	n = LZ4_compress_default(big, out + 8, 3 << 20, (4 << 20) - 12);
	memcpy(out + 4, &n, 4);
	put_image(AT("%s/lz4", self->dir), "7.3.0 x", out, n + 8);
	EXPECT_EQ(0, check(&self->k, self->path, &self->err));
	free(out);
	free(big);
}

TEST_F(kernel, a_damaged_payload_is_an_error_and_not_a_missing_option)
{
	put_image(AT("%s/z", self->dir), "7.3.0 x", "\x28\xb5\x2f\xfd garbage", 13);
	EXPECT_GT(0, check(&self->k, self->path, &self->err));
	EXPECT_FALSE(self->err.missing);
	SAYS("cannot decompress its zstd payload");
	put_image(self->path, "7.3.0 x", "whatever this is", 16);
	EXPECT_GT(0, check(&self->k, self->path, &self->err));
	SAYS("no known compression");
	ASSERT_EQ(0, truncate(self->path, 1000));
	EXPECT_GT(0, check(&self->k, self->path, &self->err));
	SAYS("is cut off");
}

TEST_F(kernel, a_config_beside_the_image_spares_the_look_inside)
{
	static const char good[] = "CONFIG_BPF_JIT=y\nCONFIG_BPF_SYSCALL=y\n"
				   "CONFIG_DEBUG_INFO_BTF=y\nCONFIG_SCHED_CLASS_EXT=y";

	put_image(AT("%s/p/vmlinuz", self->dir), "7.3.0 x", "undecodable payload", 16);
	put(AT("%s/p/config", self->dir), good, sizeof(good) - 1);
	AT("%s/p/vmlinuz", self->dir);
	EXPECT_EQ(0, check(&self->k, self->path, &self->err));
	put(AT("%s/p/config", self->dir), good, sizeof(good) - 5);
	AT("%s/p/vmlinuz", self->dir);
	EXPECT_EQ(-ENOTSUP, check(&self->k, self->path, &self->err));
}

TEST_F(kernel, the_answer_for_a_cached_image_is_remembered_until_the_image_changes)
{
	char *big = padded(HAS_ALL, sizeof(HAS_ALL), 100);

	put_entry(self->cache, "k", "7.3.0", "tarball", 1000);
	put_zstd_image(AT("%s/k/bzImage", self->cache), "7.3.0 x", big, 3 << 20);
	ASSERT_EQ(0, FIND());
	EXPECT_EQ(0, ktstr_kernel__check_scx(&self->k, &self->err));
	EXPECT_EQ(0, access(AT("%s/k/.scx-check", self->cache), F_OK));
	put_image(AT("%s/k/bzImage", self->cache), "7.3.0 x", "another payload", 15);
	EXPECT_GT(0, ktstr_kernel__check_scx(&self->k, &self->err));
	free(big);
}

TEST_F(kernel, an_entry_that_is_used_is_not_removed)
{
	put_entry(self->cache, "a", "7.0.1", "distro", 1);
	put_entry(self->cache, "b", "7.3.1", "distro", 2);
	ASSERT_EQ(0, ktstr_kernel__resolve(&self->k, "a", &self->err));
	EXPECT_EQ(-EBUSY, ktstr_kernel__remove("a", &self->err));
	SAYS("in use");
	EXPECT_TRUE(ktstr_paths__is_file(AT("%s/a/bzImage", self->cache)));
	EXPECT_EQ(0, ktstr_kernel__remove("b", &self->err));
	EXPECT_FALSE(ktstr_paths__is_dir(AT("%s/b", self->cache)));
	ktstr_kernel__put(&self->k);
	self->k.cache_lock_fd = -1;
	EXPECT_EQ(0, ktstr_kernel__remove("a", &self->err));
	EXPECT_FALSE(ktstr_paths__is_dir(AT("%s/a", self->cache)));
}

TEST_F(kernel, a_key_cannot_lead_out_of_the_cache)
{
	put(AT("%s/outside/file", self->dir), "x", 1);
	EXPECT_EQ(-EINVAL, ktstr_kernel__remove("../outside", &self->err));
	EXPECT_EQ(-EINVAL, ktstr_kernel__remove("..", &self->err));
	EXPECT_EQ(-EINVAL, ktstr_kernel__remove("", &self->err));
	EXPECT_TRUE(ktstr_paths__is_file(AT("%s/outside/file", self->dir)));
	EXPECT_EQ(-ENOENT, ktstr_kernel__remove("none", &self->err));
}

TEST_HARNESS_MAIN
