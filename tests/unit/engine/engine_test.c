// SPDX-License-Identifier: GPL-2.0
/*
 * What ktstr_run_steps() promises. The cgroups are those of a fake tree, the workers are
 * real; the last test is real all through where this machine allows it.
 */
#include <math.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "kselftest_harness.h"

#include <ktstr.h>

#include "lib/clock.h"
#include "harness/chan/chan.h"
#include "harness/checks/checks.h"
#include "harness/guest/engine/engine.h"
#include "tests/unit/cgroup/fake_cgroup.h"
#include "tests/unit/cgroup/real_cgroup.h"

static struct ktstr_msg_stimulus told[8];
static unsigned int nr_told;

static void count_stimulus(struct ktstr_ctx *ctx, const struct ktstr_msg_stimulus *s)
{
	(void)ctx;
	if (nr_told < ARRAY_SIZE(told))
		told[nr_told++] = *s;
}

FIXTURE(engine) {
	struct ktstr_ctx ctx;
	struct ktstr_engine_env env;
	char root[80], sysfs[64];
};

/* A machine of four CPUs on two nodes, one second of test, no checks but starvation. */
FIXTURE_SETUP(engine)
{
	nr_told = 0;
	ASSERT_EQ(0, fake_mount());
	snprintf(self->root, sizeof(self->root), "%s/t", fake.fs);
	strcpy(self->sysfs, "/tmp/ktstr-sysfs-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->sysfs));
	fake_tree_put(self->sysfs, "devices/system/cpu", "online", "0-3\n");
	fake_tree_put(self->sysfs, "devices/system/node", "has_memory", "0-1\n");
	fake_tree_put(self->sysfs, "devices/system/node/node0", "cpulist", "0-1\n");
	fake_tree_put(self->sysfs, "devices/system/node/node1", "cpulist", "2-3\n");

	self->env = (struct ktstr_engine_env){
		.cgroupfs = fake.fs, .sysfs = self->sysfs, .procfs = self->sysfs, .io = &fake_io,
		.ready_ns = 10 * NSEC_PER_SEC, .stop_ns = 10 * NSEC_PER_SEC,
		.kill_ns = 10 * NSEC_PER_SEC,
	};
	self->ctx = (struct ktstr_ctx){
		.duration_ns = NSEC_PER_SEC, .workers_per_cgroup = 2, .sched_pidfd = -1,
		.cgroup_root = self->root, .result = ktstr_result__new(),
		.stimulus = count_stimulus,
	};
	ASSERT_NE(NULL, self->ctx.result);
	ktstr_checks__unset(&self->ctx.checks);
	self->ctx.checks.not_starved = KTSTR_ON;
	/* it brings two more; how fair this host is to the workers is not what is tested */
	self->ctx.checks.max_spread_pct = 100;
	self->ctx.checks.max_gap_ms = 60000;
}

FIXTURE_TEARDOWN(engine)
{
	char cmd[128];

	ktstr_result__free(self->ctx.result);
	snprintf(cmd, sizeof(cmd), "rm -r %s", self->sysfs);
	EXPECT_EQ(0, system(cmd));
	EXPECT_TRUE(fake_umount()) TH_LOG("cgroups were left behind");
	EXPECT_EQ(-1, waitpid(-1, NULL, WNOHANG));
}

#define RUN(...)								\
	ktstr_engine__run(&self->ctx, (const struct ktstr_step[]){ __VA_ARGS__ },	\
			  sizeof((const struct ktstr_step[]){ __VA_ARGS__ }) /	\
			  sizeof(struct ktstr_step), &self->env)

/* The detail that contains @text, or NULL. */
static const struct ktstr_detail *detail(const struct ktstr_result *r, const char *text)
{
	uint32_t i;

	for (i = 0; i < r->nr_details; i++)
		if (strstr(r->details[i].text, text))
			return &r->details[i];
	return NULL;
}

static void print_details(const struct ktstr_result *r)
{
	uint32_t i;

	for (i = 0; i < r->nr_details; i++)
		fprintf(stderr, "# %s\n", r->details[i].text);
}

#define EXPECT_DETAIL(_severity, _kind, _text) do {				\
	const struct ktstr_detail *d = detail(self->ctx.result, _text);		\
										\
	EXPECT_NE(NULL, d) {							\
		TH_LOG("no detail contains: %s", _text);			\
		print_details(self->ctx.result);				\
	}									\
	if (d) {								\
		EXPECT_EQ(_severity, d->severity);				\
		EXPECT_EQ(_kind, d->kind);					\
	}									\
} while (0)

