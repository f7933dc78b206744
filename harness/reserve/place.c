// SPDX-License-Identifier: GPL-2.0
/* See place.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "place.h"

/* The LLCs that can take one of the guest's, by node and then by number. */
struct wide {
	uint32_t *llc;
	uint32_t nr;
	uint32_t of_node[KTSTR_HOST_MAX_NODES];
};

static uint32_t per_llc(const struct vm_topology *guest)
{
	return guest->count.cores * guest->count.threads;
}

static int find_wide(struct wide *w, const struct host_topology *h, const struct vm_topology *guest)
{
	memset(w, 0, sizeof(*w));
	w->llc = calloc(h->nr_llcs, sizeof(*w->llc));
	if (!w->llc)
		return -ENOMEM;
	for (uint32_t node = 0; node < KTSTR_HOST_MAX_NODES; node++)
		for (uint32_t i = 0; i < h->nr_llcs; i++) {
			if (h->llc[i].node != node || h->llc[i].nr_allowed < per_llc(guest))
				continue;
			w->llc[w->nr++] = i;
			w->of_node[node]++;
		}
	return 0;
}

static int no_room(const struct host_topology *h, const struct vm_topology *guest, uint32_t wide,
		   struct ktstr_err *err)
{
	uint32_t vcpus = ktstr_topology__cpus(&guest->count);

	if (vcpus + 1 > h->nr_allowed)
		return ktstr_err(err, ERANGE,
				 "performance mode needs %u CPUs, %u for vCPUs and one for the host's threads, and this process may use %u",
				 vcpus + 1, vcpus, h->nr_allowed);
	return ktstr_err(err, ERANGE,
			 "performance mode needs %u LLCs with %u usable CPUs each, and this host has %u",
			 guest->count.llcs, per_llc(guest), wide);
}

int placement__fits(const struct host_topology *h, const struct vm_topology *guest,
		    struct ktstr_err *err)
{
	struct wide w;
	int ret = find_wide(&w, h, guest);

	if (ret)
		return ktstr_err(err, -ret, "no memory for a placement");
	if (ktstr_topology__cpus(&guest->count) + 1 > h->nr_allowed || w.nr < guest->count.llcs)
		ret = no_room(h, guest, w.nr, err);
	free(w.llc);
	return ret;
}

uint32_t placement__choices(const struct host_topology *h, const struct vm_topology *guest)
{
	struct wide w;
	uint32_t nr = 0;

	if (find_wide(&w, h, guest))
		return 0;
	if (ktstr_topology__cpus(&guest->count) < h->nr_allowed && w.nr >= guest->count.llcs)
		nr = w.nr;
	free(w.llc);
	return nr;
}

/* The @nr-th LLC of the host's node @node. */
static uint32_t llc_of_node(const struct wide *w, const struct host_topology *h, uint32_t node,
			    uint32_t nr)
{
	for (uint32_t i = 0; i < w->nr; i++)
		if (h->llc[w->llc[i]].node == node && !nr--)
			return w->llc[i];
	return w->llc[0];	/* not reached: the caller has counted */
}

/*
 * A node of the host for each node of the guest that has CPUs, from the node after @choice on. False:
 * the host has not enough such nodes.
 */
static bool match_nodes(const struct wide *w, const struct vm_topology *guest, uint32_t choice,
			uint32_t node_of[KTSTR_MAX_NODES])
{
	bool taken[KTSTR_HOST_MAX_NODES] = { false };
	uint32_t n, i;

	for (n = 0; n < guest->count.numa_nodes; n++) {
		uint32_t llcs = vm_topology_node_llcs(guest, n);

		for (i = 0; llcs && i < KTSTR_HOST_MAX_NODES; i++) {
			uint32_t at = (choice + i) % KTSTR_HOST_MAX_NODES;

			if (taken[at] || w->of_node[at] < llcs)
				continue;
			taken[at] = true;
			node_of[n] = at;
			break;
		}
		if (i == KTSTR_HOST_MAX_NODES)
			return false;
	}
	return true;
}

static void choose_llcs(struct placement *p, const struct wide *w, const struct host_topology *h,
			const struct vm_topology *guest, uint32_t choice)
{
	uint32_t node_of[KTSTR_MAX_NODES] = { 0 }, first, l = 0;

	/* begin with the node of the choice's LLC, and in it with that LLC */
	first = h->llc[w->llc[choice]].node;
	p->nodes = guest->count.numa_nodes > 1 && match_nodes(w, guest, first, node_of);
	if (!p->nodes) {
		for (; l < p->nr_llcs; l++)
			p->llc[l] = w->llc[(choice + l) % w->nr];
		return;
	}
	for (uint32_t n = 0; n < guest->count.numa_nodes; n++)
		for (uint32_t i = 0; i < vm_topology_node_llcs(guest, n); i++)
			p->llc[l++] = llc_of_node(w, h, node_of[n],
						  (choice + i) % w->of_node[node_of[n]]);
}

/* Is CPU @c, an index of the topology, usable and not taken by a vCPU? */
static bool is_free(const struct placement *p, const struct host_topology *h, uint32_t c)
{
	return h->cpu[c].allowed && !hostcpus__test(&p->vcpus, h->cpu[c].id);
}

