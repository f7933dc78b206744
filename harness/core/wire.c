// SPDX-License-Identifier: GPL-2.0
/*
 * The wire form of a result, from the guest to the host.
 *
 * A 16-byte header (magic, version, length of everything, number of records), then records
 * of type, length and payload; integers little endian, doubles as their IEEE 754 bits,
 * strings as their bytes without a NUL. The version names the set of record types and their
 * layouts exactly: an unknown type, a byte too many or too few, a value outside its range
 * make the whole message bad. Guest and host come from one build, so there is nothing to
 * be lenient about, and the decoder can promise that what it accepts is what was sent.
 */
#include <endian.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "verdict.h"

#define WIRE_MAGIC	0x5352544bu	/* "KTRS" in memory */
#define WIRE_VERSION	9u
#define WIRE_RECORD	8u		/* type and length */

enum wire_type {
	WIRE_COUNTS = 1,	/* exactly once */
	WIRE_CPUS,		/* exactly once */
	WIRE_DETAIL,
	WIRE_CGROUP,
	WIRE_WORKER,		/* behind all cgroups */
	WIRE_EXT_METRIC,
	WIRE_STALL,
	NR_WIRE_TYPES,
};

struct writer {
	unsigned char *buf;
	size_t len, cap;	/* len goes on counting when cap is exceeded */
};

static void put(struct writer *w, const void *data, size_t n)
{
	if (w->len <= w->cap && n <= w->cap - w->len)
		memcpy(w->buf + w->len, data, n);
	w->len += n;
}

static void put32(struct writer *w, uint32_t v)
{
	v = htole32(v);
	put(w, &v, sizeof(v));
}

static void put64(struct writer *w, uint64_t v)
{
	v = htole64(v);
	put(w, &v, sizeof(v));
}

static void put_double(struct writer *w, double d)
{
	uint64_t v;

	memcpy(&v, &d, sizeof(v));
	put64(w, v);
}

static void put_cpus(struct writer *w, const struct ktstr_cpumask *m)
{
	unsigned int i;

	for (i = 0; i < KTSTR_MAX_CPUS / 64; i++)
		put64(w, m->bits[i]);
}

/* Opens a record; the length is filled in by record_end(). Returns where it starts. */
static size_t record_begin(struct writer *w, enum wire_type type)
{
	size_t at = w->len;

	put32(w, type);
	put32(w, 0);
	return at;
}

static void record_end(struct writer *w, size_t at)
{
	uint32_t n = htole32((uint32_t)(w->len - at - WIRE_RECORD));

	if (w->len <= w->cap)
		memcpy(w->buf + at + 4, &n, sizeof(n));
}

static void put_samples(struct writer *w, const struct ktstr_sample_stats *s)
{
	unsigned int b;

	put64(w, s->total);
	put64(w, s->kept);
	put_double(w, s->median_us);
	put_double(w, s->p99_us);
	put_double(w, s->max_us);
	put_double(w, s->mean_us);
	put_double(w, s->cv);
	for (b = 0; s->total && b < 64; b++)
		put64(w, s->log2[b]);
}

static void put_name(struct writer *w, const char *s, size_t size)
{
	uint32_t n = (uint32_t)strnlen(s, size - 1);

	put32(w, n);
	put(w, s, n);
}

