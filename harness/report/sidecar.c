// SPDX-License-Identifier: GPL-2.0
/* Sidecars: see sidecar.h. Every key is always written; unknown values are null. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/kernel.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <ktstr/inspect.h>
#include <ktstr/payload.h>

#include "harness/model/part.h"
#include "harness/model/seen.h"
#include "harness/plan/perf_delta.h"
#include "harness/plan/scheduler.h"
#include "harness/plan/variant.h"
#include "harness/result/metrics.h"
#include "harness/result/records.h"
#include "lib/clock.h"
#include "lib/json.h"
#include "lib/paths.h"
#include "host_context.h"
#include "ran.h"
#include "sidecar.h"

#define SCHEMA_VERSION	1
#define MAX_NUMBER	9999	/* sidecars of one variant in a folder */

static const char *env_or_null(const char *name)
{
	const char *v = getenv(name);

	return v && *v ? v : NULL;
}

static void put_list(struct ktstr_json *j, const char *key, const char *prefix,
		     const char * const *list)
{
	char text[512];

	ktstr_json__array(j, key);
	for (; list && *list; list++) {
		snprintf(text, sizeof(text), "%s%s", prefix, *list);
		ktstr_json__str(j, NULL, text);
	}
	ktstr_json__end(j);
}

/* @present: there is a measurement behind the number; otherwise null. */
static void f64_or_null(struct ktstr_json *j, const char *key, bool present, double v)
{
	if (present)
		ktstr_json__f64(j, key, v);
	else
		ktstr_json__null(j, key);
}

/* Element i counts 2^i .. 2^(i+1) - 1 ns, the first 0 ns too; what is behind the last is 0. */
static void put_histogram(struct ktstr_json *j, const struct ktstr_sample_stats *s)
{
	unsigned int i, nr = 64;

	while (nr && !s->log2[nr - 1])
		nr--;
	ktstr_json__array(j, "log2_ns");
	for (i = 0; i < nr; i++)
		ktstr_json__u64(j, NULL, s->log2[i]);
	ktstr_json__end(j);
}

/* What comparisons do not use: the counts, and the other two kinds of samples. */
static void put_samples(struct ktstr_json *j, const char *key,
			const struct ktstr_sample_stats *s)
{
	ktstr_json__object(j, key);
	ktstr_json__u64(j, "total", s->total);
	ktstr_json__u64(j, "kept", s->kept);
	f64_or_null(j, "median_us", s->kept, s->median_us);
	f64_or_null(j, "p99_us", s->kept, s->p99_us);
	f64_or_null(j, "max_us", s->kept, s->max_us);
	f64_or_null(j, "mean_us", s->kept, s->mean_us);
	f64_or_null(j, "cv", s->kept > 1, s->cv);
	put_histogram(j, s);
	ktstr_json__end(j);
}

static void put_metric(struct ktstr_json *j, const struct ktstr_metric *m, const char *key,
		       const struct ktstr_stats *s)
{
	double v = ktstr_metric__value(m, s);

	if (m->integer && !isnan(v))
		ktstr_json__u64(j, key, v);
	else
		ktstr_json__f64(j, key, v);	/* NaN, absent, is null */
}

/* The rows of the metric table, then how many samples of which kind there were. */
static void put_cgroup(struct ktstr_json *j, const struct ktstr_cgroup_stats *c)
{
	const struct ktstr_metric *m;
	struct ktstr_stats s;
	char name[KTSTR_NAME_LEN + 1] = "";

	memcpy(name, c->name, KTSTR_NAME_LEN);
	ktstr_cgroup_stats__figures(c, &s);
	ktstr_json__object(j, NULL);
	ktstr_json__str(j, "name", name);
	ktstr_json__str(j, "part", c->part[0] ? c->part : NULL);
	ktstr_json__u64(j, "step", c->step);
	ktstr_json__str(j, "span", ktstr_span__name(c->span));
	ktstr_json__str(j, "spread_of", c->blocks ? "run_delay" : "off_cpu");
	for (m = ktstr_metric_table; m < ktstr_metric_table + ktstr_nr_metrics; m++)
		if (m->key)
			put_metric(j, m, m->key, &s);
	put_samples(j, "wake_latency", &c->samples[KTSTR_SAMPLES_WAKE]);
	put_samples(j, "iteration_cost", &c->samples[KTSTR_SAMPLES_COST]);
	put_samples(j, "timer_lateness", &c->samples[KTSTR_SAMPLES_TIMER]);
	ktstr_json__object(j, "ext_metrics");
	ktstr_json__end(j);
	ktstr_json__end(j);
}

