// SPDX-License-Identifier: GPL-2.0
/*
 * The rules for the declarations of tests and schedulers. Each rule has a sentence of its own;
 * ktstr/register.h uses the same words for the rules that the compiler can check. Contradictions
 * are reported before attributes that are not supported yet.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/kernel.h>
#include <math.h>
#include <regex.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "harness/checks/checks.h"
#include "harness/guest/payload/payload.h"
#include "attrs_table.h"
#include "harness/model/part.h"
#include "plan.h"
#include "perf_delta.h"
#include "validate.h"

/* "FILE:LINE: test NAME: ATTRIBUTE: why" */
#define bad(_attr, ...)	bad_(err, t, _attr, __VA_ARGS__)

static int __attribute__((format(printf, 4, 5)))
bad_(struct ktstr_err *err, const struct ktstr_test *t, const char *attr, const char *fmt, ...)
{
	char why[256], source[160] = "";
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	if (t->file)
		snprintf(source, sizeof(source), "%s:%d: ", t->file, t->line);
	return ktstr_err(err, EINVAL, "%stest %s: %s: %s", source, t->name ?: "?", attr, why);
}

static bool on(enum ktstr_switch s)
{
	return s == KTSTR_ON;
}

static bool set(int64_t v)
{
	return v != KTSTR_UNSET;
}

static int check_ranges(const struct ktstr_test *t, struct ktstr_err *err)
{
	const struct ktstr_range *r;
	char why[96];

	r = ktstr_range__fault(ktstr_test_ranges, ktstr_nr_test_ranges, t, why, sizeof(why));
	return r ? bad(r->name, "%s", why) : 0;
}

static int check_bounds(const struct ktstr_test *t, struct ktstr_err *err)
{
	const struct { const char *name; int64_t min, max; } pair[] = {
		{ "min_llcs", t->min_llcs, t->max_llcs },
		{ "min_numa_nodes", t->min_numa_nodes, t->max_numa_nodes },
		{ "min_cpus", t->min_cpus, t->max_cpus },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(pair); i++)
		if (set(pair[i].min) && set(pair[i].max) && pair[i].min > pair[i].max)
			return bad(pair[i].name, "%" PRId64 " exceeds its max_%s = %" PRId64,
				   pair[i].min, pair[i].name + 4, pair[i].max);
	if (set(t->llcs) && set(t->numa_nodes) && t->llcs % t->numa_nodes)
		return bad("llcs", "%" PRId64 " must be divisible by numa_nodes = %" PRId64,
			   t->llcs, t->numa_nodes);
	return 0;
}

/* What the nodes are, the machine's rules say: vm_topology_check(), for which all counts are known. */
static int check_nodes(const struct ktstr_test *t, struct ktstr_err *err)
{
	const struct ktstr_scheduler *s = t->scheduler;
	int64_t nr = 0, distances = 0;

	if (t->nodes) {
		while (nr <= KTSTR_MAX_NODES && (t->nodes[nr].llcs || t->nodes[nr].mem_bytes))
			nr++;
		if (!nr || nr > KTSTR_MAX_NODES)
			return bad("nodes", "%s; 1 to %d nodes are possible",
				   nr ? "is too long, or its end is missing" :
				   "its first node has neither LLCs nor memory", KTSTR_MAX_NODES);
		if (set(t->numa_nodes) || set(t->llcs))
			return bad("nodes", "excludes %s, which follows from the nodes",
				   set(t->llcs) ? "llcs" : "numa_nodes");
	} else {
		nr = set(t->numa_nodes) ? t->numa_nodes :
		     s && set(s->numa_nodes) ? s->numa_nodes : 1;
	}
	while (t->distances && distances <= nr * nr && t->distances[distances])
		distances++;
	if (t->distances && distances != nr * nr)
		return bad("distances", "has %s%" PRId64 " numbers, %" PRId64 " nodes need %" PRId64,
			   distances > nr * nr ? "more than " : "", distances > nr * nr ? nr * nr : distances,
			   nr, nr * nr);
	return 0;
}

