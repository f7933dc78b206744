// SPDX-License-Identifier: GPL-2.0
/*
 * Ops that exchange the scheduler: what is refused, what is asked of PID 1 and in which order,
 * and what its answer means for the scenario.
 */
#include <errno.h>

#include "ops_fixture.h"

/* Stands for PID 1: logs the order, answers as it is told to, gives every scheduler a new pid. */
static struct {
	char log[256];
	int answer, pid;
} sched;

static int fake_order(struct ktstr_ctx *ctx, enum ktstr_sched_order order, const char *name,
		      struct ktstr_err *err)
{
	static const char * const verb[] = {
		"attach", "detach", "restart", "replace", "revive",
	};
	size_t len = strlen(sched.log);

	snprintf(sched.log + len, sizeof(sched.log) - len, "%s%s%s%s", len ? ", " : "",
		 verb[order], name ? " " : "", name ?: "");
	if (sched.answer)
		return ktstr_err(err, -sched.answer, "it does not want to");
	ctx->sched_pid = order == KTSTR_SCHED_DETACH ? 0 : ++sched.pid;
	ctx->sched_generation++;
	return 0;
}

static const struct ktstr_scheduler own = { KTSTR_SCHEDULER_UNSET, .name = "own", .binary = "o" };
static const struct ktstr_scheduler other = {
	KTSTR_SCHEDULER_UNSET, .name = "other", .binary = "x",
};
static const struct ktstr_scheduler stranger = {
	KTSTR_SCHEDULER_UNSET, .name = "stranger", .binary = "y",
};
static const struct ktstr_scheduler * const staged[] = { &other, NULL };
static const struct ktstr_test with_staged = {
	KTSTR_TEST_UNSET, .name = "t", .scheduler = &own, .staged_schedulers = staged,
};
KTSTR_DEFAULTS_BEGIN
static const struct ktstr_test surviving = {
	KTSTR_TEST_UNSET, .name = "t", .scheduler = &own, .staged_schedulers = staged,
	.survives_storm = KTSTR_ON,
};
KTSTR_DEFAULTS_END

#define WITH_SCHEDULER(_test) do {						\
	memset(&sched, 0, sizeof(sched));					\
	self->ctx.test = _test;							\
	self->ctx.sched_pid = 1;						\
	self->ctx.sched_order = fake_order;					\
} while (0)

TEST_F(ops, schedulers_are_exchanged_in_the_order_of_the_ops)
{
	WITH_SCHEDULER(&with_staged);
	EXPECT_EQ(0, RUN_WITH(BACKDROP(CGROUPS(CGROUP("a"))),
			      STEP(OPS(DETACH_SCHEDULER), HOLD_MS(10)),
			      STEP(OPS(ATTACH_SCHEDULER(&other)), HOLD_MS(10)),
			      STEP(OPS(REPLACE_SCHEDULER(&other), RESTART_SCHEDULER),
				   HOLD_MS(10)),
			      STEP(OPS(DETACH_SCHEDULER, RESTART_SCHEDULER), HOLD_MS(10))));
	EXPECT_STREQ("detach, attach other, replace other, restart, detach, restart", sched.log);
	EXPECT_EQ(0, self->ctx.result->nr_details) print_details(self->ctx.result);
	EXPECT_EQ(4, nr_told);
	EXPECT_EQ(1u << KTSTR_OP_REPLACE_SCHEDULER | 1u << KTSTR_OP_RESTART_SCHEDULER,
		  told[2].op_kinds);
}

TEST_F(ops, an_exchange_that_cannot_be_meant_is_refused_before_anything_is_made)
{
	WITH_SCHEDULER(&with_staged);
	EXPECT_EQ(-EINVAL, RUN(STEP(OPS(DETACH_SCHEDULER, DETACH_SCHEDULER), HOLD_NONE)));
	EXPECT_DETAIL(KTSTR_FAILS, "DETACH_SCHEDULER: no scheduler is attached at this point");
	EXPECT_EQ(-EINVAL, RUN(STEP(OPS(ATTACH_SCHEDULER(&other)), HOLD_NONE)));
	EXPECT_DETAIL(KTSTR_FAILS, "detach it first, or use REPLACE_SCHEDULER");
	EXPECT_EQ(-EINVAL, RUN(STEP(OPS(REPLACE_SCHEDULER(&stranger)), HOLD_NONE)));
	EXPECT_DETAIL(KTSTR_FAILS, "scheduler stranger is not in the test's staged_schedulers");
	EXPECT_EQ(-EINVAL, RUN(STEP(OPS(REPLACE_SCHEDULER(NULL)), HOLD_NONE)));
	EXPECT_DETAIL(KTSTR_FAILS, "REPLACE_SCHEDULER: names no scheduler");
	/* the second round of a loop finds none to detach */
	EXPECT_EQ(-EINVAL, RUN(STEP(OPS(DETACH_SCHEDULER), HOLD_LOOP_MS(10))));
	EXPECT_DETAIL(KTSTR_FAILS, "(the ops of a loop are repeated)");
	EXPECT_STREQ("", sched.log);
	self->ctx.sched_order = NULL;
	EXPECT_EQ(-EINVAL, RUN(STEP(OPS(RESTART_SCHEDULER), HOLD_NONE)));
	EXPECT_DETAIL(KTSTR_FAILS, "only be exchanged in a guest");
}

