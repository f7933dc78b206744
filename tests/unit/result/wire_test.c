// SPDX-License-Identifier: GPL-2.0
/*
 * What the wire form promises: what was sent arrives, and no bytes whatsoever make the
 * decoder read or write out of bounds or accept a value out of range. Run under a sanitizer;
 * every input sits in a heap block of its exact size.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"

#include "harness/result/records.h"
#include "harness/result/wire.h"

FIXTURE(wire) {
	struct ktstr_result *r, *got;
	unsigned char *buf;
	size_t len;
};

FIXTURE_SETUP(wire)
{
	struct ktstr_cgroup_stats *c;
	int i, k;

	self->r = ktstr_result__new();
	self->got = ktstr_result__new();
	ASSERT_NE(NULL, self->r);
	ASSERT_NE(NULL, self->got);
	for (i = 0; i < 4; i++)
		ktstr_result__add(self->r, i % 4, KTSTR_STARVED + i, "detail %d: \xc3\xa4\n", i);
	self->r->dropped_details = 9;
	self->r->dropped_fails = 4;
	self->r->dropped_cgroups = 1;
	ktstr_cpumask__parse("0,511", &self->r->cpus_used);
	for (i = 0; i < 2; i++) {
		c = &self->r->cgroups[self->r->nr_cgroups++];
		snprintf(c->name, sizeof(c->name), "cg_%d", i);
		strcpy(c->part, i ? "one_of_a_batch" : "");
		c->step = i;
		c->workers = 3;
		ktstr_cpumask__parse("3-4", &c->cpus_used);
		c->cpus = 2;
		c->timed_workers = 3;
		c->delay_workers = 2;
		c->max_gap_cpu = i ? -1 : 4;
		c->spread_pct = 1.0 / 3;
		c->max_gap_ms = 1e-300;
		c->migrations = UINT64_MAX;
		c->iterations = 1ULL << 63;
		c->messengers = 0;
		c->blocks = i;
		c->spread_workers = 2;
		c->min_delay_pct = 0.25;
		c->max_delay_pct = 99.5;
		for (k = 0; k < KTSTR_NR_SAMPLE_KINDS; k++)
			c->samples[k] = (struct ktstr_sample_stats){
				.total = UINT64_MAX, .kept = 100 + k, .median_us = 1.5,
				.p99_us = 20, .max_us = 1e12, .mean_us = 2, .cv = 0.1 + k,
				.log2 = { 7, [63] = UINT64_MAX } };
		c->pages = 1000;
		c->local_pages = 1000;
		c->locality_known = 1;
		c->migrated_known = i;
		c->migrated_pages = i ? 1ULL << 40 : 0;
	}
	ktstr_result__add_metric(self->r, &(struct ktstr_ext_metric){
		.source = "fio", .cgroup = "cg_1", .name = "iops", .unit = "1/s", .step = 3,
		.polarity = KTSTR_HIGHER_IS_BETTER, .value = -0.125 });
	ktstr_result__add_metric(self->r, &(struct ktstr_ext_metric){ .name = "m" });
	self->r->dropped_ext_metrics = 7;
	*ktstr_result__add_stall(self->r) = (struct ktstr_stall){
		.why = KTSTR_STALL_WAITS, .step = 2, .tid = -1, .resumed = 1, .at_ns = UINT64_MAX,
		.for_ns = 1, .found_ns = 5, .cgroup = "cg_1", .part = "p", .comm = "c", .cpus = "0-3", .status = "s",
		.wchan = "w", .syscall = "y", .path = "/p", .loadavg = "l", .stack = "a < b" };
	*ktstr_result__add_stall(self->r) = (struct ktstr_stall){ };
	self->r->stall_poll_ms = 500;
	self->r->dropped_stalls = 3;
	self->buf = ktstr_result__encode(self->r, &self->len);
	ASSERT_NE(NULL, self->buf);
}

FIXTURE_TEARDOWN(wire)
{
	ktstr_result__free(self->r);
	ktstr_result__free(self->got);
	free(self->buf);
}

TEST_F(wire, what_was_sent_arrives)
{
	ASSERT_EQ(0, ktstr_result__decode(self->got, self->buf, self->len));
	EXPECT_EQ(0, memcmp(self->r, self->got, sizeof(*self->r)));
}

/* A value that no other field has, so far as the field may have it. */
static void fill(const struct ktstr_field *f, void *record, unsigned int n)
{
	void *p = (char *)record + f->offset;

	switch (f->type) {
	case KTSTR_FIELD_U32:
		*(uint32_t *)p = f->below ? f->below - 1 : n;
		break;
	case KTSTR_FIELD_I32:
		*(int32_t *)p = f->least < 0 ? -1 : (int32_t)n;
		break;
	case KTSTR_FIELD_U64:
		*(uint64_t *)p = UINT64_MAX - n;
		break;
	case KTSTR_FIELD_DOUBLE:
		*(double *)p = (f->negative ? -1.0 : 1.0) / n;
		break;
	case KTSTR_FIELD_CPUS:
		((struct ktstr_cpumask *)p)->bits[n % 8] = n;
		break;
	case KTSTR_FIELD_TEXT:
		memset(p, 0, f->size);
		snprintf(p, f->size, "%s %u", f->name, n);
		break;
	case KTSTR_FIELD_SAMPLES:
		*(struct ktstr_sample_stats *)p = (struct ktstr_sample_stats){
			.total = 100 + n, .kept = n, .median_us = n, .p99_us = n + 1,
			.max_us = n + 2, .mean_us = n + 3, .cv = n + 4, .log2 = { n, [63] = n } };
		break;
	case KTSTR_FIELD_MIGRATIONS:
		*(struct ktstr_migrations *)p = (struct ktstr_migrations){
			.start_ns = n, .nr = 2, .last = { { n + 1, 0, n }, { n + 2, n, 0 } } };
		break;
	}
}

