// SPDX-License-Identifier: GPL-2.0
/* Promises of harness/monitor/watchdog.h on a made guest: set before it attaches, confirmed after. */
#include "kselftest_harness.h"

#include "harness/monitor/watchdog.h"
#include "made_maps.h"

#define TICK_NS		4000000ull
#define AT_TIMEOUT	0x2070		/* scx_watchdog_timeout, as until 7.0 */

FIXTURE(watchdog) {
	struct made_maps m;
	struct ktstr_monitor mon;
	struct ktstr_watchdog w;
};

FIXTURE_SETUP(watchdog)
{
	struct ktstr_place *p = &self->mon.layout.global[KTSTR_GLOBAL_WATCHDOG_TIMEOUT];

	ASSERT_EQ(0, made_maps_init(&self->m)) {
		TH_LOG("%s", self->m.err.msg);
	}
	made_put_u32(&self->m, self->m.ops + OPS_DATA + OPS_TIMEOUT, 20000);
	self->w.timeout_ms = 5000;
	self->mon.view = self->m.v;
	p->found = true;
	p->kva = MADE_TEXT + AT_TIMEOUT;
	p->field.size = 8;
	p->field.class = KTSTR_BTF_UNSIGNED;
}

FIXTURE_TEARDOWN(watchdog)
{
	made_maps_free(&self->m);
}

TEST_F(watchdog, timeout_of_the_loaded_scheduler_is_replaced)
{
	ktstr_watchdog__set(&self->w, &self->m.v);
	EXPECT_STREQ("", self->w.why_not);
	EXPECT_EQ(20000, self->w.before_ms);
	EXPECT_EQ(5000, (uint32_t)made_load(&self->m.g, self->m.ops + OPS_DATA + OPS_TIMEOUT));
}

TEST_F(watchdog, what_cannot_be_set_is_said)
{
	self->m.v.mem.writable = NULL;
	ktstr_watchdog__set(&self->w, &self->m.v);
	EXPECT_NE(NULL, strstr(self->w.why_not, "could not be written"));
	self->m.v.mem.writable = made_writable;
	made_put_u32(&self->m, self->m.ops + BM_KTYPE, 1);
	ktstr_watchdog__set(&self->w, &self->m.v);
	EXPECT_NE(NULL, strstr(self->w.why_not, "no struct_ops map of sched_ext"));
}

TEST_F(watchdog, the_kernel_must_say_the_same)
{
	made_store(&self->m.g, TEXT + AT_TIMEOUT, 1250);
	ktstr_watchdog__confirm(&self->w, &self->mon, TICK_NS);
	EXPECT_TRUE(self->w.confirmed);
	made_store(&self->m.g, TEXT + AT_TIMEOUT, 5000);
	ktstr_watchdog__confirm(&self->w, &self->mon, TICK_NS);
	EXPECT_FALSE(self->w.confirmed);
	EXPECT_STREQ("the kernel's watchdog has a timeout of 5000 jiffies, not 1250",
		     self->w.why_not);
	self->mon.layout.global[KTSTR_GLOBAL_WATCHDOG_TIMEOUT].found = false;
	ktstr_watchdog__confirm(&self->w, &self->mon, TICK_NS);
	EXPECT_NE(NULL, strstr(self->w.why_not, "does not tell"));
}

TEST_HARNESS_MAIN
