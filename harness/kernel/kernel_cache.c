// SPDX-License-Identifier: GPL-2.0
/*
 * The reader of the kernel cache: one folder per entry, which is always complete because it is
 * renamed into place, with metadata.json, the image and perhaps a config. A reader holds a shared
 * lock on the entry for as long as it uses the image; writers are in the ktstr tool.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "kernel_priv.h"
#include "lib/clock.h"
#include "lib/paths.h"

#define LOCK_WAIT_MS	10000	/* a writer renames an entry within that */
#define LOCK_POLL_MS	100	/* flock(2) has no deadline of its own */
#define META_MAX	(1u << 20)
#define META_STRING	255		/* longer ones are cut */

int ktstr_kernel__cache_root(char *buf, size_t size, struct ktstr_err *err)
{
	const char *v = getenv("KTSTR_CACHE_DIR");
	const char *name = "KTSTR_CACHE_DIR", *tail = "";

	if (!v || !*v) {
		v = getenv("XDG_CACHE_HOME");
		name = "XDG_CACHE_HOME";
		tail = "/ktstr/kernels";
	}
	if (!v || !*v) {
		v = getenv("HOME");
		name = "HOME";
		tail = "/.cache/ktstr/kernels";
		if (!v || *v != '/' || !v[1])
			return ktstr_err(err, EINVAL,
					 "HOME=%s: no place for the kernel cache; set HOME, XDG_CACHE_HOME or KTSTR_CACHE_DIR",
					 v ? v : "(unset)");
	}
	if (*v != '/')
		return ktstr_err(err, EINVAL, "%s=%s: must be an absolute path", name, v);
	if (ktstr_paths__fmt(buf, size, "%s%s", v, tail))
		return ktstr_err(err, ENAMETOOLONG, "%s: the path is too long", name);
	return 0;
}

bool ktstr_kernel_cache__valid_key(const char *key)
{
	return *key && *key != '.' && !strpbrk(key, "/\\");
}

static char *dup_meta(const json_t *meta, const char *key, const char *sub)
{
	const char *value = ktstr_kernel_meta__str(meta, key, sub);

	return value ? strndup(value, META_STRING) : NULL;
}

static void entry_free(struct ktstr_kernel_entry *e)
{
	free(e->key);
	free(e->version);
	free(e->source);
	free(e->built_at);
	free(e->kconfig_hash);
	free(e->extra_hash);
	free(e->image);
	free(e->corrupt);
}

/* Built with another fragment than this suite's: it may lack what we ask of a kernel. */
static bool is_stale(const struct ktstr_kernel_entry *e)
{
	return e->kconfig_hash && strcmp(e->kconfig_hash, KTSTR_KCONFIG_HASH) != 0;
}

/* What metadata.json says; false: the image that it names cannot be a file of @dir. */
static bool take_meta(struct ktstr_kernel_entry *e, const json_t *meta, char *path, size_t size,
		      const char *dir)
{
	const char *image = ktstr_kernel_meta__str(meta, "image_name", NULL) ?: KTSTR_KERNEL_IMAGE;

	e->version = dup_meta(meta, "version", NULL);
	e->source = dup_meta(meta, "source", NULL);
	if (!e->source)
		e->source = dup_meta(meta, "source", "type");
	e->built_at = dup_meta(meta, "built_at", NULL);
	e->kconfig_hash = dup_meta(meta, "ktstr_kconfig_hash", NULL);
	e->extra_hash = dup_meta(meta, "extra_kconfig_hash", NULL);
	e->stale = is_stale(e);
	return ktstr_kernel_cache__valid_key(image) && !ktstr_paths__fmt(path, size, "%s/%s", dir, image);
}

