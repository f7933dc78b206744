// SPDX-License-Identifier: GPL-2.0
/* Which emulator is run, and that a started program is under control. */
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "vmm/qemu/qemu.h"
#include "kselftest_harness.h"

FIXTURE(find) {
	char dir[64];
	struct qemu_bin bin;
	struct ktstr_err err;
};

FIXTURE_SETUP(find)
{
	char cmd[512];

	strcpy(self->dir, "/tmp/vm_find_test.XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	snprintf(cmd, sizeof(cmd),
		 "cd %s && mkdir -p c/ktstr/qemu/current/usr/bin c/ktstr/qemu/current/usr/share/qemu p",
		 self->dir);
	ASSERT_EQ(0, system(cmd));
	setenv("XDG_CACHE_HOME", self->dir, 1);
	setenv("PATH", self->dir, 1);
	unsetenv("KTSTR_QEMU");
}

FIXTURE_TEARDOWN(find)
{
	char cmd[128];

	setenv("PATH", "/usr/bin:/bin", 1);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", self->dir);
	ASSERT_EQ(0, system(cmd));
}

/* A program at @dir/@path that says @text. */
static void fake(const char *dir, const char *path, const char *text)
{
	char file[256];
	FILE *f;

	snprintf(file, sizeof(file), "%s/%s", dir, path);
	f = fopen(file, "w");
	fprintf(f, "#!/bin/sh\n%s\n", text);
	fclose(f);
	chmod(file, 0755);
}

static void write_note(const char *dir, const char *text, char *path, size_t size)
{
	FILE *f;

	snprintf(path, size, "%s/c/ktstr/qemu/current/version", dir);
	f = fopen(path, "w");
	fputs(text, f);
	fclose(f);
}

static void set_dir(const char *var, const char *dir, const char *sub)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, sub);
	setenv(var, path, 1);
}

TEST(version_line)
{
	EXPECT_EQ(10, qemu_find_major("QEMU emulator version 10.0.2 (Debian 1:10.0.2)"));
	EXPECT_EQ(7, qemu_find_major("QEMU emulator version 7.2.11\n"));
	EXPECT_EQ(-EINVAL, qemu_find_major(""));
	EXPECT_EQ(-EINVAL, qemu_find_major("QEMU emulator version "));
	EXPECT_EQ(-EINVAL, qemu_find_major("QEMU emulator version -3.1"));
	EXPECT_EQ(-EINVAL, qemu_find_major("QEMU emulator version 99999999999999999999.1"));
	EXPECT_EQ(-EINVAL, qemu_find_major("bash 5.2"));
}

TEST_F(find, nothing_found_is_missing_and_says_what_to_do)
{
	EXPECT_GT(0, qemu_find(&self->bin, &self->err));
	EXPECT_TRUE(self->err.missing);
	EXPECT_NE(NULL, strstr(self->err.msg, "run_tests.sh"));
}

TEST_F(find, an_explicit_emulator_never_becomes_another)
{
	fake(self->dir, "qemu-system-x86_64", "echo QEMU emulator version 10.1.0");
	setenv("KTSTR_QEMU", "/nonexistent/qemu", 1);
	EXPECT_EQ(-ENOENT, qemu_find(&self->bin, &self->err));
	EXPECT_FALSE(self->err.missing);
	setenv("KTSTR_QEMU", "", 1);
	EXPECT_EQ(-ENOENT, qemu_find(&self->bin, &self->err));
}

TEST_F(find, path_is_the_last_resort)
{
	fake(self->dir, "qemu-system-x86_64", "echo QEMU emulator version 10.1.0");
	ASSERT_EQ(0, qemu_find(&self->bin, &self->err)) TH_LOG("%s", self->err.msg);
	EXPECT_STREQ("", self->bin.root);
}

/* Set-up has written it down; what is no such note, or of one that is too old, is asked. */
TEST_F(find, the_unpacked_one_is_not_run_where_its_version_is_known)
{
	static const char where[] = "c/ktstr/qemu/current/usr/bin/qemu-system-x86_64";
	static const char * const notes[] = { "", "nonsense\n", "QEMU emulator version 9.2.0\n" };
	char path[256];

	set_dir("XDG_CACHE_HOME", self->dir, "c");
	fake(self->dir, where, "exit 1");
	write_note(self->dir, "QEMU emulator version 10.0.2 (Debian)\nCopyright\n", path, sizeof(path));
	EXPECT_EQ(0, qemu_find(&self->bin, &self->err)) TH_LOG("%s", self->err.msg);
	for (size_t i = 0; i < sizeof(notes) / sizeof(*notes); i++) {
		write_note(self->dir, notes[i], path, sizeof(path));
		EXPECT_GT(0, qemu_find(&self->bin, &self->err));
	}
	unlink(path);
	EXPECT_GT(0, qemu_find(&self->bin, &self->err));
}

TEST_F(find, the_unpacked_one_goes_before_path_with_its_libraries)
{
	static const char where[] = "c/ktstr/qemu/current/usr/bin/qemu-system-x86_64";
	char want[4 * PATH_MAX];
	char **env;
	bool found = false;

	set_dir("XDG_CACHE_HOME", self->dir, "c");
	fake(self->dir, "qemu-system-x86_64", "echo QEMU emulator version 7.2.0");
	fake(self->dir, where, "echo QEMU emulator version 10.0.2");
	ASSERT_EQ(0, qemu_find(&self->bin, &self->err)) TH_LOG("%s", self->err.msg);
	snprintf(want, sizeof(want), "%s/c/ktstr/qemu/current", self->dir);
	EXPECT_STREQ(want, self->bin.root);

	setenv("LD_LIBRARY_PATH", "/mine", 1);
	env = qemu_process_env(&self->bin, -1);
	snprintf(want, sizeof(want),
		 "LD_LIBRARY_PATH=%1$s/usr/lib/x86_64-linux-gnu:%1$s/lib/x86_64-linux-gnu:/mine",
		 self->bin.root);
	for (char **e = env; *e; e++)
		found |= !strcmp(*e, want);
	EXPECT_TRUE(found);
	qemu_process_env_free(env);
}

