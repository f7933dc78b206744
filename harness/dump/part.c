// SPDX-License-Identifier: GPL-2.0
/*
 * Dumps in a run. Three moments are worth one:
 *
 *	late	the scheduler left by an error. A deterministic guest stops at the function that the
 *		kernel calls as soon as the message is complete, before anything is taken down (a
 *		mark, vm_set_mark()). Of any other guest the exit is seen by looking every 10 ms, and
 *		its CPUs are paused.
 *	early	a task has waited for long. In a deterministic guest, which loses no time by it, that
 *		is 500 ms at first, and each time twice as long as before: the last one counts. In any
 *		other it is half of the watchdog's timeout.
 *	asked	in the middle of the body, if the user wants a dump in any case, or when the guest has
 *		missed its deadline and late has not come.
 *
 * They are kept in memory. When the guest's result is known they become files, or are dropped.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/kernel.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/json.h"
#include "lib/paths.h"
#include "harness/model/seen.h"
#include "harness/monitor/monitor.h"
#include "harness/plan/plan.h"
#include "harness/plan/programs.h"
#include "harness/plan/variant.h"
#include "cast/cast.h"
#include "core_file.h"
#include "file.h"
#include "part.h"
#include "text.h"

#define LOOK_NS		(10 * 1000 * 1000)
#define FIRST_WAIT_NS	(500ull * 1000 * 1000)
#define MAX_OBJECTS	16	/* BPF objects in a scheduler's program */
#define PAUSE_MS	5000	/* until all CPUs must have stopped */

struct moment {
	struct ktstr_jtree tree;
	struct ktstr_jnode *report;	/* NULL: it was not taken */
};

struct state {
	struct vm *vm;			/* NULL: detached */
	struct moment late, early, asked;
	struct ktstr_core_file core;
	struct ktstr_jtree files;	/* what is around the reports */
	struct ktstr_jnode *degraded, *shown;
	uint64_t error_kva;		/* link address; 0: none */
	bool attached, armed;		/* there was a machine; a mark is set */
	bool suppressed;		/* an exit was seen, and was no error */
	uint64_t next_wait;		/* jiffies that a task must have waited */
	uint64_t age, threshold, peak;	/* of early, jiffies; the longest wait at any look */
	unsigned int later;		/* errors after the first one */
	uint64_t look_ns;		/* host: the next look at waiting tasks */
	void *program;			/* the scheduler's file; NULL: not read, or there is none */
	size_t program_len;
	struct ktstr_casts casts[MAX_OBJECTS];
	unsigned int nr_casts;
	bool casts_known;
	char file[NAME_MAX], early_file[NAME_MAX];	/* in the run's folder; "": none */
	char why_not[256];
};

uint64_t ktstr_dump__error_kva(const struct ktstr_kimage *img)
{
	/* handlers of irq_work: their addresses are taken, so no compiler inlines or renames them */
	static const char * const names[] = {
		"scx_disable_irq_workfn",	/* since 7.1 */
		"scx_error_irq_workfn",		/* 6.15 to 7.0 */
		"scx_ops_error_irq_workfn",	/* 6.12 to 6.14 */
	};
	uint64_t kva;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!ktstr_kimage__symbol(img, names[i], &kva))
			return kva;
	return 0;
}

static struct ktstr_monitor_state *monitor(const struct ktstr_run *run)
{
	return ktstr_part__state(run, &ktstr_monitor_part);
}

/* The monitor's view of the guest; NULL: there is none, or not yet. */
static struct ktstr_monitor *view(const struct ktstr_run *run, const struct state *s)
{
	return s->vm ? ktstr_monitor__view(run) : NULL;
}

static bool wanted(const struct ktstr_run *run)
{
	return run->opts.dump != KTSTR_DUMP_OFF && run->opts.monitor;
}

static void fill_spec(const struct ktstr_run *run, void *state, struct vm_spec *spec)
{
	struct ktstr_monitor_state *mon = monitor(run);
	struct state *s = state;

	if (!wanted(run))
		snprintf(s->why_not, sizeof(s->why_not), "switched off by %s",
			 run->opts.monitor ? "KTSTR_DUMP" : "KTSTR_MONITOR");
	else if (mon && mon->img)
		s->error_kva = ktstr_dump__error_kva(mon->img);
	if (s->error_kva && ktstr_run__deterministic(run))
		spec->mark_kva[VM_MARK_ERROR] = s->error_kva;
}

