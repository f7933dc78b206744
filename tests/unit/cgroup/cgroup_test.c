// SPDX-License-Identifier: GPL-2.0
/* What the cgroup manager promises, against a fake tree and, where there is one, a real one. */
#include <signal.h>
#include <sys/wait.h>

#include "kselftest_harness.h"

#include <ktstr/scenario.h>

#include "fake_cgroup.h"
#include "real_cgroup.h"

FIXTURE(cgroup) {
	struct ktstr_cgroups cg;
	struct ktstr_err err;
};

FIXTURE_SETUP(cgroup)
{
	char root[80];

	ASSERT_EQ(0, fake_mount());
	snprintf(root, sizeof(root), "%s/t/", fake.fs);
	ASSERT_EQ(0, ktstr_cgroups__init(&self->cg, fake.fs, root, &fake_io, &self->err));
	self->cg.removal_ns = 50 * NSEC_PER_MSEC;
}

FIXTURE_TEARDOWN(cgroup)
{
	ktstr_cgroups__unwind(&self->cg, 0, NULL);
	ktstr_cgroups__fini(&self->cg);
	EXPECT_TRUE(fake_umount());
}

TEST_F(cgroup, controllers_are_enabled_from_the_mount_to_the_root)
{
	EXPECT_EQ(0, ktstr_cgroups__enable(&self->cg, "cpuset", &self->err));
	EXPECT_STREQ("write /cgroup.subtree_control=+cpuset\n"
		     "write /t/cgroup.subtree_control=+cpuset\n", fake.log);
}

TEST_F(cgroup, nested_cgroups_get_controllers_in_between_but_not_in_the_leaf)
{
	EXPECT_EQ(0, ktstr_cgroups__create(&self->cg, "a/b/c", "cpuset", &self->err));
	EXPECT_STREQ("mkdir /t/a\nwrite /t/a/cgroup.subtree_control=+cpuset\n"
		     "mkdir /t/a/b\nwrite /t/a/b/cgroup.subtree_control=+cpuset\n"
		     "mkdir /t/a/b/c\n", fake.log);
}

TEST_F(cgroup, the_cpu_controller_is_not_for_folders_with_tasks_of_their_own)
{
	self->cg.group_cpu = true;
	ASSERT_EQ(0, ktstr_cgroups__create(&self->cg, "a/b", NULL, &self->err));
	EXPECT_STREQ("mkdir /t/a\nwrite /t/a/cgroup.subtree_control=+cpu\nmkdir /t/a/b\n",
		     fake.log);
	put_file(self->cg.root, "a/b/cgroup.procs", "17\n");
	fake.log[0] = '\0';
	EXPECT_EQ(0, ktstr_cgroups__create(&self->cg, "a/b/c", NULL, &self->err));
	EXPECT_STREQ("write /t/a/cgroup.subtree_control=+cpu\nmkdir /t/a/b/c\n",
		     strstr(fake.log, "write"));
	put_file(self->cg.root, "a/b/cgroup.procs", "");
}

static void fake_remove(const char *dir, const char *file)
{
	char path[PATH_MAX + 32];

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	unlink(path);
}

static int refuse_empty_cpuset(const char *path, const char *text)
{
	int ret = fake_write(path, text);

	return strstr(path, "cpuset.") && *text == '\n' ? -ENOSPC : ret;
}

TEST_F(cgroup, a_cpuset_that_may_not_be_empty_becomes_that_of_the_parent)
{
	const struct ktstr_cgroup_io io = { fake_mkdir, fake_rmdir, refuse_empty_cpuset };

	ASSERT_EQ(0, ktstr_cgroups__create(&self->cg, "a", NULL, &self->err));
	put_file(self->cg.root, "cpuset.cpus.effective", "0-2,5\n");
	put_file(self->cg.root, "cpuset.mems.effective", "0\n");
	fake.log[0] = '\0';
	EXPECT_EQ(0, ktstr_cgroups__clear_cpuset(&self->cg, "a", &self->err));
	EXPECT_STREQ("write /t/a/cpuset.cpus=\n\nwrite /t/a/cpuset.mems=\n\n", fake.log);
	self->cg.io = &io;
	fake.log[0] = '\0';
	EXPECT_EQ(0, ktstr_cgroups__clear_cpuset(&self->cg, "a", &self->err));
	EXPECT_STREQ("write /t/a/cpuset.cpus=\n\nwrite /t/a/cpuset.cpus=0-2,5\n"
		     "write /t/a/cpuset.mems=\n\nwrite /t/a/cpuset.mems=0\n", fake.log);
	self->cg.io = &fake_io;
	fake_remove(self->cg.root, "cpuset.cpus.effective");
	EXPECT_EQ(0, ktstr_cgroups__clear_cpuset(&self->cg, "a", &self->err));
	self->cg.io = &io;
	EXPECT_EQ(-ENOENT, ktstr_cgroups__clear_cpuset(&self->cg, "a", &self->err));
	self->cg.io = &fake_io;
	fake_remove(self->cg.root, "cpuset.mems.effective");
}

