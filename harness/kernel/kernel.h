/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Finds the kernel to boot. Discovery never builds, downloads or stores anything, and an
 * explicitly named kernel is never replaced by another one.
 */
#ifndef KTSTR_KERNEL_KERNEL_H
#define KTSTR_KERNEL_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/model/run.h"
#include "lib/err.h"

/*
 * `ktstr run` finds the kernel once and hands it to the programs in KTSTR_TEST_KERNEL. This
 * variable goes with it, and says how it was found.
 */
#define KTSTR_ENV_KERNEL_SOURCE	"KTSTR_TEST_KERNEL_SOURCE"

/* The commit of kernels, by the folder of the image or of the tree: "DIR=COMMIT;DIR=COMMIT" */
#define KTSTR_ENV_KERNEL_COMMIT	"KTSTR_KERNEL_COMMIT"

/*
 * Order: KTSTR_TEST_KERNEL (image path; set but empty or missing is an error), KTSTR_KERNEL
 * (path of a tree or image, version, cache key), the kernel tree that contains this suite,
 * the cache (highest version first), ./linux, ../linux, /lib/modules/$(uname -r)/build,
 * /lib/modules/$(uname -r)/vmlinuz, /boot/vmlinuz-$(uname -r), /boot/vmlinuz.
 * A KTSTR_KERNEL version or key that misses skips the cache scan. A suite in a kernel tree takes
 * nothing but that tree's kernel, unless one is named. docs/kernels.md.
 * Returns 0 or -errno with @err (err->missing when simply none was found).
 */
int ktstr_kernel__find(struct ktstr_kernel *k, struct ktstr_err *err);
/* The same for an explicit --kernel argument in KTSTR_KERNEL's syntax. */
int ktstr_kernel__resolve(struct ktstr_kernel *k, const char *spec, struct ktstr_err *err);
void ktstr_kernel__put(struct ktstr_kernel *k);
/* "7.3.4, /path/of/bzImage (cache entry x)", for people. */
void ktstr_kernel__describe(const struct ktstr_kernel *k, char *buf, size_t size);

/* The commit of its sources, "1234567" or "1234567-dirty". False: it is not known. */
bool ktstr_kernel__commit(const struct ktstr_kernel *k, char *buf, size_t size);

/*
 * The text of the config beside the image, malloc()ed; NULL: there is none. A kernel with
 * CONFIG_IKCONFIG_PROC shows its own to its users.
 */
char *ktstr_kernel__config(const struct ktstr_kernel *k);

/*
 * Does the image support sched_ext? This reads the image itself (the embedded .config if there is
 * one, else it looks for .BTF and for strings of sched_ext). 0, or -ENOTSUP with @err naming
 * image, release and the missing option.
 */
int ktstr_kernel__check_scx(const struct ktstr_kernel *k, struct ktstr_err *err);

/*
 * First word of the version string in the boot header, malloc()ed in *@release; NULL when the
 * format has none (vmlinux, arm64). 0 or -errno with @err: unreadable, no kernel.
 */
int ktstr_kernel_image__release(const char *path, char **release, struct ktstr_err *err);

/*
 * Feed the decompressed kernel in the image @path to @sink piece by piece; @sink returns 1 to
 * stop, or -errno. 0 or -errno with @err.
 */
typedef int (*ktstr_kernel_sink)(void *arg, const void *data, size_t len);
int ktstr_kernel__unpack(const char *path, ktstr_kernel_sink sink, void *arg,
			 struct ktstr_err *err);

/*
 * The vmlinux inside the bzImage @image, with its relocations behind it: unpacked into the cache when
 * it is not there (.vmlinux, where those that were not used for the longest time go). @path is empty
 * if @image is no bzImage. 0, or -errno with @err.
 */
int ktstr_kernel__vmlinux(const char *image, char *path, size_t size, struct ktstr_err *err);
/* Forget what was unpacked of @image, if it was. */
void ktstr_kernel__forget_vmlinux(const char *image);

/* "DEVICE-INODE-SIZE-TIME": a name for what was made of a file, as long as the file is the same. */
struct stat;
int ktstr_kernel__stamp(char *buf, size_t size, const struct stat *st);

/* The cache: $KTSTR_CACHE_DIR, $XDG_CACHE_HOME/ktstr/kernels, $HOME/.cache/ktstr/kernels. */
int ktstr_kernel__cache_root(char *buf, size_t size, struct ktstr_err *err);

struct ktstr_kernel_entry {
	char *key;		/* directory name */
	char *version;		/* from metadata.json, or NULL */
	char *source;		/* "distro", "tarball", "local", ... */
	char *built_at;		/* ISO 8601 */
	char *image;		/* absolute path, NULL when corrupt */
	char *corrupt;		/* reason, or NULL */
	char *kconfig_hash;	/* CRC32 of the fragment it was built with, or NULL */
	bool stale;		/* ... which is not this suite's: only taken by its key */
	char *extra_hash;	/* CRC32 of --extra-kconfig, or NULL: only taken by its key */
	int64_t mtime;
};
/* Newest first; *@entries is malloc()ed. Returns the count or -errno. */
int ktstr_kernel__list(struct ktstr_kernel_entry **entries, struct ktstr_err *err);
void ktstr_kernel__list_free(struct ktstr_kernel_entry *entries, int nr);

/* Remove the entry @key. 0, or -errno with @err (-EBUSY: a run or a build uses it). */
int ktstr_kernel__remove(const char *key, struct ktstr_err *err);
/* Remove what builds of kernel trees have kept to be faster the next time. 0 or -errno with @err. */
int ktstr_kernel__remove_builds(struct ktstr_err *err);

#endif