static void put_cgroup(struct writer *w, const struct ktstr_cgroup_stats *c)
{
	size_t at = record_begin(w, WIRE_CGROUP);
	int k;

	put32(w, c->step);
	put32(w, c->span);
	put32(w, c->workers);
	put32(w, c->messengers);
	put32(w, c->blocks);
	put32(w, c->cpus);
	put32(w, c->timed_workers);
	put32(w, c->delay_workers);
	put32(w, c->spread_workers);
	put32(w, (uint32_t)c->max_gap_cpu);
	put_cpus(w, &c->cpus_used);
	put64(w, c->migrations);
	put64(w, c->work_units);
	put64(w, c->iterations);
	put_double(w, c->min_off_cpu_pct);
	put_double(w, c->max_off_cpu_pct);
	put_double(w, c->avg_off_cpu_pct);
	put_double(w, c->min_delay_pct);
	put_double(w, c->max_delay_pct);
	put64(w, c->wall_ns);
	put64(w, c->cpu_ns);
	put_double(w, c->spread_pct);
	put_double(w, c->max_start_ms);
	put_double(w, c->max_gap_ms);
	put_double(w, c->migration_ratio);
	put_double(w, c->mean_run_delay_us);
	put_double(w, c->worst_run_delay_us);
	for (k = 0; k < KTSTR_NR_SAMPLE_KINDS; k++)
		put_samples(w, &c->samples[k]);
	put64(w, c->pages);
	put32(w, c->locality_known);
	put32(w, c->migrated_known);
	put64(w, c->local_pages);
	put64(w, c->migrated_pages);
	put_name(w, c->part, sizeof(c->part));
	put(w, c->name, strnlen(c->name, sizeof(c->name) - 1));
	record_end(w, at);
}

static void put_worker(struct writer *w, const struct ktstr_worker_stats *k)
{
	size_t at = record_begin(w, WIRE_WORKER);

	put32(w, k->cgroup);
	put32(w, (uint32_t)k->tid);
	put32(w, k->flags);
	put32(w, k->schedstat_valid);
	put32(w, (uint32_t)k->max_gap_cpu);
	put64(w, k->work_units);
	put64(w, k->iterations);
	put64(w, k->migrations);
	put64(w, k->wall_ns);
	put64(w, k->cpu_ns);
	put64(w, k->max_gap_ns);
	put64(w, k->run_delay_ns);
	put64(w, k->pages);
	put64(w, k->local_pages);
	put64(w, k->wake_total);
	put_double(w, k->median_wake_us);
	put_double(w, k->p99_wake_us);
	put_double(w, k->max_wake_us);
	put_cpus(w, &k->cpus_used);
	record_end(w, at);
}

static void put_ext_metric(struct writer *w, const struct ktstr_ext_metric *m)
{
	size_t at = record_begin(w, WIRE_EXT_METRIC);

	put32(w, m->step);
	put32(w, m->polarity);
	put_double(w, m->value);
	put_name(w, m->source, sizeof(m->source));
	put_name(w, m->cgroup, sizeof(m->cgroup));
	put_name(w, m->name, sizeof(m->name));
	put_name(w, m->unit, sizeof(m->unit));
	record_end(w, at);
}

static void put_stall(struct writer *w, const struct ktstr_stall *s)
{
	size_t at = record_begin(w, WIRE_STALL);
	const struct ktstr_stall_text *t;

	put32(w, s->why);
	put32(w, s->step);
	put32(w, (uint32_t)s->tid);
	put32(w, s->resumed);
	put64(w, s->at_ns);
	put64(w, s->for_ns);
	for (t = ktstr_stall_texts; t < ktstr_stall_texts + KTSTR_NR_STALL_TEXTS; t++)
		put_name(w, (const char *)s + t->offset, t->size);
	record_end(w, at);
}

static void put_result(struct writer *w, const struct ktstr_result *r, uint32_t total)
{
	const struct ktstr_detail *d;
	uint32_t i;
	size_t at;

	put32(w, WIRE_MAGIC);
	put32(w, WIRE_VERSION);
	put32(w, total);
	put32(w, 2 + r->nr_details + r->nr_cgroups + r->nr_workers + r->nr_ext_metrics +
	      r->nr_stalls);

	at = record_begin(w, WIRE_COUNTS);
	put32(w, r->dropped_details);
	put32(w, r->dropped_fails);
	put32(w, r->dropped_cgroups);
	put32(w, r->dropped_workers);
	put32(w, r->claims_held);
	put32(w, r->passes_logged);
	put32(w, r->dropped_ext_metrics);
	put32(w, r->stall_poll_ms);
	put32(w, r->dropped_stalls);
	record_end(w, at);

	at = record_begin(w, WIRE_CPUS);
	put_cpus(w, &r->cpus_used);
	record_end(w, at);

	for (i = 0; i < r->nr_details; i++) {
		d = &r->details[i];
		at = record_begin(w, WIRE_DETAIL);
		put32(w, d->severity);
		put32(w, d->kind);
		put(w, d->text, strnlen(d->text, sizeof(d->text) - 1));
		record_end(w, at);
	}
	for (i = 0; i < r->nr_cgroups; i++)
		put_cgroup(w, &r->cgroups[i]);
	for (i = 0; i < r->nr_workers; i++)
		put_worker(w, &r->workers[i]);
	for (i = 0; i < r->nr_ext_metrics; i++)
		put_ext_metric(w, &r->ext_metrics[i]);
	for (i = 0; i < r->nr_stalls; i++)
		put_stall(w, &r->stalls[i]);
}

