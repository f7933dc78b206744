// SPDX-License-Identifier: GPL-2.0
/*
 * Promises of harness/plan/validate.c: each contradiction has its own sentence, and no
 * attribute is accepted that nothing carries out.
 */
#include <ctype.h>
#include <math.h>

#include "kselftest_harness.h"

#include <ktstr.h>

#include "harness/checks/checks.h"
#include "harness/plan/attrs_table.h"
#include "harness/plan/plan.h"
#include "harness/plan/validate.h"

static int body(struct ktstr_ctx *ctx)
{
	(void)ctx;
	return 0;
}

static const struct ktstr_test plain = { KTSTR_TEST_UNSET, .name = "t", .body = body };
static const struct ktstr_scheduler sched = {
	KTSTR_SCHEDULER_UNSET, .name = "s", .binary = "scx_s",
};

#define REJECTS(_text, ...) do {						\
	struct ktstr_test t = plain;						\
	struct ktstr_err err = { .msg = "(accepted)" };				\
										\
	__VA_ARGS__;								\
	EXPECT_EQ(-EINVAL, ktstr_validate(&t, &err));				\
	EXPECT_STREQ("test t: " _text, err.msg);				\
} while (0)

#define ACCEPTS(...) do {							\
	struct ktstr_test t = plain;						\
	struct ktstr_err err = { .msg = "" };					\
										\
	__VA_ARGS__;								\
	EXPECT_EQ(0, ktstr_validate(&t, &err));					\
	EXPECT_STREQ("", err.msg);						\
} while (0)

#define SCHED_REJECTS(_text, ...) do {						\
	struct ktstr_scheduler s = sched;					\
	struct ktstr_err err = { .msg = "(accepted)" };				\
										\
	__VA_ARGS__;								\
	EXPECT_EQ(-EINVAL, ktstr_validate_scheduler(&s, &err));			\
	EXPECT_STREQ("scheduler s: " _text, err.msg);				\
} while (0)

TEST(a_test_that_says_nothing_is_valid)
{
	ACCEPTS((void)t);
	ACCEPTS(t.scheduler = &sched);
}

TEST(numbers_outside_of_their_range_are_rejected_as_they_were_written)
{
	REJECTS("duration_s: 0 does not lie in 1..86400", t.duration_s = 0);
	REJECTS("duration_s: -3 does not lie in 1..86400", t.duration_s = -3);
	REJECTS("duration_s: 4000000000 does not lie in 1..86400", t.duration_s = 4000000000);
	REJECTS("memory_mib: -1 does not lie in 1..1048576", t.memory_mib = -1);
	REJECTS("grace_s: -1 does not lie in 0..86400", t.grace_s = -1);
	REJECTS("workers_per_cgroup: -1 does not lie in 1..8192", t.workers_per_cgroup = -1);
	REJECTS("llcs: 0 does not lie in 1..512", t.llcs = 0);
	REJECTS("numa_nodes: 65 does not lie in 1..64", t.numa_nodes = 65);
	REJECTS("max_cpus: 0 does not lie in 1..512", t.max_cpus = 0);
	REJECTS("min_cpus: -1 does not lie in 0..512", t.min_cpus = -1);
	REJECTS("num_snapshots: 65 does not lie in 0..64", t.num_snapshots = 65);
	REJECTS("sustained_samples: 0 does not lie in 1..1000000", t.sustained_samples = 0);
	ACCEPTS(t.grace_s = 0; t.min_cpus = 0; t.num_snapshots = 0);
	SCHED_REJECTS("cores: -1 does not lie in 1..512", s.cores = -1);
	SCHED_REJECTS("max_llcs: 513 does not lie in 1..512", s.max_llcs = 513);
}

