// SPDX-License-Identifier: GPL-2.0
/*
 * Repeating a run as a part of it. The run is the first one to the instruction, because its files and
 * options are the same and what is done here happens while the guest stands still. At the moment that
 * is asked for, the machine stops; then a dump is taken, gdb gets it, or the run just ends there.
 *
 * That it is the same run is checked, too: what the console has at the stop, or at the end, must be what
 * that of the first run begins with.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/dump/file.h"
#include "harness/dump/part.h"
#include "harness/model/seen.h"
#include "harness/monitor/monitor.h"
#include "harness/plan/plan.h"
#include "lib/json.h"
#include "lib/paths.h"
#include "gdb.h"
#include "moment.h"
#include "part.h"

#define CONSOLE		"console.log"
#define CONSOLE_MAX	(64u << 20)
#define PLACE		128

struct state {
	bool on;
	struct ktstr_replay_request want;
	struct ktstr_moment moment;
	uint64_t attach_kva;		/* link address; 0: this kernel does not have it */
	bool shaken;
	bool told;			/* the file is written */
	bool stopped;
	uint64_t ns;			/* of the stop, on the machine's clock */
	uint32_t vcpu;
	uint64_t rip;
	char place[PLACE], task[48];
	char dump[PATH_MAX];
	struct ktstr_replay_gdb gdb;
	char trouble[512];		/* what was asked for could not be done */
};

static int prepare(struct ktstr_run *run, void *state, struct ktstr_err *err)
{
	struct state *s = state;
	int ret;

	/* the second run of auto-repro is one of its own */
	if (!run->opts.replay || run->opts.repro_of)
		return 0;
	ret = ktstr_replay_request__parse(&s->want, run->opts.replay, err);
	if (!ret && !ktstr_run__deterministic(run))
		ret = ktstr_err(err, EOPNOTSUPP, "only a deterministic run can be repeated");
	if (!ret && s->want.shake.ns && run->plan->nr_cpus < 2)
		ret = ktstr_err(err, EINVAL, "a machine with one CPU has no other way: it has one order of instructions");
	s->on = !ret;
	return ret;
}

static void fill_spec(const struct ktstr_run *run, void *state, struct vm_spec *spec)
{
	const struct ktstr_monitor_state *mon = ktstr_part__state(run, &ktstr_monitor_part);
	struct state *s = state;
	struct ktstr_err err;

	if (!s->on || !mon || !mon->img)
		return;
	spec->probes = true;
	spec->stops = true;
	if (ktstr_moment__find(&s->moment, &s->want, mon->img, &err))
		snprintf(s->trouble, sizeof(s->trouble), "%s", err.msg);
	spec->stop_links = s->moment.links;
	spec->nr_stop_links = s->moment.stop.nr;
	if (s->moment.is_op && !ktstr_kimage__symbol(mon->img, "bpf_scx_reg", &s->attach_kva))
		spec->mark_kva[VM_MARK_ATTACH] = s->attach_kva;
}

static int attach(struct ktstr_run *run, void *state, struct vm *vm, struct ktstr_err *err)
{
	const struct state *s = state;

	(void)run;
	(void)vm;
	/* nothing to wait for: better now than at the end of the run */
	return s->trouble[0] ? ktstr_err(err, ENOENT, "%s", s->trouble) : 0;
}

static void set_stop(struct state *s, struct vm *vm, const struct vm_stop *stop)
{
	int ret = vm_set_stop(vm, stop);

	s->moment.set = true;
	if (ret)
		snprintf(s->trouble, sizeof(s->trouble), "the stop could not be set: %s", strerror(-ret));
}

