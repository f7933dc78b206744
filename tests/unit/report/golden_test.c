// SPDX-License-Identifier: GPL-2.0
/*
 * The report of every kind of failure as a person sees it, compared with report.golden beside
 * this file. The findings of checks are made by the checks themselves, so that their words and
 * the report's layout are held together. KTSTR_UPDATE_GOLDEN=1 writes the file anew.
 */
#include <signal.h>
#include <stdlib.h>

#include "kselftest_harness.h"

#include <ktstr.h>

#include "harness/checks/checks.h"
#include "harness/host/expect.h"
#include "harness/host/fold.h"
#include "harness/report/report.h"
#include "harness/model/part.h"
#include "harness/model/seen.h"
#include "harness/plan/plan.h"

#define GOLDEN	"tests/unit/report/report.golden"
#define MS	1000000ULL

static const struct ktstr_scheduler simple = {
	KTSTR_SCHEDULER_UNSET, .name = "simple", .binary = "/x/scx_simple",
};

struct scene {
	struct ktstr_test test;
	struct ktstr_plan plan;
	struct ktstr_run run;
	struct ktstr_worker_report w[2];
	struct ktstr_cpumask cpuset, nodes, slow;
	struct ktstr_group_sample s;
	const char *console;
};

/* ---- checks: two workers, one of which does what it should not ---- */

static void starved(struct scene *c)
{
	c->w[1].work_units = 0;
}

static void stuck(struct scene *c)
{
	c->w[1].max_gap_ns = 2500 * MS;
	c->w[1].max_gap_at_ns = 1200 * MS;
}

static void unfair(struct scene *c)
{
	c->w[1].cpu_ns = 4000 * MS;
}

static void unfair_sleepers(struct scene *c)
{
	c->w[0].flags = KTSTR_WORKER_BLOCKS;
	c->w[1].run_delay_ns = 3000 * MS;
}

static void isolation(struct scene *c)
{
	c->plan.checks.isolation = KTSTR_ON;
	c->s.cpuset = &c->cpuset;
}

static void benchmark(struct scene *c)
{
	c->plan.checks.min_iteration_rate = 50000000;
}

static void throughput(struct scene *c)
{
	c->plan.checks.max_throughput_cv = 0.1;
	c->w[1].work_units /= 2;
}

static void migration(struct scene *c)
{
	c->plan.checks.max_migration_ratio = 0.00005;
}

static void pages(struct scene *c)
{
	c->plan.checks.min_page_locality = 0.9;
	c->plan.checks.max_slow_tier_ratio = 0.05;
	c->plan.checks.max_cross_node_migration_ratio = 0.1;
	c->w[0].pages_valid = c->w[1].pages_valid = 1;
	c->w[0].node_pages[0] = c->w[1].node_pages[0] = 60;
	c->w[1].node_pages[1] = 40;
	c->s.nodes = &c->nodes;
	c->s.slow_nodes = &c->slow;
	c->s.balancing = true;
	c->s.migrated_known = true;
	c->s.pages_migrated = 20;
}

static void no_samples(struct scene *c)
{
	c->plan.checks.max_p99_wake_latency_ns = 2000000;
}

static void needs_monitor(struct scene *c)
{
	c->test.checks.max_imbalance_ratio = 2;
	ktstr_checks__resolve(&c->plan.checks, NULL, &c->test.checks);
}

/* What the guest's stall monitor saw stands beside what the checks found. */
static void stood_still(struct scene *c)
{
	struct ktstr_stall *s = ktstr_result__add_stall(c->run.result);

	stuck(c);
	*s = (struct ktstr_stall){
		.why = KTSTR_STALL_FORGOTTEN, .tid = 72, .resumed = 1, .at_ns = 1200 * MS,
		.for_ns = 2500 * MS, .found_ns = 7000 * MS, .cgroup = "cg_a", .comm = "cg_a:1", .cpus = "1",
		.status = "state R (running), may use CPU 0-1, switches: 1 by itself, 16 forced",
		.wchan = "0", .syscall = "running", .path = "/ktstr/cg_a",
		.loadavg = "0.50 0.10 0.03 2/81 72",
		.stack = "irqentry_exit+0x1d8/0x740 < asm_sysvec_apic_timer_interrupt+0x1a/0x20",
	};
}

static void shared_cpus(struct scene *c)
{
	c->run.opts.mttcg = true;
	c->s.time_scale = KTSTR_SHARED_CPU_SCALE;
	c->w[1].max_gap_ns = 10500 * MS;
}

