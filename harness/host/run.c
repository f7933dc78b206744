// SPDX-License-Identifier: GPL-2.0
/*
 * One run from plan to artefacts. prepare() collects what is needed and may find that something is
 * missing; boot() owns the machine; conclude() makes a verdict of what happened, even if nothing
 * did, and writes the artefacts.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/kernel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "callback.h"
#include "event_loop.h"
#include "lib/clock.h"
#include "expect.h"
#include "fold.h"
#include "follow.h"
#include "harness/chan/chan.h"
#include "harness/image/image.h"
#include "harness/kernel/kernel.h"
#include "harness/model/console.h"
#include "harness/model/part.h"
#include "harness/model/seen.h"
#include "harness/monitor/monitor.h"
#include "harness/report/report.h"
#include "harness/repro/part.h"
#include "harness/report/sidecar.h"
#include "harness/result/migrations.h"
#include "here.h"
#include "host_run.h"
#include "interrupt.h"
#include "lib/git.h"
#include "lib/paths.h"
#include "harness/plan/override.h"
#include "harness/plan/programs.h"
#include "pack.h"
#include "preview.h"
#include "progress.h"
#include "run.h"

#define MAX_NUMBER	9999	/* runs of one test under one id */

/* What exists only while the run goes on. */
struct work {
	struct ktstr_run *run;
	struct ktstr_deadlines deadlines;
	int initrd_fd;
	struct vm_part initrd_base;
	char *cmdline;
	struct ktstr_image image;
	char vmlinux[PATH_MAX];		/* of the kernel; empty: it unpacks itself */
	char console[PATH_MAX], output[PATH_MAX], emulator[PATH_MAX];
	uint64_t begin_ns, create_ns;
};

static int file_in(const struct ktstr_run *run, char *buf, size_t size, const char *name)
{
	return ktstr_paths__fmt(buf, size, "%s/%s", run->dir, name);
}

/*
 * <runs root>/<run id>/ktstr.<test>: the variant's id with its slashes as dots. Files of an earlier
 * run under the same id stay: this one gets ktstr.<test>.2 and so on. A preset's name has no dot.
 */
static int make_new_dir(const struct ktstr_run *run, char *dir, size_t size)
{
	char parent[PATH_MAX], id[KTSTR_ID_LEN], file[KTSTR_ID_LEN];
	unsigned int nr;
	int ret;

	ktstr_id__file(file, sizeof(file), ktstr_plan__id(run->plan, id, sizeof(id)));
	ret = ktstr_paths__fmt(parent, sizeof(parent), "%s/%s", run->opts.runs_root,
			       run->opts.run_id);
	ktstr_paths__fmt(dir, size, "%s", parent);	/* for the message */
	if (!ret)
		ret = ktstr_paths__mkdirs(parent);
	for (nr = 1; !ret && nr <= MAX_NUMBER; nr++) {
		ret = nr == 1 ? ktstr_paths__fmt(dir, size, "%s/%s", parent, file) :
		      ktstr_paths__fmt(dir, size, "%s/%s.%u", parent, file, nr);
		if (ret || !mkdir(dir, 0755))
			return ret;
		if (errno != EEXIST)
			ret = -errno;
	}
	return ret ? ret : -EEXIST;
}

static int make_dir(struct work *w, struct ktstr_err *err)
{
	struct ktstr_run *run = w->run;
	char dir[PATH_MAX];
	int ret = make_new_dir(run, dir, sizeof(dir));

	if (ret)
		return ktstr_err(err, -ret, "run folder %s: %s; set KTSTR_RUNS_ROOT", dir,
				 strerror(-ret));
	run->dir = strdup(dir);
	if (!run->dir)
		return ktstr_err(err, ENOMEM, "no memory");
	if (file_in(run, w->console, sizeof(w->console), "console.log") ||
	    file_in(run, w->output, sizeof(w->output), "output.log") ||
	    file_in(run, w->emulator, sizeof(w->emulator), "emulator.log"))
		return ktstr_err(err, ENAMETOOLONG, "run folder %s: the path is too long", dir);
	return 0;
}

