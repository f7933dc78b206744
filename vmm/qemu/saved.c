// SPDX-License-Identifier: GPL-2.0
/*
 * Saves and restores CPUs and devices, which QEMU calls migration. Guest RAM is not part of it:
 * both processes map files of ours (x-ignore-shared), and ram_saved.c copies these.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/fd.h"
#include "vmm/output.h"
#include "machine.h"

#define LIMIT_MS	20000

static int failed(struct ktstr_err *err, const char *what, int r)
{
	return ktstr_err(err, -r, "the emulator did not %s: %s", what, strerror(-r));
}

static int prepare(struct qmp *q, struct ktstr_err *err)
{
	int r = qmp_command(q, "migrate-set-capabilities",
			    "{\"capabilities\":[{\"capability\":\"events\",\"state\":true},"
			    "{\"capability\":\"x-ignore-shared\",\"state\":true}]}", LIMIT_MS);

	return r ? failed(err, "accept x-ignore-shared", r) : 0;
}

/* Run the migration command @name with the child's descriptor @fd, to its end. */
static int migrate(struct qmp *q, const char *name, int fd)
{
	char args[64];
	int r;

	snprintf(args, sizeof(args), "{\"uri\":\"file:/proc/self/fd/%d\"}", fd);
	r = qmp_command(q, name, args, LIMIT_MS);
	return r ? r : qmp_await(q, "MIGRATION", "\"completed\"", LIMIT_MS);
}

int qemu_saved_start(struct qemu_vm *q, struct ktstr_err *err)
{
	int r = prepare(&q->qmp, err);

	if (r)
		return r;
	r = q->to_save ? 0 : migrate(&q->qmp, "migrate-incoming", q->state_fd);
	if (r)
		return failed(err, "read the saved state", r);
	/* The answer comes when the main thread gets its next turn: the guest may be waiting for us. */
	r = qmp_post(&q->qmp, "cont");
	return r ? failed(err, "start the machine", r) : 0;
}

/* The emulator says something. True: *@ev is an event. */
bool qemu_saved_stopped(struct qemu_vm *q, struct vm_event *ev)
{
	int r = qmp_await(&q->qmp, "STOP", NULL, 0);

	if (r == -ETIMEDOUT)
		return false;
	if (r) {
		/* the emulator is exiting; its pidfd will become readable */
		fd_close(&q->qmp.fd);
		return false;
	}
	q->saved = true;
	ev->type = VM_EVENT_SAVE;
	return true;
}

/* What the machine had printed when it was saved; and a file for its state. */
int qemu_saved_open(struct qemu_vm *q, const struct vm_spec *s, struct ktstr_err *err)
{
	const struct vm_saved *from = s->from;
	int r;

	if (!s->save_point)
		return 0;
	if (from)
		q->give.state = fcntl(from->state_fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	else
		q->give.state = fd_high(memfd_create("ktstr-state", MFD_CLOEXEC));
	if (q->give.state < 0)
		return ktstr_err(err, errno, "saved state: %s", strerror(errno));
	q->state_fd = q->give.state;
	if (!from) {
		q->written_fd = fcntl(q->give.state, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
		return q->written_fd < 0 ?
		       ktstr_err(err, errno, "saved state: %s", strerror(errno)) : 0;
	}
	r = vm_output_copy(from->console_fd, q->give.console);
	if (!r)
		r = vm_output_copy(from->output_fd, q->give.output);
	return r ? ktstr_err(err, -r, "saved console: %s", strerror(-r)) : 0;
}

int qemu_save(struct vm *vm, const struct vm_saved *to, struct ktstr_err *err)
{
	struct qemu_vm *q = to_qemu(vm);
	int r;

	if (!q->saved)
		return ktstr_err(err, EINVAL, "the machine is not at its save point");
	r = migrate(&q->qmp, "migrate", q->state_fd);
	if (r)
		return failed(err, "write its state", r);
	r = vm_output_copy(q->written_fd, to->state_fd);
	if (r)
		return ktstr_err(err, -r, "state of the machine: %s", strerror(-r));
	return vm_ram_save(&q->ram, to->ram_fd, err);
}
