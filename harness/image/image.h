/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Images of booted guests (docs/images.md). A deterministic machine, or one of KVM, boots once with
 * the init of guest/boot, which depends on no test, and is saved. Every run whose machine has the same
 * key starts from there. What belongs to the test follows as an archive.
 */
#ifndef KTSTR_IMAGE_IMAGE_H
#define KTSTR_IMAGE_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/model/run.h"
#include "lib/err.h"
#include "vmm/vm.h"

struct ktstr_image {
	struct vm_saved saved;		/* -1: closed */
	char key[KTSTR_IMAGE_KEY_LEN];
	bool made;			/* by this call, not found */
	int initrd_fd;			/* of the init, for the spec of machines that start from it */
	struct vm_part initrd_base;
};

#define KTSTR_IMAGE_NONE { \
	.saved = { -1, -1, -1, -1, false }, .initrd_fd = -1, .initrd_base = { .fd = -1 } }

/*
 * The image for machines like @spec, whose kernel, command line, topology, memory and emulator
 * make its key; its initrd and its seed do not count. It is made when there is none, which takes
 * @timeout_ms at most; another process that makes the same one is waited for. @wake_fd (-1: none)
 * ends the waiting when it becomes readable: -EINTR.
 * 0, or -errno with @err, which then says why the run has to boot. ktstr_image__put() in either
 * case.
 */
int ktstr_image__get(struct ktstr_image *im, const struct vm_spec *spec, int timeout_ms,
		     int wake_fd, struct ktstr_err *err);
/* A machine was created from it, so its memory is what was saved: the next one need not check it. */
void ktstr_image__good(const struct ktstr_image *im);
void ktstr_image__put(struct ktstr_image *im);

/*
 * Give the machine, which has just been started from an image, its archive: @base and @initrd_fd
 * as in struct vm_spec, and the seed of the run. Afterwards it stands at a sync point, and its
 * shared stretch may be formatted. 0, -EINTR (@wake_fd), or -errno with @err.
 */
int ktstr_late__send(struct vm *vm, const struct vm_part *base, int initrd_fd, uint64_t seed,
		     int timeout_ms, int wake_fd, struct ktstr_err *err);

/* Where they are: .images in the cache of kernels. 0 or -errno with @err. */
int ktstr_image__root(char *buf, size_t size, struct ktstr_err *err);

/* One image in the cache, for people. Its text has a line "NAME VALUE" for each part of the key. */
struct ktstr_image_entry {
	char key[KTSTR_IMAGE_KEY_LEN];
	uint64_t bytes;			/* on disk */
	int64_t used_s;			/* when it was last used, seconds since 1970 */
	char *text;
};

/* All of them, the last used first. Their number or -errno; an empty or missing cache has none. */
int ktstr_image__list(struct ktstr_image_entry **all, struct ktstr_err *err);
void ktstr_image__list_free(struct ktstr_image_entry *all, int nr);
/* Remove one, or all for NULL. What a run uses stays usable for it. Their number or -errno. */
int ktstr_image__remove(const char *key, struct ktstr_err *err);

#endif
