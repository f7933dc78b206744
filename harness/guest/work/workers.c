// SPDX-License-Identifier: GPL-2.0
/*
 * Creates and starts workers, and reads what they have measured so far.
 *
 * Parent and workers share memory that is mapped before the fork (worker.h), so reports outlive
 * their workers. collect.c ends workers.
 *
 * The shared resources of a group of cooperating workers are created before its members: the
 * regions of all groups of a call are in one mapping, and descriptors are inherited and then
 * closed here, so that they end with the group.
 */
#include <errno.h>
#include <linux/futex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/control.h"
#include "lib/file.h"
#include "worker.h"

/* Each worker needs a pidfd: raise the limit of open descriptors. */
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
	ws->map_size = sizeof(struct ktstr_worker_slot) * (max + 1ULL);
	ws->workers = calloc(max, sizeof(*ws->workers));
	ws->reports = calloc(max, sizeof(*ws->reports));
	ws->samples = calloc(max, sizeof(*ws->samples));
	ws->migrations = calloc(max, sizeof(*ws->migrations));
	ws->polls = calloc(max + 1ULL, sizeof(*ws->polls));
	ws->poll_index = calloc(max + 1ULL, sizeof(*ws->poll_index));
	if (!ws->workers || !ws->reports || !ws->samples || !ws->migrations || !ws->polls ||
	    !ws->poll_index)
		return -ENOMEM;
	ws->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (ws->done_fd < 0)
		return -errno;
	map = mmap(NULL, ws->map_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED)
		return -errno;
	_Static_assert(sizeof(struct ktstr_control) <= sizeof(struct ktstr_worker_slot),
		       "slots follow control");
	ws->control = map;
	ws->slots = (struct ktstr_worker_slot *)map + 1;
	ws->gate = &ws->control->gate;
	return ktstr_samples__init(&ws->store, max);
}

struct ktstr_workers *ktstr_workers__new(uint32_t max)
{
	struct ktstr_workers *ws = calloc(1, sizeof(*ws));
	int ret;

	if (!ws)
		return NULL;
	ws->done_fd = -1;
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
	return __atomic_load_n(&ws->slots[i].report.tid, __ATOMIC_RELAXED);
}

enum ktstr_worker_status ktstr_workers__status(const struct ktstr_workers *ws, uint32_t i)
{
	return ws->workers[i].status;
}

const struct ktstr_worker_report *ktstr_workers__reports(const struct ktstr_workers *ws)
{
	return ws->reports;
}

const struct ktstr_worker_samples *ktstr_workers__samples(const struct ktstr_workers *ws)
{
	return ws->samples;
}

const struct ktstr_migrations *ktstr_workers__migrations(const struct ktstr_workers *ws)
{
	return ws->migrations;
}

const struct ktstr_worker_metric *ktstr_workers__metrics(const struct ktstr_workers *ws,
							 uint32_t i, uint32_t *nr)
{
	uint32_t n = ws->slots[i].nr_metrics;

	*nr = n < KTSTR_WORKER_METRICS ? n : KTSTR_WORKER_METRICS;
	return ws->slots[i].metrics;
}

/* A slot is not trusted. */
enum ktstr_severity ktstr_workers__said(const struct ktstr_workers *ws, uint32_t i,
					char text[KTSTR_SAID_LEN])
{
	uint32_t said = __atomic_load_n(&ws->slots[i].said, __ATOMIC_ACQUIRE);

	if (said <= KTSTR_NOTE || said > KTSTR_FAILS)
		return KTSTR_NOTE;
	memcpy(text, ws->slots[i].said_text, KTSTR_SAID_LEN);
	text[KTSTR_SAID_LEN - 1] = '\0';
	ktstr_tame(text, ' ');
	return said;
}

const char *ktstr_workers__failed_at(const struct ktstr_workers *ws)
{
	return ws->failed_at;
}

