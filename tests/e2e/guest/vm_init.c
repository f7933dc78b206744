// SPDX-License-Identifier: GPL-2.0
/*
 * /init of the VM tests: does what the kernel parameter vmtest= lists, in order, and reports
 * into the stretch of RAM that it shares with the host (ktstr.chan=), as text.
 *
 *   iomem        the kernel's own view of physical memory
 *   poke:GPA     write the GPA as a u64 to that address
 *   sync:N       reach N sync points, printing the time around each
 *   random       print random bytes to the console
 *   busy:N       N processes that compete for the CPUs for a while and print
 *   count        a process that for ever counts up a u64 in the last page of the stretch
 *   pad:N        say N lines on COM2
 *   until        spin until the host has written to the word behind the counter
 *   reset, off, panic, hang: how it ends (default reset)
 */
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char *shared;
static size_t shared_size, fill;
static int kmsg = -1;

static void report(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static const char *line_of(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static void report(const char *fmt, ...)
{
	va_list ap;
	int n;

	if (!shared)
		return;
	va_start(ap, fmt);
	n = vsnprintf(shared + fill, shared_size - fill, fmt, ap);
	va_end(ap);
	if (n > 0 && (size_t)n < shared_size - fill)
		fill += (size_t)n;
}

static void say(const char *fmt, ...)
{
	char buf[256];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	if (kmsg >= 0 && n > 0 && (size_t)n < sizeof(buf) && write(kmsg, buf, (size_t)n) < 0)
		return;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* The page at @gpa, or NULL. */
static void *map_physical(uint64_t gpa)
{
	int fd = open("/dev/mem", O_RDWR);
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)gpa);

	close(fd);
	return p == MAP_FAILED ? NULL : p;
}

/* As ktstr.doorbell= on the command line says: "insn" or "mmio:ADDRESS". */
static void doorbell(void)
{
	const char *how = strstr(line_of("/proc/cmdline"), "ktstr.doorbell=mmio:");
	static volatile uint32_t *word;

	if (!how) {
		__asm__ volatile(".byte 0x0f, 0x1f, 0x84, 0x00, 'k', 't', 's', 'r'" ::: "memory");
		return;
	}
	if (!word)
		word = map_physical(strtoull(strchr(how, ':') + 1, NULL, 0));
	if (word)
		*word = 0;
}

/* First line of a file, "-" if there is none. */
static const char *line_of(const char *fmt, ...)
{
	static char buf[4096];
	char path[256];
	va_list ap;
	FILE *f;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	f = fopen(path, "r");
	if (!f || !fgets(buf, sizeof(buf), f))
		strcpy(buf, "-");
	if (f)
		fclose(f);
	buf[strcspn(buf, "\n")] = '\0';
	return buf;
}

static void iomem(void)
{
	char line[256];
	FILE *f = fopen("/proc/iomem", "r");

	while (f && fgets(line, sizeof(line), f))
		if (line[0] != ' ')
			report("iomem %s", line);
	if (f)
		fclose(f);
}

static void poke(uint64_t gpa)
{
	uint64_t *p = map_physical(gpa);

	if (!p) {
		report("poke %#" PRIx64 " failed %m\n", gpa);
		return;
	}
	*p = gpa;
	report("poke %#" PRIx64 " done\n", gpa);
}

static void syncs(int n)
{
	for (int i = 0; i < n; i++) {
		say("before sync %d at %" PRIu64 "\n", i, now_ns());
		doorbell();
		say("after sync %d at %" PRIu64 "\n", i, now_ns());
	}
	report("syncs %d\n", n);
}

static void random_bytes(void)
{
	unsigned char b[16] = { 0 };

	if (getrandom(b, sizeof(b), 0) != sizeof(b))
		return;
	for (size_t i = 0; i < sizeof(b); i += 4)
		say("random %02x%02x%02x%02x\n", b[i], b[i + 1], b[i + 2], b[i + 3]);
}

static void busy(int n)
{
	for (int i = 0; i < n; i++) {
		if (fork())
			continue;
		for (int round = 0; round < 5; round++) {
			uint64_t end = now_ns() + 20000000;

			while (now_ns() < end)
				;
			say("busy %d round %d cpu %d at %" PRIu64 "\n", i, round, sched_getcpu(),
			    now_ns());
			usleep(1000);
		}
		_exit(0);
	}
	while (wait(NULL) > 0)
		;
}

static void count(void)
{
	volatile uint64_t *p;

	if (!shared || fork())
		return;
	for (p = (volatile uint64_t *)(shared + shared_size - 4096);;)
		++*p;
}

static void until(void)
{
	volatile uint64_t *p;

	if (!shared)
		return;
	for (p = (volatile uint64_t *)(shared + shared_size - 4096) + 1; !*p;)
		;
}

static void pad(int n)
{
	FILE *f = fopen("/dev/ttyS1", "w");

	for (int i = 0; f && i < n; i++)
		fprintf(f, "line %d\n", i);
	if (f)
		fclose(f);
}

static void act(const char *what, const char *arg)
{
	if (!strcmp(what, "iomem"))
		iomem();
	else if (!strcmp(what, "poke"))
		poke(strtoull(arg, NULL, 0));
	else if (!strcmp(what, "sync"))
		syncs(atoi(arg));
	else if (!strcmp(what, "random"))
		random_bytes();
	else if (!strcmp(what, "busy"))
		busy(atoi(arg));
	else if (!strcmp(what, "count"))
		count();
	else if (!strcmp(what, "until"))
		until();
	else if (!strcmp(what, "pad"))
		pad(atoi(arg));
	else if (!strcmp(what, "off"))
		reboot(RB_POWER_OFF);
	else if (!strcmp(what, "panic"))
		exit(1);
	else if (!strcmp(what, "hang"))
		for (;;)
			pause();
}

static void attach(const char *cmdline)
{
	const char *p = strstr(cmdline, "ktstr.chan=");
	uint64_t gpa;
	char *end;
	int fd;

	if (!p)
		return;
	gpa = strtoull(p + 11, &end, 0);
	if (*end != ',')
		return;
	shared_size = strtoull(end + 1, NULL, 0);
	fd = open("/dev/mem", O_RDWR);
	shared = mmap(NULL, shared_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)gpa);
	if (shared == MAP_FAILED) {
		shared = NULL;
		say("cannot map the shared stretch: %m\n");
	}
}

int main(void)
{
	static char cmdline[4096];
	char *list, *item;
	FILE *f;

	mkdir("/dev", 0755);
	mkdir("/proc", 0755);
	mkdir("/sys", 0755);
	mount("dev", "/dev", "devtmpfs", 0, NULL);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("sys", "/sys", "sysfs", 0, NULL);
	kmsg = open("/dev/kmsg", O_WRONLY);
	f = fopen("/proc/cmdline", "r");
	if (!f || !fgets(cmdline, sizeof(cmdline), f))
		say("no /proc/cmdline\n");
	if (f)
		fclose(f);
	attach(cmdline);
	report("start %" PRIu64 "\n", now_ns());

	list = strstr(cmdline, "vmtest=");
	if (list) {
		list += 7;
		list[strcspn(list, "\n ")] = '\0';
		while ((item = strsep(&list, ","))) {
			char *arg = strchr(item, ':');

			if (arg)
				*arg++ = '\0';
			act(item, arg ? arg : "");
		}
	}
	report("end\n");
	reboot(RB_AUTOBOOT);
	return 1;
}
