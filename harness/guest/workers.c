// SPDX-License-Identifier: GPL-2.0
/*
 * Worker processes: making them, ending them, keeping what they measured.
 *
 * Everything that parent and workers share is memory mapped before the fork (worker.h), so
 * reports outlive their workers. The parent completes what a dead worker could not from
 * /proc, and reads slots only after their worker was reaped.
 *
 * What a group of cooperating workers shares is made before its members: its region lies in
 * one mapping with those of all groups of the call, its descriptors are inherited and then
 * closed here, so that they end with the group.
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
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "worker.h"

struct worker {
	pid_t pid;
	int pidfd;
	enum ktstr_fate fate;
};

/* One call of fork: what its groups share. */
struct batch {
	struct batch *next;
	struct ktstr_work work;		/* filled */
	void *map;			/* MAP_SHARED, or NULL */
	size_t map_size;
};

struct ktstr_workers {
	uint32_t max, nr;
	uint64_t seed;
	size_t map_size;
	struct ktstr_control *control;
	struct ktstr_slot *slots;	/* behind control, same mapping */
	struct ktstr_sample_store store;
	struct worker *workers;
	struct ktstr_worker_report *reports;	/* private copies, filled by reaping */
	struct ktstr_worker_samples *samples;
	struct batch *batches;
	struct pollfd *polls;
	uint32_t *poll_index;
	bool migrated_known;
	uint64_t migrated;		/* at the start, after stop the difference */
	char failed_at[96];
};

/* A pidfd a worker: make sure that this many descriptors may be open. */
static void allow_descriptors(uint32_t nr)
{
	struct rlimit lim;
	rlim_t need = nr + KTSTR_WORK_MAX_FDS + 256ULL;

	if (getrlimit(RLIMIT_NOFILE, &lim) || lim.rlim_cur >= need)
		return;
	lim.rlim_cur = need;
	if (lim.rlim_max < lim.rlim_cur)
		lim.rlim_max = lim.rlim_cur;
	setrlimit(RLIMIT_NOFILE, &lim);	/* if refused, fork says which descriptor is missing */
}

static int allocate(struct ktstr_workers *ws, uint32_t max)
{
	void *map;

	ws->max = max;
	ws->map_size = sizeof(struct ktstr_slot) * (max + 1ULL);
	ws->workers = calloc(max, sizeof(*ws->workers));
	ws->reports = calloc(max, sizeof(*ws->reports));
	ws->samples = calloc(max, sizeof(*ws->samples));
	ws->polls = calloc(max, sizeof(*ws->polls));
	ws->poll_index = calloc(max, sizeof(*ws->poll_index));
	if (!ws->workers || !ws->reports || !ws->samples || !ws->polls || !ws->poll_index)
		return -ENOMEM;
	map = mmap(NULL, ws->map_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED)
		return -errno;
	_Static_assert(sizeof(struct ktstr_control) <= sizeof(struct ktstr_slot),
		       "slots follow control");
	ws->control = map;
	ws->slots = (struct ktstr_slot *)map + 1;
	return ktstr_samples__init(&ws->store, max);
}

struct ktstr_workers *ktstr_workers__new(uint32_t max)
{
	struct ktstr_workers *ws = calloc(1, sizeof(*ws));
	int ret;

	if (!ws)
		return NULL;
	ret = max && max <= KTSTR_MAX_WORKERS ? allocate(ws, max) : -EINVAL;
	if (ret) {
		ktstr_workers__free(ws, 0);
		errno = -ret;
		return NULL;
	}
	allow_descriptors(max);
	return ws;
}

