// SPDX-License-Identifier: GPL-2.0
/*
 * The life of a machine from vm_create() to vm_destroy(), and what happens when somebody kills its
 * emulator or its host process. It does not matter here what runs in it: a kernel of a few
 * instructions.
 */
/* Own: /dev/shm is compared before and after. */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "harness/model/late.h"
#include "lib/clock.h"
#define VM_REAL_KERNEL	0
#include "tests/e2e/vm_fixture.h"
#include "tests/tiny_kernel.h"

/* The machine's kernel rings and then does @what64 or @what32. 0 or -errno. */
#define TINY_AFTER_RING(self, what64, what32) \
	tiny_after_ring(self, what64, sizeof(what64), what32, sizeof(what32))

static int tiny_after_ring(FIXTURE_DATA(vm) *self, const uint8_t *what64, size_t len64,
			   const uint8_t *what32, size_t len32)
{
	uint8_t code64[128] = { RING }, code32[128] = { RING_INSN };
	const size_t ring64 = sizeof((uint8_t[]){ RING }), ring32 = sizeof((uint8_t[]){ RING_INSN });

	memcpy(code64 + ring64, what64, len64);
	memcpy(code32 + ring32, what32, len32);
	return tiny_kernel_for_both(self->tiny, code64, ring64 + len64, code32, ring32 + len32);
}

static const uint8_t tiny_spin[] = { SPIN };
static const uint8_t tiny_reset[] = { RESET, SPIN };

/* ---- memory ---- */

#define READERS		3
#define COUNT_GPA	0x8000u
#define TOLD_GPA	0x8008u

struct reader {
	pthread_t thread;
	struct vm *vm;
	uint64_t gpa;
	atomic_bool *stop;
	uint64_t seen;		/* different values */
	uint64_t steps_back;
};

static void *read_on(void *arg)
{
	struct reader *r = arg;
	uint64_t last = 0;

	while (!atomic_load(r->stop)) {
		volatile uint64_t *p = vm_mem(r->vm, r->gpa, sizeof(*p));
		uint64_t now = *p;

		r->steps_back += now < last;
		r->seen += now != last;
		last = now;
	}
	return NULL;
}

/* A number that only grows does so for each of them, whatever its owner does to the machine. */
TEST_F_TIMEOUT(vm, any_thread_reads_guest_memory_while_the_guest_writes, 150)
{
	/* counts until it is told to stop */
	static const uint8_t code64[] = {
		INC_8000, CMP_8008_0, 0x74, (uint8_t)-19, RESET, SPIN
	};
	static const uint8_t code32[] = {
		INC_8000_32, CMP_8008_0_32, 0x74, (uint8_t)-15, RESET, SPIN
	};
	struct reader reader[READERS];
	atomic_bool stop = false;
	volatile uint64_t *told;

	ASSERT_EQ(0, TINY_AFTER_RING(self, code64, code32));
	ASSERT_EQ(0, launch(self, "count")) TH_LOG("%s", self->err.msg);
	ASSERT_EQ(VM_EVENT_SYNC, next(self)) TH_LOG("%s", self->ev.err.msg);
	memset(vm_mem(self->vm, COUNT_GPA, 8), 0, 8);
	told = vm_mem(self->vm, TOLD_GPA, 8);
	*told = 0;
	ASSERT_EQ(0, vm_continue(self->vm));
	for (int i = 0; i < READERS; i++) {
		reader[i] = (struct reader){
			.vm = self->vm, .gpa = COUNT_GPA, .stop = &stop,
		};
		ASSERT_EQ(0, pthread_create(&reader[i].thread, NULL, read_on, &reader[i]));
	}
	for (int i = 0; i < 20; i++) {
		EXPECT_EQ(0, vm_pause(self->vm, 5000, &self->err)) TH_LOG("%s", self->err.msg);
		EXPECT_EQ(0, vm_resume(self->vm));
		poll(NULL, 0, 10);
	}
	*told = 1;
	EXPECT_EQ(VM_EVENT_EXIT, next(self)) TH_LOG("%s", self->ev.err.msg);
	/* over, but still there to be read */
	poll(NULL, 0, 10);
	atomic_store(&stop, true);
	for (int i = 0; i < READERS; i++) {
		ASSERT_EQ(0, pthread_join(reader[i].thread, NULL));
		EXPECT_LT(1, reader[i].seen);
		EXPECT_EQ(0, reader[i].steps_back);
	}
}

