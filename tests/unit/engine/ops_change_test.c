// SPDX-License-Identifier: GPL-2.0
/*
 * Ops that change what a cgroup or its workers are entitled to, the verdicts of custom workers, and
 * who is not called starved. The cgroups are a fake tree, the workers are real.
 */
#include <errno.h>
#include <linux/prctl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <ktstr/custom.h>

#include "ops_fixture.h"

TEST_F(ops, changes_that_cannot_be_meant_are_refused)
{
	REFUSED_OP("SET_WEIGHT x: there is no cgroup x at this point", SET_WEIGHT("x", 1));
	REFUSED_OP("SET_WEIGHT x: cpu.weight \"0\": a weight lies in 1..10000",
		   ADD_CGROUP("x"), SET_WEIGHT("x", 0));
	REFUSED_OP("SET_WEIGHT x: cpu.weight \"10001\": a weight lies in 1..10000",
		   ADD_CGROUP("x"), SET_WEIGHT("x", 10001));
	REFUSED_OP("SET_CPU_MAX x: no bandwidth is given; CPU_UNLIMITED takes a limit away",
		   ADD_CGROUP("x"), SET_CPU_MAX("x", {}));
	REFUSED_OP("SET_CPU_MAX x: cpu.max \"500 100000\": a quota is at least 1000 us",
		   ADD_CGROUP("x"), SET_CPU_MAX("x", CPU_MAX_US(500, 100000)));
	REFUSED_OP("SET_UCLAMP x: clamps are percentages with 0 <= min <= max <= 100, not 60 and 50",
		   ADD_CGROUP("x"), SET_UCLAMP("x", 60, 50));
	REFUSED_OP("SET_UCLAMP x: clamps are percentages with 0 <= min <= max <= 100, not 0 and 101",
		   ADD_CGROUP("x"), SET_UCLAMP("x", 0, 101));
	REFUSED_OP("SET_CONTROLLERS y: there is no cgroup y at this point",
		   SET_CONTROLLERS("y", "-cpu"));
	REFUSED_OP("SET_CONTROLLERS: names no controller, such as \"-cpu +cpu\"",
		   SET_CONTROLLERS(NULL, " "));
	REFUSED_OP("SET_CONTROLLERS: \"cpu\" is no controller with a sign, such as -cpu; there are cpuset, cpu, memory, io and pids",
		   SET_CONTROLLERS(NULL, "-pids cpu"));
	REFUSED_OP("SET_NICE x: nice 20 does not lie in -20..19",
		   ADD_CGROUP_DEF("x", .workers = 1), SET_NICE("x", 20));
	REFUSED_OP("SET_NICE x: x has no workers at this point", ADD_CGROUP("x"),
		   SET_NICE("x", 1));
	REFUSED_OP("SET_NICE x: x has no workers at this point",
		   ADD_CGROUP_DEF("x", .workers = 1), STOP_CGROUP("x"), SET_NICE("x", 1));
	REFUSED_OP("SET_NICE x: x has no work 2, it has 1", ADD_CGROUP("x"),
		   SPAWN("x", .workers = 1), SET_NICE("x", 1, .work = 2));
	REFUSED_OP("SET_NICE x: work -1: works count from 1",
		   ADD_CGROUP_DEF("x", .workers = 1), SET_NICE("x", 1, .work = -1));
	REFUSED_OP("SET_POLICY x: no policy is given; POLICY(OTHER) is the one that workers begin with",
		   ADD_CGROUP_DEF("x", .workers = 1), SET_POLICY("x", {}));
	REFUSED_OP("SET_POLICY x: real-time priority 100 does not lie in 1..99",
		   ADD_CGROUP_DEF("x", .workers = 1), SET_POLICY("x", FIFO(100)));
	REFUSED_OP("SET_POLICY x: DEADLINE workers cannot be restricted to some CPUs",
		   ADD_CGROUP_DEF("x", .workers = 1, .cpuset = CPUS("0")),
		   SET_POLICY("x", DEADLINE(.runtime_ns = 2000, .deadline_ns = 2000,
					    .period_ns = 3000)));
}