static void take(struct placement *p, const struct host_topology *h, uint32_t c)
{
	p->cpu[p->nr++] = h->cpu[c].id;
	hostcpus__set(&p->vcpus, h->cpu[c].id);
}

/* The free CPUs of the core with CPU @c, itself first, into @thread; returns their number. */
static uint32_t free_threads(const struct placement *p, const struct host_topology *h,
			     const struct host_llc *l, uint32_t c, uint32_t *thread, uint32_t max)
{
	uint32_t nr = 0;

	for (uint32_t i = c; i < l->first + l->nr && nr < max; i++)
		if (h->cpu[i].core == h->cpu[c].core && is_free(p, h, i))
			thread[nr++] = i;
	return nr;
}

/* Does a vCPU have another thread of the core of CPU @c? */
static bool core_is_used(const struct placement *p, const struct host_topology *h,
			 const struct host_llc *l, uint32_t c)
{
	for (uint32_t i = l->first; i < l->first + l->nr; i++)
		if (i != c && h->cpu[i].core == h->cpu[c].core &&
		    hostcpus__test(&p->vcpus, h->cpu[i].id))
			return true;
	return false;
}

/*
 * CPUs for one core of the guest: a core of which nobody has a thread, with as many threads as are
 * wanted; else whatever is free in the LLC.
 */
static void place_core(struct placement *p, const struct host_topology *h, const struct host_llc *l,
		       uint32_t threads)
{
	uint32_t thread[KTSTR_MAX_CPUS], i;

	for (i = l->first; i < l->first + l->nr; i++) {
		if (!is_free(p, h, i) || core_is_used(p, h, l, i) ||
		    free_threads(p, h, l, i, thread, threads) < threads)
			continue;
		for (uint32_t n = 0; n < threads; n++)
			take(p, h, thread[n]);
		return;
	}
	p->siblings &= threads == 1;
	for (i = l->first; threads && i < l->first + l->nr; i++)
		if (is_free(p, h, i)) {
			take(p, h, i);
			threads--;
		}
}

static void take_service(struct placement *p, const struct host_topology *h, uint32_t c, bool apart)
{
	p->service_cpu = h->cpu[c].id;
	p->service_llc = h->cpu[c].llc;
	p->service_apart = apart;
}

/* A core of its own in an LLC that is ours, else a thread there, else any other CPU. */
static bool choose_service(struct placement *p, const struct host_topology *h)
{
	uint32_t any = h->nr_cpus;

	for (uint32_t n = 0; n < p->nr_llcs; n++) {
		const struct host_llc *l = &h->llc[p->llc[n]];

		for (uint32_t i = l->first; i < l->first + l->nr; i++) {
			if (!is_free(p, h, i))
				continue;
			if (!core_is_used(p, h, l, i)) {
				take_service(p, h, i, false);
				return true;
			}
			any = any == h->nr_cpus ? i : any;
		}
	}
	if (any < h->nr_cpus) {
		take_service(p, h, any, false);
		return true;
	}
	for (uint32_t i = 0; i < h->nr_cpus; i++)
		if (is_free(p, h, i)) {
			take_service(p, h, i, true);
			return true;
		}
	return false;
}

/* The node of host CPU @id. */
static uint32_t node_of(const struct host_topology *h, uint32_t id)
{
	for (uint32_t i = 0; i < h->nr_cpus; i++)
		if (h->cpu[i].id == id)
			return h->cpu[i].node;
	return 0;
}

static void place_all(struct placement *p, const struct host_topology *h,
		      const struct vm_topology *guest)
{
	p->siblings = true;
	for (uint32_t l = 0; l < p->nr_llcs; l++)
		for (uint32_t c = 0; c < guest->count.cores; c++)
			place_core(p, h, &h->llc[p->llc[l]], guest->count.threads);
	for (uint32_t i = 0; i < p->nr; i++)
		p->host_nodes[vm_topology_node_of_cpu(guest, i)] |=
			UINT64_C(1) << node_of(h, p->cpu[i]);
}

int placement__make(struct placement *p, const struct host_topology *h,
		    const struct vm_topology *guest, uint32_t choice, struct ktstr_err *err)
{
	uint32_t vcpus = ktstr_topology__cpus(&guest->count);
	struct wide w;
	int ret = placement__fits(h, guest, err);

	memset(p, 0, sizeof(*p));
	if (ret)
		return ret;
	p->nr_llcs = guest->count.llcs;
	p->cpu = calloc(vcpus, sizeof(*p->cpu));
	p->llc = calloc(p->nr_llcs, sizeof(*p->llc));
	if (!p->cpu || !p->llc || find_wide(&w, h, guest)) {
		placement__free(p);
		return ktstr_err(err, ENOMEM, "no memory for a placement");
	}
	choose_llcs(p, &w, h, guest, choice % w.nr);
	free(w.llc);
	place_all(p, h, guest);
	/* it fits, so a CPU is left */
	if (p->nr == vcpus && choose_service(p, h))
		return 0;
	placement__free(p);
	return ktstr_err(err, ERANGE, "performance mode: no CPU is left for the host's threads");
}

void placement__free(struct placement *p)
{
	free(p->cpu);
	free(p->llc);
	memset(p, 0, sizeof(*p));
}