void *ktstr_result__encode(const struct ktstr_result *r, size_t *len)
{
	struct writer w = { };

	put_result(&w, r, 0);		/* no room: only measures */
	w.cap = w.len;
	w.len = 0;
	w.buf = malloc(w.cap);
	if (!w.buf)
		return NULL;
	put_result(&w, r, (uint32_t)w.cap);
	*len = w.len;
	return w.buf;
}

/* Reads fail softly: they return zeros and set @bad, which is looked at once in the end. */
struct reader {
	const unsigned char *p;
	size_t left;
	bool bad;
};

static void get(struct reader *rd, void *data, size_t n)
{
	if (n > rd->left) {
		memset(data, 0, n);
		rd->bad = true;
		return;
	}
	memcpy(data, rd->p, n);
	rd->p += n;
	rd->left -= n;
}

static uint32_t get32(struct reader *rd)
{
	uint32_t v;

	get(rd, &v, sizeof(v));
	return le32toh(v);
}

static uint64_t get64(struct reader *rd)
{
	uint64_t v;

	get(rd, &v, sizeof(v));
	return le64toh(v);
}

/* Every number of ours is a finite, non-negative measurement. */
static double get_double(struct reader *rd)
{
	uint64_t v = get64(rd);
	double d;

	memcpy(&d, &v, sizeof(d));
	if (!isfinite(d) || d < 0)
		rd->bad = true;
	return d;
}

static void get_cpus(struct reader *rd, struct ktstr_cpumask *m)
{
	unsigned int i;

	for (i = 0; i < KTSTR_MAX_CPUS / 64; i++)
		m->bits[i] = get64(rd);
}

/* The rest of the record; it must leave room for the NUL and hold none itself. */
static void get_string(struct reader *rd, char *s, size_t size)
{
	size_t n = rd->left;

	if (n >= size || memchr(rd->p, 0, n)) {
		rd->bad = true;
		return;
	}
	get(rd, s, n);
	s[n] = '\0';
}

static void get_counts(struct reader *rd, struct ktstr_result *r)
{
	r->dropped_details = get32(rd);
	r->dropped_fails = get32(rd);
	r->dropped_cgroups = get32(rd);
	r->dropped_workers = get32(rd);
	r->claims_held = get32(rd);
	r->passes_logged = get32(rd);
	r->dropped_ext_metrics = get32(rd);
	r->stall_poll_ms = get32(rd);
	r->dropped_stalls = get32(rd);
	if (r->dropped_fails > r->dropped_details)
		rd->bad = true;
}

static void get_detail(struct reader *rd, struct ktstr_result *r)
{
	struct ktstr_detail *d;
	uint32_t severity, kind;

	severity = get32(rd);
	kind = get32(rd);
	if (r->nr_details >= KTSTR_MAX_DETAILS || severity > KTSTR_FAILS ||
	    kind >= KTSTR_NR_KINDS) {
		rd->bad = true;
		return;
	}
	d = &r->details[r->nr_details++];
	d->severity = severity;
	d->kind = kind;
	get_string(rd, d->text, sizeof(d->text));
}

static void get_samples(struct reader *rd, struct ktstr_sample_stats *s)
{
	unsigned int b;

	s->total = get64(rd);
	s->kept = get64(rd);
	s->median_us = get_double(rd);
	s->p99_us = get_double(rd);
	s->max_us = get_double(rd);
	s->mean_us = get_double(rd);
	s->cv = get_double(rd);
	for (b = 0; s->total && b < 64; b++)
		s->log2[b] = get64(rd);
	if (s->kept > s->total || !s->kept != !s->total || s->median_us > s->p99_us ||
	    s->p99_us > s->max_us)
		rd->bad = true;
}

