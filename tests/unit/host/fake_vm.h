/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A machine without a CPU, in place of the KVM backend: it plays the guest's side of a run, so
 * that ktstr_run__exec() can be tested as a whole. The test that includes this defines kvm_ops,
 * and so the archive's own backend is not linked.
 */
#ifndef KTSTR_TESTS_FAKE_VM_H
#define KTSTR_TESTS_FAKE_VM_H

#include <errno.h>
#include <stdlib.h>

#include "harness/chan/chan.h"
#include "harness/result/result.h"
#include "harness/result/wire.h"
#include "vmm/backend.h"

static struct {
	bool cannot_create, cannot_start;
	unsigned int nr_syncs;		/* sync points in the body */
	void (*destroyed)(void);	/* called first thing in vm_destroy() */
	void (*find)(struct ktstr_result *r);	/* what the guest found; NULL: one claim held */
} fake_vm_script;

struct fake_vm {
	struct vm vm;			/* first member */
	void *shared;
	struct ktstr_chan *guest;
	unsigned int syncs;
};

static int fake_vm_usable(struct ktstr_err *err)
{
	(void)err;
	return 0;
}

static int fake_vm_check(const struct vm_spec *spec, const struct vm_image *image,
			 struct ktstr_err *err)
{
	(void)spec;
	(void)image;
	(void)err;
	return 0;
}

static int fake_vm_create(struct vm **vmp, const struct vm_spec *spec,
			  const struct vm_image *image, struct ktstr_err *err)
{
	struct fake_vm *f;

	(void)image;
	if (fake_vm_script.cannot_create)
		return ktstr_err(err, ENOMEM, "no machine today");
	f = calloc(1, sizeof(*f));
	f->shared = calloc(1, spec->shared_bytes);
	*vmp = &f->vm;
	return 0;
}

static void fake_vm_say(struct fake_vm *f, enum ktstr_msg_type type, const void *data, size_t len)
{
	ktstr_chan__write(f->guest, type, 1000, data, len);
}

static int fake_vm_start(struct vm *vm, struct ktstr_err *err)
{
	static const struct ktstr_msg_start start = { KTSTR_CHAN_VERSION, 1 };
	struct fake_vm *f = (struct fake_vm *)vm;

	if (fake_vm_script.cannot_start)
		return ktstr_err(err, EIO, "no power");
	f->guest = ktstr_chan__attach(f->shared, KTSTR_CHAN_RING);
	fake_vm_say(f, KTSTR_MSG_START, &start, sizeof(start));
	fake_vm_say(f, KTSTR_MSG_BODY, NULL, 0);
	return 0;
}

static void fake_vm_wait(struct vm *vm, int timeout_ms, int wake_fd, struct vm_event *ev)
{
	struct fake_vm *f = (struct fake_vm *)vm;
	static const int32_t status;
	struct ktstr_result *r;
	size_t len;
	void *wire;

	(void)timeout_ms;
	(void)wake_fd;
	*ev = (struct vm_event){ .type = VM_EVENT_SYNC };
	if (f->syncs++ < fake_vm_script.nr_syncs)
		return;
	r = ktstr_result__new();
	if (fake_vm_script.find)
		fake_vm_script.find(r);
	else
		r->claims_held = 1;
	wire = ktstr_result__encode(r, &len);
	fake_vm_say(f, KTSTR_MSG_RESULT, wire, len);
	fake_vm_say(f, KTSTR_MSG_EXIT, &status, sizeof(status));
	free(wire);
	ktstr_result__free(r);
	ev->type = VM_EVENT_EXIT;
}

static int fake_vm_continue(struct vm *vm)
{
	(void)vm;
	return 0;
}

static void *fake_vm_shared(struct vm *vm, uint64_t *gpa)
{
	*gpa = 0;
	return ((struct fake_vm *)vm)->shared;
}

static void fake_vm_destroy(struct vm *vm)
{
	struct fake_vm *f = (struct fake_vm *)vm;

	if (fake_vm_script.destroyed)
		fake_vm_script.destroyed();
	ktstr_chan__free(f->guest);
	free(f->shared);
	free(f);
}

const struct vm_ops kvm_ops = {
	.name = "fake", .usable = fake_vm_usable, .check = fake_vm_check,
	.create = fake_vm_create, .start = fake_vm_start, .wait = fake_vm_wait,
	.resume_sync = fake_vm_continue, .shared = fake_vm_shared, .destroy = fake_vm_destroy,
};

#endif
