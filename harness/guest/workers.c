// SPDX-License-Identifier: GPL-2.0
/*
 * Worker processes and their measurements.
 *
 * Everything that parent and workers share is one MAP_SHARED region: a control block that
 * only the parent writes (plus the count of parked workers) and one slot a worker that only
 * that worker writes. A worker updates its slot as it goes, so there is nothing to transfer
 * in the end and nothing to lose when it dies; the parent completes what a dead worker
 * could not from /proc and reads slots only after their worker was reaped.
 *
 * A worker's clock starts when the gate opens, not when it first runs: time in which the
 * scheduler does not let it begin is a gap like any other.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "work.h"
#include "workers.h"

struct control {
	uint32_t parked;		/* workers that reached the gate */
	uint32_t gate;			/* 0 closed, 1 open; futex */
	/* read by every worker at every checkpoint: a cache line of its own */
	uint32_t stop __attribute__((aligned(64)));
	uint64_t start_ns;		/* written before the gate opens */
};

struct sched_figures {
	uint64_t cpu_ns, run_delay_ns, timeslices;
};

struct slot {
	struct ktstr_worker_report report;
	uint64_t last_ns;		/* of the last checkpoint, CLOCK_MONOTONIC; 0: none */
	struct sched_figures base;	/* at the beginning of the loop */
	uint32_t base_valid;
	uint64_t base_voluntary, base_involuntary;
} __attribute__((aligned(64)));

struct worker {
	pid_t pid;
	int pidfd;
	enum ktstr_fate fate;
};

struct ktstr_workers {
	uint32_t max, nr;
	size_t map_size;
	struct control *control;
	struct slot *slots;		/* behind control, same mapping */
	struct worker *workers;
	struct ktstr_worker_report *reports;	/* private copies, filled by reaping */
	struct pollfd *polls;
	uint32_t *poll_index;
};

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * NSEC_PER_SEC + t.tv_nsec;
}

static long futex(uint32_t *word, int op, uint32_t value, const struct timespec *timeout)
{
	return syscall(SYS_futex, word, op, value, timeout, NULL, 0);
}

/* schedstat of @pid, or of the caller for 0: CPU time, run delay, timeslices. */
static bool read_schedstat(pid_t pid, struct sched_figures *f)
{
	unsigned long long v[3];
	char path[32], buf[96];
	ssize_t n;
	int fd;

	if (pid)
		snprintf(path, sizeof(path), "/proc/%d/schedstat", pid);
	else
		snprintf(path, sizeof(path), "/proc/self/schedstat");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, buf, sizeof(buf) - 1);
	close(fd);
	if (n <= 0)
		return false;
	buf[n] = '\0';
	if (sscanf(buf, "%llu %llu %llu", &v[0], &v[1], &v[2]) != 3)
		return false;
	*f = (struct sched_figures){ v[0], v[1], v[2] };
	return true;
}

/* ---- in the worker ---- */

struct loop {
	struct slot *slot;
	const struct control *control;
	int cpu;			/* at the last checkpoint */
};

static void checkpoint(struct loop *l)
{
	struct ktstr_worker_report *r = &l->slot->report;
	uint64_t now = clock_ns(CLOCK_MONOTONIC);
	uint64_t gap = now - l->slot->last_ns;
	int cpu = sched_getcpu();

	if (gap > r->max_gap_ns) {
		r->max_gap_ns = gap;
		r->max_gap_at_ns = l->slot->last_ns - l->control->start_ns;
		r->max_gap_cpu = l->cpu;
	}
	if (cpu != l->cpu) {
		r->migrations++;
		ktstr_cpumask__set(&r->cpus_used, cpu);
		l->cpu = cpu;
	}
	r->wall_ns = now - l->control->start_ns;
	l->slot->last_ns = now;
}

