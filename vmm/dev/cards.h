/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The devices that a specification asks for beyond those that every machine has: the PCI bus
 * and what is plugged into it. The backend creates them all with one call.
 */
#ifndef KTSTR_VMM_DEV_CARDS_H
#define KTSTR_VMM_DEV_CARDS_H

#include "../vm.h"
#include "bus.h"

struct cards;

/* Nothing at all if vm_has_pci(spec) says no. 0 or -errno with @err. */
int cards_create(struct cards **cp, struct dev_env *env, const struct vm_spec *spec,
		 struct vm_err *err);
/* The devices' threads: before the vCPUs run, and after they have stopped. */
int cards_start(struct cards *c, struct vm_err *err);
/* Stops the threads. NULL is allowed. */
void cards_destroy(struct cards *c);

/* 0, or -ENOENT: there is no such device. Any thread. */
int cards_disk_stats(struct cards *c, unsigned int disk, struct vm_disk_stats *stats);
int cards_nic_stats(struct cards *c, unsigned int nic, struct vm_nic_stats *stats);

#endif
