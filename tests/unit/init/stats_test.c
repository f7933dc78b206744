// SPDX-License-Identifier: GPL-2.0
/*
 * Promises of harness/guest/init/stats.c: what each kind of server leads to, that a request is over
 * in bounded time, and that an answer is never taken for that of another request.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "harness/guest/init/internal.h"

#define CHAN_BYTES	(4u << 20)
#define REQUEST		"{\"req\":\"stats\",\"args\":{\"target\":\"top\"}}\n"
#define ANSWER		"{\"errno\":0,\"args\":{\"resp\":{\"nr\":1}}}"

static unsigned int rings;

static void count_ring(void)
{
	rings++;
}

FIXTURE(stats) {
	struct guest g;
	void *region;
	struct ktstr_chan *host;
	char dir[64], path[96];
	int server, client;		/* client: the server's end of the connection */
	struct ktstr_msg msg;
	struct ktstr_msg_scx_stats what;
};

static void listen_at(FIXTURE_DATA(stats) *self)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	strcpy(addr.sun_path, self->path);
	unlink(self->path);
	self->server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(self->server, (struct sockaddr *)&addr, sizeof(addr)) || listen(self->server, 4))
		exit(1);
}

FIXTURE_SETUP(stats)
{
	strcpy(self->dir, "/tmp/ktstr-stats-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	snprintf(self->path, sizeof(self->path), "%s/stats", self->dir);
	self->region = mmap(NULL, CHAN_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->region);
	self->host = ktstr_chan__format(self->region, CHAN_BYTES);
	ASSERT_NE(NULL, self->host);
	self->g.link = (struct guest_link){ .chan = ktstr_chan__attach(self->region, CHAN_BYTES),
					    .doorbell = count_ring };
	self->g.sched.pid = 42;
	guest_stats__open(&self->g);
	self->g.stats.path = self->path;
	self->server = self->client = -1;
	rings = 0;
}

FIXTURE_TEARDOWN(stats)
{
	guest_stats__close(&self->g);
	ktstr_chan__free(self->g.link.chan);
	ktstr_chan__free(self->host);
	munmap(self->region, CHAN_BYTES);
	if (self->server >= 0)
		close(self->server);
	if (self->client >= 0)
		close(self->client);
	unlink(self->path);
	rmdir(self->dir);
}

/* The next message; -1: there is none. */
static int outcome(FIXTURE_DATA(stats) *self)
{
	if (ktstr_chan__read(self->host, &self->msg) != 1 || self->msg.type != KTSTR_MSG_SCX_STATS ||
	    self->msg.len < sizeof(self->what))
		return -1;
	memcpy(&self->what, self->msg.payload, sizeof(self->what));
	return (int)self->what.outcome;
}

static const char *text(FIXTURE_DATA(stats) *self)
{
	return (const char *)self->msg.payload + sizeof(self->what);
}

/* The server takes the connection, if it has none, and reads a request. */
static bool gets_request(FIXTURE_DATA(stats) *self)
{
	char buf[256];
	ssize_t n;

	if (self->client < 0)
		self->client = accept4(self->server, NULL, NULL, SOCK_NONBLOCK);
	n = recv(self->client, buf, sizeof(buf), MSG_DONTWAIT);
	return n == (ssize_t)strlen(REQUEST) && !memcmp(buf, REQUEST, (size_t)n);
}

static void says(FIXTURE_DATA(stats) *self, const char *what)
{
	if (send(self->client, what, strlen(what), MSG_NOSIGNAL) != (ssize_t)strlen(what))
		exit(1);
	guest_stats__on_socket(&self->g);
}

TEST_F(stats, an_answer_is_one_line_however_it_is_cut)
{
	listen_at(self);
	EXPECT_TRUE(guest_stats__ask_first(&self->g));
	EXPECT_FALSE(guest_stats__asked(&self->g));
	EXPECT_TRUE(gets_request(self));
	says(self, "{\"errno\":0,");
	EXPECT_EQ(-1, outcome(self));
	says(self, "\"args\":{\"resp\":{\"nr\":1}}}\n");
	EXPECT_EQ(KTSTR_SCX_STATS_ANSWER, outcome(self));
	EXPECT_EQ(KTSTR_SCX_STATS_ASKED, self->what.snapshot);
	EXPECT_STREQ(ANSWER, text(self));
	EXPECT_TRUE(guest_stats__asked(&self->g));
	EXPECT_FALSE(guest_stats__asked(&self->g));
	/* the question that follows rings the bell */
	EXPECT_EQ(0, rings);
}

TEST_F(stats, the_connection_is_kept)
{
	listen_at(self);
	for (int i = 0; i < 3; i++) {
		EXPECT_TRUE(guest_stats__ask_first(&self->g));
		EXPECT_TRUE(gets_request(self));
		says(self, ANSWER "\n");
		EXPECT_EQ(KTSTR_SCX_STATS_ANSWER, outcome(self));
		EXPECT_TRUE(guest_stats__asked(&self->g));
	}
}

TEST_F(stats, another_scheduler_is_another_connection)
{
	listen_at(self);
	guest_stats__ask_first(&self->g);
	EXPECT_TRUE(gets_request(self));
	says(self, ANSWER "\n");
	EXPECT_EQ(KTSTR_SCX_STATS_ANSWER, outcome(self));
	guest_stats__asked(&self->g);
	self->g.sched.pid = 43;
	guest_stats__ask_first(&self->g);
	close(self->client);
	self->client = -1;
	EXPECT_TRUE(gets_request(self));	/* of a new one */
}

/* The old server has closed meanwhile, and the loop has not noticed. */
TEST_F(stats, a_closed_connection_is_made_again)
{
	listen_at(self);
	guest_stats__ask_first(&self->g);
	EXPECT_TRUE(gets_request(self));
	says(self, ANSWER "\n");
	EXPECT_EQ(KTSTR_SCX_STATS_ANSWER, outcome(self));
	guest_stats__asked(&self->g);
	close(self->client);
	self->client = -1;
	guest_stats__ask_first(&self->g);
	EXPECT_EQ(-1, outcome(self));
	EXPECT_TRUE(gets_request(self));
}

TEST_F(stats, without_a_server_it_is_over_at_once)
{
	EXPECT_TRUE(guest_stats__ask_first(&self->g));
	EXPECT_TRUE(guest_stats__asked(&self->g));
	EXPECT_EQ(KTSTR_SCX_STATS_NO_SOCKET, outcome(self));

	listen_at(self);
	close(self->server);
	self->server = -1;
	EXPECT_TRUE(guest_stats__ask_first(&self->g));
	EXPECT_TRUE(guest_stats__asked(&self->g));
	EXPECT_EQ(KTSTR_SCX_STATS_NO_LISTENER, outcome(self));

	/* a file that is no socket */
	unlink(self->path);
	close(open(self->path, O_CREAT | O_WRONLY, 0600));
	EXPECT_TRUE(guest_stats__ask_first(&self->g));
	EXPECT_EQ(KTSTR_SCX_STATS_NO_LISTENER, outcome(self));
}

TEST_F(stats, nobody_is_asked_without_a_scheduler_or_when_it_is_off)
{
	self->g.sched.pid = 0;
	EXPECT_FALSE(guest_stats__ask_first(&self->g));
	self->g.sched.pid = 42;
	self->g.args.no_scx_stats = 1;
	guest_stats__close(&self->g);
	guest_stats__open(&self->g);
	EXPECT_FALSE(guest_stats__ask_first(&self->g));
	EXPECT_EQ(-1, outcome(self));
}

TEST_F(stats, a_server_that_hangs_up_is_reported)
{
	listen_at(self);
	guest_stats__ask_first(&self->g);
	EXPECT_TRUE(gets_request(self));
	says(self, "{\"errno\":0");
	close(self->client);
	self->client = -1;
	guest_stats__on_socket(&self->g);
	EXPECT_EQ(KTSTR_SCX_STATS_CLOSED, outcome(self));
	EXPECT_TRUE(guest_stats__asked(&self->g));
}

static void time_is_over(FIXTURE_DATA(stats) *self)
{
	struct pollfd p = { .fd = self->g.stats.timer_fd, .events = POLLIN };

	self->g.stats.deadline_ns = ktstr_now_ns();
	poll(&p, 1, 2 * KTSTR_SCX_STATS_MS);
	guest_stats__on_timer(&self->g);
}

TEST_F(stats, silence_costs_its_time_twice_and_no_more)
{
	uint64_t before;

	listen_at(self);
	for (int i = 0; i < KTSTR_SCX_STATS_SILENT; i++) {
		before = ktstr_now_ns();
		guest_stats__ask_first(&self->g);
		EXPECT_TRUE(gets_request(self));
		says(self, "{\"errno\"");
		/* a timer that is early changes nothing */
		guest_stats__on_timer(&self->g);
		EXPECT_EQ(-1, outcome(self));
		time_is_over(self);
		EXPECT_EQ(KTSTR_SCX_STATS_SILENCE, outcome(self));
		EXPECT_TRUE(guest_stats__asked(&self->g));
		EXPECT_GE(self->what.waited_us, KTSTR_SCX_STATS_MS * 1000u);
		EXPECT_LT(ktstr_now_ns() - before, 60 * NSEC_PER_SEC);
		/* a late answer has nobody to read it */
		EXPECT_EQ(-1, send(self->client, ANSWER "\n", 4, MSG_NOSIGNAL));
		close(self->client);
		self->client = -1;
	}
	EXPECT_TRUE(guest_stats__ask_first(&self->g));
	EXPECT_TRUE(guest_stats__asked(&self->g));
	EXPECT_EQ(KTSTR_SCX_STATS_GIVEN_UP, outcome(self));
}

TEST_F(stats, what_was_not_asked_for_is_not_an_answer)
{
	listen_at(self);
	guest_stats__ask_first(&self->g);
	EXPECT_TRUE(gets_request(self));
	says(self, ANSWER "\n{\"errno\":0,\"args\":{\"resp\":{\"nr\":2}}}\n");
	EXPECT_EQ(KTSTR_SCX_STATS_ANSWER, outcome(self));
	EXPECT_STREQ(ANSWER, text(self));
	EXPECT_EQ(-1, outcome(self));
	guest_stats__asked(&self->g);
	/* the second line went with the connection */
	guest_stats__ask_first(&self->g);
	close(self->client);
	self->client = -1;
	EXPECT_TRUE(gets_request(self));
	says(self, ANSWER "\n");
	EXPECT_EQ(KTSTR_SCX_STATS_ANSWER, outcome(self));
	guest_stats__asked(&self->g);
	/* a line between two requests */
	EXPECT_EQ(2, send(self->client, "{}", 2, MSG_NOSIGNAL));
	guest_stats__ask_first(&self->g);
	close(self->client);
	self->client = -1;
	EXPECT_TRUE(gets_request(self));
}

TEST_F(stats, an_answer_without_end_is_cut_off)
{
	char block[4097];
	size_t sent = 0;

	memset(block, 'x', sizeof(block) - 1);
	block[sizeof(block) - 1] = '\0';
	listen_at(self);
	guest_stats__ask_first(&self->g);
	EXPECT_TRUE(gets_request(self));
	for (; sent < KTSTR_SCX_STATS_MAX; sent += sizeof(block) - 1)
		says(self, block);
	EXPECT_EQ(KTSTR_SCX_STATS_TOO_LONG, outcome(self));
	EXPECT_EQ(sizeof(self->what), self->msg.len);
	EXPECT_TRUE(guest_stats__asked(&self->g));
}

/* Of a body of 10 s, which begins now: three of them are at 3, 5 and 7 s. */
static void body_of_10_s(FIXTURE_DATA(stats) *self)
{
	guest_stats__close(&self->g);
	self->g.args.num_snapshots = 3;
	self->g.args.duration_s = 10;
	guest_stats__open(&self->g);
	self->g.stats.path = self->path;
	guest_stats__body(&self->g);
}

/* As if it had begun @ms before. */
static void lies_back(FIXTURE_DATA(stats) *self, uint64_t ms)
{
	self->g.stats.window.start_ns -= ms * NSEC_PER_MSEC;
	self->g.stats.window.end_ns -= ms * NSEC_PER_MSEC;
	self->g.stats.body_ns -= self->g.stats.body_ns ? ms * NSEC_PER_MSEC : 0;
}

static void alarm_rings(FIXTURE_DATA(stats) *self)
{
	struct itimerspec now = { .it_value.tv_nsec = 1 };
	struct pollfd p = { .fd = self->g.stats.timer_fd, .events = POLLIN };

	timerfd_settime(self->g.stats.timer_fd, 0, &now, NULL);
	poll(&p, 1, 1000);
	guest_stats__on_timer(&self->g);
}

TEST_F(stats, periodic_ones_are_asked_for_when_they_are_due)
{
	body_of_10_s(self);
	alarm_rings(self);
	EXPECT_EQ(-1, outcome(self));
	lies_back(self, 3000);
	alarm_rings(self);
	EXPECT_EQ(KTSTR_SCX_STATS_NO_SOCKET, outcome(self));
	EXPECT_EQ(0, self->what.snapshot);
	EXPECT_EQ(1, rings);		/* the host takes it now */
	alarm_rings(self);
	EXPECT_EQ(-1, outcome(self));
	/* it was asleep for two of them */
	lies_back(self, 4500);
	alarm_rings(self);
	EXPECT_EQ(KTSTR_SCX_STATS_NO_SOCKET, outcome(self));
	EXPECT_EQ(2, self->what.snapshot);
	lies_back(self, 10000);
	alarm_rings(self);
	EXPECT_EQ(-1, outcome(self));
}

TEST_F(stats, they_are_counted_from_the_first_step)
{
	body_of_10_s(self);
	lies_back(self, 900);
	guest_stats__step(&self->g);
	lies_back(self, 2900);
	alarm_rings(self);
	EXPECT_EQ(-1, outcome(self));
	lies_back(self, 100);
	/* the second step is none */
	guest_stats__step(&self->g);
	alarm_rings(self);
	EXPECT_EQ(KTSTR_SCX_STATS_NO_SOCKET, outcome(self));
}

TEST_F(stats, a_step_after_a_tenth_does_not_move_them)
{
	body_of_10_s(self);
	lies_back(self, 1001);
	guest_stats__step(&self->g);
	lies_back(self, 1999);
	alarm_rings(self);
	EXPECT_EQ(KTSTR_SCX_STATS_NO_SOCKET, outcome(self));
}

/* Both a periodic snapshot and one on request: one request at a time. */
TEST_F(stats, a_request_waits_for_the_one_before)
{
	body_of_10_s(self);
	listen_at(self);
	lies_back(self, 3000);
	alarm_rings(self);
	EXPECT_TRUE(gets_request(self));
	EXPECT_TRUE(guest_stats__ask_first(&self->g));
	EXPECT_FALSE(gets_request(self));
	says(self, ANSWER "\n");
	EXPECT_EQ(KTSTR_SCX_STATS_ANSWER, outcome(self));
	EXPECT_EQ(0, self->what.snapshot);
	EXPECT_FALSE(guest_stats__asked(&self->g));
	EXPECT_TRUE(gets_request(self));
	says(self, ANSWER "\n");
	EXPECT_EQ(KTSTR_SCX_STATS_ANSWER, outcome(self));
	EXPECT_EQ(KTSTR_SCX_STATS_ASKED, self->what.snapshot);
	EXPECT_TRUE(guest_stats__asked(&self->g));
}

TEST_HARNESS_MAIN
