// SPDX-License-Identifier: GPL-2.0
/*
 * PID 1: it prepares the machine, runs the supervisor and resets the machine. It ends in one of
 * three ways, which the host can tell apart: EXIT and a reset; CRASH and a reset; a kernel panic.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/kernel.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#include "internal.h"

#define INCLUDE_DIR	"/include-files"

/* The crash handler has no other way to find it. */
static struct guest guest = {
	.sched = { .pidfd = -1, .log_fd = -1, .leader.fd = -1, .hold_fd = -1 },
	.body = { .sock = -1 },
	.sig_fd = -1, .kmsg_fd = -1, .uevent_fd = -1, .probe_sock = -1,
};

static void __attribute__((noreturn)) machine_reset(void)
{
	/* the UARTs still transmit */
	tcdrain(STDOUT_FILENO);
	/* a reset and no power-off: every VMM ends on it, with or without ACPI */
	reboot(RB_AUTOBOOT);
	for (;;)
		pause();
}

static void __attribute__((noreturn, format(printf, 1, 2))) give_up(const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	guest_mount__console("%s", text);
	fprintf(stderr, "ktstr: %s\n", text);
	guest_link__send(&guest.link, KTSTR_MSG_CRASH, text, strlen(text));
	if (guest.link.doorbell)
		guest_link__ring(&guest.link);
	machine_reset();
}

static char *append(char *p, const char *end, const char *s)
{
	while (*s && p < end)
		*p++ = *s++;
	return p;
}

static char *append_hex(char *p, const char *end, uint64_t v)
{
	int shift = 60;

	p = append(p, end, "0x");
	while (shift && !(v >> shift))
		shift -= 4;
	for (; shift >= 0 && p < end; shift -= 4)
		*p++ = "0123456789abcdef"[v >> shift & 15];
	return p;
}

/* Only async-signal-safe calls from here, as the heap or stdio may be corrupt. */
static void on_crash(int sig, siginfo_t *info, void *context)
{
	static const struct {
		int sig;
		const char *name;
	} names[] = {
		{ SIGSEGV, "SIGSEGV" }, { SIGBUS, "SIGBUS" }, { SIGILL, "SIGILL" },
		{ SIGFPE, "SIGFPE" }, { SIGABRT, "SIGABRT" },
	};
	char text[160], *p = text, *end = text + sizeof(text) - 1;
	size_t i;

	(void)context;
	p = append(p, end, "PID 1 died of ");
	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].sig == sig)
			p = append(p, end, names[i].name);
	if (sig != SIGABRT) {
		p = append(p, end, " at address ");
		p = append_hex(p, end, (uint64_t)(uintptr_t)info->si_addr);
	}
	guest_link__send(&guest.link, KTSTR_MSG_CRASH, text, (size_t)(p - text));
	if (guest.link.doorbell)
		guest_link__ring(&guest.link);
	p = append(p, end, "\n");
	i = (size_t)(p - text);
	if (write(STDERR_FILENO, text, i) < 0)
		errno = 0;
	machine_reset();
}

static void catch_crashes(void)
{
	static const int fatal[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT };
	static char stack[64 * 1024];
	stack_t alt = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct sigaction sa = {
		.sa_sigaction = on_crash,
		/* a crash in the handler panics the kernel, which resets too */
		.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESETHAND,
	};
	size_t i;

	sigaltstack(&alt, NULL);
	for (i = 0; i < ARRAY_SIZE(fatal); i++)
		sigaction(fatal[i], &sa, NULL);
}

/* PATH: every folder of included files that has a program in it, then the usual ones. */
static char search_path[4096] = "";

static int add_to_path(const char *file, const struct stat *st, int type, struct FTW *ftw)
{
	size_t have = strlen(search_path), len = (size_t)ftw->base - 1;
	const char *at = search_path;

	if (type != FTW_F || !(st->st_mode & 0111))
		return 0;
	while ((at = strstr(at, INCLUDE_DIR))) {
		if (!strncmp(at, file, len) && at[len] == ':')
			return 0;
		at++;
	}
	if (have + len + sizeof(":/bin:/usr/bin:/sbin:/usr/sbin") < sizeof(search_path))
		snprintf(search_path + have, sizeof(search_path) - have, "%.*s:", (int)len, file);
	return 0;
}

