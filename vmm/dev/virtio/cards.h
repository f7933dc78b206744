/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The devices that a specification asks for beyond those that every machine has: the PCI bus
 * and what is plugged into it. The backend creates them all with one call.
 */
#ifndef KTSTR_VMM_DEV_VIRTIO_CARDS_H
#define KTSTR_VMM_DEV_VIRTIO_CARDS_H

#include "vmm/dev/bus.h"
#include "vmm/vm.h"

struct cards;

/* Nothing at all if vm_has_pci(spec) says no. 0 or -errno with @err. */
int cards_create(struct cards **cp, struct dev_env *env, const struct vm_spec *spec,
		 struct ktstr_err *err);
/* Start the devices' threads, before the vCPUs run. */
int cards_start(struct cards *c, struct ktstr_err *err);
/* Stop the threads; the vCPUs have stopped. NULL is allowed. */
void cards_destroy(struct cards *c);

/* vm_device_counters(). Any thread. */
int cards_counters(struct cards *c, unsigned int i, uint64_t value[VM_MAX_COUNTERS]);

#endif
