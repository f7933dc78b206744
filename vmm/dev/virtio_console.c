// SPDX-License-Identifier: GPL-2.0
/*
 * virtio-console: queue 0 carries bytes to the guest, queue 1 from it. What comes before the
 * guest has posted buffers waits in a ring.
 */
#include <errno.h>
#include <linux/virtio_ids.h>
#include <stdlib.h>

#include "sink.h"
#include "virtio_console.h"

#define RX		0
#define TX		1
#define INPUT_BYTES	4096u
/* A request claims any length; no driver writes more than a page or two at once. */
#define TX_MAX		32768u

struct virtio_console {
	struct virtio v;
	/* below: the device's lock */
	struct virtq_chain req;
	struct sink out;
	char input[INPUT_BYTES];	/* ring */
	unsigned int head, len;
};

static void print(struct virtio_console *c)
{
	uint32_t left = c->req.out_bytes < TX_MAX ? c->req.out_bytes : TX_MAX;

	for (unsigned int i = 0; left && i < c->req.nr_out; i++) {
		const struct iovec *v = &c->req.seg[i];
		uint32_t n = v->iov_len < left ? (uint32_t)v->iov_len : left;

		sink_put(&c->out, v->iov_base, n);
		left -= n;
	}
}

/* As much of the input as one buffer of the guest takes. */
static uint32_t fill(struct virtio_console *c)
{
	uint32_t done = 0;

	while (c->len && done < c->req.in_bytes) {
		unsigned int n = INPUT_BYTES - c->head;

		if (n > c->len)
			n = c->len;
		if (n > c->req.in_bytes - done)
			n = c->req.in_bytes - done;
		virtq_write(&c->req, done, c->input + c->head, n);
		c->head = (c->head + n) % INPUT_BYTES;
		c->len -= n;
		done += n;
	}
	return done;
}

static void work(void *dev)
{
	struct virtio_console *c = dev;

	while (virtq_pop(&c->v.vq[TX], &c->req) > 0) {
		print(c);
		virtq_push(&c->v.vq[TX], &c->req, 0);
	}
	sink_flush(&c->out);
	while (c->len && virtq_pop(&c->v.vq[RX], &c->req) > 0)
		virtq_push(&c->v.vq[RX], &c->req, fill(c));
	virtio_notify(&c->v, RX);
	virtio_notify(&c->v, TX);
}

static const struct virtio_ops console_ops = {
	.name = "virtio-console",
	.id = VIRTIO_ID_CONSOLE,
	.nr_queues = 2,
	.work = work,
};

size_t virtio_console_receive(struct virtio_console *c, const void *data, size_t len)
{
	const char *p = data;
	size_t n = 0;

	pthread_mutex_lock(&c->v.lock);
	for (; n < len && c->len < INPUT_BYTES; n++)
		c->input[(c->head + c->len++) % INPUT_BYTES] = p[n];
	pthread_mutex_unlock(&c->v.lock);
	virtio_kick(&c->v);
	return n;
}

int virtio_console_create(struct virtio_console **cp, struct dev_env *env, int out_fd,
			  uint64_t out_max, struct vm_err *err)
{
	struct virtio_console *c = calloc(1, sizeof(*c));
	int ret;

	*cp = NULL;
	if (!c)
		return vm_err(err, ENOMEM, "console: out of memory");
	sink_init(&c->out, out_fd, out_max);
	ret = virtio_init(&c->v, &console_ops, c, env, err);
	if (ret) {
		virtio_console_destroy(c);
		return ret;
	}
	*cp = c;
	return 0;
}

void virtio_console_destroy(struct virtio_console *c)
{
	if (!c)
		return;
	virtio_fini(&c->v);
	sink_close(&c->out);
	free(c);
}

struct virtio *virtio_console_base(struct virtio_console *c)
{
	return &c->v;
}
