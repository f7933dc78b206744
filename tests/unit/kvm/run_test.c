// SPDX-License-Identifier: GPL-2.0
/* The bundled VMM through vm.h, with tiny guests: wherever /dev/kvm opens. */
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "vmm/ram.h"
#include "kselftest_harness.h"
#include "tiny_guest.h"

#define WAIT_MS		20000
FIXTURE(kvm) {
	struct tiny_files f;
	struct vm_spec spec;
	struct vm *vm;
	struct vm_event ev;
	struct ktstr_err err;
};

FIXTURE_SETUP(kvm)
{
	int r = tiny_setup(&self->f, &self->spec, 1);

	if (r)
		SKIP(return, "/dev/kvm: %s", strerror(-r));
}

FIXTURE_TEARDOWN(kvm)
{
	vm_destroy(self->vm);
	tiny_cleanup(&self->f);
}

static int create(FIXTURE_DATA(kvm) *self, const uint8_t *code, size_t len)
{
	int r = tiny_kernel(self->f.kernel, code, len);

	return r ? r : vm_create(&self->vm, &self->spec, &self->err);
}

static int launch(FIXTURE_DATA(kvm) *self, const uint8_t *code, size_t len)
{
	int r = create(self, code, len);

	return r ? r : vm_start(self->vm, &self->err);
}

static enum vm_event_type next(FIXTURE_DATA(kvm) *self)
{
	vm_wait(self->vm, WAIT_MS, -1, &self->ev);
	return self->ev.type;
}

static volatile uint64_t *counter(FIXTURE_DATA(kvm) *self)
{
	return vm_mem(self->vm, 0x8000, 8);
}

/* Wait until the guest's counter has moved on from @from. */
static bool moves(FIXTURE_DATA(kvm) *self, uint64_t from)
{
	for (int i = 0; i < 2000 && *counter(self) == from; i++)
		poll(NULL, 0, 1);
	return *counter(self) != from;
}

TEST_F(kvm, a_reset_and_a_power_off_end_the_machine_and_say_so)
{
	static const uint8_t reset[] = { RESET, SPIN }, off[] = { POWER_OFF, SPIN };

	ASSERT_EQ(0, launch(self, reset, sizeof(reset))) TH_LOG("%s", self->err.msg);
	ASSERT_EQ(VM_EVENT_EXIT, next(self)) TH_LOG("%s", self->ev.err.msg);
	EXPECT_STREQ("reset", self->ev.err.msg);
	/* it stays so */
	EXPECT_EQ(VM_EVENT_EXIT, next(self));
	vm_destroy(self->vm);
	ASSERT_EQ(0, launch(self, off, sizeof(off))) TH_LOG("%s", self->err.msg);
	ASSERT_EQ(VM_EVENT_EXIT, next(self)) TH_LOG("%s", self->ev.err.msg);
	EXPECT_STREQ("power off", self->ev.err.msg);
}

TEST_F(kvm, a_triple_fault_is_told_from_a_reset)
{
	static const uint8_t code[] = { UD2 };

	ASSERT_EQ(0, launch(self, code, sizeof(code))) TH_LOG("%s", self->err.msg);
	ASSERT_EQ(VM_EVENT_EXIT, next(self)) TH_LOG("%s", self->ev.err.msg);
	EXPECT_NE(NULL, strstr(self->ev.err.msg, "triple fault on vCPU 0: rip 0x"))
		TH_LOG("%s", self->ev.err.msg);
}

TEST_F(kvm, a_guest_waits_at_its_sync_point)
{
	static const uint8_t code[] = { RING, INC_8000, RING, RESET, SPIN };

	ASSERT_EQ(0, launch(self, code, sizeof(code))) TH_LOG("%s", self->err.msg);
	EXPECT_EQ(-EINVAL, vm_continue(self->vm));
	ASSERT_EQ(VM_EVENT_SYNC, next(self)) TH_LOG("%s", self->ev.err.msg);
	EXPECT_EQ(0, self->ev.vcpu);
	vm_wait(self->vm, 20, -1, &self->ev);
	EXPECT_EQ(VM_EVENT_TIMEOUT, self->ev.type);
	EXPECT_EQ(0, *counter(self));
	ASSERT_EQ(0, vm_continue(self->vm));
	ASSERT_EQ(VM_EVENT_SYNC, next(self)) TH_LOG("%s", self->ev.err.msg);
	EXPECT_EQ(1, *counter(self));
	ASSERT_EQ(0, vm_continue(self->vm));
	EXPECT_EQ(VM_EVENT_EXIT, next(self)) TH_LOG("%s", self->ev.err.msg);
}

