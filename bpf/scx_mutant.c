// SPDX-License-Identifier: GPL-2.0
/*
 * Loader of scx_mutant.bpf.c: loads it with one mistake, attaches it, and sleeps in one poll()
 * until a signal comes or the kernel has ejected the scheduler.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <signal.h>
#include <time.h>
#include <poll.h>
#include <getopt.h>
#include <dirent.h>
#include <ctype.h>
#include <sys/signalfd.h>
#include <bpf/bpf.h>
#include <scx/common.h>

#include "scx_mutant.h"
#include "scx_mutant.bpf.skel.h"

#define PROG			"scx-mutant"
#define MAX_TIMEOUT_MS		30000	/* kernel: SCX_WATCHDOG_MAX_TIMEOUT */
#define BEAT_MS			10
#define SCX_KIND_ERROR		1024	/* kernel: exit kinds from here on are errors */

static const struct {
	const char *name, *what;
} faults[MUTANT_NR_FAULTS] = {
	[MUTANT_NONE]		= { "none", "is sound" },
	[MUTANT_DROP]	= { "drop", "loses every 16th task that it gets" },
	[MUTANT_DROP_MOVED]	= { "drop-moved", "loses a task that has changed its cgroup" },
	[MUTANT_LEAK_LAST]	= { "leak-last", "leaves the last task in its queue" },
	[MUTANT_HOME_QUEUE]	= { "home-queue",
		"queues a task for the CPU on which it was first seen, whatever its current affinity is" },
	[MUTANT_LATE_WAKEUP]	= { "late-wakeup",
		"lets woken tasks wait until the next half second" },
	[MUTANT_IGNORE_CPUSET]	= { "ignore-cpuset",
		"sends tasks to CPUs outside their affinity" },
	[MUTANT_STALE_MASK]	= { "stale-mask",
		"uses the affinity that a task had when it was first seen" },
	[MUTANT_BAD_CPU]	= { "bad-cpu", "sends a task to a CPU that does not exist" },
	[MUTANT_OFFLINE_QUEUE]	= { "offline-queue",
		"gives each task a CPU to queue for, which may be offline by then" },
	[MUTANT_OFFLINE_ERROR]	= { "offline-error", "fails when a CPU goes offline" },
	[MUTANT_STARVE_CGROUP]	= { "starve-cgroup",
		"runs the first cgroup only when no other task is runnable" },
	[MUTANT_STARVE_NEW]	= { "starve-new",
		"runs cgroups that appear later only when no other task is runnable" },
	[MUTANT_STARVE_NESTED]	= { "starve-nested",
		"runs cgroups three levels down only when no other task is runnable" },
	[MUTANT_STARVE_PINNED]	= { "starve-pinned",
		"runs tasks that may use a single CPU only when no other task is runnable" },
	[MUTANT_STARVE_BATCH]	= { "starve-batch",
		"runs SCHED_BATCH tasks only when no other task is runnable" },
	[MUTANT_STARVE_NICE]	= { "starve-nice",
		"runs tasks with a positive nice value only when no other task is runnable" },
	[MUTANT_STARVE_YIELD]	= { "starve-yield",
		"runs tasks that have yielded only when no other task is runnable" },
	[MUTANT_STARVE_SLEEPER]	= { "starve-sleeper",
		"runs tasks that have slept only when no other task is runnable" },
	[MUTANT_STARVE_KTHREAD]	= { "starve-kthread",
		"runs the kernel's per-CPU threads only when no other task is runnable" },
	[MUTANT_NO_PREEMPT]	= { "no-preempt", "gives slices that never end" },
	[MUTANT_LONG_SLICE]	= { "long-slice", "gives slices of one second" },
	[MUTANT_LIFO]	= { "lifo", "runs the newest task first" },
	[MUTANT_NEW_FIRST]	= { "new-first", "gives new tasks the virtual time 0" },
	[MUTANT_INVERT_WEIGHT]	= { "invert-weight", "charges heavy tasks more than light ones" },
	[MUTANT_STICKY]	= { "sticky", "never moves a task away from its CPU" },
	[MUTANT_ONE_CPU]	= { "one-cpu", "sends all tasks to the first CPU they may use" },
	[MUTANT_NO_IDLE]	= { "no-idle", "does not look for idle CPUs when a task wakes up" },
	[MUTANT_WAKE_LOCAL]	= { "wake-local", "runs a woken task on the CPU of its waker" },
	[MUTANT_WRONG_NODE]	= { "wrong-node",
		"moves a task to another NUMA node each time it is queued" },
	[MUTANT_WRONG_SELECT]	= { "wrong-select",
		"selects a CPU that the task may not use" },
	[MUTANT_STUCK_DISPATCH]	= { "stuck-dispatch",
		"spends a second on every twentieth dispatch of the first CPU" },
	[MUTANT_SLOW_ENQUEUE]	= { "slow-enqueue", "spends five milliseconds on each enqueue" },
	[MUTANT_CGROUP_LEAK]	= { "cgroup-leak", "has room for four cgroups and never frees one" },
	[MUTANT_TASK_LEAK]	= { "task-leak", "has room for 100 new tasks and never frees one" },
	[MUTANT_CHOKE_ON_AFFINITY]	= { "choke-on-affinity",
		"fails when a task's affinity shrinks to one CPU" },
	[MUTANT_WEIGHT_CACHE]	= { "weight-cache",
		"reads a task's weight once and never again" },
	[MUTANT_NICE_IGNORED]	= { "nice-ignored", "charges all tasks alike, whatever their weight" },
	[MUTANT_CPU_MAX_IGNORED]	= { "cpu-max-ignored", "does not limit cgroups by their cpu.max" },
	[MUTANT_CONTROLLERS]	= { "controllers",
		"fails when the cpu controller is switched on again for a cgroup that it knows" },
	[MUTANT_DROP_RETURNED]	= { "drop-returned",
		"loses a task that left sched_ext by a change of policy and comes back" },
	[MUTANT_CANCELLED_FORK]	= { "cancelled-fork",
		"makes the context of a task too late for a fork that is cancelled" },
	[MUTANT_AFFINITY_QUEUE]	= { "affinity-queue",
		"lets a task that may use some CPUs only wait for the one it used last" },
	[MUTANT_EMPTY_CELL]	= { "empty-cell",
		"gives tasks that may use all CPUs only those that no other task is restricted to" },
	[MUTANT_KTHREAD_WAKES_LAST]	= { "kthread-wakes-last",
		"runs tasks that a kthread woke up only when no other task is runnable" },
	[MUTANT_HEARTBEAT]	= { "heartbeat",
		"dispatches nothing while its own process does not run" },
	[MUTANT_CORE_ORDER]	= { "core-order",
		"lets the first cgroup always go first on a core that others may not share with it" },
};

