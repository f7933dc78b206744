/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where the bytes go that a guest prints: a file, through a buffer that is written out at
 * each line's end, with a limit on the file's size. Past the limit the last SINK_TAIL bytes
 * are kept in memory and follow when the sink closes, because a guest that floods its
 * console and then panics says the important thing last.
 *
 * A killed host loses at most one unfinished line. No locks here: the device has one.
 */
#ifndef KTSTR_VMM_DEV_SINK_H
#define KTSTR_VMM_DEV_SINK_H

#include <stddef.h>
#include <stdint.h>

#define SINK_BUF	4096
#define SINK_TAIL	65536

struct sink {
	int fd;			/* borrowed; -1: everything is dropped */
	uint64_t max;		/* bytes of the file */
	uint64_t written;
	uint64_t past;		/* bytes that came after @max, or that the file refused */
	size_t fill;
	char buf[SINK_BUF];
	char tail[SINK_TAIL];	/* ring; byte i of @past stands at i % SINK_TAIL */
};

void sink_init(struct sink *s, int fd, uint64_t max);
void sink_put(struct sink *s, const void *data, size_t len);
/* Everything put so far is in the file, as far as the limit allows. */
void sink_flush(struct sink *s);
/* Flush; then how much is missing and the tail, if anything is. */
void sink_close(struct sink *s);

#endif