static int check_snapshots(const struct ktstr_test *t, struct ktstr_err *err)
{
	int64_t window_ms = (set(t->duration_s) ? t->duration_s : KTSTR_DEFAULT_DURATION_S) * 800;

	if (!set(t->num_snapshots) || !t->num_snapshots)
		return 0;
	if (window_ms / (t->num_snapshots + 1) < KTSTR_PERIODIC_GAP_MS)
		return bad("num_snapshots",
			   "%" PRId64 " captures in 80 %% of duration_s are less than %d ms apart",
			   t->num_snapshots, KTSTR_PERIODIC_GAP_MS);
	return 0;
}

/* Without a machine there is neither what these attributes change nor what a monitor looks at. */
static int check_host_only(const struct ktstr_test *t, struct ktstr_err *err)
{
	const struct ktstr_check *k;
	const struct ktstr_attr *a;

	if (!on(t->host_only))
		return 0;
	for (a = ktstr_test_attrs; a < ktstr_test_attrs + ktstr_nr_test_attrs; a++)
		if (a->machine && ktstr_attr__asked(a, t))
			return bad("host_only", "excludes %s%s", a->name,
				   a->type == KTSTR_ATTR_SWITCH ? " = true" :
				   a->type == KTSTR_ATTR_SWITCH_OFF ? " = false" : "");
	for (k = ktstr_check_table; k < ktstr_check_table + ktstr_nr_checks; k++)
		if (k->scope == KTSTR_SCOPE_MONITOR && ktstr_check__enabled(k, &t->checks))
			return bad("host_only", "excludes %s, which the monitor of a guest judges",
				   k->name);
	return 0;
}

/* What an attribute needs and what it excludes. */
static int check_exclusions(const struct ktstr_test *t, struct ktstr_err *err)
{
	const struct { const char *attr, *why; bool wrong; } rules[] = {
		{ "performance_mode", "excludes no_perf_mode",
		  on(t->performance_mode) && on(t->no_perf_mode) },
		{ "cpu_budget", "needs no_perf_mode = true",
		  set(t->cpu_budget) && !on(t->no_perf_mode) },
		{ "perf_delta_assertions", "needs performance_mode = true",
		  t->perf_delta_assertions && !on(t->performance_mode) },
		{ "expect_err", "excludes survives_storm",
		  on(t->expect_err) && on(t->survives_storm) },
		{ "expect_err", "excludes expect_auto_repro",
		  on(t->expect_err) && on(t->expect_auto_repro) },
		{ "allow_unclean_exit", "needs a scheduler",
		  on(t->allow_unclean_exit) && !t->scheduler && !t->staged_schedulers },
		{ "tolerates_restart", "needs a scheduler",
		  t->tolerates_restart != KTSTR_INHERIT && !t->scheduler && !t->staged_schedulers },
		{ "survives_storm", "needs a scheduler",
		  on(t->survives_storm) && !t->scheduler },
		{ "survives_storm", "excludes expect_auto_repro",
		  on(t->survives_storm) && on(t->expect_auto_repro) },
		{ "expect_auto_repro", "needs a scheduler",
		  on(t->expect_auto_repro) && !t->scheduler },
		{ "expect_auto_repro", "excludes auto_repro = false",
		  on(t->expect_auto_repro) && t->auto_repro == KTSTR_OFF },
		{ "expect_scx_bpf_error_contains", "needs expect_err = true",
		  t->expect_scx_bpf_error_contains && !on(t->expect_err) },
		{ "expect_scx_bpf_error_matches", "needs expect_err = true",
		  t->expect_scx_bpf_error_matches && !on(t->expect_err) },
		{ "expect_kind", "needs expect_err = true",
		  t->expect_kind != KTSTR_KIND_NONE && !on(t->expect_err) },
		{ "expect_text", "needs expect_err = true",
		  t->expect_text && !on(t->expect_err) },
		{ "wprof_args", "needs wprof", t->wprof_args && !on(t->wprof) },
		{ "extra_sched_args", "needs a scheduler",
		  t->extra_sched_args && !t->scheduler },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rules); i++)
		if (rules[i].wrong)
			return bad(rules[i].attr, "%s", rules[i].why);
	return 0;
}

