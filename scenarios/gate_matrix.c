// SPDX-License-Identifier: GPL-2.0
/*
 * Does every worker check hold its limit? For each there is a workload whose figure is known,
 * and two limits (or, where the limit is fixed, two workloads) so close to it that the check
 * passes just inside and fails just outside, with its own finding and no other.
 *
 * All of it runs in one guest: each run is judged into a result of its own, the test claims
 * what came out. `make gate-matrix` prints the table.
 */
#include <errno.h>
#include <linux/kernel.h>
#include <linux/mempolicy.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <ktstr.h>
#include <ktstr/cases.h>
#include <ktstr/custom.h>

#define HOLD_MS_EACH	200
#define ROUND_NS	NSEC_PER_MSEC
#define MANY_BYTES	(16UL << 20)
#define SOME_BYTES	(8UL << 20)

/* ---- workloads with known figures; argument 0 chooses between inside and outside ---- */

static uint64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * NSEC_PER_SEC + t.tv_nsec;
}

/* So much CPU time, however long it takes to get. */
static void burn(uint64_t ns)
{
	uint64_t until = cpu_ns() + ns;

	while (cpu_ns() < until)
		;
}

/* Sleep that the worker does not admit to: it counts as time off CPU, and as a gap. */
static void doze(uint64_t ns)
{
	struct timespec t = { .tv_nsec = (long)ns };

	nanosleep(&t, NULL);
}

/* One unit each round; none with argument 1. */
static void works_or_not(struct ktstr_work_ctx *w)
{
	burn(ROUND_NS);
	ktstr_work_done(w, !ktstr_work_arg(w, 0));
}

static void pin_to(unsigned int cpu)
{
	static unsigned int pinned = -1;
	cpu_set_t set;

	if (pinned == cpu)
		return;
	pinned = cpu;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/* With argument 1 it leaves its cgroup, whose cpuset is CPU 0, for CPU 1. */
static void stays_or_leaves(struct ktstr_work_ctx *w)
{
	static bool gone;
	FILE *f;

	if (ktstr_work_arg(w, 0) && !gone) {
		f = fopen("/sys/fs/cgroup/cgroup.procs", "we");
		if (f && fprintf(f, "%d\n", getpid()) > 0 && !fclose(f))
			pin_to(1);
		gone = true;
	}
	works_or_not(w);
}

/* Off CPU once, for 100 ms. */
static void stops_once(struct ktstr_work_ctx *w)
{
	static bool done;

	if (!done)
		doze(100 * NSEC_PER_MSEC);
	done = true;
	burn(ROUND_NS);
	ktstr_work_done(w, 1);
}

/*
 * The first worker runs all the time; the second one rests 6 ms after each 5 ms. Its sleep ends late
 * and its CPU is shared with the runner: the spread was 56 points in two builds.
 */
static void half_of_them_rests(struct ktstr_work_ctx *w)
{
	pin_to(ktstr_work_index(w));
	burn(5 * NSEC_PER_MSEC);
	if (ktstr_work_index(w))
		doze(6 * NSEC_PER_MSEC);
	ktstr_work_done(w, 1);
}

/*
 * Rates of 3 and 1 have a mean of 2 and a deviation of 1: a CV of 0.5. Both share one CPU, because
 * two emulated ones need not be equally fast.
 */
static void three_to_one(struct ktstr_work_ctx *w)
{
	ktstr_work_spin(w, 1000);
	if (!ktstr_work_index(w))
		ktstr_work_done(w, 2000);
}

/* At most 100 iterations in a second. */
static void naps(struct ktstr_work_ctx *w)
{
	doze(10 * NSEC_PER_MSEC);
	ktstr_work_done(w, 1);
}

/* Every second iteration ends on the other CPU. */
static void hops(struct ktstr_work_ctx *w)
{
	static unsigned int round;

	pin_to(round++ / 2 % 2);
	burn(ROUND_NS);
	ktstr_work_done(w, 1);
}

/* Wake latencies of 1 and 3 us: a CV of 0.5; the largest is the 99th percentile. */
static void wakes(struct ktstr_work_ctx *w)
{
	ktstr_work_sample_wake(w, 1000);
	ktstr_work_sample_wake(w, 3000);
	burn(ROUND_NS);
	ktstr_work_done(w, 1);
}

/* Memory on @node, touched; NULL when it cannot be had. */
static char *memory_on(unsigned int node, size_t bytes)
{
	unsigned long mask = 1UL << node;
	char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || madvise(p, bytes, MADV_NOHUGEPAGE) ||
	    syscall(SYS_mbind, p, bytes, MPOL_BIND, &mask, 8 * sizeof(mask), 0))
		return NULL;
	memset(p, 1, bytes);
	return p;
}

/* Half of its pages on the node of its cpuset, half on the other one. */
static void half_of_it_far_away(struct ktstr_work_ctx *w)
{
	static bool mapped;

	if (!mapped && (!memory_on(0, MANY_BYTES) || !memory_on(1, MANY_BYTES)))
		return;
	mapped = true;
	burn(ROUND_NS);
	ktstr_work_done(w, 1);
}

