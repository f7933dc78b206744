// SPDX-License-Identifier: GPL-2.0
/*
 * One run from plan to artefacts. prepare() gathers what is needed and may find that
 * something is missing; boot() owns the machine; conclude() turns whatever happened, also
 * nothing at all, into a verdict and writes it down.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "callback.h"
#include "console.h"
#include "devices.h"
#include "expect.h"
#include "fold.h"
#include "host_run.h"
#include "interrupt.h"
#include "pack.h"
#include "paths.h"
#include "report.h"
#include "sidecar.h"
#include "variant.h"
#include "watch.h"

/* What exists only while the run goes on. */
struct work {
	struct ktstr_run *run;
	struct ktstr_deadlines deadlines;
	int initrd_fd;
	struct vm_part initrd_base;
	struct ktstr_devices devices;
	char *cmdline;
	char console[PATH_MAX], output[PATH_MAX], emulator[PATH_MAX];
	uint64_t begin_ns;
};

static int file_in(const struct ktstr_run *run, char *buf, size_t size, const char *name)
{
	return ktstr_paths__fmt(buf, size, "%s/%s", run->dir, name);
}

/* <runs root>/<run id>/ktstr.<test>: the variant's id with its slashes as dots. */
static int make_dir(struct work *w, struct vm_err *err)
{
	static const char * const stale[] = {
		"console.log", "output.log", "emulator.log", "sched.log", "kmsg.log", "report.txt",
	};
	struct ktstr_run *run = w->run;
	char dir[PATH_MAX], path[PATH_MAX];
	size_t i;
	int ret;

	ret = ktstr_paths__fmt(dir, sizeof(dir), "%s/%s/ktstr.%s", run->opts.runs_root,
			       run->opts.run_id, run->plan->test->name);
	if (!ret)
		ret = ktstr_paths__mkdirs(dir);
	if (ret)
		return vm_err(err, -ret, "run folder %s: %s; set KTSTR_RUNS_ROOT", dir,
			      strerror(-ret));
	run->dir = strdup(dir);
	if (!run->dir)
		return vm_err(err, ENOMEM, "no memory");
	if (file_in(run, w->console, sizeof(w->console), "console.log") ||
	    file_in(run, w->output, sizeof(w->output), "output.log") ||
	    file_in(run, w->emulator, sizeof(w->emulator), "emulator.log"))
		return vm_err(err, ENAMETOOLONG, "run folder %s: the path is too long", dir);
	/* of an earlier run under the same id */
	for (i = 0; i < sizeof(stale) / sizeof(stale[0]); i++)
		if (!file_in(run, path, sizeof(path), stale[i]))
			unlink(path);
	return 0;
}

static int prepare(struct work *w, struct vm_err *err)
{
	struct ktstr_run *run = w->run;
	const struct ktstr_plan *p = run->plan;
	char note[256];
	int ret;

	ret = make_dir(w, err);
	if (!ret)
		ret = vm_pick_accel(run->opts.accel, &run->accel, run->accel_note,
				    sizeof(run->accel_note), err);
	if (!ret)
		ret = ktstr_devices__settle(run, err);
	if (!ret)
		ret = ktstr_kernel__find(&run->kernel, err);
	if (!ret && ((p->scheduler && p->scheduler->binary) || p->test->staged_schedulers))
		ret = ktstr_kernel__check_scx(&run->kernel, err);
	if (ret)
		return ret;
	if (ktstr_run__deterministic(run))
		run->shift = run->opts.shift != VM_SHIFT_AUTO ? run->opts.shift :
			     vm_auto_shift(p->nr_cpus);
	ktstr_deadlines__compute(&w->deadlines, p, run->accel, run->opts.shift);
	w->cmdline = ktstr_pack__cmdline(p);
	if (!w->cmdline)
		return vm_err(err, ENOMEM, "no memory for the command line");
	w->initrd_fd = ktstr_pack__initramfs(run, &w->deadlines, &w->initrd_base, note,
					     sizeof(note), err);
	if (w->initrd_fd < 0)
		return w->initrd_fd;
	if (note[0])
		fprintf(stderr, "ktstr: %s\n", note);
	return 0;
}

