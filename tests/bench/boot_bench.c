// SPDX-License-Identifier: GPL-2.0
/*
 * Who boots fastest? The same kernel and initramfs under every VMM at hand, with KVM, taking
 * turns. The host's kernel holds the stopwatch: KVM's trace points say when the first vCPU
 * was entered, when the kernel first touched its serial port (everything before is firmware),
 * when it was unpacked and running, and when /init ran its first instruction. So no VMM's own
 * buffering or idea of time counts. The first round is not timed: it warms the caches, and KVM
 * counts the exits of each boot.
 *
 *   boot_bench [-n ROUNDS] [-t SECONDS] KERNEL INITRD [VMM...]	as root; status 4: no usable KVM
 *
 * VMM: "qemu q35", "qemu pc", "qemu microvm", kvmtool, ktstr, "ktstr bzImage" (whose kernel was not
 * unpacked on the host before, as with all others); none: all that are here. INITRD holds
 * tests/bench/boot_init.c as /init. Times count from before the fork of the VMM. The table at the end
 * also comes when SECONDS have passed (status 3), or a signal.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/kernel.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/kernel/kernel.h"
#include "lib/clock.h"
#include "vmm/kvm/probe.h"
#include "vmm/qemu/qemu.h"
#include "vmm/vm.h"
#include "boot_trace.h"

#define MAX_ROUNDS	99
#define LIMIT_S		240	/* for one boot */
#define MIB		256
#define STRING(x)	STRING_OF(x)
#define STRING_OF(x)	#x
/* What the bundled VMM says by itself, and a kernel that is quiet but for its first words. */
#define COMMON	"panic=-1 reboot=t mitigations=off random.trust_cpu=on rdinit=/init rootfstype=ramfs" \
		" cryptomgr.notests=1 numa_balancing=disable"
#define QUIET	"quiet earlyprintk=ttyS0"

struct input {
	const char *kernel, *initrd;
	const char *vmlinux;	/* the kernel, unpacked on the host */
	char **names;		/* of the VMMs that are wanted; none: all */
	struct qemu_bin qemu;
	struct vm_times *times;	/* of the bundled one's last boot, from its process */
};

static void boot_bundled(const struct input *in, const char *vmlinux) __attribute__((noreturn));

static double now(void)
{
	return ktstr_now_ns() / 1e9;
}

/* The VMMs. Each of these becomes the VMM's process and does not return. */

static void run_qemu(const struct input *in, const char *machine)
{
	char share[PATH_MAX + 32], bios[PATH_MAX + 32];
	const char *argv[32] = {
		in->qemu.path, "-accel", "kvm", "-cpu", "host", "-machine", machine,
		"-smp", "1", "-m", STRING(MIB), "-nodefaults", "-no-user-config", "-display", "none",
		"-no-reboot", "-serial", "null", "-kernel", in->kernel, "-initrd", in->initrd,
		"-append", "console=ttyS0 " COMMON " " QUIET,
	};
	char **env = qemu_process_env(&in->qemu, -1);
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
	execlp("lkvm", "lkvm", "run", "-c", "1", "-m", STRING(MIB), "-k", in->kernel, "-i", in->initrd,
	       "--console", "serial", "-p", COMMON " " QUIET, (char *)NULL);
	_exit(127);
}