static int attach(struct ktstr_run *run, void *state, struct vm *vm, struct ktstr_err *err)
{
	struct state *s = state;

	(void)err;
	if (!wanted(run))
		return 0;
	s->vm = vm;
	s->attached = true;
	snprintf(s->why_not, sizeof(s->why_not),
		 "no scheduler left by an error, and no task waited for long");
	return 0;
}

static uint64_t guest_time(const struct ktstr_run *run)
{
	uint64_t ns;

	return ktstr_monitor__time(monitor(run), &ns) ? ns : run->seen->now_ns;
}

static void put_run(const struct ktstr_run *run, struct ktstr_jtree *t, struct ktstr_jnode *n,
		    const char *schema)
{
	char name[KTSTR_ID_LEN];

	ktstr_jtree__str(t, n, "schema", schema);
	ktstr_jtree__str(t, n, "test", ktstr_plan__name(run->plan, name, sizeof(name)));
	ktstr_jtree__str(t, n, "scheduler", run->seen->ops[0] ? run->seen->ops : NULL);
}

/* Which numbers of the scheduler are pointers: looked up at the first dump, from its program. */
static void find_casts(struct ktstr_run *run, struct state *s)
{
	const struct ktstr_program *p = run->plan->scheduler ?
		ktstr_programs__of(run, run->plan->scheduler) : NULL;
	int fd = p && p->path ? open(p->path, O_RDONLY | O_CLOEXEC) : -1;
	struct stat st;
	size_t at = 0, size;

	s->casts_known = true;
	if (fd >= 0 && !fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_size > 0) {
		s->program_len = (size_t)st.st_size;
		s->program = mmap(NULL, s->program_len, PROT_READ, MAP_PRIVATE, fd, 0);
		if (s->program == MAP_FAILED)
			s->program = NULL;
	}
	if (fd >= 0)
		close(fd);
	for (; s->program && s->nr_casts < MAX_OBJECTS; at += size) {
		at = ktstr_casts__embedded(s->program, s->program_len, at, &size);
		if (at == s->program_len)
			break;
		/* one that cannot be analysed shows its numbers as numbers */
		if (!ktstr_casts__analyse(&s->casts[s->nr_casts], (char *)s->program + at, size,
					  NULL))
			s->nr_casts++;
	}
}

/* NULL: @err says why. The caller frees it. */
static struct vm_regs *read_regs(struct vm *vm, uint32_t nr_cpus, struct ktstr_err *err)
{
	struct vm_regs *regs = calloc(nr_cpus, sizeof(*regs));

	if (!regs) {
		ktstr_err(err, ENOMEM, "no memory");
	} else if (vm_get_regs(vm, regs, err)) {
		free(regs);
		regs = NULL;
	}
	return regs;
}

/* With the registers, which the caller frees. */
static int take_report(struct ktstr_run *run, struct ktstr_jtree *tree,
		       struct ktstr_jnode *report, const char *trigger, struct vm_regs **regs)
{
	struct state *s = ktstr_part__state(run, &ktstr_dump_part);
	struct ktstr_monitor_state *mon = monitor(run);
	struct ktstr_err err = { .msg = "" };
	struct ktstr_dump_input in = {
		.trigger = trigger, .ops = run->seen->ops, .casts = s->casts,
		.why_no_regs = err.msg,
	};

	*regs = NULL;
	if (!mon || !mon->vm || ktstr_kview__attach(&mon->mon.view))
		return -EAGAIN;
	if (!s->casts_known)
		find_casts(run, s);
	*regs = read_regs(mon->vm, mon->mon.view.nr_cpus, &err);
	in.regs = *regs;
	in.mon = &mon->mon;
	in.series = &mon->all;
	in.time_ns = guest_time(run);
	in.nr_casts = s->nr_casts;
	put_run(run, tree, report, KTSTR_SCHEMA_SINGLE);
	ktstr_dump__take(tree, report, &in);
	return 0;
}

int ktstr_dump_part__take(struct ktstr_run *run, struct ktstr_jtree *tree,
			  struct ktstr_jnode *report, const char *trigger)
{
	struct vm_regs *regs;
	int ret = take_report(run, tree, report, trigger, &regs);

	free(regs);
	return ret;
}

