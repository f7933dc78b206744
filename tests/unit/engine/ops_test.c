// SPDX-License-Identifier: GPL-2.0
/*
 * What ops, cgroup properties and worker attributes are judged by, what they write, in which
 * order, and who owns what. The cgroups are a fake tree, the workers are real.
 */
#include <math.h>
#include <time.h>

#include "ops_fixture.h"

/* The log without pids, which differ, and without rmdir, which the fixture checks. */
static const char *writes(void)
{
	static char out[sizeof(fake.log)];
	char copy[sizeof(fake.log)], *line, *save;

	strcpy(copy, fake.log);
	out[0] = '\0';
	for (line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *procs = strstr(line, "cgroup.procs=");

		if (procs)
			strcpy(procs, "PID");
		if (!strstr(line, "subtree_control=+") && strncmp(line, "rmdir", 5))
			strcat(strcat(out, line), "\n");
	}
	return out;
}

KTSTR_CHECKS(negative, .max_gap_ms = -1);
KTSTR_CHECKS(machine_wide, .max_imbalance_ratio = 2);

TEST_F(ops, properties_that_make_no_sense_are_refused)
{
	EXPECT_REFUSED("hold validation: a hold of -5 ms is no time",
		       STEP(CGROUPS(CGROUP("a")), HOLD_MS(-5)));
	REFUSED_CGROUP("cpu.max \"500 100000\": a quota is at least 1000 us",
		       .cpu_max = CPU_MAX_US(500, 100000));
	REFUSED_CGROUP("cpu.max \"5000 10\": a period lies in 1000..1000000 us",
		       .cpu_max = CPU_MAX_US(5000, 10));
	REFUSED_CGROUP("cpu.weight \"10001\": a weight lies in 1..10000", .cpu_weight = 10001);
	REFUSED_CGROUP("io.weight \"10001\": a weight lies in 1..10000", .io_weight = 10001);
	REFUSED_CGROUP("cpuset_mems \"x\" is no node list like \"0-1\"", .cpuset_mems = "x");
	REFUSED_CGROUP("cpuset LLC(3): the machine has 1 LLC", .cpuset = LLC(3));
	REFUSED_CGROUP("work and the number of workers stand in the cgroup and in .works; give them in one place",
		       .workers = 4, .works = WORKS(WORKSPEC(.workers = 1)));
	REFUSED_CGROUP("work 2: nice 20 does not lie in -20..19",
		       .works = WORKS(WORKSPEC(.workers = 1),
				      WORKSPEC(.workers = 1, .nice = VALUE(20))));
}