static void put_stats(struct ktstr_json *j, const struct ktstr_result *r)
{
	const struct ktstr_metric *m;
	struct ktstr_stats s = ktstr_stats__run(r);
	uint32_t i;

	ktstr_json__object(j, "stats");
	ktstr_json__array(j, "cgroups");
	for (i = 0; i < r->nr_cgroups; i++)
		put_cgroup(j, &r->cgroups[i]);
	ktstr_json__end(j);
	for (m = ktstr_metric_table; m < ktstr_metric_table + ktstr_nr_metrics; m++)
		if (m->run_key)
			put_metric(j, m, m->run_key, &s);
	ktstr_json__object(j, "ext_metrics");
	ktstr_json__end(j);
	ktstr_json__end(j);
}

static const char *severity_name(enum ktstr_severity s)
{
	static const char * const name[] = {
		[KTSTR_NOTE] = "note", [KTSTR_SKIPS] = "skip",
		[KTSTR_UNDECIDED] = "inconclusive", [KTSTR_FAILS] = "fail",
	};

	return (unsigned int)s < ARRAY_SIZE(name) ? name[s] : "unknown";
}

static void put_details(struct ktstr_json *j, const struct ktstr_result *r)
{
	bool have[KTSTR_NR_KINDS] = { false };
	uint32_t i;

	ktstr_json__array(j, "details");
	for (i = 0; i < r->nr_details; i++) {
		const struct ktstr_detail *d = &r->details[i];

		if (d->severity == KTSTR_FAILS && (unsigned int)d->kind < KTSTR_NR_KINDS)
			have[d->kind] = true;
		ktstr_json__object(j, NULL);
		ktstr_json__str(j, "severity", severity_name(d->severity));
		ktstr_json__str(j, "kind", ktstr_kind__name(d->kind));
		ktstr_json__str(j, "text", d->text);
		ktstr_json__end(j);
	}
	ktstr_json__end(j);
	ktstr_json__u64(j, "dropped_details", r->dropped_details);
	ktstr_json__u64(j, "claims_held", r->claims_held);
	ktstr_json__array(j, "kinds");
	for (i = 0; i < KTSTR_NR_KINDS; i++)
		if (have[i])
			ktstr_json__str(j, NULL, ktstr_kind__name(i));
	ktstr_json__end(j);
}

static void put_stimuli(struct ktstr_json *j, const struct ktstr_seen *s)
{
	unsigned int i;

	ktstr_json__array(j, "stimulus_events");
	for (i = 0; i < s->nr_stimuli; i++) {
		const struct ktstr_stimulus *e = &s->stimuli[i];
		uint64_t zero = s->body_ns ?: s->start_ns;
		char label[32];

		snprintf(label, sizeof(label), "step %u", e->what.step);
		ktstr_json__object(j, NULL);
		ktstr_json__u64(j, "elapsed_ms",
				e->time_ns > zero ? (e->time_ns - zero) / NSEC_PER_MSEC : 0);
		ktstr_json__str(j, "label", label);
		ktstr_json__str(j, "part", e->what.part[0] ? e->what.part : NULL);
		ktstr_json__u64(j, "op_kinds", e->what.op_kinds);
		ktstr_json__u64(j, "cgroups", e->what.cgroups);
		ktstr_json__u64(j, "workers", e->what.workers);
		ktstr_json__u64(j, "total_iterations", e->what.iterations);
		ktstr_json__end(j);
	}
	ktstr_json__end(j);
}

/* The name of the file, or null for a stream that is empty. */
static void put_output_file(struct ktstr_json *j, const char *key, const struct ktstr_output *o,
			    enum ktstr_stream stream)
{
	char name[2 * KTSTR_NAME_LEN];

	ktstr_output__file(o, stream, name, sizeof(name));
	ktstr_json__str(j, key, o->text[stream].total ? name : NULL);
}

