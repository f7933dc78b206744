/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a body or a host callback claims about the outcome. A claim that does not hold is a
 * failure of the run; it is named by the source text of what it is about, so that no label can go
 * stale:
 *
 *	claim_at_most(r, hog.p99_wake_us, 500);
 *	claim_at_least(r, a.iterations, 1.3 * b.iterations, .because = "the hog is in its cell");
 *
 * says "hog.p99_wake_us: expected at most 500, was 812.5". @r is the ctx of a body or the
 * result of a host callback. All claims return whether they hold, go on after a failure, and
 * may be mixed with the checks that the test declares.
 *
 * NaN, which is how an absent figure looks (ktstr/stats.h), satisfies no claim but
 * claim_ne(). A claim that cannot be meant fails and says so: a bound that is NaN, an
 * interval with its ends the wrong way round, a negative tolerance, a duration against a
 * plain number.
 */
#ifndef KTSTR_CLAIM_H
#define KTSTR_CLAIM_H

#include <stddef.h>

#include <ktstr/attrs.h>
#include <ktstr/stats.h>

/* ---- what a claim may be about ---- */

/* A duration, so that 5 ms cannot be mistaken for 5 of something else. */
struct ktstr_ns {
	double ns;
};

#define KTSTR_NS(_n)	((struct ktstr_ns){ (_n) })
#define KTSTR_US(_n)	((struct ktstr_ns){ (_n) * 1e3 })
#define KTSTR_MS(_n)	((struct ktstr_ns){ (_n) * 1e6 })

enum ktstr_number_type { KTSTR_NUMBER_NONE, KTSTR_INTEGER, KTSTR_REAL, KTSTR_DURATION };

struct ktstr_number {
	long double v;			/* holds every 64-bit integer and every double */
	enum ktstr_number_type type;
};

static inline struct ktstr_number ktstr_number__i(int64_t v)
{
	return (struct ktstr_number){ v, KTSTR_INTEGER };
}

static inline struct ktstr_number ktstr_number__u(uint64_t v)
{
	return (struct ktstr_number){ v, KTSTR_INTEGER };
}

static inline struct ktstr_number ktstr_number__f(double v)
{
	return (struct ktstr_number){ v, KTSTR_REAL };
}

static inline struct ktstr_number ktstr_number__ns(struct ktstr_ns v)
{
	return (struct ktstr_number){ v.ns, KTSTR_DURATION };
}

#define KTSTR_NUMBER(_v)							\
	_Generic((_v), float: ktstr_number__f, double: ktstr_number__f,		\
		 long double: ktstr_number__f, struct ktstr_ns: ktstr_number__ns, \
		 unsigned int: ktstr_number__u, unsigned long: ktstr_number__u,	\
		 unsigned long long: ktstr_number__u, default: ktstr_number__i)(_v)

/* An array of double, uint64_t, uint32_t, int64_t or int. */
enum ktstr_element { KTSTR_ELEMENT_F64, KTSTR_ELEMENT_U64, KTSTR_ELEMENT_U32,
		     KTSTR_ELEMENT_I64, KTSTR_ELEMENT_I32 };

struct ktstr_array {
	const void *data;
	size_t nr;
	enum ktstr_element element;
	const char *label;
};

#define KTSTR_ARRAY(_label, _p, _nr)						\
	{ (_p), (_nr), _Generic(*(_p), double: KTSTR_ELEMENT_F64, int: KTSTR_ELEMENT_I32, \
				unsigned long: KTSTR_ELEMENT_U64,		\
				unsigned long long: KTSTR_ELEMENT_U64,		\
				unsigned int: KTSTR_ELEMENT_U32, long: KTSTR_ELEMENT_I64, \
				long long: KTSTR_ELEMENT_I64), _label }

/* ---- claims as values, for claim(), claim_all_of() and claim_any_of() ---- */

