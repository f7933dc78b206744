// SPDX-License-Identifier: GPL-2.0
/*
 * One command in a guest, or a shell: what `ktstr shell` runs. The tool leaves the command as a script
 * and names the files that it needs in KTSTR_SHELL_FILES, one per line; all of them are packed at
 * /include-files. What the command prints goes to the output of the program (output.log), and its
 * end is the last line: the byte 0x1e, "exit" and the status as a shell has it.
 *
 * Without a command a shell has a pseudoterminal, and this program stands between its other end and
 * the serial port, which the host joins to a terminal (ktstr/terminal.h).
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <ktstr.h>
#include <ktstr/terminal.h>

#define DIR		"/include-files/"
#define TERMINFO	"/tmp/terminfo"
#define MAX_FILES	64
#define DURATION_S	60
#define SIZE_MS		5000	/* for the size of the terminal to come */

static const char *files[MAX_FILES + 1];

static void __attribute__((noreturn)) command(void)
{
	int in = open(DIR "ktstr-stdin", O_RDONLY);

	if (in < 0)
		in = open("/dev/null", O_RDONLY);
	dup2(in, STDIN_FILENO);
	dup2(STDOUT_FILENO, STDERR_FILENO);
	execl(DIR "sh", "sh", DIR "ktstr-command", NULL);
	_exit(127);
}

static int as_shell_has_it(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int run_command(void)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		command();
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -errno;
	status = as_shell_has_it(status);
	printf("\n\036exit %d\n", status);
	fflush(stdout);
	return status;
}

struct session {
	int port, pty, slave;
	bool sized;			/* the host has said how large its terminal is */
	struct terminal_reader from_host;
	char typed[KTSTR_TERMINAL_WINDOW];	/* and not passed on yet */
	size_t nr_typed;
};

/* Blocks while the port is busy. */
static int send_all(int fd, const char *text, size_t len)
{
	ssize_t n;

	for (; len; text += n, len -= (size_t)n) {
		n = write(fd, text, len);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n < 0)
			n = 0;
	}
	return 0;
}

static int say(int fd, enum terminal_letter letter, size_t number)
{
	char text[32];

	return send_all(fd, text, (size_t)snprintf(text, sizeof(text), "%c%c%zu;", KTSTR_TERMINAL_MARK,
						   letter, number));
}