static void put_outputs(struct ktstr_json *j, const struct ktstr_outputs *all)
{
	const struct ktstr_output *o;

	ktstr_json__array(j, "payload_outputs");
	for (o = all->list; o < all->list + all->nr; o++) {
		ktstr_json__object(j, NULL);
		ktstr_json__str(j, "payload", o->source);
		ktstr_json__str(j, "cgroup", o->cgroup);
		ktstr_json__u64(j, "step", o->step);
		ktstr_json__u64(j, "run", o->run);
		ktstr_json__bool(j, "failed", o->failed);
		if (o->ended)
			ktstr_json__i64(j, "exit_code", WIFEXITED(o->status) ?
					WEXITSTATUS(o->status) : -1);
		else
			ktstr_json__null(j, "exit_code");
		put_output_file(j, "stdout", o, KTSTR_STDOUT);
		put_output_file(j, "stderr", o, KTSTR_STDERR);
		ktstr_json__end(j);
	}
	ktstr_json__end(j);
}

/* One an op: what, of which cgroup and step, and how far the workers were. */
static void put_ops(struct ktstr_json *j, const struct ktstr_seen *s)
{
	uint64_t zero = s->body_ns ?: s->start_ns;

	ktstr_json__array(j, "op_events");
	for (unsigned int i = 0; i < s->nr_ops; i++) {
		const struct ktstr_op_seen *e = &s->ops_done[i];

		if (!e->what.name[0])
			continue;
		ktstr_json__object(j, NULL);
		ktstr_json__u64(j, "elapsed_ms",
				e->time_ns > zero ? (e->time_ns - zero) / NSEC_PER_MSEC : 0);
		if (e->what.step == KTSTR_NO_STEP)
			ktstr_json__null(j, "step");
		else
			ktstr_json__u64(j, "step", e->what.step);
		ktstr_json__str(j, "op_kind", e->what.name);
		ktstr_json__str(j, "cgroup", e->what.cgroup[0] ? e->what.cgroup : NULL);
		ktstr_json__str(j, "detail", e->what.text);
		ktstr_json__u64(j, "total_iterations", e->what.iterations);
		ktstr_json__end(j);
	}
	ktstr_json__end(j);
}

static void put_verdict(struct ktstr_json *j, const struct ktstr_run *run)
{
	const struct ktstr_test *t = run->plan->test;
	bool skipped = run->verdict == KTSTR_SKIP;

	ktstr_json__bool(j, "passed", run->verdict == KTSTR_PASS || skipped);
	ktstr_json__bool(j, "skipped", skipped);
	ktstr_json__bool(j, "inconclusive", run->verdict == KTSTR_INCONCLUSIVE);
	ktstr_json__str(j, "verdict", ktstr_outcome__name(run->verdict));
	ktstr_json__str(j, "raw_verdict", ktstr_outcome__name(run->raw));
	ktstr_json__str(j, "verdict_reason", run->why[0] ? run->why : NULL);
	ktstr_json__object(j, "expected");
	ktstr_json__bool(j, "expect_err", run->plan->expect_err);
	ktstr_json__str(j, "kind", t->expect_kind != KTSTR_KIND_NONE ?
			ktstr_kind__name(t->expect_kind) : NULL);
	ktstr_json__str(j, "text", t->expect_text);
	ktstr_json__str(j, "scx_bpf_error_contains", t->expect_scx_bpf_error_contains);
	ktstr_json__str(j, "scx_bpf_error_matches", t->expect_scx_bpf_error_matches);
	ktstr_json__bool(j, "allow_inconclusive", run->plan->allow_inconclusive);
	ktstr_json__bool(j, "survives_storm", run->plan->survives_storm);
	ktstr_json__bool(j, "auto_repro", t->expect_auto_repro == KTSTR_ON);
	ktstr_json__end(j);
	ktstr_json__str(j, "scx_error", run->scx_error);
	ktstr_json__str(j, "stage", ktstr_lifecycle__describe(run->lifecycle));
	put_details(j, run->result);
}

