// SPDX-License-Identifier: GPL-2.0
/* Ops on workers: start more of them, stop, move and pin them, record which tasks a cgroup has. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/guest/cgroup/cpuset.h"
#include "harness/guest/work/attributes.h"
#include "harness/guest/engine/state/worker_group.h"
#include "ops.h"

#define MAX_CAPTURED	16384		/* pids; 7 digits and a newline each */

static void check_spec(struct ktstr_checker *ck, const struct ktstr_op *op, struct ktstr_known *in)
{
	if (!op->spec)
		ktstr_problem(ck, "names no workers");
	else
		ktstr_checker__spec(ck, op->spec, in);
}

static void check_spawn(struct ktstr_checker *ck, const struct ktstr_op *op)
{
	struct ktstr_known *k = ktstr_known__need(ck, op->cgroup);

	if (k)
		check_spec(ck, op, k);
}

static int apply_spawn(struct ktstr_scenario_state *st, const struct ktstr_op *op,
		       struct ktstr_err *err)
{
	return ktstr_state__spawn(st, op->cgroup, op->spec, err);
}

static void check_spawn_host(struct ktstr_checker *ck, const struct ktstr_op *op)
{
	if (op->spec && op->spec->workers_pct != 0)
		ktstr_problem(ck, "workers_pct needs a cgroup, the runner's has no cpuset");
	check_spec(ck, op, NULL);
}

static int apply_spawn_host(struct ktstr_scenario_state *st, const struct ktstr_op *op,
			    struct ktstr_err *err)
{
	return ktstr_state__spawn(st, "", op->spec, err);
}

static void check_stop(struct ktstr_checker *ck, const struct ktstr_op *op)
{
	struct ktstr_known *k = ktstr_known__need(ck, op->cgroup);

	if (k)
		k->works = 0;
}

static int apply_stop(struct ktstr_scenario_state *st, const struct ktstr_op *op,
		      struct ktstr_err *err)
{
	return ktstr_state__stop(st, op->cgroup, "STOP_CGROUP", err);
}

static void check_set_affinity(struct ktstr_checker *ck, const struct ktstr_op *op)
{
	struct ktstr_known *k = ktstr_known__need(ck, op->cgroup);
	struct ktstr_cpumask cpus;
	uint64_t rng = 1;
	struct ktstr_err err;

	if (op->affinity.kind == KTSTR_AFFINITY_UNSET)
		ktstr_problem(ck, "no affinity is given");
	else if (k && ktstr_affinity__resolve(&op->affinity, ck->machine,
					      k->has_cpuset ? &k->cpuset : NULL, &rng, &cpus,
					      &err))
		ktstr_problem(ck, "%s", err.msg);
}

static int pin_group(struct ktstr_worker_group *group, const struct ktstr_affinity *affinity,
		     struct ktstr_err *err)
{
	struct ktstr_cpumask cpus;
	char list[256];
	uint32_t i;
	pid_t pid;
	int ret;

	for (i = 0; i < ktstr_workers__nr(group->workers); i++) {
		ret = ktstr_group__cpus(group, affinity, i, &cpus, err);
		if (ret)
			return ret;
		/* INHERIT takes a former affinity away. */
		if (!ktstr_cpumask__weight(&cpus))
			cpus = group->state->machine->online;
		group->cpus = ktstr_cpumask__weight(&cpus);
		pid = ktstr_workers__pid(group->workers, i);
		ret = ktstr_attributes__pin(pid, &cpus);
		if (!ret || ret == -ESRCH)	/* it ended: its report will say so */
			continue;
		ktstr_cpumask__format(&cpus, list, sizeof(list));
		return ktstr_err(err, -ret, "pin %s to %s: %s",
				 ktstr_worker_name(ktstr_group__label(group), group->index, i, pid, 0).text,
				 list, strerror(-ret));
	}
	return 0;
}

static int apply_set_affinity(struct ktstr_scenario_state *st, const struct ktstr_op *op,
			      struct ktstr_err *err)
{
	uint32_t i;
	int ret = 0;

	for (i = 0; i < st->nr_groups && !ret; i++)
		if (!strcmp(st->groups[i]->cgroup, op->cgroup))
			ret = pin_group(st->groups[i], &op->affinity, err);
	ktstr_state__weigh(st);
	return ret;
}

/* "" has the workers of SPAWN_HOST. */
static void check_move_all(struct ktstr_checker *ck, const struct ktstr_op *op)
{
	const char *from = op->cgroup ? op->cgroup : "";
	struct ktstr_known *to = ktstr_known__need(ck, op->to), *k = NULL;

	if (*from)
		k = ktstr_known__need(ck, from);
	if (!to || (*from && !k))
		return;
	to = ktstr_known__find(ck, op->to);
	if (k == to)
		ktstr_problem(ck, "a cgroup's tasks cannot be moved to where they are");
	else if (k && k->backdrop_workers && !to->backdrop)
		ktstr_problem(ck, "workers of the backdrop would be left in %s, which ends with the step",
			      to->name);
	else if (to->backdrop)
		to->backdrop_workers = true;
	/* From the runner's cgroup: how many is not known. */
	if (!k || k->works > to->works)
		to->works = k ? k->works : 1;
	if (k)
		k->works = 0;
}

