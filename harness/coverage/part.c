// SPDX-License-Identifier: GPL-2.0
/*
 * Coverage in a run. The guest stops whenever its kernel has loaded a BPF program, before anybody can
 * execute it, and whenever a scheduler is about to be enabled: then the programs of its object are known.
 * The host reads the counters when the guest is over. See part.h.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "harness/monitor/monitor.h"
#include "harness/plan/plan.h"
#include "lib/json.h"
#include "lcov.h"
#include "loads.h"
#include "part.h"

struct state {
	struct ktstr_loads loads;
	struct ktstr_cover cover;	/* read when the guest was over */
	struct vm_counted *counted;	/* VM_MAX_COUNTED */
	uint64_t load_kva, attach_kva;	/* link addresses */
	bool asked, set, attached, failed, read;
	char why_not[sizeof(((struct ktstr_err *)0)->msg)];
};

static void give_up(struct state *s, const char *why)
{
	if (!s->failed)
		snprintf(s->why_not, sizeof(s->why_not), "%s", why);
	s->failed = true;
}

static int prepare(struct ktstr_run *run, void *state, struct ktstr_err *err)
{
	struct state *s = state;

	/* a crash that is repeated was counted the first time */
	if (!run->opts.coverage || run->opts.repro_of)
		return 0;
	if (!ktstr_run__deterministic(run))
		return ktstr_err(err, EOPNOTSUPP,
				 "coverage needs a deterministic run: give --seed N, or --accel tcg");
	s->counted = calloc(VM_MAX_COUNTED, sizeof(*s->counted));
	if (!s->counted)
		return ktstr_err(err, ENOMEM, "no memory for coverage");
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
	    ktstr_kimage__symbol(mon->img, "bpf_scx_reg", &s->attach_kva) ||
	    ktstr_kimage__symbol(mon->img, "perf_event_bpf_event", &s->load_kva)) {
		give_up(s, "this kernel's image has no BTF, no sched_ext or no perf_event_bpf_event()");
		return;
	}
	spec->probes = true;
	spec->mark_kva[VM_MARK_ATTACH] = s->attach_kva;
	spec->mark_kva[VM_MARK_LOAD] = s->load_kva;
}

static void set_mark(struct state *s, struct ktstr_monitor *m, struct vm *vm, enum vm_mark_slot slot)
{
	uint64_t kva = slot == VM_MARK_LOAD ? s->load_kva : s->attach_kva;
	struct vm_mark mark = { .kva = kva + m->view.slide };
	int ret = vm_set_mark(vm, slot, &mark);

	if (ret)
		give_up(s, strerror(-ret));
}

static void sync_point(struct ktstr_run *run, void *state, struct vm *vm)
{
	struct ktstr_monitor *m = ktstr_monitor__view(run);
	struct state *s = state;

	if (!s->asked || s->failed || s->set || !m)
		return;
	set_mark(s, m, vm, VM_MARK_ATTACH);
	set_mark(s, m, vm, VM_MARK_LOAD);
	s->set = true;
}

static void mark(struct ktstr_run *run, void *state, struct vm *vm, enum vm_mark_slot slot)
{
	struct ktstr_monitor *m = ktstr_monitor__view(run);
	struct state *s = state;
	int ret;

	if (!s->set || s->failed || (slot != VM_MARK_ATTACH && slot != VM_MARK_LOAD) || !m)
		return;
	s->attached |= slot == VM_MARK_ATTACH;
	ret = ktstr_loads__look(&s->loads, &m->view, slot == VM_MARK_ATTACH);
	if (!ret)
		ret = vm_set_counted(vm, s->counted, ktstr_loads__counted(&s->loads, s->counted));
	if (ret)
		give_up(s, strerror(-ret));
	else
		set_mark(s, m, vm, slot);	/* the next one */
}

static int get_counts(void *arg, uint32_t first, uint32_t nr, uint64_t *count)
{
	return vm_get_counts(arg, first, nr, count);
}

static void detach(struct ktstr_run *run, void *state, struct vm *vm)
{
	struct state *s = state;
	int ret;

	(void)run;
	if (!s->asked || s->failed)
		return;
	ret = ktstr_loads__fold(&s->loads, &s->cover, get_counts, vm);
	if (ret)
		give_up(s, strerror(-ret));
	s->read = !ret;
}

static void fold(struct ktstr_run *run, void *state)
{
	struct state *s = state;
	struct ktstr_err err;

	if (s->read && s->cover.nr && ktstr_lcov__add_to(run->opts.coverage, &s->cover, &err))
		give_up(s, err.msg);
	if (s->failed)
		ktstr_run__lose(run, "coverage: %s", s->why_not);
	else if (s->loads.full)
		ktstr_run__lose(run, "coverage: it is not whole, there was no room for programs, functions or files %u times",
				s->loads.full);
}

static void put_totals(struct ktstr_json *j, const struct ktstr_cover_totals *t)
{
	ktstr_json__u64(j, "lines", t->lines);
	ktstr_json__u64(j, "lines_hit", t->lines_hit);
	ktstr_json__u64(j, "functions", t->functions);
	ktstr_json__u64(j, "functions_hit", t->functions_hit);
}

static void json(const struct ktstr_run *run, const void *state, const char *key,
		 struct ktstr_json *j)
{
	const struct state *s = state;
	struct ktstr_cover_totals all = { 0 };

	(void)run;
	if (!s->read || s->failed) {
		ktstr_json__null(j, key);
		return;
	}
	ktstr_json__object(j, key);
	ktstr_json__array(j, "files");
	for (size_t i = 0; i < s->cover.nr; i++) {
		struct ktstr_cover_totals t = { 0 };

		ktstr_cover_file__count(&s->cover.file[i], &t);
		ktstr_json__object(j, NULL);
		ktstr_json__str(j, "file", s->cover.file[i].path);
		put_totals(j, &t);
		ktstr_json__end(j);
	}
	ktstr_json__end(j);
	ktstr_cover__count(&s->cover, &all);
	put_totals(j, &all);
	ktstr_json__end(j);
}

static void report(const struct ktstr_run *run, const void *state, bool brief, FILE *f)
{
	const struct state *s = state;
	char what[256];

	(void)run;
	if (brief || !s->read || s->failed)
		return;
	if (!s->cover.nr) {
		fprintf(f, "nothing was measured: %s\n", !s->attached ? "no BPF scheduler was attached" :
			"the scheduler's programs have no line info");
		return;
	}
	ktstr_cover__describe(&s->cover, what, sizeof(what));
	fprintf(f, "%s\n", what);
	if (s->loads.lineless)
		fprintf(f, "%u programs have no line info\n", s->loads.lineless);
}

static void release(void *state)
{
	struct state *s = state;

	ktstr_loads__free(&s->loads);
	ktstr_cover__free(&s->cover);
	free(s->counted);
}

const struct ktstr_run_part ktstr_coverage_part = {
	.name = "coverage",
	.title = "coverage",
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