static int open_port(void)
{
	int fd = open("/dev/ttyS1", O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct termios t;

	if (fd < 0 || tcgetattr(fd, &t))
		return -errno;
	cfmakeraw(&t);
	cfsetspeed(&t, B115200);
	t.c_cflag |= CREAD | CLOCAL;
	return tcsetattr(fd, TCSANOW, &t) ? -errno : fd;
}

static int open_pty(void)
{
	int fd;

	mkdir("/dev/pts", 0755);
	if (mount("devpts", "/dev/pts", "devpts", 0, "mode=620,ptmxmode=666") && errno != EBUSY)
		return -errno;
	fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	return fd < 0 || unlockpt(fd) ? -errno : fd;
}

/* Where ncurses looks for the description of the terminal, which came as a file. */
static void set_terminfo(void)
{
	const char *type = getenv("TERM");
	char file[256], dir[sizeof(TERMINFO) + 2], link[sizeof(dir) + sizeof(file)];

	if (!type || !*type ||
	    (size_t)snprintf(file, sizeof(file), DIR "%s", type) >= sizeof(file) || access(file, R_OK))
		return;
	snprintf(dir, sizeof(dir), TERMINFO "/%c", *type);
	snprintf(link, sizeof(link), "%s/%s", dir, type);
	mkdir(TERMINFO, 0755);
	mkdir(dir, 0755);
	if (!symlink(file, link) || errno == EEXIST)
		setenv("TERMINFO", TERMINFO, 1);
}

/* bash if the user included it, else sh. */
static void __attribute__((noreturn)) become_shell(int fd)
{
	setsid();
	dup2(fd, STDIN_FILENO);
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	if (ioctl(STDIN_FILENO, TIOCSCTTY, 0) || chdir("/"))
		_exit(126);
	setenv("HOME", "/", 1);
	set_terminfo();
	execlp("bash", "bash", "-i", NULL);
	execl(DIR "sh", "sh", "-i", NULL);
	_exit(127);
}

static void from_host(struct session *s)
{
	char text[KTSTR_TERMINAL_WINDOW];
	struct winsize ws = { 0 };
	ssize_t n, i;

	n = read(s->port, text, sizeof(text));
	for (i = 0; i < n; i++) {
		switch (terminal_read(&s->from_host, (uint8_t)text[i])) {
		case TERMINAL_DATA:
			if (s->nr_typed < sizeof(s->typed))
				s->typed[s->nr_typed++] = text[i];
			break;
		case TERMINAL_MESSAGE:
			ws.ws_row = s->from_host.number[0];
			ws.ws_col = s->from_host.number[1];
			if (s->from_host.letter != TERMINAL_SIZE)
				break;
			ioctl(s->pty, TIOCSWINSZ, &ws);
			s->sized = true;
			break;
		default:
			break;
		}
	}
}

static int to_shell(struct session *s)
{
	ssize_t n = write(s->pty, s->typed, s->nr_typed);

	if (n <= 0)
		return 0;
	s->nr_typed -= (size_t)n;
	memmove(s->typed, s->typed + n, s->nr_typed);
	return say(s->port, TERMINAL_TAKEN, (size_t)n);
}

/* True: there may be more. */
static bool from_shell(struct session *s)
{
	char text[4096], escaped[2 * sizeof(text)];
	ssize_t n = read(s->pty, text, sizeof(text));

	return n > 0 && !send_all(s->port, escaped, terminal_escape(escaped, text, (size_t)n));
}

/* Until the shell ends. What it printed last can be read by then. */
static void serve(struct session *s, int pidfd)
{
	struct pollfd p[] = {
		{ .fd = pidfd, .events = POLLIN },
		{ .fd = s->port, .events = POLLIN },
		{ .fd = s->pty },
	};

	while (!p[0].revents) {
		p[2].events = POLLIN | (s->nr_typed ? POLLOUT : 0);
		if (poll(p, 3, -1) < 0 && errno != EINTR)
			return;
		if (p[1].revents)
			from_host(s);
		if (p[2].revents & POLLOUT)
			to_shell(s);
		if (p[2].revents & POLLIN)
			from_shell(s);
	}
	while (from_shell(s))
		;
}

static int open_session(struct session *s)
{
	struct pollfd p = { .events = POLLIN };

	s->port = open_port();
	s->pty = open_pty();
	if (s->port < 0 || s->pty < 0)
		return s->port < 0 ? s->port : s->pty;
	/* open here too, so that the other end does not hang up before the shell has it */
	s->slave = open(ptsname(s->pty), O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (s->slave < 0 || fcntl(s->pty, F_SETFL, O_NONBLOCK))
		return -errno;
	p.fd = s->port;
	say(s->port, TERMINAL_READY, 0);
	while (!s->sized && poll(&p, 1, SIZE_MS) > 0)
		from_host(s);
	return 0;
}

static int run_session(void)
{
	struct session s = { 0 };
	int ret = open_session(&s), status;
	pid_t pid;

	if (ret)
		return ret;
	pid = fork();
	if (!pid)
		become_shell(s.slave);
	if (pid < 0)
		return -errno;
	serve(&s, (int)syscall(SYS_pidfd_open, pid, 0));
	if (waitpid(pid, &status, 0) != pid)
		return -errno;
	status = as_shell_has_it(status);
	say(s.port, TERMINAL_END, (size_t)status);
	tcdrain(s.port);
	return status;
}

static int run(struct ktstr_ctx *ctx)
{
	int status = access(DIR "ktstr-command", F_OK) ? run_session() : run_command();

	if (status < 0)
		return status;
	if (status)
		ktstr_fail(ctx, "the command ended with status %d", status);
	else
		ktstr_pass(ctx);
	return 0;
}

KTSTR_DEFAULTS_BEGIN
static struct ktstr_test shell = {
	KTSTR_TEST_UNSET, .name = "shell", .file = __FILE__, .line = __LINE__, .body = run,
	.ignore = KTSTR_ON, .duration_s = DURATION_S,
};
KTSTR_DEFAULTS_END

static const struct ktstr_test * const *make(unsigned int *nr)
{
	static const struct ktstr_test * const list[] = { &shell };
	const char *text = getenv("KTSTR_SHELL_FILES");
	char *copy = text ? strdup(text) : NULL, *line;
	unsigned int i = 0;

	for (line = copy ? strtok(copy, "\n") : NULL; line && i < MAX_FILES;
	     line = strtok(NULL, "\n"))
		files[i++] = line;
	shell.extra_include_files = i ? files : NULL;
	*nr = 1;
	return list;
}
KTSTR_MAKE_TESTS(make);