/* Without a machine: no kernel, no accelerator, no initramfs. */
static int run_here(struct work *w, struct vm_err *err)
{
	struct ktstr_run *run = w->run;
	int ret;

	run->accel = VM_ACCEL_AUTO;
	ret = make_dir(w, err);
	if (ret)
		return ret;
	ktstr_deadlines__compute(&w->deadlines, run->plan, VM_ACCEL_KVM, VM_SHIFT_AUTO);
	return ktstr_host__run(run, &w->deadlines, w->output, err);
}

static void fill_spec(struct work *w, struct vm_spec *spec)
{
	const struct ktstr_run *run = w->run;
	const struct ktstr_plan *p = run->plan;

	*spec = (struct vm_spec) {
		.kernel = run->kernel.path,
		.initrd_fd = w->initrd_fd,
		.initrd_base = w->initrd_base,
		.cmdline = w->cmdline,
		.topo = { p->topo.numa_nodes, p->topo.llcs, p->topo.cores, p->topo.threads },
		.mem_bytes = p->memory_mib << 20,
		.shared_bytes = KTSTR_CHAN_SIZE,
		.accel = run->accel,
		.deterministic = run->accel == VM_ACCEL_TCG && !run->opts.mttcg,
		.seed = run->opts.seed,
		.icount_shift = run->opts.shift,
		.kaslr = p->kaslr,
		.console_path = w->console,
		.output_path = w->output,
		.emulator_log_path = w->emulator,
	};
	ktstr_devices__spec(&w->devices, p->test, spec);
}

/* cleanup_budget_ms: the time to take the machine down, on the host's clock. */
static void destroy_timed(struct ktstr_run *run, struct vm *vm)
{
	uint32_t budget = run->plan->test->cleanup_budget_ms;
	uint64_t before = ktstr_now_ns(), ms;

	vm_destroy(vm);
	run->cleanup_ns = ktstr_now_ns() - before;
	ms = run->cleanup_ns / 1000000;
	if (budget != KTSTR_UNSET && ms > budget)
		ktstr_result__add(run->result, KTSTR_FAILS, KTSTR_TEARDOWN_TIMEOUT,
				  "VM cleanup took %llu ms, budget %u ms",
				  (unsigned long long)ms, budget);
}

/* Before the machine is destroyed. */
static void count_devices(struct ktstr_run *run, struct vm *vm)
{
	struct ktstr_device_counts *c = &run->devices;

	c->have_disk = !vm_disk_stats(vm, 0, &c->disk);
	while (c->nr_nics < VM_MAX_NICS && !vm_nic_stats(vm, c->nr_nics, &c->nic[c->nr_nics]))
		c->nr_nics++;
}

static int boot(struct work *w, struct vm_err *err)
{
	struct ktstr_run *run = w->run;
	struct ktstr_chan *chan = NULL;
	struct vm_spec spec;
	struct vm *vm = NULL;
	uint64_t gpa;
	void *shared;
	int ret;

	fill_spec(w, &spec);
	ret = vm_create(&vm, &spec, err);
	if (ret)
		return ret;
	shared = vm_shared(vm, &gpa);
	chan = shared ? ktstr_chan__format(shared, KTSTR_CHAN_SIZE) : NULL;
	if (!chan) {
		ret = vm_err(err, errno, "channel to the guest: %s", strerror(errno));
		goto out;
	}
	ret = vm_start(vm, err);
	if (ret)
		goto out;
	run->setup_ns = ktstr_now_ns() - w->begin_ns;
	ktstr_watch(run, vm, chan, &w->deadlines);
	count_devices(run, vm);
out:
	ktstr_chan__free(chan);
	destroy_timed(run, vm);
	return ret;
}

static void write_log(const struct ktstr_run *run, const char *name, const char *text)
{
	char path[PATH_MAX];
	int ret;

	if (!run->dir || !text || !*text || file_in(run, path, sizeof(path), name))
		return;
	ret = ktstr_paths__write(path, text, strlen(text));
	if (ret)
		fprintf(stderr, "ktstr: %s: %s\n", path, strerror(-ret));
}