/* A kernel that cannot be unpacked here unpacks itself. */
static void unpack_in_guest(struct work *w, const struct ktstr_err *why)
{
	w->vmlinux[0] = '\0';
	snprintf(w->run->unpack_note, sizeof(w->run->unpack_note), "%.255s", why->msg);
	fprintf(stderr, "ktstr: the kernel unpacks itself in the guest: %s\n", why->msg);
}

static int prepare(struct work *w, struct ktstr_err *err)
{
	struct ktstr_run *run = w->run;
	const struct ktstr_plan *p = run->plan;
	struct ktstr_err why;
	char note[256];
	int ret;

	ret = make_dir(w, err);
	if (ret)
		return ret;
	if (p->excluded[0])
		return ktstr_err_missing(err, EINVAL, "%s", p->excluded);
	ktstr_deadlines__compute(&w->deadlines, p, VM_ACCEL_KVM, VM_SHIFT_AUTO);
	ret = ktstr_preview__check(run, &w->deadlines, err);
	if (ret)
		return ret;
	ret = vm_pick_accel(run->opts.accel, &run->accel, run->accel_note,
			    sizeof(run->accel_note), err);
	if (ret)
		return ret;
	ret = ktstr_programs__find(run, err);
	if (!ret)
		ret = ktstr_parts__prepare(run, err);
	if (!ret)
		ret = ktstr_kernel__find(&run->kernel, err);
	if (ret)
		return ret;
	if ((p->scheduler && p->scheduler->binary) || p->test->staged_schedulers) {
		ret = ktstr_kernel__check_scx(&run->kernel, err);
		if (!ret)
			ret = ktstr_monitor__check_loadable(run, err);
		if (ret)
			return ret;
	}
	if (ktstr_kernel__vmlinux(run->kernel.path, w->vmlinux, sizeof(w->vmlinux), &why))
		unpack_in_guest(w, &why);
	if (ktstr_run__deterministic(run))
		run->shift = run->opts.shift != VM_SHIFT_AUTO ? run->opts.shift :
			     vm_auto_shift(p->nr_cpus);
	ktstr_deadlines__compute(&w->deadlines, p, run->accel, run->opts.shift);
	w->cmdline = ktstr_pack__cmdline(p);
	if (!w->cmdline)
		return ktstr_err(err, ENOMEM, "no memory for the command line");
	w->initrd_fd = ktstr_pack__initramfs(run, &w->deadlines, &w->initrd_base, note,
					     sizeof(note), err);
	if (w->initrd_fd < 0)
		return w->initrd_fd;
	if (note[0])
		fprintf(stderr, "ktstr: %s\n", note);
	return 0;
}

/* Without a machine: no kernel, no accelerator, no initramfs. */
static int run_here(struct work *w, struct ktstr_err *err)
{
	struct ktstr_run *run = w->run;
	int ret;

	run->accel = VM_ACCEL_AUTO;
	ret = make_dir(w, err);
	if (ret)
		return ret;
	ret = run->plan->here ? ktstr_here__check(run->plan, "/sys", err) : 0;
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
		.vmlinux = w->vmlinux[0] ? w->vmlinux : NULL,
		.initrd_fd = w->initrd_fd,
		.initrd_base = w->initrd_base,
		.cmdline = w->cmdline,
		.topo = ktstr_plan__machine(p),
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
		.terminal_fd = run->opts.terminal_fd,
	};
	ktstr_parts__spec(run, spec);
}

/* cleanup_budget_ms: the time to destroy the machine, on the host's clock. */
static void destroy_timed(struct ktstr_run *run, struct vm *vm)
{
	int64_t budget = run->plan->test->cleanup_budget_ms, ms;
	uint64_t before = ktstr_now_ns();

	vm_destroy(vm);
	run->cleanup_ns = ktstr_now_ns() - before;
	ms = (int64_t)(run->cleanup_ns / NSEC_PER_MSEC);
	if (budget != KTSTR_UNSET && ms > budget)
		ktstr_result__add(run->result, KTSTR_FAILS, KTSTR_TEARDOWN_TIMEOUT,
				  "VM cleanup took %lld ms, budget %lld ms", (long long)ms,
				  (long long)budget);
}

