// SPDX-License-Identifier: GPL-2.0
/*
 * Situations of public bug reports in which the kernel itself is a party: its own complaints, CPUs
 * that come and go, tasks of the kernel. Each runs under a sound scheduler or the kernel's own,
 * where nothing may be found, and under scx_mutant with the mistake of the report, which must be
 * found and named. The numbers are those of the reports to github.com/sched-ext/scx.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kernel.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ktstr.h>
#include <ktstr/custom.h>

KTSTR_SCHEDULER(simple, .binary = "scx_simple");
KTSTR_SCHEDULER(mutant, .binary = "scx_mutant");

/* ---- 3474, 2758, 3198: controllers are toggled beside a process that is half dead ---- */

static void write_to(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, text, strlen(text)) < 0)
		errno = 0;	/* a controller that this kernel does not have */
	close(fd);
}

static void *forever(void *unused)
{
	(void)unused;
	for (;;)
		usleep(1000);
	return NULL;
}

/* A process whose first thread has exited: its css is the old one when controllers change. */
static pid_t half_dead_process(void)
{
	pid_t pid = fork();
	pthread_t t;

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	pthread_create(&t, NULL, forever, NULL);
	syscall(SYS_exit, 0);
	_exit(1);
}

static void toggle(struct ktstr_work_ctx *w)
{
	static const char * const changes[] = { "-cpu", "+cpu", "-pids", "+pids" };
	char control[512], *end;
	uint64_t before;
	size_t i;
	pid_t pid;

	snprintf(control, sizeof(control), "%.400s", ktstr_work_cgroup_dir(w));
	end = strrchr(control, '/');
	if (!end)
		return;
	strcpy(end, "/cgroup.subtree_control");
	before = ktstr_work_now_ns();
	pid = half_dead_process();
	if (pid < 0)
		return;
	usleep(20000);
	for (i = 0; i < ARRAY_SIZE(changes); i++)
		write_to(control, changes[i]);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	ktstr_work_blocked(w, before, ktstr_work_now_ns());
	ktstr_work_sleep(w, 50 * NSEC_PER_MSEC);
	ktstr_work_done(w, 1);
}

static int toggled_controllers(struct ktstr_ctx *ctx)
{
	return ktstr_run(ctx, STEP(CGROUPS(
		CGROUP("toggles", .works = WORKS(
			WORKSPEC(.workers = 1, .work = CUSTOM("toggle", toggle)),
			WORKSPEC(.workers = 2))),
		CGROUP("load", .workers = 2, .pids_max = LIMIT(100))), HOLD_FULL));
}

/*
 * With the mutant, which is told of moves, 6.18 and older complain: WARNING in
 * scx_cgroup_move_task(). Commit 02e545c4297a mends it: this test fails for good on older ones.
 */
KTSTR_TEST(controllers_toggled_scx, .scheduler = &mutant, .duration_s = 2,
	   .max_spread_pct = KTSTR_NO_LIMIT)
{
	return toggled_controllers(ctx);
}

KTSTR_TEST(controllers_toggled_eevdf, .duration_s = 2, .max_spread_pct = KTSTR_NO_LIMIT)
{
	return toggled_controllers(ctx);
}

/* ---- 242, 406, 725: a CPU goes away and comes back ---- */

/* Six workers on four CPUs, then on three, then on four again. */
static int cpu_comes_and_goes(struct ktstr_ctx *ctx)
{
	return ktstr_run_scenario(ctx, BACKDROP(CGROUPS(CGROUP("load", .workers = 6))),
				  STEP(HOLD_FRAC(0.2)),
				  STEP(OPS(CPU_OFFLINE(2)), HOLD_FRAC(0.3)),
				  STEP(HOLD_FRAC(0.5)));
}

KTSTR_TEST(cpu_comes_and_goes_eevdf, .cores = 4, .duration_s = 2, .max_spread_pct = KTSTR_NO_LIMIT)
{
	return cpu_comes_and_goes(ctx);
}

/* It has no ops for hotplug: the kernel ejects it, and its loader attaches it anew. */
KTSTR_TEST(cpu_comes_and_goes_simple, .scheduler = &simple, .cores = 4, .duration_s = 3,
	   .max_spread_pct = KTSTR_NO_LIMIT, .survives_storm = true)
{
	return cpu_comes_and_goes(ctx);
}

/* The same, in a test that does not want that. */
KTSTR_TEST(cpu_comes_and_goes_no_restart, .scheduler = &simple, .cores = 4, .duration_s = 2,
	   .max_spread_pct = KTSTR_NO_LIMIT, .tolerates_restart = false,
	   .expect_err = true, .expect_kind = KTSTR_SCHED_EXITED,
	   .expect_text = "cpu 2 going offline")
{
	return cpu_comes_and_goes(ctx);
}

KTSTR_TEST(cpu_comes_and_goes_error, .scheduler = &mutant, .cores = 4, .duration_s = 2,
	   .max_spread_pct = KTSTR_NO_LIMIT,
	   .extra_sched_args = KTSTR_STRS("--fault", "offline-error"),
	   .expect_err = true, .expect_kind = KTSTR_SCHED_ERROR,
	   .expect_text = "CPU 2 went offline")
{
	return cpu_comes_and_goes(ctx);
}

/* Tasks wait in the queue of a CPU that is not there any more. */
KTSTR_TEST(cpu_comes_and_goes_queue, .scheduler = &mutant, .cores = 4, .duration_s = 3,
	   .max_spread_pct = KTSTR_NO_LIMIT, .max_gap_ms = 500,
	   .extra_sched_args = KTSTR_STRS("--fault", "offline-queue"),
	   .expect_err = true, .expect_kind = KTSTR_STUCK)
{
	return cpu_comes_and_goes(ctx);
}

