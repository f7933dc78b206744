// SPDX-License-Identifier: GPL-2.0
/*
 * Promises of harness/monitor/watch.h on a made guest: the four aggregations, absent is absent
 * and says why, and a guest that scribbles over its maps does no harm.
 */
#include "kselftest_harness.h"

#include "harness/monitor/watch.h"
#include "harness/monitor/series.h"
#include "made_maps.h"

FIXTURE(watch) {
	struct made_maps m;
};

FIXTURE_SETUP(watch)
{
	ASSERT_EQ(0, made_maps_init(&self->m)) {
		TH_LOG("%s", self->m.err.msg);
	}
}

FIXTURE_TEARDOWN(watch)
{
	made_maps_free(&self->m);
}

static struct ktstr_sample *enabled_sample(void)
{
	struct ktstr_sample *s = calloc(1, sizeof(*s));

	s->have_global = 1ull << KTSTR_GLOBAL_SCX_STATE;
	s->global[KTSTR_GLOBAL_SCX_STATE] = KTSTR_SCX_ENABLED;
	s->sched_kva = 0x1000;
	strcpy(s->ops, "mine");
	return s;
}

struct metrics {
	unsigned int nr;
	struct {
		char key[64];
		double value;
	} m[16];
};

static void take_metric(void *arg, const char *key, double value)
{
	struct metrics *m = arg;

	snprintf(m->m[m->nr].key, sizeof(m->m[0].key), "%s", key);
	m->m[m->nr++].value = value;
}

static double value_of(const struct metrics *m, const char *key)
{
	for (unsigned int i = 0; i < m->nr; i++)
		if (!strcmp(m->m[i].key, key))
			return m->m[i].value;
	return -999;
}

