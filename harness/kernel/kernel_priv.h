/* SPDX-License-Identifier: GPL-2.0 */
/* What the kernel*.c files share. */
#ifndef KTSTR_KERNEL_KERNEL_PRIV_H
#define KTSTR_KERNEL_KERNEL_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel.h"
#include "kernel_spec.h"

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

/* kernel_tree.c */
/* Whose kernel is to be tested: where the programs of the suite are. */
struct ktstr_kernel_suite {
	const char *dir;	/* folder of the test program; NULL: unknown */
	const char *made_in;	/* the kernel tree in which the suite was built; NULL: in none */
};
/*
 * The kernel that was built in the tree around the suite. False: there is no image; then @tree
 * names that tree, or is empty when the suite is in none.
 */
bool ktstr_kernel_tree__find(const struct ktstr_kernel_suite *s, char *image, size_t size,
			     char *tree, size_t tree_size);

/* kernel.c: ktstr_kernel__find() for the programs of @suite */
int ktstr_kernel__find_for(struct ktstr_kernel *k, const struct ktstr_kernel_suite *suite,
			   struct ktstr_err *err);

/* kernel_image.c */
/* Where the compressed kernel lies in the image; an ELF image is its own payload. */
struct ktstr_kernel_payload {
	uint64_t offset, len;
};
int ktstr_kernel_image__payload(const char *path, struct ktstr_kernel_payload *p,
				struct ktstr_err *err);

#define KTSTR_KERNEL_BUILDS	".builds"	/* in the cache; setup/build.sh */

/* kernel_cache.c */
/* Can a version mean it? */
bool ktstr_kernel_cache__is_release(const struct ktstr_kernel_entry *e);
bool ktstr_kernel_cache__valid_key(const char *key);
/* Take the entry @key: path and shared lock. 0, -ENOENT, or -errno with @err. */
int ktstr_kernel_cache__take(struct ktstr_kernel *k, const char *key, struct ktstr_err *err);
/* Newest entry, or with @version the highest matching one. 0, -ENOENT, -errno with @err. */
int ktstr_kernel_cache__pick(struct ktstr_kernel *k, const char *version, struct ktstr_err *err);
/* When @image lies in the cache: its entry's folder in @dir and true. */
bool ktstr_kernel_cache__owns(const char *image, char *dir, size_t size);
/* Shared flock on the entry of @image if it is in the cache; fd or -1. */
int ktstr_kernel_cache__lock(const char *image);

/* kernel_meta.c */
/*
 * The text as JSON, to be freed with json_decref(); NULL when it is not one whole object, has a
 * key twice or is not UTF-8.
 */
struct json_t *ktstr_kernel_meta__parse(const char *text, size_t len);
/* The top-level string @key, or the string @sub of the top-level object @key; NULL: none. */
const char *ktstr_kernel_meta__str(const struct json_t *meta, const char *key, const char *sub);

#endif