/* Uses memory of its own node, or with argument 1 of the other: NUMA balancing fetches it. */
static void uses_memory(struct ktstr_work_ctx *w)
{
	static char *p;
	size_t i;

	if (!p) {
		p = memory_on(ktstr_work_arg(w, 0), SOME_BYTES);
		if (!p || syscall(SYS_mbind, p, SOME_BYTES, MPOL_DEFAULT, NULL, 0, 0))
			return;
	}
	for (i = 0; i < SOME_BYTES && !ktstr_work_stopped(w); i += 4096)
		p[i]++;
	ktstr_work_done(w, 1);
}

/* ---- the table ---- */

struct side {
	struct ktstr_checks checks;
	uint64_t arg;
};

struct gate {
	const char *check;
	void (*work)(struct ktstr_work_ctx *w);
	uint32_t workers;
	enum ktstr_kind kind;		/* of the finding, which contains @text */
	const char *text;
	struct side inside, outside;
	bool balancing;			/* needs NUMA balancing at work */
	bool memory_only;		/* needs a node without CPUs */
	struct ktstr_cpuset cpuset;
};

#define LIMITS(_arg, ...)	{ { KTSTR_CHECK_UNSET, __VA_ARGS__ }, _arg }
#define SAME(_check, _inside, _outside)						\
	LIMITS(0, ._check = (_inside)), LIMITS(0, ._check = (_outside))
#define OTHER(_check, _limit)							\
	LIMITS(0, ._check = (_limit)), LIMITS(1, ._check = (_limit))

KTSTR_DEFAULTS_BEGIN
static const struct gate gates[] = {
	{ "not_starved", works_or_not, 1, KTSTR_STARVED, "starved (0 work units, not_starved)",
	  OTHER(not_starved, KTSTR_ON) },
	{ "isolation", stays_or_leaves, 1, KTSTR_ISOLATION, "ran on unexpected CPUs {1}",
	  OTHER(isolation, KTSTR_ON), .cpuset = CPUS("0") },
	{ "max_gap_ms", stops_once, 1, KTSTR_STUCK, "(max_gap_ms = 99)",
	  SAME(max_gap_ms, 104, 99) },
	{ "max_spread_pct", half_of_them_rests, 2, KTSTR_UNFAIR, "(max_spread_pct = 51)",
	  SAME(max_spread_pct, 62, 51) },
	{ "max_throughput_cv", three_to_one, 2, KTSTR_BENCHMARK, "exceeds max_throughput_cv = 0.490",
	  SAME(max_throughput_cv, .51, .49), .cpuset = CPUS("0") },
	{ "min_work_rate", works_or_not, 1, KTSTR_BENCHMARK, "below min_work_rate = 1000.0",
	  SAME(min_work_rate, 970, 1000) },
	{ "min_iteration_rate", naps, 1, KTSTR_BENCHMARK, "below min_iteration_rate = 100.0",
	  SAME(min_iteration_rate, 95, 100) },
	{ "max_migration_ratio", hops, 1, KTSTR_MIGRATION, "exceeds max_migration_ratio = 0.4900",
	  SAME(max_migration_ratio, .51, .49) },
	{ "max_p99_wake_latency_ns", wakes, 1, KTSTR_BENCHMARK, "3000ns exceeds max_p99_wake_latency_ns = 2999",
	  SAME(max_p99_wake_latency_ns, 3000, 2999) },
	{ "max_wake_latency_cv", wakes, 1, KTSTR_BENCHMARK, "wake latency CV 0.500 exceeds",
	  SAME(max_wake_latency_cv, .5001, .4999) },
	{ "min_page_locality", half_of_it_far_away, 1, KTSTR_PAGE_LOCALITY,
	  "below min_page_locality = 0.5300", SAME(min_page_locality, .49, .53), .cpuset = NUMA_NODE(0) },
	{ "max_cross_node_migration_ratio", uses_memory, 1, KTSTR_CROSS_NODE_MIGRATION,
	  "exceeds max_cross_node_migration_ratio = 0.0100", OTHER(max_cross_node_migration_ratio, .01),
	  .balancing = true, .cpuset = NUMA_NODE(0) },
	{ "max_slow_tier_ratio", half_of_it_far_away, 1, KTSTR_SLOW_TIER,
	  "exceeds max_slow_tier_ratio = 0.4700", SAME(max_slow_tier_ratio, .51, .47), .memory_only = true },
};
KTSTR_DEFAULTS_END

#define NR_GATES	ARRAY_SIZE(gates)

static bool write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");

	return f && fputs(text, f) >= 0 && !fclose(f);
}

/* Node 1 has CPU 1 alone. */
static bool bring_cpu1(bool online)
{
	return write_file("/sys/devices/system/cpu/cpu1/online", online ? "1\n" : "0\n");
}

