// SPDX-License-Identifier: GPL-2.0
/*
 * Loader of the fixture scheduler (scx_ktstr.bpf.c): loads it, attaches it, and switches its
 * faults on when their time comes or somebody creates a trigger file.
 *
 * One thread sleeps in one poll() on everything that can happen: a signal, a deadline, a new
 * file, the exit record. Nothing else touches the .bss mapping, which goes away with the
 * skeleton.
 *
 * The libbpf object is called "bpf_bpf" because tests address its maps
 * by name (bpf_bpf.bss). libbpf takes the object's name from the skeleton, and the skeleton
 * from `bpftool gen skeleton ... name bpf_bpf`; hence also the bpf_bpf__*() functions.
 */
#include <linux/kernel.h>
#include <stdio.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <signal.h>
#include <fcntl.h>
#include <poll.h>
#include <time.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <bpf/bpf.h>
#include <scx/common.h>

#include "lib/clock.h"
#include "scx_ktstr.h"
#include "scx_ktstr_options.h"
#include "scx_ktstr_stats.h"
#include "scx_ktstr.bpf.skel.h"

#define TRIGGER_DIR	"/tmp"

/* kernel/sched/ext: exit kinds from here on are errors. */
#define SCX_KIND_ERROR	1024

/* The host writes to these two by offset. */
_Static_assert(offsetof(__typeof__(*((struct bpf_bpf *)0)->bss), stall) == 0,
	       "stall is at offset 0 of .bss");
_Static_assert(offsetof(__typeof__(*((struct bpf_bpf *)0)->bss), crash) == 4,
	       "crash is at offset 4 of .bss");

static const struct {
	const char *name;
	const char *file;		/* trigger file, or NULL */
} event_desc[NR_EVENTS] = {
	[EV_STALL]	= { "stall", TRIGGER_DIR "/ktstr_stall" },
	[EV_DEGRADE]	= { "degrade", TRIGGER_DIR "/ktstr_degrade" },
	[EV_CRASH]	= { "crash" },
};

static struct fixture_options opts;

static struct fixture_stats stats;

enum {
	PFD_SIGNAL, PFD_TIMER, PFD_INOTIFY, PFD_EXIT,
	PFD_STATS,			/* and those of its clients behind it */
	NR_PFDS = PFD_STATS + FIXTURE_STATS_PFDS,
};

static int libbpf_print_fn(enum libbpf_print_level level, const char *format, va_list args)
{
	if (level == LIBBPF_DEBUG && !opts.verbose)
		return 0;
	return vfprintf(stderr, format, args);
}

static void set_event(struct bpf_bpf *skel, enum event e)
{
	switch (e) {
	case EV_STALL:
		skel->bss->stall = 1;
		/*
		 * On an otherwise idle machine nobody would be waiting. Sleep and wake once
		 * more: then at least this task is.
		 */
		opts.ev[EV_NUDGE] = (struct event_state){
			.set = true, .deadline_ns = ktstr_now_ns() + NSEC_PER_MSEC,
		};
		break;
	case EV_DEGRADE:
		skel->bss->degrade_rt = 1;
		break;
	case EV_CRASH:
		skel->bss->crash = 1;
		break;
	default:
		break;
	}
}

static void fire(struct bpf_bpf *skel, enum event e, const char *how, const char *what)
{
	opts.ev[e].fired = true;
	/* The message first: once the stall is on, this task may not run again. */
	if (how)
		fprintf(stderr, PROG ": %s enabled %s %s\n", event_desc[e].name, how, what);
	set_event(skel, e);
}

static void check_files(struct bpf_bpf *skel)
{
	int e;

	for (e = 0; e < NR_EVENTS; e++) {
		if (!event_desc[e].file || opts.ev[e].fired || access(event_desc[e].file, F_OK))
			continue;
		fire(skel, e, "via", event_desc[e].file);
	}
}