static void set_environment(void)
{
	nftw(INCLUDE_DIR, add_to_path, 16, FTW_PHYS);
	strcat(search_path, "/bin:/usr/bin:/sbin:/usr/sbin");
	setenv("PATH", search_path, 1);
	/* tells workers that a parent with pid 1 does not mean that they are orphans */
	setenv("KTSTR_GUEST_INIT", "1", 1);
}

/* The scheduler under test must not be able to starve PID 1. Children start as normal tasks. */
static void become_realtime(void)
{
	struct sched_param param = { .sched_priority = 1 };

	if (sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &param))
		fprintf(stderr, "ktstr: PID 1 stays a normal task: %m\n");
}

static void open_sources(struct guest *g)
{
	sigset_t chld;

	/* SIGCHLD stays at its default: ignoring it would lose every exit status */
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, NULL);
	g->sig_fd = signalfd(-1, &chld, SFD_NONBLOCK | SFD_CLOEXEC);
	if (g->sig_fd < 0)
		give_up("signalfd: %s", strerror(errno));
	g->kmsg_fd = guest_kmsg__open();
	if (g->kmsg_fd < 0)
		guest_mount__console("/dev/kmsg: %s; the kernel log is not forwarded",
				     strerror(-g->kmsg_fd));
	/* without it (no CONFIG_NET) the kernel log has to announce the scheduler */
	g->uevent_fd = guest_uevent__open();
	if (g->kmsg_fd < 0 && g->uevent_fd < 0)
		give_up("neither kernel log nor uevents: no way to watch sched_ext");
}

static void read_args(struct guest *g)
{
	static char text[256 * 1024];
	ssize_t len = guest_file__read(KTSTR_GUEST_ARGS, text, sizeof(text));
	struct ktstr_err err;

	if (len < 0)
		give_up(KTSTR_GUEST_ARGS ": %s", strerror((int)-len));
	if (ktstr_guest_args__parse(&g->args, text, &err))
		give_up(KTSTR_GUEST_ARGS ": %s", err.msg);
}

/* Drivers bind while their module is loaded, so their devices exist afterwards. */
static void load_drivers(struct guest *g)
{
	char **p;

	for (p = g->args.modules; p && *p; p++) {
		int fd = open(*p, O_RDONLY | O_CLOEXEC);

		if (fd < 0 || (syscall(SYS_finit_module, fd, "", 0) && errno != EEXIST))
			give_up("kernel module %s: %s", *p, strerror(errno));
		close(fd);
	}
	for (p = g->args.devices; p && *p; p++)
		if (access(*p, F_OK))
			give_up("%s is missing: this kernel has no driver for a device that the test declares",
				*p);
}

/* Its programs and workers make their temporary files there. */
static void mount_disk(const struct guest *g)
{
	const char *type = g->args.disk_filesystem;

	if (!type)
		return;
	mkdir(KTSTR_DISK_DIR, 0755);
	if (mount("/dev/vda", KTSTR_DISK_DIR, type, MS_NOATIME, NULL))
		give_up("mount the disk as %s: %s%s", type, strerror(errno),
			errno == ENODEV ? "; this kernel does not have that file system" : "");
	chmod(KTSTR_DISK_DIR, 01777);
	setenv("TMPDIR", KTSTR_DISK_DIR, 1);
}

void ktstr_guest_main(void)
{
	int32_t status;		/* positive, as an exit status of a process */

	catch_crashes();
	guest_mount__all();
	guest_mount__stdio();
	if (guest_link__open(&guest.link))
		give_up("no channel to the host");
	if (access(KTSTR_GUEST_SENTINEL, F_OK))
		give_up("the root file system is incomplete (" KTSTR_GUEST_SENTINEL
			" is missing): the guest ran out of memory while unpacking it; raise memory_mib");
	set_environment();
	guest_counters__begin();
	become_realtime();
	open_sources(&guest);
	read_args(&guest);
	load_drivers(&guest);
	mount_disk(&guest);

	status = -guest_supervise(&guest);

	guest_counts__send(&guest);
	guest_counters__send(&guest);
	guest_link__send(&guest.link, KTSTR_MSG_EXIT, &status, sizeof(status));
	guest_link__ring(&guest.link);
	machine_reset();
}
