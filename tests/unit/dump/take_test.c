// SPDX-License-Identifier: GPL-2.0
/*
 * Promises of harness/dump/dump.h on a made guest: the maps of the scheduler are there with their
 * values, what a kernel lacks is named, and a damaged guest costs its dump only.
 */
#include "kselftest_harness.h"

#include <stdlib.h>

#include "harness/dump/dump.h"
#include "harness/dump/text.h"
#include "harness/dump/value_text.h"
#include "tests/unit/monitor/made_maps.h"

FIXTURE(take) {
	struct made_maps m;
	struct ktstr_monitor mon;
	struct ktstr_jtree tree;
	struct ktstr_jnode *report;
	char *line;
};

FIXTURE_SETUP(take)
{
	ASSERT_EQ(0, made_maps_init(&self->m)) {
		TH_LOG("%s", self->m.err.msg);
	}
	ktstr_monitor_layout__resolve(&self->mon.layout, self->m.img);
}

FIXTURE_TEARDOWN(take)
{
	free(self->line);
	ktstr_jtree__free(&self->tree);
	made_maps_free(&self->m);
}

static void take(FIXTURE_DATA(take) *self)
{
	struct ktstr_dump_input in = { .mon = &self->mon, .trigger = "request", .ops = "mine" };

	self->mon.view = self->m.v;
	ktstr_jtree__free(&self->tree);
	ktstr_jtree__init(&self->tree, 8 << 20);
	self->report = ktstr_jtree__object(&self->tree, NULL, NULL);
	ktstr_dump__take(&self->tree, self->report, &in);
}

static const struct ktstr_jnode *map(FIXTURE_DATA(take) *self, const char *name)
{
	const struct ktstr_jnode *m = ktstr_jnode__list(self->report, "maps");

	while (m && strcmp(ktstr_jnode__str(m, "name", ""), name))
		m = m->next;
	return m;
}

static const char *line(FIXTURE_DATA(take) *self, const struct ktstr_jnode *value)
{
	size_t len;
	FILE *f;

	free(self->line);
	f = open_memstream(&self->line, &len);
	ktstr_value_text__line(value, f);
	fclose(f);
	return self->line;
}

/* The value of the entry with this number, owner or key, in the order of the map. */
static const struct ktstr_jnode *entry(const struct ktstr_jnode *m, const char *list, unsigned int i)
{
	const struct ktstr_jnode *e = ktstr_jnode__list(m, list);

	while (e && i--)
		e = e->next;
	return e;
}

TEST_F(take, maps_of_the_scheduler_have_their_values)
{
	const struct ktstr_jnode *m, *e;
	unsigned int nr = 0, sum = 0;

	take(self);
	EXPECT_EQ(0, self->tree.error);
	EXPECT_STREQ("scx_mine", ktstr_jnode__str(self->report, "active_obj_name", ""));
	EXPECT_EQ(NULL, map(self, "probe.bss"));
	EXPECT_STREQ("probe.bss", ktstr_jnode__str(ktstr_jnode__list(self->report, "other_maps"),
						   "name", ""));
	m = map(self, "scx_mine.bss");
	ASSERT_NE(NULL, m);
	EXPECT_STREQ("array", ktstr_jnode__str(m, "map_type", ""));
	EXPECT_STREQ("{crash=-7, nr=0x10000000000}", line(self, ktstr_jnode__get(m, "value")));
	e = entry(map(self, "cpu_ctx_stor"), "percpu_entries", 0);
	ASSERT_NE(NULL, e);
	EXPECT_EQ(MADE_CPUS, ktstr_jnode__get(e, "per_cpu")->nr);
	EXPECT_STREQ("{load=5}", line(self, ktstr_jnode__list(e, "per_cpu")));
	for (e = ktstr_jnode__list(map(self, "by_pid"), "entries"); e; e = e->next, nr++) {
		EXPECT_EQ(8, strlen(ktstr_jnode__str(ktstr_jnode__get(e, "key"), "hex", "")));
		sum += (unsigned int)ktstr_jnode__u64(ktstr_jnode__get(e, "value"), "value", 0);
	}
	EXPECT_EQ(5, nr);
	EXPECT_EQ(150, sum);
	EXPECT_EQ(9, ktstr_jnode__get(map(self, "task_ctx"), "entries")->nr);
	e = entry(map(self, "by_cpu_pid"), "percpu_hash_entries", 2);
	ASSERT_NE(NULL, e);
	EXPECT_EQ(MADE_CPUS, ktstr_jnode__get(e, "per_cpu")->nr);
}