/* Everything about the entry in @dir; what is wrong with it becomes ->corrupt. 0 or -ENOMEM. */
static int entry_read(struct ktstr_kernel_entry *e, const char *dir, const char *key)
{
	const char *corrupt = NULL;
	char path[PATH_MAX];
	json_t *meta = NULL;
	struct stat st;
	size_t len;
	char *text;

	memset(e, 0, sizeof(*e));
	e->key = strdup(key);
	if (!e->key || ktstr_paths__fmt(path, sizeof(path), "%s/metadata.json", dir))
		return -ENOMEM;
	if (!stat(path, &st) || !stat(dir, &st))
		e->mtime = st.st_mtime;
	text = ktstr_paths__read(path, META_MAX, &len);
	if (text)
		meta = ktstr_kernel_meta__parse(text, len);
	if (!text)
		corrupt = errno == ENOENT ? "no metadata.json" : "metadata unreadable";
	else if (!meta)
		corrupt = "metadata.json is malformed";
	else if (!take_meta(e, meta, path, sizeof(path), dir) || !ktstr_paths__is_file(path))
		corrupt = "the image is missing";
	if (corrupt)
		e->corrupt = strdup(corrupt);
	else
		e->image = strdup(path);
	json_decref(meta);
	free(text);
	return e->corrupt || e->image ? 0 : -ENOMEM;
}

static int newest_first(const void *a, const void *b)
{
	const struct ktstr_kernel_entry *x = a, *y = b;

	if (x->mtime != y->mtime)
		return x->mtime < y->mtime ? 1 : -1;
	return strcmp(x->key, y->key);
}

static int add_entry(struct ktstr_kernel_entry **list, int nr, const char *root,
		     const char *key)
{
	struct ktstr_kernel_entry *more;
	char dir[PATH_MAX];
	int ret;

	if (!ktstr_kernel_cache__valid_key(key) || ktstr_paths__fmt(dir, sizeof(dir), "%s/%s", root, key) ||
	    !ktstr_paths__is_dir(dir))
		return nr;
	more = realloc(*list, (nr + 1) * sizeof(**list));
	if (!more)
		return -ENOMEM;
	*list = more;
	ret = entry_read(&more[nr], dir, key);
	if (ret) {
		entry_free(&more[nr]);
		return ret;
	}
	return nr + 1;
}

int ktstr_kernel__list(struct ktstr_kernel_entry **entries, struct ktstr_err *err)
{
	char root[PATH_MAX];
	struct dirent *d;
	int nr = 0, ret;
	DIR *dir;

	*entries = NULL;
	ret = ktstr_kernel__cache_root(root, sizeof(root), err);
	if (ret)
		return ret;
	dir = opendir(root);
	if (!dir)
		return errno == ENOENT ? 0 :
		       ktstr_err(err, errno, "kernel cache %s: %s", root, strerror(errno));
	while ((d = readdir(dir))) {
		ret = add_entry(entries, nr, root, d->d_name);
		if (ret < 0) {
			ktstr_kernel__list_free(*entries, nr);
			*entries = NULL;
			closedir(dir);
			return ktstr_err(err, ENOMEM, "no memory to list the kernel cache");
		}
		nr = ret;
	}
	closedir(dir);
	if (nr)
		qsort(*entries, nr, sizeof(**entries), newest_first);
	return nr;
}

void ktstr_kernel__list_free(struct ktstr_kernel_entry *entries, int nr)
{
	int i;

	for (i = 0; i < nr; i++)
		entry_free(&entries[i]);
	free(entries);
}

bool ktstr_kernel_cache__owns(const char *image, char *dir, size_t size)
{
	char root[PATH_MAX], real_root[PATH_MAX], real[PATH_MAX], *slash, *parent;

	if (ktstr_kernel__cache_root(root, sizeof(root), NULL) || !realpath(root, real_root) ||
	    !realpath(image, real))
		return false;
	slash = strrchr(real, '/');
	*slash = '\0';			/* the entry's folder */
	if (ktstr_paths__fmt(dir, size, "%s", real))
		return false;
	parent = strrchr(real, '/');
	if (!parent)
		return false;
	*parent = '\0';
	return !strcmp(real, real_root);
}

/* @exclude a writer for as long as the descriptor lives. -1: not possible, which is no error. */
static int lock_shared(const char *path)
{
	struct timespec poll = { .tv_nsec = LOCK_POLL_MS * NSEC_PER_MSEC };
	int fd, left = LOCK_WAIT_MS / LOCK_POLL_MS;

	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0)
		fd = open(path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && flock(fd, LOCK_SH | LOCK_NB)) {
		if ((errno != EWOULDBLOCK && errno != EINTR) || !left--) {
			close(fd);
			return -1;
		}
		nanosleep(&poll, NULL);
	}
	return fd;
}

