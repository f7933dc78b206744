// SPDX-License-Identifier: GPL-2.0
/*
 * Promises of harness/reserve/reserve.h, lockfile.h and flocks.h: real locks in a folder of their own, on
 * faked hosts. Two open files of one process exclude each other just as those of two do.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "fake_host.h"
#include "harness/reserve/flocks.h"
#include "harness/reserve/lockfile.h"
#include "harness/reserve/reserve.h"

#define NR	6

/* Four LLCs with four CPUs each. */
FIXTURE(locks) {
	struct fake_host f;
	struct host_topology t;
	char dir[64];
	struct reservation r[NR];
	struct reserve_want shared, budget, perf;
	struct vm_topology guest;
	struct ktstr_err err;
};

FIXTURE_SETUP(locks)
{
	struct hostcpus all;

	memset(self, 0, sizeof(*self));
	self->f = (struct fake_host){ .nodes = 2, .llcs = 4, .cores = 4, .threads = 1 };
	fake_make(&self->f);
	all = fake_allowed(&self->f, "");
	ASSERT_EQ(0, host_topology__read(&self->t, self->f.root, &all, &self->err));
	strcpy(self->dir, "/tmp/ktstr-locks-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	self->guest = (struct vm_topology){ .count = { 1, 2, 2, 1 } };
	self->shared = (struct reserve_want){
		.tier = RESERVE_SHARED, .busy = 1, .dir = self->dir, .proc = "/proc",
	};
	self->budget = self->perf = self->shared;
	self->budget.tier = RESERVE_BUDGET;
	self->budget.budget = 2;
	self->perf.tier = RESERVE_PERFORMANCE;
	self->perf.guest = &self->guest;
}

FIXTURE_TEARDOWN(locks)
{
	char command[96];

	for (int i = 0; i < NR; i++)
		reservation__free(&self->r[i]);
	host_topology__free(&self->t);
	fake_remove(&self->f);
	snprintf(command, sizeof(command), "rm -rf %s", self->dir);
	EXPECT_EQ(0, system(command));
}

#define MAKE(_nr, _want)	reservation__make(&self->r[_nr], &self->_want, &self->t, &self->err)

static char *text_of(const struct hostcpus *s)
{
	static char buf[128];

	hostcpus__format(s, buf, sizeof(buf));
	return buf;
}

TEST_F(locks, performance_has_llcs_alone)
{
	ASSERT_EQ(0, MAKE(0, perf)) TH_LOG("%s", self->err.msg);
	EXPECT_EQ(2, self->r[0].nr_llcs);
	EXPECT_EQ(0, self->r[0].llc[0]);
	EXPECT_STREQ("0-2,4-5", text_of(&self->r[0].cpus));
	EXPECT_TRUE(self->r[0].narrow);
	ASSERT_EQ(0, MAKE(1, perf)) TH_LOG("%s", self->err.msg);
	EXPECT_EQ(2, self->r[1].llc[0]);
	EXPECT_EQ(3, self->r[1].llc[1]);
	EXPECT_EQ(2, self->r[1].nodes);
	/* nothing is left, for nobody */
	EXPECT_EQ(-EBUSY, MAKE(2, perf));
	EXPECT_TRUE(self->err.missing);
	EXPECT_EQ(&self->err.msg[0], strstr(self->err.msg, "resource contention: ")) TH_LOG("%s", self->err.msg);
	EXPECT_NE(NULL, strstr(self->err.msg, "LLC 0: pid ")) TH_LOG("%s", self->err.msg);
	EXPECT_EQ(0, self->r[2].nr_fds);
	EXPECT_EQ(-EBUSY, MAKE(2, shared));
	EXPECT_EQ(-EBUSY, MAKE(2, budget));
	reservation__free(&self->r[0]);
	EXPECT_EQ(0, MAKE(2, perf));
	EXPECT_EQ(0, self->r[2].llc[0]);
}

TEST_F(locks, performance_goes_where_nobody_shares)
{
	ASSERT_EQ(0, MAKE(0, shared));
	ASSERT_EQ(1, self->r[0].nr_llcs);
	EXPECT_EQ(0, self->r[0].llc[0]);
	ASSERT_EQ(0, MAKE(1, perf)) TH_LOG("%s", self->err.msg);
	EXPECT_EQ(1, self->r[1].llc[0]);
	EXPECT_EQ(2, self->r[1].llc[1]);
}

TEST_F(locks, a_service_cpu_in_a_shared_llc_is_locked_by_itself)
{
	self->guest = (struct vm_topology){ .count = { 1, 1, 4, 1 } };
	ASSERT_EQ(0, MAKE(0, perf)) TH_LOG("%s", self->err.msg);
	EXPECT_TRUE(self->r[0].place.service_apart);
	EXPECT_EQ(4, self->r[0].place.service_cpu);
	EXPECT_TRUE(hostcpus__test(&self->r[0].own_cpus, 4));
	/* the next one cannot have that LLC alone, and its service CPU is on its own node */
	ASSERT_EQ(0, MAKE(1, perf)) TH_LOG("%s", self->err.msg);
	EXPECT_EQ(2, self->r[1].place.llc[0]);
	EXPECT_EQ(12, self->r[1].place.service_cpu);
}

TEST_F(locks, a_host_that_is_too_small_is_contention_too)
{
	self->guest = (struct vm_topology){ .count = { 1, 4, 4, 1 } };
	EXPECT_EQ(-ERANGE, MAKE(0, perf));
	EXPECT_TRUE(self->err.missing);
	EXPECT_EQ(&self->err.msg[0], strstr(self->err.msg, "resource contention: ")) TH_LOG("%s", self->err.msg);
	EXPECT_NE(NULL, strstr(self->err.msg, "17 CPUs"));
}

TEST_F(locks, shared_runs_spread_over_the_cpus_of_an_llc_and_then_over_llcs)
{
	self->shared.busy = 3;
	ASSERT_EQ(0, MAKE(0, shared));
	EXPECT_STREQ("0-2", text_of(&self->r[0].own_cpus));
	/* not pinned to these */
	EXPECT_STREQ("0-3", text_of(&self->r[0].cpus));
	ASSERT_EQ(0, MAKE(1, shared));
	EXPECT_STREQ("3-5", text_of(&self->r[1].own_cpus));
	EXPECT_STREQ("0-7", text_of(&self->r[1].cpus));
	self->shared.busy = 8;
	ASSERT_EQ(0, MAKE(2, shared));
	EXPECT_STREQ("6-13", text_of(&self->r[2].own_cpus));
	EXPECT_EQ(3, self->r[2].nr_llcs);
}

TEST_F(locks, a_shared_run_that_finds_too_few_cpus_shares_all)
{
	self->shared.busy = 100;
	ASSERT_EQ(0, MAKE(0, shared));
	EXPECT_EQ(0, hostcpus__weight(&self->r[0].own_cpus));
	EXPECT_EQ(4, self->r[0].nr_llcs);
	EXPECT_FALSE(self->r[0].narrow);
	/* more than the number of CPUs that are locked one by one */
	self->shared.busy = 1000;
	ASSERT_EQ(0, MAKE(1, shared));
	EXPECT_EQ(4, self->r[1].nr_fds);
}

TEST_F(locks, a_shared_run_keeps_out_of_llcs_that_somebody_has_alone)
{
	ASSERT_EQ(0, MAKE(0, perf));
	self->shared.busy = 100;
	ASSERT_EQ(0, MAKE(1, shared));
	EXPECT_STREQ("8-15", text_of(&self->r[1].cpus));
	EXPECT_TRUE(self->r[1].narrow);
}

TEST_F(locks, a_budget_is_exactly_so_many_cpus)
{
	self->budget.budget = 6;
	ASSERT_EQ(0, MAKE(0, budget)) TH_LOG("%s", self->err.msg);
	EXPECT_STREQ("0-5", text_of(&self->r[0].cpus));
	EXPECT_EQ(2, self->r[0].nr_llcs);
	EXPECT_EQ(1, self->r[0].nodes);
	/* without a number it is 30 % of 16 */
	self->budget.budget = 0;
	ASSERT_EQ(0, MAKE(1, budget));
	EXPECT_EQ(5, hostcpus__weight(&self->r[1].cpus));
}

TEST_F(locks, budgets_share_llcs_and_take_other_cpus_in_them)
{
	ASSERT_EQ(0, MAKE(0, budget));
	ASSERT_EQ(0, MAKE(1, budget));
	ASSERT_EQ(0, MAKE(2, budget));
	EXPECT_STREQ("0-1", text_of(&self->r[0].cpus));
	EXPECT_STREQ("2-3", text_of(&self->r[1].cpus));
	EXPECT_STREQ("0-1", text_of(&self->r[2].cpus));
	/* the rest of the host is free for who wants it alone */
	EXPECT_EQ(0, MAKE(3, perf));
	EXPECT_EQ(1, self->r[3].llc[0]);
}

TEST_F(locks, a_budget_beside_performance_uses_what_is_left_or_nothing)
{
	ASSERT_EQ(0, MAKE(0, perf));
	ASSERT_EQ(0, MAKE(1, budget)) TH_LOG("%s", self->err.msg);
	EXPECT_STREQ("8-9", text_of(&self->r[1].cpus));
	self->budget.budget = 9;
	EXPECT_EQ(-EBUSY, MAKE(2, budget));
	EXPECT_NE(NULL, strstr(self->err.msg, "no 9 CPUs")) TH_LOG("%s", self->err.msg);
	EXPECT_EQ(0, self->r[2].nr_fds);
}

TEST_F(locks, a_budget_beyond_the_cpus_of_the_process_is_wrong)
{
	self->budget.budget = 17;
	EXPECT_EQ(-EINVAL, MAKE(0, budget));
	EXPECT_FALSE(self->err.missing);
	EXPECT_NE(NULL, strstr(self->err.msg, "17 CPUs, but this process may use 16")) TH_LOG("%s", self->err.msg);
}

TEST_F(locks, without_locks_only_performance_is_placed)
{
	self->perf.no_locks = self->shared.no_locks = self->budget.no_locks = true;
	ASSERT_EQ(0, MAKE(0, perf));
	ASSERT_EQ(0, MAKE(1, perf));
	EXPECT_EQ(0, self->r[1].nr_fds);
	EXPECT_EQ(4, self->r[1].place.nr);
	ASSERT_EQ(0, MAKE(2, shared));
	ASSERT_EQ(0, MAKE(3, budget));
	EXPECT_EQ(RESERVE_NONE, self->r[3].tier);
	EXPECT_FALSE(self->r[3].narrow);
}

/* However a process ends: its locks end with it. */
TEST_F(locks, a_lock_is_never_stale)
{
	int status, ready[2];
	pid_t pid;
	char c;

	ASSERT_EQ(0, pipe(ready));
	pid = fork();
	if (!pid) {
		c = MAKE(0, perf) || MAKE(1, perf) ? 'n' : 'y';
		if (write(ready[1], &c, 1) == 1)
			pause();
		_exit(1);
	}
	ASSERT_EQ(1, read(ready[0], &c, 1));
	ASSERT_EQ('y', c);
	EXPECT_EQ(-EBUSY, MAKE(0, perf));
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, MAKE(0, perf)) TH_LOG("%s", self->err.msg);
	close(ready[0]);
	close(ready[1]);
}

