// SPDX-License-Identifier: GPL-2.0
/* What the emulator is told. */
#include <linux/kernel.h>
#include "vmm/apic_id.h"
#include "vmm/qemu/qemu.h"
#include "kselftest_harness.h"

FIXTURE(args) {
	struct vm_spec spec;
	struct qemu_bin bin;
	struct qemu_plan plan;
	struct vm_argv argv;
	int ram_fd[4];
	uint64_t node_bytes[4];
};

FIXTURE_SETUP(args)
{
	self->spec = (struct vm_spec){
		.kernel = "/k/bzImage", .initrd_fd = 9, .topo = { { 1, 1, 2, 1 } },
		.mem_bytes = VM_GIB, .deterministic = true, .seed = 42,
		.icount_shift = VM_SHIFT_AUTO, .accel = VM_ACCEL_TCG,
	};
	self->bin = (struct qemu_bin){ .path = "/usr/bin/qemu-system-x86_64" };
	for (int i = 0; i < 4; i++) {
		self->ram_fd[i] = 20 + i;
		self->node_bytes[i] = 256 * VM_MIB;
	}
	self->plan = (struct qemu_plan){
		.bin = &self->bin, .spec = &self->spec, .plugin = "/lib/hostcall.so",
		.append = "panic=-1", .ram_fd = self->ram_fd, .node_bytes = self->node_bytes,
		.initrd_fd = 9, .console_fd = 10, .output_fd = 11, .sync_fd = 12, .qmp_fd = -1,
		.kernel_fd = -1,
	};
}

FIXTURE_TEARDOWN(args)
{
	vm_argv_free(&self->argv);
}

static bool has(const struct vm_argv *a, const char *arg)
{
	for (size_t i = 0; i < a->n; i++)
		if (!strcmp(a->v[i], arg))
			return true;
	return false;
}

/* Is @option given, directly followed by @value? */
static bool has_pair(const struct vm_argv *a, const char *option, const char *value)
{
	for (size_t i = 0; i + 1 < a->n; i++)
		if (!strcmp(a->v[i], option) && !strcmp(a->v[i + 1], value))
			return true;
	return false;
}

TEST_F(args, a_deterministic_machine_has_every_source_of_chance_fixed)
{
	ASSERT_EQ(0, qemu_args_build(&self->argv, &self->plan));
	EXPECT_TRUE(has_pair(&self->argv, "-accel", "tcg,thread=single,tb-size=512"));
	EXPECT_TRUE(has_pair(&self->argv, "-icount", "shift=2,sleep=off"));
	EXPECT_TRUE(has_pair(&self->argv, "-seed", "42"));
	EXPECT_TRUE(has_pair(&self->argv, "-rtc", "clock=vm,base=2026-01-01T00:00:00"));
	EXPECT_TRUE(has(&self->argv, "-nodefaults"));
	EXPECT_TRUE(has(&self->argv, "-no-user-config"));
	EXPECT_TRUE(has(&self->argv, "-no-reboot"));
	EXPECT_FALSE(has(&self->argv, "-mon"));
}

TEST_F(args, a_multi_threaded_machine_has_none_of_that_but_qmp)
{
	self->spec.deterministic = false;
	self->plan.qmp_fd = 13;
	ASSERT_EQ(0, qemu_args_build(&self->argv, &self->plan));
	EXPECT_TRUE(has_pair(&self->argv, "-accel", "tcg,thread=multi"));
	EXPECT_FALSE(has(&self->argv, "-icount"));
	EXPECT_FALSE(has(&self->argv, "-seed"));
	EXPECT_TRUE(has_pair(&self->argv, "-chardev", "socket,id=qmp,fd=13"));
	EXPECT_TRUE(has_pair(&self->argv, "-mon", "chardev=qmp,mode=control"));
	EXPECT_TRUE(has_pair(&self->argv, "-chardev", "file,id=com2,path=/proc/self/fd/11"));
}

TEST_F(args, the_second_port_of_a_machine_with_a_terminal_is_a_socket)
{
	self->spec.deterministic = false;
	self->spec.terminal_fd = 7;
	ASSERT_EQ(0, qemu_args_build(&self->argv, &self->plan));
	EXPECT_TRUE(has_pair(&self->argv, "-chardev", "file,id=com1,path=/proc/self/fd/10"));
	EXPECT_TRUE(has_pair(&self->argv, "-chardev", "socket,id=com2,fd=11"));
	EXPECT_TRUE(has_pair(&self->argv, "-serial", "chardev:com2"));
}