static const char help[] =
"A sound scheduler that can be told to make one mistake.\n"
"\n"
"Usage: %s [--fault NAME] [--partial] [--timeout-ms N] [-v]\n"
"       %s --list\n"
"\n"
"  --fault NAME     the mistake (default: none)\n"
"  --list           print the mistakes: name, tab, what the scheduler does\n"
"  --partial        schedule SCHED_EXT tasks only (SCX_OPS_SWITCH_PARTIAL)\n"
"  --timeout-ms N   watchdog timeout, 1 to 30000 (default 20000)\n"
"  -v, --verbose    print libbpf's debug messages\n"
"  -h, --help       print this\n"
"\n"
"Status: 0 after SIGINT or SIGTERM, 1 when the scheduler could not be loaded or was ejected\n"
"with an error, 2 for wrong usage.\n";

static bool verbose, partial;

static int libbpf_print_fn(enum libbpf_print_level level, const char *format, va_list args)
{
	if (level == LIBBPF_DEBUG && !verbose)
		return 0;
	return vfprintf(stderr, format, args);
}

/* The NUMA node of each CPU, from the "nodeN" links in its folder; 0 where there are none. */
static void read_nodes(const volatile __u8 *node_of_cpu)
{
	__u8 *nodes = (__u8 *)node_of_cpu;	/* rodata may be written until it is loaded */
	unsigned int cpu, node;
	struct dirent *e;
	char path[64];
	DIR *dir;

	for (cpu = 0; cpu < MUTANT_MAX_CPUS; cpu++) {
		snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u", cpu);
		dir = opendir(path);
		if (!dir)
			continue;
		while ((e = readdir(dir)))
			if (sscanf(e->d_name, "node%u", &node) == 1 && node <= UINT8_MAX)
				nodes[cpu] = node;
		closedir(dir);
	}
}

static __u64 now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

