// SPDX-License-Identifier: GPL-2.0
/* The host's side of stops (vmm/probe.h); the plugin's is in plugin/stop.c. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "machine.h"

#define LIMIT_MS	20000

int qemu_set_stop(struct vm *vm, const struct vm_stop *stop)
{
	struct qemu_vm *q = to_qemu(vm);
	struct qemu_stops *s;

	if (!q->probes || !q->probes->stops_by_time)
		return -EOPNOTSUPP;
	if (!q->at_sync)
		return -EINVAL;
	s = &q->probes->stops;
	s->ns = stop->ns;
	s->nth = stop->nth;
	s->nr = stop->nr;
	memcpy(s->at, stop->at, sizeof(s->at));
	s->generation++;
	return 0;
}

int qemu_set_shake(struct vm *vm, uint64_t from_ns, uint64_t seed)
{
	struct qemu_vm *q = to_qemu(vm);
	struct qemu_stops *s;

	if (!q->probes || !q->probes->stops_by_time)
		return -EOPNOTSUPP;
	if (!q->at_sync || !from_ns)
		return -EINVAL;
	s = &q->probes->stops;
	s->shake_ns = from_ns;
	s->seed = seed;
	s->generation++;
	return 0;
}

/*
 * The emulator's main thread has its turns again from here on, so it can be asked. The command of the
 * monitor for humans prints what it has done, or why it could not.
 */
int qemu_hand_over(struct vm *vm, const char *path, struct ktstr_err *err)
{
	struct qemu_vm *q = to_qemu(vm);
	char args[256], reply[QMP_LINE];
	int r;

	if (!q->at_sync || !q->at_stop)
		return ktstr_err(err, EINVAL, "the machine is not at its stop");
	if (path[strcspn(path, "\"\\,")] ||
	    (size_t)snprintf(args, sizeof(args),
			     "{\"command-line\":\"gdbserver unix:%s,server=on,wait=off\"}", path) >= sizeof(args))
		return ktstr_err(err, EINVAL, "%s: this path is too long for a socket, or has one of \" \\ ,",
				 path);
	q->at_sync = false;
	memset(&q->answer, 0, sizeof(q->answer));
	q->answer.vcpu = q->sync_vcpu;
	q->answer.hand_over = 1;
	if (send(q->sync_fd, &q->answer, sizeof(q->answer), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		return ktstr_err(err, errno, "the emulator has ended");
	memset(&q->answer, 0, sizeof(q->answer));
	q->new_mark = false;
	r = qmp_ask(&q->qmp, "human-monitor-command", args, reply, sizeof(reply), LIMIT_MS);
	if (!r && !strstr(reply, "Waiting for gdb"))
		r = -EIO;
	return r ? ktstr_err(err, -r, "the emulator does not serve gdb at %s: %s", path, strerror(-r)) : 0;
}
