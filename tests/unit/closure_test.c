// SPDX-License-Identifier: GPL-2.0
/*
 * Shared libraries: what the ELF reader sees, what ld.so.cache says, where ld.so would look,
 * and under which paths the guest gets the result. The libraries are made here, a few hundred
 * bytes each, so that every search path is under the test's control.
 */
/* Links: libktstr.a */
/* Libs: -llz4 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "../../vmm/initramfs/closure.h"

#if defined(__aarch64__)
#define MACHINE EM_AARCH64
#define INTERP "/lib/ld-linux-aarch64.so.1"
#else
#define MACHINE EM_X86_64
#define INTERP "/lib64/ld-linux-x86-64.so.2"
#endif

/* What a made ELF file says. Strings may contain %T for the test's folder. */
struct lib {
	const char *soname, *rpath, *runpath, *interp;
	const char *needed[4];
	int machine;
	bool nodeflib;
};

FIXTURE(closure) {
	char dir[64];
	struct tree tree;
	struct ldcache cache;
	struct closure_env env;
	struct vm_err err;
	char *library_path;
};

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

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
	nftw(self->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

#define SELF struct _test_data_closure *self

/* @text with %T replaced, to be freed. */
static char *expand(SELF, const char *text)
{
	const char *t = strstr(text, "%T");
	char *head, *out;

	if (!t)
		return strdup(text);
	if (asprintf(&head, "%.*s%s%s", (int)(t - text), text, self->dir, t + 2) < 0)
		abort();
	out = expand(self, head);
	free(head);
	return out;
}

/* Put bytes at %T/@path, with its folders. */
static void put(SELF, const char *path, const void *data, size_t len)
{
	char full[PATH_MAX];
	int fd;

	snprintf(full, sizeof(full), "%s/%s", self->dir, path);
	for (char *p = full + strlen(self->dir) + 1; (p = strchr(p, '/')); *p++ = '/') {
		*p = '\0';
		mkdir(full, 0755);
	}
	fd = open(full, O_WRONLY | O_CREAT | O_TRUNC, 0755);
	if (fd < 0 || write(fd, data, len) != (ssize_t)len)
		abort();
	close(fd);
}

struct image {
	Elf64_Ehdr eh;
	Elf64_Phdr ph[3];
	Elf64_Dyn dyn[16];
	char str[2048];
};

static size_t add_str(SELF, struct image *im, size_t *used, const char *text)
{
	char *s = expand(self, text);
	size_t at = *used;

	if (at + strlen(s) + 1 > sizeof(im->str))
		abort();
	memcpy(im->str + at, s, strlen(s) + 1);
	*used += strlen(s) + 1;
	free(s);
	return at;
}

static void make_image(SELF, struct image *im, const struct lib *l)
{
	size_t used = 1, n = 0;

	*im = (struct image) {
		.eh = {
			.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
			.e_type = ET_DYN, .e_machine = l->machine ? l->machine : MACHINE,
			.e_version = EV_CURRENT, .e_phoff = offsetof(struct image, ph),
			.e_ehsize = sizeof(Elf64_Ehdr), .e_phentsize = sizeof(Elf64_Phdr),
			.e_phnum = l->interp ? 3 : 2,
		},
	};
#define DYN(tag, v) (im->dyn[n++] = (Elf64_Dyn) { .d_tag = (tag), .d_un.d_val = (v) })
	for (int i = 0; i < 4 && l->needed[i]; i++)
		DYN(DT_NEEDED, add_str(self, im, &used, l->needed[i]));
	if (l->soname)
		DYN(DT_SONAME, add_str(self, im, &used, l->soname));
	if (l->rpath)
		DYN(DT_RPATH, add_str(self, im, &used, l->rpath));
	if (l->runpath)
		DYN(DT_RUNPATH, add_str(self, im, &used, l->runpath));
	if (l->nodeflib)
		DYN(DT_FLAGS_1, DF_1_NODEFLIB);
	/* A virtual address that differs from the offset, as in real files. */
	DYN(DT_STRTAB, 0x10000 + offsetof(struct image, str));
	DYN(DT_STRSZ, sizeof(im->str));
	DYN(DT_NULL, 0);
	im->ph[0] = (Elf64_Phdr) { .p_type = PT_LOAD, .p_vaddr = 0x10000,
				   .p_filesz = sizeof(*im), .p_memsz = sizeof(*im) };
	im->ph[1] = (Elf64_Phdr) { .p_type = PT_DYNAMIC,
				   .p_offset = offsetof(struct image, dyn),
				   .p_filesz = n * sizeof(Elf64_Dyn) };
	if (l->interp) {
		size_t at = add_str(self, im, &used, l->interp);

		im->ph[2] = (Elf64_Phdr) {
			.p_type = PT_INTERP, .p_offset = offsetof(struct image, str) + at,
			.p_filesz = strlen(im->str + at) + 1,
		};
	}
}

static void put_lib(SELF, const char *path, struct lib l)
{
	struct image im;

	make_image(self, &im, &l);
	put(self, path, &im, sizeof(im));
}

#define LIB(path, ...) put_lib(self, path, (struct lib) { __VA_ARGS__ })

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
	char *p = expand(self, path);
	struct tree_entry *e = tree_find(&self->tree, p);
	size_t len = strlen(self->dir);

	free(p);
	if (!e || !e->src)
		return "";
	return strncmp(e->src->canon, self->dir, len) ? e->src->canon : e->src->canon + len + 1;
}

