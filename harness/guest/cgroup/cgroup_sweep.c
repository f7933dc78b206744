// SPDX-License-Identifier: GPL-2.0
/*
 * Removes cgroups that were left behind. Whoever makes a cgroup removes it, but a task that a
 * scheduler never runs cannot exit, and keeps its cgroup from being removed.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cgroup.h"

/* The first folder in root/@name, as a name below root, into @child. False: there is none. */
static bool first_child(const struct ktstr_cgroups *cg, const char *name, char *child, size_t size)
{
	const char *slash = *name ? "/" : "";
	char dir[PATH_MAX * 2];
	struct dirent *e;
	bool found = false;
	DIR *d;

	snprintf(dir, sizeof(dir), "%s/%s", cg->root, name);
	d = opendir(dir);
	if (!d)
		return false;
	while (!found && (e = readdir(d)))
		found = e->d_type == DT_DIR && strcmp(e->d_name, ".") && strcmp(e->d_name, "..") &&
			(size_t)snprintf(child, size, "%s%s%s", name, slash, e->d_name) < size;
	closedir(d);
	return found;
}

bool ktstr_cgroups__any(const struct ktstr_cgroups *cg)
{
	char name[PATH_MAX];

	return first_child(cg, "", name, sizeof(name));
}

int ktstr_cgroups__sweep(struct ktstr_cgroups *cg, struct ktstr_err *err)
{
	char name[PATH_MAX] = "", child[PATH_MAX], *slash;
	int ret = 0;

	/* down to a leaf, remove it, up by one */
	while (!ret) {
		if (first_child(cg, name, child, sizeof(child))) {
			strcpy(name, child);
			continue;
		}
		if (!*name)
			break;
		ret = ktstr_cgroups__remove(cg, name, err);
		slash = strrchr(name, '/');
		*(slash ?: name) = '\0';
	}
	return ret;
}