TEST(both_ends_of_every_range_belong_to_it_and_nothing_beyond_them)
{
	const struct ktstr_range *r;
	char why[96];

	for (r = ktstr_test_ranges; r < ktstr_test_ranges + ktstr_nr_test_ranges; r++) {
		const int64_t good[] = { KTSTR_UNSET, r->min, r->max };
		const int64_t bad[] = { r->min - 1, r->max + 1, -1, INT64_MAX, INT64_MIN + 1,
					UINT32_MAX };
		struct ktstr_test t = plain;
		int64_t *v = (int64_t *)((char *)&t + r->offset);
		size_t i;

		for (i = 0; i < ARRAY_SIZE(good); i++) {
			*v = good[i];
			EXPECT_EQ(NULL, ktstr_range__fault(ktstr_test_ranges, ktstr_nr_test_ranges,
							   &t, why, sizeof(why)))
				TH_LOG("%s: %s", r->name, why);
		}
		for (i = 0; i < ARRAY_SIZE(bad); i++) {
			*v = bad[i];
			EXPECT_EQ(r, ktstr_range__fault(ktstr_test_ranges, ktstr_nr_test_ranges,
							&t, why, sizeof(why)))
				TH_LOG("%s: %lld", r->name, (long long)bad[i]);
		}
	}
}

static bool has_range(const struct ktstr_range *r, unsigned int nr, const char *name)
{
	for (; nr; nr--, r++)
		if (!strcmp(r->name, name))
			return true;
	return false;
}

TEST(no_number_is_without_a_range)
{
	const struct ktstr_attr *a;

	for (a = ktstr_test_attrs; a < ktstr_test_attrs + ktstr_nr_test_attrs; a++)
		if (a->type == KTSTR_ATTR_NUMBER || a->type == KTSTR_ATTR_COUNT)
			EXPECT_TRUE(has_range(ktstr_test_ranges, ktstr_nr_test_ranges, a->name))
				TH_LOG("%s", a->name);
	for (a = ktstr_scheduler_attrs; a < ktstr_scheduler_attrs + ktstr_nr_scheduler_attrs; a++)
		if (a->type == KTSTR_ATTR_NUMBER)
			EXPECT_TRUE(has_range(ktstr_scheduler_ranges, ktstr_nr_scheduler_ranges,
					      a->name)) TH_LOG("%s", a->name);
}

static const struct ktstr_scheduler builtin = {
	KTSTR_SCHEDULER_UNSET, .name = "b", .enable = KTSTR_STRS("echo 1 > /x"),
};
static const struct ktstr_scheduler with_sysctl = {
	KTSTR_SCHEDULER_UNSET, .name = "w", .binary = "w",
	.sysctls = KTSTR_STRS("kernel.x=1"),
};
static const struct ktstr_scheduler path = {
	KTSTR_SCHEDULER_UNSET, .name = "a/b", .binary = "w",
};
static const struct ktstr_scheduler with_config = {
	KTSTR_SCHEDULER_UNSET, .name = "c", .binary = "c", .config_arg = "-c {file}",
	.config_path = "/c.json",
};

TEST(staged_schedulers_can_be_started_in_a_guest_that_runs)
{
#define STAGED(...)	((const struct ktstr_scheduler * const []){ __VA_ARGS__, NULL })

	ACCEPTS(t.staged_schedulers = STAGED(&sched));
	ACCEPTS(t.staged_schedulers = STAGED(&sched); t.scheduler = &sched);
	REJECTS("staged_schedulers: s stands there twice",
		t.staged_schedulers = STAGED(&sched, &sched));
	REJECTS("staged_schedulers: b has no binary to start",
		t.staged_schedulers = STAGED(&builtin));
	REJECTS("staged_schedulers: w has sysctls, kargs, enable or disable, which only the test's scheduler can have",
		t.staged_schedulers = STAGED(&with_sysctl));
	REJECTS("staged_schedulers: \"a/b\" must have a name of at most 63 bytes without '/' and a leading '.'",
		t.staged_schedulers = STAGED(&path));
	REJECTS("config: is missing: scheduler c has config_arg",
		t.staged_schedulers = STAGED(&with_config));
	ACCEPTS(t.staged_schedulers = STAGED(&with_config); t.config = "{}");
}

TEST(bounds_and_topology_must_be_possible)
{
	REJECTS("min_llcs: 5 exceeds its max_llcs = 4", t.min_llcs = 5; t.max_llcs = 4);
	REJECTS("min_cpus: 2 exceeds its max_cpus = 1", t.min_cpus = 2; t.max_cpus = 1);
	REJECTS("llcs: 3 must be divisible by numa_nodes = 2", t.llcs = 3; t.numa_nodes = 2);
	ACCEPTS(t.min_llcs = 4; t.max_llcs = 4; t.llcs = 4; t.numa_nodes = 2);
}

