/* SPDX-License-Identifier: GPL-2.0 */
/*
 * KTSTR_TEST() and KTSTR_SCHEDULER(): put a static record into a linker section that the
 * registry walks (__start_ktstr_tests .. __stop_ktstr_tests).
 *
 * Each macro expands its initialisers three times: into the record, after the "unset"
 * defaults; bare, into a dead object, where -Woverride-init (gcc) and
 * -Winitializer-overrides (clang), switched on here as errors, refuse a key that stands there
 * twice; and into a dead function in which the optimiser folds contradictory attributes to a call
 * of a function that must not be called. gcc optimises that function whatever its options are;
 * clang does not, so that a build with clang -O0 leaves these rules to the run.
 */
#ifndef KTSTR_REGISTER_H
#define KTSTR_REGISTER_H

#include <ktstr/attrs.h>

#ifdef __clang__
#define KTSTR_DEFAULTS_BEGIN							\
	_Pragma("GCC diagnostic push")						\
	_Pragma("GCC diagnostic ignored \"-Winitializer-overrides\"")
#else
#define KTSTR_DEFAULTS_BEGIN							\
	_Pragma("GCC diagnostic push")						\
	_Pragma("GCC diagnostic ignored \"-Woverride-init\"")
#endif
#define KTSTR_DEFAULTS_END	_Pragma("GCC diagnostic pop")

#ifdef __clang__
#define KTSTR_ONCE_BEGIN							\
	_Pragma("GCC diagnostic push")						\
	_Pragma("GCC diagnostic error \"-Winitializer-overrides\"")
#else
#define KTSTR_ONCE_BEGIN							\
	_Pragma("GCC diagnostic push")						\
	_Pragma("GCC diagnostic error \"-Woverride-init\"")
#endif

/* Nobody calls such a function, so --coverage shall not say that it was not executed. */
#define KTSTR_UNCOUNTED		__attribute__((no_profile_instrument_function))

/* The initialisers of a struct @_type alone: a key that stands there twice is an error. */
#define KTSTR_ONCE(_type, _name, ...)						\
	KTSTR_ONCE_BEGIN							\
	static KTSTR_UNCOUNTED __attribute__((used)) void _ktstr_once_##_name(void) \
	{									\
		const struct _type once __attribute__((unused)) = { __VA_ARGS__ }; \
	}									\
	_Pragma("GCC diagnostic pop")

/* A NULL-terminated list of strings. */
#define KTSTR_STRS(...)	((const char * const[]){ __VA_ARGS__, NULL })

/* .kernels of a scheduler that is not meant to load. */
#define KTSTR_NO_KERNELS	((const char * const[]){ NULL })

/* Each is a rule of harness/plan/validate.c that the compiler can already see. */
#if defined(__OPTIMIZE__) || !defined(__clang__)
#define KTSTR_BUILD_RULE(_name, _text)						\
	extern void ktstr_rule_##_name(void) __attribute__((error(_text)))
#else
#define KTSTR_BUILD_RULE(_name, _text)						\
	static inline void ktstr_rule_##_name(void) { }				\
	struct ktstr_test
#endif

#if defined(__OPTIMIZE__) || defined(__clang__)
#define KTSTR_FOLDED		KTSTR_UNCOUNTED
#else
#define KTSTR_FOLDED		KTSTR_UNCOUNTED __attribute__((optimize("O2")))
#endif
#define KTSTR_BUILD_CHECK	static inline KTSTR_FOLDED __attribute__((always_inline))

