// SPDX-License-Identifier: GPL-2.0
/* A test program without the harness: see direct.h. */
#include <linux/kernel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ktstr/payload.h>

#include "harness/checks/checks.h"
#include "direct.h"
#include "expect.h"
#include "here.h"
#include "interrupt.h"
#include "harness/kernel/kernel.h"
#include "harness/report/report.h"
#include "harness/plan/here.h"
#include "harness/plan/opts.h"
#include "harness/plan/override.h"
#include "lib/counters.h"
#include "schedulers.h"

void ktstr_thresholds__print(const struct ktstr_plan *p, FILE *f)
{
	const struct ktstr_checks *sched = ktstr_plan__scheduler_checks(p);
	const struct ktstr_check *k;
	char value[32];

	for (k = ktstr_check_table; k < ktstr_check_table + ktstr_nr_checks; k++) {
		ktstr_check__format(k, &p->checks, value, sizeof(value));
		fprintf(f, "  %-38s: %s [%s]\n", k->name, value,
			ktstr_layer__name(ktstr_check__layer(k, sched, &p->test->checks)));
	}
}

static int show_thresholds(const struct ktstr_variant *v)
{
	struct ktstr_plan plan;
	struct ktstr_err err;

	if (ktstr_plan__for_variant(&plan, v, &err)) {
		fprintf(stderr, "ktstr: %s\n", err.msg);
		return KTSTR_EXIT_FAIL;
	}
	ktstr_thresholds__print(&plan, stdout);
	return KTSTR_EXIT_PASS;
}

/* The result line; @why goes with a SKIP and with INCONCLUSIVE. */
static void put_result(const struct ktstr_variant *v, enum ktstr_outcome verdict, const char *why)
{
	char id[KTSTR_ID_LEN];

	bool ok = ktstr_exit__native(verdict) == KTSTR_EXIT_PASS;
	const char *directive = verdict == KTSTR_SKIP ? " # SKIP " :
				verdict == KTSTR_INCONCLUSIVE ? " # INCONCLUSIVE " : "";

	ktstr_id__format(id, sizeof(id), v->test->name, v->preset ? v->preset->name : NULL);
	printf("%sok 1 %s%s%s\n", ok ? "" : "not ", id, directive, *directive ? why : "");
}

void ktstr_run__print(const struct ktstr_run *run)
{
	char line[sizeof(run->unrecorded) + sizeof(KTSTR_UNRECORDED_LINE)];
	const char *verbose = getenv("KTSTR_VERBOSE");
	uint32_t i;

	for (i = 0; i < run->result->nr_details; i++)
		if (run->result->details[i].kind == KTSTR_PART)
			ktstr_report__print(run->result->details[i].text);
	if (run->brief && (run->verdict == KTSTR_FAIL || run->verdict == KTSTR_INCONCLUSIVE ||
			   (verbose && !strcmp(verbose, "1"))))
		ktstr_report__print(run->brief);
	if (run->unrecorded[0]) {
		snprintf(line, sizeof(line), KTSTR_UNRECORDED_LINE "%s", run->unrecorded);
		ktstr_report__print(line);
	}
	if (run->verdict == KTSTR_SKIP)
		fprintf(stderr, "ktstr: SKIP: %s\n", run->skip_reason);
}

void ktstr_kernel_line__print(void)
{
	struct ktstr_kernel k;
	struct ktstr_err err;
	char text[1024];

	if (ktstr_kernel__find(&k, &err))
		snprintf(text, sizeof(text), KTSTR_KERNEL_LINE "none: %s", err.msg);
	else
		ktstr_kernel__describe(&k, text + snprintf(text, sizeof(text), KTSTR_KERNEL_LINE),
				       sizeof(text) - strlen(KTSTR_KERNEL_LINE));
	ktstr_kernel__put(&k);
	ktstr_report__print(text);
}

