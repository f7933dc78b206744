// SPDX-License-Identifier: GPL-2.0
/*
 * Inside of monitor_truth_test.c: says what the kernel itself says about its run queues and its
 * scheduler, twice, with a sync point after each. What the host reads at the first one lies
 * between the two.
 */
#include <linux/kernel.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "monitor_guest.h"

#define DEBUG	"/sys/kernel/debug/sched/debug"
#define SPACE	"\n "
#define SCX	"/sys/kernel/sched_ext/"

static char *out;
static size_t size, len;

void monitor_put(const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(out + len, size - len, fmt, ap);
	va_end(ap);
	if (n > 0 && (size_t)n < size - len)
		len += (size_t)n;
}

static bool map_stretch(void)
{
	unsigned long long gpa, bytes;
	char line[4096] = "";
	const char *arg;
	FILE *f = fopen("/proc/cmdline", "r");
	int fd;

	if (!f || !fgets(line, sizeof(line), f))
		return false;
	fclose(f);
	arg = strstr(line, "ktstr.chan=");
	if (!arg || sscanf(arg, "ktstr.chan=%llx,%llx", &gpa, &bytes) != 2)
		return false;
	fd = open("/dev/mem", O_RDWR | O_SYNC);
	out = fd < 0 ? MAP_FAILED : mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
					 (off_t)gpa);
	size = bytes;
	return out != MAP_FAILED;
}

static void doorbell(void)
{
	__asm__ volatile(".byte 0x0f, 0x1f, 0x84, 0x00, 'k', 't', 's', 'r'" ::: "memory");
}

/* Columns of a cpu line: Documentation/scheduler/sched-stats.rst. */
static void put_schedstat(void)
{
	static const char * const name[] = {
		"yld_count", NULL, "sched_count", "sched_goidle", "ttwu_count", "ttwu_local",
		"rq_cpu_time", "run_delay", "pcount",
	};
	FILE *f = fopen("/proc/schedstat", "r");
	char line[4096], *p, *save;
	int cpu;

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "cpu%d ", &cpu) != 1)
			continue;
		p = strtok_r(line, SPACE, &save);
		for (size_t i = 0; i < ARRAY_SIZE(name); i++) {
			p = strtok_r(NULL, SPACE, &save);
			if (p && name[i])
				monitor_put("cpu%d.%s %s\n", cpu, name[i], p);
		}
	}
	if (f)
		fclose(f);
}

/* "  .nr_running    : 1" below "cpu#0, ..."; a clock is in milliseconds with six decimals. */
static void put_debug(void)
{
	char line[512], name[64], value[64];
	FILE *f = fopen(DEBUG, "r");
	unsigned long long ms, ns;
	int cpu = -1;

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "cpu#%d", &cpu) == 1)
			continue;
		if (line[0] != ' ' && line[0] != '\n')
			cpu = -1;
		if (cpu < 0 || sscanf(line, " .%63s : %63s", name, value) != 2)
			continue;
		if (!strcmp(name, "nr_running") || !strcmp(name, "nr_switches"))
			monitor_put("cpu%d.%s %s\n", cpu, name, value);
		if (!strcmp(name, "curr->pid"))
			monitor_put("cpu%d.curr_pid %s\n", cpu, value);
		if (!strcmp(name, "clock") && sscanf(value, "%llu.%llu", &ms, &ns) == 2)
			monitor_put("cpu%d.clock %llu\n", cpu, ms * 1000000 + ns);
	}
	if (f)
		fclose(f);
}

static void line_of(const char *path, char *buf, size_t room)
{
	FILE *f = fopen(path, "r");

	if (!f || !fgets(buf, room, f))
		strcpy(buf, "-");
	if (f)
		fclose(f);
	buf[strcspn(buf, "\n")] = '\0';
}

static void put_scx(void)
{
	char line[512];
	FILE *f;

	line_of(SCX "state", line, sizeof(line));
	monitor_put("state %s\n", line);
	line_of(SCX "root/ops", line, sizeof(line));
	monitor_put("ops %s\n", line);
	f = fopen(SCX "root/events", "r");
	while (f && fgets(line, sizeof(line), f))
		monitor_put("event.%s", line);
	if (f)
		fclose(f);
}

