// SPDX-License-Identifier: GPL-2.0
/*
 * ktstr shell: a shell or one command in a guest, by the machinery of tests. It becomes the test of
 * the program `shell` (scenarios/shell.c), with the files that it needs. The output of a command is
 * copied while it runs; a shell is joined to the terminal (run/session.h). The exit status is the
 * tool's.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/model/run.h"
#include "harness/plan/override.h"
#include "lib/parse.h"
#include "lib/paths.h"
#include "commands/builtin.h"
#include "tools-testing-ktstr/run/kernels.h"
#include "tools-testing-ktstr/run/session.h"
#include "tools-testing-ktstr/commands/settings.h"

#define TEST		"shell"
#define LOOK_MS		100		/* at the output, which is a file */
#define END_MARK	'\036'		/* before "exit STATUS" */
#define MAX_STDIN	(16 << 20)
#define TERM_CHARS	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-._"

static struct {
	const char *exec, *input, *scheduler, *topology, *duration, *kernel, *accel, *seed;
	struct strings include, kargs;
	const char *cpu_cap;
	bool console, no_perf;
	char dir[PATH_MAX];		/* of our own, with command and input */
	char log[PATH_MAX];		/* what the program prints about the run */
	char output[PATH_MAX];		/* of the command */
	int terminal;			/* the program's end of its socket; -1: there is no session */
} o;

static const char * const shell_usage[] = {
	"ktstr shell [OPTIONS] [-- ARGS OF THE SCHEDULER]",
	"ktstr shell --exec COMMAND [OPTIONS] [-- ARGS OF THE SCHEDULER]",
	"",
	"Boots a guest with an interactive shell on the terminal: bash if -i bash is given, else the",
	"host's sh. If standard input is no terminal, it is a script for that shell. With --exec the",
	"shell runs COMMAND, whose standard input is empty without --stdin. Ends with the exit status",
	"of the shell or command (129: wrong usage, 125: there was no guest to run it in). The guest",
	"has the programs that -i names, and nothing else but its kernel's file systems.",
	"Way out of a guest that hangs: ~. at the start of a line, or SIGTERM.",
	NULL
};

static const struct option shell_options[] = {
	OPT_STRING(0, "exec", &o.exec, "COMMAND", "what the guest's sh runs"),
	OPT_CALLBACK('i', "include", &o.include, "FILE",
		     "a program or file of the host for the guest, with its libraries (repeatable)", strings__option),
	OPT_STRING(0, "stdin", &o.input, "FILE", "standard input of the command; - is that of the tool"),
	OPT_STRING(0, "scheduler", &o.scheduler, "BINARY", "attach this scheduler first; its arguments follow --"),
	OPT_STRING(0, "topology", &o.topology, "1n2l4c1t", "NUMA nodes, LLCs in total, cores per LLC, threads per core"),
	OPT_STRING(0, "duration", &o.duration, "S", "guest seconds that it may take (default: 60, a day on a terminal)"),
	OPT_STRING(0, "kernel", &o.kernel, "SPEC", "image, kernel tree, version or cache key"),
	OPT_STRING(0, "accel", &o.accel, "kvm|tcg", "accelerator (default: kvm where it works)"),
	OPT_STRING(0, "seed", &o.seed, "N", "deterministic run of COMMAND with this seed (implies --accel tcg)"),
	OPT_CALLBACK(0, "karg", &o.kargs, "ARG", "one more parameter of the guest's kernel (repeatable)", strings__option),
	OPT_BOOLEAN(0, "no-perf-mode", &o.no_perf, "on a budget of the host's CPUs"),
	OPT_STRING(0, "cpu-cap", &o.cpu_cap, "N", "that budget (needs --no-perf-mode)"),
	OPT_BOOLEAN(0, "console", &o.console, "show the guest's console on stderr while it runs"),
	OPT_END()
};

const struct command_help shell_help = { shell_usage, shell_options };

#define FAILED	125	/* as env(1) and docker: not the command's own status */

static int write_file(const char *name, const char *text, size_t len)
{
	char path[PATH_MAX];
	int ret = ktstr_paths__fmt(path, sizeof(path), "%s/%s", o.dir, name);

	if (!ret)
		ret = ktstr_paths__write(path, text, len);
	return ret ? complain(FAILED, NULL, "shell: %s: %s", name, strerror(-ret)) : 0;
}