static struct ktstr_engine_progress here, at_stimulus, at_rmdir;

static void note_where(struct ktstr_ctx *ctx, const struct ktstr_msg_stimulus *s)
{
	count_stimulus(ctx, s);
	at_stimulus = here;
}

static int rmdir_and_note_where(const char *path)
{
	at_rmdir = here;
	return fake_rmdir(path);
}

TEST_F(engine, it_can_be_seen_what_is_waited_for)
{
	const struct ktstr_cgroup_io io = { fake_mkdir, rmdir_and_note_where, fake_write };

	self->env.io = &io;
	self->ctx.progress = &here;
	self->ctx.stimulus = note_where;
	EXPECT_EQ(0, RUN(STEP(CGROUPS(CGROUP("cg_a")), HOLD_MS(5)),
			 STEP(CGROUPS(CGROUP("cg_b")), HOLD_MS(5))));
	EXPECT_EQ(2, at_stimulus.step);
	EXPECT_EQ(KTSTR_DOING_START, at_stimulus.doing);
	EXPECT_EQ(2, at_rmdir.step);
	EXPECT_EQ(KTSTR_DOING_REMOVE, at_rmdir.doing);
	EXPECT_EQ(KTSTR_DOING_OWN, here.doing);
}

TEST_F(engine, a_step_runs_its_cgroups_and_yields_statistics)
{
	uint64_t began = ktstr_now_ns();

	EXPECT_EQ(0, RUN(STEP(CGROUPS(CGROUP("cg_a"), CGROUP("cg_b", .workers = 1)),
			      HOLD_FRAC(0.2))));
	EXPECT_LE(200 * NSEC_PER_MSEC, ktstr_now_ns() - began);
	EXPECT_EQ(KTSTR_PASS, ktstr_result__outcome(self->ctx.result))
		print_details(self->ctx.result);
	ASSERT_EQ(2, self->ctx.result->nr_cgroups);
	EXPECT_STREQ("cg_a", self->ctx.result->cgroups[0].name);
	EXPECT_EQ(2, self->ctx.result->cgroups[0].workers);
	EXPECT_LT(0, self->ctx.result->cgroups[0].iterations);
	EXPECT_EQ(1, self->ctx.result->cgroups[1].workers);
	EXPECT_EQ(1, nr_told);
	EXPECT_EQ(2, told[0].cgroups);
	EXPECT_EQ(3, told[0].workers);
}

/* The lines of the log that are no pid writes. */
static const char *without_pids(void)
{
	static char out[sizeof(fake.log)];
	char copy[sizeof(fake.log)], *line, *save;

	strcpy(copy, fake.log);
	out[0] = '\0';
	for (line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *procs = strstr(line, "cgroup.procs=");

		if (procs)
			strcpy(procs, "PID");
		strcat(strcat(out, line), "\n");
	}
	return out;
}

