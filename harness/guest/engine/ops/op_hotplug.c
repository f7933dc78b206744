// SPDX-License-Identifier: GPL-2.0
/*
 * CPUs that go offline and come back. A step brings back what it took offline, after its workers
 * have ended; so does the backdrop.
 *
 * CPU 0 cannot go offline on x86, and the last CPU of a machine with more than two is the one that
 * no cpuset by fractions contains, so that the runner always has it (ktstr_usable_cpus()).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ops.h"

static uint32_t last_cpu(const struct ktstr_machine *m)
{
	uint32_t cpu, last = 0;

	for (cpu = 0; cpu < KTSTR_MAX_CPUS; cpu++)
		if (ktstr_cpumask__test(&m->online, cpu))
			last = cpu;
	return last;
}

/* May it be taken offline at all? */
static bool check_cpu(struct ktstr_checker *ck, uint32_t cpu)
{
	const struct ktstr_machine *m = ck->machine;

	if (cpu >= KTSTR_MAX_CPUS || !ktstr_cpumask__test(&m->online, cpu))
		ktstr_problem(ck, "CPU %u is not there", cpu);
	else if (!cpu)
		ktstr_problem(ck, "CPU 0 cannot go offline");
	else if (ktstr_cpumask__weight(&m->online) > 2 && cpu == last_cpu(m))
		ktstr_problem(ck, "CPU %u is the runner's, as the last one of the machine", cpu);
	else
		return true;
	return false;
}

static void check_cpu_offline(struct ktstr_checker *ck, const struct ktstr_op *op)
{
	if (!check_cpu(ck, op->cpu))
		return;
	if (ktstr_cpumask__test(&ck->offline, op->cpu))
		ktstr_problem(ck, "CPU %u is offline at this point", op->cpu);
	ktstr_cpumask__set(&ck->offline, op->cpu);
	if (ck->in_backdrop)
		ck->backdrop_offline = ck->offline;
}

static void check_cpu_online(struct ktstr_checker *ck, const struct ktstr_op *op)
{
	if (!check_cpu(ck, op->cpu))
		return;
	if (!ktstr_cpumask__test(&ck->offline, op->cpu))
		ktstr_problem(ck, "CPU %u is online at this point", op->cpu);
	ktstr_cpumask__clear(&ck->offline, op->cpu);
	if (ck->in_backdrop)
		ck->backdrop_offline = ck->offline;
}

/* Online or not, it becomes the other. */
static void check_hotplug_churn(struct ktstr_checker *ck, const struct ktstr_op *op)
{
	check_cpu(ck, op->cpu);
}

static int apply_cpu_offline(struct ktstr_scenario_state *st, const struct ktstr_op *op,
			     struct ktstr_err *err)
{
	return ktstr_state__set_online(st, op->cpu, false, err);
}

static int apply_cpu_online(struct ktstr_scenario_state *st, const struct ktstr_op *op,
			    struct ktstr_err *err)
{
	return ktstr_state__set_online(st, op->cpu, true, err);
}

static int apply_hotplug_churn(struct ktstr_scenario_state *st, const struct ktstr_op *op,
			       struct ktstr_err *err)
{
	bool offline = ktstr_cpumask__test(&st->offline[0], op->cpu) ||
		       ktstr_cpumask__test(&st->offline[1], op->cpu);

	return ktstr_state__set_online(st, op->cpu, offline, err);
}

const struct ktstr_op_row ktstr_hotplug_ops[] = {
	{
		.kind = KTSTR_OP_CPU_OFFLINE,
		.name = "CPU_OFFLINE",
		.words = "CPU {cpu} goes offline",
		.takes = "cpu",
		.does = "takes a CPU offline: any but CPU 0 and, of more than two, the last one, which is the runner's. It comes back at the end of the step at the latest",
		.check = check_cpu_offline,
		.apply = apply_cpu_offline,
	},
	{
		.kind = KTSTR_OP_CPU_ONLINE,
		.name = "CPU_ONLINE",
		.words = "CPU {cpu} comes back online",
		.takes = "cpu",
		.does = "brings back a CPU that CPU_OFFLINE has taken",
		.check = check_cpu_online,
		.apply = apply_cpu_online,
	},
	{
		.kind = KTSTR_OP_HOTPLUG_CHURN,
		.name = "HOTPLUG_CHURN",
		.words = "CPU {cpu} goes offline or comes back",
		.takes = "cpu",
		.does = "takes a CPU offline if it is online, else brings it back: with HOLD_LOOP_MS(n) it comes and goes every n ms",
		.check = check_hotplug_churn,
		.apply = apply_hotplug_churn,
	},
	{ }
};
