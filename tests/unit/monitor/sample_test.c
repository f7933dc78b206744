// SPDX-License-Identifier: GPL-2.0
/*
 * Promises of harness/monitor/sample.h on a made guest: each figure is read where BTF says, what a
 * kernel lacks is missing and not 0, all three homes of the event counters and both of the scheduler
 * are known, and a guest that scribbles over its own structures does no harm.
 */
#include <linux/kernel.h>
#include <errno.h>

#include "kselftest_harness.h"

#include "harness/monitor/sample.h"
#include "made_x86.h"

#define AT_SCX_ROOT	0x2010
#define AT_STATE	0x2018
#define AT_EXIT_KIND	0x2020		/* variables of the scheduler until 6.15 */
#define AT_EXIT_INFO	0x2028
#define AT_OPS		0x2030
#define SCHED		0x90000ull	/* gpa of struct scx_sched */
#define PCPU		0x1000ull	/* of struct scx_sched_pcpu in an area */

/* Offsets of the made structures. */
enum { RQ_NR = 0, RQ_CURR = 8, RQ_CLOCK = 24, RQ_DELAY = 32, RQ_FLAGS = 40 };
enum { TASK_PID = 0, TASK_COMM = 8 };
enum { SCHED_PCPU_PTR = 0, SCHED_KIND = 8, SCHED_INFO = 16, SCHED_NAME = 24 };

/* Where event counters live: spec of the three layouts. */
enum home { IN_PCPU, IN_SCHED, IN_VARIABLE };

FIXTURE(sample) {
	struct made_guest g;
	struct ktstr_kimage *img;
	struct ktstr_monitor m;
	struct ktstr_sample *s;
	struct ktstr_err err;
};

FIXTURE_VARIANT(sample) {
	enum home home;
};
FIXTURE_VARIANT_ADD(sample, since_6_18) { IN_PCPU };
FIXTURE_VARIANT_ADD(sample, in_6_16) { IN_SCHED };
FIXTURE_VARIANT_ADD(sample, in_6_15) { IN_VARIABLE };

static void make_exit_info(struct made_btf *b, uint32_t u32, uint32_t s64, uint32_t ptr)
{
	made_type(b, "scx_exit_info", BTF_KIND_STRUCT, 3, 0, 32);
	made_member(b, "kind", u32, 0, 0);
	made_member(b, "exit_code", s64, 64, 0);
	made_member(b, "msg", ptr, 128, 0);
}

static size_t make_btf(struct made_btf *b, enum home home)
{
	uint32_t u32 = made_int(b, "unsigned int", 4, 0), u64 = made_int(b, "u64", 8, 0);
	uint32_t s64 = made_int(b, "s64", 8, 1), chr = made_int(b, "char", 1, 1);
	uint32_t ptr = made_type(b, "", BTF_KIND_PTR, 0, 0, u64);
	uint32_t comm = made_array(b, chr, 16), name = made_array(b, chr, 128), in, stats;

	in = made_type(b, "scx_rq", BTF_KIND_STRUCT, 1, 0, 8);
	made_member(b, "flags", u32, 0, 0);
	stats = made_type(b, "sched_info", BTF_KIND_STRUCT, 1, 0, 8);
	made_member(b, "run_delay", u64, 0, 0);
	made_type(b, "rq", BTF_KIND_STRUCT, 6, 0, 64);
	made_member(b, "nr_running", u32, RQ_NR * 8, 0);
	made_member(b, "curr", ptr, RQ_CURR * 8, 0);
	made_member(b, "cpu", u32, RQ_CPU * 8, 0);
	made_member(b, "clock", u64, RQ_CLOCK * 8, 0);
	made_member(b, "rq_sched_info", stats, RQ_DELAY * 8, 0);
	made_member(b, "scx", in, RQ_FLAGS * 8, 0);
	made_type(b, "task_struct", BTF_KIND_STRUCT, 2, 0, 64);
	made_member(b, "pid", u32, TASK_PID * 8, 0);
	made_member(b, "comm", comm, TASK_COMM * 8, 0);
	in = made_type(b, "scx_event_stats", BTF_KIND_STRUCT, 2, 0, 16);
	made_member(b, "SCX_EV_ONE", s64, 0, 0);
	made_member(b, "SCX_EV_TWO", s64, 64, 0);
	if (home == IN_PCPU) {
		made_type(b, "scx_sched_pcpu", BTF_KIND_STRUCT, 1, 0, 24);
		made_member(b, "event_stats", in, 64, 0);
	}
	in = made_type(b, "atomic_t", BTF_KIND_STRUCT, 1, 0, 4);
	made_member(b, "counter", u32, 0, 0);
	stats = made_type(b, "sched_ext_ops", BTF_KIND_STRUCT, 1, 0, 128);
	made_member(b, "name", name, 0, 0);
	make_exit_info(b, u32, s64, ptr);
	if (home == IN_VARIABLE)
		return made_finish(b);
	made_type(b, "scx_sched", BTF_KIND_STRUCT, 4, 0, 256);
	made_member(b, home == IN_PCPU ? "pcpu" : "event_stats_cpu", ptr, SCHED_PCPU_PTR * 8, 0);
	made_member(b, "exit_kind", in, SCHED_KIND * 8, 0);
	made_member(b, "exit_info", ptr, SCHED_INFO * 8, 0);
	made_member(b, "ops", stats, SCHED_NAME * 8, 0);
	return made_finish(b);
}