static int apply_move_all(struct ktstr_scenario_state *st, const struct ktstr_op *op,
			  struct ktstr_err *err)
{
	struct ktstr_cgroup_state *to = ktstr_op__cgroup(st, op->to, err);

	return to ? ktstr_state__move(st, op->cgroup ? op->cgroup : "", to, err) : -ENOENT;
}

static void check_capture_procs(struct ktstr_checker *ck, const struct ktstr_op *op)
{
	ktstr_known__need(ck, op->cgroup);
	if (!op->tag || !*op->tag || strlen(op->tag) >= KTSTR_NAME_LEN)
		ktstr_problem(ck, "a tag has 1 to %d bytes", KTSTR_NAME_LEN - 1);
}

/* The numbers of a file with one on each line. NULL: no memory. */
static struct ktstr_capture *parse_pids(const char *text)
{
	struct ktstr_capture *c;
	const char *p;
	char *end;
	int nr = 0;

	for (p = text; *p; p++)
		nr += *p == '\n';
	c = malloc(sizeof(*c) + nr * sizeof(c->pids[0]));
	if (!c)
		return NULL;
	c->nr = 0;
	for (p = text; c->nr < nr; p = end) {
		c->pids[c->nr] = (int)strtol(p, &end, 10);
		if (end == p || *end != '\n')
			break;
		c->nr++;
	}
	return c;
}

static int apply_capture_procs(struct ktstr_scenario_state *st, const struct ktstr_op *op,
			       struct ktstr_err *err)
{
	struct ktstr_capture *c;
	size_t size = MAX_CAPTURED * 8;
	char *text = malloc(size);
	ssize_t n;

	if (!text)
		return ktstr_err(err, ENOMEM, "%s", strerror(ENOMEM));
	n = ktstr_cgroups__read(&st->tree, op->cgroup, "cgroup.procs", text, size, err);
	c = n < 0 ? NULL : parse_pids(text);
	free(text);
	if (!c)
		return n < 0 ? (int)n : ktstr_err(err, ENOMEM, "%s", strerror(ENOMEM));
	snprintf(c->tag, sizeof(c->tag), "%s", op->tag);
	c->next = st->ctx->captures;
	st->ctx->captures = c;
	return 0;
}

int ktstr_captured_procs(const struct ktstr_ctx *ctx, const char *tag, int *pids, int max)
{
	const struct ktstr_capture *c = ctx->captures;

	while (c && strcmp(c->tag, tag))
		c = c->next;
	if (!c)
		return -ENOENT;
	memcpy(pids, c->pids, sizeof(*pids) * (c->nr < max ? c->nr : max));
	return c->nr;
}

void ktstr_captures__free(struct ktstr_ctx *ctx)
{
	struct ktstr_capture *c;

	while ((c = ctx->captures)) {
		ctx->captures = c->next;
		free(c);
	}
}

const struct ktstr_op_row ktstr_worker_ops[] = {
	{
		.kind = KTSTR_OP_SPAWN,
		.name = "SPAWN",
		.words = "workers start in {cgroup}",
		.takes = "name, ...",
		.does = "starts workers in an existing cgroup; arguments as for WORKSPEC()",
		.check = check_spawn,
		.apply = apply_spawn,
	},
	{
		.kind = KTSTR_OP_STOP_CGROUP,
		.name = "STOP_CGROUP",
		.words = "workers of {cgroup} stop",
		.takes = "name",
		.does = "stops and judges its workers; the cgroup remains",
		.check = check_stop,
		.apply = apply_stop,
	},
	{
		.kind = KTSTR_OP_SET_AFFINITY,
		.name = "SET_AFFINITY",
		.words = "affinity of the workers of {cgroup} is set",
		.takes = "name, affinity",
		.does = "pins every worker of the cgroup; an affinity that the kernel refuses fails the step",
		.check = check_set_affinity,
		.apply = apply_set_affinity,
	},
	{
		.kind = KTSTR_OP_SPAWN_HOST,
		.name = "SPAWN_HOST",
		.words = "workers start beside the runner",
		.takes = "...",
		.does = "starts workers beside the runner, which are reported as (runner's cgroup); arguments as for WORKSPEC()",
		.check = check_spawn_host,
		.apply = apply_spawn_host,
	},
	{
		.kind = KTSTR_OP_MOVE_ALL_TASKS,
		.name = "MOVE_ALL_TASKS",
		.words = "tasks of {cgroup} move to {to}",
		.takes = "from, to",
		.does = "moves all workers, payloads and their children; subtree_control of the destination is cleared, and EBUSY is retried three times. What a step moves into the backdrop belongs to the backdrop from then on. The backdrop's own workers cannot be moved into a cgroup of a step",
		.check = check_move_all,
		.apply = apply_move_all,
	},
	{
		.kind = KTSTR_OP_CAPTURE_CGROUP_PROCS,
		.name = "CAPTURE_CGROUP_PROCS",
		.words = "tasks of {cgroup} are listed as {tag}",
		.takes = "tag, name",
		.does = "stores the pids of a cgroup for ktstr_captured_procs()",
		.check = check_capture_procs,
		.apply = apply_capture_procs,
	},
	{ }
};
