// SPDX-License-Identifier: GPL-2.0
/* Promises of the ops of CPU hotplug, and of isolation while CPUs come and go. */
#include "ops_fixture.h"

#define REFUSED(_text, ...) do {						\
	self->ctx.result->nr_details = 0;					\
	EXPECT_EQ(-EINVAL, RUN(__VA_ARGS__));					\
	EXPECT_DETAIL(KTSTR_FAILS, _text);					\
} while (0)

/* cpuN/online of the machine of the test. */
static const char *sysfs;

static void put_online(unsigned int cpu, const char *text)
{
	char dir[64];

	snprintf(dir, sizeof(dir), "devices/system/cpu/cpu%u", cpu);
	fake_tree_put(sysfs, dir, "online", text);
}

static char get_online(unsigned int cpu)
{
	char path[128], c = '?';
	FILE *f;

	snprintf(path, sizeof(path), "%s/devices/system/cpu/cpu%u/online", sysfs, cpu);
	f = fopen(path, "re");
	if (f) {
		c = (char)fgetc(f);
		fclose(f);
	}
	return c;
}

TEST_F(ops, cpus_that_cannot_go_are_refused)
{
	REFUSED("CPU_OFFLINE: CPU 0 cannot go offline", STEP(OPS(CPU_OFFLINE(0)), HOLD_NONE));
	REFUSED("CPU_OFFLINE: CPU 7 is the runner's, as the last one of the machine",
		STEP(OPS(CPU_OFFLINE(7)), HOLD_NONE));
	REFUSED("CPU_OFFLINE: CPU 8 is not there", STEP(OPS(CPU_OFFLINE(8)), HOLD_NONE));
	REFUSED("CPU_OFFLINE: CPU 4294967295 is not there", STEP(OPS(CPU_OFFLINE(-1)), HOLD_NONE));
	REFUSED("HOTPLUG_CHURN: CPU 0 cannot go offline", STEP(OPS(HOTPLUG_CHURN(0)), HOLD_NONE));
	REFUSED("CPU_OFFLINE: CPU 2 is offline at this point",
		STEP(OPS(CPU_OFFLINE(2), CPU_OFFLINE(2)), HOLD_NONE));
	REFUSED("CPU_OFFLINE: CPU 2 is offline at this point",
		STEP(CGROUPS(CGROUP("a")), OPS(CPU_OFFLINE(2)), HOLD_LOOP_MS(5)));
	/* it comes back at the end of a step */
	REFUSED("CPU_ONLINE: CPU 2 is online at this point",
		STEP(OPS(CPU_OFFLINE(2)), HOLD_NONE), STEP(OPS(CPU_ONLINE(2)), HOLD_NONE));
}

static char seen[8];

static void look(unsigned int step)
{
	seen[step] = get_online(2);
}

TEST_F(ops, a_cpu_is_back_at_the_end_of_the_step_that_took_it)
{
	sysfs = self->sysfs;
	put_online(2, "1");
	when_told = look;
	EXPECT_EQ(0, RUN(STEP(OPS(CPU_OFFLINE(2)), CGROUPS(CGROUP("a")), HOLD_MS(1)),
			 STEP(CGROUPS(CGROUP("a")), HOLD_MS(1)),
			 STEP(OPS(HOTPLUG_CHURN(2)), CGROUPS(CGROUP("a")), HOLD_MS(1)),
			 STEP(OPS(CPU_OFFLINE(2), CPU_ONLINE(2)), CGROUPS(CGROUP("a")), HOLD_MS(1))));
	EXPECT_EQ('0', seen[1]);
	EXPECT_EQ('1', seen[2]);
	EXPECT_EQ('0', seen[3]);
	EXPECT_EQ('1', seen[4]);
	EXPECT_EQ('1', get_online(2));
	EXPECT_EQ(1ULL << KTSTR_OP_HOTPLUG_CHURN, told[2].op_kinds);
}

TEST_F(ops, what_the_backdrop_takes_stays_away)
{
	sysfs = self->sysfs;
	put_online(2, "1");
	when_told = look;
	EXPECT_EQ(0, RUN_WITH(BACKDROP(OPS(CPU_OFFLINE(2))),
			      STEP(CGROUPS(CGROUP("a")), HOLD_MS(1)),
			      STEP(CGROUPS(CGROUP("a")), HOLD_MS(1))));
	EXPECT_EQ('0', seen[1]);
	EXPECT_EQ('0', seen[2]);
	EXPECT_EQ('1', get_online(2));
}

TEST_F(ops, a_kernel_without_hotplug_is_named)
{
	EXPECT_EQ(-ENOENT, RUN(STEP(OPS(CPU_OFFLINE(2)), HOLD_NONE)));
	EXPECT_DETAIL(KTSTR_FAILS, "this kernel has no CPU hotplug (CONFIG_HOTPLUG_CPU)");
}

/* Of a cgroup whose only CPU is offline; on this host its worker runs where it likes. */
static void grant_all(unsigned int step)
{
	char dir[128];

	snprintf(dir, sizeof(dir), "%s/t/a", fake.fs);
	if (step == 1)
		put_file(dir, "cpuset.cpus.effective", "0-511\n");
}

TEST_F(ops, isolation_is_judged_by_what_the_kernel_grants)
{
	self->ctx.checks.isolation = KTSTR_ON;
	when_told = grant_all;
	EXPECT_EQ(0, RUN(STEP(CGROUPS(CGROUP("a", .cpuset = CPUS("6"))), HOLD_MS(20))));
	EXPECT_EQ(NULL, detail(self->ctx.result, "(isolation)"));
}

TEST_F(ops, a_list_that_is_none_grants_nothing)
{
	self->ctx.checks.isolation = KTSTR_ON;
	when_told = NULL;
	EXPECT_EQ(0, RUN(STEP(CGROUPS(CGROUP("a", .cpuset = CPUS("6"))), HOLD_MS(20))));
	EXPECT_DETAIL(KTSTR_FAILS, "(isolation)");
}

TEST_HARNESS_MAIN
