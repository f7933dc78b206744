// SPDX-License-Identifier: GPL-2.0
/*
 * A vCPU's CPUID, read the way Linux reads it: every CPU's package, core and caches come out
 * as declared, on hosts with many leaves and on hosts with few.
 */
#include "vmm/kvm/x86/apic.h"
#include "vmm/kvm/x86/cpuid.h"
#include "kselftest_harness.h"

#define INDEXED KVM_CPUID_FLAG_SIGNIFCANT_INDEX

struct host {
	const char *name;
	bool amd;
	struct kvm_cpuid_entry2 entry[16];
};

#define INTEL(max) { .function = 0, .eax = max, .ebx = 0x756e6547, .edx = 0x49656e69, .ecx = 0x6c65746e }
#define AMD(max) { .function = 0, .eax = max, .ebx = 0x68747541, .edx = 0x69746e65, .ecx = 0x444d4163 }
#define HYGON(max) { .function = 0, .eax = max, .ebx = 0x6f677948, .edx = 0x6e65476e, .ecx = 0x656e6975 }

/* KVM offers the topology leaves with sub-leaf 0 only, zeroed. */
static const struct host hosts[] = {
	{ "intel, leaf 1f", false, {
		INTEL(0x20),
		{ .function = 1, .eax = 0x50654, .ebx = 0x07400800, .edx = 0x1fffffff },
		{ .function = 4, .index = 0, .flags = INDEXED, .eax = 0x1c004121, .ebx = 0x02c0003f, .ecx = 0x3f },
		{ .function = 4, .index = 1, .flags = INDEXED, .eax = 0x1c004122, .ebx = 0x01c0003f, .ecx = 0x3f },
		{ .function = 4, .index = 2, .flags = INDEXED, .eax = 0x1c004143, .ebx = 0x0240003f, .ecx = 0x7ff },
		{ .function = 4, .index = 3, .flags = INDEXED, .eax = 0x1c03c163, .ebx = 0x02c0003f, .ecx = 0x9fff },
		{ .function = 4, .index = 4, .flags = INDEXED },
		{ .function = 0xa, .eax = 0x8300805 },
		{ .function = 0xb, .flags = INDEXED }, { .function = 0x1f, .flags = INDEXED },
		{ .function = 0x40000000, .eax = 0x40000001 }, { .function = 0x40000001, .eax = 0x1007efb },
	} },
	{ "intel, no leaf 4 nor b", false, { INTEL(3), { .function = 1, .eax = 0x6f0 } } },
	{ "amd, zen 3", true, {
		AMD(0x10),
		{ .function = 1, .eax = 0xa00f11, .ebx = 0x800 },
		{ .function = 0xb, .flags = INDEXED },
		{ .function = 0x80000000, .eax = 0x80000026 },
		{ .function = 0x80000001, .ecx = 0x75c237ff },
		{ .function = 0x80000006, .edx = 0x00809140 },
		{ .function = 0x80000008, .eax = 0x3030, .ecx = 0x6003 },
		{ .function = 0x8000001d, .index = 0, .flags = INDEXED, .eax = 0x121, .ebx = 0x01c0003f, .ecx = 0x3f },
		{ .function = 0x8000001d, .index = 3, .flags = INDEXED, .eax = 0x1c163, .ebx = 0x03c0003f, .ecx = 0x7fff },
		{ .function = 0x8000001e, .eax = 5, .ecx = 0x300 },
		{ .function = 0x80000022, .eax = 1 },
		{ .function = 0x80000026, .flags = INDEXED, .ebx = 4, .ecx = 0x100 },
	} },
	{ "amd, qemu64", true, {
		AMD(0xd), { .function = 1, .eax = 0xf61 }, { .function = 0x80000000, .eax = 0x8000000a },
		{ .function = 0x80000001 }, { .function = 0x80000006, .edx = 0x800000 },
	} },
	{ "amd, first zen", true, {
		AMD(0xd), { .function = 1, .eax = 0x800f11 }, { .function = 0x80000000, .eax = 0x8000001f },
		{ .function = 0x80000006, .edx = 0x00809140 },
	} },
	{ "hygon", true, {
		HYGON(0xd), { .function = 1, .eax = 0x900f01 }, { .function = 0x80000000, .eax = 0x8000001f },
		{ .function = 0x80000006, .edx = 0x00809140 },
	} },
};

static const struct vm_topology topologies[] = {
	{ { 1, 1, 1, 1 } }, { { 1, 1, 4, 1 } }, { { 1, 3, 3, 1 } }, { { 1, 5, 3, 1 } },
	{ { 1, 7, 2, 1 } }, { { 1, 3, 2, 2 } }, { { 1, 14, 9, 2 } }, { { 1, 14, 18, 1 } },
	{ { 4, 12, 8, 2 } }, { { 2, 4, 3, 3 } }, { { 1, 1, 256, 2 } }, { { 1, 512, 1, 1 } },
	{ { 1, 3, 5, 3 } },
};

static unsigned int nr_entries(const struct host *h)
{
	unsigned int n = 1;

	while (n < 16 && h->entry[n].function)
		n++;
	return n;
}

