// SPDX-License-Identifier: GPL-2.0
/*
 * Who boots fastest? The same kernel and initramfs under every VMM at hand, with KVM, taking
 * turns. The host's kernel holds the stopwatch: KVM's trace points say when the first vCPU
 * was entered, when the kernel first touched its serial port (everything before is firmware)
 * and when /init ran its first instruction. So no VMM's own buffering or idea of time counts.
 *
 *   boot_bench [-n ROUNDS] KERNEL INITRD [VMM...]	as root; status 4: no usable KVM
 *
 * VMM: "qemu q35", "qemu pc", "qemu microvm", kvmtool, ktstr; none: all that are here. INITRD holds tests/bench/boot_init.c as /init. Times count from before the fork of the VMM.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../../vmm/kvm/probe.h"
#include "../../vmm/qemu/qemu.h"
#include "../../vmm/vm.h"

#define TRACING		"/sys/kernel/tracing"
#define MAX_ROUNDS	99
#define LIMIT_S		120	/* for one boot */
/* What the bundled VMM says by itself, and a kernel that is quiet but for its first words. */
#define COMMON	"panic=-1 reboot=t mitigations=off random.trust_cpu=on rdinit=/init rootfstype=ramfs"
#define QUIET	"quiet earlyprintk=ttyS0"

/* The moments, in the order in which they come. */
enum moment { ENTRY, KERNEL, INIT, END, NR_MOMENTS };

/* Each is the first event of a trace buffer of its own. */
static const struct probe {
	const char *instance, *event, *filter, *trigger;
} probe[] = {
	[ENTRY]  = { "ktstr-entry", "kvm_entry", "0", "traceoff:1" },
	[KERNEL] = { "ktstr-kernel", "kvm_pio", "port == 0x3f8 && rw == 1",
		     "traceoff:1 if port == 0x3f8 && rw == 1" },
	[INIT]   = { "ktstr-init", "kvm_cpuid", "function == 0x6b747372", /* INIT_LEAF */
		     "traceoff:1 if function == 0x6b747372" },
};

#define NR_PROBES	(sizeof(probe) / sizeof(probe[0]))

struct input {
	const char *kernel, *initrd;
	char **names;		/* of the VMMs that are wanted; none: all */
	struct qemu_bin qemu;
	struct vm_times *times;	/* of the bundled one's last boot, from its process */
};

static void run_bundled(const struct input *in) __attribute__((noreturn));

/* Write @text to a file of a probe's instance. */
static int put(const struct probe *p, const char *file, const char *text)
{
	char path[256];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), TRACING "/instances/%s/%s", p->instance, file);
	fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = write(fd, text, strlen(text));
	if (n < 0)
		n = -errno;
	close(fd);
	return n < 0 ? (int)n : 0;
}

static int put_event(const struct probe *p, const char *file, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), "events/kvm/%s/%s", p->event, file);
	return put(p, path, text);
}

static void probes_remove(void)
{
	char path[256];

	for (size_t i = 0; i < NR_PROBES; i++) {
		put_event(&probe[i], "enable", "0");
		snprintf(path, sizeof(path), TRACING "/instances/%s", probe[i].instance);
		rmdir(path);
	}
}

static int probes_add(void)
{
	char path[256];
	int ret;

	if (access(TRACING "/instances", F_OK))
		mount("tracing", TRACING, "tracefs", 0, NULL);
	for (size_t i = 0; i < NR_PROBES; i++) {
		const struct probe *p = &probe[i];

		snprintf(path, sizeof(path), TRACING "/instances/%s", p->instance);
		if (mkdir(path, 0700) && errno != EEXIST)
			return -errno;
		put(p, "buffer_size_kb", "64");
		ret = put(p, "trace_clock", "mono");
		if (!ret)
			ret = put_event(p, "filter", p->filter);
		if (!ret)
			ret = put_event(p, "enable", "1");
		if (ret)
			return ret;
	}
	return 0;
}

/* A trigger that has fired is used up; one that has not must not be there twice. */
static int probes_arm(void)
{
	char text[128];
	int ret = 0;

	for (size_t i = 0; i < NR_PROBES && !ret; i++) {
		const struct probe *p = &probe[i];

		put(p, "tracing_on", "0");
		put(p, "trace", "");
		snprintf(text, sizeof(text), "!%s", p->trigger);
		put_event(p, "trigger", text);
		ret = put_event(p, "trigger", p->trigger);
		if (!ret)
			ret = put(p, "tracing_on", "1");
	}
	return ret;
}