static void take_base(struct slot *s, uint64_t *cpu_ns)
{
	struct rusage ru;

	getrusage(RUSAGE_SELF, &ru);
	s->base_voluntary = ru.ru_nvcsw;
	s->base_involuntary = ru.ru_nivcsw;
	s->base_valid = read_schedstat(0, &s->base);
	*cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

static void set_sched_figures(struct slot *s, const struct sched_figures *now)
{
	s->report.run_delay_ns = now->run_delay_ns - s->base.run_delay_ns;
	s->report.timeslices = now->timeslices - s->base.timeslices;
	s->report.schedstat_valid = 1;
}

static void work_until_stopped(struct loop *l, const struct ktstr_work *work)
{
	const struct ktstr_work_row *row = &ktstr_work_table[work->type];
	struct ktstr_worker_report *r = &l->slot->report;
	struct ktstr_work_ctx w = { .work = work };
	struct sched_figures end;
	uint32_t until = row->checkpoint_every;
	uint64_t cpu_ns;
	struct rusage ru;

	/* The first gap begins at the gate; where the worker was parked is no run of it. */
	l->slot->last_ns = l->control->start_ns;
	checkpoint(l);
	r->migrations = 0;
	memset(&r->cpus_used, 0, sizeof(r->cpus_used));
	ktstr_cpumask__set(&r->cpus_used, l->cpu);
	take_base(l->slot, &cpu_ns);

	while (!__atomic_load_n(&l->control->stop, __ATOMIC_RELAXED)) {
		row->iterate(&w);
		r->work_units = w.units;
		r->iterations++;
		if (!--until) {
			checkpoint(l);
			until = row->checkpoint_every;
		}
	}
	checkpoint(l);

	r->cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu_ns;
	getrusage(RUSAGE_SELF, &ru);
	r->voluntary_switches = ru.ru_nvcsw - l->slot->base_voluntary;
	r->involuntary_switches = ru.ru_nivcsw - l->slot->base_involuntary;
	if (l->slot->base_valid && read_schedstat(0, &end))
		set_sched_figures(l->slot, &end);
	__atomic_store_n(&r->completed, 1, __ATOMIC_RELEASE);
}

static void __attribute__((noreturn)) worker_main(struct ktstr_workers *ws, struct slot *slot,
						  const struct ktstr_work *work, pid_t parent)
{
	struct loop l = { .slot = slot, .control = ws->control };
	sigset_t none;

	/* Die with the parent, also when it died before this line. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != parent)
		_exit(1);
	/* The parent's sockets and pidfds are not ours to keep open. */
	syscall(SYS_close_range, 3U, ~0U, 0U);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);

	l.cpu = sched_getcpu();
	__atomic_add_fetch(&ws->control->parked, 1, __ATOMIC_RELEASE);
	futex(&ws->control->parked, FUTEX_WAKE, 1, NULL);
	while (!__atomic_load_n(&ws->control->gate, __ATOMIC_ACQUIRE))
		futex(&ws->control->gate, FUTEX_WAIT, 0, NULL);

	work_until_stopped(&l, work);
	_exit(0);
}

/* ---- in the parent ---- */

/* A pidfd a worker: make sure that this many descriptors may be open. */
static void allow_descriptors(uint32_t nr)
{
	struct rlimit lim;

	if (getrlimit(RLIMIT_NOFILE, &lim) || lim.rlim_cur >= nr + 256ULL)
		return;
	lim.rlim_cur = nr + 256ULL;
	if (lim.rlim_max < lim.rlim_cur)
		lim.rlim_max = lim.rlim_cur;
	setrlimit(RLIMIT_NOFILE, &lim);	/* if refused, fork says which descriptor is missing */
}

struct ktstr_workers *ktstr_workers__new(uint32_t max)
{
	struct ktstr_workers *ws = calloc(1, sizeof(*ws));
	int err;

