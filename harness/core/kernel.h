/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which kernel to boot. Discovery never builds, downloads or stores, and an explicitly named
 * kernel never silently becomes another.
 */
#ifndef KTSTR_CORE_KERNEL_H
#define KTSTR_CORE_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "../../vmm/err.h"

struct ktstr_kernel {
	char *path;		/* absolute path of the image */
	char *release;		/* from the bzImage header, "7.3.4+deb13-cloud-amd64"; or NULL */
	char *source;		/* how it was found, for people: "KTSTR_KERNEL", "cache", ... */
	int cache_lock_fd;	/* shared flock on the cache entry; -1 when not from the cache */
};

/*
 * Order: KTSTR_TEST_KERNEL (image path; set but empty or missing is an error), KTSTR_KERNEL
 * (path of a tree or image, version, cache key), the kernel tree that contains this suite,
 * the cache (highest version first), ./linux, ../linux, /lib/modules/$(uname -r)/build,
 * /lib/modules/$(uname -r)/vmlinuz, /boot/vmlinuz-$(uname -r), /boot/vmlinuz.
 * A KTSTR_KERNEL version or key that misses skips the cache scan. docs/kernels.md.
 * Returns 0 or -errno with @err (err->missing when simply none was found).
 */
int ktstr_kernel__find(struct ktstr_kernel *k, struct vm_err *err);
/* The same for an explicit --kernel argument in KTSTR_KERNEL's syntax. */
int ktstr_kernel__resolve(struct ktstr_kernel *k, const char *spec, struct vm_err *err);
void ktstr_kernel__put(struct ktstr_kernel *k);

/*
 * Does the image contain what sched_ext needs? Looks into the image itself (embedded
 * .config when there is one, else the presence of .BTF and of sched_ext strings).
 * 0, or -ENOTSUP with @err naming image, release and the missing option.
 */
int ktstr_kernel__check_scx(const struct ktstr_kernel *k, struct vm_err *err);

/* The cache: $KTSTR_CACHE_DIR, $XDG_CACHE_HOME/ktstr/kernels, $HOME/.cache/ktstr/kernels. */
int ktstr_kernel__cache_root(char *buf, size_t size, struct vm_err *err);

struct ktstr_kernel_entry {
	char *key;		/* directory name */
	char *version;		/* from metadata.json, or NULL */
	char *source;		/* "distro", "tarball", "local", ... */
	char *built_at;		/* ISO 8601 */
	char *image;		/* absolute path, NULL when corrupt */
	char *corrupt;		/* reason, or NULL */
	char *kconfig_hash;	/* CRC32 of the fragment it was built with, or NULL */
	bool stale;		/* ... which is not this suite's: only taken by its key */
	int64_t mtime;
};
/* Newest first; *@entries is malloc()ed. Returns the count or -errno. */
int ktstr_kernel__list(struct ktstr_kernel_entry **entries, struct vm_err *err);
void ktstr_kernel__list_free(struct ktstr_kernel_entry *entries, int nr);

#endif
