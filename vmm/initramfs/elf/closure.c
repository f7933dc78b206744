// SPDX-License-Identifier: GPL-2.0
/*
 * Breadth-first over DT_NEEDED, in the order of ld.so(8): DT_RPATH of the object and of those
 * that loaded it, LD_LIBRARY_PATH, DT_RUNPATH, the cache, default directories.
 *
 * Every search directory is a pair: its path on the host and its path in the guest, which differ
 * where $ORIGIN is involved. A library is packed at the guest's path. One that the guest's loader
 * would not find, because the host's cache or environment led to it, is also linked into the
 * directory of the dynamic loader, which every loader searches.
 */
#include <elf.h>
#include <errno.h>
#include <limits.h>
#include <linux/kernel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "closure.h"
#include "dst.h"

#define MAX_OBJECTS	4096

/* A loaded object; the list of them is the queue and the set of what was visited. */
struct object {
	struct tree_source *src;
	struct elf_file elf;
	const char *asked;		/* the name by which it was first asked for */
	struct dst_origin origin;
	const struct object *loader;	/* whose DT_NEEDED brought it in */
	struct object *next;
};

struct closure {
	struct tree *tree;
	const struct closure_env *env;
	struct ktstr_err *err;
	struct object *head, **tail;
	unsigned int nr;
	uint16_t machine;
	char *interp;		/* PT_INTERP of the root as it is written; or NULL */
	char *interp_dir;	/* canonical directory of the interpreter; or NULL */
	bool odd_interp;	/* not one that distributions use */
};

/* One path where a library may be. */
struct place {
	const char *host, *guest;	/* full paths; the guest's may contain ".." */
	bool by_default;		/* found without the object's own help */
};

static int no_memory(struct closure *c)
{
	return ktstr_err(c->err, ENOMEM, "initramfs: out of memory");
}

static char *dir_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return strdup(".");
	return slash == path ? strdup("/") : strndup(path, slash - path);
}

static const char *machine_name(uint16_t machine)
{
	return machine == EM_AARCH64 ? "aarch64" : "x86_64";
}

static void object_free(struct object *o)
{
	elf_file_free(&o->elf);
	free(o->origin.host);
	free(o->origin.canon);
	free(o->origin.guest);
	free(o);
}

static const struct object *visited(const struct closure *c, const struct tree_source *src)
{
	for (const struct object *o = c->head; o; o = o->next)
		if (o->src == src)
			return o;
	return NULL;
}

/* Takes over @elf in any case. */
static int append(struct closure *c, struct tree_source *src, struct elf_file *elf,
		  const char *asked, const char *host, const char *guest,
		  const struct object *loader)
{
	struct object *o = calloc(1, sizeof(*o));

	if (!o) {
		elf_file_free(elf);
		return no_memory(c);
	}
	o->elf = *elf;
	o->src = src;
	o->asked = asked;
	o->loader = loader;
	o->origin.host = dir_of(host);
	o->origin.canon = dir_of(src->canon);
	o->origin.guest = dir_of(guest);
	*c->tail = o;
	c->tail = &o->next;
	if (!o->origin.host || !o->origin.canon || !o->origin.guest)
		return no_memory(c);
	if (++c->nr > MAX_OBJECTS)
		return ktstr_err(c->err, ELOOP, "initramfs: more than %d shared libraries",
				 MAX_OBJECTS);
	return 0;
}

/* Walking @path, the guest passes these directories before each "..". */
static int need_dirs(struct closure *c, const char *path)
{
	char prefix[PATH_MAX], dir[PATH_MAX];
	const char *p = path;
	int ret = 0;

	while (!ret && (p = strstr(p, "/.."))) {
		size_t len = p - path;

		p += 3;
		if ((*p && *p != '/') || len >= sizeof(prefix))
			continue;
		memcpy(prefix, path, len);
		prefix[len] = '\0';
		if (tree_normalize(prefix, dir, sizeof(dir)))
			ret = tree_need_dir(c->tree, dir, c->err);
	}
	return ret;
}

