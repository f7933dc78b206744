// SPDX-License-Identifier: GPL-2.0
/*
 * The archive writer: whatever paths and bodies it is given, what it takes is read back by a
 * newc reader as it was given, and nothing else is in the archive.
 *
 * Input: entries of a kind byte, a NUL-terminated path, and for files a length byte and body.
 */
#include <stdbool.h>
#include <sys/stat.h>

#include "vmm/initramfs/tree/cpio.h"
#include "fuzz.h"

#define ROOM	(1 << 20)
#define HEADER	110	/* bytes of a newc header: six magic, thirteen fields of eight */

static uint8_t archive[ROOM];
static size_t fill;

struct entry {
	char path[5000], target[5000];
	const uint8_t *body;
	size_t len;
	uint32_t mode;
};

static int append(void *ctx, const void *buf, size_t len)
{
	(void)ctx;
	must(len <= ROOM - fill);
	memcpy(archive + fill, buf, len);
	fill += len;
	return 0;
}

static void seeds(void)
{
	static const char ok[] = "d/bin\0f/bin/a\0\005hellol/lib\0usr/lib";

	seed("three", ok, sizeof(ok));
	seed("bad", "d/../x\0f/a//b\0\0d/TRAILER!!!", 28);
}

static uint32_t field(const uint8_t *h, int nr)
{
	char hex[9] = "";
	char *end;
	uint32_t v;

	memcpy(hex, h + 6 + nr * 8, 8);
	v = (uint32_t)strtoul(hex, &end, 16);
	must(end == hex + 8);
	return v;
}

/* The entry at @at is @e; returns where the next one begins. */
static size_t expect(size_t at, const char *path, uint32_t mode, const void *body, size_t len)
{
	const uint8_t *h = archive + at;

	must(at % 4 == 0 && fill - at >= HEADER && !memcmp(h, "070701", 6));
	must(field(h, 1) == mode && field(h, 6) == len);
	must(field(h, 11) == strlen(path) + 1);
	must(!memcmp(h + HEADER, path, strlen(path) + 1));
	at = (at + HEADER + strlen(path) + 1 + 3) & ~3ul;
	must(at <= fill && len <= fill - at && !memcmp(archive + at, body, len));
	return (at + len + 3) & ~3ul;
}

/* The next string of the input, NULL at its end. */
static const char *string(const uint8_t **p, const uint8_t *end)
{
	const uint8_t *s = *p, *nul = memchr(s, 0, (size_t)(end - s));

	if (!nul)
		return NULL;
	*p = nul + 1;
	return (const char *)s;
}

/* Writes the next entry; false at the end of the input. */
static bool write_one(struct cpio *c, const uint8_t **p, const uint8_t *end, size_t *at)
{
	const char *path, *target;
	struct ktstr_err err;
	uint8_t kind, len;

	if (end - *p < 2)
		return false;
	kind = *(*p)++;
	path = string(p, end);
	if (!path)
		return false;
	if (cpio_check_path(path, &err))
		return true;
	if (kind == 'd') {
		must(!cpio_dir(c, path, 0755));
		*at = expect(*at, path + 1, S_IFDIR | 0755, "", 0);
	} else if (kind == 'l') {
		target = string(p, end);
		if (!target)
			return false;
		if (cpio_symlink(c, path, target))
			return true;
		*at = expect(*at, path + 1, S_IFLNK | 0777, target, strlen(target));
	} else {
		if (*p == end)
			return false;
		len = *(*p)++;
		if (len > end - *p)
			return false;
		must(!cpio_file(c, path, 0644, len) && !cpio_body(c, *p, len));
		must(!len || cpio_body(c, *p, 1) == -75);	/* EOVERFLOW */
		*at = expect(*at, path + 1, S_IFREG | 0644, *p, len);
		*p += len;
	}
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *p = data;
	size_t at = 0;
	struct cpio c;

	if (size > 10000)
		return 0;
	fill = 0;
	cpio_init(&c, (struct io_sink){ append, NULL }, 0);
	while (write_one(&c, &p, data + size, &at))
		;
	must(!cpio_end(&c));
	expect(at, "TRAILER!!!", 0, "", 0);
	must(fill % CPIO_ALIGN == 0);
	return 0;
}
