// SPDX-License-Identifier: GPL-2.0
/* Puts the initramfs of one run together: see pack.h. */
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../vmm/initramfs/initramfs.h"
#include <ktstr/payload.h>

#include "../guest/guest.h"
#include "devices.h"
#include "pack.h"
#include "paths.h"
#include "scheduler.h"

#define INCLUDE_DIR	"/include-files"

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

static int add_file(struct initramfs *fs, const char *src, const char *dest, struct vm_err *err)
{
	return initramfs__add_file(fs, src, dest, is_elf(src), err);
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* All regular files below @src, links followed, in the order of their names. */
static int add_tree(struct initramfs *fs, const char *src, const char *base, struct vm_err *err)
{
	char root[PATH_MAX], dest[PATH_MAX];
	char * const list[] = { root, NULL };
	FTS *fts = NULL;
	FTSENT *e;
	int ret = ktstr_paths__fmt(root, sizeof(root), "%s", src);

	if (!ret)
		fts = fts_open(list, FTS_LOGICAL | FTS_NOCHDIR, by_name);
	if (!fts)
		return vm_err(err, ret ? -ret : errno, "include file %s: cannot be walked", src);
	while (!ret && (e = fts_read(fts))) {
		if (e->fts_info != FTS_F)
			continue;
		ret = ktstr_paths__fmt(dest, sizeof(dest), INCLUDE_DIR "/%s%s", base,
				       e->fts_path + strlen(root));
		ret = ret ? vm_err(err, -ret, "include file %s: the path is too long",
				   e->fts_path) :
			    add_file(fs, e->fts_path, dest, err);
	}
	fts_close(fts);
	return ret;
}

/* A path, or a bare name: the working directory, then PATH. */
static int find_include(const char *spec, char *path, size_t size, struct vm_err *err)
{
	const char *p = getenv("PATH"), *end;

	if (!ktstr_paths__fmt(path, size, "%s", spec) && !access(path, R_OK))
		return 0;
	if (strchr(spec, '/') || *spec == '.')
		return vm_err(err, ENOENT, "include file %s: there is no such file", spec);
	for (; p && *p; p = *end ? end + 1 : end) {
		end = strchrnul(p, ':');
		if (end != p &&
		    !ktstr_paths__fmt(path, size, "%.*s/%s", (int)(end - p), p, spec) &&
		    ktstr_paths__is_file(path) && !access(path, X_OK))
			return 0;
	}
	return vm_err_missing(err, ENOENT,
			      "include file %s: neither in the working directory nor in PATH",
			      spec);
}

static int add_include(struct initramfs *fs, const char *spec, struct vm_err *err)
{
	char path[PATH_MAX], dest[PATH_MAX], *base;
	size_t len;
	int ret = find_include(spec, path, sizeof(path), err);

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
	return ret ? vm_err(err, -ret, "include file %s: the path is too long", spec) :
		     add_file(fs, path, dest, err);
}

/* The binary as @dest, and the configuration where its arguments say. */
static int add_scheduler(struct initramfs *fs, const struct ktstr_scheduler *s,
			 const struct ktstr_test *t, const char *dest, struct vm_err *err)
{
	char path[PATH_MAX];
	int ret;

	ret = ktstr_scheduler__find(s->binary, path, sizeof(path), err);
	if (!ret)
		ret = add_file(fs, path, dest, err);
	if (!ret && s->config_file)
		ret = add_include(fs, s->config_file, err);
	if (!ret && s->config_arg && t->config)
		ret = initramfs__add_data(fs, t->config, strlen(t->config), s->config_path, 0644,
					  err);
	return ret;
}

/* KTSTR_GUEST_STAGING has the layout. */
static int add_staged(struct initramfs *fs, const struct ktstr_scheduler *s,
		      const struct ktstr_test *t, struct vm_err *err)
{
	char dest[PATH_MAX], *text = NULL, **args, **a;
	size_t len = 0;
	FILE *f;
	int ret;

	snprintf(dest, sizeof(dest), KTSTR_GUEST_STAGING "/%s/scheduler", s->name);
	ret = add_scheduler(fs, s, t, dest, err);
	if (!ret && s->cgroup_parent) {
		snprintf(dest, sizeof(dest), KTSTR_GUEST_STAGING "/%s/cgroup_parent", s->name);
		ret = initramfs__add_data(fs, s->cgroup_parent, strlen(s->cgroup_parent), dest,
					  0644, err);
	}
	if (ret)
		return ret;
	args = ktstr_scheduler__staged_args(s, t);
	f = args ? open_memstream(&text, &len) : NULL;
	for (a = args; f && *a; a++)
		fprintf(f, "%s\n", *a);
	if (!f || fclose(f))
		ret = vm_err(err, ENOMEM, "no memory for the arguments of scheduler %s", s->name);
	snprintf(dest, sizeof(dest), KTSTR_GUEST_STAGING "/%s/args", s->name);
	if (!ret)
		ret = initramfs__add_data(fs, text, len, dest, 0644, err);
	ktstr_scheduler__args_free(args);
	free(text);
	return ret;
}

static int add_payload(struct initramfs *fs, const struct ktstr_payload *p, struct vm_err *err)
{
	const char * const *f;
	int ret = add_include(fs, p->binary, err);

	for (f = p->include_files; !ret && f && *f; f++)
		ret = add_include(fs, *f, err);
	return ret;
}

static int add_all(struct initramfs *fs, const struct ktstr_run *run,
		   const struct ktstr_deadlines *d, struct vm_err *err)
{
	const struct ktstr_plan *p = run->plan;
	const struct ktstr_scheduler * const *s = p->test->staged_schedulers;
	const struct ktstr_payload * const *w;
	const char * const *f;
	char exe[PATH_MAX], *args;
	int ret = ktstr_paths__exe(exe, sizeof(exe));

	if (ret)
		return vm_err(err, -ret, "cannot find the test program itself: %s",
			      strerror(-ret));
	ret = initramfs__add_file(fs, exe, "/init", true, err);
	if (!ret && p->scheduler && p->scheduler->binary)
		ret = add_scheduler(fs, p->scheduler, p->test, KTSTR_GUEST_SCHEDULER, err);
	for (; !ret && s && *s; s++)
		ret = add_staged(fs, *s, p->test, err);
	if (!ret && p->test->payload)
		ret = add_payload(fs, p->test->payload, err);
	for (w = p->test->workloads; !ret && w && *w; w++)
		ret = add_payload(fs, *w, err);
	for (f = p->test->extra_include_files; !ret && f && *f; f++)
		ret = add_include(fs, *f, err);
	if (!ret)
		ret = ktstr_devices__pack(run, fs, err);
	if (ret)
		return ret;
	args = ktstr_pack__args(run, d);
	if (!args)
		return vm_err(err, errno, "cannot write the guest's arguments: %s",
			      strerror(errno));
	ret = initramfs__add_data(fs, args, strlen(args), KTSTR_GUEST_ARGS, 0644, err);
	free(args);
	/* the last file: when it is there the archive was unpacked to its end */
	if (!ret)
		ret = initramfs__add_data(fs, "1\n", 2, KTSTR_GUEST_SENTINEL, 0644, err);
	return ret;
}

/* Beside the kernels, under a name that is no cache key. NULL: do without, @note says why. */
static const char *cache_dir(char *buf, size_t size, char *note, size_t note_size)
{
	char root[PATH_MAX];
	struct vm_err err;
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
			  struct vm_err *err)
{
	struct initramfs *fs = initramfs__new();
	char path[PATH_MAX], no_cache[256] = "";
	const char *cache = cache_dir(path, sizeof(path), no_cache, sizeof(no_cache));
	int ret;

	if (note_size)
		note[0] = '\0';
	if (!fs)
		return vm_err(err, ENOMEM, "no memory for the initramfs");
	ret = add_all(fs, run, d, err);
	if (!ret)
		ret = initramfs__finish_parts(fs, cache, base, note, note_size, err);
	if (!cache)
		snprintf(note, note_size, "%s", no_cache);
	initramfs__free(fs);
	return ret;
}
