// SPDX-License-Identifier: GPL-2.0
/*
 * Legacy framing: the magic, then for every 8 MiB of input (the last piece may be shorter) a
 * little-endian u32 with the compressed size and one raw LZ4 block. There is no end mark and
 * no checksum (lib/decompress_unlz4.c in the kernel tree).
 */
#include <endian.h>
#include <errno.h>
#include <lz4.h>
#include <stdlib.h>
#include <string.h>

#include "lz4_legacy.h"

struct lz4_legacy {
	struct io_sink sink;
	size_t fill;
	int error;		/* the first failure; sticks */
	int bound;
	char *in, *out;		/* one chunk, and room for its worst case */
};

static void lz4_legacy_free(struct lz4_legacy *z)
{
	free(z->in);
	free(z->out);
	free(z);
}

static int put_le32(struct io_sink *sink, uint32_t v)
{
	v = htole32(v);
	return sink->write(sink->ctx, &v, sizeof(v));
}

struct lz4_legacy *lz4_legacy_begin(struct io_sink sink)
{
	struct lz4_legacy *z = calloc(1, sizeof(*z));

	if (!z)
		return NULL;
	z->sink = sink;
	z->bound = LZ4_compressBound(LZ4_LEGACY_CHUNK);
	z->in = malloc(LZ4_LEGACY_CHUNK);
	z->out = malloc(z->bound);
	if (!z->in || !z->out) {
		lz4_legacy_free(z);
		errno = ENOMEM;
		return NULL;
	}
	z->error = put_le32(&z->sink, LZ4_LEGACY_MAGIC);
	return z;
}

static int flush_chunk(struct lz4_legacy *z)
{
	int n, ret;

	if (!z->fill)
		return 0;
	n = LZ4_compress_default(z->in, z->out, z->fill, z->bound);
	if (n <= 0)
		return -EIO;
	ret = put_le32(&z->sink, n);
	if (!ret)
		ret = z->sink.write(z->sink.ctx, z->out, n);
	z->fill = 0;
	return ret;
}

int lz4_legacy_write(void *ctx, const void *buf, size_t len)
{
	struct lz4_legacy *z = ctx;
	const char *p = buf;

	while (len && !z->error) {
		size_t n = LZ4_LEGACY_CHUNK - z->fill;

		if (n > len)
			n = len;
		memcpy(z->in + z->fill, p, n);
		z->fill += n;
		p += n;
		len -= n;
		if (z->fill == LZ4_LEGACY_CHUNK)
			z->error = flush_chunk(z);
	}
	return z->error;
}

int lz4_legacy_end(struct lz4_legacy *z)
{
	int ret = z->error;

	if (!ret)
		ret = flush_chunk(z);
	lz4_legacy_free(z);
	return ret;
}

static uint32_t get_le32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return le32toh(v);
}

int lz4_legacy_decode(const void *buf, size_t len, struct io_sink sink)
{
	const uint8_t *p = buf, *end = p + len;
	int n, ret = 0;
	char *out;

	if (len < 4 || get_le32(p) != LZ4_LEGACY_MAGIC)
		return -EBADMSG;
	out = malloc(LZ4_LEGACY_CHUNK);
	if (!out)
		return -ENOMEM;
	while (!ret && p < end) {
		uint32_t size;

		if (end - p < 4) {
			ret = -EBADMSG;
			break;
		}
		size = get_le32(p);
		p += 4;
		if (size == LZ4_LEGACY_MAGIC)
			continue;
		if (!size || size > (size_t)(end - p) ||
		    size > (uint32_t)LZ4_compressBound(LZ4_LEGACY_CHUNK)) {
			ret = -EBADMSG;
			break;
		}
		n = LZ4_decompress_safe((const char *)p, out, size, LZ4_LEGACY_CHUNK);
		p += size;
		ret = n < 0 ? -EBADMSG : sink.write(sink.ctx, out, n);
	}
	free(out);
	return ret;
}
