// SPDX-License-Identifier: GPL-2.0
/* A test program without the harness: see direct.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../checks/checks.h"
#include "direct.h"
#include "expect.h"
#include "interrupt.h"
#include "report.h"
#include "select.h"

void ktstr_thresholds__print(const struct ktstr_test *t, FILE *f)
{
	const struct ktstr_checks *sched = t->scheduler ? &t->scheduler->checks : NULL;
	const struct ktstr_check *k;
	struct ktstr_checks all;
	char value[32];

	ktstr_checks__resolve(&all, sched, &t->checks);
	for (k = ktstr_check_table; k < ktstr_check_table + ktstr_nr_checks; k++) {
		ktstr_check__format(k, &all, value, sizeof(value));
		fprintf(f, "  %-38s: %s [%s]\n", k->name, value,
			ktstr_layer__name(ktstr_check__layer(k, sched, &t->checks)));
	}
}

static int show_thresholds(const struct ktstr_test *t)
{
	struct vm_err err;

	if (ktstr_validate(t, &err)) {
		fprintf(stderr, "ktstr: %s\n", err.msg);
		return KTSTR_EXIT_FAIL;
	}
	ktstr_thresholds__print(t, stdout);
	return KTSTR_EXIT_PASS;
}

/* The one result line of the document; @why is empty where the verdict says it all. */
static void put_result(const struct ktstr_test *t, enum ktstr_outcome verdict, const char *why)
{
	bool ok = ktstr_exit__native(verdict) == KTSTR_EXIT_PASS;
	const char *directive = verdict == KTSTR_SKIP ? " # SKIP " :
				verdict == KTSTR_INCONCLUSIVE ? " # INCONCLUSIVE " : "";

	printf("%sok 1 " KTSTR_FIXTURE "/%s%s%s\n", ok ? "" : "not ", t->name, directive,
	       *directive ? why : "");
}

static int run_exact(const struct ktstr_test *t)
{
	enum ktstr_outcome verdict = KTSTR_FAIL;
	struct ktstr_run_opts opts;
	static struct ktstr_run run;
	struct ktstr_plan plan;
	struct vm_err err;
	int sig;

	if (ktstr_run_opts__from_env(&opts, &err)) {
		fprintf(stderr, "ktstr: %s\n", err.msg);
		return KTSTR_EXIT_FAIL;
	}
	puts("KTAP version 1\n1..1");
	if (ktstr_validate(t, &err) || ktstr_plan__make(&plan, t, &err)) {
		ktstr_report__print(err.msg);
		put_result(t, KTSTR_FAIL, "");
		return KTSTR_EXIT_FAIL;
	}
	ktstr_interrupt__catch();
	ktstr_run__exec(&run, &plan, &opts, &err);
	verdict = run.verdict;
	if (run.brief && ktstr_exit__native(verdict) != KTSTR_EXIT_PASS)
		ktstr_report__print(run.brief);
	if (verdict == KTSTR_SKIP)
		fprintf(stderr, "ktstr: SKIP: %s\n", run.skip_reason);
	put_result(t, verdict, verdict == KTSTR_SKIP ? run.skip_reason :
		   ktstr_result__undecided(run.result));
	sig = run.signal;
	ktstr_run__free(&run);
	return sig ? 128 + sig : (int)ktstr_exit__native(verdict);
}

bool ktstr_direct(int argc, char **argv, const struct ktstr_registry *registry, int *status)
{
	static const struct {
		const char *option;
		int (*run)(const struct ktstr_test *t);
	} verbs[] = {
		{ "--show-thresholds", show_thresholds },
		{ "--exact", run_exact },
	};
	const struct ktstr_test *t;
	size_t i;

	for (i = 0; argc > 1 && i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(argv[1], verbs[i].option))
			continue;
		*status = KTSTR_EXIT_FAIL;
		t = argc == 3 ? ktstr_registry__find(registry, argv[2]) : NULL;
		if (argc != 3)
			fprintf(stderr, "ktstr: %s takes the name of one test\n", argv[1]);
		else if (!t)
			fprintf(stderr, "ktstr: %s: no test is named '%s'\n", argv[1], argv[2]);
		else
			*status = verbs[i].run(t);
		fflush(stdout);
		return true;
	}
	return false;
}
