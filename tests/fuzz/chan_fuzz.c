// SPDX-License-Identifier: GPL-2.0
/*
 * The host's end of the channel against a guest that does what it likes: it writes proper
 * messages, scribbles over any byte of the region at any time, sets positions. The host
 * never reads outside the region and never gets more than the ring can hold.
 *
 * Input: operations, see enum op.
 */
#include <errno.h>

#include "fuzz.h"
#include "harness/chan/chan.h"

#define REGION		4096
#define WRITE_POS	64	/* offsets of the header's words: docs/channel.md */
#define READ_POS	128

enum op {
	OP_WRITE,	/* type, length: a message as a guest of ours writes it */
	OP_SCRIBBLE,	/* u16 offset, byte */
	OP_WRITE_POS,	/* u16 to be added, may be negative */
	OP_READ_POS,
	OP_READ,
	NR_OPS
};

static void seeds(void)
{
	static const uint8_t plain[] = {
		OP_WRITE, 1, 8, OP_READ, OP_WRITE, 6, 200, OP_WRITE, 7, 0, OP_READ, OP_READ,
		OP_READ,
	};
	static const uint8_t hostile[] = {
		OP_WRITE, 1, 8, OP_SCRIBBLE, 8, 1, 255, OP_READ, OP_WRITE_POS, 0xff, 0x7f,
		OP_READ, OP_READ_POS, 1, 0, OP_WRITE, 1, 1, OP_READ,
	};

	seed("plain", plain, sizeof(plain));
	seed("hostile", hostile, sizeof(hostile));
}

static void add(uint8_t *word, int16_t delta)
{
	uint64_t v;

	memcpy(&v, word, sizeof(v));
	v += (uint64_t)(int64_t)delta;
	memcpy(word, &v, sizeof(v));
}

/* Everything there is; at most what a ring can hold at once. */
static void drain(struct ktstr_chan *host)
{
	struct ktstr_msg msg;
	size_t got = 0;
	int ret;

	while ((ret = ktstr_chan__read(host, &msg)) == 1) {
		must(msg.len <= REGION && !((const char *)msg.payload)[msg.len]);
		must(msg.type < KTSTR_NR_MSG_TYPES);
		got += 24 + msg.len;
		must(got <= REGION);
	}
	must(!ret || (ret == -EBADMSG && ktstr_chan__read(host, &msg) == -EBADMSG));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t text[256] = "payload";
	uint8_t *region = aligned_alloc(64, REGION);
	const uint8_t *p = data, *end = data + size;
	struct ktstr_chan *host, *guest;

	must(region);
	host = ktstr_chan__format(region, REGION);
	guest = ktstr_chan__attach(region, REGION);
	must(host && guest);
	while (end - p >= 4) {
		int16_t arg;

		memcpy(&arg, p + 1, sizeof(arg));
		switch (*p % NR_OPS) {
		case OP_WRITE:
			ktstr_chan__write(guest, p[1], 5, text, p[2]);
			p += 3;
			break;
		case OP_SCRIBBLE:
			region[(uint16_t)arg % REGION] = p[3];
			p += 4;
			break;
		case OP_WRITE_POS:
			add(region + WRITE_POS, arg);
			p += 3;
			break;
		case OP_READ_POS:
			add(region + READ_POS, arg);
			p += 3;
			break;
		default:
			drain(host);
			p++;
		}
	}
	drain(host);
	ktstr_chan__free(host);
	ktstr_chan__free(guest);
	free(region);
	return 0;
}
