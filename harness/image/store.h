/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The cache of images: a folder for each key, with the files key, state, ram, console, output and
 * sums, and checked when the memory's checksum was found right since the host booted. A writer fills a folder of its own and renames it, so that an image is there wholly or not
 * at all. Readers keep the files open, so an image that is in use may be removed.
 */
#ifndef KTSTR_IMAGE_STORE_H
#define KTSTR_IMAGE_STORE_H

#include "image.h"

#define KTSTR_IMAGE_BUDGET	(UINT64_C(6) << 30)	/* bytes on disk, all images together */

struct ktstr_image_store {
	int dirfd;
	char path[4096];
};

int ktstr_store__open(struct ktstr_image_store *s, struct ktstr_err *err);
void ktstr_store__close(struct ktstr_image_store *s);

/*
 * Open the files of the image. 0, -ENOENT: there is none, or a damaged one, which is removed; or
 * -errno.
 */
int ktstr_store__find(struct ktstr_image_store *s, const char *key, struct vm_saved *to);

/*
 * Only one process makes the image of a key. The lock's descriptor, or -errno; -EAGAIN: taken. It is
 * a file beside the images, which goes when the lock is released. That of a killed process stays, is
 * not locked, and goes with the next commit or list.
 */
int ktstr_store__lock(struct ktstr_image_store *s, const char *key);
/* Release @lock (-1: nothing) and set it to -1. */
void ktstr_store__unlock(struct ktstr_image_store *s, const char *key, int *lock);

/*
 * Remember for a week that the machine of @key can have no image, and why (refused.c). 0 or -errno.
 * is_refused: then @why has it. sweep: forget that of @key (NULL: of all).
 */
int ktstr_store__refuse(struct ktstr_image_store *s, const char *key, const char *why);
bool ktstr_store__is_refused(struct ktstr_image_store *s, const char *key, char *why, size_t size);
void ktstr_store__sweep_refused(struct ktstr_image_store *s, const char *key, bool old_only);

/* The machine's memory @ram_fd, of the image @key, has been compared with its checksum. */
void ktstr_store__set_checked(struct ktstr_image_store *s, const char *key, int ram_fd);

/* An image that is being written. */
struct ktstr_image_draft {
	int dirfd;			/* of its folder, locked as long as it is open */
	char name[64];
	char console[4200], output[4200], emulator[4200];	/* paths, for a spec */
	struct vm_saved files;		/* state and ram only */
};

/* -errno with @err, and nothing is left. */
int ktstr_store__begin(struct ktstr_image_store *s, struct ktstr_image_draft *d,
		       struct ktstr_err *err);
/* Complete it under @key and remove the least recently used images beyond the budget. */
int ktstr_store__commit(struct ktstr_image_store *s, struct ktstr_image_draft *d,
			const char *key, const char *text, struct ktstr_err *err);
/* To be called in any case; removes a draft that was not completed. */
void ktstr_store__end(struct ktstr_image_store *s, struct ktstr_image_draft *d);

#endif
