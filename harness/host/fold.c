// SPDX-License-Identifier: GPL-2.0
/* The host's findings: see fold.h. Each function below adds at most one kind of failure. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "lib/status.h"
#include "harness/model/console.h"
#include "fold.h"
#include "harness/model/part.h"
#include "harness/model/verifier.h"
#include "harness/plan/plan.h"

#define MAX_DROPS	(1ULL << 40)	/* no guest sends that many messages */

#define fails(_run, _kind, ...)							\
	ktstr_result__add((_run)->result, KTSTR_FAILS, _kind, __VA_ARGS__)

static void fold_infrastructure(struct ktstr_run *run)
{
	const struct ktstr_seen *s = run->seen;

	if (s->vmm_error[0])
		fails(run, KTSTR_INFRASTRUCTURE, "VMM: %s", s->vmm_error);
	if (run->signal)
		fails(run, KTSTR_INFRASTRUCTURE, "interrupted by SIG%s",
		      sigabbrev_np(run->signal) ?: "?");
	if (s->broken)
		fails(run, KTSTR_INFRASTRUCTURE,
		      "the guest overwrote the channel: its messages cannot be trusted");
	if (s->started && s->guest_version != KTSTR_CHAN_VERSION)
		fails(run, KTSTR_INFRASTRUCTURE, "guest speaks channel version %u, not %u",
		      s->guest_version, KTSTR_CHAN_VERSION);
	if (s->started && s->nr_cpus != run->plan->nr_cpus)
		fails(run, KTSTR_INFRASTRUCTURE,
		      "the guest has %u CPUs online, the topology declares %u", s->nr_cpus,
		      run->plan->nr_cpus);
	/* a status that is the consequence of a reported failure is not reported again */
	if (s->exited && s->exit_status && ktstr_result__outcome(run->result) != KTSTR_FAIL)
		fails(run, KTSTR_INFRASTRUCTURE, "guest supervisor ended with status %d (%s)",
		      s->exit_status, strerror(s->exit_status < 0 ? -s->exit_status :
					       s->exit_status));
}

static void fold_timeout(struct ktstr_run *run)
{
	const struct ktstr_seen *s = run->seen;
	const char *sep = s->vcpus[0] ? "; " : "";

	if (!s->timeout)
		return;
	if (s->timed_out == KTSTR_LIFECYCLE_BOOT)
		fails(run, KTSTR_BOOT_TIMEOUT,
		      "timed out: the guest did not reach init within %u s of wall clock%s%.300s",
		      s->timeout_s, sep, s->vcpus);
	else if (s->timed_out < KTSTR_LIFECYCLE_TEARDOWN)
		fails(run, KTSTR_BODY_TIMEOUT,
		      "timed out: still running after %u s of wall clock (duration_s = %u) and the guest's own deadline did not end it; %s%s%.300s",
		      s->timeout_s, run->plan->duration_s, ktstr_lifecycle__describe(s->timed_out), sep,
		      s->vcpus);
	else
		fails(run, KTSTR_TEARDOWN_TIMEOUT,
		      "timed out: the guest did not power off within %u s of wall clock after the body%s%.300s",
		      s->timeout_s, sep, s->vcpus);
}

/* Why a guest ended without EXIT. */
static void fold_death(struct ktstr_run *run, const char *console)
{
	const struct ktstr_seen *s = run->seen;
	char line[KTSTR_DETAIL_LEN / 2], *crash;

	crash = ktstr_textbuf__str(&s->crash);
	if (crash && *crash &&
	    !ktstr_result__failed_as(run->result, KTSTR_BODY_CRASHED, KTSTR_BODY_CRASHED)) {
		crash[strcspn(crash, "\n")] = '\0';
		fails(run, KTSTR_BODY_CRASHED, "guest crashed: %.400s", crash);
	}
	free(crash);
	if (s->exited || ktstr_result__failed_as(run->result, KTSTR_GUEST_PANIC, KTSTR_GUEST_PANIC))
		return;
	if (ktstr_console__death(console, line, sizeof(line)))
		fails(run, KTSTR_GUEST_PANIC, "guest crashed: %s", line);
	else if (s->machine_off)
		fails(run, KTSTR_GUEST_PANIC,
		      "the machine went off without a word (%.300s); %s",
		      s->machine_end[0] ? s->machine_end : "reset or triple fault",
		      ktstr_lifecycle__describe(s->lifecycle));
}

