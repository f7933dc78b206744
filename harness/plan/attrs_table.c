// SPDX-License-Identifier: GPL-2.0
/* The table of attributes: see attrs_table.h. The table of checks is in checks/table.c. */
#include <inttypes.h>
#include <linux/kernel.h>
#include <stdio.h>
#include <string.h>

#include <ktstr/attrs.h>

#include "attrs_table.h"

#define ROW(_struct, _member, _type, _machine, _later)				\
	{ #_member, KTSTR_ATTR_##_type, offsetof(struct _struct, _member),	\
	  sizeof(((struct _struct *)NULL)->_member), _machine, _later }
#define TEST(_member, _type)			ROW(ktstr_test, _member, _type, false, NULL)
/* It is about a virtual machine. */
#define TEST_VM(_member, _type)			ROW(ktstr_test, _member, _type, true, NULL)
#define TEST_LATER(_member, _type, _needs)	ROW(ktstr_test, _member, _type, true, _needs)
#define SCHED(_member, _type)			ROW(ktstr_scheduler, _member, _type, true, NULL)
#define SCHED_LATER(_member, _type, _needs)	ROW(ktstr_scheduler, _member, _type, true, _needs)

const struct ktstr_attr ktstr_test_attrs[] = {
	TEST(name, POINTER),
	TEST(file, POINTER),
	TEST(line, LINE),
	TEST(body, POINTER),
	TEST_VM(scheduler, POINTER),
	TEST_VM(staged_schedulers, POINTER),
	TEST(numa_nodes, NUMBER),
	TEST(llcs, NUMBER),
	TEST(cores, NUMBER),
	TEST(threads, NUMBER),
	TEST_VM(nodes, POINTER),
	TEST_VM(distances, POINTER),
	TEST_VM(memory_mib, NUMBER),
	TEST(duration_s, NUMBER),
	TEST(grace_s, NUMBER),
	TEST_VM(watchdog_timeout_s, NUMBER),
	TEST(workers_per_cgroup, NUMBER),
	TEST(min_llcs, NUMBER),
	TEST(max_llcs, NUMBER),
	TEST(min_numa_nodes, NUMBER),
	TEST(max_numa_nodes, NUMBER),
	TEST(min_cpus, NUMBER),
	TEST(max_cpus, NUMBER),
	TEST(requires_smt, SWITCH),
	TEST(expect_err, SWITCH),
	TEST_VM(expect_scx_bpf_error_contains, POINTER),
	TEST_VM(expect_scx_bpf_error_matches, POINTER),
	TEST(expect_kind, KIND),
	TEST(expect_text, POINTER),
	TEST_VM(allow_unclean_exit, SWITCH),
	TEST_VM(tolerates_restart, SWITCH_OFF),
	TEST_VM(fail_on_any_ejection, SWITCH),
	TEST_VM(allow_splats, POINTER),
	TEST_VM(survives_storm, SWITCH),
	TEST(allow_inconclusive, SWITCH),
	TEST_VM(auto_repro, SWITCH),
	TEST_VM(expect_auto_repro, SWITCH),
	TEST_VM(performance_mode, SWITCH),
	TEST_VM(no_perf_mode, SWITCH),
	TEST_VM(cpu_budget, NUMBER),
	TEST_VM(kaslr, SWITCH_OFF),
	TEST(host_only, SWITCH),
	TEST(ignore, SWITCH),
	TEST_VM(pci, SWITCH),
	TEST_VM(disk, POINTER),
	TEST_VM(networks, POINTER),
	TEST_VM(bpf_map_write, POINTER),
	TEST_VM(watch_bpf_maps, POINTER),
	TEST_VM(perf_delta_assertions, POINTER),
	TEST_VM(num_snapshots, COUNT),
	TEST(post_vm, POINTER),
	TEST(post_vm_unconditional, POINTER),
	TEST_VM(cleanup_budget_ms, NUMBER),
	TEST(workload_root_cgroup, POINTER),
	TEST_LATER(wprof, SWITCH, "the tracer"),
	TEST_LATER(wprof_args, POINTER, "the tracer"),
	TEST(payload, POINTER),
	TEST(workloads, POINTER),
	TEST_VM(extra_include_files, POINTER),
	TEST_VM(extra_sched_args, POINTER),
	TEST_VM(config, POINTER),
};
const unsigned int ktstr_nr_test_attrs = ARRAY_SIZE(ktstr_test_attrs);