TEST(exclusions_and_requirements_have_their_sentence)
{
	REJECTS("performance_mode: excludes no_perf_mode",
		t.performance_mode = KTSTR_ON; t.no_perf_mode = KTSTR_ON);
	REJECTS("cpu_budget: needs no_perf_mode = true", t.cpu_budget = 3);
	REJECTS("host_only: excludes scheduler", t.host_only = KTSTR_ON; t.scheduler = &sched);
	REJECTS("host_only: excludes num_snapshots",
		t.host_only = KTSTR_ON; t.num_snapshots = 1);
	REJECTS("host_only: excludes auto_repro = true",
		t.host_only = KTSTR_ON; t.auto_repro = KTSTR_ON);
	REJECTS("expect_err: excludes survives_storm",
		t.expect_err = KTSTR_ON; t.survives_storm = KTSTR_ON; t.scheduler = &sched);
	REJECTS("survives_storm: needs a scheduler", t.survives_storm = KTSTR_ON);
	REJECTS("expect_auto_repro: excludes auto_repro = false",
		t.expect_auto_repro = KTSTR_ON; t.scheduler = &sched;
		t.auto_repro = KTSTR_OFF);
	REJECTS("expect_kind: needs expect_err = true", t.expect_kind = KTSTR_STARVED);
	REJECTS("tolerates_restart: needs a scheduler", t.tolerates_restart = false);
	REJECTS("expect_text: needs expect_err = true", t.expect_text = "x");
	REJECTS("allow_splats: must not be an empty list", t.allow_splats = (const char * const[]){ NULL });
	REJECTS("allow_splats: must not have an empty text, which allows everything",
		t.allow_splats = KTSTR_STRS("x", ""));
	REJECTS("allow_splats: must not contain line breaks", t.allow_splats = KTSTR_STRS("a\nb"));
	REJECTS("wprof_args: needs wprof", t.wprof_args = "-v");
	REJECTS("num_snapshots: 8 captures in 80 % of duration_s are less than 100 ms apart",
		t.num_snapshots = 8; t.duration_s = 1);
}

TEST(a_matcher_that_proves_nothing_is_rejected)
{
	static const char * const vacuous[] = { "a?", ".*", "^$", "(x|)", "^", NULL };
	const char * const *re;

	REJECTS("expect_scx_bpf_error_contains: must not be empty",
		t.expect_err = KTSTR_ON; t.expect_scx_bpf_error_contains = "");
	REJECTS("expect_scx_bpf_error_matches: must not be empty",
		t.expect_err = KTSTR_ON; t.expect_scx_bpf_error_matches = "");
	for (re = vacuous; *re; re++) {
		struct ktstr_test t = plain;
		struct ktstr_err err;

		t.expect_err = KTSTR_ON;
		t.expect_scx_bpf_error_matches = *re;
		EXPECT_EQ(-EINVAL, ktstr_validate(&t, &err)) TH_LOG("accepted %s", *re);
		EXPECT_NE(NULL, strstr(err.msg, "matches the empty string"));
	}
	REJECTS("expect_kind: a kind that is no finding can never be expected",
		t.expect_err = KTSTR_ON; t.expect_kind = KTSTR_INFRASTRUCTURE);
	ACCEPTS(t.expect_err = KTSTR_ON; t.expect_scx_bpf_error_matches = "cpu [0-9]+");
}

TEST(an_invalid_regular_expression_is_rejected_with_its_reason)
{
	struct ktstr_test t = plain;
	struct ktstr_err err;

	t.expect_err = KTSTR_ON;
	t.expect_scx_bpf_error_matches = "a(b";
	EXPECT_EQ(-EINVAL, ktstr_validate(&t, &err));
	EXPECT_NE(NULL, strstr(err.msg, "\"a(b\" is no extended regular expression: "));
}

TEST(config_needs_somebody_who_reads_it_in_both_directions)
{
	struct ktstr_scheduler reads = sched;

	reads.config_arg = "--config {file}";
	reads.config_path = "/include-files/x.json";
	REJECTS("config: needs a scheduler with config_arg, else nobody reads it",
		t.config = "{}"; t.scheduler = &sched);
	REJECTS("config: is missing: scheduler s has config_arg", t.scheduler = &reads);
	ACCEPTS(t.config = "{}"; t.scheduler = &reads);
	SCHED_REJECTS("config_arg: config_arg and config_path need each other",
		      s.config_arg = "--config {file}");
	SCHED_REJECTS("config_arg: \"--config\" lacks {file}", s.config_arg = "--config";
		      s.config_path = "/x");
	SCHED_REJECTS("config_file: excludes config_arg", s.config_file = "a"; s.config_arg = "b");
}

