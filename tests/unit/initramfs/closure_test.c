// SPDX-License-Identifier: GPL-2.0
/*
 * Shared libraries: what ld.so.cache says, where ld.so would look, and under which paths the
 * guest gets the result.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "vmm/initramfs/elf/closure.h"
#include "made_elf.h"

FIXTURE(closure) {
	char dir[64];
	struct tree tree;
	struct ldcache cache;
	struct closure_env env;
	struct ktstr_err err;
	char *library_path;
};

FIXTURE_SETUP(closure)
{
	snprintf(self->dir, sizeof(self->dir), "/tmp/ktstr-closure-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	self->env.cache = &self->cache;
}

FIXTURE_TEARDOWN(closure)
{
	tree_free(&self->tree);
	ldcache_free(&self->cache);
	free(self->library_path);
	remove_dir(self->dir);
}

#define SELF struct _test_data_closure *self

/* The closure of %T/@path, packed at @dest. */
static int closure_of(SELF, const char *path, const char *dest)
{
	char full[PATH_MAX], *real;
	struct tree_source *src;
	struct elf_file elf;
	struct io_id id;
	struct stat st;
	int fd, ret;

	snprintf(full, sizeof(full), "%s/%s", self->dir, path);
	fd = io_open_regular(full, &st, &self->err);
	if (fd < 0)
		return fd;
	real = realpath(full, NULL);
	id = io_id(&st);
	src = tree_source(&self->tree, full, real, &id);
	free(real);
	ret = tree_add_source(&self->tree, src, dest, &self->err);
	if (!ret)
		ret = elf_file_read(&elf, fd, st.st_size, NULL);
	close(fd);
	if (ret)
		return ret;
	src->named = tree_find(&self->tree, dest);
	ret = closure_add(&self->tree, &self->env, src, &elf, dest, &self->err);
	elf_file_free(&elf);
	tree_settle(&self->tree);
	return ret;
}

/* Which host file is at guest path @path: its name below the test's folder, "" for none. */
static const char *at(SELF, const char *path)
{
	char *p = expand(self->dir, path);
	struct tree_entry *e = tree_find(&self->tree, p);
	size_t len = strlen(self->dir);

	free(p);
	if (!e || !e->src)
		return "";
	return strncmp(e->src->canon, self->dir, len) ? e->src->canon : e->src->canon + len + 1;
}

static void symlink_in(SELF, const char *target, const char *path)
{
	char *p = expand(self->dir, path), *t = expand(self->dir, target);

	if (symlink(t, p) < 0)
		abort();
	free(p);
	free(t);
}

/* A cache that lists @n pairs of soname and path. */
static void set_cache(SELF, const char *prefix, int n, ...)
{
	size_t len = strlen(prefix), end;
	char *data = calloc(1, 8192);
	uint32_t nr = n, off;
	va_list ap;

	memcpy(data, prefix, len);
	memcpy(data + len, "glibc-ld.so.cache1.1", 20);
	memcpy(data + len + 20, &nr, 4);
	end = 48 + 24 * n;
	va_start(ap, n);
	for (int i = 0; i < n; i++) {
		for (int k = 0; k < 2; k++) {
			char *s = expand(self->dir, va_arg(ap, const char *));

			off = end;
			memcpy(data + len + 48 + 24 * i + 4 + 4 * k, &off, 4);
			memcpy(data + len + end, s, strlen(s) + 1);
			end += strlen(s) + 1;
			free(s);
		}
	}
	va_end(ap);
	if (ldcache_parse(&self->cache, data, len + end))
		abort();
}

TEST_F(closure, origin_means_the_programs_place_in_the_guest)
{
	LIB("build/prog", .needed = { "liba.so" }, .runpath = "$ORIGIN/../lib");
	LIB("lib/liba.so", .needed = { "libb.so" }, .runpath = "${ORIGIN}/sub");
	LIB("lib/sub/libb.so", .soname = "libb.so");
	ASSERT_EQ(0, closure_of(self, "build/prog", "/bin/prog"));
	EXPECT_STREQ("lib/liba.so", at(self, "/lib/liba.so"));
	EXPECT_STREQ("lib/sub/libb.so", at(self, "/lib/sub/libb.so"));
	/* No trace of where things lie on this machine. */
	EXPECT_STREQ("", at(self, "%T/lib/liba.so"));
}