/* ---- saved and started again ---- */

#define VALUE_GPA	0x8010u
#define EBX_VALUE		0x1234u
#define SAY(_c)		MOV_DX(0x3f8), 0xb0, _c, OUT_AL
#define MOV_EBX_VALUE	0xbb, EBX_VALUE & 0xff, EBX_VALUE >> 8, 0, 0
#define ZERO_EAX	0x31, 0xc0

static void open_saved(FIXTURE_DATA(vm) *self, struct vm_saved *s)
{
	s->state_fd = memfd_create("state", MFD_CLOEXEC);
	s->ram_fd = memfd_create("ram", MFD_CLOEXEC);
	s->console_fd = open(self->console, O_RDONLY | O_CLOEXEC);
	s->output_fd = open(self->output, O_RDONLY | O_CLOEXEC);
}

static void close_saved(const struct vm_saved *s)
{
	close(s->state_fd);
	close(s->ram_fd);
	close(s->console_fd);
	close(s->output_fd);
}

/* Registers, memory and what it has printed; two machines start from one and do not disturb it. */
TEST_F_TIMEOUT(vm, a_saved_machine_goes_on_where_it_stood, 150)
{
	static const uint8_t code64[] = {
		SAY('A'), INC_8000, MOV_EBX_VALUE,
		0xb8, VM_DOORBELL_SAVE, 0, 0, 0, RING, ZERO_EAX, RING,
		INC_8000, 0x89, 0x1c, 0x25, VALUE_GPA & 0xff, VALUE_GPA >> 8, 0, 0,
		SAY('B'), RING, RESET, SPIN
	};
	static const uint8_t code32[] = {
		SAY('A'), INC_8000_32, MOV_EBX_VALUE,
		MOV_DX(KTSTR_SAVE_PORT), 0xb0, 1, OUT_AL, RING_INSN,
		INC_8000_32, 0x89, 0x1d, VALUE_GPA & 0xff, VALUE_GPA >> 8, 0, 0,
		SAY('B'), RING_INSN, RESET, SPIN
	};
	char first[128];
	struct vm_saved saved;
	volatile uint32_t *p;
	char *text;

	ASSERT_EQ(0, tiny_kernel_for_both(self->tiny, code64, sizeof(code64), code32, sizeof(code32)));
	self->spec.deterministic = on_tcg(self);
	self->spec.save_point = true;
	ASSERT_EQ(0, launch(self, "save")) TH_LOG("%s", self->err.msg);
	ASSERT_EQ(VM_EVENT_SAVE, next(self)) TH_LOG("%s", self->ev.err.msg);
	open_saved(self, &saved);
	ASSERT_EQ(0, vm_save(self->vm, &saved, &self->err)) TH_LOG("%s", self->err.msg);
	vm_destroy(self->vm);
	self->vm = NULL;

	/* the new machine writes to files of its own */
	strcpy(first, self->console);
	snprintf(self->console, sizeof(self->console), "%s/a", self->dir);
	self->spec.from = &saved;
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, launch(self, "save")) TH_LOG("%s", self->err.msg);
		p = vm_mem(self->vm, COUNT_GPA, VALUE_GPA - COUNT_GPA + 4);
		ASSERT_EQ(VM_EVENT_SYNC, next(self)) TH_LOG("%s", self->ev.err.msg);
		EXPECT_EQ(1, p[0]);
		EXPECT_EQ(0, p[(VALUE_GPA - COUNT_GPA) / 4]);
		ASSERT_EQ(0, vm_continue(self->vm));
		ASSERT_EQ(VM_EVENT_SYNC, next(self)) TH_LOG("%s", self->ev.err.msg);
		EXPECT_EQ(2, p[0]);
		EXPECT_EQ(EBX_VALUE, p[(VALUE_GPA - COUNT_GPA) / 4]);
		ASSERT_EQ(0, vm_continue(self->vm));
		EXPECT_EQ(VM_EVENT_EXIT, next(self)) TH_LOG("%s", self->ev.err.msg);
		vm_destroy(self->vm);
		self->vm = NULL;
		text = console_text(self);
		EXPECT_STREQ("AB", text);
		free(text);
	}

	/* damaged files are refused */
	ASSERT_EQ(0, ftruncate(saved.ram_fd, 4096));
	EXPECT_EQ(-EBADMSG, vm_create(&self->vm, &self->spec, &self->err));
	close_saved(&saved);
	strcpy(self->console, first);
}