TEST_F(cgroup, a_cpuset_is_cpus_then_mems)
{
	ASSERT_EQ(0, ktstr_cgroups__create(&self->cg, "a", NULL, &self->err));
	fake.log[0] = '\0';
	EXPECT_EQ(0, ktstr_cgroups__set_cpuset(&self->cg, "a", "0-3", "0", &self->err));
	EXPECT_EQ(0, ktstr_cgroups__set_cpuset(&self->cg, "a", "1", "", &self->err));
	EXPECT_STREQ("write /t/a/cpuset.cpus=0-3\nwrite /t/a/cpuset.mems=0\n"
		     "write /t/a/cpuset.cpus=1\n", fake.log);
}

TEST_F(cgroup, unwinding_removes_what_was_made_and_nothing_else_newest_first)
{
	char there[80];

	snprintf(there, sizeof(there), "%s/t/there", fake.fs);
	ASSERT_EQ(0, fake_mkdir(there));
	ASSERT_EQ(0, ktstr_cgroups__create(&self->cg, "kept", NULL, &self->err));
	ASSERT_EQ(0, ktstr_cgroups__create(&self->cg, "there/a", NULL, &self->err));
	ASSERT_EQ(0, ktstr_cgroups__create(&self->cg, "b", NULL, &self->err));
	fake.log[0] = '\0';
	EXPECT_EQ(0, ktstr_cgroups__unwind(&self->cg, 1, &self->err));
	EXPECT_STREQ("rmdir /t/b\nrmdir /t/there/a\n", fake.log);
	EXPECT_EQ(1, self->cg.nr_made);
	EXPECT_EQ(0, fake_rmdir(there));
}

TEST_F(cgroup, sweeping_removes_whatever_is_there_children_first_and_stops_at_an_error)
{
	static const char * const there[] = { "/t/a", "/t/a/b", "/t/a/b/c" };
	char path[80];
	size_t i;

	EXPECT_FALSE(ktstr_cgroups__any(&self->cg));
	EXPECT_EQ(0, ktstr_cgroups__sweep(&self->cg, &self->err));
	for (i = 0; i < ARRAY_SIZE(there); i++) {
		snprintf(path, sizeof(path), "%s%s", fake.fs, there[i]);
		ASSERT_EQ(0, fake_mkdir(path));
	}
	EXPECT_TRUE(ktstr_cgroups__any(&self->cg));
	put_file(path, "cgroup.events", "populated 1\n");
	EXPECT_EQ(-ETIMEDOUT, ktstr_cgroups__sweep(&self->cg, &self->err));
	EXPECT_NE(NULL, strstr(self->err.msg, "/t/a/b/c"));
	put_file(path, "cgroup.events", "populated 0\n");
	fake.log[0] = '\0';
	EXPECT_EQ(0, ktstr_cgroups__sweep(&self->cg, &self->err));
	EXPECT_STREQ("rmdir /t/a/b/c\nrmdir /t/a/b\nrmdir /t/a\n", fake.log);
	EXPECT_FALSE(ktstr_cgroups__any(&self->cg));
}

TEST_F(cgroup, removing_what_is_not_there_is_no_error)
{
	EXPECT_EQ(0, ktstr_cgroups__remove(&self->cg, "never/made", &self->err));
	ASSERT_EQ(0, ktstr_cgroups__create(&self->cg, "a", NULL, &self->err));
	EXPECT_EQ(0, ktstr_cgroups__remove(&self->cg, "a", &self->err));
	EXPECT_EQ(0, self->cg.nr_made);
}

