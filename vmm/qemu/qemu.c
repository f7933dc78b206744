// SPDX-License-Identifier: GPL-2.0
/*
 * The emulation backend: one QEMU process per machine. The host talks to it over three
 * things only: guest RAM, which both map; the plugin's socket, on which a vCPU announces that
 * it stands at a sync point; and the pidfd, which says that the machine is off. Only a
 * multi-threaded machine has a fourth, QMP, because stopping a deterministic one between two
 * sync points would change its run.
 *
 * Guest RAM outlives QEMU: it is our mapping of a memfd.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../apic_id.h"
#include "../backend.h"
#include "../clock.h"
#include "../cmdline.h"
#include "../devfile.h"
#include "../fd.h"
#include "../initrd.h"
#include "../output.h"
#include "qemu.h"

#define QMP_LIMIT_MS	5000
#define MAX_CMDLINE	(VM_X86_CMDLINE_MAX + 1)
#define TAIL_BYTES	320

enum state {
	CREATED,
	RUNNING,
	ENDED,		/* no process; the event in @end repeats */
};

enum pause {
	NOT_PAUSED,
	PAUSED_AT_SYNC,		/* deterministic: it stands still anyway */
	PAUSED_BY_SIGNAL,	/* a vCPU sits in the plugin, where QMP cannot stop it */
	PAUSED_BY_QMP,
};

/* Descriptors that the child inherits; ours until it has started. -1: there is none. */
struct handover {
	int initrd;
	int console;
	int output;
	int sync;
	int qmp;
	int disk[VM_MAX_DISKS];
	int nic[VM_MAX_NICS];
};

#define NR_HANDOVER	(sizeof(struct handover) / sizeof(int))

struct qemu_vm {
	struct vm vm;		/* first member */
	struct vm_ram ram;
	uint64_t shared_gpa;
	uint64_t shared_bytes;
	uint32_t nr_cpus;
	bool deterministic;

	struct handover give;
	struct qemu_argv argv;
	char **envp;

	enum state state;
	struct vm_event end;
	struct qemu_proc proc;
	int log_fd;		/* the emulator's stderr */
	int sync_fd;
	struct qmp qmp;
	bool at_sync;
	uint32_t sync_vcpu;
	enum pause pause;
};

static struct qemu_vm *to_qemu(struct vm *vm)
{
	return (struct qemu_vm *)vm;
}

static int qemu_usable(struct vm_err *err)
{
	char plugin[PATH_MAX];
	struct qemu_bin bin;
	int r = qemu_find(&bin, err);

	return r ? r : qemu_find_plugin(plugin, sizeof(plugin), err);
}

static int qemu_check(const struct vm_spec *spec, const struct vm_image *image,
		      struct vm_err *err)
{
	char topo[VM_TOPOLOGY_STRLEN];

	if (image->format == VM_IMAGE_ELF && !image->pvh)
		return vm_err(err, EINVAL,
			      "kernel %s: this vmlinux has no PVH entry point (CONFIG_PVH); use the bzImage of the same build",
			      spec->kernel);
	/* QEMU completes their requests when its own threads get to it */
	if (spec->deterministic && (spec->nr_disks || spec->nr_nics))
		return vm_err(err, EOPNOTSUPP,
			      "%s: not in a deterministic machine, its interrupts would come at moments that the host decides",
			      spec->nr_disks ? "disks" : "network cards");
	if (!spec->deterministic || x86_max_apic_id(&spec->topo) < X86_X2APIC_FROM)
		return 0;
	vm_topology_format(&spec->topo, topo, sizeof(topo));
	/* QEMU 10.0.2 aborts there with "Bad icount read" */
	return vm_err(err, EOPNOTSUPP,
		      "topology %s needs APIC ids up to %" PRIu32 "; deterministic emulation has no x2APIC and ends at %d, use fewer CPUs",
		      topo, x86_max_apic_id(&spec->topo), X86_X2APIC_FROM - 1);
}

