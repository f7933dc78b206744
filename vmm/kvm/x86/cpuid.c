// SPDX-License-Identifier: GPL-2.0
/*
 * CPUID of a vCPU; see cpuid.h. Leaf layouts: Intel SDM volume 2A and AMD APM volume 3, CPUID;
 * who reads them: arch/x86/kernel/cpu/topology_*.c and cacheinfo.c.
 */
#include <errno.h>
#include <linux/kernel.h>
#include <stdbool.h>
#include <string.h>

#include "apic.h"
#include "cpuid.h"

#define LEAF_VENDOR		0x0
#define LEAF_FEATURES		0x1
#define LEAF_CACHE		0x4
#define LEAF_PMU		0xa
#define LEAF_TOPOLOGY		0xb
#define LEAF_TOPOLOGY_V2	0x1f
#define LEAF_KVM		0x40000000u
#define LEAF_KVM_FEATURES	0x40000001u
#define LEAF_EXT		0x80000000u
#define LEAF_EXT_FEATURES	0x80000001u
#define LEAF_EXT_L2_L3		0x80000006u
#define LEAF_EXT_SIZES		0x80000008u
#define LEAF_AMD_CACHE		0x8000001du
#define LEAF_AMD_TOPOLOGY	0x8000001eu
#define LEAF_AMD_PMU		0x80000022u
#define LEAF_AMD_TOPOLOGY_V2	0x80000026u

#define EDX_HTT			(1u << 28)
#define ECX_TSC_DEADLINE	(1u << 24)
#define ECX_HYPERVISOR		(1u << 31)	/* Linux looks for KVM's leaves only with it */
#define ECX_CMP_LEGACY		(1u << 1)
#define ECX_TOPOLOGY_EXT	(1u << 22)
/* performance counters of the core, the north bridge and the L3 */
#define ECX_AMD_PMU		(1u << 23 | 1u << 24 | 1u << 28)
/* KVM_FEATURE_MSI_EXT_DEST_ID: without it Linux leaves CPUs with ids above 255 alone */
#define KVM_EXT_DEST_ID		(1u << 15)

#define KVM_HINTS_REALTIME_BIT	(1u << 0)	/* KVM_HINTS_REALTIME is a bit's number */

#define LEVEL_SMT		1
#define LEVEL_CORE		2

struct set {
	struct kvm_cpuid_entry2 *entry;
	unsigned int nr;
	bool full;
	struct kvm_cpuid_entry2 spare;	/* takes what finds no room */
};

/* What a vCPU's leaves are made from. */
struct place {
	const struct vm_topology *t;
	uint32_t apic_id, core, node;
	uint32_t per_llc;		/* threads */
	unsigned int thread_bits, llc_shift;
	bool amd;
};

static struct kvm_cpuid_entry2 *find(struct set *s, uint32_t function, uint32_t index)
{
	for (unsigned int i = 0; i < s->nr; i++)
		if (s->entry[i].function == function && s->entry[i].index == index)
			return &s->entry[i];
	return NULL;
}

static void drop(struct set *s, uint32_t function)
{
	unsigned int to = 0;

	for (unsigned int i = 0; i < s->nr; i++)
		if (s->entry[i].function != function)
			s->entry[to++] = s->entry[i];
	s->nr = to;
}

/* The entry; if there is none, a new one with zeroes. Valid until the next drop(). */
static struct kvm_cpuid_entry2 *get(struct set *s, uint32_t function)
{
	struct kvm_cpuid_entry2 *e = find(s, function, 0);

	if (e)
		return e;
	if (s->nr == X86_CPUID_MAX) {
		s->full = true;
		e = &s->spare;
	} else {
		e = &s->entry[s->nr++];
	}
	*e = (struct kvm_cpuid_entry2){ .function = function };
	return e;
}

static void add(struct set *s, uint32_t function, uint32_t index,
		uint32_t eax, uint32_t ebx, uint32_t ecx, uint32_t edx)
{
	if (s->nr == X86_CPUID_MAX) {
		s->full = true;
		return;
	}
	s->entry[s->nr++] = (struct kvm_cpuid_entry2){
		.function = function, .index = index, .flags = KVM_CPUID_FLAG_SIGNIFCANT_INDEX,
		.eax = eax, .ebx = ebx, .ecx = ecx, .edx = edx,
	};
}

static void at_least(uint32_t *v, uint32_t min)
{
	if (*v < min)
		*v = min;
}

static uint32_t at_most(uint32_t v, uint32_t max)
{
	return v < max ? v : max;
}