/* The name under which the guest's loader finds what only the host's settings found here. */
static int add_alias(struct closure *c, struct tree_source *src, const char *guest)
{
	const char *base = strrchr(guest, '/');
	size_t len = base - guest, dir_len;
	char path[PATH_MAX];

	if (!c->interp_dir)
		return 0;
	/* /lib/T and /usr/lib/T are searched by the loader in either. */
	dir_len = strlen(c->interp_dir);
	if (len == dir_len && !strncmp(guest, c->interp_dir, len))
		return 0;
	if (dir_len == len + 4 && !strncmp(c->interp_dir, "/usr", 4) &&
	    !strncmp(c->interp_dir + 4, guest, len))
		return 0;
	if (snprintf(path, sizeof(path), "%s%s", c->interp_dir, base) >= (int)sizeof(path))
		return 0;
	return tree_add_source(c->tree, src, path, c->err);
}

/*
 * Pack @src, found at @pl, and set @guest to its normalized path in the guest. The canonical name
 * is packed too: at its own path when both paths are equal, otherwise next to the file.
 */
static int add_paths(struct closure *c, struct tree_source *src, const struct place *pl,
		     char guest[PATH_MAX])
{
	char here[PATH_MAX], canon[PATH_MAX + NAME_MAX + 2], *dir, *real = NULL;
	int ret;

	if (!tree_normalize(pl->guest, guest, PATH_MAX) ||
	    !tree_normalize(pl->host, here, sizeof(here)))
		return ktstr_err(c->err, ENAMETOOLONG, "initramfs: %s: the path is too long", pl->host);
	ret = tree_add_source(c->tree, src, guest, c->err);
	if (ret)
		return ret;
	ret = need_dirs(c, pl->guest);
	if (ret)
		return ret;
	ret = pl->by_default ? add_alias(c, src, guest) : 0;
	if (ret)
		return ret;
	if (!strcmp(guest, here))
		return tree_add_source(c->tree, src, src->canon, c->err);

	dir = dir_of(pl->host);
	real = dir ? realpath(dir, NULL) : NULL;
	free(dir);
	dir = dir_of(src->canon);
	if (real && dir && !strcmp(real, dir)) {
		snprintf(canon, sizeof(canon), "%.*s%s",
			 (int)(strrchr(guest, '/') - guest), guest, strrchr(src->canon, '/'));
		ret = tree_add_source(c->tree, src, canon, c->err);
	}
	free(dir);
	free(real);
	return ret;
}

/* 1: @pl holds a library for this machine, now packed; 0: it does not; -errno. */
static int try_place(struct closure *c, const struct place *pl, const char *asked,
		     const struct object *loader)
{
	struct elf_file elf = { 0 };
	struct tree_source *src;
	char guest[PATH_MAX], *real = NULL;
	struct io_id id;
	struct stat st;
	int fd, ret;

	if (pl->host[0] != '/')
		return 0;
	fd = io_open_regular(pl->host, &st, NULL);
	if (fd < 0)
		return fd == -ENFILE || fd == -EMFILE ?
			ktstr_err(c->err, -fd, "initramfs: %s: %s", pl->host, strerror(-fd)) : 0;
	ret = elf_file_read(&elf, fd, st.st_size, NULL);
	close(fd);
	if (ret || elf.kind != ELF_KIND_64 || elf.machine != c->machine) {
		elf_file_free(&elf);
		return ret == -ENOMEM ? no_memory(c) : 0;
	}
	id = io_id(&st);
	real = realpath(pl->host, NULL);
	src = tree_source(c->tree, pl->host, real ? real : pl->host, &id);
	free(real);
	if (!src) {
		elf_file_free(&elf);
		return no_memory(c);
	}
	src->mode = 0755;
	if (!src->named)
		src->strip = true;
	ret = add_paths(c, src, pl, guest);
	if (ret || visited(c, src)) {
		elf_file_free(&elf);
		return ret ? ret : 1;
	}
	ret = append(c, src, &elf, asked, pl->host, guest, loader);
	return ret ? ret : 1;
}

/* Context of one walk over the expansions of a path list. */
struct attempt {
	struct closure *c;
	const char *name;		/* DT_NEEDED; with a slash the path is complete */
	const struct object *loader;
	bool by_default;
};

