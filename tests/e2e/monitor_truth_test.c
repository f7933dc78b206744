// SPDX-License-Identifier: GPL-2.0
/*
 * Two promises on a real kernel, with KASLR. The truth: what the host reads in a deterministic
 * guest's memory is what the kernel itself says at that moment, in its files and by its bpf system
 * call. The guest (guest/monitor_guest.c) reads all that, stops at a sync point, reads it again and
 * stops again. The host's figures of the first stop have to lie between both readings; where these
 * agree, they have to be the same, and that has to happen at least once for each figure.
 *
 * A gauge, which goes down too, may go up and down between two equal readings while there is load, or
 * where its CPU has switched tasks in between: then it proves nothing.
 *
 * What the guest says and the host does not read is a failure too. What this kernel lacks is listed
 * as missing, with the reason.
 *
 * And that it costs the guest nothing: a second run, in which samples are taken every 100 ms of
 * guest time too, has the same console and the same readings to the last nanosecond. With the
 * argument "once" there is no second run, and a figure that never stands still may be between the two
 * readings each time, which is for tests/long/truth.sh.
 *
 * KTSTR_TEST_KERNEL names the kernel. scx_simple is taken from the folder KTSTR_LIBDIR or from two
 * levels up, and truth_sched (guest/truth.bpf.c), which loads on more kernels, from beside this
 * program; rounds with a scheduler that is not there do not take place. This program is the guest's
 * /init too.
 */
#include <linux/kernel.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/monitor/pace.h"
#include "lib/clock.h"
#include "tests/e2e/apic_timer.h"
#include "tests/e2e/bpf_truth.h"
#include "tests/e2e/guest/monitor_guest.h"
#include "vmm/initramfs/initramfs.h"

#define MIB		(UINT64_C(1) << 20)
#define SHARED_BYTES	(4 * MIB)
#define GUEST_CPUS		4
#define PATIENCE_MS	600000
#define MAX_KEYS	256
#define PERIOD_NS	100000000
#define MIN_MARKS	10		/* of 3 s, most of them idle */

struct key {
	char name[64];
	unsigned int exact, between, wrong;
	unsigned int unread;		/* lines of the guest that the host has nothing for */
};

struct run {
	struct vm_spec spec;
	struct vm *vm;
	const struct ktstr_kimage *img;
	struct ktstr_monitor mon;
	struct ktstr_sample *sample;
	char *before;			/* the guest's first reading */
	char *bpf;			/* the host's, of BPF maps and programs */
	bool have_sample;
	bool wrote;			/* to the maps, and the guest has not said what it sees */
	struct key key[MAX_KEYS];
	unsigned int nr_keys, rounds, samples, failed;
	int64_t sample_ns, worst_ns;
	/* what makes two runs equal, but for the boot */
	char *transcript;
	FILE *transcript_file;
	size_t transcript_len;
	/* with marks */
	bool paced;
	struct ktstr_pace pace;
	struct ktstr_sample *mark_sample;
	unsigned int marks, torn;
	uint64_t last_mark;		/* jiffies */
};

static const void *guest_ram(void *vm, uint64_t gpa, size_t len)
{
	return vm_mem(vm, gpa, len);
}

static void *guest_ram_writable(void *vm, uint64_t gpa, size_t len)
{
	return vm_mem(vm, gpa, len);
}

/* "KEY VALUE": the value's text, or NULL. */
static const char *value_of(const char *text, const char *key)
{
	size_t len = strlen(key);

	for (const char *p = text; p; p = strchr(p, '\n')) {
		p += *p == '\n';
		if (!strncmp(p, key, len) && p[len] == ' ')
			return p + len + 1;
	}
	return NULL;
}

static struct key *key_of(struct run *r, const char *name)
{
	for (unsigned int i = 0; i < r->nr_keys; i++)
		if (!strcmp(r->key[i].name, name))
			return &r->key[i];
	if (r->nr_keys == MAX_KEYS)
		return &r->key[0];
	snprintf(r->key[r->nr_keys].name, sizeof(r->key[0].name), "%s", name);
	return &r->key[r->nr_keys++];
}