TEST_F(engine, everything_happens_in_the_order_that_the_kernel_needs)
{
	EXPECT_EQ(0, RUN(STEP(OPS(ADD_CGROUP("n"), ADD_CGROUP("x"), REMOVE_CGROUP("x")),
			      CGROUPS(CGROUP("n/a", .workers = 1, .cpuset = CPUS("1-2")),
				      CGROUP("b", .workers = 1, .cpuset = CPUS("3"))),
			      HOLD_MS(20)))) print_details(self->ctx.result);
	EXPECT_STREQ("write /cgroup.subtree_control=+cpuset\n"
		     "write /t/cgroup.subtree_control=+cpuset\n"
		     "write /cgroup.subtree_control=+cpu\n"
		     "write /t/cgroup.subtree_control=+cpu\n"
		     "mkdir /t/n\nmkdir /t/x\nrmdir /t/x\n"
		     "write /t/n/cgroup.subtree_control=+cpuset\n"
		     "write /t/n/cgroup.subtree_control=+cpu\nmkdir /t/n/a\n"
		     "write /t/n/a/cpuset.cpus=1-2\nwrite /t/n/a/cpuset.mems=0-1\n"
		     "mkdir /t/b\n"
		     "write /t/b/cpuset.cpus=3\nwrite /t/b/cpuset.mems=1\n"
		     "write /t/n/a/PID\nwrite /t/b/PID\n"
		     "rmdir /t/b\nrmdir /t/n/a\nrmdir /t/n\n", without_pids());
	EXPECT_EQ(1u << KTSTR_OP_ADD_CGROUP | 1u << KTSTR_OP_REMOVE_CGROUP, told[0].op_kinds);
}

TEST_F(engine, nothing_is_made_when_any_step_cannot_be_meant)
{
	const struct ktstr_hold nan_hold = { .frac = NAN };

	self->ctx.workers_per_cgroup = 0;
	EXPECT_EQ(-EINVAL, RUN(
		STEP(CGROUPS(CGROUP("good", .workers = 1)), HOLD_MS(1)),
		STEP(CGROUPS(CGROUP("none"))),
		STEP(CGROUPS(CGROUP("../up", .workers = 1)), HOLD_FRAC(-1)),
		STEP(CGROUPS(CGROUP("a", .workers = 1), CGROUP("a", .workers = 1)),
		     .hold = nan_hold),
		STEP(OPS(ADD_CGROUP("o")), CGROUPS(CGROUP("o", .workers = 1)), HOLD_MS(1)),
		STEP(CGROUPS(CGROUP("c", .workers = 1, .cpuset = CPUS("2-5")),
			     CGROUP("d", .workers = 1, .cpuset = CPUS(""))),
		     .hold = { .frac = 0.1, .fixed_ns = 5 }),
		STEP(OPS(REMOVE_CGROUP(NULL)), HOLD_FRAC(INFINITY)),
		STEP(CGROUPS(CGROUP("many", .workers = 100000, .work = { .type = 99 })),
		     HOLD_MS(1))));
#define EXPECT_PROBLEM(_text) EXPECT_DETAIL(KTSTR_FAILS, KTSTR_INFRASTRUCTURE, _text)
	EXPECT_PROBLEM("step 2 cgroup none: no workers");
	EXPECT_PROBLEM("step 2 hold validation: the step has no hold");
	EXPECT_PROBLEM("step 3 cgroup ../up: ");
	EXPECT_PROBLEM("step 3 hold validation: fraction -1 ");
	EXPECT_PROBLEM("step 4 cgroup a: the cgroup exists already");
	EXPECT_PROBLEM("step 4 hold validation: fraction nan ");
	EXPECT_PROBLEM("step 5 cgroup o: the cgroup exists already");
	EXPECT_PROBLEM("step 6 cgroup c: cpuset \"2-5\": the machine has no CPU 4-5, only 0-3");
	EXPECT_PROBLEM("step 6 cgroup d: cpuset \"\" is no CPU list");
	EXPECT_PROBLEM("step 6 hold validation: a fraction, a fixed time, a loop and none exclude each other");
	EXPECT_PROBLEM("step 7 REMOVE_CGROUP (no name): ");
	EXPECT_PROBLEM("step 7 hold validation: fraction inf ");
	EXPECT_PROBLEM("step 8 has 100000 workers");
	EXPECT_PROBLEM("step 8 cgroup many: unknown work type (99)");
	EXPECT_EQ(14, self->ctx.result->nr_details);
	EXPECT_STREQ("", fake.log);
	EXPECT_EQ(0, nr_told);
	EXPECT_EQ(-EINVAL, ktstr_engine__run(&self->ctx, NULL, 0, &self->env));
}

