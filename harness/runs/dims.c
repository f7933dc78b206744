// SPDX-License-Identifier: GPL-2.0
/* See dims.h. */
#include <string.h>

#include "dims.h"

const struct ktstr_dim_row ktstr_dims[KTSTR_NR_DIMS] = {
	[KTSTR_DIM_TEST] = { "test", "variant", KTSTR_DIM_WHAT, "the id of the test or variant" },
	[KTSTR_DIM_TOPOLOGY] = { "topology", "topology", KTSTR_DIM_WHAT, "the machine" },
	[KTSTR_DIM_SCHEDULER] = { "scheduler", "scheduler", KTSTR_DIM_WHAT, "what ran" },
	[KTSTR_DIM_WORK_TYPE] = { "work-type", "work_type", KTSTR_DIM_WHAT,
				  "of swappable cgroups, if one was asked for" },
	[KTSTR_DIM_DURATION] = { "duration", "duration_s", KTSTR_DIM_WHAT, "seconds of workload" },
	[KTSTR_DIM_ACCEL] = { "accel", "accel", KTSTR_DIM_WHAT, "kvm or tcg" },
	[KTSTR_DIM_KERNEL] = { "kernel", "kernel_version", KTSTR_DIM_BUILD,
			       "release; 6.12 stands for all 6.12.x" },
	[KTSTR_DIM_KERNEL_COMMIT] = { "kernel-commit", "kernel_commit", KTSTR_DIM_BUILD,
				      "commit of the kernel's tree" },
	[KTSTR_DIM_PROJECT_COMMIT] = { "project-commit", "project_commit", KTSTR_DIM_BUILD,
				       "commit of the project under test" },
	[KTSTR_DIM_SOURCE] = { "run-source", "run_source", KTSTR_DIM_BUILD, "local or ci" },
	[KTSTR_DIM_SEED] = { "seed", "seed", KTSTR_DIM_ONE, "of a deterministic run" },
	[KTSTR_DIM_RUN] = { "run", NULL, KTSTR_DIM_ONE, "the folder of the run" },
};

/* Is @wanted a whole series, "6" or "6.12"? */
static bool is_series(const char *wanted)
{
	size_t n = strspn(wanted, "0123456789");

	if (n && wanted[n] == '.')
		n += 1 + strspn(wanted + n + 1, "0123456789");
	return n && !wanted[n];
}

bool ktstr_dim__matches(enum ktstr_dim dim, const char *value, const char *wanted)
{
	size_t len = strlen(wanted);

	if (!value)
		return false;
	if (!strcmp(value, wanted))
		return true;
	switch (dim) {
	case KTSTR_DIM_KERNEL:	/* 7.3.4 is 7.3.4+deb13 as well, 7.3 is all of its releases */
		return !strncmp(value, wanted, len) &&
		       (strchr("+-", value[len]) || (is_series(wanted) && value[len] == '.'));
	case KTSTR_DIM_TEST:	/* the bare name */
		value = strchr(value, '/');
		return value && !strcmp(value + 1, wanted);
	default:
		return false;
	}
}

size_t ktstr_dim__commit_len(const char *value)
{
	size_t len = strlen(value);

	return len > 6 && !strcmp(value + len - 6, "-dirty") ? len - 6 : len;
}
