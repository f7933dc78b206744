// SPDX-License-Identifier: GPL-2.0
/* A plan for this machine instead of a guest: see here.h. */
#include <errno.h>
#include <linux/kernel.h>
#include <string.h>

#include "harness/checks/checks.h"
#include "attrs_table.h"
#include "here.h"

#define STANDS(_name)		{ _name, KTSTR_HERE_STANDS }
#define LEFT_OUT(_name)		{ _name, KTSTR_HERE_LEFT_OUT }
#define REFUSED(_name, _why)	{ _name, KTSTR_HERE_REFUSED, _why }

static const char not_loaded[] = "is about a scheduler that fails, and none is loaded here";
static const char no_devices[] = "is a device of a guest, and this machine has its own";

const struct ktstr_here_attr ktstr_here_attrs[] = {
	STANDS("scheduler"),
	REFUSED("staged_schedulers", "are exchanged while the test runs, and none is loaded here"),
	STANDS("nodes"),
	LEFT_OUT("distances"),
	STANDS("memory_mib"),
	LEFT_OUT("watchdog_timeout_s"),
	REFUSED("expect_scx_bpf_error_contains", not_loaded),
	REFUSED("expect_scx_bpf_error_matches", not_loaded),
	STANDS("allow_unclean_exit"),
	STANDS("tolerates_restart"),
	STANDS("fail_on_any_ejection"),
	STANDS("allow_splats"),
	STANDS("survives_storm"),
	STANDS("auto_repro"),
	REFUSED("expect_auto_repro", not_loaded),
	STANDS("performance_mode"),
	STANDS("no_perf_mode"),
	STANDS("cpu_budget"),
	STANDS("kaslr"),
	STANDS("pci"),
	REFUSED("disk", no_devices),
	REFUSED("networks", no_devices),
	REFUSED("bpf_map_write", KTSTR_NO_GUEST_MEMORY),
	LEFT_OUT("watch_bpf_maps"),
	STANDS("perf_delta_assertions"),
	LEFT_OUT("num_snapshots"),
	STANDS("cleanup_budget_ms"),
	REFUSED("wprof", "is not supported yet"),
	REFUSED("wprof_args", "is not supported yet"),
	STANDS("extra_include_files"),
	STANDS("extra_sched_args"),
	STANDS("config"),
};
const unsigned int ktstr_nr_here_attrs = ARRAY_SIZE(ktstr_here_attrs);

static const struct ktstr_attr *attr_of(const char *name)
{
	const struct ktstr_attr *a = ktstr_test_attrs;

	while (strcmp(a->name, name))
		a++;
	return a;
}

static void leave_out(struct ktstr_plan *p, const char *name)
{
	if (p->nr_left_out < ARRAY_SIZE(p->left_out))
		p->left_out[p->nr_left_out++] = name;
}

/*
 * Checks of the monitor. Those that the test or its scheduler asks for are named; the library's would
 * only have been reported.
 */
static void leave_out_checks(struct ktstr_plan *p)
{
	const struct ktstr_checks *sched = ktstr_plan__scheduler_checks(p);
	const struct ktstr_check *k;

	for (k = ktstr_check_table; k < ktstr_check_table + ktstr_nr_checks; k++) {
		if (k->scope != KTSTR_SCOPE_MONITOR || k->type == KTSTR_CHECK_COUNT ||
		    !ktstr_check__enabled(k, &p->checks))
			continue;
		if (ktstr_check__layer(k, sched, &p->test->checks) != KTSTR_LAYER_LIBRARY)
			leave_out(p, k->name);
		ktstr_check__set_value(k, &p->checks,
				       k->type == KTSTR_CHECK_SWITCH ? KTSTR_OFF : KTSTR_NO_LIMIT);
	}
}

static bool harms_machine(enum ktstr_kind kind)
{
	return kind == KTSTR_GUEST_PANIC || kind == KTSTR_BOOT_TIMEOUT ||
	       kind == KTSTR_TEARDOWN_TIMEOUT || kind == KTSTR_KERNEL_SPLAT;
}

int ktstr_plan__here(struct ktstr_plan *p, struct ktstr_err *err)
{
	const struct ktstr_test *t = p->test;
	const struct ktstr_here_attr *h;

	for (h = ktstr_here_attrs; h < ktstr_here_attrs + ktstr_nr_here_attrs; h++) {
		if (h->rule == KTSTR_HERE_STANDS || !ktstr_attr__asked(attr_of(h->name), t))
			continue;
		if (h->rule == KTSTR_HERE_REFUSED)
			return ktstr_err(err, ENOTSUP, "test %s: %s: %s", t->name, h->name, h->why);
		leave_out(p, h->name);
	}
	if (p->expect_err && t->scheduler)
		return ktstr_err(err, ENOTSUP, "test %s: expect_err: %s", t->name, not_loaded);
	if (harms_machine(t->expect_kind))
		return ktstr_err(err, ENOTSUP,
				 "test %s: expect_kind: is about a guest that breaks, and this machine must not",
				 t->name);
	leave_out_checks(p);
	p->scheduler = NULL;
	p->num_snapshots = 0;
	p->host_only = true;
	p->here = true;
	return 0;
}