static int open_image(FIXTURE_DATA(sample) *self, enum home home)
{
	const struct made_symbol since_6_16[] = {
		{ "bscx_enable_state_var", MADE_TEXT + AT_STATE },
		{ "bscx_root", MADE_TEXT + AT_SCX_ROOT },
	}, before[] = {
		{ "bscx_ops_enable_state_var", MADE_TEXT + AT_STATE },
		{ "bscx_root_kobj", MADE_TEXT + AT_SCX_ROOT },
		{ "bscx_exit_kind", MADE_TEXT + AT_EXIT_KIND },
		{ "bscx_exit_info", MADE_TEXT + AT_EXIT_INFO },
		{ "bscx_ops", MADE_TEXT + AT_OPS },
		{ "devent_stats_cpu", MADE_TEXT + AT_RUNQUEUES + PCPU },
	};
	bool old = home == IN_VARIABLE;
	struct made_btf *b = calloc(1, sizeof(*b));
	size_t len = make_btf(b, home);

	return made_open_x86(&self->img, old ? before : since_6_16,
			     old ? ARRAY_SIZE(before) : ARRAY_SIZE(since_6_16), b, len, &self->err);
}

/* CPU n: nr_running n + 1, clock 1000 + n, task 100 + n "task n", event one 10 + n, two -n. */
static void put_cpu(FIXTURE_DATA(sample) *self, enum home home, uint32_t cpu)
{
	uint64_t rq = AREA + cpu * AREA_STRIDE, task = 0xa0000 + cpu * 0x100;
	uint64_t events = rq + PCPU + (home == IN_PCPU ? 8 : 0);

	made_store(&self->g, rq + RQ_NR, cpu + 1);
	made_store(&self->g, rq + RQ_CURR, DIRECT + task);
	made_store(&self->g, rq + RQ_CLOCK, 1000 + cpu);
	made_store(&self->g, rq + RQ_DELAY, 7);
	made_store(&self->g, rq + RQ_FLAGS, 1);
	made_store(&self->g, task + TASK_PID, 100 + cpu);
	sprintf((char *)self->g.ram + task + TASK_COMM, "task %u", cpu);
	made_store(&self->g, events, 10 + cpu);
	made_store(&self->g, events + 8, -(uint64_t)cpu);
}

/* Until 6.15 what scx_root_kobj points to has none of it. */
static void put_sched(FIXTURE_DATA(sample) *self, enum home home)
{
	bool old = home == IN_VARIABLE;

	if (!old)
		made_store(&self->g, SCHED + SCHED_PCPU_PTR, MADE_TEXT + AT_RUNQUEUES + PCPU);
	made_store(&self->g, old ? TEXT + AT_EXIT_KIND : SCHED + SCHED_KIND, 1025);
	made_store(&self->g, old ? TEXT + AT_EXIT_INFO : SCHED + SCHED_INFO, DIRECT + SCHED + 0x200);
	strcpy((char *)self->g.ram + (old ? TEXT + AT_OPS : SCHED + SCHED_NAME), "simple");
}

FIXTURE_SETUP(sample)
{
	ASSERT_EQ(0, open_image(self, variant->home)) {
		TH_LOG("%s", self->err.msg);
	}
	ASSERT_EQ(0, made_boot_x86(&self->g, self->img));
	for (uint32_t cpu = 0; cpu < MADE_CPUS; cpu++)
		put_cpu(self, variant->home, cpu);
	made_store(&self->g, TEXT + AT_STATE, 1);
	made_store(&self->g, TEXT + AT_SCX_ROOT, DIRECT + SCHED);
	put_sched(self, variant->home);
	made_store(&self->g, SCHED + 0x200, 1025);
	made_store(&self->g, SCHED + 0x208, (uint64_t)-5);
	made_store(&self->g, SCHED + 0x210, DIRECT + SCHED + 0x300);
	strcpy((char *)self->g.ram + SCHED + 0x300, "it broke");
	ASSERT_EQ(0, ktstr_monitor__init(&self->m, self->img, &self->g.mem, MADE_CPUS, &self->err));
	self->s = ktstr_sample__new(&self->m);
	ASSERT_NE(NULL, self->s);
}

FIXTURE_TEARDOWN(sample)
{
	ktstr_kimage__free(self->img);
	free(self->g.ram);
	free(self->s);
}