/*
 * Let the machine start from an image, which is made when there is none. Any trouble with that is
 * no trouble of the run: it boots then, and says why. Machines of multi-threaded emulation, and those
 * with devices, memory-only nodes, huge pages or a binding to nodes of the host, always boot.
 */
static int use_image(struct work *w, struct vm_spec *spec, struct ktstr_err *err)
{
	struct ktstr_run *run = w->run;
	int ret;

	if (run->opts.cold || spec->nr_devices || spec->topo.nodes || spec->terminal_fd ||
	    spec->huge_pages || spec->host_nodes ||
	    (!spec->deterministic && spec->accel != VM_ACCEL_KVM))
		return 0;
	ktstr_progress__phase(run, "image");
	ret = ktstr_image__get(&w->image, spec, (int)w->deadlines.boot_s * 1000,
			       ktstr_interrupt__fd(), err);
	if (ret == -EINTR)
		return ret;
	if (ret) {
		snprintf(run->image_note, sizeof(run->image_note), "booted, as there is no image: %.200s",
			 err->msg);
		memset(err, 0, sizeof(*err));
		return 0;
	}
	memcpy(run->image, w->image.key, sizeof(run->image));
	run->image_note[0] = '\0';
	spec->save_point = true;
	spec->from = &w->image.saved;
	spec->initrd_fd = w->image.initrd_fd;
	spec->initrd_base = w->image.initrd_base;
	return 0;
}

/*
 * A damaged image is removed, and made anew. If no machine can start from that either, or not for
 * another reason, it boots.
 */
static int create(struct work *w, struct vm_spec *spec, struct vm **vm, struct ktstr_err *err)
{
	struct ktstr_run *run = w->run;
	struct ktstr_err unused;
	int ret, tries;

	for (tries = 0; ; tries++) {
		fill_spec(w, spec);
		ret = tries < 2 ? use_image(w, spec, err) : 0;
		if (ret)
			return ret;
		ktstr_progress__phase(run, "start");
		w->create_ns = ktstr_now_ns();
		ret = vm_create(vm, spec, err);
		run->unpacked = !ret && spec->vmlinux;
		if (!ret && spec->from)
			ktstr_image__good(&w->image);
		if (ret == -EBADMSG && !spec->from && spec->vmlinux) {
			ktstr_kernel__forget_vmlinux(run->kernel.path);
			unpack_in_guest(w, err);
			continue;
		}
		if (!ret || !spec->from)
			return ret;
		if (ret == -EBADMSG)
			ktstr_image__remove(w->image.key, &unused);
		else
			tries = 1;
		ktstr_image__put(&w->image);
		memset(run->image, 0, sizeof(run->image));
		snprintf(run->image_note, sizeof(run->image_note),
			 "booted, as no machine starts from the image: %.200s", err->msg);
	}
}

