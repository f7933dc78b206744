// SPDX-License-Identifier: GPL-2.0
/* Interruption as a file descriptor: see interrupt.h. */
#include <errno.h>
#include <linux/kernel.h>
#include <signal.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "interrupt.h"

static int event_fd = -1;
static volatile sig_atomic_t caught;

static void on_signal(int sig)
{
	uint64_t one = 1;
	int saved = errno;

	if (!caught)
		caught = sig;
	/* the counter cannot overflow, so errors can be ignored */
	if (write(event_fd, &one, sizeof(one)) < 0)
		errno = saved;
	errno = saved;
}

int ktstr_interrupt__catch(void)
{
	/* a handler, not a mask: handlers do not survive exec into an emulator */
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	unsigned int i;

	if (event_fd < 0)
		event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (event_fd < 0)
		return -errno;
	for (i = 0; i < ARRAY_SIZE(signals); i++)
		if (sigaction(signals[i], &sa, NULL))
			return -errno;
	if (prctl(PR_SET_PDEATHSIG, SIGTERM))
		return -errno;
	return 0;
}

int ktstr_interrupt__fd(void)
{
	return event_fd;
}

int ktstr_interrupt__signal(void)
{
	return caught;
}
