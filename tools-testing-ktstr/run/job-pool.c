// SPDX-License-Identifier: GPL-2.0
/* See job-pool.h. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/plan/override.h"
#include "lib/clock.h"
#include "tools-testing-ktstr/util/util.h"
#include "job-pool.h"

#define READ_CHUNK	65536
#define GOODBYE_MS	10000	/* for programs to shut down their machines */

static int open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	sigaddset(&set, SIGPIPE);
	sigprocmask(SIG_BLOCK, &set, NULL);
	sigdelset(&set, SIGPIPE);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Read what is there. Closes the descriptor at its end. */
static void drain(int *fd, struct ktap_reader *r)
{
	char buf[READ_CHUNK];
	ssize_t n;

	while (*fd >= 0) {
		n = read(*fd, buf, sizeof(buf));
		if (n > 0)
			ktap_reader__feed(r, buf, n);
		if ((n > 0 && n < (ssize_t)sizeof(buf)) || (n < 0 && errno == EAGAIN))
			return;
		if (!n || (n < 0 && errno != EINTR)) {
			close(*fd);
			*fd = -1;
		}
	}
}

/* After the writers have ended: read the rest, unless another process keeps the pipe open. */
static void drain_rest(int *fd, struct ktap_reader *r)
{
	struct pollfd p = { .fd = *fd, .events = POLLIN };

	while (*fd >= 0 && poll(&p, 1, 0) > 0)
		drain(fd, r);
	ktap_reader__finish(r);
}

void job__free(struct job *job)
{
	unsigned int i;

	ktap_reader__free(&job->out);
	ktap_reader__free(&job->err);
	for (i = 0; i < job->nr_attempts; i++) {
		ktap_reader__free(&job->attempts[i].out);
		ktap_reader__free(&job->attempts[i].err);
	}
	free(job->attempts);
	job->attempts = NULL;
	job->nr_attempts = 0;
}

static bool is_bad(enum ktap_status s)
{
	return s >= KTAP_INCONCLUSIVE;
}

/* Keep what is known of a run that did not pass. False: no memory, so that it stays the last one. */
static bool keep_attempt(struct job *job)
{
	struct attempt *more = realloc(job->attempts, (job->nr_attempts + 1) * sizeof(*more)), *a;

	if (!more)
		return false;
	job->attempts = more;
	a = &job->attempts[job->nr_attempts++];
	*a = (struct attempt){
		.out = job->out, .err = job->err, .verdict = job->verdict,
		.seeded = job->seeded, .seed = job->seed, .seconds = job->seconds,
	};
	memset(&job->out, 0, sizeof(job->out));
	memset(&job->err, 0, sizeof(job->err));
	return true;
}

/* The verdict over all attempts. */
static void conclude(struct job *job)
{
	struct ktap_verdict *v = &job->verdict;
	char note[KTAP_NOTE_LEN];
	const struct attempt *a;

	if (!job->nr_attempts || is_bad(v->status))
		return;
	a = &job->attempts[job->nr_attempts - 1];
	if (v->status == KTAP_SKIP) {
		snprintf(note, sizeof(note), "skipped when it was repeated; before that: %.120s",
			 a->verdict.note);
		v->status = a->verdict.status;
	} else {
		snprintf(note, sizeof(note), "passed in attempt %u; attempt %u: %s",
			 job->nr_attempts + 1, job->nr_attempts, ktap_status__name(a->verdict.status));
		v->status = KTAP_FLAKY;
	}
	memcpy(v->note, note, sizeof(note));
}

static void job_done(struct job_pool *pool, struct job *job)
{
	job->state = JOB_DONE;
	job->seconds = (ktstr_now_ns() - job->started_ns) / 1e9;
	conclude(job);
	pool->nr_done++;
}

static void job_start(struct job_pool *pool, struct job *job);

