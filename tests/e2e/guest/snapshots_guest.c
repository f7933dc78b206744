// SPDX-License-Identifier: GPL-2.0
/*
 * The program of snapshots_test.sh. Its guest reads the scheduler's variables by the bpf system call,
 * immediately before and after a snapshot; what the host has read must lie between, and be the same
 * where both readings are. What the host reads and writes in the kernel's memory is compared with
 * /proc.
 */
#include <inttypes.h>
#include <linux/bpf.h>
#include <linux/kernel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <ktstr.h>
#include <ktstr/inspect.h>

#include "harness/monitor/view/btf.h"

#define RATIO		"/proc/sys/vm/overcommit_ratio"
#define RATIO_SYMBOL	"sysctl_overcommit_ratio"

KTSTR_SCHEDULER(fixture, .binary = "scx_ktstr");

/* Counters that grow, and numbers that stay. */
static const char * const variables[] = {
	"nr_select_cpu", "nr_enqueued", "nr_dispatched", "nr_yielded", "nr_task_ctx_allocs",
	"nr_task_ctx_frees", "nr_cgroups_missed", "degrade_cnt", "slow_cnt", "stall", "crash",
};

#define NR_VARIABLES	ARRAY_SIZE(variables)

/* ---- in the guest ---- */

static int sys_bpf(int cmd, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

static int describe(int fd, void *info, uint32_t len)
{
	union bpf_attr attr = { };

	attr.info.bpf_fd = (uint32_t)fd;
	attr.info.info_len = len;
	attr.info.info = (uintptr_t)info;
	return sys_bpf(BPF_OBJ_GET_INFO_BY_FD, &attr);
}

/* The scheduler's .bss, and what the kernel says about it. -1: it is not there. */
static int find_bss(struct bpf_map_info *info)
{
	union bpf_attr attr = { };
	int fd;

	while (!sys_bpf(BPF_MAP_GET_NEXT_ID, &attr)) {
		uint32_t id = attr.next_id;

		memset(&attr, 0, sizeof(attr));
		attr.map_id = id;
		fd = sys_bpf(BPF_MAP_GET_FD_BY_ID, &attr);
		memset(info, 0, sizeof(*info));
		if (fd >= 0 && !describe(fd, info, sizeof(*info)) && !strcmp(info->name, "bpf_bpf.bss"))
			return fd;
		if (fd >= 0)
			close(fd);
		memset(&attr, 0, sizeof(attr));
		attr.start_id = id;
	}
	return -1;
}

/* The types of its object; both are kept until the process ends. */
static struct ktstr_btf *open_types(uint32_t id)
{
	union bpf_attr attr = { .btf_id = id };
	int fd = sys_bpf(BPF_BTF_GET_FD_BY_ID, &attr);
	struct bpf_btf_info info = { };
	struct ktstr_btf *btf = NULL;
	struct ktstr_err err;
	void *data;

	if (fd < 0 || describe(fd, &info, sizeof(info)))
		return NULL;
	data = malloc(info.btf_size);
	info = (struct bpf_btf_info){ .btf = (uintptr_t)data, .btf_size = info.btf_size };
	if (!data || describe(fd, &info, sizeof(info)) ||
	    ktstr_btf__open(&btf, data, info.btf_size, &err))
		return NULL;
	close(fd);
	return btf;
}

static bool read_variables(int fd, const struct bpf_map_info *info, const struct ktstr_btf *btf,
			   uint64_t values[NR_VARIABLES])
{
	uint8_t *data = calloc(1, info->value_size);
	struct ktstr_btf_field f;
	union bpf_attr attr = { };
	uint32_t key = 0;
	bool ok;

	attr.map_fd = (uint32_t)fd;
	attr.key = (uintptr_t)&key;
	attr.value = (uintptr_t)data;
	ok = data && !sys_bpf(BPF_MAP_LOOKUP_ELEM, &attr);
	for (size_t i = 0; ok && i < NR_VARIABLES; i++) {
		ok = !ktstr_btf__field_in(btf, info->btf_value_type_id, variables[i], &f) &&
		     f.size <= 8 && f.offset + f.size <= info->value_size;
		values[i] = 0;
		if (ok)
			memcpy(&values[i], data + f.offset, f.size);
	}
	free(data);
	return ok;
}

static int capture(struct ktstr_ctx *ctx)
{
	return ktstr_run(ctx, STEP(OPS(CAPTURE_SNAPSHOT("moment")), HOLD_NONE));
}

static int compare_variables(struct ktstr_ctx *ctx)
{
	uint64_t before[NR_VARIABLES], after[NR_VARIABLES];
	struct bpf_map_info info;
	struct ktstr_btf *btf;
	int fd = find_bss(&info), ret;
	char line[96];

	btf = fd < 0 ? NULL : open_types(info.btf_id);
	claim_true(ctx, btf != NULL, .because = "the guest finds the scheduler's .bss");
	if (!btf)
		return 0;
	claim_true(ctx, read_variables(fd, &info, btf, before));
	ret = capture(ctx);
	claim_true(ctx, read_variables(fd, &info, btf, after));
	for (size_t i = 0; i < NR_VARIABLES; i++) {
		snprintf(line, sizeof(line), "value %s %" PRIu64 " %" PRIu64 "\n", variables[i],
			 before[i], after[i]);
		ktstr_send_kmsg(ctx, line);
	}
	return ret;
}

static long number_in(const char *path)
{
	FILE *f = fopen(path, "r");
	long v = -1;

	if (f && fscanf(f, "%ld", &v) != 1)
		v = -1;
	if (f)
		fclose(f);
	return v;
}

static void write_number(const char *path, int v)
{
	FILE *f = fopen(path, "w");

	if (f) {
		fprintf(f, "%d\n", v);
		fclose(f);
	}
}

static const struct ktstr_op accesses[] = {
	READ_KERNEL_HOT("ratio", KSYM(RATIO_SYMBOL), 4),
	READ_KERNEL_COLD("offsets", KSYM("__per_cpu_offset"), 16),
	READ_KERNEL_HOT("offset", KPERCPU("this_cpu_off", 1), 8),
	READ_KERNEL_COLD("pid", KTASK(1, "pid"), 4),
	READ_KERNEL_HOT("comm", KTASK(1, "comm"), 16),
	WRITE_KERNEL_COLD(KSYM(RATIO_SYMBOL), KU32(55)),
	{ .kind = KTSTR_OP_END },
};

static int compare_memory(struct ktstr_ctx *ctx)
{
	const struct ktstr_step steps[] = { { .ops = accesses, HOLD_NONE } };
	long ratio = number_in(RATIO);
	uint64_t offsets[2] = { 0 }, offset = 0;
	char comm[17] = "", real[17] = "";
	int32_t was = 0, pid = 0;
	FILE *f;
	int ret = ktstr_run_steps(ctx, steps, 1);

	claim_equals(ctx, ktstr_kernel_value(ctx, "ratio", &was, sizeof(was)), 4);
	claim_equals(ctx, was, ratio);
	claim_equals(ctx, number_in(RATIO), 55, .because = "the host wrote so");
	claim_equals(ctx, ktstr_kernel_value(ctx, "offsets", offsets, sizeof(offsets)), 16);
	claim_equals(ctx, ktstr_kernel_value(ctx, "offset", &offset, sizeof(offset)), 8);
	claim_true(ctx, offset && offset == offsets[1]);
	claim_equals(ctx, ktstr_kernel_value(ctx, "pid", &pid, sizeof(pid)), 4);
	claim_equals(ctx, pid, 1);
	f = fopen("/proc/1/comm", "r");
	claim_true(ctx, f && fscanf(f, "%16[^\n]", real) == 1);
	if (f)
		fclose(f);
	ktstr_kernel_value(ctx, "comm", comm, 16);
	claim_true(ctx, *real && !strcmp(comm, real));
	claim_equals(ctx, ktstr_kernel_value(ctx, "nothing", &pid, sizeof(pid)), -2);
	return ret;
}

static int watch_a_variable(struct ktstr_ctx *ctx)
{
	int ret = ktstr_run(ctx, STEP(OPS(WATCH_SNAPSHOT(RATIO_SYMBOL)), HOLD_NONE));

	write_number(RATIO, 66);
	write_number(RATIO, 67);
	return ret;
}

/* ---- on the host ---- */

static void compare_values(struct ktstr_result *r)
{
	struct ktstr_snap s = snapshot(r, "moment");
	const char *p = ktstr_guest_kmsg(r);
	uint64_t before, after, same = 0, nr = 0;
	char name[64];

	for (; (p = strstr(p, "value ")); p++) {
		if (sscanf(p, "value %63s %" SCNu64 " %" SCNu64, name, &before, &after) != 3)
			continue;
		claim_between(r, snap_number(snap_var(s, name)), before, after, .because = name);
		same += before == after;
		nr++;
	}
	claim_equals(r, nr, NR_VARIABLES);
	claim_at_least(r, same, 5, .because = "what stays is compared exactly");
}

static void look_at_maps(struct ktstr_result *r)
{
	struct ktstr_snap s = snapshot(r, "moment"), array = snap_map(s, "ktstr_array_fixture");
	uint64_t pid;

	claim_equals(r, snap_number(snap_get(snap_at(array, 15), "key")), 15);
	claim_equals(r, snap_number(snap_get(snap_pick(array, PICK_MAX_BY("key")), "key")), 15);
	claim_equals(r, snap_count(array, PICK_GE("key", 10)), 6);
	claim_equals(r, snap_number(snap_get(snap_cpu(snap_map(s, "ktstr_pcpu_fix"), 1), "cpu")), 1);
	claim_equals(r, snap_cpus(snap_map(s, "ktstr_pcpu_fix"), "cpu", KTSTR_SNAP_SUM), 1);
	claim_equals(r, snap_get(snap_map(s, "ktstr_pcpu_fix"), "cpu").error, KTSTR_SNAP_NOT_NARROWED);
	claim_equals(r, snap_var(s, "no_such").error, KTSTR_SNAP_VAR_NOT_FOUND);
	claim_equals(r, snap_kernel(s, "rq_scx_states[1].cpu").error, KTSTR_SNAP_OK);
	claim_equals(r, snap_u64(snap_kernel(s, "task_enrichments[0].pid"), &pid), KTSTR_SNAP_OK);
	claim_equals(r, snapshot(r, "never").error, KTSTR_SNAP_NO_SNAPSHOT);
}

static int judge(struct ktstr_result *r)
{
	struct ktstr_column enqueued = column_var(r, "nr_enqueued");
	struct ktstr_column cpus = column_cpus(r, "ktstr_pcpu_fix", "cpu", KTSTR_SNAP_MAX);
	struct ktstr_column clock = column_kernel(r, "jiffies");

	compare_values(r);
	look_at_maps(r);
	claim_equals(r, snapshot(r, RATIO_SYMBOL).error, KTSTR_SNAP_OK, .because = "it was watched");
	claim_true(r, ktstr_guest_succeeded(r));
	claim_equals(r, ktstr_guest_status(r), 0);
	claim_true(r, *ktstr_sched_log(r));
	claim_at_least(r, ktstr_monitor_figure(r, "samples"), 5);
	claim_equals(r, periodic_fired(r), periodic_target(r));
	claim_equals(r, enqueued.nr, periodic_target(r));
	if (!periodic_target(r))
		return 0;
	temporal_strictly_increasing(r, &enqueued);
	temporal_strictly_increasing(r, &clock);
	temporal_each_between(r, &cpus, 1, 1);
	claim_between(r, enqueued.sample[0].ms, 100, 300);
	claim_between(r, enqueued.sample[enqueued.nr - 1].ms, 800, 1100);
	return 0;
}

KTSTR_TEST(snapshots_are_true, .scheduler = &fixture, .cores = 2, .duration_s = 1,
	   .num_snapshots = 6, .max_spread_pct = KTSTR_NO_LIMIT, .allow_inconclusive = true,
	   .post_vm = judge)
{
	int ret = ktstr_run(ctx, STEP(CGROUPS(CGROUP("cg", .workers = 4, .work = YIELD_HEAVY)),
				      HOLD_FULL));

	if (!ret)
		ret = compare_variables(ctx);
	if (!ret)
		ret = compare_memory(ctx);
	return ret ?: watch_a_variable(ctx);
}
