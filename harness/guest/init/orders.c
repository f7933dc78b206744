// SPDX-License-Identifier: GPL-2.0
/*
 * Replaces the scheduler under test while a body runs. The body sends an order, waits, and takes
 * the new pid from the answer; PID 1 remains the parent of all schedulers.
 *
 * A scheduler that fails to attach or to detach is a finding: it goes into g->result with its own
 * kind, the answer is -ESHUTDOWN, and the scenario ends. An order that cannot be tried (an unknown
 * name, nothing to detach) is an error with a sentence.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/clock.h"
#include "internal.h"

#define MAX_ARGS_TEXT	(256 * 1024)

/* Time limits of the orders, in guest time. */
static const struct order_times {
	uint32_t detach_ms;	/* until sched_ext is "disabled"; 0: nothing to detach */
	uint32_t quiet_ms;	/* before a start, until no scheduler is enabled */
	uint32_t attach_ms;	/* until attached, at least attach_timeout_ms; 0: no start */
} times[KTSTR_NR_SCHED_ORDERS] = {
	[KTSTR_SCHED_ATTACH]	= { 0, 60000, 30000 },
	[KTSTR_SCHED_DETACH]	= { 10000, 0, 0 },
	[KTSTR_SCHED_RESTART]	= { 10000, 5000, 30000 },
	[KTSTR_SCHED_REPLACE]	= { 10000, 5000, 10000 },
	[KTSTR_SCHED_REVIVE]	= { 0, 10000, 30000 },
};

static uint64_t ms_from_now(uint32_t ms)
{
	return ktstr_now_ns() + ms * (NSEC_PER_SEC / 1000);
}

/* One argument per line. The NULL-terminated list points into @text. */
static char **split_lines(char *text)
{
	size_t nr = 0;
	char **list, *p, *nl;

	for (p = text; *p; p++)
		nr += *p == '\n';
	list = calloc(nr + 1, sizeof(*list));
	if (!list)
		return NULL;
	nr = 0;
	for (p = text; (nl = strchr(p, '\n')); p = nl + 1) {
		*nl = '\0';
		list[nr++] = p;
	}
	return list;
}

/* guest_file__read() removes the last line break; this adds it again. */
static char *read_args(const char *dir)
{
	char path[PATH_MAX], *text = malloc(MAX_ARGS_TEXT);
	ssize_t n;

	if (!text)
		return NULL;
	snprintf(path, sizeof(path), "%s/args", dir);
	n = guest_file__read(path, text, MAX_ARGS_TEXT - 1);
	if (n < 0) {
		free(text);
		return NULL;
	}
	if (n)
		strcpy(text + n, "\n");
	return text;
}

static int make_parent(const char *dir)
{
	char path[PATH_MAX], parent[PATH_MAX / 2];

	snprintf(path, sizeof(path), "%s/cgroup_parent", dir);
	if (guest_file__read(path, parent, sizeof(parent)) <= 0)
		return 0;
	return guest_cgroup__make(parent, false);
}

static int start_staged(struct guest *g, const char *name, uint32_t timeout_ms,
			struct ktstr_err *err)
{
	char dir[sizeof(KTSTR_GUEST_STAGING) + KTSTR_NAME_LEN + 1], path[sizeof(dir) + 16];
	char *text, **args;
	int ret;

	if (!*name || strchr(name, '/') || !strcmp(name, ".."))
		return ktstr_err(err, EINVAL, "\"%s\" is no name of a scheduler", name);
	snprintf(dir, sizeof(dir), KTSTR_GUEST_STAGING "/%s", name);
	snprintf(path, sizeof(path), "%s/scheduler", dir);
	if (access(path, X_OK))
		return ktstr_err(err, ENOENT, "scheduler %s is not in the guest: staged_schedulers must name it",
				 name);
	ret = make_parent(dir);
	if (ret)
		return ktstr_err(err, -ret, "scheduler %s: cgroup_parent: %s", name, strerror(-ret));
	text = read_args(dir);
	args = text ? split_lines(text) : NULL;
	ret = args ? guest_sched__run(g, path, args, timeout_ms) :
	      ktstr_err(err, ENOMEM, "scheduler %s: its arguments cannot be read", name);
	free(args);
	free(text);
	return ret;
}

static bool running(const struct guest_sched *s)
{
	return s->pid && !s->exited;
}

