// SPDX-License-Identifier: GPL-2.0
/*
 * The legacy LZ4 framing, byte for byte what lib/decompress_unlz4.c reads, and a decoder that
 * takes nothing for granted.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "vmm/initramfs/lz4_legacy.h"

#define CHUNK LZ4_LEGACY_CHUNK

struct buf {
	uint8_t *data;
	long len, room;
	int error;		/* to return instead of taking anything */
};

static int buf_write(void *ctx, const void *p, size_t len)
{
	struct buf *b = ctx;

	if (b->error)
		return b->error;
	if ((long)len > b->room - b->len) {
		b->room = 2 * (b->len + len);
		b->data = realloc(b->data, b->room);
	}
	memcpy(b->data + b->len, p, len);
	b->len += len;
	return 0;
}

#define SINK(b) ((struct io_sink) { buf_write, b })

/* Half compressible, half not, the same every time. */
static uint8_t *pattern(size_t len)
{
	uint8_t *p = malloc(len + 1);
	uint32_t x = 1;

	for (size_t i = 0; i < len; i++) {
		x = x * 1664525 + 1013904223;
		p[i] = i & 4096 ? x >> 24 : 'a';
	}
	return p;
}

static int compress(struct buf *out, const void *in, size_t len, size_t step)
{
	struct lz4_legacy *z = lz4_legacy_begin(SINK(out));
	const char *p = in;

	for (size_t n; len; p += n, len -= n) {
		n = len < step ? len : step;
		if (lz4_legacy_write(z, p, n))
			break;
	}
	return lz4_legacy_end(z);
}

static uint32_t le32(const uint8_t *p)
{
	return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
}

TEST(an_empty_stream_is_the_magic_alone)
{
	struct buf out = { 0 }, back = { 0 };

	ASSERT_EQ(0, compress(&out, "", 0, 1));
	ASSERT_EQ(4, out.len);
	EXPECT_EQ(0, memcmp(out.data, "\x02\x21\x4c\x18", 4));
	EXPECT_EQ(0, lz4_legacy_decode(out.data, out.len, SINK(&back)));
	EXPECT_EQ(0, back.len);
	free(out.data);
}

TEST(a_chunk_is_its_compressed_size_and_a_raw_block)
{
	struct buf out = { 0 };

	ASSERT_EQ(0, compress(&out, "hello", 5, 5));
	EXPECT_EQ(out.len - 8, (long)le32(out.data + 4));
	/* LZ4 block: token with 5 literals, the literals */
	EXPECT_EQ(0, memcmp(out.data + 8, "\x50hello", 6));
	free(out.data);
}

TEST(chunks_hold_8_mib_each_however_the_input_was_cut)
{
	long len = 2 * CHUNK + 12345;
	struct buf a = { 0 }, b = { 0 }, back = { 0 };
	uint8_t *in = pattern(len);
	long off = 4, chunks = 0;

	ASSERT_EQ(0, compress(&a, in, len, len));
	ASSERT_EQ(0, compress(&b, in, len, 65521));
	ASSERT_EQ(a.len, b.len);
	EXPECT_EQ(0, memcmp(a.data, b.data, a.len));
	for (; off < a.len; chunks++)
		off += 4 + le32(a.data + off);
	EXPECT_EQ(a.len, off);
	EXPECT_EQ(3, chunks);
	ASSERT_EQ(0, lz4_legacy_decode(a.data, a.len, SINK(&back)));
	ASSERT_EQ(len, back.len);
	EXPECT_EQ(0, memcmp(in, back.data, len));
	free(in);
	free(a.data);
	free(b.data);
	free(back.data);
}

TEST(exactly_one_chunk_leaves_no_empty_one_behind)
{
	struct buf out = { 0 };
	uint8_t *in = pattern(CHUNK);

	ASSERT_EQ(0, compress(&out, in, CHUNK, CHUNK));
	EXPECT_EQ(out.len, 8 + (long)le32(out.data + 4));
	free(in);
	free(out.data);
}

