// SPDX-License-Identifier: GPL-2.0
/*
 * What a machine costs: one line per topology with the host time from vm_create() to the
 * first line of the kernel's set-up code (everything before it is ours and the firmware's),
 * to /init, to the end, and the guest's own clock at /init.
 *
 *   vm_bench KERNEL INITRD [TOPOLOGY[:SHIFT] ...]     SHIFT: 0-10, auto, or off (multi-threaded)
 *
 * INITRD holds tests/e2e/guest/vm_init.c as /init; VM_BENCH_APPEND is appended to the guest's
 * command line as it is: ",busy:20 tsc=reliable" adds work for /init and a parameter.
 * VM_BENCH_ACCEL=kvm asks for the bundled VMM, VM_BENCH_HUGE=1 for huge pages; VM_BENCH_BASE=FILE
 * goes before INITRD as the cache's part of an initramfs does. With VM_BENCH_CALIBRATE=1 an emulated
 * kernel measures the rate of its APIC timer; else it is told, as that of a run.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tests/e2e/apic_timer.h"
#include "vmm/vm.h"

static double read_clock(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double now(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

/* Of the children that ended so far. */
static double cpu_seconds(void)
{
	struct rusage ru;

	getrusage(RUSAGE_CHILDREN, &ru);
	return (double)ru.ru_utime.tv_sec + (double)ru.ru_utime.tv_usec / 1e6 +
	       (double)ru.ru_stime.tv_sec + (double)ru.ru_stime.tv_usec / 1e6;
}

/* "check 0.2, memory 0.1, ...; first instruction 0.3 ms after vm_start()" */
static void print_times(const struct vm_times *t)
{
	int64_t sum = 0, kvm = t->ns[VM_STEP_VM] + t->ns[VM_STEP_IRQCHIP] +
			     t->ns[VM_STEP_SLOTS] + t->ns[VM_STEP_VCPUS];

	printf("  ms:");
	for (int i = 0; i < VM_NR_STEPS; i++) {
		if (t->ns[i])
			printf(" %s %.2f,", vm_step_name(i), (double)t->ns[i] / 1e6);
		sum += t->ns[i];
	}
	printf(" together %.2f", (double)sum / 1e6);
	if (kvm)
		printf(", without KVM's own steps %.2f", (double)(sum - kvm) / 1e6);
	if (t->entry_ns)
		printf("; first instruction %.2f after vm_start()", (double)t->entry_ns / 1e6);
	printf("\n");
}

/* Boot with one sync point in /init; 0, or -1 after printing why not. */
static int bench(struct vm_spec *spec, const char *name)
{
	struct ktstr_err err = { .msg = "" };
	double start, created, started, entry = 0, init = 0, cpu = cpu_seconds(), own;
	unsigned long long guest_ns = 0;
	int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	char events[4096];
	struct vm_times times;
	struct vm_event ev;
	struct stat st;
	struct vm *vm;

	own = read_clock(CLOCK_THREAD_CPUTIME_ID);
	start = now();
	if (vm_create(&vm, spec, &err)) {
		fprintf(stderr, "%s: %s\n", name, err.msg);
		return -1;
	}
	created = now();
	if (*vm_notice(vm))
		fprintf(stderr, "%s: %s\n", name, vm_notice(vm));
	inotify_add_watch(watch, spec->console_path, IN_MODIFY);
	if (vm_start(vm, &err)) {
		fprintf(stderr, "%s: %s\n", name, err.msg);
		vm_destroy(vm);
		return -1;
	}
	started = now();
	own = read_clock(CLOCK_THREAD_CPUTIME_ID) - own;
	for (;;) {
		vm_wait(vm, 120000, entry ? -1 : watch, &ev);
		if (ev.type == VM_EVENT_TIMEOUT && !entry) {
			/* the emulator's truncation of the file is a change too */
			if (read(watch, events, sizeof(events)) > 0 &&
			    !stat(spec->console_path, &st) && st.st_size)
				entry = now();
			continue;
		}
		if (ev.type != VM_EVENT_SYNC)
			break;
		if (!init) {
			init = now();
			if (sscanf(vm_shared(vm, NULL), "start %llu", &guest_ns) != 1)
				fprintf(stderr, "%s: no report from /init\n", name);
		}
		vm_continue(vm);
	}
	if (ev.type == VM_EVENT_TIMEOUT)
		fprintf(stderr, "%s: no end after 120 s\n", name);
	else if (ev.err.msg[0])
		fprintf(stderr, "%s: %s\n", name, ev.err.msg);
	vm_get_times(vm, &times);
	vm_destroy(vm);
	close(watch);
	printf("%-14s create %3.0f ms, start %2.0f ms (CPU of both %.1f ms), kernel %5.2f s, /init %6.2f s (guest %5.2f s), end %6.2f s, cpu %6.2f s\n",
	       name, (created - start) * 1e3, (started - created) * 1e3, own * 1e3, entry - start,
	       init - start, (double)guest_ns / 1e9, now() - start, cpu_seconds() - cpu);
	print_times(&times);
	fflush(stdout);
	return ev.type == VM_EVENT_EXIT ? 0 : -1;
}

