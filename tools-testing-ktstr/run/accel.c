// SPDX-License-Identifier: GPL-2.0
/* See accel.h. */
#include <stdio.h>
#include <stdlib.h>

#include "tools-testing-ktstr/util/util.h"
#include "accel.h"

int accel__choose(struct ktstr_run_opts *opts, struct document_header *head)
{
	char why[256] = "";
	struct ktstr_err err;
	const char *name;

	if (vm_pick_accel(opts->accel, &opts->accel, why, sizeof(why), &err)) {
		if (!err.missing)
			return complain(1, NULL, "%s", err.msg);
		snprintf(head->accel, sizeof(head->accel), "none: %.500s", err.msg);
	} else {
		name = opts->accel == VM_ACCEL_KVM ? "kvm" : "tcg";
		setenv("KTSTR_ACCEL", name, 1);
		snprintf(head->accel, sizeof(head->accel), "%s%s%s", name, why[0] ? "; " : "", why);
	}
	if (opts->accel == VM_ACCEL_KVM || (opts->mttcg && !opts->seeded))
		snprintf(head->seed, sizeof(head->seed), "none (not deterministic)");
	else
		snprintf(head->seed, sizeof(head->seed), "%llu%s", (unsigned long long)opts->seed,
			 opts->seeded ? "" : " (default)");
	return 0;
}
