// SPDX-License-Identifier: GPL-2.0
/*
 * Auto-repro in a run. It takes part in two runs: in the first one it only notes when the scheduler was
 * ejected. The second one has the same files and options, so it is the same
 * run to the nanosecond, and probes do not change it (vmm/probe.h). What it has seen is found in the
 * state of this part there; ktstr_repro__conclude() moves it to the first one, which reports it.
 *
 * The function at which a deterministic guest is stopped at an error, and the mark for it, are those
 * of the dump (harness/dump), whose row comes before.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "harness/dump/dump.h"
#include "harness/model/seen.h"
#include "harness/model/verifier.h"
#include "harness/monitor/monitor.h"
#include "harness/plan/plan.h"
#include "harness/probe/bpf.h"
#include "lib/json.h"
#include "internal.h"
#include "part.h"

#define EMULATOR_NEEDS	"KTSTR_PROBE_ENGINE=emulator needs a deterministic run; give --seed N"
#define BACKTRACE	"Backtrace:\n"	/* of an exit dump */
#define MAX_STACK	48
#define VERIFIER_LINES	10

static struct ktstr_repro_state *state_of(const struct ktstr_run *run)
{
	return ktstr_part__state(run, &ktstr_repro_part);
}

/* Would a crash of this run be looked into? */
static bool applies(const struct ktstr_run *run)
{
	const struct ktstr_plan *p = run->plan;

	return run->opts.auto_repro && p->test->auto_repro != KTSTR_OFF && p->scheduler && p->scheduler->binary &&
	       !p->expect_err && !p->host_only && run->opts.monitor;
}

static bool is_expected(const struct ktstr_run *run)
{
	/* a replay looks for itself */
	return run->plan->test->expect_auto_repro == KTSTR_ON && !run->opts.repro_of && !run->opts.replay;
}

enum ktstr_probe_engine ktstr_repro__engine(const struct ktstr_run *run)
{
	if (run->opts.probes != KTSTR_PROBES_AUTO)
		return run->opts.probes;
	return ktstr_run__deterministic(run) ? KTSTR_PROBES_EMULATOR : KTSTR_PROBES_BPF;
}

static bool is_possible(const struct ktstr_run *run)
{
	return ktstr_repro__engine(run) == KTSTR_PROBES_BPF || ktstr_run__deterministic(run);
}

static int prepare(struct ktstr_run *run, void *state, struct ktstr_err *err)
{
	struct ktstr_repro_state *s = state;

	s->engine = ktstr_repro__engine(run);
	if (!is_expected(run))
		return 0;
	if (!run->opts.auto_repro || !run->opts.monitor)
		return ktstr_err(err, EINVAL, "expect_auto_repro: is switched off by KTSTR_%s=off",
				 run->opts.monitor ? "AUTO_REPRO" : "MONITOR");
	if (!is_possible(run))
		return ktstr_err_missing(err, EOPNOTSUPP, "expect_auto_repro: " EMULATOR_NEEDS);
	return 0;
}

void ktstr_repro__fill_points(const struct ktstr_run *run, struct ktstr_repro_state *s,
			      const struct ktstr_kimage *img)
{
	const struct ktstr_run *first = run->opts.repro_of;
	struct ktstr_repro_func *stack = calloc(MAX_STACK, sizeof(*stack));
	const char * const texts[] = { first->sched_log, first->kmsg };

	if (!stack || ktstr_repro_calls__init(&s->calls)) {
		snprintf(s->why_not, sizeof(s->why_not), "%s", strerror(ENOMEM));
		free(stack);
		return;
	}
	/* the scheduler's own exit dump first; the kernel's log may have others */
	for (int i = 0; i < 2 && !s->nr_stack; i++)
		s->nr_stack = ktstr_repro_stack__parse(texts[i], stack, MAX_STACK);
	s->nr_stack_probed = ktstr_repro_points__kernel(&s->calls, img, stack, s->nr_stack);
	free(stack);
}

/* Does this run get probes by BPF programs? */
static bool is_bpf_repeat(const struct ktstr_run *run, const struct ktstr_repro_state *s)
{
	return run->opts.repro_of && s->engine == KTSTR_PROBES_BPF && applies(run);
}