/* The entry of allow_splats that a line of @p has, or NULL. */
static const char *allowed(const struct ktstr_test *t, const struct ktstr_splat *p)
{
	const char * const *a = t->allow_splats;

	while (a && *a && !strstr(p->text, *a))
		a++;
	return a ? *a : NULL;
}

/* Does the finding about a panic quote it? */
static bool is_quoted(const struct ktstr_result *r, const struct ktstr_splat *p)
{
	uint32_t i;

	for (i = 0; i < r->nr_details; i++)
		if (r->details[i].kind == KTSTR_GUEST_PANIC && strstr(r->details[i].text, p->headline))
			return true;
	return false;
}

/* What the kernel complained about since the test has begun, up to the end of the machine. */
static void fold_splats(struct ktstr_run *run, const char *console)
{
	struct ktstr_splats *s = &run->seen->splats;
	const struct ktstr_splat *p;
	char text[KTSTR_DETAIL_LEN];
	const char *entry;

	if (run->seen->started)
		ktstr_splats__console(s, console);
	for (p = s->list; p < s->list + s->nr; p++) {
		if (is_quoted(run->result, p))
			continue;
		ktstr_splat__describe(p, text, sizeof(text));
		entry = allowed(run->plan->test, p);
		if (entry)
			ktstr_result__add(run->result, KTSTR_NOTE, KTSTR_KERNEL_SPLAT,
					  "allowed by allow_splats \"%.64s\": %s", entry, text);
		else
			fails(run, KTSTR_KERNEL_SPLAT, "%s", text);
	}
	if (s->dropped)
		fails(run, KTSTR_KERNEL_SPLAT,
		      "%u more kernel splats, of which kmsg.log has the text: %u different ones are kept",
		      s->dropped, KTSTR_MAX_SPLATS);
}

static void fold_scheduler(struct ktstr_run *run)
{
	const struct ktstr_seen *s = run->seen;
	char how[KTSTR_STATUS_SIZE];

	if (s->scx.error &&
	    !ktstr_result__failed_as(run->result, KTSTR_SCHED_STALLED, KTSTR_SCHED_ERROR))
		fails(run, s->scx.kind, "scheduler %s was ejected: %s%s%.300s", s->scx.ops,
		      s->scx.reason, s->scx.msg[0] ? ": " : "", s->scx.msg);
	if (!s->sched_exited || s->sched_planned ||
	    ktstr_result__failed_as(run->result, KTSTR_SCHED_NOT_ATTACHED, KTSTR_SCHED_EXITED))
		return;
	ktstr_status__format(s->sched_status, how, sizeof(how));
	if (s->sched_outlived)
		fails(run, KTSTR_SCHED_EXITED, "scheduler left sched_ext during the test: %s",
		      s->scx.reason[0] ? s->scx.reason : "unknown reason");
	else if (s->sched_attached)
		fails(run, KTSTR_SCHED_EXITED, "scheduler died during the test: %s", how);
	else
		fails(run, KTSTR_SCHED_NOT_LOADED, "scheduler did not attach: %s", how);
}

/*
 * Schedulers that the test or its payloads started: tests of schedulers eject some on purpose. A
 * test may say that no scheduler is to be ejected.
 */
static void fold_others(struct ktstr_run *run)
{
	const struct ktstr_scxlog *s = &run->seen->others;
	const struct ktstr_scheduler *own = run->plan->scheduler;
	bool in_kernel = own && !own->binary;
	bool fail = in_kernel || run->plan->test->fail_on_any_ejection == KTSTR_ON;

	if (!s->error)
		return;
	ktstr_result__add(run->result, fail ? KTSTR_FAILS : KTSTR_NOTE, s->kind,
			  "scheduler %s%s was ejected: %s%s%.300s", s->ops,
			  in_kernel ? "" : ", which ktstr did not start,", s->reason, s->msg[0] ? ": " : "", s->msg);
	if (s->errors > 1)
		ktstr_result__add(run->result, KTSTR_NOTE, s->kind,
				  "%u such ejections in all; kmsg.log has them", s->errors);
	if (fail && !run->scx_error)
		run->scx_error = strdup(s->msg[0] ? s->msg : s->reason);
}