TEST_F(kvm, a_paused_guest_stands_still_and_goes_on)
{
	static const uint8_t code[] = { INC_8000, 0xeb, 0xf6 };
	uint64_t n;

	ASSERT_EQ(0, launch(self, code, sizeof(code))) TH_LOG("%s", self->err.msg);
	EXPECT_EQ(-EINVAL, vm_resume(self->vm));
	ASSERT_TRUE(moves(self, 0));
	for (int i = 0; i < 20; i++) {
		ASSERT_EQ(0, vm_pause(self->vm, 5000, &self->err)) TH_LOG("%s", self->err.msg);
		EXPECT_EQ(-EALREADY, vm_pause(self->vm, 5000, &self->err));
		n = *counter(self);
		poll(NULL, 0, 2);
		EXPECT_EQ(n, *counter(self));
		ASSERT_EQ(0, vm_resume(self->vm));
		EXPECT_TRUE(moves(self, n));
	}
	/* destroyed while it runs */
}

TEST_F(kvm, a_guest_at_a_sync_point_is_paused_too)
{
	static const uint8_t code[] = { RING, INC_8000, SPIN };

	ASSERT_EQ(0, launch(self, code, sizeof(code))) TH_LOG("%s", self->err.msg);
	ASSERT_EQ(VM_EVENT_SYNC, next(self)) TH_LOG("%s", self->ev.err.msg);
	ASSERT_EQ(0, vm_pause(self->vm, 5000, &self->err)) TH_LOG("%s", self->err.msg);
	EXPECT_EQ(-EINVAL, vm_continue(self->vm));
	ASSERT_EQ(0, vm_resume(self->vm));
	EXPECT_EQ(0, *counter(self));
	ASSERT_EQ(0, vm_continue(self->vm));
	EXPECT_TRUE(moves(self, 0));
}

TEST_F(kvm, what_nobody_owns_reads_as_ones)
{
	static const uint8_t code[] = {
		MOV_DX(0x700), IN_EAX,
		0x89, 0x04, 0x25, 0x00, 0x80, 0x00, 0x00,	/* mov %eax,0x8000 */
		0xbb, 0x00, 0x00, 0x00, 0xd0,			/* mov $0xd0000000,%ebx */
		0x48, 0x8b, 0x03,				/* mov (%rbx),%rax */
		0x48, 0x89, 0x04, 0x25, 0x08, 0x80, 0x00, 0x00, /* mov %rax,0x8008 */
		0x48, 0x89, 0x03,				/* mov %rax,(%rbx) */
		RESET, SPIN,
	};

	ASSERT_EQ(0, launch(self, code, sizeof(code))) TH_LOG("%s", self->err.msg);
	ASSERT_EQ(VM_EVENT_EXIT, next(self)) TH_LOG("%s", self->ev.err.msg);
	EXPECT_EQ(0xffffffff, counter(self)[0]);
	EXPECT_EQ(UINT64_MAX, counter(self)[1]);
}

TEST_F(kvm, both_consoles_are_files)
{
	static const uint8_t code[] = {
		MOV_DX(0x3f8), 0xb0, 'k', OUT_AL, MOV_DX(0x2f8), 0xb0, 'o', OUT_AL, RESET, SPIN,
	};
	char c[2] = "";
	int fd;

	ASSERT_EQ(0, launch(self, code, sizeof(code))) TH_LOG("%s", self->err.msg);
	ASSERT_EQ(VM_EVENT_EXIT, next(self)) TH_LOG("%s", self->ev.err.msg);
	fd = open(self->f.console, O_RDONLY);
	EXPECT_EQ(1, read(fd, c, 2));
	EXPECT_EQ('k', c[0]);
	close(fd);
	fd = open(self->f.output, O_RDONLY);
	EXPECT_EQ(1, read(fd, c, 2));
	EXPECT_EQ('o', c[0]);
	close(fd);
}