/* The whole of --stdin, because a guest gets all of its input with its files. */
static int write_input(void)
{
	int fd = strcmp(o.input, "-") ? open(o.input, O_RDONLY | O_CLOEXEC) : STDIN_FILENO, ret;
	char *text = fd >= 0 ? malloc(MAX_STDIN + 1) : NULL;
	size_t len = 0;
	ssize_t n = 0;

	while (text && len <= MAX_STDIN && (n = read(fd, text + len, MAX_STDIN + 1 - len)) > 0)
		len += n;
	if (!text || n < 0)
		ret = complain(FAILED, NULL, "shell: --stdin %s: %s", o.input, strerror(errno));
	else if (len > MAX_STDIN)
		ret = complain(FAILED, NULL, "shell: --stdin %s: is larger than 16 MiB", o.input);
	else
		ret = write_file("ktstr-stdin", text, len);
	free(text);
	if (fd > STDIN_FILENO)
		close(fd);
	return ret;
}

/* The description of the user's terminal, which programs of the guest look for. 0, or -ENOENT. */
static int find_terminfo(char *path, size_t size)
{
	static const char * const roots[] = {
		"/etc/terminfo", "/lib/terminfo", "/usr/share/terminfo",
	};
	const char *type = getenv("TERM");
	size_t i;

	if (!type || !*type || type[strspn(type, TERM_CHARS)])
		return -ENOENT;
	for (i = 0; i < ARRAY_SIZE(roots); i++)
		if (!ktstr_paths__fmt(path, size, "%s/%c/%s", roots[i], *type, type) &&
		    !access(path, R_OK))
			return 0;
	return -ENOENT;
}

/* Absolute paths, one a line, for the program. A bare name stays: it is looked up in PATH. */
static int export_files(void)
{
	char *text = NULL, path[PATH_MAX];
	size_t len, i;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return complain(FAILED, NULL, "shell: %s", strerror(errno));
	fprintf(f, "/bin/sh\n");
	if (o.exec)
		fprintf(f, "%s/ktstr-command\n", o.dir);
	else if (!find_terminfo(path, sizeof(path)))
		fprintf(f, "%s\n", path);
	if (o.input)
		fprintf(f, "%s/ktstr-stdin\n", o.dir);
	for (i = 0; i < o.include.nr; i++)
		fprintf(f, "%s\n", strchr(o.include.item[i], '/') &&
			!ktstr_paths__absolute(o.include.item[i], path, sizeof(path)) ?
			path : o.include.item[i]);
	if (fclose(f))
		return complain(FAILED, NULL, "shell: %s", strerror(ENOMEM));
	setenv("KTSTR_SHELL_FILES", text, 1);
	free(text);
	return 0;
}

static int export_lines(const char *variable, const char * const *lines, size_t nr)
{
	char *text = NULL;
	size_t len, i;
	FILE *f = nr ? open_memstream(&text, &len) : NULL;

	for (i = 0; f && i < nr; i++)
		fprintf(f, "%s\n", lines[i]);
	if (nr && (!f || fclose(f)))
		return complain(FAILED, NULL, "shell: %s", strerror(ENOMEM));
	if (nr)
		setenv(variable, text, 1);
	free(text);
	return 0;
}

static int export_options(const char * const *sched_args, size_t nr_sched_args)
{
	char path[PATH_MAX];
	bool named = o.scheduler && strchr(o.scheduler, '/') &&
		     !ktstr_paths__absolute(o.scheduler, path, sizeof(path));
	const struct setting vars[] = {
		{ "scheduler", KTSTR_ENV_SCHEDULER, named ? path : o.scheduler },
		{ "topology", KTSTR_ENV_TOPOLOGY, o.topology },
		{ "no-perf-mode", "KTSTR_NO_PERF_MODE", o.no_perf ? "1" : NULL },
		{ "cpu-cap", KTSTR_ENV_CPU_CAP, o.cpu_cap },
		{ "duration", KTSTR_ENV_DURATION, o.duration },
		{ "accel", "KTSTR_ACCEL", o.seed ? "tcg" : o.accel },
		{ "seed", "KTSTR_SEED", o.seed },
	};
	struct ktstr_run_opts opts = { 0 };
	int ret;

	settings__export(vars, ARRAY_SIZE(vars));
	if (export_lines(KTSTR_ENV_SCHED_ARGS, sched_args, nr_sched_args) ||
	    export_lines(KTSTR_ENV_KARGS, o.kargs.item, o.kargs.nr))
		return FAILED;
	ret = settings__read("shell", vars, ARRAY_SIZE(vars), &opts, FAILED);
	free((char *)opts.runs_root);
	free((char *)opts.run_id);
	return ret;
}

