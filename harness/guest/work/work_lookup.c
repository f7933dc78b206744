// SPDX-License-Identifier: GPL-2.0
/*
 * Looks up and validates work types. All errors in a declared work are found here, before a worker
 * exists, and reported in a sentence that names the type.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "work.h"

const struct ktstr_work_row *ktstr_work__row(enum ktstr_work_type type)
{
	return (unsigned int)type < KTSTR_NR_WORK_TYPES ? ktstr_work_table[type] : NULL;
}

/* How many leading characters agree, case aside. */
static size_t common_prefix(const char *a, const char *b)
{
	size_t n = 0;

	while (a[n] && !strncasecmp(a, b, n + 1))
		n++;
	return n;
}

const struct ktstr_work_row *ktstr_work__find(const char *name, const char **hint)
{
	const struct ktstr_work_row *row;
	size_t best = 2, n;	/* fewer characters are not similar */
	int i;

	if (hint)
		*hint = NULL;
	for (i = 0; i < KTSTR_NR_WORK_TYPES; i++) {
		row = ktstr_work_table[i];
		if (!row)
			continue;
		if (!strcmp(row->name, name))
			return row;
		n = strcasecmp(row->name, name) ? common_prefix(row->name, name) : SIZE_MAX;
		if (n > best && hint) {
			*hint = row->name;
			best = n;
		}
	}
	return NULL;
}

int ktstr_work__find_type(const char *name, enum ktstr_work_type *type)
{
	const struct ktstr_work_row *row = ktstr_work__find(name, NULL);
	int i = 0;

	if (!row)
		return -ENOENT;
	while (ktstr_work_table[i] != row)
		i++;
	*type = i;
	return 0;
}

void ktstr_work__fill(struct ktstr_work *work)
{
	const struct ktstr_work_row *row = ktstr_work__row(work->type);

	if (row && row->defaults)
		row->defaults(work);
}

uint32_t ktstr_work__group_size(const struct ktstr_work *work)
{
	const struct ktstr_work_row *row = ktstr_work__row(work->type);
	uint32_t size = row && row->group_size ? row->group_size(work) : 1;

	return size ? size : 1;
}

bool ktstr_work__check(const struct ktstr_work *work, uint32_t workers, char *why, size_t size)
{
	const struct ktstr_work_row *row = ktstr_work__row(work->type);
	struct ktstr_work filled = *work;
	const char *problem = NULL;
	char range[128];
	uint32_t group;

	if (!row) {
		snprintf(why, size, "unknown work type (%d)", (int)work->type);
		return false;
	}
	ktstr_work__fill(&filled);
	if (row->validate)
		problem = row->validate(&filled);
	if (!problem && !ktstr_work__in_range(&filled, range, sizeof(range)))
		problem = range;
	if (problem) {
		snprintf(why, size, "%s: %s", row->name, problem);
		return false;
	}
	group = ktstr_work__group_size(&filled);
	if (group > 1 && (!workers || workers % group)) {
		snprintf(why, size, "%s requires num_workers divisible by %u, got %u", row->name,
			 group, workers);
		return false;
	}
	return true;
}
