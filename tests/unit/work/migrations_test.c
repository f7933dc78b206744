// SPDX-License-Identifier: GPL-2.0
/*
 * What a worker says of its last migrations: its record alone, and a real worker that moves itself, so
 * that no scheduler has a say in when and where to.
 */
#include <sched.h>
#include <string.h>

#include "kselftest_harness.h"

#include "harness/guest/work/migrations.h"
#include "harness/guest/work/work.h"
#include "harness/guest/work/workers.h"
#include "tests/unit/work/let_run.h"

#define LAST	KTSTR_LAST_MIGRATIONS

FIXTURE(ring) {
	struct ktstr_migration_ring ring;
	struct ktstr_migrations got;
	uint64_t count;
};

FIXTURE_SETUP(ring)
{
	memset(self, 0, sizeof(*self));
}

FIXTURE_TEARDOWN(ring)
{
}

/* Migration number n is at n ns, from CPU n % 7 to the next. */
static void move(struct ktstr_migration_ring *ring, uint64_t *count, uint64_t nr)
{
	for (; nr; nr--)
		ktstr_migration_ring__add(ring, count, &(struct ktstr_migration){
			.at_ns = *count, .from = *count % 7, .to = *count % 7 + 1 });
}

/* Those from number @first up to and without @end. */
static bool has_numbers(const struct ktstr_migrations *m, uint64_t first, uint64_t end)
{
	uint32_t i;

	if (m->nr != end - first)
		return false;
	for (i = 0; i < m->nr; i++)
		if (m->last[i].at_ns != first + i || (uint64_t)m->last[i].from != (first + i) % 7)
			return false;
	return true;
}

#define EXPECT_NUMBERS(_first, _end)						\
	EXPECT_TRUE(has_numbers(&self->got, _first, _end)) TH_LOG("%u", self->got.nr)

TEST_F(ring, keeps_the_last_ones_oldest_first)
{
	move(&self->ring, &self->count, 3);
	ktstr_migration_ring__read(&self->ring, NULL, 0, self->count, &self->got);
	EXPECT_NUMBERS(0, 3);
	move(&self->ring, &self->count, 200);
	ktstr_migration_ring__read(&self->ring, NULL, 0, self->count, &self->got);
	EXPECT_NUMBERS(203 - LAST, 203);
	ktstr_migration_ring__read(&self->ring, NULL, 201, self->count, &self->got);
	EXPECT_NUMBERS(201, 203);
	ktstr_migration_ring__read(&self->ring, NULL, 203, self->count, &self->got);
	EXPECT_NUMBERS(0, 0);
}

TEST_F(ring, what_a_running_worker_may_have_overwritten_is_left_out)
{
	uint64_t end;

	move(&self->ring, &self->count, 100);
	end = self->count;
	/* one more may be being written */
	ktstr_migration_ring__read(&self->ring, &self->count, 0, end, &self->got);
	EXPECT_NUMBERS(100 - LAST + 1, 100);
	ktstr_migration_ring__read(&self->ring, &self->count, 98, end, &self->got);
	EXPECT_NUMBERS(98, 100);
	move(&self->ring, &self->count, 5);
	ktstr_migration_ring__read(&self->ring, &self->count, 0, end, &self->got);
	EXPECT_NUMBERS(100 - LAST + 6, 100);
	move(&self->ring, &self->count, LAST);
	ktstr_migration_ring__read(&self->ring, &self->count, 0, end, &self->got);
	EXPECT_NUMBERS(0, 0);
	/* its loop began, and it counts from 0 again */
	self->count = 1;
	ktstr_migration_ring__read(&self->ring, &self->count, 90, end, &self->got);
	EXPECT_NUMBERS(0, 0);
}

TEST_F(ring, what_no_worker_writes_is_nothing)
{
	move(&self->ring, &self->count, 2);
	self->ring.at[1].to = KTSTR_MAX_CPUS;
	ktstr_migration_ring__read(&self->ring, NULL, 0, 2, &self->got);
	EXPECT_EQ(0, self->got.nr);
	self->ring.at[1].to = self->ring.at[1].from;
	ktstr_migration_ring__read(&self->ring, NULL, 0, 2, &self->got);
	EXPECT_EQ(0, self->got.nr);
	/* a count that was overwritten */
	ktstr_migration_ring__read(&self->ring, NULL, 0, UINT64_MAX, &self->got);
	EXPECT_EQ(0, self->got.nr);
}

/* Two CPUs that this process may use. */
static int cpu_a, cpu_b;

static bool find_two(void)
{
	cpu_set_t set;
	int cpu;

	cpu_a = cpu_b = -1;
	if (sched_getaffinity(0, sizeof(set), &set))
		return false;
	for (cpu = 0; cpu < CPU_SETSIZE && cpu_b < 0; cpu++)
		if (CPU_ISSET(cpu, &set))
			*(cpu_a < 0 ? &cpu_a : &cpu_b) = cpu;
	return cpu_b >= 0;
}

