// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel tree around the suite. The folder of the test program tells which one it is: it lies
 * in the tree, in a build folder of its kernel (make O=), or it is the folder in which a suite in a
 * tree was built (selftests O=). An installed copy belongs to no tree.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel_priv.h"
#include "lib/paths.h"

static bool has(const char *dir, const char *name)
{
	char path[PATH_MAX];

	return !ktstr_paths__fmt(path, sizeof(path), "%s/%s", dir, name) &&
	       ktstr_paths__is_file(path);
}

/* A kernel tree has two files at its top; a build folder has the release it built. */
static bool is_tree(const char *dir)
{
	return (has(dir, "Kbuild") && has(dir, "MAINTAINERS")) ||
	       has(dir, "include/config/kernel.release");
}

bool ktstr_kernel_tree__is_unbuilt(const char *dir)
{
	return has(dir, "Kbuild") && has(dir, "MAINTAINERS") && !has(dir, KTSTR_KERNEL_IN_TREE) &&
	       !has(dir, KTSTR_KERNEL_IMAGE);
}

/* The tree or build folder above @dir, or @dir itself, in @tree. */
static bool above(const char *dir, char *tree, size_t size)
{
	char *slash;

	if (ktstr_paths__fmt(tree, size, "%s", dir))
		return false;
	while (!is_tree(tree)) {
		slash = strrchr(tree, '/');
		if (!slash || slash == tree)
			return false;
		*slash = '\0';
	}
	return true;
}

static bool image_in(const char *dir, const char *name, char *path, size_t size)
{
	return !ktstr_paths__fmt(path, size, "%s/%s", dir, name) && ktstr_paths__is_file(path) &&
	       !access(path, R_OK);
}

bool ktstr_kernel_tree__find(const struct ktstr_kernel_suite *s, char *image, size_t size,
			     char *tree, size_t tree_size)
{
	const char *out = getenv("KBUILD_OUTPUT");

	tree[0] = '\0';
	if (out && *out == '/' && (image_in(out, KTSTR_KERNEL_IN_TREE, image, size) ||
				   image_in(out, KTSTR_KERNEL_IMAGE, image, size)))
		return true;
	if (s->dir && above(s->dir, tree, tree_size)) {
		if (image_in(tree, KTSTR_KERNEL_IN_TREE, image, size))
			return true;
	} else {
		tree[0] = '\0';
	}
	/* the objects of the build are beside the programs, but not beside installed ones */
	if (!s->dir || !s->made_in || !has(s->dir, "obj/flags"))
		return false;
	return !ktstr_paths__fmt(tree, tree_size, "%s", s->made_in) &&
	       image_in(tree, KTSTR_KERNEL_IN_TREE, image, size);
}