/* The machine has started from its image: bring it to where /init of the test begins. */
static int finish_start(struct work *w, struct vm *vm, bool deterministic, struct ktstr_err *err)
{
	uint64_t seed = w->run->opts.seed;

	/* without a seed no two runs are to be the same */
	if (!deterministic && getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		return ktstr_err(err, errno, "getrandom: %s", strerror(errno));
	return ktstr_late__send(vm, &w->initrd_base, w->initrd_fd, seed,
				(int)w->deadlines.boot_s * 1000, ktstr_interrupt__fd(), err);
}

/* Of the folder in which the user works, and of the kernel's sources; once per run. */
static void find_commits(struct ktstr_run *run)
{
	const char *given = getenv("KTSTR_PROJECT_COMMIT");

	if (run->project_commit[0] || run->kernel_commit[0])
		return;
	if (given && *given)
		snprintf(run->project_commit, sizeof(run->project_commit), "%s", given);
	else
		ktstr_git__commit(".", true, run->project_commit, sizeof(run->project_commit));
	ktstr_kernel__commit(&run->kernel, run->kernel_commit, sizeof(run->kernel_commit));
}

static int boot(struct work *w, struct ktstr_err *err)
{
	struct ktstr_run *run = w->run;
	struct ktstr_follow console = { .file = -1, .changes = -1, .wake = -1 };
	struct ktstr_chan *chan = NULL;
	struct vm_spec spec;
	struct vm *vm = NULL;
	char name[KTSTR_ID_LEN];
	uint64_t gpa;
	void *shared;
	int ret;

	ret = create(w, &spec, &vm, err);
	if (ret)
		return ret;
	if (spec.from) {
		ret = vm_start(vm, err);
		run->restore_ns = ktstr_now_ns() - w->create_ns;
		if (!ret)
			ret = finish_start(w, vm, spec.deterministic, err);
		run->archive_ns = ktstr_now_ns() - w->create_ns - run->restore_ns;
		if (ret)
			goto out;
	}
	shared = vm_shared(vm, &gpa);
	chan = shared ? ktstr_chan__format(shared, KTSTR_CHAN_RING) : NULL;
	if (!chan) {
		ret = ktstr_err(err, errno, "channel to the guest: %s", strerror(errno));
		goto out;
	}
	ret = spec.from ? vm_continue(vm) : vm_start(vm, err);
	if (ret)
		goto out;
	/* while the emulator is busy; the clock of such a guest stands where it has to wait for us */
	if (spec.deterministic)
		find_commits(run);
	ret = ktstr_follow__open(&console, w->console,
				 ktstr_plan__name(run->plan, name, sizeof(name)),
				 run->opts.console_fd, ktstr_interrupt__fd());
	if (ret)
		ktstr_run__lose(run, "KTSTR_CONSOLE: %.400s: %s", w->console, strerror(-ret));
	run->booted = !spec.from;
	run->setup_ns = ktstr_now_ns() - w->begin_ns;
	ret = ktstr_parts__attach(run, vm, err);
	if (ret)
		goto out;
	ktstr_event_loop__run(run, vm, chan, &w->deadlines,
			      console.file < 0 ? NULL : &console);
	ktstr_parts__detach(run, vm);
out:
	ktstr_chan__free(chan);
	destroy_timed(run, vm);
	ktstr_follow__close(&console);
	return ret;
}

static void write_log(struct ktstr_run *run, const char *name, const char *text)
{
	char path[PATH_MAX];
	int ret;

	if (!run->dir || !text || !*text || file_in(run, path, sizeof(path), name))
		return;
	ret = ktstr_paths__write(path, text, strlen(text));
	if (ret)
		ktstr_run__lose(run, "%.400s: %s", path, strerror(-ret));
}

static void write_migrations(struct ktstr_run *run)
{
	char *text = ktstr_migrations__csv(run->result);

	if (!text && errno)
		ktstr_run__lose(run, "migrations.csv: %s", strerror(errno));
	write_log(run, "migrations.csv", text);
	free(text);
}

/* What payloads printed: a file for each stream that is not empty. */
static void write_outputs(struct ktstr_run *run)
{
	const struct ktstr_outputs *all = &run->seen->outputs;
	const struct ktstr_output *o;
	enum ktstr_stream stream;
	char name[2 * KTSTR_NAME_LEN], *text;

	for (o = all->list; o < all->list + all->nr; o++)
		for (stream = 0; stream < KTSTR_NR_STREAMS; stream++) {
			ktstr_output__file(o, stream, name, sizeof(name));
			text = ktstr_textbuf__str(&o->text[stream]);
			if (text)
				write_log(run, name, text);
			else
				ktstr_run__lose(run, "%s: %s", name, strerror(ENOMEM));
			free(text);
		}
}

/*
 * The verdict of a run that could not be carried out: a skip, or a failure that expect_err cannot
 * match.
 */
static void judge_trouble(struct ktstr_run *run, const struct ktstr_err *err)
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
	e.sched_log = run->sched_log;
	e.host_timeout = run->seen->timeout;
	run->raw = ktstr_result__outcome(run->result);
	run->verdict = ktstr_expect__judge(run->plan, &e, run->why, sizeof(run->why));
	for (i = 0; run->verdict == KTSTR_SKIP && i < run->result->nr_details; i++) {
		d = &run->result->details[i];
		if (d->severity == KTSTR_SKIPS && !run->skip_reason[0])
			snprintf(run->skip_reason, sizeof(run->skip_reason), "%.255s", d->text);
	}
}