int ktstr_kernel_cache__lock(const char *image)
{
	char dir[PATH_MAX], path[PATH_MAX], *key;

	if (!ktstr_kernel_cache__owns(image, dir, sizeof(dir)))
		return -1;
	key = strrchr(dir, '/');
	*key++ = '\0';
	if (ktstr_paths__fmt(path, sizeof(path), "%s/.locks", dir))
		return -1;
	if (mkdir(path, 0777) && errno != EEXIST)
		return -1;
	if (ktstr_paths__fmt(path, sizeof(path), "%s/.locks/%s.lock", dir, key))
		return -1;
	return lock_shared(path);
}

static int take(struct ktstr_kernel *k, const struct ktstr_kernel_entry *e, struct ktstr_err *err)
{
	char source[160];

	snprintf(source, sizeof(source), "cache entry %s", e->key);
	k->path = strdup(e->image);
	k->source = strdup(source);
	if (!k->path || !k->source)
		return ktstr_err(err, ENOMEM, "no memory for the path of a kernel");
	k->cache_lock_fd = ktstr_kernel_cache__lock(k->path);
	return 0;
}

int ktstr_kernel_cache__take(struct ktstr_kernel *k, const char *key, struct ktstr_err *err)
{
	struct ktstr_kernel_entry e;
	char root[PATH_MAX], dir[PATH_MAX];
	int ret = ktstr_kernel__cache_root(root, sizeof(root), err);

	if (ret)
		return ret;
	if (!ktstr_kernel_cache__valid_key(key) || ktstr_paths__fmt(dir, sizeof(dir), "%s/%s", root, key) ||
	    !ktstr_paths__is_dir(dir))
		return -ENOENT;
	ret = entry_read(&e, dir, key);
	if (ret)
		ret = ktstr_err(err, -ret, "no memory to read cache entry %s", key);
	else if (e.corrupt)
		ret = ktstr_err(err, EINVAL, "kernel cache entry %s is corrupt: %s", key, e.corrupt);
	else
		ret = take(k, &e, err);
	entry_free(&e);
	return ret;
}

/*
 * Numbers are compared as numbers, and a release candidate is lower than its release: 7.3-rc2 <
 * 7.3 < 7.3.4. No version is the lowest.
 */
static int compare_versions(const char *a, const char *b)
{
	size_t na, nb;
	int ret;

	if (!a || !b)
		return !!a - !!b;
	na = strspn(a, "0123456789.");
	nb = strspn(b, "0123456789.");
	if (na == nb && !strncmp(a, b, na)) {
		if (!strncmp(a + na, "-rc", 3) != !strncmp(b + nb, "-rc", 3))
			return strncmp(a + na, "-rc", 3) ? 1 : -1;
		return strverscmp(a, b);
	}
	/* the shorter of two equal beginnings is the older: 7.3 < 7.3.1 */
	ret = strncmp(a, b, na < nb ? na : nb);
	return ret ? strverscmp(a, b) : na < nb ? -1 : 1;
}

/*
 * A version is looked up among released kernels, not among builds of a local tree. One with options
 * of its own is only meant by its key.
 */
static bool is_candidate(const struct ktstr_kernel_entry *e)
{
	return !e->corrupt && !e->stale && !e->extra_hash;
}

bool ktstr_kernel_cache__is_release(const struct ktstr_kernel_entry *e)
{
	return is_candidate(e) && e->version &&
	       !(e->source && (!strcmp(e->source, "local") || !strcmp(e->source, "git")));
}

int ktstr_kernel_cache__pick(struct ktstr_kernel *k, const char *version, struct ktstr_err *err)
{
	const struct ktstr_kernel_entry *best = NULL;
	struct ktstr_kernel_entry *list;
	int nr = ktstr_kernel__list(&list, err), i, ret = -ENOENT;

	if (nr < 0)
		return nr;
	for (i = 0; i < nr; i++) {
		if (version ? !ktstr_kernel_cache__is_release(&list[i]) ||
			      !ktstr_kernel_form__version_matches(version, list[i].version) :
			      !is_candidate(&list[i]))
			continue;
		if (!best || compare_versions(list[i].version, best->version) > 0)
			best = &list[i];
	}
	if (best)
		ret = take(k, best, err);
	ktstr_kernel__list_free(list, nr);
	return ret;
}
