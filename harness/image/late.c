// SPDX-License-Identifier: GPL-2.0
/*
 * The host's side of model/late.h. The archive of a run is a series of LZ4 streams, as a kernel
 * takes them. It is decompressed here, which is faster than in the guest.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "harness/model/late.h"
#include "image.h"
#include "lib/clock.h"
#include "vmm/initramfs/lz4_legacy.h"
#include "vmm/initrd.h"

struct late {
	struct vm *vm;
	struct ktstr_late *header;	/* in guest memory; only written */
	uint64_t room;			/* for a piece */
	uint64_t fill;
	uint64_t seed;
	int64_t deadline;
	int wake_fd;
	struct ktstr_err *err;
};

/* Wait until the guest stands at a sync point. */
static int await_guest(struct late *l)
{
	struct vm_event ev = { 0 };

	vm_wait(l->vm, ktstr_left_ms(l->deadline), l->wake_fd, &ev);
	if (ev.type == VM_EVENT_SYNC)
		return 0;
	if (ev.type == VM_EVENT_TIMEOUT && ktstr_left_ms(l->deadline))
		return ktstr_err(l->err, EINTR, "interrupted");
	return ktstr_err(l->err, EIO, "the image's init did not take the archive: %s",
			 ev.err.msg[0] ? ev.err.msg :
			 ev.type == VM_EVENT_TIMEOUT ? "it does not answer" : "the machine is off");
}

/* The guest takes what is there; back at a sync point. */
static int push(struct late *l, bool last)
{
	l->header->magic = KTSTR_LATE_MAGIC;
	l->header->last = last;
	l->header->bytes = l->fill;
	l->header->seed = l->seed;
	l->fill = 0;
	vm_continue(l->vm);
	return await_guest(l);
}

static int put(void *ctx, const void *buf, size_t len)
{
	struct late *l = ctx;
	int ret = 0;

	while (len && !ret) {
		size_t n = len < l->room - l->fill ? len : l->room - l->fill;

		memcpy((char *)l->header + KTSTR_LATE_DATA + l->fill, buf, n);
		l->fill += n;
		buf = (const char *)buf + n;
		len -= n;
		/* with more to come: the last piece must not be empty */
		if (len)
			ret = push(l, false);
	}
	return ret;
}

static int send(struct late *l, const void *archive, size_t bytes)
{
	int ret = await_guest(l);

	if (ret)
		return ret;
	ret = lz4_legacy_decode(archive, bytes, (struct io_sink){ put, l });
	if (ret == -EBADMSG)
		return ktstr_err(l->err, EBADMSG, "the archive of the test is damaged");
	if (!ret && !l->fill)
		return ktstr_err(l->err, EBADMSG, "the archive of the test is empty");
	return ret ? ret : push(l, true);
}

int ktstr_late__send(struct vm *vm, const struct vm_part *base, int initrd_fd, uint64_t seed,
		     int timeout_ms, int wake_fd, struct ktstr_err *err)
{
	const struct vm_spec spec = { .initrd_fd = initrd_fd, .initrd_base = *base };
	struct late l = {
		.vm = vm, .seed = seed, .wake_fd = wake_fd, .err = err,
		.deadline = ktstr_deadline_ms(timeout_ms),
	};
	uint64_t bytes, gpa;
	void *archive;
	int ret = vm_initrd_size(&spec, &bytes, err);

	if (ret)
		return ret;
	l.header = vm_shared(vm, &gpa);
	/* the size of the stretch is KTSTR_CHAN_SIZE, and no piece needs more than one chunk */
	l.room = LZ4_LEGACY_CHUNK;
	archive = l.header ? malloc(bytes) : NULL;
	if (!archive)
		return ktstr_err(err, ENOMEM, "no memory for the archive of the test");
	ret = vm_initrd_copy(&spec, archive, 0, err);
	if (!ret)
		ret = send(&l, archive, bytes);
	free(archive);
	return ret;
}
