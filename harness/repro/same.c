// SPDX-License-Identifier: GPL-2.0
/* Is it the same error? See internal.h. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

#define WORDS	512

/*
 * A task as the kernel writes it, "name[123]", is any task; "(name[123])" too. Other digits are a number,
 * whatever it is: a CPU, a time, an id.
 */
static void generalise(const char *s, char *buf, size_t size)
{
	size_t len = 0;

	for (; *s && len + 2 < size; s++) {
		size_t digits = s[0] == '[' ? strspn(s + 1, "0123456789") : 0;

		if (digits && s[1 + digits] == ']') {
			while (len && !isspace((unsigned char)buf[len - 1]) && buf[len - 1] != '(')
				len--;
			buf[len++] = '*';
			s += 1 + digits;
		} else if (isdigit((unsigned char)*s)) {
			buf[len++] = '#';
			s += strspn(s, "0123456789abcdefx.") - 1;
		} else {
			buf[len++] = *s;
		}
	}
	buf[len] = '\0';
}

bool ktstr_repro__same_error(const char *a, const char *b)
{
	char one[WORDS], other[WORDS];

	if (!a || !b)
		return false;
	generalise(a, one, sizeof(one));
	generalise(b, other, sizeof(other));
	return !strcmp(one, other);
}