static int detach(struct guest *g, const struct order_times *t, struct ktstr_err *err)
{
	int ret = guest_sched__detach(g, t->detach_ms * (NSEC_PER_SEC / 1000));

	return ret == -ETIMEDOUT ?
	       ktstr_err(err, ETIMEDOUT, "the scheduler was not gone after %u ms", t->detach_ms) : ret;
}

static int start(struct guest *g, const struct guest_order *o, const struct order_times *t,
		 struct ktstr_err *err)
{
	uint32_t attach_ms = t->attach_ms;
	int ret;

	if (attach_ms < g->args.attach_timeout_ms)
		attach_ms = g->args.attach_timeout_ms;
	if (!guest_sched__quiet(g, ms_from_now(t->quiet_ms)))
		return ktstr_err(err, EBUSY, "another scheduler stayed enabled for %u ms",
				 t->quiet_ms);
	if (o->what != KTSTR_SCHED_RESTART && o->what != KTSTR_SCHED_REVIVE)
		ret = start_staged(g, o->name, attach_ms, err);
	else if (access(KTSTR_GUEST_SCHEDULER, X_OK))
		ret = ktstr_err(err, ENOENT, "the test has no scheduler of its own to restart");
	else
		ret = guest_sched__run(g, KTSTR_GUEST_SCHEDULER, g->args.sched_argv, attach_ms);
	/* the result says what is wrong with it: its end is not reported again */
	if (ret == -ESHUTDOWN)
		g->sched.planned = true;
	return ret;
}

/*
 * The next scheduler overwrites g->sched, so the reason why this one ended must be reported
 * before.
 */
static int revive(struct guest *g, const struct guest_order *o, struct ktstr_err *err)
{
	const char *colon = *o->name ? ": " : "";
	enum ktstr_kind kind;
	struct ktstr_err why;
	int ret;

	guest_loop__serve(g, NULL, 0);
	guest_sched__check(g);
	if (!guest_sched__gone(&g->sched))
		return 0;
	guest_sched__stop(g);
	kind = guest_sched__why(&g->sched, g->body.start_ns, err->msg, sizeof(err->msg));
	ktstr_result__add(g->result, KTSTR_FAILS, kind, "%s%s%s", o->name, colon, err->msg);
	ret = start(g, o, &times[KTSTR_SCHED_REVIVE], &why);
	if (ret && ret != -ESHUTDOWN)
		ktstr_result__add(g->result, KTSTR_FAILS, KTSTR_SCHED_NOT_ATTACHED,
				  "%s%sthe scheduler was not started again: %s", o->name, colon,
				  why.msg);
	return ret ? -ESHUTDOWN : 0;
}

static int carry_out(struct guest *g, const struct guest_order *o, struct ktstr_err *err)
{
	const struct order_times *t;
	int ret = 0;

	if (o->what >= KTSTR_NR_SCHED_ORDERS)
		return ktstr_err(err, EINVAL, "unknown order %u", o->what);
	t = &times[o->what];
	if (o->what == KTSTR_SCHED_REVIVE)
		return revive(g, o, err);
	if (running(&g->sched) && !t->detach_ms)
		return ktstr_err(err, EBUSY, "a scheduler is attached, detach it first");
	if (!running(&g->sched) && t->detach_ms && o->what != KTSTR_SCHED_RESTART)
		return ktstr_err(err, ESRCH, "no scheduler is attached");
	if (running(&g->sched))
		ret = detach(g, t, err);
	if (!ret && t->attach_ms)
		ret = start(g, o, t, err);
	return ret;
}

void guest_order__reply(struct guest *g, int ret, const char *text)
{
	struct guest_order_reply reply = { .ret = ret };

	if (running(&g->sched))
		reply.pid = g->sched.pid;
	snprintf(reply.text, sizeof(reply.text), "%s", text);
	g->body.ordered = false;
	/* the body may have ended */
	if (g->body.sock >= 0)
		send(g->body.sock, &reply, sizeof(reply), MSG_NOSIGNAL | MSG_DONTWAIT);
}

void guest_order__serve(struct guest *g)
{
	struct ktstr_err err = { .msg = "" };
	int ret;

	g->body.order.name[sizeof(g->body.order.name) - 1] = '\0';
	ret = carry_out(g, &g->body.order, &err);
	guest_order__reply(g, ret, err.msg);
}
