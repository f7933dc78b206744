// SPDX-License-Identifier: GPL-2.0
/*
 * Promises of harness/coverage/loads.h: programs of a scheduler's object are counted as long as they are there, by
 * function and line, and whatever the guest's memory says about them leads nowhere.
 */
#include <errno.h>

#include "kselftest_harness.h"

#include "made_loads.h"

FIXTURE(loads) {
	struct made_loads m;
	struct ktstr_loads l;
	struct ktstr_cover c;
	struct vm_counted counted[VM_MAX_COUNTED];
};

FIXTURE_SETUP(loads)
{
	ASSERT_EQ(0, made_loads_init(&self->m)) {
		TH_LOG("%s", self->m.err.msg);
	}
}

FIXTURE_TEARDOWN(loads)
{
	ktstr_cover__free(&self->c);
	ktstr_loads__free(&self->l);
	made_loads_free(&self->m);
}

/* Each byte's counter is its number. */
static int numbers(void *arg, uint32_t first, uint32_t nr, uint64_t *count)
{
	(void)arg;
	for (uint32_t i = 0; i < nr; i++)
		count[i] = first + i;
	return 0;
}

static const struct ktstr_cover_file *file_of(struct ktstr_cover *c, const char *path)
{
	for (size_t i = 0; i < c->nr; i++)
		if (!strcmp(c->file[i].path, path))
			return &c->file[i];
	return NULL;
}

TEST_F(loads, an_operation_and_its_function_have_their_names_and_lines)
{
	const struct ktstr_cover_file *f;

	ASSERT_EQ(0, ktstr_loads__look(&self->l, &self->m.v, true));
	ASSERT_EQ(0, ktstr_loads__fold(&self->l, &self->c, numbers, NULL));
	ASSERT_EQ(2, self->c.nr);
	f = file_of(&self->c, "./inline.h");	/* nobody knows relative to what */
	ASSERT_NE(NULL, f);
	ASSERT_EQ(1, f->nr_lines);
	EXPECT_EQ(3, f->line[0].line);
	EXPECT_EQ(39, f->line[0].count);	/* the highest of bytes 32 to 39 */
	f = file_of(&self->c, "/src/no/main.c");
	ASSERT_NE(NULL, f);
	ASSERT_EQ(4, f->nr_lines);
	EXPECT_EQ(10, f->line[0].line);
	EXPECT_EQ(15, f->line[0].count);
	EXPECT_EQ(12, f->line[1].line);		/* of two stretches the one that is executed more */
	EXPECT_EQ(63, f->line[1].count);
	EXPECT_EQ(20, f->line[2].line);
	ASSERT_EQ(2, f->nr_funcs);
	EXPECT_STREQ("my_dispatch_op", f->func[0].name);
	EXPECT_EQ(0, f->func[0].count);		/* of its first instruction, the first counter */
	EXPECT_STREQ("helper", f->func[1].name);
	EXPECT_EQ(20, f->func[1].line);
	EXPECT_EQ(FUNC_BYTES, f->func[1].count);
	EXPECT_EQ(1, self->l.lineless);		/* the object's other program */
	EXPECT_EQ(0, self->l.full);
}

TEST_F(loads, what_belongs_to_no_scheduler_adds_nothing)
{
	ASSERT_EQ(0, ktstr_loads__look(&self->l, &self->m.v, false));
	EXPECT_EQ(2, ktstr_loads__counted(&self->l, self->counted));	/* it may come to be one's */
	ASSERT_EQ(0, ktstr_loads__fold(&self->l, &self->c, numbers, NULL));
	EXPECT_EQ(0, self->c.nr);
}

/* A kernel function of that name, which a tracing program is attached to, is no operation. */
TEST_F(loads, a_tracing_program_is_no_operation)
{
	uint64_t aux = made_loads_aux(&self->m, self->m.op);

	strcpy((char *)self->m.g.ram + made_load(&self->m.g, aux + AUX_OP) - DIRECT, "do_exit");
	ASSERT_EQ(0, ktstr_loads__look(&self->l, &self->m.v, true));
	ASSERT_EQ(0, ktstr_loads__fold(&self->l, &self->c, numbers, NULL));
	EXPECT_EQ(0, self->c.nr);
}

TEST_F(loads, code_is_counted_as_long_as_its_program_is_there)
{
	uint64_t aux = made_loads_aux(&self->m, self->m.op);

	ASSERT_EQ(0, ktstr_loads__look(&self->l, &self->m.v, true));
	ASSERT_EQ(2, ktstr_loads__counted(&self->l, self->counted));
	EXPECT_EQ(CODE, self->counted[0].kva);
	EXPECT_EQ(CODE + FUNC_BYTES, self->counted[1].kva);
	EXPECT_EQ(FUNC_BYTES, self->counted[1].first);
	made_store(&self->m.g, aux + AUX_REFS, 0);
	ASSERT_EQ(0, ktstr_loads__look(&self->l, &self->m.v, false));
	EXPECT_EQ(0, ktstr_loads__counted(&self->l, self->counted));
	ASSERT_EQ(0, ktstr_loads__fold(&self->l, &self->c, numbers, NULL));
	EXPECT_EQ(2, self->c.nr);		/* what it executed before stays */
}

