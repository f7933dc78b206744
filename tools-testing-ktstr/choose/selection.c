// SPDX-License-Identifier: GPL-2.0
/* See selection.h. */
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "harness/plan/select.h"
#include "lib/parse.h"
#include "selection.h"

#define MAX_NAME	256

int selection__parse_shard(struct selection *s, const char *text)
{
	const char *slash = strchr(text, '/');
	uint64_t shard, nr;
	char first[16];

	if (!slash || slash - text >= (ptrdiff_t)sizeof(first))
		return -EINVAL;
	memcpy(first, text, slash - text);
	first[slash - text] = '\0';
	if (ktstr_parse_u64(slash + 1, 1, 100000, &nr) || ktstr_parse_u64(first, 1, nr, &shard))
		return -EINVAL;
	s->shard = shard;
	s->nr_shards = nr;
	return 0;
}

/* The test and the preset of a variant. The preset is a part of @name, or NULL. */
static const char *split(const char *name, char *test)
{
	const char *slash = strchr(name, '/');

	snprintf(test, MAX_NAME, "%.*s", (int)strcspn(name, "/"), name);
	return slash ? slash + 1 : NULL;
}

/* Set every name that @pattern matches to @value; false when there is none. */
static bool mark(const char *pattern, const char * const *names, const bool *ignored, size_t nr,
		 bool *chosen, bool value)
{
	char test[MAX_NAME];
	const char *preset;
	bool any = false;
	size_t i;

	for (i = 0; i < nr; i++) {
		preset = split(names[i], test);
		if (!ktstr_select__matches(pattern, test, preset, ignored[i]))
			continue;
		chosen[i] = value;
		any = true;
	}
	return any;
}

static bool is_wanted(const struct strings *presets, const char *preset)
{
	size_t i;

	for (i = 0; i < presets->nr; i++)
		if (!fnmatch(presets->item[i], preset, 0))
			return true;
	return false;
}

static bool is_variant_of(const char *name, const char *test)
{
	size_t len = strlen(test);

	return !strncmp(name, test, len) && name[len] == '/';
}

/* From tests to their variants. @nr names; variants of one test are neighbours. */
static int expand(const struct strings *presets, const char * const *names, size_t nr, bool *chosen)
{
	bool *whole = calloc(nr + 1, sizeof(*whole));
	const char *preset;
	size_t i, at = 0, k;

	if (!whole)
		return -ENOMEM;
	for (i = 0; i < nr; i++)
		whole[i] = chosen[i] && !strchr(names[i], '/');
	for (i = 0; i < nr; i++) {
		preset = strchr(names[i], '/');
		if (!preset) {
			chosen[i] = false;
			continue;
		}
		for (k = 0; k < nr && !is_variant_of(names[i], names[at]); k++)
			at = (at + 1) % nr;
		chosen[i] = (chosen[i] || (k < nr && whole[at])) && is_wanted(presets, preset + 1);
	}
	free(whole);
	return 0;
}

/* A pattern that matches no preset is a typo. */
static bool find_presets(const struct strings *presets, const char * const *names, size_t nr,
			 const char **unknown)
{
	const char *preset;
	size_t i, k;

	for (k = 0; k < presets->nr; k++) {
		*unknown = presets->item[k];
		for (i = 0; i < nr; i++) {
			preset = strchr(names[i], '/');
			if (preset && !fnmatch(*unknown, preset + 1, 0))
				break;
		}
		if (i == nr)
			return false;
	}
	return true;
}

int selection__apply(const struct selection *s, const char * const *names,
		     const bool *ignored, size_t nr, bool *chosen, const char **unknown)
{
	int count = 0;
	size_t i;

	for (i = 0; i < nr; i++)
		chosen[i] = !s->include.nr && !ignored[i] && !strchr(names[i], '/');
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
	if (s->presets.nr && !find_presets(&s->presets, names, nr, unknown))
		return -ENOENT;
	*unknown = NULL;
	if (s->presets.nr && expand(&s->presets, names, nr, chosen))
		return -ENOMEM;
	/* variants that are excluded by their ids */
	for (i = 0; i < s->exclude.nr && s->presets.nr; i++)
		mark(s->exclude.item[i], names, ignored, nr, chosen, false);
	*unknown = NULL;
	for (i = 0; i < nr; i++)
		count += chosen[i];
	return count;
}

/* ---- shards ---- */

struct item {
	double seconds;
	size_t at;
};

/* The longest first; of equal ones the first in the listing. */
static int longest_first(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	if (x->seconds != y->seconds)
		return x->seconds < y->seconds ? 1 : -1;
	return (x->at > y->at) - (x->at < y->at);
}

static uint32_t mix(uint32_t h, const char *text, unsigned int number)
{
	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * 16777619u;
	return (h ^ number) * 16777619u;
}

int selection__shard(const struct selection *s, const char * const *names, const double *seconds,
		     size_t nr, bool *chosen, uint32_t *digest)
{
	struct item *items = calloc(nr + 1, sizeof(*items));
	double *load = calloc(s->nr_shards, sizeof(*load));
	unsigned int least, k;
	size_t i, n = 0;
	int count = 0;

	*digest = 2166136261u;
	for (i = 0; i < nr && items && load; i++)
		if (chosen[i])
			items[n++] = (struct item){ seconds[i], i };
	if (items && load)
		qsort(items, n, sizeof(*items), longest_first);
	for (i = 0; i < n; i++) {
		for (least = 0, k = 1; k < s->nr_shards; k++)
			if (load[k] < load[least])
				least = k;
		load[least] += items[i].seconds;
		*digest = mix(*digest, names[items[i].at], least);
		chosen[items[i].at] = least == s->shard - 1;
		count += least == s->shard - 1;
	}
	n = items && load;
	free(items);
	free(load);
	return n ? count : -ENOMEM;
}