#define WATCH(_map, _field, _agg, _label)						\
	(&(const struct ktstr_watch_map){ _map, _field, KTSTR_AGG_##_agg, _label })

TEST_F(watch, one_key_of_a_hash_and_a_variable_of_an_arena_are_scalars)
{
	const struct ktstr_watch_map * const what[] = {
		WATCH("by_pid", "[4]", SCALAR, "pid4"), WATCH("arena", "shared.small", SCALAR, "small"),
		WATCH("by_cpu_pid", "[2].load", PER_CPU_COUNTER, "cpus"),
		WATCH("by_pid", "[9]", SCALAR, "pid9"), WATCH("by_pid", "", SCALAR, "pids"), NULL,
	};
	struct ktstr_sample *s = enabled_sample();
	struct metrics m = { .nr = 0 };
	struct ktstr_watches w;

	ASSERT_EQ(0, ktstr_watches__init(&w, what, self->m.img->btf));
	ktstr_watches__read(&w, &self->m.v, s, 100);
	for (int i = 0; i < 3; i++)
		EXPECT_TRUE(ktstr_watch__fold(&w.watch[i], 0, 1000, take_metric, &m));
	EXPECT_EQ(40, value_of(&m, "scx_mine_pid4"));
	EXPECT_EQ((int8_t)0x85, value_of(&m, "scx_mine_small"));
	EXPECT_EQ(200 + 201, value_of(&m, "scx_mine_cpus"));
	EXPECT_FALSE(ktstr_watch__fold(&w.watch[3], 0, 1000, take_metric, &m));
	EXPECT_STREQ("by_pid has no value", w.watch[3].why_not);
	EXPECT_FALSE(ktstr_watch__fold(&w.watch[4], 0, 1000, take_metric, &m));
	EXPECT_NE(NULL, strstr(w.watch[4].why_not, "many values"));
	ktstr_watches__free(&w);
	free(s);
}

TEST_F(watch, the_four_aggregations)
{
	const struct ktstr_watch_map * const what[] = {
		WATCH(".bss", "crash", SCALAR, "crash"), WATCH(".bss", "nr", SCALAR_COUNTER, "nr"),
		WATCH("cpu_ctx_stor", "load", PER_CPU, "load"),
		WATCH("cpu_ctx_stor", "load", PER_CPU_COUNTER, "total"),
		WATCH("by_pid", "", PER_CPU_COUNTER, "pids"),
		WATCH("task_ctx", "", PER_CPU, "tasks"), NULL,
	};
	struct ktstr_sample *s = enabled_sample();
	struct metrics m = { .nr = 0 };
	struct ktstr_watches w;

	ASSERT_EQ(0, ktstr_watches__init(&w, what, self->m.img->btf));
	ktstr_watches__read(&w, &self->m.v, s, 100);
	made_put_u32(&self->m, self->m.bss + ARRAY_VALUE, 3);
	made_store(&self->m.g, self->m.bss + ARRAY_VALUE + 8, 77);
	made_store(&self->m.g, AREA + 0x1000, 15);
	ktstr_watches__read(&w, &self->m.v, s, 200);
	made_put_u32(&self->m, self->m.bss + ARRAY_VALUE, 4000);
	ktstr_watches__read(&w, &self->m.v, s, 300);		/* after the body */
	for (unsigned int i = 0; i < w.nr; i++)
		EXPECT_TRUE(ktstr_watch__fold(&w.watch[i], 100, 300, take_metric, &m));
	EXPECT_EQ(8, m.nr);
	EXPECT_EQ(-2, value_of(&m, "scx_mine_crash"));
	EXPECT_EQ(77, value_of(&m, "scx_mine_nr"));
	EXPECT_EQ((5 + 7 + 15 + 7) / 4.0, value_of(&m, "scx_mine_load_avg"));
	EXPECT_EQ(15, value_of(&m, "scx_mine_load_max"));
	EXPECT_EQ(22, value_of(&m, "scx_mine_total"));
	EXPECT_EQ(150, value_of(&m, "scx_mine_pids"));
	EXPECT_EQ(104, value_of(&m, "scx_mine_tasks_avg"));
	EXPECT_EQ(108, value_of(&m, "scx_mine_tasks_max"));
	ktstr_watches__free(&w);
	free(s);
}

TEST_F(watch, what_is_absent_is_absent)
{
	const struct ktstr_watch_map * const what[] = {
		WATCH("no_such", "nr", SCALAR, "a"), WATCH("cpu_ctx_stor", "load", SCALAR, "b"),
		WATCH(".bss", "nr", SCALAR, "c"), NULL,
	};
	struct ktstr_sample *s = enabled_sample();
	struct metrics m = { .nr = 0 };
	struct ktstr_watches w;

	ASSERT_EQ(0, ktstr_watches__init(&w, what, self->m.img->btf));
	s->global[KTSTR_GLOBAL_SCX_STATE] = 0;
	ktstr_watches__read(&w, &self->m.v, s, 100);
	EXPECT_STREQ("no scheduler was attached at any sample", w.watch[2].why_not);
	s->global[KTSTR_GLOBAL_SCX_STATE] = KTSTR_SCX_ENABLED;
	ktstr_watches__read(&w, &self->m.v, s, 200);
	EXPECT_NE(NULL, strstr(w.watch[0].why_not, "has this name"));
	EXPECT_NE(NULL, strstr(w.watch[1].why_not, "PER_CPU"));
	/* the reason stays when the scheduler has left */
	s->global[KTSTR_GLOBAL_SCX_STATE] = 0;
	ktstr_watches__read(&w, &self->m.v, s, 250);
	s->global[KTSTR_GLOBAL_SCX_STATE] = KTSTR_SCX_ENABLED;
	EXPECT_NE(NULL, strstr(w.watch[0].why_not, "has this name"));
	EXPECT_FALSE(ktstr_watch__fold(&w.watch[0], 0, 300, take_metric, &m));
	EXPECT_FALSE(ktstr_watch__fold(&w.watch[1], 0, 300, take_metric, &m));
	EXPECT_FALSE(ktstr_watch__fold(&w.watch[2], 300, 400, take_metric, &m));
	EXPECT_TRUE(ktstr_watch__fold(&w.watch[2], 0, 300, take_metric, &m));
	/* a map whose memory has become something else is not read */
	made_put_u32(&self->m, self->m.bss + BM_ID, 99);
	ktstr_watches__read(&w, &self->m.v, s, 300);
	EXPECT_EQ(1, w.watch[2].nr);
	ktstr_watches__free(&w);
	free(s);
}

TEST_F(watch, scribbled_structures_are_harmless)
{
	const struct ktstr_watch_map * const what[] = {
		WATCH(".bss", "nr", SCALAR, "a"), WATCH("cpu_ctx_stor", "load", PER_CPU, "b"),
		WATCH("by_pid", "", PER_CPU, "c"), WATCH("task_ctx", "", PER_CPU, "d"), NULL,
	};
	struct ktstr_sample *s = enabled_sample();
	struct ktstr_watches w;
	unsigned int seed = 4;

	ASSERT_EQ(0, ktstr_watches__init(&w, what, self->m.img->btf));
	for (int n = 0; n < 2000; n++) {
		uint64_t at = HEAP + rand_r(&seed) % (self->m.heap - HEAP) / 8 * 8;
		uint64_t old = made_load(&self->m.g, at);

		made_store(&self->m.g, at, rand_r(&seed) % 3 ? (uint64_t)rand_r(&seed) << 33 ^
			   rand_r(&seed) : DIRECT + HEAP + rand_r(&seed) % 8192);
		ktstr_watches__read(&w, &self->m.v, s, n);
		if (n % 8)
			made_store(&self->m.g, at, old);
	}
	ktstr_watches__free(&w);
	free(s);
}

TEST_HARNESS_MAIN
