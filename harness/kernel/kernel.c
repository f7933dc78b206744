// SPDX-License-Identifier: GPL-2.0
/*
 * Finds the kernel to boot (docs/kernels.md). Two kinds of places: what somebody named is
 * that kernel or an error, what discovery tries is skipped silently when it is not there.
 */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "kernel_priv.h"
#include "lib/paths.h"

/* Set by the Makefile of a suite in a kernel tree. */
#ifndef KTSTR_TREE
#define KTSTR_TREE	NULL
#endif

/* Take the image at @path. @release is looked up here; broken images are an error. */
static int take_image(struct ktstr_kernel *k, const char *path, const char *source,
		      struct ktstr_err *err)
{
	char *real = realpath(path, NULL);
	int ret;

	if (!real)
		return ktstr_err(err, errno, "kernel image %s (from %s): %s", path, source,
				 strerror(errno));
	k->path = real;
	k->source = strdup(source);
	if (!k->source)
		return ktstr_err(err, ENOMEM, "no memory for the path of a kernel");
	ret = ktstr_kernel_image__release(k->path, &k->release, err);
	if (!ret)
		k->cache_lock_fd = ktstr_kernel_cache__lock(k->path);
	return ret;
}

static bool readable_file(const char *path)
{
	return ktstr_paths__is_file(path) && !access(path, R_OK);
}

/* Image of the tree or folder @dir in @path, or false. */
static bool image_in(const char *dir, char *path, size_t size)
{
	if (!ktstr_paths__fmt(path, size, "%s/%s", dir, KTSTR_KERNEL_IN_TREE) &&
	    readable_file(path))
		return true;
	return !ktstr_paths__fmt(path, size, "%s/%s", dir, KTSTR_KERNEL_IMAGE) &&
	       readable_file(path);
}

static int resolve_path(struct ktstr_kernel *k, const char *spec, const char *source,
			struct ktstr_err *err)
{
	char path[PATH_MAX];

	if (ktstr_paths__is_file(spec))
		return take_image(k, spec, source, err);
	if (!ktstr_paths__is_dir(spec))
		return ktstr_err(err, ENOENT, "%s=%s: there is no such file or folder%s", source,
				 spec, *spec == '~' ? " (~ is not expanded here)" : "");
	if (!image_in(spec, path, sizeof(path)))
		return ktstr_err(err, ENOENT,
				 "%s=%s: the folder has neither %s nor %s; build that kernel first",
				 source, spec, KTSTR_KERNEL_IN_TREE, KTSTR_KERNEL_IMAGE);
	return take_image(k, path, source, err);
}

static int from_cache(struct ktstr_kernel *k, int ret, struct ktstr_err *err)
{
	return ret ? ret : ktstr_kernel_image__release(k->path, &k->release, err);
}

/* 0, -ENOENT when a version or key is not in the cache (then without @err), -errno. */
static int resolve(struct ktstr_kernel *k, const char *spec, const char *source,
		   struct ktstr_err *err)
{
	switch (ktstr_kernel_form__of(spec)) {
	case KTSTR_KERNEL_PATH:
		/* never to be mistaken for a cache miss */
		return resolve_path(k, spec, source, err) ? -EINVAL : 0;
	case KTSTR_KERNEL_VERSION:
		return from_cache(k, ktstr_kernel_cache__pick(k, spec, err), err);
	case KTSTR_KERNEL_KEY:
		return from_cache(k, ktstr_kernel_cache__take(k, spec, err), err);
	case KTSTR_KERNEL_RANGE:
		return ktstr_err(err, EINVAL,
				 "%s=%s: a range names several kernels; one run boots one kernel",
				 source, spec);
	case KTSTR_KERNEL_GIT:
		break;
	}
	return ktstr_err(err, EINVAL,
			 "%s=%s: a git kernel must be built first; then give its path or cache key",
			 source, spec);
}

static int no_such_kernel(const char *spec, const char *source, struct ktstr_err *err)
{
	char root[PATH_MAX] = "?";

	ktstr_kernel__cache_root(root, sizeof(root), NULL);
	return ktstr_err(err, ENOENT,
			 "%s=%s: not in the kernel cache %.200s, and an explicitly named kernel is never replaced by another",
			 source, spec, root);
}

static void init(struct ktstr_kernel *k)
{
	memset(k, 0, sizeof(*k));
	k->cache_lock_fd = -1;
}

int ktstr_kernel__resolve(struct ktstr_kernel *k, const char *spec, struct ktstr_err *err)
{
	int ret;

	init(k);
	ret = resolve(k, spec, "--kernel", err);
	if (ret == -ENOENT)
		ret = no_such_kernel(spec, "--kernel", err);
	if (ret)
		ktstr_kernel__put(k);
	return ret;
}

/* The places behind the cache: candidate number @i in @path; false at the end of the list. */
static bool nth_place(unsigned int i, const char *rel, char *path, size_t size, bool *there)
{
	char build[PATH_MAX];

	*there = false;
	switch (i) {
	case 0:
		*there = image_in("./linux", path, size);
		return true;
	case 1:
		*there = image_in("../linux", path, size);
		return true;
	case 2:
		*there = !ktstr_paths__fmt(build, sizeof(build), "/lib/modules/%s/build", rel) &&
			 image_in(build, path, size);
		return true;
	case 3:
		*there = !ktstr_paths__fmt(path, size, "/lib/modules/%s/vmlinuz", rel);
		break;
	case 4:
		*there = !ktstr_paths__fmt(path, size, "/boot/vmlinuz-%s", rel);
		break;
	case 5:
		*there = !ktstr_paths__fmt(path, size, "/boot/vmlinuz");
		break;
	default:
		return false;
	}
	*there = *there && readable_file(path);
	return true;
}