static int open_files(struct qemu_vm *q, const struct vm_spec *s, struct vm_err *err)
{
	q->give.console = vm_open_output("console_path", s->console_path, err);
	if (q->give.console < 0)
		return q->give.console;
	q->give.output = vm_open_output("output_path", s->output_path, err);
	if (q->give.output < 0)
		return q->give.output;
	if (s->emulator_log_path) {
		q->log_fd = vm_open_output("emulator_log_path", s->emulator_log_path, err);
		if (q->log_fd < 0)
			return q->log_fd;
	} else {
		/* kept in memory for the one line that explains an early death */
		q->log_fd = fd_high(memfd_create("ktstr-emulator-log", MFD_CLOEXEC));
		if (q->log_fd < 0)
			return vm_err(err, errno, "memfd: %s", strerror(errno));
	}
	if (s->initrd_fd >= 0) {
		/* it takes one file */
		if (s->initrd_base.bytes)
			q->give.initrd = vm_initrd_join(s, err);
		else
			q->give.initrd = fcntl(s->initrd_fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
		if (q->give.initrd < 0 && s->initrd_base.bytes)
			return q->give.initrd;
		if (q->give.initrd < 0)
			return vm_err(err, errno, "initrd_fd %d: %s", s->initrd_fd,
				      strerror(errno));
	}
	return 0;
}

static int open_devices(struct qemu_vm *q, const struct vm_spec *s, struct vm_err *err)
{
	for (unsigned int i = 0; i < s->nr_disks; i++) {
		q->give.disk[i] = vm_disk_open(&s->disks[i], err);
		if (q->give.disk[i] < 0)
			return q->give.disk[i];
	}
	for (unsigned int i = 0; i < s->nr_nics; i++) {
		q->give.nic[i] = vm_cable_open(err);
		if (q->give.nic[i] < 0)
			return q->give.nic[i];
	}
	return 0;
}

static int open_pair(int type, int *ours, int *theirs, struct vm_err *err)
{
	int sv[2];

	if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, sv))
		return vm_err(err, errno, "socketpair: %s", strerror(errno));
	*ours = fd_high(sv[0]);
	*theirs = fd_high(sv[1]);
	if (*ours < 0 || *theirs < 0)
		return vm_err(err, errno, "socketpair: %s", strerror(errno));
	return 0;
}

static int place_shared(struct qemu_vm *q, const struct vm_spec *s,
			const struct vm_image *image, struct vm_err *err)
{
	uint64_t low = s->mem_bytes < QEMU_LOW_MAX ? s->mem_bytes : QEMU_LOW_MAX;
	uint64_t initrd_bytes;
	int r = vm_initrd_size(s, &initrd_bytes, err);

	if (r)
		return r;
	q->shared_bytes = s->shared_bytes;
	return vm_place_shared(low, initrd_bytes, image->load_end, s->shared_bytes,
			       &q->shared_gpa, err);
}

static int build_command(struct qemu_vm *q, const struct vm_spec *s,
			 const struct vm_image *image, struct vm_err *err)
{
	char append[MAX_CMDLINE], plugin[PATH_MAX];
	struct qemu_bin bin;
	const struct vm_cmdline guest = {
		.platform = "reboot=t",		/* a triple fault needs no device */
		.doorbell = qemu_ops.doorbell, .shared_gpa = q->shared_gpa,
		.reserve_shared = true, .max = image->cmdline_max,
	};
	struct qemu_plan plan = {
		.bin = &bin,
		.spec = s,
		.plugin = plugin,
		.append = append,
		.ram_fd = q->ram.fd,
		.node_bytes = q->ram.node_bytes,
		.initrd_fd = q->give.initrd,
		.console_fd = q->give.console,
		.output_fd = q->give.output,
		.sync_fd = q->give.sync,
		.qmp_fd = q->give.qmp,
		.disk_fd = q->give.disk,
		.nic_fd = q->give.nic,
	};
	int r;

	r = qemu_find(&bin, err);
	if (!r)
		r = qemu_find_plugin(plugin, sizeof(plugin), err);
	if (!r)
		r = vm_cmdline_build(s, &guest, append, sizeof(append), err);
	if (r)
		return r;
	q->envp = qemu_env(&bin);
	if (!q->envp || qemu_argv_build(&q->argv, &plan))
		return vm_err(err, ENOMEM, "emulator command line: out of memory");
	return 0;
}