TEST_F(engine, holds_together_last_no_longer_than_the_test)
{
	uint64_t began = ktstr_now_ns();

	self->ctx.duration_ns = 300 * NSEC_PER_MSEC;
	EXPECT_EQ(0, RUN(STEP(HOLD_MS(250)), STEP(CGROUPS(CGROUP("a")), HOLD_MS(9000))));
	EXPECT_GT(5 * NSEC_PER_SEC, ktstr_now_ns() - began);
	EXPECT_DETAIL(KTSTR_NOTE, KTSTR_OTHER, "step 2: hold of 9000 ms shortened to 50 ms");
	EXPECT_EQ(-EINVAL, RUN(STEP(HOLD_FULL), STEP(CGROUPS(CGROUP("a")), HOLD_MS(10))));
	EXPECT_PROBLEM("step 2 hold validation: the steps before it take the whole duration");
}

TEST_F(engine, settling_comes_on_top_of_the_duration)
{
	uint64_t began = ktstr_now_ns();

	self->ctx.duration_ns = 50 * NSEC_PER_MSEC;
	self->ctx.settle_ns = 200 * NSEC_PER_MSEC;
	EXPECT_EQ(0, RUN(STEP(HOLD_SETTLE), STEP(CGROUPS(CGROUP("a")), HOLD_SETTLED(1.0))));
	EXPECT_LE(450 * NSEC_PER_MSEC, ktstr_now_ns() - began);
	EXPECT_EQ(-EINVAL, RUN(STEP(CGROUPS(CGROUP("a")),
				    .hold = { .settle = true, .fixed_ns = 1000000 })));
	EXPECT_PROBLEM("step 1 hold validation: settling goes with a fraction or alone");
	self->ctx.settle_ns = 0;
	EXPECT_EQ(-EINVAL, RUN(STEP(CGROUPS(CGROUP("a")), HOLD_SETTLE)));
	EXPECT_PROBLEM("step 1 hold validation: the step only settles and the settle time is 0");
}

TEST_F(engine, a_step_that_cannot_be_made_names_the_op_and_undoes_the_rest)
{
	fake.refuse = "/t/bad";
	EXPECT_EQ(-EROFS, RUN(STEP(CGROUPS(CGROUP("ok", .workers = 1)), HOLD_MS(20)),
			      STEP(OPS(ADD_CGROUP("made"), ADD_CGROUP("bad")), HOLD_MS(20)),
			      STEP(OPS(ADD_CGROUP("never")), HOLD_MS(20))));
	EXPECT_DETAIL(KTSTR_FAILS, KTSTR_STEP_FAILED, "step 2 failed: ADD_CGROUP bad: mkdir ");
	EXPECT_DETAIL(KTSTR_FAILS, KTSTR_STEP_FAILED, "Read-only file system");
	EXPECT_NE(NULL, strstr(fake.log, "rmdir /t/made\n"));
	EXPECT_EQ(NULL, strstr(fake.log, "never"));
	EXPECT_EQ(1, self->ctx.result->nr_cgroups);
}

TEST_F(engine, what_lies_above_the_walk_root_is_left_alone)
{
	char walk[PATH_MAX];

	snprintf(walk, sizeof(walk), "%s", self->root);
	self->ctx.cgroup_walk = walk;
	EXPECT_EQ(0, RUN(STEP(CGROUPS(CGROUP("a", .workers = 1, .cpuset = CPUS("0"))), HOLD_MS(1))))
		print_details(self->ctx.result);
	EXPECT_NE(NULL, strstr(fake.log, "write /t/cgroup.subtree_control=+cpuset\n"));
	EXPECT_EQ(NULL, strstr(fake.log, "write /cgroup.subtree_control="));
}

TEST_F(engine, workers_that_were_never_started_are_not_waited_for)
{
	uint64_t began = ktstr_now_ns();

	fake.refuse = "/t/bad";
	EXPECT_NE(0, RUN(STEP(OPS(SPAWN_HOST(.workers = 3)), CGROUPS(CGROUP("bad")), HOLD_MS(5))));
	EXPECT_DETAIL(KTSTR_FAILS, KTSTR_STEP_FAILED, "step 1 failed: cgroup bad: mkdir ");
	EXPECT_GT(self->env.stop_ns / 2, ktstr_now_ns() - began);
}

