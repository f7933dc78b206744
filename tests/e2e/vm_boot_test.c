// SPDX-License-Identifier: GPL-2.0
/*
 * What vm.h promises on a real kernel: KTSTR_TEST_KERNEL names one (bzImage). Topologies have a
 * test of their own, topology_test.c. The guest is tests/e2e/guest/vm_init.c, taken as `vm_init`
 * from the folder of this program, or compiled here when its source is at hand. Without a kernel
 * or an emulator the tests are skipped. KTSTR_TEST_ACCEL=kvm asks for the bundled VMM instead of
 * emulation.
 */
/* Own: /dev/shm is compared before and after. */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "lib/clock.h"
#include "vmm/vm.h"
#include "tests/e2e/guest/vm_initrd.h"
#include "kselftest_harness.h"

#define MIB		(UINT64_C(1) << 20)
#define BOOT_MS		120000

static enum vm_accel wanted_accel(void)
{
	const char *name = getenv("KTSTR_TEST_ACCEL");

	return name && !strcmp(name, "kvm") ? VM_ACCEL_KVM : VM_ACCEL_TCG;
}

FIXTURE(vm) {
	struct vm_spec spec;
	struct vm *vm;
	struct vm_event ev;
	struct ktstr_err err;
	char dir[64];
	char cmdline[256];
	char console[128];
	char output[128];
	char log[128];
};