TEST_F(ops, worker_attributes_that_make_no_sense_are_refused)
{
	REFUSED_CGROUP("workers and workers_pct exclude each other", .workers = 1,
		       .workers_pct = 1);
	REFUSED_CGROUP("workers -2 do not lie in 1..8192", .workers = -2);
	REFUSED_CGROUP("cpu.weight \"-1\": a weight lies in 1..10000", .cpu_weight = -1);
	REFUSED_CGROUP("memory.max \"-1\": a limit is not negative", .memory_max = LIMIT(-1));
	REFUSED_CGROUP("cpuset DISJOINT(-1, 2): the part's number must be below the number of parts",
		       .cpuset = DISJOINT(-1, 2));
	REFUSED_CGROUP("real-time priority -1 does not lie in 1..99", .policy = FIFO(-1));
	REFUSED_CGROUP("affinity RANDOM_SUBSET: count -1 does not lie in 1..512",
		       .affinity = AFFINITY(RANDOM_SUBSET, .count = -1));
	REFUSED_CGROUP("checks: max_gap_ms: must not be negative", .checks = &negative);
	REFUSED_CGROUP("checks: max_imbalance_ratio is judged from a guest's memory, and here is no guest",
		       .checks = &machine_wide);
	REFUSED_CGROUP("workers_pct -1 is not finite and positive", .workers_pct = -1);
	REFUSED_CGROUP("workers_pct inf is not finite and positive", .workers_pct = INFINITY);
	REFUSED_CGROUP("real-time priority 0 does not lie in 1..99", .policy = FIFO(0));
	REFUSED_CGROUP("real-time priority 100 does not lie in 1..99", .policy = RR(100));
	REFUSED_CGROUP("unknown policy (99)", .policy = { .kind = 99 });
	REFUSED_CGROUP("DEADLINE needs 1024 ns <= runtime <= deadline <= period",
		       .policy = DEADLINE(.runtime_ns = 1000, .deadline_ns = 2000,
					  .period_ns = 3000));
	REFUSED_CGROUP("DEADLINE workers cannot be restricted to some CPUs",
		       .policy = DEADLINE(.runtime_ns = 2000, .deadline_ns = 2000,
					  .period_ns = 3000), .cpuset = CPUS("0"));
	REFUSED_CGROUP("affinity \"5\" has no CPU of the cgroup's cpuset",
		       .cpuset = CPUS("0-3"), .affinity = PINNED("5"));
	REFUSED_CGROUP("numa_node and affinity exclude each other", .numa_node = VALUE(0),
		       .affinity = AFFINITY(SINGLE_CPU));
	REFUSED_CGROUP("numa_node 2: the machine has no such node with CPUs",
		       .numa_node = VALUE(2));
	REFUSED_CGROUP("comm \"sixteen bytes ok\" must have 1 to 15 bytes",
		       .comm = "sixteen bytes ok");
	REFUSED_CGROUP("comm \"\" must have 1 to 15 bytes", .comm = "");
	REFUSED_CGROUP("uid -1 is no id", .uid = VALUE(-1));
	REFUSED_CGROUP("ForkExit needs processes: it cannot be combined with pcomm",
		       .pcomm = "leader", .work = FORK_EXIT);
	REFUSED_CGROUP("ForkExit needs processes: it cannot be combined with clone_mode thread",
		       .clone_mode = KTSTR_CLONE_THREAD, .work = FORK_EXIT);
}

TEST_F(ops, memory_policies_must_fit_the_machine_and_the_cpuset)
{
	REFUSED_CGROUP("memory policy: unknown flags 0x1", .mem = MPOL(BIND, "0", .flags = 1));
	REFUSED_CGROUP("memory policy: STATIC_NODES and RELATIVE_NODES exclude each other",
		       .mem = MPOL(BIND, "0", .flags = KTSTR_MPOL_F_STATIC_NODES |
						       KTSTR_MPOL_F_RELATIVE_NODES));
	REFUSED_CGROUP("memory policy: \"\" is no node list like \"0-1\"",
		       .mem = MPOL(INTERLEAVE));
	REFUSED_CGROUP("memory policy: this mode takes no nodes", .mem = MPOL(LOCAL, "0"));
	REFUSED_CGROUP("memory policy: PREFERRED takes one node", .mem = MPOL(PREFERRED, "0-1"));
	REFUSED_CGROUP("memory policy: the machine has no NUMA node 3", .mem = MPOL(BIND, "3"));
	REFUSED_CGROUP("memory policy: nodes 0-1, but the cpuset lies on 1; widen it, or use KTSTR_MPOL_F_STATIC_NODES",
		       .cpuset = CPUS("5"), .mem = MPOL(BIND, "0-1"));
}