TEST_F(args, one_socket_is_one_llc_and_nodes_take_llcs_in_order)
{
	self->spec.topo = (struct vm_topology){ { 2, 4, 3, 2 } };
	ASSERT_EQ(0, qemu_args_build(&self->argv, &self->plan));
	EXPECT_TRUE(has_pair(&self->argv, "-smp", "24,sockets=4,cores=3,threads=2"));
	EXPECT_TRUE(has_pair(&self->argv, "-m", "1024M"));
	EXPECT_TRUE(has_pair(&self->argv, "-object",
			     "memory-backend-file,id=ram1,size=268435456,mem-path=/proc/self/fd/21,share=on"));
	EXPECT_TRUE(has_pair(&self->argv, "-numa", "node,nodeid=0,memdev=ram0,cpus=0-11"));
	EXPECT_TRUE(has_pair(&self->argv, "-numa", "node,nodeid=1,memdev=ram1,cpus=12-23"));
	EXPECT_TRUE(has_pair(&self->argv, "-numa", "dist,src=0,dst=0,val=10"));
	EXPECT_TRUE(has_pair(&self->argv, "-numa", "dist,src=1,dst=0,val=20"));
}

TEST_F(args, nodes_that_differ_are_told_one_by_one)
{
	static const struct ktstr_numa_node nodes[] = {
		{ .llcs = 1, .latency_ns = 90 },
		{ .mem_bytes = 128 * VM_MIB, .cache = { 64 * VM_MIB, 1, 2, 64 } },
	};
	static const uint8_t distance[] = { 10, 40, 40, 10 };

	self->spec.topo = (struct vm_topology){ { 2, 1, 4, 1 }, nodes, distance };
	ASSERT_EQ(0, qemu_args_build(&self->argv, &self->plan));
	EXPECT_TRUE(has_pair(&self->argv, "-numa", "node,nodeid=0,memdev=ram0,cpus=0-3"));
	EXPECT_TRUE(has_pair(&self->argv, "-numa", "node,nodeid=1,memdev=ram1,initiator=0"));
	EXPECT_TRUE(has_pair(&self->argv, "-numa", "dist,src=0,dst=1,val=40"));
	EXPECT_TRUE(has_pair(&self->argv, "-numa",
			     "hmat-lb,initiator=0,target=0,hierarchy=memory,data-type=access-latency,latency=90"));
	EXPECT_TRUE(has_pair(&self->argv, "-numa",
			     "hmat-lb,initiator=0,target=1,hierarchy=memory,data-type=access-bandwidth,bandwidth=5120M"));
	EXPECT_TRUE(has_pair(&self->argv, "-numa",
			     "hmat-cache,node-id=1,size=67108864,level=1,associativity=direct,policy=write-through,line=64"));
}

TEST_F(args, files_go_by_descriptor_and_commas_survive)
{
	self->plan.plugin = "/odd,folder/hostcall.so";
	ASSERT_EQ(0, qemu_args_build(&self->argv, &self->plan));
	EXPECT_TRUE(has_pair(&self->argv, "-initrd", "/proc/self/fd/9"));
	EXPECT_TRUE(has_pair(&self->argv, "-chardev", "file,id=com1,path=/proc/self/fd/10"));
	EXPECT_TRUE(has_pair(&self->argv, "-chardev", "file,id=com2,path=/proc/self/fd/11"));
	EXPECT_TRUE(has_pair(&self->argv, "-plugin", "/odd,,folder/hostcall.so,sock=12,fence=1"));
	EXPECT_TRUE(has_pair(&self->argv, "-kernel", "/k/bzImage"));
	EXPECT_EQ(NULL, self->argv.v[self->argv.n]);
}

TEST_F(args, a_kernel_that_was_unpacked_has_a_descriptor)
{
	self->plan.kernel_fd = 13;
	ASSERT_EQ(0, qemu_args_build(&self->argv, &self->plan));
	EXPECT_TRUE(has_pair(&self->argv, "-kernel", "/proc/self/fd/13"));
	EXPECT_FALSE(has(&self->argv, "/k/bzImage"));
}

TEST_F(args, marks_are_told_to_the_plugin)
{
	self->plan.plugin = "hostcall.so";
	self->spec.mark_kva[VM_MARK_PACE] = 0xffffffff82153790;
	ASSERT_EQ(0, qemu_args_build(&self->argv, &self->plan));
	EXPECT_TRUE(has_pair(&self->argv, "-plugin",
			     "hostcall.so,sock=12,fence=1,mark0=0xffffffff82153790"));
	self->spec.mark_kva[VM_MARK_ERROR] = 0xffffffff81000040;
	self->argv.n = 0;
	ASSERT_EQ(0, qemu_args_build(&self->argv, &self->plan));
	EXPECT_TRUE(has_pair(&self->argv, "-plugin",
			     "hostcall.so,sock=12,fence=1,mark0=0xffffffff82153790,mark1=0xffffffff81000040"));
	self->spec.mark_kva[VM_MARK_PACE] = self->spec.mark_kva[VM_MARK_ERROR] = 0;
	self->spec.mark_kva[VM_MARK_LOAD] = 0xffffffff81000080;
	self->argv.n = 0;
	ASSERT_EQ(0, qemu_args_build(&self->argv, &self->plan));
	EXPECT_TRUE(has_pair(&self->argv, "-plugin",
			     "hostcall.so,sock=12,fence=1,mark3=0xffffffff81000080"));
}