/*
 * Try the suite's tree, the cache and the usual places. With @version only a kernel of that
 * version will do, and the cache has been asked already. -ENOENT: there is none. A suite in a tree
 * tests the kernel of that tree: without one nothing else is tried, and @err says so.
 */
static int discover(struct ktstr_kernel *k, const struct ktstr_kernel_suite *suite,
		    const char *version, struct ktstr_err *err)
{
	char path[PATH_MAX], tree[PATH_MAX] = "";
	struct utsname host;
	unsigned int i;
	bool there;
	int ret;

	if (ktstr_kernel_tree__find(suite, path, sizeof(path), tree, sizeof(tree))) {
		ret = take_image(k, path, "the kernel tree around the suite", err);
		if (ret || !version ||
		    (k->release && ktstr_kernel_form__version_matches(version, k->release)))
			return ret;
		ktstr_kernel__put(k);
	} else if (*tree && !version) {
		return ktstr_err_missing(err, ENODATA,
					 "build the kernel first: this suite is in the kernel tree %.200s, which has no %s; or %s",
					 tree, KTSTR_KERNEL_IN_TREE, KTSTR_KERNEL_HINT);
	}
	if (!version) {
		/* no home, no cache: that is no reason not to look further */
		ret = from_cache(k, ktstr_kernel_cache__pick(k, NULL, NULL), err);
		if (!ret)
			return 0;
		ktstr_kernel__put(k);
	}
	if (uname(&host))
		return -ENOENT;
	for (i = 0; nth_place(i, host.release, path, sizeof(path), &there); i++) {
		if (!there)
			continue;
		ret = take_image(k, path, path, NULL);
		if (!ret && (!version || (k->release &&
				ktstr_kernel_form__version_matches(version, k->release))))
			return 0;
		ktstr_kernel__put(k);
	}
	return -ENOENT;
}

/* KTSTR_KERNEL without surrounding blanks; NULL when nothing is left. */
static char *kernel_env(void)
{
	const char *v = getenv("KTSTR_KERNEL");
	size_t len;

	if (!v)
		return NULL;
	while (isspace((unsigned char)*v))
		v++;
	len = strlen(v);
	while (len && isspace((unsigned char)v[len - 1]))
		len--;
	return len ? strndup(v, len) : NULL;
}

static int find(struct ktstr_kernel *k, const struct ktstr_kernel_suite *suite,
		struct ktstr_err *err)
{
	const char *image = getenv("KTSTR_TEST_KERNEL"), *from;
	char *spec;
	int ret;

	if (image) {
		if (!*image)
			return ktstr_err(err, EINVAL,
					 "KTSTR_TEST_KERNEL is set but empty; unset it or give the path of an image");
		if (!ktstr_paths__is_file(image))
			return ktstr_err(err, ENOENT, "KTSTR_TEST_KERNEL=%s: there is no such file",
					 image);
		from = getenv(KTSTR_ENV_KERNEL_SOURCE);
		return take_image(k, image, from && *from ? from : "KTSTR_TEST_KERNEL", err);
	}
	spec = kernel_env();
	if (spec) {
		ret = resolve(k, spec, "KTSTR_KERNEL", err);
		if (ret == -ENOENT && ktstr_kernel_form__of(spec) == KTSTR_KERNEL_VERSION)
			ret = discover(k, suite, spec, err);
		if (ret == -ENOENT)
			ret = no_such_kernel(spec, "KTSTR_KERNEL", err);
		free(spec);
		return ret;
	}
	ret = discover(k, suite, NULL, err);
	if (ret == -ENOENT)
		ret = ktstr_err_missing(err, ENOENT,
					"no kernel image found (the tree around the suite, the cache, ./linux, ../linux, /lib/modules, /boot); %s",
					KTSTR_KERNEL_HINT);
	return ret;
}

int ktstr_kernel__find_for(struct ktstr_kernel *k, const struct ktstr_kernel_suite *suite,
			   struct ktstr_err *err)
{
	int ret;

	init(k);
	ret = find(k, suite, err);
	if (ret)
		ktstr_kernel__put(k);
	return ret;
}

int ktstr_kernel__find(struct ktstr_kernel *k, struct ktstr_err *err)
{
	struct ktstr_kernel_suite suite = { .made_in = KTSTR_TREE };
	char dir[PATH_MAX];

	if (!ktstr_paths__exe_dir(dir, sizeof(dir)))
		suite.dir = dir;
	return ktstr_kernel__find_for(k, &suite, err);
}

void ktstr_kernel__describe(const struct ktstr_kernel *k, char *buf, size_t size)
{
	snprintf(buf, size, "%s, %s (%s)", k->release ?: "release unknown", k->path, k->source);
}

void ktstr_kernel__put(struct ktstr_kernel *k)
{
	free(k->path);
	free(k->release);
	free(k->source);
	if (k->cache_lock_fd >= 0)
		close(k->cache_lock_fd);
	init(k);
}