/* What payloads and work types reported under names of their own. */
static void put_ext_metrics(struct ktstr_json *j, const struct ktstr_result *r)
{
	const struct ktstr_ext_metric *m;
	const char *stream;
	uint32_t i;

	ktstr_json__array(j, "metrics");
	for (i = 0; i < r->nr_ext_metrics; i++) {
		m = &r->ext_metrics[i];
		ktstr_json__object(j, NULL);
		ktstr_json__str(j, "source", m->source);
		ktstr_json__str(j, "cgroup", m->cgroup);
		if (m->step == KTSTR_NO_STEP)
			ktstr_json__null(j, "step");
		else
			ktstr_json__u64(j, "step", m->step);
		ktstr_json__str(j, "name", m->name);
		ktstr_json__f64(j, "value", m->value);
		ktstr_json__str(j, "unit", m->unit[0] ? m->unit : NULL);
		ktstr_json__str(j, "better", ktstr_polarity__name(m->polarity));
		if (m->polarity == KTSTR_TARGET_IS_BETTER)
			ktstr_json__f64(j, "target", m->target);
		else
			ktstr_json__null(j, "target");
		stream = ktstr_metric_stream__name(m->stream);
		ktstr_json__str(j, "stream", stream);
		if (stream)
			ktstr_json__u64(j, "run", m->run);
		else
			ktstr_json__null(j, "run");
		ktstr_json__end(j);
	}
	ktstr_json__end(j);
	ktstr_json__u64(j, "dropped_metrics", r->dropped_ext_metrics);
}

/* NULL for "": there was nothing to read. */
static void put_stalls(struct ktstr_json *j, const struct ktstr_result *r)
{
	const struct ktstr_record_type *t = &ktstr_record_types[KTSTR_RECORD_STALL];
	const struct ktstr_field *f;
	const struct ktstr_stall *s;
	const char *text;

	ktstr_json__u64(j, "stall_poll_ms", r->stall_poll_ms);
	ktstr_json__array(j, "stalls");
	for (s = r->stalls; s < r->stalls + r->nr_stalls; s++) {
		ktstr_json__object(j, NULL);
		ktstr_json__str(j, "why", ktstr_stall__name(s->why));
		ktstr_json__u64(j, "step", s->step);
		ktstr_json__i64(j, "tid", s->tid);
		ktstr_json__u64(j, "at_ms", s->at_ns / NSEC_PER_MSEC);
		ktstr_json__u64(j, "for_ms", s->for_ns / NSEC_PER_MSEC);
		ktstr_json__u64(j, "found_ns", s->found_ns);
		ktstr_json__bool(j, "resumed", s->resumed);
		if (s->why == KTSTR_STALL_PASSED_OVER)
			ktstr_json__u64(j, "turns_per_s", s->turns_per_s);
		else
			ktstr_json__null(j, "turns_per_s");
		for (f = t->fields; f < t->fields + t->nr_fields; f++) {
			text = (const char *)s + f->offset;
			if (f->type == KTSTR_FIELD_TEXT)
				ktstr_json__str(j, f->name, *text ? text : NULL);
		}
		ktstr_json__end(j);
	}
	ktstr_json__end(j);
	ktstr_json__u64(j, "dropped_stalls", r->dropped_stalls);
}

static void ns_or_null(struct ktstr_json *j, const char *key, uint64_t ns)
{
	if (ns)
		ktstr_json__u64(j, key, ns);
	else
		ktstr_json__null(j, key);
}

/* Of a machine whose nodes differ; else null. */
static void put_nodes(struct ktstr_json *j, const struct ktstr_plan *p)
{
	const struct vm_topology machine = ktstr_plan__machine(p);
	uint32_t i, to, nr = p->topo.numa_nodes;

	if (!p->nodes && !p->distances) {
		ktstr_json__null(j, "nodes");
		return;
	}
	ktstr_json__array(j, "nodes");
	for (i = 0; i < nr; i++) {
		ktstr_json__object(j, NULL);
		ktstr_json__u64(j, "llcs", vm_topology_node_llcs(&machine, i));
		ktstr_json__u64(j, "memory_mib",
				vm_topology_node_bytes(&machine, p->memory_mib << 20, i) >> 20);
		ktstr_json__u64(j, "latency_ns", vm_topology_latency_ns(&machine, i, i));
		ktstr_json__u64(j, "bandwidth_mbs", vm_topology_bandwidth_mbs(&machine, i, i));
		ktstr_json__u64(j, "cache_bytes", p->nodes ? p->nodes[i].cache.size : 0);
		ktstr_json__array(j, "distances");
		for (to = 0; to < nr; to++)
			ktstr_json__u64(j, NULL, vm_topology_distance(&machine, i, to));
		ktstr_json__end(j);
		ktstr_json__end(j);
	}
	ktstr_json__end(j);
}

