/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Dynamic string tokens of ld.so(8) in library search paths: $ORIGIN, $LIB and $PLATFORM,
 * also in braces, expanded for this machine and for the guest at once.
 */
#ifndef KTSTR_VMM_INITRAMFS_ELF_DST_H
#define KTSTR_VMM_INITRAMFS_ELF_DST_H

/*
 * The folder of an object: as it was found on the host, its canonical path there, and in the
 * guest.
 */
struct dst_origin {
	char *host, *canon, *guest;
};

struct dst {
	const struct dst_origin *origin;
	const char *platform;
	const char *interp_dir;		/* canonical; tells what $LIB is here; may be NULL */
};

/*
 * Split @list at the characters of @seps and call @fn with every expansion of every element, best
 * first. Relative and empty elements are skipped, as they depend on the guest's current directory.
 * Stops at the first non-zero result of @fn and returns it, else 0.
 */
int dst_each(const struct dst *d, const char *list, const char *seps,
	     int (*fn)(void *ctx, const char *host, const char *guest), void *ctx);

#endif
