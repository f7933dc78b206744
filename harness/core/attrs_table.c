// SPDX-License-Identifier: GPL-2.0
/* One row an attribute: see attrs_table.h. The checks have their own table (checks.c). */
#include <string.h>

#include <ktstr/attrs.h>

#include "attrs_table.h"

#define ROW(_struct, _member, _type, _later)					\
	{ #_member, KTSTR_ATTR_##_type, offsetof(struct _struct, _member),	\
	  sizeof(((struct _struct *)NULL)->_member), _later }
#define TEST(_member, _type)			ROW(ktstr_test, _member, _type, NULL)
#define TEST_LATER(_member, _type, _needs)	ROW(ktstr_test, _member, _type, _needs)
#define SCHED(_member, _type)			ROW(ktstr_scheduler, _member, _type, NULL)
#define SCHED_LATER(_member, _type, _needs)	ROW(ktstr_scheduler, _member, _type, _needs)

const struct ktstr_attr ktstr_test_attrs[] = {
	TEST(name, POINTER),
	TEST(file, POINTER),
	TEST(line, LINE),
	TEST(body, POINTER),
	TEST(scheduler, POINTER),
	TEST(staged_schedulers, POINTER),
	TEST(numa_nodes, NUMBER),
	TEST(llcs, NUMBER),
	TEST(cores, NUMBER),
	TEST(threads, NUMBER),
	TEST(memory_mib, NUMBER),
	TEST(duration_s, NUMBER),
	TEST(grace_s, NUMBER),
	TEST_LATER(watchdog_timeout_s, NUMBER, "the monitor"),
	TEST(workers_per_cgroup, NUMBER),
	TEST(min_llcs, NUMBER),
	TEST(max_llcs, NUMBER),
	TEST(min_numa_nodes, NUMBER),
	TEST(max_numa_nodes, NUMBER),
	TEST(min_cpus, NUMBER),
	TEST(max_cpus, NUMBER),
	TEST(requires_smt, SWITCH),
	TEST(expect_err, SWITCH),
	TEST(expect_scx_bpf_error_contains, POINTER),
	TEST(expect_scx_bpf_error_matches, POINTER),
	TEST(expect_kind, KIND),
	TEST(expect_text, POINTER),
	TEST(survives_storm, SWITCH),
	TEST(allow_inconclusive, SWITCH),
	TEST_LATER(auto_repro, SWITCH, "the crash probes"),
	TEST_LATER(expect_auto_repro, SWITCH, "the crash probes"),
	TEST_LATER(performance_mode, SWITCH, "the KVM backend's pinning"),
	TEST_LATER(no_perf_mode, SWITCH, "the KVM backend's pinning"),
	TEST_LATER(cpu_budget, NUMBER, "the KVM backend's pinning"),
	TEST(kaslr, SWITCH),
	TEST(host_only, SWITCH),
	TEST(ignore, SWITCH),
	TEST(pci, SWITCH),
	TEST(disk, POINTER),
	TEST(networks, POINTER),
	TEST_LATER(bpf_map_write, POINTER, "the monitor"),
	TEST_LATER(watch_bpf_maps, POINTER, "the monitor"),
	TEST_LATER(perf_delta_assertions, POINTER, "performance comparison"),
	TEST_LATER(num_snapshots, COUNT, "the monitor"),
	TEST(post_vm, POINTER),
	TEST(post_vm_unconditional, POINTER),
	TEST(cleanup_budget_ms, NUMBER),
	TEST(workload_root_cgroup, POINTER),
	TEST_LATER(wprof, SWITCH, "the tracer"),
	TEST_LATER(wprof_args, POINTER, "the tracer"),
	TEST(payload, POINTER),
	TEST(workloads, POINTER),
	TEST(extra_include_files, POINTER),
	TEST(extra_sched_args, POINTER),
	TEST(config, POINTER),
};
const unsigned int ktstr_nr_test_attrs = sizeof(ktstr_test_attrs) / sizeof(ktstr_test_attrs[0]);

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
	SCHED_LATER(kernels, POINTER, "the verifier sweep"),
	SCHED(min_llcs, NUMBER),
	SCHED(max_llcs, NUMBER),
	SCHED(min_numa_nodes, NUMBER),
	SCHED(max_numa_nodes, NUMBER),
	SCHED(min_cpus, NUMBER),
	SCHED(max_cpus, NUMBER),
	SCHED(requires_smt, SWITCH),
};
const unsigned int ktstr_nr_scheduler_attrs =
	sizeof(ktstr_scheduler_attrs) / sizeof(ktstr_scheduler_attrs[0]);

bool ktstr_attr__asked(const struct ktstr_attr *a, const void *record)
{
	const char *p = (const char *)record + a->offset;
	const void *pointer;
	uint32_t number;
	int sw;

	switch (a->type) {
	case KTSTR_ATTR_NUMBER:
	case KTSTR_ATTR_COUNT:
		memcpy(&number, p, sizeof(number));
		return number != KTSTR_UNSET && (number || a->type == KTSTR_ATTR_NUMBER);
	case KTSTR_ATTR_SWITCH:
		memcpy(&sw, p, sizeof(sw));
		return sw == KTSTR_ON;
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
