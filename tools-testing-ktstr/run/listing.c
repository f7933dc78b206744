// SPDX-License-Identifier: GPL-2.0
/* See listing.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness/plan/id.h"
#include "listing.h"

/*
 * test_harness_list_tests() prints "%-20s %-25s %s" with fixture, variant and test: the
 * fixture only in its first row, and a column grows when its text is longer.
 */
#define FIXTURE_WIDTH	20
#define VARIANT_WIDTH	25

struct row {
	const char *fixture, *test;
	size_t fixture_len, test_len;
};

static const char *column(const char *p, const char *end, size_t width, size_t *len)
{
	const char *blank = memchr(p, ' ', end - p);

	*len = (blank ? blank : end) - p;
	if (*len > width)
		width = *len;
	if (width + 1 > (size_t)(end - p))
		return end;
	return p + width + 1;
}

static bool split(const char *p, const char *end, struct row *row)
{
	size_t variant_len;

	row->fixture = p;
	p = column(p, end, FIXTURE_WIDTH, &row->fixture_len);
	p = column(p, end, VARIANT_WIDTH, &variant_len);
	row->test = p;
	row->test_len = end - p;
	return p < end;
}

/* What may stand in an id and in a KTAP line. */
static bool is_name(const char *p, size_t len, bool slash)
{
	static const char bad[] = "# \t";
	size_t i, slashes = 0;

	for (i = 0; i < len; i++) {
		if (p[i] < '!' || p[i] > '~' || memchr(bad, p[i], sizeof(bad)))
			return false;
		slashes += p[i] == '/';
	}
	return len && len <= LISTING_MAX_NAME && slashes == slash &&
	       (!slash || (p[0] != '/' && p[len - 1] != '/'));
}

static int add_copy(struct strings *s, const char *p, size_t len)
{
	char *copy = strndup(p, len);

	if (copy && !strings__add(s, copy))
		return 0;
	free(copy);
	return -ENOMEM;
}

static int add_about(struct listing *l, const char *p, const char *end)
{
	const char *blank = memchr(p, ' ', end - p);
	size_t len = (blank ? blank : end) - p;
	struct listed_about *more;

	if (l->nr_about == l->alloc_about) {
		more = realloc(l->about, 2 * (l->alloc_about + 32) * sizeof(*more));
		if (!more)
			return -ENOMEM;
		l->about = more;
		l->alloc_about = 2 * (l->alloc_about + 32);
	}
	l->about[l->nr_about].test = strndup(p, len);
	if (!l->about[l->nr_about].test)
		return -ENOMEM;
	ktstr_about__parse(&l->about[l->nr_about].about, p + len + !!blank,
			   end - p - len - !!blank);
	l->nr_about++;
	return 0;
}

/* A line before the table. */
static int take_line(struct listing *l, const char *p, const char *end)
{
	static const char ignored[] = KTSTR_IGNORED_LINE, about[] = KTSTR_ABOUT_LINE;

	if (end - p >= (ptrdiff_t)sizeof(ignored) && !memcmp(p, ignored, sizeof(ignored) - 1))
		return add_copy(&l->ignored, p + sizeof(ignored) - 1,
				end - p - (sizeof(ignored) - 1));
	if (end - p >= (ptrdiff_t)sizeof(about) && !memcmp(p, about, sizeof(about) - 1))
		return add_about(l, p + sizeof(about) - 1, end);
	return 0;
}

static int add_name(struct listing *l, const struct row *row, bool slash, struct ktstr_err *err)
{
	if (!is_name(row->test, row->test_len, slash))
		return ktstr_err(err, EINVAL,
				 "test name '%.*s': a name is at most %d visible ASCII characters without '#' and '/'%s",
				 (int)(row->test_len < 60 ? row->test_len : 60), row->test,
				 LISTING_MAX_NAME,
				 slash ? ", in the gauntlet two of them with '/' between" : "");
	return add_copy(&l->names, row->test, row->test_len) ?
	       ktstr_err(err, ENOMEM, "listing tests: %s", strerror(ENOMEM)) : 0;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char * const *)a, *(const char * const *)b);
}

