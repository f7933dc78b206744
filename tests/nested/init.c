// SPDX-License-Identifier: GPL-2.0
/*
 * /init of the nested rig's host (docs/nested-kvm.md): loads KVM, makes the machine that the
 * rig was started on its own root file system, runs one command there and switches off.
 *
 * Everything it needs to know arrives as strings in QEMU's fw_cfg, everything that goes back
 * leaves by ports of one virtio-serial device. The root is an overlay: below it the real
 * machine's files, read-only, over 9p; above it a tmpfs. So any path means the same inside
 * and outside, nothing has to be packed, and nothing that is written inside survives.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/rtc.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Number N is "nr=N" of run.sh: out, err, status; the terminal of -i is the console. */
#define PORT_OUT	"/dev/vport0p1"
#define PORT_ERR	"/dev/vport0p2"
#define PORT_STATUS	"/dev/vport0p3"
#define TERMINAL	"/dev/hvc0"
#define SPEC		"/sys/firmware/qemu_fw_cfg/by_name/opt/ktstr/spec/raw"
#define MARK		"ktstr-nested "	/* begins a line for run.sh */
#define SPEC_MAX	(1 << 20)
#define MSIZE		"msize=524288"

/* What run.sh says, in this order, NUL after each; the environment is the rest. */
struct spec {
	const char *cwd;
	const char *out;	/* the folder that goes back to the machine outside, or "" */
	const char *cache;	/* of 9p */
	const char *rows;	/* of the terminal; "": there is none */
	const char *cols;
	char **argv;
	char **envp;
};

static int status_fd = -1;