/* Unless it is past. */
static void set_time(const struct ktstr_run *run, struct state *s, struct vm *vm,
		     const struct ktstr_replay_time *t)
{
	const struct ktstr_clocks *c = &run->seen->clocks;
	struct vm_stop stop = { .ns = t->machine ? t->ns : ktstr_clocks__machine(c, t->ns) };
	uint64_t now;

	if (!vm_probe_time(vm, &now) && now > stop.ns) {
		s->moment.set = true;
		if (!t->machine)
			now = ktstr_clocks__guest(c, now);
		snprintf(s->trouble, sizeof(s->trouble),
			 "%.9f s is too early: this run can be stopped from %.9f s on", (double)t->ns / 1e9,
			 (double)now / 1e9);
		return;
	}
	set_stop(s, vm, &stop);
}

static void set_instructions(struct state *s, struct vm *vm, uint64_t slide)
{
	struct vm_stop stop = s->moment.stop;

	for (unsigned int i = 0; i < stop.nr; i++)
		stop.at[i].kva += slide;
	set_stop(s, vm, &stop);
}

/* Whatever can be set by now. At a sync point or mark. */
static void arm(const struct ktstr_run *run, struct state *s, struct vm *vm)
{
	struct ktstr_monitor *m = ktstr_monitor__view(run);
	const struct ktstr_seen *seen = run->seen;

	if (!seen->clocks.known)
		return;
	if (!s->shaken && s->want.shake.ns) {
		uint64_t ns = s->want.shake.ns;

		s->shaken = true;
		if (!s->want.shake.machine)
			ns = ktstr_clocks__machine(&seen->clocks, ns);
		if (vm_set_shake(vm, ns, s->want.seed))
			snprintf(s->trouble, sizeof(s->trouble), "another way from there on is not possible");
	}
	if (s->moment.set)
		return;
	if (s->want.until == KTSTR_REPLAY_TIME)
		set_time(run, s, vm, &s->want.at);
	else if (s->moment.stop.nr && m)
		set_instructions(s, vm, m->view.slide);
}

static void sync_point(struct ktstr_run *run, void *state, struct vm *vm)
{
	struct ktstr_monitor *m = ktstr_monitor__view(run);
	struct state *s = state;
	struct vm_mark mark;

	if (!s->on || s->stopped)
		return;
	arm(run, s, vm);
	if (!m || !s->attach_kva || s->moment.set)
		return;
	mark = (struct vm_mark){ .kva = s->attach_kva + m->view.slide };
	vm_set_mark(vm, VM_MARK_ATTACH, &mark);
}

/* What the vCPU at the stop executes, and for whom. */
static void look(const struct ktstr_run *run, struct state *s, struct vm *vm)
{
	struct vm_regs *regs = calloc(run->plan->nr_cpus, sizeof(*regs));
	struct ktstr_monitor *m = ktstr_monitor__view(run);
	uint64_t rq, curr, pid, off;
	struct ktstr_place place;
	const char *name;
	struct ktstr_err err;
	char comm[16];

	if (regs && !vm_get_regs(vm, regs, &err))
		s->rip = regs[s->vcpu].rip;
	free(regs);
	name = m ? ktstr_kview__symbol_at(&m->view, s->rip, &off) : NULL;
	if (name)
		snprintf(s->place, sizeof(s->place), "%.90s+%#" PRIx64, name, off);
	else
		snprintf(s->place, sizeof(s->place), "%s%s%#" PRIx64, s->moment.is_op ? s->want.event : "",
			 s->moment.is_op ? ", " : "", s->rip);
	if (!m || ktstr_kview__symbol(&m->view, "runqueues", &rq) ||
	    ktstr_kview__per_cpu(&m->view, rq, s->vcpu, &rq) ||
	    ktstr_place__load(&m->view, &m->layout.rq_curr, rq, &curr))
		return;
	ktstr_place__find_number(&place, m->view.img->btf, "task_struct", "pid");
	if (!place.found || ktstr_place__load(&m->view, &place, curr, &pid) ||
	    !m->layout.curr_comm.found ||
	    ktstr_kview__string(&m->view, ktstr_place__at(&m->view, &m->layout.curr_comm, curr), comm,
				sizeof(comm)))
		return;
	snprintf(s->task, sizeof(s->task), "%s[%" PRId32 "]", comm, (int32_t)pid);
}