TEST_F(args, the_plugin_sets_the_timer_of_a_machine_that_boots)
{
	const struct vm_saved saved = { .state_fd = 20 };

	self->plan.plugin = "hostcall.so";
	self->spec.apic_timer = (struct vm_apic_timer){ 0x10, 0x20, 0x30 };
	ASSERT_EQ(0, qemu_args_build(&self->argv, &self->plan));
	EXPECT_TRUE(has_pair(&self->argv, "-plugin",
			     "hostcall.so,sock=12,fence=1,start=0x10,period=0x20,jiffies=0x30"));
	self->spec.from = &saved;
	self->argv.n = 0;
	ASSERT_EQ(0, qemu_args_build(&self->argv, &self->plan));
	EXPECT_TRUE(has_pair(&self->argv, "-plugin", "hostcall.so,sock=12,fence=1"));
}

TEST_F(args, probes_are_a_descriptor_behind_the_marks)
{
	self->plan.plugin = "hostcall.so";
	self->plan.probes_fd = 17;
	self->spec.mark_kva[VM_MARK_ATTACH] = 0xffffffff81000040;
	ASSERT_EQ(0, qemu_args_build(&self->argv, &self->plan));
	EXPECT_TRUE(has_pair(&self->argv, "-plugin",
			     "hostcall.so,sock=12,fence=1,mark2=0xffffffff81000040"));
	self->spec.probes = true;
	self->argv.n = 0;
	ASSERT_EQ(0, qemu_args_build(&self->argv, &self->plan));
	EXPECT_TRUE(has_pair(&self->argv, "-plugin",
			     "hostcall.so,sock=12,fence=1,mark2=0xffffffff81000040,probes=17"));
}

TEST_F(args, an_unpacked_emulator_gets_its_own_firmware)
{
	strcpy(self->bin.root, "/cache/q");
	ASSERT_EQ(0, qemu_args_build(&self->argv, &self->plan));
	EXPECT_TRUE(has_pair(&self->argv, "-L", "/cache/q/usr/share/qemu"));
	EXPECT_TRUE(has_pair(&self->argv, "-L", "/cache/q/usr/share/seabios"));
}

TEST_F(args, an_explicit_shift_wins_over_the_automatic_one)
{
	self->spec.icount_shift = 0;
	ASSERT_EQ(0, qemu_args_build(&self->argv, &self->plan));
	EXPECT_TRUE(has_pair(&self->argv, "-icount", "shift=0,sleep=off"));
}

/* 1 to 3 are sound; many CPUs share the instructions, so they need more of them. */
TEST(automatic_shifts_are_sound_and_shrink_with_the_cpus)
{
	int last = 3;

	for (uint32_t n = 1; n <= KTSTR_MAX_CPUS; n++) {
		EXPECT_GE(vm_auto_shift(n), 1);
		EXPECT_LE(vm_auto_shift(n), last);
		last = vm_auto_shift(n);
	}
}

/* More than an 8-bit APIC id can name needs interrupt remapping. */
TEST_F(args, many_cpus_get_a_remapped_machine)
{
	self->spec.topo = (struct vm_topology){ { 1, 14, 9, 2 } };
	self->spec.deterministic = false;
	ASSERT_EQ(0, qemu_args_build(&self->argv, &self->plan));
	EXPECT_TRUE(has_pair(&self->argv, "-device", "intel-iommu,intremap=on,eim=on"));
	vm_argv_free(&self->argv);
	self->spec.topo = (struct vm_topology){ { 1, 15, 8, 2 } };
	ASSERT_EQ(0, qemu_args_build(&self->argv, &self->plan));
	EXPECT_FALSE(has(&self->argv, "-device"));
}