enum ktstr_claim_op {
	KTSTR_CLAIM_AT_LEAST, KTSTR_CLAIM_AT_MOST, KTSTR_CLAIM_LT, KTSTR_CLAIM_GT,
	KTSTR_CLAIM_BETWEEN, KTSTR_CLAIM_EQUALS, KTSTR_CLAIM_NE, KTSTR_CLAIM_NEAR,
	KTSTR_CLAIM_FINITE, KTSTR_CLAIM_PRESENT, KTSTR_CLAIM_TRUE,
	/* of arrays as sets */
	KTSTR_CLAIM_CONTAINS, KTSTR_CLAIM_SUBSET_OF, KTSTR_CLAIM_DISJOINT_FROM,
	/* of CPU sets, against a list like "0-3,8" */
	KTSTR_CLAIM_CPUS_EQUAL, KTSTR_CLAIM_CPUS_WITHIN, KTSTR_CLAIM_CPUS_OUTSIDE,
	KTSTR_NR_CLAIM_OPS,
};

struct ktstr_claim {
	const char *label;		/* source text of what is claimed */
	enum ktstr_claim_op op;
	struct ktstr_number was;
	struct ktstr_number a, b;	/* bound; interval; target and tolerance */
	struct ktstr_array set, other;	/* .set.data: of each element, or of the set */
	struct ktstr_cpumask cpus;
	const char *list;
	const char *because;		/* optional: why it should hold */
	enum ktstr_kind kind;		/* optional: of the failure, KTSTR_CLAIM */
};

/*
 * The macro that the author writes makes the label with #. A macro further in would see the
 * arguments expanded. The same holds for _op, which is pasted to KTSTR_CLAIM_.
 */
#define KTSTR_SAY(_label, _op, ...)						\
	((struct ktstr_claim){ .label = _label, .op = (_op), __VA_ARGS__ })