static int pack(const struct ktstr_run *run, void *state, struct initramfs *fs, struct ktstr_err *err)
{
	return is_bpf_repeat(run, state) ? ktstr_repro_bpf__pack(run, state, fs, err) : 0;
}

static int add_args(const struct ktstr_run *run, void *state, struct ktstr_guest_args *a)
{
	if (is_bpf_repeat(run, state))
		ktstr_probe_bpf__args(a);
	return 0;
}

static void fold(struct ktstr_run *run, void *state)
{
	if (is_bpf_repeat(run, state))
		ktstr_repro_bpf__fold(run, state);
}

static void fill_link(struct ktstr_repro_state *s, unsigned int i)
{
	s->links[i] = s->calls.probe[i].kva;
	s->lens[i] = s->calls.probe[i].len;
}

static void fill_spec(const struct ktstr_run *run, void *state, struct vm_spec *spec)
{
	const struct ktstr_monitor_state *mon = ktstr_part__state(run, &ktstr_monitor_part);
	struct ktstr_repro_state *s = state;

	if (!applies(run) || !ktstr_run__deterministic(run) || !mon || !mon->img)
		return;
	spec->probes = true;	/* for the clock */
	if (!run->opts.repro_of || s->calls.call || s->engine != KTSTR_PROBES_EMULATOR)
		return;
	ktstr_repro__fill_points(run, s, mon->img);
	for (unsigned int i = 0; i < s->calls.nr_points; i++)
		fill_link(s, i);
	spec->probe_links = s->links;
	spec->probe_lens = s->lens;
	spec->nr_probe_links = s->calls.nr_points;
	if (!ktstr_kimage__symbol(mon->img, "bpf_scx_reg", &s->attach_kva))
		spec->mark_kva[VM_MARK_ATTACH] = s->attach_kva;
}

static int set_probes(struct ktstr_repro_state *s, struct ktstr_monitor *m, struct vm *vm)
{
	struct ktstr_repro_calls *c = &s->calls;
	struct vm_probe *p = malloc(sizeof(c->probe));
	struct vm_mark mark = { .kva = s->attach_kva + m->view.slide };
	int ret;

	if (!p)
		return -ENOMEM;
	memcpy(p, c->probe, sizeof(c->probe));
	for (unsigned int i = 0; i < c->nr_kernel; i++)
		p[i].kva += m->view.slide;
	ret = vm_set_probes(vm, p, c->nr_points, ktstr_repro_calls__take, c);
	free(p);
	return ret ?: s->attach_kva ? vm_set_mark(vm, VM_MARK_ATTACH, &mark) : -ENOENT;
}

static void note(struct ktstr_repro_state *s, int ret)
{
	if (ret < 0)
		snprintf(s->why_not, sizeof(s->why_not), "%s", ret == -ENOENT ?
			 "this kernel does not have the function that registers schedulers" :
			 strerror(-ret));
}

/* The scheduler is loaded: of the first run there is a backtrace of its crash. */
static void find_sources(const struct ktstr_run *run, struct ktstr_repro_state *s,
			 struct ktstr_monitor *m)
{
	const struct ktstr_run *first = run->opts.repro_of;
	const char *log = first->sched_log, *kmsg = first->kmsg;

	ktstr_repro_points__sources(&s->calls, &m->view,
				    log && strstr(log, BACKTRACE) ? log : kmsg);
}

static void sync_point(struct ktstr_run *run, void *state, struct vm *vm)
{
	struct ktstr_monitor *m = ktstr_monitor__view(run);
	struct ktstr_repro_state *s = state;

	if (m && is_bpf_repeat(run, s) && run->seen->sched_attaching && !s->sources) {
		s->sources = true;
		find_sources(run, s, m);
	}

	if (m && s->links[0] && !s->nr_programs && !s->why_not[0])
		note(s, set_probes(s, m, vm));
}

