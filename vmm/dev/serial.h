/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A 16550A UART whose transmitter never has to wait and whose other end is a file. Modem
 * lines are always up and never change, so there are no modem status interrupts.
 */
#ifndef KTSTR_VMM_DEV_SERIAL_H
#define KTSTR_VMM_DEV_SERIAL_H

#include "bus.h"

#define SERIAL_NR_PORTS	8	/* registers of a UART */

struct serial_config {
	uint64_t port;		/* first I/O port */
	uint32_t gsi;
	int out_fd;		/* borrowed until serial_destroy() */
	uint64_t out_max;	/* bytes of output kept in full, see sink.h */
};

struct serial;

int serial_create(struct serial **sp, struct dev_env *env, const struct serial_config *cfg,
		  struct vm_err *err);
/* The vCPUs have stopped. Writes out what is left. NULL is allowed. */
void serial_destroy(struct serial *s);

/*
 * Put what the guest has sent so far into the file, unfinished lines too: when the machine
 * stops, before anybody reads the file. Any thread.
 */
void serial_flush(struct serial *s);

/* Bytes for the guest; returns how many the receive FIFO took. Any thread. */
size_t serial_receive(struct serial *s, const void *data, size_t len);

#endif