void ktstr_workers__seed(struct ktstr_workers *ws, uint64_t seed)
{
	ws->seed = seed;
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

const struct ktstr_worker_samples *ktstr_workers__samples(const struct ktstr_workers *ws)
{
	return ws->samples;
}

const char *ktstr_workers__failed_at(const struct ktstr_workers *ws)
{
	return ws->failed_at;
}

uint64_t ktstr_workers__iterations(const struct ktstr_workers *ws)
{
	uint64_t sum = 0;
	uint32_t i;

	for (i = 0; i < ws->nr; i++)
		sum += __atomic_load_n(&ws->slots[i].report.iterations, __ATOMIC_RELAXED);
	return sum;
}

bool ktstr_workers__pages_migrated(const struct ktstr_workers *ws, uint64_t *pages)
{
	*pages = ws->migrated_known ? ws->migrated : 0;
	return ws->migrated_known;
}

/* Absent without CONFIG_NUMA. */
static bool read_pages_migrated(uint64_t *pages)
{
	static const char key[] = "numa_pages_migrated ";
	FILE *f = fopen("/proc/vmstat", "re");
	bool found = false;
	char line[128];

	while (f && !found && fgets(line, sizeof(line), f))
		if (!strncmp(line, key, sizeof(key) - 1)) {
			*pages = strtoull(line + sizeof(key) - 1, NULL, 10);
			found = true;
		}
	if (f)
		fclose(f);
	return found;
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
static int fork_one(struct ktstr_workers *ws, const struct ktstr_worker_birth *birth)
{
	const struct ktstr_placement *placement = birth->placement;
	bool placed = placement->cgroup_fd >= 0;
	int pidfd = -1, ret = 0;
	pid_t pid;

	pid = clone_worker(placement->cgroup_fd, &pidfd);
	if (!pid)
		ktstr_worker__main(birth);
	if (pid < 0 && clone_is_unknown(errno)) {
		placed = false;
		pid = fork();
		if (!pid) {
			default_signals();
			ktstr_worker__main(birth);
		}
		if (pid > 0)
			pidfd = syscall(SYS_pidfd_open, pid, 0);
		if (pid > 0 && pidfd < 0)
			ret = -errno;
	}
	if (pid < 0)
		return -errno;
	setpgid(pid, pid);	/* whoever of both comes first; fails harmlessly after it */
	if (!ret && !placed && placement->attach)
		ret = placement->attach(placement->arg, pid);
	if (ret) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		if (pidfd >= 0)
			close(pidfd);
		return ret;
	}
	ws->workers[ws->nr] = (struct worker){ .pid = pid, .pidfd = pidfd };
	birth->slot->report.tid = pid;
	ws->nr++;
	return 0;
}

static int fork_member(struct ktstr_workers *ws, uint32_t number, struct ktstr_work_group *g,
		       uint32_t index, const struct ktstr_placement *placement)
{
	struct ktstr_slot *slot = &ws->slots[ws->nr];
	struct ktstr_worker_birth birth = {
		.control = ws->control, .slot = slot, .samples = &ws->store, .group = g,
		.placement = placement, .parent = getpid(), .seed = ws->seed,
		.number = ws->nr, .index = index, .member = index % g->size,
	};

	memset(slot, 0, sizeof(*slot));	/* of one that could not be placed */
	slot->report.group = number;
	slot->report.max_gap_cpu = -1;
	return fork_one(ws, &birth);
}

/* A region of its own for each group, at the distance of cache lines or of pages. */
static int make_batch(struct ktstr_workers *ws, const struct ktstr_work *work, uint32_t nr,
		      struct batch **out, size_t *stride)
{
	struct batch *b = calloc(1, sizeof(*b));
	const struct ktstr_work_row *row;
	size_t page = sysconf(_SC_PAGESIZE), align;
	void *map;

	if (!b)
		return -ENOMEM;
	b->work = *work;
	ktstr_work__fill(&b->work);
	row = ktstr_work__row(work->type);
	*stride = row->shared_size ? row->shared_size(&b->work) : 0;
	align = *stride < page ? 128 : page;
	*stride = (*stride + align - 1) & ~(align - 1);
	b->map_size = *stride * (nr / ktstr_work__group_size(&b->work));
	if (b->map_size) {
		map = mmap(NULL, b->map_size, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		if (map == MAP_FAILED) {
			free(b);
			return -errno;
		}
		b->map = map;
	}
	b->next = ws->batches;
	ws->batches = b;
	*out = b;
	return 0;
}

static void close_group(struct ktstr_work_group *g)
{
	int i;

	for (i = 0; i < KTSTR_WORK_MAX_FDS; i++)
		if (g->fds[i] >= 0)
			close(g->fds[i]);
}

/* Group @k of the batch: what its members share, then the members. */
static int fork_group(struct ktstr_workers *ws, uint32_t number, struct batch *b, uint32_t k,
		      size_t stride, const struct ktstr_placement *placement)
{
	const struct ktstr_work_row *row = ktstr_work__row(b->work.type);
	struct ktstr_work_group g = {
		.work = &b->work, .size = ktstr_work__group_size(&b->work),
		.shared = b->map ? (char *)b->map + stride * k : NULL,
		.cgroup_dir = placement->cgroup_dir, .workload_root = placement->workload_root,
	};
	uint32_t i;
	int ret = 0;

	for (i = 0; i < KTSTR_WORK_MAX_FDS; i++)
		g.fds[i] = -1;
	if (row->setup_group)
		ret = row->setup_group(&g);
	if (ret)
		snprintf(ws->failed_at, sizeof(ws->failed_at), "set up group %u of %s", k,
			 row->name);
	for (i = 0; i < g.size && !ret; i++) {
		ret = fork_member(ws, number, &g, k * g.size + i, placement);
		if (ret)
			snprintf(ws->failed_at, sizeof(ws->failed_at), "fork worker %u of %s",
				 k * g.size + i, row->name);
	}
	close_group(&g);
	return ret;
}

int ktstr_workers__fork(struct ktstr_workers *ws, uint32_t group, const struct ktstr_work *work,
			uint32_t nr, const struct ktstr_placement *placement)
{
	struct batch *b = NULL;
	size_t stride = 0;
	uint32_t k, groups;
	int ret;

	snprintf(ws->failed_at, sizeof(ws->failed_at), "prepare the workers");
	if (nr > ws->max - ws->nr)
		return -EINVAL;
	if (!ktstr_work__check(work, nr, ws->failed_at, sizeof(ws->failed_at)))
		return -EINVAL;
	ret = make_batch(ws, work, nr, &b, &stride);
	if (ret)
		return ret;
	groups = nr / ktstr_work__group_size(&b->work);
	for (k = 0; k < groups && !ret; k++)
		ret = fork_group(ws, group, b, k, stride, placement);
	return ret;
}

uint32_t ktstr_workers__ready(struct ktstr_workers *ws, uint64_t ready_ns)
{
	uint64_t now, deadline = work_now_ns() + ready_ns;
	struct ktstr_control *c = ws->control;
	struct timespec left;
	uint32_t parked;

	while ((parked = __atomic_load_n(&c->parked, __ATOMIC_ACQUIRE)) < ws->nr) {
		now = work_now_ns();
		if (now >= deadline)
			break;
		left.tv_sec = (deadline - now) / NSEC_PER_SEC;
		left.tv_nsec = (deadline - now) % NSEC_PER_SEC;
		ktstr_futex(&c->parked, FUTEX_WAIT, parked, &left);
	}
	return ws->nr - parked;
}

uint32_t ktstr_workers__start(struct ktstr_workers *ws, uint64_t ready_ns)
{
	uint32_t late = ktstr_workers__ready(ws, ready_ns);
	struct ktstr_control *c = ws->control;

	ws->migrated_known = read_pages_migrated(&ws->migrated);
	c->start_ns = work_now_ns();
	__atomic_store_n(&c->gate, 1, __ATOMIC_RELEASE);
	ktstr_futex(&c->gate, FUTEX_WAKE, INT32_MAX, NULL);
	return late;
}

void ktstr_workers__new_epoch(struct ktstr_workers *ws)
{
	__atomic_add_fetch(&ws->control->epoch, 1, __ATOMIC_RELEASE);
}

bool ktstr_workers__recent_cpus(const struct ktstr_workers *ws, uint32_t i,
				struct ktstr_cpumask *cpus)
{
	const struct ktstr_slot *s = &ws->slots[i];

	*cpus = s->recent_cpus;
	return __atomic_load_n(&s->epoch, __ATOMIC_ACQUIRE) == ws->control->epoch;
}

void ktstr_workers__tell(struct ktstr_workers *ws)
{
	__atomic_store_n(&ws->control->stop, 1, __ATOMIC_RELEASE);
}

/*
 * What a worker that will say nothing more could not write itself. @until: the time up to
 * which it is known to have lived, 0 when that is its last checkpoint.
 */
static void complete_report(struct ktstr_workers *ws, uint32_t i, uint64_t until)
{
	struct ktstr_slot *s = &ws->slots[i];
	struct ktstr_worker_report *r = &s->report;
	uint64_t start = ws->control->start_ns, last;
	struct ktstr_sched_figures f;

	if (s->base_valid && ktstr_schedstat(ws->workers[i].pid, &f)) {
		ktstr_slot__sched_figures(s, &f);
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
	struct ktstr_slot *s = &ws->slots[i];
	bool completed = __atomic_load_n(&s->report.completed, __ATOMIC_ACQUIRE);
	bool ours = w->fate == KTSTR_FATE_KILLED;
	struct rusage ru = { };
	int status = 0;
	pid_t pid;

	if (!completed && !ours)
		complete_report(ws, i, 0);	/* a zombie still has its /proc entry */
	kill(-w->pid, SIGKILL);			/* and its number: what it left in its group */
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
	uint64_t now = work_now_ns(), deadline = now + timeout_ns;
	struct timespec left;
	uint32_t i, n;
	int ready;

	for (;; now = work_now_ns()) {
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
	uint64_t now = work_now_ns();
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
	uint64_t migrated;
	uint32_t left, i;

	ktstr_workers__tell(ws);
	left = reap_all(ws, stop_ns);
	if (left) {
		kill_rest(ws);
		left = reap_all(ws, kill_ns);
	}
	ws->migrated_known = ws->migrated_known && read_pages_migrated(&migrated);
	if (ws->migrated_known)
		ws->migrated = migrated - ws->migrated;
	for (i = 0; i < ws->nr; i++) {
		ws->reports[i] = ws->slots[i].report;
		ktstr_samples__get(&ws->store, i, &ws->samples[i]);
	}
	return left ? -ETIMEDOUT : 0;
}

void ktstr_workers__free(struct ktstr_workers *ws, uint64_t kill_ns)
{
	struct batch *b, *next;
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
	ktstr_samples__fini(&ws->store);
	for (b = ws->batches; b; b = next) {
		next = b->next;
		if (b->map)
			munmap(b->map, b->map_size);
		free(b);
	}
	free(ws->poll_index);
	free(ws->polls);
	free(ws->samples);
	free(ws->reports);
	free(ws->workers);
	free(ws);
}