/* True: it runs again. */
static bool retry(struct job_pool *pool, struct job *job)
{
	job->seconds = (ktstr_now_ns() - job->started_ns) / 1e9;
	if (!is_bad(job->verdict.status) || job->nr_attempts == job->retries || !keep_attempt(job))
		return false;
	if (job->retry_seeds) {
		job->seeded = true;
		job->seed++;
	}
	job_start(pool, job);
	return true;
}

/* True: it has its verdict. False: it was started again. */
static bool job_ended(struct job_pool *pool, struct job *job, int status)
{
	int left = child__kill_session(job->child.pid);

	drain_rest(&job->child.out, &job->out);
	drain_rest(&job->child.err, &job->err);
	child__close(&job->child);
	ktap_judge(&job->out, status, &job->verdict);
	/*
	 * After a timeout the harness may still be killing the test; after a pass nothing may be
	 * left.
	 */
	if (left && job->verdict.status < KTAP_FAIL)
		fprintf(stderr, "%sktstr: %s/%s left %d process%s running: killed\n",
			isatty(2) ? "\r\033[K" : "", job->fixture, job->test, left,
			left > 1 ? "es" : "");
	if (retry(pool, job))
		return job->state == JOB_DONE;
	job_done(pool, job);
	return true;
}

/* The harness's -r takes "fixture.test" and runs exactly that. */
static void job_start(struct job_pool *pool, struct job *job)
{
	char name[KTAP_LINE_LEN], seed[24], number[16];
	char *argv[4] = { (char *)job->program, "-r", name };
	struct ktstr_err err;

	snprintf(name, sizeof(name), "%s.%s", job->fixture, job->test);
	ktap_reader__init(&job->out, KTAP_STDOUT, job->fixture, job->test);
	ktap_reader__init(&job->err, KTAP_STDERR, job->fixture, job->test);
	if (job->seeded) {
		snprintf(seed, sizeof(seed), "%llu", (unsigned long long)job->seed);
		setenv("KTSTR_SEED", seed, 1);
	}
	setenv("KTSTR_RUN_ID", job->run_id, 1);
	if (job->topology)
		setenv(KTSTR_ENV_TOPOLOGY, job->topology, 1);
	if (job->kernel)
		run_kernel__export(job->kernel);
	snprintf(number, sizeof(number), "%u", job->nr_attempts + 1);
	setenv("KTSTR_ATTEMPT", number, 1);
	job->started_ns = ktstr_now_ns();
	job->started_at = time(NULL);
	pool->nr_started += !job->nr_attempts;
	job->state = JOB_RUNNING;
	if (child__spawn(&job->child, argv, environ, true, &err)) {
		job->verdict.status = KTAP_ERROR;
		ktap_clean(job->verdict.note, sizeof(job->verdict.note), err.msg, strlen(err.msg));
		job_done(pool, job);
	}
}

static struct job *job_of(struct job_pool *pool, pid_t pid)
{
	unsigned int i;

	for (i = 0; i < pool->nr_started; i++)
		if (pool->jobs[i].state == JOB_RUNNING && pool->jobs[i].child.pid == pid)
			return &pool->jobs[i];
	return NULL;
}

/* Children that are not a job are adopted orphans; they are only reaped. */
static int reap(struct job_pool *pool)
{
	struct job *job;
	int status, ret;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		job = job_of(pool, pid);
		if (!job)
			continue;
		ret = pool->progress(pool->ctx, pool, job_ended(pool, job, status) ? job : NULL);
		if (ret)
			return ret;
	}
	return 0;
}

/* Returns the number of a signal that asks us to stop, or 0. */
static int read_signals(int fd)
{
	struct signalfd_siginfo info;
	int stop = 0;

	while (read(fd, &info, sizeof(info)) == sizeof(info))
		if (info.ssi_signo != SIGCHLD)
			stop = info.ssi_signo;
	return stop;
}

/* The next job waits for the others to end, or the one that runs wants to be alone. */
static bool must_wait(const struct job_pool *pool)
{
	const struct job *next = &pool->jobs[pool->nr_started];

	if (pool->nr_started == pool->nr_done)
		return false;
	return next->alone || next[-1].alone;
}