TEST_F(find, one_library_is_preloaded_and_no_other)
{
	unsigned int preloads = 0;
	bool found = false;
	char **env;

	setenv("LD_PRELOAD", "/somebody/elses.so", 1);
	env = qemu_process_env(&self->bin, 7);
	for (char **e = env; *e; e++) {
		preloads += !strncmp(*e, "LD_PRELOAD=", 11);
		found |= !strcmp(*e, "LD_PRELOAD=/proc/self/fd/7");
	}
	EXPECT_EQ(1, preloads);
	EXPECT_TRUE(found);
	qemu_process_env_free(env);
	unsetenv("LD_PRELOAD");
}

TEST_F(find, too_old_or_not_an_emulator_is_missing)
{
	fake(self->dir, "qemu-system-x86_64", "echo QEMU emulator version 9.2.4");
	EXPECT_GT(0, qemu_find(&self->bin, &self->err));
	EXPECT_TRUE(self->err.missing);
	EXPECT_NE(NULL, strstr(self->err.msg, "QEMU 9"));
	fake(self->dir, "p/qemu-system-x86_64", "exit 1");
	set_dir("PATH", self->dir, "p");
	EXPECT_GT(0, qemu_find(&self->bin, &self->err));
	EXPECT_TRUE(self->err.missing);
}

TEST_F(find, the_plugin_is_looked_for_where_we_are_told)
{
	char path[PATH_MAX];

	set_dir("KTSTR_LIBDIR", self->dir, "p");
	EXPECT_GT(0, qemu_find_plugin(path, sizeof(path), &self->err));
	EXPECT_TRUE(self->err.missing);
	fake(self->dir, "p/hostcall.so", "");
	ASSERT_EQ(0, qemu_find_plugin(path, sizeof(path), &self->err));
	EXPECT_EQ(0, strncmp(path, self->dir, strlen(self->dir)));
}

/* Run a shell line with @keep handed over; its exit status. */
static int run(const char *line, const int *keep, size_t nr_keep, int out)
{
	char *argv[] = { (char *)"/bin/sh", (char *)"-c", (char *)line, NULL };
	struct qemu_process p = { .pidfd = -1 };
	int status, r;

	r = qemu_process_spawn(&p, argv, environ, out, -1, keep, nr_keep);
	if (r)
		return r;
	r = qemu_process_reap(&p, &status);
	return r ? r : WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

TEST(a_child_inherits_what_is_handed_over_and_nothing_else)
{
	int given = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int stray = open("/dev/null", O_RDONLY);
	char line[256];

	ASSERT_GT(given, 2);
	ASSERT_GT(stray, 2);
	snprintf(line, sizeof(line), "[ -e /proc/$$/fd/%d ] && [ ! -e /proc/$$/fd/%d ]", given,
		 stray);
	EXPECT_EQ(0, run(line, &given, 1, -1));
	EXPECT_EQ(0, run("[ $(readlink /proc/$$/fd/0) = /dev/null ]", NULL, 0, -1));
	EXPECT_EQ(FD_CLOEXEC, fcntl(given, F_GETFD));
}

TEST(signals_are_as_a_new_program_expects_them)
{
	sigset_t set;

	sigfillset(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	EXPECT_EQ(1000 + SIGTERM, run("kill -TERM $$", NULL, 0, -1));
	EXPECT_EQ(1000 + SIGPIPE, run("kill -PIPE $$", NULL, 0, -1));
}

TEST(a_program_that_cannot_run_is_an_error_not_a_child)
{
	char *argv[] = { (char *)"/nonexistent/program", NULL };
	struct qemu_process p = { .pidfd = -1 };

	EXPECT_EQ(-ENOENT, qemu_process_spawn(&p, argv, environ, -1, -1, NULL, 0));
	EXPECT_EQ(0, p.pid);
	EXPECT_EQ(-1, p.pidfd);
	EXPECT_EQ(-1, waitpid(-1, NULL, WNOHANG));
}

/* The starter is killed; the end of file on the pipe is the child's end. */
TEST(a_child_dies_with_its_starter)
{
	struct pollfd pfd = { .events = POLLIN };
	int fds[2];
	pid_t starter;
	char c;

	ASSERT_EQ(0, pipe2(fds, O_CLOEXEC));
	starter = fork();
	if (!starter) {
		char *argv[] = { (char *)"/bin/sh", (char *)"-c",
				 (char *)"echo x; exec sleep 1000", NULL };
		struct qemu_process p = { .pidfd = -1 };

		_exit(qemu_process_spawn(&p, argv, environ, fds[1], -1, NULL, 0) || pause());
	}
	close(fds[1]);
	pfd.fd = fds[0];
	ASSERT_EQ(1, read(fds[0], &c, 1));
	ASSERT_EQ(1, read(fds[0], &c, 1));
	ASSERT_EQ(0, kill(starter, SIGKILL));
	ASSERT_EQ(starter, waitpid(starter, NULL, 0));
	ASSERT_EQ(1, poll(&pfd, 1, 5000));
	EXPECT_EQ(0, read(fds[0], &c, 1));
}

TEST_HARNESS_MAIN