/* Has the CPU of the figure @where run another task between the two readings? */
static bool switched(const struct run *r, const char *after, const char *where)
{
	const char *a, *b;
	char name[64];

	snprintf(name, sizeof(name), "%.*s.nr_switches", (int)strcspn(where, "."), where);
	a = value_of(r->before, name);
	b = value_of(after, name);
	return a && b && strtoll(a, NULL, 10) != strtoll(b, NULL, 10);
}

/* Compare the host's @value with what the guest read before and @after; @name counts for it. */
static void compare(struct run *r, const char *after, const char *where, const char *name,
		    uint64_t value, bool gauge)
{
	const char *a = value_of(r->before, where), *b = value_of(after, where);
	struct key *k;
	int64_t lo, hi, v = (int64_t)value;

	if (!a || !b)
		return;			/* the guest does not say it */
	k = key_of(r, name);
	lo = strtoll(a, NULL, 10);
	hi = strtoll(b, NULL, 10);
	if (lo == hi && v == lo) {
		k->exact++;
	} else if ((v >= lo && v <= hi) ||
		   (gauge && ((v >= hi && v <= lo) || strstr(r->before, MONITOR_BUSY) ||
			      switched(r, after, where)))) {
		k->between++;
	} else {
		k->wrong++;
		printf("# %s: guest %" PRId64 " and %" PRId64 ", host %" PRId64 "\n", where, lo, hi,
		       v);
	}
}

/* The same for a text, which is @where in the report of the guest. */
static void compare_text(struct run *r, const char *after, const char *where, const char *name,
			 const char *value)
{
	const char *a = value_of(r->before, where), *b = value_of(after, where);
	struct key *k = key_of(r, name);
	size_t len = strlen(value);

	if (!a || !b)
		return;
	if (strcspn(a, "\n") == len && !strncmp(a, value, len)) {
		k->exact++;
	} else if (strcspn(a, "\n") != strcspn(b, "\n") || strncmp(a, b, strcspn(a, "\n"))) {
		k->between++;
	} else {
		k->wrong++;
		printf("# %s: guest %.*s, host %s\n", where, (int)strcspn(a, "\n"), a, value);
	}
}

static void compare_all(struct run *r, const char *after)
{
	static const char * const state[] = { "enabling", "enabled", "disabling", "disabled" };
	const struct ktstr_sample *s = r->sample;
	char where[128], name[64];

	for (uint32_t cpu = 0; cpu < s->nr_cpus; cpu++)
		for (int i = 0; i < KTSTR_NR_CPU_FIGURES; i++) {
			if (!(s->cpu[cpu].have >> i & 1))
				continue;
			snprintf(where, sizeof(where), "cpu%u.%s", cpu, ktstr_cpu_figure__name(i));
			compare(r, after, where, ktstr_cpu_figure__name(i), s->cpu[cpu].value[i],
				i == KTSTR_CPU_NR_RUNNING || i == KTSTR_CPU_CURR_PID);
		}
	for (unsigned int i = 0; s->have_events && i < r->mon.layout.nr_events; i++) {
		/* the kernel prints SCX_EV_X, the monitor calls it x */
		snprintf(name, sizeof(name), "%s", r->mon.layout.event[i].name);
		snprintf(where, sizeof(where), "event.SCX_EV_%s", name);
		for (char *p = where + strlen("event."); *p; p++)
			*p = *p >= 'a' && *p <= 'z' ? *p - 'a' + 'A' : *p;
		compare(r, after, where, name, (uint64_t)s->event[i], false);
	}
	if (r->mon.layout.ops_name.found)
		compare_text(r, after, "ops", "ops", s->sched_kva ? s->ops : "-");
	if (s->have_global >> KTSTR_GLOBAL_SCX_STATE & 1 && s->global[KTSTR_GLOBAL_SCX_STATE] < 4)
		compare_text(r, after, "state", "state", state[s->global[KTSTR_GLOBAL_SCX_STATE]]);
}

