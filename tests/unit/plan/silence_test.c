// SPDX-License-Identifier: GPL-2.0
/*
 * Nothing is accepted and then ignored. Walks the tables of attributes, checks, variables and options
 * of the tool: each row has somebody who reads it, or is refused by its name; and with host_only,
 * where there is no machine, each that is about one is refused, or named as without effect. A new
 * row without an entry here fails. What each of them does is the subject of other tests.
 */
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"

#include <ktstr.h>
#include <ktstr/payload.h>

#include "harness/checks/checks.h"
#include "harness/kernel/kernel.h"
#include "harness/plan/attrs_table.h"
#include "harness/plan/opts.h"
#include "harness/plan/override.h"
#include "harness/plan/plan.h"
#include "harness/plan/validate.h"
#include "lib/paths.h"
#include "tools-testing-ktstr/commands/builtin.h"
#include "tools-testing-ktstr/commands/commands.h"
#include "tools-testing-ktstr/commands/variables.h"

#define SOURCE_MAX	(1u << 20)

/* The tables of variables and options lie in the files of commands, which nobody runs here. */
int parse_options(int argc, const char **argv, const struct option *options,
		  const char * const usage[], int flags)
{
	(void)argc;
	(void)argv;
	(void)options;
	(void)usage;
	(void)flags;
	abort();
}

void usage_with_options(const char * const *usage, const struct option *options)
{
	(void)usage;
	(void)options;
	abort();
}

void setup_pager(void);
void setup_pager(void)
{
	abort();
}

static int body(struct ktstr_ctx *ctx)
{
	(void)ctx;
	return 0;
}

static int after(struct ktstr_result *result)
{
	(void)result;
	return 0;
}

KTSTR_DEFAULTS_BEGIN
static const struct ktstr_scheduler sched = {
	KTSTR_SCHEDULER_UNSET, .name = "s", .binary = "s",
};
static const struct ktstr_disk disk = { KTSTR_DISK_UNSET };
KTSTR_DEFAULTS_END
static const struct ktstr_scheduler * const staged[] = { &sched, NULL };
static const struct ktstr_net net;
static const struct ktstr_net * const nets[] = { &net, NULL };
static const struct ktstr_payload payload = { .name = "p", .binary = "true" };
static const struct ktstr_payload * const payloads[] = { &payload, NULL };
static const char * const strings[] = { "a", NULL };
static const struct ktstr_perf_delta * const perf_deltas[] = {
	&(const struct ktstr_perf_delta){ "worst_spread", KTSTR_MAX_WORSE_PCT, 10 }, NULL
};
static const struct ktstr_map_write write_one = { ".bss", "x", 1 };
static const struct ktstr_map_write * const writes[] = { &write_one, NULL };
static const struct ktstr_watch_map watch_one = { ".bss", "x", KTSTR_AGG_SCALAR, "x" };
static const struct ktstr_watch_map * const watches[] = { &watch_one, NULL };

static const struct ktstr_numa_node two_nodes[] = {
	{ .llcs = 1 }, { .mem_bytes = KTSTR_MIB(128) }, { 0 },
};
static const uint8_t one_distance[] = { 10, 0 };

