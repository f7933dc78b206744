// SPDX-License-Identifier: GPL-2.0
/* Status, features, queues and the thread of virtio devices; see virtio.h. */
#include <errno.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/fd.h"
#include "virtio.h"

#define RING_FEATURES	(UINT64_C(1) << VIRTIO_F_VERSION_1 |			\
			 UINT64_C(1) << VIRTIO_RING_F_INDIRECT_DESC |		\
			 UINT64_C(1) << VIRTIO_RING_F_EVENT_IDX)

static uint64_t offered(const struct virtio *v)
{
	return v->ops->features | RING_FEATURES;
}

/* One half of 64 feature bits. */
static uint32_t half(uint64_t bits, uint32_t select)
{
	return select > 1 ? 0 : (uint32_t)(bits >> (32 * select));
}

uint32_t virtio_device_features(const struct virtio *v, uint32_t select)
{
	return half(offered(v), select);
}

uint32_t virtio_driver_features(const struct virtio *v, uint32_t select)
{
	return half(v->driver_features, select);
}

void virtio_set_driver_features(struct virtio *v, uint32_t select, uint32_t val)
{
	const uint8_t dead = VIRTIO_CONFIG_S_FEATURES_OK | VIRTIO_CONFIG_S_FAILED;

	if (select > 1 || !(v->status & VIRTIO_CONFIG_S_DRIVER) || (v->status & dead))
		return;
	v->driver_features &= ~(UINT64_C(0xffffffff) << (32 * select));
	v->driver_features |= (uint64_t)val << (32 * select);
}

static void reset(struct virtio *v)
{
	v->status = 0;
	v->driver_features = 0;
	v->isr = 0;
	for (unsigned int i = 0; i < v->ops->nr_queues; i++)
		virtq_reset(&v->vq[i], v->env->ram);
	if (v->ops->reset)
		v->ops->reset(v->dev);
}

void virtio_set_status(struct virtio *v, uint8_t val)
{
	static const uint8_t order[] = {
		VIRTIO_CONFIG_S_ACKNOWLEDGE, VIRTIO_CONFIG_S_DRIVER,
		VIRTIO_CONFIG_S_FEATURES_OK, VIRTIO_CONFIG_S_DRIVER_OK,
	};
	uint8_t add = val & ~v->status, before = 0;

	if (!val) {
		reset(v);
		return;
	}
	if (v->status & ~val)
		return;
	if (add == VIRTIO_CONFIG_S_FAILED) {
		v->status = val;
		return;
	}
	if (v->status & VIRTIO_CONFIG_S_FAILED)
		return;
	for (size_t i = 0; i < sizeof(order); before |= order[i++]) {
		if (add != order[i] || (v->status & ~VIRTIO_CONFIG_S_NEEDS_RESET) != before)
			continue;
		/* a feature that was not offered, or a driver of virtio 0.9: the bit stays off */
		if (add == VIRTIO_CONFIG_S_FEATURES_OK &&
		    (v->driver_features & ~offered(v) ||
		     !(v->driver_features >> VIRTIO_F_VERSION_1 & 1)))
			return;
		v->status |= add;
		if (add == VIRTIO_CONFIG_S_DRIVER_OK)
			virtio_kick(v);
		return;
	}
}

struct virtqueue *virtio_queue_setup(struct virtio *v, uint32_t i)
{
	if (i >= v->ops->nr_queues || v->vq[i].enabled ||
	    !(v->status & VIRTIO_CONFIG_S_FEATURES_OK) ||
	    (v->status & (VIRTIO_CONFIG_S_DRIVER_OK | VIRTIO_CONFIG_S_FAILED)))
		return NULL;
	return &v->vq[i];
}

void virtio_queue_enable(struct virtio *v, uint32_t i)
{
	struct virtqueue *vq = virtio_queue_setup(v, i);

	if (vq && virtq_enable(vq, v->driver_features >> VIRTIO_RING_F_EVENT_IDX & 1))
		virtio_needs_reset(v);
}

uint64_t virtio_config_read(const struct virtio *v, uint64_t offset, unsigned int len)
{
	uint64_t val = 0;

	if (offset < v->config_len)
		memcpy(&val, v->config + offset,
		       v->config_len - offset < len ? v->config_len - offset : len);
	return val;
}

