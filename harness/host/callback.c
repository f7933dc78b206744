// SPDX-License-Identifier: GPL-2.0
/* Host callbacks in a child of their own: see callback.h. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/counters.h"
#include "lib/status.h"
#include "callback.h"
#include "harness/model/seen.h"
#include "harness/monitor/monitor.h"
#include "harness/plan/here.h"
#include "harness/snapshot/part.h"
#include "interrupt.h"

/* Shared with the child, so that its findings survive its death. */
struct shared {
	struct ktstr_result result;
	int ret;
	bool returned;
	bool missed;			/* it has asked for the monitor, and there is none */
};

static void __attribute__((noreturn))
child(struct shared *s, int (*callback)(struct ktstr_result *result))
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	ktstr_counters__forked();
	s->ret = callback(&s->result);
	s->missed = ktstr_monitor__was_missed();
	s->returned = true;
	fflush(NULL);
	ktstr_counters__save();
	_exit(0);
}

/* Wait until it ends; kill it when its time is over or we are told to stop. */
static bool await(pid_t pid, int *status)
{
	struct pollfd p[2] = {
		{ .fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN },
		{ .fd = ktstr_interrupt__fd(), .events = POLLIN },
	};
	bool ended;

	while (poll(p, 2, KTSTR_CALLBACK_S * 1000) < 0 && errno == EINTR)
		;
	ended = p[0].revents;
	if (!ended)
		kill(pid, SIGKILL);
	if (p[0].fd >= 0)
		close(p[0].fd);
	while (waitpid(pid, status, 0) < 0 && errno == EINTR)
		;
	return ended;
}

#define fails(_result, ...) \
	ktstr_result__add(_result, KTSTR_FAILS, KTSTR_CLAIM, __VA_ARGS__)

static void judge_end(struct ktstr_result *r, const char *name, const struct shared *s, bool ended,
		      int status)
{
	char how[KTSTR_STATUS_SIZE];

	if (!ended && ktstr_interrupt__signal())
		ktstr_result__add(r, KTSTR_FAILS, KTSTR_INFRASTRUCTURE, "%s was interrupted",
				  name);
	else if (!ended)
		fails(r, "%s did not return within %d s", name, KTSTR_CALLBACK_S);
	else if (WIFSIGNALED(status))
		fails(r, "%s was %s", name, ktstr_status__format(status, how, sizeof(how)));
	else if (!s->returned)
		fails(r, "%s ended its process (status %d) instead of returning", name,
		      WEXITSTATUS(status));
	else if (s->ret < 0)
		fails(r, "%s returned %d (%s)", name, s->ret, strerror(-s->ret));
	else if (s->ret > 0)
		fails(r, "%s returned %d: neither 0 nor a negative errno", name, s->ret);
}

/* The first detail of this severity behind the first @from, or NULL. */
static const char *added(const struct ktstr_result *r, uint32_t from,
			 enum ktstr_severity severity)
{
	for (; from < r->nr_details; from++)
		if (r->details[from].severity == severity)
			return r->details[from].text;
	return NULL;
}

/*
 * The verdict so far is about the guest, expectations included. expect_err does not apply to the
 * failure of a callback, which therefore overrides that verdict.
 */
static void fold(struct ktstr_run *run, const char *name, const struct ktstr_result *got,
		 uint32_t from)
{
	const char *fail = added(got, from, KTSTR_FAILS);
	const char *skip = added(got, from, KTSTR_SKIPS);
	uint32_t i;

	for (i = from; i < got->nr_details; i++)
		ktstr_result__add(run->result, got->details[i].severity, got->details[i].kind,
				  "%s", got->details[i].text);
	run->result->claims_held = got->claims_held;
	if (fail) {
		if (run->verdict != KTSTR_FAIL)
			snprintf(run->why, sizeof(run->why), "%s%s%.400s",
				 strncmp(fail, name, strlen(name)) ? name : "",
				 strncmp(fail, name, strlen(name)) ? ": " : "", fail);
		run->verdict = KTSTR_FAIL;
	} else if (run->verdict != KTSTR_PASS) {
		return;
	} else if (added(got, from, KTSTR_UNDECIDED)) {
		if (!run->plan->allow_inconclusive)
			run->verdict = KTSTR_INCONCLUSIVE;
	} else if (skip) {
		run->verdict = KTSTR_SKIP;
		snprintf(run->skip_reason, sizeof(run->skip_reason), "%.255s", skip);
	}
}

