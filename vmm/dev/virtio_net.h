/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A virtio network card (virtio 1.2, 5.1) whose cable ends in itself: a frame that the guest
 * sends on it arrives on it, byte for byte. There is no network beyond the guest.
 */
#ifndef KTSTR_VMM_DEV_VIRTIO_NET_H
#define KTSTR_VMM_DEV_VIRTIO_NET_H

#include "../vm.h"
#include "virtio.h"

struct virtio_net;

int virtio_net_create(struct virtio_net **np, struct dev_env *env, const struct vm_nic *nic,
		      struct vm_err *err);
/* The vCPUs have stopped. NULL is allowed. */
void virtio_net_destroy(struct virtio_net *n);

struct virtio *virtio_net_base(struct virtio_net *n);
/* Any thread. */
void virtio_net_stats(struct virtio_net *n, struct vm_nic_stats *stats);

#endif