static void close_handover(struct qemu_vm *q)
{
	int *give = (int *)&q->give;

	for (size_t i = 0; i < NR_HANDOVER; i++)
		fd_close(&give[i]);
	for (uint32_t i = 0; i < q->ram.nr_nodes; i++)
		fd_close(&q->ram.fd[i]);
}

static void free_command(struct qemu_vm *q)
{
	qemu_argv_free(&q->argv);
	qemu_env_free(q->envp);
	q->envp = NULL;
}

static void qemu_destroy(struct vm *vm)
{
	struct qemu_vm *q = to_qemu(vm);

	qemu_kill(&q->proc);
	close_handover(q);
	free_command(q);
	fd_close(&q->log_fd);
	fd_close(&q->sync_fd);
	fd_close(&q->qmp.fd);
	vm_ram_free(&q->ram);
	free(q);
}

static int qemu_create(struct vm **vmp, const struct vm_spec *s, const struct vm_image *image,
		       struct vm_err *err)
{
	struct qemu_vm *q = calloc(1, sizeof(*q));
	int r;

	if (!q)
		return vm_err(err, ENOMEM, "out of memory");
	q->vm.lap_ns = vm_now_ns();
	q->vm.notice = q->ram.notice;
	q->deterministic = s->deterministic;
	q->nr_cpus = vm_topology_cpus(&s->topo);
	memset(&q->give, 0xff, sizeof(q->give));
	q->proc.pidfd = q->log_fd = q->sync_fd = q->qmp.fd = -1;

	r = place_shared(q, s, image, err);
	if (!r)
		r = vm_lap(&q->vm, VM_STEP_MEMORY, vm_ram_alloc(&q->ram, s, QEMU_LOW_MAX, err));
	if (!r)
		r = vm_lap(&q->vm, VM_STEP_INITRD, open_files(q, s, err));
	if (!r)
		r = vm_lap(&q->vm, VM_STEP_DEVICES, open_devices(q, s, err));
	if (!r)
		r = open_pair(SOCK_SEQPACKET, &q->sync_fd, &q->give.sync, err);
	if (!r && !s->deterministic)
		r = open_pair(SOCK_STREAM, &q->qmp.fd, &q->give.qmp, err);
	if (!r)
		r = vm_lap(&q->vm, VM_STEP_EMULATOR, build_command(q, s, image, err));
	if (r) {
		qemu_destroy(&q->vm);
		return r;
	}
	*vmp = &q->vm;
	return 0;
}

static int qemu_start(struct vm *vm, struct vm_err *err)
{
	struct qemu_vm *q = to_qemu(vm);
	int keep[NR_HANDOVER + VM_MAX_NODES];
	int r;

	if (q->state != CREATED)
		return vm_err(err, EINVAL, "the machine was already started");
	memcpy(keep, &q->give, sizeof(q->give));
	memcpy(keep + NR_HANDOVER, q->ram.fd, q->ram.nr_nodes * sizeof(*keep));
	r = qemu_spawn(&q->proc, q->argv.v, q->envp, -1, q->log_fd, keep,
		       NR_HANDOVER + q->ram.nr_nodes);
	if (r)
		return vm_err(err, -r, "cannot run %s: %s", q->argv.v[0], strerror(-r));
	/* the child's copies are the only ones now: its death is an end of file for us */
	close_handover(q);
	free_command(q);
	q->state = RUNNING;
	return 0;
}