/* Seconds of the first event, 0 when there is none. */
static double probe_read(const struct probe *p)
{
	char path[256], line[512];
	double t = 0, first = 0;
	FILE *f;

	snprintf(path, sizeof(path), TRACING "/instances/%s/trace", p->instance);
	f = fopen(path, "re");
	/* "  qemu-12   [001] d..1.   12.345678: kvm_entry: ..." */
	while (f && fgets(line, sizeof(line), f)) {
		char *colon = strstr(line, ": kvm_");

		if (line[0] == '#' || !colon)
			continue;
		*colon = '\0';
		t = strtod(strrchr(line, ' ') ? strrchr(line, ' ') : line, NULL);
		if (!first || t < first)
			first = t;
	}
	if (f)
		fclose(f);
	return first;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The VMMs. Each of these becomes the VMM's process and does not return. */

static void run_qemu(const struct input *in, const char *machine)
{
	char share[PATH_MAX + 32], bios[PATH_MAX + 32];
	const char *argv[32] = {
		in->qemu.path, "-accel", "kvm", "-cpu", "host", "-machine", machine,
		"-smp", "2", "-m", "512", "-nodefaults", "-no-user-config", "-display", "none",
		"-no-reboot", "-serial", "null", "-kernel", in->kernel, "-initrd", in->initrd,
		"-append", "console=ttyS0 " COMMON " " QUIET,
	};
	char **env = qemu_env(&in->qemu);
	size_t n = 0;

	while (argv[n])
		n++;
	snprintf(share, sizeof(share), "%s/usr/share/qemu", in->qemu.root);
	snprintf(bios, sizeof(bios), "%s/usr/share/seabios", in->qemu.root);
	if (in->qemu.root[0]) {
		argv[n++] = "-L";
		argv[n++] = share;
		argv[n++] = "-L";
		argv[n++] = bios;
	}
	if (env)
		execve(argv[0], (char **)argv, env);
	perror(argv[0]);
	_exit(127);
}

static void run_q35(const struct input *in)
{
	run_qemu(in, "q35");
}

static void run_pc(const struct input *in)
{
	run_qemu(in, "pc");
}

static void run_microvm(const struct input *in)
{
	run_qemu(in, "microvm");
}

static void run_kvmtool(const struct input *in)
{
	execlp("lkvm", "lkvm", "run", "-c", "2", "-m", "512", "-k", in->kernel, "-i", in->initrd,
	       "--console", "serial", "-p", COMMON " " QUIET, (char *)NULL);
	_exit(127);
}

static void run_bundled(const struct input *in)
{
	struct vm_spec spec = {
		.accel = VM_ACCEL_KVM, .kernel = in->kernel, .cmdline = QUIET,
		.topo = { .numa_nodes = 1, .llcs = 1, .cores = 2, .threads = 1 },
		.mem_bytes = 512ull << 20, .kaslr = true,
		/* both are /dev/null here, but may not have the same name */
		.console_path = "/dev/stdout", .output_path = "/dev/stdin",
	};
	struct vm_err err = { .msg = "" };
	struct vm_event ev;
	struct vm *vm;

	spec.initrd_fd = open(in->initrd, O_RDONLY | O_CLOEXEC);
	if (vm_spec_check(&spec, &err) || vm_create(&vm, &spec, &err) || vm_start(vm, &err)) {
		fprintf(stderr, "ktstr: %s\n", err.msg);
		_exit(1);
	}
	vm_wait(vm, LIMIT_S * 1000, -1, &ev);
	vm_get_times(vm, in->times);
	if (ev.type == VM_EVENT_ERROR)
		fprintf(stderr, "ktstr: %s\n", ev.err.msg);
	vm_destroy(vm);
	_exit(ev.type != VM_EVENT_EXIT);
}

static bool have_qemu(const struct input *in)
{
	return in->qemu.path[0];
}

static bool have_kvmtool(const struct input *in)
{
	(void)in;
	return !system("command -v lkvm > /dev/null 2>&1");
}

static bool have_bundled(const struct input *in)
{
	struct vm_err err;
	enum vm_accel got;
	char why[256];

	(void)in;
	if (!vm_pick_accel(VM_ACCEL_KVM, &got, why, sizeof(why), &err))
		return true;
	fprintf(stderr, "ktstr: %s\n", err.msg);
	return false;
}

/* The first one is what the others are compared with. */
static const struct vmm {
	const char *name;
	bool (*have)(const struct input *in);
	void (*run)(const struct input *in);
} vmm[] = {
	{ "qemu q35", have_qemu, run_q35 },
	{ "qemu pc", have_qemu, run_pc },
	{ "qemu microvm", have_qemu, run_microvm },
	{ "kvmtool", have_kvmtool, run_kvmtool },
	{ "ktstr", have_bundled, run_bundled },
};

#define NR_VMMS	(sizeof(vmm) / sizeof(vmm[0]))

/* One boot; 0 and the moments, in ms from the start, or -1 after a line that says why not. */
static int boot(const struct vmm *v, const struct input *in, double at[NR_MOMENTS])
{
	int status, ret = probes_arm();
	double start;
	pid_t pid;

	if (ret) {
		fprintf(stderr, "%s: %s\n", TRACING, strerror(-ret));
		return -1;
	}
	start = now();
	pid = fork();
	if (!pid) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		alarm(LIMIT_S);
		v->run(in);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid) {
		perror(v->name);
		return -1;
	}
	at[END] = (now() - start) * 1e3;
	for (size_t i = 0; i < NR_PROBES; i++)
		at[i] = (probe_read(&probe[i]) - start) * 1e3;
	if (at[ENTRY] > 0 && at[INIT] > at[ENTRY])
		return 0;
	fprintf(stderr, "%s: the guest did not get to /init (status %#x)\n", v->name, status);
	return -1;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double median(const double *list, int n)
{
	double sorted[MAX_ROUNDS];

	memcpy(sorted, list, (size_t)n * sizeof(*list));
	qsort(sorted, (size_t)n, sizeof(*sorted), compare);
	return n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

/* Medians of the stages: from one moment to the next. */
static void print(const char *name, double at[NR_MOMENTS][MAX_ROUNDS], int n, double *base)
{
	double stage[MAX_ROUNDS] = { 0 }, mid = median(at[INIT], n);

	if (!*base)
		*base = mid;
	printf("%-14s %9.0f %6.2f |", name, mid, mid / *base);
	for (int m = ENTRY; m < NR_MOMENTS; m++) {
		for (int i = 0; i < n; i++)
			stage[i] = at[m][i] - (m == ENTRY ? 0 : at[m - 1][i]);
		printf(" %9.*f", m == ENTRY ? 1 : 0, median(stage, n));
	}
	printf("\n");
}

static bool wanted(const struct input *in, const char *name)
{
	for (char **w = in->names; *w; w++)
		if (!strcmp(*w, name))
			return true;
	return !*in->names;
}

/* What the bundled VMM did in its "host" stage, medians of @n boots. */
static void print_steps(const struct vm_times *times, int n)
{
	double ms[MAX_ROUNDS] = { 0 };

	printf("ktstr's host stage, ms:");
	for (int s = 0; s <= VM_NR_STEPS; s++) {
		for (int i = 0; i < n; i++)
			ms[i] = (double)(s < VM_NR_STEPS ? times[i].ns[s] : times[i].entry_ns) / 1e6;
		if (s == VM_NR_STEPS)
			printf("; vm_start() to the first instruction %.2f\n", median(ms, n));
		else if (median(ms, n) > 0)
			printf(" %s %.2f", vm_step_name(s), median(ms, n));
	}
}

static int bench(const struct input *in, int rounds)
{
	static double at[NR_VMMS][NR_MOMENTS][MAX_ROUNDS];
	static struct vm_times times[NR_VMMS][MAX_ROUNDS];
	bool have[NR_VMMS], failed = false;
	double one[NR_MOMENTS], base = 0;
	int done[NR_VMMS] = { 0 };

	for (size_t v = 0; v < NR_VMMS; v++)
		have[v] = wanted(in, vmm[v].name) && vmm[v].have(in);
	/* the first round warms the caches and does not count */
	for (int r = -1; r < rounds; r++) {
		for (size_t v = 0; v < NR_VMMS; v++) {
			if (!have[v])
				continue;
			if (boot(&vmm[v], in, one)) {
				have[v] = false;
				failed = true;
				continue;
			}
			for (int m = 0; r >= 0 && m < NR_MOMENTS; m++)
				at[v][m][done[v]] = one[m];
			times[v][done[v]] = *in->times;
			done[v] += r >= 0;
		}
	}
	printf("%-14s %9s %6s | %9s %9s %9s %9s\n", "median, ms", "to /init", "ratio", "host",
	       "firmware", "kernel", "end");
	for (size_t v = 0; v < NR_VMMS; v++)
		if (have[v])
			print(vmm[v].name, at[v], done[v], &base);
		else
			printf("%-14s %9s\n", vmm[v].name, "-");
	for (size_t v = 0; v < NR_VMMS; v++)
		if (have[v] && vmm[v].run == run_bundled)
			print_steps(times[v], done[v]);
	return failed;
}

int main(int argc, char **argv)
{
	struct input in = { .kernel = NULL };
	struct vm_err err;
	int rounds = 3, opt, ret;

	while ((opt = getopt(argc, argv, "n:")) == 'n')
		rounds = atoi(optarg);
	if (opt != -1 || argc - optind < 2 || rounds < 1 || rounds > MAX_ROUNDS) {
		fprintf(stderr, "usage: %s [-n ROUNDS] KERNEL INITRD [VMM...]\n", argv[0]);
		return 2;
	}
	in.kernel = argv[optind];
	in.initrd = argv[optind + 1];
	in.names = argv + optind + 2;
	/* the first attempt may take too long where the files come from afar */
	if (qemu_find(&in.qemu, &err) && qemu_find(&in.qemu, &err)) {
		fprintf(stderr, "%s\n", err.msg);
		in.qemu.path[0] = '\0';
	}
	if (kvm_probe(&err)) {
		fprintf(stderr, "%s\n", err.msg);
		return 4;
	}
	in.times = mmap(NULL, sizeof(*in.times), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (in.times == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	ret = probes_add();
	if (ret) {
		fprintf(stderr, "%s: events of KVM: %s (root, and a kernel with trace points)\n",
			TRACING, strerror(-ret));
		probes_remove();
		return 1;
	}
	ret = bench(&in, rounds);
	probes_remove();
	return ret;
}