TEST_F(locks, a_file_that_was_removed_does_not_count)
{
	char path[128];

	ASSERT_EQ(0, MAKE(0, perf));
	ASSERT_EQ(0, lockfile__path(path, sizeof(path), self->dir, LOCKFILE_LLC, 0));
	ASSERT_EQ(0, unlink(path));
	/* a new file of that name is another lock: this is what the folder is to be safe from */
	ASSERT_EQ(0, MAKE(1, shared));
	EXPECT_EQ(0, self->r[1].llc[0]);
}

TEST_F(locks, files_are_for_all_users_whatever_the_umask)
{
	mode_t before = umask(077);
	char path[128];
	struct stat st;

	ASSERT_EQ(0, MAKE(0, shared));
	umask(before);
	ASSERT_EQ(0, lockfile__path(path, sizeof(path), self->dir, LOCKFILE_CPU, 0));
	ASSERT_EQ(0, stat(path, &st));
	EXPECT_EQ(0666, st.st_mode & 0777);
	/* and stay */
	reservation__free(&self->r[0]);
	EXPECT_EQ(0, access(path, F_OK));
}

TEST_F(locks, what_is_no_plain_file_is_refused)
{
	char path[128];

	ASSERT_EQ(0, lockfile__path(path, sizeof(path), self->dir, LOCKFILE_LLC, 0));
	ASSERT_EQ(0, symlink("/dev/null", path));
	EXPECT_EQ(-ELOOP, MAKE(0, shared));
	EXPECT_NE(NULL, strstr(self->err.msg, "it is a link")) TH_LOG("%s", self->err.msg);
	unlink(path);
	ASSERT_EQ(0, mkfifo(path, 0666));
	EXPECT_EQ(-EINVAL, MAKE(0, shared));
	EXPECT_NE(NULL, strstr(self->err.msg, "no regular file")) TH_LOG("%s", self->err.msg);
	unlink(path);
	strcat(self->dir, "/none");
	EXPECT_EQ(-ENOENT, MAKE(0, shared));
	*strrchr(self->dir, '/') = '\0';
}

