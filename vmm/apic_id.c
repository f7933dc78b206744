// SPDX-License-Identifier: GPL-2.0
/* See apic_id.h. */
#include "apic_id.h"

static unsigned int bits_for(uint32_t n)
{
	unsigned int bits = 0;

	while ((1u << bits) < n)
		bits++;
	return bits;
}

unsigned int vm_apic_id_thread_bits(const struct vm_topology *t)
{
	return bits_for(t->count.threads);
}

unsigned int vm_apic_id_llc_shift(const struct vm_topology *t)
{
	return bits_for(t->count.cores) + bits_for(t->count.threads);
}

uint32_t vm_apic_id(const struct vm_topology *t, uint32_t cpu)
{
	uint32_t thread = cpu % t->count.threads;
	uint32_t core = cpu / t->count.threads % t->count.cores;
	uint32_t llc = cpu / t->count.threads / t->count.cores;

	return llc << vm_apic_id_llc_shift(t) | core << vm_apic_id_thread_bits(t) | thread;
}

uint32_t vm_apic_id_max(const struct vm_topology *t)
{
	return vm_apic_id(t, ktstr_topology__cpus(&t->count) - 1);
}