/* Fire what is due and set the timer to what comes next. Returns true when it is time to go. */
static bool check_deadlines(struct bpf_bpf *skel, int timer_fd)
{
	uint64_t next = UINT64_MAX, now = ktstr_now_ns();
	struct itimerspec its = {};
	int e;

	for (e = 0; e < NR_EVENTS; e++) {
		struct event_state *ev = &opts.ev[e];

		if (!ev->set || ev->fired || ev->deadline_ns > now)
			continue;
		fire(skel, e, ev->delay_text[0] && event_desc[e].name ? "after" : NULL,
		     ev->delay_text);
	}
	/* Separately, as what has fired may have set another one. */
	for (e = 0; e < NR_EVENTS; e++) {
		struct event_state *ev = &opts.ev[e];

		if (ev->set && !ev->fired && ev->deadline_ns < next)
			next = ev->deadline_ns;
	}
	if (next != UINT64_MAX)
		its.it_value = ktstr_ns_timespec(next);
	SCX_BUG_ON(timerfd_settime(timer_fd, TFD_TIMER_ABSTIME, &its, NULL), "timerfd_settime");
	return opts.ev[EV_EXIT].fired;
}

static void drain(int fd)
{
	char buf[4096] __attribute__((aligned(__alignof__(struct inotify_event))));

	while (read(fd, buf, sizeof(buf)) > 0)
		;
}

static void serve_stats(struct bpf_bpf *skel, const struct pollfd *pfds)
{
	const unsigned long long counter[NR_FIXTURE_COUNTERS] = {
		[FIXTURE_NR_DISPATCHED] = skel->bss->nr_dispatched,
		[FIXTURE_NR_ENQUEUED] = skel->bss->nr_enqueued,
		[FIXTURE_NR_SELECT_CPU] = skel->bss->nr_select_cpu,
		[FIXTURE_NR_YIELDED] = skel->bss->nr_yielded,
		[FIXTURE_STATS_MAGIC] = skel->data->stats_magic,
	};

	fixture_stats__serve(&stats, pfds, counter);
}

/* Sleep until it is time to go. Returns true when a signal asked for it. */
static bool event_loop(struct bpf_bpf *skel, struct pollfd *pfds)
{
	for (;;) {
		check_files(skel);
		if (check_deadlines(skel, pfds[PFD_TIMER].fd) || UEI_EXITED(skel, uei))
			return false;
		fixture_stats__want(&stats, pfds + PFD_STATS);
		if (poll(pfds, NR_PFDS, -1) < 0)
			SCX_BUG_ON(errno != EINTR, "poll");
		if (pfds[PFD_SIGNAL].revents)
			return true;
		if (pfds[PFD_EXIT].revents)
			return false;
		serve_stats(skel, pfds + PFD_STATS);
		drain(pfds[PFD_TIMER].fd);
		if (pfds[PFD_INOTIFY].fd >= 0)
			drain(pfds[PFD_INOTIFY].fd);
	}
}

static void set_rodata(struct bpf_bpf *skel)
{
	skel->rodata->degrade = opts.degrade;
	skel->rodata->scattershot = opts.scattershot;
	skel->rodata->slow = opts.slow;
	skel->rodata->tax = opts.tax;
	skel->rodata->fail_verify = opts.fail_verify;
	skel->rodata->verify_loop = opts.verify_loop;
	skel->rodata->eject_at_start = opts.eject_at_start;
	skel->rodata->eject_with = opts.eject_with;
	if (opts.timeout_ms)
		skel->struct_ops.ktstr_ops->timeout_ms = opts.timeout_ms;

	/* An optional probe of the sched_ext headers; this scheduler has no use for it. */
	bpf_program__set_autoload(skel->progs.scx_lib_init_probe, false);

	/* No arena in this kernel or for this architecture: leave out what is in it. */
	if (libbpf_probe_bpf_map_type(BPF_MAP_TYPE_ARENA, NULL) != 1) {
		fprintf(stderr, PROG ": no BPF arena here, going without task contexts\n");
		skel->rodata->have_arena = false;
		bpf_map__set_autocreate(skel->maps.arena, false);
		bpf_map__set_autocreate(skel->maps.ktstr_task_slot, false);
		bpf_map__set_autocreate(skel->maps.ktstr_cross_btf_map, false);
	}
}

static void announce(void)
{
	if (opts.degrade)
		fprintf(stderr, PROG ": degrade mode enabled\n");
	if (opts.scattershot) {
		fprintf(stderr, PROG ": scattershot mode enabled\n");
		if (opts.slow || opts.degrade)
			fprintf(stderr, PROG ": WARNING: --slow and --degrade have no effect with --scattershot\n");
	}
	if (opts.slow)
		fprintf(stderr, PROG ": slow mode enabled\n");
}