KTSTR_BUILD_RULE(perf_modes, "ktstr: performance_mode excludes no_perf_mode");
KTSTR_BUILD_RULE(host_only, "ktstr: host_only excludes scheduler, num_snapshots, auto_repro = true, disk and networks");
KTSTR_BUILD_RULE(expect_err, "ktstr: expect_err excludes survives_storm and expect_auto_repro");
KTSTR_BUILD_RULE(survives_storm, "ktstr: survives_storm needs a scheduler and excludes expect_auto_repro");
KTSTR_BUILD_RULE(matchers, "ktstr: expect_scx_bpf_error_*, expect_kind and expect_text need expect_err = true");
KTSTR_BUILD_RULE(cpu_budget, "ktstr: cpu_budget needs no_perf_mode = true");
KTSTR_BUILD_RULE(auto_repro, "ktstr: expect_auto_repro needs a scheduler and excludes auto_repro = false and host_only");
KTSTR_BUILD_RULE(perf_delta, "ktstr: perf_delta_assertions needs performance_mode = true");
KTSTR_BUILD_RULE(llcs, "ktstr: llcs must be divisible by numa_nodes");
KTSTR_BUILD_RULE(bounds, "ktstr: a min_* bound exceeds its max_*");
KTSTR_BUILD_RULE(config_missing, "ktstr: config is missing: the scheduler has config_arg");
KTSTR_BUILD_RULE(config_unread, "ktstr: config needs a scheduler with config_arg, else nobody reads it");
KTSTR_BUILD_RULE(limits, "ktstr: a limit of a check must not be negative");

