// SPDX-License-Identifier: GPL-2.0
/* See sweep-baseline.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/jtree.h"
#include "lib/paths.h"
#include "sweep-baseline.h"

#define BASELINE_MAX	(64 * 1024 * 1024)
#define TREE_MAX	(512 * 1024 * 1024)
#define TYPE		"ktstr verifier"
#define VERSION		1

struct sweep_baseline {
	struct ktstr_jtree tree;
	const struct ktstr_jnode *cells;
};

static void put_cell(struct ktstr_jtree *t, struct ktstr_jnode *cells, const struct sweep_cell *c)
{
	struct ktstr_jnode *o = ktstr_jtree__object(t, cells, NULL), *counts;
	size_t i;

	ktstr_jtree__str(t, o, "scheduler", c->scheduler->label);
	ktstr_jtree__str(t, o, "kernel", c->kernel->label);
	ktstr_jtree__str(t, o, "release", c->kernel->kernel.release);
	ktstr_jtree__str(t, o, "topology", c->topology->name);
	ktstr_jtree__str(t, o, "verdict", c->verdict);
	counts = ktstr_jtree__object(t, o, "verified_insns");
	for (i = 0; i < c->nr_counts; i++)
		ktstr_jtree__u64(t, counts, c->counts[i].name, c->counts[i].insns);
}

int sweep_baseline__save(const struct sweep *s, const char *path, struct ktstr_err *err)
{
	struct ktstr_jnode *root, *cells;
	struct ktstr_jtree t;
	char *text = NULL;
	size_t len, i;
	int ret;
	FILE *f;

	ktstr_jtree__init(&t, TREE_MAX);
	root = ktstr_jtree__object(&t, NULL, NULL);
	ktstr_jtree__str(&t, root, "type", TYPE);
	ktstr_jtree__u64(&t, root, "schema_version", VERSION);
	cells = ktstr_jtree__array(&t, root, "cells");
	for (i = 0; i < s->nr_cells; i++)
		put_cell(&t, cells, &s->cells[i]);
	f = t.error ? NULL : open_memstream(&text, &len);
	if (f)
		ktstr_jtree__write(root, f);
	ret = f && !fclose(f) ? ktstr_paths__write(path, text, len) : -ENOMEM;
	free(text);
	ktstr_jtree__free(&t);
	return ret ? ktstr_err(err, -ret, "%s: %s", path, strerror(-ret)) : 0;
}

struct sweep_baseline *sweep_baseline__load(const char *path, struct ktstr_err *err)
{
	const struct ktstr_jnode *root;
	struct sweep_baseline *b;
	struct ktstr_err why;
	char *text;
	size_t len;

	text = ktstr_paths__read(path, BASELINE_MAX, &len);
	b = text ? calloc(1, sizeof(*b)) : NULL;
	if (!b) {
		ktstr_err(err, errno, "%s: %s", path, strerror(errno));
		free(text);
		return NULL;
	}
	ktstr_jtree__init(&b->tree, TREE_MAX);
	root = ktstr_jtree__parse(&b->tree, text, len, &why);
	free(text);
	b->cells = ktstr_jnode__get(root, "cells");
	if (!strcmp(ktstr_jnode__str(root, "type", ""), TYPE) && b->cells &&
	    b->cells->type == KTSTR_J_ARRAY &&
	    ktstr_jnode__u64(root, "schema_version", 0) == VERSION)
		return b;
	if (!root)
		ktstr_err(err, EBADMSG, "%s: %s", path, why.msg);
	else
		ktstr_err(err, EBADMSG, "%s was not written by 'ktstr verifier --save-baseline'",
			  path);
	sweep_baseline__free(b);
	return NULL;
}

void sweep_baseline__free(struct sweep_baseline *b)
{
	if (b)
		ktstr_jtree__free(&b->tree);
	free(b);
}

static bool is(const struct ktstr_jnode *cell, const char *key, const char *value)
{
	return !strcmp(ktstr_jnode__str(cell, key, ""), value);
}

static const struct ktstr_jnode *find(const struct sweep_baseline *b, const struct sweep_cell *c)
{
	const struct ktstr_jnode *cell;

	for (cell = ktstr_jnode__first(b->cells); cell; cell = cell->next)
		if (is(cell, "scheduler", c->scheduler->label) &&
		    is(cell, "kernel", c->kernel->label) && is(cell, "topology", c->topology->name))
			return cell;
	return NULL;
}

struct tally {
	const struct sweep_cell *cell;
	double max_growth;
	unsigned int same, over;
	FILE *f;
};

static void print_difference(struct tally *t, const char *program, const char *what)
{
	fprintf(t->f, "# baseline: %s on %s, %s: %s: %s\n", t->cell->scheduler->label,
		t->cell->kernel->label + strlen("kernel_"), t->cell->topology->name, program, what);
}

static void compare_program(struct tally *t, const char *program, uint64_t was, uint64_t now)
{
	double growth = was ? 100.0 * ((double)now - (double)was) / (double)was : __builtin_inf();
	bool over = t->max_growth >= 0 && growth > t->max_growth;
	char text[128];

	if (was == now) {
		t->same++;
		return;
	}
	snprintf(text, sizeof(text), "%" PRIu64 " -> %" PRIu64 ", %+" PRId64 " (%+.1f %%)%s", was, now,
		 (int64_t)(now - was), growth, over ? ", too much" : "");
	print_difference(t, program, text);
	t->over += over;
}

/* The union of the programs of then and now. */
static void compare_cell(struct tally *t, const struct ktstr_jnode *base)
{
	const struct ktstr_jnode *then = ktstr_jnode__get(base, "verified_insns"), *n;
	const struct sweep_cell *c = t->cell;
	uint64_t was;
	size_t i;

	if (is(base, "verdict", "PASS") && !strcmp(c->verdict, "FAIL")) {
		print_difference(t, "verdict", "PASS -> FAIL");
		t->over++;
		return;
	}
	/* without numbers on one side there is nothing to compare, and the grid says why */
	if (!ktstr_jnode__first(then) || !c->nr_counts)
		return;
	for (i = 0; i < c->nr_counts; i++) {
		was = ktstr_jnode__u64(then, c->counts[i].name, UINT64_MAX);
		if (was == UINT64_MAX)
			print_difference(t, c->counts[i].name, "new");
		else
			compare_program(t, c->counts[i].name, was, c->counts[i].insns);
	}
	for (n = ktstr_jnode__first(then); n; n = n->next)
		if (!sweep_cell__count(c, n->key))
			print_difference(t, n->key, "gone");
}

unsigned int sweep_baseline__compare(const struct sweep_baseline *b, const struct sweep *s,
				     double max_growth, FILE *f)
{
	struct tally t = { .max_growth = max_growth, .f = f };
	unsigned int unknown = 0;
	const struct ktstr_jnode *base;
	size_t i;

	for (i = 0; i < s->nr_cells; i++) {
		t.cell = &s->cells[i];
		base = find(b, t.cell);
		if (base)
			compare_cell(&t, base);
		else
			unknown++;
	}
	fprintf(f, "# baseline: %u counts are the same", t.same);
	if (unknown)
		fprintf(f, ", %u cells are not in it", unknown);
	fputc('\n', f);
	return t.over;
}