TEST_F(closure, origin_of_init_is_the_root_directory)
{
	LIB("prog", .needed = { "liba.so" }, .runpath = "$ORIGIN");
	LIB("liba.so", .soname = "liba.so");
	ASSERT_EQ(0, closure_of(self, "prog", "/init"));
	EXPECT_STREQ("liba.so", at(self, "/liba.so"));
}

TEST_F(closure, an_absolute_path_is_kept_under_both_its_names)
{
	LIB("prog", .needed = { "liba.so.1" }, .runpath = "%T/lib");
	LIB("real/liba.so.1.2", .soname = "liba.so.1");
	symlink_in(self, "real", "%T/lib");
	symlink_in(self, "liba.so.1.2", "%T/real/liba.so.1");
	ASSERT_EQ(0, closure_of(self, "prog", "/bin/prog"));
	EXPECT_STREQ("real/liba.so.1.2", at(self, "%T/lib/liba.so.1"));
	EXPECT_STREQ("real/liba.so.1.2", at(self, "%T/real/liba.so.1.2"));
	EXPECT_STREQ("", at(self, "%T/real/liba.so.1"));
}

TEST_F(closure, one_file_under_several_names_is_one_file_in_the_guest)
{
	struct tree_entry *a, *b;
	char *p = expand(self->dir, "%T/lib/liba.so.1");
	char *q = expand(self->dir, "%T/lib/liba.so.1.2");

	LIB("prog", .needed = { "liba.so.1" }, .runpath = "%T/lib");
	LIB("lib/liba.so.1.2", .soname = "liba.so.1");
	symlink_in(self, "liba.so.1.2", "%T/lib/liba.so.1");
	ASSERT_EQ(0, closure_of(self, "prog", "/bin/prog"));
	a = tree_find(&self->tree, p);
	b = tree_find(&self->tree, q);
	ASSERT_NE(NULL, a);
	ASSERT_NE(NULL, b);
	EXPECT_EQ(a->src, b->src);
	EXPECT_EQ(b, a->src->home);
	free(p);
	free(q);
}

TEST_F(closure, rpath_is_inherited_along_the_loaders)
{
	LIB("prog", .needed = { "liba.so" }, .rpath = "%T/lib");
	LIB("lib/liba.so", .needed = { "libb.so" });
	LIB("lib/libb.so", .soname = "libb.so");
	ASSERT_EQ(0, closure_of(self, "prog", "/bin/prog"));
	EXPECT_STREQ("lib/libb.so", at(self, "%T/lib/libb.so"));
}

TEST_F(closure, runpath_is_not_inherited)
{
	LIB("prog", .needed = { "liba.so" }, .runpath = "%T/lib");
	LIB("lib/liba.so", .needed = { "libb-only-here.so" });
	LIB("lib/libb-only-here.so", .soname = "libb-only-here.so");
	EXPECT_EQ(-ENOENT, closure_of(self, "prog", "/bin/prog"));
}

TEST_F(closure, runpath_hides_the_rpath_of_its_object_and_of_its_loaders)
{
	LIB("prog", .needed = { "liba.so" }, .rpath = "%T/r");
	LIB("r/liba.so", .needed = { "libb.so" }, .rpath = "%T/r", .runpath = "%T/run");
	LIB("r/libb.so", .soname = "libb.so");
	LIB("run/libb.so", .soname = "libb.so");
	ASSERT_EQ(0, closure_of(self, "prog", "/bin/prog"));
	EXPECT_STREQ("run/libb.so", at(self, "%T/run/libb.so"));
	EXPECT_STREQ("", at(self, "%T/r/libb.so"));
}

TEST_F(closure, rpath_comes_before_the_environment_and_runpath_after_it)
{
	self->library_path = expand(self->dir, "%T/env");
	self->env.library_path = self->library_path;
	LIB("prog", .needed = { "liba.so", "libx.so" }, .rpath = "%T/r");
	LIB("prog2", .needed = { "liba.so" }, .runpath = "%T/r");
	LIB("r/liba.so", .soname = "liba.so");
	LIB("env/liba.so", .soname = "liba.so");
	LIB("env/libx.so", .soname = "libx.so");
	ASSERT_EQ(0, closure_of(self, "prog", "/bin/prog"));
	EXPECT_STREQ("r/liba.so", at(self, "%T/r/liba.so"));
	EXPECT_STREQ("", at(self, "%T/env/liba.so"));
	EXPECT_STREQ("env/libx.so", at(self, "%T/env/libx.so"));
	ASSERT_EQ(0, closure_of(self, "prog2", "/bin/prog2"));
	EXPECT_STREQ("env/liba.so", at(self, "%T/env/liba.so"));
}

