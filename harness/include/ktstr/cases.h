/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Several verdicts in one guest. A boot is most of the price of a short test, so related cases
 * can share one:
 *
 *	static const struct ktstr_case cases[] = {
 *		{ "two_cgroups", run_two_cgroups },
 *		{ "one_pinned", run_one_pinned },
 *	};
 *
 *	KTSTR_TEST(cases_of_mine, .scheduler = &mine)
 *	{
 *		return ktstr_run_cases(ctx, cases, 2);
 *	}
 *
 * docs/writing-tests.md, "Several cases in one guest".
 */
#ifndef KTSTR_CASES_H
#define KTSTR_CASES_H

#include <ktstr/scenario.h>
#include <ktstr/verdict.h>

/* A function of a body: 0, or -errno where it could not be carried out. */
typedef int (*ktstr_case_fn)(struct ktstr_ctx *ctx, const void *arg);

struct ktstr_case {
	const char *name;
	ktstr_case_fn run;
	const void *arg;
};

/*
 * Run the cases one after the other. Each has an equal share of the test's duration and a verdict
 * of its own, which becomes a line of the report ("ok NAME", "not ok NAME # why"). What a case
 * found goes into the test's verdict under its name. The test is a skip if all cases are.
 *
 * The cgroups of a case are removed before the next one begins. A scheduler that ended during a
 * case is started again, and so is one that keeps killed tasks from ending; each costs one case.
 * Returns 0, or -ENOMEM.
 */
int ktstr_run_cases(struct ktstr_ctx *ctx, const struct ktstr_case *cases, uint32_t nr);

/*
 * Run @fn with a result of its own. Nothing that it finds touches the test's verdict; the caller
 * looks at it and frees it. NULL: no memory, or @fn returned an error.
 */
struct ktstr_result *ktstr_judge_apart(struct ktstr_ctx *ctx, ktstr_case_fn fn, const void *arg);

/* Run @fn; the checks that @over sets replace those of the test as long as it runs. */
int ktstr_with_checks(struct ktstr_ctx *ctx, const struct ktstr_checks *over, ktstr_case_fn fn,
		      const void *arg);

#endif
