// SPDX-License-Identifier: GPL-2.0
/*
 * The emulation backend: one QEMU process per machine. It has three interfaces to the host: guest
 * RAM, which both map; the plugin's socket, on which a vCPU reports that it is at a sync point;
 * and the pidfd, which becomes readable when the machine is off. QMP is the fourth. It stops a
 * multi-threaded machine; stopping a deterministic one between two sync points would change its run,
 * so that it is only asked when its run is over (look.c). One that has a save point uses QMP before
 * it runs and after it has stopped there.
 *
 * Guest RAM outlives QEMU: it is our mapping of a memfd.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/control.h"
#include "lib/status.h"
#include "vmm/apic_id.h"
#include "lib/clock.h"
#include "vmm/cmdline.h"
#include "lib/fd.h"
#include "vmm/initrd.h"
#include "vmm/output.h"
#include "vmm/vmlinux.h"
#include "machine.h"

#define MAX_CMDLINE	(VM_CMDLINE_MAX + 1)
#define TAIL_BYTES	320

#define NR_HANDOVER	(sizeof(struct qemu_handover) / sizeof(int))

static int qemu_usable(struct ktstr_err *err)
{
	char plugin[PATH_MAX];
	struct qemu_bin bin;
	int r = qemu_find(&bin, err);

	return r ? r : qemu_find_plugin(plugin, sizeof(plugin), err);
}

int vm_emulator_path(char *path, size_t size, struct ktstr_err *err)
{
	struct qemu_bin bin;
	int r = qemu_find(&bin, err);

	if (!r && (size_t)snprintf(path, size, "%s", bin.path) >= size)
		r = ktstr_err(err, ENAMETOOLONG, "%s: the path is too long", bin.path);
	return r;
}

static int qemu_check(const struct vm_spec *spec, const struct vm_image *image,
		      struct ktstr_err *err)
{
	char topo[KTSTR_TOPOLOGY_STRLEN];

	if (image->format == VM_IMAGE_ELF && !image->pvh)
		return ktstr_err(err, EINVAL,
				 "kernel %s: this vmlinux has no PVH entry point (CONFIG_PVH); use the bzImage of the same build",
				 spec->kernel);
	/* QEMU completes their requests when its own threads get to it */
	if (spec->deterministic && spec->nr_devices)
		return ktstr_err(err, EOPNOTSUPP,
				 "%s: a deterministic machine has none, its interrupts would come at moments that the host decides",
				 spec->devices[0].class->name);
	if (!spec->deterministic || vm_apic_id_max(&spec->topo) < VM_APIC_ID_X2APIC)
		return 0;
	ktstr_topology__format(&spec->topo.count, topo, sizeof(topo));
	/* QEMU 10.0.2 aborts there with "Bad icount read" */
	return ktstr_err(err, EOPNOTSUPP,
			 "topology %s needs APIC ids up to %" PRIu32 "; deterministic emulation has no x2APIC and ends at %d, use fewer CPUs",
			 topo, vm_apic_id_max(&spec->topo), VM_APIC_ID_X2APIC - 1);
}

