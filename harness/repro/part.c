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
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "harness/dump/dump.h"
#include "harness/model/seen.h"
#include "harness/model/verifier.h"
#include "harness/monitor/monitor.h"
#include "harness/plan/plan.h"
#include "lib/json.h"
#include "lib/paths.h"
#include "calls.h"
#include "part.h"

#define FILE_NAME	"auto-repro.txt"
#define SCREEN_CALLS	14
#define FILE_CALLS	200
#define MAX_STACK	48
#define VERIFIER_LINES	10

struct state {
	struct ktstr_repro_calls calls;	/* of a second run; no memory in a first one */
	uint64_t links[VM_MAX_PROBES];
	uint64_t attach_kva;		/* link address; 0: this kernel does not have it */
	uint64_t error_ns;		/* guest clock when the error was complete; 0: none was */
	int nr_programs;
	unsigned int nr_stack, nr_stack_probed;
	char why_not[256];		/* probes could not be set */
	/* of the first run, after the second one */
	bool done, same_time, fired;
	uint64_t second_ns;
	char status[512];
	char *screen;			/* lines of calls, or NULL */
	char file[NAME_MAX];		/* in the run's folder; "": none */
};

static struct state *state_of(const struct ktstr_run *run)
{
	return ktstr_part__state(run, &ktstr_repro_part);
}

static struct ktstr_monitor *view(const struct ktstr_run *run)
{
	struct ktstr_monitor_state *mon = ktstr_part__state(run, &ktstr_monitor_part);

