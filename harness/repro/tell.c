// SPDX-License-Identifier: GPL-2.0
/* What a second run has shown, as text: see internal.h. */
#include <errno.h>
#include <inttypes.h>
#include <linux/kernel.h>
#include <stdlib.h>
#include <string.h>

#include "harness/model/seen.h"
#include "lib/paths.h"
#include "internal.h"

#define FILE_NAME	"auto-repro.txt"
#define SCREEN_CALLS	14
#define FILE_CALLS	200

static uint64_t kept(const struct ktstr_repro_calls *c)
{
	return c->nr < KTSTR_REPRO_CALLS ? c->nr : KTSTR_REPRO_CALLS;
}

/*
 * Calls about the task, the exit itself, and what else was under way there; pid 0: all calls.
 */
static bool about(const struct ktstr_repro_calls *c, const struct ktstr_repro_call *call, int32_t pid)
{
	const struct ktstr_repro_point *p = &c->point[call->point];

	return !pid || call->pid == pid || p->is_trigger ||
	       (call->vcpu == c->trigger_vcpu && !call->pid && !call->exit_ns &&
		(p->is_op || (c->causal_pid && call->ns >= c->causal_ns)));
}

void ktstr_repro__put_screen(const struct ktstr_repro_state *found, const struct ktstr_btf *btf,
			     int32_t pid, FILE *f)
{
	const struct ktstr_repro_calls *c = &found->calls;
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

/* What the guest could probe, and what not. */
static void put_attached(const struct ktstr_repro_state *s, FILE *f)
{
	static const struct {
		enum ktstr_probe_how how;
		const char *name;
	} kinds[] = {
		{ KTSTR_PROBE_BOTH, "fentry/fexit:" }, { KTSTR_PROBE_ENTRY, "fentry:" },
		{ KTSTR_PROBE_KPROBE, "kprobes:" },
	};
	const struct ktstr_probe_told *t = &s->told;

	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		unsigned int nr = 0;

		for (unsigned int i = 0; i < s->calls.nr_points; i++)
			nr += t->how[i] == kinds[k].how;
		fprintf(f, "  %-13s %u attached\n", kinds[k].name, nr);
	}
	for (const char *line = t->text; line && *line; line += strcspn(line, "\n") + 1)
		fprintf(f, "  could not:    %.*s\n", (int)strcspn(line, "\n"), line);
	fprintf(f, "  records:      %" PRIu64 " in the guest, %" PRIu64 " read%s\n", t->records, t->events,
		t->ended ? "" : "; the guest did not get to its end");
	if (t->missed || t->damaged)
		fprintf(f, "  lost:         %" PRIu64 " executions, %" PRIu64 " messages\n", t->missed,
			t->damaged);
}

static void put_pipeline(const struct ktstr_repro_state *s, FILE *f)
{
	const struct ktstr_repro_calls *c = &s->calls;

	fputs("--- probe pipeline ---\n", f);
	fprintf(f, "  extracted:    %u functions from crash backtrace\n", s->nr_stack);
	fprintf(f, "  traceable:    %u of them in the kernel's image\n", s->nr_stack_probed);
	fprintf(f, "  bpf_discover: %d programs found\n", s->nr_programs > 0 ? s->nr_programs : 0);
	fprintf(f, "  after_expand: %u total probe targets\n", c->nr_points);
	if (s->why_not[0])
		fprintf(f, "  failed:       %s\n", s->why_not);
	if (s->engine == KTSTR_PROBES_BPF)
		put_attached(s, f);
	fprintf(f, "  trigger:      %s (%s)\n", c->triggered ? "fired" : "not fired",
		s->engine == KTSTR_PROBES_BPF ? "bpf" : "tcg");
	fprintf(f, "  events:       %" PRIu64 " calls, %" PRIu64 " kept\n", c->nr, kept(c));
}

