// SPDX-License-Identifier: GPL-2.0
/* `ktstr stats show`: one run, or all that belong to the filters, in a few tables. */
#include <math.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "harness/result/metrics.h"
#include "stats.h"
#include "tools-testing-ktstr/util/util.h"

#define MAX_INSNS	1000000.0	/* BPF_COMPLEXITY_LIMIT_INSNS, include/linux/bpf.h */
#define MANY_PERCENT	75
#define OUTLIER_MIN	5		/* values from which one of them can stand out */
#define OUTLIER_MADS	5
#define MAX_PROGRAMS	256

struct chosen {
	const struct ktstr_row **row;
	size_t nr;
	double *v;			/* room for a value of each */
};

/* NaN: the row has no such figure. */
static double value_of(const struct ktstr_rows *rows, const struct ktstr_row *row, const char *name)
{
	for (size_t i = 0; i < row->nr; i++) {
		const struct ktstr_value *v = &rows->value[row->first + i];

		if (!strcmp(rows->figure[v->figure].name, name))
			return v->value;
	}
	return NAN;
}

/* The median over the rows that have the figure and passed or failed; false: none has. */
static bool sample(struct stats *st, struct chosen *c, enum ktstr_dim dim, const char *value,
		   const char *metric, struct ktstr_sample *s)
{
	size_t nr = 0;

	for (size_t i = 0; i < c->nr; i++) {
		double v = c->row[i]->dim[dim] == value || !value ?
			   value_of(&st->rows, c->row[i], metric) : NAN;

		if (!isnan(v))
			c->v[nr++] = v;
	}
	if (nr)
		ktstr_sample__of(s, c->v, nr);
	return nr;
}

static const char * const shown[] = {
	"worst_spread", "worst_gap_ms", "worst_p99_wake_latency_us", "max_imbalance_ratio",
	"max_dsq_depth", "stall_count", "total_fallback", "total_keep_last",
};

static void put_group(struct stats *st, struct chosen *c, enum ktstr_dim dim, const char *value)
{
	unsigned int runs = 0, passed = 0, failed = 0, skipped = 0, undecided = 0;
	struct ktstr_sample s;

	for (size_t i = 0; i < c->nr; i++) {
		const struct ktstr_row *r = c->row[i];

		if (r->dim[dim] != value)
			continue;
		runs++;
		passed += ktstr_row__passed(r);
		failed += ktstr_row__is(r, "fail");
		skipped += ktstr_row__is(r, "skip");
		undecided += ktstr_row__is(r, "inconclusive");
	}
	sheet__row(st->sheet);
	sheet__text(st->sheet, value);
	sheet__number(st->sheet, runs, 0);
	sheet__number(st->sheet, passed, 0);
	sheet__number(st->sheet, failed, 0);
	sheet__number(st->sheet, skipped, 0);
	sheet__number(st->sheet, undecided, 0);
	for (size_t i = 0; i < ARRAY_SIZE(shown); i++)
		sheet__number(st->sheet, sample(st, c, dim, value, shown[i], &s) ? s.median : NAN, 1);
	sheet__mark(st->sheet, failed ? -1 : 0);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char * const *)a, *(const char * const *)b);
}

/* The passed, the failed and the medians of the figures, for each value of a dimension. */
static void put_groups(struct stats *st, struct chosen *c, enum ktstr_dim dim, const char *title)
{
	const struct sheet_column columns[] = {
		{ ktstr_dims[dim].name, ktstr_dims[dim].name }, { "runs", "RUNS", true },
		{ "passed", "PASSED", true }, { "failed", "FAILED", true },
		{ "skipped", "SKIPPED", true }, { "inconclusive", "INCONCL.", true },
		{ shown[0], "SPREAD %", true }, { shown[1], "GAP MS", true },
		{ shown[2], "P99 WAKE US", true }, { shown[3], "IMBALANCE", true },
		{ shown[4], "DSQ", true }, { shown[5], "STALLS", true },
		{ shown[6], "FALLBACK", true }, { shown[7], "KEEP LAST", true },
	};
	const char **values = calloc(c->nr + 1, sizeof(*values));
	size_t nr = 0;

	if (!values)
		return;
	for (size_t i = 0; i < c->nr; i++)
		if (c->row[i]->dim[dim])
			values[nr++] = c->row[i]->dim[dim];
	qsort(values, nr, sizeof(*values), by_text);
	sheet__table(st->sheet, ktstr_dims[dim].name, title, columns, ARRAY_SIZE(columns));
	for (size_t i = 0; i < nr; i++)
		if (!i || values[i] != values[i - 1])
			put_group(st, c, dim, values[i]);
	free(values);
}