void virtio_needs_reset(struct virtio *v)
{
	if (v->status & VIRTIO_CONFIG_S_NEEDS_RESET)
		return;
	v->status |= VIRTIO_CONFIG_S_NEEDS_RESET;
	if (!(v->status & VIRTIO_CONFIG_S_DRIVER_OK))
		return;
	atomic_fetch_or(&v->isr, VIRTIO_ISR_CONFIG);
	v->interrupt(v->transport, VIRTIO_CONFIG_CHANGED);
}

void virtio_notify(struct virtio *v, unsigned int queue)
{
	if (!virtq_wants_interrupt(&v->vq[queue]))
		return;
	atomic_fetch_or(&v->isr, VIRTIO_ISR_QUEUE);
	v->interrupt(v->transport, (int)queue);
}

void virtio_set_timer(struct virtio *v, uint64_t ns)
{
	struct itimerspec t = {
		.it_value = {
			.tv_sec = (time_t)(ns / NSEC_PER_SEC),
			.tv_nsec = (long)(ns % NSEC_PER_SEC) ?: 1,	/* all zero disarms */
		},
	};

	timerfd_settime(v->timer_fd, 0, &t, NULL);
}

void virtio_kick(struct virtio *v)
{
	const uint64_t one = 1;

	/* full: it is going to wake up anyway */
	if (write(v->kick_fd, &one, sizeof(one)) < 0)
		return;
}

void virtio_counters(struct virtio *v, const struct vm_counter *counters,
		     uint64_t value[VM_MAX_COUNTERS])
{
	pthread_mutex_lock(&v->lock);
	for (unsigned int i = 0; counters && counters[i].name; i++)
		memcpy(&value[i], (const char *)v->dev + counters[i].offset, sizeof(value[i]));
	pthread_mutex_unlock(&v->lock);
}

void virtio_work(struct virtio *v)
{
	bool broken = false;

	pthread_mutex_lock(&v->lock);
	if ((v->status & VIRTIO_CONFIG_S_DRIVER_OK) &&
	    !(v->status & (VIRTIO_CONFIG_S_NEEDS_RESET | VIRTIO_CONFIG_S_FAILED))) {
		v->ops->work(v->dev);
		for (unsigned int i = 0; i < v->ops->nr_queues; i++)
			broken |= v->vq[i].broken;
		if (broken)
			virtio_needs_reset(v);
	}
	pthread_mutex_unlock(&v->lock);
}

static void drain(int fd)
{
	uint64_t n;

	if (read(fd, &n, sizeof(n)) < 0)
		return;		/* nothing there: the other one woke us */
}

static void *run(void *arg)
{
	struct virtio *v = arg;
	struct pollfd fds[] = {
		{ .fd = v->kick_fd, .events = POLLIN },
		{ .fd = v->timer_fd, .events = POLLIN },
	};

	while (poll(fds, 2, -1) > 0 || errno == EINTR) {
		drain(v->kick_fd);
		drain(v->timer_fd);
		if (v->stopping)
			break;
		virtio_work(v);
	}
	return NULL;
}

int virtio_start(struct virtio *v, struct ktstr_err *err)
{
	sigset_t all, old;
	int ret;

	/* signals are for the threads of the machine's owner */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	ret = pthread_create(&v->thread, NULL, run, v);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (ret)
		return ktstr_err(err, ret, "%s: thread: %s", v->ops->name, strerror(ret));
	pthread_setname_np(v->thread, v->ops->name);
	v->running = true;
	return 0;
}

void virtio_stop(struct virtio *v)
{
	if (!v->running)
		return;
	v->stopping = true;
	virtio_kick(v);
	pthread_join(v->thread, NULL);
	v->running = false;
}

int virtio_init(struct virtio *v, const struct virtio_ops *ops, void *dev, struct dev_env *env,
		struct ktstr_err *err)
{
	memset(v, 0, sizeof(*v));
	v->ops = ops;
	v->dev = dev;
	v->env = env;
	pthread_mutex_init(&v->lock, NULL);
	for (unsigned int i = 0; i < ops->nr_queues; i++)
		virtq_reset(&v->vq[i], env->ram);
	v->kick_fd = fd_high(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
	v->timer_fd = fd_high(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
	if (v->kick_fd < 0 || v->timer_fd < 0)
		return ktstr_err(err, errno, "%s: eventfd: %s", ops->name, strerror(errno));
	return 0;
}

void virtio_fini(struct virtio *v)
{
	if (!v->ops)
		return;
	virtio_stop(v);
	fd_close(&v->kick_fd);
	fd_close(&v->timer_fd);
	pthread_mutex_destroy(&v->lock);
}
