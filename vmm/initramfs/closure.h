/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The shared libraries of a program: found as the host's dynamic loader would find them,
 * placed where the guest's will look. The guest has no loader cache and no LD_LIBRARY_PATH,
 * and a program often lies elsewhere there, so the two are not the same.
 */
#ifndef KTSTR_VMM_INITRAMFS_CLOSURE_H
#define KTSTR_VMM_INITRAMFS_CLOSURE_H

#include "../err.h"
#include "elf_file.h"
#include "ldcache.h"
#include "tree.h"

/* What the search depends on besides the files themselves. */
struct closure_env {
	const struct ldcache *cache;
	const char *library_path;	/* LD_LIBRARY_PATH or NULL */
};

/*
 * Add to @t everything that @root needs to start: its interpreter and its DT_NEEDED closure.
 * @elf is its content, @exe the guest path under which /proc/self/exe will show it, which
 * decides what $ORIGIN means there. Returns 0 or -errno with @err; a missing library is
 * -ENOENT, naming the object and the soname.
 */
int closure_add(struct tree *t, const struct closure_env *env, struct tree_source *root,
		const struct elf_file *elf, const char *exe, struct vm_err *err);

#endif
