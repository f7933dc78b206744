// SPDX-License-Identifier: GPL-2.0
/* See boot_trace.h. Files and triggers: Documentation/trace/events.rst and histogram.rst. */
#include <errno.h>
#include <fcntl.h>
#include <linux/kernel.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "boot_trace.h"

#define COUNTS		"ktstr-exits"
#define SIZE		":size=256"

/* Each in a trace buffer of its own, which closes after the first event unless @many are wanted. */
static const struct probe {
	const char *instance, *event, *filter;
	bool many;
} probe[] = {
	[ENTRY]  = { "ktstr-entry", "kvm_entry", NULL },
	/* COM1 */
	[LOADER] = { "ktstr-loader", "kvm_pio", "port == 0x3f8 && rw == 1" },
	/* MSR_KVM_SYSTEM_TIME_NEW: a firmware writes it too */
	[KERNEL] = { "ktstr-kernel", "kvm_msr", "ecx == 0x4b564d01 && write == 1", true },
	/* INIT_LEAF of boot_init.c */
	[INIT]   = { "ktstr-init", "kvm_cpuid", "function == 0x6b747372" },
};

#define NR_PROBES	ARRAY_SIZE(probe)

/* Exit reasons: arch/x86/include/uapi/asm/svm.h and vmx.h. */
static const struct {
	enum exit_kind kind;
	unsigned int svm, vmx;
} reason[] = {
	{ EXIT_IO,	0x7b,	30 },
	{ EXIT_PAGE,	0x400,	48 },	/* EPT_VIOLATION */
	{ EXIT_PAGE,	0x400,	49 },	/* EPT_MISCONFIG */
	{ EXIT_MSR,	0x7c,	31 },
	{ EXIT_MSR,	0x7c,	32 },
	{ EXIT_HLT,	0x78,	12 },
	{ EXIT_IRQ,	0x60,	1 },
	{ EXIT_IRQ,	0x64,	7 },	/* VINTR, INTERRUPT_WINDOW */
	{ EXIT_IRQ,	0x64,	52 },	/* PREEMPTION_TIMER */
	{ EXIT_CPUID,	0x72,	10 },
};

/* Write @text to @file of an instance. */
static int put(const char *instance, const char *file, const char *text)
{
	char path[256];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), TRACING "/instances/%s/%s", instance, file);
	fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = write(fd, text, strlen(text));
	if (n < 0)
		n = -errno;
	close(fd);
	return n < 0 ? (int)n : 0;
}

static int put_event(const char *instance, const char *event, const char *file, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), "events/kvm/%s/%s", event, file);
	return put(instance, path, text);
}

static int make(const char *instance)
{
	char path[256];

	snprintf(path, sizeof(path), TRACING "/instances/%s", instance);
	return mkdir(path, 0700) && errno != EEXIST ? -errno : 0;
}

static void unmake(const char *instance)
{
	char path[256];

	snprintf(path, sizeof(path), TRACING "/instances/%s", instance);
	rmdir(path);
}

int trace_add(void)
{
	int ret;

	if (access(TRACING "/instances", F_OK))
		mount("tracing", TRACING, "tracefs", 0, NULL);
	ret = make(COUNTS);
	for (size_t i = 0; i < NR_PROBES && !ret; i++) {
		const struct probe *p = &probe[i];

		ret = make(p->instance);
		if (ret)
			return ret;
		put(p->instance, "buffer_size_kb", "64");
		ret = put(p->instance, "trace_clock", "mono");
		if (!ret)
			ret = put_event(p->instance, p->event, "filter", p->filter ?: "0");
		if (!ret)
			ret = put_event(p->instance, p->event, "enable", "1");
	}
	return ret;
}

void trace_remove(void)
{
	for (size_t i = 0; i < NR_PROBES; i++) {
		put_event(probe[i].instance, probe[i].event, "enable", "0");
		unmake(probe[i].instance);
	}
	unmake(COUNTS);
}

/* A trigger that has fired is used up; one that has not must not be there twice. */
int trace_arm(void)
{
	char text[128];
	int ret = 0;

	for (size_t i = 0; i < NR_PROBES && !ret; i++) {
		const struct probe *p = &probe[i];

		put(p->instance, "tracing_on", "0");
		put(p->instance, "trace", "");
		snprintf(text, sizeof(text), "!traceoff:1%s%s", p->filter ? " if " : "",
			 p->filter ?: "");
		if (!p->many) {
			put_event(p->instance, p->event, "trigger", text);
			ret = put_event(p->instance, p->event, "trigger", text + 1);
		}
		if (!ret)
			ret = put(p->instance, "tracing_on", "1");
	}
	return ret;
}

static FILE *open_instance(const char *instance, const char *file)
{
	char path[256];

	snprintf(path, sizeof(path), TRACING "/instances/%s/%s", instance, file);
	return fopen(path, "re");
}

double trace_seen(enum moment m, double after)
{
	FILE *f = open_instance(probe[m].instance, "trace");
	double t = 0, first = 0;
	char line[512];

	/* "  qemu-12   [001] d..1.   12.345678: kvm_entry: ..." */
	while (f && fgets(line, sizeof(line), f)) {
		char *colon = strstr(line, ": kvm_");

		if (line[0] == '#' || !colon)
			continue;
		*colon = '\0';
		t = strtod(strrchr(line, ' ') ? strrchr(line, ' ') : line, NULL);
		if (t >= after && (!first || t < first))
			first = t;
	}
	if (f)
		fclose(f);
	return first;
}

#define BY_REASON	"hist:keys=exit_reason" SIZE
#define TO_USER		"hist:keys=reason" SIZE

int trace_count(void)
{
	int ret;

	/* what an earlier boot left behind */
	put_event(COUNTS, "kvm_exit", "trigger", "!" BY_REASON);
	put_event(COUNTS, "kvm_userspace_exit", "trigger", "!" TO_USER);
	ret = put_event(COUNTS, "kvm_exit", "trigger", BY_REASON);
	return ret ?: put_event(COUNTS, "kvm_userspace_exit", "trigger", TO_USER);
}

static enum exit_kind kind_of(unsigned int value)
{
	bool svm = !access("/sys/module/kvm_amd", F_OK);

	for (size_t i = 0; i < ARRAY_SIZE(reason); i++)
		if (value == (svm ? reason[i].svm : reason[i].vmx))
			return reason[i].kind;
	return EXIT_OTHER;
}

/* "{ exit_reason:        123 } hitcount:      36429" */
static void read_counts(const char *event, unsigned long n[NR_EXIT_KINDS], bool to_user)
{
	char path[128], line[256];
	unsigned long hits;
	unsigned int value;
	FILE *f;

	snprintf(path, sizeof(path), "events/kvm/%s/hist", event);
	f = open_instance(COUNTS, path);
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "{ %*[a-z_]: %u } hitcount: %lu", &value, &hits) == 2)
			n[to_user ? EXIT_TO_USER : kind_of(value)] += hits;
	if (f)
		fclose(f);
}

void trace_counted(unsigned long n[NR_EXIT_KINDS])
{
	memset(n, 0, NR_EXIT_KINDS * sizeof(*n));
	read_counts("kvm_exit", n, false);
	read_counts("kvm_userspace_exit", n, true);
	put_event(COUNTS, "kvm_exit", "trigger", "!" BY_REASON);
	put_event(COUNTS, "kvm_userspace_exit", "trigger", "!" TO_USER);
}