static void note_time(const struct ktstr_run *run, struct ktstr_repro_state *s, struct vm *vm)
{
	uint64_t ns;

	if (!vm_probe_time(vm, &ns))
		s->error_ns = ktstr_clocks__guest(&run->seen->clocks, ns);
}

static void mark(struct ktstr_run *run, void *state, struct vm *vm, enum vm_mark_slot slot)
{
	struct ktstr_monitor *m = ktstr_monitor__view(run);
	struct ktstr_exit_info info;
	struct ktstr_repro_state *s = state;

	if (!m)
		return;
	if (slot == VM_MARK_ERROR && !s->error_ns && !ktstr_monitor__exit_info(m, &info) &&
	    info.kind >= KTSTR_SCX_EXIT_ERROR)
		note_time(run, s, vm);
	if (slot != VM_MARK_ATTACH || !s->links[0])
		return;
	s->nr_programs = ktstr_repro_points__programs(&s->calls, &m->view);
	note(s, s->nr_programs < 0 ? s->nr_programs : set_probes(s, m, vm));
	find_sources(run, s, m);
}

static bool crashed(const struct ktstr_run *run)
{
	return run->scx_error ||
	       ktstr_result__failed_as(run->result, KTSTR_SCHED_NOT_ATTACHED, KTSTR_SCHED_EXITED);
}

/* No program has run, so probes have nothing to show. The verifier has: the registers it saw. */
static void tell_rejection(const struct ktstr_run *run, struct ktstr_repro_state *s, const char *reason)
{
	size_t len;
	FILE *f = open_memstream(&s->screen, &len);

	snprintf(s->status, sizeof(s->status),
		 "not repeated: the verifier rejected %.300s; what it knew on the way there:", reason);
	if (!f)
		return;
	ktstr_verifier__last_lines(run->sched_log, VERIFIER_LINES, f);
	fclose(f);
}

/* The emulator's engine needs the moment of it. */
static bool was_ejected(const struct ktstr_run *run, const struct ktstr_repro_state *s)
{
	return s->engine == KTSTR_PROBES_BPF ? !!run->scx_error : !!s->error_ns;
}

bool ktstr_repro__wanted(const struct ktstr_run *run)
{
	struct ktstr_repro_state *s = state_of(run);
	char reason[400];

	if (!s || run->opts.repro_of || !applies(run) || run->verdict != KTSTR_FAIL || !crashed(run) ||
	    run->signal)
		return false;
	s->done = true;
	if (run->lifecycle < KTSTR_LIFECYCLE_SCHED)
		snprintf(s->status, sizeof(s->status),
			 "PRIMARY DID NOT REACH WORKLOAD: the scheduler was not started, there is nothing to repeat");
	else if (!is_possible(run))
		snprintf(s->status, sizeof(s->status), "not tried: " EMULATOR_NEEDS);
	else if (!was_ejected(run, s) && ktstr_verifier__reason(run->sched_log, reason, sizeof(reason)))
		tell_rejection(run, s, reason);
	else if (!was_ejected(run, s))
		snprintf(s->status, sizeof(s->status),
			 "not tried: the scheduler ended by itself, it was not ejected for an error");
	else
		return true;
	return false;
}

/* "[123]" in the error's text names the task of a stall. */
static int32_t pid_in(const char *text)
{
	const char *p = text;
	char *end;
	long v;

	while (p && (p = strchr(p, '['))) {
		v = strtol(++p, &end, 10);
		if (end > p && *end == ']' && v > 0 && v <= INT32_MAX)
			return (int32_t)v;
	}
	return 0;
}

static const struct ktstr_btf *btf_of(const struct ktstr_run *second)
{
	const struct ktstr_monitor_state *mon = ktstr_part__state(second, &ktstr_monitor_part);

	return mon && mon->img ? mon->img->btf : NULL;
}