/* ---- watched ---- */

#define STORE_GPA	(LOAD_GPA + (uint64_t)sizeof((uint8_t[]){ RING, MOV_EBX_VALUE, INC_8000 }))

/* The bundled VMM's way, debug registers of the CPU; traces and snapshots test the emulator's. */
TEST_F_TIMEOUT(vm, a_store_to_a_watched_address_stops_the_machine_behind_it, 150)
{
	static const uint8_t code[] = { RING, MOV_EBX_VALUE, INC_8000, INC_8000, RING, RESET, SPIN };
	struct vm_regs regs[2];
	volatile uint64_t *count;

	if (on_tcg(self))
		SKIP(return, "of KVM only");
	ASSERT_EQ(0, tiny_kernel(self->tiny, code, sizeof(code)));
	ASSERT_EQ(0, launch(self, "watch")) TH_LOG("%s", self->err.msg);
	count = vm_mem(self->vm, COUNT_GPA, sizeof(*count));
	ASSERT_EQ(VM_EVENT_SYNC, next(self)) TH_LOG("%s", self->ev.err.msg);
	EXPECT_EQ(0, vm_set_watch(self->vm, 1, COUNT_GPA));
	EXPECT_EQ(-EBUSY, vm_set_watch(self->vm, 1, COUNT_GPA + 8));
	ASSERT_EQ(0, vm_continue(self->vm));
	for (uint64_t i = 0; i < 2; i++) {
		ASSERT_EQ(VM_EVENT_WATCH, next(self)) TH_LOG("%s", self->ev.err.msg);
		EXPECT_EQ(1, self->ev.watch);
		EXPECT_EQ(0, self->ev.vcpu);
		EXPECT_EQ(i + 1, *count);
		ASSERT_EQ(0, vm_pause(self->vm, 5000, &self->err)) TH_LOG("%s", self->err.msg);
		ASSERT_EQ(0, vm_get_regs(self->vm, regs, &self->err)) TH_LOG("%s", self->err.msg);
		EXPECT_EQ(EBX_VALUE, regs[0].gpr[VM_RBX]);
		EXPECT_EQ(STORE_GPA + i * sizeof((uint8_t[]){ INC_8000 }), regs[0].rip);
		EXPECT_EQ(VM_STAND_NEVER, regs[1].kind);
		ASSERT_EQ(0, vm_resume(self->vm));
		ASSERT_EQ(0, vm_continue(self->vm));
	}
	ASSERT_EQ(VM_EVENT_SYNC, next(self)) TH_LOG("%s", self->ev.err.msg);
	ASSERT_EQ(0, vm_continue(self->vm));
	EXPECT_EQ(VM_EVENT_EXIT, next(self)) TH_LOG("%s", self->ev.err.msg);
}

/* ---- how it ends ---- */

