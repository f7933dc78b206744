// SPDX-License-Identifier: GPL-2.0
/*
 * See part.h. What acts depends on the machine:
 *
 *	kvm			everything
 *	emulated, threads	reservation, huge pages, memory of the right nodes; the emulator as a whole
 *				stays on the reserved CPUs
 *	emulated, deterministic	time in the guest does not depend on this host, so that there is nothing to
 *				make quiet: the run shares CPUs as any other
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "harness/plan/plan.h"
#include "harness/reserve/lockfile.h"
#include "harness/reserve/reserve.h"
#include "lib/json.h"
#include "lib/paths.h"
#include "lib/file.h"
#include "lib/parse.h"
#include "lib/textbuf.h"
#include "vmm/ram.h"
#include "part.h"

#define NOTE_BYTES	1400
#define LIST_BYTES	256
#define SERVICE_PRIORITY	2	/* of SCHED_FIFO: above the vCPU threads */

struct state {
	struct reservation r;
	bool dedicated;			/* kvm in performance mode */
	uint64_t host_nodes[KTSTR_MAX_NODES];
	/* of this thread before it was moved */
	struct hostcpus before;
	bool moved;
	int policy;
	struct sched_param param;
	bool fifo;
	/* of the reservation, for the report, when it is given back */
	bool told;
	enum reserve_tier tier;
	uint32_t service_cpu;
	char cpus[LIST_BYTES], llcs[LIST_BYTES], vcpus[LIST_BYTES];
	char note[NOTE_BYTES];
};