static void put_all(const struct ktstr_repro_state *s, const struct ktstr_btf *btf, const char *status, int32_t pid,
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

void ktstr_repro__write_file(struct ktstr_run *run, struct ktstr_repro_state *s,
			     const struct ktstr_repro_state *found, const struct ktstr_btf *btf,
			     int32_t pid)
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

/* What became of the second run before any probe: true, the sentence is there. */
static bool tell_trouble(struct ktstr_repro_state *s, const struct ktstr_run *second, int ret,
			 const struct ktstr_err *err, const struct ktstr_repro_state *found)
{
	if (ret)
		snprintf(s->status, sizeof(s->status), "the second run could not be carried out: %.400s",
			 err->msg);
	else if (second->lifecycle <= KTSTR_LIFECYCLE_BOOT)
		snprintf(s->status, sizeof(s->status), "the second run did not boot: %s",
			 ktstr_lifecycle__describe(second->lifecycle));
	else if (second->lifecycle < KTSTR_LIFECYCLE_SCHED)
		snprintf(s->status, sizeof(s->status), "the second run ended before its scheduler started, after it had %s",
			 ktstr_lifecycle__describe(second->lifecycle));
	else if (found->why_not[0])
		snprintf(s->status, sizeof(s->status), "probes could not be set in the second run: %s",
			 found->why_not);
	else
		return false;
	return true;
}

/* Another run than the first one: its error is what tells whether it went the same way. */
static void tell_another(const struct ktstr_run *run, struct ktstr_repro_state *s,
			 const struct ktstr_run *second, const struct ktstr_repro_state *found)
{
	const char *what = second->scx_error ?: "";

	if (!second->scx_error && second->verdict == KTSTR_PASS)
		snprintf(s->status, sizeof(s->status),
			 "the second run, another one with probes by BPF, passed: the crash did not happen again");
	else if (!second->scx_error)
		snprintf(s->status, sizeof(s->status),
			 "the second run, with probes by BPF, ended otherwise: its scheduler was not ejected (%.300s)",
			 second->why[0] ? second->why : "no error");
	else if (!s->same)
		snprintf(s->status, sizeof(s->status),
			 "the second run, with probes by BPF, failed otherwise, and this is about that: %.200s; the first one: %.200s",
			 what, run->scx_error);
	else if (found->nr_programs <= 0)
		snprintf(s->status, sizeof(s->status),
			 "the second run failed in the same way, and no program of the scheduler could be probed: %.*s",
			 found->told.text ? (int)strcspn(found->told.text, "\n") : 0,
			 found->told.text ?: "");
	else if (!found->calls.triggered)
		snprintf(s->status, sizeof(s->status),
			 "the second run failed in the same way, and no probe has seen it: %s",
			 found->told.fired ? "what it had recorded did not arrive" :
			 "none of this kernel's functions to trigger on was called");
	else
		snprintf(s->status, sizeof(s->status),
			 "the second run, another one with probes by BPF, failed in the same way: %.300s",
			 what);
}

/* The same run, if it is one. */
static void tell_again(struct ktstr_repro_state *s, const struct ktstr_run *second,
		       const struct ktstr_repro_state *found)
{
	if (found->nr_programs <= 0)
		snprintf(s->status, sizeof(s->status),
			 "no program of the scheduler could be probed in the second run");
	else if (!found->error_ns)
		snprintf(s->status, sizeof(s->status),
			 "the second run ended otherwise: its scheduler was not ejected (%.300s)",
			 second->why[0] ? second->why : "no error");
	else if (!s->same)
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

void ktstr_repro__tell_status(const struct ktstr_run *run, struct ktstr_repro_state *s,
			      const struct ktstr_run *second, int ret, const struct ktstr_err *err,
			      const struct ktstr_repro_state *found)
{
	if (tell_trouble(s, second, ret, err, found))
		return;
	if (found->engine == KTSTR_PROBES_BPF)
		tell_another(run, s, second, found);
	else
		tell_again(s, second, found);
}