const struct ktstr_attr ktstr_scheduler_attrs[] = {
	SCHED(name, POINTER),
	SCHED(binary, POINTER),
	SCHED(numa_nodes, NUMBER),
	SCHED(llcs, NUMBER),
	SCHED(cores, NUMBER),
	SCHED(threads, NUMBER),
	SCHED(args, POINTER),
	SCHED(sysctls, POINTER),
	SCHED(kargs, POINTER),
	SCHED(cgroup_parent, POINTER),
	SCHED(enable, POINTER),
	SCHED(disable, POINTER),
	SCHED(config_file, POINTER),
	SCHED(config_arg, POINTER),
	SCHED(config_path, POINTER),
	SCHED(kernels, POINTER),
	SCHED(min_llcs, NUMBER),
	SCHED(max_llcs, NUMBER),
	SCHED(min_numa_nodes, NUMBER),
	SCHED(max_numa_nodes, NUMBER),
	SCHED(min_cpus, NUMBER),
	SCHED(max_cpus, NUMBER),
	SCHED(requires_smt, SWITCH),
	SCHED(allow_unclean_exit, SWITCH),
	SCHED(tolerates_restart, SWITCH_OFF),
};
const unsigned int ktstr_nr_scheduler_attrs =
	ARRAY_SIZE(ktstr_scheduler_attrs);

#define RANGE(_struct, _member, _min, _max)					\
	{ #_member, offsetof(struct _struct, _member), _min, _max },
#define TEST_RANGE(_member, _min, _max)		RANGE(ktstr_test, _member, _min, _max)
#define SCHED_RANGE(_member, _min, _max)	RANGE(ktstr_scheduler, _member, _min, _max)
#define DISK_RANGE(_member, _min, _max)		RANGE(ktstr_disk, _member, _min, _max)

const struct ktstr_range ktstr_test_ranges[] = { KTSTR_TEST_RANGES(TEST_RANGE) };
const unsigned int ktstr_nr_test_ranges = ARRAY_SIZE(ktstr_test_ranges);
const struct ktstr_range ktstr_scheduler_ranges[] = { KTSTR_COMMON_RANGES(SCHED_RANGE) };
const unsigned int ktstr_nr_scheduler_ranges = ARRAY_SIZE(ktstr_scheduler_ranges);
const struct ktstr_range ktstr_disk_ranges[] = { KTSTR_DISK_RANGES(DISK_RANGE) };
const unsigned int ktstr_nr_disk_ranges = ARRAY_SIZE(ktstr_disk_ranges);

const struct ktstr_range *ktstr_range__fault(const struct ktstr_range *ranges, unsigned int nr,
					     const void *record, char *buf, size_t size)
{
	const struct ktstr_range *r;
	int64_t v;

	for (r = ranges; r < ranges + nr; r++) {
		memcpy(&v, (const char *)record + r->offset, sizeof(v));
		if (v == KTSTR_UNSET || (v >= r->min && v <= r->max))
			continue;
		snprintf(buf, size, "%" PRId64 " does not lie in %" PRId64 "..%" PRId64, v, r->min,
			 r->max);
		return r;
	}
	return NULL;
}

bool ktstr_attr__asked(const struct ktstr_attr *a, const void *record)
{
	const char *p = (const char *)record + a->offset;
	const void *pointer;
	int64_t number;
	int sw;

	switch (a->type) {
	case KTSTR_ATTR_NUMBER:
	case KTSTR_ATTR_COUNT:
		memcpy(&number, p, sizeof(number));
		return number != KTSTR_UNSET && (number || a->type == KTSTR_ATTR_NUMBER);
	case KTSTR_ATTR_SWITCH:
		memcpy(&sw, p, sizeof(sw));
		return sw == KTSTR_ON;
	case KTSTR_ATTR_SWITCH_OFF:
		memcpy(&sw, p, sizeof(sw));
		return sw == KTSTR_OFF;
	case KTSTR_ATTR_KIND:
		memcpy(&sw, p, sizeof(sw));
		return sw != KTSTR_KIND_NONE;
	case KTSTR_ATTR_POINTER:
		memcpy(&pointer, p, sizeof(pointer));
		return pointer != NULL;
	case KTSTR_ATTR_LINE:
		break;
	}
	return false;
}
