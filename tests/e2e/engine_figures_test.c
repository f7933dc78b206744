// SPDX-License-Identifier: GPL-2.0
/*
 * How fast the engine is, in guest time: the start and the end of many workers, and its end
 * when the scheduler ends. The bounds are promises; the figures are printed. Threads and
 * processes of one name are here too, because only a kernel can say what they are.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <ktstr.h>
#include <ktstr/custom.h>

#include "lib/clock.h"

KTSTR_SCHEDULER(ktstr, .binary = "scx_ktstr");

static double now_ms(void)
{
	return ktstr_now_ns() / 1e6;
}

#define NR_CGROUPS	64
#define NR_WORKERS	8
/*
 * A CPU has 128 workers, each of which keeps it for up to one tick of 4 ms when its turn comes: 512 ms
 * if they are spread evenly. They are not quite, so a CPU may have half as many more, and a worker
 * may be passed over once.
 */
#define START_LIMIT_MS	1000

KTSTR_TEST(many_workers_start_and_stop_together, .cores = 4, .duration_s = 2,
	   .workers_per_cgroup = NR_WORKERS, .max_spread_pct = 100)
{
	static struct ktstr_cgroup cgroups[NR_CGROUPS + 1];
	static char names[NR_CGROUPS][8];
	struct ktstr_step step = { .cgroups = cgroups, .hold = { .frac = 1.0 } };
	double start = 0, stop, before = now_ms();
	struct ktstr_stats did;
	int i, ret;

	for (i = 0; i < NR_CGROUPS; i++) {
		snprintf(names[i], sizeof(names[i]), "cg_%d", i);
		cgroups[i].name = names[i];
	}
	ret = ktstr_run_steps(ctx, &step, 1);
	if (ret)
		return ret;
	for (i = 0; i < NR_CGROUPS; i++) {
		did = phase_cgroup(ctx, 0, names[i]);
		claim_equals(ctx, did.workers, NR_WORKERS);
		if (did.max_start_ms > start)
			start = did.max_start_ms;
	}
	stop = (double)ktstr_stop_ns(ctx) / 1e6;
	fprintf(stderr, "%d workers: all ran %.1f ms after the gate opened, stopped and collected in %.1f ms, all in all %.0f ms\n",
		NR_CGROUPS * NR_WORKERS, start, stop, now_ms() - before);
	if (start > START_LIMIT_MS)
		ktstr_fail(ctx, "the last worker ran %.1f ms after the gate opened", start);
	if (stop > 1000)
		ktstr_fail(ctx, "the workers took %.1f ms to stop", stop);
	return 0;
}

/* ---- the end of the scheduler ---- */

/* Time of the newest record of the kernel log with @text, ms; -1 without one. */
static double logged_ms(const char *text)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char buf[8192], *field;
	double at = -1;
	ssize_t n;

	while (fd >= 0 && ((n = read(fd, buf, sizeof(buf) - 1)) > 0 || errno == EPIPE)) {
		buf[n > 0 ? n : 0] = '\0';
		field = n > 0 && strstr(buf, text) ? strchr(buf, ',') : NULL;
		field = field ? strchr(field + 1, ',') : NULL;
		if (field)
			at = (double)strtoull(field + 1, NULL, 10) / 1e3;
	}
	if (fd >= 0)
		close(fd);
	return at;
}

/*
 * The log's clock and the monotonic one begin together at boot. The words of a success are said
 * as a failure: one more in a run that fails anyway, and that must find them.
 */
#define IN_TIME		"the run was over in time"
#define PATIENCE_MS	200

static int ends_with_scheduler(struct ktstr_ctx *ctx)
{
	double before = now_ms(), died, over;
	int ret;

	ret = ktstr_run(ctx, STEP(CGROUPS(CGROUP("a", .workers = 6), CGROUP("b", .workers = 6,
						 .pcomm = "b")), HOLD_FULL));
	over = now_ms();
	died = logged_ms("\"ktstr\" disabled (");
	fprintf(stderr, "%.1f ms after its start the scheduler had left, %.1f ms later the run was over\n",
		died - before, over - died);
	if (died > before && over >= died && over - died <= PATIENCE_MS)
		ktstr_fail(ctx, IN_TIME);
	return ret;
}

