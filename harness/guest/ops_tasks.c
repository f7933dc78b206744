// SPDX-License-Identifier: GPL-2.0
/* Ops on workers: start more of them, stop, move and pin them, see who is where. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attributes.h"
#include "cpuset.h"
#include "ops.h"

#define MAX_CAPTURED	16384		/* pids; 7 digits and a newline each */

static void check_spec(struct ktstr_checker *ck, const struct ktstr_op *op,
		       struct ktstr_known *in)
{
	if (!op->spec)
		ktstr_problem(ck, "names no workers");
	else
		ktstr_check__spec(ck, op->spec, in);
}

void ktstr_op_check__spawn(struct ktstr_checker *ck, const struct ktstr_op *op)
{
	struct ktstr_known *k = ktstr_known__need(ck, op->cgroup);

	if (k)
		check_spec(ck, op, k);
}

int ktstr_op__spawn(struct ktstr_stage *st, const struct ktstr_op *op, struct vm_err *err)
{
	return ktstr_stage__spawn(st, op->cgroup, op->spec, err);
}

void ktstr_op_check__spawn_host(struct ktstr_checker *ck, const struct ktstr_op *op)
{
	if (op->spec && op->spec->workers_pct != 0)
		ktstr_problem(ck, "workers_pct needs a cgroup, the runner's has no cpuset");
	check_spec(ck, op, NULL);
}

int ktstr_op__spawn_host(struct ktstr_stage *st, const struct ktstr_op *op, struct vm_err *err)
{
	return ktstr_stage__spawn(st, "", op->spec, err);
}

void ktstr_op_check__stop(struct ktstr_checker *ck, const struct ktstr_op *op)
{
	ktstr_known__need(ck, op->cgroup);
}

int ktstr_op__stop(struct ktstr_stage *st, const struct ktstr_op *op, struct vm_err *err)
{
	return ktstr_stage__stop(st, op->cgroup, "STOP_CGROUP", err);
}

void ktstr_op_check__set_affinity(struct ktstr_checker *ck, const struct ktstr_op *op)
{
	struct ktstr_known *k = ktstr_known__need(ck, op->cgroup);
	struct ktstr_cpumask cpus;
	uint64_t rng = 1;
	struct vm_err err;

	if (op->affinity.kind == KTSTR_AFFINITY_UNSET)
		ktstr_problem(ck, "no affinity is given");
	else if (k && ktstr_affinity__resolve(&op->affinity, ck->machine,
					      k->has_cpuset ? &k->cpuset : NULL, &rng, &cpus,
					      &err) < 0)
		ktstr_problem(ck, "%s", err.msg);
}

static int pin_crew(struct ktstr_crew *crew, const struct ktstr_affinity *affinity,
		    struct vm_err *err)
{
	struct ktstr_cpumask cpus;
	char list[256];
	uint32_t i;
	pid_t pid;
	int ret;

	for (i = 0; i < ktstr_workers__nr(crew->workers); i++) {
		ret = ktstr_crew__cpus(crew, affinity, i, &cpus, err);
		if (ret < 0)
			return ret;
		pid = ktstr_workers__pid(crew->workers, i);
		/* INHERIT takes a former affinity away. */
		ret = ktstr_set_affinity(pid, ret ? &cpus : &crew->stage->machine->online);
		if (!ret || ret == -ESRCH)	/* it ended: its report will say so */
			continue;
		ktstr_cpumask__format(&cpus, list, sizeof(list));
		return vm_err(err, -ret, "pin worker %d to %s: %s", pid, list, strerror(-ret));
	}
	return 0;
}

int ktstr_op__set_affinity(struct ktstr_stage *st, const struct ktstr_op *op, struct vm_err *err)
{
	uint32_t i;
	int ret = 0;

	for (i = 0; i < st->nr_crews && !ret; i++)
		if (!strcmp(st->crews[i]->cgroup, op->cgroup))
			ret = pin_crew(st->crews[i], &op->affinity, err);
	return ret;
}

/* From "" are the workers of SPAWN_HOST. */
void ktstr_op_check__move_all(struct ktstr_checker *ck, const struct ktstr_op *op)
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
}

int ktstr_op__move_all(struct ktstr_stage *st, const struct ktstr_op *op, struct vm_err *err)
{
	struct ktstr_place *to = ktstr_op__place(st, op->to, err);

	return to ? ktstr_stage__move(st, op->cgroup ? op->cgroup : "", to, err) : -ENOENT;
}

void ktstr_op_check__capture_procs(struct ktstr_checker *ck, const struct ktstr_op *op)
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

int ktstr_op__capture_procs(struct ktstr_stage *st, const struct ktstr_op *op,
			    struct vm_err *err)
{
	struct ktstr_capture *c;
	size_t size = MAX_CAPTURED * 8;
	char *text = malloc(size);
	ssize_t n;

	if (!text)
		return vm_err(err, ENOMEM, "%s", strerror(ENOMEM));
	n = ktstr_cgroups__read(&st->cgroups, op->cgroup, "cgroup.procs", text, size, err);
	c = n < 0 ? NULL : parse_pids(text);
	free(text);
	if (!c)
		return n < 0 ? (int)n : vm_err(err, ENOMEM, "%s", strerror(ENOMEM));
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
