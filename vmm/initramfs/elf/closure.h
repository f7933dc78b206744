/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The shared libraries of a program: found where the host's dynamic loader would find them, and
 * packed where the guest's will look. These differ: the guest has no loader cache and no
 * LD_LIBRARY_PATH, and a program often has another path there.
 */
#ifndef KTSTR_VMM_INITRAMFS_ELF_CLOSURE_H
#define KTSTR_VMM_INITRAMFS_ELF_CLOSURE_H

#include "lib/err.h"
#include "vmm/initramfs/tree/tree.h"
#include "elf_file.h"
#include "ldcache.h"

/* What the search depends on besides the files themselves. */
struct closure_env {
	const struct ldcache *cache;
	const char *library_path;	/* LD_LIBRARY_PATH or NULL */
};

/*
 * Add to @t everything that @root needs to start: its interpreter and its DT_NEEDED closure. @elf
 * is its content. @exe is the guest path that /proc/self/exe will show, which determines $ORIGIN
 * there. Returns 0 or -errno with @err; a missing library is -ENOENT, naming the object and the
 * soname.
 */
int closure_add(struct tree *t, const struct closure_env *env, struct tree_source *root,
		const struct elf_file *elf, const char *exe, struct ktstr_err *err);

#endif