TEST_F(ops, ops_that_cannot_be_meant_are_refused)
{
	REFUSED_OP("SET_CPUSET x: there is no cgroup x at this point",
		   SET_CPUSET("x", CPUS("0")));
	REFUSED_OP("SET_CPUSET x: no cpuset is given; CLEAR_CPUSET takes one away",
		   ADD_CGROUP("x"), SET_CPUSET("x", {}));
	REFUSED_OP("SET_CPUSET x: cpuset DISJOINT(0, 9): 7 usable CPUs cannot be divided into 9 parts",
		   ADD_CGROUP("x"), SET_CPUSET("x", DISJOINT(0, 9)));
	REFUSED_OP("SWAP_CPUSETS x: a cgroup cannot be swapped with itself",
		   ADD_CGROUP("x"), SWAP_CPUSETS("x", "x"));
	REFUSED_OP("SPAWN x: no workers, every check would pass without a test; give it at least 1 or remove it",
		   ADD_CGROUP("x"), SPAWN("x", .workers_pct = 1e300));
	REFUSED_OP("SPAWN_HOST: workers_pct needs a cgroup, the runner's has no cpuset",
		   SPAWN_HOST(.workers_pct = 1));
	REFUSED_OP("SET_AFFINITY x: no affinity is given", ADD_CGROUP("x"),
		   SET_AFFINITY("x", {}));
	REFUSED_OP("MOVE_ALL_TASKS x: a cgroup's tasks cannot be moved to where they are",
		   ADD_CGROUP("x"), MOVE_ALL_TASKS("x", "x"));
	REFUSED_OP("FREEZE_CGROUP x: there is no cgroup x at this point", FREEZE_CGROUP("x"));
	REFUSED_OP("CAPTURE_CGROUP_PROCS x: a tag has 1 to 63 bytes", ADD_CGROUP("x"),
		   CAPTURE_CGROUP_PROCS("", "x"));
	REFUSED_OP("STEER_IRQ: CPU 8 is not online", STEER_IRQ(IRQ(1), 8));
	REFUSED_OP("REMOVE_CGROUP x: x/y lies in it and must be removed first",
		   ADD_CGROUP("x"), ADD_CGROUP("x/y"), REMOVE_CGROUP("x"));
	REFUSED_OP("ops: unknown op (77)", { .kind = 77 });
	EXPECT_REFUSED("STOP_CGROUP a: there is no cgroup a at this point; ops run before the step's cgroups are made, use ADD_CGROUP_DEF or the backdrop",
		       STEP(OPS(STOP_CGROUP("a")), CGROUPS(CGROUP("a")), HOLD_MS(5)));
	EXPECT_REFUSED("ADD_CGROUP x: the cgroup exists already in this step (the ops of a loop are repeated)",
		       STEP(CGROUPS(CGROUP("a")), OPS(ADD_CGROUP("x")), HOLD_LOOP_MS(5)));
	EXPECT_REFUSED("hold validation: HOLD_NONE is for steps that consist of ops",
		       STEP(CGROUPS(CGROUP("a")), HOLD_NONE));
	EXPECT_REFUSED("hold validation: a loop without ops",
		       STEP(CGROUPS(CGROUP("a")), HOLD_LOOP_MS(5)));
}

TEST_F(ops, every_op_has_a_row_and_what_is_not_there_yet_says_what_it_needs)
{
	unsigned int kind, missing = 0;

	for (kind = KTSTR_OP_END + 1; kind < KTSTR_NR_OPS; kind++) {
		const struct ktstr_op_row *row = ktstr_op__row(kind);
		struct ktstr_op op = { .kind = kind, .cgroup = "x", .name = "y" };
		const struct ktstr_op list[] = { op, { .kind = KTSTR_OP_END } };
		char want[128];

		ASSERT_NE(NULL, row) TH_LOG("op %u", kind);
		EXPECT_TRUE(row->check != NULL);
		EXPECT_EQ(!row->needs, !!row->apply);
		if (!row->needs)
			continue;
		missing++;
		self->ctx.result->nr_details = 0;
		EXPECT_EQ(-EINVAL, RUN({ .ops = list, HOLD_MS(5) }));
		snprintf(want, sizeof(want), "step 1 %s x: not supported yet: needs ", row->name);
		EXPECT_DETAIL(KTSTR_FAILS, want);
	}
	EXPECT_EQ(0, missing);
	EXPECT_STREQ("", fake.log);
}

TEST_F(ops, the_backdrop_is_checked_too_and_its_names_are_taken)
{
	EXPECT_EQ(-EINVAL, RUN_WITH(BACKDROP(CGROUPS(CGROUP("b", .cpu_weight = 20000))),
		STEP(OPS(ADD_CGROUP("c"), MOVE_ALL_TASKS("b", "c")),
		     CGROUPS(CGROUP("b")), HOLD_MS(5))));
	EXPECT_DETAIL(KTSTR_FAILS, "backdrop cgroup b: cpu.weight \"20000\"");
	EXPECT_DETAIL(KTSTR_FAILS, "step 1 cgroup b: the cgroup exists already in the backdrop");
	EXPECT_DETAIL(KTSTR_FAILS, "step 1 MOVE_ALL_TASKS b: workers of the backdrop would be left in c, which ends with the step");
	EXPECT_STREQ("", fake.log);
}