static int open_files(struct qemu_vm *q, const struct vm_spec *s, struct ktstr_err *err)
{
	int r;

	q->give.console = vm_output_open("console_path", s->console_path, err);
	if (q->give.console < 0)
		return q->give.console;
	q->give.output = vm_output_open("output_path", s->output_path, err);
	if (q->give.output < 0)
		return q->give.output;
	if (s->terminal_fd) {
		fd_close(&q->give.output);
		q->give.output = fcntl(s->terminal_fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
		if (q->give.output < 0)
			return ktstr_err(err, errno, "terminal_fd %d: %s", s->terminal_fd,
					 strerror(errno));
	}
	r = qemu_saved_open(q, s, err);
	if (r)
		return r;
	if (s->emulator_log_path) {
		q->log_fd = vm_output_open("emulator_log_path", s->emulator_log_path, err);
		if (q->log_fd < 0)
			return q->log_fd;
	} else {
		/* kept in memory for the one line that explains an early death */
		q->log_fd = fd_high(memfd_create("ktstr-emulator-log", MFD_CLOEXEC));
		if (q->log_fd < 0)
			return ktstr_err(err, errno, "memfd: %s", strerror(errno));
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
			return ktstr_err(err, errno, "initrd_fd %d: %s", s->initrd_fd,
					 strerror(errno));
	}
	return 0;
}

static int open_devices(struct qemu_vm *q, const struct vm_spec *s, struct ktstr_err *err)
{
	for (unsigned int i = 0; i < s->nr_devices; i++) {
		const struct vm_device *d = &s->devices[i];

		if (!d->class->open)
			continue;
		q->give.device[i] = d->class->open(d->config, err);
		if (q->give.device[i] < 0)
			return q->give.device[i];
	}
	return 0;
}

static int place_shared(struct qemu_vm *q, const struct vm_spec *s,
			const struct vm_image *image, struct ktstr_err *err)
{
	uint64_t low = s->mem_bytes < QEMU_LOW_MAX ? s->mem_bytes : QEMU_LOW_MAX;
	uint64_t initrd_bytes;
	int r = vm_initrd_size(s, &initrd_bytes, err);

	if (r)
		return r;
	q->shared_bytes = s->shared_bytes;
	return vm_ram_place_shared(low, initrd_bytes, image->load_end, s->shared_bytes,
			       &q->shared_gpa, err);
}

/* A kernel that was unpacked is put into guest memory; one that runs already is there. */
static int load_kernel(struct qemu_vm *q, const struct vm_spec *s, const struct vm_image *image,
		       struct ktstr_err *err)
{
	struct vm_entry e;
	int r;

	if (!s->vmlinux)
		return 0;
	if (!s->from) {
		/* the shared stretch, or where it would be */
		r = vm_vmlinux_load(s, image, &q->ram, q->shared_gpa, &e, err);
		if (r)
			return r;
		vm_write_low_map(&q->ram, e.start - VM_LOW_MAP_BYTES);
	}
	q->give.kernel = qemu_entry_file(s, image, s->from ? NULL : &e, err);
	return q->give.kernel < 0 ? q->give.kernel : 0;
}

static int build_command(struct qemu_vm *q, const struct vm_spec *s,
			 const struct vm_image *image, struct ktstr_err *err)
{
	char append[MAX_CMDLINE], plugin[PATH_MAX];
	struct qemu_bin bin;
	const struct vm_cmdline guest = {
		.platform = QEMU_PLATFORM,
		.doorbell = q->vm.doorbell, .shared_gpa = q->shared_gpa,
		.reserve_shared = true, .max = image->cmdline_max,
	};
	struct qemu_plan plan = {
		.bin = &bin,
		.spec = s,
		.plugin = plugin,
		.append = append,
		.ram_fd = q->ram.fd,
		.node_bytes = q->ram.node_bytes,
		.kernel_fd = q->give.kernel,
		.initrd_fd = q->give.initrd,
		.console_fd = q->give.console,
		.output_fd = q->give.output,
		.sync_fd = q->give.sync,
		.qmp_fd = q->give.qmp,
		.device_fd = q->give.device,
		.probes_fd = q->give.probes,
	};
	int r;

	r = qemu_find(&bin, err);
	if (!r)
		r = qemu_find_plugin(plugin, sizeof(plugin), err);
	if (!r)
		r = vm_cmdline_build(s, &guest, append, sizeof(append), err);
	if (r)
		return r;
	if (s->deterministic) {
		q->give.plugin = fd_high(open(plugin, O_RDONLY | O_CLOEXEC));
		if (q->give.plugin < 0)
			return ktstr_err(err, errno, "%s: %s", plugin, strerror(errno));
	}
	q->envp = qemu_process_env(&bin, q->give.plugin);
	if (!q->envp || qemu_args_build(&q->argv, &plan))
		return ktstr_err(err, ENOMEM, "emulator command line: out of memory");
	return 0;
}

/* Our own descriptors of RAM stay open: they tell where it has holes. */
static void close_handover(struct qemu_vm *q)
{
	int *give = (int *)&q->give;

	for (size_t i = 0; i < NR_HANDOVER; i++)
		fd_close(&give[i]);
}

static void free_command(struct qemu_vm *q)
{
	vm_argv_free(&q->argv);
	qemu_process_env_free(q->envp);
	q->envp = NULL;
}

static void qemu_destroy(struct vm *vm)
{
	struct qemu_vm *q = to_qemu(vm);

	qemu_process_kill(&q->proc);
	close_handover(q);
	fd_close(&q->written_fd);
	free_command(q);
	fd_close(&q->log_fd);
	fd_close(&q->sync_fd);
	fd_close(&q->qmp.fd);
	qemu_probes_close(q);
	vm_ram_free(&q->ram);
	free(q);
}

/* Run the emulator. A machine with a save point waits for qemu_saved_start(). */
static int spawn(struct qemu_vm *q, struct ktstr_err *err)
{
	int keep[NR_HANDOVER + KTSTR_MAX_NODES];
	int r;

	memcpy(keep, &q->give, sizeof(q->give));
	memcpy(keep + NR_HANDOVER, q->ram.fd, q->ram.nr_nodes * sizeof(*keep));
	memcpy(q->ram_fd, q->ram.fd, sizeof(q->ram_fd));
	r = qemu_process_spawn(&q->proc, q->argv.v, q->envp, -1, q->log_fd, keep,
			       NR_HANDOVER + q->ram.nr_nodes);
	if (r)
		return ktstr_err(err, -r, "cannot run %s: %s", q->argv.v[0], strerror(-r));
	/* the child's copies are the only ones now: its death is an end of file for us */
	close_handover(q);
	free_command(q);
	return 0;
}

static int qemu_create(struct vm **vmp, const struct vm_spec *s, const struct vm_image *image,
		       struct ktstr_err *err)
{
	struct qemu_vm *q = calloc(1, sizeof(*q));
	int r;

	if (!q)
		return ktstr_err(err, ENOMEM, "out of memory");
	q->vm.lap_ns = ktstr_now_ns();
	q->vm.notice = q->ram.notice;
	q->vm.doorbell = "insn";
	q->deterministic = s->deterministic;
	q->to_save = s->save_point && !s->from;
	q->state_fd = q->written_fd = -1;
	memcpy(q->mark_kva, s->mark_kva, sizeof(q->mark_kva));
	q->nr_cpus = ktstr_topology__cpus(&s->topo.count);
	memset(&q->give, 0xff, sizeof(q->give));
	q->proc.pidfd = q->log_fd = q->sync_fd = q->qmp.fd = -1;

	r = place_shared(q, s, image, err);
	if (r)
		goto out_destroy;
	r = vm_ram_alloc(&q->ram, s, err);
	if (vm_lap(&q->vm, VM_STEP_MEMORY, r))
		goto out_destroy;
	q->ram.nr_regions = vm_ram_regions_pc(s->mem_bytes, QEMU_LOW_MAX, q->ram.region);
	r = vm_lap(&q->vm, VM_STEP_KERNEL, load_kernel(q, s, image, err));
	if (r)
		goto out_destroy;
	r = vm_lap(&q->vm, VM_STEP_INITRD, open_files(q, s, err));
	if (r)
		goto out_destroy;
	r = vm_lap(&q->vm, VM_STEP_DEVICES, open_devices(q, s, err));
	if (r)
		goto out_destroy;
	r = qemu_probes_open(q, s, err);
	if (!r)
		r = qemu_process_socketpair(SOCK_SEQPACKET, &q->sync_fd, &q->give.sync, err);
	if (!r)
		r = qemu_process_socketpair(SOCK_STREAM, &q->qmp.fd, &q->give.qmp, err);
	if (r)
		goto out_destroy;
	r = build_command(q, s, image, err);
	/*
	 * It reads no memory before it is told to read the saved state, so both can get ready at the same
	 * time.
	 */
	if (!r && s->from)
		r = spawn(q, err);
	if (vm_lap(&q->vm, VM_STEP_EMULATOR, r))
		goto out_destroy;
	if (s->from)
		r = vm_lap(&q->vm, VM_STEP_MEMORY, vm_ram_load(&q->ram, s->from->ram_fd, err));
	if (r)
		goto out_destroy;
	*vmp = &q->vm;
	return 0;
out_destroy:
	qemu_destroy(&q->vm);
	return r;
}

static int qemu_start(struct vm *vm, struct ktstr_err *err)
{
	struct qemu_vm *q = to_qemu(vm);
	int r;

	if (q->state != CREATED)
		return ktstr_err(err, EINVAL, "the machine was already started");
	r = q->proc.pidfd < 0 ? spawn(q, err) : 0;
	if (!r && q->state_fd >= 0)
		r = qemu_saved_start(q, err);
	if (r)
		return r;
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
		if (ktstr_is_control(*p))
			*p = *p == '\n' ? '|' : ' ';
}

/* The process has ended: find out whether the guest or something else ended it. */
static void judge_end(struct qemu_vm *q)
{
	struct vm_event *ev = &q->end;
	char tail[TAIL_BYTES], how[KTSTR_STATUS_SIZE];
	int status, r;

	r = qemu_process_reap(&q->proc, &status);
	q->state = ENDED;
	q->at_sync = false;
	q->pause = NOT_PAUSED;
	memset(ev, 0, sizeof(*ev));
	log_tail(q, tail, sizeof(tail));
	ev->type = VM_EVENT_ERROR;
	if (r)
		ktstr_err(&ev->err, -r, "the emulator ended, its exit status is lost (%s): %s",
			  strerror(-r), *tail ? tail : "no message");
	else if (WIFSIGNALED(status))
		ktstr_err(&ev->err, EIO, "the emulator was %s: %s",
			  ktstr_status__format(status, how, sizeof(how)),
			  *tail ? tail : "no message");
	else if (WEXITSTATUS(status))
		ktstr_err(&ev->err, EIO, "the emulator failed with status %d: %s",
			  WEXITSTATUS(status), *tail ? tail : "no message");
	else if (strstr(tail, "terminating on signal"))
		/* it also exits with 0 after SIGTERM from somebody else */
		ktstr_err(&ev->err, EINTR, "the emulator was ended from outside: %s", tail);
	else
		ev->type = VM_EVENT_EXIT;
}

/* Take the plugin's message. True: *@ev is an event. */
static bool take_sync(struct qemu_vm *q, struct vm_event *ev)
{
	uint32_t vcpu, number;
	ssize_t n = recv(q->sync_fd, &vcpu, sizeof(vcpu), MSG_DONTWAIT);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return false;
	if (n > 0 && !qemu_probes_drain(q)) {
		ev->type = VM_EVENT_ERROR;
		ktstr_err(&ev->err, EPROTO, "the emulator's plugin wrote a damaged record of a probe");
		return true;
	}
	if (n <= 0) {
		/* the emulator is exiting; its pidfd will become readable */
		fd_close(&q->sync_fd);
		return false;
	}
	if (n == sizeof(vcpu) && vcpu >> QEMU_MARK_SHIFT == (QEMU_AT_MARK >> QEMU_MARK_SHIFT | QEMU_AT_RING)) {
		/* there is room again; nobody else has to know */
		vcpu &= (1u << QEMU_MARK_SHIFT) - 1;
		(void)!send(q->sync_fd, &vcpu, sizeof(vcpu), MSG_NOSIGNAL | MSG_DONTWAIT);
		return false;
	}
	ev->type = n == sizeof(vcpu) && vcpu & QEMU_AT_MARK ? VM_EVENT_MARK : VM_EVENT_SYNC;
	number = vcpu >> QEMU_MARK_SHIFT & 0x7f;
	vcpu &= (1u << QEMU_MARK_SHIFT) - 1;
	if (number >= QEMU_FIRST_WATCH && number < QEMU_FIRST_WATCH + QEMU_NR_WATCHES) {
		ev->type = VM_EVENT_WATCH;
		number -= QEMU_FIRST_WATCH;
	}
	q->at_stop = ev->type == VM_EVENT_MARK && number == QEMU_AT_STOP;
	if (q->at_stop)
		number = VM_MARK_STOP;
	ev->mark = number;
	ev->watch = number;
	if (n != sizeof(vcpu) || vcpu >= q->nr_cpus ||
	    (number >= (ev->type == VM_EVENT_WATCH ? VM_NR_WATCHES : VM_NR_MARKS) && !q->at_stop)) {
		ev->type = VM_EVENT_ERROR;
		ktstr_err(&ev->err, EPROTO, "the emulator's plugin sent nonsense (%zd bytes)", n);
		return true;
	}
	q->at_sync = true;
	q->sync_vcpu = vcpu;
	ev->vcpu = vcpu;
	return true;
}

static void qemu_wait(struct vm *vm, int timeout_ms, int wake_fd, struct vm_event *ev)
{
	int64_t deadline = ktstr_deadline_ms(timeout_ms);
	struct qemu_vm *q = to_qemu(vm);

	if (q->state == CREATED) {
		ev->type = VM_EVENT_ERROR;
		ktstr_err(&ev->err, EINVAL, "the machine was not started");
		return;
	}
	while (q->state == RUNNING) {
		struct pollfd p[] = {
			{ .fd = q->proc.pidfd, .events = POLLIN },
			{ .fd = q->at_sync ? -1 : q->sync_fd, .events = POLLIN },
			{ .fd = wake_fd, .events = POLLIN },
			{ .fd = q->to_save && !q->saved ? q->qmp.fd : -1, .events = POLLIN },
		};
		int r = poll(p, 4, ktstr_left_ms(deadline));

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0) {
			ev->type = VM_EVENT_ERROR;
			ktstr_err(&ev->err, errno, "poll: %s", strerror(errno));
			return;
		}
		if (p[0].revents) {
			judge_end(q);
			qemu_probes_drain(q);
			break;
		}
		if (p[1].revents && take_sync(q, ev))
			return;
		if (p[3].revents && qemu_saved_stopped(q, ev))
			return;
		/* POLLNVAL and POLLERR of wake_fd too: poll() would return them again and again */
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
	const void *answer = &q->sync_vcpu;
	size_t len = sizeof(q->sync_vcpu);

	if (!q->at_sync || q->pause != NOT_PAUSED)
		return -EINVAL;
	q->at_sync = false;
	if (q->new_mark) {
		q->answer.vcpu = q->sync_vcpu;
		answer = &q->answer;
		len = sizeof(q->answer);
	}
	/* if it cannot be delivered the emulator is dead, which the next vm_wait() reports */
	(void)!send(q->sync_fd, answer, len, MSG_NOSIGNAL | MSG_DONTWAIT);
	q->new_mark = false;
	memset(&q->answer, 0, sizeof(q->answer));
	return 0;
}

static const struct vm_ram *qemu_ram(struct vm *vm)
{
	return &to_qemu(vm)->ram;
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
	.usable		= qemu_usable,
	.check		= qemu_check,
	.create		= qemu_create,
	.start		= qemu_start,
	.wait		= qemu_wait,
	.resume_sync	= qemu_continue,
	.set_mark	= qemu_set_mark,
	.set_watch	= qemu_set_watch,
	.set_probes	= qemu_set_probes,
	.probe_time	= qemu_probe_time,
	.set_stop	= qemu_set_stop,
	.set_shake	= qemu_set_shake,
	.hand_over	= qemu_hand_over,
	.add_tallies	= qemu_add_tallies,
	.get_tally	= qemu_get_tally,
	.set_counted	= qemu_set_counted,
	.get_counts	= qemu_get_counts,
	.save		= qemu_save,
	.pause		= qemu_pause,
	.resume		= qemu_resume,
	.look		= qemu_look,
	.get_regs	= qemu_get_regs,
	.ram		= qemu_ram,
	.mem		= qemu_mem,
	.shared		= qemu_shared,
	.destroy	= qemu_destroy,
};
