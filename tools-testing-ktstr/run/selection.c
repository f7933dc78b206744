// SPDX-License-Identifier: GPL-2.0
/* See selection.h. */
#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "lib/parse.h"
#include "selection.h"

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