/* AMD, and Hygon, which has the same leaves. */
static bool is_amd(struct set *s)
{
	const struct kvm_cpuid_entry2 *e = get(s, LEAF_VENDOR);

	return (e->ebx == 0x68747541 && e->edx == 0x69746e65 && e->ecx == 0x444d4163) ||
	       (e->ebx == 0x6f677948 && e->edx == 0x6e65476e && e->ecx == 0x656e6975);
}

static void set_features(struct set *s, const struct place *p)
{
	struct kvm_cpuid_entry2 *e = get(s, LEAF_FEATURES);

	e->ebx = (e->ebx & 0xffff) | (p->apic_id & 0xff) << 24 | at_most(p->per_llc, 255) << 16;
	e->ecx |= ECX_HYPERVISOR;
	e->edx &= ~EDX_HTT;
	if (p->per_llc > 1)
		e->edx |= EDX_HTT;
}

static void set_topology(struct set *s, const struct place *p, uint32_t leaf)
{
	drop(s, leaf);
	add(s, leaf, 0, p->thread_bits, p->t->count.threads, LEVEL_SMT << 8, p->apic_id);
	add(s, leaf, 1, p->llc_shift, p->per_llc, LEVEL_CORE << 8 | 1, p->apic_id);
	add(s, leaf, 2, 0, 0, 2, p->apic_id);
}

/* EAX: type and level; the sizes are those of the host's cache of the same kind if it has one. */
static const struct cache {
	uint32_t kind, ebx, sets;	/* ebx: (ways - 1) << 22 | (line - 1) */
} caches[] = {
	{ 1 << 5 | 1, 7 << 22 | 63, 64 },	/* L1d, 32 KiB */
	{ 1 << 5 | 2, 7 << 22 | 63, 64 },	/* L1i, 32 KiB */
	{ 2 << 5 | 3, 7 << 22 | 63, 1024 },	/* L2, 512 KiB */
	{ 3 << 5 | 3, 15 << 22 | 63, 16384 },	/* L3, 16 MiB */
};
#define NR_CACHES	ARRAY_SIZE(caches)
#define CACHE_KIND	0xffu
#define CACHE_L3	3
/* what the host's EAX is kept of: kind, self initialising, fully associative */
#define CACHE_EAX_KEEP	0x3ffu
#define CACHE_SELF_INIT	(1u << 8)
#define HOST_CACHES_MAX	16

static void set_caches(struct set *s, const struct place *p)
{
	uint32_t leaf = p->amd ? LEAF_AMD_CACHE : LEAF_CACHE;
	/* AMD reserves the upper bits; Intel counts core ids of the package there */
	uint32_t cores = p->amd ? 0 : at_most((1u << (p->llc_shift - p->thread_bits)) - 1, 63);
	struct kvm_cpuid_entry2 new[NR_CACHES];

	for (size_t i = 0; i < NR_CACHES; i++) {
		unsigned int shift = i == CACHE_L3 ? p->llc_shift : p->thread_bits;
		const struct kvm_cpuid_entry2 *e = NULL;

		new[i] = (struct kvm_cpuid_entry2){
			.eax = caches[i].kind | CACHE_SELF_INIT,
			.ebx = caches[i].ebx,
			.ecx = caches[i].sets - 1,
		};
		for (uint32_t n = 0; n < HOST_CACHES_MAX; n++) {
			e = find(s, leaf, n);
			if (e && (e->eax & CACHE_KIND) == caches[i].kind)
				break;
		}
		if (e && (e->eax & CACHE_KIND) == caches[i].kind) {
			new[i] = *e;
			new[i].eax &= CACHE_EAX_KEEP;
		}
		new[i].eax |= cores << 26 | at_most((1u << shift) - 1, 4095) << 14;
	}
	drop(s, LEAF_CACHE);
	drop(s, LEAF_AMD_CACHE);
	for (uint32_t i = 0; i < NR_CACHES; i++)
		add(s, leaf, i, new[i].eax, new[i].ebx, new[i].ecx, new[i].edx);
	add(s, leaf, NR_CACHES, 0, 0, 0, 0);
}

/*
 * For these Linux does not use the cache leaf to find out which CPUs share the L3: it assumes the
 * node (before Zen) or APIC id >> 3 (first Zen, Hygon). Without an L3 in the old leaf it assumes
 * the package, which is the LLC.
 */
