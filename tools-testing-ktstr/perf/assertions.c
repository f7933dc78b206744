// SPDX-License-Identifier: GPL-2.0
/* See assertions.h. */
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/plan/perf_delta.h"
#include "harness/runs/record.h"
#include "lib/jtree.h"
#include "lib/paths.h"
#include "assertions.h"

struct tally {
	struct sheet *sheet;
	const struct ktstr_comparison *c;
	struct perf_assertions *p;
};

/* False: @n is no assertion. */
static bool parse(struct ktstr_perf_delta *a, const struct ktstr_jnode *n)
{
	const struct ktstr_jnode *limit = ktstr_jnode__get(n, "limit");

	a->metric = ktstr_jnode__str(n, "metric", NULL);
	a->rule = ktstr_perf_rule__find(ktstr_jnode__str(n, "rule", ""));
	a->limit = !limit ? NAN : limit->type == KTSTR_J_UINT ? (double)limit->u :
		   limit->type == KTSTR_J_REAL ? limit->d : NAN;
	return a->metric && a->rule < KTSTR_NR_PERF_RULES && isfinite(a->limit) && a->limit >= 0;
}

static void judge_one(struct tally *t, const struct ktstr_group *g, const struct ktstr_jnode *n)
{
	const struct ktstr_row *row = g->like[KTSTR_SIDE_B];
	struct ktstr_perf_delta a;
	enum ktstr_assertion_verdict verdict = KTSTR_ASSERTION_UNKNOWN;
	char why[256] = "cannot be read";
	const char *then = "";

	if (parse(&a, n))
		verdict = ktstr_assertion__judge(t->c, g, &a, why, sizeof(why));
	switch (verdict) {
	case KTSTR_ASSERTION_HOLDS:
		t->p->held++;
		return;
	case KTSTR_ASSERTION_NEW:
		then = ", nothing to compare it with";
		break;
	case KTSTR_ASSERTION_NOT_RUN:
		then = ", nobody knows";
		t->p->undecided++;
		break;
	default:
		t->p->failed++;
	}
	sheet__note(t->sheet, "gate: an assertion of %s, %s: %s%s", row->dim[KTSTR_DIM_TEST],
		    row->dim[KTSTR_DIM_TOPOLOGY] ?: "?", why, then);
}

static void judge_group(struct tally *t, const struct ktstr_group *g, const char *root)
{
	const struct ktstr_row *row = g->like[KTSTR_SIDE_B];
	const struct ktstr_jnode *root_node, *n;
	struct ktstr_jtree tree;
	char path[PATH_MAX], *text;
	struct ktstr_err err;
	size_t len;

	if (!row || ktstr_paths__fmt(path, sizeof(path), "%s/%s", root, row->path))
		return;
	text = ktstr_paths__read(path, KTSTR_SIDECAR_MAX, &len);
	ktstr_jtree__init(&tree, 32 * KTSTR_SIDECAR_MAX);
	root_node = text ? ktstr_jtree__parse(&tree, text, len, &err) : NULL;
	n = ktstr_jnode__first(ktstr_jnode__get(root_node, "perf_delta_assertions"));
	for (; n; n = n->next)
		judge_one(t, g, n);
	if (!root_node) {
		t->p->failed++;
		sheet__note(t->sheet, "gate: %s cannot be read again, so its assertions are not known", path);
	}
	ktstr_jtree__free(&tree);
	free(text);
}

void perf_assertions__judge(struct perf_assertions *p, struct sheet *sheet, const struct ktstr_comparison *c,
			    const char *root)
{
	struct tally t = { .sheet = sheet, .c = c, .p = p };

	for (size_t i = 0; i < c->nr_groups; i++)
		judge_group(&t, &c->group[i], root);
	if (p->held)
		sheet__note(sheet, "gate: %u assertions hold", p->held);
}