static void take(struct ktstr_run *run, struct moment *to, const char *trigger)
{
	struct state *s = ktstr_part__state(run, &ktstr_dump_part);
	struct vm_regs *regs = NULL;

	ktstr_jtree__free(&to->tree);
	ktstr_jtree__init(&to->tree, KTSTR_DUMP_MAX_BYTES);
	to->report = ktstr_jtree__object(&to->tree, NULL, NULL);
	if (to->report && !take_report(run, &to->tree, to->report, trigger, &regs) &&
	    run->opts.vmcore && (to == &s->late || (!s->late.report &&
						    (to == &s->early || !s->early.report))))
		ktstr_core_file__write(&s->core, run, s->vm, &monitor(run)->mon.view, regs);
	free(regs);
}

/* Has the scheduler been claimed for an exit by an error? */
static bool exit_is_error(struct ktstr_monitor *m)
{
	struct ktstr_exit_info info;

	return !ktstr_monitor__exit_info(m, &info) && info.kind >= KTSTR_SCX_EXIT_ERROR;
}

static void arm(struct ktstr_run *run, struct state *s)
{
	struct ktstr_monitor *m = view(run, s);
	struct vm_mark mark = { .kva = s->error_kva };

	if (!m || !s->error_kva || !ktstr_run__deterministic(run))
		return;
	mark.kva += m->view.slide;
	s->armed = !vm_set_mark(s->vm, VM_MARK_ERROR, &mark);
}

static void take_error(struct ktstr_run *run, struct state *s)
{
	if (!exit_is_error(view(run, s)))
		s->suppressed = true;
	else if (s->late.report)
		s->later++;
	else
		take(run, &s->late, "scx_error");
}

/* Is a task waiting for so long that this moment is worth a dump? */
static bool waits_too_long(struct ktstr_run *run, struct state *s)
{
	struct ktstr_monitor_state *mon = monitor(run);
	struct ktstr_dump_wait w;

	if (!run->seen->body_ns || !mon->tick_ns || ktstr_dump__longest_wait(&mon->mon, &w))
		return false;
	if (w.longest > s->peak)
		s->peak = w.longest;
	if (!s->next_wait)
		s->next_wait = ktstr_run__deterministic(run) ? FIRST_WAIT_NS / mon->tick_ns :
			       w.half_watchdog ?: UINT64_MAX;
	if (w.longest < s->next_wait)
		return false;
	s->age = w.longest;
	s->threshold = s->next_wait;
	s->next_wait = w.longest * 2;
	return true;
}

static bool is_asked_for(const struct ktstr_run *run, const struct state *s)
{
	uint64_t half = run->plan->duration_s * UINT64_C(1000000000) / 2;

	return run->opts.dump == KTSTR_DUMP_ALWAYS && !s->asked.report && run->seen->body_ns &&
	       guest_time(run) >= run->seen->body_ns + half;
}

static void look(struct ktstr_run *run, struct state *s)
{
	if (!s->late.report && waits_too_long(run, s))
		take(run, &s->early, "longest_wait");
	if (is_asked_for(run, s))
		take(run, &s->asked, "request");
}

static void sync_point(struct ktstr_run *run, void *state, struct vm *vm)
{
	struct state *s = state;

	(void)vm;
	if (!view(run, s))
		return;
	if (!s->armed)
		arm(run, s);
	/* a body that ended before its middle, as it does when it fails */
	if (run->opts.dump == KTSTR_DUMP_ALWAYS && !s->asked.report && run->seen->teardown_ns)
		take(run, &s->asked, "request");
}

static void mark(struct ktstr_run *run, void *state, struct vm *vm, enum vm_mark_slot slot)
{
	struct state *s = state;

	(void)vm;
	if (!view(run, s))
		return;
	if (slot == VM_MARK_ERROR) {
		take_error(run, s);
		arm(run, s);
	} else {
		look(run, s);
	}
}