static bool l3_sharing_is_built_in(struct set *s)
{
	uint32_t sig = get(s, LEAF_FEATURES)->eax;
	uint32_t family = (sig >> 8) & 0xf, model = (sig >> 4) & 0xf;

	if (family == 0xf) {
		family += (sig >> 20) & 0xff;
		model |= (sig >> 12) & 0xf0;
	}
	return family < 0x17 || (family == 0x17 && model <= 0x1f) || family == 0x18;
}

static void set_amd(struct set *s, const struct place *p)
{
	struct kvm_cpuid_entry2 *e;

	at_least(&get(s, LEAF_EXT)->eax, LEAF_AMD_TOPOLOGY);
	e = get(s, LEAF_EXT_FEATURES);
	e->ecx &= ~(ECX_CMP_LEGACY | ECX_AMD_PMU);
	e->ecx |= ECX_TOPOLOGY_EXT;
	if (p->per_llc > 1)
		e->ecx |= ECX_CMP_LEGACY;
	if (l3_sharing_is_built_in(s))
		get(s, LEAF_EXT_L2_L3)->edx = 0;
	e = get(s, LEAF_EXT_SIZES);
	if (!e->eax)
		e->eax = 48 << 8 | 36;	/* what KVM assumes without the leaf */
	e->ecx = p->llc_shift << 12 | at_most(p->per_llc - 1, 255);
	drop(s, LEAF_AMD_TOPOLOGY);
	/* one node per package: a package has one LLC, and that is in one node */
	e = get(s, LEAF_AMD_TOPOLOGY);
	e->eax = p->apic_id;
	e->ebx = (p->t->count.threads - 1) << 8 | (p->core & 0xff);
	e->ecx = p->node & 0xff;
	/* Linux prefers 0x80000026 to 0xB; the topology is in 0xB only */
	drop(s, LEAF_AMD_TOPOLOGY_V2);
	drop(s, LEAF_AMD_PMU);
}

static void set_kvm(struct set *s)
{
	struct kvm_cpuid_entry2 *e = get(s, LEAF_KVM);

	at_least(&e->eax, LEAF_KVM_FEATURES);
	memcpy(&e->ebx, "KVMK", 4);
	memcpy(&e->ecx, "VMKV", 4);
	memcpy(&e->edx, "M\0\0\0", 4);
	get(s, LEAF_KVM_FEATURES)->eax |= KVM_EXT_DEST_ID;
}

int x86_cpuid_build(const struct kvm_cpuid_entry2 *host, unsigned int nr_host,
		    const struct vm_topology *t, uint32_t cpu,
		    struct kvm_cpuid_entry2 out[X86_CPUID_MAX], struct ktstr_err *err)
{
	struct set s = { .entry = out, .nr = nr_host };
	struct place p = {
		.t = t,
		.apic_id = vm_apic_id(t, cpu),
		.core = cpu / t->count.threads % t->count.cores,
		.node = vm_topology_node_of_cpu(t, cpu),
		.per_llc = t->count.cores * t->count.threads,
		.thread_bits = vm_apic_id_thread_bits(t),
		.llc_shift = vm_apic_id_llc_shift(t),
	};

	if (nr_host > X86_CPUID_MAX)
		goto full;
	memcpy(out, host, nr_host * sizeof(*out));
	p.amd = is_amd(&s);
	at_least(&get(&s, LEAF_VENDOR)->eax, LEAF_TOPOLOGY);
	set_features(&s, &p);
	set_caches(&s, &p);
	set_topology(&s, &p, LEAF_TOPOLOGY);
	if (get(&s, LEAF_VENDOR)->eax >= LEAF_TOPOLOGY_V2)
		set_topology(&s, &p, LEAF_TOPOLOGY_V2);
	drop(&s, LEAF_PMU);
	if (p.amd)
		set_amd(&s, &p);
	set_kvm(&s);
	if (!s.full)
		return (int)s.nr;
full:
	return ktstr_err(err, E2BIG,
			 "KVM: the host offers %u CPUID entries, %d with the topology are too many",
			 nr_host, X86_CPUID_MAX);
}

void x86_cpuid_add_tsc_deadline(struct kvm_cpuid_entry2 *host, unsigned int nr_host)
{
	for (unsigned int i = 0; i < nr_host; i++)
		if (host[i].function == LEAF_FEATURES)
			host[i].ecx |= ECX_TSC_DEADLINE;
}

void x86_cpuid_add_realtime(struct kvm_cpuid_entry2 *host, unsigned int nr_host)
{
	for (unsigned int i = 0; i < nr_host; i++)
		if (host[i].function == LEAF_KVM_FEATURES)
			host[i].edx |= KVM_HINTS_REALTIME_BIT;
}
