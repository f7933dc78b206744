// SPDX-License-Identifier: GPL-2.0
/* See budget.h. */
#include <errno.h>
#include <linux/kernel.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/plan/preset.h"
#include "budget.h"

#define BOOT_S		10
#define END_S		2
#define MAX_FEATURES	16		/* of one variant */

double budget__model(const struct ktstr_about *a)
{
	uint32_t cpus = ktstr_topology__cpus(&a->topo);

	if (a->host_only)
		return a->duration_s + END_S;
	return BOOT_S + (cpus > 16 ? (cpus - 16) / 10.0 : 0) + a->duration_s + END_S +
	       (a->performance_mode ? 3 : 0);
}

/* ---- names of features, each with a number ---- */

struct names {
	char **slot;			/* open addressing; the number is in @number */
	uint32_t *number;
	size_t size;			/* a power of two */
	uint32_t nr;
};

static uint32_t hash(const char *s)
{
	uint32_t h = 2166136261u;

	while (*s)
		h = (h ^ (unsigned char)*s++) * 16777619u;
	return h;
}

/* The number of @name, a new one if it is not there yet. UINT32_MAX: no memory. */
static uint32_t number_of(struct names *n, const char *name)
{
	size_t i = hash(name) & (n->size - 1);

	for (; n->slot[i]; i = (i + 1) & (n->size - 1))
		if (!strcmp(n->slot[i], name))
			return n->number[i];
	n->slot[i] = strdup(name);
	if (!n->slot[i])
		return UINT32_MAX;
	n->number[i] = n->nr;
	return n->nr++;
}

static int init_names(struct names *n, size_t most)
{
	for (n->size = 64; n->size < 2 * most; n->size *= 2)
		;
	n->slot = calloc(n->size, sizeof(*n->slot));
	n->number = calloc(n->size, sizeof(*n->number));
	return n->slot && n->number ? 0 : -ENOMEM;
}

static void free_names(struct names *n)
{
	for (size_t i = 0; n->slot && i < n->size; i++)
		free(n->slot[i]);
	free(n->slot);
	free(n->number);
}

/* ---- the features of a variant ---- */

struct candidate {
	uint32_t feature[MAX_FEATURES];
	unsigned int nr;
	bool used;
};

static int add(struct names *n, struct candidate *c, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int add(struct names *n, struct candidate *c, const char *fmt, ...)
{
	char name[160];
	uint32_t number;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(name, sizeof(name), fmt, ap);
	va_end(ap);
	number = number_of(n, name);
	if (number == UINT32_MAX || c->nr == MAX_FEATURES)
		return -ENOMEM;
	c->feature[c->nr++] = number;
	return 0;
}

/* The first of @ends that is not below @v, or one more: a bucket. */
static unsigned int bucket(uint32_t v, const uint32_t *ends, unsigned int nr)
{
	unsigned int i = 0;

	while (i < nr && v > ends[i])
		i++;
	return i;
}

static int add_machine(struct names *n, struct candidate *c, const struct ktstr_about *a,
		       const char *preset)
{
	static const uint32_t cpus[] = { 8, 16, 64, 128 }, llcs[] = { 1, 2, 4, 8 }, nodes[] = { 1, 2, 4 };
	const struct ktstr_preset *p = preset ? ktstr_preset__find(preset) : NULL;
	int ret;

	ret = add(n, c, "cpus:%u", bucket(ktstr_topology__cpus(&a->topo), cpus, ARRAY_SIZE(cpus)));
	if (!ret)
		ret = add(n, c, "llcs:%u", bucket(a->topo.llcs, llcs, ARRAY_SIZE(llcs)));
	if (!ret)
		ret = add(n, c, "nodes:%u", bucket(a->topo.numa_nodes, nodes, ARRAY_SIZE(nodes)));
	if (!ret && a->topo.threads > 1)
		ret = add(n, c, "smt");
	if (!ret && p && p->topo.nodes)
		ret = add(n, c, "nodes differ");
	if (!ret && preset)
		ret = add(n, c, "preset:%s", preset);
	return ret;
}

static int add_features(struct names *n, struct candidate *c, const char *name,
			const struct ktstr_about *a)
{
	static const uint32_t duration[] = { 2, 10 };
	const char *slash = strchr(name, '/');
	const struct { const char *name; bool on; } flags[] = {
		{ "host_only", a->host_only }, { "expect_err", a->expect_err },
		{ "performance_mode", a->performance_mode }, { "num_snapshots", a->num_snapshots },
		{ "workers", a->workers > 2 }, { "gauntlet", slash },
	};
	int ret = add(n, c, "test:%.*s", (int)strcspn(name, "/"), name);

	if (!ret)
		ret = add(n, c, "scheduler:%s", a->scheduler);
	if (!ret)
		ret = add(n, c, "duration:%u",
			  bucket(a->duration_s, duration, ARRAY_SIZE(duration)));
	for (size_t i = 0; i < ARRAY_SIZE(flags) && !ret; i++)
		if (flags[i].on)
			ret = add(n, c, "%s", flags[i].name);
	return ret || a->host_only ? ret : add_machine(n, c, a, slash ? slash + 1 : NULL);
}

/* ---- the choice ---- */

struct choice {
	struct budget *b;
	const char * const *names;
	const double *seconds;
	struct candidate *list;
	size_t nr;
	bool *covered;			/* of each feature, in this round */
};

static unsigned int fresh(const struct choice *x, const struct candidate *c)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < c->nr; i++)
		nr += !x->covered[c->feature[i]];
	return nr;
}