/* Who acts on an attribute, and a value of it. */
static const struct reader {
	const char *name, *file;
	const void *pointer;
	int64_t number;
} readers[] = {
	{ "name", "harness/host/run.c", "t" },
	{ "file", "harness/plan/validate.c", "f.c" },
	{ "line", "harness/plan/validate.c", NULL, 1 },
	{ "body", "harness/guest/init/body.c", body },
	{ "scheduler", "harness/plan/plan.c", &sched },
	{ "staged_schedulers", "harness/host/pack.c", staged },
	{ "numa_nodes", "harness/plan/plan.c", NULL, 1 },
	{ "llcs", "harness/plan/plan.c", NULL, 1 },
	{ "cores", "harness/plan/plan.c", NULL, 1 },
	{ "threads", "harness/plan/plan.c", NULL, 1 },
	{ "nodes", "harness/plan/plan.c", two_nodes },
	{ "distances", "harness/plan/plan.c", one_distance },
	{ "memory_mib", "harness/plan/plan.c", NULL, 512 },
	{ "duration_s", "harness/plan/plan.c", NULL, 7 },
	{ "grace_s", "harness/plan/plan.c", NULL, 7 },
	{ "watchdog_timeout_s", "harness/monitor/part.c", NULL, 7 },
	{ "workers_per_cgroup", "harness/plan/plan.c", NULL, 7 },
	{ "min_llcs", "harness/plan/preset.c", NULL, 1 },
	{ "max_llcs", "harness/plan/preset.c", NULL, 1 },
	{ "min_numa_nodes", "harness/plan/preset.c", NULL, 1 },
	{ "max_numa_nodes", "harness/plan/preset.c", NULL, 1 },
	{ "min_cpus", "harness/plan/preset.c", NULL, 1 },
	{ "max_cpus", "harness/plan/preset.c", NULL, 1 },
	{ "requires_smt", "harness/plan/preset.c" },
	{ "expect_err", "harness/plan/plan.c" },
	{ "expect_scx_bpf_error_contains", "harness/host/expect.c", "x" },
	{ "expect_scx_bpf_error_matches", "harness/host/expect.c", "x" },
	{ "expect_kind", "harness/host/expect.c", NULL, KTSTR_STARVED },
	{ "expect_text", "harness/host/expect.c", "x" },
	{ "allow_unclean_exit", "harness/plan/plan.c" },
	{ "tolerates_restart", "harness/plan/plan.c" },
	{ "fail_on_any_ejection", "harness/host/fold.c" },
	{ "allow_splats", "harness/host/fold.c", strings },
	{ "survives_storm", "harness/guest/init/body.c" },
	{ "allow_inconclusive", "harness/plan/plan.c" },
	{ "auto_repro", "harness/repro/part.c" }, { "expect_auto_repro", "harness/repro/part.c" },
	{ "performance_mode", "harness/plan/plan.c" }, { "no_perf_mode", "harness/plan/plan.c" }, { "cpu_budget", "harness/plan/plan.c", NULL, 1 },
	{ "kaslr", "harness/plan/plan.c" },
	{ "host_only", "harness/plan/plan.c" },
	{ "ignore", "harness/host/main.c" },
	{ "pci", "harness/devices/devices.c" },
	{ "disk", "harness/devices/devices.c", &disk },
	{ "networks", "harness/devices/devices.c", nets },
	{ "bpf_map_write", "harness/monitor/part_writes.c", writes },
	{ "watch_bpf_maps", "harness/monitor/part_maps.c", watches },
	{ "perf_delta_assertions", "harness/report/sidecar.c", perf_deltas }, { "num_snapshots", "harness/plan/plan.c", NULL, 1 },
	{ "post_vm", "harness/host/callback.c", after },
	{ "post_vm_unconditional", "harness/host/callback.c", after },
	{ "cleanup_budget_ms", "harness/host/run.c", NULL, 1000 },
	{ "workload_root_cgroup", "harness/plan/plan.c", "/x" },
	{ "wprof" }, { "wprof_args", NULL, "x" },
	{ "payload", "harness/plan/programs.c", &payload },
	{ "workloads", "harness/plan/programs.c", payloads },
	{ "extra_include_files", "harness/host/pack.c", strings },
	{ "extra_sched_args", "harness/plan/scheduler.c", strings },
	{ "config", "harness/host/pack.c", "{}" },
};

static const struct reader *reader_of(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(readers); i++)
		if (!strcmp(readers[i].name, name))
			return &readers[i];
	return NULL;
}

/* Does the source @file have @words? */
static bool says(const char *file, const char *words)
{
	size_t len;
	char *text = ktstr_paths__read(file, SOURCE_MAX, &len);
	bool found = text && strstr(text, words);

	free(text);
	return found;
}

static void ask_for(struct ktstr_test *t, const struct ktstr_attr *a, const struct reader *r)
{
	char *p = (char *)t + a->offset;
	int sw = a->type == KTSTR_ATTR_SWITCH_OFF ? KTSTR_OFF :
		 a->type == KTSTR_ATTR_SWITCH ? KTSTR_ON : (int)r->number;

	switch (a->type) {
	case KTSTR_ATTR_NUMBER:
	case KTSTR_ATTR_COUNT:
		memcpy(p, &r->number, sizeof(r->number));
		break;
	case KTSTR_ATTR_POINTER:
		memcpy(p, &r->pointer, sizeof(r->pointer));
		break;
	default:
		memcpy(p, &sw, sizeof(sw));
	}
}

static const struct ktstr_test plain = { KTSTR_TEST_UNSET, .name = "t", .body = body };

/* @t is accepted, or refused in a sentence that has @name. */
#define ACCEPTED_OR_NAMED(_t, _name)						\
	do {									\
		if (ktstr_validate(_t, &err))					\
			EXPECT_NE(NULL, strstr(err.msg, _name))			\
				TH_LOG("%s: %s", _name, err.msg);		\
	} while (0)

