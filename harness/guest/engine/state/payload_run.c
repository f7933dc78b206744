// SPDX-License-Identifier: GPL-2.0
/*
 * The payloads of a scenario. A run belongs to the step that started it, or to the backdrop,
 * as workers do. However it ends, its output is searched for metrics and its checks are
 * judged; its exit code is judged only when it ended by itself.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/clock.h"
#include "harness/guest/payload/payload.h"
#include "payload_run.h"

#define MOVE_ROUNDS	8		/* while the tasks of the cgroup go on forking */
#define MAX_PROCS_TEXT	(64 << 10)	/* bytes of cgroup.procs, per round */

void ktstr_payload_run__forget(struct ktstr_scenario_state *st, uint32_t i)
{
	ktstr_payload__free(st->payloads[i]->proc);
	free(st->payloads[i]);
	st->payloads[i] = st->payloads[--st->nr_payloads];
}

/* Kill what runs, judge, forget. */
int ktstr_payload_run__end(struct ktstr_scenario_state *st, uint32_t i)
{
	struct ktstr_payload_run *run = st->payloads[i];
	bool by_itself = ktstr_payload__wait(run->proc, 0);
	int ret = 0;

	if (!by_itself) {
		ktstr_payload__kill(run->proc);
		if (!ktstr_payload__wait(run->proc, st->env->kill_ns / NSEC_PER_MSEC))
			ret = -ETIMEDOUT;
	}
	st->payload_status = ktstr_payload__status(run->proc);
	if (!ret)
		ktstr_payload_run__judge(st, run, by_itself);
	ktstr_payload_run__forget(st, i);
	return ret;
}

/* A scheduler that ends also ends the wait; the next hold reports it. */
static bool ends_within(struct ktstr_scenario_state *st, const struct ktstr_payload_run *run,
			uint64_t ns)
{
	struct pollfd p[2] = {
		{ .fd = ktstr_payload__fd(run->proc), .events = POLLIN },
		{ .fd = st->ctx->sched_pidfd, .events = POLLIN },
	};
	uint64_t now = ktstr_now_ns(), deadline = now + ns;
	int n;

	do {
		n = poll(p, 2, now < deadline ? (deadline - now) / NSEC_PER_MSEC + 1 : 0);
		now = ktstr_now_ns();
	} while (n < 0 && errno == EINTR);
	return n > 0;
}

int ktstr_payload_run__await(struct ktstr_scenario_state *st, uint32_t i, uint64_t ns)
{
	if (!ends_within(st, st->payloads[i], ns))
		ktstr_payload_run__fails(st, st->payloads[i],
					 "it did not end within %" PRIu64 " ms and was killed",
					 ns / NSEC_PER_MSEC);
	return ktstr_payload_run__end(st, i);
}

int ktstr_payload_run__end_all(struct ktstr_scenario_state *st, const char *name, bool backdrop)
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
		one = ktstr_payload_run__end(st, i);
		ret = ret ? ret : one;
	}
	return ret;
}

int ktstr_payload_run__may_move(struct ktstr_scenario_state *st, const char *from,
				const struct ktstr_cgroup_state *to, struct ktstr_err *err)
{
	const struct ktstr_payload_run *run;
	uint32_t i, k;

	for (i = 0; i < st->nr_payloads && *from; i++) {
		run = st->payloads[i];
		if (strcmp(run->cgroup, from))
			continue;
		if (run->backdrop && !to->backdrop)
			return ktstr_err(err, EINVAL,
					 "payload %s of the backdrop would be left in %s, which ends with the step",
					 run->payload->name, to->name);
		for (k = 0; k < st->nr_payloads; k++)
			if (st->payloads[k]->payload == run->payload &&
			    !strcmp(st->payloads[k]->cgroup, to->name))
				return ktstr_err(err, EEXIST, "payload %s runs in %s already",
						 run->payload->name, to->name);
	}
	return 0;
}

/* All tasks that are in @from. 0 or -errno; *@left when new ones came again and again. */
static int empty_into(struct ktstr_scenario_state *st, const char *from, const char *to, bool *left,
		      struct ktstr_err *err)
{
	uint32_t round;
	char *p, *end, *text = malloc(MAX_PROCS_TEXT);
	ssize_t n = text ? 1 : ktstr_err(err, ENOMEM, "%s", strerror(ENOMEM));
	int ret = 0;
	long pid;

