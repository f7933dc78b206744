/* SPDX-License-Identifier: GPL-2.0 */
/* A virtio disk (virtio 1.2, 5.2) in front of a file. */
#ifndef KTSTR_VMM_DEV_VIRTIO_BLK_H
#define KTSTR_VMM_DEV_VIRTIO_BLK_H

#include "../vm.h"
#include "virtio.h"

struct virtio_blk;

/* @disk is only looked at here; @fd is borrowed until virtio_blk_destroy(). */
int virtio_blk_create(struct virtio_blk **bp, struct dev_env *env, const struct vm_disk *disk,
		      int fd, struct vm_err *err);
/* The vCPUs have stopped. NULL is allowed. */
void virtio_blk_destroy(struct virtio_blk *b);

/* For its transport and for who starts its thread. */
struct virtio *virtio_blk_base(struct virtio_blk *b);
/* Any thread. */
void virtio_blk_stats(struct virtio_blk *b, struct vm_disk_stats *stats);

#endif
