/* SPDX-License-Identifier: GPL-2.0 */
/* Kernel images for tests, made byte by byte. */
#ifndef KTSTR_TESTS_IMAGES_H
#define KTSTR_TESTS_IMAGES_H

#include <ftw.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <zstd.h>

#include "lib/paths.h"

#define NOTHING	"nothing of interest"

/* For nftw(): remove a folder and what is in it. */
static inline int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void put(const char *path, const void *data, size_t len)
{
	char *dir = strndup(path, strrchr(path, '/') - path);

	ktstr_paths__mkdirs(dir);
	ktstr_paths__write(path, data, len);
	free(dir);
}

/* A bzImage: one setup sector, boot header, version string, payload. */
static inline void put_image(const char *path, const char *version, const void *payload, size_t len)
{
	unsigned char *b = calloc(1, 2048 + len);
	uint32_t off = 512, plen = len;

	b[0x1f1] = 1;
	memcpy(b + 0x202, "HdrS\x0f\x02", 6);
	b[0x20e] = 0x80;			/* version string at 0x280 */
	strcpy((char *)b + 0x280, version);
	memcpy(b + 0x248, &off, 4);
	memcpy(b + 0x24c, &plen, 4);
	memcpy(b + 2 * 512 + 512, payload, len);
	put(path, b, 2 * 512 + 512 + len);
	free(b);
}

static inline void put_zstd_image(const char *path, const char *version, const void *text, size_t len)
{
	size_t max = ZSTD_compressBound(len) + 4, n;
	char *z = calloc(1, max);

	n = ZSTD_compress(z, max, text, len, 1);
	put_image(path, version, z, n + 4);	/* the build appends the size */
	free(z);
}

/* @text somewhere in 3 MiB that do not compress to nothing. */
static inline char *padded(const char *text, size_t len, size_t at)
{
	char *big = malloc(3 << 20);
	uint32_t x = 1;
	size_t i;

	for (i = 0; i < 3 << 20; i++) {
		x = x * 1664525 + 1013904223;
		big[i] = 'a' + (x >> 28);
	}
	memcpy(big + at, text, len);
	return big;
}

#endif