/* Bytes of the console that are those of the first run, and how many there are. */
static const char *compare_consoles(const struct ktstr_run *run, const struct state *s, bool whole,
				    size_t *same, size_t *len)
{
	char path[PATH_MAX], *a = NULL, *b = NULL;
	size_t a_len = 0, i = 0;
	const char *word;

	*len = 0;
	if (!ktstr_paths__fmt(path, sizeof(path), "%s/" CONSOLE, s->want.of))
		a = ktstr_paths__read(path, CONSOLE_MAX, &a_len);
	if (!ktstr_paths__fmt(path, sizeof(path), "%s/" CONSOLE, run->dir))
		b = ktstr_paths__read(path, CONSOLE_MAX, len);
	while (a && b && i < a_len && i < *len && a[i] == b[i])
		i++;
	*same = i;
	if (!a || !b)
		word = "unknown";
	else
		word = i < *len || (whole && i < a_len) ? "differs" : "same";
	free(a);
	free(b);
	return word;
}

static void put_file(struct ktstr_run *run, struct state *s, const char *console, size_t same, size_t len)
{
	struct ktstr_json j;
	char path[PATH_MAX], *text;

	ktstr_json__init(&j);
	ktstr_json__object(&j, NULL);
	ktstr_json__bool(&j, "stopped", s->stopped);
	ktstr_json__u64(&j, "time_ns", s->stopped ? ktstr_clocks__guest(&run->seen->clocks, s->ns) : 0);
	ktstr_json__u64(&j, "machine_ns", s->ns);
	/* what the guest itself said last */
	ktstr_json__u64(&j, "message_ns", run->seen->now_ns);
	ktstr_json__u64(&j, "vcpu", s->vcpu);
	ktstr_json__u64(&j, "rip", s->rip);
	ktstr_json__str(&j, "place", s->stopped ? s->place : NULL);
	ktstr_json__str(&j, "task", s->task[0] ? s->task : NULL);
	ktstr_json__str(&j, "console", console);
	ktstr_json__u64(&j, "console_same", same);
	ktstr_json__u64(&j, "console_bytes", len);
	ktstr_json__str(&j, "dump", s->dump[0] ? s->dump : NULL);
	ktstr_json__str(&j, "gdb_script", s->gdb.socket[0] ? s->gdb.script : NULL);
	ktstr_json__str(&j, "gdb_socket", s->gdb.socket[0] ? s->gdb.socket : NULL);
	ktstr_json__str(&j, "trouble", s->trouble[0] ? s->trouble : NULL);
	ktstr_json__end(&j);
	text = ktstr_json__finish(&j);
	s->told = true;
	if (text && !ktstr_paths__fmt(path, sizeof(path), "%s/" KTSTR_REPLAY_FILE, run->dir) &&
	    ktstr_paths__write(path, text, strlen(text)))
		ktstr_run__lose(run, "%s: %s", path, strerror(errno));
	free(text);
}

static void tell(struct ktstr_run *run, struct state *s)
{
	/* a run that was cut off has a part of the console only */
	bool ended = !s->stopped && !run->signal && !run->seen->timeout;
	size_t same, len;
	const char *console = compare_consoles(run, s, ended, &same, &len);

	if (s->stopped)
		fprintf(stderr, "stopped at %.9f s (@%.9f s), CPU %" PRIu32 " before %s%s%s\n",
			(double)ktstr_clocks__guest(&run->seen->clocks, s->ns) / 1e9,
			(double)s->ns / 1e9, s->vcpu, s->place, s->task[0] ? ", " : "", s->task);
	if (s->want.shake.ns) {
		/* it is meant to be another run */
	} else if (!strcmp(console, "same")) {
		fprintf(stderr, "the console is that of the run%s: %zu bytes\n", ended ? "" : " so far",
			len);
	} else if (!strcmp(console, "differs")) {
		fprintf(stderr, "this is NOT that run: the consoles differ from byte %zu on (%s/" CONSOLE ")\n",
			same, run->dir);
	} else {
		fprintf(stderr, "whether this is that run is not known: %s/" CONSOLE " cannot be read\n",
			s->want.of);
	}
	if (s->gdb.socket[0] && !s->trouble[0])
		fprintf(stderr, "waiting for gdb, ^C ends it: gdb -x %s\n", s->gdb.script);
	put_file(run, s, console, same, len);
	fflush(stderr);
}

