/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What all virtio devices share: feature negotiation, the status register, queues, and one thread
 * per device that does the work. A device (virtio_blk.c, ...) defines its type and serves its
 * queues; the transport (virtio_pci.c) presents it to the guest. Neither depends on the other.
 *
 * Threads: vCPUs come in through the transport, the device's own thread through
 * ops->work(). One lock per device covers all of it. A vCPU never does a device's work: its
 * doorbell is an eventfd, which KVM writes by itself where it can.
 */
#ifndef KTSTR_VMM_DEV_VIRTIO_VIRTIO_H
#define KTSTR_VMM_DEV_VIRTIO_VIRTIO_H

#include <pthread.h>
#include <stdatomic.h>

#include "virtq.h"
#include "vmm/dev/bus.h"
#include "vmm/device.h"

#define VIRTIO_MAX_QUEUES	2
#define VIRTIO_CONFIG_BYTES	64
#define VIRTIO_CONFIG_CHANGED	(-1)	/* in place of a queue's number */

struct virtio_ops {
	const char *name;	/* of the thread, too: at most 15 characters */
	uint16_t id;		/* VIRTIO_ID_* */
	unsigned int nr_queues;
	uint64_t features;	/* besides those of the ring and VERSION_1 */
	/* Serve what is in the queues. Lock held, status is DRIVER_OK. */
	void (*work)(void *dev);
	/*
	 * Drop requests that have not been completed. Lock held. NULL: there are none at any time.
	 */
	void (*reset)(void *dev);
};

struct virtio {
	const struct virtio_ops *ops;
	void *dev;
	struct dev_env *env;
	uint8_t config[VIRTIO_CONFIG_BYTES];	/* constant once created */
	unsigned int config_len;

	pthread_mutex_t lock;	/* all below, if it does not say otherwise */
	uint8_t status;
	uint64_t driver_features;
	struct virtqueue vq[VIRTIO_MAX_QUEUES];
	void *transport;
	void (*interrupt)(void *transport, int queue);	/* lock held */

	atomic_uint isr;	/* VIRTIO_ISR_*: causes that the driver has not read */
	int kick_fd;		/* eventfd: something is in some queue */
	int timer_fd;
	pthread_t thread;
	bool running;		/* owner's thread only */
	atomic_bool stopping;
};

#define VIRTIO_ISR_QUEUE	1
#define VIRTIO_ISR_CONFIG	2

/* 0 or -errno with @err; call virtio_fini() in both cases. */
int virtio_init(struct virtio *v, const struct virtio_ops *ops, void *dev, struct dev_env *env,
		struct ktstr_err *err);
/* Stops the thread first. */
void virtio_fini(struct virtio *v);

/* The device's thread. Both are for the machine's owner, who calls start() before vCPUs run. */
int virtio_start(struct virtio *v, struct ktstr_err *err);
void virtio_stop(struct virtio *v);
/* One round of what the thread does when it is woken. */
void virtio_work(struct virtio *v);

/* Wake the thread. Any thread, no lock. */
void virtio_kick(struct virtio *v);

/* Read @counters, which belong to the structure v->dev, at one moment. Any thread, no lock. */
void virtio_counters(struct virtio *v, const struct vm_counter *counters,
		     uint64_t value[VM_MAX_COUNTERS]);

/* For devices, lock held: interrupt for queue @queue if the driver wants to know. */
void virtio_notify(struct virtio *v, unsigned int queue);
/* For devices, lock held: call ops->work() again in @ns. */
void virtio_set_timer(struct virtio *v, uint64_t ns);
/* For devices, lock held: a queue is broken, the driver has to start over. */
void virtio_needs_reset(struct virtio *v);

/* For transports, lock held. */
uint32_t virtio_device_features(const struct virtio *v, uint32_t select);
uint32_t virtio_driver_features(const struct virtio *v, uint32_t select);
void virtio_set_driver_features(struct virtio *v, uint32_t select, uint32_t val);
/* Steps that the specification does not allow are ignored. */
void virtio_set_status(struct virtio *v, uint8_t val);
/* Queue @i if its registers may be written now, else NULL. */
struct virtqueue *virtio_queue_setup(struct virtio *v, uint32_t i);
/* Start queue @i. Invalid settings set DEVICE_NEEDS_RESET. */
void virtio_queue_enable(struct virtio *v, uint32_t i);
/* Bytes of the configuration space; bytes beyond its end read as zero. */
uint64_t virtio_config_read(const struct virtio *v, uint64_t offset, unsigned int len);

#endif