static void note(struct state *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* One more line for the report. */
static void note(struct state *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	ktstr_text__append(s->note, sizeof(s->note), "\n", fmt, ap);
	va_end(ap);
}

static bool in_performance_mode(const struct ktstr_run *run)
{
	return run->plan->performance_mode && !ktstr_run__deterministic(run);
}

/* Runs that are left out, or declared for something that the user has turned off. */
static int check_modes(const struct ktstr_run *run, struct ktstr_err *err)
{
	const struct ktstr_plan *p = run->plan;

	if (p->performance_mode && run->opts.no_perf_mode)
		return ktstr_err_missing(err, ECANCELED,
					 "performance_mode: KTSTR_NO_PERF_MODE turns it off, and the test is not meant to run without");
	if (run->opts.perf_only && !p->performance_mode)
		return ktstr_err_missing(err, ECANCELED,
					 "KTSTR_PERF_ONLY: the test is not in performance mode");
	return 0;
}

static void fill_want(const struct ktstr_run *run, struct reserve_want *w,
		      const struct vm_topology *guest)
{
	const struct ktstr_plan *p = run->plan;

	w->no_locks = run->opts.bypass_locks;
	w->proc = "/proc";
	w->busy = ktstr_run__deterministic(run) ? 1 : p->nr_cpus;
	w->guest = guest;
	w->tier = RESERVE_SHARED;
	if (in_performance_mode(run)) {
		w->tier = RESERVE_PERFORMANCE;
	} else if (p->no_perf_mode || run->opts.no_perf_mode || run->opts.cpu_cap) {
		w->tier = RESERVE_BUDGET;
		w->budget = run->opts.cpu_cap ?: p->cpu_budget;
	}
}

/* A run that only shares CPUs can be done without their locks, too. */
static int without(struct state *s, const struct reserve_want *w, int ret, struct ktstr_err *err)
{
	if (w->tier != RESERVE_SHARED || err->missing)
		return ret;
	note(s, "no CPUs are reserved: %.300s", err->msg);
	memset(err, 0, sizeof(*err));
	return 0;
}

/* How many tasks of the host want a CPU, as /proc/loadavg has it: "0.20 0.18 0.12 3/80 11206". */
static uint64_t running_tasks(void)
{
	char text[128];
	const char *p;
	uint64_t n;

	if (guest_file__text("/proc/loadavg", text, sizeof(text)) < 0)
		return 0;
	p = strchr(text, '/');
	while (p && p > text && p[-1] != ' ')
		p--;
	return p && ktstr_take_u64(&p, 10, &n) ? n : 0;
}

static void describe(struct state *s)
{
	const struct reservation *r = &s->r;
	uint32_t nr = r->nr_llcs;
	size_t len = 0;

	s->told = true;
	s->tier = r->tier;
	s->service_cpu = r->place.service_cpu;
	hostcpus__format(&r->cpus, s->cpus, sizeof(s->cpus));
	hostcpus__format(&r->place.vcpus, s->vcpus, sizeof(s->vcpus));
	/* behind those that are the run's own: that of the service CPU, which is shared */
	if (r->tier == RESERVE_PERFORMANCE && nr > r->place.nr_llcs)
		nr = r->place.nr_llcs;
	for (uint32_t i = 0; i < nr && len < sizeof(s->llcs); i++)
		len += (size_t)snprintf(s->llcs + len, sizeof(s->llcs) - len, "%s%u", i ? "," : "",
					r->llc[i]);
}

/* What is worth a line although nothing has failed. */
static void look_around(const struct ktstr_run *run, struct state *s)
{
	const struct reservation *r = &s->r;
	uint64_t tasks = running_tasks();

	if (r->tier == RESERVE_BUDGET && __builtin_popcountll(r->nodes) > 1)
		note(s, "the CPUs are on %d NUMA nodes", __builtin_popcountll(r->nodes));
	if (r->tier != RESERVE_PERFORMANCE)
		return;
	if (run->opts.cpu_cap)
		note(s, KTSTR_ENV_CPU_CAP ": without effect in performance mode");
	if (run->opts.bypass_locks)
		note(s, KTSTR_ENV_BYPASS_LOCKS ": others may use these CPUs");
	if (!r->place.siblings)
		note(s, "threads of a core of the guest are not threads of a core here");
	if (run->plan->topo.numa_nodes > 1 && !r->place.nodes)
		note(s, "this host has not a node for each of the guest's");
	if (tasks > 1 && tasks - 1 > run->plan->nr_cpus / 2)
		note(s, "this host is busy: %" PRIu64 " other tasks run", tasks - 1);
	if (run->accel != VM_ACCEL_KVM)
		note(s, "emulated: the emulator as a whole stays on these CPUs; its vCPUs are not pinned and not SCHED_FIFO");
	fprintf(stderr, "ktstr: %s: performance mode: LLC %s, vCPUs on CPUs %s, the rest on CPU %u\n",
		run->plan->test->name, s->llcs[0] ? s->llcs : "not reserved", s->vcpus, s->service_cpu);
}

static int prepare(struct ktstr_run *run, void *state, struct ktstr_err *err)
{
	const struct vm_topology guest = ktstr_plan__machine(run->plan);
	struct reserve_want want = { 0 };
	struct host_topology host;
	struct state *s = state;
	char dir[PATH_MAX];
	int ret = check_modes(run, err);

	if (ret)
		return ret;
	if (run->plan->performance_mode && ktstr_run__deterministic(run))
		note(s, "performance_mode: without effect on a deterministic guest, whose time does not depend on this host");
	fill_want(run, &want, &guest);
	ret = lockfile__dir(dir, sizeof(dir), err);
	if (ret)
		return ret;
	want.dir = dir;
	ret = host_topology__here(&host, err);
	if (ret)
		return without(s, &want, ret, err);
	if (host.trouble[0] && want.tier == RESERVE_PERFORMANCE)
		note(s, "%s", host.trouble);
	ret = reservation__make(&s->r, &want, &host, err);
	host_topology__free(&host);
	if (ret == -EINVAL && run->opts.cpu_cap)
		return ktstr_err(err, EINVAL, KTSTR_ENV_CPU_CAP "=%u: this process may use fewer CPUs",
				 run->opts.cpu_cap);
	if (ret == -EINVAL && run->plan->cpu_budget)
		return ktstr_err(err, EINVAL, "cpu_budget = %u: this process may use fewer CPUs",
				 run->plan->cpu_budget);
	if (ret)
		return without(s, &want, ret, err);
	if (s->r.tier != RESERVE_NONE) {
		describe(s);
		look_around(run, s);
	}
	s->dedicated = s->r.tier == RESERVE_PERFORMANCE && run->accel == VM_ACCEL_KVM;
	return 0;
}

/* This thread, the threads that it makes and the emulator. */
static void move(struct state *s)
{
	struct hostcpus to = s->r.cpus;
	int ret;

	if (s->moved || s->r.tier == RESERVE_NONE || (!s->r.narrow && !s->dedicated))
		return;
	if (s->dedicated) {
		memset(&to, 0, sizeof(to));
		hostcpus__set(&to, s->r.place.service_cpu);
	}
	ret = hostcpus__get_affinity(&s->before);
	if (!ret)
		ret = hostcpus__set_affinity(&to);
	s->moved = !ret;
	if (ret)
		note(s, "the run is not kept on its CPUs: %s", strerror(-ret));
}

static void fill_spec(const struct ktstr_run *run, void *state, struct vm_spec *spec)
{
	struct state *s = state;
	uint64_t have;

	(void)run;
	move(s);
	if (s->r.tier != RESERVE_PERFORMANCE)
		return;
	spec->huge_pages = true;
	if (s->dedicated)
		spec->vcpu_cpus = s->r.place.cpu;
	/* nodes may have CPUs and no memory */
	if (vm_ram_host_nodes(VM_HOST_NODES, &have))
		return;
	for (uint32_t i = 0; i < KTSTR_MAX_NODES; i++)
		s->host_nodes[i] = s->r.place.host_nodes[i] & have;
	spec->host_nodes = s->host_nodes;
}

/* The event loop, the monitor and the devices are not to wait behind what else runs on their CPU. */
static void raise_priority(struct state *s)
{
	const struct sched_param param = { .sched_priority = SERVICE_PRIORITY };

	s->policy = sched_getscheduler(0);
	if (s->policy < 0 || sched_getparam(0, &s->param))
		return;
	/* children are no part of it */
	s->fifo = !sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &param);
	if (!s->fifo)
		note(s, "the threads beside the vCPUs are not SCHED_FIFO: %s", strerror(errno));
}