TEST_F(ops, the_controllers_that_are_needed_are_enabled_in_every_ancestor)
{
	EXPECT_EQ(0, RUN(STEP(OPS(ADD_CGROUP("n"), SET_CPUSET("n", CPUS("0"))), HOLD_MS(5)),
			 STEP(CGROUPS(CGROUP("n/a", .cpu_weight = 5, .memory_high = UNLIMITED,
					     .io_weight = 7, .pids_max = LIMIT(9))),
			      HOLD_MS(5)))) print_details(self->ctx.result);
#define ALL(_dir)								\
	"write " _dir "cgroup.subtree_control=+cpuset\n"				\
	"write " _dir "cgroup.subtree_control=+cpu\n"				\
	"write " _dir "cgroup.subtree_control=+memory\n"				\
	"write " _dir "cgroup.subtree_control=+io\n"				\
	"write " _dir "cgroup.subtree_control=+pids\n"
	EXPECT_EQ(&fake.log[0], strstr(fake.log, ALL("/") ALL("/t/")));
	EXPECT_NE(NULL, strstr(fake.log, "mkdir /t/n\n" ALL("/t/n/") "mkdir /t/n/a\n"));
}

TEST_F(ops, a_backdrop_can_do_without_the_cpu_controller)
{
	const struct ktstr_backdrop none = { .no_cpu_controller = true };

	put_file(self->env.cgroupfs, "t/cgroup.subtree_control", "cpuset cpu\n");
	EXPECT_EQ(0, RUN_WITH(&none, STEP(CGROUPS(CGROUP("n/a")), HOLD_MS(5))))
		print_details(self->ctx.result);
	EXPECT_EQ(&fake.log[0], strstr(fake.log,
		"write /t/cgroup.subtree_control=-cpu\nmkdir /t/n\nmkdir /t/n/a\n"));
	EXPECT_EQ(-EINVAL, RUN_WITH(&none, STEP(CGROUPS(CGROUP("a", .cpu_weight = 50)),
						HOLD_MS(5))));
	EXPECT_DETAIL(KTSTR_FAILS, "cpu_max and cpu_weight need the cpu controller");
}

TEST_F(ops, knobs_are_written_after_cpus_and_mems_and_before_any_worker)
{
	EXPECT_EQ(0, RUN(STEP(CGROUPS(CGROUP("a", .cpuset = CPUS("4-5"), .cpu_max = CPU_PCT(150),
		.cpu_weight = 300, .memory_max = LIMIT(1 << 20), .memory_high = LIMIT(5),
		.memory_low = LIMIT(0), .memory_swap_max = UNLIMITED, .io_weight = 50,
		.pids_max = LIMIT(10)),
				      CGROUP("b", .cpuset = CPUS("0"), .cpuset_mems = "0-1",
					     .cpu_max = CPU_UNLIMITED)),
			      HOLD_MS(5)))) print_details(self->ctx.result);
	EXPECT_STREQ("mkdir /t/a\n"
		     "write /t/a/cpuset.cpus=4-5\nwrite /t/a/cpuset.mems=1\n"
		     "write /t/a/cpu.max=150000 100000\nwrite /t/a/cpu.weight=300\n"
		     "write /t/a/memory.max=1048576\nwrite /t/a/memory.high=5\n"
		     "write /t/a/memory.low=0\nwrite /t/a/memory.swap.max=max\n"
		     "write /t/a/io.weight=50\nwrite /t/a/pids.max=10\n"
		     "mkdir /t/b\nwrite /t/b/cpuset.cpus=0\nwrite /t/b/cpuset.mems=0-1\n"
		     "write /t/b/cpu.max=max\n"
		     "write /t/a/PID\nwrite /t/b/PID\n", writes());
}

