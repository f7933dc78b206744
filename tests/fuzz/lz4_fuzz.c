// SPDX-License-Identifier: GPL-2.0
/* The decoder of the legacy LZ4 framing, which reads what the cache holds. */
#include <errno.h>

#include "fuzz.h"
#include "vmm/initramfs/lz4_legacy.h"

struct sum {
	uint8_t bytes[1024];
	size_t fill, total;
};

static int gather(void *ctx, const void *buf, size_t len)
{
	struct sum *s = ctx;
	size_t n = len < sizeof(s->bytes) - s->fill ? len : sizeof(s->bytes) - s->fill;

	memcpy(s->bytes + s->fill, buf, n);
	s->fill += n;
	s->total += len;
	return s->total > 64 << 20 ? -EFBIG : 0;
}

static void seeds(void)
{
	static char text[3000];
	struct sum s = { .fill = 0 };
	struct lz4_legacy *z;

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)(i % 97 ^ i / 1000);
	for (int i = 0; i < 2; i++) {
		z = lz4_legacy_begin((struct io_sink){ gather, &s });
		must(z && !lz4_legacy_write(z, text, sizeof(text)) && !lz4_legacy_end(z));
		seed(i ? "joined" : "one", s.bytes, s.fill);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sum s = { .fill = 0 };
	int ret = lz4_legacy_decode(data, size, (struct io_sink){ gather, &s });

	must(ret <= 0);
	return 0;
}