TEST_F(closure, the_cache_counts_after_all_that_and_skips_what_is_not_there)
{
	LIB("prog", .needed = { "liba.so", "libb.so" }, .runpath = "%T/run");
	LIB("run/liba.so", .soname = "liba.so");
	LIB("c/liba.so", .soname = "liba.so");
	LIB("c/libb.so", .soname = "libb.so");
	set_cache(self, "", 3, "liba.so", "%T/c/liba.so", "libb.so", "%T/gone/libb.so",
		  "libb.so", "%T/c/libb.so");
	ASSERT_EQ(0, closure_of(self, "prog", "/bin/prog"));
	EXPECT_STREQ("run/liba.so", at(self, "%T/run/liba.so"));
	EXPECT_STREQ("", at(self, "%T/c/liba.so"));
	EXPECT_STREQ("c/libb.so", at(self, "%T/c/libb.so"));
}

TEST_F(closure, what_only_the_hosts_cache_knows_is_linked_next_to_the_loader)
{
	LIB("prog", .needed = { "libc1.so" }, .interp = "%T/ldir/ld.so");
	LIB("ldir/ld.so", .soname = "ld.so");
	LIB("opt/libc1.so", .soname = "libc1.so");
	set_cache(self, "", 1, "libc1.so", "%T/opt/libc1.so");
	ASSERT_EQ(0, closure_of(self, "prog", "/bin/prog"));
	EXPECT_STREQ("ldir/ld.so", at(self, "%T/ldir/ld.so"));
	EXPECT_STREQ("opt/libc1.so", at(self, "%T/ldir/libc1.so"));
	EXPECT_STREQ("opt/libc1.so", at(self, "%T/opt/libc1.so"));
}

TEST_F(closure, nodeflib_keeps_out_the_cache_and_default_directories)
{
	LIB("prog", .needed = { "libb.so" }, .nodeflib = true);
	LIB("c/libb.so", .soname = "libb.so");
	set_cache(self, "", 1, "libb.so", "%T/c/libb.so");
	EXPECT_EQ(-ENOENT, closure_of(self, "prog", "/bin/prog"));
}

TEST_F(closure, libraries_live_near_an_interpreter_of_their_own)
{
	LIB("prog", .needed = { "liba.so" }, .interp = "%T/own/bin/ld.so");
	LIB("own/bin/ld.so", .needed = { "libhelper.so" });
	LIB("own/lib/liba.so", .soname = "liba.so");
	LIB("own/lib64/libhelper.so", .soname = "libhelper.so");
	ASSERT_EQ(0, closure_of(self, "prog", "/bin/prog"));
	EXPECT_STREQ("own/lib/liba.so", at(self, "%T/own/lib/liba.so"));
	EXPECT_STREQ("own/lib64/libhelper.so", at(self, "%T/own/lib64/libhelper.so"));
}

TEST_F(closure, a_file_for_another_machine_or_of_another_kind_is_passed_over)
{
	self->library_path = expand(self->dir, "%T/1:%T/2:%T/3:%T/4");
	self->env.library_path = self->library_path;
	LIB("prog", .needed = { "liba.so" });
	LIB("1/liba.so", .machine = EM_RISCV);
	put(self->dir, "2/liba.so", "INPUT(-la)\n", 11);
	put(self->dir, "3/liba.so/x", "", 0);
	LIB("4/liba.so", .soname = "liba.so");
	ASSERT_EQ(0, closure_of(self, "prog", "/bin/prog"));
	EXPECT_STREQ("4/liba.so", at(self, "%T/4/liba.so"));
	EXPECT_STREQ("", at(self, "%T/1/liba.so"));
}

TEST_F(closure, two_objects_may_mean_different_files_by_one_name)
{
	LIB("prog", .needed = { "liba.so", "libb.so" }, .runpath = "%T/l");
	LIB("l/liba.so", .needed = { "libx.so" }, .runpath = "%T/xa");
	LIB("l/libb.so", .needed = { "libx.so" }, .runpath = "%T/xb");
	LIB("xa/libx.so", .soname = "libx.so");
	LIB("xb/libx.so", .soname = "libx.so");
	ASSERT_EQ(0, closure_of(self, "prog", "/bin/prog"));
	EXPECT_STREQ("xa/libx.so", at(self, "%T/xa/libx.so"));
	EXPECT_STREQ("xb/libx.so", at(self, "%T/xb/libx.so"));
}

