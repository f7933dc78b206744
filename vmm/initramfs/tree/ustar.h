/* SPDX-License-Identifier: GPL-2.0 */
/* The header of a POSIX ustar archive (pax(1), "ustar Interchange Format"). */
#ifndef KTSTR_VMM_INITRAMFS_TREE_USTAR_H
#define KTSTR_VMM_INITRAMFS_TREE_USTAR_H

#include <stdint.h>

#define USTAR_BLOCK	512

#define USTAR_FILE	'0'
#define USTAR_LINK	'2'	/* symbolic */
#define USTAR_DIR	'5'

/*
 * Fill @h for an absolute @path, which the archive holds as "./a/b": owner root, time zero. @target:
 * of a link, else "". 0, -ENAMETOOLONG: the path (255 bytes, with a '/' in the right place) or the
 * target (100) does not fit, or -EFBIG.
 */
int ustar_header(uint8_t h[USTAR_BLOCK], const char *path, char type, uint32_t mode, uint64_t size,
		 const char *target);

#endif