TEST(cgroup_paths_cannot_leave_their_place)
{
	REJECTS("workload_root_cgroup: \"x\" must start with '/'", t.workload_root_cgroup = "x");
	REJECTS("workload_root_cgroup: \"/\" must not be the root", t.workload_root_cgroup = "/");
	REJECTS("workload_root_cgroup: \"/a/../b\" must not contain '..'",
		t.workload_root_cgroup = "/a/../b");
	SCHED_REJECTS("cgroup_parent: \"/a/..\" must not contain '..'", s.cgroup_parent = "/a/..");
	ACCEPTS(t.workload_root_cgroup = "/test.slice/a..b");
}

TEST(kernel_parameters_of_the_framework_cannot_be_overridden)
{
	SCHED_REJECTS("kargs: \"nokaslr\": nokaslr belongs to the framework",
		      s.kargs = KTSTR_STRS("nokaslr"));
	SCHED_REJECTS("kargs: \"init=/x\": init= belongs to the framework",
		      s.kargs = KTSTR_STRS("quiet", "init=/x"));
	SCHED_REJECTS("kargs: \"a b\" must be one word", s.kargs = KTSTR_STRS("a b"));
	SCHED_REJECTS("sysctls: \"kernel.x\" is not KEY=VALUE", s.sysctls = KTSTR_STRS("kernel.x"));
	SCHED_REJECTS("sysctls: \"x=1\": the key must be dotted and nothing may contain blanks or quotes",
		      s.sysctls = KTSTR_STRS("x=1"));
	SCHED_REJECTS("enable: \"rm -rf /\" is not \"echo VALUE > /path\"",
		      s.enable = KTSTR_STRS("rm -rf /"));
}

TEST(thresholds_are_numbers_and_not_negative)
{
	REJECTS("max_gap_ms: must be finite", t.max_gap_ms = -INFINITY);
	ACCEPTS(t.max_gap_ms = KTSTR_NO_LIMIT);
	REJECTS("max_gap_ms: must not be negative", t.max_gap_ms = -1);
	ACCEPTS(t.max_gap_ms = 0);
}

/* Make @record ask for the attribute. */
static void ask(const struct ktstr_attr *a, void *record)
{
	static const char * const list[] = { "x", NULL };
	char *p = (char *)record + a->offset;
	const void *pointer = list;
	const int64_t number = 1;

	if (a->type == KTSTR_ATTR_POINTER)
		memcpy(p, &pointer, sizeof(pointer));
	else
		memcpy(p, &number, a->size);
}

TEST(every_attribute_that_is_not_supported_yet_says_so)
{
	unsigned int i, nr = 0;

	for (i = 0; i < ktstr_nr_test_attrs; i++) {
		const struct ktstr_attr *a = &ktstr_test_attrs[i];
		struct ktstr_test t = plain;
		struct ktstr_err err = { .msg = "" };

		if (!a->later)
			continue;
		nr++;
		ask(a, &t);
		/* what it needs besides itself, so that no contradiction hides the answer */
		if (!strcmp(a->name, "wprof_args"))
			t.wprof = KTSTR_ON;
		if (!strcmp(a->name, "cpu_budget"))
			t.no_perf_mode = KTSTR_ON;
		EXPECT_EQ(-EOPNOTSUPP, ktstr_validate(&t, &err))
			TH_LOG("%s: \"%s\"", a->name, err.msg);
		EXPECT_NE(NULL, strstr(err.msg, "not supported yet"));
	}
	EXPECT_LT(0, nr);
}