static int by_test(const void *a, const void *b)
{
	return strcmp(((const struct listed_about *)a)->test,
		      ((const struct listed_about *)b)->test);
}

/* So that the rest can be looked up; and no name may be there twice. */
static int sort(struct listing *l, struct ktstr_err *err)
{
	const char **copy;
	size_t i;
	int ret = 0;

	if (l->ignored.nr)
		qsort(l->ignored.item, l->ignored.nr, sizeof(*l->ignored.item), by_text);
	if (l->nr_about)
		qsort(l->about, l->nr_about, sizeof(*l->about), by_test);
	if (!l->names.nr)
		return 0;
	copy = malloc(l->names.nr * sizeof(*copy));
	if (!copy)
		return ktstr_err(err, ENOMEM, "listing tests: %s", strerror(ENOMEM));
	memcpy(copy, l->names.item, l->names.nr * sizeof(*copy));
	qsort(copy, l->names.nr, sizeof(*copy), by_text);
	for (i = 1; i < l->names.nr && !ret; i++)
		if (!strcmp(copy[i - 1], copy[i]))
			ret = ktstr_err(err, EINVAL, "test name '%s' is listed twice", copy[i]);
	free(copy);
	return ret;
}

static bool is_fixture(const struct row *row, const char *fixture)
{
	return row->fixture_len == strlen(fixture) &&
	       !memcmp(row->fixture, fixture, row->fixture_len);
}

int listing__parse(const char *text, size_t len, struct listing *l, struct ktstr_err *err)
{
	const char *p = text, *end = text + len, *eol;
	bool in_table = false, wanted = false, gauntlet = false;
	struct row row;
	int ret;

	for (; p < end; p = eol + 1) {
		eol = memchr(p, '\n', end - p);
		if (!eol)
			eol = end;
		if (eol - p >= 9 && !memcmp(p, "# FIXTURE", 9)) {
			in_table = true;
			continue;
		}
		if (!in_table && take_line(l, p, eol))
			return ktstr_err(err, ENOMEM, "listing tests: %s", strerror(ENOMEM));
		if (!in_table || (eol - p >= 10 && !memcmp(p, "----------", 10)) ||
		    !split(p, eol, &row)) {
			wanted = false;
			continue;
		}
		if (row.fixture_len) {
			gauntlet = is_fixture(&row, KTSTR_GAUNTLET);
			wanted = is_fixture(&row, KTSTR_BASE) || gauntlet;
		}
		/* a kselftest of somebody else may have such a fixture of its own */
		if (!wanted || (gauntlet && !memchr(row.test, '/', row.test_len)))
			continue;
		ret = add_name(l, &row, gauntlet, err);
		if (ret)
			return ret;
	}
	return sort(l, err);
}

void listing__free(struct listing *l)
{
	size_t i;

	for (i = 0; i < l->names.nr; i++)
		free((char *)l->names.item[i]);
	for (i = 0; i < l->ignored.nr; i++)
		free((char *)l->ignored.item[i]);
	for (i = 0; i < l->nr_about; i++)
		free(l->about[i].test);
	strings__free(&l->names);
	strings__free(&l->ignored);
	free(l->about);
	*l = (struct listing){ .about = NULL };
}

/* "TEST" of "TEST/PRESET" */
static char *test_of(char *buf, size_t size, const char *name)
{
	snprintf(buf, size, "%.*s", (int)strcspn(name, "/"), name);
	return buf;
}

bool listing__ignores(const struct listing *l, const char *name)
{
	char test[LISTING_MAX_NAME + 1], *key = test_of(test, sizeof(test), name);

	return l->ignored.nr &&
	       bsearch(&key, l->ignored.item, l->ignored.nr, sizeof(*l->ignored.item), by_text);
}

const struct ktstr_about *listing__about(const struct listing *l, const char *name)
{
	char test[LISTING_MAX_NAME + 1];
	struct listed_about key = { .test = test_of(test, sizeof(test), name) }, *found;

	found = l->nr_about ? bsearch(&key, l->about, l->nr_about, sizeof(*l->about), by_test) :
		NULL;
	return found ? &found->about : NULL;
}
