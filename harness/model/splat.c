// SPDX-License-Identifier: GPL-2.0
/* Errors of the kernel in its log: see splat.h. */
#include <ctype.h>
#include <linux/kernel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console.h"
#include "lib/control.h"
#include "lib/textbuf.h"
#include "scxlog.h"
#include "splat.h"

#define CUT_HERE	"------------[ cut here ]"	/* include/asm-generic/bug.h */
#define END_TRACE	"---[ end trace "		/* kernel/panic.c */
#define BAR		"====="				/* above reports of lockdep, KASAN, ... */
#define MAX_LINES	128	/* that a splat is long: a lockdep report may have as many */
#define SAME_LINES	16	/* from a headline to another one of the same error */
#define PAUSE_US	1000000	/* the lines of one splat follow each other */
#define CUT_LINES	4	/* from "cut here" to the headline */
#define MAX_FRAMES	5

/* Where in a line a mark must be. */
enum where {
	BEGIN,			/* at its begin */
	PREFIXED,		/* there, or behind the prefix of a subsystem: "watchdog: " */
	ANYWHERE,
};

/* Which line behind the headline is quoted too: the first that is not empty, or that has a lock. */
enum more { NO_MORE, NEXT_LINE, LOCK_LINE };

/* Errors that are reported with several headlines: bits of struct headline::causes. */
enum { BY_BUG = 1, BY_CORRUPTION = 2 };

struct headline {
	const char *what;
	enum where where;
	const char *mark, *also;	/* @also: somewhere behind the mark, or NULL */
	bool barred;			/* and the line before is a bar */
	enum more more;
	unsigned int causes, caused;	/* the first causes the headlines that have its bit here */
};

/* The first row that fits counts. The formats are those of the files named here. */
static const struct headline headlines[] = {
	/* mm/kasan/report.c, mm/kfence/report.c, kernel/kcsan/report.c, mm/kmsan/report.c */
	{ "KASAN report", BEGIN, "BUG: KASAN: ", .more = NEXT_LINE },
	{ "KFENCE report", BEGIN, "BUG: KFENCE: ", .more = NEXT_LINE },
	{ "KCSAN report", BEGIN, "BUG: KCSAN: " },
	{ "KMSAN report", BEGIN, "BUG: KMSAN: " },
	/* kernel/watchdog.c, kernel/workqueue.c */
	{ "soft lockup", PREFIXED, "BUG: soft lockup - " },
	{ "hard lockup", ANYWHERE, "Watchdog detected hard LOCKUP on cpu" },
	{ "workqueue lockup", PREFIXED, "BUG: workqueue lockup" },
	/* kernel/rcu/tree_stall.h, tree_exp.h, tasks.h */
	{ "RCU stall", PREFIXED, "INFO: rcu", "detected stall", .more = NEXT_LINE },
	{ "RCU stall", PREFIXED, "INFO: rcu", "detected expedited stall" },
	{ "RCU stall", PREFIXED, "INFO: rcu", "self-detected stall", .more = NEXT_LINE },
	/* kernel/hung_task.c */
	{ "hung task", PREFIXED, "INFO: task ", " for more than " },
	/* lib/list_debug.c; a WARNING or a BUG follows */
	{ "list corruption", BEGIN, "list_add corruption", .causes = BY_CORRUPTION },
	{ "list corruption", BEGIN, "list_del corruption", .causes = BY_CORRUPTION },
	/* lib/ubsan.c */
	{ "UBSAN report", BEGIN, "UBSAN: ", .more = NEXT_LINE },
	/* kernel/locking/lockdep.c */
	{ "lockdep report", BEGIN, "WARNING: ", .barred = true, .more = LOCK_LINE },
	{ "lockdep report", BEGIN, "[ BUG: ", .more = LOCK_LINE },
	{ "lockdep report", BEGIN, "INFO: trying to register non-static key" },
	/* lib/bug.c, arch/x86/mm/fault.c, mm/slub.c and many others */
	{ "BUG", BEGIN, "kernel BUG at ", .causes = BY_BUG, .caused = BY_CORRUPTION },
	{ "BUG", PREFIXED, "BUG: ", .causes = BY_BUG },
	{ "BUG", BEGIN, "BUG ", "): " },
	/* arch/x86/kernel/dumpstack.c, traps.c; arch/arm64/kernel/traps.c, mm/fault.c */
	{ "oops", BEGIN, "Unable to handle kernel ", .causes = BY_BUG },
	{ "oops", BEGIN, "Oops: ", .caused = BY_BUG | BY_CORRUPTION },
	{ "oops", BEGIN, "Internal error: ", .caused = BY_BUG | BY_CORRUPTION },
	{ "oops", BEGIN, "general protection fault" },
	/* kernel/panic.c */
	{ "WARNING", BEGIN, "WARNING: ", .caused = BY_CORRUPTION },
};