/* A matcher must not match every text. */
static int check_matchers(const struct ktstr_test *t, struct ktstr_err *err)
{
	const char *re = t->expect_scx_bpf_error_matches;
	char why[128];
	bool vacuous;
	regex_t r;
	int ret;

	if (t->expect_scx_bpf_error_contains && !*t->expect_scx_bpf_error_contains)
		return bad("expect_scx_bpf_error_contains", "must not be empty");
	if (t->expect_text && !*t->expect_text)
		return bad("expect_text", "must not be empty");
	if ((unsigned int)t->expect_kind >= KTSTR_NR_KINDS)
		return bad("expect_kind", "%d is no kind of failure", (int)t->expect_kind);
	if (t->expect_kind == KTSTR_INFRASTRUCTURE || t->expect_kind == KTSTR_SKIPPED ||
	    t->expect_kind == KTSTR_NO_DATA)
		return bad("expect_kind", "a kind that is no finding can never be expected");
	if (!re)
		return 0;
	if (!*re)
		return bad("expect_scx_bpf_error_matches", "must not be empty");
	ret = regcomp(&r, re, REG_EXTENDED | REG_NOSUB);
	if (ret) {
		regerror(ret, &r, why, sizeof(why));
		return bad("expect_scx_bpf_error_matches",
			   "\"%s\" is no extended regular expression: %s", re, why);
	}
	vacuous = !regexec(&r, "", 0, NULL, 0);
	regfree(&r);
	if (vacuous)
		return bad("expect_scx_bpf_error_matches",
			   "\"%s\" matches the empty string, so it proves nothing", re);
	return 0;
}

/* "/a/b": absolute, not the root, without "..", one line. */
static const char *path_fault(const char *p)
{
	size_t len = strlen(p);

	if (*p != '/')
		return "must start with '/'";
	if (!p[1])
		return "must not be the root";
	if (strpbrk(p, " \t\n"))
		return "must not contain blanks";
	if (!strcmp(p, "/..") || strstr(p, "/../") || (len > 3 && !strcmp(p + len - 3, "/..")))
		return "must not contain '..'";
	return NULL;
}

static const char *line_fault(const char * const *list)
{
	for (; list && *list; list++)
		if (strchr(*list, '\n'))
			return "must not contain line breaks";
	return NULL;
}

/* Texts that are looked for in single lines: each must be able to be there, and not everywhere. */
static const char *texts_fault(const char * const *list)
{
	const char *why = line_fault(list);

	if (list && !*list)
		return "must not be an empty list";
	for (; list && *list && !why; list++)
		if (!**list)
			why = "must not have an empty text, which allows everything";
	return why;
}

static bool reads_config(const struct ktstr_test *t)
{
	const struct ktstr_scheduler * const *s;

	for (s = t->staged_schedulers; s && *s; s++)
		if ((*s)->config_arg)
			return true;
	return t->scheduler && t->scheduler->config_arg;
}

/* Each has a folder with its name in the guest, and is started by an op. */
static int check_staged(const struct ktstr_test *t, struct ktstr_err *err)
{
	const struct ktstr_scheduler * const *list = t->staged_schedulers;
	const struct ktstr_scheduler *s;
	size_t i, k;
	int ret;

	for (i = 0; list && list[i]; i++) {
		s = list[i];
		ret = ktstr_validate_scheduler(s, err);
		if (ret)
			return ret;
		if (!s->binary)
			return bad("staged_schedulers", "%s has no binary to start", s->name);
		if (s->sysctls || s->kargs || s->enable || s->disable)
			return bad("staged_schedulers",
				   "%s has sysctls, kargs, enable or disable, which only the test's scheduler can have",
				   s->name);
		if (strchr(s->name, '/') || *s->name == '.' || strlen(s->name) >= KTSTR_NAME_LEN)
			return bad("staged_schedulers",
				   "\"%s\" must have a name of at most %d bytes without '/' and a leading '.'",
				   s->name, KTSTR_NAME_LEN - 1);
		if (s->config_arg && !t->config)
			return bad("config", "is missing: scheduler %s has config_arg", s->name);
		for (k = 0; k < i; k++)
			if (!strcmp(list[k]->name, s->name))
				return bad("staged_schedulers", "%s stands there twice", s->name);
	}
	return 0;
}

static int check_payload(const struct ktstr_test *t, const char *attr,
			 const struct ktstr_payload *p, struct ktstr_err *err)
{
	char room[256];
	const char *why = ktstr_payload__problem(p, room, sizeof(room));

	return why ? bad(attr, "%s: %s", p->name ?: "?", why) : 0;
}