/* @here: not in a guest, although the test was written for one. */
static int run_variant(const struct ktstr_variant *v, bool here)
{
	enum ktstr_outcome verdict;
	struct ktstr_run_opts opts;
	static struct ktstr_run run;
	struct ktstr_plan plan;
	struct ktstr_err err;
	int sig, status;
	bool lost;

	if (ktstr_run_opts__from_env(&opts, &err) || ktstr_override__check(&err)) {
		fprintf(stderr, "ktstr: %s\n", err.msg);
		return KTSTR_EXIT_FAIL;
	}
	puts("KTAP version 1");
	if (here)
		ktstr_here__print(v->test);
	else
		ktstr_kernel_line__print();
	puts("1..1");
	if (ktstr_plan__for_variant(&plan, v, &err) || (here && ktstr_plan__here(&plan, &err))) {
		ktstr_report__print(err.msg);
		put_result(v, KTSTR_FAIL, "");
		return KTSTR_EXIT_FAIL;
	}
	ktstr_interrupt__catch();
	if (ktstr_run__exec(&run, &plan, &opts, &err) && !run.brief) {
		ktstr_report__print(err.msg);
		put_result(v, KTSTR_FAIL, "");
		return KTSTR_EXIT_FAIL;
	}
	verdict = run.verdict;
	ktstr_run__print(&run);
	put_result(v, verdict, verdict == KTSTR_SKIP ? run.skip_reason :
		   ktstr_result__undecided(run.result));
	sig = run.signal;
	lost = run.unrecorded[0];
	ktstr_run__free(&run);
	if (sig)
		return 128 + sig;
	status = here && verdict == KTSTR_SKIP ? KTSTR_EXIT_SKIP : ktstr_exit__native(verdict);
	return lost && status == KTSTR_EXIT_PASS ? KTSTR_EXIT_UNRECORDED : status;
}

static int run_exact(const struct ktstr_variant *v)
{
	return run_variant(v, false);
}

static int run_here(const struct ktstr_variant *v)
{
	return run_variant(v, true);
}

/*
 * For `ktstr affected`: a line for each test, with its name and the binaries of its schedulers and
 * payloads as they are declared, separated by tabs.
 */
static void print_binaries(const struct ktstr_registry *r)
{
	for (unsigned int i = 0; i < r->nr_tests; i++) {
		const struct ktstr_test *t = r->tests[i];
		const struct ktstr_scheduler * const *s;
		const struct ktstr_payload * const *p;

		printf("%s", t->name);
		if (t->scheduler && t->scheduler->binary)
			printf("\t%s", t->scheduler->binary);
		for (s = t->staged_schedulers; s && *s; s++)
			if ((*s)->binary)
				printf("\t%s", (*s)->binary);
		if (t->payload && t->payload->binary)
			printf("\t%s", t->payload->binary);
		for (p = t->workloads; p && *p; p++)
			if ((*p)->binary)
				printf("\t%s", (*p)->binary);
		putchar('\n');
	}
}

bool ktstr_direct(int argc, char **argv, const struct ktstr_registry *registry, int *status)
{
	static const struct {
		const char *option;
		int (*run)(const struct ktstr_variant *v);
	} verbs[] = {
		{ "--show-thresholds", show_thresholds },
		{ "--exact", run_exact },
		{ "--here", run_here },
		{ "--needs", ktstr_here__needs },
		{ "--fits", ktstr_here__fits },
		{ "--pack", ktstr_here__pack },
	};
	struct ktstr_variant v;
	size_t i;

	if (argc == 2 && !strcmp(argv[1], "--schedulers")) {
		*status = ktstr_schedulers__print(registry, stderr) ? KTSTR_EXIT_FAIL :
								      KTSTR_EXIT_PASS;
		fflush(stdout);
		return true;
	}
	if (argc == 2 && !strcmp(argv[1], "--binaries")) {
		print_binaries(registry);
		fflush(stdout);
		*status = KTSTR_EXIT_PASS;
		return true;
	}
	/* for `ktstr coverage` */
	if (argc == 2 && !strcmp(argv[1], "--counters")) {
		printf("%s", ktstr_counters__gcov() ? "gcov\n" : ktstr_counters__llvm() ? "llvm\n" : "");
		fflush(stdout);
		*status = KTSTR_EXIT_PASS;
		return true;
	}
	for (i = 0; argc > 1 && i < ARRAY_SIZE(verbs); i++) {
		if (strcmp(argv[1], verbs[i].option))
			continue;
		*status = KTSTR_EXIT_FAIL;
		if (argc != 3)
			fprintf(stderr, "ktstr: %s takes the name of one test\n", argv[1]);
		else if (!ktstr_variant__find(registry, argv[2], &v))
			fprintf(stderr, "ktstr: %s: no test is named '%s'\n", argv[1], argv[2]);
		else
			*status = verbs[i].run(&v);
		fflush(stdout);
		return true;
	}
	return false;
}