/* The guest runs. No dump of it is possible; say as much as there is. */
static void degrade(struct ktstr_run *run, struct state *s, const struct ktstr_err *err)
{
	struct ktstr_exit_info info;
	struct ktstr_jtree *t = &s->files;
	struct ktstr_monitor *m = view(run, s);
	struct ktstr_err why = { .msg = "" };
	struct vm_regs *regs;

	if (s->degraded)
		return;
	ktstr_jtree__init(t, KTSTR_DUMP_MAX_BYTES);
	s->degraded = ktstr_jtree__object(t, NULL, NULL);
	put_run(run, t, s->degraded, KTSTR_SCHEMA_DEGRADED);
	ktstr_jtree__fmt(t, s->degraded, "reason", "%s (within %d ms): %s",
			 KTSTR_REASON_DEGRADED_RENDEZVOUS_TIMEOUT, PAUSE_MS, err->msg);
	ktstr_jtree__bool(t, s->degraded, "watchpoint_hit", false);
	ktstr_jtree__str(t, s->degraded, "bss_latch_state", "not_resolved");
	regs = read_regs(s->vm, m->view.nr_cpus, &why);
	ktstr_dump__regs(t, s->degraded, &m->view, regs, why.msg);
	free(regs);
	if (!ktstr_monitor__exit_info(m, &info))
		ktstr_jtree__u64(t, s->degraded, "exit_kind", info.kind);
	ktstr_jtree__u64(t, s->degraded, "elapsed_ms", guest_time(run) / 1000000);
}

/* A guest whose time is the host's: stop it, take the dump, let it go on. */
static void tick(struct ktstr_run *run, void *state, struct vm *vm)
{
	struct state *s = state;
	struct ktstr_monitor *m = view(run, s);
	struct ktstr_err err = { .msg = "" };
	bool error, waits = false;
	uint64_t now = ktstr_now_ns();

	if (!m)
		return;
	error = !s->late.report && !s->degraded && exit_is_error(m);
	if (!error && now >= s->look_ns) {
		s->look_ns = now + KTSTR_MONITOR_PERIOD_NS;
		waits = waits_too_long(run, s);
	}
	if (!error && !waits && !is_asked_for(run, s))
		return;
	if (vm_pause(vm, PAUSE_MS, &err)) {
		degrade(run, s, &err);
		return;
	}
	if (error)
		take_error(run, s);
	if (waits)
		take(run, &s->early, "longest_wait");
	if (is_asked_for(run, s))
		take(run, &s->asked, "request");
	vm_resume(vm);
}

/* A guest that has missed its deadline still stands, or runs, where it was. */
static void detach(struct ktstr_run *run, void *state, struct vm *vm)
{
	struct state *s = state;
	struct ktstr_err err;
	bool paused;

	if (view(run, s) && run->seen->timeout && !s->late.report) {
		paused = !vm_pause(vm, PAUSE_MS, &err);
		take(run, &s->asked, "timeout");
		if (!paused)
			ktstr_jtree__str(&s->asked.tree, s->asked.report, "torn",
					 "the guest ran while it was read");
		else
			vm_resume(vm);
	}
	s->vm = NULL;
}

static void write_file(struct ktstr_run *run, const struct ktstr_jnode *root, const char *tag,
		       char *name)
{
	char path[PATH_MAX];
	int ret;

	if (!root || !run->dir)
		return;
	snprintf(name, NAME_MAX, "%.150s-%016" PRIx64 "%s%s" KTSTR_DUMP_SUFFIX,
		 run->plan->test->name, ktstr_variant__hash(run), *tag ? "." : "", tag);
	ret = ktstr_paths__fmt(path, sizeof(path), "%s/%s", run->dir, name);
	if (!ret)
		ret = ktstr_dump_file__write(root, path);
	if (ret) {
		ktstr_run__lose(run, "%.400s: %s", path, strerror(-ret));
		name[0] = '\0';
	}
}

/* Both moments of one failure. */
static struct ktstr_jnode *make_dual(struct ktstr_run *run, struct state *s)
{
	struct ktstr_jtree *t = &s->files;
	struct ktstr_jnode *n;

	ktstr_jtree__init(t, KTSTR_DUMP_MAX_BYTES);
	n = ktstr_jtree__object(t, NULL, NULL);
	if (!n)
		return s->late.report;
	put_run(run, t, n, KTSTR_SCHEMA_DUAL);
	ktstr_jtree__u64(t, n, "early_max_age_jiffies", s->age);
	ktstr_jtree__u64(t, n, "early_threshold_jiffies", s->threshold);
	ktstr_jtree__adopt(n, "early", s->early.report);
	ktstr_jtree__adopt(n, "late", s->late.report);
	return n;
}

/* A failed run of a scheduler without a dump has a file too, which says why. */
static struct ktstr_jnode *make_placeholder(struct ktstr_run *run, struct state *s)
{
	struct ktstr_jtree *t = &s->files;
	struct ktstr_jnode *n;

