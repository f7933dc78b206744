// SPDX-License-Identifier: GPL-2.0
/*
 * The commit of the sources of a kernel, where that is known: KTSTR_KERNEL_COMMIT says it, a cache
 * entry has recorded it, or the image lies in the tree that it was built in.
 */
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel.h"
#include "kernel_priv.h"
#include "lib/git.h"
#include "lib/paths.h"

#define META_MAX	(1u << 20)

/* What stands for @dir in "DIR=COMMIT;DIR=COMMIT". */
static bool given(const char *dir, char *buf, size_t size)
{
	const char *map = getenv(KTSTR_ENV_KERNEL_COMMIT), *end, *eq;
	size_t len = strlen(dir);

	for (; map && *map; map = *end ? end + 1 : end) {
		end = strchrnul(map, ';');
		eq = memchr(map, '=', end - map);
		if (!eq || eq + 1 == end || (size_t)(eq - map) != len || strncmp(map, dir, len))
			continue;
		snprintf(buf, size, "%.*s", (int)(end - eq - 1), eq + 1);
		return true;
	}
	return false;
}

/* DIR of DIR/arch/ARCH/boot/IMAGE, or what a build folder (make O=) names as its source. */
static bool tree_of(const char *image, char *tree, size_t size)
{
	char up[PATH_MAX], link[PATH_MAX + 8];
	unsigned int i;
	char *slash;

	if (ktstr_paths__fmt(up, sizeof(up), "%s", image))
		return false;
	for (i = 0; i < 4; i++) {
		slash = strrchr(up, '/');
		if (!slash || (i == 1 && strcmp(slash, "/boot")) ||
		    (i == 3 && strcmp(slash, "/arch")))
			return false;
		*slash = '\0';
	}
	snprintf(link, sizeof(link), "%s/source", up);
	return size >= PATH_MAX && (realpath(link, tree) || realpath(up, tree));
}

static bool recorded(const char *dir, char *buf, size_t size)
{
	char path[PATH_MAX], *text = NULL;
	const char *hash = NULL;
	json_t *meta = NULL;
	size_t len;

	if (!ktstr_paths__fmt(path, sizeof(path), "%s/metadata.json", dir))
		text = ktstr_paths__read(path, META_MAX, &len);
	if (text)
		meta = ktstr_kernel_meta__parse(text, len);
	if (meta)
		hash = ktstr_kernel_meta__str(meta, "source", "git_hash");
	if (hash)
		snprintf(buf, size, "%.7s", hash);
	json_decref(meta);
	free(text);
	return hash;
}

bool ktstr_kernel__commit(const struct ktstr_kernel *k, char *buf, size_t size)
{
	char dir[PATH_MAX], tree[PATH_MAX];
	char *slash;

	if (!k->path || ktstr_paths__fmt(dir, sizeof(dir), "%s", k->path))
		return false;
	slash = strrchr(dir, '/');
	if (slash)
		*slash = '\0';
	if (given(dir, buf, size))
		return true;
	if (tree_of(k->path, tree, sizeof(tree)))
		return given(tree, buf, size) || ktstr_git__commit(tree, false, buf, size);
	return recorded(dir, buf, size);
}