static void put_variant(struct ktstr_json *j, const struct ktstr_run *run)
{
	const struct ktstr_plan *p = run->plan;
	const struct ktstr_scheduler *s = p->scheduler;
	char topo[KTSTR_TOPOLOGY_STRLEN], id[KTSTR_ID_LEN];

	ktstr_topology__format(&p->topo, topo, sizeof(topo));
	ktstr_plan__id(p, id, sizeof(id));
	ktstr_json__u64(j, "schema_version", SCHEMA_VERSION);
	ktstr_json__str(j, "test_name", p->test->name);
	ktstr_json__str(j, "variant", id);
	ktstr_json__str(j, "topology", topo);
	ktstr_json__str(j, "preset", p->preset ? p->preset->name : NULL);
	put_nodes(j, p);
	ktstr_json__u64(j, "memory_mib", p->memory_mib);
	ktstr_json__u64(j, "duration_s", p->duration_s);
	ktstr_json__u64(j, "workers_per_cgroup", p->workers_per_cgroup);
	ktstr_ran__json(run, j);
	ktstr_json__null(j, "scheduler_commit");
	ktstr_json__str(j, "project_commit", run->project_commit[0] ? run->project_commit : NULL);
	ktstr_json__str(j, "kernel_commit", run->kernel_commit[0] ? run->kernel_commit : NULL);
	ktstr_json__str(j, "payload", p->test->payload ? p->test->payload->name : NULL);
	put_ext_metrics(j, run->result);
	ktstr_perf_deltas__json(p->test->perf_delta_assertions, j);
	ktstr_json__str(j, "work_type", p->work_type);
	ktstr_json__array(j, "active_flags");
	ktstr_json__end(j);
	put_list(j, "sysctls", "sysctl.", s ? s->sysctls : NULL);
	put_list(j, "kargs", "", s ? s->kargs : NULL);
	put_list(j, "extra_kargs", "", p->kargs);
	ktstr_json__str(j, "kernel_version", run->seen->release[0] ? run->seen->release :
			run->kernel.release);
	ktstr_json__str(j, "run_source", env_or_null("KTSTR_CI") ? "ci" : "local");
	ktstr_json__str(j, "accel", ktstr_accel__name(run->accel));
	ktstr_json__bool(j, "deterministic", ktstr_run__deterministic(run));
	ktstr_json__u64(j, "seed", run->opts.seed);
	if (run->shift == VM_SHIFT_AUTO)
		ktstr_json__null(j, "shift");
	else
		ktstr_json__i64(j, "shift", run->shift);
	ktstr_json__bool(j, "kaslr", p->kaslr);
	ktstr_ran__json_start(run, j);
	ktstr_json__u64(j, "time_limits_scale", ktstr_run__time_scale(run));
	ns_or_null(j, "guest_boot_ns", run->guest_boot_ns);
	ns_or_null(j, "guest_total_ns", run->guest_total_ns);
}

/* Everything that may differ between two otherwise equal runs. */
static void put_host(struct ktstr_json *j, const struct ktstr_run *run)
{
	time_t now = time(NULL);
	char stamp[32], exe[PATH_MAX];
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%SZ", &tm);
	ktstr_json__object(j, "host");
	ktstr_json__str(j, "timestamp", stamp);
	ktstr_json__str(j, "run_id", run->opts.run_id);
	ktstr_json__u64(j, "attempt", run->opts.attempt);
	ktstr_json__i64(j, "pid", getpid());
	ktstr_json__str(j, "program", ktstr_paths__exe(exe, sizeof(exe)) ? NULL : exe);
	ktstr_json__str(j, "run_dir", run->dir);
	ktstr_ran__json_host(run, j);
	ktstr_json__str(j, "kernel_path", run->kernel.path);
	ktstr_json__str(j, "kernel_source", run->kernel.source);
	ktstr_json__str(j, "accel_note", run->accel_note[0] ? run->accel_note : NULL);
	ktstr_ran__json_start_host(run, j);
	ktstr_json__str(j, "skip_reason", run->skip_reason[0] ? run->skip_reason : NULL);
	ktstr_json__u64(j, "setup_ms", run->setup_ns / NSEC_PER_MSEC);
	ktstr_json__u64(j, "restore_us", run->restore_ns / NSEC_PER_USEC);
	ktstr_json__u64(j, "archive_us", run->archive_ns / NSEC_PER_USEC);
	ktstr_json__u64(j, "boot_ms", run->boot_ns / NSEC_PER_MSEC);
	ktstr_json__u64(j, "total_ms", run->total_ns / NSEC_PER_MSEC);
	ktstr_json__u64(j, "cleanup_duration_ms", run->cleanup_ns / NSEC_PER_MSEC);
	ktstr_variant__json(run, "repeat", j);
	ktstr_parts__json(run, "reservation", j);
	ktstr_host_context__json("", j);
	ktstr_json__end(j);
}