TEST(every_attribute_of_a_test_is_read_by_somebody_or_refused)
{
	const struct ktstr_attr *a;
	const struct reader *r;
	struct ktstr_err err;
	struct ktstr_test t;
	char words[96];

	EXPECT_EQ(ktstr_nr_test_attrs, ARRAY_SIZE(readers));
	for (a = ktstr_test_attrs; a < ktstr_test_attrs + ktstr_nr_test_attrs; a++) {
		r = reader_of(a->name);
		ASSERT_NE(NULL, r) TH_LOG("%s has no entry here", a->name);
		t = plain;
		ask_for(&t, a, r);
		ACCEPTED_OR_NAMED(&t, a->name);
		EXPECT_EQ(!a->later, r->file != NULL) TH_LOG("%s", a->name);
		if (a->later) {
			EXPECT_NE(0, ktstr_validate(&t, &err)) TH_LOG("%s", a->name);
			continue;
		}
		snprintf(words, sizeof(words), "->%s", a->name);
		EXPECT_TRUE(says(r->file, words)) TH_LOG("%s does not read %s", r->file, a->name);
	}
}

TEST(without_a_machine_what_is_about_one_is_refused)
{
	const struct ktstr_attr *a;
	struct ktstr_err err;
	struct ktstr_test t;
	char words[96];

	for (a = ktstr_test_attrs; a < ktstr_test_attrs + ktstr_nr_test_attrs; a++) {
		t = plain;
		ask_for(&t, a, reader_of(a->name));
		t.host_only = KTSTR_ON;
		if (!a->machine) {
			ACCEPTED_OR_NAMED(&t, a->name);
			continue;
		}
		snprintf(words, sizeof(words), "host_only: excludes %s", a->name);
		EXPECT_EQ(-EINVAL, ktstr_validate(&t, &err)) TH_LOG("%s", a->name);
		EXPECT_NE(NULL, strstr(err.msg, words)) TH_LOG("%s", err.msg);
	}
	/* the default is nothing that is asked for */
	t = plain;
	t.host_only = KTSTR_ON;
	t.kaslr = KTSTR_ON;
	t.pci = KTSTR_OFF;
	EXPECT_EQ(0, ktstr_validate(&t, &err)) TH_LOG("%s", err.msg);
}

TEST(every_check_has_a_judge_and_is_refused_where_that_one_sees_nothing)
{
	const struct ktstr_check *k;
	struct ktstr_err err;
	struct ktstr_test t;

	for (k = ktstr_check_table; k < ktstr_check_table + ktstr_nr_checks; k++) {
		t = plain;
		ktstr_check__set_value(k, &t.checks, 1);
		EXPECT_EQ(0, ktstr_validate(&t, &err)) TH_LOG("%s: %s", k->name, err.msg);
		t.host_only = KTSTR_ON;
		if (k->scope == KTSTR_SCOPE_MONITOR) {
			EXPECT_TRUE(says("harness/monitor/judge.c", k->name)) TH_LOG("%s", k->name);
			EXPECT_EQ(-EINVAL, ktstr_validate(&t, &err)) TH_LOG("%s", k->name);
			EXPECT_NE(NULL, strstr(err.msg, k->name)) TH_LOG("%s", err.msg);
		} else {
			EXPECT_NE(NULL, k->judge) TH_LOG("%s", k->name);
			EXPECT_EQ(0, ktstr_validate(&t, &err)) TH_LOG("%s: %s", k->name, err.msg);
		}
	}
}

