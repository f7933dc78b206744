/* SPDX-License-Identifier: GPL-2.0 */
/* What stands behind a machine's disks, whoever emulates them. */
#ifndef KTSTR_VMM_DEVFILE_H
#define KTSTR_VMM_DEVFILE_H

#include "vm.h"

/*
 * A sparse file in memory of @disk's size, without a name: nothing is left when the process
 * dies. The descriptor, which the caller closes, or -errno with @err.
 */
int vm_disk_open(const struct vm_disk *disk, struct vm_err *err);

/*
 * A cable that ends in itself, for an emulator that takes datagram sockets: what is sent on
 * the descriptor is received on it. The caller closes it. -errno with @err.
 */
int vm_cable_open(struct vm_err *err);

#endif
