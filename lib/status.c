// SPDX-License-Identifier: GPL-2.0
/* See status.h. */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "status.h"

const char *ktstr_status__format(int status, char *buf, size_t size)
{
	const char *name;

	if (WIFSIGNALED(status)) {
		name = sigabbrev_np(WTERMSIG(status));
		if (name)
			snprintf(buf, size, "killed by SIG%s", name);
		else
			snprintf(buf, size, "killed by signal %d", WTERMSIG(status));
	} else {
		snprintf(buf, size, "exited with status %d", WEXITSTATUS(status));
	}
	return buf;
}
