/* SPDX-License-Identifier: GPL-2.0 */
/* What the kernel*.c files share. */
#ifndef KTSTR_CORE_KERNEL_PRIV_H
#define KTSTR_CORE_KERNEL_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel.h"

#if defined(__x86_64__)
#define KTSTR_KERNEL_ARCH	"x86_64"
#define KTSTR_KERNEL_IMAGE	"bzImage"
#define KTSTR_KERNEL_IN_TREE	"arch/x86/boot/bzImage"
#elif defined(__aarch64__)
#define KTSTR_KERNEL_ARCH	"aarch64"
#define KTSTR_KERNEL_IMAGE	"Image"
#define KTSTR_KERNEL_IN_TREE	"arch/arm64/boot/Image"
#else
#error "unsupported architecture"
#endif

#define KTSTR_KERNEL_HINT							\
	"set KTSTR_KERNEL to a kernel tree, image, version or cache key, or KTSTR_TEST_KERNEL to an image"

/* kernel_spec.c: what a KTSTR_KERNEL value is, by its form alone (spec/runtime 8.4) */
enum ktstr_kernel_form {
	KTSTR_KERNEL_PATH,
	KTSTR_KERNEL_VERSION,
	KTSTR_KERNEL_KEY,
	KTSTR_KERNEL_RANGE,
	KTSTR_KERNEL_GIT,
};
enum ktstr_kernel_form ktstr_kernel_form__of(const char *spec);
/* Is @version the one that @spec asks for? "6.14" means any 6.14.x, but no 6.14-rc. */
bool ktstr_kernel_form__version_matches(const char *spec, const char *version);

/* kernel_image.c */
/*
 * First word of the version string in the boot header, malloc()ed in *@release; NULL there
 * when the format carries none (vmlinux, arm64). 0 or -errno with @err: unreadable, no kernel.
 */
int ktstr_kernel_image__release(const char *path, char **release, struct vm_err *err);

/* Where the compressed kernel lies in the image; an ELF image is its own payload. */
struct ktstr_kernel_payload {
	uint64_t offset, len;
};
int ktstr_kernel_image__payload(const char *path, struct ktstr_kernel_payload *p,
				struct vm_err *err);

/* kernel_unpack.c: feed the decompressed kernel to @sink piece by piece; @sink says 1: stop. */
typedef int (*ktstr_kernel_sink)(void *arg, const void *data, size_t len);
int ktstr_kernel__unpack(const char *path, ktstr_kernel_sink sink, void *arg,
			 struct vm_err *err);

/* kernel_cache.c */
/* Take the entry @key: path and shared lock. 0, -ENOENT, or -errno with @err. */
int ktstr_kernel_cache__take(struct ktstr_kernel *k, const char *key, struct vm_err *err);
/* Newest entry, or with @version the highest matching one. 0, -ENOENT, -errno with @err. */
int ktstr_kernel_cache__pick(struct ktstr_kernel *k, const char *version, struct vm_err *err);
/* When @image lies in the cache: its entry's folder in @dir and true. */
bool ktstr_kernel_cache__owns(const char *image, char *dir, size_t size);
/* Shared flock on the entry of @image if it is in the cache; fd or -1. */
int ktstr_kernel_cache__lock(const char *image);

/* kernel_meta.c: the value of a top-level string, or of @sub in a top-level object */
bool ktstr_kernel_meta__get(const char *json, const char *key, const char *sub, char *buf,
			    size_t size);
/* Is the text one whole object at all? */
bool ktstr_kernel_meta__valid(const char *json);

#endif
