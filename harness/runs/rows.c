// SPDX-License-Identifier: GPL-2.0
/* See rows.h. */
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "rows.h"

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

const char *ktstr_rows__intern(struct ktstr_rows *r, const char *text)
{
	char **found, *copy;

	if (!text)
		return NULL;
	found = tfind(text, &r->strings, by_text);
	if (found)
		return *found;
	copy = strdup(text);
	if (copy && tsearch(copy, &r->strings, by_text))
		return copy;
	free(copy);
	return NULL;
}

void ktstr_rows__free(struct ktstr_rows *r)
{
	tdestroy(r->strings, free);
	free(r->row);
	free(r->value);
	free(r->figure);
	memset(r, 0, sizeof(*r));
}

/* Room for one more of @size bytes behind @nr in @*array, zeroed. */
static void *grow(void **array, size_t *nr, size_t *room, size_t size)
{
	size_t more = *room ? 2 * *room : 64;
	void *a;

	if (*nr == *room) {
		a = reallocarray(*array, more, size);
		if (!a)
			return NULL;
		*array = a;
		*room = more;
	}
	return memset((char *)*array + (*nr)++ * size, 0, size);
}

struct ktstr_row *ktstr_rows__add(struct ktstr_rows *r)
{
	return grow((void **)&r->row, &r->nr, &r->room, sizeof(*r->row));
}

struct ktstr_value *ktstr_rows__add_value(struct ktstr_rows *r)
{
	return grow((void **)&r->value, &r->nr_values, &r->values_room, sizeof(*r->value));
}

bool ktstr_row__is(const struct ktstr_row *row, const char *verdict)
{
	return row->verdict && !strcmp(row->verdict, verdict);
}

bool ktstr_row__passed(const struct ktstr_row *row)
{
	return ktstr_row__is(row, "pass");
}