/* The only child of @pid, 0 if there is none. */
static pid_t only_child(pid_t pid)
{
	char path[64], buf[64] = "";
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	(void)!read(fd, buf, sizeof(buf) - 1);
	close(fd);
	return atoi(buf);
}

TEST_F_TIMEOUT(vm, an_emulator_that_is_killed_is_an_error_not_an_end, 150)
{
	if (!on_tcg(self))
		SKIP(return, "of the emulator only");
	ASSERT_EQ(0, TINY_AFTER_RING(self, tiny_spin, tiny_spin));
	ASSERT_EQ(0, launch(self, "sync:1")) TH_LOG("%s", self->err.msg);
	ASSERT_EQ(VM_EVENT_SYNC, next(self));
	kill(only_child(getpid()), SIGKILL);
	EXPECT_EQ(VM_EVENT_ERROR, next(self));
	EXPECT_NE(NULL, strstr(self->ev.err.msg, "SIGKILL")) TH_LOG("%s", self->ev.err.msg);
	/* what was in its memory stays there */
	EXPECT_EQ(0, memcmp(vm_mem(self->vm, PVH_GPA, 8), (uint8_t[]){ RING_INSN }, 8));
}

TEST_F_TIMEOUT(vm, an_emulator_that_is_terminated_is_an_error_not_an_end, 150)
{
	if (!on_tcg(self))
		SKIP(return, "of the emulator only");
	ASSERT_EQ(0, TINY_AFTER_RING(self, tiny_spin, tiny_spin));
	ASSERT_EQ(0, launch(self, "sync:1,hang")) TH_LOG("%s", self->err.msg);
	ASSERT_EQ(VM_EVENT_SYNC, next(self));
	vm_continue(self->vm);
	kill(only_child(getpid()), SIGTERM);
	EXPECT_EQ(VM_EVENT_ERROR, next(self));
	EXPECT_NE(NULL, strstr(self->ev.err.msg, "outside")) TH_LOG("%s", self->ev.err.msg);
}

TEST_F(vm, an_emulator_that_cannot_start_says_why)
{
	char path[128];
	FILE *f;

	if (!on_tcg(self))
		SKIP(return, "of the emulator only");
	snprintf(path, sizeof(path), "%s/a", self->dir);
	f = fopen(path, "w");
	fprintf(f, "#!/bin/sh\n[ \"$1\" = --version ] && echo 'QEMU emulator version 10.0.0' && exit\n"
		"echo 'no such machine' >&2\nexit 1\n");
	fclose(f);
	chmod(path, 0755);
	setenv("KTSTR_QEMU", path, 1);
	ASSERT_EQ(0, TINY_AFTER_RING(self, tiny_spin, tiny_spin));
	ASSERT_EQ(0, launch(self, "off")) TH_LOG("%s", self->err.msg);
	EXPECT_EQ(VM_EVENT_ERROR, next(self));
	EXPECT_NE(NULL, strstr(self->ev.err.msg, "status 1: no such machine"))
		TH_LOG("%s", self->ev.err.msg);
}

/* ---- waiting and stopping ---- */

TEST_F(vm, waiting_ends_by_deadline_or_by_the_callers_event)
{
	int wake = eventfd(1, EFD_CLOEXEC);

	ASSERT_EQ(0, TINY_AFTER_RING(self, tiny_spin, tiny_spin));
	ASSERT_EQ(0, vm_create(&self->vm, &self->spec, &self->err)) TH_LOG("%s", self->err.msg);
	vm_wait(self->vm, 0, -1, &self->ev);
	EXPECT_EQ(VM_EVENT_ERROR, self->ev.type);
	ASSERT_EQ(0, vm_start(self->vm, &self->err));
	EXPECT_NE(0, vm_start(self->vm, &self->err));
	vm_wait(self->vm, 0, -1, &self->ev);
	EXPECT_EQ(VM_EVENT_TIMEOUT, self->ev.type);
	vm_wait(self->vm, -1, wake, &self->ev);
	EXPECT_EQ(VM_EVENT_TIMEOUT, self->ev.type);
	EXPECT_EQ(-EINVAL, vm_continue(self->vm));
	EXPECT_EQ(-EINVAL, vm_resume(self->vm));
}

