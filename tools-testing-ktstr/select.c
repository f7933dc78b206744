// SPDX-License-Identifier: GPL-2.0
/* See select.h. */
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "select.h"

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

static int add_name(struct strings *names, const struct row *row, struct vm_err *err)
{
	static const char bad[] = "#/ \t";
	char *name;
	size_t i;
	int ret;

	for (i = 0; i < row->test_len; i++)
		if (row->test[i] < '!' || row->test[i] > '~' ||
		    memchr(bad, row->test[i], sizeof(bad)))
			break;
	if (i < row->test_len || row->test_len > SELECT_MAX_NAME)
		return vm_err(err, EINVAL,
			      "test name '%.*s': a name is at most %d visible ASCII characters without '#' and '/'",
			      (int)i, row->test, SELECT_MAX_NAME);
	name = strndup(row->test, row->test_len);
	if (!name)
		return vm_err(err, ENOMEM, "listing tests: %s", strerror(ENOMEM));
	for (i = 0; i < names->nr; i++) {
		if (strcmp(names->item[i], name))
			continue;
		ret = vm_err(err, EINVAL, "test name '%s' is listed twice", name);
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
		   struct strings *ignored, struct vm_err *err)
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
			return vm_err(err, ENOMEM, "listing tests: %s", strerror(ENOMEM));
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

int selection__parse_shard(struct selection *s, const char *text)
{
	const char *slash = strchr(text, '/');
	uint64_t shard, nr;
	char first[16];

	if (!slash || slash - text >= (ptrdiff_t)sizeof(first))
		return -EINVAL;
	memcpy(first, text, slash - text);
	first[slash - text] = '\0';
	if (parse_u64(slash + 1, 1, 100000, &nr) || parse_u64(first, 1, nr, &shard))
		return -EINVAL;
	s->shard = shard;
	s->nr_shards = nr;
	return 0;
}

/* Set every name that @pattern matches to @value; false when there is none. */
static bool mark(const char *pattern, const char * const *names, const bool *ignored, size_t nr,
		 bool *chosen, bool value)
{
	bool any = false;
	size_t i;

	if (!strncmp(pattern, "ktstr/", 6))
		pattern += 6;
	for (i = 0; i < nr; i++) {
		if (strcmp(pattern, names[i]) && (ignored[i] || fnmatch(pattern, names[i], 0)))
			continue;
		chosen[i] = value;
		any = true;
	}
	return any;
}

int selection__apply(const struct selection *s, const char * const *names,
		     const bool *ignored, size_t nr, bool *chosen, const char **unknown)
{
	size_t i, n = 0;
	int count = 0;

	for (i = 0; i < nr; i++)
		chosen[i] = !s->include.nr && !ignored[i];
	for (i = 0; i < s->include.nr; i++) {
		*unknown = s->include.item[i];
		if (!mark(*unknown, names, ignored, nr, chosen, true))
			return -ENOENT;
	}
	for (i = 0; i < s->exclude.nr; i++) {
		*unknown = s->exclude.item[i];
		if (!mark(*unknown, names, ignored, nr, chosen, false))
			return -ENOENT;
	}
	*unknown = NULL;
	for (i = 0; i < nr; i++) {
		if (!chosen[i])
			continue;
		if (s->shard && n++ % s->nr_shards != s->shard - 1)
			chosen[i] = false;
		count += chosen[i];
	}
	return count;
}
