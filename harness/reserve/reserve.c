// SPDX-License-Identifier: GPL-2.0
/* See reserve.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "flocks.h"
#include "lockfile.h"
#include "reserve.h"
#include "walk.h"

/* Locks of single CPUs cost a descriptor each; a run that is busy on more shares them. */
#define MAX_CPU_LOCKS	128
#define WHO_BYTES	300

struct maker {
	struct reservation *r;
	const struct reserve_want *w;
	const struct host_topology *h;
	struct ktstr_err *err;
};

static const char * const tier_names[] = {
	[RESERVE_NONE] = "none", [RESERVE_SHARED] = "shared", [RESERVE_BUDGET] = "budget",
	[RESERVE_PERFORMANCE] = "performance",
};

const char *reserve_tier__name(enum reserve_tier tier)
{
	return tier_names[tier];
}

static void drop_locks(struct reservation *r, uint32_t keep)
{
	while (r->nr_fds > keep)
		close(r->fd[--r->nr_fds]);
}

static void forget(struct reservation *r)
{
	drop_locks(r, 0);
	r->nr_llcs = 0;
	memset(&r->own_cpus, 0, sizeof(r->own_cpus));
}

/* 0, -EWOULDBLOCK, or -errno with the error. */
static int lock(struct maker *m, enum lockfile_kind kind, uint32_t number, bool exclusive)
{
	int fd = lockfile__take(m->w->dir, kind, number, exclusive, m->err);

	if (fd < 0)
		return fd;
	m->r->fd[m->r->nr_fds++] = fd;
	return 0;
}

static int lock_llc(struct maker *m, uint32_t index, bool exclusive)
{
	int ret = lock(m, LOCKFILE_LLC, m->h->llc[index].id, exclusive);

	if (!ret)
		m->r->llc[m->r->nr_llcs++] = m->h->llc[index].id;
	return ret;
}

static int lock_cpu(struct maker *m, uint32_t index, bool exclusive)
{
	int ret = lock(m, LOCKFILE_CPU, m->h->cpu[index].id, exclusive);

	if (!ret)
		hostcpus__set(&m->r->own_cpus, m->h->cpu[index].id);
	return ret;
}

/* "LLC 0: pid 12 (ktstr run), LLC 1: ..." of the LLCs that somebody has. */
static void who(const struct maker *m, char *buf, size_t size)
{
	char path[PATH_MAX], holders[WHO_BYTES];
	struct flock_id id;
	struct flocks f;
	size_t len = 0;

	snprintf(buf, size, "who has them is not visible here");
	if (flocks__read(&f, m->w->proc, NULL))
		return;
	for (uint32_t i = 0; i < m->h->nr_llcs && len < size; i++) {
		if (lockfile__path(path, sizeof(path), m->w->dir, LOCKFILE_LLC, m->h->llc[i].id) ||
		    flocks__identify(path, &id) || !flocks__count(&f, &id))
			continue;
		flocks__format(&f, &id, m->w->proc, holders, sizeof(holders));
		len += (size_t)snprintf(buf + len, size - len, "%sLLC %u: %s", len ? ", " : "",
					m->h->llc[i].id, holders);
	}
	flocks__free(&f);
}

static int contention(const struct maker *m, const char *what)
{
	char holders[WHO_BYTES];

	who(m, holders, sizeof(holders));
	ktstr_err_missing(m->err, EBUSY, "resource contention: %s (%s); see ktstr locks", what, holders);
	return -EBUSY;
}

