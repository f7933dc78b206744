// SPDX-License-Identifier: GPL-2.0
/*
 * Promises of harness/guest/engine/state/stall.c (docs/engine.md): a worker that stands still is
 * described once, after four looks, with the reason; one that sleeps on purpose is not; a stall
 * never changes a verdict. The procfs and the cgroups are made up, one task and two CPUs.
 */
#include <math.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "kselftest_harness.h"

#include <ktstr.h>

#include "harness/guest/engine/state/stall.h"
#include "tests/unit/put_file.h"

#define TID		70
#define EVERY_NS	(500 * NSEC_PER_MSEC)

FIXTURE(stall) {
	char proc[64];
	struct ktstr_result *r;
	struct ktstr_stall_monitor m;
	struct ktstr_progress p;
	struct ktstr_subject who;
	uint64_t now;
	unsigned int idle_ticks[2];
	unsigned int turns[2], per_look;	/* of CPU 1 */
	bool last;
};

/* The task is in @state, has used @cpu_ns and was switched to @switches times. */
static void task(const char *proc, char state, unsigned int cpu_ns, unsigned int switches)
{
	char text[256];

	snprintf(text, sizeof(text), "%u 5 %u\n", cpu_ns, switches);
	put_file(proc, "70/schedstat", text);
	/* proc(5): state, 35 more, the CPU */
	snprintf(text, sizeof(text),
		 "70 (a) R (b) %c 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 17 0 1\n",
		 state);
	put_file(proc, "70/stat", text);
	snprintf(text, sizeof(text),
		 "Name:\tcg_a\nState:\t%c (some)\nCpus_allowed_list:\t0-1\n"
		 "voluntary_ctxt_switches:\t3\nnonvoluntary_ctxt_switches:\t4\n", state);
	put_file(proc, "70/status", text);
}