/* The end of the emulator's stderr on one line. */
static void log_tail(const struct qemu_vm *q, char *buf, size_t size)
{
	off_t end = lseek(q->log_fd, 0, SEEK_END);
	off_t from = end > (off_t)size - 1 ? end - (off_t)size + 1 : 0;
	ssize_t n = pread(q->log_fd, buf, size - 1, from);

	while (n > 0 && (buf[n - 1] == '\n' || buf[n - 1] == '\r'))
		n--;
	buf[n > 0 ? n : 0] = '\0';
	for (char *p = buf; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = *p == '\n' ? '|' : ' ';
}

/* The process is over: find out whether the guest or something else ended it. */
static void judge_end(struct qemu_vm *q)
{
	struct vm_event *ev = &q->end;
	char tail[TAIL_BYTES];
	int status, r;

	r = qemu_reap(&q->proc, &status);
	q->state = ENDED;
	q->at_sync = false;
	q->pause = NOT_PAUSED;
	memset(ev, 0, sizeof(*ev));
	log_tail(q, tail, sizeof(tail));
	ev->type = VM_EVENT_ERROR;
	if (r)
		vm_err(&ev->err, -r, "the emulator ended, its exit status is lost (%s): %s",
		       strerror(-r), *tail ? tail : "no message");
	else if (WIFSIGNALED(status))
		vm_err(&ev->err, EIO, "the emulator was killed by signal %d (%s): %s",
		       WTERMSIG(status), strsignal(WTERMSIG(status)),
		       *tail ? tail : "no message");
	else if (WEXITSTATUS(status))
		vm_err(&ev->err, EIO, "the emulator failed with status %d: %s",
		       WEXITSTATUS(status), *tail ? tail : "no message");
	else if (strstr(tail, "terminating on signal"))
		/* it exits with 0 when somebody else ends it politely */
		vm_err(&ev->err, EINTR, "the emulator was ended from outside: %s", tail);
	else
		ev->type = VM_EVENT_EXIT;
}

/* Take the plugin's message. True: *@ev is an event. */
static bool take_sync(struct qemu_vm *q, struct vm_event *ev)
{
	uint32_t vcpu;
	ssize_t n = recv(q->sync_fd, &vcpu, sizeof(vcpu), MSG_DONTWAIT);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return false;
	if (n <= 0) {
		/* the emulator is going; its pidfd will tell */
		fd_close(&q->sync_fd);
		return false;
	}
	if (n != sizeof(vcpu) || vcpu >= q->nr_cpus) {
		ev->type = VM_EVENT_ERROR;
		vm_err(&ev->err, EPROTO, "the emulator's plugin sent nonsense (%zd bytes)", n);
		return true;
	}
	q->at_sync = true;
	q->sync_vcpu = vcpu;
	ev->type = VM_EVENT_SYNC;
	ev->vcpu = vcpu;
	return true;
}

static void qemu_wait(struct vm *vm, int timeout_ms, int wake_fd, struct vm_event *ev)
{
	int64_t deadline = vm_deadline_ms(timeout_ms);
	struct qemu_vm *q = to_qemu(vm);

	if (q->state == CREATED) {
		ev->type = VM_EVENT_ERROR;
		vm_err(&ev->err, EINVAL, "the machine was not started");
		return;
	}
	while (q->state == RUNNING) {
		struct pollfd p[] = {
			{ .fd = q->proc.pidfd, .events = POLLIN },
			{ .fd = q->at_sync ? -1 : q->sync_fd, .events = POLLIN },
			{ .fd = wake_fd, .events = POLLIN },
		};
		int r = poll(p, 3, vm_left_ms(deadline));

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0) {
			ev->type = VM_EVENT_ERROR;
			vm_err(&ev->err, errno, "poll: %s", strerror(errno));
			return;
		}
		if (p[0].revents) {
			judge_end(q);
			break;
		}
		if (p[1].revents && take_sync(q, ev))
			return;
		/* POLLNVAL and POLLERR of wake_fd too: they would come back for ever */
		if (!r || p[2].revents) {
			ev->type = VM_EVENT_TIMEOUT;
			return;
		}
	}
	*ev = q->end;
}