/* The verdict of a run that got nowhere: a skip, or a failure that nobody can expect. */
static void judge_trouble(struct ktstr_run *run, const struct vm_err *err)
{
	bool skips = err->missing && !getenv("KTSTR_NO_SKIP_MODE");

	if (skips) {
		snprintf(run->skip_reason, sizeof(run->skip_reason), "%.255s", err->msg);
		ktstr_result__add(run->result, KTSTR_SKIPS, KTSTR_SKIPPED, "%s", err->msg);
		run->raw = KTSTR_SKIP;
		run->verdict = KTSTR_SKIP;
		return;
	}
	ktstr_result__add(run->result, KTSTR_FAILS, KTSTR_INFRASTRUCTURE, "%s%s", err->msg,
			  err->missing ? " (no skip: KTSTR_NO_SKIP_MODE is set)" : "");
	run->raw = KTSTR_FAIL;
	run->verdict = KTSTR_FAIL;
}

static void judge(struct ktstr_run *run, const char *console)
{
	struct ktstr_evidence e = { .result = run->result };
	const struct ktstr_detail *d;
	uint32_t i;

	ktstr_fold(run, console);
	e.scx_error = run->scx_error;
	e.host_timeout = run->seen->timeout;
	run->raw = ktstr_result__outcome(run->result);
	run->verdict = ktstr_expect__judge(run->plan, &e, run->why, sizeof(run->why));
	for (i = 0; run->verdict == KTSTR_SKIP && i < run->result->nr_details; i++) {
		d = &run->result->details[i];
		if (d->severity == KTSTR_SKIPS && !run->skip_reason[0])
			snprintf(run->skip_reason, sizeof(run->skip_reason), "%.255s", d->text);
	}
}

static void conclude(struct work *w, int trouble, const struct vm_err *err)
{
	struct ktstr_run *run = w->run;
	char *console = run->dir ? ktstr_console__read(w->console) : NULL;
	struct vm_err e;

	run->total_ns = ktstr_now_ns() - w->begin_ns;
	if (trouble)
		judge_trouble(run, err);
	else
		judge(run, console ?: "");
	if (!trouble)
		ktstr_callbacks__run(run);
	write_log(run, "sched.log", run->sched_log);
	write_log(run, "kmsg.log", run->kmsg);
	if (ktstr_sidecar__write(run, &e))
		fprintf(stderr, "ktstr: %s\n", e.msg);
	ktstr_report__make(run, console ?: "");
	write_log(run, "report.txt", run->report);
	free(console);
}

int ktstr_run__exec(struct ktstr_run *run, const struct ktstr_plan *plan,
		    const struct ktstr_run_opts *opts, struct vm_err *err)
{
	struct work w = { .run = run, .initrd_fd = -1, .initrd_base.fd = -1 };
	int ret;

	memset(run, 0, sizeof(*run));
	memset(err, 0, sizeof(*err));
	run->plan = plan;
	run->opts = *opts;
	run->accel = opts->accel;
	run->shift = VM_SHIFT_AUTO;
	run->kernel.cache_lock_fd = -1;
	run->verdict = KTSTR_FAIL;
	run->raw = KTSTR_FAIL;
	w.begin_ns = ktstr_now_ns();
	run->result = ktstr_result__new();
	run->seen = ktstr_seen__new();
	if (!run->result || !run->seen)
		return vm_err(err, ENOMEM, "no memory for a run");
	ret = plan->host_only ? run_here(&w, err) : prepare(&w, err);
	if (!ret && !plan->host_only && !ktstr_interrupt__signal())
		ret = boot(&w, err);
	if (!ret && !run->signal)
		run->signal = ktstr_interrupt__signal();
	if (w.initrd_fd >= 0)
		close(w.initrd_fd);
	if (w.initrd_base.fd >= 0)
		close(w.initrd_base.fd);
	free(w.cmdline);
	conclude(&w, ret, err);
	return ret;
}

void ktstr_run__free(struct ktstr_run *run)
{
	ktstr_kernel__put(&run->kernel);
	ktstr_result__free(run->result);
	ktstr_seen__free(run->seen);
	free(run->dir);
	free(run->scx_error);
	free(run->sched_log);
	free(run->kmsg);
	free(run->report);
	free(run->brief);
	memset(run, 0, sizeof(*run));
}
