// SPDX-License-Identifier: GPL-2.0
/*
 * Payloads on the stage: run, wait for, kill; and what their end says. A run belongs to the
 * step that started it, or to the backdrop, as workers do. Whoever ends it, its output is
 * searched for metrics and its checks are judged; its exit code only when it ended by itself.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ops.h"
#include "payload.h"
#include "work.h"

#define LAST_WORDS	300		/* bytes of the standard error in a failure */
#define MOVE_ROUNDS	8		/* through a cgroup in which tasks are born */
#define MAX_PROCS_TEXT	(64 << 10)	/* of cgroup.procs, a round */

struct ktstr_payload_run {
	const struct ktstr_payload *payload;
	char cgroup[KTSTR_NAME_LEN];	/* "": beside the runner */
	uint32_t step;
	bool backdrop;
	struct ktstr_payload_proc *proc;
};

static const char *where(const char *cgroup)
{
	return *cgroup ? cgroup : "(runner's cgroup)";
}

/* ---- what is declared ---- */

void ktstr_check__payload(struct ktstr_checker *ck, const struct ktstr_payload *p)
{
	const struct ktstr_test *t = ck->ctx->test;
	const struct ktstr_payload * const *w = t ? t->workloads : NULL;
	char why[256];
	const char *problem;

	if (!p) {
		ktstr_problem(ck, "names no payload");
		return;
	}
	problem = ktstr_payload__problem(p, why, sizeof(why));
	if (problem)
		ktstr_problem(ck, "payload %s: %s", p->name ?: "?", problem);
	if (!t || t->payload == p)
		return;
	for (; w && *w; w++)
		if (*w == p)
			return;
	ktstr_problem(ck, "payload %s is neither the test's payload nor in its workloads, so it is not in the guest",
		      p->name ?: "?");
}

void ktstr_op_check__run_payload(struct ktstr_checker *ck, const struct ktstr_op *op)
{
	const char *flag;

	ktstr_check__payload(ck, op->payload);
	if (op->cgroup && *op->cgroup)
		ktstr_known__need(ck, op->cgroup);
	flag = op->payload ? ktstr_payload__unknown_flag(op->payload, op->args) : NULL;
	if (flag)
		ktstr_problem(ck, "payload %s does not know \"%s\"", op->payload->name, flag);
}

void ktstr_op_check__wait_payload(struct ktstr_checker *ck, const struct ktstr_op *op)
{
	ktstr_check__payload(ck, op->payload);
}

void ktstr_op_check__kill_payload(struct ktstr_checker *ck, const struct ktstr_op *op)
{
	ktstr_check__payload(ck, op->payload);
}

/* ---- what its end says ---- */

/* A figure of @run; @rule says what it means, NULL: nobody does. True when it is kept. */
static bool add_metric(struct ktstr_stage *st, const struct ktstr_payload_run *run,
		       const struct ktstr_metric_rule *rule, const char *name, double value)
{
	struct ktstr_ext_metric m = { .step = run->step, .value = value };

	snprintf(m.source, sizeof(m.source), "%s", run->payload->name);
	snprintf(m.cgroup, sizeof(m.cgroup), "%s", run->cgroup);
	snprintf(m.name, sizeof(m.name), "%s", name);
	if (rule) {
		snprintf(m.unit, sizeof(m.unit), "%s", rule->unit ?: "");
		m.polarity = rule->polarity;
	}
	return ktstr_result__add_metric(st->ctx->result, &m);
}

/* Those that a rule or a check names come first: there may be more than are kept. */
struct json_pass {
	struct ktstr_stage *st;
	const struct ktstr_payload_run *run;
	bool named;
	uint32_t found;
};

static void json_leaf(void *arg, const char *path, double value)
{
	struct json_pass *pass = arg;
	const struct ktstr_metric_rule *r = pass->run->payload->metrics;
	const struct ktstr_payload_check *c = pass->run->payload->checks;

	while (r && r->name && strcmp(r->name, path))
		r++;
	while (c && c->kind && (!c->metric || strcmp(c->metric, path)))
		c++;
	r = r && r->name ? r : NULL;
	if ((r || (c && c->kind)) == pass->named)
		pass->found += add_metric(pass->st, pass->run, r, path, value);
}

