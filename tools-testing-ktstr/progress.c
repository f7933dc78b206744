// SPDX-License-Identifier: GPL-2.0
/*
 * Progress on stderr; see report.h. On a terminal one line that is rewritten in place, else
 * (CI logs) one line per finished test.
 */
#include <string.h>
#include <sys/ioctl.h>

#include "report.h"
#include "util.h"

static unsigned int columns(void)
{
	struct winsize ws;

	if (ioctl(2, TIOCGWINSZ, &ws) || !ws.ws_col)
		return 80;
	return ws.ws_col;
}

/* "[3/12] 1 failed, 14 s: smt_fairness, two_cgroups", cut at the edge of the screen. */
static void live_line(const struct report *r, const struct pool *pool)
{
	unsigned int i, width = columns(), bad = 0;
	const char *comma = "";
	char line[1024];
	size_t n;

	for (i = 0; i < pool->nr_started; i++)
		bad += pool->jobs[i].state == JOB_DONE &&
		       pool->jobs[i].verdict.status >= KTAP_INCONCLUSIVE;
	n = snprintf(line, sizeof(line), "[%u/%u] ", pool->nr_done, pool->nr_jobs);
	if (bad)
		n += snprintf(line + n, sizeof(line) - n, "%u failed, ", bad);
	n += snprintf(line + n, sizeof(line) - n, "%.0f s: ", now_s() - r->started);
	for (i = 0; i < pool->nr_started && n < sizeof(line) - 1; i++) {
		if (pool->jobs[i].state != JOB_RUNNING)
			continue;
		n += snprintf(line + n, sizeof(line) - n, "%s%s", comma, pool->jobs[i].test);
		comma = ", ";
	}
	fprintf(stderr, "\r%.*s\033[K", (int)width - 1, line);
	if (pool->nr_done == pool->nr_jobs)
		fputs("\r\033[K", stderr);
}

void report__progress(struct report *r, const struct pool *pool, const struct job *done)
{
	const struct ktap_verdict *v;

	if (r->tty) {
		live_line(r, pool);
		return;
	}
	if (!done)
		return;
	v = &done->verdict;
	fprintf(stderr, "ktstr: [%u/%u] %-5s %s/%s %.1f s%s%s\n", pool->nr_done, pool->nr_jobs,
		ktap_status__name(v->status), done->fixture, done->test, done->seconds,
		v->note[0] ? ": " : "", v->note);
}