TEST_F(ops, no_hold_of_a_test_that_survives_is_without_scheduler)
{
	WITH_SCHEDULER(&surviving);
	EXPECT_EQ(-EINVAL, RUN(STEP(OPS(DETACH_SCHEDULER), CGROUPS(CGROUP("a")), HOLD_MS(10))));
	EXPECT_DETAIL(KTSTR_FAILS, "step 1 hold: survives_storm wants the scheduler attached");
	EXPECT_STREQ("", sched.log);
	EXPECT_EQ(0, RUN(STEP(OPS(DETACH_SCHEDULER), HOLD_NONE),
			 STEP(OPS(ATTACH_SCHEDULER(&other)), CGROUPS(CGROUP("a")),
			      HOLD_MS(10))));
}

TEST_F(ops, a_scheduler_that_does_not_come_ends_the_scenario_without_an_error_of_ours)
{
	WITH_SCHEDULER(&with_staged);
	sched.answer = -ESHUTDOWN;
	EXPECT_EQ(0, RUN(STEP(CGROUPS(CGROUP("a")), HOLD_MS(10)),
			 STEP(OPS(REPLACE_SCHEDULER(&other), ADD_CGROUP("never")),
			      CGROUPS(CGROUP("b")), HOLD_MS(10)),
			 STEP(CGROUPS(CGROUP("c")), HOLD_MS(10))));
	EXPECT_DETAIL(KTSTR_NOTE, "REPLACE_SCHEDULER other in step 2: the scheduler failed");
	EXPECT_DETAIL(KTSTR_UNDECIDED, "1 of 3 steps were not run");
	EXPECT_EQ(NULL, strstr(fake.log, "never"));
	EXPECT_EQ(1, self->ctx.result->nr_cgroups);
}

TEST_F(ops, an_order_that_cannot_be_tried_fails_the_step_with_its_words)
{
	WITH_SCHEDULER(&with_staged);
	sched.answer = -EBUSY;
	EXPECT_EQ(-EBUSY, RUN(STEP(OPS(RESTART_SCHEDULER), HOLD_NONE)));
	EXPECT_DETAIL(KTSTR_FAILS, "step 1 failed: RESTART_SCHEDULER: it does not want to");
}

/* ---- the kernel's data ---- */

#define FOUR_WATCHES								\
	WATCH_SNAPSHOT("a"), WATCH_SNAPSHOT("b"), WATCH_SNAPSHOT("c"), WATCH_SNAPSHOT("d")

#define REFUSED(_text, _op) do {						\
	self->ctx.result->nr_details = 0;					\
	EXPECT_EQ(-EINVAL, RUN(STEP(OPS(_op), HOLD_NONE)));			\
	EXPECT_DETAIL(KTSTR_FAILS, _text);					\
} while (0)

static struct {
	struct ktstr_msg_ask ask;
	uint8_t data[16];
	size_t len;
	unsigned int nr;
	int ret;
} host;

/* It knows one number. */
static int fake_ask(struct ktstr_ctx *ctx, const struct ktstr_msg_ask *ask, const void *data,
		    size_t len, struct ktstr_answer *answer)
{
	(void)ctx;
	host.ask = *ask;
	host.len = len;
	host.nr++;
	if (len)
		memcpy(host.data, data, len < sizeof(host.data) ? len : sizeof(host.data));
	*answer = (struct ktstr_answer){ .ret = host.ret, .text = "it has no symbol of that name" };
	if (!host.ret && (ask->what == KTSTR_ASK_READ_HOT || ask->what == KTSTR_ASK_READ_COLD)) {
		answer->len = ask->len;
		memset(answer->data, 0x11, ask->len);
	}
	return host.ret;
}