TEST_F(engine, a_pair_without_smt_siblings_is_inconclusive)
{
	EXPECT_EQ(0, RUN(STEP(CGROUPS(CGROUP("a", .workers = 2, .work = SMT_SIBLING_SPIN,
					     .affinity = AFFINITY(SINGLE_CPU))), HOLD_MS(20))));
	EXPECT_DETAIL(KTSTR_UNDECIDED, KTSTR_NO_DATA,
		      "a: step 1: SmtSiblingSpin: no core has two threads among the CPUs of its workers");
}

TEST_F(engine, a_later_cgroup_that_fails_takes_the_earlier_ones_along)
{
	fake.refuse = "/t/bad";
	EXPECT_EQ(-EROFS, RUN(STEP(CGROUPS(CGROUP("first"), CGROUP("bad")), HOLD_MS(20))));
	EXPECT_DETAIL(KTSTR_FAILS, KTSTR_STEP_FAILED, "step 1 failed: cgroup bad: mkdir ");
	EXPECT_NE(NULL, strstr(fake.log, "rmdir /t/first\n"));
}

TEST_F(engine, a_scenario_without_workers_is_inconclusive)
{
	EXPECT_EQ(0, RUN(STEP(OPS(ADD_CGROUP("a")), HOLD_MS(10))));
	EXPECT_DETAIL(KTSTR_UNDECIDED, KTSTR_NO_DATA, "there was nothing to judge");
	EXPECT_EQ(KTSTR_INCONCLUSIVE, ktstr_result__outcome(self->ctx.result));
}

/* The scheduler of these tests: a process that ends after 100 ms, or at once. */
static int start_scheduler(struct ktstr_ctx *ctx, uint64_t ns)
{
	struct timespec t = { .tv_nsec = ns };

	ctx->sched_pid = fork();
	if (!ctx->sched_pid) {
		nanosleep(&t, NULL);
		_exit(0);
	}
	ctx->sched_pidfd = syscall(SYS_pidfd_open, ctx->sched_pid, 0);
	return ctx->sched_pidfd < 0 ? -errno : 0;
}

TEST_F(engine, the_schedulers_end_ends_the_hold_and_the_scenario)
{
	uint64_t began = ktstr_now_ns();

	self->ctx.duration_ns = 60 * NSEC_PER_SEC;
	ASSERT_EQ(0, start_scheduler(&self->ctx, 100 * NSEC_PER_MSEC));
	EXPECT_EQ(0, RUN(STEP(CGROUPS(CGROUP("a")), HOLD_FRAC(0.5)),
			 STEP(CGROUPS(CGROUP("b")), HOLD_FRAC(0.5))));
	EXPECT_GT(20 * NSEC_PER_SEC, ktstr_now_ns() - began);
	EXPECT_DETAIL(KTSTR_NOTE, KTSTR_OTHER, "the scheduler process ended in step 1 of 2");
	EXPECT_DETAIL(KTSTR_UNDECIDED, KTSTR_NO_DATA, "a: step 1: not judged");
	EXPECT_DETAIL(KTSTR_UNDECIDED, KTSTR_NO_DATA, "1 of 2 steps were not run");
	EXPECT_EQ(NULL, ktstr_result__first_failure(self->ctx.result));
	EXPECT_EQ(NULL, strstr(fake.log, "/t/b"));
	waitpid(self->ctx.sched_pid, NULL, 0);
	close(self->ctx.sched_pidfd);
}

TEST_F(engine, no_step_begins_without_an_enabled_scheduler)
{
	fake_tree_put(self->sysfs, "kernel/sched_ext", "state", "enabled\n");
	ASSERT_EQ(0, start_scheduler(&self->ctx, 999999999));
	EXPECT_EQ(0, RUN(STEP(CGROUPS(CGROUP("a")), HOLD_MS(20))));
	EXPECT_EQ(0, self->ctx.result->nr_details) print_details(self->ctx.result);
	fake_tree_put(self->sysfs, "kernel/sched_ext", "state", "disabling\n");
	EXPECT_EQ(0, RUN(STEP(CGROUPS(CGROUP("b")), HOLD_MS(20))));
	EXPECT_DETAIL(KTSTR_NOTE, KTSTR_OTHER,
		      "the scheduler was no longer attached before step 1 of 1");
	EXPECT_EQ(KTSTR_INCONCLUSIVE, ktstr_result__outcome(self->ctx.result));
	EXPECT_EQ(NULL, strstr(fake.log, "/t/b"));
	kill(self->ctx.sched_pid, SIGKILL);
	waitpid(self->ctx.sched_pid, NULL, 0);
	close(self->ctx.sched_pidfd);
}

