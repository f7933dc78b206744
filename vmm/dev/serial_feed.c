// SPDX-License-Identifier: GPL-2.0
/* From a socket to a UART: see serial_feed.h. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "serial_feed.h"

struct serial_feed {
	struct serial *s;
	int fd;
	pthread_t thread;
};

static void *run(void *arg)
{
	struct serial_feed *f = arg;
	char text[256];
	ssize_t n;

	do {
		n = recv(f->fd, text, sizeof(text), 0);
	} while ((n < 0 && errno == EINTR) ||
		 (n > 0 && serial_receive_all(f->s, text, (size_t)n)));
	return NULL;
}

int serial_feed_create(struct serial_feed **fp, struct serial *s, int fd, struct ktstr_err *err)
{
	struct serial_feed *f = calloc(1, sizeof(*f));
	sigset_t all, old;
	int ret;

	*fp = NULL;
	if (!f)
		return ktstr_err(err, ENOMEM, "serial port: out of memory");
	f->s = s;
	f->fd = fd;
	/* signals are for the threads of the machine's owner */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	ret = pthread_create(&f->thread, NULL, run, f);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (ret) {
		free(f);
		return ktstr_err(err, ret, "serial port: thread: %s", strerror(ret));
	}
	*fp = f;
	return 0;
}

void serial_feed_hang_up(struct serial_feed *f)
{
	if (!f)
		return;
	shutdown(f->fd, SHUT_RDWR);
	serial_deafen(f->s);
}

void serial_feed_destroy(struct serial_feed *f)
{
	if (!f)
		return;
	serial_feed_hang_up(f);
	pthread_join(f->thread, NULL);
	free(f);
}