TEST_F(locks, holders_are_found_by_pid_and_command)
{
	char path[128], text[400], pid[32];
	struct flock_id id;
	struct flocks f;

	ASSERT_EQ(0, MAKE(0, shared));
	ASSERT_EQ(0, MAKE(1, shared));
	ASSERT_EQ(0, lockfile__path(path, sizeof(path), self->dir, LOCKFILE_LLC, 0));
	ASSERT_EQ(0, flocks__identify(path, &id));
	ASSERT_EQ(0, flocks__read(&f, "/proc", &self->err)) TH_LOG("%s", self->err.msg);
	EXPECT_EQ(2, flocks__count(&f, &id));
	EXPECT_FALSE(flocks__next(&f, &id, NULL)->exclusive);
	flocks__format(&f, &id, "/proc", text, sizeof(text));
	snprintf(pid, sizeof(pid), "pid %d (", getpid());
	EXPECT_EQ(&text[0], strstr(text, pid)) TH_LOG("%s", text);
	EXPECT_NE(NULL, strstr(text, "reserve_test")) TH_LOG("%s", text);
	flocks__free(&f);
}

TEST(lines_of_other_kinds_and_damaged_ones_are_left_out)
{
	static const char text[] =
		"1: POSIX  ADVISORY  WRITE 5 00:13:7 0 EOF\n"
		"2: FLOCK  ADVISORY  WRITE 359 00:2f:11691 0 EOF\n"
		"2: -> FLOCK  ADVISORY  READ 360 00:2f:11691 0 EOF\n"
		"3: OFDLCK ADVISORY  READ -1 00:2f:11691 0 EOF\n"
		"4: FLOCK  ADVISORY  READ 17 103:1a:18446744073709551615 0 EOF\n"
		"5: FLOCK  ADVISORY  READ\n"
		"6: FLOCK  MANDATORY READ 1 00:01:2 0 EOF\n"
		"7: FLOCK  ADVISORY  UNLCK 1 00:01:2 0 EOF\n"
		"8: FLOCK  ADVISORY  READ -4 00:01:2 0 EOF\n"
		"9: FLOCK  ADVISORY  READ 4 00:zz:2 0 EOF\n"
		"\n"
		"10: FLOCK";
	const struct flock_id id = { 0, 0x2f, 11691 };
	struct flocks f;

	ASSERT_EQ(0, flocks__parse(&f, text));
	ASSERT_EQ(2, f.nr);
	EXPECT_EQ(1, flocks__count(&f, &id));
	EXPECT_EQ(359, flocks__next(&f, &id, NULL)->pid);
	EXPECT_TRUE(flocks__next(&f, &id, NULL)->exclusive);
	EXPECT_EQ(0x103, f.row[1].id.major);
	EXPECT_EQ(UINT64_MAX, f.row[1].id.ino);
	flocks__free(&f);
}