TEST_F(take, variables_of_other_objects_are_shown_apart)
{
	const struct ktstr_jnode *m;

	made_put_u32(&self->m, self->m.other_bss + ARRAY_VALUE, 9);
	take(self);
	m = ktstr_jnode__list(self->report, "other_maps");
	EXPECT_STREQ("probe.bss", ktstr_jnode__str(m, "name", ""));
	EXPECT_STREQ("{crash=9}", line(self, ktstr_jnode__get(m, "value")));
	EXPECT_STREQ("{crash=-7, nr=0x10000000000}",
		     line(self, ktstr_jnode__get(map(self, "scx_mine.bss"), "value")));
	/* BTF that cannot be read costs the values */
	made_store(&self->m.g, self->m.other, 0);
	take(self);
	m = ktstr_jnode__list(self->report, "other_maps");
	EXPECT_STREQ("probe.bss", ktstr_jnode__str(m, "name", ""));
	EXPECT_EQ(NULL, ktstr_jnode__get(m, "value"));
}

TEST_F(take, an_arena_has_its_pages_and_its_variables)
{
	const struct ktstr_jnode *m, *a;

	take(self);
	m = map(self, "arena");
	ASSERT_NE(NULL, m);
	a = ktstr_jnode__get(m, "arena");
	/* the scratch page stands for what is unallocated */
	EXPECT_EQ(1, ktstr_jnode__u64(a, "used_pages", 0));
	EXPECT_EQ(ARENA_USER, ktstr_jnode__u64(a, "user_vm_start", 0));
	EXPECT_EQ(ARENA_USER + (ARENA_PAGES - 1) * 4096,
		  ktstr_jnode__u64(ktstr_jnode__list(a, "pages"), "user_addr", 0));
	EXPECT_EQ(17, ktstr_jnode__u64(ktstr_jnode__list(a, "pages"), "used", 0));
	EXPECT_STREQ("{shared={small=-123}}", line(self, ktstr_jnode__get(m, "value")));
}

TEST_F(take, what_is_missing_is_named)
{
	take(self);
	/* this kernel has neither tasks nor sched_ext */
	EXPECT_NE(NULL, ktstr_jnode__str(self->report, "task_enrichments_unavailable", NULL));
	EXPECT_NE(NULL, ktstr_jnode__str(self->report, "dsq_states_unavailable", NULL));
	EXPECT_NE(NULL, ktstr_jnode__str(self->report, "scx_walker_unavailable", NULL));
	EXPECT_NE(NULL, ktstr_jnode__str(self->report, "event_counters_unavailable", NULL));
	made_put_u32(&self->m, self->m.ops + OPS_STATE, 0);
	take(self);
	EXPECT_NE(NULL, strstr(ktstr_jnode__str(self->report, "maps_unavailable", ""),
			       "no struct_ops map"));
	EXPECT_EQ(NULL, ktstr_jnode__get(self->report, "maps"));
}

TEST_F(take, damage_costs_the_map_that_has_it)
{
	made_put_u32(&self->m, self->m.htab + HTAB_N, UINT32_MAX);
	made_put_u32(&self->m, self->m.pcpu + BM_VALUE, UINT32_MAX);
	take(self);
	EXPECT_NE(NULL, strstr(ktstr_jnode__str(map(self, "by_pid"), "error", ""), "damaged"));
	EXPECT_NE(NULL, strstr(ktstr_jnode__str(map(self, "cpu_ctx_stor"), "error", ""),
			       "impossible size"));
	EXPECT_NE(NULL, ktstr_jnode__get(map(self, "scx_mine.bss"), "value"));
}

TEST_F(take, the_text_has_what_the_tree_has)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	take(self);
	ktstr_dump_text__all(self->report, f);
	EXPECT_EQ(0, ktstr_dump_text__map(self->report, ".bss", f));
	EXPECT_EQ(0, ktstr_dump_text__map(self->report, "probe.bss", f));
	EXPECT_EQ(-ENOENT, ktstr_dump_text__map(self->report, "probe.data", f));
	fclose(f);
	EXPECT_NE(NULL, strstr(text, "scx_mine.bss (array, 1 entries of 24 bytes)"));
	EXPECT_NE(NULL, strstr(text, "{crash=-7, nr=0x10000000000}"));
	EXPECT_NE(NULL, strstr(text, "CPU 1: {load=7}"));
	free(text);
}

TEST_HARNESS_MAIN