/* More features per second is better; of equal ones the name that sorts first. */
static bool better(const struct choice *x, double worth, size_t i, double best, size_t at)
{
	if (at == x->nr || worth != best)
		return at == x->nr || worth > best;
	return strcmp(x->names[i], x->names[at]) < 0;
}

/* The next one, or nr: none that fits has a feature that is not covered. */
static size_t next(const struct choice *x)
{
	double worth, best = 0, left = x->b->seconds - x->b->used;
	size_t i, at = x->nr;
	unsigned int gain;

	for (i = 0; i < x->nr; i++) {
		if (!x->list[i].nr || x->list[i].used || x->seconds[i] > left)
			continue;
		worth = x->list[i].nr / fmax(x->seconds[i], 1e-6);
		if (worth < best)
			continue;	/* even if all were new */
		gain = fresh(x, &x->list[i]);
		if (!gain)
			continue;
		worth = gain / fmax(x->seconds[i], 1e-6);
		if (better(x, worth, i, best, at)) {
			best = worth;
			at = i;
		}
	}
	return at;
}

static void take(struct choice *x, size_t i)
{
	struct candidate *c = &x->list[i];

	c->used = true;
	x->b->used += x->seconds[i];
	x->b->taken++;
	for (unsigned int k = 0; k < c->nr; k++)
		x->covered[c->feature[k]] = true;
}

/* For a budget in which nothing fits. */
static void take_shortest(struct choice *x)
{
	size_t i, at = x->nr;

	for (i = 0; i < x->nr; i++)
		if (x->list[i].nr && (at == x->nr || x->seconds[i] < x->seconds[at]))
			at = i;
	if (at == x->nr)
		return;
	take(x, at);
	x->b->covered = x->list[at].nr;
}

/* Rounds, until not even the first of one fits. */
static void choose(struct choice *x, uint32_t nr_features)
{
	bool first = true;
	size_t i;

	for (;; first = false) {
		memset(x->covered, 0, nr_features * sizeof(*x->covered));
		i = next(x);
		if (i == x->nr)
			break;
		for (; i < x->nr; i = next(x))
			take(x, i);
		for (i = 0; first && i < nr_features; i++)
			x->b->covered += x->covered[i];
	}
	if (!x->b->taken)
		take_shortest(x);
}

int budget__apply(struct budget *b, const char * const *names, const struct ktstr_about *about,
		  const double *seconds, size_t nr, bool *chosen)
{
	struct choice x = { .b = b, .names = names, .seconds = seconds, .nr = nr };
	struct names all = { .slot = NULL };
	int ret = init_names(&all, nr + 64);
	size_t i;

	b->used = 0;
	b->taken = b->offered = b->covered = 0;
	x.list = calloc(nr + 1, sizeof(*x.list));
	if (!x.list)
		ret = -ENOMEM;
	for (i = 0; i < nr && !ret; i++) {
		if (!chosen[i])
			continue;
		b->offered++;
		ret = add_features(&all, &x.list[i], names[i], &about[i]);
	}
	x.covered = calloc(all.nr + 1, sizeof(*x.covered));
	if (!x.covered)
		ret = -ENOMEM;
	if (!ret) {
		choose(&x, all.nr);
		for (i = 0; i < nr; i++)
			chosen[i] = x.list[i].used;
	}
	b->possible = all.nr;
	free(x.covered);
	free(x.list);
	free_names(&all);
	return ret;
}

double budget__from_env(void)
{
	const char *text = getenv("KTSTR_BUDGET_SECS");
	double v;
	char *end;

	if (!text || !*text)
		return 0;
	v = strtod(text, &end);
	if (!*end && end != text && isfinite(v) && v > 0)
		return v;
	fprintf(stderr, "ktstr: KTSTR_BUDGET_SECS=%s: is no number of seconds above 0, there is no budget\n",
		text);
	return 0;
}