static int try_expansion(void *ctx, const char *host, const char *guest)
{
	char host_path[PATH_MAX], guest_path[PATH_MAX];
	struct attempt *a = ctx;
	struct place pl = { .host = host, .guest = guest, .by_default = a->by_default };

	if (!strchr(a->name, '/')) {
		if (snprintf(host_path, PATH_MAX, "%s/%s", host, a->name) >= PATH_MAX ||
		    snprintf(guest_path, PATH_MAX, "%s/%s", guest, a->name) >= PATH_MAX)
			return 0;
		pl.host = host_path;
		pl.guest = guest_path;
	}
	return try_place(a->c, &pl, a->name, a->loader);
}

/* @owner's $ORIGIN counts in @list, @loader asks for @name. */
static int try_list(struct closure *c, const char *list, const char *seps,
		    const struct object *owner, const char *name,
		    const struct object *loader, bool by_default)
{
	struct attempt a = { c, name, loader, by_default };
	struct dst dst = {
		.origin = &owner->origin,
		.platform = machine_name(c->machine),
		.interp_dir = c->interp_dir,
	};

	return list ? dst_each(&dst, list, seps, try_expansion, &a) : 0;
}

static int try_dir(struct closure *c, const char *dir, const char *name,
		   const struct object *loader)
{
	struct attempt a = { c, name, loader, true };

	return try_expansion(&a, dir, dir);
}

/* A loader at an unusual path probably has its libraries next to it. */
static int try_interp_hints(struct closure *c, const char *name, const struct object *o)
{
	static const char * const rel[] = { "", "/../lib", "/../lib64" };
	char hint[PATH_MAX + 16], *dir;
	int ret = 0;

	if (!c->odd_interp)
		return 0;
	dir = dir_of(c->interp);
	if (!dir)
		return no_memory(c);
	for (size_t i = 0; !ret && i < ARRAY_SIZE(rel); i++) {
		snprintf(hint, sizeof(hint), "%s%s", dir, rel[i]);
		ret = try_dir(c, hint, name, o);
	}
	free(dir);
	return ret;
}

static int try_system(struct closure *c, const char *name, const struct object *o)
{
	static const char * const dirs[] = {
		"/lib", "/usr/lib", "/lib64", "/usr/lib64", "/usr/local/lib", "/usr/local/lib64",
	};
	static const char * const multiarch[] = { "/lib/%s-linux-gnu", "/usr/lib/%s-linux-gnu" };
	const struct ldcache *cache = c->env->cache;
	const char *path;
	uint32_t pos = 0;
	int ret = 0;

	if (o->elf.no_default_lib)
		return 0;
	while (!ret && (path = ldcache_next(cache, name, &pos))) {
		struct place pl = { .host = path, .guest = path, .by_default = true };

		ret = try_place(c, &pl, name, o);
	}
	for (size_t i = 0; !ret && i < cache->nr_dirs; i++)
		ret = try_dir(c, cache->dirs[i], name, o);
	for (size_t i = 0; !ret && i < ARRAY_SIZE(dirs); i++)
		ret = try_dir(c, dirs[i], name, o);
	for (size_t i = 0; !ret && i < ARRAY_SIZE(multiarch); i++) {
		char dir[64];

		snprintf(dir, sizeof(dir), multiarch[i], machine_name(c->machine));
		ret = try_dir(c, dir, name, o);
	}
	return ret;
}

/* Is an object with this soname loaded already? ld.so uses it for all objects then. */
static bool loaded_as(const struct closure *c, const char *name)
{
	for (const struct object *o = c->head; o; o = o->next)
		if ((o->asked && !strcmp(o->asked, name)) ||
		    (o->elf.soname && !strcmp(o->elf.soname, name)))
			return true;
	return false;
}