TEST_F(ops, cookies_are_for_workers_that_are_there)
{
	REFUSED_OP("SET_CORE_COOKIE y: there is no cgroup y at this point", SET_CORE_COOKIE("y"));
	REFUSED_OP("SET_CORE_COOKIE x: x has no workers at this point", ADD_CGROUP("x"),
		   SET_CORE_COOKIE("x"));
	REFUSED_OP("CLEAR_CORE_COOKIE x: x has no work 2, it has 1",
		   ADD_CGROUP_DEF("x", .workers = 1), CLEAR_CORE_COOKIE("x", .work = 2));
}

TEST_F(ops, ops_change_the_knobs_of_a_cgroup)
{
	put_file(self->env.cgroupfs, "t/cgroup.subtree_control", "cpuset cpu pids\n");
	EXPECT_EQ(0, RUN(STEP(OPS(
		ADD_CGROUP("x"), SET_WEIGHT("x", 300), SET_CPU_MAX("x", CPU_PCT(50)),
		SET_CPU_MAX("x", CPU_UNLIMITED), SET_UCLAMP("x", 0, 40),
		SET_CONTROLLERS(NULL, "-pids +pids"), SET_CONTROLLERS("x", "-io")),
		HOLD_NONE))) print_details(self->ctx.result);
	EXPECT_NE(NULL, strstr(fake.log, "mkdir /t/x\n"
		     "write /t/x/cpu.weight=300\nwrite /t/x/cpu.max=50000 100000\n"
		     "write /t/x/cpu.max=max\n"
		     "write /t/x/cpu.uclamp.min=0\nwrite /t/x/cpu.uclamp.max=40\n"
		     "write /t/cgroup.subtree_control=-pids\n"
		     "write /t/cgroup.subtree_control=+pids\n"
		     "write /t/x/cgroup.subtree_control=-io\n")) TH_LOG("%s", fake.log);
	EXPECT_EQ(1ULL << KTSTR_OP_ADD_CGROUP | 1ULL << KTSTR_OP_SET_WEIGHT |
		  1ULL << KTSTR_OP_SET_CPU_MAX | 1ULL << KTSTR_OP_SET_UCLAMP |
		  1ULL << KTSTR_OP_SET_CONTROLLERS, told[0].op_kinds);
}

/* What each worker of x has: when the stimulus is told, the ops have been carried out. */
static struct {
	int nr, nice[3], policy[3];
	uint64_t cookie[3], kinds;
} seen;

static int cookie_of(int tid, uint64_t *cookie)
{
	*cookie = 0;
	return prctl(PR_SCHED_CORE, PR_SCHED_CORE_GET, tid, PR_SCHED_CORE_SCOPE_THREAD, cookie);
}

static void look_at_children(unsigned int step)
{
	char path[64], text[256] = "", *p;
	FILE *f;

	(void)step;
	seen.nr = 0;
	seen.kinds = told[nr_told - 1].op_kinds;
	snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	f = fopen(path, "r");
	if (!f)
		return;
	if (!fgets(text, sizeof(text), f))
		text[0] = '\0';
	fclose(f);
	for (p = strtok(text, " "); p && seen.nr < 3; p = strtok(NULL, " ")) {
		cookie_of(atoi(p), &seen.cookie[seen.nr]);
		seen.nice[seen.nr] = getpriority(PRIO_PROCESS, atoi(p));
		seen.policy[seen.nr++] = sched_getscheduler(atoi(p));
	}
}

TEST_F(ops, ops_change_nice_value_and_policy_of_workers)
{
	when_told = look_at_children;
	EXPECT_EQ(0, RUN_WITH(BACKDROP(CGROUPS(CGROUP("x", .works = WORKS(
				WORKSPEC(.workers = 1), WORKSPEC(.workers = 2))))),
		STEP(OPS(SET_NICE("x", 3), SET_NICE("x", 7, .work = 2),
			 SET_POLICY("x", POLICY(BATCH), .work = 2)), HOLD_MS(5))))
		print_details(self->ctx.result);
	if (!seen.nr)
		SKIP(return, "/proc/self/task/*/children is not there");
	ASSERT_EQ(3, seen.nr);
	EXPECT_EQ(3, seen.nice[0]);
	EXPECT_EQ(7, seen.nice[1]);
	EXPECT_EQ(7, seen.nice[2]);
	EXPECT_EQ(SCHED_OTHER, seen.policy[0]);
	EXPECT_EQ(SCHED_BATCH, seen.policy[1]);
	EXPECT_EQ(SCHED_BATCH, seen.policy[2]);
}

