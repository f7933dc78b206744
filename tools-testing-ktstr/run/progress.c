// SPDX-License-Identifier: GPL-2.0
/*
 * Progress on stderr; see document.h. On a terminal it is one line that is rewritten in place, with
 * what each running test says of itself (harness/host/progress.h). Where the results are not on the
 * terminal (CI logs, a pipe), each finished test has a line.
 */
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/paths.h"
#include "harness/plan/protocol.h"
#include "tools-testing-ktstr/util/util.h"
#include "document.h"

static unsigned int columns(void)
{
	struct winsize ws;

	if (ioctl(2, TIOCGWINSZ, &ws) || !ws.ws_col)
		return 80;
	return ws.ws_col;
}

/* " (step 2, 3.2 s)", or "" when the test says nothing. */
static void read_stage(const struct document *d, const struct job *job, char *buf, size_t size)
{
	char path[PATH_MAX], text[160], clean[160];
	ssize_t n;
	int fd;

	buf[0] = '\0';
	if (ktstr_paths__fmt(path, sizeof(path), "%s/%s/%s.%s/" KTSTR_PROGRESS_FILE,
			     d->head->runs_root, job->run_id, job->fixture, job->test))
		return;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return;
	ktap_clean(clean, sizeof(clean), text, n);
	snprintf(buf, size, " (%s)", clean);
}

/* "[3/12] 1 failed, 14 s: smt_fairness (step 2, 3.2 s), two_cgroups (boots)", cut at the edge. */
static void live_line(const struct document *d, const struct job_pool *pool)
{
	unsigned int i, width = columns(), bad = 0;
	const char *comma = "";
	char line[1024], stage[200];
	size_t n;

	for (i = 0; i < pool->nr_started; i++)
		bad += pool->jobs[i].state == JOB_DONE &&
		       pool->jobs[i].verdict.status >= KTAP_INCONCLUSIVE;
	n = snprintf(line, sizeof(line), "[%u/%u] ", pool->nr_done, pool->nr_jobs);
	if (bad)
		n += snprintf(line + n, sizeof(line) - n, "%u failed, ", bad);
	n += snprintf(line + n, sizeof(line) - n, "%.0f s: ", (ktstr_now_ns() - d->started_ns) / 1e9);
	for (i = 0; i < pool->nr_started && n < sizeof(line) - 1; i++) {
		if (pool->jobs[i].state != JOB_RUNNING)
			continue;
		read_stage(d, &pool->jobs[i], stage, sizeof(stage));
		n += snprintf(line + n, sizeof(line) - n, "%s%s%s", comma, pool->jobs[i].test,
			      stage);
		comma = ", ";
	}
	fprintf(stderr, "\r%.*s\033[K", (int)width - 1, line);
	if (pool->nr_done == pool->nr_jobs)
		fputs(CLEAR_LINE, stderr);
}

static void line(const struct document *d, const struct job_pool *pool, const struct job *job)
{
	const char *why = job__reason(job);

	fprintf(stderr, "%sktstr: [%u/%u] %-5s %s/%s %.1f s%s%s\n", d->tty ? CLEAR_LINE : "",
		pool->nr_done, pool->nr_jobs, ktap_status__name(job->verdict.status), job->fixture,
		job->test, job->seconds, *why ? ": " : "", why);
}

int document__progress(void *ctx, struct job_pool *pool, struct job *done)
{
	struct document *d = ctx;
	int ret = 0;

	if (done) {
		/* what is printed is forgotten, the reason too */
		if (!(d->tty && d->out_tty))
			line(d, pool, done);
		ret = document__flush(d);
	}
	if (d->tty)
		live_line(d, pool);
	return ret;
}