FIXTURE_SETUP(vm)
{
	const char *kernel = getenv("KTSTR_TEST_KERNEL");
	enum vm_accel accel;
	char why[512];

	if (!kernel)
		SKIP(return, "KTSTR_TEST_KERNEL is not set");
	if (vm_pick_accel(wanted_accel(), &accel, why, sizeof(why), &self->err))
		SKIP(return, "%s", self->err.msg);
	strcpy(self->dir, "/tmp/vm_boot_test.XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	snprintf(self->console, sizeof(self->console), "%s/console", self->dir);
	snprintf(self->output, sizeof(self->output), "%s/output", self->dir);
	snprintf(self->log, sizeof(self->log), "%s/emulator", self->dir);
	self->spec = (struct vm_spec){
		.kernel = kernel, .initrd_fd = make_initrd(self->dir), .cmdline = self->cmdline,
		.topo = { { 1, 1, 2, 1 } }, .mem_bytes = 512 * MIB, .shared_bytes = 16 * MIB,
		.accel = accel, .icount_shift = VM_SHIFT_AUTO, .seed = 1,
		.console_path = self->console, .output_path = self->output,
		.emulator_log_path = self->log,
	};
	ASSERT_LE(0, self->spec.initrd_fd);
	self->vm = NULL;
}

/* For what only the emulator promises. */
static bool on_tcg(const FIXTURE_DATA(vm) *self)
{
	return self->spec.accel == VM_ACCEL_TCG;
}

FIXTURE_TEARDOWN(vm)
{
	static const char *const file[] = { "console", "output", "emulator", "vm_init", "a", "b" };
	char path[128];

	vm_destroy(self->vm);
	for (size_t i = 0; *self->dir && i < ARRAY_SIZE(file); i++) {
		snprintf(path, sizeof(path), "%s/%s", self->dir, file[i]);
		unlink(path);
	}
	if (*self->dir)
		rmdir(self->dir);
}

/* Create and start a machine that does @what. */
static int launch(FIXTURE_DATA(vm) *self, const char *what)
{
	int r;

	snprintf(self->cmdline, sizeof(self->cmdline), "printk.devkmsg=on vmtest=%s", what);
	r = vm_create(&self->vm, &self->spec, &self->err);
	return r ? r : vm_start(self->vm, &self->err);
}

/* Wait for the next event; passes over nothing. */
static enum vm_event_type next(FIXTURE_DATA(vm) *self)
{
	vm_wait(self->vm, BOOT_MS, -1, &self->ev);
	return self->ev.type;
}

/* Run @what to its end, @delay_ms at each sync point. Returns the last event. */
static enum vm_event_type run(FIXTURE_DATA(vm) *self, const char *what, int delay_ms)
{
	if (launch(self, what)) {
		printf("# %s\n", self->err.msg);
		return VM_EVENT_ERROR;
	}
	while (next(self) == VM_EVENT_SYNC) {
		poll(NULL, 0, delay_ms);
		vm_continue(self->vm);
	}
	/* for whoever reads why a test failed */
	if (self->ev.err.msg[0])
		printf("# %s\n", self->ev.err.msg);
	return self->ev.type;
}

static const char *shared_text(FIXTURE_DATA(vm) *self)
{
	return vm_shared(self->vm, NULL);
}

static char *console_text(FIXTURE_DATA(vm) *self)
{
	size_t len;

	return read_file(self->console, &len);
}

/* ---- determinism ---- */

TEST_F_TIMEOUT(vm, a_seed_fixes_the_run_whatever_the_host_does_at_sync_points, 300)
{
	static const char what[] = "random,busy:3,sync:3,busy:2,sync:2";
	char *first, *delayed, *other;

	if (!on_tcg(self))
		SKIP(return, "of the emulator only");
	self->spec.deterministic = true;
	self->spec.kaslr = true;
	ASSERT_EQ(VM_EVENT_EXIT, run(self, what, 0));
	EXPECT_NE(NULL, strstr(shared_text(self), "syncs 2\nend\n"));
	first = console_text(self);
	vm_destroy(self->vm);

	ASSERT_EQ(VM_EVENT_EXIT, run(self, what, 300));
	delayed = console_text(self);
	vm_destroy(self->vm);

	self->spec.seed = 2;
	ASSERT_EQ(VM_EVENT_EXIT, run(self, what, 0));
	other = console_text(self);

	ASSERT_NE(NULL, strstr(first, "after sync 1"));
	ASSERT_NE(NULL, strstr(first, "busy 2 round 4"));
	EXPECT_EQ(0, strcmp(first, delayed));
	ASSERT_NE(NULL, strstr(first, "random "));
	EXPECT_NE(0, strncmp(strstr(first, "random "), strstr(other, "random "), 40));
}

/* ---- memory ---- */

/* A GPA is RAM for the host exactly if the guest kernel says so (the hidden parts aside). */
TEST_F_TIMEOUT(vm, guest_physical_addresses_are_the_guests, 150)
{
	const uint64_t low = 0x70000000, high = 0x120000000;
	const uint64_t split = (self->spec.accel == VM_ACCEL_KVM ? 3072 : 2048) * MIB;
	unsigned int ram_lines = 0;
	uint64_t *p, gpa;
	const char *line;

	self->spec.mem_bytes = split + 1024 * MIB;
	self->spec.topo = (struct vm_topology){ { 2, 2, 1, 1 } };
	ASSERT_EQ(VM_EVENT_EXIT,
		  run(self, "iomem,poke:0x70000000,poke:0x120000000 memmap=1M$0x70000000 memmap=1M$0x120000000", 0));
	p = vm_mem(self->vm, low, 8);
	ASSERT_NE(NULL, p);
	EXPECT_EQ(low, *p);
	p = vm_mem(self->vm, high, 8);
	ASSERT_NE(NULL, p);
	EXPECT_EQ(high, *p);

	for (line = shared_text(self); (line = strstr(line, "iomem ")); line++) {
		uint64_t a, b;

		if (sscanf(line, "iomem %" SCNx64 "-%" SCNx64, &a, &b) != 2 ||
		    strncmp(strchr(line, ':'), ": System RAM\n", 13))
			continue;
		ram_lines++;
		EXPECT_NE(NULL, vm_mem(self->vm, a, b - a + 1)) TH_LOG("%.60s", line);
	}
	EXPECT_LE(3, ram_lines);
	EXPECT_EQ(NULL, vm_mem(self->vm, split, 1));
	EXPECT_EQ(NULL, vm_mem(self->vm, 4096 * MIB + 1024 * MIB, 1));
	EXPECT_EQ(vm_shared(self->vm, &gpa), vm_mem(self->vm, gpa, self->spec.shared_bytes));
}

/* On a host that has enough of them; what a shortage leads to is ram_test.c's. */
TEST_F_TIMEOUT(vm, a_guest_in_huge_pages_is_read_like_any_other, 150)
{
	const uint64_t at = 0x10000000;
	uint64_t *p;

	self->spec.huge_pages = true;
	ASSERT_EQ(0, launch(self, "poke:0x10000000,off memmap=1M$0x10000000"))
		TH_LOG("%s", self->err.msg);
	if (*vm_notice(self->vm))
		SKIP(return, "%s", vm_notice(self->vm));
	ASSERT_EQ(VM_EVENT_EXIT, next(self)) TH_LOG("%s", self->ev.err.msg);
	p = vm_mem(self->vm, at, 8);
	ASSERT_NE(NULL, p);
	EXPECT_EQ(at, *p);
}

#define READERS		3

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
	struct reader reader[READERS];
	atomic_bool stop = false;
	uint64_t gpa;

	ASSERT_EQ(0, launch(self, "count,sync:1,off")) TH_LOG("%s", self->err.msg);
	ASSERT_EQ(VM_EVENT_SYNC, next(self)) TH_LOG("%s", self->ev.err.msg);
	vm_shared(self->vm, &gpa);
	for (int i = 0; i < READERS; i++) {
		reader[i] = (struct reader){
			.vm = self->vm, .gpa = gpa + self->spec.shared_bytes - 4096, .stop = &stop,
		};
		ASSERT_EQ(0, pthread_create(&reader[i].thread, NULL, read_on, &reader[i]));
	}
	for (int i = 0; i < 20; i++) {
		EXPECT_EQ(0, vm_pause(self->vm, 5000, &self->err)) TH_LOG("%s", self->err.msg);
		EXPECT_EQ(0, vm_resume(self->vm));
		poll(NULL, 0, 10);
	}
	vm_continue(self->vm);
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

/* ---- how it ends ---- */

TEST_F_TIMEOUT(vm, power_off_is_the_end_and_com2_is_kept, 150)
{
	size_t len;

	ASSERT_EQ(VM_EVENT_EXIT, run(self, "pad:3,off", 0));
	EXPECT_STREQ("line 0\r\nline 1\r\nline 2\r\n", read_file(self->output, &len));
	EXPECT_EQ(VM_EVENT_EXIT, next(self));
}

TEST_F_TIMEOUT(vm, a_panic_is_the_end_too, 150)
{
	ASSERT_EQ(VM_EVENT_EXIT, run(self, "panic", 0));
	EXPECT_NE(NULL, strstr(console_text(self), "Kernel panic"));
	EXPECT_EQ(NULL, strstr(shared_text(self), "end\n"));
}

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
	ASSERT_EQ(0, launch(self, "sync:1")) TH_LOG("%s", self->err.msg);
	ASSERT_EQ(VM_EVENT_SYNC, next(self));
	kill(only_child(getpid()), SIGKILL);
	EXPECT_EQ(VM_EVENT_ERROR, next(self));
	EXPECT_NE(NULL, strstr(self->ev.err.msg, "SIGKILL")) TH_LOG("%s", self->ev.err.msg);
	EXPECT_NE(NULL, strstr(shared_text(self), "start "));
}