/*
 * The fixed sections of a sidecar; null when no part of the run has that name. The sections of
 * other parts follow.
 */
static const char * const sections[] = { "monitor", "verifier_stats", "devices", "kvm_stats", "reservation" };

static bool has_place(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++)
		if (!strcmp(sections[i], name))
			return true;
	return false;
}

static void put_other_sections(struct ktstr_json *j, const struct ktstr_run *run)
{
	const struct ktstr_run_part * const *p;

	for (p = ktstr_run_parts; *p; p++)
		if ((*p)->json && !has_place((*p)->name))
			ktstr_parts__json(run, (*p)->name, j);
}

char *ktstr_sidecar__text(const struct ktstr_run *run)
{
	struct ktstr_json j;

	ktstr_json__init(&j);
	ktstr_json__object(&j, NULL);
	put_variant(&j, run);
	put_verdict(&j, run);
	put_stats(&j, run->result);
	put_stalls(&j, run->result);
	ktstr_parts__json(run, "monitor", &j);
	put_stimuli(&j, run->seen);
	put_ops(&j, run->seen);
	put_outputs(&j, &run->seen->outputs);
	ktstr_parts__json(run, "verifier_stats", &j);
	ktstr_parts__json(run, "devices", &j);
	ktstr_parts__json(run, "kvm_stats", &j);
	put_other_sections(&j, run);
	put_host(&j, run);
	ktstr_json__end(&j);
	return ktstr_json__finish(&j);
}

void ktstr_sidecar__name(const struct ktstr_run *run, char *buf, size_t size)
{
	snprintf(buf, size, "%s-%016" PRIx64 ".ktstr.json", run->plan->test->name,
		 ktstr_variant__hash(run));
}

/* Number 1 has the name alone, "...-2.ktstr.json" is the second of the same variant. */
static int make_path(const struct ktstr_run *run, const char *dir, unsigned int nr, char *path,
		     size_t size)
{
	static const char suffix[] = ".ktstr.json";
	char name[256];

	ktstr_sidecar__name(run, name, sizeof(name));
	if (nr == 1)
		return ktstr_paths__fmt(path, size, "%s/%s", dir, name);
	return ktstr_paths__fmt(path, size, "%s/%.*s-%u%s", dir,
				(int)(strlen(name) - strlen(suffix)), name, nr, suffix);
}

/* NULL: there is none. */
static const char *folder(const struct ktstr_run *run)
{
	return env_or_null("KTSTR_SIDECAR_DIR") ?: run->dir;
}

int ktstr_sidecar_dir(const struct ktstr_result *r, char *buf, size_t size)
{
	const char *dir = r->run ? folder(r->run) : NULL;

	return dir ? ktstr_paths__fmt(buf, size, "%s", dir) : -ENOENT;
}

int ktstr_sidecar__write(const struct ktstr_run *run, struct ktstr_err *err)
{
	const char *dir = folder(run);
	char path[PATH_MAX] = "", *text;
	unsigned int nr = 1;
	int ret;

	if (!dir)
		return ktstr_err(err, ENOENT, "no sidecar was written: there is no run folder");
	ret = ktstr_paths__mkdirs(dir);
	if (ret)
		return ktstr_err(err, -ret, "sidecar folder %s: %s", dir, strerror(-ret));
	text = ktstr_sidecar__text(run);
	if (!text)
		return ktstr_err(err, ENOMEM, "no memory for the sidecar of %s",
				 run->plan->test->name);
	do {
		ret = make_path(run, dir, nr, path, sizeof(path));
		if (!ret)
			ret = ktstr_paths__write_new(path, text, strlen(text));
	} while (ret == -EEXIST && nr++ < MAX_NUMBER);
	free(text);
	return ret ? ktstr_err(err, -ret, "sidecar %.300s: %s", path, strerror(-ret)) : 0;
}
