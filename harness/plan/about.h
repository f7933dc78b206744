/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the listing of a program says about its tests, for those that choose from it: lines before
 * the harness's table,
 *
 *	# ignored: NAME			runs only when it is named in full
 *	# about: NAME KEY[=VALUE]...	what the test is like; see struct ktstr_about
 */
#ifndef KTSTR_PLAN_ABOUT_H
#define KTSTR_PLAN_ABOUT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <ktstr/attrs.h>

#define KTSTR_IGNORED_LINE	"# ignored: "
#define KTSTR_ABOUT_LINE	"# about: "

struct ktstr_about {
	struct ktstr_topology topo;	/* topology=1n2l4c1t: without a preset */
	char scheduler[64];		/* scheduler=NAME; empty: the kernel's own */
	uint32_t duration_s;		/* duration=S */
	uint32_t workers;		/* workers=N per cgroup */
	bool host_only, expect_err, performance_mode, num_snapshots;
};

/* The lines of @t. A test that is not valid has no line "about": it will not run. */
void ktstr_about__print(const struct ktstr_test *t, FILE *f);

/*
 * The keys behind NAME. Those that are not known are skipped, for programs of another version. False:
 * one has a value that cannot be read; then @a has the defaults of a test there.
 */
bool ktstr_about__parse(struct ktstr_about *a, const char *text, size_t len);

#endif