static void claims(struct scene *c)
{
	struct ktstr_result *r = c->run.result;

	claim_at_most(r, phase_cgroup(r, 0, "cg_a").max_gap_ms, 5, .because = "nobody else runs");
	claim_at_least(r, phase_cgroup(r, 0, "cg_b").iterations, 1);
}

/* ---- the scheduler, the guest, the host ---- */

static void scheduler_gone(struct scene *c, const char *ops, enum ktstr_kind kind,
			   const char *reason, const char *msg)
{
	struct ktstr_seen *s = c->run.seen;

	s->scx.error = true;
	s->scx.kind = kind;
	snprintf(s->scx.ops, sizeof(s->scx.ops), "%s", ops);
	snprintf(s->scx.reason, sizeof(s->scx.reason), "%s", reason);
	snprintf(s->scx.msg, sizeof(s->scx.msg), "%s", msg);
}

static void stalled(struct scene *c)
{
	static const char log[] =
		"local=1 global=2\nlocal=3 global=4\nlocal=5 global=6\nlocal=7 global=8\n"
		"local=9 global=10\n\nDEBUG DUMP\n"
		"================================================================================\n"
		"\nsimple: root\nkworker/u8:1[7] triggered exit kind 1026 on CPU 1:\n"
		"  runnable task stall (cg_a:0[71] failed to run for 5.1s)\n\nBacktrace:\n"
		"  check_rq_for_timeouts+0xdf/0x120\n\nCPU states\n----------\n"
		"================================================================================\n"
		"EXIT: runnable task stall\n";

	scheduler_gone(c, "simple", KTSTR_SCHED_STALLED, "runnable task stall",
		       "cg_a:0[71] failed to run for 5.1s");
	c->run.seen->sched_exited = true;
	c->run.seen->sched_status = 1 << 8;
	ktstr_textbuf__add(&c->run.seen->sched_log, log, sizeof(log) - 1);
}

static void errored(struct scene *c)
{
	scheduler_gone(c, "simple", KTSTR_SCHED_ERROR, "scx_bpf_error", "simple.bpf.c:52: bad cpu 7");
}

static void storm(struct scene *c)
{
	c->plan.survives_storm = true;
	errored(c);
}

static void exited(struct scene *c)
{
	c->run.seen->sched_exited = true;
}

static void not_loaded(struct scene *c)
{
	static const char log[] =
		"libbpf: prog 'simple_enqueue': -- BEGIN PROG LOAD LOG --\n"
		"124: (7b) *(u64 *)(r1 +0) = r2\nR1 invalid mem access 'scalar'\n"
		"processed 44 insns (limit 1000000) max_states_per_insn 0 total_states 4\n"
		"-- END PROG LOAD LOG --\nlibbpf: failed to load object 'simple_bpf'\n";

	c->run.seen->sched_attached = false;
	c->run.seen->sched_exited = true;
	c->run.seen->sched_status = 1 << 8;
	c->run.seen->lifecycle = KTSTR_LIFECYCLE_SCHED;
	ktstr_textbuf__add(&c->run.seen->sched_log, log, sizeof(log) - 1);
}

static void outlived(struct scene *c)
{
	static const char left[] =
		"6,1,2500000,-;sched_ext: BPF scheduler \"simple\" disabled (unregistered from user space)\n";

	ktstr_scxlog__record(&c->run.seen->scx, left, sizeof(left) - 1);
	c->run.seen->sched_exited = true;
	c->run.seen->sched_outlived = true;
	c->run.seen->sched_status = SIGINT;
}

static void panic(struct scene *c)
{
	c->run.seen->exited = false;
	c->run.seen->machine_off = true;
	c->run.seen->lifecycle = KTSTR_LIFECYCLE_BODY;
	c->console = "[    5.100000] sysrq: Trigger a crash\n"
		     "[    5.200000] Kernel panic - not syncing: sysrq triggered crash\n"
		     "[    5.200001] CPU: 1 UID: 0 PID: 71 Comm: cg_a\n";
}

static void reset(struct scene *c)
{
	panic(c);
	c->console = "[    5.100000] the last words\n";
}

static void timed_out(struct scene *c)
{
	c->run.seen->exited = false;
	c->run.seen->timeout = true;
	c->run.seen->timeout_s = 300;
	c->run.seen->timed_out = KTSTR_LIFECYCLE_BODY;
	c->run.seen->lifecycle = KTSTR_LIFECYCLE_BODY;
}

