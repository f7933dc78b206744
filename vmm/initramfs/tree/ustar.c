// SPDX-License-Identifier: GPL-2.0
/*
 * Offsets and lengths of the fields of a ustar header; numbers are octal digits with a NUL. A path
 * that is longer than its field is cut at a '/', and what stands before that goes to another one.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ustar.h"

enum {
	NAME = 0, MODE = 100, UID = 108, GID = 116, SIZE = 124, MTIME = 136, CHECKSUM = 148,
	TYPE = 156, TARGET = 157, MAGIC = 257, VERSION = 263, PREFIX = 345,
};

#define NAME_MAX_LEN	100
#define PREFIX_MAX_LEN	155
#define SIZE_MAX_8G	077777777777ULL	/* eleven digits */

static int put_path(uint8_t *h, const char *path)
{
	size_t len = strlen(path), cut;

	if (len <= NAME_MAX_LEN) {
		memcpy(h + NAME, path, len);
		return 0;
	}
	/* the first '/' that leaves no more than a name */
	for (cut = len - NAME_MAX_LEN - 1; cut < len && path[cut] != '/'; cut++)
		;
	if (cut >= len - 1 || cut > PREFIX_MAX_LEN)
		return -ENAMETOOLONG;
	memcpy(h + PREFIX, path, cut);
	memcpy(h + NAME, path + cut + 1, len - cut - 1);
	return 0;
}

static void put_number(uint8_t *h, unsigned int at, unsigned int digits, uint64_t v)
{
	char text[24];

	snprintf(text, sizeof(text), "%0*llo", (int)digits, (unsigned long long)v);
	memcpy(h + at, text, digits + 1);
}

int ustar_header(uint8_t h[USTAR_BLOCK], const char *path, char type, uint32_t mode, uint64_t size,
		 const char *target)
{
	size_t len = strlen(target);
	unsigned int sum = 0, i;
	char name[NAME_MAX_LEN + PREFIX_MAX_LEN + 2];
	int n;

	n = snprintf(name, sizeof(name), ".%s", path);
	if (n < 0 || (size_t)n >= sizeof(name) || len > NAME_MAX_LEN)
		return -ENAMETOOLONG;
	if (size > SIZE_MAX_8G)
		return -EFBIG;
	memset(h, 0, USTAR_BLOCK);
	if (put_path(h, name))
		return -ENAMETOOLONG;
	put_number(h, MODE, 7, mode);
	put_number(h, UID, 7, 0);
	put_number(h, GID, 7, 0);
	put_number(h, SIZE, 11, size);
	put_number(h, MTIME, 11, 0);
	h[TYPE] = (uint8_t)type;
	memcpy(h + TARGET, target, len);
	memcpy(h + MAGIC, "ustar", 6);
	memcpy(h + VERSION, "00", 2);
	/* of all bytes, with blanks where it will stand */
	memset(h + CHECKSUM, ' ', 8);
	for (i = 0; i < USTAR_BLOCK; i++)
		sum += h[i];
	put_number(h, CHECKSUM, 6, sum);
	return 0;
}