#define KTSTR_SAY_0(_label, _x, _op, ...)					\
	KTSTR_SAY(_label, KTSTR_CLAIM_##_op, .was = KTSTR_NUMBER(_x), ##__VA_ARGS__)
#define KTSTR_SAY_1(_label, _x, _op, _a, ...)					\
	KTSTR_SAY(_label, KTSTR_CLAIM_##_op, .was = KTSTR_NUMBER(_x),		\
		  .a = KTSTR_NUMBER(_a), ##__VA_ARGS__)
#define KTSTR_SAY_2(_label, _x, _op, _a, _b, ...)				\
	KTSTR_SAY(_label, KTSTR_CLAIM_##_op, .was = KTSTR_NUMBER(_x),		\
		  .a = KTSTR_NUMBER(_a), .b = KTSTR_NUMBER(_b), ##__VA_ARGS__)

#define KTSTR_AT_LEAST(_x, _bound, ...)						\
	KTSTR_SAY_1(#_x, _x, AT_LEAST, _bound, ##__VA_ARGS__)
#define KTSTR_AT_MOST(_x, _bound, ...)						\
	KTSTR_SAY_1(#_x, _x, AT_MOST, _bound, ##__VA_ARGS__)
#define KTSTR_LESS_THAN(_x, _bound, ...)					\
	KTSTR_SAY_1(#_x, _x, LT, _bound, ##__VA_ARGS__)
#define KTSTR_MORE_THAN(_x, _bound, ...)					\
	KTSTR_SAY_1(#_x, _x, GT, _bound, ##__VA_ARGS__)
#define KTSTR_EQUALS(_x, _value, ...)						\
	KTSTR_SAY_1(#_x, _x, EQUALS, _value, ##__VA_ARGS__)
#define KTSTR_IS_NOT(_x, _value, ...)						\
	KTSTR_SAY_1(#_x, _x, NE, _value, ##__VA_ARGS__)
#define KTSTR_BETWEEN(_x, _lo, _hi, ...)					\
	KTSTR_SAY_2(#_x, _x, BETWEEN, _lo, _hi, ##__VA_ARGS__)
#define KTSTR_NEAR(_x, _target, _tol, ...)					\
	KTSTR_SAY_2(#_x, _x, NEAR, _target, _tol, ##__VA_ARGS__)
#define KTSTR_IS_FINITE(_x, ...)						\
	KTSTR_SAY_0(#_x, _x, FINITE, ##__VA_ARGS__)
#define KTSTR_IS_PRESENT(_x, ...)						\
	KTSTR_SAY_0(#_x, _x, PRESENT, ##__VA_ARGS__)
#define KTSTR_HOLDS(_cond, ...)							\
	KTSTR_SAY(#_cond, KTSTR_CLAIM_TRUE, .was = ktstr_number__i(!!(_cond)), ##__VA_ARGS__)

/* ---- claims ---- */

bool ktstr_claim__judge(struct ktstr_result *r, const struct ktstr_claim *c);
bool ktstr_claim__judge_all(struct ktstr_result *r, const struct ktstr_claim *c, size_t nr);
bool ktstr_claim__judge_any(struct ktstr_result *r, const struct ktstr_claim *c, size_t nr);

#define ktstr_claim(_r, ...)							\
	ktstr_claim__judge(KTSTR_RESULT_OF(_r), &(const struct ktstr_claim[]){ __VA_ARGS__ }[0])

/* Behind the arguments shown, each takes .because = "why it should hold" and .kind = KTSTR_... */
#define ktstr_claim_at_least(_r, _x, _bound, ...)				\
	ktstr_claim(_r, KTSTR_SAY_1(#_x, _x, AT_LEAST, _bound, ##__VA_ARGS__))
#define ktstr_claim_at_most(_r, _x, _bound, ...)				\
	ktstr_claim(_r, KTSTR_SAY_1(#_x, _x, AT_MOST, _bound, ##__VA_ARGS__))
#define ktstr_claim_lt(_r, _x, _bound, ...)					\
	ktstr_claim(_r, KTSTR_SAY_1(#_x, _x, LT, _bound, ##__VA_ARGS__))
#define ktstr_claim_gt(_r, _x, _bound, ...)					\
	ktstr_claim(_r, KTSTR_SAY_1(#_x, _x, GT, _bound, ##__VA_ARGS__))
#define ktstr_claim_equals(_r, _x, _value, ...)					\
	ktstr_claim(_r, KTSTR_SAY_1(#_x, _x, EQUALS, _value, ##__VA_ARGS__))
#define ktstr_claim_ne(_r, _x, _value, ...)					\
	ktstr_claim(_r, KTSTR_SAY_1(#_x, _x, NE, _value, ##__VA_ARGS__))
#define ktstr_claim_between(_r, _x, _lo, _hi, ...)				\
	ktstr_claim(_r, KTSTR_SAY_2(#_x, _x, BETWEEN, _lo, _hi, ##__VA_ARGS__))
#define ktstr_claim_near(_r, _x, _target, _tol, ...)				\
	ktstr_claim(_r, KTSTR_SAY_2(#_x, _x, NEAR, _target, _tol, ##__VA_ARGS__))
#define ktstr_claim_finite(_r, _x, ...)						\
	ktstr_claim(_r, KTSTR_SAY_0(#_x, _x, FINITE, ##__VA_ARGS__))
#define ktstr_claim_present(_r, _x, ...)					\
	ktstr_claim(_r, KTSTR_SAY_0(#_x, _x, PRESENT, ##__VA_ARGS__))
#define ktstr_claim_true(_r, _cond, ...)					\
	ktstr_claim(_r, KTSTR_SAY(#_cond, KTSTR_CLAIM_TRUE, .was = ktstr_number__i(!!(_cond)), ##__VA_ARGS__))

/* claim_any_of(r, AT_LEAST(a.iterations, 5), AT_MOST(b.iterations, 3)): one failure for all */
#define KTSTR_CLAIMS(_fn, _r, ...)						\
	_fn(KTSTR_RESULT_OF(_r), (const struct ktstr_claim[]){ __VA_ARGS__ },	\
	    sizeof((const struct ktstr_claim[]){ __VA_ARGS__ }) / sizeof(struct ktstr_claim))
#define ktstr_claim_all_of(_r, ...)	KTSTR_CLAIMS(ktstr_claim__judge_all, _r, __VA_ARGS__)
#define ktstr_claim_any_of(_r, ...)	KTSTR_CLAIMS(ktstr_claim__judge_any, _r, __VA_ARGS__)

/* Part of a whole as a fraction; a whole of 0 is no fraction and fails. */
#define ktstr_claim_fraction_at_least(_r, _part, _whole, _bound, ...)		\
	ktstr_claim(_r, KTSTR_SAY(#_part " / " #_whole, KTSTR_CLAIM_AT_LEAST,		\
			    .was = ktstr_number__f(ktstr_fraction(_part, _whole)), \
			    .a = KTSTR_NUMBER(_bound), ##__VA_ARGS__))
#define ktstr_claim_fraction_at_most(_r, _part, _whole, _bound, ...)		\
	ktstr_claim(_r, KTSTR_SAY(#_part " / " #_whole, KTSTR_CLAIM_AT_MOST,		\
			    .was = ktstr_number__f(ktstr_fraction(_part, _whole)), \
			    .a = KTSTR_NUMBER(_bound), ##__VA_ARGS__))
static inline double ktstr_fraction(double part, double whole)
{
	return whole ? part / whole : __builtin_nan("");
}

/* Each element of an array of @_nr; the failure names the first that does not hold, and how many. */
#define KTSTR_SAY_EACH(_r, _label, _p, _nr, _op, ...)				\
	ktstr_claim(_r, KTSTR_SAY(_label, KTSTR_CLAIM_##_op, .set = KTSTR_ARRAY(_label, _p, _nr), __VA_ARGS__))
#define ktstr_claim_each_at_least(_r, _p, _nr, _bound, ...)			\
	KTSTR_SAY_EACH(_r, #_p, _p, _nr, AT_LEAST, .a = KTSTR_NUMBER(_bound), ##__VA_ARGS__)
#define ktstr_claim_each_at_most(_r, _p, _nr, _bound, ...)			\
	KTSTR_SAY_EACH(_r, #_p, _p, _nr, AT_MOST, .a = KTSTR_NUMBER(_bound), ##__VA_ARGS__)
#define ktstr_claim_each_between(_r, _p, _nr, _lo, _hi, ...)			\
	KTSTR_SAY_EACH(_r, #_p, _p, _nr, BETWEEN, .a = KTSTR_NUMBER(_lo),		\
		   .b = KTSTR_NUMBER(_hi), ##__VA_ARGS__)
#define ktstr_claim_each_finite(_r, _p, _nr, ...)				\
	KTSTR_SAY_EACH(_r, #_p, _p, _nr, FINITE, ##__VA_ARGS__)

/* An array as a set; its length is a number like any other. */
#define ktstr_claim_empty(_r, _nr, ...)						\
	ktstr_claim(_r, KTSTR_SAY_1(#_nr, _nr, EQUALS, 0, ##__VA_ARGS__))
#define ktstr_claim_nonempty(_r, _nr, ...)					\
	ktstr_claim(_r, KTSTR_SAY_1(#_nr, _nr, AT_LEAST, 1, ##__VA_ARGS__))
#define ktstr_claim_contains(_r, _p, _nr, _value, ...)				\
	KTSTR_SAY_EACH(_r, #_p, _p, _nr, CONTAINS, .a = KTSTR_NUMBER(_value), ##__VA_ARGS__)
#define ktstr_claim_subset_of(_r, _p, _nr, _other, _nr_other, ...)		\
	KTSTR_SAY_EACH(_r, #_p, _p, _nr, SUBSET_OF,					\
		   .other = KTSTR_ARRAY(#_other, _other, _nr_other), ##__VA_ARGS__)
#define ktstr_claim_disjoint_from(_r, _p, _nr, _other, _nr_other, ...)		\
	KTSTR_SAY_EACH(_r, #_p, _p, _nr, DISJOINT_FROM,				\
		   .other = KTSTR_ARRAY(#_other, _other, _nr_other), ##__VA_ARGS__)

/* claim_cpus_within(r, a.cpus_used, "0-3") */
#define KTSTR_SAY_CPUS(_r, _label, _cpus, _op, _list, ...)				\
	ktstr_claim(_r, KTSTR_SAY(_label, KTSTR_CLAIM_##_op, .cpus = (_cpus), .list = (_list), ##__VA_ARGS__))
#define ktstr_claim_cpus_equal(_r, _cpus, _list, ...)				\
	KTSTR_SAY_CPUS(_r, #_cpus, _cpus, CPUS_EQUAL, _list, ##__VA_ARGS__)
#define ktstr_claim_cpus_within(_r, _cpus, _list, ...)				\
	KTSTR_SAY_CPUS(_r, #_cpus, _cpus, CPUS_WITHIN, _list, ##__VA_ARGS__)
#define ktstr_claim_cpus_outside(_r, _cpus, _list, ...)				\
	KTSTR_SAY_CPUS(_r, #_cpus, _cpus, CPUS_OUTSIDE, _list, ##__VA_ARGS__)

/*
 * claim_better(r, run_delay_us, ours, theirs, 0.3): the member is better in @_ours, a struct
 * ktstr_stats, by at least that fraction of what it is in @_theirs, in the direction that is
 * better for this metric (`ktstr list metrics`).
 */
#define ktstr_claim_better(_r, _member, _ours, _theirs, _margin)		\
	ktstr_claim__better(KTSTR_RESULT_OF(_r), #_member, #_ours "." #_member,	\
			   #_theirs "." #_member, (_ours)._member, (_theirs)._member, _margin)
bool ktstr_claim__better(struct ktstr_result *r, const char *metric, const char *ours_label,
			const char *theirs_label, double ours, double theirs, double margin);

/* Bounds of which only those that are set count; claim_thresholds(r, a, .min_work_units = VALUE(1)) */
struct ktstr_threshold {
	bool set;
	double value;
};

struct ktstr_thresholds {
	struct ktstr_threshold max_p99_wake_latency_ns;
	struct ktstr_threshold max_iteration_cost_p99_ns;
	struct ktstr_threshold max_migrations;
	struct ktstr_threshold min_work_units;
};

#define ktstr_claim_thresholds(_r, _stats, ...)					\
	ktstr_claim__thresholds(KTSTR_RESULT_OF(_r), #_stats, &(_stats),		\
			       &(const struct ktstr_thresholds){ __VA_ARGS__ })
bool ktstr_claim__thresholds(struct ktstr_result *r, const char *label,
			    const struct ktstr_stats *s, const struct ktstr_thresholds *t);

/*
 * In a body, while the scheduler is attached: sched_ext counted at most @_bound errors of each
 * kind since it came (CPUs that a task may not use, dispatches to offline CPUs, ...).
 */
#define ktstr_claim_scx_events_clean(_ctx, _bound) ktstr_claim__scx_events(_ctx, _bound)
bool ktstr_claim__scx_events(struct ktstr_ctx *ctx, double bound);

/* ---- what is no claim ---- */

/* True, and the run is skipped unless something was measured, when @_cond holds. */
#define ktstr_claim_skip_if(_r, _cond, ...)					\
	((_cond) && (ktstr_claim__skip(KTSTR_RESULT_OF(_r), #_cond, __VA_ARGS__), true))
/* Into report and sidecar, whatever the outcome: a sentence, or "expression = value". */
#define ktstr_claim_note(_r, ...) ktstr_claim__note(KTSTR_RESULT_OF(_r), __VA_ARGS__)
#define ktstr_claim_note_value(_r, _x)						\
	ktstr_claim__note_value(KTSTR_RESULT_OF(_r), #_x, KTSTR_NUMBER(_x))

void ktstr_claim__skip(struct ktstr_result *r, const char *cond, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void ktstr_claim__note(struct ktstr_result *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void ktstr_claim__note_value(struct ktstr_result *r, const char *label, struct ktstr_number v);

/*
 * In a body: the test fails, is skipped, or found nothing to judge. ktstr_pass() is for bodies that
 * have looked at something themselves: a test without workers, claims and checks of payloads, in
 * which nothing was judged, is inconclusive unless it says so. It takes back no failure.
 */
void ktstr_pass(struct ktstr_ctx *ctx);
void ktstr_fail(struct ktstr_ctx *ctx, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void ktstr_skip(struct ktstr_ctx *ctx, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void ktstr_inconclusive(struct ktstr_ctx *ctx, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* The test itself is wrong or could not be carried out; this satisfies no expect_err. */
void ktstr_error(struct ktstr_ctx *ctx, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#include <ktstr/short_names.h>

#endif