/* The constant part of the initrd. 0, or -1 after a line. */
static int add_base(struct vm_spec *spec)
{
	const char *path = getenv("VM_BENCH_BASE");
	struct stat st;

	if (!path)
		return 0;
	spec->initrd_base.fd = open(path, O_RDONLY | O_CLOEXEC);
	if (spec->initrd_base.fd < 0 || fstat(spec->initrd_base.fd, &st)) {
		perror(path);
		return -1;
	}
	spec->initrd_base.bytes = (uint64_t)st.st_size;
	return 0;
}

int main(int argc, char **argv)
{
	static char *defaults[] = { "1n1l2c1t", "1n1l4c1t", "1n2l4c1t", "1n4l4c1t", NULL };
	const char *extra = getenv("VM_BENCH_APPEND");
	char cmdline[1024], console[64], output[64];
	struct vm_spec spec = {
		.accel = VM_ACCEL_TCG, .mem_bytes = 1ull << 30, .shared_bytes = 16 << 20,
		.seed = 1, .console_path = console, .output_path = output, .cmdline = cmdline,
		.huge_pages = getenv("VM_BENCH_HUGE") != NULL,
	};
	char **list = argc > 3 ? argv + 3 : defaults;
	struct ktstr_err err;
	int failed = 0;

	const char *accel = getenv("VM_BENCH_ACCEL");

	if (accel && !strcmp(accel, "kvm"))
		spec.accel = VM_ACCEL_KVM;
	if (argc < 3) {
		fprintf(stderr, "usage: %s KERNEL INITRD [TOPOLOGY[:SHIFT] ...]\n", argv[0]);
		return 2;
	}
	spec.kernel = argv[1];
	if (!getenv("VM_BENCH_CALIBRATE"))
		know_apic_timer(&spec);
	spec.initrd_fd = open(argv[2], O_RDONLY | O_CLOEXEC);
	if (add_base(&spec))
		return 1;
	snprintf(cmdline, sizeof(cmdline), "earlyprintk=ttyS0 debug loglevel=7 vmtest=sync:1%s",
		 extra ? extra : "");
	snprintf(console, sizeof(console), "/tmp/vm_bench.%d.console", (int)getpid());
	snprintf(output, sizeof(output), "/tmp/vm_bench.%d.output", (int)getpid());
	for (; *list; list++) {
		char *shift = strchr(*list, ':'), topo[64];

		snprintf(topo, sizeof(topo), "%.*s", (int)strcspn(*list, ":"), *list);
		if (ktstr_topology__parse(topo, &spec.topo.count, &err)) {
			fprintf(stderr, "%s\n", err.msg);
			failed = 1;
			continue;
		}
		spec.deterministic = spec.accel == VM_ACCEL_TCG &&
				     (!shift || strcmp(shift, ":off"));
		spec.icount_shift = !shift || shift[1] < '0' || shift[1] > '9' ? VM_SHIFT_AUTO :
				    atoi(shift + 1);
		failed |= !!bench(&spec, *list);
	}
	if (getenv("VM_BENCH_KEEP")) {
		printf("console in %s\n", console);
	} else {
		unlink(console);
		unlink(output);
	}
	return failed;
}
