// SPDX-License-Identifier: GPL-2.0
/* Shortens scheduler logs: see schedlog.h. */
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schedlog.h"

#define MAX_PERIOD	64	/* lines of a block */
#define MIN_BLOCKS	3

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

struct line {
	const char *text;
	size_t len;		/* with its newline */
	uint64_t hash;		/* FNV-1a, every number the same */
};

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

static struct line *split(const char *text, size_t len, size_t *nr)
{
	const char *end = text + len, *nl;
	struct line *lines;
	size_t n = 1, i;

	for (i = 0; i < len; i++)
		n += text[i] == '\n';
	lines = calloc(n, sizeof(*lines));
	for (*nr = 0; lines && text < end; text += lines[(*nr)++].len) {
		nl = memchr(text, '\n', end - text);
		lines[*nr].text = text;
		lines[*nr].len = nl ? (size_t)(nl + 1 - text) : (size_t)(end - text);
		lines[*nr].hash = hash_line(text, nl ? (size_t)(nl - text) : (size_t)(end - text));
	}
	return lines;
}

/* The number of consecutive equal blocks of @period lines, beginning with the first line of @l. */
static size_t blocks(const struct line *l, size_t nr, size_t period)
{
	size_t i;

	for (i = period; i < nr && l[i].hash == l[i - period].hash; i++)
		;
	return i / period;
}

static void put_lines(FILE *f, const struct line *l, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++)
		fwrite(l[i].text, 1, l[i].len, f);
}

/* Write the lines at @l, or their repetition. Returns how many lines that covers. */
static size_t put_next(FILE *f, const struct line *l, size_t nr)
{
	size_t period, best = 0, saved = 0, n;

	for (period = 1; period <= MAX_PERIOD && period * MIN_BLOCKS <= nr; period++) {
		n = blocks(l, nr, period);
		/* what is left out must be more than the two lines that say so */
		if (n >= MIN_BLOCKS && (n - 2) * period > saved + 2) {
			saved = (n - 2) * period;
			best = period;
		}
	}
	if (!best) {
		put_lines(f, l, 1);
		return 1;
	}
	n = blocks(l, nr, best);
	fprintf(f, "--- %zu x the following %zu line%s ---\n", n, best, best == 1 ? "" : "s");
	put_lines(f, l, best);
	fprintf(f, "--- %zu more like this ---\n", n - 2);
	put_lines(f, l + (n - 1) * best, best);
	return n * best;
}

char *ktstr_schedlog__collapse(const char *text, size_t len)
{
	struct line *lines;
	char *out = NULL;
	size_t size, nr = 0, i;
	FILE *f;

	lines = split(text, len, &nr);
	f = lines ? open_memstream(&out, &size) : NULL;
	for (i = 0; f && i < nr;)
		i += put_next(f, lines + i, nr - i);
	free(lines);
	if (!f)
		return NULL;
	if (fclose(f)) {
		free(out);
		return NULL;
	}
	return out;
}