static void symlink_in(SELF, const char *target, const char *path)
{
	char *p = expand(self, path), *t = expand(self, target);

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
			char *s = expand(self, va_arg(ap, const char *));

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
	char *p = expand(self, "%T/lib/liba.so.1");
	char *q = expand(self, "%T/lib/liba.so.1.2");

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
	self->library_path = expand(self, "%T/env");
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
	self->library_path = expand(self, "%T/1:%T/2:%T/3:%T/4");
	self->env.library_path = self->library_path;
	LIB("prog", .needed = { "liba.so" });
	LIB("1/liba.so", .machine = EM_RISCV);
	put(self, "2/liba.so", "INPUT(-la)\n", 11);
	put(self, "3/liba.so/x", "", 0);
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
	char *p = expand(self, "%T/opt/bin");

	LIB("prog", .needed = { "liba.so" }, .runpath = "%T/opt/bin/../lib");
	LIB("opt/lib/liba.so", .soname = "liba.so");
	put(self, "opt/bin/other", "", 0);
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

/* ELF reader */

TEST_F(closure, what_is_not_elf_is_said_to_be_none)
{
	struct elf_file e;
	char path[128];
	int fd;

	put(self, "script", "#!/bin/sh\nexit 0 # long enough\n", 30);
	snprintf(path, sizeof(path), "%s/script", self->dir);
	fd = open(path, O_RDONLY);
	EXPECT_EQ(0, elf_file_read(&e, fd, 30, NULL));
	EXPECT_EQ(ELF_KIND_NONE, (int)e.kind);
	EXPECT_EQ(0, elf_file_read(&e, fd, 0, NULL));
	EXPECT_EQ(ELF_KIND_NONE, (int)e.kind);
	close(fd);
}

TEST_F(closure, thirty_two_bit_files_have_no_closure)
{
	struct image im;
	struct elf_file e;
	char path[128];
	int fd;

	make_image(self, &im, &(struct lib) { .needed = { "x" } });
	im.eh.e_ident[EI_CLASS] = ELFCLASS32;
	put(self, "elf32", &im, sizeof(im));
	snprintf(path, sizeof(path), "%s/elf32", self->dir);
	fd = open(path, O_RDONLY);
	EXPECT_EQ(0, elf_file_read(&e, fd, sizeof(im), NULL));
	EXPECT_EQ(ELF_KIND_32, (int)e.kind);
	EXPECT_EQ(0, (int)e.nr_needed);
	close(fd);
}

TEST_F(closure, every_broken_offset_is_refused_with_a_reason)
{
	static const struct {
		size_t at, size;
		uint64_t val;
	} breaks[] = {
		{ offsetof(struct image, eh.e_phoff), 8, UINT64_MAX - 8 },
		{ offsetof(struct image, eh.e_phoff), 8, sizeof(struct image) - 8 },
		{ offsetof(struct image, eh.e_phentsize), 2, 55 },
		{ offsetof(struct image, eh.e_phnum), 2, 0xffff },
		{ offsetof(struct image, ph[1].p_offset), 8, 1ULL << 63 },
		{ offsetof(struct image, ph[1].p_filesz), 8, UINT64_MAX },
		{ offsetof(struct image, ph[1].p_filesz), 8, 65536 },
		{ offsetof(struct image, ph[0].p_filesz), 8, 64 },
		{ offsetof(struct image, ph[0].p_vaddr), 8, UINT64_MAX },
		{ offsetof(struct image, ph[0].p_offset), 8, UINT64_MAX - 16 },
		{ offsetof(struct image, ph[2].p_offset), 8, UINT64_MAX - 2 },
		{ offsetof(struct image, ph[2].p_filesz), 8, 1 },
		{ offsetof(struct image, dyn[0].d_un.d_val), 8, UINT64_MAX },
		{ offsetof(struct image, dyn[0].d_un.d_val), 8, sizeof(((struct image *)0)->str) },
	};
	struct image good, bad;
	struct elf_file e;
	char path[128];

	make_image(self, &good, &(struct lib) { .needed = { "x" }, .interp = "/y" });
	snprintf(path, sizeof(path), "%s/elf", self->dir);
	for (size_t i = 0; i < sizeof(breaks) / sizeof(breaks[0]); i++) {
		const char *why = NULL;
		int fd;

		bad = good;
		memcpy((char *)&bad + breaks[i].at, &breaks[i].val, breaks[i].size);
		put(self, "elf", &bad, sizeof(bad));
		fd = open(path, O_RDONLY);
		EXPECT_EQ(-ENOEXEC, elf_file_read(&e, fd, sizeof(bad), &why));
		EXPECT_NE(NULL, why);
		elf_file_free(&e);
		close(fd);
	}
}

static uint32_t next_random(uint32_t *x)
{
	*x = *x * 1664525 + 1013904223;
	return *x >> 8;
}

/* The reader and the stripper; under ASan a stray access ends the test. */
TEST_F(closure, garbage_elf_does_no_harm)
{
	struct image good, bad;
	struct elf_file e;
	char path[128];
	uint32_t x = 42;
	int refused = 0;

	make_image(self, &good, &(struct lib) {
		.needed = { "liba.so", "libb.so" }, .rpath = "/a:/b", .interp = INTERP,
		.soname = "me",
	});
	snprintf(path, sizeof(path), "%s/elf", self->dir);
	for (int i = 0; i < 4000; i++) {
		size_t len = i % 7 ? sizeof(bad) : next_random(&x) % sizeof(bad);
		uint8_t *out = NULL, *exact;
		size_t out_len;
		int fd;

		bad = good;
		for (int n = 0; n <= i % 5; n++) {
			static const uint8_t nasty[] = { 0, 1, 0x7f, 0x80, 0xff };
			size_t at = next_random(&x) % (i & 1 ? 64 : offsetof(struct image, str));

			((uint8_t *)&bad)[i % 3 ? at : at | 7] = i & 2 ? nasty[next_random(&x) % 5] :
								 next_random(&x);
		}
		put(self, "elf", &bad, len);
		fd = open(path, O_RDONLY);
		/* The size may be stale as well. */
		refused += elf_file_read(&e, fd, i % 11 ? len : len + 1000, NULL) != 0;
		elf_file_free(&e);
		close(fd);
		exact = malloc(len ? len : 1);
		memcpy(exact, &bad, len);
		if (elf_strip_debug(exact, len, &out, &out_len) > 0)
			free(out);
		free(exact);
	}
	EXPECT_LT(500, refused);
}

/* DWARF */

/* This very program, compiled with -g. */
static uint8_t *own_image(size_t *len)
{
	struct stat st;
	int fd = io_open_regular("/proc/self/exe", &st, NULL);
	uint8_t *p = malloc(st.st_size);

	*len = io_pread(fd, p, st.st_size, 0);
	close(fd);
	return p;
}

TEST_F(closure, stripping_drops_dwarf_and_the_program_still_runs)
{
	uint8_t *in, *out = NULL, *again = NULL;
	size_t len, out_len = 0, again_len;
	char cmd[256];

	in = own_image(&len);
	if (!memmem(in, len, ".debug_info", 11))
		SKIP(return, "this test was compiled without -g");
	ASSERT_EQ(1, elf_strip_debug(in, len, &out, &out_len));
	EXPECT_LT(out_len, len);
	EXPECT_EQ(0, elf_strip_debug(out, out_len, &again, &again_len));
	put(self, "stripped", out, out_len);
	snprintf(cmd, sizeof(cmd), "%s/stripped -t paths_are_normalized_by_name > /dev/null 2>&1", self->dir);
	EXPECT_EQ(0, system(cmd));
	snprintf(cmd, sizeof(cmd),
		 "command -v nm > /dev/null || exit 0; nm %s/stripped | grep -q ' main$'", self->dir);
	EXPECT_EQ(0, system(cmd));
	free(in);
	free(out);
}

TEST_F(closure, mutated_section_headers_do_no_harm)
{
	uint32_t x = 3;
	uint8_t *in;
	size_t len, out_len;
	Elf64_Ehdr eh;
	int stripped = 0;

	in = own_image(&len);
	memcpy(&eh, in, sizeof(eh));
	for (int i = 0; i < 400; i++) {
		size_t at = eh.e_shoff + next_random(&x) % (eh.e_shnum * sizeof(Elf64_Shdr));
		size_t at2 = i % 3 ? at + 1 : 40 + next_random(&x) % 24;
		uint8_t *out = NULL, old, old2;

		if (at2 >= len)
			at2 = at;
		old = in[at];
		old2 = in[at2];
		in[at] = next_random(&x);
		if (at2 != at)
			in[at2] = i & 1 ? 0xff : next_random(&x);
		if (elf_strip_debug(in, len, &out, &out_len) > 0) {
			stripped++;
			EXPECT_LT(out_len, len);
			free(out);
		}
		in[at2] = old2;
		in[at] = old;
	}
	EXPECT_LT(0, stripped);
	EXPECT_LT(stripped, 400);
	free(in);
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
	char *conf = expand(self, "%T/ld.so.conf"), *text;

	text = expand(self, "# comment\n%T/one\ninclude d/*.conf\nhwcap 0 nosegneg\n%T/last=libc6\nrelative\n");
	put(self, "ld.so.conf", text, strlen(text));
	free(text);
	text = expand(self, "%T/two # words\ninclude ../ld.so.conf\n");
	put(self, "d/a.conf", text, strlen(text));
	free(text);
	put(self, "d/b.conf", "/three", 6);
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

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		ASSERT_TRUE(tree_normalize(pairs[i][0], out, sizeof(out)));
		EXPECT_STREQ(pairs[i][1], out);
	}
	EXPECT_FALSE(tree_normalize("/ab", small, sizeof(small)));
	EXPECT_TRUE(tree_normalize("/a", small, sizeof(small)));
}

TEST_HARNESS_MAIN
