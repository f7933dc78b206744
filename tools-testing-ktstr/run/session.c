// SPDX-License-Identifier: GPL-2.0
/*
 * One poll() loop. The terminal is the user's own until the guest is ready: ^C ends a boot. What is
 * typed after that waits here until the guest has passed on what came before.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <ktstr/terminal.h>

#include "session.h"
#include "terminal.h"

#define MAX_TYPED	(1 << 20)
#define PIECE		512

struct session {
	int sock;
	pid_t pid;
	struct terminal terminal;
	struct keys keys;
	struct terminal_reader from_guest;
	bool ready, hung_up;
	int status;
	uint32_t sent;		/* and not confirmed */
	size_t nr_typed;
	char typed[MAX_TYPED];	/* and not sent */
};

static void write_all(const char *text, size_t len)
{
	ssize_t n;

	for (; len; text += n, len -= (size_t)n) {
		n = write(STDOUT_FILENO, text, len);
		if (n < 0 && errno != EINTR)
			return;
		if (n < 0)
			n = 0;
	}
}

/* The guest has room for all that is ever under way, so this does not block. */
static void send_text(const struct session *s, const char *text, size_t len)
{
	while (send(s->sock, text, len, MSG_NOSIGNAL) < 0 && errno == EINTR)
		;
}

static void send_size(const struct session *s)
{
	struct winsize ws = { 0 };
	char text[40];
	int len;

	if (!s->ready)
		return;
	if (ioctl(STDIN_FILENO, TIOCGWINSZ, &ws) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws))
		memset(&ws, 0, sizeof(ws));
	len = snprintf(text, sizeof(text), "%c%c%u,%u;", KTSTR_TERMINAL_MARK, TERMINAL_SIZE, ws.ws_row,
		       ws.ws_col);
	send_text(s, text, (size_t)len);
}

static void send_typed(struct session *s)
{
	char text[2 * PIECE];
	size_t n;

	while (s->ready && s->nr_typed && s->sent < KTSTR_TERMINAL_WINDOW) {
		n = s->nr_typed;
		if (n > KTSTR_TERMINAL_WINDOW - s->sent)
			n = KTSTR_TERMINAL_WINDOW - s->sent;
		if (n > PIECE)
			n = PIECE;
		send_text(s, text, terminal_escape(text, s->typed, n));
		s->sent += n;
		s->nr_typed -= n;
		memmove(s->typed, s->typed + n, s->nr_typed);
	}
}

static void take_message(struct session *s)
{
	uint32_t number = s->from_guest.number[0];

	switch (s->from_guest.letter) {
	case TERMINAL_READY:
		if (!s->ready)
			terminal__raw(&s->terminal, STDIN_FILENO);
		s->ready = true;
		send_size(s);
		break;
	case TERMINAL_TAKEN:
		s->sent -= number < s->sent ? number : s->sent;
		break;
	case TERMINAL_END:
		s->status = (int)(number & 0xff);
		s->ready = false;
		terminal__restore(&s->terminal);
		break;
	default:
		break;
	}
}

/* False: there is nothing to read now. */
static bool from_guest(struct session *s)
{
	char text[4096], data[sizeof(text)];
	size_t nr = 0;
	ssize_t n, i;

	n = recv(s->sock, text, sizeof(text), MSG_DONTWAIT);
	for (i = 0; i < n; i++) {
		switch (terminal_read(&s->from_guest, (uint8_t)text[i])) {
		case TERMINAL_DATA:
			data[nr++] = text[i];
			break;
		case TERMINAL_MESSAGE:
			write_all(data, nr);
			nr = 0;
			take_message(s);
			break;
		default:
			break;
		}
	}
	write_all(data, nr);
	return n > 0;
}

static void from_user(struct session *s)
{
	char text[4096];
	bool leave;
	ssize_t n = read(STDIN_FILENO, text, sizeof(text));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		s->hung_up = true;
		kill(s->pid, SIGHUP);
		return;
	}
	s->nr_typed += keys__filter(&s->keys, text, (size_t)n, s->typed + s->nr_typed, &leave);
	if (!leave)
		return;
	s->ready = false;
	terminal__restore(&s->terminal);
	fputs("\nktstr: the guest is ended by ~.\n", stderr);
	kill(s->pid, SIGINT);
}

static bool listens(const struct session *s)
{
	return s->ready && !s->hung_up && s->nr_typed <= MAX_TYPED - 4097;
}

int session__run(int sock, pid_t pid)
{
	static struct session s;
	struct signalfd_siginfo si;
	sigset_t winch;
	struct pollfd p[4];

	s = (struct session){ .sock = sock, .pid = pid, .status = -1 };
	sigemptyset(&winch);
	sigaddset(&winch, SIGWINCH);
	p[0] = (struct pollfd){ (int)syscall(SYS_pidfd_open, pid, 0), POLLIN, 0 };
	p[1] = (struct pollfd){ sock, POLLIN, 0 };
	p[2] = (struct pollfd){ signalfd(-1, &winch, SFD_CLOEXEC | SFD_NONBLOCK), POLLIN, 0 };
	do {
		p[3] = (struct pollfd){ listens(&s) ? STDIN_FILENO : -1, POLLIN, 0 };
		if (poll(p, 4, -1) < 0)
			continue;
		if (p[2].revents && read(p[2].fd, &si, sizeof(si)) > 0)
			send_size(&s);
		if (p[1].revents && !from_guest(&s) && p[1].revents & POLLHUP)
			p[1].fd = -1;
		if (p[3].revents)
			from_user(&s);
		send_typed(&s);
	} while (!p[0].revents);
	while (from_guest(&s))
		;
	terminal__restore(&s.terminal);
	close(p[0].fd);
	close(p[2].fd);
	return s.status;
}