/*
 * Guests boot with NUMA balancing off, and by default it looks at a task after a second, too late
 * for us. False: the kernel has none.
 */
static bool hasten_balancing(void)
{
	static const char * const files[] = {
		"scan_delay_ms", "scan_period_min_ms", "scan_period_max_ms",
	};
	char path[96];
	size_t i;

	mkdir("/tmp", 0755);
	mkdir("/tmp/debugfs", 0755);
	if (mount("none", "/tmp/debugfs", "debugfs", 0, NULL) ||
	    !write_file("/proc/sys/kernel/numa_balancing", "1\n"))
		return false;
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(path, sizeof(path), "/tmp/debugfs/sched/numa_balancing/%s", files[i]);
		if (!write_file(path, "20\n"))
			return false;
	}
	return true;
}

struct one_side {
	const struct gate *gate;
	const struct side *side;
};

static int run_side(struct ktstr_ctx *ctx, const void *arg)
{
	const struct one_side *one = arg;
	const struct gate *g = one->gate;

	return ktstr_run_with(ctx, &one->side->checks, STEP(
		CGROUPS(CGROUP("gate", .workers = g->workers,
			       .work = CUSTOM(g->check, g->work, .arg = { one->side->arg }),
			       .cpuset = g->cpuset,
			       .cpuset_mems = g->cpuset.kind == KTSTR_CPUSET_NODE ? "0-1" : NULL)),
		HOLD_MS(g->balancing ? 3 * HOLD_MS_EACH : HOLD_MS_EACH)));
}

/* NULL: it could not be run. */
static struct ktstr_result *run(struct ktstr_ctx *ctx, const struct gate *g, const struct side *s)
{
	return ktstr_judge_apart(ctx, run_side, &(struct one_side){ g, s });
}

/* Everything that was found is the one finding, at least once. */
static bool only_this(const struct ktstr_result *r, const struct gate *g)
{
	const struct ktstr_detail *d;
	uint32_t i, hits = 0;

	for (i = 0; (d = ktstr_result__detail(r, i)); i++) {
		if (d->severity == KTSTR_NOTE)
			continue;
		if (d->severity != KTSTR_FAILS || d->kind != g->kind || !strstr(d->text, g->text))
			return false;
		hits++;
	}
	return hits;
}

static const char *first_text(const struct ktstr_result *r)
{
	const struct ktstr_detail *d;
	uint32_t i;

	for (i = 0; r && (d = ktstr_result__detail(r, i)); i++)
		if (d->severity != KTSTR_NOTE)
			return d->text;
	return r ? "nothing" : "it could not be run";
}

static bool try(struct ktstr_ctx *ctx, const struct gate *g)
{
	struct ktstr_result *in, *out;
	bool passes, fails;

	if (g->balancing && !hasten_balancing())
		claim_note(ctx, "gate %s: this kernel has no NUMA balancing to hasten", g->check);
	if (g->memory_only && !bring_cpu1(false))
		claim_note(ctx, "gate %s: CPU 1 cannot be taken away", g->check);
	in = run(ctx, g, &g->inside);
	passes = in && ktstr_result__outcome(in) == KTSTR_PASS;
	out = run(ctx, g, &g->outside);
	fails = out && only_this(out, g);
	if (g->memory_only)
		bring_cpu1(true);
	if (passes && fails)
		claim_note(ctx, "gate %-30s ok  fails outside: %s", g->check, first_text(out));
	if (!passes)
		ktstr_fail(ctx, "gate %s: inside its limit it found: %s", g->check, first_text(in));
	if (!fails)
		ktstr_fail(ctx, "gate %s: outside its limit it found: %s", g->check,
			   first_text(out));
	ktstr_result__free(in);
	ktstr_result__free(out);
	return passes && fails;
}

#define NAME(_check)	#_check,
static const char * const worker_checks[] = { KTSTR_WORKER_CHECKS(NAME, NAME) };

/* A check without a row here would be a gate that nobody ever saw closed. */
static void claim_complete(struct ktstr_ctx *ctx)
{
	size_t i, k;

	for (k = 0; k < ARRAY_SIZE(worker_checks); k++) {
		for (i = 0; i < NR_GATES && strcmp(gates[i].check, worker_checks[k]); i++)
			;
		if (i == NR_GATES)
			ktstr_fail(ctx, "no gate tries %s", worker_checks[k]);
	}
}

KTSTR_TEST(gate_matrix, .ignore = true, .numa_nodes = 2, .llcs = 2, .cores = 1, .duration_s = 15)
{
	size_t i, good = 0;

	if (ktstr_time_scale(ctx) > 1) {
		ktstr_skip(ctx, "limits are wider where CPUs are shared");
		return 0;
	}
	claim_complete(ctx);
	for (i = 0; i < NR_GATES; i++)
		good += try(ctx, &gates[i]);
	claim_note(ctx, "gates: %zu of %zu", good, NR_GATES);
	ktstr_pass(ctx);	/* what the gates found is in results of their own */
	return 0;
}
