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
#include "lib/control.h"
#include "lib/counters.h"
#include "direct.h"
#include "expect.h"
#include "interrupt.h"
#include "harness/plan/opts.h"
#include "harness/plan/override.h"
#include "harness/report/report.h"
#include "run.h"
#include "harness/plan/about.h"
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
static struct __fixture_metadata fixture = { .name = KTSTR_BASE };
static struct __fixture_metadata gauntlet = { .name = KTSTR_GAUNTLET };
static struct entry {
	struct __test_metadata harness;		/* first: the harness gives it back */
	struct ktstr_variant variant;
} **entries;
static unsigned int nr_entries, room_entries;
static pid_t harness_pid;
static bool *unrecorded;	/* shared with the children: a file of a run could not be written */

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
		const struct __test_metadata *t = &entries[i]->harness;

		if (!t->results || t->pid <= 0)
			continue;
		p.fd = syscall(SYS_pidfd_open, t->pid, 0);
		if (p.fd < 0)
			continue;
		kill(t->pid, sig == SIGHUP ? SIGTERM : sig);
		while (poll(&p, 1, SHUTDOWN_MS) < 0 && errno == EINTR)
			;
		kill(-t->pid, SIGKILL);
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

	va_start(ap, fmt);
	vsnprintf(t->results->reason, sizeof(t->results->reason), fmt, ap);
	va_end(ap);
	ktstr_tame(t->results->reason, ' ');
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

/* One test from its declaration to its verdict. Returns the signal that ended it, or 0. */
static int carry_out(struct __test_metadata *t)
{
	const struct entry *entry = (const struct entry *)t;
	static struct ktstr_run run;
	struct ktstr_plan plan;
	struct ktstr_err err;
	int sig;

	if (ktstr_interrupt__catch() || getppid() != harness_pid) {
		fail_with(t, "the harness is gone");
		return 0;
	}
	if (ktstr_plan__for_variant(&plan, &entry->variant, &err)) {
		fail_with(t, err.msg);
		return 0;
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
	return sig;
}

/* In a child of the harness, which ends by _exit(). */
static void run_test(struct __test_metadata *t, struct __fixture_variant_metadata *variant)
{
	int sig;

	(void)variant;
	ktstr_counters__forked();
	sig = carry_out(t);
	ktstr_counters__save();
	if (sig)
		_exit(128 + sig);
}

/* The harness kills after that many seconds; our own deadlines come first. */
static int harness_timeout(const struct ktstr_variant *v)
{
	struct ktstr_deadlines d;
	struct ktstr_plan plan;
	struct ktstr_err err;

	if (ktstr_plan__for_variant(&plan, v, &err))
		return TEST_TIMEOUT_DEFAULT;	/* it will not run */
	ktstr_deadlines__compute(&d, &plan,
				 opts.accel == VM_ACCEL_KVM ? VM_ACCEL_KVM : VM_ACCEL_TCG,
				 opts.shift);
	return ktstr_deadlines__total_s(&d);
}

/* The listing needs no timeouts, which take a plan each. */
static int add_entry(const struct ktstr_variant *v, bool lists)
{
	char id[KTSTR_ID_LEN], *name;
	struct entry *e, **more;

	if (nr_entries == room_entries) {
		more = realloc(entries, 2 * (room_entries + 64) * sizeof(*more));
		if (!more)
			return -ENOMEM;
		entries = more;
		room_entries = 2 * (room_entries + 64);
	}
	ktstr_id__format(id, sizeof(id), v->test->name, v->preset ? v->preset->name : NULL);
	e = calloc(1, sizeof(*e));
	name = strdup(ktstr_id__name(id));
	if (!e || !name) {
		free(e);
		free(name);
		return -ENOMEM;
	}
	e->variant = *v;
	e->harness = (struct __test_metadata) {
		.name = name,
		.fn = run_test,
		.fixture = v->preset ? &gauntlet : &fixture,
		.termsig = -1,
		.timeout = lists ? TEST_TIMEOUT_DEFAULT : harness_timeout(v),
	};
	entries[nr_entries++] = e;
	if (v->preset && !gauntlet.tests)
		__register_fixture(&gauntlet);
	__register_test(&e->harness);
	return 0;
}

static int add_variant(const struct ktstr_variant *v, void *lists)
{
	unsigned int i;

	/* ktstr verifier has presets of its own */
	if (ktstr_sweep__is_cell(v->test))
		return 0;
	for (i = 0; i < nr_entries; i++)	/* named twice; the listing names none */
		if (!*(bool *)lists && entries[i]->variant.test == v->test &&
		    entries[i]->variant.preset == v->preset)
			return 0;
	return add_entry(v, *(bool *)lists);
}

static int register_tests(const struct ktstr_registry *r, const struct ktstr_room *room, int argc,
			  char **argv)
{
	bool list = ktstr_select__lists(argc, argv);
	unsigned int i;

	/* This is not a constructor, so the list has the order of the calls. */
	__constructor_order_forward = true;
	__register_fixture(&fixture);
	for (i = 0; i < r->nr_tests; i++) {
		struct ktstr_variant v = { .test = r->tests[i] };

		if (ktstr_sweep__is_cell(v.test) &&
		    (list || !ktstr_select__names(argc, argv, v.test->name)))
			continue;
		if (v.test->ignore == KTSTR_ON && !list &&
		    !ktstr_select__names(argc, argv, v.test->name))
			continue;
		/* for programs that choose from the listing, as the ktstr tool does */
		if (list)
			ktstr_about__print(v.test, stderr);
		if (add_entry(&v, list))
			return -ENOMEM;
	}
	return ktstr_select__gauntlet(argc, argv, r, room, add_variant, &list);
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
	struct ktstr_room room;
	struct ktstr_err err;
	int status;
	bool lists;

	if (getpid() == 1)
		ktstr_guest_main();
	ktstr_registry__get(&registry);
	if (ktstr_registry__check(&registry, &err))
		return bail_out(err.msg);
	if (ktstr_direct(argc, argv, &registry, &status))
		return status;
	/* a listing does not look at the environment, but for the accelerator */
	lists = ktstr_select__lists(argc, argv);
	if (ktstr_run_opts__from_env(&opts, &err) && !lists)
		return bail_out(err.msg);
	ktstr_room__here(&room, opts.accel);
	if (ktstr_select__rewrite(&argc, &argv, &registry, &room, &err) ||
	    (!lists && ktstr_override__check(&err)))
		return bail_out(err.msg);
	if (lists)	/* 10,000 lines in few writes */
		setvbuf(stderr, NULL, _IOFBF, 1 << 16);
	if (register_tests(&registry, &room, argc, argv))
		return bail_out("no memory");
	if (watch_records())
		return bail_out("no memory");
	if (nr_entries && !lists)
		tell_accel();
	catch_signals();
	return test_harness_run(argc, argv);
}
