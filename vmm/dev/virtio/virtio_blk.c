// SPDX-License-Identifier: GPL-2.0
/*
 * The class of virtio disks (virtio 1.2, 5.2). A disk is a file in memory, one queue, and one
 * thread that reads and writes the file. When a limit delays a request, the thread keeps it,
 * leaves those behind it in the queue, and sets a timer: it never sleeps with the device's lock
 * held.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/virtio_blk.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ids.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/fd.h"
#include "virtio.h"
#include "vmm/argv.h"
#include "vmm/dev/throttle.h"
#include "vmm/device.h"

#define HEADER_BYTES	sizeof(struct virtio_blk_outhdr)
/* Buffers of a request between its header and its status. */
#define MAX_DATA_SEGS	(VIRTQ_MAX_SIZE - 2)

struct virtio_blk {
	struct virtio v;		/* first member */
	uint64_t sectors;
	char serial[VIRTIO_BLK_ID_BYTES];	/* padded with NULs, not terminated by one */
	int fd;
	/* below: the device's lock */
	struct virtq_chain req;		/* in hand if have_req */
	bool have_req;
	struct throttle iops, bytes;
	struct {
		uint64_t reads, writes, flushes;	/* completed, without the failed ones */
		uint64_t read_bytes, written_bytes;
		uint64_t failed;
		uint64_t delayed;			/* requests that a limit delayed */
	} stats;
};

static const struct vm_counter counters[] = {
	VM_COUNTER(virtio_blk, stats, reads),
	VM_COUNTER(virtio_blk, stats, writes),
	VM_COUNTER(virtio_blk, stats, flushes),
	VM_COUNTER(virtio_blk, stats, read_bytes),
	VM_COUNTER(virtio_blk, stats, written_bytes),
	VM_COUNTER(virtio_blk, stats, failed),
	VM_COUNTER(virtio_blk, stats, delayed),
	{ NULL, 0 }
};

/* What the driver asked for. */
struct request {
	uint32_t type;
	uint64_t sector;
	uint32_t data_bytes;	/* to be read or written */
};

/* False: the request has no header or no room for its status. */
static bool parse(const struct virtq_chain *c, struct request *r)
{
	struct virtio_blk_outhdr h;

	if (!virtq_read(c, &h, sizeof(h)) || !c->in_bytes)
		return false;
	r->type = h.type;
	r->sector = h.sector;
	switch (h.type) {
	case VIRTIO_BLK_T_IN:
		r->data_bytes = c->in_bytes - 1;
		break;
	case VIRTIO_BLK_T_OUT:
		r->data_bytes = c->out_bytes - (uint32_t)HEADER_BYTES;
		break;
	default:
		r->data_bytes = 0;
	}
	return true;
}

/* The @bytes that follow the first @skip of @nr buffers, into @to. Returns their number. */
static unsigned int cut(const struct iovec *from, unsigned int nr, size_t skip, size_t bytes,
			struct iovec *to)
{
	unsigned int n = 0;

	for (unsigned int i = 0; bytes && i < nr; i++) {
		size_t len = from[i].iov_len;

		if (skip >= len) {
			skip -= len;
			continue;
		}
		to[n].iov_base = (char *)from[i].iov_base + skip;
		to[n].iov_len = len - skip < bytes ? len - skip : bytes;
		bytes -= to[n++].iov_len;
		skip = 0;
	}
	return n;
}

/* Read or write all of @v; a file in memory is short only when there is no memory. */
static bool transfer(struct virtio_blk *b, bool write, const struct iovec *v, unsigned int nr,
		     off_t at)
{
	for (unsigned int i = 0; i < nr; i++) {
		size_t done = 0;

		while (done < v[i].iov_len) {
			char *p = (char *)v[i].iov_base + done;
			size_t left = v[i].iov_len - done;
			ssize_t n = write ? pwrite(b->fd, p, left, at) :
					    pread(b->fd, p, left, at);

			if (n < 0 && errno == EINTR)
				continue;
			if (n <= 0)
				return false;
			done += (size_t)n;
			at += n;
		}
	}
	return true;
}

