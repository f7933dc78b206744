// SPDX-License-Identifier: GPL-2.0
/*
 * main() of every test program. As PID 1 the program is the guest. Otherwise it is the host:
 * every test of the registry becomes a test of kselftest_harness.h, made at run time, so that
 * options, fork isolation, KTAP and the last-resort timeout are the harness's own.
 *
 * The harness runs each test in a child in its own process group. A terminal's ^C therefore
 * reaches only the parent, which hands it on, waits for the child to take its machine down,
 * and then dies of the same signal.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "../guest/guest.h"
#include "deadline.h"
#include "direct.h"
#include "expect.h"
#include "interrupt.h"
#include "override.h"
#include "report.h"
#include "run.h"
#include "select.h"

#define GOODBYE_MS	10000	/* for a child to take its machine down */

static struct ktstr_run_opts opts;
static struct __fixture_metadata fixture = { .name = KTSTR_FIXTURE };
static struct __test_metadata *entries;
static const struct ktstr_test **entry_tests;
static unsigned int nr_entries;
static pid_t harness_pid;

static const struct ktstr_test *test_of(const struct __test_metadata *t)
{
	return entry_tests[t - entries];
}

static void write_all(const char *text)
{
	ssize_t n = write(STDOUT_FILENO, text, strlen(text));

	(void)n;	/* nothing can be done about a closed stdout in a signal handler */
}

/* Parent, async-signal-safe: pass it on, wait until the child is gone, die of it. */
static void on_signal(int sig)
{
	struct pollfd p = { .events = POLLIN };
	unsigned int i;

	if (getpid() != harness_pid)
		_exit(128 + sig);	/* a child that did not get to its own handler yet */
	for (i = 0; i < nr_entries; i++) {
		if (!entries[i].results || entries[i].pid <= 0)
			continue;
		p.fd = syscall(SYS_pidfd_open, entries[i].pid, 0);
		if (p.fd < 0)
			continue;
		kill(entries[i].pid, sig == SIGHUP ? SIGTERM : sig);
		while (poll(&p, 1, GOODBYE_MS) < 0 && errno == EINTR)
			;
		kill(-entries[i].pid, SIGKILL);
	}
	write_all("Bail out! interrupted by a signal\n");
	signal(sig, SIG_DFL);
	raise(sig);
}

static void catch_signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_NODEFER };
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	unsigned int i;

	harness_pid = getpid();
	sigfillset(&sa.sa_mask);
	for (i = 0; i < ARRAY_SIZE(signals); i++) {
		sigdelset(&sa.sa_mask, signals[i]);
		sigaction(signals[i], &sa, NULL);
	}
}

/* What the harness prints behind the test's name. */
static void __attribute__((format(printf, 2, 3)))
set_reason(struct __test_metadata *t, const char *fmt, ...)
{
	va_list ap;
	char *p;

	va_start(ap, fmt);
	vsnprintf(t->results->reason, sizeof(t->results->reason), fmt, ap);
	va_end(ap);
	for (p = t->results->reason; *p; p++)
		if ((unsigned char)*p < ' ')
			*p = ' ';
}

/* One "# " line and a failed test. */
static void fail_with(struct __test_metadata *t, const char *why)
{
	ktstr_report__print(why);
	t->exit_code = KSFT_FAIL;
}

static void tell(struct __test_metadata *t, const struct ktstr_run *run)
{
	const char *verbose = getenv("KTSTR_VERBOSE");
	uint32_t i;

	for (i = 0; i < run->result->nr_details; i++)
		if (run->result->details[i].kind == KTSTR_PART)
			ktstr_report__print(run->result->details[i].text);
	if (run->brief && (run->verdict == KTSTR_FAIL || run->verdict == KTSTR_INCONCLUSIVE ||
			   (verbose && !strcmp(verbose, "1"))))
		ktstr_report__print(run->brief);
	t->exit_code = ktstr_exit__kselftest(run->verdict);
	if (run->verdict == KTSTR_SKIP) {
		fprintf(stderr, "ktstr: SKIP: %s\n", run->skip_reason);
		set_reason(t, "%s", run->skip_reason);
	} else if (run->verdict == KTSTR_INCONCLUSIVE) {
		set_reason(t, "INCONCLUSIVE %.200s", ktstr_result__undecided(run->result));
	}
}

