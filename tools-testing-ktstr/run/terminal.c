// SPDX-License-Identifier: GPL-2.0
/* The user's terminal: see terminal.h. */
#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "terminal.h"

/*
 * Without a controlling terminal: neither its signals nor job control reach this process. It keeps
 * no descriptor of ours open but these two.
 */
static void __attribute__((noreturn)) keep(const struct terminal *t, int died)
{
	char c;

	setsid();
	dup2(t->fd, STDIN_FILENO);
	dup2(died, STDOUT_FILENO);
	syscall(SYS_close_range, STDERR_FILENO, ~0U, 0);
	while (read(STDOUT_FILENO, &c, 1) < 0 && errno == EINTR)
		;
	tcsetattr(STDIN_FILENO, TCSADRAIN, &t->before);
	_exit(0);
}

int terminal__raw(struct terminal *t, int fd)
{
	struct termios raw;
	int ends[2], ret = 0;

	*t = (struct terminal){ .fd = fd };
	if (tcgetattr(fd, &t->before) || pipe(ends))
		return -errno;
	t->keeper = fork();
	if (!t->keeper) {
		close(ends[1]);
		keep(t, ends[0]);
	}
	ret = t->keeper < 0 ? -errno : 0;
	close(ends[0]);
	t->alive = ends[1];
	raw = t->before;
	cfmakeraw(&raw);
	if (!ret && tcsetattr(fd, TCSADRAIN, &raw))
		ret = -errno;
	if (ret)
		terminal__restore(t);
	return ret;
}

void terminal__restore(struct terminal *t)
{
	if (t->keeper > 0) {
		tcsetattr(t->fd, TCSADRAIN, &t->before);
		kill(t->keeper, SIGKILL);
		waitpid(t->keeper, NULL, 0);
	}
	if (t->keeper)
		close(t->alive);
	t->keeper = 0;
}

size_t keys__filter(struct keys *k, const char *in, size_t len, char *out, bool *leave)
{
	size_t n = 0;

	*leave = false;
	for (; len; len--, in++) {
		if (k->tilde) {
			k->tilde = false;
			k->inside = true;
			if (*in == '.') {
				*leave = true;
				return n;
			}
			out[n++] = '~';
			if (*in == '~')
				continue;
		} else if (!k->inside && *in == '~') {
			k->tilde = true;
			continue;
		}
		out[n++] = *in;
		k->inside = *in != '\r' && *in != '\n';
	}
	return n;
}
