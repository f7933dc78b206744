// SPDX-License-Identifier: GPL-2.0
/* The tables of keys: see keys.h. They are about dumps (docs/dumps.md) and sidecars (docs/reports.md). */
#include <linux/kernel.h>
#include <stddef.h>
#include <string.h>

#include "keys.h"

static const char * const metrics[] = {
	"aborting", "attempt", "bits", "capacity", "clock", "clock_task", "cnt", "count", "cpu",
	"cpu_released", "cpus", "dispatch_keep_last", "duration", "enable_state", "exit_code",
	"exit_kind", "flags", "foreign", "hit", "index", "insns", "interleave_hit", "jiffies",
	"kick_sync", "kind", "len", "level", "llc", "local", "miss", "misses", "nice", "nivcsw",
	"node", "nr", "nsecs", "nvcsw", "on_cpu", "on_rq", "other", "phase", "policy", "prio", "rt_priority", "runs",
	"schema_version", "seed", "seq", "shift", "size", "slice", "softirqs", "start", "status",
	"step", "stuck", "used", "vtime", "weight", "workers",
};

static const char * const metric_begins[] = {
	"avg_", "bypass_", "dropped_", "failed_", "max_", "min_", "nr_", "num_", "numa_", "online_",
	"skipped_", "sum_", "torn_", "total_", "warned_", "watchdog_", "worst_",
};

static const char * const metric_ends[] = {
	"_ago", "_avg", "_batch", "_bytes", "_calls", "_clock", "_cnt", "_count", "_counts", "_cpu", "_cpus", "_cv", "_deltas",
	"_depth", "_dfl", "_disabled", "_duration", "_entries", "_errors", "_flags", "_hit", "_hits",
	"_insns", "_interval", "_iterations", "_jiffies", "_kb", "_kib", "_len", "_level", "_limit",
	"_llc", "_max", "_mean", "_median", "_mib", "_migrations", "_min", "_misses", "_mk", "_ms",
	"_nivcsw", "_node", "_nodes", "_nr", "_ns", "_nvcsw", "_p50", "_p99", "_pages", "_pct",
	"_per_cgroup", "_pos", "_prio", "_rate", "_ratio", "_running", "_runs", "_s", "_samples",
	"_scale", "_sec", "_secs", "_seq", "_size", "_slice", "_sum", "_target", "_timeout", "_total",
	"_units", "_us", "_vtime", "_weight", "_workers",
};

static const char * const metrics_below[] = {
	"event_counters", "event_counter_timeline", "event_deltas", "ext_metrics", "kvm_stats",
	"metrics", "monitor", "per_cpu_time", "per_node_numa", "schedstat_deltas", "stats",
	"verifier_stats",
};

static const char * const identities[] = { "addr", "gid", "id", "kva", "pid", "tgid", "tid", "uid" };
static const char * const identity_ends[] = {
	"_addr", "_gid", "_id", "_ids", "_kva", "_kvas", "_pid", "_pids", "_tgid", "_tid", "_uid",
};

static const char * const words[] = {
	"accel", "arch", "cast_annotation", "cpus", "cpus_allowed", "cpus_used", "engine", "flags",
	"idle_cpus", "kernel_unpacked", "kind", "kind_name", "kinds", "map_type", "mode", "nodes", "online", "ops_state",
	"origin", "polarity", "policy", "preset", "raw_verdict", "role", "run_source", "sched_class", "schema",
	"severity", "source", "stage", "state", "stream", "thp_defrag", "thp_enabled", "topology",
	"trigger", "unit", "verdict",
};

static bool is_in(const char * const *list, size_t nr, const char *key)
{
	for (size_t i = 0; i < nr; i++)
		if (!strcmp(list[i], key))
			return true;
	return false;
}

static bool begins(const char * const *list, size_t nr, const char *key)
{
	for (size_t i = 0; i < nr; i++)
		if (!strncmp(list[i], key, strlen(list[i])))
			return true;
	return false;
}

static bool ends(const char * const *list, size_t nr, const char *key)
{
	size_t len = strlen(key), n;

	for (size_t i = 0; i < nr; i++) {
		n = strlen(list[i]);
		if (len > n && !strcmp(list[i], key + len - n))
			return true;
	}
	return false;
}

#define IS_IN(_list, _key)	is_in(_list, ARRAY_SIZE(_list), _key)
#define BEGINS(_list, _key)	begins(_list, ARRAY_SIZE(_list), _key)
#define ENDS(_list, _key)	ends(_list, ARRAY_SIZE(_list), _key)

bool funify_keys__identity(const char *key)
{
	return IS_IN(identities, key) || ENDS(identity_ends, key);
}

bool funify_keys__metric(const char *key)
{
	return !funify_keys__identity(key) &&
	       (IS_IN(metrics, key) || BEGINS(metric_begins, key) || ENDS(metric_ends, key));
}

bool funify_keys__metrics_below(const char *key)
{
	return IS_IN(metrics_below, key);
}

bool funify_keys__word(const char *key)
{
	return IS_IN(words, key);
}