TEST_F(ops, ops_write_what_they_say_in_their_order)
{
	EXPECT_EQ(0, RUN(STEP(OPS(
		ADD_CGROUP("x"), ADD_CGROUP("y"),
		SET_CPUSET("x", CPUS("0-1")), SET_CPUSET("y", CPUS("4")),
		SWAP_CPUSETS("x", "y"), CLEAR_CPUSET("x"),
		SPAWN("x", .workers = 2), MOVE_ALL_TASKS("x", "y"),
		FREEZE_CGROUP("y"), UNFREEZE_CGROUP("y"),
		ADD_CGROUP_DEF("z", .workers = 1, .cpu_weight = 7)),
		HOLD_MS(5)))) print_details(self->ctx.result);
	EXPECT_STREQ("mkdir /t/x\nmkdir /t/y\n"
		     "write /t/x/cpuset.cpus=0-1\nwrite /t/x/cpuset.mems=0\n"
		     "write /t/y/cpuset.cpus=4\nwrite /t/y/cpuset.mems=1\n"
		     "write /t/y/cpuset.cpus=0-1\nwrite /t/y/cpuset.mems=0\n"
		     "write /t/x/cpuset.cpus=4\nwrite /t/x/cpuset.mems=1\n"
		     "write /t/x/cpuset.cpus=\n" "write /t/x/cpuset.mems=\n"
		     "write /t/x/PID\nwrite /t/x/PID\n"
		     "write /t/y/PID\nwrite /t/y/PID\n"
		     "write /t/y/cgroup.freeze=1\nwrite /t/y/cgroup.freeze=0\n"
		     "mkdir /t/z\nwrite /t/z/cpu.weight=7\nwrite /t/z/PID\n", writes());
	EXPECT_EQ(3, told[0].workers);
	EXPECT_EQ(1u << KTSTR_OP_ADD_CGROUP | 1u << KTSTR_OP_SET_CPUSET |
		  1u << KTSTR_OP_SWAP_CPUSETS | 1u << KTSTR_OP_CLEAR_CPUSET |
		  1u << KTSTR_OP_SPAWN | 1u << KTSTR_OP_MOVE_ALL_TASKS |
		  1u << KTSTR_OP_FREEZE_CGROUP | 1u << KTSTR_OP_UNFREEZE_CGROUP |
		  1u << KTSTR_OP_ADD_CGROUP_DEF, told[0].op_kinds);
}

static const struct ktstr_cgroup_stats *stats(const struct ktstr_result *r, const char *name,
					      uint32_t step)
{
	uint32_t i;

	for (i = 0; i < r->nr_cgroups; i++)
		if (!strcmp(r->cgroups[i].name, name) && r->cgroups[i].step == step)
			return &r->cgroups[i];
	return NULL;
}

#define EXPECT_WORKERS(_nr, _name, _step) do {					\
	const struct ktstr_cgroup_stats *c = stats(self->ctx.result, _name, _step); \
										\
	ASSERT_NE(NULL, c) TH_LOG("no figures of %s", _name);			\
	EXPECT_EQ(_nr, c->workers);						\
} while (0)

TEST_F(ops, several_groups_of_workers_share_a_cgroup_and_inherit_from_it)
{
	EXPECT_EQ(0, RUN(STEP(CGROUPS(CGROUP("a", .nice = VALUE(3), .works = WORKS(
		WORKSPEC(.workers = 1), WORKSPEC(.workers = 2, .work = YIELD_HEAVY))),
				      CGROUP("b", .workers_pct = 0.3, .cpuset = CPUS("0-3"))),
			      HOLD_MS(50)))) print_details(self->ctx.result);
	EXPECT_WORKERS(3, "a", 0);
	EXPECT_WORKERS(2, "b", 0);		/* ceil(4 * 0.3) */
}

