// SPDX-License-Identifier: GPL-2.0
/* The verifier's reason: see verifier.h. */
#include <ctype.h>
#include <linux/kernel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/textbuf.h"
#include "verifier.h"

#define BEGIN	"-- BEGIN PROG LOAD LOG --"
#define END	"-- END PROG LOAD LOG --"
#define PROG	"prog '"
#define EXPLAINS "Verification failed: "	/* kernel/bpf/diagnostics.c: many lines follow */

static bool starts_with(const char *line, size_t len, const char *start)
{
	return len >= strlen(start) && !memcmp(line, start, strlen(start));
}

/* What the verifier prints behind its reason: print_verification_stats() in kernel/bpf/verifier.c. */
static bool is_statistics(const char *line, size_t len)
{
	static const char * const starts[] = {
		"processed ", "verification time ", "stack depth ", "peak_states ", "mark_precise: ",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(starts); i++)
		if (starts_with(line, len, starts[i]))
			return true;
	return false;
}

/* "124: (7b) *(u64 *)(r1 +0) = r2" or "; *p = 0; @ x.bpf.c:3" */
static bool is_instruction(const char *line)
{
	return isdigit((unsigned char)*line) || *line == ';';
}

bool ktstr_verifier__next(const char **pos, struct ktstr_verifier_block *b)
{
	const char *begin = strstr(*pos, BEGIN), *line, *p, *end;

	if (!begin)
		return false;
	for (line = begin; line > *pos && line[-1] != '\n'; line--)
		;
	b->name = "";
	b->name_len = 0;
	p = memmem(line, begin - line, PROG, strlen(PROG));
	if (p) {
		b->name = p + strlen(PROG);
		b->name_len = strcspn(b->name, "'\n");
	}
	b->text = begin + strcspn(begin, "\n");
	b->text += *b->text == '\n';
	end = strstr(b->text, END);
	if (!end) {
		/* cut short: what there is of it */
		b->len = strlen(b->text);
		*pos = b->text + b->len;
		return true;
	}
	*pos = end + strlen(END);
	while (end > b->text && end[-1] != '\n')
		end--;
	b->len = end - b->text;
	return true;
}

/* The number behind @word in the line. */
static unsigned long long number_after(const char *line, size_t len, const char *word)
{
	const char *p = memmem(line, len, word, strlen(word));

	return p ? strtoull(p + strlen(word), NULL, 10) : 0;
}

bool ktstr_verifier__stats(const struct ktstr_verifier_block *b, struct ktstr_verifier_stats *st)
{
	const char *pos = b->text, *line;
	bool found = false;
	size_t len;

	memset(st, 0, sizeof(*st));
	while ((line = ktstr_text__line(&pos, &len)) && line < b->text + b->len) {
		if (starts_with(line, len, "verification time "))
			st->time_us = number_after(line, len, "verification time ");
		if (!starts_with(line, len, "processed "))
			continue;
		st->processed = number_after(line, len, "processed ");
		st->total_states = number_after(line, len, "total_states ");
		st->peak_states = number_after(line, len, "peak_states ");
		found = true;
	}
	return found;
}

/* text NULL: there is none */
static struct ktstr_verifier_block last_block(const char *log)
{
	struct ktstr_verifier_block b = { .name = "" };

	while (ktstr_verifier__next(&log, &b))
		;
	return b;
}

bool ktstr_verifier__reason(const char *log, char *buf, size_t size)
{
	struct ktstr_verifier_block b = last_block(log);
	const char *line, *reason = NULL, *pos = b.text;
	size_t len, reason_len = 0;
	bool explained;

	while (pos && (line = ktstr_text__line(&pos, &len)) && line < b.text + b.len) {
		explained = starts_with(line, len, EXPLAINS);
		if (explained && reason && !is_instruction(reason))
			break;
		if (!len || is_statistics(line, len))
			continue;
		reason = line;
		reason_len = len;
		if (explained)
			break;
	}
	if (!reason)
		return false;
	snprintf(buf, size, "%.*s%s%.*s", (int)b.name_len, b.name,
		 b.name_len ? ": " : "", reason_len < 400 ? (int)reason_len : 400, reason);
	return true;
}

void ktstr_verifier__last_lines(const char *log, unsigned int max, FILE *f)
{
	struct {
		const char *text;
		int len;
	} last[KTSTR_VERIFIER_LINES];
	struct ktstr_verifier_block b = last_block(log);
	const char *pos = b.text, *line;
	unsigned int nr = 0, i;
	size_t len;

	if (max > KTSTR_VERIFIER_LINES)
		max = KTSTR_VERIFIER_LINES;
	while (max && pos && (line = ktstr_text__line(&pos, &len)) && line < b.text + b.len) {
		if (starts_with(line, len, EXPLAINS))
			break;
		if (!len || is_statistics(line, len))
			continue;
		last[nr % max].text = line;
		last[nr++ % max].len = len < 200 ? (int)len : 200;
	}
	for (i = nr > max ? nr - max : 0; i < nr; i++)
		/* cppcheck-suppress uninitvar */
		fprintf(f, "%.*s\n", last[i % max].len, last[i % max].text);
}