TEST_F(loads, a_second_load_of_the_same_source_adds_to_the_first)
{
	const struct ktstr_cover_file *f;

	ASSERT_EQ(0, ktstr_loads__look(&self->l, &self->m.v, true));
	/* the same program under another number, where the foreign one was */
	made_loads_u32(&self->m, made_loads_aux(&self->m, self->m.op) + AUX_ID, 0);
	made_store(&self->m.g, self->m.node + NODE_SLOTS + 8, 0);
	made_store(&self->m.g, self->m.node + NODE_SHIFT, 2);
	made_store(&self->m.g, self->m.node + NODE_SLOTS, 0);
	made_store(&self->m.g, self->m.node + NODE_SLOTS + 16, 0);
	made_store(&self->m.g, self->m.node + NODE_SLOTS + 24, 0);
	ASSERT_EQ(0, ktstr_loads__look(&self->l, &self->m.v, false));
	EXPECT_EQ(0, ktstr_loads__counted(&self->l, self->counted));
	/* a node below: 4 .. 7 */
	made_store(&self->m.g, self->m.node + NODE_SLOTS + 8, (DIRECT + self->m.heap) | 2);
	made_store(&self->m.g, self->m.heap + NODE_SLOTS, DIRECT + self->m.op);
	made_loads_u32(&self->m, made_loads_aux(&self->m, self->m.op) + AUX_ID, 4);
	ASSERT_EQ(0, ktstr_loads__look(&self->l, &self->m.v, true));
	EXPECT_EQ(2, ktstr_loads__counted(&self->l, self->counted));
	EXPECT_EQ(2 * FUNC_BYTES, self->counted[0].first);
	ASSERT_EQ(0, ktstr_loads__fold(&self->l, &self->c, numbers, NULL));
	f = file_of(&self->c, "/src/no/main.c");
	ASSERT_NE(NULL, f);
	EXPECT_EQ(4, f->nr_lines);
	EXPECT_EQ(15 + 2 * FUNC_BYTES + 15, f->line[0].count);
	EXPECT_EQ(2 * FUNC_BYTES, f->func[0].count);
}

TEST_F(loads, line_info_that_leads_out_of_its_bounds_is_left_out)
{
	const struct ktstr_cover_file *f;

	made_loads_line(&self->m, 0, 4000, 10, CODE);			/* behind the strings */
	made_loads_line(&self->m, 1, FILE_C, 0, CODE + 16);		/* no line */
	made_loads_line(&self->m, 2, FILE_C, 5, CODE + (1ull << 40));	/* no code of it */
	made_loads_line(&self->m, 3, 0, 12, CODE + 40);			/* no name */
	made_loads_line(&self->m, 4, FILE_C, 20, 0);
	ASSERT_EQ(0, ktstr_loads__look(&self->l, &self->m.v, true));
	ASSERT_EQ(0, ktstr_loads__fold(&self->l, &self->c, numbers, NULL));
	ASSERT_EQ(1, self->c.nr);
	f = &self->c.file[0];
	ASSERT_EQ(1, f->nr_lines);
	EXPECT_EQ(21, f->line[0].line);
	ASSERT_EQ(1, f->nr_funcs);		/* a function without a line has no place to be shown */
	EXPECT_STREQ("helper", f->func[0].name);
}

TEST_F(loads, numbers_that_are_too_large_make_a_program_without_lines)
{
	made_loads_u32(&self->m, made_loads_aux(&self->m, self->m.op) + AUX_NR_LINFO, UINT32_MAX);
	ASSERT_EQ(0, ktstr_loads__look(&self->l, &self->m.v, true));
	EXPECT_EQ(2, self->l.lineless);
	EXPECT_EQ(0, ktstr_loads__counted(&self->l, self->counted));
}

TEST_F(loads, code_that_is_longer_than_there_are_counters_is_told)
{
	uint64_t funcs = made_load(&self->m.g, made_loads_aux(&self->m, self->m.op) + AUX_FUNCS) - DIRECT;

	made_loads_u32(&self->m, made_load(&self->m.g, funcs) - DIRECT + PROG_JITED, UINT32_MAX);
	ASSERT_EQ(0, ktstr_loads__look(&self->l, &self->m.v, true));
	EXPECT_EQ(1, self->l.full);
	EXPECT_EQ(0, ktstr_loads__counted(&self->l, self->counted));
}

TEST_F(loads, functions_that_overlap_are_counted_once)
{
	uint64_t funcs = made_load(&self->m.g, made_loads_aux(&self->m, self->m.op) + AUX_FUNCS) - DIRECT;

	made_store(&self->m.g, made_load(&self->m.g, funcs + 8) - DIRECT + PROG_FUNC, CODE + 8);
	ASSERT_EQ(0, ktstr_loads__look(&self->l, &self->m.v, true));
	EXPECT_EQ(1, ktstr_loads__counted(&self->l, self->counted));
}

TEST(a_name_of_kallsyms_is_that_of_its_function)
{
	char name[32];

	ktstr_loads__name("bpf_prog_0011223344556677_simple_enqueue", name, sizeof(name));
	EXPECT_STREQ("simple_enqueue", name);
	ktstr_loads__name("bpf_prog_0011223344556677", name, sizeof(name));
	EXPECT_STREQ("bpf_prog_0011223344556677", name);
	ktstr_loads__name("a,b\nc", name, sizeof(name));
	EXPECT_STREQ("a_b_c", name);		/* a tracefile has it in a list */
	ktstr_loads__name("", name, sizeof(name));
	EXPECT_STREQ("_", name);
}

TEST(a_path_is_absolute_where_there_is_such_a_file)
{
	char *path = ktstr_loads__path("/proc/../proc/./self/../version");

	EXPECT_STREQ("/proc/version", path);
	free(path);
	path = ktstr_loads__path("/no/such/../main.c");
	EXPECT_STREQ("/no/such/../main.c", path);
	free(path);
	EXPECT_EQ(NULL, ktstr_loads__path(""));
}

TEST_HARNESS_MAIN