TEST(watched_and_written_maps_are_checked_before_anything_boots)
{
	static const struct ktstr_scheduler sched = { KTSTR_SCHEDULER_UNSET, .name = "s",
						      .binary = "s" };
	static const struct ktstr_watch_map no_name = { "", "f", KTSTR_AGG_SCALAR, "a" };
	static const struct ktstr_watch_map no_field = { ".bss", NULL, KTSTR_AGG_SCALAR, "a" };
	static const struct ktstr_watch_map no_label = { ".bss", "f", KTSTR_AGG_SCALAR, "" };
	static const struct ktstr_watch_map dots = { ".bss", "f", KTSTR_AGG_SCALAR, "a.b" };
	static const struct ktstr_watch_map no_agg = { ".bss", "f", KTSTR_NR_AGGS, "a" };
	static const struct ktstr_watch_map good = { ".bss", "f", KTSTR_AGG_PER_CPU, "a" };
	static const struct ktstr_map_write to_rodata = { "x.rodata", "f", 1 };
	static const struct ktstr_map_write write = { ".bss", "f", 1 };
	const struct {
		const struct ktstr_watch_map *watch[3];
		const struct ktstr_map_write *write[2];
		const char *why;
	} cases[] = {
		{ { &no_name }, { 0 }, "the name of a map is missing" },
		{ { &no_field }, { 0 }, "the field is NULL" },
		{ { &no_label }, { 0 }, "a label must have 1 to 32 bytes" },
		{ { &dots }, { 0 }, "letters, digits and '_'" },
		{ { &no_agg }, { 0 }, "no such aggregation" },
		{ { &good, &good }, { 0 }, "two fields have the same label" },
		{ { &good }, { &to_rodata }, ".rodata map is read-only" },
		{ { &good }, { &write }, NULL },
	};
	struct ktstr_test t = { KTSTR_TEST_UNSET, .name = "t", .body = body, .scheduler = &sched };
	struct ktstr_err err;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		t.watch_bpf_maps = cases[i].watch;
		t.bpf_map_write = cases[i].write;
		err.msg[0] = '\0';
		EXPECT_EQ(cases[i].why ? -EINVAL : 0, ktstr_validate(&t, &err)) {
			TH_LOG("%zu: %s", i, err.msg);
		}
		if (cases[i].why)
			EXPECT_NE(NULL, strstr(err.msg, cases[i].why));
	}
	t.scheduler = NULL;
	EXPECT_EQ(-EINVAL, ktstr_validate(&t, &err));
	EXPECT_STREQ("test t: watch_bpf_maps: needs a scheduler", err.msg);
	t.host_only = KTSTR_ON;
	EXPECT_EQ(-EINVAL, ktstr_validate(&t, &err));
	EXPECT_STREQ("test t: host_only: excludes bpf_map_write", err.msg);
}

TEST(a_watchdog_timeout_needs_a_scheduler_that_is_started)
{
	static const struct ktstr_scheduler in_kernel = { KTSTR_SCHEDULER_UNSET, .name = "s" };
	struct ktstr_test t = { KTSTR_TEST_UNSET, .name = "t", .body = body };
	struct ktstr_err err;

	t.watchdog_timeout_s = 5;
	EXPECT_EQ(-EINVAL, ktstr_validate(&t, &err));
	EXPECT_STREQ("test t: watchdog_timeout_s: needs a scheduler that is a program", err.msg);
	t.scheduler = &in_kernel;
	EXPECT_EQ(-EINVAL, ktstr_validate(&t, &err));
	t.scheduler = NULL;
	t.host_only = KTSTR_ON;
	EXPECT_EQ(-EINVAL, ktstr_validate(&t, &err));
	EXPECT_STREQ("test t: host_only: excludes watchdog_timeout_s", err.msg);
}

TEST(every_check_may_be_set_also_those_of_the_monitor)
{
	unsigned int i;

	for (i = 0; i < ktstr_nr_checks; i++) {
		const struct ktstr_check *k = &ktstr_check_table[i];
		struct ktstr_test t = plain;
		struct ktstr_err err = { .msg = "" };
		char *p = (char *)&t.checks + k->offset;
		const enum ktstr_switch sw = KTSTR_ON;
		const int64_t one = 1;
		const double v = 0.5;

		if (k->type == KTSTR_CHECK_LIMIT)
			memcpy(p, &v, sizeof(v));
		else if (k->type == KTSTR_CHECK_COUNT)
			memcpy(p, &one, sizeof(one));
		else
			memcpy(p, &sw, sizeof(sw));
		EXPECT_EQ(0, ktstr_validate(&t, &err))
			TH_LOG("%s: \"%s\"", k->name, err.msg);
	}
}