FIXTURE_SETUP(stall)
{
	char path[96];

	strcpy(self->proc, "/tmp/ktstr-stall-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->proc));
	snprintf(path, sizeof(path), "%s/%d", self->proc, TID);
	ASSERT_EQ(0, mkdir(path, 0700));
	snprintf(path, sizeof(path), "%s/cg_a", self->proc);
	ASSERT_EQ(0, mkdir(path, 0700));
	put_file(self->proc, "cg_a/cgroup.events", "populated 1\nfrozen 0\n");
	put_file(self->proc, "cg_a/cpu.max", "max 100000\n");
	put_file(self->proc, "70/comm", "worker\n");
	put_file(self->proc, "70/wchan", "pipe_read");
	put_file(self->proc, "70/syscall", "0 0x3 0x7ffc 0x1 0x0 0x0 0x0 0x7ffd 0x7f00\n");
	put_file(self->proc, "70/cgroup", "1:cpu:/old\n0::/cg_a\n");
	put_file(self->proc, "70/stack", "[<0>] pipe_read+0x1/0x2\n[<0>] vfs_read+0x3/0x4\n");
	put_file(self->proc, "loadavg", "2.00 1.00 0.50 3/80 71\n");
	self->r = ktstr_result__new();
	ASSERT_NE(NULL, self->r);
	self->r->stall_poll_ms = 500;
	self->now = 10 * NSEC_PER_SEC;
	self->m = (struct ktstr_stall_monitor){
		.procfs = self->proc, .cgroupfs = self->proc, .result = self->r,
		.began_ns = self->now - NSEC_PER_SEC,
	};
	self->who = (struct ktstr_subject){ .tid = TID, .cgroup = "cg_a", .checkpoint = 7 };
	task(self->proc, 'R', 1000, 3);
}

FIXTURE_TEARDOWN(stall)
{
	char cmd[96];

	ktstr_result__free(self->r);
	snprintf(cmd, sizeof(cmd), "rm -r %s", self->proc);
	EXPECT_EQ(0, system(cmd));
}

/* @nr looks, half a second apart; CPU 0 is busy, of CPU 1 @idle percent of the time are idle. */
static void look(FIXTURE_DATA(stall) * self, unsigned int nr, unsigned int idle)
{
	char text[256];

	while (nr--) {
		snprintf(text, sizeof(text), "cpu  1 2 3 4 5 6\ncpu0 1 2 3 0 0 6\ncpu1 1 2 3 %u 0 6\nintr 1\n",
			 self->idle_ticks[1]);
		put_file(self->proc, "stat", text);
		snprintf(text, sizeof(text),
			 "version 17\ncpu0 1 2 3 4 5 6 7 8 %u\ndomain0 MC 3 1 1 1 1 1 1 1 1 1\ncpu1 1 2 3 4 5 6 7 8 %u\n",
			 self->turns[0], self->turns[1]);
		put_file(self->proc, "schedstat", text);
		self->turns[0] += 25;
		self->turns[1] += self->per_look;
		ktstr_stall__begin(&self->m, self->now, self->last);
		ktstr_stall__look(&self->m, &self->p, &self->who);
		ktstr_stall__end(&self->m);
		self->now += EVERY_NS;
		self->idle_ticks[1] += (unsigned int)sysconf(_SC_CLK_TCK) / 2 * idle / 100;
	}
}

/* One look that learns of the checkpoint, one that learns the kernel's figures. */
#define KNOW()	look(self, 2, 100)

TEST_F(stall, a_forgotten_task_is_described_once_after_four_looks)
{
	const struct ktstr_stall *s = &self->r->stalls[0];
	char text[160];

	KNOW();
	look(self, 3, 100);
	EXPECT_EQ(0, self->r->nr_stalls);
	look(self, 1, 100);
	ASSERT_EQ(1, self->r->nr_stalls);
	EXPECT_EQ(KTSTR_STALL_FORGOTTEN, s->why);
	EXPECT_STREQ("cg_a", s->cgroup);
	EXPECT_STREQ("worker", s->comm);
	EXPECT_STREQ("1", s->cpus);
	EXPECT_STREQ("state R (some), may use CPU 0-1, switches: 3 by itself, 4 forced", s->status);
	EXPECT_STREQ("/cg_a", s->path);
	EXPECT_STREQ("pipe_read+0x1/0x2 < vfs_read+0x3/0x4", s->stack);
	EXPECT_STREQ("2.00 1.00 0.50 3/80 71", s->loadavg);
	EXPECT_EQ(2 * NSEC_PER_SEC, s->for_ns);
	EXPECT_EQ(3 * NSEC_PER_SEC / 2, s->at_ns);
	EXPECT_EQ(25 * NSEC_PER_SEC / 2, s->found_ns);
	ktstr_stall__describe(s, text, sizeof(text));
	EXPECT_STREQ("runnable, left waiting while CPU 1 idled", text);
	look(self, 4, 100);
	EXPECT_EQ(1, self->r->nr_stalls);
	EXPECT_EQ(4 * NSEC_PER_SEC, s->for_ns);
	EXPECT_EQ(0, s->resumed);
	EXPECT_EQ(1, stalls_of(self->r, "cg_a"));
	EXPECT_EQ(0, stalls_of(self->r, "cg_b"));
	EXPECT_EQ(KTSTR_PASS, ktstr_result__outcome(self->r));
}

TEST_F(stall, one_that_waits_behind_others_is_told_apart)
{
	look(self, 6, 80);
	ASSERT_EQ(1, self->r->nr_stalls);
	EXPECT_EQ(KTSTR_STALL_WAITS, self->r->stalls[0].why);
	EXPECT_STREQ("0-1", self->r->stalls[0].cpus);
}

TEST_F(stall, one_that_others_on_its_busy_cpu_overtake_is_passed_over)
{
	const struct ktstr_stall *s = &self->r->stalls[0];
	char text[160];

	/* CPU 1 is the task's; CPU 0 turns to others 50 times a second all the time */
	self->per_look = 12;
	look(self, 6, 80);
	ASSERT_EQ(1, self->r->nr_stalls);
	EXPECT_EQ(KTSTR_STALL_WAITS, s->why);
	self->per_look = 13;
	self->who.checkpoint++;
	look(self, 6, 80);
	ASSERT_EQ(2, self->r->nr_stalls);
	s++;
	EXPECT_EQ(KTSTR_STALL_PASSED_OVER, s->why);
	EXPECT_STREQ("1", s->cpus);
	EXPECT_EQ(26, s->turns_per_s);
	ktstr_stall__describe(s, text, sizeof(text));
	EXPECT_STREQ("runnable, passed over: CPU 1 switched to others 26 times a second", text);
}

TEST_F(stall, a_worker_that_never_ran_is_described_when_the_step_ends)
{
	self->who.checkpoint = 0;
	self->who.started_ns = self->now - NSEC_PER_SEC / 2;
	look(self, 2, 80);
	EXPECT_EQ(0, self->r->nr_stalls);
	self->last = true;
	look(self, 1, 80);
	ASSERT_EQ(1, self->r->nr_stalls);
	EXPECT_EQ(KTSTR_STALL_WAITS, self->r->stalls[0].why);
	EXPECT_EQ(3 * NSEC_PER_SEC / 2, self->r->stalls[0].for_ns);
	look(self, 1, 80);
	EXPECT_EQ(1, self->r->nr_stalls);
}

TEST_F(stall, a_short_step_and_one_that_ran_are_not)
{
	self->who.checkpoint = 0;
	self->who.started_ns = self->now;
	look(self, 1, 80);
	self->last = true;
	look(self, 1, 80);
	EXPECT_EQ(0, self->r->nr_stalls);
	self->p = (struct ktstr_progress){ };
	self->last = false;
	self->who.checkpoint = 9;
	look(self, 3, 80);
	self->last = true;
	look(self, 1, 80);
	EXPECT_EQ(0, self->r->nr_stalls);
}

TEST_F(stall, one_whose_cgroup_has_a_limit_is_told_apart)
{
	put_file(self->proc, "cg_a/cpu.max", "1000 1000000\n");
	look(self, 6, 100);
	ASSERT_EQ(1, self->r->nr_stalls);
	EXPECT_EQ(KTSTR_STALL_LIMITED, self->r->stalls[0].why);
}

TEST_F(stall, a_checkpoint_is_enough_and_proc_is_not_asked)
{
	unsigned int i;

	self->m.procfs = "/nonexistent";
	for (i = 0; i < 10; i++) {
		self->who.checkpoint++;
		look(self, 1, 0);
	}
	EXPECT_EQ(0, self->r->nr_stalls);
	EXPECT_EQ(0, self->m.idle_at);
}

TEST_F(stall, cpu_time_and_switches_are_progress_without_a_checkpoint)
{
	unsigned int i;

	for (i = 0; i < 10; i++) {
		task(self->proc, 'R', 1000 + i / 2, 3 + (i + 1) / 2);
		look(self, 1, 0);
	}
	EXPECT_EQ(0, self->r->nr_stalls);
}

TEST_F(stall, it_is_armed_again_when_progress_resumes)
{
	look(self, 6, 100);
	ASSERT_EQ(1, self->r->nr_stalls);
	self->who.checkpoint++;
	look(self, 1, 100);
	EXPECT_EQ(1, self->r->stalls[0].resumed);
	EXPECT_EQ(2 * NSEC_PER_SEC, self->r->stalls[0].for_ns);
	look(self, 4, 100);
	EXPECT_EQ(1, self->r->nr_stalls);
	look(self, 1, 100);
	ASSERT_EQ(2, self->r->nr_stalls);
	EXPECT_EQ(0, self->r->stalls[1].resumed);
	task(self->proc, 'R', 2000, 4);
	look(self, 1, 100);
	EXPECT_EQ(1, self->r->stalls[1].resumed);
	look(self, 4, 100);
	EXPECT_EQ(3, self->r->nr_stalls);
}

TEST_F(stall, a_chosen_sleep_is_no_stall_and_forgetting_its_end_is)
{
	char text[64];

	snprintf(text, sizeof(text), "%d 0x1 0x1 0x0 0x0 0x0 0x0 0x7ffd 0x7f00\n",
		 SYS_clock_nanosleep);
	put_file(self->proc, "70/syscall", text);
	task(self->proc, 'S', 1000, 3);
	look(self, 20, 100);
	EXPECT_EQ(0, self->r->nr_stalls);
	/* woken at the moment of a look: it has not waited yet */
	task(self->proc, 'R', 1000, 3);
	/* a look that leaves it out, one that notices, three that find nothing new */
	look(self, 5, 100);
	EXPECT_EQ(0, self->r->nr_stalls);
	look(self, 1, 100);
	ASSERT_EQ(1, self->r->nr_stalls);
	EXPECT_EQ(KTSTR_STALL_FORGOTTEN, self->r->stalls[0].why);
	EXPECT_EQ(2 * NSEC_PER_SEC, self->r->stalls[0].for_ns);
}

TEST_F(stall, who_is_frozen_is_left_alone)
{
	put_file(self->proc, "cg_a/cgroup.events", "populated 1\nfrozen 1\n");
	task(self->proc, 'S', 1000, 3);
	look(self, 20, 100);
	EXPECT_EQ(0, self->r->nr_stalls);
}

TEST_F(stall, a_task_that_has_ended_is_left_alone)
{
	task(self->proc, 'Z', 1000, 3);
	look(self, 10, 100);
	self->who.tid = TID + 1;
	look(self, 10, 100);
	EXPECT_EQ(0, self->r->nr_stalls);
}

TEST_F(stall, other_states_have_their_names)
{
	static const struct { char state; enum ktstr_stall_why why; const char *text; } all[] = {
		{ 'S', KTSTR_STALL_SLEEPS, "asleep in pipe_read" },
		{ 'D', KTSTR_STALL_BLOCKED, "blocked in pipe_read" },
		{ 'T', KTSTR_STALL_STOPPED, "stopped" },
	};
	char text[160];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		task(self->proc, all[i].state, 1000, 3);
		look(self, i ? 5 : 6, 100);
		ASSERT_EQ(i + 1, self->r->nr_stalls);
		EXPECT_EQ(all[i].why, self->r->stalls[i].why);
		ktstr_stall__describe(&self->r->stalls[i], text, sizeof(text));
		EXPECT_STREQ(all[i].text, text);
	}
}