/* Functions that only report, or only sleep: a trace begins below them. */
static const char * const reporters[] = {
	"__schedule", "schedule", "dump_stack", "show_stack", "show_regs", "sched_show_task", "print_", "report_bug", "__warn",
	"warn_slowpath", "exc_", "asm_exc_", "handle_bug", "lockdep_", "check_", "__lock_acquire",
	"lock_acquire", "__might_", "kasan_", "__asan_", "ubsan_", "__ubsan_", "kfence_", "kcsan_",
	"nmi_", "arch_trigger_", "rcu_dump_", "__die", "die", "page_fault_oops",
};

void ktstr_splats__free(struct ktstr_splats *s)
{
	free(s->list);
	memset(s, 0, sizeof(*s));
}

static bool begins(const char *line, size_t len, const char *with)
{
	size_t n = strlen(with);

	return len >= n && !memcmp(line, with, n);
}

static const char *find(const char *line, size_t len, const char *mark)
{
	return memmem(line, len, mark, strlen(mark));
}

static bool fits(const struct headline *h, const char *line, size_t len, bool barred)
{
	const char *at = find(line, len, h->mark), *end = line + len;

	if (!at || (h->barred && !barred))
		return false;
	if (at != line && (h->where == BEGIN ||
			   (h->where == PREFIXED && (at < line + 2 || memcmp(at - 2, ": ", 2)))))
		return false;
	return !h->also || find(at, end - at, h->also);
}

static uint32_t row_of(const char *line, size_t len, bool barred)
{
	uint32_t i = 0;

	if (begins(line, len, "sched_ext: "))	/* what a scheduler says about its end */
		return ARRAY_SIZE(headlines);
	for (; i < ARRAY_SIZE(headlines); i++)
		if (fits(&headlines[i], line, len, barred))
			break;
	return i;
}

/* At most @size - 1 bytes of @line; what a terminal would interpret becomes '?'. */
static void copy(char *buf, size_t size, const char *line, size_t len)
{
	size_t i;

	while (len && isspace((unsigned char)line[len - 1]))
		len--;
	if (len >= size)
		len = size - 1;
	for (i = 0; i < len; i++)
		buf[i] = line[i] == '\t' ? ' ' :
			 ktstr_is_control(line[i]) ? '?' : line[i];
	buf[len] = '\0';
}

static void keep(struct ktstr_splat *p, const char *line, size_t len)
{
	size_t have = strlen(p->text);

	if (!len || have + 2 >= sizeof(p->text))
		return;
	copy(p->text + have, sizeof(p->text) - have - 1, line, len);
	strcat(p->text, "\n");
}

/* Do they differ in numbers only? Digits of other bases are no matter: times and CPUs vary. */
static bool alike(const char *a, const char *b)
{
	while (*a && *b) {
		if (isdigit((unsigned char)*a) && isdigit((unsigned char)*b)) {
			while (isdigit((unsigned char)*a))
				a++;
			while (isdigit((unsigned char)*b))
				b++;
			continue;
		}
		if (*a++ != *b++)
			return false;
	}
	return !*a && !*b;
}

/* The source line is a number too, and not one that varies: "file.c:123 at function". */
static bool same_place(const char *a, const char *b)
{
	const char *pa = strstr(a, ".c:"), *pb = strstr(b, ".c:");

	return !pa || !pb || strtoul(pa + 3, NULL, 10) == strtoul(pb + 3, NULL, 10);
}

static struct ktstr_splat *known(struct ktstr_splats *s, const char *headline)
{
	uint32_t i;

	for (i = 0; i < s->nr; i++)
		if (alike(s->list[i].headline, headline) &&
		    same_place(s->list[i].headline, headline))
			return &s->list[i];
	return NULL;
}

static void begin(struct ktstr_splats *s, uint32_t row, uint64_t time_us, const char *line,
		  size_t len)
{
	char headline[KTSTR_SPLAT_LINE];
	struct ktstr_splat *p;

	copy(headline, sizeof(headline), line, len);
	s->open = NULL;
	s->row = row;
	s->lines = 0;
	s->in_trace = false;
	p = known(s, headline);
	s->again = p;
	if (p) {
		p->times++;
		s->open = p;
		return;
	}
	if (!s->list)
		s->list = calloc(KTSTR_MAX_SPLATS, sizeof(*s->list));
	if (!s->list || s->nr == KTSTR_MAX_SPLATS) {
		s->dropped++;
		return;
	}
	p = &s->list[s->nr++];
	p->what = headlines[row].what;
	p->time_us = time_us;
	p->times = 1;
	strcpy(p->headline, headline);
	if (s->cut) {
		strcpy(p->said, s->before);
		keep(p, s->before, strlen(s->before));
	}
	keep(p, line, len);
	s->open = p;
}