/* As for `ktstr run`: a version that is missing is fetched, a tree without an image is built. */
static int choose_kernel(void)
{
	struct strings specs = { 0 };
	struct run_kernels ks = { 0 };
	int ret;

	if (!o.kernel)
		return 0;
	if (strings__add(&specs, o.kernel))
		return complain(FAILED, NULL, "shell: %s", strerror(ENOMEM));
	ret = run_kernels__find(&ks, &specs, "shell");
	if (ret)
		ret = ret == WRONG_USAGE ? WRONG_USAGE : FAILED;
	else if (ks.nr != 1)
		ret = complain(WRONG_USAGE, NULL, "shell: --kernel %s: a shell runs on one kernel, these are %u",
			       o.kernel, ks.nr);
	else
		run_kernel__export(&ks.item[0]);
	run_kernels__put(&ks);
	strings__free(&specs);
	return ret;
}

/* The folder of the run is known before the run. */
static int choose_places(void)
{
	char root[PATH_MAX], id[32];
	struct ktstr_err err;

	if (ktstr_paths__runs_root(root, sizeof(root), &err))
		return complain(FAILED, NULL, "shell: %s", err.msg);
	snprintf(id, sizeof(id), "shell-%d", getpid());
	setenv("KTSTR_RUN_ID", id, 1);
	if (ktstr_paths__fmt(o.output, sizeof(o.output), "%s/%s/ktstr." TEST "/output.log", root, id) ||
	    ktstr_paths__fmt(o.log, sizeof(o.log), "%s/log", o.dir))
		return complain(FAILED, NULL, "shell: %s", strerror(ENAMETOOLONG));
	return 0;
}

static volatile pid_t child_pid;

static void forward(int sig)
{
	kill(child_pid, sig);
}

/* In a group of its own, so that a ^C reaches it once, by way of us; it takes its machine down. */
static pid_t start(const char *program)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction sa = { .sa_handler = forward };
	pid_t pid = fork();
	sigset_t none;
	size_t i;
	int fd;

	if (pid) {
		child_pid = pid;
		for (i = 0; pid > 0 && i < ARRAY_SIZE(signals); i++)
			sigaction(signals[i], &sa, NULL);
		return pid;
	}
	setpgid(0, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (o.terminal >= 0)
		fcntl(o.terminal, F_SETFD, 0);
	fd = open(o.log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd >= 0) {
		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
	}
	execl(program, program, "--exact", TEST, NULL);
	_exit(127);
}

struct copy {
	FILE *from;
	bool ended;		/* the mark was seen */
	bool held;		/* a line break that may belong to the mark */
	char end[32];		/* what follows it */
	size_t len;
};

/* What is new in the output, without the carriage returns of its terminal. */
static void copy_output(struct copy *c)
{
	int ch;

	if (!c->from)
		c->from = fopen(o.output, "re");
	if (!c->from)
		return;
	clearerr(c->from);
	while ((ch = getc(c->from)) != EOF) {
		if (ch == '\r')
			continue;
		if (c->ended) {
			if (c->len < sizeof(c->end) - 1)
				c->end[c->len++] = (char)ch;
			continue;
		}
		c->ended = ch == END_MARK;
		if (c->held && !c->ended)
			putchar('\n');
		c->held = ch == '\n';
		if (!c->ended && !c->held)
			putchar(ch);
	}
	fflush(stdout);
}

static int follow(pid_t pid)
{
	struct pollfd p = { .fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN };
	struct copy c = { 0 };
	int status = 0;

	do {
		copy_output(&c);
	} while (poll(&p, 1, LOOK_MS) <= 0);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	close(p.fd);
	copy_output(&c);
	if (c.from)
		fclose(c.from);
	if (WIFEXITED(status) && WEXITSTATUS(status) > 128)
		return WEXITSTATUS(status);	/* interrupted */
	if (c.ended && sscanf(c.end, "exit %d", &status) == 1)
		return status;
	/* nothing of the command's: what the program says */
	print_log(o.log);
	return FAILED;
}

/* A session ends with its guest. What the program says matters if the shell did not end. */
static int run_session(int sock, pid_t pid)
{
	int shell = session__run(sock, pid), status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (shell >= 0)
		return shell;
	if (WIFEXITED(status) && WEXITSTATUS(status) > 128)
		return WEXITSTATUS(status);	/* interrupted */
	print_log(o.log);
	return FAILED;
}

/* The settings of a session win over those of the environment. */
static int prepare_session(int *sock)
{
	char text[16], path[PATH_MAX];
	static char type[256];
	sigset_t winch;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return complain(FAILED, NULL, "shell: socket: %s", strerror(errno));
	*sock = ends[0];
	o.terminal = ends[1];
	snprintf(text, sizeof(text), "%d", o.terminal);
	setenv("KTSTR_TERMINAL", text, 1);
	setenv("KTSTR_TCG_THREADS", "multi", 1);
	if (!o.duration) {
		snprintf(text, sizeof(text), "%d", KTSTR_MAX_DURATION_S);
		setenv(KTSTR_ENV_DURATION, text, 1);
	}
	/* the kernel gives it to init as its environment */
	snprintf(type, sizeof(type), "TERM=%s", getenv("TERM") ?: "");
	if (!find_terminfo(path, sizeof(path)) && strings__add(&o.kargs, type))
		return complain(FAILED, NULL, "shell: %s", strerror(ENOMEM));
	sigemptyset(&winch);
	sigaddset(&winch, SIGWINCH);
	sigprocmask(SIG_BLOCK, &winch, NULL);
	fputs("ktstr: the guest boots; ~. at the start of a line ends it\n", stderr);
	return 0;
}