TEST_F(ops, what_belongs_to_the_backdrop_lasts_through_all_steps)
{
	EXPECT_EQ(0, RUN_WITH(BACKDROP(CGROUPS(CGROUP("b", .workers = 1)), OPS(ADD_CGROUP("c"))),
		STEP(OPS(SPAWN("b", .workers = 2), SPAWN_HOST(.workers = 1)), HOLD_MS(20)),
		STEP(CGROUPS(CGROUP("s", .workers = 1)), HOLD_MS(20)),
		STEP(OPS(ADD_CGROUP("s"), SPAWN("s", .workers = 3), MOVE_ALL_TASKS("s", "c")),
		     HOLD_MS(20)),
		STEP(HOLD_MS(20)))) print_details(self->ctx.result);
	EXPECT_EQ(4, told[0].workers);
	EXPECT_EQ(2, told[1].workers);
	EXPECT_EQ(4, told[2].workers);
	EXPECT_EQ(4, told[3].workers);		/* those that moved into the backdrop stayed */
	/* Of those who live and those who have ended: it never decreases. */
	EXPECT_LT(told[0].iterations, told[1].iterations);
	EXPECT_LT(told[1].iterations, told[2].iterations);
	EXPECT_LT(told[2].iterations, told[3].iterations);
	/* its own workers and those that the step sent there */
	EXPECT_EQ(3, phase_cgroup(self->ctx.result, 0, "b").workers);
	EXPECT_WORKERS(1, "(runner's cgroup)", 0);
	EXPECT_WORKERS(1, "s", 1);
	EXPECT_WORKERS(3, "c", 2);
	EXPECT_EQ(3, phase_cgroup(self->ctx.result, 3, "c").workers);
	EXPECT_FALSE(phase_cgroup(self->ctx.result, 1, "c").found);
	/* each once: b had one of its own and two of a step */
	EXPECT_EQ(3, cgroup_stats(self->ctx.result, "b").workers);
	EXPECT_EQ(3, cgroup_stats(self->ctx.result, "c").workers);
	EXPECT_EQ(8, run_stats(self->ctx.result).workers);
}

TEST_F(ops, workers_of_the_backdrop_have_figures_of_each_step_and_of_their_life)
{
	const struct ktstr_result *r = self->ctx.result;
	struct ktstr_stats life, of;
	double sum = 0, samples = 0;
	uint32_t i;

	EXPECT_EQ(0, RUN_WITH(BACKDROP(CGROUPS(CGROUP("b", .workers = 2,
						      .work = FUTEX_PING_PONG()))),
		STEP(HOLD_MS(200)), STEP(CGROUPS(CGROUP("s", .workers = 1)), HOLD_MS(200)),
		STEP(HOLD_MS(200)))) print_details(r);
	life = cgroup_stats(r, "b");
	EXPECT_EQ(2, life.workers);
	for (i = 0; i < 3; i++) {
		of = phase_cgroup(r, i, "b");
		ASSERT_TRUE(of.found) TH_LOG("step %u", i + 1);
		EXPECT_EQ(2, of.workers);
		EXPECT_LT(0, of.iterations);
		EXPECT_LT(0, of.wake_samples);
		EXPECT_LT(of.wall_s, life.wall_s);
		EXPECT_LE(2 * .2, of.wall_s);
		EXPECT_LE(of.max_gap_ms, life.max_gap_ms);
		EXPECT_EQ(phase_worker(r, 0, "b", 1).tid, phase_worker(r, i, "b", 1).tid);
		sum += of.iterations;
		samples += of.wake_samples;
	}
	EXPECT_FALSE(phase_cgroup(r, 3, "b").found);
	EXPECT_LE(sum, life.iterations);
	EXPECT_LE(samples, life.wake_samples);
	EXPECT_EQ(3, phase_stats(r, 1).workers);
	EXPECT_EQ(3, run_stats(r).workers);
}

TEST_F(ops, a_backdrop_cgroup_may_be_removed_and_made_again_by_a_step)
{
	EXPECT_EQ(0, RUN_WITH(BACKDROP(CGROUPS(CGROUP("b", .workers = 1), CGROUP("k"))),
		STEP(OPS(REMOVE_CGROUP("b"), ADD_CGROUP("b")), HOLD_MS(20)),
		STEP(OPS(ADD_CGROUP("b")), HOLD_MS(20)))) print_details(self->ctx.result);
	EXPECT_WORKERS(1, "b", 0);
	EXPECT_DETAIL(KTSTR_NOTE, "b: step 1: 1 worker was stopped by REMOVE_CGROUP and judged");
}

TEST_F(ops, stopped_workers_are_judged_and_their_cgroup_stays)
{
	self->ctx.checks.min_iteration_rate = 1e15;
	EXPECT_EQ(0, RUN_WITH(BACKDROP(CGROUPS(CGROUP("b", .workers = 2))),
		STEP(HOLD_MS(20)),
		STEP(OPS(STOP_CGROUP("b"), SET_CPUSET("b", CPUS("0"))), HOLD_MS(5))));
	EXPECT_DETAIL(KTSTR_NOTE, "b: step 2: 2 workers were stopped by STOP_CGROUP and judged");
	EXPECT_DETAIL(KTSTR_FAILS, "b:0[");
	EXPECT_WORKERS(2, "b", 0);
	EXPECT_EQ(0, told[1].workers);
}