TEST_F(ops, what_the_host_is_asked_for_has_all_that_the_op_says)
{
	uint64_t v = 0;
	char byte = 0;

	memset(&host, 0, sizeof(host));
	self->ctx.nr_cpus = 4;
	self->ctx.ask = fake_ask;
	RUN(STEP(OPS(CAPTURE_SNAPSHOT("first-1.a_b")), HOLD_NONE));
	EXPECT_EQ(KTSTR_ASK_SNAPSHOT, host.ask.what);
	EXPECT_STREQ("first-1.a_b", host.ask.as);
	RUN(STEP(OPS(WATCH_SNAPSHOT("scx_root")), HOLD_NONE));
	EXPECT_EQ(KTSTR_ASK_WATCH, host.ask.what);
	EXPECT_STREQ("scx_root", host.ask.as);
	RUN(STEP(OPS(READ_KERNEL_COLD("x", KPERCPU("runqueues", 3), 8)), HOLD_NONE));
	EXPECT_EQ(KTSTR_ASK_READ_COLD, host.ask.what);
	EXPECT_EQ(KTSTR_KERNEL_PER_CPU, host.ask.target);
	EXPECT_EQ(3, host.ask.cpu);
	EXPECT_EQ(8, host.ask.len);
	EXPECT_EQ(0, host.len);
	EXPECT_EQ(8, ktstr_kernel_value(&self->ctx, "x", &v, sizeof(v)));
	EXPECT_EQ(0x1111111111111111ull, v);
	EXPECT_EQ(8, ktstr_kernel_value(&self->ctx, "x", &byte, 1));
	EXPECT_EQ(-ENOENT, ktstr_kernel_value(&self->ctx, "y", &v, sizeof(v)));
	RUN(STEP(OPS(WRITE_KERNEL_HOT(KTASK(7, "scx.slice"), KU64(5))), HOLD_NONE));
	EXPECT_EQ(KTSTR_ASK_WRITE_HOT, host.ask.what);
	EXPECT_EQ(7, host.ask.pid);
	EXPECT_STREQ("scx.slice", host.ask.name);
	EXPECT_EQ(8, host.len);
	EXPECT_EQ(5, host.data[0]);
	RUN(STEP(OPS(WRITE_KERNEL_COLD(KADDR(0xffff), KBYTES("abc", 3))), HOLD_NONE));
	EXPECT_EQ(0xffff, host.ask.address);
	EXPECT_EQ(0, memcmp("abc", host.data, 3));
	EXPECT_EQ(5, host.nr);
}

TEST_F(ops, what_the_host_refuses_fails_the_step_with_its_words)
{
	memset(&host, 0, sizeof(host));
	host.ret = -ENOENT;
	self->ctx.ask = fake_ask;
	EXPECT_EQ(-ENOENT, RUN(STEP(OPS(WATCH_SNAPSHOT("nothing")), HOLD_NONE)));
	EXPECT_DETAIL(KTSTR_FAILS, "step 1 failed: WATCH_SNAPSHOT: it has no symbol of that name");
}

TEST_F(ops, access_to_the_kernel_is_judged_before_the_host_is_asked)
{
	self->ctx.nr_cpus = 4;
	self->ctx.ask = fake_ask;
	memset(&host, 0, sizeof(host));
	REFUSED("\"no symbol\" is no symbol of a kernel",
		READ_KERNEL_HOT("x", KSYM("no symbol"), 8));
	REFUSED("CPU 4 is not there, the guest has 4",
		READ_KERNEL_COLD("x", KPERCPU("runqueues", 4), 8));
	REFUSED("address 0 is none", WRITE_KERNEL_HOT(KADDR(0), KU32(1)));
	REFUSED("0 is no pid", WRITE_KERNEL_COLD(KTASK(0, "se.vruntime"), KU64(1)));
	REFUSED("there are no bytes to write", WRITE_KERNEL_COLD(KSYM("x"), KBYTES(NULL, 9)));
	REFUSED("5000 bytes are not between 1 and 4096", READ_KERNEL_HOT("x", KSYM("x"), 5000));
	REFUSED("what is read has a name", READ_KERNEL_HOT("", KSYM("x"), 8));
	REFUSED("a snapshot has a name", CAPTURE_SNAPSHOT(""));
	REFUSED("a snapshot has a name", CAPTURE_SNAPSHOT("a/b"));
	REFUSED("more than 3 symbols are watched", FOUR_WATCHES);
	EXPECT_EQ(0, host.nr);
	/* on the host itself nobody looks at the kernel's memory */
	self->ctx.ask = NULL;
	REFUSED("READ_KERNEL_HOT: only a guest of ktstr has a host",
		READ_KERNEL_HOT("x", KPERCPU("runqueues", 3), 8));
	EXPECT_EQ(1, self->ctx.result->nr_details);
	REFUSED("a BPF map has a name of 1 to 15 bytes", PIN_BPF_MAP("a_name_that_is_too_long"));
}

TEST_HARNESS_MAIN
