/* SPDX-License-Identifier: GPL-2.0 */
/*
 * APIC ids. An id has one bit field per level (thread, core, LLC), each as wide as the level's
 * count requires. Ids have gaps where a count is not a power of two.
 */
#ifndef KTSTR_VMM_APIC_ID_H
#define KTSTR_VMM_APIC_ID_H

#include <stdint.h>

#include "vm.h"

/* Bits of an id below the core, and below the LLC (= package). */
unsigned int vm_apic_id_thread_bits(const struct vm_topology *t);
unsigned int vm_apic_id_llc_shift(const struct vm_topology *t);

uint32_t vm_apic_id(const struct vm_topology *t, uint32_t cpu);
uint32_t vm_apic_id_max(const struct vm_topology *t);

/* Ids from here on need x2APIC mode: in xAPIC mode, 255 is the broadcast address. */
#define VM_APIC_ID_X2APIC	255

#endif