TEST(a_mount_is_found_by_its_id)
{
	static const char text[] =
		"22 28 0:21 / /sys rw,nosuid - sysfs none rw\n"
		"damaged\n"
		"229 28 0:47 / /tmp rw - btrfs /dev/a\\040b rw\n";
	uint32_t major, minor;

	EXPECT_TRUE(flocks__mount(text, 229, &major, &minor));
	EXPECT_EQ(0, major);
	EXPECT_EQ(47, minor);
	EXPECT_FALSE(flocks__mount(text, 2, &major, &minor));
	EXPECT_FALSE(flocks__mount("", 22, &major, &minor));
}

TEST(a_command_line_is_cut_and_has_no_control_characters)
{
	char buf[FLOCKS_CMDLINE], dir[] = "/tmp/ktstr-proc-XXXXXX", path[64], command[96], text[300];

	ASSERT_NE(NULL, mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/7", dir);
	ASSERT_EQ(0, mkdir(path, 0755));
	strcat(path, "/cmdline");
	ASSERT_EQ(0, ktstr_paths__write(path, "make\0-j8\0\033[2J", 13));
	flocks__cmdline(dir, 7, buf);
	EXPECT_STREQ("make -j8  [2J", buf);
	memset(text, 'x', sizeof(text));
	ASSERT_EQ(0, ktstr_paths__write(path, text, sizeof(text)));
	flocks__cmdline(dir, 7, buf);
	EXPECT_EQ(103, strlen(buf));
	EXPECT_STREQ("xx...", buf + 98);
	flocks__cmdline(dir, 8, buf);
	EXPECT_STREQ("<cmdline unavailable>", buf);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	EXPECT_EQ(0, system(command));
}

TEST(the_folder_is_tmp_or_what_the_variable_says)
{
	struct ktstr_err err;
	char dir[64];

	unsetenv("KTSTR_LOCK_DIR");
	setenv("TMPDIR", "/var/tmp", 1);
	ASSERT_EQ(0, lockfile__dir(dir, sizeof(dir), &err));
	EXPECT_STREQ("/tmp", dir);
	setenv("KTSTR_LOCK_DIR", "", 1);
	ASSERT_EQ(0, lockfile__dir(dir, sizeof(dir), &err));
	EXPECT_STREQ("/tmp", dir);
	setenv("KTSTR_LOCK_DIR", "/var/tmp", 1);
	ASSERT_EQ(0, lockfile__dir(dir, sizeof(dir), &err));
	EXPECT_STREQ("/var/tmp", dir);
	setenv("KTSTR_LOCK_DIR", "relative", 1);
	EXPECT_EQ(-EINVAL, lockfile__dir(dir, sizeof(dir), &err));
	setenv("KTSTR_LOCK_DIR", "/no/such/folder", 1);
	EXPECT_EQ(-ENOTDIR, lockfile__dir(dir, sizeof(dir), &err));
	EXPECT_NE(NULL, strstr(err.msg, "KTSTR_LOCK_DIR=/no/such/folder")) TH_LOG("%s", err.msg);
}

TEST_HARNESS_MAIN