static void remove_dir(void)
{
	static const char * const names[] = { "ktstr-command", "ktstr-stdin", "log" };
	char path[PATH_MAX];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (!ktstr_paths__fmt(path, sizeof(path), "%s/%s", o.dir, names[i]))
			unlink(path);
	rmdir(o.dir);
}

static int run(const char * const *sched_args, size_t nr_sched_args)
{
	char program[PATH_MAX], dir[PATH_MAX];
	int sock = -1, ret;
	pid_t pid;

	if (ktstr_paths__exe_dir(dir, sizeof(dir)) ||
	    ktstr_paths__fmt(program, sizeof(program), "%s/" TEST, dir) || access(program, X_OK))
		return complain(FAILED, NULL, "shell: %s/" TEST ": %s; build the suite", dir,
				strerror(errno));
	if ((o.exec && write_file("ktstr-command", o.exec, strlen(o.exec))) || (o.input && write_input()) ||
	    (!o.exec && prepare_session(&sock)) || export_files() || choose_places())
		return FAILED;
	ret = export_options(sched_args, nr_sched_args) ?: choose_kernel();
	if (ret)
		return ret;
	if (o.console && export_console())
		return complain(FAILED, NULL, "shell: --console: %s", strerror(errno));
	fflush(NULL);
	pid = start(program);
	if (pid < 0)
		return complain(FAILED, NULL, "shell: fork: %s", strerror(errno));
	if (o.exec)
		return follow(pid);
	close(o.terminal);
	return run_session(sock, pid);
}

static int check_options(void)
{
	uint64_t v;

	if (o.exec && !*o.exec)
		return complain(WRONG_USAGE, NULL, "shell: --exec: the command is empty");
	if (!o.exec && o.input)
		return complain(WRONG_USAGE, NULL, "shell: --stdin is the input of a command, which is missing: --exec COMMAND");
	if (!o.exec && !isatty(STDIN_FILENO)) {
		o.exec = "exec $(command -v bash || echo sh) -s";
		o.input = "-";
	}
	if (o.seed && o.accel && !strcmp(o.accel, "kvm"))
		return complain(WRONG_USAGE, NULL, "shell: --seed needs --accel tcg");
	if (!o.exec && (o.seed || getenv("KTSTR_SEED")))
		return complain(WRONG_USAGE, NULL,
				"shell: %s: a deterministic guest hears nobody while it runs, so it has no interactive shell; leave it out, or give --exec",
				o.seed ? "--seed" : "KTSTR_SEED");
	if (o.cpu_cap && !o.no_perf)
		return complain(WRONG_USAGE, NULL, "shell: --cpu-cap needs --no-perf-mode");
	if (o.duration && ktstr_parse_u64(o.duration, 1, KTSTR_MAX_DURATION_S, &v))
		return complain(WRONG_USAGE, NULL, "shell: --duration %s: must be a number from 1 to %d",
				o.duration, KTSTR_MAX_DURATION_S);
	return 0;
}

int cmd_shell(int argc, const char **argv)
{
	const char * const *sched_args;
	int end, ret;

	for (end = 1; end < argc && strcmp(argv[end], "--"); end++)
		;
	sched_args = argv + end + (end < argc);
	o.terminal = -1;
	ret = argc > end + 1 ? argc - end - 1 : 0;
	if (end < argc)
		argv[end] = NULL;
	if (parse_args(end, argv, shell_options, shell_usage))
		return complain(WRONG_USAGE, NULL, "shell: takes no argument, but '%s' is one", argv[0]);
	if (ret && !o.scheduler)
		return complain(WRONG_USAGE, NULL, "shell: what follows -- are arguments of --scheduler, which is missing");
	end = check_options();
	if (end)
		return end;
	snprintf(o.dir, sizeof(o.dir), "%s/ktstr-shell-XXXXXX", getenv("TMPDIR") ?: "/tmp");
	if (!mkdtemp(o.dir))
		return complain(FAILED, NULL, "shell: %s: %s", o.dir, strerror(errno));
	ret = run(sched_args, ret);
	remove_dir();
	strings__free(&o.include);
	strings__free(&o.kargs);
	return ret;
}