/* Who reads a variable, and for NAMED a value that a host_only test says has no effect. */
static const struct variable {
	const char *name, *file;
	enum { ACTS, NAMED } host_only;
	const char *value;
} variables[] = {
	{ "KTSTR_TEST_KERNEL", "harness/kernel/kernel.c" },
	{ KTSTR_ENV_KERNEL_SOURCE, "harness/kernel/kernel.h" },
	{ "KTSTR_KERNEL", "harness/kernel/kernel.c" },
	{ "KTSTR_CACHE_DIR", "harness/kernel/kernel_cache.c" },
	{ "KTSTR_REMOTE_CACHE", "tools-testing-ktstr/setup/remote.sh" },
	{ "KTSTR_ACCEL", "harness/plan/opts.c", NAMED, "tcg" },
	{ "KTSTR_SEED", "harness/plan/opts.c" },
	{ "KTSTR_TCG_THREADS", "harness/plan/opts.c", NAMED, "multi" },
	{ "KTSTR_ICOUNT_SHIFT", "harness/plan/opts.c", NAMED, "2" },
	{ KTSTR_ENV_ALL_SCHEDULERS, "harness/plan/override.h", NAMED, "/bin/true" },
	{ KTSTR_ENV_ALL_SCHED_ARGS, "harness/plan/override.h" },	/* needs the former */
	{ KTSTR_ENV_SCHEDULER_BIN, "harness/plan/override.h" },	/* of one scheduler */
	{ KTSTR_ENV_SCHEDULER, "harness/plan/override.h", NAMED, "/bin/true" },
	{ KTSTR_ENV_SCHED_ARGS, "harness/plan/override.h" },		/* needs the former */
	{ KTSTR_ENV_TOPOLOGY, "harness/plan/override.h", NAMED, "1n1l2c1t" },
	{ KTSTR_ENV_DURATION, "harness/plan/override.h" },
	{ KTSTR_ENV_SNAPSHOTS, "harness/plan/override.h", NAMED, "3" },
	{ "KTSTR_SCX_STATS", "harness/plan/opts.c" },	/* off where nobody asks */
	{ "KTSTR_STALL_POLL_MS", "harness/plan/opts.c" },
	{ "KTSTR_COLD", "harness/plan/opts.c", NAMED, "1" },
	{ "KTSTR_MONITOR", "harness/plan/opts.c" },		/* off where there is none */
	{ "KTSTR_DUMP", "harness/plan/opts.c", NAMED, "always" },
	{ "KTSTR_VMCORE", "harness/plan/opts.c", NAMED, "1" },
	{ "KTSTR_AUTO_REPRO", "harness/plan/opts.c" },		/* off where nothing crashes */
	{ "KTSTR_PROBE_ENGINE", "harness/plan/opts.c" },	/* of such a second run */
	{ "KTSTR_REPLAY", "harness/plan/opts.c" },		/* set by the tool, of deterministic runs */
	{ "KTSTR_TRACE", "harness/plan/opts.c", NAMED, "/tmp/x" },
	{ "KTSTR_LEDGER", "harness/plan/opts.c", NAMED, "1" },
	{ "KTSTR_COVERAGE", "harness/plan/opts.c", NAMED, "/tmp/x" },
	{ "KTSTR_MONITOR_CSV", "harness/plan/opts.c", NAMED, "/tmp/x" },
	{ KTSTR_ENV_WORK_TYPE, "harness/plan/override.h" },
	{ "KTSTR_HOST_CGROUP_PARENT", "harness/host/host_run.c" },
	{ "KTSTR_CGROUP_WALK_ROOT", "harness/host/host_run.c" },
	{ "KTSTR_RUNS_ROOT", "lib/paths.c" },
	{ "KTSTR_RUN_ID", "harness/plan/opts.c" },
	{ "KTSTR_SIDECAR_DIR", "harness/report/sidecar.c" },
	{ "KTSTR_PROJECT_COMMIT", "harness/host/run.c" },
	{ KTSTR_ENV_KERNEL_COMMIT, "harness/kernel/kernel.h" },
	{ "KTSTR_CI", "harness/report/sidecar.c" },
	{ "KTSTR_NESTED", "harness/plan/deadline.c" },
	{ "KTSTR_VERBOSE", "harness/host/direct.c" },
	{ KTSTR_ENV_KARGS, "harness/plan/override.h", NAMED, "quiet" },
	{ "KTSTR_NO_SKIP_MODE", "harness/host/run.c" },
	/* only a machine can be in performance mode */
	{ "KTSTR_NO_PERF_MODE", "harness/plan/opts.c" }, { "KTSTR_PERF_ONLY", "harness/plan/opts.c" },
	{ KTSTR_ENV_CPU_CAP, "harness/model/run.h", NAMED, "1" },
	{ KTSTR_ENV_BYPASS_LOCKS, "harness/model/run.h" },	/* nothing is reserved */
	{ "KTSTR_LOCK_DIR", "harness/reserve/lockfile.c" },
	{ "KTSTR_LOG_PASSES", "harness/host/guest_args.c" },
	{ "KTSTR_BUDGET_SECS", "tools-testing-ktstr/choose/budget.c" },
	{ "KTSTR_ATTEMPT", "harness/plan/opts.c" },
	{ "KTSTR_SHELL_FILES", "scenarios/shell.c" },
	{ "KTSTR_CONSOLE", "harness/plan/opts.c" },
	{ "KTSTR_TERMINAL", "harness/plan/opts.c" },
	{ "KTSTR_QEMU", "vmm/qemu/find.c" },
	{ "KTSTR_LIBDIR", "lib/paths.c" },
	{ "KTSTR_PAGER", "tools-testing-ktstr/ktstr.c" },
	{ "KTSTR_GUEST_INIT", "harness/guest/init/init.c" },
};