/* What must hold between the numbers of a cgroup, whoever sent them. */
static bool consistent(const struct ktstr_cgroup_stats *c)
{
	uint32_t compared = c->workers - c->messengers;

	return c->messengers <= c->workers && c->blocks <= 1 &&
	       c->cpus == ktstr_cpumask__weight(&c->cpus_used) && c->span < KTSTR_NR_SPANS &&
	       c->timed_workers <= compared && c->delay_workers <= compared &&
	       c->spread_workers <= compared && c->max_gap_cpu >= -1 &&
	       c->locality_known <= 1 && c->migrated_known <= 1 && c->local_pages <= c->pages;
}

/* A string with its length in front. */
static void get_name(struct reader *rd, char *s, size_t size)
{
	uint32_t len = get32(rd);
	struct reader name = { .p = rd->p, .left = len };

	if (rd->bad || name.left > rd->left) {
		rd->bad = true;
		return;
	}
	rd->p += name.left;
	rd->left -= name.left;
	get_string(&name, s, size);
	rd->bad |= name.bad;
}

static void get_cgroup(struct reader *rd, struct ktstr_result *r)
{
	struct ktstr_cgroup_stats *c;
	int k;

	if (r->nr_cgroups >= KTSTR_MAX_CGROUPS) {
		rd->bad = true;
		return;
	}
	c = &r->cgroups[r->nr_cgroups++];
	c->step = get32(rd);
	c->span = get32(rd);
	c->workers = get32(rd);
	c->messengers = get32(rd);
	c->blocks = get32(rd);
	c->cpus = get32(rd);
	c->timed_workers = get32(rd);
	c->delay_workers = get32(rd);
	c->spread_workers = get32(rd);
	c->max_gap_cpu = (int32_t)get32(rd);
	get_cpus(rd, &c->cpus_used);
	c->migrations = get64(rd);
	c->work_units = get64(rd);
	c->iterations = get64(rd);
	c->min_off_cpu_pct = get_double(rd);
	c->max_off_cpu_pct = get_double(rd);
	c->avg_off_cpu_pct = get_double(rd);
	c->min_delay_pct = get_double(rd);
	c->max_delay_pct = get_double(rd);
	c->wall_ns = get64(rd);
	c->cpu_ns = get64(rd);
	c->spread_pct = get_double(rd);
	c->max_start_ms = get_double(rd);
	c->max_gap_ms = get_double(rd);
	c->migration_ratio = get_double(rd);
	c->mean_run_delay_us = get_double(rd);
	c->worst_run_delay_us = get_double(rd);
	for (k = 0; k < KTSTR_NR_SAMPLE_KINDS; k++)
		get_samples(rd, &c->samples[k]);
	c->pages = get64(rd);
	c->locality_known = get32(rd);
	c->migrated_known = get32(rd);
	c->local_pages = get64(rd);
	c->migrated_pages = get64(rd);
	get_name(rd, c->part, sizeof(c->part));
	get_string(rd, c->name, sizeof(c->name));
	if (!consistent(c))
		rd->bad = true;
}

static void get_worker(struct reader *rd, struct ktstr_result *r)
{
	struct ktstr_worker_stats *k;

	if (r->nr_workers >= KTSTR_MAX_KEPT_WORKERS) {
		rd->bad = true;
		return;
	}
	k = &r->workers[r->nr_workers++];
	k->cgroup = get32(rd);
	k->tid = (int32_t)get32(rd);
	k->flags = get32(rd);
	k->schedstat_valid = get32(rd);
	k->max_gap_cpu = (int32_t)get32(rd);
	k->work_units = get64(rd);
	k->iterations = get64(rd);
	k->migrations = get64(rd);
	k->wall_ns = get64(rd);
	k->cpu_ns = get64(rd);
	k->max_gap_ns = get64(rd);
	k->run_delay_ns = get64(rd);
	k->pages = get64(rd);
	k->local_pages = get64(rd);
	k->wake_total = get64(rd);
	k->median_wake_us = get_double(rd);
	k->p99_wake_us = get_double(rd);
	k->max_wake_us = get_double(rd);
	get_cpus(rd, &k->cpus_used);
	if (k->cgroup >= r->nr_cgroups || k->schedstat_valid > 1 || k->max_gap_cpu < -1 ||
	    k->local_pages > k->pages || k->median_wake_us > k->p99_wake_us ||
	    k->p99_wake_us > k->max_wake_us)
		rd->bad = true;
}