TEST_F(ops, a_cgroup_that_is_frozen_in_the_end_is_thawed_for_its_workers)
{
	EXPECT_EQ(0, RUN(STEP(OPS(ADD_CGROUP("x"), SPAWN("x", .workers = 1), FREEZE_CGROUP("x")),
			      HOLD_MS(5)))) print_details(self->ctx.result);
	EXPECT_NE(NULL, strstr(fake.log, "freeze=1\nwrite /t/x/cgroup.freeze=0\n"));
}

TEST_F(ops, a_loop_repeats_its_ops_until_the_time_is_over)
{
	char *p = fake.log;
	int rounds = 0;

	EXPECT_EQ(0, RUN(STEP(CGROUPS(CGROUP("a", .workers = 1)),
			      OPS(SET_CPUSET("a", CPUS("0-7")), SPAWN("a", .workers = 1)),
			      HOLD_LOOP_MS(200)))) print_details(self->ctx.result);
	while ((p = strstr(p, "cpuset.cpus=0-7"))) {
		p++;
		rounds++;
	}
	EXPECT_LE(2, rounds);
	EXPECT_GE(5, rounds);
	EXPECT_WORKERS(1 + (uint32_t)rounds, "a", 0);
}

/*
 * The fake tree does not really restrict anybody: so workers that run here although their
 * recorded cpuset is CPU 7 must be noticed, each epoch on its own.
 */
TEST_F(ops, isolation_is_judged_by_the_cpuset_of_its_time)
{
	if (sysconf(_SC_NPROCESSORS_ONLN) > 7)
		SKIP(return, "this machine has the CPUs that the fake one pretends to have");
	self->ctx.checks.isolation = KTSTR_ON;
	EXPECT_EQ(0, RUN_WITH(BACKDROP(CGROUPS(CGROUP("b", .workers = 1, .cpuset = CPUS("0-6")))),
		STEP(HOLD_MS(300)),
		STEP(OPS(SET_CPUSET("b", CPUS("7"))), HOLD_MS(400)),
		STEP(OPS(SET_CPUSET("b", CPUS("0-6"))), HOLD_MS(300))));
	EXPECT_EQ(1, self->ctx.result->nr_details) print_details(self->ctx.result);
	EXPECT_DETAIL(KTSTR_FAILS, "b:0[");
	EXPECT_DETAIL(KTSTR_FAILS, "ran on unexpected CPUs {");
}

/* More bandwidth than there is: refused on every kernel, whoever asks. */
TEST_F(ops, a_refused_attribute_fails_the_step_and_is_named)
{
	EXPECT_GT(0, RUN(STEP(CGROUPS(CGROUP("a", .workers = 1),
				      CGROUP("b", .workers = 500,
					     .policy = DEADLINE(.runtime_ns = NSEC_PER_SEC,
								.deadline_ns = NSEC_PER_SEC,
								.period_ns = NSEC_PER_SEC))),
			      HOLD_MS(5))));
	EXPECT_DETAIL(KTSTR_FAILS, "step 1 failed: start: b: worker ");
	EXPECT_DETAIL(KTSTR_FAILS, "was refused policy SCHED_DEADLINE: ");
	EXPECT_EQ(0, nr_told);
	EXPECT_EQ(0, self->ctx.result->nr_cgroups);
}

TEST_F(ops, a_failing_backdrop_says_so_and_leaves_nothing)
{
	fake.refuse = "/t/bad";
	EXPECT_EQ(-EROFS, RUN_WITH(BACKDROP(CGROUPS(CGROUP("ok"), CGROUP("bad"))),
				   STEP(HOLD_MS(5))));
	EXPECT_DETAIL(KTSTR_FAILS, "Backdrop setup failed: cgroup bad: mkdir ");
}

static void list_procs(unsigned int step)
{
	char dir[80];

	snprintf(dir, sizeof(dir), "%s/t/b", fake.fs);
	if (step == 1)
		put_file(dir, "cgroup.procs", "12\n345\n");
}

