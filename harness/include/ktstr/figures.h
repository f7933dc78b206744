/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The figures of a run, one row each. There is no include guard: whoever includes this file
 * defines before what a row becomes, and the definitions end with the file. Rows become the
 * members of struct ktstr_stats and of the structs that it is made from, their fields on the
 * wire, and the metric table. The table tells how workers are summed up, and what the sidecar,
 * the report, `ktstr list metrics`, claims and comparisons show. So a new figure is a row here
 * and the line that measures it.
 *
 * Four kinds, by where the figure comes from:
 *
 *	KTSTR_COUNTER(name, raw, per, COLUMNS)
 *		Each worker counts in @raw, a uint64_t of its report, and keeps it up to date at
 *		its checkpoints: what it did in one of several steps is a difference. A cgroup
 *		has the sum. The figure is @raw / @per.
 *	KTSTR_LONGEST(name, raw, per, COLUMNS)
 *		Likewise, but a cgroup has the largest one of its workers.
 *	KTSTR_OF_CGROUP(name, raw, of, least, COLUMNS)
 *		@raw is a double of struct ktstr_cgroup_stats, filled in by checks/stats.c. It is
 *		absent as long as @of, a member beside it, is below @least.
 *	KTSTR_DERIVED(name, COLUMNS)
 *		computed from the others by a line in result/metrics.c.
 *
 * The columns are those of struct ktstr_metric:
 *
 *	key of a cgroup in the sidecar, key of the run (NULL: not there), unit, which direction
 *	is better, how the figures of several cgroups become one, smallest absolute and relative
 *	change that counts (OFF: not compared), and others by name
 *
 * Define KTSTR_FIGURE(name, COLUMNS) where all kinds are alike.
 */
#ifdef KTSTR_FIGURE
#define KTSTR_COUNTER(_name, _raw, _per, ...)		KTSTR_FIGURE(_name, __VA_ARGS__)
#define KTSTR_LONGEST(_name, _raw, _per, ...)		KTSTR_FIGURE(_name, __VA_ARGS__)
#define KTSTR_OF_CGROUP(_name, _raw, _of, _least, ...)	KTSTR_FIGURE(_name, __VA_ARGS__)
#define KTSTR_DERIVED(_name, ...)			KTSTR_FIGURE(_name, __VA_ARGS__)
#endif
#ifndef KTSTR_COUNTER
#define KTSTR_COUNTER(...)
#endif
#ifndef KTSTR_LONGEST
#define KTSTR_LONGEST(...)
#endif
#ifndef KTSTR_OF_CGROUP
#define KTSTR_OF_CGROUP(...)
#endif
#ifndef KTSTR_DERIVED
#define KTSTR_DERIVED(...)
#endif

KTSTR_DERIVED(workers, "num_workers", "total_workers", "", NEUTRAL, SUM, OFF, OFF,
	      .integer = true, .meaning = "workers that left a report")
KTSTR_DERIVED(cpus, "num_cpus", "total_cpus", "", NEUTRAL, OWN, OFF, OFF,
	      .integer = true, .meaning = "CPUs that any worker ran on")
KTSTR_DERIVED(messengers, "num_messengers", NULL, "", NEUTRAL, SUM, OFF, OFF, .integer = true,
	      .meaning = "workers that drive others and are not compared")
KTSTR_OF_CGROUP(avg_off_cpu_pct, avg_off_cpu_pct, timed_workers, 1,
		"avg_off_cpu_pct", NULL, "%", LOWER, MAX, OFF, OFF,
		.meaning = "mean share of the wall time off CPU")
KTSTR_OF_CGROUP(min_off_cpu_pct, min_off_cpu_pct, timed_workers, 1,
		"min_off_cpu_pct", NULL, "%", LOWER, MIN, OFF, OFF,
		.meaning = "smallest off-CPU share of a worker")
KTSTR_OF_CGROUP(max_off_cpu_pct, max_off_cpu_pct, timed_workers, 1,
		"max_off_cpu_pct", NULL, "%", LOWER, MAX, OFF, OFF,
		.meaning = "largest off-CPU share of a worker")
KTSTR_OF_CGROUP(spread_pct, spread_pct, spread_workers, 2,
		"spread", "worst_spread", "%", LOWER, MAX, 5, .25,
		.meaning = "largest minus smallest off-CPU share of a cgroup's workers, points")
KTSTR_OF_CGROUP(max_gap_ms, max_gap_ms, workers, 1,
		"max_gap_ms", "worst_gap_ms", "ms", LOWER, MAX, 500, .50,
		.meaning = "longest interval between two checkpoints of a worker")
KTSTR_DERIVED(max_gap_cpu, "max_gap_cpu", "worst_gap_cpu", "", NEUTRAL, OWN, OFF, OFF,
	      .integer = true, .meaning = "CPU on which that interval began")
KTSTR_LONGEST(max_start_ms, start_ns, 1e6,
	      "max_start_ms", NULL, "ms", LOWER, MAX, OFF, OFF,
	      .meaning = "from the start of all workers until the last one ran")
KTSTR_COUNTER(migrations, migrations, 1,
	      "total_migrations", "total_migrations", "", LOWER, SUM, 10, .30, .integer = true,
	      .meaning = "checkpoints on another CPU than the one before")
