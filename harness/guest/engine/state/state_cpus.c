// SPDX-License-Identifier: GPL-2.0
/*
 * CPUs that go offline and come back while a scenario runs, by its ops or by anybody.
 *
 * When the last online CPU of a cpuset goes, the kernel lets its tasks use the CPUs of the parent:
 * cpuset.cpus.effective has what really applies, and isolation is judged by that.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "lib/file.h"
#include "state.h"
#include "worker_group.h"

/* The CPUs beyond its cpuset that cgroup @p has at this moment. Unknown: none. */
static void beyond_cpuset(struct ktstr_scenario_state *st, const struct ktstr_cgroup_state *p,
			  struct ktstr_cpumask *more)
{
	struct ktstr_err unused;
	char list[2048];
	size_t k;

	memset(more, 0, sizeof(*more));
	if (ktstr_cgroups__read(&st->tree, p->name, "cpuset.cpus.effective", list, sizeof(list),
				&unused) < 0)
		return;
	list[strcspn(list, "\n")] = '\0';
	if (!*list || ktstr_cpumask__parse(list, more)) {
		memset(more, 0, sizeof(*more));
		return;
	}
	for (k = 0; k < KTSTR_MAX_CPUS / 64; k++)
		more->bits[k] &= ~p->cpuset.bits[k];
}

void ktstr_state__look_at_cpuset(struct ktstr_scenario_state *st, struct ktstr_cgroup_state *p)
{
	struct ktstr_cpumask more;

	beyond_cpuset(st, p, &more);
	ktstr_cpumask__or(&p->more, &more);
}

void ktstr_state__cpus_changed(struct ktstr_scenario_state *st)
{
	struct ktstr_cgroup_state *p;
	struct ktstr_cpumask more;
	uint32_t i;

	for (p = st->cgroups; p < st->cgroups + st->nr_cgroups; p++) {
		if (!p->has_cpuset)
			continue;
		beyond_cpuset(st, p, &more);
		/* tasks may have moved before we heard of it */
		ktstr_cpumask__or(&p->more, &more);
		for (i = 0; i < st->nr_groups; i++)
			if (!strcmp(st->groups[i]->cgroup, p->name))
				ktstr_group__epoch_ends(st->groups[i]);
		p->more = more;
		for (i = 0; i < st->nr_groups; i++)
			if (!strcmp(st->groups[i]->cgroup, p->name))
				ktstr_group__epoch_begins(st->groups[i]);
	}
}

int ktstr_state__set_online(struct ktstr_scenario_state *st, uint32_t cpu, bool online,
			    struct ktstr_err *err)
{
	char path[PATH_MAX];
	int ret;

	snprintf(path, sizeof(path), "%s/devices/system/cpu/cpu%u/online", st->env->sysfs, cpu);
	ret = guest_file__write(path, online ? "1" : "0");
	if (ret)
		return ktstr_err(err, -ret, "CPU %u cannot %s: %s: %s", cpu,
				 online ? "come online" : "go offline", path,
				 ret == -ENOENT ? "this kernel has no CPU hotplug (CONFIG_HOTPLUG_CPU)" :
				 strerror(-ret));
	if (online) {
		ktstr_cpumask__clear(&st->offline[0], cpu);
		ktstr_cpumask__clear(&st->offline[1], cpu);
	} else {
		ktstr_cpumask__set(&st->offline[st->in_backdrop], cpu);
	}
	ktstr_state__cpus_changed(st);
	return 0;
}

int ktstr_state__restore_cpus(struct ktstr_scenario_state *st, bool backdrop,
			      struct ktstr_err *err)
{
	struct ktstr_err *e = err, unused;
	int ret = 0, one;
	uint32_t cpu;

	for (cpu = 0; cpu < KTSTR_MAX_CPUS; cpu++) {
		if (!ktstr_cpumask__test(&st->offline[backdrop], cpu))
			continue;
		one = ktstr_state__set_online(st, cpu, true, e);
		ktstr_cpumask__clear(&st->offline[backdrop], cpu);
		if (one && !ret) {
			ret = one;
			e = &unused;
		}
	}
	return ret;
}
