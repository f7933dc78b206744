// SPDX-License-Identifier: GPL-2.0
/*
 * All tests and schedulers of this program: the linker puts their pointers side by side into
 * two sections and defines the sections' bounds (ktstr/register.h). The bounds are weak
 * because a program without schedulers has no such section.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <ktstr/register.h>

#include "registry.h"

extern const struct ktstr_test *__start_ktstr_tests[] __attribute__((weak));
extern const struct ktstr_test *__stop_ktstr_tests[] __attribute__((weak));
extern const struct ktstr_scheduler * const __start_ktstr_schedulers[] __attribute__((weak));
extern const struct ktstr_scheduler * const __stop_ktstr_schedulers[] __attribute__((weak));

extern const struct ktstr_maker * const __start_ktstr_makers[] __attribute__((weak));
extern const struct ktstr_maker * const __stop_ktstr_makers[] __attribute__((weak));

/*
 * The number of elements of a section. To the compiler its bounds are two objects, whose
 * difference is undefined.
 */
static unsigned int entries(const void *start, const void *stop)
{
	return ((uintptr_t)stop - (uintptr_t)start) / sizeof(void *);
}

/* Source order: the compiler may emit the records of a file in any order. */
static int by_source_order(const void *a, const void *b)
{
	const struct ktstr_test *x = *(const struct ktstr_test * const *)a;
	const struct ktstr_test *y = *(const struct ktstr_test * const *)b;
	int ret = strcmp(x->file ?: "", y->file ?: "");

	return ret ?: (x->line > y->line) - (x->line < y->line);
}

/* The tests of the section followed by the generated ones, in a list that is made once. */
static void add_made(struct ktstr_registry *r)
{
	static const struct ktstr_test **all;
	static unsigned int nr_all;
	unsigned int nr_makers = entries(__start_ktstr_makers, __stop_ktstr_makers);
	const struct ktstr_test * const *made;
	const struct ktstr_test **more;
	unsigned int nr, i;

	if (!all) {
		for (i = 0; i < nr_makers; i++) {
			made = __start_ktstr_makers[i]->make(&nr);
			more = realloc(all, (r->nr_tests + nr_all + nr) * sizeof(*all));
			if (!more)
				abort();	/* at start-up, and nothing can be said of it */
			all = more;
			memcpy(all + r->nr_tests + nr_all, made, nr * sizeof(*all));
			nr_all += nr;
		}
		if (r->nr_tests)
			memcpy(all, r->tests, r->nr_tests * sizeof(*all));
	}
	r->tests = all;
	r->nr_tests += nr_all;
}

void ktstr_registry__get(struct ktstr_registry *r)
{
	memset(r, 0, sizeof(*r));
	if (__start_ktstr_tests) {
		r->tests = __start_ktstr_tests;
		r->nr_tests = entries(__start_ktstr_tests, __stop_ktstr_tests);
		qsort(__start_ktstr_tests, r->nr_tests, sizeof(*r->tests), by_source_order);
	}
	if (__start_ktstr_makers)
		add_made(r);
	if (__start_ktstr_schedulers) {
		r->schedulers = __start_ktstr_schedulers;
		r->nr_schedulers = entries(__start_ktstr_schedulers, __stop_ktstr_schedulers);
	}
}

/* Empty, or something that cannot be one element of a path and of a test id. */
static int check_name(const char *what, const char *name, struct ktstr_err *err)
{
	const char *p;

	if (!name || !*name)
		return ktstr_err(err, EINVAL, "a %s without a name", what);
	if (strlen(name) > 128)
		return ktstr_err(err, EINVAL, "%s %.32s...: name: longer than 128 bytes",
				 what, name);
	if (!strcmp(name, ".") || !strcmp(name, ".."))
		return ktstr_err(err, EINVAL, "%s %s: name: is no name", what, name);
	for (p = name; *p; p++) {
		if (*p == '/' || *p == '\\')
			return ktstr_err(err, EINVAL, "%s %s: name: must not contain '%c'",
					 what, name, *p);
		if (*p <= ' ' || *p > '~')
			return ktstr_err(err, EINVAL,
					 "%s: a name has blanks or unprintable characters", what);
	}
	return 0;
}

int ktstr_registry__check(const struct ktstr_registry *r, struct ktstr_err *err)
{
	unsigned int i, j;
	int ret;

	for (i = 0; i < r->nr_tests; i++) {
		const struct ktstr_test *t = r->tests[i];

		ret = check_name("test", t->name, err);
		if (ret)
			return ret;
		for (j = 0; j < i; j++)
			if (!strcmp(t->name, r->tests[j]->name))
				return ktstr_err(err, EINVAL,
						 "test %s: name: used twice, %s:%d and %s:%d",
						 t->name, r->tests[j]->file ?: "?",
						 r->tests[j]->line, t->file ?: "?", t->line);
	}
	for (i = 0; i < r->nr_schedulers; i++) {
		const struct ktstr_scheduler *s = r->schedulers[i];

		ret = check_name("scheduler", s->name, err);
		if (ret)
			return ret;
		for (j = 0; j < i; j++)
			if (!strcmp(s->name, r->schedulers[j]->name))
				return ktstr_err(err, EINVAL, "scheduler %s: name: used twice",
						 s->name);
	}
	return 0;
}

const struct ktstr_test *ktstr_registry__find(const struct ktstr_registry *r, const char *name)
{
	unsigned int i;

	for (i = 0; i < r->nr_tests; i++)
		if (!strcmp(r->tests[i]->name, name))
			return r->tests[i];
	return NULL;
}
