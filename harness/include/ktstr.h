/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a test author includes. A test is data (a struct ktstr_test filled by designated
 * initialisers) plus a body that runs inside the guest and says what to run as data again:
 *
 *	#include <ktstr.h>
 *
 *	KTSTR_SCHEDULER(simple, .binary = "scx_simple");
 *
 *	KTSTR_TEST(two_cgroups, .scheduler = &simple, .cores = 2, .duration_s = 5,
 *		   .not_starved = true)
 *	{
 *		return ktstr_run(ctx, STEP(CGROUPS(CGROUP("cg_a", .workers = 2),
 *						   CGROUP("cg_b", .workers = 2)),
 *					   HOLD_FULL));
 *	}
 *
 * Nothing else is needed: libktstr brings main(), which on the host registers every test
 * with kselftest_harness.h, and as PID 1 becomes the guest.
 *
 * An attribute that is absent inherits (scheduler, then library default). A key that is
 * written twice and attributes that contradict each other stop the build.
 */
#ifndef KTSTR_H
#define KTSTR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ktstr/attrs.h>
#include <ktstr/claim.h>
#include <ktstr/payload.h>
#include <ktstr/register.h>
#include <ktstr/scenario.h>
#include <ktstr/snapshot.h>
#include <ktstr/stats.h>
#include <ktstr/temporal.h>
#include <ktstr/verdict.h>

#endif