static void go_to(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/* Each iteration is on the other CPU: the call returns there. */
static void hop(struct ktstr_work_ctx *w)
{
	go_to(w->units++ & 1 ? cpu_a : cpu_b);
}

#define MOVES	40

/* Likewise, but only so often, and then it stays. */
static void hop_and_stay(struct ktstr_work_ctx *w)
{
	if (w->units < MOVES)
		go_to(w->units & 1 ? cpu_a : cpu_b);
	w->units++;
}

static void expect_alternating(struct __test_metadata *_metadata, const struct ktstr_migrations *m)
{
	uint32_t i;

	for (i = 0; i < m->nr; i++) {
		EXPECT_EQ(cpu_a + cpu_b, m->last[i].from + m->last[i].to);
		EXPECT_NE(m->last[i].from, m->last[i].to);
		EXPECT_LE(m->start_ns, m->last[i].at_ns);
		if (i) {
			EXPECT_EQ(m->last[i - 1].to, m->last[i].from);
			EXPECT_LT(m->last[i - 1].at_ns, m->last[i].at_ns);
		}
	}
}

TEST(a_worker_that_moves_itself_says_so_each_time)
{
	const struct ktstr_work work = { .type = KTSTR_WORK_CUSTOM, .custom = { "hop", hop } };
	const struct ktstr_placement nowhere = { .cgroup_fd = -1 };
	const struct ktstr_migrations *m;
	const struct ktstr_worker_report *r;
	struct ktstr_workers *ws;

	if (!find_two())
		SKIP(return, "one CPU");
	ws = ktstr_workers__new(2);
	ASSERT_NE(NULL, ws);
	ASSERT_EQ(0, ktstr_workers__fork(ws, 0, &work, 2, &nowhere));
	ktstr_workers__start(ws, 10 * NSEC_PER_SEC);
	let_run(ws, 0, 2 * LAST);
	ASSERT_EQ(0, ktstr_workers__stop(ws, 10 * NSEC_PER_SEC, NSEC_PER_SEC));
	m = ktstr_workers__migrations(ws);
	for (r = ktstr_workers__reports(ws); m < ktstr_workers__migrations(ws) + 2; m++, r++) {
		EXPECT_EQ(LAST, m->nr);
		/* the first iteration may go to where the worker is */
		EXPECT_LE(r->iterations - 1, r->migrations);
		EXPECT_GE(r->iterations, r->migrations);
		expect_alternating(_metadata, m);
		EXPECT_LE(m->last[LAST - 1].at_ns, m->start_ns + r->wall_ns);
	}
	ktstr_workers__free(ws, NSEC_PER_SEC);
}

/* The worker moves in the first phase, not in the second: the life has what the first one has. */
TEST(a_phase_has_the_migrations_in_it)
{
	const struct ktstr_work work = { .type = KTSTR_WORK_CUSTOM,
					 .custom = { "hop", hop_and_stay } };
	const struct ktstr_placement nowhere = { .cgroup_fd = -1 };
	const struct ktstr_migrations *m;
	struct ktstr_migrations first;
	struct ktstr_workers *ws;

	if (!find_two())
		SKIP(return, "one CPU");
	ws = ktstr_workers__new(1);
	ASSERT_NE(NULL, ws);
	ASSERT_EQ(0, ktstr_workers__fork(ws, 0, &work, 1, &nowhere));
	ASSERT_EQ(0, ktstr_workers__begin_phase(ws));
	ktstr_workers__start(ws, 10 * NSEC_PER_SEC);
	let_run(ws, 0, MOVES + 1);
	ktstr_workers__end_phase(ws);
	first = *ktstr_workers__phase_migrations(ws);
	/* a phase ends while its workers run: the oldest one is never sure */
	EXPECT_EQ(LAST - 1, first.nr);
	EXPECT_LE(MOVES - 1, ktstr_workers__phase_reports(ws)->migrations);
	expect_alternating(_metadata, &first);

	ASSERT_EQ(0, ktstr_workers__begin_phase(ws));
	let_run(ws, 0, ktstr_workers__iterations(ws) + 2);
	ktstr_workers__end_phase(ws);
	EXPECT_EQ(0, ktstr_workers__phase_migrations(ws)->nr);
	EXPECT_EQ(0, ktstr_workers__phase_reports(ws)->migrations);

	ASSERT_EQ(0, ktstr_workers__stop(ws, 10 * NSEC_PER_SEC, NSEC_PER_SEC));
	m = ktstr_workers__migrations(ws);
	EXPECT_EQ(LAST, m->nr);
	EXPECT_EQ(0, memcmp(m->last + 1, first.last, (LAST - 1) * sizeof(m->last[0])));
	ktstr_workers__free(ws, NSEC_PER_SEC);
}

TEST_HARNESS_MAIN
