/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of vm.h share. Without an emulator they are skipped. KTSTR_TEST_ACCEL=kvm asks for
 * the bundled VMM instead of emulation. With VM_REAL_KERNEL 1, KTSTR_TEST_KERNEL names the kernel
 * (bzImage), and the guest is tests/e2e/guest/vm_init.c, taken as `vm_init` from the folder of the
 * program, or compiled here when its source is at hand. With 0 a test makes spec.kernel itself.
 */
#ifndef KTSTR_TESTS_E2E_VM_FIXTURE_H
#define KTSTR_TESTS_E2E_VM_FIXTURE_H

#include <limits.h>
#include <poll.h>
#include <stdlib.h>

#include "harness/kernel/kernel.h"
#include "vmm/vm.h"
#include "tests/e2e/apic_timer.h"
#include "tests/e2e/guest/vm_initrd.h"
#include "kselftest_harness.h"

#define MIB		(UINT64_C(1) << 20)
#define BOOT_MS		120000

static inline enum vm_accel wanted_accel(void)
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
	char tiny[128];
	char vmlinux[PATH_MAX];
};

FIXTURE_SETUP(vm)
{
	const char *kernel = VM_REAL_KERNEL ? getenv("KTSTR_TEST_KERNEL") : self->tiny;
	enum vm_accel accel;
	char why[512];

	if (!kernel)
		SKIP(return, "KTSTR_TEST_KERNEL is not set");
	if (vm_pick_accel(wanted_accel(), &accel, why, sizeof(why), &self->err))
		SKIP(return, "%s", self->err.msg);
	strcpy(self->dir, "/tmp/vm_test.XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	snprintf(self->console, sizeof(self->console), "%s/console", self->dir);
	snprintf(self->output, sizeof(self->output), "%s/output", self->dir);
	snprintf(self->log, sizeof(self->log), "%s/emulator", self->dir);
	snprintf(self->tiny, sizeof(self->tiny), "%s/tiny", self->dir);
	self->spec = (struct vm_spec){
		.kernel = kernel, .initrd_fd = VM_REAL_KERNEL ? make_initrd(self->dir) : -1,
		.cmdline = self->cmdline,
		.topo = { { 1, 1, 2, 1 } }, .mem_bytes = 512 * MIB, .shared_bytes = 16 * MIB,
		.accel = accel, .icount_shift = VM_SHIFT_AUTO, .seed = 1,
		.console_path = self->console, .output_path = self->output,
		.emulator_log_path = self->log,
	};
	ASSERT_LE(VM_REAL_KERNEL ? 0 : -1, self->spec.initrd_fd);
	if (VM_REAL_KERNEL) {
		know_apic_timer(&self->spec);
		ASSERT_EQ(0, ktstr_kernel__vmlinux(kernel, self->vmlinux, sizeof(self->vmlinux),
						   &self->err));
		self->spec.vmlinux = self->vmlinux[0] ? self->vmlinux : NULL;
	}
	self->vm = NULL;
}

/* For what only the emulator promises. */
static inline bool on_tcg(const FIXTURE_DATA(vm) *self)
{
	return self->spec.accel == VM_ACCEL_TCG;
}

FIXTURE_TEARDOWN(vm)
{
	static const char *const file[] = {
		"console", "output", "emulator", "tiny", "vm_init", "a", "b"
	};
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
static inline int launch(FIXTURE_DATA(vm) *self, const char *what)
{
	int r;

	snprintf(self->cmdline, sizeof(self->cmdline), "printk.devkmsg=on vmtest=%s", what);
	r = vm_create(&self->vm, &self->spec, &self->err);
	return r ? r : vm_start(self->vm, &self->err);
}

/* Wait for the next event; passes over nothing. */
static inline enum vm_event_type next(FIXTURE_DATA(vm) *self)
{
	vm_wait(self->vm, BOOT_MS, -1, &self->ev);
	return self->ev.type;
}

/* Run @what to its end, @delay_ms at each sync point. Returns the last event. */
static inline enum vm_event_type run(FIXTURE_DATA(vm) *self, const char *what, int delay_ms)
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

static inline const char *shared_text(FIXTURE_DATA(vm) *self)
{
	return vm_shared(self->vm, NULL);
}

static inline char *console_text(FIXTURE_DATA(vm) *self)
{
	size_t len;

	return read_file(self->console, &len);
}

#endif