	for (round = 0; round < MOVE_ROUNDS && n > 0 && !ret; round++) {
		n = ktstr_cgroups__read(&st->tree, from, "cgroup.procs", text, MAX_PROCS_TEXT,
					err);
		for (p = text; n > 0 && !ret && (pid = strtol(p, &end, 10)) > 0; p = end) {
			ret = ktstr_cgroups__attach(&st->tree, to, (pid_t)pid, err);
			if (ret == -ESRCH)
				ret = 0;
		}
	}
	*left = n > 0 && !ret;
	free(text);
	return n < 0 ? (int)n : ret;
}

int ktstr_payload_run__move_all(struct ktstr_scenario_state *st, const char *from,
				const struct ktstr_cgroup_state *to, struct ktstr_err *err)
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

/* What the processes of a run need, as it was when they were forked. */
struct start {
	struct ktstr_scenario_state *st;
	const struct ktstr_payload_run *run;
};

static int join_cgroup(void *data, struct ktstr_err *err)
{
	const struct start *s = data;

	return ktstr_cgroups__attach(&s->st->tree, s->run->cgroup, getpid(), err);
}

void ktstr_payload_run__send(struct ktstr_scenario_state *st, const struct ktstr_payload_run *run,
			     enum ktstr_stream stream, uint64_t cut, const char *text, size_t len)
{
	struct ktstr_msg_output o = {
		.run = run->number, .step = run->step, .stream = stream, .cut = cut,
	};
	size_t n;

	if (!st->ctx->output)
		return;
	snprintf(o.source, sizeof(o.source), "%s", run->payload->name);
	snprintf(o.cgroup, sizeof(o.cgroup), "%s", run->cgroup);
	do {
		n = len < KTSTR_OUTPUT_PIECE ? len : KTSTR_OUTPUT_PIECE;
		st->ctx->output(st->ctx, &o, text, n);
		o.cut = 0;
		text += n;
		len -= n;
	} while (len);
}

static void deliver(void *data, enum ktstr_stream stream, uint64_t cut, const char *text,
		    size_t len)
{
	const struct start *s = data;

	ktstr_payload_run__send(s->st, s->run, stream, cut, text, len);
}

int ktstr_payload_run__start(struct ktstr_scenario_state *st, const struct ktstr_payload *payload,
			     const char * const *args, const char *cgroup, struct ktstr_err *err)
{
	struct start data = { .st = st };
	struct ktstr_payload_start start = {
		.payload = payload, .args = args, .join = *cgroup ? join_cgroup : NULL,
		.deliver = deliver, .data = &data,
	};
	struct ktstr_payload_run **more, *run;
	uint32_t i;
	int ret;

	if (*cgroup && !ktstr_state__cgroup(st, cgroup))
		return ktstr_err(err, ENOENT, "there is no cgroup %s", cgroup);
	for (i = 0; i < st->nr_payloads; i++)
		if (st->payloads[i]->payload == payload &&
		    !strcmp(st->payloads[i]->cgroup, cgroup))
			return ktstr_err(err, EEXIST, "payload %s was started in %s already, and not waited for",
					 payload->name, ktstr_state__where(cgroup));
	more = realloc(st->payloads, (st->nr_payloads + 1) * sizeof(*more));
	if (more)
		st->payloads = more;
	run = more ? calloc(1, sizeof(*run)) : NULL;
	if (!run)
		return ktstr_err(err, ENOMEM, "%s", strerror(ENOMEM));
	run->payload = payload;
	snprintf(run->cgroup, sizeof(run->cgroup), "%s", cgroup);
	run->number = st->ctx->nr_payload_runs++;
	run->step = st->step;
	data.run = run;
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
int ktstr_payload_run__find(struct ktstr_scenario_state *st, const struct ktstr_op *op,
			    struct ktstr_err *err)
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
					len ? ", " : "", run->payload->name, ktstr_state__where(run->cgroup));
	}
	if (nr == 1)
		return at;
	if (!nr)
		return ktstr_err(err, ESRCH, "payload %s%s%s does not run; there %s", op->payload->name,
				 op->cgroup ? " in " : "", op->cgroup ?: "",
				 *list ? list : "is none");
	return ktstr_err(err, EINVAL, "payload %s runs %u times, name the cgroup: %s",
			 op->payload->name, nr, list);
}
