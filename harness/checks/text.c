// SPDX-License-Identifier: GPL-2.0
/*
 * Resolved checks as text. The host resolves the layers once and sends every value that is set;
 * the guest judges by these. All values are numbers, switches are 0 and 1, and 17 digits give a
 * double back as it was.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checks.h"

bool ktstr_check__to_text(const struct ktstr_check *k, const struct ktstr_checks *c, char *buf,
			  size_t size)
{
	if (!ktstr_check__is_set(k, c))
		return false;
	snprintf(buf, size, "%s=%.17g", k->name, ktstr_check__value(k, c));
	return true;
}

/* Is @v what a member of this type can hold? */
static bool fits(const struct ktstr_check *k, double v)
{
	switch (k->type) {
	case KTSTR_CHECK_SWITCH:
		return v == 0 || v == 1;
	case KTSTR_CHECK_COUNT:
		return v >= 1 && v <= KTSTR_MAX_SUSTAINED && v == (int64_t)v;
	case KTSTR_CHECK_LIMIT:
		return v >= 0;
	}
	return false;
}

int ktstr_checks__from_text(struct ktstr_checks *c, const char *text)
{
	const char *value = strchr(text, '=');
	const struct ktstr_check *k;
	char *end;
	double v;

	if (!value || !value[1])
		return -EINVAL;
	v = strtod(value + 1, &end);
	if (*end || isnan(v))
		return -EINVAL;
	for (k = ktstr_check_table; k < ktstr_check_table + ktstr_nr_checks; k++) {
		if (strlen(k->name) != (size_t)(value - text) ||
		    memcmp(k->name, text, value - text))
			continue;
		if (!fits(k, v))
			return -EINVAL;
		ktstr_check__set_value(k, c, v);
		return 0;
	}
	return -EINVAL;
}
