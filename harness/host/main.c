// SPDX-License-Identifier: GPL-2.0
/*
 * main() of every test program. As PID 1 the program is the guest. Otherwise it is the host: every
 * test of the registry is registered with kselftest_harness.h at run time, which provides options,
 * fork isolation, KTAP and a last timeout.
 *
 * The harness runs each test in a child in its own process group. A terminal's ^C therefore
 * reaches only the parent, which forwards it, waits until the child has shut down its machine, and
 * then dies from the same signal.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/guest/engine/sweep.h"
#include "harness/guest/init/guest.h"
#include "harness/plan/deadline.h"
#include "direct.h"
#include "expect.h"
#include "interrupt.h"
#include "harness/plan/opts.h"
#include "harness/plan/override.h"
#include "harness/report/report.h"
#include "run.h"
#include "harness/plan/select.h"

/* The harness prints the version line; what holds for the whole document follows it. */
#include "kselftest.h"
static void print_header(void)
{
	ksft_print_header();
	ktstr_kernel_line__print();
}
#define ksft_print_header print_header
#include "kselftest_harness.h"
#undef ksft_print_header

#define SHUTDOWN_MS	10000	/* for a child to shut down its machine */

static struct ktstr_run_opts opts;
static struct __fixture_metadata fixture = { .name = KTSTR_FIXTURE };
static struct __test_metadata *entries;
static const struct ktstr_test **entry_tests;
static unsigned int nr_entries;
static pid_t harness_pid;
static bool *unrecorded;	/* shared with the children: a file of a run could not be written */

static const struct ktstr_test *test_of(const struct __test_metadata *t)
{
	return entry_tests[t - entries];
}

static void write_all(const char *text)
{
	ssize_t n = write(STDOUT_FILENO, text, strlen(text));

	(void)n;	/* nothing can be done about a closed stdout in a signal handler */
}

/*
 * In the parent, async-signal-safe: forward the signal, wait until the child has ended, die from
 * the signal.
 */
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
		while (poll(&p, 1, SHUTDOWN_MS) < 0 && errno == EINTR)
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

static void set_verdict(struct __test_metadata *t, const struct ktstr_run *run)
{
	t->exit_code = ktstr_exit__kselftest(run->verdict);
	if (run->verdict == KTSTR_SKIP)
		set_reason(t, "%s", run->skip_reason);
	else if (run->verdict == KTSTR_INCONCLUSIVE)
		set_reason(t, "INCONCLUSIVE %.200s", ktstr_result__undecided(run->result));
}

/* In a child of the harness: one test from its declaration to its verdict. */
static void run_test(struct __test_metadata *t, struct __fixture_variant_metadata *variant)
{
	const struct ktstr_test *test = test_of(t);
	static struct ktstr_run run;
	struct ktstr_plan plan;
	struct ktstr_err err;
	int sig;

	(void)variant;
	if (ktstr_interrupt__catch() || getppid() != harness_pid) {
		fail_with(t, "the harness is gone");
		return;
	}
	if (ktstr_plan__for(&plan, test, &err)) {
		fail_with(t, err.msg);
		return;
	}
	if (ktstr_run__exec(&run, &plan, &opts, &err) && !run.brief) {
		fail_with(t, err.msg);
	} else {
		ktstr_run__print(&run);
		set_verdict(t, &run);
	}
	sig = run.signal;
	if (run.unrecorded[0])
		*unrecorded = true;
	ktstr_run__free(&run);
	if (sig)
		_exit(128 + sig);
}

/* The harness kills after that many seconds; our own deadlines come first. */
static int harness_timeout(const struct ktstr_test *test)
{
	struct ktstr_deadlines d;
	struct ktstr_plan plan;
	struct ktstr_err err;

	if (ktstr_plan__for(&plan, test, &err))
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
	/* This is not a constructor, so the list has the order of the calls. */
	__constructor_order_forward = true;
	__register_fixture(&fixture);
	for (i = 0; i < r->nr_tests; i++) {
		const struct ktstr_test *test = r->tests[i];
		struct __test_metadata *t = &entries[nr_entries];

		if (ktstr_sweep__is_cell(test) &&
		    (list || !ktstr_select__names(argc, argv, test->name)))
			continue;
		if (test->ignore == KTSTR_ON && !list &&
		    !ktstr_select__names(argc, argv, test->name))
			continue;
		/* for programs that choose from the listing, as the ktstr tool does */
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

/* Say why an existing KVM is not used, once per program and not once per test. */
static void tell_accel(void)
{
	enum vm_accel got;
	struct ktstr_err err;
	char why[256];

	if (!vm_pick_accel(opts.accel, &got, why, sizeof(why), &err) && why[0])
		fprintf(stderr, "ktstr: %s\n", why);
}

/* The harness exits by itself; its failures keep their status. */
static void on_end(int status, void *arg)
{
	(void)arg;
	if (getpid() != harness_pid || !*unrecorded || (status != KSFT_PASS && status != KSFT_SKIP))
		return;
	fflush(NULL);
	_exit(KTSTR_EXIT_UNRECORDED);
}

static int watch_records(void)
{
	unrecorded = mmap(NULL, sizeof(*unrecorded), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (unrecorded == MAP_FAILED)
		return -errno;
	return on_exit(on_end, NULL) ? -ENOMEM : 0;
}

int main(int argc, char **argv)
{
	struct ktstr_registry registry;
	struct ktstr_err err;
	int status;

	if (getpid() == 1)
		ktstr_guest_main();
	ktstr_registry__get(&registry);
	if (ktstr_registry__check(&registry, &err))
		return bail_out(err.msg);
	if (ktstr_direct(argc, argv, &registry, &status))
		return status;
	if (ktstr_select__check(argc, argv, &registry, &err) ||
	    (!ktstr_select__lists(argc, argv) &&
	     (ktstr_run_opts__from_env(&opts, &err) || ktstr_override__check(&err))))
		return bail_out(err.msg);
	if (register_tests(&registry, argc, argv))
		return bail_out("no memory");
	if (watch_records())
		return bail_out("no memory");
	if (nr_entries && !ktstr_select__lists(argc, argv))
		tell_accel();
	catch_signals();
	return test_harness_run(argc, argv);
}
