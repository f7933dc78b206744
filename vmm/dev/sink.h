/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Writes what a guest prints to a file, through a buffer that is flushed at the end of each line.
 * The size of the file is limited. Of what exceeds the limit, the last SINK_TAIL bytes are kept in
 * memory and written when the sink is closed: a guest that floods its console and then panics
 * prints the reason last.
 *
 * When the host process is killed, at most one incomplete line is lost. There is no lock here: the
 * device has one.
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
/* Write everything that was put so far to the file, up to the limit. */
void sink_flush(struct sink *s);
/* Flush. If output exceeded the limit, write how much is missing and then the tail. */
void sink_close(struct sink *s);

#endif