static void get_ext_metric(struct reader *rd, struct ktstr_result *r)
{
	struct ktstr_ext_metric *m;
	uint64_t bits;

	if (r->nr_ext_metrics >= KTSTR_MAX_EXT_METRICS) {
		rd->bad = true;
		return;
	}
	m = &r->ext_metrics[r->nr_ext_metrics++];
	m->step = get32(rd);
	m->polarity = get32(rd);
	bits = get64(rd);
	memcpy(&m->value, &bits, sizeof(m->value));
	get_name(rd, m->source, sizeof(m->source));
	get_name(rd, m->cgroup, sizeof(m->cgroup));
	get_name(rd, m->name, sizeof(m->name));
	get_name(rd, m->unit, sizeof(m->unit));
	/* a program may count below zero, but not to infinity */
	if (!isfinite(m->value) || m->polarity > KTSTR_HIGHER_IS_BETTER)
		rd->bad = true;
}

static void get_stall(struct reader *rd, struct ktstr_result *r)
{
	struct ktstr_stall *s = ktstr_result__add_stall(r);
	const struct ktstr_stall_text *t;

	if (!s) {
		rd->bad = true;
		return;
	}
	s->why = get32(rd);
	s->step = get32(rd);
	s->tid = (int32_t)get32(rd);
	s->resumed = get32(rd);
	s->at_ns = get64(rd);
	s->for_ns = get64(rd);
	for (t = ktstr_stall_texts; t < ktstr_stall_texts + KTSTR_NR_STALL_TEXTS; t++)
		get_name(rd, (char *)s + t->offset, t->size);
	if (s->why >= KTSTR_NR_STALL_WHYS || s->resumed > 1)
		rd->bad = true;
}

static void get_cpus_used(struct reader *rd, struct ktstr_result *r)
{
	get_cpus(rd, &r->cpus_used);
}

static void (* const get_type[NR_WIRE_TYPES])(struct reader *rd, struct ktstr_result *r) = {
	[WIRE_COUNTS] = get_counts, [WIRE_CPUS] = get_cpus_used, [WIRE_DETAIL] = get_detail,
	[WIRE_CGROUP] = get_cgroup, [WIRE_WORKER] = get_worker,
	[WIRE_EXT_METRIC] = get_ext_metric, [WIRE_STALL] = get_stall,
};

/* One record; @seen counts them by type. */
static void get_record(struct reader *rd, struct ktstr_result *r, uint32_t seen[NR_WIRE_TYPES])
{
	uint32_t type = get32(rd);
	uint32_t len = get32(rd);
	struct reader body = { .p = rd->p, .left = len };

	if (rd->bad || len > rd->left || type >= NR_WIRE_TYPES || !get_type[type]) {
		rd->bad = true;
		return;
	}
	get_type[type](&body, r);
	seen[type]++;
	if (body.bad || body.left)
		rd->bad = true;
	rd->p += len;
	rd->left -= len;
}

int ktstr_result__decode(struct ktstr_result *r, const void *buf, size_t len)
{
	struct reader rd = { .p = buf, .left = len };
	uint32_t seen[NR_WIRE_TYPES] = { };
	uint32_t nr;

	memset(r, 0, sizeof(*r));
	if (get32(&rd) != WIRE_MAGIC || get32(&rd) != WIRE_VERSION || get32(&rd) != len)
		return -EBADMSG;
	nr = get32(&rd);
	for (; nr && !rd.bad; nr--)
		get_record(&rd, r, seen);
	if (rd.bad || rd.left || seen[WIRE_COUNTS] != 1 || seen[WIRE_CPUS] != 1)
		return -EBADMSG;
	return 0;
}
