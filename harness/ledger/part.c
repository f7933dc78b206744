// SPDX-License-Identifier: GPL-2.0
/*
 * The ledger in a run. The programs of a scheduler are found when it is about to be enabled, before any
 * of them was executed, at the mark that traces use, too. The host reads the tallies when the guest is
 * over. See part.h.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "harness/monitor/monitor.h"
#include "harness/plan/plan.h"
#include "lib/json.h"
#include "account.h"
#include "part.h"

#define SHOWN_PATHS	32	/* of an operation, in the sidecar */

struct state {
	struct ktstr_accounts accounts;
	struct vm_code *code;		/* VM_MAX_CODE */
	struct vm_tally *tally;		/* of each account, read when the guest was over */
	uint64_t attach_kva;		/* link address */
	bool asked, set, failed;
	char why_not[128];
};

static void give_up(struct state *s, const char *why)
{
	s->failed = true;
	snprintf(s->why_not, sizeof(s->why_not), "%s", why);
}

static int prepare(struct ktstr_run *run, void *state, struct ktstr_err *err)
{
	struct state *s = state;

	if (!run->opts.ledger)
		return 0;
	if (!ktstr_run__deterministic(run))
		return ktstr_err(err, EOPNOTSUPP,
				 "a ledger needs a deterministic run: give --seed N, or --accel tcg");
	s->code = calloc(VM_MAX_CODE, sizeof(*s->code));
	if (!s->code)
		return ktstr_err(err, ENOMEM, "no memory for a ledger");
	s->accounts.code = s->code;
	s->asked = true;
	return 0;
}

static void fill_spec(const struct ktstr_run *run, void *state, struct vm_spec *spec)
{
	const struct ktstr_monitor_state *mon = ktstr_part__state(run, &ktstr_monitor_part);
	struct state *s = state;

	if (!s->asked)
		return;
	if (!mon || !mon->img || !mon->img->btf ||
	    ktstr_kimage__symbol(mon->img, "bpf_scx_reg", &s->attach_kva)) {
		give_up(s, "this kernel's image has no BTF, or no sched_ext");
		return;
	}
	spec->probes = true;
	spec->mark_kva[VM_MARK_ATTACH] = s->attach_kva;
}

static void set_mark(struct state *s, struct ktstr_monitor *m, struct vm *vm)
{
	struct vm_mark mark = { .kva = s->attach_kva + m->view.slide };
	int ret = vm_set_mark(vm, VM_MARK_ATTACH, &mark);

	if (ret)
		give_up(s, strerror(-ret));
	s->set = !ret;
}

static void sync_point(struct ktstr_run *run, void *state, struct vm *vm)
{
	struct ktstr_monitor *m = ktstr_monitor__view(run);
	struct state *s = state;

	if (s->asked && !s->failed && !s->set && m)
		set_mark(s, m, vm);
}

static void mark(struct ktstr_run *run, void *state, struct vm *vm, enum vm_mark_slot slot)
{
	struct ktstr_monitor *m = ktstr_monitor__view(run);
	struct state *s = state;
	int ret;

	if (!s->set || s->failed || slot != VM_MARK_ATTACH || !m)
		return;
	ret = ktstr_accounts__load(&s->accounts, &m->view);
	if (!ret)
		ret = vm_add_tallies(vm, s->code, s->accounts.nr_code);
	if (ret)
		give_up(s, strerror(-ret));
	else
		set_mark(s, m, vm);	/* of the next scheduler */
}

static void detach(struct ktstr_run *run, void *state, struct vm *vm)
{
	struct state *s = state;

	(void)run;
	if (!s->accounts.nr)
		return;
	s->tally = calloc(s->accounts.nr, sizeof(*s->tally));
	for (unsigned int i = 0; s->tally && i < s->accounts.nr; i++)
		if (vm_get_tally(vm, i, &s->tally[i]))
			give_up(s, "the emulator did not count");
}

static void fold(struct ktstr_run *run, void *state)
{
	const struct state *s = state;

	if (s->failed)
		ktstr_run__lose(run, "ledger: %s", s->why_not);
	else if (s->accounts.dropped)
		ktstr_run__lose(run, "ledger: %u operations are missing, there is room for %d",
				s->accounts.dropped, VM_MAX_TALLIES);
}

static void put_length(struct ktstr_json *j, const char *key, uint64_t insns)
{
	if (insns)
		ktstr_json__u64(j, key, insns);
	else
		ktstr_json__null(j, key);
}

static void put_op(struct ktstr_json *j, const struct ktstr_account *a, struct vm_tally *t)
{
	struct ktstr_account_figures f;
	char code[24];

	ktstr_account__figures(t, &f);
	snprintf(code, sizeof(code), "%016" PRIx64, a->code);
	ktstr_json__object(j, NULL);
	ktstr_json__str(j, "op", a->op);
	ktstr_json__str(j, "program", a->program);
	ktstr_json__str(j, "code", a->code ? code : NULL);
	ktstr_json__u64(j, "loads", a->loads);
	ktstr_json__u64(j, "calls", t->calls);
	ktstr_json__u64(j, "insns", t->insns);
	put_length(j, "shortest", f.shortest);
	put_length(j, "typical", f.typical);
	put_length(j, "longest", f.longest);
	ktstr_json__u64(j, "nr_paths", f.paths);
	ktstr_json__array(j, "paths");
	for (unsigned int i = 0; i < f.paths && i < SHOWN_PATHS; i++) {
		ktstr_json__object(j, NULL);
		ktstr_json__u64(j, "insns", t->path[i].insns);
		ktstr_json__u64(j, "calls", t->path[i].calls);
		ktstr_json__end(j);
	}
	ktstr_json__end(j);
	ktstr_json__u64(j, "other_calls", t->other_calls);
	ktstr_json__end(j);
}

static void json(const struct ktstr_run *run, const void *state, const char *key,
		 struct ktstr_json *j)
{
	const struct state *s = state;

	(void)run;
	if (!s->asked || s->failed || (s->accounts.nr && !s->tally)) {
		ktstr_json__null(j, key);
		return;
	}
	ktstr_json__object(j, key);
	ktstr_json__array(j, "ops");
	for (unsigned int i = 0; i < s->accounts.nr; i++)
		put_op(j, &s->accounts.account[i], &s->tally[i]);
	ktstr_json__end(j);
	ktstr_json__end(j);
}

static void report(const struct ktstr_run *run, const void *state, bool brief, FILE *f)
{
	const struct state *s = state;

	(void)run;
	if (brief || !s->asked || s->failed || !s->tally)
		return;
	fprintf(f, "%-20s %10s %12s %9s %9s %9s\n", "operation", "calls", "insns", "shortest", "typical",
		"longest");
	for (unsigned int i = 0; i < s->accounts.nr; i++) {
		struct ktstr_account_figures g;

		ktstr_account__figures(&s->tally[i], &g);
		fprintf(f, "%-20s %10" PRIu64 " %12" PRIu64 " %9" PRIu64 " %9" PRIu64 " %9" PRIu64 "\n",
			s->accounts.account[i].op, s->tally[i].calls, s->tally[i].insns, g.shortest,
			g.typical, g.longest);
	}
}

static void release(void *state)
{
	struct state *s = state;

	free(s->code);
	free(s->tally);
}

const struct ktstr_run_part ktstr_ledger_part = {
	.name = "ledger",
	.title = "ledger",
	.state_size = sizeof(struct state),
	.prepare = prepare,
	.spec = fill_spec,
	.sync = sync_point,
	.mark = mark,
	.detach = detach,
	.fold = fold,
	.json = json,
	.report = report,
	.release = release,
};