	return mon && mon->vm && mon->mon.view.ready ? &mon->mon : NULL;
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

static int prepare(struct ktstr_run *run, void *state, struct ktstr_err *err)
{
	(void)state;
	if (!is_expected(run))
		return 0;
	if (!run->opts.auto_repro || !run->opts.monitor)
		return ktstr_err(err, EINVAL, "expect_auto_repro: is switched off by KTSTR_%s=off",
				 run->opts.monitor ? "AUTO_REPRO" : "MONITOR");
	if (!ktstr_run__deterministic(run))
		return ktstr_err_missing(err, EOPNOTSUPP,
					 "expect_auto_repro: only a deterministic run fails the same way again; give --seed N");
	return 0;
}

static void fill_points(const struct ktstr_run *run, struct state *s, const struct ktstr_kimage *img)
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

static void fill_spec(const struct ktstr_run *run, void *state, struct vm_spec *spec)
{
	const struct ktstr_monitor_state *mon = ktstr_part__state(run, &ktstr_monitor_part);
	struct state *s = state;

	if (!applies(run) || !ktstr_run__deterministic(run) || !mon || !mon->img)
		return;
	spec->probes = true;	/* for the clock */
	if (!run->opts.repro_of || s->calls.call)
		return;
	fill_points(run, s, mon->img);
	for (unsigned int i = 0; i < s->calls.nr_points; i++)
		s->links[i] = s->calls.probe[i].kva;
	spec->probe_links = s->links;
	spec->nr_probe_links = s->calls.nr_points;
	if (!ktstr_kimage__symbol(mon->img, "bpf_scx_reg", &s->attach_kva))
		spec->mark_kva[VM_MARK_ATTACH] = s->attach_kva;
}

static int set_probes(struct state *s, struct ktstr_monitor *m, struct vm *vm)
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

static void note(struct state *s, int ret)
{
	if (ret < 0)
		snprintf(s->why_not, sizeof(s->why_not), "%s", ret == -ENOENT ?
			 "this kernel does not have the function that registers schedulers" :
			 strerror(-ret));
}

static void sync_point(struct ktstr_run *run, void *state, struct vm *vm)
{
	struct ktstr_monitor *m = view(run);
	struct state *s = state;

	if (m && s->calls.call && !s->nr_programs && !s->why_not[0])
		note(s, set_probes(s, m, vm));
}

static void note_time(const struct ktstr_run *run, struct state *s, struct vm *vm)
{
	uint64_t ns;

	if (!vm_probe_time(vm, &ns))
		s->error_ns = ktstr_clocks__guest(&run->seen->clocks, ns);
}

static void mark(struct ktstr_run *run, void *state, struct vm *vm, enum vm_mark_slot slot)
{
	struct ktstr_monitor *m = view(run);
	struct ktstr_exit_info info;
	struct state *s = state;

	if (!m)
		return;
	if (slot == VM_MARK_ERROR && !s->error_ns && !ktstr_monitor__exit_info(m, &info) &&
	    info.kind >= KTSTR_SCX_EXIT_ERROR)
		note_time(run, s, vm);
	if (slot != VM_MARK_ATTACH || !s->calls.call)
		return;
	s->nr_programs = ktstr_repro_points__programs(&s->calls, &m->view);
	note(s, s->nr_programs < 0 ? s->nr_programs : set_probes(s, m, vm));
}

static bool crashed(const struct ktstr_run *run)
{
	return run->scx_error ||
	       ktstr_result__failed_as(run->result, KTSTR_SCHED_NOT_ATTACHED, KTSTR_SCHED_EXITED);
}

/* No program has run, so probes have nothing to show. The verifier has: the registers it saw. */
static void tell_rejection(const struct ktstr_run *run, struct state *s, const char *reason)
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

bool ktstr_repro__wanted(const struct ktstr_run *run)
{
	struct state *s = state_of(run);
	char reason[400];

	if (!s || run->opts.repro_of || !applies(run) || run->verdict != KTSTR_FAIL || !crashed(run) ||
	    run->signal)
		return false;
	s->done = true;
	if (run->lifecycle < KTSTR_LIFECYCLE_SCHED)
		snprintf(s->status, sizeof(s->status),
			 "PRIMARY DID NOT REACH WORKLOAD: the scheduler was not started, there is nothing to repeat");
	else if (!ktstr_run__deterministic(run))
		snprintf(s->status, sizeof(s->status),
			 "not tried: only a deterministic run fails the same way again; give --seed N");
	else if (!s->error_ns && ktstr_verifier__reason(run->sched_log, reason, sizeof(reason)))
		tell_rejection(run, s, reason);
	else if (!s->error_ns)
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

static uint64_t kept(const struct ktstr_repro_calls *c)
{
	return c->nr < KTSTR_REPRO_CALLS ? c->nr : KTSTR_REPRO_CALLS;
}

/* Calls about the task, and the exit itself; pid 0: all calls. */
static bool about(const struct ktstr_repro_calls *c, const struct ktstr_repro_call *call, int32_t pid)
{
	const struct ktstr_repro_point *p = &c->point[call->point];

	return !pid || call->pid == pid || p->is_trigger ||
	       (call->vcpu == c->trigger_vcpu && p->is_op && !call->pid && !call->exit_ns);
}

static void put_screen(const struct ktstr_repro_calls *c, const struct ktstr_btf *btf, int32_t pid,
		       FILE *f)
{
	uint64_t at[SCREEN_CALLS], i = kept(c);
	unsigned int nr = 0;
	char line[320];

	while (i-- > 0 && nr < SCREEN_CALLS)
		if (about(c, ktstr_repro_calls__at(c, i), pid))
			at[nr++] = i;
	while (nr--) {
		ktstr_repro_call__line(c, ktstr_repro_calls__at(c, at[nr]), btf, line, sizeof(line));
		fprintf(f, "%s\n", line);
	}
}

static void put_pipeline(const struct state *s, FILE *f)
{
	const struct ktstr_repro_calls *c = &s->calls;

	fputs("--- probe pipeline ---\n", f);
	fprintf(f, "  extracted:    %u functions from crash backtrace\n", s->nr_stack);
	fprintf(f, "  traceable:    %u of them in the kernel's image\n", s->nr_stack_probed);
	fprintf(f, "  bpf_discover: %d programs found\n", s->nr_programs > 0 ? s->nr_programs : 0);
	fprintf(f, "  after_expand: %u total probe targets\n", c->nr_points);
	if (s->why_not[0])
		fprintf(f, "  failed:       %s\n", s->why_not);
	fprintf(f, "  trigger:      %s\n", c->triggered ? "fired (tcg)" : "not fired (tcg)");
	fprintf(f, "  events:       %" PRIu64 " calls, %" PRIu64 " kept\n", c->nr, kept(c));
}

static void put_all(const struct state *s, const struct ktstr_btf *btf, const char *status, int32_t pid,
		    FILE *f)
{
	const struct ktstr_repro_calls *c = &s->calls;
	uint64_t nr = kept(c), from = nr > FILE_CALLS ? nr - FILE_CALLS : 0;
	char line[512];

	fprintf(f, "%s\n\n", status);
	put_pipeline(s, f);
	if (!c->triggered)
		return;
	fputs("\n=== AUTO-PROBE: scx_exit fired ===\n\n", f);
	for (uint64_t i = 0; i < nr; i++)
		if (about(c, ktstr_repro_calls__at(c, i), pid))
			ktstr_repro_call__print(c, ktstr_repro_calls__at(c, i), btf, f);
	fprintf(f, "\n--- the last %" PRIu64 " calls of all tasks ---\n", nr - from);
	for (uint64_t i = from; i < nr; i++) {
		ktstr_repro_call__line(c, ktstr_repro_calls__at(c, i), btf, line, sizeof(line));
		fprintf(f, "%s\n", line);
	}
}

static void write_file(struct ktstr_run *run, struct state *s, const struct state *found,
		       const struct ktstr_btf *btf, int32_t pid)
{
	char path[PATH_MAX], *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	int ret = -ENOMEM;

	if (f) {
		put_all(found, btf, s->status, pid, f);
		ret = fclose(f) ? -ENOMEM : 0;
	}
	if (!ret)
		ret = ktstr_paths__fmt(path, sizeof(path), "%s/" FILE_NAME, run->dir);
	if (!ret)
		ret = ktstr_paths__write(path, text, len);
	free(text);
	if (ret)
		ktstr_run__lose(run, FILE_NAME ": %s", strerror(-ret));
	else
		snprintf(s->file, sizeof(s->file), "%s", FILE_NAME);
}

static void tell_status(struct state *s, const struct ktstr_run *second, int ret,
			const struct ktstr_err *err, const struct state *found)
{
	if (ret)
		snprintf(s->status, sizeof(s->status), "the second run could not be carried out: %.400s",
			 err->msg);
	else if (second->lifecycle < KTSTR_LIFECYCLE_SCHED)
		snprintf(s->status, sizeof(s->status), "the second run ended before its scheduler started, after it had %s",
			 ktstr_lifecycle__describe(second->lifecycle));
	else if (found->why_not[0])
		snprintf(s->status, sizeof(s->status), "probes could not be set in the second run: %s",
			 found->why_not);
	else if (found->nr_programs <= 0)
		snprintf(s->status, sizeof(s->status),
			 "no program of the scheduler could be probed in the second run");
	else if (!found->error_ns)
		snprintf(s->status, sizeof(s->status),
			 "the second run ended otherwise: its scheduler was not ejected (%.300s)",
			 second->why[0] ? second->why : "no error");
	else if (!s->same_time)
		snprintf(s->status, sizeof(s->status),
			 "the second run failed at %.9f s, the first one at %.9f s: they are not the same run",
			 (double)found->error_ns / 1e9, (double)s->error_ns / 1e9);
	else if (!found->calls.triggered)
		snprintf(s->status, sizeof(s->status),
			 "the second run failed at the same nanosecond, %.9f s; this kernel has no function to trigger on",
			 (double)s->error_ns / 1e9);
	else
		snprintf(s->status, sizeof(s->status),
			 "the second run failed in the same way at the same nanosecond, %.9f s",
			 (double)s->error_ns / 1e9);
}

void ktstr_repro__conclude(struct ktstr_run *run, const struct ktstr_run *second, int ret,
			   const struct ktstr_err *err)
{
	const struct state *found = state_of(second);
	struct state *s = state_of(run);
	const struct ktstr_btf *btf = btf_of(second);
	int32_t pid;
	size_t len;
	FILE *f;

	s->second_ns = found ? found->error_ns : 0;
	s->same_time = s->second_ns && s->second_ns == s->error_ns;
	tell_status(s, second, ret, err, found);
	if (ret || !found || !found->calls.call || !btf)
		return;
	s->fired = s->same_time && found->calls.triggered;
	s->nr_programs = found->nr_programs;
	s->nr_stack = found->nr_stack;
	s->calls.nr = found->calls.nr;
	s->calls.nr_points = found->calls.nr_points;
	pid = found->calls.causal_pid ?: pid_in(run->scx_error);
	write_file(run, s, found, btf, pid);
	f = found->calls.triggered ? open_memstream(&s->screen, &len) : NULL;
	if (!f)
		return;
	fprintf(f, "%d operations and %u functions of the kernel probed, %" PRIu64 " calls; the last ones",
		found->nr_programs, found->calls.nr_kernel, found->calls.nr);
	if (pid)
		fprintf(f, " of %s%spid %d", found->calls.causal_comm, found->calls.causal_pid ? ", " : "",
			pid);
	fputs(":\n", f);
	put_screen(&found->calls, btf, pid, f);
	fclose(f);
}

void ktstr_repro__judge(struct ktstr_run *run)
{
	const struct state *s = state_of(run);
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
	const struct state *s = state;

	(void)run;
	if (!s->done) {
		ktstr_json__null(j, key);
		return;
	}
	ktstr_json__object(j, key);
	ktstr_json__str(j, "status", s->status);
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
	const struct state *s = state;

	(void)brief;
	if (!s->done)
		return;
	fprintf(f, "%s\n%s", s->status, s->screen ?: "");
	if (s->file[0])
		fprintf(f, "all of it: %s/%s\n", run->dir, s->file);
}

static void release(void *state)
{
	struct state *s = state;

	ktstr_repro_calls__free(&s->calls);
	free(s->screen);
}

const struct ktstr_run_part ktstr_repro_part = {
	.name = "auto_repro",
	.title = "auto-repro",
	.state_size = sizeof(struct state),
	.prepare = prepare,
	.spec = fill_spec,
	.sync = sync_point,
	.mark = mark,
	.json = json,
	.report = report,
	.release = release,
};