	if (!ws)
		return NULL;
	if (!max || max > KTSTR_MAX_WORKERS) {
		free(ws);
		errno = EINVAL;
		return NULL;
	}
	ws->max = max;
	ws->map_size = sizeof(struct slot) * (max + 2ULL);
	ws->workers = calloc(max, sizeof(*ws->workers));
	ws->reports = calloc(max, sizeof(*ws->reports));
	ws->polls = calloc(max, sizeof(*ws->polls));
	ws->poll_index = calloc(max, sizeof(*ws->poll_index));
	ws->control = mmap(NULL, ws->map_size, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (ws->control == MAP_FAILED || !ws->workers || !ws->reports || !ws->polls ||
	    !ws->poll_index) {
		err = ws->control == MAP_FAILED ? errno : ENOMEM;
		if (ws->control == MAP_FAILED)
			ws->control = NULL;
		ktstr_workers__free(ws, 0);
		errno = err;
		return NULL;
	}
	_Static_assert(sizeof(struct control) <= 2 * sizeof(struct slot), "slots follow control");
	ws->slots = (struct slot *)ws->control + 2;
	allow_descriptors(max);
	return ws;
}

uint32_t ktstr_workers__nr(const struct ktstr_workers *ws)
{
	return ws->nr;
}

pid_t ktstr_workers__pid(const struct ktstr_workers *ws, uint32_t i)
{
	return ws->workers[i].pid;
}

enum ktstr_fate ktstr_workers__fate(const struct ktstr_workers *ws, uint32_t i)
{
	return ws->workers[i].fate;
}

const struct ktstr_worker_report *ktstr_workers__reports(const struct ktstr_workers *ws)
{
	return ws->reports;
}

/* Like fork(), with a pidfd, default signal actions and a cgroup to be born in. */
static pid_t clone_worker(int cgroup_fd, int *pidfd)
{
	struct clone_args args = {
		.flags = CLONE_PIDFD | CLONE_CLEAR_SIGHAND |
			 (cgroup_fd >= 0 ? CLONE_INTO_CGROUP : 0),
		.pidfd = (uintptr_t)pidfd,
		.exit_signal = SIGCHLD,
		.cgroup = cgroup_fd >= 0 ? (uint64_t)cgroup_fd : 0,
	};

	return syscall(SYS_clone3, &args, sizeof(args));
}

/* The kernel (or a seccomp filter) does not know the call or the flag. */
static bool clone_is_unknown(int err)
{
	return err == ENOSYS || err == EINVAL || err == E2BIG || err == EPERM;
}

static void default_signals(void)
{
	int sig;

	for (sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
}

/*
 * Fork one worker into its slot; returns in the parent only. A worker that could not be
 * placed is not kept.
 */
static int fork_one(struct ktstr_workers *ws, uint32_t group, const struct ktstr_work *work,
		    const struct ktstr_placement *placement)
{
	struct slot *slot = &ws->slots[ws->nr];
	struct worker *w = &ws->workers[ws->nr];
	bool placed = placement->cgroup_fd >= 0;
	pid_t parent = getpid(), pid;
	int pidfd = -1, ret = 0;

	slot->report.group = group;
	slot->report.max_gap_cpu = -1;
	pid = clone_worker(placement->cgroup_fd, &pidfd);
	if (!pid)
		worker_main(ws, slot, work, parent);
	if (pid < 0 && clone_is_unknown(errno)) {
		placed = false;
		pid = fork();
		if (!pid) {
			default_signals();
			worker_main(ws, slot, work, parent);
		}
		if (pid > 0)
			pidfd = syscall(SYS_pidfd_open, pid, 0);
		if (pid > 0 && pidfd < 0)
			ret = -errno;
	}
	if (pid < 0)
		return -errno;
	if (!ret && !placed && placement->attach)
		ret = placement->attach(placement->arg, pid);
	if (ret) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		if (pidfd >= 0)
			close(pidfd);
		return ret;
	}
	*w = (struct worker){ .pid = pid, .pidfd = pidfd };
	slot->report.tid = pid;
	ws->nr++;
	return 0;
}

int ktstr_workers__fork(struct ktstr_workers *ws, uint32_t group, const struct ktstr_work *work,
			uint32_t nr, const struct ktstr_placement *placement)
{
	int ret = 0;

	if (nr > ws->max - ws->nr || (unsigned int)work->type >= KTSTR_NR_WORK_TYPES)
		return -EINVAL;
	while (nr-- && !ret)
		ret = fork_one(ws, group, work, placement);
	return ret;
}

uint32_t ktstr_workers__start(struct ktstr_workers *ws, uint64_t ready_ns)
{
	uint64_t now, deadline = clock_ns(CLOCK_MONOTONIC) + ready_ns;
	struct control *c = ws->control;
	struct timespec left;
	uint32_t parked;

	while ((parked = __atomic_load_n(&c->parked, __ATOMIC_ACQUIRE)) < ws->nr) {
		now = clock_ns(CLOCK_MONOTONIC);
		if (now >= deadline)
			break;
		left.tv_sec = (deadline - now) / NSEC_PER_SEC;
		left.tv_nsec = (deadline - now) % NSEC_PER_SEC;
		futex(&c->parked, FUTEX_WAIT, parked, &left);
	}
	c->start_ns = clock_ns(CLOCK_MONOTONIC);
	__atomic_store_n(&c->gate, 1, __ATOMIC_RELEASE);
	futex(&c->gate, FUTEX_WAKE, INT32_MAX, NULL);
	return ws->nr - parked;
}

/*
 * What a worker that will say nothing more could not write itself. @until: the time up to
 * which it is known to have lived, 0 when that is its last checkpoint.
 */
static void complete_report(struct ktstr_workers *ws, uint32_t i, uint64_t until)
{
	struct slot *s = &ws->slots[i];
	struct ktstr_worker_report *r = &s->report;
	uint64_t start = ws->control->start_ns, last;
	struct sched_figures f;

	if (s->base_valid && read_schedstat(ws->workers[i].pid, &f)) {
		set_sched_figures(s, &f);
		r->cpu_ns = f.cpu_ns - s->base.cpu_ns;
	}
	if (!until || !start)
		return;
	last = s->last_ns ? s->last_ns : start;
	r->wall_ns = until - start;
	if (until > last && until - last > r->max_gap_ns) {
		r->max_gap_ns = until - last;
		r->max_gap_at_ns = last - start;
	}
}

/* The worker's pidfd says that it has ended. */
static void reap(struct ktstr_workers *ws, uint32_t i)
{
	struct worker *w = &ws->workers[i];
	struct slot *s = &ws->slots[i];
	bool completed = __atomic_load_n(&s->report.completed, __ATOMIC_ACQUIRE);
	bool ours = w->fate == KTSTR_FATE_KILLED;
	struct rusage ru = { };
	int status = 0;
	pid_t pid;

	if (!completed && !ours)
		complete_report(ws, i, 0);	/* a zombie still has its /proc entry */
	do
		pid = wait4(w->pid, &status, 0, &ru);
	while (pid < 0 && errno == EINTR);
	if (!completed && pid == w->pid) {
		s->report.voluntary_switches = ru.ru_nvcsw - s->base_voluntary;
		s->report.involuntary_switches = ru.ru_nivcsw - s->base_involuntary;
	}
	s->report.exit_status = status;
	if (!ours)
		w->fate = completed ? KTSTR_FATE_COMPLETED : KTSTR_FATE_DIED;
	close(w->pidfd);
	w->pidfd = -1;
}

/* Reap until all are gone or the time is over. Returns how many are left. */
static uint32_t reap_all(struct ktstr_workers *ws, uint64_t timeout_ns)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC), deadline = now + timeout_ns;
	struct timespec left;
	uint32_t i, n;
	int ready;

	for (;; now = clock_ns(CLOCK_MONOTONIC)) {
		for (i = n = 0; i < ws->nr; i++) {
			if (ws->workers[i].pidfd < 0)
				continue;
			ws->polls[n] = (struct pollfd){ ws->workers[i].pidfd, POLLIN, 0 };
			ws->poll_index[n++] = i;
		}
		if (!n)
			return 0;
		left = (struct timespec){ 0 };
		if (now < deadline) {
			left.tv_sec = (deadline - now) / NSEC_PER_SEC;
			left.tv_nsec = (deadline - now) % NSEC_PER_SEC;
		}
		ready = ppoll(ws->polls, n, &left, NULL);
		for (i = 0; ready > 0 && i < n; i++)
			if (ws->polls[i].revents)
				reap(ws, ws->poll_index[i]);
		if (!ready && now >= deadline)
			return n;
	}
}