static void stands_still(struct scene *c)
{
	timed_out(c);
	c->run.seen->timed_out = KTSTR_LIFECYCLE_TEARDOWN;
	c->run.seen->lifecycle = KTSTR_LIFECYCLE_TEARDOWN;
	c->run.seen->timeout_s = 124;
	strcpy(c->run.seen->vcpus, "vCPU 1 runs in the kernel in irq_work_sync+0x3c; vCPU 0 is idle");
	c->run.seen->stuck =
		strdup("  vCPU 0 is idle, task swapper/0[0]\n"
		       "  vCPU 1 runs in the kernel in irq_work_sync+0x3c, task cpuhp/1[21]\n"
		       "    scx_rq_offline < set_rq_offline < sched_cpu_deactivate\n"
		       "  task init[1] on CPU 0: sleeps\n"
		       "    __schedule < schedule < do_wait\n");
}

static void splat(struct scene *c)
{
	static const char record[] =
		"4,500,6621593,-;WARNING: CPU: 0 PID: 129 at kernel/sched/ext.c:3204 scx_cgroup_move_task+0xa8/0xb0\n";

	ktstr_splats__record(&c->run.seen->splats, record, sizeof(record) - 1, true);
	strcpy(c->run.seen->splats.list->trace, "scx_cgroup_move_task < sched_move_task");
}

static void no_boot(struct scene *c)
{
	timed_out(c);
	c->run.seen->timed_out = KTSTR_LIFECYCLE_BOOT;
	c->run.seen->lifecycle = KTSTR_LIFECYCLE_BOOT;
	c->run.seen->started = false;
}

static void body_crashed(struct scene *c)
{
	ktstr_result__add(c->run.result, KTSTR_FAILS, KTSTR_BODY_CRASHED,
			  "the test body (pid 70) was killed by SIGSEGV");
}

static void infrastructure(struct scene *c)
{
	snprintf(c->run.seen->vmm_error, sizeof(c->run.seen->vmm_error),
		 "the emulator ended with status 1");
	c->run.seen->exited = false;
}

static void no_machine(struct scene *c)
{
	ktstr_result__add(c->run.result, KTSTR_FAILS, KTSTR_INFRASTRUCTURE,
			  "scheduler ./nope: there is no such file");
	c->run.seen->lifecycle = KTSTR_LIFECYCLE_NONE;
	c->run.seen->exited = false;
	c->run.seen->started = false;
}

static void expected_another(struct scene *c)
{
	c->plan.expect_err = true;
	c->test.expect_kind = KTSTR_SCHED_STALLED;
	errored(c);
}

static void expected_none(struct scene *c)
{
	c->plan.expect_err = true;
}

static const struct { const char *name; void (*make)(struct scene *c); } scenes[] = {
#define SCENE(_fn)	{ #_fn, _fn }
	SCENE(starved), SCENE(stuck), SCENE(unfair), SCENE(unfair_sleepers), SCENE(isolation),
	SCENE(benchmark), SCENE(throughput), SCENE(migration), SCENE(pages), SCENE(no_samples),
	SCENE(needs_monitor), SCENE(shared_cpus), SCENE(claims), SCENE(stood_still), SCENE(stalled), SCENE(errored),
	SCENE(storm), SCENE(exited), SCENE(outlived), SCENE(not_loaded), SCENE(panic),
	SCENE(reset),
	SCENE(timed_out), SCENE(stands_still), SCENE(splat), SCENE(no_boot), SCENE(body_crashed), SCENE(infrastructure), SCENE(no_machine),
	SCENE(expected_another), SCENE(expected_none),
};

static void set_up(struct scene *c)
{
	static const struct ktstr_test unset = { KTSTR_TEST_UNSET, .name = "my_test" };
	struct ktstr_seen *s;
	int i;

	memset(c, 0, sizeof(*c));
	c->console = "";
	c->test = unset;
	c->plan = (struct ktstr_plan){ .test = &c->test, .scheduler = &simple,
		.topo = { 1, 1, 2, 1 }, .nr_cpus = 2, .duration_s = 5 };
	ktstr_checks__resolve(&c->plan.checks, NULL, &c->test.checks);
	c->run.plan = &c->plan;
	c->run.opts.seed = 1;
	c->run.opts.shift = VM_SHIFT_AUTO;
	c->run.accel = VM_ACCEL_TCG;
	c->run.kernel.path = "/boot/bzImage";
	c->run.kernel.release = "7.3.4";
	c->run.dir = "/runs/1/ktstr.my_test";
	c->run.result = ktstr_result__new();
	s = c->run.seen = ktstr_seen__new();
	ktstr_parts__init(&c->run);
	s->started = s->exited = true;
	s->guest_version = KTSTR_CHAN_VERSION;
	s->nr_cpus = 2;
	s->lifecycle = KTSTR_LIFECYCLE_EXIT;
	s->exit_ns = 9500 * MS;
	s->sched_started = s->sched_attached = true;
	for (i = 0; i < 2; i++) {
		c->w[i] = (struct ktstr_worker_report){
			.tid = 71 + i, .work_units = 200000, .iterations = 200000 + i,
			.wall_ns = 5000 * MS, .cpu_ns = 4980 * MS, .max_gap_ns = 21 * MS,
			.max_gap_cpu = 1, .migrations = 30, .completed = 1, .schedstat_valid = 1,
			.run_delay_ns = 10 * MS };
		ktstr_cpumask__set(&c->w[i].cpus_used, i);
	}
	ktstr_cpumask__set(&c->cpuset, 0);
	ktstr_cpumask__set(&c->nodes, 0);
	ktstr_cpumask__set(&c->slow, 1);
	c->s = (struct ktstr_group_sample){ .cgroup = "cg_a", .reports = c->w, .nr = 2 };
}

