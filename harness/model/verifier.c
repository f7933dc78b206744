// SPDX-License-Identifier: GPL-2.0
/* The verifier's reason: see verifier.h. */
#include <ctype.h>
#include <linux/kernel.h>
#include <stdio.h>
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

/* The log of the last program that has one, behind its first line; *@name is in that line. */
static const char *last_block(const char *log, const char **name, size_t *name_len)
{
	const char *begin = NULL, *p, *line;
	size_t len;

	for (p = log; (p = strstr(p, BEGIN)); p += strlen(BEGIN))
		begin = p;
	if (!begin)
		return NULL;
	for (line = begin; line > log && line[-1] != '\n'; line--)
		;
	p = memmem(line, begin - line, PROG, strlen(PROG));
	if (p) {
		*name = p + strlen(PROG);
		*name_len = strcspn(*name, "'\n");
	}
	p = begin;
	ktstr_text__line(&p, &len);
	return p;
}

bool ktstr_verifier__reason(const char *log, char *buf, size_t size)
{
	const char *name = "", *line, *reason = NULL, *pos;
	size_t name_len = 0, len, reason_len = 0;
	bool explained;

	pos = last_block(log, &name, &name_len);
	while ((line = ktstr_text__line(&pos, &len))) {
		if (memmem(line, len, END, strlen(END)))
			break;
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
	snprintf(buf, size, "%.*s%s%.*s", (int)name_len, name,
		 name_len ? ": " : "", reason_len < 400 ? (int)reason_len : 400, reason);
	return true;
}

void ktstr_verifier__last_lines(const char *log, unsigned int max, FILE *f)
{
	struct {
		const char *text;
		int len;
	} last[KTSTR_VERIFIER_LINES];
	const char *name = "", *line, *pos;
	unsigned int nr = 0, i;
	size_t name_len = 0, len;

	if (max > KTSTR_VERIFIER_LINES)
		max = KTSTR_VERIFIER_LINES;
	pos = last_block(log, &name, &name_len);
	while (max && (line = ktstr_text__line(&pos, &len))) {
		if (memmem(line, len, END, strlen(END)) || starts_with(line, len, EXPLAINS))
			break;
		if (!len || is_statistics(line, len))
			continue;
		last[nr % max].text = line;
		last[nr++ % max].len = len < 200 ? (int)len : 200;
	}
	for (i = nr > max ? nr - max : 0; i < nr; i++)
		fprintf(f, "%.*s\n", last[i % max].len, last[i % max].text);
}
