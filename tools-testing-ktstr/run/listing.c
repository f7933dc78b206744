// SPDX-License-Identifier: GPL-2.0
/* See listing.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

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

static int add_name(struct strings *names, const struct row *row, struct ktstr_err *err)
{
	static const char bad[] = "#/ \t";
	char *name;
	size_t i;
	int ret;

	for (i = 0; i < row->test_len; i++)
		if (row->test[i] < '!' || row->test[i] > '~' ||
		    memchr(bad, row->test[i], sizeof(bad)))
			break;
	if (i < row->test_len || row->test_len > LISTING_MAX_NAME)
		return ktstr_err(err, EINVAL,
				 "test name '%.*s': a name is at most %d visible ASCII characters without '#' and '/'",
				 (int)i, row->test, LISTING_MAX_NAME);
	name = strndup(row->test, row->test_len);
	if (!name)
		return ktstr_err(err, ENOMEM, "listing tests: %s", strerror(ENOMEM));
	for (i = 0; i < names->nr; i++) {
		if (strcmp(names->item[i], name))
			continue;
		ret = ktstr_err(err, EINVAL, "test name '%s' is listed twice", name);
		free(name);
		return ret;
	}
	ret = strings__add(names, name);
	if (ret)
		free(name);
	return ret;
}

static int add_ignored(struct strings *ignored, const char *p, const char *end)
{
	char *name = strndup(p, end - p);

	if (name && !strings__add(ignored, name))
		return 0;
	free(name);
	return -ENOMEM;
}

int listing__parse(const char *text, size_t len, const char *fixture, struct strings *names,
		   struct strings *ignored, struct ktstr_err *err)
{
	static const char mark[] = "# ignored: ";
	bool in_table = false, wanted = false;
	const char *p = text, *end = text + len, *eol;
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
		if (!in_table && eol - p >= (ptrdiff_t)sizeof(mark) &&
		    !memcmp(p, mark, sizeof(mark) - 1) &&
		    add_ignored(ignored, p + sizeof(mark) - 1, eol))
			return ktstr_err(err, ENOMEM, "listing tests: %s", strerror(ENOMEM));
		if (!in_table || (eol - p >= 10 && !memcmp(p, "----------", 10))) {
			wanted = false;
			continue;
		}
		if (!split(p, eol, &row)) {
			wanted = false;
			continue;
		}
		if (row.fixture_len)
			wanted = row.fixture_len == strlen(fixture) &&
				 !memcmp(row.fixture, fixture, row.fixture_len);
		if (!wanted)
			continue;
		ret = add_name(names, &row, err);
		if (ret)
			return ret;
	}
	return 0;
}
