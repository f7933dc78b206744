// SPDX-License-Identifier: GPL-2.0
/* Puts the initramfs of one run together: see pack.h. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vmm/initramfs/initramfs.h"
#include <ktstr/payload.h>

#include "harness/guest/init/guest.h"
#include "harness/kernel/kernel.h"
#include "harness/model/part.h"
#include "pack.h"
#include "lib/paths.h"
#include "harness/plan/programs.h"
#include "harness/plan/scheduler.h"

#define INCLUDE_DIR	"/include-files"
#define PROGRAM_MAX	(256 * 1024 * 1024)

static bool is_elf(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char magic[4] = "";
	bool elf;

	if (fd < 0)
		return false;
	elf = read(fd, magic, 4) == 4 && !memcmp(magic, "\x7f" "ELF", 4);
	close(fd);
	return elf;
}

static int add_file(struct initramfs *fs, const char *src, const char *dest, struct ktstr_err *err)
{
	return initramfs__add_file(fs, src, dest, is_elf(src), err);
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* All regular files below @src, links followed, in the order of their names. */
static int add_tree(struct initramfs *fs, const char *src, const char *base, struct ktstr_err *err)
{
	char root[PATH_MAX], dest[PATH_MAX];
	char * const list[] = { root, NULL };
	FTS *fts = NULL;
	FTSENT *e;
	int ret = ktstr_paths__fmt(root, sizeof(root), "%s", src);

	if (!ret)
		fts = fts_open(list, FTS_LOGICAL | FTS_NOCHDIR, by_name);
	if (!fts)
		return ktstr_err(err, ret ? -ret : errno, "include file %s: cannot be walked", src);
	while (!ret && (e = fts_read(fts))) {
		if (e->fts_info != FTS_F)
			continue;
		ret = ktstr_paths__fmt(dest, sizeof(dest), INCLUDE_DIR "/%s%s", base,
				       e->fts_path + strlen(root));
		ret = ret ? ktstr_err(err, -ret, "include file %s: the path is too long",
				      e->fts_path) :
			    add_file(fs, e->fts_path, dest, err);
	}
	fts_close(fts);
	return ret;
}

static int add_include(struct initramfs *fs, const char *spec, struct ktstr_err *err)
{
	char path[PATH_MAX], dest[PATH_MAX], *base;
	size_t len;
	int ret = ktstr_include__find(spec, path, sizeof(path), err);

	if (ret)
		return ret;
	len = strlen(path);
	while (len > 1 && path[len - 1] == '/')
		path[--len] = '\0';
	base = strrchr(path, '/');
	base = base ? base + 1 : path;
	if (ktstr_paths__is_dir(path))
		return add_tree(fs, path, base, err);
	ret = ktstr_paths__fmt(dest, sizeof(dest), INCLUDE_DIR "/%s", base);
	return ret ? ktstr_err(err, -ret, "include file %s: the path is too long", spec) :
		     add_file(fs, path, dest, err);
}

static bool wants_config(const char *data, size_t len)
{
	static const char name[] = "\0CONFIG_";	/* begins a string of the BPF object */
	const char *p = data, *end = data + len;

	while ((p = memmem(p, end - p, name, sizeof(name) - 1))) {
		p += sizeof(name) - 1;
		if (p < end && isupper((unsigned char)*p))
			return true;
	}
	return false;
}

/*
 * A BPF program with "extern unsigned int CONFIG_HZ __kconfig" gets the value from libbpf, which
 * looks for /boot/config-RELEASE, then for /proc/config.gz (find_kconfig() in libbpf.c). Kernels of
 * distributions have no /proc/config.gz.
 */
static int add_kernel_config(struct initramfs *fs, const struct ktstr_run *run, const char *path,
			     struct ktstr_err *err)
{
	char dest[PATH_MAX], *config = NULL, *data;
	size_t len;
	int ret = 0;

	data = run->kernel.release ? ktstr_paths__read(path, PROGRAM_MAX, &len) : NULL;
	if (data && wants_config(data, len))
		config = ktstr_kernel__config(&run->kernel);
	if (config && !ktstr_paths__fmt(dest, sizeof(dest), "/boot/config-%s", run->kernel.release))
		ret = initramfs__add_data(fs, config, strlen(config), dest, 0644, err);
	free(config);
	free(data);
	return ret;
}

