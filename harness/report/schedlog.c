// SPDX-License-Identifier: GPL-2.0
/* Shortens scheduler logs: see schedlog.h. */
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rounds.h"
#include "schedlog.h"

/* tools/sched_ext/include/scx/user_exit_info.h prints the title and two rulers. */
#define DUMP_TITLE	"DEBUG DUMP\n"
#define RULER		"===================="

const char *ktstr_schedlog__dump(const char *text, size_t *len, const char **start,
				 const char **end)
{
	const char *title = strstr(text, DUMP_TITLE RULER), *dump, *stop;

	if (!title || (title != text && title[-1] != '\n'))
		return NULL;
	dump = strchr(title + strlen(DUMP_TITLE), '\n');
	if (!dump)
		return NULL;
	dump++;
	stop = strstr(dump, "\n" RULER);
	*start = title;
	if (stop) {
		*len = stop + 1 - dump;
		*end = strchrnul(stop + 1, '\n');
	} else {
		*len = strlen(dump);
		*end = dump + *len;
	}
	while (*len && *dump == '\n') {
		dump++;
		(*len)--;
	}
	return dump;
}

/*
 * Where the verifier prints an instruction and the state of the registers behind it, the latter
 * differs in each round of a loop: "12: (bf) r1 = r2 ; R1=1 R2=1", "12: R1=1", "9: (05) goto pc-4".
 */
static size_t without_state(const char *s, size_t len)
{
	const char *cut;
	size_t i;

	for (i = 0; i < len && isdigit((unsigned char)s[i]); i++)
		;
	if (!i || i + 2 >= len || s[i] != ':')
		return len;
	if ((s[i + 2] == 'R' && i + 3 < len && isdigit((unsigned char)s[i + 3])) ||
	    (len - i > 7 && !memcmp(s + i + 2, "frame", 5)))
		return i + 1;
	cut = memmem(s, len, "; R", 3) ?: memmem(s, len, "; frame", 7);
	return cut ? (size_t)(cut - s) : len;
}

/* FNV-1a, every number the same. */
static uint64_t hash_line(const char *s, size_t len)
{
	uint64_t h = 0xcbf29ce484222325ULL;
	size_t i;

	len = without_state(s, len);
	while (len && s[len - 1] == ' ')
		len--;
	for (i = 0; i < len; i++) {
		if (isdigit((unsigned char)s[i]) && i && isdigit((unsigned char)s[i - 1]))
			continue;
		h ^= isdigit((unsigned char)s[i]) ? '0' : (unsigned char)s[i];
		h *= 0x100000001b3ULL;
	}
	return h;
}

char *ktstr_schedlog__collapse(const char *text, size_t len)
{
	const char *end = text + len, *nl;
	struct rounds *r = rounds__create();
	char *out = NULL;
	size_t size, n;
	int ret = 0;
	FILE *f;

	for (; r && !ret && text < end; text += n) {
		nl = memchr(text, '\n', end - text);
		n = nl ? (size_t)(nl + 1 - text) : (size_t)(end - text);
		ret = rounds__add(r, text, n, hash_line(text, nl ? n - 1 : n));
	}
	f = r && !ret ? open_memstream(&out, &size) : NULL;
	if (f)
		rounds__print(r, f);
	rounds__destroy(r);
	if (!f)
		return NULL;
	if (fclose(f)) {
		free(out);
		return NULL;
	}
	return out;
}
