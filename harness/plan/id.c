// SPDX-License-Identifier: GPL-2.0
/* See id.h. */
#include <stdio.h>
#include <string.h>

#include "id.h"

char *ktstr_id__format(char *buf, size_t size, const char *test, const char *preset)
{
	if (preset)
		snprintf(buf, size, KTSTR_GAUNTLET "/%s/%s", test, preset);
	else
		snprintf(buf, size, KTSTR_BASE "/%s", test);
	return buf;
}

const char *ktstr_id__name(const char *id)
{
	const char *slash = strchr(id, '/');

	return slash ? slash + 1 : id;
}

const char *ktstr_id__fixture(const char *name)
{
	return strchr(name, '/') ? KTSTR_GAUNTLET : KTSTR_BASE;
}

char *ktstr_id__file(char *buf, size_t size, const char *id)
{
	char *p;

	snprintf(buf, size, "%s", id);
	for (p = buf; *p; p++)
		if (*p == '/')
			*p = '.';
	return buf;
}

bool ktstr_id__is_file(const char *file)
{
	return !strncmp(file, KTSTR_BASE ".", strlen(KTSTR_BASE ".")) ||
	       !strncmp(file, KTSTR_GAUNTLET ".", strlen(KTSTR_GAUNTLET "."));
}