/* Of a test that was written for a guest and ran without: a claim may be about what is not there. */
static void excuse(struct ktstr_result *got, const char *name, uint32_t from)
{
	for (; from < got->nr_details; from++) {
		struct ktstr_detail *d = &got->details[from];

		if (d->severity != KTSTR_FAILS)
			continue;
		d->severity = KTSTR_UNDECIDED;
		d->kind = KTSTR_NO_DATA;
	}
	ktstr_result__add(got, KTSTR_NOTE, KTSTR_OTHER,
			  "%s asked for figures of the monitor, which " KTSTR_NO_GUEST_MEMORY
			  ": claims that do not hold are no failures", name);
}

static void call(struct ktstr_run *run, const char *name,
		 int (*callback)(struct ktstr_result *result))
{
	struct ktstr_result *got = NULL;
	struct shared *s;
	uint32_t from;
	bool ended;
	pid_t pid;
	int status;

	s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s == MAP_FAILED) {
		fails(run->result, "%s could not be called: %s", name, strerror(errno));
		run->verdict = KTSTR_FAIL;
		return;
	}
	s->result = *run->result;
	s->result.run = run;	/* the child has all memory of ours */
	/* room for the callback's own */
	from = s->result.nr_details;
	if (from > KTSTR_MAX_DETAILS / 2)
		from = KTSTR_MAX_DETAILS / 2;
	s->result.nr_details = from;
	fflush(NULL);
	pid = fork();
	if (!pid)
		child(s, callback);
	got = pid > 0 ? ktstr_result__new() : NULL;
	if (pid > 0)
		ended = await(pid, &status);
	if (got) {
		*got = s->result;
		ktstr_result__bound(got);
		judge_end(got, name, s, ended, status);
		if (s->missed && run->plan->here)
			excuse(got, name, from);
		fold(run, name, got, from);
	} else {
		fails(run->result, "%s could not be called: %s", name, strerror(errno));
		run->verdict = KTSTR_FAIL;
	}
	ktstr_result__free(got);
	munmap(s, sizeof(*s));
}

/*
 * What the host has found, as a violated check of the monitor, takes nothing away from what a callback
 * looks at.
 */
static bool guest_failed(const struct ktstr_run *run)
{
	if (run->raw != KTSTR_FAIL)
		return false;
	return !run->exited || !run->have_result || !run->seen || !run->seen->result ||
	       ktstr_result__outcome(run->seen->result) == KTSTR_FAIL;
}

void ktstr_callbacks__run(struct ktstr_run *run)
{
	const struct ktstr_test *t = run->plan->test;
	bool failed = guest_failed(run);

	/* without a guest they look at what the whole of the body has left */
	if (run->signal || run->plan->no_callbacks ||
	    (run->plan->here && run->verdict != KTSTR_PASS))
		return;
	if (t->post_vm && !failed)
		call(run, "post_vm", t->post_vm);
	else if (!t->post_vm && run->plan->num_snapshots && !failed)
		call(run, "num_snapshots", ktstr_snapshots__default_check);
	else if (t->post_vm)
		ktstr_result__add(run->result, KTSTR_NOTE, KTSTR_OTHER,
				  "post_vm was not called, because the guest's run failed");
	if (t->post_vm_unconditional)
		call(run, "post_vm_unconditional", t->post_vm_unconditional);
}
