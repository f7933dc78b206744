// SPDX-License-Identifier: GPL-2.0
/* The cache of images: whole or not at all, one maker at a time, nothing left of dead makers. */
#include <fcntl.h>
#include <linux/kernel.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "harness/image/store.h"
#include "kselftest_harness.h"

#define KEY	"0123456789abcdef"
#define OTHER	"fedcba9876543210"

FIXTURE(store) {
	char dir[64], root[128];
	struct ktstr_image_store s;
	struct ktstr_err err;
	struct vm_saved saved;
};

FIXTURE_SETUP(store)
{
	strcpy(self->dir, "/tmp/ktstr-store-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	setenv("KTSTR_CACHE_DIR", self->dir, 1);
	ASSERT_EQ(0, ktstr_store__open(&self->s, &self->err)) TH_LOG("%s", self->err.msg);
	snprintf(self->root, sizeof(self->root), "%s/.images", self->dir);
}

FIXTURE_TEARDOWN(store)
{
	char command[128];

	ktstr_store__close(&self->s);
	snprintf(command, sizeof(command), "rm -rf %s", self->dir);
	EXPECT_EQ(0, system(command));
}

static void put(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	if (!f || fputs(text, f) < 0 || fclose(f))
		abort();
}

/* As a maker does it: console and output are written by the machine. */
static int add(struct ktstr_image_store *s, const char *key, const char *state)
{
	struct ktstr_image_draft d;
	struct ktstr_err err;
	int ret = ktstr_store__begin(s, &d, &err);

	if (ret)
		return ret;
	put(d.console, "booted\n");
	put(d.output, "");
	put(d.emulator, "warning\n");
	if (write(d.files.state_fd, state, strlen(state)) < 0 || write(d.files.ram_fd, "r", 1) < 0)
		abort();
	ret = ktstr_store__commit(s, &d, key, "topology 1n1l2c1t\n", &err);
	ktstr_store__end(s, &d);
	return ret;
}

static void close_files(const struct vm_saved *saved)
{
	close(saved->state_fd);
	close(saved->ram_fd);
	close(saved->console_fd);
	close(saved->output_fd);
}

static int find(struct ktstr_image_store *s, const char *key)
{
	struct vm_saved saved;
	int ret = ktstr_store__find(s, key, &saved);

	if (!ret)
		close_files(&saved);
	return ret;
}

static int names(const char *dir)
{
	char command[192], text[16] = "";
	FILE *f;

	snprintf(command, sizeof(command), "ls -A %s | wc -l", dir);
	f = popen(command, "r");
	if (!f || !fgets(text, sizeof(text), f))
		abort();
	pclose(f);
	return atoi(text);
}

TEST_F(store, an_image_is_found_with_all_its_files)
{
	char state[8] = "";

	EXPECT_EQ(-ENOENT, find(&self->s, KEY));
	ASSERT_EQ(0, add(&self->s, KEY, "cpus"));
	EXPECT_EQ(-ENOENT, find(&self->s, OTHER));
	ASSERT_EQ(0, ktstr_store__find(&self->s, KEY, &self->saved));
	EXPECT_EQ(4, read(self->saved.state_fd, state, sizeof(state)));
	EXPECT_STREQ("cpus", state);
	EXPECT_EQ(7, read(self->saved.console_fd, state, sizeof(state)));
	/* it stays readable for whoever has it open */
	EXPECT_EQ(1, ktstr_image__remove(KEY, &self->err));
	EXPECT_EQ(0, names(self->root));
	EXPECT_EQ(4, pread(self->saved.state_fd, state, sizeof(state), 0));
}

TEST_F(store, a_damaged_one_is_removed)
{
	static const char * const files[] = { "state", "console", "output", "key", "sums" };
	char path[256];

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		ASSERT_EQ(0, add(&self->s, KEY, "cpus"));
		snprintf(path, sizeof(path), "%s/" KEY "/%s", self->root, files[i]);
		put(path, "spoilt");
		EXPECT_EQ(-ENOENT, find(&self->s, KEY)) TH_LOG("%s", files[i]);
		EXPECT_EQ(0, names(self->root));
		ASSERT_EQ(0, add(&self->s, KEY, "cpus"));
		ASSERT_EQ(0, unlink(path));
		EXPECT_EQ(-ENOENT, find(&self->s, KEY)) TH_LOG("no %s", files[i]);
	}
	ASSERT_EQ(0, add(&self->s, KEY, "cpus"));
	snprintf(path, sizeof(path), "%s/" KEY "/ram", self->root);
	ASSERT_EQ(0, unlink(path));
	EXPECT_EQ(-ENOENT, find(&self->s, KEY));
}