static void boot_bundled(const struct input *in, const char *vmlinux)
{
	struct vm_spec spec = {
		.accel = VM_ACCEL_KVM, .kernel = in->kernel, .vmlinux = vmlinux, .cmdline = QUIET,
		.topo.count = { 1, 1, 1, 1 },
		.mem_bytes = (uint64_t)MIB << 20, .kaslr = true,
		/* both are /dev/null here, but may not have the same name */
		.console_path = "/dev/stdout", .output_path = "/dev/stdin",
	};
	struct ktstr_err err = { .msg = "" };
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

static void run_bundled(const struct input *in)
{
	boot_bundled(in, in->vmlinux);
}

/* The kernel unpacks itself, as it does under the others. */
static void run_unpacking(const struct input *in)
{
	boot_bundled(in, NULL);
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
	struct ktstr_err err;
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
	{ "ktstr bzImage", have_bundled, run_unpacking },
};

#define NR_VMMS	ARRAY_SIZE(vmm)

/* How it went with one VMM. */
struct record {
	bool have;
	int done;			/* boots that were timed */
	double at[NR_MOMENTS][MAX_ROUNDS];
	unsigned long exits[NR_EXIT_KINDS];
	struct vm_times times[MAX_ROUNDS];	/* of the bundled one */
};

static volatile sig_atomic_t interrupted;

static void on_signal(int sig)
{
	(void)sig;
	interrupted = 1;
}

/* The VMM's process: dies with us, and after @limit_s. */
static void become(const struct vmm *v, const struct input *in, pid_t parent, int limit_s)
{
	int null = open("/dev/null", O_RDWR);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	alarm((unsigned int)limit_s);
	v->run(in);
}

/* One boot; 0 and the moments, in ms from the start, or -1 after a line that says why not. */
static int boot(const struct vmm *v, const struct input *in, int limit_s, double at[NR_MOMENTS])
{
	int status = 0, ret = trace_arm();
	pid_t pid, self = getpid();
	double start;

	if (ret) {
		fprintf(stderr, "%s: %s\n", TRACING, strerror(-ret));
		return -1;
	}
	start = now();
	pid = fork();
	if (!pid)
		become(v, in, self, limit_s);
	while (pid > 0 && waitpid(pid, &status, 0) != pid) {
		if (errno != EINTR)
			return -1;
		kill(pid, SIGKILL);
	}
	if (pid < 0) {
		perror(v->name);
		return -1;
	}
	at[END] = (now() - start) * 1e3;
	for (int m = ENTRY; m < END; m++) {
		at[m] = (trace_seen(m, m ? start + at[m - 1] / 1e3 : start) - start) * 1e3;
		/* a stage that this VMM has not takes no time */
		if (at[m] < 0 && m != INIT)
			at[m] = m ? at[m - 1] : 0;
	}
	if (at[ENTRY] > 0 && at[INIT] > at[ENTRY])
		return 0;
	/* cut short is no failure */
	if (!interrupted && (limit_s == LIMIT_S || !WIFSIGNALED(status) ||
			     WTERMSIG(status) != SIGALRM))
		fprintf(stderr, "%s: the guest did not get to /init within %d s (status %#x)\n",
			v->name, limit_s, status);
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

static void print_head(const char *first)
{
	printf("%-14s %9s %6s | %9s %9s %9s %9s %9s\n", first, "to /init", "ratio", "host",
	       "firmware", "unpack", "kernel", "end");
}

/* @base: what the ratio compares with; 0: nothing yet. */
static void print_line(const char *name, double init, double base, const double stage[NR_MOMENTS])
{
	char ratio[16] = "-";

	if (base > 0)
		snprintf(ratio, sizeof(ratio), "%.2f", init / base);
	printf("%-14s %9.0f %6s |", name, init, ratio);
	for (int m = ENTRY; m < NR_MOMENTS; m++)
		printf(" %9.*f", m == ENTRY ? 1 : 0, stage[m]);
	printf("\n");
	fflush(stdout);
}

static void print_one(const char *name, double base, const double at[NR_MOMENTS])
{
	double stage[NR_MOMENTS];

	for (int m = ENTRY; m < NR_MOMENTS; m++)
		stage[m] = at[m] - (m == ENTRY ? 0 : at[m - 1]);
	print_line(name, at[INIT], base, stage);
}

/* Medians of the stages: from one moment to the next. */
static void print_medians(const char *name, const struct record *r, double base)
{
	double list[MAX_ROUNDS] = { 0 }, stage[NR_MOMENTS];

	for (int m = ENTRY; m < NR_MOMENTS; m++) {
		for (int i = 0; i < r->done; i++)
			list[i] = r->at[m][i] - (m == ENTRY ? 0 : r->at[m - 1][i]);
		stage[m] = median(list, r->done);
	}
	print_line(name, median(r->at[INIT], r->done), base, stage);
}

static void print_exits(const char *name, const unsigned long n[NR_EXIT_KINDS])
{
	unsigned long sum = 0;

	for (int k = 0; k < EXIT_TO_USER; k++)
		sum += n[k];
	printf("%-14s %9lu |", name, sum);
	for (int k = 0; k < NR_EXIT_KINDS; k++)
		printf(" %8lu", n[k]);
	printf("\n");
	fflush(stdout);
}

/* What the bundled VMM did in its "host" stage, medians. */
static void print_steps(const struct record *r)
{
	double ms[MAX_ROUNDS] = { 0 };

	printf("ktstr's host stage, ms:");
	for (int s = 0; s <= VM_NR_STEPS; s++) {
		for (int i = 0; i < r->done; i++)
			ms[i] = (double)(s < VM_NR_STEPS ? r->times[i].ns[s] :
					 r->times[i].entry_ns) / 1e6;
		if (s == VM_NR_STEPS)
			printf("; vm_start() to the first instruction %.2f\n", median(ms, r->done));
		else if (median(ms, r->done) > 0)
			printf(" %s %.2f", vm_step_name(s), median(ms, r->done));
	}
}

static void print_all(const struct record *all)
{
	double base = all[0].done ? median(all[0].at[INIT], all[0].done) : 0;

	print_head("median, ms");
	for (size_t v = 0; v < NR_VMMS; v++)
		if (all[v].done)
			print_medians(vmm[v].name, &all[v], base);
		else
			printf("%-14s %9s\n", vmm[v].name, "-");
	for (size_t v = 0; v < NR_VMMS; v++)
		if (all[v].done && vmm[v].run == run_bundled)
			print_steps(&all[v]);
}

static bool wanted(const struct input *in, const char *name)
{
	for (char **w = in->names; *w; w++)
		if (!strcmp(*w, name))
			return true;
	return !*in->names;
}

/* The boot whose exits are counted. 0, or -1 after a line that says why not. */
static int warm_up(const struct vmm *v, const struct input *in, int limit_s, struct record *r)
{
	double at[NR_MOMENTS];
	int ret = trace_count();

	if (ret)
		fprintf(stderr, "%s: no counts: %s\n", TRACING, strerror(-ret));
	ret = boot(v, in, limit_s, at);
	trace_counted(r->exits);
	if (!ret)
		print_exits(v->name, r->exits);
	return ret;
}

/* Seconds left, at most LIMIT_S. */
static int limit(double deadline)
{
	double left = deadline - now();

	return left > LIMIT_S ? LIMIT_S : left > 0 ? (int)left : 0;
}

/* 0, 1: a VMM failed, 3: it was cut short. */
static int bench(const struct input *in, int rounds, double deadline)
{
	static struct record all[NR_VMMS];
	bool failed = false, cut = false;
	double at[NR_MOMENTS];

	for (size_t v = 0; v < NR_VMMS; v++)
		all[v].have = wanted(in, vmm[v].name) && vmm[v].have(in);
	printf("%-14s %9s | %8s %8s %8s %8s %8s %8s %8s %8s\n", "warm-up", "exits", "io",
	       "page", "msr", "hlt", "irq", "cpuid", "other", "to VMM");
	for (int n = 0; n < rounds + 1 && !cut; n++) {
		if (n == 1)
			print_head("each, ms");
		for (size_t v = 0; v < NR_VMMS && !cut; v++) {
			struct record *r = &all[v];
			int limit_s = limit(deadline), ret;

			if (!r->have)
				continue;
			ret = !limit_s ? -1 : n ? boot(&vmm[v], in, limit_s, at) :
						  warm_up(&vmm[v], in, limit_s, r);
			cut = interrupted || limit(deadline) < 1;
			r->have = !ret;
			failed |= ret && !cut;
			if (ret || !n)
				continue;
			for (int m = 0; m < NR_MOMENTS; m++)
				r->at[m][r->done] = at[m];
			r->times[r->done++] = *in->times;
			print_one(vmm[v].name, all[0].done == n ? all[0].at[INIT][n - 1] : 0, at);
		}
	}
	print_all(all);
	if (cut)
		fprintf(stderr, "cut short: fewer rounds than %d\n", rounds);
	return cut ? 3 : failed;
}

static int usage(const char *name)
{
	fprintf(stderr, "usage: %s [-n ROUNDS] [-t SECONDS] KERNEL INITRD [VMM...]\nVMM:", name);
	for (size_t v = 0; v < NR_VMMS; v++)
		fprintf(stderr, "%s \"%s\"", v ? "," : "", vmm[v].name);
	fprintf(stderr, "\n");
	return 2;
}

static bool all_known(char **names)
{
	for (; *names; names++) {
		size_t v = 0;

		while (v < NR_VMMS && strcmp(*names, vmm[v].name))
			v++;
		if (v == NR_VMMS) {
			fprintf(stderr, "no VMM is called \"%s\"\n", *names);
			return false;
		}
	}
	return true;
}

/* A number from 1 to @max, or 0. */
static int number(const char *text, int max)
{
	char *end;
	long n = strtol(text, &end, 10);

	return *text && !*end && n > 0 && n <= max ? (int)n : 0;
}

static int run(const struct input *in, int rounds, int seconds)
{
	const struct sigaction act = { .sa_handler = on_signal };	/* calls are interrupted */
	int ret = trace_add();

	if (ret) {
		fprintf(stderr, "%s: events of KVM: %s (root, and a kernel with trace points)\n",
			TRACING, strerror(-ret));
		trace_remove();
		return 1;
	}
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	ret = bench(in, rounds, now() + seconds);
	trace_remove();
	return ret;
}

int main(int argc, char **argv)
{
	static char vmlinux[PATH_MAX];
	struct input in = { .kernel = NULL, .vmlinux = vmlinux };
	int rounds = 3, seconds = INT_MAX, opt;
	struct ktstr_err err;

	while ((opt = getopt(argc, argv, "n:t:")) == 'n' || opt == 't')
		*(opt == 'n' ? &rounds : &seconds) = number(optarg, opt == 'n' ? MAX_ROUNDS :
							    INT_MAX);
	if (opt != -1 || argc - optind < 2 || !rounds || !seconds)
		return usage(argv[0]);
	in.kernel = argv[optind];
	in.initrd = argv[optind + 1];
	in.names = argv + optind + 2;
	if (!all_known(in.names))
		return usage(argv[0]);
	if (ktstr_kernel__vmlinux(in.kernel, vmlinux, sizeof(vmlinux), &err)) {
		fprintf(stderr, "%s\n", err.msg);
		return 1;
	}
	if (!vmlinux[0])
		in.vmlinux = NULL;
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
	return run(&in, rounds, seconds);
}
