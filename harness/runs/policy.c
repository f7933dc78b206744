// SPDX-License-Identifier: GPL-2.0
/* See policy.h. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/result/metrics.h"
#include "lib/jtree.h"
#include "lib/paths.h"
#include "lib/suggest.h"
#include "policy.h"
#include "record.h"

#define MAX_FILE	(1u << 20)

void ktstr_policy__init(struct ktstr_policy *p)
{
	memset(p, 0, sizeof(*p));
	p->default_rel = NAN;
}

void ktstr_policy__free(struct ktstr_policy *p)
{
	for (size_t i = 0; i < p->nr; i++)
		free(p->row[i].metric);
	free(p->row);
	ktstr_policy__init(p);
}

int ktstr_policy__percent(struct ktstr_policy *p, const char *text, struct ktstr_err *err)
{
	char *end;
	double v = strtod(text, &end);

	if (end == text || *end || !(v >= 0) || !isfinite(v))
		return ktstr_err(err, EINVAL, "%s: must be a percentage, 0 or more", text);
	p->default_rel = v / 100;
	return 0;
}

static bool number(const struct ktstr_jnode *n, double *v)
{
	if (n->type == KTSTR_J_UINT)
		*v = (double)n->u;
	else if (n->type == KTSTR_J_REAL)
		*v = n->d;
	else
		return false;
	return *v >= 0 && isfinite(*v);
}

static const struct ktstr_metric *builtin(const char *name)
{
	const struct ktstr_metric *m = ktstr_metric__find(name);

	return m && m->run_key && !strcmp(m->run_key, name) ? m : NULL;
}

static int known(const char *name, const struct ktstr_rows *rows, const char *path,
		 struct ktstr_err *err)
{
	const char **names, *near;
	uint32_t nr = 0;

	if (builtin(name))
		return 0;
	for (uint32_t i = 0; i < rows->nr_figures; i++)
		if (rows->figure[i].name && !strcmp(rows->figure[i].name, name))
			return 0;
	names = calloc(ktstr_nr_metrics, sizeof(*names));
	for (unsigned int i = 0; names && i < ktstr_nr_metrics; i++)
		if (ktstr_metric_table[i].run_key)
			names[nr++] = ktstr_metric_table[i].run_key;
	near = names ? ktstr_suggest(name, names, nr) : NULL;
	free(names);
	return ktstr_err(err, EINVAL, "%s: no metric is named '%s'%s%s%s", path, name,
			 near ? ", did you mean '" : "", near ?: "", near ? "'?" : "");
}

static int add_row(struct ktstr_policy *p, const char *metric, double percent)
{
	struct ktstr_policy_row *more = reallocarray(p->row, p->nr + 1, sizeof(*more));

	if (!more)
		return -ENOMEM;
	p->row = more;
	more[p->nr].metric = strdup(metric);
	more[p->nr].rel = percent / 100;
	return more[p->nr++].metric ? 0 : -ENOMEM;
}

int ktstr_policy__check(const struct ktstr_policy *p, const char *path, const struct ktstr_rows *rows,
			struct ktstr_err *err)
{
	for (size_t i = 0; i < p->nr; i++)
		if (known(p->row[i].metric, rows, path, err))
			return -EINVAL;
	return 0;
}

static int take(struct ktstr_policy *p, const struct ktstr_jnode *n, const char *path,
		struct ktstr_err *err)
{
	const struct ktstr_jnode *m;
	double v;

	if (!strcmp(n->key, "default_percent")) {
		if (!number(n, &v))
			return ktstr_err(err, EINVAL, "%s: default_percent must be a percentage, 0 or more", path);
		p->default_rel = v / 100;
		return 0;
	}
	if (strcmp(n->key, "per_metric_percent") || n->type != KTSTR_J_OBJECT)
		return ktstr_err(err, EINVAL,
				 "%s: '%s': a policy has default_percent, a number, and per_metric_percent, an object",
				 path, n->key);
	for (m = n->first; m; m = m->next) {
		if (!number(m, &v))
			return ktstr_err(err, EINVAL, "%s: %s must be a percentage, 0 or more", path, m->key);
		if (add_row(p, m->key, v))
			return ktstr_err(err, ENOMEM, "%s: %s", path, strerror(ENOMEM));
	}
	return 0;
}

int ktstr_policy__read(struct ktstr_policy *p, const char *path, struct ktstr_err *err)
{
	const struct ktstr_jnode *root, *n;
	struct ktstr_err why = { "" };
	struct ktstr_jtree tree;
	size_t len;
	char *text = ktstr_paths__read(path, MAX_FILE, &len);
	int ret = 0;

	if (!text)
		return ktstr_err(err, errno, "%s: %s", path, strerror(errno));
	ktstr_jtree__init(&tree, 64 * MAX_FILE);
	root = ktstr_jtree__parse(&tree, text, len, &why);
	if (!root || root->type != KTSTR_J_OBJECT)
		ret = ktstr_err(err, EINVAL, "%s: %.300s", path, root ? "must be a JSON object" : why.msg);
	for (n = ret ? NULL : root->first; n && !ret; n = n->next)
		ret = take(p, n, path, err);
	ktstr_jtree__free(&tree);
	free(text);
	return ret;
}

static bool is_code(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot && !strncmp(name, KTSTR_LEDGER_PREFIX, strlen(KTSTR_LEDGER_PREFIX)) &&
	       !strcmp(dot + 1, KTSTR_LEDGER_CODE);
}

struct ktstr_gates ktstr_policy__gates(const struct ktstr_policy *p,
				       const struct ktstr_figure_row *f)
{
	const struct ktstr_metric *m = builtin(f->name);
	struct ktstr_gates g = {
		.abs = 0, .rel = KTSTR_EXT_REL_GATE, .polarity = f->polarity, .unit = f->unit,
	};

	if (m) {
		g.abs = m->abs_gate;
		g.rel = m->rel_gate;
		g.polarity = m->polarity;
		g.unit = m->unit;
	}
	if (is_code(f->name))
		g.abs = g.rel = NAN;
	if (isnan(g.abs) || isnan(g.rel))
		return g;
	if (!isnan(p->default_rel))
		g.rel = p->default_rel;
	for (size_t i = 0; i < p->nr; i++)
		if (!strcmp(p->row[i].metric, f->name))
			g.rel = p->row[i].rel;
	return g;
}