/* What a line of the guest is about: "cpu3.clock" is clock, "map12.name" is map.name. */
static void name_of_line(const char *line, char *name, size_t size)
{
	static const char event[] = "event.SCX_EV_";
	size_t len = strcspn(line, " "), n = 0;
	bool is_event = !strncmp(line, event, strlen(event));
	bool numbered = strncmp(line, "arena", 5) && !is_event;
	size_t from = is_event ? strlen(event) : strncmp(line, "cpu", 3) ? 0 :
		      strcspn(line, ".") + 1;

	for (size_t i = from; i < len && n < size - 1; i++)
		if (!numbered || line[i] < '0' || line[i] > '9')
			name[n++] = (char)tolower((unsigned char)line[i]);
	name[n] = '\0';
}

/* Lines of the host, "map12.name stats", each of which the guest has too. */
static void compare_bpf(struct run *r, const char *after)
{
	char *save, where[64], value[128], name[64];

	for (char *line = strtok_r(r->bpf, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (sscanf(line, "%63s %127[^\n]", where, value) != 2)
			continue;
		name_of_line(where, name, sizeof(name));
		if (!value_of(r->before, where)) {
			key_of(r, name)->wrong++;
			printf("# %s: host %s, the guest has no such line\n", where, value);
		} else if (strstr(name, ".run") || !strcmp(where, "arena.u32")) {
			compare(r, after, where, name, strtoull(value, NULL, 10), false);
		} else {
			compare_text(r, after, where, name, value);
		}
	}
}

/* Why this kernel's figure @name is not read, or NULL: it is. */
static const char *why_missing(const struct run *r, const char *name)
{
	const struct ktstr_monitor_layout *l = &r->mon.layout;

	for (int i = 0; i < KTSTR_NR_CPU_FIGURES; i++)
		if (!strcmp(name, ktstr_cpu_figure__name(i)) && !l->cpu[i].found)
			return "this kernel's BTF has no such field";
	if (!strcmp(name, "ops") && !l->ops_name.found)
		return "this kernel has neither scx_sched.ops.name nor a variable scx_ops";
	if (!strcmp(name, "state") && !l->global[KTSTR_GLOBAL_SCX_STATE].found)
		return "this kernel has no variable scx_enable_state_var";
	if (!strcmp(name, "events") && !l->nr_events)
		return "this kernel's BTF has no scx_event_stats of a scheduler";
	return NULL;
}

/* A figure that the guest reads in its own files and the host never has. */
static void count_unread(struct run *r)
{
	char name[64];

	for (const char *p = strchr(r->before, '\n'); p && p[1]; p = strchr(p + 1, '\n')) {
		struct key *k;

		name_of_line(p + 1, name, sizeof(name));
		if (!strcmp(name, "here") || !strncmp(name, "truth_", 6) || why_missing(r, name))
			continue;
		k = key_of(r, name);
		k->unread += !(k->exact + k->between + k->wrong);
	}
}

/* Rows of the monitor's table that this kernel has nothing for. */
static void list_missing(const struct run *r)
{
	static const char * const other[] = { "ops", "state", "events" };

	for (size_t i = 0; i < KTSTR_NR_CPU_FIGURES + ARRAY_SIZE(other); i++) {
		const char *name = i < KTSTR_NR_CPU_FIGURES ? ktstr_cpu_figure__name(i) :
				   other[i - KTSTR_NR_CPU_FIGURES];

		if (why_missing(r, name))
			printf("# missing %s: %s\n", name, why_missing(r, name));
	}
}

/* What the host has written after the round before, as the guest reads it by system calls. */
static void check_writes(struct run *r, const char *text)
{
	struct key *k = key_of(r, "written");

	for (size_t i = 0; i < BPF_TRUTH_WRITES; i++)
		for (int n = 0; n < 3 && bpf_truth_writes[i].lines[n]; n++) {
			const char *line = bpf_truth_writes[i].lines[n], *at = strstr(text, line);

			if (at && at[-1] == '\n' && at[strlen(line)] == '\n') {
				k->exact++;
				continue;
			}
			k->wrong++;
			printf("# the guest has no line \"%s\"\n", line);
		}
	r->wrote = false;
}

/* The CPU that stopped executes the guest's PID 1, as it says itself: "here cpu2 1". */
static void check_here(struct run *r)
{
	const struct ktstr_cpu_sample *c;
	struct key *k = key_of(r, "current task");
	const char *here = value_of(r->before, "here");
	uint32_t cpu = here ? strtoul(here + strlen("cpu"), NULL, 10) : 0;

	c = &r->sample->cpu[cpu < GUEST_CPUS ? cpu : 0];
	if (c->value[KTSTR_CPU_CURR_PID] == 1 && !strcmp(c->comm, "init")) {
		k->exact++;
	} else {
		k->wrong++;
		printf("# CPU %u runs %" PRIu64 " \"%s\", not PID 1\n", cpu,
		       c->value[KTSTR_CPU_CURR_PID], c->comm);
	}
}

/* A sample comes at its mark or later (an idle guest has no ticks); marks are whole periods apart. */
static void on_mark(struct run *r)
{
	uint64_t now, at = r->pace.mark.at;

	if (ktstr_monitor__sample(&r->mon, r->mark_sample)) {
		r->torn++;
		return;
	}
	now = r->mark_sample->global[KTSTR_GLOBAL_JIFFIES];
	r->marks++;
	if (now < at || (r->last_mark && (at <= r->last_mark || (at - r->last_mark) % r->pace.period))) {
		printf("# a sample at %" PRIu64 " for the mark %" PRIu64 ", the last mark was %" PRIu64 "\n",
		       now, at, r->last_mark);
		r->failed++;
	}
	r->last_mark = at;
}

static void arm(struct run *r)
{
	int ret = 0;

	if (!r->pace.period)
		ret = ktstr_pace__init(&r->pace, &r->mon, PERIOD_NS);
	if (!ret)
		ret = ktstr_pace__arm(&r->pace, &r->mon, r->vm);
	if (ret) {
		printf("# no mark: %s\n", strerror(-ret));
		r->failed++;
	}
}

static void on_sync(struct run *r)
{
	const char *text = vm_shared(r->vm, NULL);
	int64_t start;
	int ret;

	fprintf(r->transcript_file, "%.*s\n", (int)strnlen(text, SHARED_BYTES), text);
	if (!strncmp(text, MONITOR_BEFORE, strlen(MONITOR_BEFORE))) {
		if (r->wrote)
			check_writes(r, text);
		free(r->before);
		r->before = strndup(text, SHARED_BYTES - 1);
		start = ktstr_now_ns();
		ret = ktstr_monitor__sample(&r->mon, r->sample);
		start = ktstr_now_ns() - start;
		r->have_sample = !ret;
		free(r->bpf);
		r->bpf = bpf_truth_read(&r->mon.view);
		if (ret) {
			printf("# no sample: %s\n", strerror(-ret));
			r->failed++;
			return;
		}
		if (r->samples++) {
			r->sample_ns += start;
			r->worst_ns = start > r->worst_ns ? start : r->worst_ns;
		}
		check_here(r);
	} else if (r->have_sample && r->before) {
		r->rounds++;
		compare_all(r, text);
		if (r->bpf)
			compare_bpf(r, text);
		count_unread(r);
		r->have_sample = false;
		if (strstr(r->before, MONITOR_WRITES "\n")) {
			r->failed += bpf_truth_write(&r->mon.view);
			r->wrote = true;
		}
	}
}

static int make_initrd(struct ktstr_err *err)
{
	struct initramfs *fs = initramfs__new();
	static const char * const scheds[] = { MONITOR_SCHED, MONITOR_SIMPLE };
	char exe[PATH_MAX], dir[PATH_MAX], sched[PATH_MAX + 32], note[256];
	const char *lib = getenv("KTSTR_LIBDIR");
	int fd = -ENOMEM;

	if (!fs || ktstr_paths__exe(exe, sizeof(exe)) || ktstr_paths__exe_dir(dir, sizeof(dir)))
		goto out;
	fd = initramfs__add_file(fs, exe, "/init", true, err);
	for (int i = 0; i < 2 && !fd; i++) {
		snprintf(sched, sizeof(sched), "%s%s%s", i && lib ? lib : dir,
			 i && !lib ? "/../../.." : "", scheds[i]);
		if (!access(sched, X_OK))
			fd = initramfs__add_file(fs, sched, scheds[i], true, err);
	}
	if (!fd)
		fd = initramfs__finish(fs, NULL, note, sizeof(note), err);
out:
	initramfs__free(fs);
	return fd;
}

/* Boot, follow to the end. 0, or -errno with @err. */
static int run_guest(struct run *r, struct ktstr_err *err)
{
	int64_t deadline = ktstr_deadline_ms(PATIENCE_MS);
	struct ktstr_gmem mem = { .at = guest_ram, .writable = guest_ram_writable };
	int ret = vm_create(&r->vm, &r->spec, err);
	struct vm_event ev;

	if (ret)
		return ret;
	mem.arg = r->vm;
	mem.end = r->spec.mem_bytes;
	ret = ktstr_monitor__init(&r->mon, r->img, &mem, GUEST_CPUS, err);
	if (ret)
		return ret;
	r->sample = ktstr_sample__new(&r->mon);
	r->mark_sample = ktstr_sample__new(&r->mon);
	ret = r->sample && r->mark_sample ? vm_start(r->vm, err) : -ENOMEM;
	while (!ret) {
		vm_wait(r->vm, ktstr_left_ms(deadline), -1, &ev);
		if (ev.type == VM_EVENT_EXIT)
			break;
		if (ev.type != VM_EVENT_SYNC && ev.type != VM_EVENT_MARK)
			return ktstr_err(err, EIO, "%s", ev.type == VM_EVENT_TIMEOUT ? "timed out" :
					 ev.err.msg);
		if (ev.type == VM_EVENT_MARK)
			on_mark(r);
		else
			on_sync(r);
		if (r->paced && (ev.type == VM_EVENT_MARK || !r->pace.period))
			arm(r);
		vm_continue(r->vm);
	}
	fclose(r->transcript_file);
	return ret;
}

/* One line for each figure that the guest knows too. Returns the number of failures. */
static unsigned int judge(const struct run *r, bool once)
{
	unsigned int failed = 0;

	for (unsigned int i = 0; i < r->nr_keys; i++) {
		const struct key *k = &r->key[i];
		/* of all tasks that get a CPU: it is never twice the same */
		bool moves = once || !strcmp(k->name, "arena.u32");
		bool ok = !k->wrong && (k->exact || (moves && k->between));

		printf("%s %u %s: exact %u, between %u, wrong %u", ok ? "ok" : "not ok", i + 1,
		       k->name, k->exact, k->between, k->wrong);
		printf(k->unread && !k->exact ? ", not read though the kernel has it\n" : "\n");
		failed += !ok;
	}
	return failed;
}

static bool same_file(const char *a, const char *b)
{
	size_t la = 0, lb = 0;
	char *ta = ktstr_paths__read(a, 16 * MIB, &la), *tb = ktstr_paths__read(b, 16 * MIB, &lb);
	bool same = ta && tb && la == lb && !memcmp(ta, tb, la);

	free(ta);
	free(tb);
	return same;
}

/* The second run; @plain is the first. Returns the number of failures. */
static unsigned int judge_paced(const struct run *plain, const struct run *paced, unsigned int nr)
{
	bool same_console = same_file(plain->spec.console_path, paced->spec.console_path);
	bool same_text = plain->transcript && paced->transcript &&
			 plain->transcript_len == paced->transcript_len &&
			 !memcmp(plain->transcript, paced->transcript, plain->transcript_len);
	bool enough = paced->marks >= MIN_MARKS && !paced->torn && !paced->failed;

	printf("%s %u console is the same with samples and without\n",
	       same_console ? "ok" : "not ok", ++nr);
	printf("%s %u all readings are the same with samples and without\n",
	       same_text ? "ok" : "not ok", ++nr);
	printf("%s %u samples at marks: %u taken, %" PRIu64 " skipped, %u torn\n",
	       enough ? "ok" : "not ok", ++nr, paced->marks, paced->pace.skipped, paced->torn);
	printf("1..%u\n", nr);
	return !same_console + !same_text + !enough;
}

static int run_one(struct run *r, const struct ktstr_kimage *img, const char *dir, bool paced,
		   struct ktstr_err *err)
{
	static char path[2][2][96];
	int initrd = make_initrd(err);

	if (initrd < 0)
		return initrd;
	snprintf(path[paced][0], sizeof(path[0][0]), "%s/console%d", dir, paced);
	snprintf(path[paced][1], sizeof(path[0][0]), "%s/output%d", dir, paced);
	r->img = img;
	r->paced = paced;
	r->transcript_file = open_memstream(&r->transcript, &r->transcript_len);
	r->spec = (struct vm_spec) {
		.kernel = getenv("KTSTR_TEST_KERNEL"), .initrd_fd = initrd,
		.topo.count = { 1, 1, GUEST_CPUS, 1 }, .mem_bytes = 768 * MIB,
		.shared_bytes = SHARED_BYTES, .accel = VM_ACCEL_TCG, .deterministic = true,
		.seed = 5, .icount_shift = VM_SHIFT_AUTO, .kaslr = true,
		.mark_kva[VM_MARK_PACE] = paced ? ktstr_pace__link_kva(img) : 0,
		.console_path = path[paced][0], .output_path = path[paced][1],
	};
	ktstr_kimage__apic_timer(img, &r->spec.apic_timer);
	return run_guest(r, err);
}

static void free_run(struct run *r)
{
	vm_destroy(r->vm);
	free(r->sample);
	free(r->mark_sample);
	free(r->before);
	free(r->bpf);
	free(r->transcript);
	if (!getenv("KTSTR_KEEP") && r->spec.console_path) {
		unlink(r->spec.console_path);
		unlink(r->spec.output_path);
	}
}

static unsigned int test(struct ktstr_kimage *img, const char *dir, bool once)
{
	struct run plain = { .rounds = 0 }, paced = { .rounds = 0 };
	struct ktstr_err err = { .msg = "" };
	unsigned int failed = 1;

	if (run_one(&plain, img, dir, false, &err) ||
	    (!once && run_one(&paced, img, dir, true, &err))) {
		printf("not ok 1 %s\n1..1\n", err.msg);
		goto out;
	}
	printf("# %u rounds; KASLR slide %#" PRIx64 ", _text at %#" PRIx64 "; a sample takes %" PRId64 " us, %" PRId64 " at most\n",
	       plain.rounds, plain.mon.view.slide, plain.mon.view.text_gpa,
	       plain.sample_ns / 1000 / (plain.samples > 1 ? plain.samples - 1 : 1),
	       plain.worst_ns / 1000);
	failed = judge(&plain, once) + plain.failed + !plain.rounds + !!plain.mon.view.mem.faults;
	failed += judge_apic_timer(&plain.mon, plain.nr_keys + 1);
	list_missing(&plain);
	if (once)
		printf("1..%u\n", plain.nr_keys + 1);
	else
		failed += judge_paced(&plain, &paced, plain.nr_keys + 1);
out:
	free_run(&plain);
	free_run(&paced);
	return failed;
}

int main(int argc, char **argv)
{
	const char *kernel = getenv("KTSTR_TEST_KERNEL");
	char dir[] = "/tmp/monitor_truth_test.XXXXXX", why[512];
	struct ktstr_err err = { .msg = "" };
	struct ktstr_kimage *img;
	unsigned int failed;
	enum vm_accel accel;

	if (getpid() == 1)
		return monitor_guest();
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("KTAP version 1\n");
	if (!kernel || vm_pick_accel(VM_ACCEL_TCG, &accel, why, sizeof(why), &err)) {
		printf("1..0 # SKIP %s\n", kernel ? err.msg : "KTSTR_TEST_KERNEL is not set");
		return 4;
	}
	if (ktstr_kimage__open(&img, kernel, NULL, &err) || !mkdtemp(dir)) {
		printf("not ok 1 %s\n1..1\n", err.msg);
		return 1;
	}
	failed = test(img, dir, argc > 1 && !strcmp(argv[1], "once"));
	if (rmdir(dir))
		printf("# kept: %s\n", dir);
	ktstr_kimage__free(img);
	return failed ? 1 : 0;
}