/* "foo+0x12/0x40", with " ? " before it if it is a guess. */
static void add_frame(struct ktstr_splat *p, const char *line, size_t len)
{
	const char *plus = memchr(line, '+', len);
	size_t have = strlen(p->trace), n, i;
	char name[64];

	if (!plus || p->frames == MAX_FRAMES || plus == line)
		return;
	n = plus - line;
	for (i = 0; i < n; i++)
		if (!isalnum((unsigned char)line[i]) && !strchr("_.$", line[i]))
			return;
	copy(name, sizeof(name), line, n);
	for (i = 0; i < ARRAY_SIZE(reporters) && !p->frames; i++)
		if (!strncmp(name, reporters[i], strlen(reporters[i])))
			return;
	if (have + strlen(name) + 4 > sizeof(p->trace))
		return;
	snprintf(p->trace + have, sizeof(p->trace) - have, "%s%s", have ? " < " : "", name);
	p->frames++;
}

/* A line that follows the headline of the open splat. */
static void follow(struct ktstr_splats *s, const char *line, size_t len)
{
	const struct headline *h = &headlines[s->row];
	struct ktstr_splat *p = s->open;
	const char *rip;

	keep(p, line, len);
	while (len && isspace((unsigned char)*line)) {
		line++;
		len--;
	}
	if (!p->said[0] && (h->more == NEXT_LINE ||
			    (h->more == LOCK_LINE && find(line, len, ", at: "))))
		copy(p->said, sizeof(p->said), line, len);
	rip = find(line, len, "RIP: 0010:");	/* of the kernel; user code has 0033 */
	if (rip && !p->frames) {
		rip += strlen("RIP: 0010:");
		add_frame(p, rip, line + len - rip);
	}
	if (begins(line, len, "Call Trace:") || begins(line, len, "Call trace:"))
		s->in_trace = true;
	else if (begins(line, len, "</") || (s->in_trace && begins(line, len, "RIP: ")))
		s->in_trace = false;
	else if (s->in_trace)
		add_frame(p, line, len);
}

void ktstr_splats__line(struct ktstr_splats *s, uint64_t time_us, const char *line, size_t len)
{
	bool barred = s->barred;
	uint32_t row;

	s->barred = begins(line, len, BAR);
	if (s->open && (begins(line, len, END_TRACE) || ++s->lines > MAX_LINES ||
			time_us > s->line_us + PAUSE_US))
		s->open = NULL;
	s->line_us = time_us;
	row = row_of(line, len, barred);
	if (row < ARRAY_SIZE(headlines) &&
	    !(s->open && s->lines <= SAME_LINES && headlines[s->row].causes & headlines[row].caused)) {
		begin(s, row, time_us, line, len);
		s->cut = 0;
		return;
	}
	if (begins(line, len, CUT_HERE)) {
		s->cut = CUT_LINES;
		s->before[0] = '\0';
		return;
	}
	if (s->open && !s->again)
		follow(s, line, len);
	if (s->cut && !s->before[0])
		copy(s->before, sizeof(s->before), line, len);
	if (s->cut)
		s->cut--;
}

/* "PRIO,SEQ,TIME_US,...": PRIO has the facility from bit 3 on, and 0 is the kernel. */
static bool of_kernel(const char *record, size_t len, uint64_t *time_us)
{
	unsigned long long seq, us;
	unsigned int prio;
	char head[64];

	copy(head, sizeof(head), record, len < sizeof(head) ? len : sizeof(head) - 1);
	if (!isdigit((unsigned char)*head) ||
	    sscanf(head, "%9u,%18llu,%18llu", &prio, &seq, &us) != 3)
		return false;
	*time_us = us;
	return prio < 8;
}

void ktstr_splats__record(struct ktstr_splats *s, const char *record, size_t len, bool counts)
{
	char line[9000];	/* a record is 8 KiB at most (include/linux/printk.h) */
	uint64_t us = s->last_us;
	bool kernel = of_kernel(record, len, &us);
	const char *pos, *p;
	size_t text, n;

	s->last_us = us;
	if (!counts || !kernel || !ktstr_kmsg__format(record, len, line, sizeof(line), &text))
		return;
	/* one record may have several lines */
	for (pos = line + text; (p = ktstr_text__line(&pos, &n));)
		ktstr_splats__line(s, us, p, n);
}

void ktstr_splats__console(struct ktstr_splats *s, const char *text)
{
	const char *pos = text, *line;
	uint64_t us;
	size_t len;

	while ((line = ktstr_text__line(&pos, &len))) {
		if (!ktstr_console__stamp(line, len, &us) || us <= s->last_us)
			continue;
		line = ktstr_console__skip_time(line, &len);
		ktstr_splats__line(s, us, line, len);
	}
}

void ktstr_splat__describe(const struct ktstr_splat *s, char *buf, size_t size)
{
	int n = snprintf(buf, size, "kernel splat (%s) at [%llu.%06llu]: \"%s\"", s->what,
			 (unsigned long long)(s->time_us / 1000000),
			 (unsigned long long)(s->time_us % 1000000), s->headline);

	if (s->times > 1 && n >= 0 && (size_t)n < size)
		n += snprintf(buf + n, size - n, ", seen %u times", s->times);
	if (s->said[0] && n >= 0 && (size_t)n < size)
		n += snprintf(buf + n, size - n, "; \"%s\"", s->said);
	if (s->trace[0] && n >= 0 && (size_t)n < size)
		snprintf(buf + n, size - n, "; in %s", s->trace);
}