/* Why a scheduler could not be loaded, where the verifier says it. */
static void fold_verifier(struct ktstr_run *run)
{
	char reason[KTSTR_DETAIL_LEN / 2];

	if (ktstr_result__failed_as(run->result, KTSTR_SCHED_NOT_ATTACHED, KTSTR_SCHED_NOT_LOADED) &&
	    run->sched_log && ktstr_verifier__reason(run->sched_log, reason, sizeof(reason)))
		ktstr_result__add(run->result, KTSTR_NOTE, KTSTR_SCHED_NOT_LOADED,
				  "the verifier rejected %s", reason);
}

/* An ended run without a result, and no other failure to explain it. */
static void fold_silence(struct ktstr_run *run)
{
	const struct ktstr_seen *s = run->seen;

	if (run->have_result || ktstr_result__outcome(run->result) == KTSTR_FAIL)
		return;
	if (s->bad_results)
		fails(run, KTSTR_INFRASTRUCTURE, "the guest's result is damaged");
	else if (s->sched_started && !s->sched_attached)
		fails(run, KTSTR_SCHED_NOT_ATTACHED,
		      "no test result received from guest: the scheduler did not attach");
	else
		fails(run, KTSTR_OTHER, "no test result received from guest: %s",
		      ktstr_lifecycle__describe(s->lifecycle));
}

static void fold_losses(struct ktstr_run *run)
{
	const struct ktstr_seen *s = run->seen;

	if (s->drops > MAX_DROPS)
		ktstr_result__add(run->result, KTSTR_NOTE, KTSTR_NO_DATA,
				  "the guest overwrote its count of lost messages: whether there are any is unknown");
	else if (s->drops)
		ktstr_result__add(run->result, KTSTR_NOTE, KTSTR_NO_DATA,
				  "%llu messages of the guest were lost because the channel was full",
				  (unsigned long long)s->drops);
	if (s->outputs.dropped)
		ktstr_result__add(run->result, KTSTR_NOTE, KTSTR_NO_DATA,
				  "what payloads printed is kept of the first %u, not of those that followed",
				  KTSTR_MAX_OUTPUTS);
	if (s->bad_crcs || s->bad_messages)
		ktstr_result__add(run->result, KTSTR_NOTE, KTSTR_NO_DATA,
				  "%u damaged and %u malformed messages from the guest",
				  s->bad_crcs, s->bad_messages);
}

void ktstr_fold(struct ktstr_run *run, const char *console)
{
	struct ktstr_seen *s = run->seen;
	struct ktstr_scxlog *log;

	if (s->result) {
		ktstr_result__merge(run->result, s->result);
		run->have_result = true;
	}
	run->exited = s->exited;
	run->lifecycle = s->lifecycle;
	run->guest_boot_ns = s->start_ns;
	run->guest_total_ns = s->exit_ns ?: s->now_ns;
	if (!run->guest_total_ns)
		run->guest_total_ns = ktstr_console__time_ns(console);
	run->sched_log = ktstr_textbuf__str(&s->sched_log);
	run->kmsg = ktstr_textbuf__str(&s->kmsg);
	/* the console may have messages that were lost with the guest */
	log = s->sched_started ? &s->scx : &s->others;
	if (!log->error && !s->exited)
		ktstr_scxlog__text(log, console);
	if (s->scx.error)
		run->scx_error = strdup(s->scx.msg[0] ? s->scx.msg : s->scx.reason);
	fold_infrastructure(run);
	fold_timeout(run);
	fold_death(run, console);
	fold_splats(run, console);
	fold_scheduler(run);
	fold_others(run);
	fold_verifier(run);
	fold_silence(run);
	ktstr_parts__fold(run);
	fold_losses(run);
}