TEST(joined_streams_decode_to_joined_contents)
{
	struct buf out = { 0 }, back = { 0 };
	long len = CHUNK + 1;
	uint8_t *in = pattern(len);

	ASSERT_EQ(0, compress(&out, in, len, len));
	ASSERT_EQ(0, compress(&out, "", 0, 1));
	ASSERT_EQ(0, compress(&out, "tail", 4, 4));
	ASSERT_EQ(0, lz4_legacy_decode(out.data, out.len, SINK(&back)));
	ASSERT_EQ(len + 4, back.len);
	EXPECT_EQ(0, memcmp(back.data, in, len));
	EXPECT_EQ(0, memcmp(back.data + len, "tail", 4));
	free(in);
	free(out.data);
	free(back.data);
}

TEST(the_lz4_tool_reads_it)
{
	struct buf out = { 0 };
	long len = CHUNK + 777;
	uint8_t *in = pattern(len), *back = malloc(len);
	char path[] = "/tmp/ktstr-lz4-XXXXXX", cmd[128];
	int fd = mkstemp(path);
	FILE *p;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, compress(&out, in, len, 99991));
	ASSERT_EQ(out.len, write(fd, out.data, out.len));
	snprintf(cmd, sizeof(cmd), "command -v lz4 >/dev/null || exit 77; exec lz4 -dc %s", path);
	p = popen(cmd, "r");
	ASSERT_NE(NULL, p);
	len = fread(back, 1, len, p);
	unlink(path);
	close(fd);
	if (WEXITSTATUS(pclose(p)) == 77)
		SKIP(return, "no lz4 tool");
	ASSERT_EQ((long)CHUNK + 777, len);
	EXPECT_EQ(0, memcmp(in, back, len));
	free(in);
	free(back);
	free(out.data);
}

TEST(the_sinks_error_sticks_and_comes_out_at_the_end)
{
	struct buf out = { .error = -ENOSPC };

	EXPECT_EQ(-ENOSPC, compress(&out, "x", 1, 1));
}

TEST(what_is_no_stream_is_refused)
{
	struct buf out = { 0 }, back = { 0 };
	uint8_t *in = pattern(100000);

	ASSERT_EQ(0, compress(&out, in, 100000, 100000));
	EXPECT_EQ(-EBADMSG, lz4_legacy_decode("", 0, SINK(&back)));
	EXPECT_EQ(-EBADMSG, lz4_legacy_decode("\x02\x21\x4c", 3, SINK(&back)));
	EXPECT_EQ(-EBADMSG, lz4_legacy_decode("070701aa", 8, SINK(&back)));
	EXPECT_EQ(-EBADMSG, lz4_legacy_decode(out.data, out.len - 1, SINK(&back)));
	EXPECT_EQ(-EBADMSG, lz4_legacy_decode(out.data, 6, SINK(&back)));
	EXPECT_EQ(0, back.len);
	free(in);
	free(out.data);
}

/* Under ASan every stray access ends the test. */
TEST(mutated_streams_never_reach_outside_their_bytes)
{
	struct buf out = { 0 };
	uint8_t *in = pattern(20000);
	uint32_t x = 7;
	int refused = 0;

	ASSERT_EQ(0, compress(&out, in, 20000, 20000));
	for (int i = 0; i < 800; i++) {
		size_t len = i % 5 ? (size_t)out.len : (x >> 4) % (size_t)out.len;
		uint8_t *copy = malloc(out.len), *exact = malloc(len + !len);
		struct buf back = { 0 };

		memcpy(copy, out.data, out.len);
		for (int n = 0; n < 1 + i % 4; n++) {
			x = x * 1664525 + 1013904223;
			copy[4 + (x >> 8) % (i & 1 ? 16 : out.len - 4)] = x;
		}
		memcpy(exact, copy, len);
		refused += lz4_legacy_decode(exact, len, SINK(&back)) != 0;
		free(copy);
		free(exact);
		free(back.data);
	}
	EXPECT_LT(100, refused);
	free(in);
	free(out.data);
}

TEST_HARNESS_MAIN