void ktstr_repro__conclude(struct ktstr_run *run, const struct ktstr_run *second, int ret,
			   const struct ktstr_err *err)
{
	const struct ktstr_repro_state *found = state_of(second);
	struct ktstr_repro_state *s = state_of(run);
	const struct ktstr_btf *btf = btf_of(second);
	int32_t pid;
	size_t len;
	FILE *f;

	s->second_ns = found ? found->error_ns : 0;
	s->same = found && found->engine == KTSTR_PROBES_BPF ?
		  ktstr_repro__same_error(run->scx_error, second->scx_error) :
		  s->second_ns && s->second_ns == s->error_ns;
	ktstr_repro__tell_status(run, s, second, ret, err, found);
	if (ret || !found || !found->calls.call || !btf)
		return;
	s->fired = s->same && found->calls.triggered;
	s->nr_programs = found->nr_programs;
	s->nr_stack = found->nr_stack;
	s->calls.nr = found->calls.nr;
	s->calls.nr_points = found->calls.nr_points;
	pid = found->calls.causal_pid ?: pid_in(second->scx_error);
	ktstr_repro__write_file(run, s, found, btf, pid);
	f = found->calls.triggered ? open_memstream(&s->screen, &len) : NULL;
	if (!f)
		return;
	fprintf(f, "%d operations and %u functions of the kernel probed, %" PRIu64 " calls; the last ones",
		found->nr_programs, found->calls.nr_kernel, found->calls.nr);
	if (pid)
		fprintf(f, " of %s%spid %d", found->calls.causal_comm, found->calls.causal_pid ? ", " : "",
			pid);
	fputs(":\n", f);
	ktstr_repro__put_screen(found, btf, pid, f);
	fclose(f);
}

void ktstr_repro__judge(struct ktstr_run *run)
{
	const struct ktstr_repro_state *s = state_of(run);
	const struct ktstr_detail *first = ktstr_result__first_failure(run->result);

	if (!s || !is_expected(run) || run->verdict == KTSTR_SKIP || run->signal)
		return;
	run->verdict = s->fired ? KTSTR_PASS : KTSTR_FAIL;
	if (s->fired)
		snprintf(run->why, sizeof(run->why), "auto-repro has shown the crash, as expected: %.300s",
			 first ? first->text : "");
	else
		snprintf(run->why, sizeof(run->why), "expect_auto_repro: %.400s", s->done ? s->status :
			 "no scheduler was ejected, so there was nothing to repeat");
}

static void json(const struct ktstr_run *run, const void *state, const char *key,
		 struct ktstr_json *j)
{
	const struct ktstr_repro_state *s = state;

	(void)run;
	if (!s->done) {
		ktstr_json__null(j, key);
		return;
	}
	ktstr_json__object(j, key);
	ktstr_json__str(j, "status", s->status);
	ktstr_json__str(j, "engine", s->engine == KTSTR_PROBES_BPF ? "bpf" : "emulator");
	ktstr_json__u64(j, "error_ns", s->error_ns);
	ktstr_json__u64(j, "second_error_ns", s->second_ns);
	ktstr_json__u64(j, "programs", s->nr_programs > 0 ? (uint64_t)s->nr_programs : 0);
	ktstr_json__u64(j, "probes", s->calls.nr_points);
	ktstr_json__u64(j, "calls", s->calls.nr);
	ktstr_json__str(j, "file", s->file[0] ? s->file : NULL);
	ktstr_json__end(j);
}

static void report(const struct ktstr_run *run, const void *state, bool brief, FILE *f)
{
	const struct ktstr_repro_state *s = state;

	(void)brief;
	if (!s->done)
		return;
	fprintf(f, "%s\n%s", s->status, s->screen ?: "");
	if (s->file[0])
		fprintf(f, "all of it: %s/%s\n", run->dir, s->file);
}

static void release(void *state)
{
	struct ktstr_repro_state *s = state;

	ktstr_repro_calls__free(&s->calls);
	ktstr_probe_told__free(&s->told);
	free(s->screen);
}

const struct ktstr_run_part ktstr_repro_part = {
	.name = "auto_repro",
	.title = "auto-repro",
	.state_size = sizeof(struct ktstr_repro_state),
	.prepare = prepare,
	.pack = pack,
	.args = add_args,
	.spec = fill_spec,
	.sync = sync_point,
	.mark = mark,
	.fold = fold,
	.json = json,
	.report = report,
	.release = release,
};