KTSTR_TEST(an_exit_of_the_scheduler_ends_the_run, .scheduler = &ktstr, .duration_s = 10,
	   .extra_sched_args = KTSTR_STRS("--exit-after-ms", "500"),
	   .expect_err = true, .expect_kind = KTSTR_SCHED_EXITED, .expect_text = IN_TIME)
{
	return ends_with_scheduler(ctx);
}

KTSTR_TEST(an_error_of_the_scheduler_ends_the_run, .scheduler = &ktstr, .duration_s = 10,
	   .extra_sched_args = KTSTR_STRS("--crash-after", "500"),
	   .expect_err = true, .expect_kind = KTSTR_SCHED_ERROR, .expect_text = IN_TIME,
	   .expect_scx_bpf_error_contains = "ktstr: host-triggered crash")
{
	return ends_with_scheduler(ctx);
}

/* ---- threads ---- */

struct seen {
	int pid, nice;
	char comm[16], leader[16];
};

static struct seen *seen;		/* shared memory: [4] */

static void look_around(struct ktstr_work_ctx *w)
{
	struct seen *s = &seen[ktstr_work_arg(w, 0)];
	int fd;

	if (!s->pid) {
		s->pid = getpid();
		s->nice = getpriority(PRIO_PROCESS, 0);
		prctl(PR_GET_NAME, s->comm);
		fd = open("/proc/self/comm", O_RDONLY | O_CLOEXEC);	/* of the leader */
		if (fd < 0 || read(fd, s->leader, sizeof(s->leader) - 1) < 0)
			s->leader[0] = '\0';
		close(fd);
	}
	ktstr_work_spin(w, 1024);
}

#define LOOK(_i)	CUSTOM("look_around", look_around, .arg = { _i })

static bool is(const struct seen *s, const struct seen *of, const char *comm, int nice)
{
	return s->pid == of->pid && !strcmp(s->comm, comm) && s->nice == nice &&
	       !strcmp(s->leader, "browser\n");
}

KTSTR_TEST(works_of_one_pcomm_are_one_process, .cores = 2, .duration_s = 2, .isolation = true,
	   .max_spread_pct = 100)
{
	int pids[8], ret;

	seen = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (seen == MAP_FAILED)
		return -errno;
	ret = ktstr_run(ctx,
		STEP(CGROUPS(CGROUP("app", .pcomm = "browser", .cpuset = CPUS("0"), .works = WORKS(
					    WORKSPEC(.work = LOOK(0), .workers = 1, .comm = "pool"),
					    WORKSPEC(.work = LOOK(1), .workers = 1,
						     .nice = VALUE(5)),
					    WORKSPEC(.work = PIPE_IO(), .workers = 2))),
			     CGROUP("other", .clone_mode = KTSTR_CLONE_THREAD, .workers = 2,
				    .work = SIGNAL_STORM(), .policy = POLICY(BATCH))),
		     HOLD_FRAC(0.5)),
		STEP(OPS(ADD_CGROUP("late"),
			 SPAWN("late", .pcomm = "late", .workers = 3),
			 CAPTURE_CGROUP_PROCS("late", "late")), HOLD_FRAC(0.5)));
	if (!is(&seen[0], &seen[0], "pool", 0) || !is(&seen[1], &seen[0], "browser", 5))
		ktstr_fail(ctx, "pids %d %d, names %s %s of %s and %s, nice %d %d", seen[0].pid,
			   seen[1].pid, seen[0].comm, seen[1].comm, seen[0].leader,
			   seen[1].leader, seen[0].nice, seen[1].nice);
	if (ktstr_captured_procs(ctx, "late", pids, 8) != 1)
		ktstr_fail(ctx, "three threads are not one process");
	return ret;
}