TEST_F_TIMEOUT(vm, a_deterministic_guest_pauses_at_sync_points_only, 150)
{
	if (!on_tcg(self))
		SKIP(return, "of the emulator only");
	self->spec.deterministic = true;
	ASSERT_EQ(0, TINY_AFTER_RING(self, tiny_reset, tiny_reset));
	ASSERT_EQ(0, launch(self, "sync:1,off")) TH_LOG("%s", self->err.msg);
	EXPECT_EQ(-EBUSY, vm_pause(self->vm, 1000, &self->err));
	ASSERT_EQ(VM_EVENT_SYNC, next(self));
	EXPECT_EQ(0, vm_pause(self->vm, 1000, &self->err));
	EXPECT_EQ(-EALREADY, vm_pause(self->vm, 1000, &self->err));
	EXPECT_EQ(-EINVAL, vm_continue(self->vm));
	EXPECT_EQ(0, vm_resume(self->vm));
	EXPECT_EQ(0, vm_continue(self->vm));
	EXPECT_EQ(VM_EVENT_EXIT, next(self));
}

/* ---- where the time goes ---- */

static int64_t sum_of(const struct vm_times *t)
{
	int64_t sum = 0;

	for (int i = 0; i < VM_NR_STEPS; i++)
		sum += t->ns[i];
	return sum;
}

TEST_F_TIMEOUT(vm, every_step_of_a_start_has_its_time, 150)
{
	static const enum vm_step own[][4] = {
		[VM_ACCEL_KVM] = { VM_STEP_KERNEL, VM_STEP_IRQCHIP, VM_STEP_SLOTS, VM_STEP_VCPUS },
		[VM_ACCEL_TCG] = { VM_STEP_EMULATOR, VM_STEP_INITRD, VM_STEP_MEMORY, VM_STEP_CHECK },
	};
	struct vm_times t, later;
	int64_t before = ktstr_now_ns(), took;

	ASSERT_EQ(0, TINY_AFTER_RING(self, tiny_spin, tiny_spin));
	snprintf(self->cmdline, sizeof(self->cmdline), "vmtest=sync:1,hang");
	ASSERT_EQ(0, vm_create(&self->vm, &self->spec, &self->err)) TH_LOG("%s", self->err.msg);
	took = ktstr_now_ns() - before;
	vm_get_times(self->vm, &t);
	for (int i = 0; i < 4; i++)
		EXPECT_LT(0, t.ns[own[self->spec.accel][i]]);
	EXPECT_EQ(0, t.ns[VM_STEP_START]);
	EXPECT_EQ(0, t.entry_ns);
	EXPECT_GE(took, sum_of(&t));

	/* what passes between the two calls belongs to neither */
	poll(NULL, 0, 200);
	before = ktstr_now_ns();
	ASSERT_EQ(0, vm_start(self->vm, &self->err)) TH_LOG("%s", self->err.msg);
	took = ktstr_now_ns() - before;
	ASSERT_EQ(VM_EVENT_SYNC, next(self)) TH_LOG("%s", self->ev.err.msg);
	vm_get_times(self->vm, &later);
	EXPECT_LT(0, later.ns[VM_STEP_START]);
	EXPECT_GE(took, later.ns[VM_STEP_START]);
	EXPECT_EQ(sum_of(&t), sum_of(&later) - later.ns[VM_STEP_START]);
	EXPECT_EQ(!on_tcg(self), later.entry_ns > 0);
	EXPECT_GT((int64_t)(ktstr_now_ns() - before), later.entry_ns);
	/* a second call fails, and counts for nothing */
	EXPECT_NE(0, vm_start(self->vm, &self->err));
	vm_get_times(self->vm, &t);
	EXPECT_EQ(0, memcmp(&t, &later, sizeof(t)));
}