static const struct variable *variable_of(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(variables); i++)
		if (!strcmp(variables[i].name, name))
			return &variables[i];
	return NULL;
}

TEST(every_variable_is_read_by_somebody_or_named_as_without_effect)
{
	const struct variable *v;
	char sentence[256], words[96];
	struct ktstr_plan plan = { .test = &plain, .host_only = true };
	const char *name, *said;
	unsigned int i;

	for (i = 0; env_variable_name(i); i++)
		unsetenv(env_variable_name(i));
	EXPECT_EQ(ARRAY_SIZE(variables), i);
	EXPECT_EQ(NULL, ktstr_override__unused(&plan, sentence, sizeof(sentence)));
	for (i = 0; (name = env_variable_name(i)); i++) {
		v = variable_of(name);
		ASSERT_NE(NULL, v) TH_LOG("%s has no entry here", name);
		/* getenv("NAME") or, in a script, ${NAME:-} */
		snprintf(words, sizeof(words), "%c%s", strstr(v->file, ".sh") ? '{' : '"', name);
		EXPECT_TRUE(says(v->file, words)) TH_LOG("%s does not have %s", v->file, name);
		if (v->host_only != NAMED)
			continue;
		setenv(name, v->value, 1);
		said = ktstr_override__unused(&plan, sentence, sizeof(sentence));
		unsetenv(name);
		ASSERT_NE(NULL, said) TH_LOG("%s", name);
		snprintf(words, sizeof(words), "host_only: %s: without effect", name);
		EXPECT_EQ(said, strstr(said, words)) TH_LOG("%s", said);
	}
}

/*
 * Who acts on an option of the tool: the variable that carries it to the programs, whose reader and
 * modes are above, or else the words by which its command uses the value.
 */
