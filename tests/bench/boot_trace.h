/* SPDX-License-Identifier: GPL-2.0 */
/*
 * KVM's trace points as the boot bench uses them (root, tracefs, CONFIG_HIST_TRIGGERS): when
 * something happened first, in a trace instance of its own each, and how often a vCPU left the
 * guest, and why. Whoever the VMM is, the host's kernel tells it.
 */
#ifndef KTSTR_TESTS_BENCH_BOOT_TRACE_H
#define KTSTR_TESTS_BENCH_BOOT_TRACE_H

#define TRACING		"/sys/kernel/tracing"

/* The moments of a boot, in the order in which they come. END is not ours to see. */
enum moment { ENTRY, LOADER, KERNEL, INIT, END, NR_MOMENTS };

enum exit_kind {
	EXIT_IO,	/* port I/O */
	EXIT_PAGE,	/* page without memory behind it yet, and MMIO */
	EXIT_MSR,
	EXIT_HLT,
	EXIT_IRQ,	/* the host's interrupts, and windows for the guest's */
	EXIT_CPUID,
	EXIT_OTHER,
	EXIT_TO_USER,	/* how many of all these went on to the VMM's process */
	NR_EXIT_KINDS,
};

/* 0 or -errno. Remove also after a failure. */
int trace_add(void);
void trace_remove(void);

/* Before a boot: forget what was seen. 0 or -errno. */
int trace_arm(void);
/* Seconds on CLOCK_MONOTONIC, not before @after; 0: was not seen. */
double trace_seen(enum moment m, double after);

/* Counting costs a little with every exit. 0 or -errno. */
int trace_count(void);
/* The end of it. */
void trace_counted(unsigned long n[NR_EXIT_KINDS]);

#endif
