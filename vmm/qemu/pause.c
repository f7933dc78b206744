// SPDX-License-Identifier: GPL-2.0
/*
 * Stops and continues an emulated machine. A deterministic one is only said to be paused: it
 * stands still at its sync point anyway.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "machine.h"

#define QMP_LIMIT_MS	5000

static int send_signal(struct qemu_vm *q, int sig)
{
	return syscall(SYS_pidfd_send_signal, q->proc.pidfd, sig, NULL, 0) ? -errno : 0;
}

/* Stop the whole process and wait until it has stopped, which takes microseconds. */
static int stop_by_signal(struct qemu_vm *q)
{
	siginfo_t si;
	int r = send_signal(q, SIGSTOP);

	if (r)
		return r;
	do {
		r = waitid(P_PID, (id_t)q->proc.pid, &si, WSTOPPED | WEXITED | WNOWAIT);
	} while (r && errno == EINTR);
	if (r)
		return -errno;
	if (si.si_code != CLD_STOPPED)
		return -ESRCH;
	/* consume it, or a later stop would be reported before it happened */
	waitid(P_PID, (id_t)q->proc.pid, &si, WSTOPPED | WNOHANG);
	q->pause = PAUSED_BY_SIGNAL;
	return 0;
}

/* Is a vCPU in the plugin, whether or not vm_wait() has said so yet? */
static bool in_doorbell(const struct qemu_vm *q)
{
	struct pollfd p = { .fd = q->sync_fd, .events = POLLIN };

	return q->at_sync || (poll(&p, 1, 0) == 1 && p.revents & POLLIN);
}

static int stop_by_qmp(struct qemu_vm *q, int timeout_ms)
{
	int r = qmp_command(&q->qmp, "stop", NULL, timeout_ms);

	if (r == -ETIMEDOUT)
		/* do not leave it half stopped; the replies are skipped later */
		qmp_command(&q->qmp, "cont", NULL, 0);
	if (!r)
		q->pause = PAUSED_BY_QMP;
	return r;
}

int qemu_pause(struct vm *vm, int timeout_ms, struct ktstr_err *err)
{
	struct qemu_vm *q = to_qemu(vm);
	int r;

	if (q->state != RUNNING)
		return ktstr_err(err, ESRCH, "pause: the machine does not run");
	if (q->pause != NOT_PAUSED)
		return ktstr_err(err, EALREADY, "pause: the machine is paused already");
	if (q->deterministic) {
		if (!q->at_sync)
			return ktstr_err(err, EBUSY,
					 "pause: a deterministic guest stops only at sync points");
		q->pause = PAUSED_AT_SYNC;
		return 0;
	}
	r = in_doorbell(q) ? stop_by_signal(q) : stop_by_qmp(q, timeout_ms);
	return r ? ktstr_err(err, -r, "pause: the emulator did not stop: %s", strerror(-r)) : 0;
}

int qemu_resume(struct vm *vm)
{
	struct qemu_vm *q = to_qemu(vm);
	int r = 0;

	if (q->pause == NOT_PAUSED)
		return -EINVAL;
	if (q->pause == PAUSED_BY_SIGNAL)
		r = send_signal(q, SIGCONT);
	else if (q->pause == PAUSED_BY_QMP)
		r = qmp_command(&q->qmp, "cont", NULL, QMP_LIMIT_MS);
	if (!r)
		q->pause = NOT_PAUSED;
	return r;
}