static void report(const char *when, const char *round)
{
	struct timespec quiet = { .tv_nsec = 300000000 };

	len = 0;
	monitor_put("%s%s\n", when, round);
	/*
	 * What changes most is read next to the sync point, on both of its sides. Looking at maps makes
	 * the kernel free things afterwards, in threads that would be seen on a runqueue.
	 */
	if (!strcmp(when, MONITOR_BEFORE)) {
		bpf_guest_report();
		nanosleep(&quiet, NULL);
	}
	put_schedstat();
	put_debug();
	put_scx();
	if (strcmp(when, MONITOR_BEFORE))
		bpf_guest_report();
	/* what has to hold at this very instruction */
	monitor_put("here cpu%d %d\n", sched_getcpu(), getpid());
	doorbell();
}

static void round_of(const char *name)
{
	report(MONITOR_BEFORE, name);
	report(MONITOR_AFTER, name);
}

/* @n tasks that run, sleep and yield for @ms. */
static void load(int n, int ms)
{
	struct timespec nap = { .tv_nsec = 2000000 }, start, now;

	for (int i = 0; i < n; i++) {
		if (fork())
			continue;
		clock_gettime(CLOCK_MONOTONIC, &start);
		do {
			for (volatile int k = 0; k < 200000; k++)
				;
			if (i % 2)
				sched_yield();
			else
				nanosleep(&nap, NULL);
			clock_gettime(CLOCK_MONOTONIC, &now);
		} while ((now.tv_sec - start.tv_sec) * 1000 +
			 (now.tv_nsec - start.tv_nsec) / 1000000 < ms);
		_exit(0);
	}
}

static void reap(void)
{
	while (wait(NULL) > 0)
		;
}

static void write_to(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		perror(path);
	if (fd >= 0)
		close(fd);
}

/* Wait until sched_ext has this state, or the process @pid has ended. */
static bool wait_for_state(const char *state, pid_t pid)
{
	struct timespec nap = { .tv_nsec = 20000000 };
	char line[64];

	for (int i = 0; i < 1000; i++) {
		line_of(SCX "state", line, sizeof(line));
		if (!strcmp(line, state))
			return true;
		if (pid && waitpid(pid, NULL, WNOHANG) == pid)
			return false;
		nanosleep(&nap, NULL);
	}
	return false;
}

/* Two rounds under the scheduler @path, the first of them with load; then one for each of @more. */
static void scheduler(const char *path, const char * const more[])
{
	pid_t sched = access(path, X_OK) ? -1 : fork();

	if (!sched) {
		execl(path, path, (char *)NULL);
		_exit(127);
	}
	if (sched < 0 || !wait_for_state("enabled", sched))
		return;
	load(6, 600);
	round_of("scx_" MONITOR_BUSY);
	sleep(1);
	kill(sched, SIGSTOP);	/* one of them prints every second */
	for (int i = 0; more[i]; i++)
		round_of(more[i]);
	kill(sched, SIGCONT);
	kill(sched, SIGTERM);
	reap();
	wait_for_state("disabled", 0);
}

int monitor_guest(void)
{
	static const char * const fs[][2] = {
		{ "proc", "/proc" }, { "sysfs", "/sys" }, { "devtmpfs", "/dev" },
		{ "debugfs", "/sys/kernel/debug" }, { "bpf", "/sys/fs/bpf" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(fs); i++) {
		mkdir(fs[i][1], 0755);
		mount(fs[i][0], fs[i][1], fs[i][0], 0, NULL);
	}
	write_to("/proc/sys/kernel/sched_schedstats", "1");
	write_to("/proc/sys/kernel/bpf_stats_enabled", "1");
	bpf_guest_maps();
	if (!map_stretch()) {
		perror("monitor_truth_test: the shared stretch");
		reboot(RB_POWER_OFF);
		return 1;
	}
	load(6, 400);
	reap();
	round_of("eevdf");
	scheduler(MONITOR_SIMPLE, (const char *[]){ "scx_still", NULL });
	scheduler(MONITOR_SCHED, (const char *[]){ "scx_" MONITOR_WRITES, "scx_written", NULL });
	round_of("after_scx");
	sync();
	reboot(RB_POWER_OFF);
	return 1;
}