	ktstr_jtree__init(t, KTSTR_DUMP_MAX_BYTES);
	n = ktstr_jtree__object(t, NULL, NULL);
	put_run(run, t, n, KTSTR_SCHEMA_SINGLE);
	ktstr_jtree__bool(t, n, "is_placeholder", true);
	ktstr_jtree__str(t, n, "reason", s->why_not);
	return n;
}

static void fold(struct ktstr_run *run, void *state)
{
	struct state *s = state;
	bool failed = ktstr_result__outcome(run->result) == KTSTR_FAIL;
	const struct ktstr_jnode *root = NULL;

	if (!s->late.report && !s->degraded && !failed && run->opts.dump != KTSTR_DUMP_ALWAYS) {
		ktstr_core_file__drop(&s->core, run);
		return;
	}
	if (s->core.why_not[0])
		ktstr_run__lose(run, "the core of the machine: %s", s->core.why_not);
	if (s->late.report && s->early.report)
		root = make_dual(run, s);
	else if (s->late.report)
		root = s->late.report;
	else if (s->degraded)
		root = s->degraded;
	else if (s->asked.report)
		root = s->asked.report;
	else if (!s->early.report && s->attached && run->seen->sched_started)
		root = make_placeholder(run, s);
	write_file(run, root, "", s->file);
	s->shown = s->late.report ?: s->early.report ?: s->asked.report ?: s->degraded;
	if (s->early.report && !s->late.report)
		write_file(run, s->early.report,
			   s->degraded ? KTSTR_SNAPSHOT_TAG_EARLY_PRE_LATE_DEGRADED :
			   s->suppressed ? KTSTR_SNAPSHOT_TAG_EARLY_ONLY_LATE_SUPPRESSED :
			   KTSTR_SNAPSHOT_TAG_EARLY_ONLY_LATE_NEVER_FIRED, s->early_file);
}

static void json(const struct ktstr_run *run, const void *state, const char *key,
		 struct ktstr_json *j)
{
	const struct state *s = state;

	(void)run;
	if (!s->shown) {
		ktstr_json__null(j, key);
		return;
	}
	ktstr_json__object(j, key);
	ktstr_json__str(j, "file", s->file[0] ? s->file : NULL);
	ktstr_json__str(j, "early_file", s->early_file[0] ? s->early_file : NULL);
	ktstr_json__str(j, "vmcore", s->core.name[0] ? s->core.name : NULL);
	ktstr_json__str(j, "trigger", ktstr_jnode__str(s->shown, "trigger", NULL));
	ktstr_json__u64(j, "longest_wait_jiffies", s->peak);
	ktstr_json__u64(j, "later_errors", s->later);
	ktstr_json__end(j);
}

static void report(const struct ktstr_run *run, const void *state, bool brief, FILE *f)
{
	const struct state *s = state;

	(void)run;
	if (!s->shown)
		return;
	if (s->shown == s->degraded)
		fprintf(f, "degraded: %s\n", ktstr_jnode__str(s->shown, "reason", "?"));
	else if (brief)
		ktstr_dump_text__screen(s->shown, true, f);
	else
		ktstr_dump_text__all(s->shown, f);
	if (s->file[0])
		fprintf(f, "all of it: ktstr dump %s\n", s->file);
	if (s->early_file[0])
		fprintf(f, "all of it: ktstr dump %s\n", s->early_file);
	if (s->core.name[0])
		fprintf(f, "the machine, for crash and drgn: %s\n", s->core.name);
}

static void release(void *state)
{
	struct state *s = state;

	for (unsigned int i = 0; i < s->nr_casts; i++)
		ktstr_casts__free(&s->casts[i]);
	if (s->program)
		munmap(s->program, s->program_len);
	ktstr_jtree__free(&s->late.tree);
	ktstr_jtree__free(&s->early.tree);
	ktstr_jtree__free(&s->asked.tree);
	ktstr_jtree__free(&s->files);
}

const struct ktstr_run_part ktstr_dump_part = {
	.name = "failure_dump",
	.title = "failure dump",
	.state_size = sizeof(struct state),
	.period_ns = LOOK_NS,
	.spec = fill_spec,
	.attach = attach,
	.sync = sync_point,
	.mark = mark,
	.tick = tick,
	.detach = detach,
	.fold = fold,
	.json = json,
	.report = report,
	.release = release,
};