TEST_F_TIMEOUT(vm, an_emulator_that_is_terminated_is_an_error_not_an_end, 150)
{
	if (!on_tcg(self))
		SKIP(return, "of the emulator only");
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
	ASSERT_EQ(0, launch(self, "off")) TH_LOG("%s", self->err.msg);
	EXPECT_EQ(VM_EVENT_ERROR, next(self));
	EXPECT_NE(NULL, strstr(self->ev.err.msg, "status 1: no such machine"))
		TH_LOG("%s", self->ev.err.msg);
}

/* ---- waiting and stopping ---- */

TEST_F(vm, waiting_ends_by_deadline_or_by_the_callers_event)
{
	int wake = eventfd(1, EFD_CLOEXEC);

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

/* Does the counter of vm_init's count() move within a few seconds? */
static bool counts(FIXTURE_DATA(vm) *self, volatile uint64_t *counter, int limit_ms)
{
	uint64_t start = *counter;

	for (int ms = 0; ms < limit_ms && *counter == start; ms += 10)
		poll(NULL, 0, 10);
	(void)self;
	return *counter != start;
}

TEST_F_TIMEOUT(vm, a_multi_threaded_guest_stops_as_a_whole_anywhere, 150)
{
	volatile uint64_t *counter;

	ASSERT_EQ(0, launch(self, "count,sync:1,hang")) TH_LOG("%s", self->err.msg);
	ASSERT_EQ(VM_EVENT_SYNC, next(self));
	counter = (uint64_t *)((char *)vm_shared(self->vm, NULL) + self->spec.shared_bytes - 4096);

	/* one vCPU is in the doorbell, the other counts */
	ASSERT_TRUE(counts(self, counter, 10000));
	ASSERT_EQ(0, vm_pause(self->vm, 5000, &self->err));
	EXPECT_FALSE(counts(self, counter, 200));
	ASSERT_EQ(0, vm_resume(self->vm));
	EXPECT_TRUE(counts(self, counter, 10000));
	ASSERT_EQ(0, vm_continue(self->vm));

	/* both run */
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, vm_pause(self->vm, 5000, &self->err));
		EXPECT_EQ(-EALREADY, vm_pause(self->vm, 5000, &self->err));
		EXPECT_FALSE(counts(self, counter, 100));
		ASSERT_EQ(0, vm_resume(self->vm));
		EXPECT_TRUE(counts(self, counter, 10000));
	}
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

	snprintf(self->cmdline, sizeof(self->cmdline), "vmtest=sync:1,off");
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
