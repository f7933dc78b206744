// SPDX-License-Identifier: GPL-2.0
/*
 * A machine leaves nothing in its process: no descriptor, thread, child, lock or mapping, in
 * whatever state it is destroyed. Many machines one after another, each destroyed at another
 * point of its life; what the process holds afterwards is compared with what it held after
 * the first few, when the C library's own caches (stacks, arenas) had filled.
 *
 * The guest need not get anywhere, so any /dev/kvm that opens will do.
 * KTSTR_TEST_KERNEL: the image; KTSTR_TEST_CYCLES: how many machines (40, emulated: 20).
 */
/* Own: /dev/shm is compared before and after. */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "vmm/vm.h"

#define WARM_UP		10
#define MIB		(1ull << 20)

struct held {
	long fds, threads, children, locks, shm, mappings, kib;
};

static long entries(const char *dir)
{
	DIR *d = opendir(dir);
	long n = -2;	/* . and .. */

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

/* How many lines of @path contain @text; the number after it in *@value if that is wanted. */
static long lines(const char *path, const char *text, long *value)
{
	char line[4096];
	FILE *f = fopen(path, "r");
	long n = 0;

	while (f && fgets(line, sizeof(line), f)) {
		char *p = strstr(line, text);

		n += !!p;
		if (p && value)
			*value = strtol(p + strlen(text), NULL, 10);
	}
	if (f)
		fclose(f);
	return n;
}

static struct held look(void)
{
	struct held h = { 0 };
	char text[32];

	snprintf(text, sizeof(text), " %d ", (int)getpid());
	h.fds = entries("/proc/self/fd");
	h.threads = entries("/proc/self/task");
	h.children = waitpid(-1, NULL, WNOHANG) >= 0;	/* otherwise ECHILD */
	h.locks = lines("/proc/locks", text, NULL);
	h.shm = entries("/dev/shm");
	h.mappings = lines("/proc/self/maps", "-", NULL);
	lines("/proc/self/status", "VmSize:", &h.kib);
	return h;
}

FIXTURE(cycles) {
	struct vm_spec spec;
	int cycles, output_fd;
	char output[32];
};

FIXTURE_VARIANT(cycles) {
	enum vm_accel accel;
	int cycles;
};

FIXTURE_VARIANT_ADD(cycles, kvm) {
	.accel = VM_ACCEL_KVM, .cycles = 40,
};

FIXTURE_VARIANT_ADD(cycles, tcg) {
	.accel = VM_ACCEL_TCG, .cycles = 20,
};

FIXTURE_SETUP(cycles)
{
	const char *kernel = getenv("KTSTR_TEST_KERNEL"), *n = getenv("KTSTR_TEST_CYCLES");

	if (!kernel)
		SKIP(return, "KTSTR_TEST_KERNEL is not set");
	if (variant->accel == VM_ACCEL_KVM && access("/dev/kvm", R_OK | W_OK))
		SKIP(return, "/dev/kvm: %s", strerror(errno));
	self->output_fd = memfd_create("output", MFD_CLOEXEC);
	snprintf(self->output, sizeof(self->output), "/proc/self/fd/%d", self->output_fd);
	self->cycles = n ? atoi(n) : variant->cycles;
	self->spec = (struct vm_spec){
		.kernel = kernel, .cmdline = "", .accel = variant->accel, .seed = 1,
		.icount_shift = VM_SHIFT_AUTO, .deterministic = variant->accel == VM_ACCEL_TCG,
		.topo.count = { 1, 1, 3, 1 },
		.mem_bytes = 512 * MIB, .shared_bytes = 2 * MIB,
		.console_path = "/dev/null", .output_path = self->output,
		.initrd_fd = memfd_create("initrd", MFD_CLOEXEC),
	};
	ASSERT_LE(0, self->spec.initrd_fd);
	ASSERT_EQ(4096, write(self->spec.initrd_fd, (char[4096]){ 0 }, 4096));
}

FIXTURE_TEARDOWN(cycles)
{
	close(self->spec.initrd_fd);
	close(self->output_fd);
}

/* The points of a machine's life at which it is destroyed. 0, or the error of a call. */
static int live(struct vm *vm, int how, int ms, struct ktstr_err *err)
{
	struct vm_event ev;
	int ret;

	if (how == 0)
		return 0;
	ret = vm_start(vm, err);
	if (ret || how == 1)
		return ret;
	vm_wait(vm, ms, -1, &ev);
	if (how == 2)
		return 0;
	ret = vm_pause(vm, 10000, err);
	/* a deterministic machine is paused at sync points only; one that is over, never */
	if (ret || how == 3)
		return 0;
	ret = vm_resume(vm);
	if (how == 4)
		return ret;
	vm_wait(vm, ms, -1, &ev);
	return ret;
}

static int cycle(const struct vm_spec *spec, int nr)
{
	struct ktstr_err err = { .msg = "" };
	uint8_t ms = 0;
	struct vm *vm;
	int ret;

	if (getrandom(&ms, sizeof(ms), 0) != sizeof(ms))
		return -EIO;
	ret = vm_create(&vm, spec, &err);
	if (!ret) {
		ret = live(vm, nr % 6, ms / 4, &err);
		vm_destroy(vm);
	}
	if (ret)
		printf("# machine %d: %s: %s\n", nr, strerror(-ret), err.msg);
	return ret;
}

TEST_F_TIMEOUT(cycles, nothing_is_left, 3600)
{
	struct held before = { 0 }, after;
	struct vm_spec broken = self->spec;
	struct ktstr_err err;
	struct vm *vm;

	broken.kernel = "/dev/null";
	for (int i = 0; i < WARM_UP + self->cycles; i++) {
		if (i == WARM_UP)
			before = look();
		ASSERT_EQ(0, cycle(&self->spec, i));
		/* and one that does not come about */
		ASSERT_NE(0, vm_create(&vm, &broken, &err));
	}
	after = look();
	EXPECT_EQ(before.fds, after.fds);
	EXPECT_EQ(before.threads, after.threads);
	EXPECT_EQ(0, after.children);
	EXPECT_EQ(before.locks, after.locks);
	EXPECT_EQ(before.shm, after.shm);
	/* less than one a machine: the allocator's arenas come and go */
	EXPECT_GT(self->cycles / 2, after.mappings - before.mappings);
	EXPECT_GT(self->cycles * 4, after.kib - before.kib);
}

TEST_HARNESS_MAIN