static int qemu_continue(struct vm *vm)
{
	struct qemu_vm *q = to_qemu(vm);

	if (!q->at_sync || q->pause != NOT_PAUSED)
		return -EINVAL;
	q->at_sync = false;
	/* if it cannot be delivered the emulator is dead, which the next vm_wait() reports */
	(void)!send(q->sync_fd, &q->sync_vcpu, sizeof(q->sync_vcpu), MSG_NOSIGNAL | MSG_DONTWAIT);
	return 0;
}

static int send_signal(struct qemu_vm *q, int sig)
{
	return syscall(SYS_pidfd_send_signal, q->proc.pidfd, sig, NULL, 0) ? -errno : 0;
}

/* Freeze the whole process and wait until it is: a stop takes effect within microseconds. */
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
	int r = qmp_command(&q->qmp, "stop", timeout_ms);

	if (r == -ETIMEDOUT)
		/* do not leave it half stopped; the answers are passed over later */
		qmp_command(&q->qmp, "cont", 0);
	if (!r)
		q->pause = PAUSED_BY_QMP;
	return r;
}

static int qemu_pause(struct vm *vm, int timeout_ms, struct vm_err *err)
{
	struct qemu_vm *q = to_qemu(vm);
	int r;

	if (q->state != RUNNING)
		return vm_err(err, ESRCH, "pause: the machine does not run");
	if (q->pause != NOT_PAUSED)
		return vm_err(err, EALREADY, "pause: the machine is paused already");
	if (q->deterministic) {
		if (!q->at_sync)
			return vm_err(err, EBUSY,
				      "pause: a deterministic guest stops only at sync points");
		q->pause = PAUSED_AT_SYNC;
		return 0;
	}
	r = in_doorbell(q) ? stop_by_signal(q) : stop_by_qmp(q, timeout_ms);
	return r ? vm_err(err, -r, "pause: the emulator did not stop: %s", strerror(-r)) : 0;
}

static int qemu_resume(struct vm *vm)
{
	struct qemu_vm *q = to_qemu(vm);
	int r = 0;

	if (q->pause == NOT_PAUSED)
		return -EINVAL;
	if (q->pause == PAUSED_BY_SIGNAL)
		r = send_signal(q, SIGCONT);
	else if (q->pause == PAUSED_BY_QMP)
		r = qmp_command(&q->qmp, "cont", QMP_LIMIT_MS);
	if (!r)
		q->pause = NOT_PAUSED;
	return r;
}

static void *qemu_mem(struct vm *vm, uint64_t gpa, size_t len)
{
	return vm_ram_at(&to_qemu(vm)->ram, gpa, len);
}

static void *qemu_shared(struct vm *vm, uint64_t *gpa)
{
	struct qemu_vm *q = to_qemu(vm);

	if (!q->shared_bytes)
		return NULL;
	if (gpa)
		*gpa = q->shared_gpa;
	return vm_ram_at(&q->ram, q->shared_gpa, q->shared_bytes);
}

const struct vm_ops qemu_ops = {
	.name		= "tcg",
	.doorbell	= "insn",
	.usable		= qemu_usable,
	.check		= qemu_check,
	.create		= qemu_create,
	.start		= qemu_start,
	.wait		= qemu_wait,
	.resume_sync	= qemu_continue,
	.pause		= qemu_pause,
	.resume		= qemu_resume,
	.mem		= qemu_mem,
	.shared		= qemu_shared,
	.destroy	= qemu_destroy,
};