TEST_F(sample, every_figure_is_read_where_btf_says)
{
	const struct ktstr_cpu_sample *c;

	ASSERT_EQ(0, ktstr_monitor__sample(&self->m, self->s));
	for (uint32_t cpu = 0; cpu < MADE_CPUS; cpu++) {
		c = &self->s->cpu[cpu];
		EXPECT_EQ(cpu + 1, c->value[KTSTR_CPU_NR_RUNNING]);
		EXPECT_EQ(1000 + cpu, c->value[KTSTR_CPU_CLOCK]);
		EXPECT_EQ(100 + cpu, c->value[KTSTR_CPU_CURR_PID]);
		EXPECT_EQ(7, c->value[KTSTR_CPU_RUN_DELAY]);
		EXPECT_EQ(1, c->value[KTSTR_CPU_SCX_FLAGS]);
		EXPECT_EQ(0, strncmp(c->comm, "task ", 5));
	}
	EXPECT_EQ(1, self->s->global[KTSTR_GLOBAL_SCX_STATE]);
	EXPECT_EQ(0, self->s->retries);
	EXPECT_EQ(0, self->m.view.mem.faults);
}

TEST_F(sample, what_the_kernel_lacks_is_missing)
{
	ASSERT_EQ(0, ktstr_monitor__sample(&self->m, self->s));
	EXPECT_EQ(0, self->s->cpu[0].have & 1ull << KTSTR_CPU_YLD_COUNT);
	EXPECT_EQ(0, self->s->cpu[0].have & 1ull << KTSTR_CPU_SCX_LOCAL_DSQ);
	EXPECT_NE(0, self->s->cpu[0].have & 1ull << KTSTR_CPU_NR_RUNNING);
	EXPECT_EQ(0, self->s->have_global & 1ull << KTSTR_GLOBAL_WATCHDOG_TIMESTAMP);
	EXPECT_EQ(0, self->s->have_sched & 1ull << KTSTR_SCHED_ABORTING);
	EXPECT_EQ(-ENOENT, ktstr_monitor__event(&self->m, "three"));
}

TEST_F(sample, events_are_summed_over_cpus)
{
	ASSERT_EQ(0, ktstr_monitor__sample(&self->m, self->s));
	ASSERT_TRUE(self->s->have_events);
	ASSERT_EQ(0, ktstr_monitor__event(&self->m, "one"));
	ASSERT_EQ(1, ktstr_monitor__event(&self->m, "two"));
	EXPECT_EQ(21, self->s->event[0]);
	EXPECT_EQ(-1, self->s->event[1]);
}

TEST_F(sample, scheduler_is_followed_as_it_comes_and_goes)
{
	struct ktstr_exit_info ei;

	ASSERT_EQ(0, ktstr_monitor__sample(&self->m, self->s));
	EXPECT_EQ(DIRECT + SCHED, self->s->sched_kva);
	EXPECT_STREQ("simple", self->s->ops);
	EXPECT_NE(0, self->s->have_sched & 1ull << KTSTR_SCHED_EXIT_KIND);
	EXPECT_EQ(1025, self->s->sched[KTSTR_SCHED_EXIT_KIND]);
	ASSERT_EQ(0, ktstr_monitor__exit_info(&self->m, &ei));
	EXPECT_EQ(1025, ei.kind);
	EXPECT_EQ(-5, ei.code);
	EXPECT_STREQ("it broke", ei.msg);
	made_store(&self->g, TEXT + AT_SCX_ROOT, 0);
	ASSERT_EQ(0, ktstr_monitor__sample(&self->m, self->s));
	EXPECT_EQ(0, self->s->sched_kva);
	EXPECT_EQ(0, self->s->have_sched);
	EXPECT_STREQ("", self->s->ops);
	EXPECT_EQ(-ENOENT, ktstr_monitor__exit_info(&self->m, &ei));
	EXPECT_EQ(variant->home == IN_VARIABLE, self->s->have_events);
}

TEST_F(sample, damaged_runqueue_is_no_sample)
{
	ASSERT_EQ(0, ktstr_monitor__sample(&self->m, self->s));
	made_store(&self->g, AREA + AREA_STRIDE + RQ_CPU, 0);
	EXPECT_EQ(-EIO, ktstr_monitor__sample(&self->m, self->s));
}

TEST_F(sample, scribbled_structures_are_harmless)
{
	struct ktstr_exit_info ei;
	unsigned int seed = 3;

	ASSERT_EQ(0, ktstr_monitor__sample(&self->m, self->s));
	for (int n = 0; n < 3000; n++) {
		uint64_t at = rand_r(&seed) % 2 ? AREA : SCHED;

		at += rand_r(&seed) % 0x600 * 8;
		made_store(&self->g, at, rand_r(&seed) % 3 ? (uint64_t)rand_r(&seed) << 33 ^
			   rand_r(&seed) : DIRECT + GUEST_RAM - rand_r(&seed) % 64);
		ktstr_monitor__sample(&self->m, self->s);
		ktstr_monitor__exit_info(&self->m, &ei);
	}
}

TEST_HARNESS_MAIN