/* Reports and host callbacks look up the figures of payloads by name. */
static int check_payloads(const struct ktstr_test *t, struct ktstr_err *err)
{
	const struct ktstr_payload * const *w, * const *before;
	int ret = t->payload ? check_payload(t, "payload", t->payload, err) : 0;

	for (w = t->workloads; w && *w && !ret; w++) {
		ret = check_payload(t, "workloads", *w, err);
		if (!ret && t->payload && !strcmp((*w)->name, t->payload->name))
			ret = bad("workloads", "%s is the payload already", (*w)->name);
		for (before = t->workloads; before < w && !ret; before++)
			if (!strcmp((*before)->name, (*w)->name))
				ret = bad("workloads", "%s stands there twice", (*w)->name);
	}
	return ret;
}

static int check_lists(const struct ktstr_test *t, struct ktstr_err *err)
{
	char room[256];
	const char *why;

	why = t->workload_root_cgroup ? path_fault(t->workload_root_cgroup) : NULL;
	if (why)
		return bad("workload_root_cgroup", "\"%s\" %s", t->workload_root_cgroup, why);
	why = line_fault(t->extra_sched_args);
	if (why)
		return bad("extra_sched_args", "%s", why);
	why = texts_fault(t->allow_splats);
	if (why)
		return bad("allow_splats", "%s", why);
	why = ktstr_perf_deltas__fault(t->perf_delta_assertions, room, sizeof(room));
	if (why)
		return bad("perf_delta_assertions", "%s", why);
	if (t->config && !reads_config(t))
		return bad("config", "needs a scheduler with config_arg, else nobody reads it");
	if (!t->config && t->scheduler && t->scheduler->config_arg)
		return bad("config", "is missing: scheduler %s has config_arg",
			   t->scheduler->name ?: "?");
	return 0;
}

/* Thresholds are numbers and not negative. */
static int check_checks(const struct ktstr_checks *c, const char *who, const char *name,
			struct ktstr_err *err)
{
	const struct ktstr_check *k;
	const char *why;

	for (k = ktstr_check_table; k < ktstr_check_table + ktstr_nr_checks; k++) {
		why = ktstr_check__fault(k, c);
		if (why)
			return ktstr_err(err, EINVAL, "%s %s: %s: %s", who, name, k->name, why);
	}
	return 0;
}

static int check_supported(const struct ktstr_attr *attrs, unsigned int nr, const void *record,
			   const char *who, const char *name, struct ktstr_err *err)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (attrs[i].later && ktstr_attr__asked(&attrs[i], record))
			return ktstr_err(err, EOPNOTSUPP, "%s %s: %s: not supported yet (needs %s)",
					 who, name, attrs[i].name, attrs[i].later);
	return 0;
}

int ktstr_validate(const struct ktstr_test *t, struct ktstr_err *err)
{
	int (* const rules[])(const struct ktstr_test *t, struct ktstr_err *err) = {
		check_ranges, check_bounds, check_nodes, check_snapshots, check_host_only, check_exclusions, check_matchers,
		ktstr_parts__check, check_lists, check_staged, check_payloads,
	};
	size_t i;
	int ret;

	if (!t->name || !*t->name)
		return ktstr_err(err, EINVAL, "a test without a name");
	if (strpbrk(t->name, "/\\"))
		return bad("name", "must not contain '/' or '\\'");
	if (!t->body)
		return bad("body", "is missing");
	for (i = 0; i < ARRAY_SIZE(rules); i++) {
		ret = rules[i](t, err);
		if (ret)
			return ret;
	}
	ret = check_checks(&t->checks, "test", t->name, err);
	if (!ret && t->scheduler)
		ret = ktstr_validate_scheduler(t->scheduler, err);
	if (!ret)
		ret = check_supported(ktstr_test_attrs, ktstr_nr_test_attrs, t, "test", t->name,
				      err);
	return ret;
}

/* The kernel parameter of the framework that @arg would override, or NULL. */
static const char *owned_karg(const char *arg)
{
	static const char * const owned[] = {
		"nokaslr", "kaslr", "console=", "loglevel=", "init=", "rdinit=", "panic=",
		"reboot=", "memmap=", "ktstr.",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(owned); i++)
		if (!strncmp(arg, owned[i], strlen(owned[i])))
			return owned[i];
	return NULL;
}

