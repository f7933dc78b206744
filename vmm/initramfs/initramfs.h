/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Builds the guest's root file system: a newc cpio archive, LZ4-compressed in the legacy
 * framing that CONFIG_RD_LZ4 understands.
 *
 * It consists of two concatenated streams. The base (programs, their shared-library closure,
 * include files) is the same for every run of a test program: its bytes depend only on its
 * content, and it is cached under a hash of that content. The tail (a few hundred bytes of
 * arguments) differs from run to run and is never cached.
 */
#ifndef KTSTR_VMM_INITRAMFS_H
#define KTSTR_VMM_INITRAMFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/vm.h"

struct initramfs;

/* Returns NULL with errno ENOMEM. */
struct initramfs *initramfs__new(void);
void initramfs__free(struct initramfs *fs);

/*
 * Add a host file at absolute guest path @dest. With @libs, the DT_NEEDED closure and the
 * interpreter are added too, each at the path where the guest's loader will look for it. A host
 * file may be added twice at one path; two different files at one path are an error that names
 * both. Parent directories are created. A missing library is an error naming the object and the
 * soname.
 */
int initramfs__add_file(struct initramfs *fs, const char *src, const char *dest,
			bool libs, struct ktstr_err *err);

/* Add literal content to the tail (not cached). @mode holds permission bits only. */
int initramfs__add_data(struct initramfs *fs, const void *data, size_t len,
			const char *dest, uint32_t mode, struct ktstr_err *err);

/*
 * Finish. Returns a sealed memfd (positioned at 0) with the whole initrd, which the caller closes,
 * or -errno with @err. @cache_dir may be NULL: no cache. When the cache cannot be written
 * (read-only, full), the call succeeds and *@note says so in one sentence; otherwise *@note is
 * empty.
 */
int initramfs__finish(struct initramfs *fs, const char *cache_dir,
		      char *note, size_t note_size, struct ktstr_err *err);

/*
 * The same without copying what is in the cache: the initrd is then @base, which is the cache's
 * own file (page aligned, never changed, closed by the caller), followed by the memfd. All
 * machines that map it share its pages.
 */
int initramfs__finish_parts(struct initramfs *fs, const char *cache_dir,
			    struct vm_part *base, char *note, size_t note_size,
			    struct ktstr_err *err);

/*
 * Instead of finishing: write the files and their folders, but no literal data, to @fd as a tar
 * archive (POSIX ustar), the same bytes for the same files. 0 or -errno with @err.
 */
int initramfs__write_tar(struct initramfs *fs, int fd, struct ktstr_err *err);

/* Bytes that the unpacked archive needs in the guest; valid after initramfs__finish(). */
uint64_t initramfs__unpacked_bytes(const struct initramfs *fs);

#endif
