// SPDX-License-Identifier: GPL-2.0
/* The root scheduler: see root.h. */
#include <errno.h>
#include <linux/kernel.h>
#include <string.h>

#include "root.h"

/*
 * Members of scx_sched that were variables before (kernel/sched/ext.c). One with a @type has members
 * itself; BTF has no types of variables.
 */
static const struct {
	const char *member, *symbol, *type;
	uint32_t size;
	enum ktstr_btf_class class;
} before[] = {
	{ "ops", "scx_ops", "sched_ext_ops" },
	{ "exit_kind", "scx_exit_kind", "atomic_t" },
	{ "exit_info", "scx_exit_info", NULL, 8, KTSTR_BTF_POINTER },
	{ "dsq_hash", "dsq_hash", "rhashtable" },
	{ "global_dsqs", "global_dsqs", NULL, 8, KTSTR_BTF_POINTER },
	{ "dsp_max_batch", "scx_dsp_max_batch", NULL, 4, KTSTR_BTF_UNSIGNED },
	{ "warned_zero_slice", "scx_warned_zero_slice", NULL, 1, KTSTR_BTF_UNSIGNED },
};

int ktstr_root__now(struct ktstr_kview *v, uint64_t *root)
{
	int ret = ktstr_kview__pointer(v, "scx_root", root);

	if (ret == -ENOENT)
		ret = ktstr_kview__pointer(v, "scx_root_kobj", root);
	if (ret)
		*root = 0;
	return ret == -ENOENT ? 0 : ret;
}

/* @path begins with the name of row @i. The rest of it is "", or what follows the dot. */
static bool begins_with(const char *path, size_t i, const char **rest)
{
	size_t len = strlen(before[i].member);

	if (strncmp(path, before[i].member, len) || (path[len] && path[len] != '.'))
		return false;
	*rest = path + len + (path[len] == '.');
	return true;
}

void ktstr_root__find(struct ktstr_place *p, const struct ktstr_kimage *img, const char *path)
{
	const char *rest;

	ktstr_place__find(p, img->btf, "scx_sched", path);
	for (size_t i = 0; !p->found && i < ARRAY_SIZE(before); i++) {
		if (!begins_with(path, i, &rest))
			continue;
		if (before[i].type)
			ktstr_place__find(p, img->btf, before[i].type, rest);
		else if (!*rest)
			*p = (struct ktstr_place){ .found = true, .field = {
				.size = before[i].size, .class = before[i].class } };
		p->found = p->found && !ktstr_kimage__symbol(img, before[i].symbol, &p->kva);
		return;
	}
}
