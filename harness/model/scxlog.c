// SPDX-License-Identifier: GPL-2.0
/* sched_ext in the kernel log: see scxlog.h. */
#include <ctype.h>
#include <linux/kernel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scxlog.h"

#define PREFIX	"sched_ext: "

/* scx_exit_reason(): the reasons that are not errors */
static const char * const harmless[] = {
	"unregistered from user space", "unregistered from BPF",
	"unregistered from the main kernel", "disabled by sysrq-S", "parent exiting",
	"killed by parent scheduler",
};

static bool is_harmless(const char *reason)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(harmless); i++)
		if (!strcmp(reason, harmless[i]))
			return true;
	return false;
}

static void copy(char *buf, size_t size, const char *from, size_t len)
{
	if (len >= size)
		len = size - 1;
	memcpy(buf, from, len);
	buf[len] = '\0';
}

#define LEVEL_ERR	3
#define LEVEL_UNKNOWN	(-1)

/* BPF scheduler "OPS" disabled (REASON) */
static bool parse_disabled(struct ktstr_scxlog *s, int level, const char *p, size_t len)
{
	static const char mark[] = "\" disabled (";
	const char *ops = memchr(p, '"', len), *end, *reason;
	char text[sizeof(s->reason)], name[sizeof(s->ops)];
	bool error;

	if (len < 4 || memcmp(p, "BPF ", 4) || !ops)
		return false;
	ops++;
	end = memmem(ops, p + len - ops, mark, sizeof(mark) - 1);
	if (!end)
		return false;
	reason = end + sizeof(mark) - 1;
	len = p + len - reason;
	while (len && isspace((unsigned char)reason[len - 1]))
		len--;
	if (!len || reason[len - 1] != ')')
		return false;
	copy(text, sizeof(text), reason, len - 1);
	copy(name, sizeof(name), ops, end - ops);
	if ((s->only[0] && strcmp(name, s->only)) || (s->except[0] && !strcmp(name, s->except)))
		return true;
	s->open = false;
	error = level == LEVEL_UNKNOWN ? !is_harmless(text) : level <= LEVEL_ERR;
	s->errors += error;
	/* what follows an error is its consequence */
	if (s->error || (s->disabled && !error))
		return true;
	s->disabled = true;
	s->error = error;
	s->open = error;
	s->kind = !error ? KTSTR_SCHED_EXITED :
		  strstr(text, "stall") ? KTSTR_SCHED_STALLED : KTSTR_SCHED_ERROR;
	s->msg[0] = '\0';
	copy(s->reason, sizeof(s->reason), text, strlen(text));
	strcpy(s->ops, name);
	return true;
}

/* @p is behind the prefix. True for the line about being disabled. */
static bool parse(struct ktstr_scxlog *s, int level, const char *p, size_t len)
{
	size_t ops;

	if (parse_disabled(s, level, p, len))
		return true;
	ops = strlen(s->ops);
	if (!s->open || len < ops + 2 || memcmp(p, s->ops, ops) || memcmp(p + ops, ": ", 2))
		return false;
	p += ops + 2;
	len -= ops + 2;
	while (len && isspace((unsigned char)p[len - 1]))
		len--;
	copy(s->msg, sizeof(s->msg), p, len);
	s->open = false;
	return false;
}

void ktstr_scxlog__line(struct ktstr_scxlog *s, const char *line, size_t len)
{
	const char *p = memmem(line, len, PREFIX, sizeof(PREFIX) - 1);

	if (!p)
		return;
	p += sizeof(PREFIX) - 1;
	parse(s, LEVEL_UNKNOWN, p, line + len - p);
}

bool ktstr_scxlog__record(struct ktstr_scxlog *s, const char *record, size_t len)
{
	char line[9000];	/* a record is 8 KiB at most (include/linux/printk.h) */
	int level = 0;
	size_t text;

	if (!len || !isdigit((unsigned char)*record))
		return false;
	for (; len && isdigit((unsigned char)*record); record++, len--)
		level = (level * 10 + (*record - '0')) % 1000;
	len = ktstr_kmsg__format(record, len, line, sizeof(line), &text);
	if (len < text + sizeof(PREFIX) || memcmp(line + text, PREFIX, sizeof(PREFIX) - 1))
		return false;
	text += sizeof(PREFIX) - 1;
	return parse(s, level & 7, line + text, len - text);	/* the rest is the facility */
}

void ktstr_scxlog__text(struct ktstr_scxlog *s, const char *text)
{
	size_t nl;

	for (; *text; text += nl + !!text[nl]) {
		nl = strcspn(text, "\n");
		ktstr_scxlog__line(s, text, nl);
	}
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

size_t ktstr_kmsg__format(const char *record, size_t len, char *buf, size_t size, size_t *text)
{
	const char *end = memchr(record, '\n', len), *semi, *p;
	unsigned long long us = 0;
	size_t n = 0;
	int fields = 0, got;

	end = end ? end : record + len;
	semi = memchr(record, ';', end - record);
	if (!semi || size < 64)
		return 0;
	for (p = record; p < semi; p++) {
		if (*p == ',')
			fields++;
		else if (fields == 2 && isdigit((unsigned char)*p))
			us = us * 10 + (*p - '0');
	}
	if (fields < 2)
		return 0;
	got = snprintf(buf, size, "[%5llu.%06llu] ", us / 1000000, us % 1000000);
	n = got;
	*text = n;
	for (p = semi + 1; p < end && n + 2 < size; p++) {
		if (end - p >= 4 && p[0] == '\\' && p[1] == 'x' && hex(p[2]) >= 0 &&
		    hex(p[3]) >= 0) {
			buf[n++] = hex(p[2]) << 4 | hex(p[3]);
			p += 3;
		} else {
			buf[n++] = *p;
		}
	}
	buf[n++] = '\n';
	buf[n] = '\0';
	return n;
}