#define bad_sched(_attr, _fmt, ...)						\
	ktstr_err(err, EINVAL, "scheduler %s: %s: " _fmt, s->name, _attr, ##__VA_ARGS__)

static int check_cmdline(const struct ktstr_scheduler *s, struct ktstr_err *err)
{
	const char * const *p;
	const char *eq, *why;

	for (p = s->sysctls; p && *p; p++) {
		eq = strchr(*p, '=');
		if (!eq || eq == *p)
			return bad_sched("sysctls", "\"%s\" is not KEY=VALUE", *p);
		if (!memchr(*p, '.', eq - *p) || strpbrk(*p, " \t\n\""))
			return bad_sched("sysctls",
					 "\"%s\": the key must be dotted and nothing may contain blanks or quotes",
					 *p);
	}
	for (p = s->kargs; p && *p; p++) {
		why = owned_karg(*p);
		if (why)
			return bad_sched("kargs", "\"%s\": %s belongs to the framework", *p, why);
		if (!**p || strpbrk(*p, " \t\n"))
			return bad_sched("kargs", "\"%s\" must be one word", *p);
	}
	return 0;
}

static int check_commands(const struct ktstr_scheduler *s, const char *attr,
			  const char * const *list, struct ktstr_err *err)
{
	const char *to;

	for (; list && *list; list++) {
		to = strstr(*list, " > /");
		if (strncmp(*list, "echo ", 5) || !to || strchr(*list, '\n'))
			return bad_sched(attr, "\"%s\" is not \"echo VALUE > /path\"", *list);
	}
	return 0;
}

static int check_sched_config(const struct ktstr_scheduler *s, struct ktstr_err *err)
{
	const char *why;

	if (s->config_file && s->config_arg)
		return bad_sched("config_file", "excludes config_arg");
	if (!s->config_arg != !s->config_path)
		return bad_sched(s->config_arg ? "config_arg" : "config_path",
				 "config_arg and config_path need each other");
	if (s->config_arg && !strstr(s->config_arg, "{file}"))
		return bad_sched("config_arg", "\"%s\" lacks {file}", s->config_arg);
	why = s->config_path ? path_fault(s->config_path) : NULL;
	if (why)
		return bad_sched("config_path", "\"%s\" %s", s->config_path, why);
	if ((s->config_arg || s->config_file || s->args || s->cgroup_parent) && !s->binary)
		return bad_sched("binary", "is missing, but arguments for it are declared");
	return 0;
}

int ktstr_validate_scheduler(const struct ktstr_scheduler *s, struct ktstr_err *err)
{
	const struct ktstr_range *r;
	const char *why;
	char range[96];
	int ret;

	if (!s->name || !*s->name)
		return ktstr_err(err, EINVAL, "a scheduler without a name");
	r = ktstr_range__fault(ktstr_scheduler_ranges, ktstr_nr_scheduler_ranges, s, range,
			       sizeof(range));
	if (r)
		return bad_sched(r->name, "%s", range);
	if (set(s->llcs) && set(s->numa_nodes) && s->llcs % s->numa_nodes)
		return bad_sched("llcs", "must be divisible by numa_nodes");
	if (s->binary && !*s->binary)
		return bad_sched("binary", "must not be empty");
	why = s->cgroup_parent ? path_fault(s->cgroup_parent) : NULL;
	if (why)
		return bad_sched("cgroup_parent", "\"%s\" %s", s->cgroup_parent, why);
	why = line_fault(s->args);
	if (why)
		return bad_sched("args", "%s", why);
	ret = check_cmdline(s, err);
	if (ret)
		return ret;
	ret = check_commands(s, "enable", s->enable, err);
	if (ret)
		return ret;
	ret = check_commands(s, "disable", s->disable, err);
	if (ret)
		return ret;
	ret = check_sched_config(s, err);
	if (ret)
		return ret;
	ret = check_checks(&s->checks, "scheduler", s->name, err);
	if (ret)
		return ret;
	return check_supported(ktstr_scheduler_attrs, ktstr_nr_scheduler_attrs, s, "scheduler",
			       s->name, err);
}
