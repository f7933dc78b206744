// SPDX-License-Identifier: GPL-2.0
/* See parse.h. */
#include <errno.h>
#include <stdlib.h>

#include "parse.h"

bool ktstr_take_u64(const char **text, int base, uint64_t *v)
{
	unsigned long long n;
	char *end;

	/* strtoull() itself would take blanks and a sign */
	if (**text < '0' || **text > '9')
		return false;
	errno = 0;
	n = strtoull(*text, &end, base);
	if (errno)
		return false;
	*v = n;
	*text = end;
	return true;
}

int ktstr_parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *v)
{
	uint64_t n;

	if (!ktstr_take_u64(&text, 10, &n))
		return *text >= '0' && *text <= '9' ? -ERANGE : -EINVAL;
	if (*text)
		return -EINVAL;
	if (n < min || n > max)
		return -ERANGE;
	*v = n;
	return 0;
}

int ktstr_parse_u32(const char *text, uint32_t min, uint32_t max, uint32_t *v)
{
	uint64_t n;
	int ret = ktstr_parse_u64(text, min, max, &n);

	if (!ret)
		*v = (uint32_t)n;
	return ret;
}

int ktstr_parse_setting(const char *name, const char *text, uint64_t min, uint64_t max,
			uint64_t *v, struct ktstr_err *err)
{
	if (!ktstr_parse_u64(text, min, max, v))
		return 0;
	return ktstr_err(err, EINVAL, "%s=%s: must be a number from %llu to %llu", name, text,
			 (unsigned long long)min, (unsigned long long)max);
}

const char *ktstr_env(const char *name)
{
	const char *v = getenv(name);

	return v && *v ? v : NULL;
}