/* Look wherever ld.so does, and in its order. 1: found and packed; 0: not found; -errno. */
static int search(struct closure *c, const struct object *o, const char *name)
{
	const struct object *l;
	int ret;

	if (strchr(name, '/'))
		return try_list(c, name, "", o, name, o, false);
	for (l = o->elf.runpath ? NULL : o; l; l = l->loader) {
		ret = try_list(c, l->elf.rpath, ":", l, name, o, false);
		if (ret)
			return ret;
	}
	ret = try_list(c, c->env->library_path, ":;", c->head, name, o, true);
	if (ret)
		return ret;
	ret = try_list(c, o->elf.runpath, ":", o, name, o, false);
	if (ret)
		return ret;
	ret = try_interp_hints(c, name, o);
	return ret ? ret : try_system(c, name, o);
}

/* Find what @o calls @name: 0 or -errno. */
static int resolve(struct closure *c, const struct object *o, const char *name)
{
	int ret = search(c, o, name);

	if (ret < 0)
		return ret;
	if (ret || loaded_as(c, name))
		return 0;
	return ktstr_err(c->err, ENOENT,
			 "initramfs: %s needs the shared library %s, which is not found; install it or set LD_LIBRARY_PATH",
			 o->src->canon, name);
}

static bool is_standard_interp(const char *interp, const char *real)
{
	static const char * const standard[] = {
		"/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1",
		"/lib/ld-linux.so.2", "/lib/ld-linux-armhf.so.3",
		"/lib/ld-musl-x86_64.so.1", "/lib/ld-musl-aarch64.so.1",
		"/libexec/ld-elf.so.1",
	};
	bool same = false;

	for (size_t i = 0; !same && i < ARRAY_SIZE(standard); i++) {
		char *p;

		if (!strcmp(interp, standard[i]))
			return true;
		p = realpath(standard[i], NULL);
		same = p && !strcmp(p, real);
		free(p);
	}
	return same;
}

/*
 * Without PT_INTERP (a lone library) the machine's usual interpreter determines where libraries
 * are.
 */
static int set_interp(struct closure *c, const struct elf_file *elf)
{
	const char *usual = c->machine == EM_AARCH64 ? "/lib/ld-linux-aarch64.so.1" :
						       "/lib64/ld-linux-x86-64.so.2";
	char *real = realpath(elf->interp ? elf->interp : usual, NULL);

	if (!real)
		return 0;
	c->interp_dir = dir_of(real);
	c->interp = elf->interp ? strdup(elf->interp) : NULL;
	c->odd_interp = elf->interp && !is_standard_interp(elf->interp, real);
	free(real);
	return !c->interp_dir || (elf->interp && !c->interp) ? no_memory(c) : 0;
}

static int add_interp(struct closure *c, const struct tree_source *root,
		      const struct elf_file *elf)
{
	struct place pl = { .host = elf->interp, .guest = elf->interp };
	int ret;

	if (!elf->interp)
		return 0;
	ret = try_place(c, &pl, NULL, NULL);
	if (ret < 0)
		return ret;
	if (!ret)
		return ktstr_err(c->err, ENOENT,
				 "initramfs: %s needs the dynamic loader %s, which is not found; install it",
				 root->canon, elf->interp);
	return 0;
}

int closure_add(struct tree *t, const struct closure_env *env, struct tree_source *root,
		const struct elf_file *elf, const char *exe, struct ktstr_err *err)
{
	struct closure c = { .tree = t, .env = env, .err = err, .machine = elf->machine };
	struct object first = {
		.src = root, .elf = *elf,
		.origin = { dir_of(root->canon), dir_of(root->canon), dir_of(exe) },
	};
	int ret;

	c.head = &first;
	c.tail = &first.next;
	if (!first.origin.host || !first.origin.canon || !first.origin.guest) {
		ret = no_memory(&c);
		goto out;
	}
	ret = set_interp(&c, elf);
	if (ret)
		goto out;
	ret = add_interp(&c, root, elf);
	for (struct object *o = &first; o && !ret; o = o->next)
		for (size_t i = 0; i < o->elf.nr_needed && !ret; i++)
			ret = resolve(&c, o, o->elf.needed[i]);
out:
	while (first.next) {
		struct object *o = first.next;

		first.next = o->next;
		object_free(o);
	}
	free(first.origin.host);
	free(first.origin.canon);
	free(first.origin.guest);
	free(c.interp);
	free(c.interp_dir);
	return ret;
}
