/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a terminal on the host and a pseudoterminal in the guest say to each other over a serial
 * port (docs/channel.md). Nearly all of it is what is typed and printed. A control message is the
 * byte 0x10, a letter, at most two numbers with a comma between them, and a semicolon. A byte 0x10
 * that is data is sent twice. A reader that joins late, or gets a line from somebody else, is back
 * in step after a few bytes.
 *
 * A serial port has no flow control. The guest confirms what it has passed on, and the host sends
 * at most KTSTR_TERMINAL_WINDOW bytes of data beyond that.
 */
#ifndef KTSTR_TERMINAL_H
#define KTSTR_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KTSTR_TERMINAL_MARK	0x10
#define KTSTR_TERMINAL_WINDOW	2048

enum terminal_letter {
	TERMINAL_READY	= 'r',	/* to the host: it may send now */
	TERMINAL_TAKEN	= 't',	/* to the host: N more bytes of data were passed on */
	TERMINAL_END	= 'e',	/* to the host: the shell's exit status */
	TERMINAL_SIZE	= 's',	/* to the guest: rows, columns */
};

enum terminal_got {
	TERMINAL_NOTHING,	/* inside a message */
	TERMINAL_DATA,		/* the byte is data */
	TERMINAL_MESSAGE,	/* @letter and @number */
};

struct terminal_reader {
	uint8_t letter;
	uint32_t number[2];
	bool marked, inside;	/* the mark was seen; the letter too */
	unsigned int nr;	/* commas */
};

/* The next byte that was received. What is no message is left out. */
static inline enum terminal_got terminal_read(struct terminal_reader *r, uint8_t byte)
{
	if (!r->marked) {
		r->marked = byte == KTSTR_TERMINAL_MARK;
		return r->marked ? TERMINAL_NOTHING : TERMINAL_DATA;
	}
	if (!r->inside) {
		r->inside = byte >= 'a' && byte <= 'z';
		r->marked = r->inside;
		r->letter = byte;
		r->number[0] = r->number[1] = 0;
		r->nr = 0;
		return byte == KTSTR_TERMINAL_MARK ? TERMINAL_DATA : TERMINAL_NOTHING;
	}
	if (byte >= '0' && byte <= '9' && r->number[r->nr] < 100000) {
		r->number[r->nr] = 10 * r->number[r->nr] + byte - '0';
		return TERMINAL_NOTHING;
	}
	if (byte == ',' && !r->nr) {
		r->nr = 1;
		return TERMINAL_NOTHING;
	}
	r->inside = false;
	r->marked = byte == KTSTR_TERMINAL_MARK;
	return byte == ';' ? TERMINAL_MESSAGE : TERMINAL_NOTHING;
}

/* @len bytes as they are sent, at most twice as many. Returns their number. */
static inline size_t terminal_escape(char *to, const char *from, size_t len)
{
	size_t n = 0;

	for (; len; len--, from++) {
		if (*from == KTSTR_TERMINAL_MARK)
			to[n++] = KTSTR_TERMINAL_MARK;
		to[n++] = *from;
	}
	return n;
}

#endif