static void take_dump(struct ktstr_run *run, struct state *s)
{
	struct ktstr_jtree tree;
	struct ktstr_jnode *root;
	int ret;

	ktstr_jtree__init(&tree, KTSTR_DUMP_MAX_BYTES);
	root = ktstr_jtree__object(&tree, NULL, NULL);
	ret = root ? ktstr_dump_part__take(run, &tree, root, "replay") : -ENOMEM;
	if (!ret)
		ret = ktstr_paths__fmt(s->dump, sizeof(s->dump), "%s/replay" KTSTR_DUMP_SUFFIX, run->dir);
	if (!ret)
		ret = ktstr_dump_file__write(root, s->dump);
	ktstr_jtree__free(&tree);
	if (ret) {
		s->dump[0] = '\0';
		snprintf(s->trouble, sizeof(s->trouble), "no dump could be taken: %s", strerror(-ret));
	}
}

static void stop(struct ktstr_run *run, struct state *s, struct vm *vm)
{
	struct ktstr_monitor *m = ktstr_monitor__view(run);
	struct ktstr_err err;

	s->stopped = true;
	s->vcpu = vm_stopped_vcpu(vm);
	vm_probe_time(vm, &s->ns);
	look(run, s, vm);
	if (s->want.dump)
		take_dump(run, s);
	if (s->want.gdb && !m)
		snprintf(s->trouble, sizeof(s->trouble), "the kernel was not found in the guest's memory yet");
	else if (s->want.gdb && ktstr_replay_gdb__begin(&s->gdb, run, vm, &m->view, s->vcpu, &err))
		snprintf(s->trouble, sizeof(s->trouble), "%s", err.msg);
	if (s->want.gdb && !s->trouble[0])
		run->seen->held = true;
	else
		run->seen->cut = true;
	tell(run, s);
}

static void mark(struct ktstr_run *run, void *state, struct vm *vm, enum vm_mark_slot slot)
{
	struct ktstr_monitor *m = ktstr_monitor__view(run);
	struct state *s = state;

	if (!s->on || s->stopped)
		return;
	if (slot == VM_MARK_STOP) {
		stop(run, s, vm);
	} else if (slot == VM_MARK_ATTACH && m && s->moment.is_op && !s->moment.set) {
		if (ktstr_moment__find_op(&s->moment, &s->want, &m->view))
			set_instructions(s, vm, 0);
	} else {
		arm(run, s, vm);
	}
}

static void detach(struct ktstr_run *run, void *state, struct vm *vm)
{
	struct state *s = state;

	(void)vm;
	ktstr_replay_gdb__end(&s->gdb);
	if (!s->on || s->told)
		return;
	if (!s->trouble[0] && run->signal)
		snprintf(s->trouble, sizeof(s->trouble), "the run was ended by a signal before it had got there: %s",
			 strsignal(run->signal));
	else if (!s->trouble[0] && s->want.until != KTSTR_REPLAY_END)
		snprintf(s->trouble, sizeof(s->trouble), "the run has ended, and that moment did not come");
	tell(run, s);
}

const struct ktstr_run_part ktstr_replay_part = {
	.name = "replay",
	.state_size = sizeof(struct state),
	.prepare = prepare,
	.spec = fill_spec,
	.attach = attach,
	.sync = sync_point,
	.mark = mark,
	.detach = detach,
};