static int start_more(struct job_pool *pool)
{
	struct job *job;
	int ret = 0;

	while (!ret && pool->nr_started < pool->nr_jobs &&
	       pool->nr_started - pool->nr_done < pool->width && !must_wait(pool)) {
		job = &pool->jobs[pool->nr_started];
		job_start(pool, job);
		ret = pool->progress(pool->ctx, pool, job->state == JOB_DONE ? job : NULL);
	}
	return ret;
}

/* Wait for a signal or for output, and read the output. Returns what poll() does. */
static int poll_some(struct job_pool *pool, int sigfd, struct pollfd *p, int timeout_ms)
{
	unsigned int i, n = 0;
	struct job *job;
	int ret;

	p[n++] = (struct pollfd){ .fd = sigfd, .events = POLLIN };
	for (i = 0; i < pool->nr_started; i++) {
		job = &pool->jobs[i];
		if (job->state != JOB_RUNNING)
			continue;
		if (job->child.out >= 0)
			p[n++] = (struct pollfd){ .fd = job->child.out, .events = POLLIN };
		if (job->child.err >= 0)
			p[n++] = (struct pollfd){ .fd = job->child.err, .events = POLLIN };
	}
	ret = poll(p, n, timeout_ms);
	if (ret <= 0)
		return ret;
	for (i = 0; i < pool->nr_started; i++) {
		job = &pool->jobs[i];
		if (job->state != JOB_RUNNING)
			continue;
		drain(&job->child.out, &job->out);
		drain(&job->child.err, &job->err);
	}
	return ret;
}

static unsigned int nr_alive(const struct job_pool *pool)
{
	unsigned int i, n = 0;

	for (i = 0; i < pool->nr_started; i++)
		n += pool->jobs[i].state == JOB_RUNNING && pool->jobs[i].child.pid > 0;
	return n;
}

/*
 * The run ends early. Programs that handle SIGTERM write what they know about their test; they get
 * time for that, unless a second signal arrives. Their output is still read, so that none of them
 * blocks, but an interrupted test has no result.
 */
static void say_goodbye(struct job_pool *pool, int sigfd, struct pollfd *p)
{
	int64_t deadline_ms = ktstr_deadline_ms(GOODBYE_MS);
	struct job *job;
	unsigned int i;
	pid_t pid;

	for (i = 0; i < pool->nr_started; i++)
		if (pool->jobs[i].state == JOB_RUNNING)
			kill(pool->jobs[i].child.pid, SIGTERM);
	while (nr_alive(pool) && ktstr_left_ms(deadline_ms)) {
		poll_some(pool, sigfd, p, ktstr_left_ms(deadline_ms));
		if (read_signals(sigfd))
			break;
		while ((pid = waitpid(-1, NULL, WNOHANG)) > 0) {
			job = job_of(pool, pid);
			if (job)
				job->child.pid = -1;
		}
	}
}

int job_pool__run(struct job_pool *pool)
{
	struct pollfd *p = calloc(1 + 2 * (size_t)pool->width, sizeof(*p));
	int sigfd = open_signals(), ret = 0;
	unsigned int i;

	if (!p || sigfd < 0) {
		ret = -errno;
		goto out;
	}
	while (!ret && pool->nr_done < pool->nr_jobs) {
		ret = start_more(pool);
		if (ret || pool->nr_started == pool->nr_done)
			continue;
		if (poll_some(pool, sigfd, p, pool->tick_ms) <= 0)
			ret = pool->progress(pool->ctx, pool, NULL);
		if (!ret)
			ret = read_signals(sigfd);
		if (!ret)
			ret = reap(pool);
	}
	if (ret)
		say_goodbye(pool, sigfd, p);
	child__kill_all();
	for (i = 0; i < pool->nr_started; i++)
		child__close(&pool->jobs[i].child);
out:
	if (sigfd >= 0)
		close(sigfd);
	free(p);
	return ret;
}