TEST_F(closure, what_is_loaded_already_serves_who_cannot_find_it)
{
	LIB("prog", .needed = { "libp.so", "liba.so" }, .runpath = "%T/priv");
	LIB("priv/libp.so", .soname = "libp.so");
	LIB("priv/liba.so", .needed = { "libp.so" });
	EXPECT_EQ(0, closure_of(self, "prog", "/bin/prog")) TH_LOG("%s", self->err.msg);
}

TEST_F(closure, circles_end)
{
	LIB("prog", .needed = { "liba.so" }, .rpath = "$ORIGIN");
	LIB("liba.so", .needed = { "libb.so", "liba.so" });
	LIB("libb.so", .needed = { "liba.so" });
	ASSERT_EQ(0, closure_of(self, "prog", "/init"));
	EXPECT_STREQ("libb.so", at(self, "/libb.so"));
}

TEST_F(closure, a_needed_name_with_a_slash_is_a_path)
{
	LIB("b/prog", .needed = { "$ORIGIN/p/liba.so", "%T/q/libb.so" });
	LIB("b/p/liba.so", .soname = "liba.so");
	LIB("q/libb.so", .soname = "libb.so");
	ASSERT_EQ(0, closure_of(self, "b/prog", "/x/prog"));
	EXPECT_STREQ("b/p/liba.so", at(self, "/x/p/liba.so"));
	EXPECT_STREQ("q/libb.so", at(self, "%T/q/libb.so"));
}

TEST_F(closure, dot_dot_finds_its_directory_in_the_guest)
{
	char *p = expand(self->dir, "%T/opt/bin");

	LIB("prog", .needed = { "liba.so" }, .runpath = "%T/opt/bin/../lib");
	LIB("opt/lib/liba.so", .soname = "liba.so");
	put(self->dir, "opt/bin/other", "", 0);
	ASSERT_EQ(0, closure_of(self, "prog", "/bin/prog"));
	EXPECT_STREQ("opt/lib/liba.so", at(self, "%T/opt/lib/liba.so"));
	EXPECT_TRUE(tree_has_dir(&self->tree, p));
	free(p);
}

TEST_F(closure, lib_and_platform_expand)
{
	LIB("prog", .needed = { "liba.so", "libb.so" },
	    .runpath = "%T/$LIB/x:%T/${PLATFORM}:%T/$LIBS");
	LIB("lib64/x/liba.so", .soname = "liba.so");
#if defined(__aarch64__)
	LIB("aarch64/libb.so", .soname = "libb.so");
#else
	LIB("x86_64/libb.so", .soname = "libb.so");
#endif
	ASSERT_EQ(0, closure_of(self, "prog", "/bin/prog")) TH_LOG("%s", self->err.msg);
	EXPECT_STREQ("lib64/x/liba.so", at(self, "%T/lib64/x/liba.so"));
}

TEST_F(closure, a_missing_library_is_named_with_who_needs_it)
{
	LIB("prog", .needed = { "liba.so" }, .runpath = "$ORIGIN");
	LIB("liba.so", .needed = { "libmissing.so.7" });
	EXPECT_EQ(-ENOENT, closure_of(self, "prog", "/init"));
	EXPECT_NE(NULL, strstr(self->err.msg, "libmissing.so.7"));
	EXPECT_NE(NULL, strstr(self->err.msg, "/liba.so needs"));
}

TEST_F(closure, a_missing_interpreter_is_named)
{
	LIB("prog", .interp = "%T/no-such-ld.so");
	EXPECT_EQ(-ENOENT, closure_of(self, "prog", "/init"));
	EXPECT_NE(NULL, strstr(self->err.msg, "no-such-ld.so"));
}

TEST_F(closure, a_real_program_gets_what_ldd_lists)
{
	struct tree_entry *e;
	struct elf_file elf;
	struct stat st;
	int fd = io_open_regular("/proc/self/exe", &st, NULL);
	struct io_id id = io_id(&st);
	struct tree_source *src;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, elf_file_read(&elf, fd, st.st_size, NULL));
	close(fd);
	ASSERT_NE(NULL, elf.interp);
	ASSERT_EQ(0, ldcache_load(&self->cache, "/etc/ld.so.cache", "/etc/ld.so.conf"));
	src = tree_source(&self->tree, "/proc/self/exe", "/x/prog", &id);
	ASSERT_EQ(0, closure_add(&self->tree, &self->env, src, &elf, "/init", &self->err));
	e = tree_find(&self->tree, elf.interp);
	ASSERT_NE(NULL, e);
	EXPECT_EQ(0, access(e->src->canon, R_OK));
	elf_file_free(&elf);
}