/* Memory that was checked need not be checked again, until somebody writes to it. */
TEST_F(store, a_check_of_the_memory_holds_until_it_is_written_to)
{
	struct vm_saved *saved = &self->saved;
	char path[256];

	ASSERT_EQ(0, add(&self->s, KEY, "state"));
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, ktstr_store__find(&self->s, KEY, saved));
		EXPECT_FALSE(saved->ram_checked);
		ktstr_store__set_checked(&self->s, KEY, saved->ram_fd);
		close_files(saved);
		ASSERT_EQ(0, ktstr_store__find(&self->s, KEY, saved));
		EXPECT_TRUE(saved->ram_checked);
		close_files(saved);
		snprintf(path, sizeof(path), "%s/" KEY "/ram", self->root);
		put(path, "s");
	}
	/* what nobody of ours has written */
	snprintf(path, sizeof(path), "%s/" KEY "/checked", self->root);
	put(path, "yes");
	ASSERT_EQ(0, ktstr_store__find(&self->s, KEY, saved));
	EXPECT_FALSE(saved->ram_checked);
	close_files(saved);
	/* of one that is gone */
	ktstr_store__set_checked(&self->s, OTHER, 0);
	EXPECT_EQ(-ENOENT, find(&self->s, OTHER));
}

TEST_F(store, a_second_maker_replaces_the_first_ones)
{
	char state[8] = "";

	ASSERT_EQ(0, add(&self->s, KEY, "one"));
	ASSERT_EQ(0, add(&self->s, KEY, "two"));
	ASSERT_EQ(0, ktstr_store__find(&self->s, KEY, &self->saved));
	EXPECT_EQ(3, read(self->saved.state_fd, state, sizeof(state)));
	EXPECT_STREQ("two", state);
}

TEST_F(store, one_maker_at_a_time)
{
	int lock = ktstr_store__lock(&self->s, KEY);

	ASSERT_LE(0, lock);
	EXPECT_EQ(-EAGAIN, ktstr_store__lock(&self->s, KEY));
	EXPECT_LE(0, ktstr_store__lock(&self->s, OTHER));
	ktstr_store__unlock(&self->s, KEY, &lock);
	EXPECT_EQ(-1, lock);
	EXPECT_LE(0, ktstr_store__lock(&self->s, KEY));
}

TEST_F(store, a_released_lock_leaves_no_file)
{
	struct ktstr_image_entry *all;
	int lock = ktstr_store__lock(&self->s, KEY), dead = ktstr_store__lock(&self->s, OTHER);

	ASSERT_LE(0, lock);
	ASSERT_LE(0, dead);
	/* as the kernel does it for a process that was killed */
	close(dead);
	EXPECT_EQ(2, names(self->root));
	EXPECT_EQ(0, ktstr_image__list(&all, &self->err));
	EXPECT_EQ(1, names(self->root));
	EXPECT_EQ(-EAGAIN, ktstr_store__lock(&self->s, KEY));
	ktstr_store__unlock(&self->s, KEY, &lock);
	EXPECT_EQ(0, names(self->root));
}

#define TAKERS		4
#define TURNS		300

/* Take the lock TURNS times. 0 when nobody else had it meanwhile. */
static int take_turns(struct ktstr_image_store *s, int *holder, int me)
{
	int lock, nobody, wrong = 0, turn = 0;

	while (turn < TURNS) {
		lock = ktstr_store__lock(s, KEY);
		if (lock == -EAGAIN)
			continue;
		if (lock < 0)
			return 2;
		turn++;
		nobody = 0;
		if (!__atomic_compare_exchange_n(holder, &nobody, me, false, __ATOMIC_SEQ_CST,
						 __ATOMIC_SEQ_CST))
			wrong = 1;
		if (turn % 4 == 0)
			sched_yield();
		__atomic_compare_exchange_n(holder, &me, 0, false, __ATOMIC_SEQ_CST,
					    __ATOMIC_SEQ_CST);
		ktstr_store__unlock(s, KEY, &lock);
	}
	return wrong;
}

TEST_F(store, takers_who_race_have_the_lock_one_at_a_time)
{
	int *holder = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct ktstr_image_entry *all;
	int status, i, done = 0;
	pid_t pid[TAKERS];

	ASSERT_NE(MAP_FAILED, holder);
	for (i = 0; i < TAKERS; i++) {
		pid[i] = fork();
		if (!pid[i])
			_exit(take_turns(&self->s, holder, i + 1));
	}
	/* one that sweeps meanwhile takes no lock from anybody */
	while (done < TAKERS) {
		EXPECT_EQ(0, ktstr_image__list(&all, &self->err));
		for (i = 0; i < TAKERS; i++) {
			if (pid[i] <= 0 || !waitpid(pid[i], &status, WNOHANG))
				continue;
			EXPECT_EQ(0, status) TH_LOG("taker %d", i);
			pid[i] = 0;
			done++;
		}
	}
	EXPECT_EQ(0, names(self->root));
	munmap(holder, 4096);
}

