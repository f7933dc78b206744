/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A virtio console (virtio 1.2, 5.3) with one port, hvc0 in the guest: a whole write() at a
 * time where a UART traps at every byte. Its other end is a file, as a UART's is.
 */
#ifndef KTSTR_VMM_DEV_VIRTIO_CONSOLE_H
#define KTSTR_VMM_DEV_VIRTIO_CONSOLE_H

#include "virtio.h"

struct virtio_console;

/* @out_fd is borrowed until virtio_console_destroy(); @out_max: see sink.h. */
int virtio_console_create(struct virtio_console **cp, struct dev_env *env, int out_fd,
			  uint64_t out_max, struct vm_err *err);
/* The vCPUs have stopped. Writes out what is left. NULL is allowed. */
void virtio_console_destroy(struct virtio_console *c);

struct virtio *virtio_console_base(struct virtio_console *c);

/* Bytes for the guest; returns how many there was room for. Any thread. */
size_t virtio_console_receive(struct virtio_console *c, const void *data, size_t len);

#endif