static void kill_rest(struct ktstr_workers *ws)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC);
	uint32_t i;

	for (i = 0; i < ws->nr; i++) {
		if (ws->workers[i].pidfd < 0)
			continue;
		if (!__atomic_load_n(&ws->slots[i].report.completed, __ATOMIC_ACQUIRE)) {
			complete_report(ws, i, now);
			ws->workers[i].fate = KTSTR_FATE_KILLED;
		}
		syscall(SYS_pidfd_send_signal, ws->workers[i].pidfd, SIGKILL, NULL, 0);
	}
}

int ktstr_workers__stop(struct ktstr_workers *ws, uint64_t stop_ns, uint64_t kill_ns)
{
	uint32_t left, i;

	__atomic_store_n(&ws->control->stop, 1, __ATOMIC_RELEASE);
	left = reap_all(ws, stop_ns);
	if (left) {
		kill_rest(ws);
		left = reap_all(ws, kill_ns);
	}
	for (i = 0; i < ws->nr; i++)
		ws->reports[i] = ws->slots[i].report;
	return left ? -ETIMEDOUT : 0;
}

void ktstr_workers__free(struct ktstr_workers *ws, uint64_t kill_ns)
{
	uint32_t i;

	if (!ws)
		return;
	if (ws->nr) {
		kill_rest(ws);
		reap_all(ws, kill_ns);
	}
	for (i = 0; i < ws->nr; i++)
		if (ws->workers[i].pidfd >= 0)
			close(ws->workers[i].pidfd);
	if (ws->control)
		munmap(ws->control, ws->map_size);
	free(ws->poll_index);
	free(ws->polls);
	free(ws->reports);
	free(ws->workers);
	free(ws);
}