/* As host/run.c does it: what the guest found, what the host adds, the expectation. */
static void play(struct scene *c)
{
	struct ktstr_evidence e = { .result = c->run.result };
	bool ran = c->run.seen->lifecycle == KTSTR_LIFECYCLE_EXIT && !c->run.seen->vmm_error[0];

	if (ran) {
		ktstr_stats__add(&c->s, c->run.result);
		ktstr_checks__judge(&c->plan.checks, &c->s, c->run.result);
	}
	c->run.seen->result = ran ? ktstr_result__new() : NULL;
	ktstr_fold(&c->run, c->console);
	e.scx_error = c->run.scx_error;
	e.host_timeout = c->run.seen->timeout;
	c->run.raw = ktstr_result__outcome(c->run.result);
	c->run.verdict = ktstr_expect__judge(&c->plan, &e, c->run.why, sizeof(c->run.why));
	ktstr_report__make(&c->run, c->console);
}

/* The last line names this program: what follows "repeat: " is another test's matter. */
static void put(FILE *f, const char *name, const char *text)
{
	const char *last = strstr(text, "\nrepeat: ");

	fprintf(f, "=== %s\n%.*s\n", name, (int)(last - text), text);
}

static void tear_down(struct scene *c)
{
	ktstr_parts__free(&c->run);
	ktstr_result__free(c->run.result);
	ktstr_seen__free(c->run.seen);
	free(c->run.report);
	free(c->run.brief);
	free(c->run.scx_error);
	free(c->run.sched_log);
	free(c->run.kmsg);
}

TEST(reports_look_as_they_are_stored)
{
	char *got = NULL, *want = NULL;
	size_t size, cap = 0, i, line = 1;
	struct scene *c = calloc(1, sizeof(*c));
	FILE *f = open_memstream(&got, &size);

	ASSERT_NE(NULL, c);
	ASSERT_NE(NULL, f);
	unsetenv("KTSTR_SCHEDULER");
	unsetenv("KTSTR_LOG_PASSES");
	for (i = 0; i < ARRAY_SIZE(scenes); i++) {
		set_up(c);
		/* claims are made of figures that are there already */
		if (scenes[i].make == claims)
			ktstr_stats__add(&c->s, c->run.result);
		scenes[i].make(c);
		if (scenes[i].make == claims)
			c->run.result->nr_cgroups = c->run.result->nr_workers = 0;
		play(c);
		ASSERT_NE(NULL, c->run.brief);
		put(f, scenes[i].name, c->run.brief);
		tear_down(c);
	}
	free(c);
	fclose(f);
	if (getenv("KTSTR_UPDATE_GOLDEN")) {
		f = fopen(GOLDEN, "w");
		ASSERT_NE(NULL, f);
		fputs(got, f);
		fclose(f);
	}
	f = fopen(GOLDEN, "r");
	ASSERT_NE(NULL, f) TH_LOG("%s: run this from the top of the tree", GOLDEN);
	ASSERT_LT(0, getdelim(&want, &cap, '\0', f));
	fclose(f);
	for (i = 0; got[i] && got[i] == want[i]; i++)
		line += got[i] == '\n';
	while (i && got[i - 1] != '\n')
		i--;
	EXPECT_STREQ(want, got)
		TH_LOG("%s:%zu: got \"%.*s\"", GOLDEN, line, (int)strcspn(got + i, "\n"), got + i);
	free(got);
	free(want);
}

TEST_HARNESS_MAIN