/* Child of the harness: one test from its declaration to its verdict. */
static void run_test(struct __test_metadata *t, struct __fixture_variant_metadata *variant)
{
	const struct ktstr_test *test = test_of(t);
	static struct ktstr_run run;
	struct ktstr_plan plan;
	struct vm_err err;
	int sig;

	(void)variant;
	if (ktstr_interrupt__catch() || getppid() != harness_pid) {
		fail_with(t, "the harness is gone");
		return;
	}
	if (ktstr_validate(test, &err) || ktstr_plan__make(&plan, test, &err) ||
	    ktstr_override__apply(&plan, &err)) {
		fail_with(t, err.msg);
		return;
	}
	if (ktstr_run__exec(&run, &plan, &opts, &err) && !run.brief)
		fail_with(t, err.msg);
	else
		tell(t, &run);
	sig = run.signal;
	ktstr_run__free(&run);
	if (sig)
		_exit(128 + sig);
}

/* The harness kills after that many seconds; our own deadlines come first. */
static int harness_timeout(const struct ktstr_test *test)
{
	struct ktstr_deadlines d;
	struct ktstr_plan plan;
	struct vm_err err;

	if (ktstr_plan__make(&plan, test, &err) || ktstr_override__apply(&plan, &err))
		return TEST_TIMEOUT_DEFAULT;	/* it will not run */
	ktstr_deadlines__compute(&d, &plan,
				 opts.accel == VM_ACCEL_KVM ? VM_ACCEL_KVM : VM_ACCEL_TCG,
				 opts.shift);
	return ktstr_deadlines__total_s(&d);
}

static int register_tests(const struct ktstr_registry *r, int argc, char **argv)
{
	bool list = ktstr_select__lists(argc, argv);
	unsigned int i;

	entries = calloc(r->nr_tests + 1, sizeof(*entries));
	entry_tests = calloc(r->nr_tests + 1, sizeof(*entry_tests));
	if (!entries || !entry_tests)
		return -ENOMEM;
	/* We are no constructor: the list is filled in the order of the calls. */
	__constructor_order_forward = true;
	__register_fixture(&fixture);
	for (i = 0; i < r->nr_tests; i++) {
		const struct ktstr_test *test = r->tests[i];
		struct __test_metadata *t = &entries[nr_entries];

		if (test->ignore == KTSTR_ON && !list &&
		    !ktstr_select__names(argc, argv, test->name))
			continue;
		/* for those who choose from the listing, as the ktstr tool does */
		if (test->ignore == KTSTR_ON && list)
			fprintf(stderr, "# ignored: %s\n", test->name);
		entry_tests[nr_entries++] = test;
		*t = (struct __test_metadata) {
			.name = test->name,
			.fn = run_test,
			.fixture = &fixture,
			.termsig = -1,
			.timeout = harness_timeout(test),
		};
		__register_test(t);
	}
	return 0;
}

static int bail_out(const char *why)
{
	ksft_print_header();
	printf("Bail out! %s\n", why);
	return KSFT_FAIL;
}

/* Once a program and not once a test: why KVM, which seems to be there, is not used. */
static void tell_accel(void)
{
	enum vm_accel got;
	struct vm_err err;
	char why[256];

	if (!vm_pick_accel(opts.accel, &got, why, sizeof(why), &err) && why[0])
		fprintf(stderr, "ktstr: %s\n", why);
}

int main(int argc, char **argv)
{
	struct ktstr_registry registry;
	struct vm_err err;
	int status;

	if (getpid() == 1)
		ktstr_guest_main();
	ktstr_registry__get(&registry);
	if (ktstr_registry__check(&registry, &err))
		return bail_out(err.msg);
	if (ktstr_direct(argc, argv, &registry, &status))
		return status;
	if (ktstr_select__check(argc, argv, &registry, &err) ||
	    (!ktstr_select__lists(argc, argv) && ktstr_run_opts__from_env(&opts, &err)))
		return bail_out(err.msg);
	if (register_tests(&registry, argc, argv))
		return bail_out("no memory");
	if (nr_entries && !ktstr_select__lists(argc, argv))
		tell_accel();
	catch_signals();
	return test_harness_run(argc, argv);
}