#define KTSTR_RANGE_WORDS(_min, _max)	#_min ".." #_max
#define KTSTR_RANGE_RULE(_name, _min, _max)					\
	KTSTR_BUILD_RULE(range_##_name,						\
			 "ktstr: " #_name " does not lie in " KTSTR_RANGE_WORDS(_min, _max));
KTSTR_TEST_RANGES(KTSTR_RANGE_RULE)
KTSTR_BUILD_RULE(disk, "ktstr: size_mib does not lie in 1..16777216, or a throttle within its limits");

KTSTR_BUILD_CHECK bool ktstr_out_of_range(int64_t v, int64_t min, int64_t max)
{
	return v != KTSTR_UNSET && (v < min || v > max);
}

KTSTR_BUILD_CHECK bool ktstr_min_over_max(int64_t min, int64_t max)
{
	return min != KTSTR_UNSET && max != KTSTR_UNSET && min > max;
}

#define KTSTR_NO_SWITCH_RULE(_name)
#define KTSTR_LIMIT_RULE(_name)		|| c._name < 0

KTSTR_BUILD_CHECK void
ktstr_build_check_limits(const struct ktstr_checks c)
{
	if (false KTSTR_WORKER_CHECKS(KTSTR_NO_SWITCH_RULE, KTSTR_LIMIT_RULE)
	    KTSTR_MONITOR_CHECKS(KTSTR_NO_SWITCH_RULE, KTSTR_LIMIT_RULE))
		ktstr_rule_limits();
}

/* What a test and a scheduler have in common. */
#define KTSTR_BUILD_CHECK_COMMON(_x)						\
	do {									\
		if (_x.llcs != KTSTR_UNSET && _x.numa_nodes > 0 && _x.llcs % _x.numa_nodes) \
			ktstr_rule_llcs();					\
		if (ktstr_min_over_max(_x.min_llcs, _x.max_llcs) ||		\
		    ktstr_min_over_max(_x.min_numa_nodes, _x.max_numa_nodes) ||	\
		    ktstr_min_over_max(_x.min_cpus, _x.max_cpus))		\
			ktstr_rule_bounds();					\
		ktstr_build_check_limits(_x.checks);				\
	} while (0)

/* Declarations of other files are not constants here; the run looks at them. */
#define KTSTR_SEEN_TRUE(_cond)	(__builtin_constant_p(!!(_cond)) && (_cond))

/* config and config_arg need each other. */
KTSTR_BUILD_CHECK void ktstr_build_check_config(const struct ktstr_test t)
{
	if (!t.config && t.scheduler && KTSTR_SEEN_TRUE(t.scheduler->config_arg))
		ktstr_rule_config_missing();
	if (t.config && !t.staged_schedulers &&
	    (!t.scheduler || KTSTR_SEEN_TRUE(!t.scheduler->config_arg)))
		ktstr_rule_config_unread();
}

/* Inlined into a dead function with constants for every member: leaves no code behind. */
KTSTR_BUILD_CHECK void ktstr_build_check(const struct ktstr_test t)
{
	if (t.performance_mode == KTSTR_ON && t.no_perf_mode == KTSTR_ON)
		ktstr_rule_perf_modes();
	if (t.host_only == KTSTR_ON &&
	    (t.scheduler || t.auto_repro == KTSTR_ON || t.disk || t.networks ||
	     (t.num_snapshots && t.num_snapshots != KTSTR_UNSET)))
		ktstr_rule_host_only();
	if (t.expect_err == KTSTR_ON &&
	    (t.survives_storm == KTSTR_ON || t.expect_auto_repro == KTSTR_ON))
		ktstr_rule_expect_err();
	if (t.survives_storm == KTSTR_ON && (!t.scheduler || t.expect_auto_repro == KTSTR_ON))
		ktstr_rule_survives_storm();
	if (t.expect_err != KTSTR_ON &&
	    (t.expect_scx_bpf_error_contains || t.expect_scx_bpf_error_matches ||
	     t.expect_kind || t.expect_text))
		ktstr_rule_matchers();
	if (t.cpu_budget != KTSTR_UNSET && t.no_perf_mode != KTSTR_ON)
		ktstr_rule_cpu_budget();
	if (t.expect_auto_repro == KTSTR_ON &&
	    (!t.scheduler || t.auto_repro == KTSTR_OFF || t.host_only == KTSTR_ON))
		ktstr_rule_auto_repro();
	if (t.perf_delta_assertions && t.performance_mode != KTSTR_ON)
		ktstr_rule_perf_delta();
	ktstr_build_check_config(t);
#define KTSTR_TEST_IN_RANGE(_name, _min, _max)					\
	(ktstr_out_of_range(t._name, _min, _max) ? ktstr_rule_range_##_name() : (void)0);
	KTSTR_TEST_RANGES(KTSTR_TEST_IN_RANGE)
	KTSTR_BUILD_CHECK_COMMON(t);
}

KTSTR_BUILD_CHECK void
ktstr_build_check_scheduler(const struct ktstr_scheduler s)
{
#define KTSTR_SCHED_IN_RANGE(_name, _min, _max)					\
	(ktstr_out_of_range(s._name, _min, _max) ? ktstr_rule_range_##_name() : (void)0);
	KTSTR_COMMON_RANGES(KTSTR_SCHED_IN_RANGE)
	KTSTR_BUILD_CHECK_COMMON(s);
}

KTSTR_BUILD_CHECK void ktstr_build_check_disk(const struct ktstr_disk d)
{
#define KTSTR_DISK_IN_RANGE(_name, _min, _max)					\
	(ktstr_out_of_range(d._name, _min, _max) ? ktstr_rule_disk() : (void)0);
	KTSTR_DISK_RANGES(KTSTR_DISK_IN_RANGE)
}

/* Sections hold pointers: their spacing does not depend on the compiler's alignment. */
#define KTSTR_SCHEDULER(_name, ...)						\
	KTSTR_DEFAULTS_BEGIN							\
	static const struct ktstr_scheduler _name = {				\
		KTSTR_SCHEDULER_UNSET, .name = #_name, ##__VA_ARGS__		\
	};									\
	static KTSTR_FOLDED __attribute__((used)) void _ktstr_check_##_name(void) \
	{									\
		const struct ktstr_scheduler s = { KTSTR_SCHEDULER_UNSET, ##__VA_ARGS__ }; \
										\
		ktstr_build_check_scheduler(s);					\
	}									\
	KTSTR_DEFAULTS_END							\
	static const struct ktstr_scheduler * const _ktstr_sched_##_name	\
	__attribute__((used, section("ktstr_schedulers"))) = &_name;		\
	KTSTR_ONCE(ktstr_scheduler, _name, ##__VA_ARGS__)			\
	struct ktstr_scheduler

/*
 * Tests that a program makes at start-up from data of its own, on the host and again in the
 * guest: they stand behind those of KTSTR_TEST() and must live as long as the program.
 *
 *	static const struct ktstr_test * const *make(unsigned int *nr);
 *	KTSTR_MAKE_TESTS(make);
 */
struct ktstr_maker {
	const struct ktstr_test * const *(*make)(unsigned int *nr);
};

#define KTSTR_MAKE_TESTS(_fn)							\
	static const struct ktstr_maker _ktstr_maker_##_fn = { _fn };		\
	static const struct ktstr_maker * const _ktstr_maker_entry_##_fn	\
	__attribute__((used, section("ktstr_makers"))) = &_ktstr_maker_##_fn

/* KTSTR_DISK(slow, .throttle.iops = 200); then .disk = &slow in tests. */
#define KTSTR_DISK(_name, ...)							\
	KTSTR_DEFAULTS_BEGIN							\
	static const struct ktstr_disk _name = {				\
		KTSTR_DISK_UNSET, ##__VA_ARGS__					\
	};									\
	static KTSTR_FOLDED __attribute__((used)) void _ktstr_check_##_name(void) \
	{									\
		const struct ktstr_disk d = { KTSTR_DISK_UNSET, ##__VA_ARGS__ };	\
										\
		ktstr_build_check_disk(d);					\
	}									\
	KTSTR_DEFAULTS_END							\
	KTSTR_ONCE(ktstr_disk, _name, ##__VA_ARGS__)				\
	struct ktstr_disk

/* .networks = KTSTR_NETS(&eth0, &eth1), each a static const struct ktstr_net. */
#define KTSTR_NETS(...)	((const struct ktstr_net * const[]){ __VA_ARGS__, NULL })

/*
 * .nodes = KTSTR_NODES({ .llcs = 2 }, { .mem_bytes = KTSTR_MIB(128), .latency_ns = 250 }),
 * .distances = KTSTR_DISTANCES(10, 20,
 *				20, 10)
 * An empty node and a distance of 0, which no machine has, end the lists.
 */
#define KTSTR_NODES(...)	((const struct ktstr_numa_node[]){ __VA_ARGS__, { 0 } })
#define KTSTR_DISTANCES(...)	((const uint8_t[]){ __VA_ARGS__, 0 })
#define KTSTR_MIB(_n)		((uint64_t)(_n) << 20)

/*
 * .watch_bpf_maps = KTSTR_WATCH_MAPS(KTSTR_WATCH_MAP(".bss", "nr_enqueued", SCALAR_COUNTER,
 *						       "enqueued"))
 * The third argument is a value of enum ktstr_map_agg without KTSTR_AGG_.
 */
#define KTSTR_WATCH_MAPS(...)							\
	((const struct ktstr_watch_map * const[]){ __VA_ARGS__, NULL })
#define KTSTR_WATCH_MAP(_map, _field, _agg, _label)				\
	(&(const struct ktstr_watch_map){ _map, _field, KTSTR_AGG_##_agg, _label })

/* .bpf_map_write = KTSTR_MAP_WRITES(KTSTR_MAP_WRITE(".bss", "stall", 1)) */
#define KTSTR_MAP_WRITES(...)							\
	((const struct ktstr_map_write * const[]){ __VA_ARGS__, NULL })
#define KTSTR_MAP_WRITE(_map, _field, _value)					\
	(&(const struct ktstr_map_write){ _map, _field, _value })

/*
 * .performance_mode = KTSTR_ON,
 * .perf_delta_assertions = KTSTR_PERF_DELTAS(KTSTR_PERF_DELTA("worst_spread", MAX_WORSE_PCT, 10))
 * The second argument is a value of enum ktstr_perf_rule without KTSTR_.
 */
#define KTSTR_PERF_DELTAS(...)							\
	((const struct ktstr_perf_delta * const[]){ __VA_ARGS__, NULL })
#define KTSTR_PERF_DELTA(_metric, _rule, _limit)				\
	(&(const struct ktstr_perf_delta){ _metric, KTSTR_##_rule, _limit })

#define KTSTR_TEST(_name, ...)							\
	static int _name(struct ktstr_ctx *ctx);				\
	KTSTR_DEFAULTS_BEGIN							\
	static const struct ktstr_test _ktstr_test_##_name = {			\
		KTSTR_TEST_UNSET, .name = #_name, .file = __FILE__,		\
		.line = __LINE__, .body = _name, ##__VA_ARGS__			\
	};									\
	static KTSTR_FOLDED __attribute__((used)) void _ktstr_check_##_name(void) \
	{									\
		const struct ktstr_test t = { KTSTR_TEST_UNSET, ##__VA_ARGS__ }; \
										\
		ktstr_build_check(t);						\
	}									\
	KTSTR_DEFAULTS_END							\
	KTSTR_ONCE(ktstr_test, _name, ##__VA_ARGS__)				\
	static const struct ktstr_test *_ktstr_entry_##_name			\
	__attribute__((used, section("ktstr_tests"))) = &_ktstr_test_##_name;	\
	static int _name(struct ktstr_ctx *ctx)

#endif