/* Runs whose figure is far on the bad side of the others: median and MAD, as one outlier moves neither. */
static void put_outliers(struct stats *st, struct chosen *c)
{
	static const struct sheet_column columns[] = {
		{ "test", "TEST" }, { "topology", "TOPOLOGY" }, { "scheduler", "SCHEDULER" },
		{ "metric", "METRIC" }, { "value", "VALUE", true }, { "median", "MEDIAN", true },
		{ "mad", "MAD", true },
	};
	const struct ktstr_metric *m;

	sheet__table(st->sheet, "outliers", "Outliers", columns, ARRAY_SIZE(columns));
	for (m = ktstr_metric_table; m < ktstr_metric_table + ktstr_nr_metrics; m++) {
		struct ktstr_sample all, away;

		if (!m->run_key || isnan(m->abs_gate) ||
		    !sample(st, c, KTSTR_DIM_RUN, NULL, m->run_key, &all) || all.nr < OUTLIER_MIN)
			continue;
		for (size_t i = 0; i < all.nr; i++)
			c->v[i] = fabs(c->v[i] - all.median);
		ktstr_sample__of(&away, c->v, all.nr);
		for (size_t i = 0; i < c->nr; i++) {
			double v = value_of(&st->rows, c->row[i], m->run_key);
			double bad = m->polarity == KTSTR_HIGHER_IS_BETTER ? all.median - v : v - all.median;

			if (!(bad > OUTLIER_MADS * away.median && bad >= m->abs_gate))
				continue;
			sheet__row(st->sheet);
			sheet__text(st->sheet, c->row[i]->dim[KTSTR_DIM_TEST]);
			sheet__text(st->sheet, c->row[i]->dim[KTSTR_DIM_TOPOLOGY]);
			sheet__text(st->sheet, c->row[i]->dim[KTSTR_DIM_SCHEDULER]);
			sheet__text(st->sheet, m->run_key);
			sheet__number(st->sheet, v, 2);
			sheet__number(st->sheet, all.median, 2);
			sheet__number(st->sheet, away.median, 2);
		}
	}
}

/* Of the sidecars themselves: what the index has not. */
struct sums {
	struct program {
		char scheduler[64], name[64];
		uint64_t insns, runs, ns;
	} program[MAX_PROGRAMS];
	size_t nr;
	uint64_t vcpus, vms, exits, halts, halt_ns, polls, tries;
	struct ktstr_jtree tree;
	struct ktstr_jnode *host;	/* the newest one */
};

static struct program *program_of(struct sums *s, const char *scheduler, const char *name)
{
	struct program *p;

	for (p = s->program; p < s->program + s->nr; p++)
		if (!strcmp(p->name, name) && !strcmp(p->scheduler, scheduler))
			return p;
	if (s->nr == MAX_PROGRAMS)
		return NULL;
	s->nr++;
	snprintf(p->scheduler, sizeof(p->scheduler), "%s", scheduler);
	snprintf(p->name, sizeof(p->name), "%s", name);
	return p;
}

static void add_vms(struct sums *s, const struct ktstr_jnode *kvm)
{
	const struct ktstr_jnode *v = ktstr_jnode__list(kvm, "per_vcpu");

	s->vms += v != NULL;
	for (; v; v = v->next) {
		s->vcpus++;
		s->exits += ktstr_jnode__u64(v, "exits", 0);
		s->halts += ktstr_jnode__u64(v, "halt_exits", 0);
		s->halt_ns += ktstr_jnode__u64(v, "halt_wait_ns", 0);
		s->polls += ktstr_jnode__u64(v, "halt_successful_poll", 0);
		s->tries += ktstr_jnode__u64(v, "halt_attempted_poll", 0);
	}
}

/* The scalars of the host; the rest is in the sidecar. */
static void keep_host(struct sums *s, const struct ktstr_jnode *host)
{
	const struct ktstr_jnode *n;

	ktstr_jtree__free(&s->tree);
	ktstr_jtree__init(&s->tree, 1 << 20);
	s->host = ktstr_jtree__object(&s->tree, NULL, NULL);
	for (n = ktstr_jnode__first(host); n; n = n->next) {
		const char *key = ktstr_jtree__copy(&s->tree, n->key);

		if (key && n->type == KTSTR_J_STR)
			ktstr_jtree__str(&s->tree, s->host, key, n->s);
		else if (key && n->type == KTSTR_J_UINT)
			ktstr_jtree__fmt(&s->tree, s->host, key, "%llu", (unsigned long long)n->u);
	}
}

static void add_sidecar(void *arg, const struct ktstr_row *row, const struct ktstr_record *r)
{
	const char *scheduler = row->dim[KTSTR_DIM_SCHEDULER] ?: "?";
	struct sums *s = arg;
	const struct ktstr_jnode *v;
	struct program *p;
	uint64_t insns;

	for (v = ktstr_jnode__list(r->root, "verifier_stats"); v; v = v->next) {
		p = program_of(s, scheduler, ktstr_jnode__str(v, "name", "?"));
		if (!p)
			continue;
		insns = ktstr_jnode__u64(v, "verified_insns", 0);
		p->insns = insns > p->insns ? insns : p->insns;
		p->runs += ktstr_jnode__u64(v, "runs", 0);
		p->ns += ktstr_jnode__u64(v, "run_ns", 0);
	}
	add_vms(s, ktstr_jnode__get(r->root, "kvm_stats"));
	keep_host(s, ktstr_jnode__get(r->root, "host"));
}

