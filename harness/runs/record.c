// SPDX-License-Identifier: GPL-2.0
/* See record.h. The figures are the rows of the metric table, then those with names of their own. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/result/metrics.h"
#include "record.h"

#define MAX_FIGURES	4096

bool ktstr_record__is_file(const char *name)
{
	size_t len = strlen(name);

	return name[0] != '.' && len > 5 && !strcmp(name + len - 5, ".json") &&
	       strstr(name, ".ktstr.");
}

/* False: it is no number, as null is none. */
static bool number(const struct ktstr_jnode *n, double *v)
{
	if (!n)
		return false;
	switch (n->type) {
	case KTSTR_J_BOOL:
		*v = n->b;
		return true;
	case KTSTR_J_UINT:
		*v = (double)n->u;
		return true;
	case KTSTR_J_INT:
		*v = (double)n->i;
		return true;
	case KTSTR_J_REAL:
		*v = n->d;
		return isfinite(n->d);
	default:
		return false;
	}
}

static int add(struct ktstr_record *r, const char *name, const char *unit,
	       enum ktstr_polarity polarity, double value)
{
	struct ktstr_figure *more;

	if (r->nr_figures == MAX_FIGURES)
		return 0;
	if (!(r->nr_figures & (r->nr_figures - 1))) {
		more = realloc(r->figure, (r->nr_figures ? 2 * r->nr_figures : 1) * sizeof(*more));
		if (!more)
			return -ENOMEM;
		r->figure = more;
	}
	r->figure[r->nr_figures++] = (struct ktstr_figure) {
		.name = name, .unit = unit, .polarity = polarity, .value = value, .nr = 1,
	};
	return 0;
}

/* Where the monitor's section has a figure of the table: objects, then a key. */
static const struct {
	const char *run_key, *in, *key;
} in_monitor[] = {
	{ "max_imbalance_ratio", NULL, "max_imbalance_ratio" },
	{ "max_dsq_depth", NULL, "max_local_dsq_depth" },
	{ "stall_count", NULL, "stall_detected" },
	{ "total_fallback", "event_deltas", "select_cpu_fallback" },
	{ "total_keep_last", "event_deltas", "dispatch_keep_last" },
};

static const struct ktstr_jnode *of_monitor(const struct ktstr_jnode *monitor, const char *run_key)
{
	for (size_t i = 0; i < sizeof(in_monitor) / sizeof(*in_monitor); i++) {
		if (strcmp(in_monitor[i].run_key, run_key))
			continue;
		if (in_monitor[i].in)
			monitor = ktstr_jnode__get(monitor, in_monitor[i].in);
		return ktstr_jnode__get(monitor, in_monitor[i].key);
	}
	return NULL;
}

static int take_table(struct ktstr_record *r)
{
	const struct ktstr_jnode *stats = ktstr_jnode__get(r->root, "stats");
	const struct ktstr_jnode *monitor = ktstr_jnode__get(r->root, "monitor");
	const struct ktstr_metric *m;
	double v;

	for (m = ktstr_metric_table; m < ktstr_metric_table + ktstr_nr_metrics; m++)
		if (m->run_key && number(m->member ? ktstr_jnode__get(stats, m->run_key) :
					 of_monitor(monitor, m->run_key), &v) &&
		    add(r, m->run_key, m->unit, m->polarity, v))
			return -ENOMEM;
	return 0;
}

/* The mean of those with one name, as of several steps. Only @r->figure[@first] and on have such. */
static int add_mean(struct ktstr_record *r, unsigned int first, const char *name, const char *unit,
		    enum ktstr_polarity polarity, double value)
{
	struct ktstr_figure *f;
	const char *full;

	for (f = r->figure + first; f < r->figure + r->nr_figures; f++) {
		if (strcmp(f->name, name))
			continue;
		f->value += (value - f->value) / ++f->nr;
		return 0;
	}
	full = ktstr_jtree__copy(&r->tree, name);
	return full ? add(r, full, unit, polarity, value) : -ENOMEM;
}

/* "SOURCE/NAME", with the cgroup before it where it has one. */
static int take_ext(struct ktstr_record *r)
{
	unsigned int first = r->nr_figures;
	const struct ktstr_jnode *m;
	const char *source, *cgroup, *name;
	char text[512];
	double v;

	for (m = ktstr_jnode__list(r->root, "metrics"); m; m = m->next) {
		source = ktstr_jnode__str(m, "source", "");
		cgroup = ktstr_jnode__str(m, "cgroup", "");
		name = ktstr_jnode__str(m, "name", "");
		if (!*name || !number(ktstr_jnode__get(m, "value"), &v))
			continue;
		snprintf(text, sizeof(text), "%s%s%s%s%s", cgroup, *cgroup ? "/" : "", source,
			 *source ? "/" : "", name);
		if (add_mean(r, first, text, ktstr_jnode__str(m, "unit", ""),
			     ktstr_polarity__find(ktstr_jnode__str(m, "better", "")), v))
			return -ENOMEM;
	}
	return 0;
}