/* Sums, shares and positions that must fit each other. */
static void make_consistent(struct ktstr_result *r)
{
	struct ktstr_cgroup_stats *c = &r->cgroups[1];
	struct ktstr_worker_stats *w = &r->workers[1];

	r->dropped_fails = r->dropped_details - 1;
	c->workers = 1000;
	c->cpus = ktstr_cpumask__weight(&c->cpus_used);
	c->local_pages = c->pages - 1;
	w->cgroup = 1;
	w->local_pages = w->pages - 1;
	w->median_wake_us = 0.1;
	w->p99_wake_us = 0.2;
	w->max_wake_us = 0.3;
}

TEST_F(wire, every_field_of_every_table_arrives)
{
	const struct ktstr_record_type *t;
	unsigned int i, n = 1;

	self->r->nr_workers = 2;
	for (t = ktstr_record_types; t < ktstr_record_types + KTSTR_NR_RECORD_TYPES; t++) {
		ASSERT_TRUE(!t->max || *ktstr_record__count(t, self->r) > 1) TH_LOG("%s", t->name);
		for (i = 0; i < t->nr_fields; i++)
			fill(&t->fields[i], ktstr_record__at(t, self->r, t->max ? 1 : 0), n++);
	}
	make_consistent(self->r);
	free(self->buf);
	self->buf = ktstr_result__encode(self->r, &self->len);
	ASSERT_NE(NULL, self->buf);
	ASSERT_EQ(0, ktstr_result__decode(self->got, self->buf, self->len));
	EXPECT_EQ(0, memcmp(self->r, self->got, sizeof(*self->r)));
}

/* But for the padding that a last 32-bit member brings along. */
TEST(every_member_has_a_row)
{
	const struct ktstr_record_type *t;
	size_t covered;
	unsigned int i, k;

	for (t = ktstr_record_types; t < ktstr_record_types + KTSTR_NR_RECORD_TYPES; t++) {
		for (i = covered = 0; i < t->nr_fields; i++) {
			covered += t->fields[i].size;
			for (k = 0; k < i; k++)
				EXPECT_NE(t->fields[k].offset, t->fields[i].offset);
		}
		if (t->max)
			EXPECT_LE(t->size - covered, 4) TH_LOG("%s", t->name);
	}
}

TEST_F(wire, a_full_result_fits_one_message)
{
	char text[KTSTR_DETAIL_LEN];
	struct ktstr_cgroup_stats *c;
	size_t len;
	void *buf;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	while (self->r->nr_details < KTSTR_MAX_DETAILS)
		ktstr_result__add(self->r, KTSTR_FAILS, KTSTR_OTHER, "%s", text);
	while (self->r->nr_cgroups < KTSTR_MAX_CGROUPS) {
		c = &self->r->cgroups[self->r->nr_cgroups++];
		memset(c->name, 'n', KTSTR_NAME_LEN - 1);
	}
	while (self->r->nr_ext_metrics < KTSTR_MAX_EXT_METRICS) {
		struct ktstr_ext_metric m = { .value = 1 };

		memset(m.name, 'n', sizeof(m.name) - 1);
		memcpy(m.source, m.name, sizeof(m.source));
		memcpy(m.cgroup, m.name, sizeof(m.cgroup));
		EXPECT_TRUE(ktstr_result__add_metric(self->r, &m));
	}
	EXPECT_FALSE(ktstr_result__add_metric(self->r, &(struct ktstr_ext_metric){ .value = 1 }));
	while (self->r->nr_stalls < KTSTR_MAX_STALLS) {
		struct ktstr_stall *s = ktstr_result__add_stall(self->r);

		memset(s->status, 's', sizeof(s->status) - 1);
		memset(s->stack, 's', sizeof(s->stack) - 1);
	}
	buf = ktstr_result__encode(self->r, &len);
	ASSERT_NE(NULL, buf);
	EXPECT_LT(len, 1u << 20);	/* KTSTR_CHAN_MAX_PAYLOAD */
	EXPECT_EQ(0, ktstr_result__decode(self->got, buf, len));
	EXPECT_EQ(0, memcmp(self->r, self->got, sizeof(*self->r)));
	free(buf);
}