TEST_F(ops, workers_share_a_cookie_that_nobody_else_has_or_the_step_says_why_not)
{
	uint64_t own;
	int errnum = cookie_of(0, &own) ? errno : 0, ret;

	when_told = look_at_children;
	ret = RUN_WITH(BACKDROP(CGROUPS(CGROUP("x", .works = WORKS(
				WORKSPEC(.workers = 1), WORKSPEC(.workers = 2))))),
		STEP(OPS(SET_CORE_COOKIE("x"), SET_CORE_COOKIE("x", .work = 2),
			 CLEAR_CORE_COOKIE("x", .work = 1)), HOLD_MS(5)));
	if (errnum) {
		EXPECT_EQ(-errnum, ret);
		EXPECT_DETAIL(KTSTR_FAILS, "step 1 failed: SET_CORE_COOKIE x: ");
		EXPECT_DETAIL(KTSTR_FAILS, errnum == ENODEV ?
			      "no core of this machine has two threads" :
			      "the kernel was built without CONFIG_SCHED_CORE");
		return;
	}
	EXPECT_EQ(0, ret) print_details(self->ctx.result);
	ASSERT_EQ(3, seen.nr);
	EXPECT_EQ(0, seen.cookie[0]);
	EXPECT_NE(0, seen.cookie[1]);
	EXPECT_EQ(seen.cookie[1], seen.cookie[2]);
	EXPECT_EQ(0, cookie_of(0, &own));
	EXPECT_EQ(0, own);	/* the runner has none */
}

/* More bandwidth than there is: refused on every kernel, whoever asks. */
TEST_F(ops, a_change_that_the_kernel_refuses_is_named)
{
	const struct ktstr_policy deadline = DEADLINE(.runtime_ns = NSEC_PER_SEC,
		.deadline_ns = NSEC_PER_SEC, .period_ns = NSEC_PER_SEC);

	EXPECT_GT(0, RUN_WITH(BACKDROP(CGROUPS(CGROUP("a", .workers = 500))),
			      STEP(OPS(SET_POLICY("a", deadline)), HOLD_MS(5))));
	EXPECT_DETAIL(KTSTR_FAILS, "step 1 failed: SET_POLICY a: worker ");
	EXPECT_DETAIL(KTSTR_FAILS, "was refused policy SCHED_DEADLINE: ");
}

static void does_nothing(struct ktstr_work_ctx *w)
{
	ktstr_work_sleep(w, NSEC_PER_MSEC);
}

#define DOES_NOTHING	.work = CUSTOM("does_nothing", does_nothing)

TEST_F(ops, workers_that_an_op_ends_after_a_moment_are_not_called_starved)
{
	ktstr_checks__resolve(&self->ctx.checks, NULL, NULL);
	EXPECT_EQ(0, RUN_WITH(BACKDROP(CGROUPS(CGROUP("b", .workers = 1, DOES_NOTHING))),
		STEP(HOLD_MS(300)),
		STEP(OPS(REMOVE_CGROUP("b")), HOLD_NONE)));
	EXPECT_EQ(NULL, detail(self->ctx.result, "starved")) print_details(self->ctx.result);
	EXPECT_EQ(0, RUN(STEP(CGROUPS(CGROUP("b", .workers = 1, DOES_NOTHING)), HOLD_MS(300))));
	EXPECT_DETAIL(KTSTR_FAILS, "starved (0 work units, not_starved)");
}

TEST_F(ops, workers_that_a_loop_makes_at_its_end_are_not_called_starved)
{
	ktstr_checks__resolve(&self->ctx.checks, NULL, NULL);
	self->ctx.duration_ns = 300 * NSEC_PER_MSEC;
	EXPECT_EQ(0, RUN(STEP(OPS(REMOVE_CGROUP("b"),
				  ADD_CGROUP_DEF("b", .workers = 1, DOES_NOTHING)),
			      HOLD_LOOP_MS(200))));
	EXPECT_EQ(NULL, detail(self->ctx.result, "starved")) print_details(self->ctx.result);
	EXPECT_DETAIL(KTSTR_NOTE, "b: step 1: 1 worker was stopped by REMOVE_CGROUP and judged");
}