/* 48 bits of a hash in hex, as a number. */
static bool code_number(const struct ktstr_jnode *op, double *v)
{
	const char *code = ktstr_jnode__str(op, "code", NULL);

	if (code)
		*v = (double)(strtoull(code, NULL, 16) & ((1ull << 48) - 1));
	return code;
}

static int add_op(struct ktstr_record *r, const char *op, const char *key, const char *unit,
		  enum ktstr_polarity polarity, double v)
{
	const char *full;
	char text[256];

	snprintf(text, sizeof(text), KTSTR_LEDGER_PREFIX "%s.%s", op, key);
	full = ktstr_jtree__copy(&r->tree, text);
	return full ? add(r, full, unit, polarity, v) : -ENOMEM;
}

/* What the operations of the scheduler cost: harness/ledger. */
static int take_ledger(struct ktstr_record *r)
{
	const struct ktstr_jnode *op;
	double v, calls;
	int ret = 0;

	for (op = ktstr_jnode__list(ktstr_jnode__get(r->root, "ledger"), "ops"); op && !ret;
	     op = op->next) {
		const char *name = ktstr_jnode__str(op, "op", "?");

		if (code_number(op, &v))
			ret = add_op(r, name, KTSTR_LEDGER_CODE, "", KTSTR_NEUTRAL, v);
		if (!number(ktstr_jnode__get(op, "calls"), &calls) || !(calls > 0))
			continue;
		ret = ret ?: add_op(r, name, "calls", "", KTSTR_NEUTRAL, calls);
		if (!ret && number(ktstr_jnode__get(op, "insns"), &v))
			ret = add_op(r, name, "insns_per_call", "insns", KTSTR_LOWER_IS_BETTER, v / calls);
		if (!ret && number(ktstr_jnode__get(op, "shortest"), &v))
			ret = add_op(r, name, "shortest", "insns", KTSTR_LOWER_IS_BETTER, v);
		if (!ret && number(ktstr_jnode__get(op, "typical"), &v))
			ret = add_op(r, name, "typical", "insns", KTSTR_LOWER_IS_BETTER, v);
	}
	return ret;
}

/* A number is text too, as filters are. */
static const char *text_of(struct ktstr_record *r, const char *key)
{
	const struct ktstr_jnode *n = ktstr_jnode__get(r->root, key);
	char text[32];

	if (!n)
		return NULL;
	if (n->type == KTSTR_J_STR)
		return n->s;
	if (n->type != KTSTR_J_UINT)
		return NULL;
	snprintf(text, sizeof(text), "%llu", (unsigned long long)n->u);
	return ktstr_jtree__copy(&r->tree, text);
}

static const char *verdict_of(const struct ktstr_record *r)
{
	const char *verdict = ktstr_jnode__str(r->root, "verdict", NULL);

	if (verdict)
		return verdict;
	if (ktstr_jnode__bool(r->root, "skipped"))
		return "skip";
	return ktstr_jnode__bool(r->root, "passed") ? "pass" : "fail";
}

int ktstr_record__read(struct ktstr_record *r, const char *text, size_t len, const char *run,
		       struct ktstr_err *err)
{
	const struct ktstr_jnode *host;

	memset(r, 0, sizeof(*r));
	/* a tree is some 5 times as large as its text */
	ktstr_jtree__init(&r->tree, 65536 + 16 * len);
	r->root = ktstr_jtree__parse(&r->tree, text, len, err);
	if (!r->root)
		return -EBADMSG;
	if (!ktstr_jnode__str(r->root, "test_name", NULL))
		return ktstr_err(err, EBADMSG, "it has no test_name, so it is not of a run");
	for (int d = 0; d < KTSTR_NR_DIMS; d++)
		r->dim[d] = ktstr_dims[d].key ? text_of(r, ktstr_dims[d].key) : run;
	if (!r->dim[KTSTR_DIM_TEST])
		r->dim[KTSTR_DIM_TEST] = ktstr_jnode__str(r->root, "test_name", NULL);
	host = ktstr_jnode__get(r->root, "host");
	r->verdict = verdict_of(r);
	r->timestamp = ktstr_jnode__str(host, "timestamp", NULL);
	r->arch = ktstr_jnode__str(host, "arch", NULL);
	r->host_cpu = ktstr_jnode__str(host, "cpu_model", NULL);
	r->host_kernel = ktstr_jnode__str(host, "kernel_release", NULL);
	r->deterministic = ktstr_jnode__bool(r->root, "deterministic");
	if (take_table(r) || take_ext(r) || take_ledger(r) || r->tree.error)
		return ktstr_err(err, ENOMEM, "no memory for its figures");
	return 0;
}

void ktstr_record__free(struct ktstr_record *r)
{
	ktstr_jtree__free(&r->tree);
	free(r->figure);
	r->figure = NULL;
	r->root = NULL;
}