static const struct tool_option {
	const char *command, *name, *variable, *words;
} tool_options[] = {
	{ "run", "test", NULL, "choose__tests(&o.choose" },
	{ "run", "exclude", NULL, "choose__tests(&o.choose" },
	{ "run", "preset", NULL, "choose__tests(&o.choose" },
	{ "run", "rerun-failed", NULL, "choose__tests(&o.choose" },
	{ "run", "budget", NULL, "choose__tests(&o.choose" },
	{ "run", "costs", NULL, "choose__tests(&o.choose" },
	{ "run", "shard", NULL, "selection__parse_shard(&o.choose.select, o.shard)" },
	{ "run", "list", NULL, "else if (o.list)" },
	{ "run", "retries", NULL, ".retries = o.retries" },
	{ "run", "junit", NULL, ".junit_path = o.junit" },
	{ "merge", "junit", NULL, "junit__end(&junit, junit_option" },
	{ "run", "repeat", NULL, "o.repeats" },
	{ "run", "scenario", NULL, "canned__choose(o.scenarios" },
	{ "run", "batch", NULL, "if (o.batch)" },
	{ "run", "scheduler", KTSTR_ENV_ALL_SCHEDULERS, "run_scheduler__export(" },
	{ "run", "topology", KTSTR_ENV_TOPOLOGY, "{ \"topology\", KTSTR_ENV_TOPOLOGY, o.topology }" },
	{ "run", "work-type", KTSTR_ENV_WORK_TYPE, "{ \"work-type\", KTSTR_ENV_WORK_TYPE, o.work_type }" },
	{ "run", "duration", KTSTR_ENV_DURATION, "{ \"duration\", KTSTR_ENV_DURATION, o.duration }" },
	{ "run", "jobs", NULL, "o.width" },
	{ "run", "seed", "KTSTR_SEED", "{ \"seed\", \"KTSTR_SEED\", o.seed }" },
	{ "run", "accel", "KTSTR_ACCEL", "\"KTSTR_ACCEL\"" },
	{ "run", "shift", "KTSTR_ICOUNT_SHIFT", "{ \"shift\", \"KTSTR_ICOUNT_SHIFT\", o.shift }" },
	{ "run", "cold", "KTSTR_COLD", "{ \"cold\", \"KTSTR_COLD\"" },
	{ "run", "tcg-threads", "KTSTR_TCG_THREADS", "{ \"tcg-threads\", \"KTSTR_TCG_THREADS\", o.threads }" },
	{ "run", "kernel", "KTSTR_TEST_KERNEL", "run_kernels__find(ks, &o.kernels" },
	{ "run", "karg", KTSTR_ENV_KARGS, "setenv(KTSTR_ENV_KARGS" },
	{ "run", "no-skip-mode", "KTSTR_NO_SKIP_MODE", "{ \"no-skip-mode\", \"KTSTR_NO_SKIP_MODE\"" },
	{ "run", "no-perf-mode", "KTSTR_NO_PERF_MODE", "{ \"no-perf-mode\", \"KTSTR_NO_PERF_MODE\", o.no_perf" },
	{ "run", "cpu-cap", KTSTR_ENV_CPU_CAP, "{ \"cpu-cap\", KTSTR_ENV_CPU_CAP, o.cpu_cap }" },
	{ "run", "bypass-llc-locks", KTSTR_ENV_BYPASS_LOCKS, "{ \"bypass-llc-locks\", KTSTR_ENV_BYPASS_LOCKS, o.bypass_locks" },
	{ "locks", "json", NULL, "if (as_json" }, { "locks", "watch", NULL, "parse_interval(watch_option" },
	{ "run", "runs", "KTSTR_RUNS_ROOT", "setenv(\"KTSTR_RUNS_ROOT\"" },
	{ "run", "monitor-csv", "KTSTR_MONITOR_CSV", "start_file(\"monitor-csv\"" },
	{ "run", "trace", "KTSTR_TRACE", "start_file(\"trace\"" },
	{ "run", "ledger", "KTSTR_LEDGER", "{ \"ledger\", \"KTSTR_LEDGER\", o.ledger" },
	{ "run", "coverage", "KTSTR_COVERAGE", "{ \"coverage\", \"KTSTR_COVERAGE\", o.coverage }" },
	{ "coverage", "output", NULL, "ktstr_paths__absolute(output" },
	{ "affected", "since", NULL, "\"%s^{commit}\", since_option" },
	{ "affected", "verbose", NULL, "why && explain" },
	{ "stats", "dir", NULL, "dir_option ?:" },
	{ "stats", "where", NULL, "opt->short_name != 'b'" },
	{ "stats", "a", NULL, "opt->short_name != 'b'" },
	{ "stats", "b", NULL, "opt->short_name != 'a'" },
	{ "stats", "contains", NULL, "&st.opts.contains" },
	{ "stats", "threshold", NULL, "ktstr_policy__percent(&st.policy, threshold_option" },
	{ "stats", "policy", NULL, "ktstr_policy__read(&st.policy, st.policy_file" },
	{ "stats", "no-average", NULL, "&st.opts.no_repeats" },
	{ "stats", "exact", NULL, "&st.opts.exact" },
	{ "stats", "must-pass", NULL, "&st.must_pass" },
	{ "stats", "all", NULL, "&st.all" },
	{ "stats", "strict", NULL, "&st.strict" },
	{ "stats", "csv", NULL, "as_csv ? SHEET_CSV" },
	{ "stats", "json", NULL, "as_json ? SHEET_JSON" },
	{ "stats", "html", NULL, "as_html ? SHEET_HTML" },
	{ "perf-delta", "noise-adjust", NULL, "i < o.nr_repeats" },
	{ "perf-delta", "exact", NULL, "opts->exact = o.exact" },
	{ "perf-delta", "fail-threshold", NULL, "bad >= o.fail_threshold" },
	{ "perf-delta", "must-fail", NULL, "o.must_fail.item[i]" },
	{ "perf-delta", "test", NULL, "o.forward.item[i]" },
	{ "perf-delta", "exclude", NULL, "o.forward.item[i]" },
	{ "perf-delta", "topology", NULL, "o.forward.item[i]" },
	{ "perf-delta", "duration", NULL, "o.forward.item[i]" },
	{ "perf-delta", "kernel", NULL, "o.forward.item[i]" },
	{ "perf-delta", "accel", NULL, "o.forward.item[i]" },
	{ "perf-delta", "jobs", NULL, "o.forward.item[i]" },
	{ "perf-delta", "seed", NULL, "o.first_seed + repeat" },
	{ "perf-delta", "all", NULL, "stats__put_comparison(sheet, &c, o.all)" },
	{ "perf-delta", "csv", NULL, "o.csv ? SHEET_CSV" },
	{ "perf-delta", "json", NULL, "o.json ? SHEET_JSON" },
	{ "perf-delta", "html", NULL, "o.html ? SHEET_HTML" },
	{ "run", "no-monitor", "KTSTR_MONITOR", "{ \"no-monitor\", \"KTSTR_MONITOR\"" },
	{ "run", "dump", "KTSTR_DUMP", "{ \"dump\", \"KTSTR_DUMP\", o.dump" },
	{ "run", "vmcore", "KTSTR_VMCORE", "{ \"vmcore\", \"KTSTR_VMCORE\", o.vmcore" },
	{ "run", "console", "KTSTR_CONSOLE", "export_console()" },
	{ "run", "verbose", "KTSTR_VERBOSE", "{ \"verbose\", \"KTSTR_VERBOSE\"" },
	{ "run", "json", NULL, ".json = o.json" },
	{ "list", "json", NULL, "if (as_json)" },
	{ "replay", "until", NULL, "parse_time(\"until\"" },
	{ "replay", "at", NULL, "parse_event(" },
	{ "replay", "dump", NULL, "r->dump = dump_option" },
	{ "replay", "gdb", NULL, "r->gdb = gdb_option" },
	{ "replay", "seeds", NULL, "replay_seeds(" },
	{ "replay", "from", NULL, "parse_time(\"from\"" },
	{ "trace", "task", NULL, "task_option" },
	{ "trace", "longest", NULL, "longest_option" },
	{ "trace", "svg", NULL, "svg_option" },
	{ "trace", "no-pager", NULL, "no_pager" },
	{ "export", "test", NULL, "suite__find_test(&s, test_option" },
	{ "export", "output", NULL, "\"%s\", output_option)" },
	{ "ctprof", "output", NULL, "ctprof_file__write(&s, output" },
	{ "ctprof", "smaps", NULL, ".smaps = o.smaps" },
	{ "ctprof", "root", NULL, ".root = o.root ?:" },
	{ "ctprof", "interval", NULL, "&o.interval_s, &err)" },
	{ "ctprof", "group-by", NULL, "o.compare.axis =" },
	{ "ctprof", "cgroup-flatten", NULL, ".flatten = o.flatten.item" },
	{ "ctprof", "no-thread-normalize", NULL, ".plain_names = o.plain_names" },
	{ "ctprof", "no-cg-normalize", NULL, ".plain_paths = o.plain_paths" },
	{ "ctprof", "join", NULL, "o.compare.join =" },
	{ "ctprof", "metrics", NULL, "o.compare.metric = o.metric" },
	{ "ctprof", "sections", NULL, "o.compare.section = o.section" },
	{ "ctprof", "sort-by", NULL, "o.compare.sort[" },
	{ "ctprof", "limit", NULL, "o.compare.limit =" },
	{ "ctprof", "all", NULL, "o.compare.all = o.all" },
	{ "ctprof", "csv", NULL, "o.csv ? SHEET_CSV" },
	{ "ctprof", "json", NULL, "o.json ? SHEET_JSON" },
	{ "ctprof", "html", NULL, "o.html ? SHEET_HTML" },
	{ "ctprof", "no-pager", NULL, "!o.no_pager" },
	{ "list", "markdown", NULL, "if (as_markdown" },
	{ "shell", "exec", NULL, "o.exec)" },
	{ "shell", "include", "KTSTR_SHELL_FILES", "o.include.item[i]" },
	{ "shell", "stdin", "KTSTR_SHELL_FILES", "if (o.input)" },
	{ "shell", "scheduler", KTSTR_ENV_SCHEDULER, "{ \"scheduler\", KTSTR_ENV_SCHEDULER, named ? path : o.scheduler }" },
	{ "shell", "topology", KTSTR_ENV_TOPOLOGY, "{ \"topology\", KTSTR_ENV_TOPOLOGY, o.topology }" },
	{ "shell", "duration", KTSTR_ENV_DURATION, "{ \"duration\", KTSTR_ENV_DURATION, o.duration }" },
	{ "shell", "kernel", "KTSTR_TEST_KERNEL", "strings__add(&specs, o.kernel)" },
	{ "shell", "accel", "KTSTR_ACCEL", "{ \"accel\", \"KTSTR_ACCEL\"" },
	{ "shell", "seed", "KTSTR_SEED", "{ \"seed\", \"KTSTR_SEED\", o.seed }" },
	{ "shell", "karg", KTSTR_ENV_KARGS, "export_lines(KTSTR_ENV_KARGS" },
	{ "shell", "no-perf-mode", "KTSTR_NO_PERF_MODE", "{ \"no-perf-mode\", \"KTSTR_NO_PERF_MODE\", o.no_perf" },
	{ "shell", "cpu-cap", KTSTR_ENV_CPU_CAP, "{ \"cpu-cap\", KTSTR_ENV_CPU_CAP, o.cpu_cap }" },
	{ "shell", "console", "KTSTR_CONSOLE", "o.console" },
	{ "kernel", "json", NULL, "if (as_json)" },
	{ "kernel", "range", NULL, "run_kernels__series(range_option" },
	{ "kernel", "extra-kconfig", NULL, "{ \"--extra-kconfig\", extra_kconfig }" },
	{ "kernel", "force", NULL, "if (!ret && force)" },
	{ "kernel", "jobs", NULL, "{ \"--jobs\", jobs_option }" },
	{ "kernel", "cpu-cap", NULL, "cap_option ?: ktstr_env(" },
	{ "kernel", "keep", NULL, "ktstr_parse_u64(keep_option" },
	{ "kernel", "builds", NULL, "ktstr_kernel__remove_builds(" },
	{ "kernel", "dry-run", NULL, "dry_run ? 0 : ktstr_kernel__remove(" },
	{ "verifier", "scheduler", NULL, "sweep__plan(s, &o.schedulers" },
	{ "verifier", "kernel", "KTSTR_TEST_KERNEL", "run_kernels__find(&ks, &o.kernels" },
	{ "verifier", "raw", NULL, "sweep_table__logs(s, o.raw" },
	{ "verifier", "baseline", NULL, "sweep_baseline__load(o.baseline" },
	{ "verifier", "max-growth", NULL, "ktstr_parse_u64(o.growth" },
	{ "verifier", "save-baseline", NULL, "sweep_baseline__save(s, o.save" },
	{ "verifier", "jobs", NULL, "ktstr_parse_u64(o.jobs" },
	{ "verifier", "runs", "KTSTR_RUNS_ROOT", "realpath(o.runs" },
	{ "verifier", "json", NULL, ".json = o.json" },
	{ "funify", "seed", NULL, "funify_names__init(&names, seed_option)" },
	{ "funify", "keep", NULL, "funify__rewrite(&names, &keep_option" },
	{ "dump", "map", NULL, "map_option" }, { "dump", "task", NULL, "task_option" },
	{ "dump", "brief", NULL, "&& brief)" }, { "dump", "diff", NULL, "if (diff)" },
	{ "dump", "json", NULL, "as_json)" }, { "dump", "no-pager", NULL, "if (!no_pager" },
	{ "runs", "runs", NULL, "if (root_option)" }, { "runs", "keep", NULL, "ktstr_parse_u64(keep_option" },
	{ "runs", "dry-run", NULL, "dry_run ? 0 : ktstr_paths__remove_tree(" }, { "runs", "json", NULL, "if (as_json)" },
};