/* Called when the step has begun: signal the worker whose pid the log shows last. */
static int worker_signal;

static void hit_last_worker(struct ktstr_ctx *ctx, const struct ktstr_msg_stimulus *s)
{
	struct timespec t = { .tv_nsec = 100 * NSEC_PER_MSEC };
	char *p = fake.log, *last = NULL;

	(void)ctx;
	(void)s;
	nanosleep(&t, NULL);
	while ((p = strstr(p, "cgroup.procs=")))
		last = p += strlen("cgroup.procs=");
	if (last)
		kill(atoi(last), worker_signal);
}

TEST_F(engine, a_lost_worker_fails_the_test_and_is_described)
{
	self->ctx.stimulus = hit_last_worker;
	worker_signal = SIGKILL;
	EXPECT_EQ(0, RUN(STEP(CGROUPS(CGROUP("a")), HOLD_MS(50))));
	EXPECT_DETAIL(KTSTR_FAILS, KTSTR_WORKER_LOST, "killed by SIGKILL; it had done ");
	EXPECT_EQ(2, self->ctx.result->cgroups[0].workers);
}

TEST_F(engine, a_worker_that_does_not_stop_fails_the_test)
{
	self->env.stop_ns = 200 * NSEC_PER_MSEC;
	self->ctx.checks.max_gap_ms = 150;
	self->ctx.stimulus = hit_last_worker;
	worker_signal = SIGSTOP;
	EXPECT_EQ(0, RUN(STEP(CGROUPS(CGROUP("a")), HOLD_MS(50))));
	EXPECT_DETAIL(KTSTR_FAILS, KTSTR_WORKER_LOST, "did not stop within 200 ms and was killed");
	EXPECT_DETAIL(KTSTR_FAILS, KTSTR_STUCK, " stuck ");
}

static const char *real_root;
static int seen_in_cgroup;

static void count_members(struct ktstr_ctx *ctx, const struct ktstr_msg_stimulus *s)
{
	char path[PATH_MAX], line[32];
	FILE *f;

	(void)ctx;
	(void)s;
	snprintf(path, sizeof(path), "%s/n/a/cgroup.procs", real_root);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		seen_in_cgroup++;
	if (f)
		fclose(f);
}

TEST_F(engine, in_real_cgroups_workers_are_born_where_they_belong)
{
	/* a hybrid host has the controllers elsewhere */
	const struct ktstr_backdrop no_cpu = { .no_cpu_controller = true };
	const char *fs = real_cgroupfs();
	char root[128];

	if (!fs)
		SKIP(return, "no writable cgroup v2 here");
	snprintf(root, sizeof(root), "%s/ktstr-test-%d", fs, getpid());
	ASSERT_EQ(0, mkdir(root, 0755));
	real_root = self->ctx.cgroup_root = root;
	self->ctx.stimulus = count_members;
	self->env.cgroupfs = fs;
	self->env.io = NULL;
	EXPECT_EQ(0, ktstr_engine__run_def(&self->ctx, KTSTR_SCENARIO_DEF(&no_cpu, NULL,
		STEP(CGROUPS(CGROUP("n/a", .workers = 3), CGROUP("b")), HOLD_MS(200))),
		&self->env))
		print_details(self->ctx.result);
	EXPECT_EQ(3, seen_in_cgroup);
	EXPECT_EQ(KTSTR_PASS, ktstr_result__outcome(self->ctx.result))
		print_details(self->ctx.result);
	EXPECT_EQ(0, rmdir(root));	/* so nothing was left below it */
}

TEST_HARNESS_MAIN