TEST_F(ops, captured_pids_are_found_by_their_tag)
{
	int pids[2] = { };

	when_told = list_procs;
	EXPECT_EQ(0, RUN_WITH(BACKDROP(OPS(ADD_CGROUP("b"))), STEP(HOLD_MS(5)),
			      STEP(OPS(CAPTURE_CGROUP_PROCS("tag", "b")), HOLD_NONE)));
	EXPECT_EQ(2, ktstr_captured_procs(&self->ctx, "tag", pids, 1));
	EXPECT_EQ(12, pids[0]);
	EXPECT_EQ(0, pids[1]);
	EXPECT_EQ(2, ktstr_captured_procs(&self->ctx, "tag", pids, 2));
	EXPECT_EQ(345, pids[1]);
	EXPECT_EQ(-ENOENT, ktstr_captured_procs(&self->ctx, "other", pids, 2));
}

static const char interrupts[] =
	"            CPU0       CPU1\n"
	"   4:          0         50  IO-APIC   4-edge      ttyS0\n"
	"  24:         17          0  PCI-MSIX-0000:00:01.0   0-edge      virtio0-config\n"
	"  25:          1          2  PCI-MSIX-0000:00:01.0   1-edge      virtio0-req, other\n"
	"  26:          1          2  PCI-MSIX-0000:00:02.0   1-edge      other\n"
	" NMI:          0          0   Non-maskable interrupts\n";

TEST_F(ops, an_interrupt_is_steered_by_its_label)
{
	char path[128], text[16] = "";
	FILE *f;

	fake_tree_put(self->sysfs, ".", "interrupts", interrupts);
	fake_tree_put(self->sysfs, "irq/25", "smp_affinity_list", "0-7\n");
	EXPECT_EQ(0, RUN(STEP(OPS(STEER_IRQ(IRQ_LABEL("virtio0-req"), 3)), HOLD_NONE)))
		print_details(self->ctx.result);
	snprintf(path, sizeof(path), "%s/irq/25/smp_affinity_list", self->sysfs);
	f = fopen(path, "r");
	ASSERT_NE(NULL, f);
	EXPECT_NE(NULL, fgets(text, sizeof(text), f));
	fclose(f);
	EXPECT_STREQ("3\n", text);
	EXPECT_EQ(-ENOENT, RUN(STEP(OPS(STEER_IRQ(IRQ_LABEL("virtio0"), 3)), HOLD_NONE)));
	EXPECT_DETAIL(KTSTR_FAILS, "STEER_IRQ: no interrupt has the label \"virtio0\"; there are: ttyS0, virtio0-config, virtio0-req, other");
	EXPECT_EQ(-ENOTUNIQ, RUN(STEP(OPS(STEER_IRQ(IRQ_LABEL("other"), 3)), HOLD_NONE)));
	EXPECT_DETAIL(KTSTR_FAILS, "2 interrupts have the label \"other\"; use IRQ(n)");
	EXPECT_EQ(-ENOENT, RUN(STEP(OPS(STEER_IRQ(IRQ(99), 3)), HOLD_NONE)));
}

/* The run's work type replaces that of swappable cgroups only, and where its groups fit. */
TEST_F(ops, a_work_type_for_the_whole_run_replaces_swappable_ones)
{
	static const struct ktstr_work pairs = { .type = KTSTR_WORK_FUTEX_PING_PONG };

	self->ctx.work_override = &pairs;
	EXPECT_EQ(0, RUN(STEP(CGROUPS(CGROUP("even", .workers = 2, .swappable = true),
				      CGROUP("odd", .workers = 3, .swappable = true),
				      CGROUP("own", .workers = 2)),
			      HOLD_MS(50)))) print_details(self->ctx.result);
	ASSERT_NE(NULL, stats(self->ctx.result, "even", 0));
	EXPECT_EQ(1, stats(self->ctx.result, "even", 0)->blocks);
	EXPECT_EQ(0, stats(self->ctx.result, "odd", 0)->blocks);
	EXPECT_EQ(0, stats(self->ctx.result, "own", 0)->blocks);
}

TEST_HARNESS_MAIN