TEST_F(kvm, the_kernel_finds_its_boot_parameters)
{
	static const uint8_t code[] = {
		0x48, 0x89, 0x34, 0x25, 0x00, 0x80, 0x00, 0x00,	/* mov %rsi,0x8000 */
		RESET, SPIN,
	};
	const uint8_t *bp;
	uint64_t shared;
	uint32_t line;

	self->spec.cmdline = "my=own";
	ASSERT_EQ(0, launch(self, code, sizeof(code))) TH_LOG("%s", self->err.msg);
	ASSERT_EQ(VM_EVENT_EXIT, next(self)) TH_LOG("%s", self->ev.err.msg);
	bp = vm_mem(self->vm, *counter(self), 4096);
	ASSERT_NE(NULL, bp);
	EXPECT_EQ(0, memcmp(bp + 0x202, "HdrS", 4));
	memcpy(&line, bp + 0x228, sizeof(line));
	EXPECT_NE(NULL, strstr(vm_mem(self->vm, line, 100), " my=own"));
	EXPECT_NE(NULL, strstr(vm_mem(self->vm, line, 100), " ktstr.doorbell=mmio:0xfffbb000"));
	ASSERT_NE(NULL, vm_shared(self->vm, &shared));
	EXPECT_EQ(126 * VM_MIB, shared);
}

static int describe(FIXTURE_DATA(kvm) *self, char *buf, size_t size)
{
	struct vm_stand *stand;
	uint32_t nr;
	int r = vm_look(self->vm, &stand, &nr, &self->err);

	if (r)
		return r;
	vm_stands_tell(stand, nr, NULL, buf, size);
	free(stand);
	return 0;
}

/* The other vCPUs of these machines wait for an INIT that never comes. */
TEST_F(kvm, a_hanging_guest_is_described)
{
	static const struct {
		const char *what;
		const char *says;
		size_t len;
		uint8_t code[16];
	} row[] = {
		{ "cli; jmp .", "vCPU 0 runs with interrupts off at 0x1000001; vCPU 1-2 was never started",
		  3, { CLI, SPIN } },
		{ "sti; jmp .", "vCPU 1-2 was never started; vCPU 0 runs in the kernel at 0x1000001",
		  3, { STI, SPIN } },
		{ "cli; hlt", "vCPU 0 halted with interrupts off at 0x1000002; vCPU 1-2 was never started",
		  2, { CLI, HLT } },
		{ "sti; hlt", "vCPU 1-2 was never started; vCPU 0 is idle", 2, { STI, HLT } },
	};
	char text[256];

	self->spec.topo = (struct vm_topology){ { 1, 1, 3, 1 } };
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		ASSERT_EQ(0, launch(self, row[i].code, row[i].len)) TH_LOG("%s", self->err.msg);
		/* it starts within this */
		vm_wait(self->vm, 50, -1, &self->ev);
		ASSERT_EQ(VM_EVENT_TIMEOUT, self->ev.type) TH_LOG("%s", self->ev.err.msg);
		ASSERT_EQ(0, describe(self, text, sizeof(text)));
		EXPECT_STREQ(row[i].says, text);
		vm_destroy(self->vm);
		self->vm = NULL;
	}
}

TEST_F(kvm, a_description_of_a_waiting_guest_says_so)
{
	static const uint8_t code[] = { RING, SPIN };
	char text[256], tiny[12];

	ASSERT_EQ(0, launch(self, code, sizeof(code))) TH_LOG("%s", self->err.msg);
	ASSERT_EQ(VM_EVENT_SYNC, next(self)) TH_LOG("%s", self->ev.err.msg);
	ASSERT_EQ(0, describe(self, text, sizeof(text)));
	EXPECT_STREQ("vCPU 0 waits at a sync point", text);
	ASSERT_EQ(0, describe(self, tiny, sizeof(tiny)));
	EXPECT_EQ(sizeof(tiny) - 1, strlen(tiny));
}