TEST_F(wire, every_truncation_is_refused)
{
	size_t n;

	for (n = 0; n < self->len; n++) {
		void *part = malloc(n ? n : 1);

		ASSERT_NE(NULL, part);
		memcpy(part, self->buf, n);
		EXPECT_EQ(-EBADMSG, ktstr_result__decode(self->got, part, n));
		free(part);
	}
}

TEST_F(wire, trailing_bytes_are_refused)
{
	unsigned char *more = calloc(1, self->len + 1);

	ASSERT_NE(NULL, more);
	memcpy(more, self->buf, self->len);
	EXPECT_EQ(-EBADMSG, ktstr_result__decode(self->got, more, self->len + 1));
	free(more);
}

/* Whatever decoding accepts must be a result that the rest of the program can rely on. */
static const char *broken_promise(const struct ktstr_result *r)
{
	const struct ktstr_cgroup_stats *c;
	const struct ktstr_sample_stats *s;
	uint32_t i;
	int k;

	if (r->nr_details > KTSTR_MAX_DETAILS || r->nr_cgroups > KTSTR_MAX_CGROUPS)
		return "count";
	if (r->dropped_fails > r->dropped_details)
		return "dropped";
	for (i = 0; i < r->nr_details; i++) {
		if (r->details[i].severity > KTSTR_FAILS)
			return "severity";
		if (r->details[i].kind >= KTSTR_NR_KINDS)
			return "kind";
		if (!memchr(r->details[i].text, 0, KTSTR_DETAIL_LEN))
			return "text";
	}
	for (i = 0; i < r->nr_cgroups; i++) {
		c = &r->cgroups[i];
		if (!memchr(c->name, 0, KTSTR_NAME_LEN))
			return "name";
		if (!isfinite(c->spread_pct) || !isfinite(c->max_gap_ms) || c->max_gap_ms < 0 ||
		    !isfinite(c->worst_run_delay_us) || !isfinite(c->avg_off_cpu_pct))
			return "number";
		if (c->timed_workers > c->workers || c->messengers > c->workers ||
		    c->spread_workers > c->workers)
			return "workers";
		if (c->local_pages > c->pages || c->blocks > 1)
			return "pages";
		for (k = 0; k < KTSTR_NR_SAMPLE_KINDS; k++) {
			s = &c->samples[k];
			if (s->kept > s->total || !isfinite(s->cv) || s->cv < 0 ||
			    !isfinite(s->max_us) || s->p99_us > s->max_us)
				return "samples";
		}
	}
	return NULL;
}

TEST_F(wire, no_mutation_breaks_the_decoder)
{
	unsigned int refused = 0, accepted = 0, round, hits, n;
	unsigned char *copy = malloc(self->len);
	const char *broken;
	size_t at;

	ASSERT_NE(NULL, copy);
	srandom(1);
	for (round = 0; round < 40000; round++) {
		memcpy(copy, self->buf, self->len);
		hits = 1 + random() % 4;
		for (n = 0; n < hits; n++) {
			/* mostly the structure in front, with values at the edges */
			at = random() % (random() % 2 ? self->len : 200);
			copy[at] = random() % 3 ? random() : (random() % 2 ? 0xff : 0);
		}
		if (ktstr_result__decode(self->got, copy, self->len)) {
			refused++;
			continue;
		}
		accepted++;
		broken = broken_promise(self->got);
		ASSERT_EQ(NULL, broken) TH_LOG("round %u: %s", round, broken);
	}
	free(copy);
	/* Both ways were exercised. */
	EXPECT_LT(1000, refused);
	EXPECT_LT(1000, accepted);
}

/* Does the decoder refuse the result with what @spoil did to it? And take it undone? */
#define EXPECT_REFUSED(_lvalue, _bad) do {					\
	__typeof__(_lvalue) good_ = (_lvalue);					\
	(_lvalue) = (_bad);							\
	free(self->buf);							\
	self->buf = ktstr_result__encode(self->r, &self->len);			\
	ASSERT_NE(NULL, self->buf);						\
	EXPECT_EQ(-EBADMSG, ktstr_result__decode(self->got, self->buf, self->len)); \
	(_lvalue) = good_;							\
	free(self->buf);							\
	self->buf = ktstr_result__encode(self->r, &self->len);			\
	ASSERT_NE(NULL, self->buf);						\
	EXPECT_EQ(0, ktstr_result__decode(self->got, self->buf, self->len));	\
} while (0)

