// SPDX-License-Identifier: GPL-2.0
/* A console that grows is passed on line by line. */
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "harness/host/follow.h"
#include "kselftest_harness.h"

FIXTURE(follow) {
	char path[32];
	int file, out[2], wake;
	struct ktstr_follow f;
	char text[8192];
};

FIXTURE_SETUP(follow)
{
	strcpy(self->path, "/tmp/ktstr-follow-XXXXXX");
	self->file = mkostemp(self->path, O_APPEND | O_CLOEXEC);
	ASSERT_GE(self->file, 0);
	ASSERT_EQ(0, pipe2(self->out, O_NONBLOCK | O_CLOEXEC));
	self->wake = eventfd(0, EFD_CLOEXEC);
	ASSERT_EQ(0, ktstr_follow__open(&self->f, self->path, "name", self->out[1], self->wake));
}

FIXTURE_TEARDOWN(follow)
{
	ktstr_follow__close(&self->f);
	unlink(self->path);
	close(self->file);
	close(self->out[0]);
	close(self->out[1]);
	close(self->wake);
}

static void say(int fd, const char *text)
{
	if (write(fd, text, strlen(text)) < 0)
		abort();
}

/* What was passed on since the last call. */
static const char *got(int fd, char *text, size_t size)
{
	ssize_t n = read(fd, text, size - 1);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

#define GOT() got(self->out[0], self->text, sizeof(self->text))

static bool is_readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) > 0;
}

TEST_F(follow, lines_are_passed_on_when_they_are_whole)
{
	say(self->file, "one\r\ntw");
	ktstr_follow__read(&self->f);
	EXPECT_STREQ("name: one\n", GOT());
	say(self->file, "o\r\n\tx\n\nthree");
	ktstr_follow__read(&self->f);
	EXPECT_STREQ("name: two\nname: \tx\nname:" " " "\n", GOT());
	ktstr_follow__close(&self->f);
	EXPECT_STREQ("name: three\n", GOT());
}

TEST_F(follow, it_wakes_up_when_the_file_grows_and_for_the_caller)
{
	EXPECT_FALSE(is_readable(self->f.wake));
	say(self->file, "one\n");
	EXPECT_TRUE(is_readable(self->f.wake));
	ktstr_follow__read(&self->f);
	EXPECT_FALSE(is_readable(self->f.wake));
	eventfd_write(self->wake, 1);
	EXPECT_TRUE(is_readable(self->f.wake));
}

TEST_F(follow, control_characters_of_a_guest_do_not_reach_the_terminal)
{
	say(self->file, "a\tb\033[2Jc\177\a\n");
	ktstr_follow__read(&self->f);
	EXPECT_STREQ("name: a\tb?[2Jc??\n", GOT());
}

TEST_F(follow, a_line_without_an_end_is_passed_on_in_pieces)
{
	char line[1500];

	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\0';
	say(self->file, line);
	ktstr_follow__read(&self->f);
	EXPECT_EQ(6 + 1024 + 1, strlen(GOT()));
	ktstr_follow__close(&self->f);
	EXPECT_EQ(6 + 1499 - 1024 + 1, strlen(GOT()));
}

TEST(nothing_is_followed_unless_it_is_asked_for)
{
	struct ktstr_follow f;

	EXPECT_EQ(0, ktstr_follow__open(&f, "/nowhere", "name", 0, -1));
	EXPECT_EQ(-1, f.wake);
	ktstr_follow__close(&f);
	EXPECT_EQ(-ENOENT, ktstr_follow__open(&f, "/nowhere", "name", 1, -1));
}

TEST_HARNESS_MAIN