static int hotplug_churn(struct ktstr_ctx *ctx)
{
	return ktstr_run(ctx, STEP(CGROUPS(CGROUP("load", .workers = 4)), OPS(HOTPLUG_CHURN(1)),
				   HOLD_LOOP_MS(250)));
}

KTSTR_TEST(hotplug_churn_eevdf, .cores = 4, .duration_s = 2, .max_spread_pct = KTSTR_NO_LIMIT)
{
	return hotplug_churn(ctx);
}

KTSTR_TEST(hotplug_churn_simple, .scheduler = &simple, .cores = 4, .duration_s = 2,
	   .max_spread_pct = KTSTR_NO_LIMIT)
{
	return hotplug_churn(ctx);
}

/* The only CPU of a cpuset goes offline: the kernel lets its tasks use those of the parent. */
static int cpuset_goes_offline(struct ktstr_ctx *ctx)
{
	return ktstr_run_scenario(ctx, BACKDROP(CGROUPS(CGROUP("a", .cpuset = CPUS("2")),
							CGROUP("b", .cpuset = CPUS("0-1")))),
				  STEP(HOLD_FRAC(0.3)),
				  STEP(OPS(CPU_OFFLINE(2)), HOLD_FRAC(0.4)),
				  STEP(HOLD_FRAC(0.3)));
}

KTSTR_TEST(cpuset_offline_eevdf, .cores = 4, .duration_s = 2, .isolation = true,
	   .max_spread_pct = KTSTR_NO_LIMIT)
{
	return cpuset_goes_offline(ctx);
}

KTSTR_TEST(cpuset_offline_scx, .scheduler = &simple, .cores = 4, .duration_s = 2,
	   .isolation = true, .max_spread_pct = KTSTR_NO_LIMIT)
{
	return cpuset_goes_offline(ctx);
}

/* The same by somebody of whom the engine knows nothing. */
static void take_cpu2(struct ktstr_work_ctx *w)
{
	static bool done;
	uint64_t before = ktstr_work_now_ns();

	if (!done) {
		ktstr_work_sleep(w, 500 * NSEC_PER_MSEC);
		write_to("/sys/devices/system/cpu/cpu2/online", "0");
		done = true;
	}
	ktstr_work_blocked(w, before, ktstr_work_now_ns());
	ktstr_work_sleep(w, 100 * NSEC_PER_MSEC);
	ktstr_work_done(w, 1);
}

KTSTR_TEST(cpuset_offline_by_itself, .cores = 4, .duration_s = 2, .isolation = true,
	   .max_spread_pct = KTSTR_NO_LIMIT)
{
	return ktstr_run(ctx, STEP(CGROUPS(CGROUP("a", .cpuset = CPUS("2")),
					   CGROUP("b", .cpuset = CPUS("0-1"))),
		OPS(SPAWN_HOST(.workers = 1, .work = CUSTOM("take_cpu2", take_cpu2))), HOLD_FULL));
}

/* ---- 2971: tasks that end in a cgroup that is removed ---- */

/* Too many workers for the machine, and those of a cgroup that comes and goes live for 200 ms only. */
static int dying_cgroups(struct ktstr_ctx *ctx)
{
	return ktstr_run(ctx, STEP(CGROUPS(CGROUP("load", .workers = 12)),
		OPS(REMOVE_CGROUP("gone"),
		    ADD_CGROUP_DEF("gone", .works = WORKS(
			WORKSPEC(.workers = 8, .work = FORK_EXIT),
			WORKSPEC(.workers = 8, .work = PAGE_FAULT_CHURN())))),
		HOLD_LOOP_MS(200)));
}

KTSTR_TEST(dying_cgroups_eevdf, .cores = 4, .duration_s = 2, .max_spread_pct = KTSTR_NO_LIMIT)
{
	return dying_cgroups(ctx);
}

KTSTR_TEST(dying_cgroups_mutant, .scheduler = &mutant, .cores = 4, .duration_s = 2,
	   .max_spread_pct = KTSTR_NO_LIMIT)
{
	return dying_cgroups(ctx);
}

KTSTR_TEST(dying_cgroups_simple, .scheduler = &simple, .cores = 4, .duration_s = 2,
	   .max_spread_pct = KTSTR_NO_LIMIT)
{
	return dying_cgroups(ctx);
}

/* ---- 1153, 674, 3569: a CPU's own kthreads wait behind everybody ---- */

static int busy_machine(struct ktstr_ctx *ctx)
{
	return ktstr_run(ctx, STEP(CGROUPS(CGROUP("busy", .workers = 8)), HOLD_FULL));
}

/* The kernel's watchdog would eject it after 20 s: nothing else shows in the time of a test. */
KTSTR_TEST(kthreads_last, .scheduler = &mutant, .duration_s = 5,
	   .extra_sched_args = KTSTR_STRS("--fault", "starve-kthread"),
	   .expect_err = true, .expect_kind = KTSTR_STARVED, .expect_text = "kthread ")
{
	return busy_machine(ctx);
}

KTSTR_TEST(kthreads_sound, .scheduler = &mutant, .duration_s = 5)
{
	return busy_machine(ctx);
}

KTSTR_TEST(kthreads_simple, .scheduler = &simple, .duration_s = 5)
{
	return busy_machine(ctx);
}
