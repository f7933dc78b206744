/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The gauntlet: each test on the machine of every preset that its constraints and this host allow
 * (docs/gauntlet.md). A variant is a test and a preset; its name is that of id.h.
 */
#ifndef KTSTR_PLAN_GAUNTLET_H
#define KTSTR_PLAN_GAUNTLET_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/model/registry.h"
#include "id.h"
#include "preset.h"

struct ktstr_variant {
	const struct ktstr_test *test;
	const struct ktstr_preset *preset;	/* NULL: as declared */
};

/* How many CPUs this process may use: its affinity counts. */
uint32_t ktstr_usable_cpus_here(void);

/*
 * What limits the presets here: nothing where guests are emulated; under KVM the number of CPUs that
 * this process may use, and in performance mode the number and size of the LLCs that they are in. @accel is what the user asks for; auto asks the host, which takes a
 * moment where there is a /dev/kvm.
 */
void ktstr_room__here(struct ktstr_room *room, enum vm_accel accel);

/*
 * Does the gauntlet have @v? If not, @why says it: "test x is host_only ...". @why of a variant
 * without preset is never asked for: it is always there.
 */
bool ktstr_variant__accept(const struct ktstr_variant *v, const struct ktstr_room *room, char *why,
			   size_t size);

/*
 * The variant with this name, "TEST" or "TEST/PRESET", or with this id. Whether the gauntlet has it
 * is another question. False: there is no such test, or no such preset.
 */
bool ktstr_variant__find(const struct ktstr_registry *r, const char *name, struct ktstr_variant *v);

#endif