uint64_t ktstr_workers__checkpoint(const struct ktstr_workers *ws, uint32_t i)
{
	return __atomic_load_n(&ws->slots[i].last_ns, __ATOMIC_RELAXED);
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

bool ktstr_numa_balancing(void)
{
	char mode[16];

	return guest_file__text("/proc/sys/kernel/numa_balancing", mode, sizeof(mode)) > 0 &&
	       strtoul(mode, NULL, 10);
}

/* Absent without CONFIG_NUMA. */
bool ktstr_read_pages_migrated(uint64_t *pages)
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

static int fork_member(struct ktstr_workers *ws, uint32_t number, struct ktstr_work_group *g,
		       uint32_t index, const struct ktstr_placement *placement)
{
	struct ktstr_worker_slot *slot = &ws->slots[ws->nr];
	struct ktstr_worker_args args = {
		.control = ws->control, .slot = slot, .samples = &ws->store, .group = g,
		.placement = *placement, .done_fd = ws->done_fd, .gate = ws->gate,
		.gate_closed = __atomic_load_n(ws->gate, __ATOMIC_RELAXED),
		.parent = getpid(), .seed = ws->seed, .number = ws->nr, .index = index,
		.member = index % g->size,
	};
	struct ktstr_process *p;
	int ret;

	memset(slot, 0, sizeof(*slot));	/* of one that could not be placed */
	slot->report.group = number;
	slot->report.max_gap_cpu = -1;
	p = placement->leader ? ktstr_leader__process(placement->leader) : ktstr_process__new();
	if (!p)
		return -ENOMEM;
	ret = placement->leader ? ktstr_leader__add(placement->leader, &args) :
				  ktstr_process__fork(p, &args);
	if (ret) {
		ktstr_process__put(p);
		return ret;
	}
	ws->workers[ws->nr++] = (struct ktstr_worker){ .process = p };
	if (p->pid)
		__atomic_store_n(&slot->report.tid, p->pid, __ATOMIC_RELAXED);
	return 0;
}

/* A region of its own for each group, at the distance of cache lines or of pages. */
static int make_batch(struct ktstr_workers *ws, const struct ktstr_work *work, uint32_t nr,
		      struct ktstr_batch **out, size_t *stride)
{
	struct ktstr_batch *b = calloc(1, sizeof(*b));
	const struct ktstr_work_row *row;
	size_t page = sysconf(_SC_PAGESIZE), align;
	void *map;

	if (!b)
		return -ENOMEM;
	b->work = *work;
	ktstr_work__fill(&b->work);
	b->groups = calloc(nr, sizeof(*b->groups));
	if (!b->groups) {
		free(b);
		return -ENOMEM;
	}
	row = ktstr_work__row(work->type);
	*stride = row->shared_size ? row->shared_size(&b->work) : 0;
	align = *stride < page ? 128 : page;
	*stride = (*stride + align - 1) & ~(align - 1);
	b->map_size = *stride * (nr / ktstr_work__group_size(&b->work));
	if (b->map_size) {
		map = mmap(NULL, b->map_size, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		if (map == MAP_FAILED) {
			free(b->groups);
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

/* Group @k of the batch: what its members share, then the members. */
static int fork_group(struct ktstr_workers *ws, uint32_t number, struct ktstr_batch *b, uint32_t k,
		      size_t stride, const struct ktstr_placement *placement)
{
	const struct ktstr_work_row *row = ktstr_work__row(b->work.type);
	struct ktstr_work_group *g = &b->groups[k];
	uint32_t i;
	int ret = 0;

	*g = (struct ktstr_work_group){
		.work = &b->work, .size = ktstr_work__group_size(&b->work),
		.shared = b->map ? (char *)b->map + stride * k : NULL,
		.cgroup_dir = placement->cgroup_dir, .workload_root = placement->workload_root,
	};
	for (i = 0; i < KTSTR_WORK_MAX_FDS; i++)
		g->fds[i] = -1;
	b->nr++;
	if (row->setup_group)
		ret = row->setup_group(g);
	if (ret)
		snprintf(ws->failed_at, sizeof(ws->failed_at), "set up group %u of %s", k,
			 row->name);
	for (i = 0; i < g->size && !ret; i++) {
		ret = fork_member(ws, number, g, k * g->size + i, placement);
		if (ret)
			snprintf(ws->failed_at, sizeof(ws->failed_at), "fork worker %u of %s",
				 k * g->size + i, row->name);
	}
	if (!placement->leader)
		ktstr_work_group__close(g);
	return ret;
}

int ktstr_workers__fork(struct ktstr_workers *ws, uint32_t group, const struct ktstr_work *work,
			uint32_t nr, const struct ktstr_placement *placement)
{
	struct ktstr_batch *b = NULL;
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

void ktstr_workers__complete(struct ktstr_workers *ws)
{
	struct ktstr_batch *b;

	madvise(ws->control, ws->map_size, MADV_DONTFORK);
	madvise(ws->store.map, ws->store.size, MADV_DONTFORK);
	for (b = ws->batches; b; b = b->next)
		if (b->map)
			madvise(b->map, b->map_size, MADV_DONTFORK);
}

uint32_t ktstr_workers__ready(struct ktstr_workers *ws, uint64_t ready_ns)
{
	uint64_t now, deadline = ktstr_now_ns() + ready_ns;
	struct ktstr_control *c = ws->control;
	struct timespec left;
	uint32_t parked;

	while ((parked = __atomic_load_n(&c->parked, __ATOMIC_ACQUIRE)) < ws->nr) {
		now = ktstr_now_ns();
		if (now >= deadline)
			break;
		left = ktstr_ns_timespec(deadline - now);
		ktstr_futex(&c->parked, FUTEX_WAIT, parked, &left);
	}
	return ws->nr - parked;
}

void ktstr_workers__use_gate(struct ktstr_workers *ws, uint32_t *gate)
{
	ws->gate = gate;
}

void ktstr_workers__arm(struct ktstr_workers *ws)
{
	ws->migrated_known = ktstr_read_pages_migrated(&ws->migrated);
}

void ktstr_gate__open(uint32_t *gate, struct ktstr_workers * const *all, uint32_t nr)
{
	uint64_t now = ktstr_now_ns();
	uint32_t i;

	for (i = 0; i < nr; i++)
		all[i]->control->start_ns = now;
	__atomic_add_fetch(gate, 1, __ATOMIC_RELEASE);
	ktstr_futex(gate, FUTEX_WAKE, INT32_MAX, NULL);
}

uint32_t ktstr_workers__start(struct ktstr_workers *ws, uint64_t ready_ns)
{
	uint32_t late = ktstr_workers__ready(ws, ready_ns);

	ktstr_workers__arm(ws);
	ktstr_gate__open(ws->gate, &ws, 1);
	return late;
}

void ktstr_workers__new_epoch(struct ktstr_workers *ws)
{
	__atomic_add_fetch(&ws->control->epoch, 1, __ATOMIC_RELEASE);
}

bool ktstr_workers__recent_cpus(const struct ktstr_workers *ws, uint32_t i,
				struct ktstr_cpumask *cpus)
{
	const struct ktstr_worker_slot *s = &ws->slots[i];

	*cpus = s->recent_cpus;
	return __atomic_load_n(&s->epoch, __ATOMIC_ACQUIRE) == ws->control->epoch;
}