/* Asked to stop, and still the scheduler. Returns only when the end is to be a good one. */
static void stop_badly(void)
{
	if (opts.stop_signal)
		raise(opts.stop_signal);
	while (opts.stop_hangs)
		pause();
}

/* Not the scheduler any more, and nobody has asked it to end. */
static void stay_on(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	while (opts.stay)
		pause();
}

/*
 * One life of the scheduler. Returns true when the kernel asks for another one (CPU
 * hotplug), else the status to leave with is in *@status.
 *
 * The deadlines belong to the first life: what had fired fires again at once.
 */
static bool run(struct pollfd *pfds, bool first, int *status)
{
	bool by_signal;
	struct bpf_link *link = NULL;
	struct bpf_bpf *skel;
	uint64_t start, ecode = 0;
	int e, kind;

	skel = SCX_OPS_OPEN(ktstr_ops, bpf_bpf);
	set_rodata(skel);

	/*
	 * Not SCX_OPS_LOAD(): it associates the probe left out above with the scheduler and
	 * complains that this fails.
	 */
	UEI_SET_SIZE(skel, ktstr_ops, uei);
	SCX_BUG_ON(bpf_bpf__load(skel), "Failed to load skel");
	if (!opts.no_attach)
		link = SCX_OPS_ATTACH(skel, ktstr_ops, bpf_bpf);

	start = ktstr_now_ns();
	for (e = 0; e < NR_EVENTS; e++) {
		opts.ev[e].fired = false;
		if (first)
			opts.ev[e].deadline_ns = start + opts.ev[e].delay_ms * NSEC_PER_MSEC;
	}
	opts.ev[EV_NUDGE].set = false;
	pfds[PFD_EXIT].fd = bpf_map__fd(skel->maps.ktstr_exit_ring);

	by_signal = event_loop(skel, pfds);
	if (by_signal)
		stop_badly();

	bpf_link__destroy(link);
	if (link)
		ecode = UEI_REPORT(skel, uei);
	kind = skel->data->uei.kind;
	bpf_bpf__destroy(skel);
	if (opts.stay && !by_signal)
		stay_on();

	if (kind >= SCX_KIND_ERROR)
		*status = EXIT_EJECTED;
	else if (by_signal)
		*status = opts.stop_status;
	else
		*status = opts.ev[EV_EXIT].fired ? opts.exit_status : 0;
	return !by_signal && !opts.ev[EV_EXIT].fired && UEI_ECODE_RESTART(ecode);
}

/*
 * Signals are blocked and read from a descriptor: one that arrives during load or attach
 * waits until there is something to take down in good order.
 */
static void open_pfds(struct pollfd *pfds)
{
	sigset_t set;
	int i;

	for (i = 0; i < NR_PFDS; i++)
		pfds[i] = (struct pollfd){ .fd = -1, .events = POLLIN };

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	SCX_BUG_ON(sigprocmask(SIG_BLOCK, &set, NULL), "sigprocmask");
	pfds[PFD_SIGNAL].fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	SCX_BUG_ON(pfds[PFD_SIGNAL].fd < 0, "signalfd");
	pfds[PFD_TIMER].fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	SCX_BUG_ON(pfds[PFD_TIMER].fd < 0, "timerfd_create");

	/* A descriptor of -1 is one that poll() passes over. */
	pfds[PFD_INOTIFY].fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (pfds[PFD_INOTIFY].fd < 0 ||
	    inotify_add_watch(pfds[PFD_INOTIFY].fd, TRIGGER_DIR, IN_CREATE | IN_MOVED_TO) < 0) {
		fprintf(stderr, PROG ": cannot watch " TRIGGER_DIR " for trigger files: %s\n",
			strerror(errno));
		if (pfds[PFD_INOTIFY].fd >= 0)
			close(pfds[PFD_INOTIFY].fd);
		pfds[PFD_INOTIFY].fd = -1;
	}
}

int main(int argc, char **argv)
{
	struct pollfd pfds[NR_PFDS];
	bool first;
	int status;

	fixture_options__parse(&opts, argc, argv);
	libbpf_set_print(libbpf_print_fn);
	announce();
	open_pfds(pfds);
	fixture_stats__open(&stats, opts.stats);
	for (first = true; run(pfds, first, &status); first = false)
		;
	return status;
}