/* Returns the status to leave with; *@again when the kernel asks for another life (hotplug). */
static int run(unsigned int fault, unsigned int timeout_ms, int signals, bool *again)
{
	struct bpf_link *link;
	struct bpf_bpf *skel;
	struct pollfd pfd[2];
	__u64 ecode;
	int kind;

	skel = SCX_OPS_OPEN(mutant_ops, bpf_bpf);
	skel->rodata->fault = fault;
	read_nodes(skel->rodata->node_of_cpu);
	/* Without these the kernel ejects it when a CPU comes or goes, and it starts again. */
	if (fault != MUTANT_OFFLINE_QUEUE && fault != MUTANT_OFFLINE_ERROR) {
		skel->struct_ops.mutant_ops->cpu_online = NULL;
		skel->struct_ops.mutant_ops->cpu_offline = NULL;
	}
	if (fault != MUTANT_CORE_ORDER)		/* the kernel's own order is sound */
		skel->struct_ops.mutant_ops->core_sched_before = NULL;
	if (timeout_ms)
		skel->struct_ops.mutant_ops->timeout_ms = timeout_ms;
	if (partial)
		skel->struct_ops.mutant_ops->flags |= SCX_OPS_SWITCH_PARTIAL;
	/* Since 6.17; without it cpu.max does not reach a scheduler. */
	if (!__COMPAT_struct_has_field("sched_ext_ops", "cgroup_set_bandwidth"))
		skel->struct_ops.mutant_ops->cgroup_set_bandwidth = NULL;
	/* An optional probe of the sched_ext headers; this scheduler has no use for it. */
	bpf_program__set_autoload(skel->progs.scx_lib_init_probe, false);
	UEI_SET_SIZE(skel, mutant_ops, uei);
	SCX_BUG_ON(bpf_bpf__load(skel), "Failed to load skel");
	link = SCX_OPS_ATTACH(skel, mutant_ops, bpf_bpf);

	pfd[0] = (struct pollfd){ .fd = signals, .events = POLLIN };
	pfd[1] = (struct pollfd){ .fd = bpf_map__fd(skel->maps.mutant_exit_ring),
				  .events = POLLIN };
	while (!UEI_EXITED(skel, uei)) {
		SCX_BUG_ON(poll(pfd, 2, fault == MUTANT_HEARTBEAT ? BEAT_MS : -1) < 0 &&
			   errno != EINTR, "poll");
		if (fault == MUTANT_HEARTBEAT)
			skel->bss->heartbeat = now_ns();
		if (pfd[0].revents)
			break;
	}

	bpf_link__destroy(link);
	ecode = UEI_REPORT(skel, uei);
	kind = skel->data->uei.kind;
	bpf_bpf__destroy(skel);
	*again = !pfd[0].revents && UEI_ECODE_RESTART(ecode);
	return kind >= SCX_KIND_ERROR;
}

static int find_fault(const char *name)
{
	int i;

	for (i = 0; i < MUTANT_NR_FAULTS; i++)
		if (!strcmp(name, faults[i].name))
			return i;
	fprintf(stderr, PROG ": --fault %s: there is no such mistake, see --list\n", name);
	exit(2);
}

static unsigned int parse_timeout(const char *text)
{
	unsigned long v;
	char *end;

	errno = 0;
	v = strtoul(text, &end, 10);
	if (!isdigit((unsigned char)text[0]) || *end || errno || !v || v > MAX_TIMEOUT_MS) {
		fprintf(stderr, PROG ": --timeout-ms %s: need a number from 1 to %d\n", text,
			MAX_TIMEOUT_MS);
		exit(2);
	}
	return v;
}

static int open_signals(void)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	SCX_BUG_ON(sigprocmask(SIG_BLOCK, &set, NULL), "sigprocmask");
	fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	SCX_BUG_ON(fd < 0, "signalfd");
	return fd;
}

int main(int argc, char **argv)
{
	enum { OPT_FAULT = 256, OPT_LIST, OPT_PARTIAL, OPT_TIMEOUT };
	static const struct option opts[] = {
		{ "fault", required_argument, NULL, OPT_FAULT },
		{ "list", no_argument, NULL, OPT_LIST },
		{ "partial", no_argument, NULL, OPT_PARTIAL },
		{ "timeout-ms", required_argument, NULL, OPT_TIMEOUT },
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	unsigned int fault = MUTANT_NONE, timeout_ms = 0;
	int opt, i, signals, status;
	bool again;

	while ((opt = getopt_long(argc, argv, "vh", opts, NULL)) != -1) {
		switch (opt) {
		case OPT_FAULT:
			fault = find_fault(optarg);
			break;
		case OPT_LIST:
			for (i = 0; i < MUTANT_NR_FAULTS; i++)
				printf("%s\t%s\n", faults[i].name, faults[i].what);
			return 0;
		case OPT_PARTIAL:
			partial = true;
			break;
		case OPT_TIMEOUT:
			timeout_ms = parse_timeout(optarg);
			break;
		case 'v':
			verbose = true;
			break;
		case 'h':
			printf(help, argv[0], argv[0]);
			return 0;
		default:
			fprintf(stderr, help, argv[0], argv[0]);
			return 2;
		}
	}
	if (optind < argc) {
		fprintf(stderr, PROG ": unexpected argument %s\n", argv[optind]);
		return 2;
	}

	libbpf_set_print(libbpf_print_fn);
	fprintf(stderr, PROG ": the mistake: %s\n", faults[fault].name);
	signals = open_signals();
	do {
		status = run(fault, timeout_ms, signals, &again);
	} while (again);
	return status;
}