static const struct tool_option *tool_option_of(const char *command, const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(tool_options); i++)
		if (!strcmp(tool_options[i].command, command) &&
		    !strcmp(tool_options[i].name, name))
			return &tool_options[i];
	return NULL;
}

/* A command that has a folder has its builtin there. */
static void find_builtin(const char *command, char *file, size_t size)
{
	char pattern[96];
	glob_t g;

	snprintf(pattern, sizeof(pattern), "tools-testing-ktstr/{,*/}builtin-%s.c", command);
	*file = '\0';
	if (!glob(pattern, GLOB_BRACE, NULL, &g) && g.gl_pathc == 1)
		snprintf(file, size, "%s", g.gl_pathv[0]);
	globfree(&g);
}

TEST(every_option_of_the_tool_acts)
{
	const struct tool_option *t;
	const struct command *c;
	const struct option *opt;
	size_t found = 0;
	char file[PATH_MAX];

	for (c = commands; c->name; c++)
		for (opt = c->help->options; opt->type != OPTION_END; opt++) {
			if (opt->type == OPTION_GROUP)
				continue;
			t = tool_option_of(c->name, opt->long_name);
			ASSERT_NE(NULL, t) TH_LOG("%s --%s has no entry here", c->name, opt->long_name);
			found++;
			find_builtin(c->name, file, sizeof(file));
			EXPECT_TRUE(says(file, t->words)) TH_LOG("%s: %s", file, t->words);
			if (t->variable)
				EXPECT_NE(NULL, variable_of(t->variable)) TH_LOG("%s", t->variable);
		}
	EXPECT_EQ(ARRAY_SIZE(tool_options), found);
}

/* A single test (--exact) reads the same variables by the same functions as a whole program. */
TEST(both_ways_to_a_run_begin_with_the_same_variables)
{
	static const char * const files[] = { "harness/host/direct.c", "harness/host/main.c" };

	for (int i = 0; i < 2; i++)
		EXPECT_TRUE(says(files[i], "ktstr_run_opts__from_env(") &&
			    says(files[i], "ktstr_override__check(") && says(files[i], "ktstr_plan__for_variant("));
}

TEST_HARNESS_MAIN
