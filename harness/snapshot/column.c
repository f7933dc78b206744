// SPDX-License-Identifier: GPL-2.0
/* Columns of values over the snapshots of a run: see ktstr/temporal.h. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <ktstr/temporal.h>

#include "harness/result/result.h"
#include "part.h"
#include "place.h"

_Static_assert(KTSTR_MAX_SAMPLES == KTSTR_MAX_SNAPSHOTS, "a column has room for all snapshots");
_Static_assert(KTSTR_NO_STEP_YET == KTSTR_NO_STEP, "the same word");

struct ktstr_column ktstr_column_of(const struct ktstr_result *r, enum ktstr_column_of which,
				    const char *label,
				    struct ktstr_snap (*fn)(struct ktstr_snap s, const void *arg),
				    const void *arg)
{
	const struct ktstr_snapshot_state *st = ktstr_snapshots__of(r->run);
	struct ktstr_column c = { .nr = 0 };

	snprintf(c.label, sizeof(c.label), "%s", label);
	for (unsigned int i = 0; st && i < st->bridge.nr; i++) {
		const struct ktstr_snapshot *n = st->bridge.list[i];
		struct ktstr_column_sample *s = &c.sample[c.nr];
		struct ktstr_snap at = snap_of(r, n);

		if (which == KTSTR_PERIODIC_ONLY && n->kind != KTSTR_SNAPSHOT_PERIODIC)
			continue;
		c.nr++;
		s->tag = n->name;
		s->ms = ktstr_snapshot_ms(at);
		s->step = n->step;
		if (!at.error)
			at = fn(at, arg);
		s->ok = !at.error && !ktstr_snap_f64(at, &s->value);
		if (!s->ok && !at.error)
			at = snap_fail(at, KTSTR_SNAP_TYPE_MISMATCH, "this is no number");
		if (!s->ok)
			memcpy(s->why, at.text, sizeof(s->why));
	}
	return c;
}

/* What a column is about. */
struct what {
	const char *map, *path;
	uint32_t cpu;
};

static struct ktstr_snap of_var(struct ktstr_snap s, const void *arg)
{
	return ktstr_snap_var(s, arg);
}

static struct ktstr_snap of_kernel(struct ktstr_snap s, const void *arg)
{
	return ktstr_snap_kernel(s, arg);
}

static struct ktstr_snap of_stats(struct ktstr_snap s, const void *arg)
{
	return ktstr_snap_stats(s, arg);
}

static struct ktstr_snap of_map(struct ktstr_snap s, const void *arg)
{
	const struct what *w = arg;

	return ktstr_snap_get(ktstr_snap_map(s, w->map), w->path);
}

static struct ktstr_snap of_cpu(struct ktstr_snap s, const void *arg)
{
	const struct what *w = arg;

	return ktstr_snap_get(ktstr_snap_cpu(ktstr_snap_map(s, w->map), w->cpu), w->path);
}

struct ktstr_column ktstr_column_var(const struct ktstr_result *r, const char *path)
{
	return ktstr_column_of(r, KTSTR_PERIODIC_ONLY, path, of_var, path);
}

struct ktstr_column ktstr_column_kernel(const struct ktstr_result *r, const char *path)
{
	return ktstr_column_of(r, KTSTR_PERIODIC_ONLY, path, of_kernel, path);
}

struct ktstr_column ktstr_column_stats(const struct ktstr_result *r, const char *path)
{
	char label[KTSTR_LABEL_LEN];

	snprintf(label, sizeof(label), "scx_stats %s", path);
	return ktstr_column_of(r, KTSTR_PERIODIC_ONLY, label, of_stats, path);
}

struct ktstr_column ktstr_column_map(const struct ktstr_result *r, const char *map, const char *path)
{
	const struct what w = { map, path, 0 };
	char label[KTSTR_LABEL_LEN];

	snprintf(label, sizeof(label), "%s %s", map, path);
	return ktstr_column_of(r, KTSTR_PERIODIC_ONLY, label, of_map, &w);
}

struct ktstr_column ktstr_column_cpu(const struct ktstr_result *r, const char *map, uint32_t cpu,
				     const char *path)
{
	const struct what w = { map, path, cpu };
	char label[KTSTR_LABEL_LEN];

	snprintf(label, sizeof(label), "%s %s of CPU %u", map, path, cpu);
	return ktstr_column_of(r, KTSTR_PERIODIC_ONLY, label, of_cpu, &w);
}

/* Add the values of another CPU to a column. */
static void fold(struct ktstr_column *all, const struct ktstr_column *one, enum ktstr_snap_fold how)
{
	for (unsigned int i = 0; i < all->nr; i++) {
		struct ktstr_column_sample *a = &all->sample[i];
		const struct ktstr_column_sample *b = &one->sample[i];

		if (a->ok && !b->ok)
			*a = *b;
		else if (a->ok && how == KTSTR_SNAP_SUM)
			a->value += b->value;
		else if (a->ok)
			a->value = how == KTSTR_SNAP_MAX ? fmax(a->value, b->value) :
				   fmin(a->value, b->value);
	}
}

struct ktstr_column ktstr_column_cpus(const struct ktstr_result *r, const char *map,
				      const char *path, enum ktstr_snap_fold how)
{
	static const char * const names[] = {
		[KTSTR_SNAP_SUM] = "sum", [KTSTR_SNAP_MAX] = "max", [KTSTR_SNAP_MIN] = "min",
	};
	const struct ktstr_snapshot_state *st = ktstr_snapshots__of(r->run);
	struct ktstr_column all = ktstr_column_cpu(r, map, 0, path), one;
	uint64_t cpus = 1;

	for (unsigned int i = 0; st && i < st->bridge.nr; i++)
		if (!st->bridge.list[i]->placeholder)
			cpus = ktstr_jnode__u64(st->bridge.list[i]->report, "nr_cpus", cpus);
	for (uint32_t cpu = 1; cpu < cpus; cpu++) {
		one = ktstr_column_cpu(r, map, cpu, path);
		fold(&all, &one, how);
	}
	snprintf(all.label, sizeof(all.label), "%s of %.24s %.30s", names[how], map, path);
	return all;
}

struct ktstr_column ktstr_column_step(const struct ktstr_column *c, uint32_t step)
{
	struct ktstr_column part = { .nr = 0 };

	snprintf(part.label, sizeof(part.label), "%.40s in step %u", c->label, step + 1);
	for (unsigned int i = 0; i < c->nr; i++)
		if (c->sample[i].step == step)
			part.sample[part.nr++] = c->sample[i];
	return part;
}

double ktstr_column_first(const struct ktstr_column *c)
{
	for (unsigned int i = 0; i < c->nr; i++)
		if (c->sample[i].ok)
			return c->sample[i].value;
	return NAN;
}

double ktstr_column_last(const struct ktstr_column *c)
{
	for (unsigned int i = c->nr; i--;)
		if (c->sample[i].ok)
			return c->sample[i].value;
	return NAN;
}

double ktstr_column_delta(const struct ktstr_column *c)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < c->nr; i++)
		nr += c->sample[i].ok;
	return nr > 1 ? ktstr_column_last(c) - ktstr_column_first(c) : NAN;
}