/* ld.so.cache and ld.so.conf */

TEST_F(closure, the_cache_is_found_behind_an_old_format_one)
{
	uint32_t pos = 0;

	set_cache(self, "ld.so-1.7.0 and some old entries", 2, "liba.so", "/x/liba.so",
		  "libb.so", "/x/libb.so");
	EXPECT_STREQ("/x/libb.so", ldcache_next(&self->cache, "libb.so", &pos));
	EXPECT_EQ(NULL, ldcache_next(&self->cache, "libb.so", &pos));
}

TEST_F(closure, variants_for_particular_cpus_and_relative_paths_are_passed_over)
{
	uint64_t hwcap = 1ULL << 62;
	uint32_t pos = 0;

	set_cache(self, "", 3, "liba.so", "/v3/liba.so", "liba.so", "rel/liba.so",
		  "liba.so", "/base/liba.so");
	memcpy(self->cache.data + 48 + 16, &hwcap, 8);
	EXPECT_STREQ("/base/liba.so", ldcache_next(&self->cache, "liba.so", &pos));
}

TEST_F(closure, garbage_caches_do_no_harm)
{
	uint32_t x = 9;
	char *image;
	size_t len;
	int found = 0;

	set_cache(self, "", 4, "liba.so", "/x/liba.so", "libb.so", "/x/libb.so",
		  "libc.so", "/x/libc.so", "libd.so", "/x/libd.so");
	len = self->cache.len;
	image = malloc(len);
	memcpy(image, self->cache.data, len);
	for (int i = 0; i < 20000; i++) {
		size_t n = i % 6 ? len : next_random(&x) % len;
		struct ldcache c = { 0 };
		char *copy = malloc(n + 1);
		uint32_t pos = 0;
		const char *p;

		memcpy(copy, image, n);
		for (int k = 0; k <= i % 4 && n; k++)
			copy[(i & 1 ? 20 : 0) + next_random(&x) % (n > 60 ? n - 20 : 1)] =
				next_random(&x);
		if (ldcache_parse(&c, copy, n)) {
			free(copy);
			continue;
		}
		while ((p = ldcache_next(&c, "libc.so", &pos)))
			found += strlen(p) > 0;
		ldcache_free(&c);
	}
	EXPECT_LT(100, found);
	free(image);
}

TEST_F(closure, without_a_cache_ld_so_conf_and_what_it_includes_count)
{
	char *conf = expand(self->dir, "%T/ld.so.conf"), *text;

	text = expand(self->dir, "# comment\n%T/one\ninclude d/*.conf\nhwcap 0 nosegneg\n%T/last=libc6\nrelative\n");
	put(self->dir, "ld.so.conf", text, strlen(text));
	free(text);
	text = expand(self->dir, "%T/two # words\ninclude ../ld.so.conf\n");
	put(self->dir, "d/a.conf", text, strlen(text));
	free(text);
	put(self->dir, "d/b.conf", "/three", 6);
	ASSERT_EQ(0, ldcache_load(&self->cache, "/nonexistent", conf));
	ASSERT_LE(4, (int)self->cache.nr_dirs);
	EXPECT_NE(NULL, strstr(self->cache.dirs[0], "/one"));
	EXPECT_NE(NULL, strstr(self->cache.dirs[1], "/two"));

	LIB("prog", .needed = { "liba.so" });
	LIB("last/liba.so", .soname = "liba.so");
	EXPECT_EQ(0, closure_of(self, "prog", "/bin/prog"));
	EXPECT_STREQ("last/liba.so", at(self, "%T/last/liba.so"));
	free(conf);
}

TEST(paths_are_normalized_by_name)
{
	static const char * const pairs[][2] = {
		{ "/", "/" }, { "/..", "/" }, { "//a/./b//", "/a/b" }, { "/a/../../b", "/b" },
		{ "/a/b/../c", "/a/c" }, { "/a/..", "/" }, { "/...", "/..." },
	};
	char out[PATH_MAX], small[3];

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		ASSERT_TRUE(tree_normalize(pairs[i][0], out, sizeof(out)));
		EXPECT_STREQ(pairs[i][1], out);
	}
	EXPECT_FALSE(tree_normalize("/ab", small, sizeof(small)));
	EXPECT_TRUE(tree_normalize("/a", small, sizeof(small)));
}

TEST_HARNESS_MAIN