/* The binary as @dest, and the configuration where its arguments say. */
static int add_scheduler(struct initramfs *fs, const struct ktstr_run *run,
			 const struct ktstr_scheduler *s, const char *dest, struct ktstr_err *err)
{
	const char *config = run->plan->test->config;
	int ret;

	ret = add_file(fs, ktstr_programs__of(run, s)->path, dest, err);
	if (ret)
		return ret;
	if (s == run->plan->scheduler) {
		ret = add_kernel_config(fs, run, ktstr_programs__of(run, s)->path, err);
		if (ret)
			return ret;
	}
	ret = s->config_file ? add_include(fs, s->config_file, err) : 0;
	if (ret || !s->config_arg || !config)
		return ret;
	return initramfs__add_data(fs, config, strlen(config), s->config_path, 0644, err);
}

/* The arguments of a staged scheduler, one per line. */
static int add_staged_args(struct initramfs *fs, const struct ktstr_run *run,
			   const struct ktstr_scheduler *s, struct ktstr_err *err)
{
	char **args = ktstr_scheduler__staged_args(run->plan, s), **a;
	char dest[PATH_MAX], *text = NULL;
	size_t len = 0;
	FILE *f;
	int ret;

	f = args ? open_memstream(&text, &len) : NULL;
	for (a = args; f && *a; a++)
		fprintf(f, "%s\n", *a);
	if (!f || fclose(f)) {
		ret = ktstr_err(err, ENOMEM, "no memory for the arguments of scheduler %s", s->name);
		goto out;
	}
	snprintf(dest, sizeof(dest), KTSTR_GUEST_STAGING "/%s/args", s->name);
	ret = initramfs__add_data(fs, text, len, dest, 0644, err);
out:
	free(text);
	ktstr_scheduler__args_free(args);
	return ret;
}

/* KTSTR_GUEST_STAGING has the layout. */
static int add_staged(struct initramfs *fs, const struct ktstr_run *run,
		      const struct ktstr_scheduler *s, struct ktstr_err *err)
{
	char dest[PATH_MAX];
	int ret;

	snprintf(dest, sizeof(dest), KTSTR_GUEST_STAGING "/%s/scheduler", s->name);
	ret = add_scheduler(fs, run, s, dest, err);
	if (ret)
		return ret;
	if (s->cgroup_parent) {
		snprintf(dest, sizeof(dest), KTSTR_GUEST_STAGING "/%s/cgroup_parent", s->name);
		ret = initramfs__add_data(fs, s->cgroup_parent, strlen(s->cgroup_parent), dest,
					  0644, err);
		if (ret)
			return ret;
	}
	return add_staged_args(fs, run, s, err);
}

static int add_payload(struct initramfs *fs, const struct ktstr_run *run,
		       const struct ktstr_payload *p, struct ktstr_err *err)
{
	const char * const *f;
	int ret = add_include(fs, ktstr_programs__of(run, p)->path, err);

	for (f = p->include_files; !ret && f && *f; f++)
		ret = add_include(fs, *f, err);
	return ret;
}

static int add_args(struct initramfs *fs, const struct ktstr_run *run,
		    const struct ktstr_deadlines *d, struct ktstr_err *err)
{
	struct ktstr_guest_args args;
	char *text;
	int ret;

	ret = ktstr_guest_args__make(run, d, &args);
	if (ret)
		return ktstr_err(err, -ret, "the guest's arguments: %s", strerror(-ret));
	ret = ktstr_guest_args__format(&args, &text, err);
	if (!ret)
		ret = initramfs__add_data(fs, text, strlen(text), KTSTR_GUEST_ARGS, 0644, err);
	free(text);
	ktstr_guest_args__free(&args);
	return ret;
}

static int add_test_program(struct initramfs *fs, struct ktstr_err *err)
{
	char exe[PATH_MAX];
	int ret = ktstr_paths__exe_file(exe, sizeof(exe));

	if (ret)
		return ktstr_err(err, -ret, "cannot find the test program itself: %s",
				 strerror(-ret));
	return initramfs__add_file(fs, exe, "/init", true, err);
}

