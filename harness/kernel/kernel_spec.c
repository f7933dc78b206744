// SPDX-License-Identifier: GPL-2.0
/* Distinguishes the forms of a kernel specification by their text. */
#include <ctype.h>
#include <string.h>

#include "kernel_priv.h"

static const char *digits(const char *p)
{
	const char *start = p;

	while (isdigit((unsigned char)*p))
		p++;
	return p == start ? NULL : p;
}

/* MAJOR[.MINOR[.PATCH]][-rcN], @len bytes of it and nothing else. */
static bool is_version(const char *s, size_t len)
{
	const char *p = s, *end = s + len;
	int parts;

	for (parts = 0; parts < 3; parts++) {
		p = digits(p);
		if (!p || p > end)
			return false;
		if (p == end)
			return true;
		if (*p != '.')
			break;
		p++;
	}
	if (parts == 3 || strncmp(p, "-rc", 3))
		return false;
	p = digits(p + 3);
	return p == end;
}

enum ktstr_kernel_form ktstr_kernel_form__of(const char *spec)
{
	const char *dots = strstr(spec, "..");

	if (!strncmp(spec, "git+", 4))
		return KTSTR_KERNEL_GIT;
	if (dots && is_version(spec, dots - spec) && is_version(dots + 2, strlen(dots + 2)))
		return KTSTR_KERNEL_RANGE;
	if (strchr(spec, '/') || *spec == '.' || *spec == '~')
		return KTSTR_KERNEL_PATH;
	if (is_version(spec, strlen(spec)))
		return KTSTR_KERNEL_VERSION;
	return KTSTR_KERNEL_KEY;
}

bool ktstr_kernel_form__version_matches(const char *spec, const char *version)
{
	size_t len = strlen(spec);
	const char *rest = version + len;

	if (strncmp(spec, version, len))
		return false;
	if (!*rest)
		return true;
	if (isdigit((unsigned char)*rest))
		return false;		/* 6.1 is not 6.12 */
	if (*rest == '.' && !isdigit((unsigned char)rest[1]))
		return false;
	return strncmp(rest, "-rc", 3) != 0;
}
