// SPDX-License-Identifier: GPL-2.0
/* The user's terminal, the keys that are ours, and the language of ktstr/terminal.h. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ktstr/terminal.h>

#include "tools-testing-ktstr/run/terminal.h"
#include "kselftest_harness.h"

/* What of @in goes to the guest, or "!" and what went before when the user leaves. */
static const char *keys(struct keys *k, const char *in)
{
	static char out[64];
	bool leave;
	size_t n;

	memset(out, 0, sizeof(out));
	n = keys__filter(k, in, strlen(in), out, &leave);
	out[n] = leave ? '!' : '\0';
	return out;
}

TEST(a_tilde_and_a_dot_leave_at_the_start_of_a_line_only)
{
	struct keys k = { 0 };

	EXPECT_STREQ("!", keys(&k, "~."));
	k = (struct keys){ 0 };
	EXPECT_STREQ("ls\r!", keys(&k, "ls\r~.rest"));
	k = (struct keys){ 0 };
	EXPECT_STREQ("", keys(&k, "~"));
	EXPECT_STREQ("!", keys(&k, "."));
	k = (struct keys){ 0 };
	EXPECT_STREQ("cd ~.\n", keys(&k, "cd ~.\n"));
	EXPECT_STREQ("~x~.", keys(&k, "~x~."));
}

TEST(two_tildes_are_one)
{
	struct keys k = { 0 };

	EXPECT_STREQ("~.", keys(&k, "~~."));
	EXPECT_STREQ("\r~/x\r~\r", keys(&k, "\r~/x\r~\r"));
	EXPECT_STREQ("!", keys(&k, "~."));
}

/* Data as it is, messages as <letter number number>. */
static const char *decode(struct terminal_reader *r, const char *in, size_t len)
{
	static char out[256];
	size_t n = 0;

	memset(out, 0, sizeof(out));
	for (; len; len--, in++) {
		switch (terminal_read(r, (uint8_t)*in)) {
		case TERMINAL_DATA:
			out[n++] = *in;
			break;
		case TERMINAL_MESSAGE:
			n += (size_t)snprintf(out + n, sizeof(out) - n, "<%c %u %u>", r->letter,
					      r->number[0], r->number[1]);
			break;
		default:
			break;
		}
	}
	return out;
}

#define DECODE(_r, _text) decode(_r, _text, sizeof(_text) - 1)

TEST(messages_stand_between_data)
{
	struct terminal_reader r = { 0 };

	EXPECT_STREQ("ab<s 24 80>cd<e 7 0>", DECODE(&r, "ab\020s24,80;cd\020e7;"));
	EXPECT_STREQ("x", DECODE(&r, "x\020t1"));
	EXPECT_STREQ("<t 12 0>y", DECODE(&r, "2;y"));
}

TEST(a_marks_own_byte_is_data_when_it_is_doubled)
{
	struct terminal_reader r = { 0 };
	char text[16];
	size_t len = terminal_escape(text, "a\020e1;", 5);

	EXPECT_EQ(6, len);
	EXPECT_STREQ("a\020e1;", decode(&r, text, len));
}

TEST(nonsense_is_left_out_and_what_follows_is_read)
{
	struct terminal_reader r = { 0 };

	EXPECT_STREQ("b", DECODE(&r, "\020!b"));
	EXPECT_STREQ("c<e 1 0>", DECODE(&r, "\020e1,2,c\020e1;"));
	EXPECT_STREQ("<e 2 0>", DECODE(&r, "\020e99\020e2;"));
	EXPECT_STREQ("9", DECODE(&r, "\020e99999999"));
}

FIXTURE(tty) {
	int pty, fd;
	struct terminal t;
};

FIXTURE_SETUP(tty)
{
	self->pty = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	ASSERT_GE(self->pty, 0);
	ASSERT_EQ(0, unlockpt(self->pty));
	self->fd = open(ptsname(self->pty), O_RDWR | O_NOCTTY | O_CLOEXEC);
	ASSERT_GE(self->fd, 0);
}

FIXTURE_TEARDOWN(tty)
{
	close(self->fd);
	close(self->pty);
}

static bool is_raw(int fd)
{
	struct termios t;

	return !tcgetattr(fd, &t) && !(t.c_lflag & (ICANON | ECHO | ISIG)) && !(t.c_oflag & OPOST);
}

static bool is_cooked(int fd)
{
	struct termios t;

	return !tcgetattr(fd, &t) && t.c_lflag & ICANON && t.c_lflag & ECHO && t.c_lflag & ISIG &&
	       t.c_oflag & OPOST;
}

TEST_F(tty, the_terminal_is_raw_and_then_as_before)
{
	ASSERT_TRUE(is_cooked(self->fd));
	ASSERT_EQ(0, terminal__raw(&self->t, self->fd));
	EXPECT_TRUE(is_raw(self->fd));
	terminal__restore(&self->t);
	EXPECT_TRUE(is_cooked(self->fd));
	EXPECT_EQ(-1, waitpid(-1, NULL, WNOHANG));
	terminal__restore(&self->t);
}

TEST_F(tty, it_is_put_back_when_the_process_is_killed)
{
	int ready[2], i;
	pid_t pid;
	char c;

	ASSERT_EQ(0, pipe2(ready, O_CLOEXEC));
	pid = fork();
	if (!pid) {
		if (terminal__raw(&self->t, self->fd) || write(ready[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	ASSERT_EQ(1, read(ready[0], &c, 1));
	EXPECT_TRUE(is_raw(self->fd));
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	for (i = 0; i < 5000 && !is_cooked(self->fd); i++)
		poll(NULL, 0, 1);
	EXPECT_TRUE(is_cooked(self->fd));
	close(ready[0]);
	close(ready[1]);
}

TEST(what_is_no_terminal_is_refused)
{
	struct terminal t;
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	EXPECT_EQ(-ENOTTY, terminal__raw(&t, fd));
	terminal__restore(&t);
	close(fd);
}

TEST_HARNESS_MAIN