static int add_schedulers(struct initramfs *fs, const struct ktstr_run *run, struct ktstr_err *err)
{
	const struct ktstr_plan *p = run->plan;
	const struct ktstr_scheduler * const *s = p->test->staged_schedulers;
	int ret = 0;

	if (p->scheduler && p->scheduler->binary)
		ret = add_scheduler(fs, run, p->scheduler, KTSTR_GUEST_SCHEDULER, err);
	for (; !ret && s && *s; s++)
		ret = add_staged(fs, run, *s, err);
	return ret;
}

static int add_payloads(struct initramfs *fs, const struct ktstr_run *run, struct ktstr_err *err)
{
	const struct ktstr_test *t = run->plan->test;
	const struct ktstr_payload * const *w;
	int ret = t->payload ? add_payload(fs, run, t->payload, err) : 0;

	for (w = t->workloads; !ret && w && *w; w++)
		ret = add_payload(fs, run, *w, err);
	return ret;
}

/* What its body finds. */
static int add_test(struct initramfs *fs, const struct ktstr_run *run, struct ktstr_err *err)
{
	const char * const *f = run->plan->test->extra_include_files;
	int ret = add_test_program(fs, err);

	if (!ret)
		ret = add_payloads(fs, run, err);
	for (; !ret && f && *f; f++)
		ret = add_include(fs, *f, err);
	return ret;
}

static int add_all(struct initramfs *fs, const struct ktstr_run *run,
		   const struct ktstr_deadlines *d, struct ktstr_err *err)
{
	int ret;

	ret = add_test(fs, run, err);
	if (ret)
		return ret;
	ret = add_schedulers(fs, run, err);
	if (ret)
		return ret;
	ret = ktstr_parts__pack(run, fs, err);
	if (ret)
		return ret;
	ret = add_args(fs, run, d, err);
	if (ret)
		return ret;
	/* the last file: when it is there the archive was unpacked to its end */
	return initramfs__add_data(fs, "1\n", 2, KTSTR_GUEST_SENTINEL, 0644, err);
}

int ktstr_pack__here(const struct ktstr_run *run, int fd, struct ktstr_err *err)
{
	struct initramfs *fs = initramfs__new();
	int ret;

	if (!fs)
		return ktstr_err(err, ENOMEM, "no memory for the files of a test");
	ret = add_test(fs, run, err);
	if (!ret)
		ret = initramfs__write_tar(fs, fd, err);
	initramfs__free(fs);
	return ret;
}

/*
 * The cache is beside the kernels, under a name that is no cache key. NULL: there is no cache, and
 * @note says why.
 */
static const char *cache_dir(char *buf, size_t size, char *note, size_t note_size)
{
	char root[PATH_MAX];
	struct ktstr_err err;
	int ret;

	if (ktstr_kernel__cache_root(root, sizeof(root), &err)) {
		snprintf(note, note_size, "no initramfs cache: %.200s", err.msg);
		return NULL;
	}
	ret = ktstr_paths__fmt(buf, size, "%s/.initramfs", root);
	if (!ret)
		ret = ktstr_paths__mkdirs(buf);
	if (!ret)
		return buf;
	snprintf(note, note_size, "no initramfs cache in %.180s: %s", root, strerror(-ret));
	return NULL;
}

int ktstr_pack__initramfs(const struct ktstr_run *run, const struct ktstr_deadlines *d,
			  struct vm_part *base, char *note, size_t note_size,
			  struct ktstr_err *err)
{
	struct initramfs *fs = initramfs__new();
	char path[PATH_MAX], no_cache[256] = "";
	const char *cache = cache_dir(path, sizeof(path), no_cache, sizeof(no_cache));
	int ret;

	if (note_size)
		note[0] = '\0';
	if (!fs)
		return ktstr_err(err, ENOMEM, "no memory for the initramfs");
	ret = add_all(fs, run, d, err);
	if (!ret)
		ret = initramfs__finish_parts(fs, cache, base, note, note_size, err);
	if (!cache)
		snprintf(note, note_size, "%s", no_cache);
	initramfs__free(fs);
	return ret;
}