TEST_F(stall, what_is_too_much_is_counted)
{
	unsigned int i;

	for (i = 0; i < KTSTR_MAX_STALLS + 2; i++) {
		self->who.checkpoint++;
		look(self, 6, 100);
	}
	EXPECT_EQ(KTSTR_MAX_STALLS, self->r->nr_stalls);
	EXPECT_EQ(2, self->r->dropped_stalls);
	EXPECT_EQ(KTSTR_MAX_STALLS + 2, stalls_of(self->r, NULL));
}

TEST_F(stall, who_goes_on_after_a_chosen_sleep_is_seen_at_once)
{
	task(self->proc, 'T', 1000, 3);
	put_file(self->proc, "cg_a/cgroup.events", "populated 1\nfrozen 1\n");
	look(self, 7, 100);
	EXPECT_TRUE(self->p.on_purpose);
	self->who.checkpoint++;
	look(self, 1, 100);
	put_file(self->proc, "cg_a/cgroup.events", "populated 1\nfrozen 0\n");
	look(self, 5, 100);
	EXPECT_EQ(1, self->r->nr_stalls);
}

TEST_F(stall, few_are_described_in_one_look_and_nobody_is_forgotten)
{
	struct ktstr_progress p[KTSTR_STALL_PER_LOOK + 2] = { };
	uint32_t round, i;

	for (round = 1; round <= 7; round++) {
		ktstr_stall__begin(&self->m, self->now, self->last);
		for (i = 0; i < ARRAY_SIZE(p); i++)
			ktstr_stall__look(&self->m, &p[i], &self->who);
		ktstr_stall__end(&self->m);
		self->now += EVERY_NS;
		EXPECT_EQ(round < 6 ? 0 : round == 6 ? KTSTR_STALL_PER_LOOK : ARRAY_SIZE(p),
			  self->r->nr_stalls);
	}
}

TEST_F(stall, nobody_looked_is_not_none)
{
	self->r->stall_poll_ms = 0;
	EXPECT_TRUE(isnan(stalls_of(self->r, NULL)));
}

TEST_F(stall, odd_files_do_no_harm)
{
	char big[8192];

	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	put_file(self->proc, "70/stack", big);
	put_file(self->proc, "70/status", big);
	put_file(self->proc, "70/syscall", big);
	put_file(self->proc, "70/wchan", "");
	put_file(self->proc, "70/cgroup", big);
	put_file(self->proc, "70/comm", big);
	look(self, 6, 100);
	ASSERT_EQ(1, self->r->nr_stalls);
	EXPECT_STREQ("", self->r->stalls[0].stack);
	EXPECT_STREQ("", self->r->stalls[0].status);
	put_file(self->proc, "70/schedstat", "x\n");
	self->p = (struct ktstr_progress){ };
	look(self, 10, 100);
	EXPECT_EQ(1, self->r->nr_stalls);
}

TEST_HARNESS_MAIN