/* A run that went well and in which nothing was judged is no pass: also callbacks had no claim. */
static void judge_emptiness(struct ktstr_run *run)
{
	if (run->verdict != KTSTR_PASS || ktstr_result__judged(run->result))
		return;
	ktstr_result__add(run->result, KTSTR_UNDECIDED, KTSTR_NO_DATA,
			  KTSTR_NOTHING_JUDGED);
	run->raw = KTSTR_INCONCLUSIVE;
	if (run->plan->allow_inconclusive)
		snprintf(run->why, sizeof(run->why), "inconclusive, which the test allows");
	else
		run->verdict = KTSTR_INCONCLUSIVE;
}

/*
 * The same run once more, in a folder inside that of @run: see harness/repro. Its verdict counts for
 * nothing.
 */
static void repeat(struct ktstr_run *run)
{
	struct ktstr_run_opts opts = run->opts;
	struct ktstr_run second;
	struct ktstr_err err;
	int ret;

	opts.repro_of = run;
	opts.runs_root = run->dir;
	opts.run_id = "auto-repro";
	opts.trace = opts.monitor_csv = NULL;
	opts.console_fd = 0;
	ret = ktstr_run__exec(&second, run->plan, &opts, &err);
	ktstr_repro__conclude(run, &second, ret, &err);
	ktstr_run__free(&second);
}

static void conclude(struct work *w, int trouble, const struct ktstr_err *err)
{
	struct ktstr_run *run = w->run;
	char *console = run->dir ? ktstr_console__read(w->console) : NULL;
	struct ktstr_err e;

	run->total_ns = ktstr_now_ns() - w->begin_ns;
	ktstr_progress__phase(run, "judge");
	if (trouble)
		judge_trouble(run, err);
	else
		judge(run, console ?: "");
	if (!trouble) {
		ktstr_callbacks__run(run);
		judge_emptiness(run);
	}
	write_log(run, "sched.log", run->sched_log);
	write_log(run, "kmsg.log", run->kmsg);
	write_outputs(run);
	write_migrations(run);
	find_commits(run);
	if (ktstr_repro__wanted(run))
		repeat(run);
	ktstr_repro__judge(run);
	if (!run->opts.repro_of && ktstr_sidecar__write(run, &e))
		ktstr_run__lose(run, "%s", e.msg);
	ktstr_report__make(run, console ?: "");
	write_log(run, "report.txt", run->report);
	ktstr_progress__end(run);
	free(console);
}

int ktstr_run__exec(struct ktstr_run *run, const struct ktstr_plan *plan,
		    const struct ktstr_run_opts *opts, struct ktstr_err *err)
{
	struct work w = {
		.run = run, .initrd_fd = -1, .initrd_base.fd = -1, .image = KTSTR_IMAGE_NONE,
	};
	char sentence[256];
	const char *unused;
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
	unused = ktstr_override__unused(plan, sentence, sizeof(sentence));
	if (unused)
		fprintf(stderr, "ktstr: test %s: %s\n", plan->test->name, unused);
	run->result = ktstr_result__new();
	run->seen = ktstr_seen__new();
	if (!run->result || !run->seen || ktstr_parts__init(run))
		return ktstr_err(err, ENOMEM, "no memory for a run");
	if (unused)
		ktstr_result__add(run->result, KTSTR_NOTE, KTSTR_OTHER, "%s", unused);
	ret = plan->host_only ? run_here(&w, err) : prepare(&w, err);
	if (!ret && !plan->host_only && !ktstr_interrupt__signal())
		ret = boot(&w, err);
	ktstr_parts__gone(run);
	/* by a signal, before the machine ran its test */
	if (ret == -EINTR && ktstr_interrupt__signal())
		ret = 0;
	if (!ret && !run->signal)
		run->signal = ktstr_interrupt__signal();
	if (w.initrd_fd >= 0)
		close(w.initrd_fd);
	if (w.initrd_base.fd >= 0)
		close(w.initrd_base.fd);
	ktstr_image__put(&w.image);
	free(w.cmdline);
	conclude(&w, ret, err);
	return ret;
}

void ktstr_run__free(struct ktstr_run *run)
{
	ktstr_parts__free(run);
	ktstr_programs__free(run);
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