TEST_F(wire, values_out_of_range_are_refused)
{
	struct ktstr_cgroup_stats *c = &self->r->cgroups[1];
	struct ktstr_sample_stats *s = &c->samples[KTSTR_SAMPLES_TIMER];
	struct ktstr_worker_stats *w = &self->r->workers[0];
	int i;

	EXPECT_REFUSED(self->r->details[0].severity, KTSTR_FAILS + 1);
	EXPECT_REFUSED(self->r->details[0].kind, KTSTR_NR_KINDS);
	EXPECT_REFUSED(self->r->dropped_fails, self->r->dropped_details + 1);
	EXPECT_REFUSED(c->spread_pct, NAN);
	EXPECT_REFUSED(c->max_delay_pct, INFINITY);
	EXPECT_REFUSED(c->min_delay_pct, -1);
	EXPECT_REFUSED(c->max_gap_cpu, -2);
	EXPECT_REFUSED(c->messengers, 4);		/* of 3 workers */
	EXPECT_REFUSED(c->messengers, 1);		/* and 3 that are compared */
	EXPECT_REFUSED(c->spread_workers, 4);
	EXPECT_REFUSED(c->blocks, 2);
	EXPECT_REFUSED(c->local_pages, 1001);
	EXPECT_REFUSED(c->locality_known, 2);
	EXPECT_REFUSED(c->migrated_known, 2);
	EXPECT_REFUSED(s->cv, NAN);
	EXPECT_REFUSED(s->kept, 0);			/* of many */
	EXPECT_REFUSED(s->total, 1);			/* 102 kept of one */
	EXPECT_REFUSED(s->p99_us, 1);			/* below the median */
	EXPECT_REFUSED(s->max_us, 19);			/* below the p99 */
	self->r->nr_workers = 1;
	w->migrations = 3;
	w->last_migrations.nr = 3;
	for (i = 0; i < 3; i++)
		w->last_migrations.last[i].to = 1;
	EXPECT_REFUSED(w->last_migrations.last[2].to, KTSTR_MAX_CPUS);
	EXPECT_REFUSED(w->last_migrations.last[0].from, -1);
	EXPECT_REFUSED(w->last_migrations.last[0].from, 1);	/* to where it is */
	EXPECT_REFUSED(w->migrations, 2);			/* fewer than are listed */
}

/* A value that the row forbids; NULL, or from the @n-th on there is none. */
static const void *forbidden(const struct ktstr_field *f, unsigned int n)
{
	static const double doubles[] = { NAN, INFINITY, -INFINITY, -1e-9 };
	static uint32_t word;

	switch (f->type) {
	case KTSTR_FIELD_U32:
		word = n ? UINT32_MAX : f->below;
		return f->below && n < 2 ? &word : NULL;
	case KTSTR_FIELD_I32:
		word = n ? (uint32_t)INT32_MIN : (uint32_t)f->least - 1;
		return f->least != INT32_MIN && n < 2 ? &word : NULL;
	case KTSTR_FIELD_DOUBLE:
		return n < (f->negative ? 3 : 4) ? &doubles[n] : NULL;
	default:
		return NULL;
	}
}

TEST_F(wire, what_a_row_forbids_is_refused)
{
	const struct ktstr_record_type *t;
	const struct ktstr_field *f;
	unsigned int n, spoilt = 0;
	unsigned char good[8];
	const void *bad;
	void *p;

	self->r->nr_workers = 1;
	for (t = ktstr_record_types; t < ktstr_record_types + KTSTR_NR_RECORD_TYPES; t++)
		for (f = t->fields; f < t->fields + t->nr_fields; f++)
			for (n = 0; (bad = forbidden(f, n)); n++) {
				p = (char *)ktstr_record__at(t, self->r, 0) + f->offset;
				memcpy(good, p, f->size);
				memcpy(p, bad, f->size);
				free(self->buf);
				self->buf = ktstr_result__encode(self->r, &self->len);
				ASSERT_NE(NULL, self->buf);
				EXPECT_EQ(-EBADMSG, ktstr_result__decode(self->got, self->buf,
									 self->len))
					TH_LOG("%s.%s, value %u", t->name, f->name, n);
				memcpy(p, good, f->size);
				spoilt++;
			}
	EXPECT_LT(50, spoilt);
	free(self->buf);
	self->buf = ktstr_result__encode(self->r, &self->len);
	ASSERT_NE(NULL, self->buf);
	EXPECT_EQ(0, ktstr_result__decode(self->got, self->buf, self->len));
}

TEST_HARNESS_MAIN