/*
 * Slices of 20 ms on one CPU beside seven of nice 0: nice 0 is promised its turn within 140 ms, nice
 * 19 (weight 15 of 7183) within 9.6 s.
 */
TEST_F(ops, who_is_entitled_to_next_to_nothing_is_not_starved_at_once)
{
	ktstr_checks__resolve(&self->ctx.checks, NULL, NULL);
	EXPECT_EQ(0, RUN(STEP(CGROUPS(
		CGROUP("crowd", .workers = 6, .affinity = PINNED("0")),
		CGROUP("light", .workers = 1, .affinity = PINNED("0"), .nice = VALUE(19),
		       DOES_NOTHING),
		CGROUP("equal", .workers = 1, .affinity = PINNED("0"), DOES_NOTHING)),
		HOLD_MS(300))));
	EXPECT_EQ(NULL, detail(self->ctx.result, "light:")) print_details(self->ctx.result);
	EXPECT_DETAIL(KTSTR_FAILS, "equal:0[");
}

static void no_device(struct ktstr_work_ctx *w)
{
	ktstr_work_skip(w, "there is no device %d\nhere", 7);
	ktstr_work_fail(w, "the second verdict does not count");
}

static void no_answer(struct ktstr_work_ctx *w)
{
	ktstr_work_inconclusive(w, "no answer");
}

static void wrong_answer(struct ktstr_work_ctx *w)
{
	ktstr_work_done(w, 1);
	if (!ktstr_work_index(w))
		ktstr_work_fail(w, "%d is not 42", 41);
	ktstr_work_sleep(w, NSEC_PER_MSEC);
}

/* The defaults would call a worker without a unit of work starved. */
TEST_F(ops, a_custom_worker_can_skip_the_test)
{
	ktstr_checks__resolve(&self->ctx.checks, NULL, NULL);
	EXPECT_EQ(0, RUN_WITH(BACKDROP(CGROUPS(CGROUP("c", .workers = 1,
					.work = CUSTOM("no_device", no_device)))),
			      STEP(HOLD_MS(30)))) print_details(self->ctx.result);
	EXPECT_EQ(1, self->ctx.result->nr_details) print_details(self->ctx.result);
	EXPECT_DETAIL(KTSTR_SKIPS, "c:0[");
	EXPECT_DETAIL(KTSTR_SKIPS, "]: there is no device 7 here");
	EXPECT_EQ(KTSTR_SKIP, ktstr_result__outcome(self->ctx.result));
}

TEST_F(ops, a_custom_worker_can_leave_the_test_undecided)
{
	ktstr_checks__resolve(&self->ctx.checks, NULL, NULL);
	EXPECT_EQ(0, RUN(STEP(CGROUPS(CGROUP("c", .workers = 1,
					     .work = CUSTOM("no_answer", no_answer))),
			      HOLD_MS(30)))) print_details(self->ctx.result);
	EXPECT_EQ(1, self->ctx.result->nr_details) print_details(self->ctx.result);
	EXPECT_DETAIL(KTSTR_UNDECIDED, "c:0[");
	EXPECT_DETAIL(KTSTR_UNDECIDED, "]: no answer");
	EXPECT_EQ(KTSTR_INCONCLUSIVE, ktstr_result__outcome(self->ctx.result));
	EXPECT_EQ(1, cgroup_stats(self->ctx.result, "c").workers);
}

TEST_F(ops, a_custom_worker_can_fail_the_test)
{
	self->ctx.checks.not_starved = KTSTR_ON;
	self->ctx.checks.max_spread_pct = KTSTR_NO_LIMIT;
	EXPECT_EQ(0, RUN(STEP(CGROUPS(CGROUP("c", .workers = 2,
					     .work = CUSTOM("wrong_answer", wrong_answer))),
			      HOLD_MS(30)))) print_details(self->ctx.result);
	EXPECT_EQ(1, self->ctx.result->nr_details) print_details(self->ctx.result);
	EXPECT_DETAIL(KTSTR_FAILS, "c:0[");
	EXPECT_DETAIL(KTSTR_FAILS, "]: 41 is not 42");
	EXPECT_EQ(2, cgroup_stats(self->ctx.result, "c").workers);
}

TEST_HARNESS_MAIN