static uint32_t find_in_json(struct ktstr_stage *st, const struct ktstr_payload_run *run,
			     const char *text, size_t len)
{
	struct json_pass pass = { .st = st, .run = run, .named = true };

	if (!ktstr_json_leaves(text, len, json_leaf, &pass))
		return 0;
	pass.named = false;
	ktstr_json_leaves(text, len, json_leaf, &pass);
	return pass.found;
}

static uint32_t find_metrics(struct ktstr_stage *st, const struct ktstr_payload_run *run, bool err)
{
	const struct ktstr_metric_rule *rule = run->payload->metrics;
	uint32_t found = 0;
	uint64_t dropped;
	double value;
	const char *text;
	size_t len;

	text = ktstr_payload__output(run->proc, err, &len, &dropped);
	if (dropped)
		ktstr_result__add(st->ctx->result, KTSTR_NOTE, KTSTR_OTHER,
				  "payload %s: %llu bytes of its standard %s beyond the first %u MiB were not kept",
				  run->payload->name, (unsigned long long)dropped,
				  err ? "error" : "output", KTSTR_PAYLOAD_OUTPUT >> 20);
	if (run->payload->output == KTSTR_OUTPUT_JSON)
		return find_in_json(st, run, text, len);
	for (; len && rule && rule->name; rule++)
		if (ktstr_metric_rule__find(rule, text, len, &value))
			found += add_metric(st, run, rule, rule->name, value);
	return found;
}