static uint8_t read_write(struct virtio_blk *b, const struct request *r)
{
	const struct virtq_chain *c = &b->req;
	bool write = r->type == VIRTIO_BLK_T_OUT;
	uint64_t count = r->data_bytes / VM_SECTOR;
	struct iovec data[VIRTQ_MAX_SEGS];
	unsigned int nr;

	if (r->data_bytes % VM_SECTOR || r->sector > b->sectors ||
	    count > b->sectors - r->sector)
		return VIRTIO_BLK_S_IOERR;
	nr = write ? cut(c->seg, c->nr_out, HEADER_BYTES, r->data_bytes, data) :
		     cut(c->seg + c->nr_out, c->nr_in, 0, r->data_bytes, data);
	if (!transfer(b, write, data, nr, (off_t)(r->sector * VM_SECTOR)))
		return VIRTIO_BLK_S_IOERR;
	if (write) {
		b->stats.writes++;
		b->stats.written_bytes += r->data_bytes;
	} else {
		b->stats.reads++;
		b->stats.read_bytes += r->data_bytes;
	}
	return VIRTIO_BLK_S_OK;
}

static uint8_t flush(struct virtio_blk *b)
{
	if (fdatasync(b->fd))
		return VIRTIO_BLK_S_IOERR;
	b->stats.flushes++;
	return VIRTIO_BLK_S_OK;
}

static uint8_t get_id(struct virtio_blk *b)
{
	size_t room = b->req.in_bytes - 1;

	virtq_write(&b->req, 0, b->serial,
		    room < sizeof(b->serial) ? room : sizeof(b->serial));
	return VIRTIO_BLK_S_OK;
}

static void serve(struct virtio_blk *b, const struct request *r)
{
	uint8_t status;

	switch (r->type) {
	case VIRTIO_BLK_T_IN:
	case VIRTIO_BLK_T_OUT:
		status = read_write(b, r);
		break;
	case VIRTIO_BLK_T_FLUSH:
		status = flush(b);
		break;
	case VIRTIO_BLK_T_GET_ID:
		status = get_id(b);
		break;
	default:
		status = VIRTIO_BLK_S_UNSUPP;
	}
	b->stats.failed += status != VIRTIO_BLK_S_OK;
	virtq_write(&b->req, b->req.in_bytes - 1, &status, 1);
	virtq_push(&b->v.vq[0], &b->req, b->req.in_bytes);
	b->have_req = false;
}

/* Nanoseconds to wait before @r; 0: it may go, and is accounted for. */
static uint64_t charge(struct virtio_blk *b, const struct request *r)
{
	uint64_t now = (uint64_t)ktstr_now_ns(), a, c;

	if (r->type == VIRTIO_BLK_T_GET_ID)
		return 0;
	a = throttle_wait(&b->iops, now);
	c = throttle_wait(&b->bytes, now);
	if (a || c)
		return a > c ? a : c;
	throttle_take(&b->iops, now, 1);
	throttle_take(&b->bytes, now, r->data_bytes);
	return 0;
}

static void work(void *dev)
{
	struct virtio_blk *b = dev;
	struct virtqueue *vq = &b->v.vq[0];
	struct request r;
	uint64_t wait;

	for (;;) {
		bool held = b->have_req;

		if (!held) {
			b->have_req = virtq_pop(vq, &b->req) > 0;
			if (!b->have_req)
				break;
		}
		if (!parse(&b->req, &r)) {
			vq->broken = true;
			b->have_req = false;
			break;
		}
		wait = charge(b, &r);
		if (wait) {
			b->stats.delayed += !held;
			virtio_set_timer(&b->v, wait);
			break;
		}
		serve(b, &r);
	}
	virtio_notify(&b->v, 0);
}

static void reset(void *dev)
{
	struct virtio_blk *b = dev;

	b->have_req = false;
}

static const struct virtio_ops blk_ops = {
	.name = "virtio-blk",
	.id = VIRTIO_ID_BLOCK,
	.nr_queues = 1,
	.features = UINT64_C(1) << VIRTIO_BLK_F_SEG_MAX | UINT64_C(1) << VIRTIO_BLK_F_FLUSH,
	.work = work,
	.reset = reset,
};