/* Both parts are in guest memory, and what the guest writes there stays its own. */
TEST_F(kvm, an_initrd_in_two_parts_is_one_for_the_guest)
{
	static const uint8_t code[] = { SPIN };
	char path[96], text[32], *initrd;
	uint32_t gpa, bytes;
	const uint8_t *bp;
	int base, tail;

	snprintf(path, sizeof(path), "%s/base", self->f.dir);
	base = open(path, O_CREAT | O_RDWR, 0600);
	unlink(path);
	snprintf(path, sizeof(path), "%s/tail", self->f.dir);
	tail = open(path, O_CREAT | O_RDWR, 0600);
	unlink(path);
	ASSERT_EQ(5, pwrite(base, "begin", 5, 4096));
	ASSERT_EQ(3, pwrite(base, "end", 3, 4096 + 5000 - 3));
	ASSERT_EQ(4, pwrite(base, "more", 4, 4096 + 5000));
	ASSERT_EQ(4, write(tail, "tail", 4));
	self->spec.initrd_fd = tail;
	/* aligned: mapped; not aligned: copied */
	for (uint64_t skew = 0; skew <= 5; skew += 5) {
		self->spec.initrd_base = (struct vm_part){ base, 4096 + skew, 5000 - skew };
		ASSERT_EQ(0, create(self, code, sizeof(code))) TH_LOG("%s", self->err.msg);
		bp = vm_mem(self->vm, 0x7000, 4096);
		memcpy(&gpa, bp + 0x218, sizeof(gpa));
		memcpy(&bytes, bp + 0x21c, sizeof(bytes));
		EXPECT_EQ(5004 - skew, bytes);
		initrd = vm_mem(self->vm, gpa, bytes);
		ASSERT_NE(NULL, initrd);
		EXPECT_EQ(0, memcmp(initrd, skew ? "\0\0" : "begin", 2));
		EXPECT_EQ(0, memcmp(initrd + 5000 - skew - 3, "endtail", 7));
		memcpy(initrd, "guest", 5);
		ASSERT_EQ(5, pread(base, text, 5, 4096));
		EXPECT_EQ(0, memcmp(text, "begin", 5));
		vm_destroy(self->vm);
		self->vm = NULL;
	}
	self->spec.initrd_fd = -1;
	EXPECT_EQ(-EINVAL, create(self, code, sizeof(code)));
	EXPECT_NE(NULL, strstr(self->err.msg, "initrd_base"));
	close(base);
	close(tail);
}

TEST_F(kvm, destroy_works_from_every_state)
{
	static const uint8_t spin[] = { SPIN }, ring[] = { RING, SPIN };

	ASSERT_EQ(0, create(self, spin, sizeof(spin))) TH_LOG("%s", self->err.msg);
	vm_wait(self->vm, 0, -1, &self->ev);
	EXPECT_EQ(VM_EVENT_ERROR, self->ev.type);
	EXPECT_EQ(-ESRCH, vm_pause(self->vm, 0, &self->err));
	vm_destroy(self->vm);

	self->spec.output_path = "/nonexistent/output";
	EXPECT_EQ(-ENOENT, create(self, spin, sizeof(spin)));
	EXPECT_NE(NULL, strstr(self->err.msg, "output_path /nonexistent/output"));
	EXPECT_EQ(NULL, self->vm);
	self->spec.output_path = self->f.output;

	ASSERT_EQ(0, launch(self, ring, sizeof(ring))) TH_LOG("%s", self->err.msg);
	EXPECT_EQ(-EINVAL, vm_start(self->vm, &self->err));
	ASSERT_EQ(VM_EVENT_SYNC, next(self)) TH_LOG("%s", self->ev.err.msg);
	vm_destroy(self->vm);

	ASSERT_EQ(0, launch(self, spin, sizeof(spin))) TH_LOG("%s", self->err.msg);
	ASSERT_EQ(0, vm_pause(self->vm, 5000, &self->err)) TH_LOG("%s", self->err.msg);
}

TEST_HARNESS_MAIN