KTSTR_DERIVED(migration_ratio, "migration_ratio", "worst_migration_ratio", "", LOWER, MAX,
	      .05, .20, .meaning = "migrations per iteration")
KTSTR_DERIVED(p99_wake_us, "p99_wake_latency_us", "worst_p99_wake_latency_us", "us", LOWER, MAX,
	      50, .25, .meaning = "99th percentile of the wake latencies")
KTSTR_DERIVED(median_wake_us, "median_wake_latency_us", "worst_median_wake_latency_us", "us",
	      LOWER, MAX, 20, .25, .meaning = "median of the wake latencies")
KTSTR_DERIVED(max_wake_us, "max_wake_latency_us", NULL, "us", LOWER, MAX, OFF, OFF,
	      .meaning = "the largest wake latency that was kept")
KTSTR_DERIVED(mean_wake_us, "mean_wake_latency_us", NULL, "us", LOWER, MAX, OFF, OFF,
	      .meaning = "mean of the wake latencies")
KTSTR_DERIVED(wake_cv, "wake_latency_cv", "worst_wake_latency_cv", "", LOWER, MAX, .10, .25,
	      .meaning = "standard deviation of the wake latencies over their mean")
KTSTR_DERIVED(wake_tail_ratio, "wake_latency_tail_ratio", "worst_wake_latency_tail_ratio", "",
	      LOWER, MAX, .5, .25, .least_iterations = 100,
	      .meaning = "99th percentile over median of the wake latencies")
KTSTR_DERIVED(wake_samples, "wake_latency_samples", NULL, "", NEUTRAL, SUM, OFF, OFF,
	      .integer = true, .meaning = "wake latencies that were seen")
KTSTR_DERIVED(median_cost_us, "median_iteration_cost_us", NULL, "us", LOWER, MAX, OFF, OFF,
	      .meaning = "median cost of an iteration")
KTSTR_DERIVED(p99_cost_us, "p99_iteration_cost_us", NULL, "us", LOWER, MAX, OFF, OFF,
	      .meaning = "99th percentile of the cost of an iteration")
KTSTR_DERIVED(median_timer_us, "median_timer_lateness_us", NULL, "us", LOWER, MAX, OFF, OFF,
	      .meaning = "median lateness of timers")
KTSTR_DERIVED(p99_timer_us, "p99_timer_lateness_us", NULL, "us", LOWER, MAX, OFF, OFF,
	      .meaning = "99th percentile of the lateness of timers")
KTSTR_COUNTER(work_units, work_units, 1,
	      "total_work_units", "total_work_units", "", HIGHER, SUM, OFF, OFF, .integer = true,
	      .meaning = "units of work")
KTSTR_COUNTER(iterations, iterations, 1,
	      "total_iterations", "total_iterations", "", HIGHER, SUM, 100, .10, .integer = true,
	      .meaning = "iterations")
KTSTR_DERIVED(iterations_per_worker, "iterations_per_worker", "worst_iterations_per_worker", "",
	      HIGHER, MIN, 10, .10, .meaning = "iterations over workers")
KTSTR_DERIVED(iteration_rate, "iteration_rate", "worst_iteration_rate", "/s", HIGHER, MIN,
	      OFF, OFF, .meaning = "iterations per second of a worker's wall time")
KTSTR_DERIVED(work_rate, "work_rate", "worst_work_rate", "/s", HIGHER, MIN, OFF, OFF,
	      .meaning = "units of work per CPU second")
KTSTR_COUNTER(wall_s, wall_ns, 1e9,
	      "wall_s", NULL, "s", NEUTRAL, SUM, OFF, OFF,
	      .meaning = "wall time of all workers together")
KTSTR_COUNTER(cpu_s, cpu_ns, 1e9,
	      "cpu_s", NULL, "s", NEUTRAL, SUM, OFF, OFF,
	      .meaning = "CPU time of all workers together")
KTSTR_OF_CGROUP(run_delay_us, mean_run_delay_us, delay_workers, 1,
		"mean_run_delay_us", "worst_mean_run_delay_us", "us", LOWER, MAX, 50, .25,
		.label = "run_delay",
		.meaning = "mean time that a worker waited for a CPU (schedstat)")
KTSTR_OF_CGROUP(worst_run_delay_us, worst_run_delay_us, delay_workers, 1,
		"worst_run_delay_us", "worst_run_delay_us", "us", LOWER, MAX, 100, .50,
		.label = "worst_run_delay",
		.meaning = "run delay of the worker that waited longest")
KTSTR_DERIVED(pages, "pages", NULL, "", NEUTRAL, SUM, OFF, OFF, .integer = true,
	      .meaning = "anonymous pages of the workers at their end")
KTSTR_DERIVED(page_locality, "page_locality", "worst_page_locality", "", HIGHER, MIN, .05, .10,
	      .meaning = "share of these pages on the NUMA nodes of the cpuset")
KTSTR_DERIVED(cross_node_ratio, "cross_node_migration_ratio", "worst_cross_node_migration_ratio",
	      "", LOWER, MAX, .05, .20,
	      .meaning = "pages that the kernel moved between nodes over pages")

#undef KTSTR_FIGURE
#undef KTSTR_COUNTER
#undef KTSTR_LONGEST
#undef KTSTR_OF_CGROUP
#undef KTSTR_DERIVED