static void put_notes(const struct state *s, const char *before, FILE *f)
{
	const char *pos = s->note, *line;
	size_t len;

	while ((line = ktstr_text__line(&pos, &len)))
		if (len)
			fprintf(f, "%s%.*s\n", before, (int)len, line);
}

static int attach(struct ktstr_run *run, void *state, struct vm *vm, struct ktstr_err *err)
{
	const char *refused = vm_notice(vm);
	struct state *s = state;

	(void)run;
	(void)err;
	if (*refused)
		note(s, "%s", refused);
	if (s->dedicated)
		raise_priority(s);
	if (s->tier == RESERVE_PERFORMANCE)
		put_notes(s, "ktstr: performance mode: ", stderr);
	return 0;
}

static void give_back(struct state *s)
{
	if (s->fifo)
		sched_setscheduler(0, s->policy, &s->param);
	if (s->moved)
		hostcpus__set_affinity(&s->before);
	s->fifo = s->moved = false;
	reservation__free(&s->r);
}

static void gone(struct ktstr_run *run, void *state)
{
	(void)run;
	give_back(state);
}

static void release(void *state)
{
	give_back(state);
}

static void put_json(const struct ktstr_run *run, const void *state, const char *key,
		     struct ktstr_json *j)
{
	const struct state *s = state;

	(void)run;
	if (!s->told && !s->note[0]) {
		ktstr_json__null(j, key);
		return;
	}
	ktstr_json__object(j, key);
	ktstr_json__str(j, "tier", reserve_tier__name(s->tier));
	ktstr_json__str(j, "llcs", s->llcs[0] ? s->llcs : NULL);
	ktstr_json__str(j, "cpus", s->cpus[0] ? s->cpus : NULL);
	ktstr_json__str(j, "vcpu_cpus", s->vcpus[0] ? s->vcpus : NULL);
	if (s->tier == RESERVE_PERFORMANCE)
		ktstr_json__u64(j, "service_cpu", s->service_cpu);
	else
		ktstr_json__null(j, "service_cpu");
	ktstr_json__str(j, "note", s->note[0] ? s->note : NULL);
	ktstr_json__end(j);
}

static void report(const struct ktstr_run *run, const void *state, bool brief, FILE *f)
{
	const struct state *s = state;

	if (s->tier == RESERVE_PERFORMANCE)
		fprintf(f, "host: LLC %s alone, vCPUs on CPUs %s, the rest on CPU %u\n",
			s->llcs[0] ? s->llcs : "(none reserved)", s->vcpus, s->service_cpu);
	else if (s->tier == RESERVE_BUDGET && !brief)
		fprintf(f, "host: a budget of CPUs %s in LLC %s\n", s->cpus, s->llcs);
	if (!brief || run->plan->performance_mode)
		put_notes(s, "host: ", f);
}

const struct ktstr_run_part ktstr_perf_part = {
	.name = "reservation",
	.state_size = sizeof(struct state),
	.prepare = prepare,
	.spec = fill_spec,
	.attach = attach,
	.gone = gone,
	.json = put_json,
	.report = report,
	.release = release,
};