TEST_F(store, what_can_have_no_image_is_remembered_for_a_week)
{
	struct timespec then[2] = { { .tv_nsec = UTIME_NOW }, { .tv_nsec = UTIME_NOW } };
	char path[256], why[64];

	EXPECT_FALSE(ktstr_store__is_refused(&self->s, KEY, why, sizeof(why)));
	ASSERT_EQ(0, ktstr_store__refuse(&self->s, KEY, "no ports"));
	EXPECT_TRUE(ktstr_store__is_refused(&self->s, KEY, why, sizeof(why)));
	EXPECT_STREQ("no ports", why);
	EXPECT_FALSE(ktstr_store__is_refused(&self->s, OTHER, why, sizeof(why)));
	/* a text that is not whole, or longer than the room for it */
	EXPECT_FALSE(ktstr_store__is_refused(&self->s, KEY, why, 4));
	snprintf(path, sizeof(path), "%s/refused-" KEY, self->root);
	put(path, "no po");
	EXPECT_FALSE(ktstr_store__is_refused(&self->s, KEY, why, sizeof(why)));
	/* an old one counts no more, and goes when an image is made */
	ASSERT_EQ(0, ktstr_store__refuse(&self->s, KEY, "no ports"));
	ASSERT_EQ(0, ktstr_store__refuse(&self->s, OTHER, "no ports"));
	then[1] = (struct timespec){ .tv_sec = time(NULL) - 8 * 24 * 3600 };
	ASSERT_EQ(0, utimensat(AT_FDCWD, path, then, 0));
	EXPECT_FALSE(ktstr_store__is_refused(&self->s, KEY, why, sizeof(why)));
	ASSERT_EQ(0, add(&self->s, KEY, "state"));
	EXPECT_EQ(-1, access(path, F_OK));
	EXPECT_TRUE(ktstr_store__is_refused(&self->s, OTHER, why, sizeof(why)));
	EXPECT_EQ(1, ktstr_image__remove(NULL, &self->err));
	EXPECT_EQ(0, names(self->root));
}

TEST_F(store, a_killed_maker_leaves_nothing_for_long)
{
	struct ktstr_image_draft d;
	struct ktstr_image_entry *all;
	pid_t pid;

	/* one that goes on is left alone */
	ASSERT_EQ(0, ktstr_store__begin(&self->s, &d, &self->err));
	pid = fork();
	if (!pid) {
		struct ktstr_image_draft killed;

		close(d.dirfd);
		if (!ktstr_store__begin(&self->s, &killed, &self->err))
			raise(SIGKILL);
		_exit(1);
	}
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	EXPECT_EQ(2, names(self->root));
	EXPECT_EQ(0, ktstr_image__list(&all, &self->err));
	EXPECT_EQ(1, names(self->root));
	ktstr_store__end(&self->s, &d);
	EXPECT_EQ(0, names(self->root));
}

TEST_F(store, the_list_has_the_last_used_first)
{
	struct ktstr_image_entry *all;
	char path[256];
	struct timespec old[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };

	ASSERT_EQ(0, add(&self->s, KEY, "one"));
	ASSERT_EQ(0, add(&self->s, OTHER, "two"));
	snprintf(path, sizeof(path), "%s/" KEY, self->root);
	ASSERT_EQ(0, utimensat(AT_FDCWD, path, old, 0));
	ASSERT_EQ(2, ktstr_image__list(&all, &self->err));
	EXPECT_STREQ(OTHER, all[0].key);
	EXPECT_STREQ(KEY, all[1].key);
	EXPECT_EQ(1000, all[1].used_s);
	EXPECT_STREQ("topology 1n1l2c1t\n", all[0].text);
	ktstr_image__list_free(all, 2);
	/* finding it is using it */
	ASSERT_EQ(0, find(&self->s, KEY));
	ASSERT_EQ(2, ktstr_image__list(&all, &self->err));
	EXPECT_STREQ(KEY, all[0].key);
	ktstr_image__list_free(all, 2);
	EXPECT_EQ(0, ktstr_image__remove("0000000000000000", &self->err));
	EXPECT_EQ(2, ktstr_image__remove(NULL, &self->err));
	EXPECT_EQ(0, ktstr_image__list(&all, &self->err));
}

TEST_HARNESS_MAIN