/* ---- nothing stays behind ---- */

static unsigned int entries(const char *path)
{
	DIR *d = opendir(path);
	unsigned int n = 0;

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

TEST_F_TIMEOUT(vm, destroy_in_any_phase_leaves_nothing, 300)
{
	unsigned int fds = entries("/proc/self/fd"), shm = entries("/dev/shm");

	ASSERT_EQ(0, TINY_AFTER_RING(self, tiny_reset, tiny_reset));
	for (int phase = 0; phase < 7; phase++) {
		self->spec.deterministic = phase == 3 && on_tcg(self);
		if (phase == 6)
			self->spec.output_path = "/nonexistent/output";
		snprintf(self->cmdline, sizeof(self->cmdline), "vmtest=sync:1,off");
		EXPECT_EQ(phase == 6 ? -ENOENT : 0,
			  vm_create(&self->vm, &self->spec, &self->err));
		if (phase >= 1 && phase <= 5)
			ASSERT_EQ(0, vm_start(self->vm, &self->err));
		if (phase >= 2 && phase <= 5)
			ASSERT_EQ(VM_EVENT_SYNC, next(self));
		if (phase == 3 || phase == 5)
			ASSERT_EQ(0, vm_pause(self->vm, 5000, &self->err));
		if (phase == 4) {
			ASSERT_EQ(0, vm_continue(self->vm));
			ASSERT_EQ(VM_EVENT_EXIT, next(self));
		}
		vm_destroy(self->vm);
		self->vm = NULL;
		EXPECT_EQ(fds, entries("/proc/self/fd")) TH_LOG("phase %d", phase);
		EXPECT_EQ(shm, entries("/dev/shm"));
		EXPECT_EQ(-1, waitpid(-1, NULL, WNOHANG));
		EXPECT_EQ(ECHILD, errno);
	}
}

/* Start a machine in a process of its own, kill that; the emulator must go. */
static void kill_host(struct __test_metadata *_metadata, FIXTURE_DATA(vm) *self, bool at_sync)
{
	unsigned int shm = entries("/dev/shm");
	struct pollfd p = { .events = POLLIN };
	pid_t host, qemu;
	int fds[2];
	char c;

	ASSERT_EQ(0, TINY_AFTER_RING(self, tiny_spin, tiny_spin));
	ASSERT_EQ(0, pipe2(fds, O_CLOEXEC));
	host = fork();
	if (!host) {
		if (launch(self, "sync:1,hang") || next(self) != VM_EVENT_SYNC)
			_exit(1);
		if (!at_sync)
			vm_continue(self->vm);
		(void)!write(fds[1], "x", 1);
		pause();
		_exit(1);
	}
	close(fds[1]);
	ASSERT_EQ(1, read(fds[0], &c, 1));
	qemu = only_child(host);
	ASSERT_LT(0, qemu);
	p.fd = (int)syscall(SYS_pidfd_open, qemu, 0);
	ASSERT_LE(0, p.fd);
	ASSERT_EQ(0, poll(&p, 1, 0));
	ASSERT_EQ(0, kill(host, SIGKILL));
	ASSERT_EQ(host, waitpid(host, NULL, 0));
	EXPECT_EQ(1, poll(&p, 1, 5000));
	EXPECT_EQ(shm, entries("/dev/shm"));
	close(p.fd);
	close(fds[0]);
}

TEST_F_TIMEOUT(vm, killing_the_host_process_ends_a_running_machine, 150)
{
	if (!on_tcg(self))
		SKIP(return, "of the emulator only");
	kill_host(_metadata, self, false);
}

TEST_F_TIMEOUT(vm, killing_the_host_process_ends_a_machine_at_a_sync_point, 150)
{
	if (!on_tcg(self))
		SKIP(return, "of the emulator only");
	self->spec.deterministic = true;
	kill_host(_metadata, self, true);
}

TEST_HARNESS_MAIN