static int by_number(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/*
 * The service CPU is outside the LLCs that are ours alone: any CPU that nobody has, in an LLC that may be
 * shared, on the node of the first vCPU if possible. 0, -EWOULDBLOCK or -errno with the error.
 */
static int lock_service(struct maker *m, struct placement *p)
{
	uint32_t home = m->h->llc[p->llc[0]].node, fds = m->r->nr_fds, llcs = m->r->nr_llcs;
	int ret = -EWOULDBLOCK;

	for (uint32_t i = 0; i < 2 * m->h->nr_cpus && ret == -EWOULDBLOCK; i++) {
		const struct host_cpu *c = &m->h->cpu[i % m->h->nr_cpus];

		if (!c->allowed || (i < m->h->nr_cpus) != (c->node == home) ||
		    hostcpus__test(&p->vcpus, c->id))
			continue;
		ret = lock_llc(m, c->llc, false);
		if (!ret)
			ret = lock_cpu(m, i % m->h->nr_cpus, true);
		if (ret) {
			drop_locks(m->r, fds);
			m->r->nr_llcs = llcs;
			continue;
		}
		p->service_cpu = c->id;
		p->service_llc = c->llc;
	}
	return ret;
}

/* 0, -EWOULDBLOCK or -errno with the error. */
static int lock_placement(struct maker *m, struct placement *p)
{
	uint32_t index[KTSTR_MAX_CPUS];
	int ret = 0;

	if (m->w->no_locks)
		return 0;
	memcpy(index, p->llc, p->nr_llcs * sizeof(*index));
	qsort(index, p->nr_llcs, sizeof(*index), by_number);
	for (uint32_t i = 0; !ret && i < p->nr_llcs; i++)
		ret = lock_llc(m, index[i], true);
	return !ret && p->service_apart ? lock_service(m, p) : ret;
}

static int make_performance(struct maker *m)
{
	uint32_t nr = placement__choices(m->h, m->w->guest);
	struct reservation *r = m->r;
	char what[96];
	int ret;

	if (!nr) {
		struct ktstr_err why;

		ret = placement__fits(m->h, m->w->guest, &why);
		ktstr_err_missing(m->err, ERANGE, "resource contention: %s; no_perf_mode or --no-perf-mode runs without",
				  ret ? why.msg : "no placement");
		return -ERANGE;
	}
	for (uint32_t i = 0; i < nr; i++) {
		ret = placement__make(&r->place, m->h, m->w->guest, i, m->err);
		if (ret)
			return ret;
		ret = lock_placement(m, &r->place);
		if (!ret) {
			r->cpus = r->place.vcpus;
			hostcpus__set(&r->cpus, r->place.service_cpu);
			return 0;
		}
		forget(r);
		placement__free(&r->place);
		if (ret != -EWOULDBLOCK)
			return ret;
	}
	snprintf(what, sizeof(what), "each of the %u ways to have %u of this host's %u LLCs alone is taken",
		 nr, m->w->guest->count.llcs, m->h->nr_llcs);
	return contention(m, what);
}

/* The number of holders of a file, *@exclusive: there is one that shares with nobody. */
static uint32_t holders_of(const struct maker *m, const struct flocks *f, enum lockfile_kind kind,
			   uint32_t number, bool *exclusive)
{
	const struct flock_row *row = NULL;
	char path[PATH_MAX];
	struct flock_id id;
	uint32_t nr = 0;

	*exclusive = false;
	if (lockfile__path(path, sizeof(path), m->w->dir, kind, number) || flocks__identify(path, &id))
		return 0;
	while ((row = flocks__next(f, &id, row))) {
		*exclusive |= row->exclusive;
		nr++;
	}
	return nr;
}

/* Room for what the steps below note of LLCs and CPUs. */
struct notes {
	struct flocks f;
	uint32_t *holders, *llc;	/* [nr_llcs] */
	uint32_t *users, *cpu;		/* [nr_cpus] */
};

static void free_notes(struct notes *n)
{
	flocks__free(&n->f);
	free(n->holders);
	free(n->llc);
	free(n->users);
	free(n->cpu);
}

static int make_notes(struct notes *n, const struct host_topology *h, struct ktstr_err *err)
{
	memset(n, 0, sizeof(*n));
	n->holders = calloc(h->nr_llcs, sizeof(*n->holders));
	n->llc = calloc(h->nr_llcs, sizeof(*n->llc));
	n->users = calloc(h->nr_cpus, sizeof(*n->users));
	n->cpu = calloc(h->nr_cpus, sizeof(*n->cpu));
	if (n->holders && n->llc && n->users && n->cpu)
		return 0;
	free_notes(n);
	return ktstr_err(err, ENOMEM, "no memory for a reservation");
}

/* Look who has what, choose, and lock. 0, -EWOULDBLOCK, or -errno with the error. */
static int try_budget(struct maker *m, struct notes *n, uint32_t target)
{
	uint32_t nr, got = 0;
	bool exclusive;
	int ret;

	flocks__free(&n->f);
	ret = flocks__read(&n->f, m->w->proc, m->err);
	if (ret)
		return ret;
	for (uint32_t i = 0; i < m->h->nr_llcs; i++) {
		n->holders[i] = holders_of(m, &n->f, LOCKFILE_LLC, m->h->llc[i].id, &exclusive);
		if (exclusive)
			n->holders[i] = LLC_WALK_TAKEN;
	}
	nr = llc_walk__choose(m->h, n->holders, target, n->llc);
	for (uint32_t i = 0; i < nr; i++) {
		got += m->h->llc[n->llc[i]].nr_allowed;
		ret = lock_llc(m, n->llc[i], false);
		if (ret)
			return ret;
	}
	return got < target ? -EWOULDBLOCK : 0;
}

/* The CPUs; those that take a lock tell the next one who looks that they are in use. */
static void choose_cpus(struct maker *m, struct notes *n, uint32_t target)
{
	uint32_t nr_llcs = m->r->nr_llcs, nr, i;
	bool exclusive;

	for (i = 0; i < m->h->nr_cpus; i++)
		n->users[i] = holders_of(m, &n->f, LOCKFILE_CPU, m->h->cpu[i].id, &exclusive);
	nr = llc_walk__cpus(m->h, n->llc, nr_llcs, n->users, target, n->cpu);
	for (i = 0; i < nr; i++) {
		hostcpus__set(&m->r->cpus, m->h->cpu[n->cpu[i]].id);
		if (nr <= MAX_CPU_LOCKS)
			lock_cpu(m, n->cpu[i], false);
	}
}

static int make_budget(struct maker *m)
{
	uint32_t target = m->w->budget ?: llc_walk__default(m->h->nr_allowed);
	struct notes n;
	char what[64];
	int ret;

	if (target > m->h->nr_allowed)
		return ktstr_err(m->err, EINVAL, "a budget of %u CPUs, but this process may use %u",
				 target, m->h->nr_allowed);
	ret = make_notes(&n, m->h, m->err);
	if (ret)
		return ret;
	/* somebody may take an LLC after we have looked: look again, once */
	for (int i = 0; i < 2; i++) {
		ret = try_budget(m, &n, target);
		if (ret != -EWOULDBLOCK)
			break;
		forget(m->r);
	}
	if (!ret)
		choose_cpus(m, &n, target);
	free_notes(&n);
	snprintf(what, sizeof(what), "no %u CPUs in LLCs that nobody has alone", target);
	return ret == -EWOULDBLOCK ? contention(m, what) : ret;
}

/* Locks of CPUs in LLC @index until there are @want. 0 or -errno with the error. */
static int own_cpus(struct maker *m, uint32_t index, uint32_t want)
{
	const struct host_llc *l = &m->h->llc[index];
	int ret = 0;

	for (uint32_t i = l->first; i < l->first + l->nr && !ret; i++) {
		if (hostcpus__weight(&m->r->own_cpus) >= want)
			break;
		if (m->h->cpu[i].allowed)
			ret = lock_cpu(m, i, true);
		if (ret == -EWOULDBLOCK)
			ret = 0;
	}
	return ret;
}

static void use_llc(struct maker *m, uint32_t index)
{
	const struct host_llc *l = &m->h->llc[index];

	for (uint32_t i = l->first; i < l->first + l->nr; i++)
		if (m->h->cpu[i].allowed)
			hostcpus__set(&m->r->cpus, m->h->cpu[i].id);
}

/* With @own: LLC by LLC, until enough CPUs are ours. Without: all LLCs that may be shared. */
static int share(struct maker *m, bool own)
{
	uint32_t before, fds, want = m->w->busy;
	int ret = 0;

	for (uint32_t i = 0; i < m->h->nr_llcs && !ret; i++) {
		before = hostcpus__weight(&m->r->own_cpus);
		fds = m->r->nr_fds;
		if (!m->h->llc[i].nr_allowed || (own && before >= want))
			continue;
		ret = lock_llc(m, i, false);
		if (ret == -EWOULDBLOCK) {
			ret = 0;
			continue;
		}
		if (!ret && own)
			ret = own_cpus(m, i, want);
		if (ret)
			break;
		if (own && hostcpus__weight(&m->r->own_cpus) == before) {
			drop_locks(m->r, fds);
			m->r->nr_llcs--;
			continue;
		}
		use_llc(m, i);
	}
	return ret;
}

static int make_shared(struct maker *m)
{
	struct reservation *r = m->r;
	int ret = 0;

	if (m->w->busy <= MAX_CPU_LOCKS)
		ret = share(m, true);
	if (!ret && hostcpus__weight(&r->own_cpus) < m->w->busy) {
		forget(r);
		memset(&r->cpus, 0, sizeof(r->cpus));
		ret = share(m, false);
	}
	if (ret)
		return ret;
	return r->nr_llcs ? 0 : contention(m, "each LLC is reserved by somebody for itself");
}

static void finish(struct maker *m)
{
	for (uint32_t i = 0; i < m->h->nr_cpus; i++) {
		const struct host_cpu *c = &m->h->cpu[i];
		bool mine = hostcpus__test(&m->r->cpus, c->id);

		m->r->narrow |= c->allowed && !mine;
		if (mine)
			m->r->nodes |= UINT64_C(1) << c->node;
	}
}

int reservation__make(struct reservation *r, const struct reserve_want *w,
		      const struct host_topology *h, struct ktstr_err *err)
{
	struct maker m = { r, w, h, err };
	int ret = 0;

	memset(r, 0, sizeof(*r));
	if (w->tier == RESERVE_NONE || (w->no_locks && w->tier != RESERVE_PERFORMANCE))
		return 0;
	r->tier = w->tier;
	/* one more LLC: of a service CPU */
	r->llc = calloc(h->nr_llcs + 1, sizeof(*r->llc));
	r->fd = calloc((size_t)h->nr_llcs + h->nr_cpus + 1, sizeof(*r->fd));
	if (!r->llc || !r->fd)
		ret = ktstr_err(err, ENOMEM, "no memory for a reservation");
	else if (w->tier == RESERVE_PERFORMANCE)
		ret = make_performance(&m);
	else
		ret = w->tier == RESERVE_BUDGET ? make_budget(&m) : make_shared(&m);
	if (ret)
		reservation__free(r);
	else
		finish(&m);
	return ret;
}

void reservation__inherit(const struct reservation *r)
{
	for (uint32_t i = 0; i < r->nr_fds; i++)
		fcntl(r->fd[i], F_SETFD, 0);
}

void reservation__free(struct reservation *r)
{
	drop_locks(r, 0);
	placement__free(&r->place);
	free(r->llc);
	free(r->fd);
	memset(r, 0, sizeof(*r));
}