/* The figures of the gauntlet's preset table. */
TEST(apic_ids_take_whole_bits_per_level)
{
	static const struct {
		struct vm_topology t;
		uint32_t max;
	} row[] = {
		{ { { 1, 1, 1, 1 } }, 0 }, { { { 1, 3, 3, 1 } }, 10 },
		{ { { 1, 5, 3, 1 } }, 18 }, { { { 1, 3, 2, 2 } }, 11 },
		{ { { 1, 15, 8, 2 } }, 239 }, { { { 1, 14, 9, 2 } }, 433 },
		{ { { 1, 14, 18, 1 } }, 433 }, { { { 4, 12, 8, 2 } }, 191 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(row); i++)
		EXPECT_EQ(row[i].max, vm_apic_id_max(&row[i].t));
}

TEST_F(args, disks_and_network_cards_are_virtio_over_pci)
{
	const struct vm_disk disk[] = {
		{ .bytes = VM_MIB, .serial = "one" },
		{ .bytes = VM_MIB, .serial = "two", .max_iops = 100, .max_bytes_per_s = 4096 },
	};
	const struct vm_nic nic = { .mac = { 2, 0, 0, 0, 0, 0x1f } };
	const struct vm_device device[] = {
		{ &vm_disk_class, &disk[0] }, { &vm_nic_class, &nic }, { &vm_disk_class, &disk[1] },
	};
	const int fd[] = { 30, 32, 31 };

	self->spec.deterministic = false;
	self->spec.devices = device;
	self->spec.nr_devices = 3;
	self->plan.device_fd = fd;
	ASSERT_EQ(0, qemu_args_build(&self->argv, &self->plan));
	EXPECT_TRUE(has_pair(&self->argv, "-drive",
			     "if=none,id=disk0,format=raw,file=/proc/self/fd/30,file.locking=off,cache=unsafe,throttling.iops-total=0,throttling.bps-total=0"));
	EXPECT_TRUE(has_pair(&self->argv, "-device",
			     "virtio-blk-pci,drive=disk1,serial=two,disable-legacy=on"));
	EXPECT_TRUE(has_pair(&self->argv, "-drive",
			     "if=none,id=disk1,format=raw,file=/proc/self/fd/31,file.locking=off,cache=unsafe,throttling.iops-total=100,throttling.bps-total=4096"));
	EXPECT_TRUE(has_pair(&self->argv, "-netdev",
			     "dgram,id=net0,local.type=fd,local.str=32"));
	EXPECT_TRUE(has_pair(&self->argv, "-device",
			     "virtio-net-pci,netdev=net0,mac=02:00:00:00:00:1f,disable-legacy=on,romfile="));
}

TEST_F(args, a_machine_that_is_saved_stops_by_itself)
{
	struct vm_saved from = { 30, 31, 32, 33 };

	ASSERT_EQ(0, qemu_args_build(&self->argv, &self->plan));
	EXPECT_FALSE(has(&self->argv, "-S"));
	vm_argv_free(&self->argv);
	self->spec.save_point = true;
	ASSERT_EQ(0, qemu_args_build(&self->argv, &self->plan));
	EXPECT_TRUE(has_pair(&self->argv, "-device", "pvpanic,ioport=1285"));
	EXPECT_TRUE(has_pair(&self->argv, "-action", "panic=pause"));
	EXPECT_TRUE(has(&self->argv, "-S"));
	EXPECT_FALSE(has(&self->argv, "-incoming"));
	EXPECT_TRUE(has_pair(&self->argv, "-chardev", "file,id=com1,path=/proc/self/fd/10"));
	vm_argv_free(&self->argv);
	self->spec.from = &from;
	ASSERT_EQ(0, qemu_args_build(&self->argv, &self->plan));
	EXPECT_TRUE(has_pair(&self->argv, "-device", "pvpanic,ioport=1285"));
	EXPECT_TRUE(has_pair(&self->argv, "-incoming", "defer"));
	/* what was printed before it was saved stays */
	EXPECT_TRUE(has_pair(&self->argv, "-chardev",
			     "file,id=com1,path=/proc/self/fd/10,append=on"));
}

/* Part of the key of an image: what another seed or folder changes must not be in it. */
TEST_F(args, what_makes_a_machine_is_told_without_seed_and_paths)
{
	char *one = vm_emulated_machine(&self->spec), *two;

	ASSERT_NE(NULL, one);
	EXPECT_NE(NULL, strstr(one, "-cpu max,vendor=GenuineIntel,-erms,-fsrm "));
	EXPECT_NE(NULL, strstr(one, "-smp 2,sockets=1"));
	EXPECT_NE(NULL, strstr(one, "-append console=ttyS0 "));
	EXPECT_EQ(NULL, strstr(one, "/k/bzImage"));
	self->spec.seed = 43;
	self->spec.kernel = "/elsewhere";
	self->spec.from = &(const struct vm_saved){ .ram_fd = -1 };
	two = vm_emulated_machine(&self->spec);
	EXPECT_STREQ(one, two);
	free(two);
	self->spec.kaslr = true;
	two = vm_emulated_machine(&self->spec);
	EXPECT_STRNE(one, two);
	free(two);
	free(one);
}

TEST_HARNESS_MAIN
