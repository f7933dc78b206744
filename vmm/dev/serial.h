/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A 16550A UART that writes what the guest sends to a file. The transmitter is always ready. Modem
 * lines are always up and never change, so there are no modem status interrupts.
 */
#ifndef KTSTR_VMM_DEV_SERIAL_H
#define KTSTR_VMM_DEV_SERIAL_H

#include <stdbool.h>

#include "bus.h"

#define SERIAL_NR_PORTS	8	/* registers of a UART */

struct serial_config {
	enum bus_space space;
	uint64_t base;		/* of the registers in it */
	uint32_t gsi;
	int out_fd;		/* borrowed until serial_destroy() */
	uint64_t out_max;	/* bytes of output kept in full, see sink.h */
};

struct serial;

int serial_create(struct serial **sp, struct dev_env *env, const struct serial_config *cfg,
		  struct ktstr_err *err);
/* The vCPUs have stopped. Writes out what is left. NULL is allowed. */
void serial_destroy(struct serial *s);

/* The registers, and bytes for the guest that it has not read, of a machine that stands still. */
#define SERIAL_FIFO_SIZE	16
struct serial_state {
	uint8_t ier, fcr, lcr, mcr, scr, dll, dlm;
	uint8_t overrun, thr_pending, line_up;
	uint8_t rx_head, rx_len;
	uint8_t rx[SERIAL_FIFO_SIZE];
};

void serial_save(struct serial *s, struct serial_state *st);
/* Before the guest runs. 0, -EBADMSG: no state that a port can have. */
int serial_load(struct serial *s, const struct serial_state *st);

/*
 * Write what the guest has sent so far to the file, incomplete lines too. To be called when the
 * machine stops, before the file is read. Any thread.
 */
void serial_flush(struct serial *s);

/* Bytes for the guest; returns how many the receive FIFO took. Any thread. */
size_t serial_receive(struct serial *s, const void *data, size_t len);
/*
 * The same, waiting until the FIFO took all. False: serial_deafen() was called, after which nobody
 * waits here any more.
 */
bool serial_receive_all(struct serial *s, const void *data, size_t len);
void serial_deafen(struct serial *s);

#endif