/* CPUID of a vCPU; an absent leaf reads as zero. */
struct vcpu {
	struct kvm_cpuid_entry2 entry[X86_CPUID_MAX];
	int nr;
};

static struct kvm_cpuid_entry2 leaf(const struct vcpu *v, uint32_t function, uint32_t index)
{
	for (int i = 0; i < v->nr; i++)
		if (v->entry[i].function == function &&
		    (v->entry[i].index == index || !(v->entry[i].flags & INDEXED)))
			return v->entry[i];
	return (struct kvm_cpuid_entry2){ 0 };
}

/* What Linux makes of one vCPU. */
struct seen {
	uint32_t package, core, thread_mask, x2apic_id;
	uint32_t cache_id[4];	/* L1d, L1i, L2, L3 */
	bool ok;
};

static unsigned int order(uint32_t n)
{
	unsigned int o = 0;

	while ((1u << o) < n)
		o++;
	return o;
}

static struct seen look(const struct vcpu *v, bool amd, uint32_t apic_id)
{
	static const uint32_t kind[] = { 0x21, 0x22, 0x43, 0x63 };
	uint32_t b = leaf(v, 0, 0).eax >= 0x1f && !amd ? 0x1f : 0xb;
	struct kvm_cpuid_entry2 smt = leaf(v, b, 0), core = leaf(v, b, 1), end = leaf(v, b, 2);
	uint32_t caches = amd ? 0x8000001d : 4;
	struct seen s = { .x2apic_id = smt.edx };

	s.ok = leaf(v, 0, 0).eax >= b && smt.ecx >> 8 == 1 && core.ecx >> 8 == 2 && !end.ebx &&
	       !(end.ecx >> 8) && core.edx == smt.edx && smt.edx == apic_id &&
	       (leaf(v, 1, 0).ebx >> 24) == (apic_id & 0xff);
	s.package = apic_id >> core.eax;
	s.core = (apic_id & ((1u << core.eax) - 1)) >> smt.eax;
	s.thread_mask = (1u << smt.eax) - 1;
	for (uint32_t i = 0; i < 4; i++) {
		struct kvm_cpuid_entry2 c = leaf(v, caches, i);

		s.ok = s.ok && (c.eax & 0xff) == kind[i] && c.ecx && (c.flags & INDEXED);
		s.cache_id[i] = apic_id >> order(((c.eax >> 14) & 0xfff) + 1);
	}
	s.ok = s.ok && !leaf(v, caches, 4).eax;
	if (amd)
		s.ok = s.ok && leaf(v, 0x80000000, 0).eax >= 0x8000001e &&
		       leaf(v, 0x80000001, 0).ecx & 1 << 22 &&
		       leaf(v, 0x8000001e, 0).eax == apic_id &&
		       !(leaf(v, 0x8000001e, 0).ecx >> 8) && !leaf(v, 0x80000026, 0).ebx;
	return s;
}

TEST(every_cpu_is_where_the_topology_puts_it)
{
	static struct vcpu v;

	for (size_t h = 0; h < ARRAY_SIZE(hosts); h++) {
		for (size_t i = 0; i < ARRAY_SIZE(topologies); i++) {
			const struct vm_topology *t = &topologies[i];

			for (uint32_t cpu = 0; cpu < ktstr_topology__cpus(&t->count); cpu++) {
				uint32_t id = vm_apic_id(t, cpu);
				uint32_t core = cpu / t->count.threads, llc = core / t->count.cores;
				struct seen s;

				v.nr = x86_cpuid_build(hosts[h].entry, nr_entries(&hosts[h]), t, cpu,
						       v.entry, NULL);
				ASSERT_LT(0, v.nr);
				s = look(&v, hosts[h].amd, id);
				ASSERT_TRUE(s.ok)
					TH_LOG("%s, topology %zu, CPU %u", hosts[h].name, i, cpu);
				ASSERT_EQ(llc, s.package);
				ASSERT_EQ(core % t->count.cores, s.core);
				ASSERT_EQ(cpu % t->count.threads, id & s.thread_mask);
				ASSERT_EQ(llc, s.cache_id[3]);
				ASSERT_EQ(id & ~s.thread_mask, s.cache_id[2] * (s.thread_mask + 1));
				ASSERT_EQ(s.cache_id[2], s.cache_id[0]);
				ASSERT_EQ(s.cache_id[2], s.cache_id[1]);
			}
		}
	}
}

TEST(ids_are_unique_and_those_above_254_are_counted)
{
	const struct vm_topology *max = &topologies[6];

	for (size_t i = 0; i < ARRAY_SIZE(topologies); i++)
		for (uint32_t cpu = 1; cpu < ktstr_topology__cpus(&topologies[i].count); cpu++)
			ASSERT_LT(vm_apic_id(&topologies[i], cpu - 1),
				  vm_apic_id(&topologies[i], cpu));
	/* 9 cores take 4 bits, 2 threads 1: LLC 7 has ids 224 to 241, LLC 8 starts at 256 */
	EXPECT_EQ(433, vm_apic_id_max(max));
	EXPECT_EQ(144, x86_apic_ioapic_cpus(max));
	EXPECT_EQ(192, x86_apic_ioapic_cpus(&topologies[8]));
	EXPECT_EQ(10, vm_apic_id_max(&topologies[2]));
}

