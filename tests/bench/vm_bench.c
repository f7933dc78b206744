// SPDX-License-Identifier: GPL-2.0
/*
 * What a machine costs: one line per topology with the host time from vm_create() to the
 * guest's first instruction in /init, to its end, and the guest's own clock at /init.
 *
 *   vm_bench KERNEL INITRD [TOPOLOGY[:SHIFT] ...]     SHIFT: 0-10, auto, or off (multi-threaded)
 *
 * INITRD holds tests/e2e/guest/vm_init.c as /init; VM_BENCH_APPEND is added to the guest's
 * command line and may hold its own vmtest=.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "../../vmm/vm.h"

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Boot with one sync point in /init; 0, or -1 after printing why not. */
static int bench(struct vm_spec *spec, const char *name)
{
	struct vm_err err = { .msg = "" };
	double start = now(), created, started, init = 0;
	unsigned long long guest_ns = 0;
	struct rusage ru;
	struct vm_event ev;
	struct vm *vm;

	if (vm_create(&vm, spec, &err)) {
		fprintf(stderr, "%s: %s\n", name, err.msg);
		return -1;
	}
	created = now();
	if (vm_start(vm, &err)) {
		fprintf(stderr, "%s: %s\n", name, err.msg);
		vm_destroy(vm);
		return -1;
	}
	started = now();
	for (;;) {
		vm_wait(vm, 120000, -1, &ev);
		if (ev.type != VM_EVENT_SYNC)
			break;
		if (!init) {
			init = now();
			sscanf(vm_shared(vm, NULL), "start %llu", &guest_ns);
		}
		vm_continue(vm);
	}
	if (ev.type != VM_EVENT_EXIT)
		fprintf(stderr, "%s: %s\n", name,
			ev.type == VM_EVENT_ERROR ? ev.err.msg : "no end after 120 s");
	vm_destroy(vm);
	getrusage(RUSAGE_CHILDREN, &ru);
	printf("%-18s create %4.0f ms  start %4.0f ms  /init %6.2f s (guest %6.2f s)  end %6.2f s  cpu %6.2f s\n",
	       name, (created - start) * 1e3, (started - created) * 1e3, init - start,
	       (double)guest_ns / 1e9, now() - start,
	       (double)ru.ru_utime.tv_sec + (double)ru.ru_utime.tv_usec / 1e6 +
	       (double)ru.ru_stime.tv_sec + (double)ru.ru_stime.tv_usec / 1e6);
	return ev.type == VM_EVENT_EXIT ? 0 : -1;
}

int main(int argc, char **argv)
{
	static char *defaults[] = { "1n1l2c1t", "1n1l4c1t", "1n2l4c1t", "1n4l4c1t", NULL };
	const char *extra = getenv("VM_BENCH_APPEND");
	char cmdline[1024], console[64], output[64];
	struct vm_spec spec = {
		.accel = VM_ACCEL_TCG, .mem_bytes = 1ull << 30, .shared_bytes = 16 << 20,
		.seed = 1, .console_path = console, .output_path = output, .cmdline = cmdline,
	};
	char **list = argc > 3 ? argv + 3 : defaults;
	struct vm_err err;
	int failed = 0;

	if (argc < 3) {
		fprintf(stderr, "usage: %s KERNEL INITRD [TOPOLOGY[:SHIFT] ...]\n", argv[0]);
		return 2;
	}
	spec.kernel = argv[1];
	spec.initrd_fd = open(argv[2], O_RDONLY | O_CLOEXEC);
	snprintf(cmdline, sizeof(cmdline), "vmtest=sync:1 %s", extra ? extra : "");
	snprintf(console, sizeof(console), "/tmp/vm_bench.%d.console", (int)getpid());
	snprintf(output, sizeof(output), "/tmp/vm_bench.%d.output", (int)getpid());
	for (; *list; list++) {
		char *shift = strchr(*list, ':'), topo[64];

		snprintf(topo, sizeof(topo), "%.*s", (int)strcspn(*list, ":"), *list);
		if (vm_topology_parse(topo, &spec.topo, &err)) {
			fprintf(stderr, "%s\n", err.msg);
			failed = 1;
			continue;
		}
		spec.deterministic = !shift || strcmp(shift, ":off");
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