#define fails(_st, _run, _fmt, ...)						\
	ktstr_result__add((_st)->ctx->result, KTSTR_FAILS, KTSTR_BENCHMARK,	\
			  "payload %s in %s: " _fmt, (_run)->payload->name,	\
			  where((_run)->cgroup), ##__VA_ARGS__)

/* Its last words on one line. */
static void last_words(const struct ktstr_payload_run *run, char *buf, size_t size)
{
	uint64_t dropped;
	size_t len, i;
	const char *text = ktstr_payload__output(run->proc, true, &len, &dropped);

	while (len && (text[len - 1] == '\n' || text[len - 1] == ' '))
		len--;
	snprintf(buf, size, "%s%.*s", len >= size ? "..." : "",
		 (int)(len < size - 4 ? len : size - 4),
		 len < size - 4 ? text : text + len - (size - 4));
	for (i = 0; buf[i]; i++)
		if ((unsigned char)buf[i] < ' ')
			buf[i] = ' ';
}

/* True when it ended as it should. */
static bool judge_exit(struct ktstr_stage *st, const struct ktstr_payload_run *run)
{
	int status = ktstr_payload__status(run->proc), wanted = 0;
	const struct ktstr_payload_check *c;
	char words[LAST_WORDS];

	for (c = run->payload->checks; c && c->kind; c++)
		if (c->kind == KTSTR_PAYLOAD_EXIT_CODE)
			wanted = c->exit_code;
	if (WIFEXITED(status) && WEXITSTATUS(status) == wanted)
		return true;
	last_words(run, words, sizeof(words));
	if (WIFSIGNALED(status))
		fails(st, run, "killed by SIG%s, expected exit code %d%s%s",
		      sigabbrev_np(WTERMSIG(status)) ?: "?", wanted,
		      *words ? "; its standard error ends: " : "", words);
	else
		fails(st, run, "exit code %d, expected %d%s%s", WEXITSTATUS(status), wanted,
		      *words ? "; its standard error ends: " : "", words);
	return false;
}

static void judge_metric(struct ktstr_stage *st, const struct ktstr_payload_run *run,
			 const struct ktstr_payload_check *c)
{
	/* the last one of that name is this run's, when this run had one */
	const struct ktstr_result *r = st->ctx->result;
	uint32_t i = r->nr_ext_metrics;
	const struct ktstr_ext_metric *m = NULL;

	while (i-- && !m)
		if (!strcmp(r->ext_metrics[i].source, run->payload->name) &&
		    !strcmp(r->ext_metrics[i].cgroup, run->cgroup) &&
		    r->ext_metrics[i].step == run->step &&
		    !strcmp(r->ext_metrics[i].name, c->metric))
			m = &r->ext_metrics[i];
	if (!m)
		fails(st, run, "metric %s was not found in its output", c->metric);
	else if (c->kind == KTSTR_PAYLOAD_MIN && m->value < c->min)
		fails(st, run, "%s: expected at least %g%s, was %g", c->metric, c->min, m->unit,
		      m->value);
	else if (c->kind == KTSTR_PAYLOAD_MAX && m->value > c->max)
		fails(st, run, "%s: expected at most %g%s, was %g", c->metric, c->max, m->unit,
		      m->value);
	else if (c->kind == KTSTR_PAYLOAD_RANGE && (m->value < c->min || m->value > c->max))
		fails(st, run, "%s: expected %g to %g%s, was %g", c->metric, c->min, c->max,
		      m->unit, m->value);
}

/* The last @found metrics are those of this run. */
static void judge_bounds(struct ktstr_stage *st, const struct ktstr_payload_run *run, uint32_t found)
{
	const struct ktstr_metric_bounds *b = &run->payload->metric_bounds;
	const struct ktstr_result *r = st->ctx->result;
	const struct ktstr_ext_metric *m;

	if (!b->set)
		return;
	if (found < b->min_count)
		fails(st, run, "%u metrics were found in its output, expected %u at least", found,
		      b->min_count);
	for (m = r->ext_metrics + r->nr_ext_metrics - found; found--; m++)
		if (m->value < b->value_min || m->value > b->value_max)
			fails(st, run, "%s: expected %g to %g like all its metrics, was %g",
			      m->name, b->value_min, b->value_max, m->value);
}

static void judge(struct ktstr_stage *st, const struct ktstr_payload_run *run, bool by_itself)
{
	const struct ktstr_payload_check *c;
	uint32_t found;

	/* not both: half a figure in each stream is none */
	found = find_metrics(st, run, false);
	if (!found)
		found = find_metrics(st, run, true);
	if (by_itself && !judge_exit(st, run))
		return;
	judge_bounds(st, run, found);
	for (c = run->payload->checks; c && c->kind; c++)
		if (c->kind != KTSTR_PAYLOAD_EXIT_CODE)
			judge_metric(st, run, c);
}

/* ---- runs ---- */

static void forget(struct ktstr_stage *st, uint32_t i)
{
	ktstr_payload__free(st->payloads[i]->proc);
	free(st->payloads[i]);
	st->payloads[i] = st->payloads[--st->nr_payloads];
}

/* Kill what runs, judge, forget. */
static int end_run(struct ktstr_stage *st, uint32_t i)
{
	struct ktstr_payload_run *run = st->payloads[i];
	bool by_itself = ktstr_payload__wait(run->proc, 0);
	int ret = 0;

	if (!by_itself) {
		ktstr_payload__kill(run->proc);
		if (!ktstr_payload__wait(run->proc, st->around->kill_ns / NSEC_PER_MSEC))
			ret = -ETIMEDOUT;
	}
	if (!ret)
		judge(st, run, by_itself);
	forget(st, i);
	return ret;
}

int ktstr_stage__end_payloads(struct ktstr_stage *st, const char *name, bool backdrop)
{
	const struct ktstr_payload_run *run;
	uint32_t i = 0;
	int ret = 0, one;

	while (i < st->nr_payloads) {
		run = st->payloads[i];
		if (name ? strcmp(run->cgroup, name) != 0 : run->backdrop != backdrop) {
			i++;
			continue;
		}
		one = end_run(st, i);
		ret = ret ? ret : one;
	}
	return ret;
}

int ktstr_stage__payloads_may_move(struct ktstr_stage *st, const char *from,
				   const struct ktstr_place *to, struct vm_err *err)
{
	const struct ktstr_payload_run *run;
	uint32_t i, k;

	for (i = 0; i < st->nr_payloads && *from; i++) {
		run = st->payloads[i];
		if (strcmp(run->cgroup, from))
			continue;
		if (run->backdrop && !to->backdrop)
			return vm_err(err, EINVAL,
				      "payload %s of the backdrop would be left in %s, which ends with the step",
				      run->payload->name, to->name);
		for (k = 0; k < st->nr_payloads; k++)
			if (st->payloads[k]->payload == run->payload &&
			    !strcmp(st->payloads[k]->cgroup, to->name))
				return vm_err(err, EEXIST, "payload %s runs in %s already",
					      run->payload->name, to->name);
	}
	return 0;
}

/* All tasks that are in @from. 0 or -errno; *@left when new ones came again and again. */
static int empty_into(struct ktstr_stage *st, const char *from, const char *to, bool *left,
		      struct vm_err *err)
{
	uint32_t round;
	char *p, *end, *text = malloc(MAX_PROCS_TEXT);
	ssize_t n = text ? 1 : vm_err(err, ENOMEM, "%s", strerror(ENOMEM));
	int ret = 0;
	long pid;

	for (round = 0; round < MOVE_ROUNDS && n > 0 && !ret; round++) {
		n = ktstr_cgroups__read(&st->cgroups, from, "cgroup.procs", text, MAX_PROCS_TEXT,
					err);
		for (p = text; n > 0 && !ret && (pid = strtol(p, &end, 10)) > 0; p = end) {
			ret = ktstr_cgroups__attach(&st->cgroups, to, (pid_t)pid, err);
			if (ret == -ESRCH)
				ret = 0;
		}
	}
	*left = n > 0 && !ret;
	free(text);
	return n < 0 ? (int)n : ret;
}

int ktstr_stage__move_payloads(struct ktstr_stage *st, const char *from,
			       const struct ktstr_place *to, struct vm_err *err)
{
	struct ktstr_payload_run *run;
	uint32_t i, moved = 0;
	bool left = false;
	int ret;

	for (i = 0; i < st->nr_payloads && *from; i++)
		moved += !strcmp(st->payloads[i]->cgroup, from);
	if (!moved)
		return 0;
	ret = empty_into(st, from, to->name, &left, err);
	if (ret)
		return ret;
	if (left)
		ktstr_result__add(st->ctx->result, KTSTR_NOTE, KTSTR_OTHER,
				  "step %u: MOVE_ALL_TASKS: tasks went on appearing in %s and some stayed",
				  st->step + 1, from);
	for (i = 0; i < st->nr_payloads; i++) {
		run = st->payloads[i];
		if (strcmp(run->cgroup, from))
			continue;
		snprintf(run->cgroup, sizeof(run->cgroup), "%s", to->name);
		run->backdrop |= to->backdrop;
	}
	return 0;
}

struct join {
	struct ktstr_stage *st;
	const char *cgroup;
};

static int join_cgroup(void *data, struct vm_err *err)
{
	const struct join *j = data;

	return ktstr_cgroups__attach(&j->st->cgroups, j->cgroup, getpid(), err);
}

int ktstr_stage__run_payload(struct ktstr_stage *st, const struct ktstr_payload *payload,
			     const char * const *args, const char *cgroup, struct vm_err *err)
{
	struct join join = { st, cgroup };
	struct ktstr_payload_start start = {
		.payload = payload, .args = args, .join = *cgroup ? join_cgroup : NULL,
		.data = &join,
	};
	struct ktstr_payload_run **more, *run;
	uint32_t i;
	int ret;

	if (*cgroup && !ktstr_stage__place(st, cgroup))
		return vm_err(err, ENOENT, "there is no cgroup %s", cgroup);
	for (i = 0; i < st->nr_payloads; i++)
		if (st->payloads[i]->payload == payload &&
		    !strcmp(st->payloads[i]->cgroup, cgroup))
			return vm_err(err, EEXIST, "payload %s was started in %s already, and not waited for",
				      payload->name, where(cgroup));
	more = realloc(st->payloads, (st->nr_payloads + 1) * sizeof(*more));
	if (more)
		st->payloads = more;
	run = more ? calloc(1, sizeof(*run)) : NULL;
	if (!run)
		return vm_err(err, ENOMEM, "%s", strerror(ENOMEM));
	run->payload = payload;
	snprintf(run->cgroup, sizeof(run->cgroup), "%s", cgroup);
	run->step = st->step;
	run->backdrop = st->in_backdrop;
	ret = ktstr_payload__start(&run->proc, &start, err);
	if (ret) {
		free(run);
		return ret;
	}
	st->payloads[st->nr_payloads++] = run;
	return 0;
}

/* The one run that @op means; -errno with a sentence that lists the others. */
static int find_run(struct ktstr_stage *st, const struct ktstr_op *op, struct vm_err *err)
{
	const struct ktstr_payload_run *run;
	uint32_t i, nr = 0, at = 0;
	char list[256] = "";
	size_t len = 0;

	for (i = 0; i < st->nr_payloads; i++) {
		run = st->payloads[i];
		if (run->payload == op->payload &&
		    (!op->cgroup || !strcmp(run->cgroup, op->cgroup))) {
			nr++;
			at = i;
		}
		if (len < sizeof(list))
			len += snprintf(list + len, sizeof(list) - len, "%s%s in %s",
					len ? ", " : "", run->payload->name, where(run->cgroup));
	}
	if (nr == 1)
		return at;
	if (!nr)
		return vm_err(err, ESRCH, "payload %s%s%s does not run; there %s", op->payload->name,
			      op->cgroup ? " in " : "", op->cgroup ?: "",
			      *list ? list : "is none");
	return vm_err(err, EINVAL, "payload %s runs %u times, name the cgroup: %s",
		      op->payload->name, nr, list);
}

int ktstr_op__run_payload(struct ktstr_stage *st, const struct ktstr_op *op, struct vm_err *err)
{
	return ktstr_stage__run_payload(st, op->payload, op->args, op->cgroup ?: "", err);
}

/* A scheduler that dies ends the wait too: the hold behind it says so. */
static bool wait_for(struct ktstr_stage *st, const struct ktstr_payload_run *run, uint64_t ns)
{
	struct pollfd p[2] = {
		{ .fd = ktstr_payload__fd(run->proc), .events = POLLIN },
		{ .fd = st->ctx->sched_pidfd, .events = POLLIN },
	};
	uint64_t now = work_now_ns(), deadline = now + ns;
	int n;

	do {
		n = poll(p, 2, now < deadline ? (deadline - now) / NSEC_PER_MSEC + 1 : 0);
		now = work_now_ns();
	} while (n < 0 && errno == EINTR);
	return n > 0;
}

int ktstr_op__wait_payload(struct ktstr_stage *st, const struct ktstr_op *op, struct vm_err *err)
{
	uint64_t ns = op->timeout_ns ?: st->ctx->duration_ns;
	int i = find_run(st, op, err);

	if (i < 0)
		return i;
	if (!wait_for(st, st->payloads[i], ns))
		fails(st, st->payloads[i], "it did not end within %llu ms and was killed",
		      (unsigned long long)(ns / NSEC_PER_MSEC));
	i = end_run(st, i);
	return i ? vm_err(err, -i, "payload %s cannot be killed", op->payload->name) : 0;
}

int ktstr_op__kill_payload(struct ktstr_stage *st, const struct ktstr_op *op, struct vm_err *err)
{
	int i = find_run(st, op, err);

	if (i < 0)
		return i;
	i = end_run(st, i);
	return i ? vm_err(err, -i, "payload %s cannot be killed", op->payload->name) : 0;
}