static void off(void) __attribute__((noreturn));
static void fail(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

static void off(void)
{
	sync();
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}

/* The rig cannot do what it is for: one line that run.sh prints. */
static void fail(const char *fmt, ...)
{
	char why[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	dprintf(status_fd < 0 ? STDOUT_FILENO : status_fd, "\n" MARK "error %s\n", why);
	off();
}

static void must_mount(const char *what, const char *where, const char *type,
		       unsigned long flags, const char *options)
{
	mkdir(where, 0755);
	if (mount(what, where, type, flags, options))
		fail("mount %s on %s: %s", what, where, strerror(errno));
}

static int must_open(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		fail("open %s: %s", path, strerror(errno));
	return fd;
}

/* /modules lists the files to load, in order. */
static void load_modules(void)
{
	char name[256];
	FILE *list = fopen("/modules", "r");

	if (!list)
		fail("/modules: %s", strerror(errno));
	while (fgets(name, sizeof(name), list)) {
		int fd;

		name[strcspn(name, "\n")] = '\0';
		fd = open(name, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || syscall(SYS_finit_module, fd, "", 0))
			fail("module %s: %s", name, strerror(errno));
		close(fd);
	}
	fclose(list);
}

/*
 * An interrupt that the CPU's own timer has no part in, every second at least, as long as we
 * live: the emulator forgets one now and then, and after the timer's there would be no other.
 * The next one, whatever it is, brings it back. See docs/nested-kvm.md.
 */
static void start_heartbeat(void)
{
	int fd = open("/dev/rtc0", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || ioctl(fd, RTC_UIE_ON, 0))
		fail("/dev/rtc0: %s", strerror(errno));
}

static const char *next(char **p, const char *end)
{
	char *s = *p;

	if (s >= end)
		fail("the description of the command is cut short");
	*p = s + strlen(s) + 1;
	return s;
}

static void read_spec(struct spec *s)
{
	static char text[SPEC_MAX + 1];
	static char *strings[SPEC_MAX + 2];
	size_t fill = 0, n = 0, argc;
	char *p = text, *end;
	int fd = open(SPEC, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	if (fd < 0)
		fail("%s: %s", SPEC, strerror(errno));
	while (fill < SPEC_MAX && (got = read(fd, text + fill, SPEC_MAX - fill)) > 0)
		fill += (size_t)got;
	if (fill == SPEC_MAX)
		fail("command and environment have more than %d bytes", SPEC_MAX);
	close(fd);
	end = text + fill;
	s->cwd = next(&p, end);
	s->out = next(&p, end);
	s->cache = next(&p, end);
	s->rows = next(&p, end);
	s->cols = next(&p, end);
	argc = strtoul(next(&p, end), NULL, 10);
	s->argv = strings;
	while (n < argc)
		strings[n++] = (char *)next(&p, end);
	strings[n++] = NULL;
	s->envp = strings + n;
	while (p < end)
		strings[n++] = (char *)next(&p, end);
	strings[n] = NULL;
}

/* The file system of the machine outside, with what a running system mounts over it. */
static void make_root(const struct spec *s)
{
	char options[128];

	snprintf(options, sizeof(options), "trans=virtio,version=9p2000.L,%s,cache=%s", MSIZE,
		 s->cache);
	must_mount("root", "/below", "9p", MS_RDONLY, options);
	must_mount("above", "/above", "tmpfs", 0, "mode=0755");
	mkdir("/above/upper", 0755);
	mkdir("/above/work", 0755);
	must_mount("root", "/new", "overlay", 0,
		   "lowerdir=/below,upperdir=/above/upper,workdir=/above/work");
	if (*s->out) {
		char where[4096];

		snprintf(options, sizeof(options), "trans=virtio,version=9p2000.L,%s", MSIZE);
		snprintf(where, sizeof(where), "/new%s", s->out);
		must_mount("out", where, "9p", 0, options);
	}
	if (mount("/dev", "/new/dev", NULL, MS_MOVE, NULL) ||
	    mount("/proc", "/new/proc", NULL, MS_MOVE, NULL) ||
	    mount("/sys", "/new/sys", NULL, MS_MOVE, NULL) || chdir("/new") ||
	    mount("/new", "/", NULL, MS_MOVE, NULL) || chroot(".") || chdir("/"))
		fail("changing the root: %s", strerror(errno));
	must_mount("pts", "/dev/pts", "devpts", 0, "ptmxmode=0666");
	must_mount("shm", "/dev/shm", "tmpfs", 0, "mode=1777");
	must_mount("run", "/run", "tmpfs", 0, "mode=0755");
	must_mount("cgroup", "/sys/fs/cgroup", "cgroup2", 0, NULL);
}

static void make_devices(void)
{
	must_mount("dev", "/dev", "devtmpfs", 0, NULL);
	must_mount("proc", "/proc", "proc", 0, NULL);
	must_mount("sys", "/sys", "sysfs", 0, NULL);
	symlink("/proc/self/fd", "/dev/fd");
	symlink("/proc/self/fd/0", "/dev/stdin");
	symlink("/proc/self/fd/1", "/dev/stdout");
	symlink("/proc/self/fd/2", "/dev/stderr");
}

/* Run in the child: never returns. */
static void run(const struct spec *s, int in, int out, int err)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	if (*s->rows) {
		struct winsize size = {
			.ws_row = (unsigned short)atoi(s->rows),
			.ws_col = (unsigned short)atoi(s->cols),
		};

		ioctl(in, TIOCSCTTY, 0);
		ioctl(in, TIOCSWINSZ, &size);
	}
	if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0 || chdir(s->cwd)) {
		dprintf(err, "%s: %s\n", s->cwd, strerror(errno));
		_exit(127);
	}
	environ = s->envp;
	execvp(s->argv[0], s->argv);
	dprintf(err, "%s: %s\n", s->argv[0], strerror(errno));
	_exit(127);
}

static bool move(int from, int to)
{
	char buf[65536];
	ssize_t n = read(from, buf, sizeof(buf)), done = 0, w;

	while (done < n) {
		w = write(to, buf + done, (size_t)(n - done));
		if (w < 0)
			return false;
		done += w;
	}
	return n > 0;
}

/* Orphans are ours, too. True when @pid ended; then its status is on its way out. */
static bool reap(pid_t pid)
{
	int status;
	pid_t got;

	while ((got = waitpid(-1, &status, WNOHANG)) > 0) {
		if (got != pid)
			continue;
		dprintf(status_fd, "\n" MARK "exit %d\n", WIFEXITED(status) ? WEXITSTATUS(status) :
			128 + WTERMSIG(status));
		return true;
	}
	return false;
}

/*
 * Until @pid ends. Its output comes through pipes because a port can be opened only once and
 * programs reopen /dev/stdout. What is in the pipes at the end is still passed on; what
 * orphans write later is not.
 */
static void pump(pid_t pid, int out, int err, int sigs)
{
	struct pollfd p[] = {
		{ .fd = out, .events = POLLIN },
		{ .fd = err, .events = POLLIN },
		{ .fd = sigs, .events = POLLIN },
	};
	const int to[] = { must_open(PORT_OUT), must_open(PORT_ERR) };
	struct signalfd_siginfo info;
	bool over = false;

	while (poll(p, 3, over ? 0 : -1) > 0) {
		for (int i = 0; i < 2; i++)
			if (p[i].revents && !move(p[i].fd, to[i]))
				p[i].fd = -1;
		if (p[2].revents && read(sigs, &info, sizeof(info)) > 0 && reap(pid)) {
			over = true;
			p[2].fd = -1;
		}
	}
}

static void run_command(const struct spec *s, int sigs)
{
	int out[2], err[2], in;
	pid_t pid;

	if (pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC))
		fail("pipe: %s", strerror(errno));
	in = must_open(*s->rows ? TERMINAL : "/dev/null");
	pid = fork();
	if (pid < 0)
		fail("fork: %s", strerror(errno));
	if (!pid)
		run(s, in, *s->rows ? in : out[1], *s->rows ? in : err[1]);
	close(out[1]);
	close(err[1]);
	pump(pid, out[0], err[0], sigs);
}

int main(void)
{
	struct spec spec;
	sigset_t child;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
	make_devices();
	load_modules();
	status_fd = must_open(PORT_STATUS);
	start_heartbeat();
	if (access("/dev/kvm", R_OK | W_OK))
		fail("its kernel offers no /dev/kvm: %s", strerror(errno));
	read_spec(&spec);
	make_root(&spec);
	run_command(&spec, signalfd(-1, &child, SFD_CLOEXEC));
	off();
}
