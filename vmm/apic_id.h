/* SPDX-License-Identifier: GPL-2.0 */
/*
 * APIC ids. One has a bit field per level (thread, core, LLC), each as wide as its count needs,
 * so ids have gaps where a count is no power of two.
 */
#ifndef KTSTR_VMM_APIC_ID_H
#define KTSTR_VMM_APIC_ID_H

#include <stdint.h>

#include "vm.h"

/* Bits of an id below the core, and below the LLC (= package). */
unsigned int x86_thread_bits(const struct vm_topology *t);
unsigned int x86_llc_shift(const struct vm_topology *t);

uint32_t x86_apic_id(const struct vm_topology *t, uint32_t cpu);
uint32_t x86_max_apic_id(const struct vm_topology *t);

/* Ids from here on exist in x2APIC mode only: 255 addresses everybody in the old one. */
#define X86_X2APIC_FROM	255

#endif
