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

unsigned int x86_thread_bits(const struct vm_topology *t)
{
	return bits_for(t->threads);
}

unsigned int x86_llc_shift(const struct vm_topology *t)
{
	return bits_for(t->cores) + bits_for(t->threads);
}

uint32_t x86_apic_id(const struct vm_topology *t, uint32_t cpu)
{
	uint32_t thread = cpu % t->threads;
	uint32_t core = cpu / t->threads % t->cores;
	uint32_t llc = cpu / t->threads / t->cores;

	return llc << x86_llc_shift(t) | core << x86_thread_bits(t) | thread;
}

uint32_t x86_max_apic_id(const struct vm_topology *t)
{
	return x86_apic_id(t, vm_topology_cpus(t) - 1);
}