/* Before Zen 2 Linux has its own idea of an L3 that leaf 0x80000006 tells of. */
TEST(an_l3_with_sharing_rules_of_its_own_is_not_told_of)
{
	static struct vcpu v;

	for (size_t h = 2; h < ARRAY_SIZE(hosts); h++) {
		v.nr = x86_cpuid_build(hosts[h].entry, nr_entries(&hosts[h]), &topologies[2], 4,
				       v.entry, NULL);
		EXPECT_EQ(h == 2, leaf(&v, 0x80000006, 0).edx != 0) TH_LOG("%s", hosts[h].name);
	}
}

TEST(the_rest_of_the_host_shows_through)
{
	static struct vcpu v;

	v.nr = x86_cpuid_build(hosts[0].entry, nr_entries(&hosts[0]), &topologies[1], 2, v.entry, NULL);
	EXPECT_EQ(0x50654, leaf(&v, 1, 0).eax);
	EXPECT_EQ(0x0240003f, leaf(&v, 4, 2).ebx);
	EXPECT_EQ(0x9fff, leaf(&v, 4, 3).ecx);
	EXPECT_EQ(0, leaf(&v, 0xa, 0).eax);
	EXPECT_NE(0, leaf(&v, 1, 0).edx & 1 << 28);
	EXPECT_EQ(0x1007efb | 1 << 15, leaf(&v, 0x40000001, 0).eax);
	EXPECT_EQ(1u << 31, leaf(&v, 1, 0).ecx);

	v.nr = x86_cpuid_build(hosts[0].entry, nr_entries(&hosts[0]), &topologies[0], 0, v.entry, NULL);
	EXPECT_EQ(0, leaf(&v, 1, 0).edx & 1 << 28);

	v.nr = x86_cpuid_build(hosts[2].entry, nr_entries(&hosts[2]), &topologies[8], 2, v.entry, NULL);
	EXPECT_EQ(0x3030, leaf(&v, 0x80000008, 0).eax);
	EXPECT_EQ(4 << 12 | 15, leaf(&v, 0x80000008, 0).ecx);
	EXPECT_EQ(0, leaf(&v, 0x80000022, 0).eax);
	EXPECT_EQ(0, leaf(&v, 0x80000001, 0).ecx & 1 << 23);
	EXPECT_EQ(0x7fff, leaf(&v, 0x8000001d, 3).ecx);
	EXPECT_EQ(0x4b4d564b, leaf(&v, 0x40000000, 0).ebx);
	EXPECT_EQ(0x564b4d56, leaf(&v, 0x40000000, 0).ecx);
	EXPECT_EQ(0x4d, leaf(&v, 0x40000000, 0).edx);
}

TEST(the_deadline_timer_is_told_of_when_kvm_has_it)
{
	static struct vcpu v;
	struct kvm_cpuid_entry2 host[16];

	memcpy(host, hosts[0].entry, sizeof(host));
	x86_cpuid_add_tsc_deadline(host, nr_entries(&hosts[0]));
	v.nr = x86_cpuid_build(host, nr_entries(&hosts[0]), &topologies[1], 2, v.entry, NULL);
	EXPECT_EQ(1u << 31 | 1 << 24, leaf(&v, 1, 0).ecx);
}

TEST(the_hint_of_cpus_that_nobody_else_uses_is_given_on_request_only)
{
	static struct vcpu v;
	struct kvm_cpuid_entry2 host[17];
	unsigned int nr = nr_entries(&hosts[0]);

	memcpy(host, hosts[0].entry, nr * sizeof(host[0]));
	v.nr = x86_cpuid_build(host, nr, &topologies[1], 2, v.entry, NULL);
	EXPECT_EQ(0, leaf(&v, 0x40000001, 0).edx);
	x86_cpuid_add_realtime(host, nr);
	v.nr = x86_cpuid_build(host, nr, &topologies[1], 2, v.entry, NULL);
	EXPECT_EQ(1, leaf(&v, 0x40000001, 0).edx);
}

TEST(too_many_entries_are_an_error)
{
	static struct kvm_cpuid_entry2 host[X86_CPUID_MAX + 1];
	static struct vcpu v;
	struct ktstr_err err;

	for (uint32_t i = 1; i <= X86_CPUID_MAX; i++)
		host[i].function = 0x100 + i;
	EXPECT_EQ(-E2BIG, x86_cpuid_build(host, X86_CPUID_MAX + 1, &topologies[0], 0, v.entry, &err));
	EXPECT_EQ(-E2BIG, x86_cpuid_build(host, X86_CPUID_MAX, &topologies[0], 0, v.entry, &err));
	EXPECT_NE(NULL, strstr(err.msg, "256"));
}

TEST_HARNESS_MAIN