TEST_F(cgroup, a_cgroup_that_does_not_empty_is_reported_with_the_task_in_it)
{
	char dir[80], want[64], pid[16];

	ASSERT_EQ(0, ktstr_cgroups__create(&self->cg, "a", NULL, &self->err));
	snprintf(dir, sizeof(dir), "%s/t/a", fake.fs);
	snprintf(pid, sizeof(pid), "%d\n", getpid());
	put_file(dir, "cgroup.events", "populated 1\n");
	put_file(dir, "cgroup.procs", pid);
	fake.log[0] = '\0';
	EXPECT_EQ(-ETIMEDOUT, ktstr_cgroups__remove(&self->cg, "a", &self->err));
	EXPECT_STREQ("write /t/a/cgroup.kill=1\n", fake.log);
	snprintf(want, sizeof(want), "pid %d (", getpid());
	EXPECT_NE(NULL, strstr(self->err.msg, want)) TH_LOG("%s", self->err.msg);
	EXPECT_NE(NULL, strstr(self->err.msg, "/t/a"));
	put_file(dir, "cgroup.events", "populated 0\n");
}

TEST_F(cgroup, errors_name_the_file_the_value_and_the_reason)
{
	EXPECT_EQ(-ENOENT, ktstr_cgroups__write(&self->cg, "a", "cpu.weight", "7", &self->err));
	EXPECT_NE(NULL, strstr(self->err.msg, "write \"7\" to "));
	EXPECT_NE(NULL, strstr(self->err.msg, "/t/a/cpu.weight: No such file or directory"));
}

TEST_F(cgroup, the_root_must_lie_below_the_mount)
{
	struct ktstr_cgroups cg;

	EXPECT_EQ(-EINVAL, ktstr_cgroups__init(&cg, "/x/fs", "/x/fsother", NULL, &self->err));
	EXPECT_EQ(-EINVAL, ktstr_cgroups__init(&cg, "/x/fs", "/y", NULL, &self->err));
	EXPECT_EQ(0, ktstr_cgroups__init(&cg, "/x/fs", "/x/fs", NULL, &self->err));
}

TEST(only_relative_names_that_are_no_control_files_are_accepted)
{
	static const char * const bad[] = {
		"", "/a", "a/", "a//b", ".", "..", "a/../b", "a/.", "cgroup.procs",
		"a/cpuset.cpus", "memory.max", "a\nb", "a\tb",
		"0123456789012345678901234567890123456789012345678901234567890123",
	};
	static const char * const good[] = {
		"cg_0", "a/b/c", "test.slice", "..a", "a.b", "cpu", "cgroupy", "a b",
		"012345678901234567890123456789012345678901234567890123456789012",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_NE(NULL, ktstr_cgroup__name_problem(bad[i])) TH_LOG("bad %u", i);
	for (i = 0; i < ARRAY_SIZE(good); i++)
		EXPECT_EQ(NULL, ktstr_cgroup__name_problem(good[i])) TH_LOG("good %u", i);
	EXPECT_NE(NULL, ktstr_cgroup__name_problem(NULL));
}

TEST(anything_but_cgroup_v2_is_refused_with_advice)
{
	struct ktstr_err err;

	EXPECT_EQ(-ENOTSUP, ktstr_cgroupfs__check("/proc", &err));
	EXPECT_NE(NULL, strstr(err.msg, "no cgroup v2 mount"));
	EXPECT_EQ(-ENOENT, ktstr_cgroupfs__check("/does/not/exist", &err));
	EXPECT_NE(NULL, strstr(err.msg, "/does/not/exist"));
}

TEST(a_real_cgroup_is_killed_awaited_and_removed)
{
	const char *fs = real_cgroupfs();
	struct ktstr_cgroups cg;
	struct ktstr_err err;
	char root[128];
	int status;
	pid_t pid;

	if (!fs)
		SKIP(return, "no writable cgroup v2 here");
	snprintf(root, sizeof(root), "%s/ktstr-test-%d", fs, getpid());
	ASSERT_EQ(0, mkdir(root, 0755));
	ASSERT_EQ(0, ktstr_cgroups__init(&cg, fs, root, NULL, &err));
	ASSERT_EQ(0, ktstr_cgroups__create(&cg, "a/b", NULL, &err)) TH_LOG("%s", err.msg);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		pause();
		_exit(0);
	}
	EXPECT_EQ(0, ktstr_cgroups__attach(&cg, "a/b", pid, &err)) TH_LOG("%s", err.msg);
	EXPECT_EQ(0, ktstr_cgroups__unwind(&cg, 0, &err)) TH_LOG("%s", err.msg);
	EXPECT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	EXPECT_EQ(0, rmdir(root));	/* so nothing was left below it */
}

TEST_HARNESS_MAIN