static int check(const void *config, unsigned int nr, struct ktstr_err *err)
{
	const struct vm_disk *d = config;

	if (!d->bytes || d->bytes % VM_SECTOR || d->bytes > INT64_MAX)
		return ktstr_err(err, EINVAL,
				 "disk %u: %" PRIu64 " bytes, must be whole sectors of %d",
				 nr, d->bytes, VM_SECTOR);
	if (!d->serial || strlen(d->serial) > VM_DISK_SERIAL_MAX || strpbrk(d->serial, ",= "))
		return ktstr_err(err, EINVAL,
				 "disk %u: the serial number must be at most %d characters without commas, equals signs and blanks",
				 nr, VM_DISK_SERIAL_MAX);
	return 0;
}

/* A sparse file in memory without a name: nothing is left when the process dies. */
static int open_file(const void *config, struct ktstr_err *err)
{
	const struct vm_disk *disk = config;
	int fd = fd_high(memfd_create("ktstr-disk", MFD_CLOEXEC));
	int ret;

	if (fd < 0)
		return ktstr_err(err, errno, "disk %s: memfd: %s", disk->serial, strerror(errno));
	if (ftruncate(fd, (off_t)disk->bytes))
		ret = ktstr_err(err, errno, "disk %s: a file of %" PRIu64 " bytes: %s",
				disk->serial, disk->bytes, strerror(errno));
	else
		ret = disk->format ? disk->format(fd, err) : 0;
	if (!ret)
		return fd;
	fd_close(&fd);
	return ret;
}

static void destroy(struct virtio *v)
{
	struct virtio_blk *b = (struct virtio_blk *)v;

	virtio_fini(&b->v);
	fd_close(&b->fd);
	free(b);
}

static int create(struct virtio **vp, struct dev_env *env, const void *config,
		  struct ktstr_err *err)
{
	struct virtio_blk *b = calloc(1, sizeof(*b));
	const struct vm_disk *disk = config;
	const uint32_t seg_max = MAX_DATA_SEGS;
	int ret;

	*vp = NULL;
	if (!b)
		return ktstr_err(err, ENOMEM, "disk: out of memory");
	b->sectors = disk->bytes / VM_SECTOR;
	memcpy(b->serial, disk->serial, strnlen(disk->serial, sizeof(b->serial)));
	b->iops.per_s = disk->max_iops;
	b->bytes.per_s = disk->max_bytes_per_s;
	ret = b->fd = open_file(config, err);
	if (ret >= 0)
		ret = virtio_init(&b->v, &blk_ops, b, env, err);
	if (ret < 0) {
		destroy(&b->v);
		return ret;
	}
	memcpy(b->v.config + offsetof(struct virtio_blk_config, capacity), &b->sectors,
	       sizeof(b->sectors));
	memcpy(b->v.config + offsetof(struct virtio_blk_config, seg_max), &seg_max,
	       sizeof(seg_max));
	b->v.config_len = sizeof(struct virtio_blk_config) < VIRTIO_CONFIG_BYTES ?
			  sizeof(struct virtio_blk_config) : VIRTIO_CONFIG_BYTES;
	*vp = &b->v;
	return 0;
}

/* cache=unsafe: the file is memory, there is nothing to flush it to. */
static void args(struct vm_argv *a, const void *config, unsigned int nr, int fd)
{
	const struct vm_disk *d = config;

	vm_argv_option(a, "-drive",
		       "if=none,id=disk%u,format=raw,file=/proc/self/fd/%d,file.locking=off,cache=unsafe,throttling.iops-total=%" PRIu64
		       ",throttling.bps-total=%" PRIu64, nr, fd, d->max_iops, d->max_bytes_per_s);
	vm_argv_option(a, "-device", "virtio-blk-pci,drive=disk%u,serial=%s,disable-legacy=on", nr,
		       d->serial);
}

const struct vm_device_class vm_disk_class = {
	.name = "disk",
	.max = VM_MAX_DISKS,
	.check = check,
	.create = create,
	.destroy = destroy,
	.counters = counters,
	.open = open_file,
	.args = args,
};