/* The declaration itself, so that a member cannot be added without a row. */
__asm__(".pushsection .rodata\n"
	"attrs_h: .incbin \"harness/include/ktstr/attrs.h\"\n"
	".byte 0\n"
	".popsection\n");
extern const char attrs_h[];

static bool has_row(const struct ktstr_attr *attrs, unsigned int nr, const char *name)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (!strcmp(attrs[i].name, name))
			return true;
	for (i = 0; i < ktstr_nr_checks; i++)
		if (!strcmp(ktstr_check_table[i].name, name))
			return true;
	return !strcmp(name, "checks");		/* the union's other view */
}

/* Text without comments and line splices. */
static char *strip(const char *from)
{
	char *text = malloc(strlen(from) + 1), *to = text;

	while (*from) {
		if (!strncmp(from, "/*", 2)) {
			from = strstr(from, "*/") + 2;
			*to++ = ' ';
		} else if (*from == '\\' && from[1] == '\n') {
			from += 2;
		} else {
			*to++ = *from++;
		}
	}
	*to = '\0';
	return text;
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* The last identifier before @end, or the one behind "(*" of a function pointer. */
static void declared_name(const char *decl, const char *end, char *name, size_t size)
{
	const char *fn = memmem(decl, end - decl, "(*", 2), *p = end;

	if (fn) {
		p = fn + 2;
		while (is_word(*p))
			p++;
	} else {
		while (p > decl && !is_word(p[-1]))
			p--;
	}
	for (end = p; p > decl && is_word(p[-1]); p--)
		;
	snprintf(name, size, "%.*s", (int)(end - p), p);
}

/*
 * Calls @see for every member that is declared between @decls and @end, macros for further
 * members left out. Returns how many there are.
 */
static unsigned int each_member(const char *decls, const char *end,
				void (*see)(const char *name, void *arg), void *arg)
{
	unsigned int nr = 0;
	const char *stop;
	char name[64];

	for (; decls < end; decls = stop + 1) {
		stop = decls + strcspn(decls, ";,");
		if (*stop == ',' && memmem(decls, stop - decls, "(*", 2))
			stop += strcspn(stop, ";");	/* arguments of a function */
		if (stop > end)
			stop = end;
		declared_name(decls, stop, name, sizeof(name));
		if (!name[0] || !strncmp(name, "KTSTR_", 6))
			continue;
		see(name, arg);
		nr++;
	}
	return nr;
}

struct rows {
	const struct ktstr_attr *attrs;
	unsigned int nr;
	char lost[512];
};

static void look_up(const char *name, void *arg)
{
	struct rows *r = arg;
	size_t len = strlen(r->lost);

	if (!has_row(r->attrs, r->nr, name))
		snprintf(r->lost + len, sizeof(r->lost) - len, " %s", name);
}

static unsigned int check_text(const char *text, const char *from, const char *to, struct rows *r)
{
	const char *p = strstr(text, from), *end = p ? strstr(p, to) : NULL;

	return end ? each_member(p + strlen(from), end, look_up, r) : 0;
}

TEST(no_member_of_a_declaration_is_without_a_row)
{
#define NAME(_member)	#_member,
	static const char * const checks[] = {
		KTSTR_WORKER_CHECKS(NAME, NAME) KTSTR_MONITOR_CHECKS(NAME, NAME)
		"sustained_samples"
	};
	struct rows t = { .attrs = ktstr_test_attrs, .nr = ktstr_nr_test_attrs };
	struct rows s = { .attrs = ktstr_scheduler_attrs, .nr = ktstr_nr_scheduler_attrs };
	char *text = strip(attrs_h);
	size_t i;

	EXPECT_LT(40U, check_text(text, "struct ktstr_test {", "\n};", &t));
	for (i = 0; i < ARRAY_SIZE(checks); i++)
		EXPECT_TRUE(has_row(NULL, 0, checks[i])) TH_LOG("%s", checks[i]);
	EXPECT_EQ(7U, check_text(text, "#define KTSTR_CONSTRAINT_MEMBERS", "\n\n", &t));
	EXPECT_LT(12U, check_text(text, "struct ktstr_scheduler {", "\n};", &s));
	EXPECT_STREQ("", t.lost);
	EXPECT_STREQ("", s.lost);
	free(text);
}

TEST_HARNESS_MAIN
