// SPDX-License-Identifier: GPL-2.0
/* See moment.h. */
#include <errno.h>
#include <linux/kernel.h>
#include <stdlib.h>
#include <string.h>

#include "harness/probe/func.h"
#include "harness/probe/ops.h"
#include "harness/repro/calls.h"
#include "harness/trace/points.h"
#include "moment.h"

#define OP_PREFIX	"ops."
#define ERROR_KIND	1024	/* SCX_EXIT_ERROR */

static void add(struct ktstr_moment *m, uint64_t kva, uint32_t reg, uint32_t min)
{
	if (m->stop.nr == VM_MAX_STOPS)
		return;
	m->links[m->stop.nr] = kva;
	m->stop.at[m->stop.nr++] = (struct vm_stop_at){ .kva = kva, .reg = reg, .min = min };
}

/* Which register has the exit's kind; VM_NR_REGS: none. */
static uint32_t kind_reg(const struct ktstr_kimage *img, const char *func)
{
	struct ktstr_func f;
	const char *name;
	uint32_t type;

	if (!img->btf || ktstr_func__find(&f, img->btf, func))
		return VM_NR_REGS;
	for (uint32_t i = 0; !ktstr_func__param(&f, i, &name, &type); i++)
		if (!strcmp(name, "kind"))
			return VM_REG_ARG0 + i;
	return VM_NR_REGS;
}

/* A scheduler that is asked to leave passes here too, with another kind. */
static void add_exits(struct ktstr_moment *m, const struct ktstr_kimage *img)
{
	const char * const *name;
	uint32_t reg;
	uint64_t kva;

	for (name = ktstr_repro_triggers; *name; name++) {
		reg = kind_reg(img, *name);
		if (reg < VM_NR_REGS && !ktstr_kimage__symbol(img, *name, &kva))
			add(m, kva, reg, ERROR_KIND);
	}
}

/* All functions from which events of this kind come. */
static void add_kind(struct ktstr_moment *m, const struct ktstr_kimage *img, enum ktstr_trace_kind kind)
{
	struct ktstr_trace_points *p = calloc(1, sizeof(*p));
	const char *missing;

	if (p && !ktstr_trace_points__kernel(p, img, &missing))
		for (unsigned int i = 0; i < p->nr_kernel; i++)
			if (p->point[i].kind == kind)
				add(m, p->probe[i].kva, VM_NR_REGS, 0);
	free(p);
}

int ktstr_moment__find(struct ktstr_moment *m, const struct ktstr_replay_request *r,
		       const struct ktstr_kimage *img, struct ktstr_err *err)
{
	uint64_t kva;

	memset(m, 0, sizeof(*m));
	m->stop.nth = r->nth ?: 1;
	if (r->until == KTSTR_REPLAY_EXIT) {
		add_exits(m, img);
		return m->stop.nr ? 0 :
		       ktstr_err(err, ENOENT, "this kernel has no function that tells of a scheduler's exit");
	}
	if (r->until != KTSTR_REPLAY_EVENT_NTH)
		return 0;
	m->is_op = !strncmp(r->event, OP_PREFIX, strlen(OP_PREFIX));
	if (m->is_op)
		return 0;
	add_kind(m, img, ktstr_trace_kind__find(r->event));
	if (!m->stop.nr && !ktstr_kimage__symbol(img, r->event, &kva))
		add(m, kva, VM_NR_REGS, 0);
	return m->stop.nr ? 0 :
	       ktstr_err(err, ENOENT, "--at %s: this kernel has no such function, and traces no such event",
			 r->event);
}

struct search {
	struct ktstr_moment *m;
	const char *op;
};

static void look_at_op(void *arg, const struct ktstr_btf *btf, const char *op,
		       const struct ktstr_prog *prog)
{
	struct search *s = arg;

	(void)btf;
	if (!strcmp(op, s->op))
		add(s->m, prog->value[KTSTR_PROG_CODE], VM_NR_REGS, 0);
}

bool ktstr_moment__find_op(struct ktstr_moment *m, const struct ktstr_replay_request *r,
			   struct ktstr_kview *v)
{
	struct search s = { .m = m, .op = r->event + strlen(OP_PREFIX) };

	m->stop.nr = 0;
	return !ktstr_ops__each(v, look_at_op, &s) && m->stop.nr;
}
