// SPDX-License-Identifier: GPL-2.0
/*
 * Probes by BPF programs: PID 1's side of harness/model/probe.h. A program of its own sets them, as
 * PID 1 has no BPF loader. It is asked twice to set probes, before the scheduler starts and where that
 * attaches, and nothing else happens in the guest meanwhile. What it says goes to the host as it is.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/model/probe.h"
#include "lib/clock.h"
#include "internal.h"

#define SET_PATIENCE_NS		(60 * NSEC_PER_SEC)	/* to load and verify a hundred programs */
#define END_PATIENCE_NS		(10 * NSEC_PER_SEC)

static void tell(struct guest *g, const char *text)
{
	struct {
		uint32_t says;
		char text[128];
	} msg = { .says = KTSTR_PROBE_TEXT };
	size_t len = strnlen(text, sizeof(msg.text));

	memcpy(msg.text, text, len);
	guest_link__send(&g->link, KTSTR_MSG_PROBE, &msg, offsetof(typeof(msg), text) + len);
}

static void probe_exec(int sock)
{
	char * const argv[] = { (char *)KTSTR_PROBE_PROGRAM, NULL };

	guest_child__reset();
	/* dup2() onto itself would leave close-on-exec set */
	if (sock == KTSTR_PROBE_SOCK)
		fcntl(sock, F_SETFD, 0);
	else
		dup2(sock, KTSTR_PROBE_SOCK);
	execv(argv[0], argv);
	_exit(127);
}

static void hang_up(struct guest *g)
{
	close(g->probe_sock);
	g->probe_sock = -1;
}

/* Send on one datagram. What it is, or -1: it has hung up. */
static int forward(struct guest *g)
{
	static char buf[KTSTR_PROBE_DATAGRAM];
	uint32_t says;
	ssize_t n;

	do {
		n = recv(g->probe_sock, buf, sizeof(buf), 0);
	} while (n < 0 && errno == EINTR);
	if (n < (ssize_t)sizeof(says)) {
		hang_up(g);
		return -1;
	}
	guest_link__send(&g->link, KTSTR_MSG_PROBE, buf, (size_t)n);
	memcpy(&says, buf, sizeof(says));
	return says == KTSTR_PROBE_STATE || says == KTSTR_PROBE_END ? (int)says : 0;
}

void guest_probe__forward(struct guest *g)
{
	forward(g);
}

/* Send on everything until @says. False: it has hung up before, or takes too long. */
static bool await(struct guest *g, enum ktstr_probe_says says, uint64_t patience_ns)
{
	uint64_t deadline = ktstr_now_ns() + patience_ns, now;
	struct pollfd fd = { .fd = g->probe_sock, .events = POLLIN };
	int got;

	while ((now = ktstr_now_ns()) < deadline) {
		if (poll(&fd, 1, (int)((deadline - now) / NSEC_PER_MSEC) + 1) <= 0)
			continue;
		got = forward(g);
		if (got < 0)
			return false;
		if (got == (int)says)
			return true;
	}
	tell(g, "the program that sets probes takes too long");
	hang_up(g);
	return false;
}

void guest_probe__start(struct guest *g)
{
	int sv[2];
	pid_t pid;

	if (!g->args.probes)
		return;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv)) {
		tell(g, strerror(errno));
		return;
	}
	pid = fork();
	if (!pid)
		probe_exec(sv[1]);
	close(sv[1]);
	g->probe_sock = sv[0];
	if (pid < 0 || !await(g, KTSTR_PROBE_STATE, SET_PATIENCE_NS))
		tell(g, "the program that sets probes could not be started, or ended early");
	/* from now on there may be records, which the host is to find */
	guest_link__ring(&g->link);
}

static bool ask(struct guest *g, char what)
{
	return g->probe_sock >= 0 && send(g->probe_sock, &what, 1, MSG_NOSIGNAL) == 1;
}

void guest_probe__operations(struct guest *g)
{
	if (ask(g, KTSTR_PROBE_ATTACH))
		await(g, KTSTR_PROBE_STATE, SET_PATIENCE_NS);
}

void guest_probe__finish(struct guest *g)
{
	if (ask(g, KTSTR_PROBE_FINISH))
		await(g, KTSTR_PROBE_END, END_PATIENCE_NS);
	if (g->probe_sock >= 0)
		hang_up(g);
}