static void put_programs(struct stats *st, const struct sums *s)
{
	static const struct sheet_column columns[] = {
		{ "scheduler", "SCHEDULER" }, { "program", "PROGRAM" },
		{ "verified_insns", "VERIFIED INSNS", true }, { "percent", "% OF LIMIT", true },
		{ "runs", "RUNS", true }, { "ns", "NS", true }, { "ns_per_run", "NS/RUN", true },
	};
	const struct program *p;

	sheet__table(st->sheet, "programs", "BPF programs", columns, ARRAY_SIZE(columns));
	for (p = s->program; p < s->program + s->nr; p++) {
		double percent = 100 * (double)p->insns / MAX_INSNS;

		sheet__row(st->sheet);
		sheet__text(st->sheet, p->scheduler);
		sheet__text(st->sheet, p->name);
		sheet__number(st->sheet, (double)p->insns, 0);
		sheet__number(st->sheet, percent, 1);
		sheet__number(st->sheet, p->runs ? (double)p->runs : NAN, 0);
		sheet__number(st->sheet, p->runs ? (double)p->ns : NAN, 0);
		sheet__number(st->sheet, p->runs ? (double)p->ns / (double)p->runs : NAN, 0);
		sheet__mark(st->sheet, percent >= MANY_PERCENT ? -1 : 0);
	}
}

static void put_kvm(struct stats *st, const struct sums *s)
{
	static const struct sheet_column columns[] = {
		{ "vms", "VMS", true }, { "exits", "EXITS", true }, { "halts", "HALTS", true },
		{ "halt_wait_ms", "HALT WAIT MS", true }, { "poll_ok_percent", "POLLS OK %", true },
	};
	double n = (double)s->vcpus;

	if (!s->exits)
		return;
	sheet__table(st->sheet, "kvm", "KVM, the mean of a vCPU", columns, ARRAY_SIZE(columns));
	sheet__row(st->sheet);
	sheet__number(st->sheet, (double)s->vms, 0);
	sheet__number(st->sheet, (double)s->exits / n, 0);
	sheet__number(st->sheet, (double)s->halts / n, 0);
	sheet__number(st->sheet, (double)s->halt_ns / n / 1e6, 1);
	sheet__number(st->sheet, s->tries ? 100 * (double)s->polls / (double)s->tries : NAN, 1);
}

static void put_host(struct stats *st, const struct sums *s)
{
	static const struct sheet_column columns[] = { { "key", "KEY" }, { "value", "VALUE" } };
	const struct ktstr_jnode *n;

	sheet__table(st->sheet, "host", "Host of the last of them", columns, ARRAY_SIZE(columns));
	for (n = ktstr_jnode__first(s->host); n; n = n->next) {
		sheet__row(st->sheet);
		sheet__text(st->sheet, n->key);
		sheet__text(st->sheet, n->s);
	}
}

static int put_all(struct stats *st, struct chosen *c)
{
	struct sums *s = calloc(1, sizeof(*s));

	if (!s)
		return complain(1, NULL, "no memory for the figures");
	put_groups(st, c, KTSTR_DIM_TEST, "By test");
	put_groups(st, c, KTSTR_DIM_TOPOLOGY, "By topology");
	put_groups(st, c, KTSTR_DIM_SCHEDULER, "By scheduler");
	put_groups(st, c, KTSTR_DIM_WORK_TYPE, "By work type");
	put_outliers(st, c);
	ktstr_jtree__init(&s->tree, 1 << 20);
	stats__each_sidecar(st, add_sidecar, s);
	put_programs(st, s);
	put_kvm(st, s);
	put_host(st, s);
	ktstr_jtree__free(&s->tree);
	free(s);
	return 0;
}

int stats__show(struct stats *st)
{
	static const bool both[KTSTR_SIDES] = { true, true };
	struct chosen c = { NULL };
	char build[256];
	int ret = 0;

	/* without a run and without filters: the newest one */
	if (st->argc || !st->opts.nr_filters)
		ret = stats__choose_run(st, st->argc ? st->argv[0] : NULL, both);
	if (ret)
		return ret;
	c.row = calloc(st->rows.nr + 1, sizeof(*c.row));
	c.v = calloc(st->rows.nr + 1, sizeof(*c.v));
	for (size_t i = 0; c.row && i < st->rows.nr; i++)
		if (ktstr_compare__takes(&st->opts, KTSTR_SIDE_A, &st->rows.row[i]))
			c.row[c.nr++] = &st->rows.row[i];
	if (c.nr && c.v) {
		stats__build_name(c.row[c.nr - 1], build, sizeof(build));
		sheet__note(st->sheet, "run %s, %s, %zu test%s", c.row[c.nr - 1]->dim[KTSTR_DIM_RUN], build,
			    c.nr, c.nr == 1 ? "" : "s");
		ret = put_all(st, &c);
	} else {
		fprintf(stderr, "ktstr: no sidecar below %s belongs to this\n", st->root);
	}
	free(c.row);
	free(c.v);
	return ret;
}
