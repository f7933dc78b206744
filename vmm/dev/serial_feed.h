/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What comes from a socket is received by a UART. One thread, which waits while the guest does not
 * read: the FIFO never overruns.
 */
#ifndef KTSTR_VMM_DEV_SERIAL_FEED_H
#define KTSTR_VMM_DEV_SERIAL_FEED_H

#include "serial.h"

struct serial_feed;

/* @fd is a connected socket, borrowed until serial_feed_destroy(). 0 or -errno with @err. */
int serial_feed_create(struct serial_feed **fp, struct serial *s, int fd, struct ktstr_err *err);
/*
 * End of the conversation, in both directions: a vCPU that waits for the peer to read goes on. What
 * was sent before still arrives. NULL is allowed.
 */
void serial_feed_hang_up(struct serial_feed *f);
/* Before serial_destroy(). NULL is allowed. */
void serial_feed_destroy(struct serial_feed *f);

#endif
