// SPDX-License-Identifier: GPL-2.0
/*
 * The main thread of the scheduler. When a process with several threads is killed and one of them
 * cannot run any more (only the dead scheduler would have run it), the main thread is a zombie, but
 * the process has not ended: no SIGCHLD comes, and its pidfd stays silent (pidfd_poll() in
 * fs/pidfs.c). A perf event of the thread tells (perf_event_exit_task()): a dummy counter, whose
 * descriptor hangs up when the thread exits. It hangs up at once where no ring is mapped.
 *
 * The thread exits before the process is a zombie, so its state is looked at a moment later, and
 * again until it is one. A main thread may also end by pthread_exit() and leave the work to others:
 * then no other thread has to die, and that is no end.
 */
#include <dirent.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "internal.h"

#define LOOK_NS		(NSEC_PER_SEC / 10)
#define PF_EXITING	0x4		/* include/linux/sched.h; /proc/PID/stat has it */

static size_t ring_bytes(void)
{
	return 2 * (size_t)sysconf(_SC_PAGESIZE);
}

void guest_leader__watch(struct guest_leader *l, pid_t pid)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE, .size = sizeof(attr),
		.config = PERF_COUNT_SW_DUMMY, .disabled = 1, .exclude_kernel = 1,
	};

	*l = (struct guest_leader){ .fd = -1 };
	l->fd = (int)syscall(SYS_perf_event_open, &attr, pid, -1, -1, PERF_FLAG_FD_CLOEXEC);
	if (l->fd < 0)
		return;
	l->ring = mmap(NULL, ring_bytes(), PROT_READ | PROT_WRITE, MAP_SHARED, l->fd, 0);
	if (l->ring != MAP_FAILED)
		return;
	l->ring = NULL;
	guest_leader__forget(l);
}

void guest_leader__forget(struct guest_leader *l)
{
	if (l->ring)
		munmap(l->ring, ring_bytes());
	if (l->fd >= 0)
		close(l->fd);
	l->ring = NULL;
	l->fd = -1;
}

/* The next event is a timer's. */
static void look_again(struct guest_leader *l)
{
	struct itimerspec soon = { .it_value.tv_nsec = LOOK_NS };

	guest_leader__forget(l);
	l->fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (l->fd >= 0)
		timerfd_settime(l->fd, 0, &soon, NULL);
}

/* Field @nr of a stat file, from 3 on. NULL: there is none. */
static const char *stat_field(const char *text, int nr)
{
	const char *p = strrchr(text, ')');	/* the name before may contain anything */

	for (; p && nr > 2; nr--)
		p = strchr(p + 1, ' ');
	return p && p[1] ? p + 1 : NULL;
}

/* Does this thread of @pid have to die? */
static bool is_dying(pid_t pid, const char *tid)
{
	char path[64], text[4096];
	const char *field;

	snprintf(path, sizeof(path), "/proc/%d/task/%.20s/stat", pid, tid);
	guest_file__read(path, text, sizeof(text));
	field = stat_field(text, 9);
	if (field && strtoul(field, NULL, 10) & PF_EXITING)
		return true;
	snprintf(path, sizeof(path), "/proc/%d/task/%.20s/status", pid, tid);
	guest_file__read(path, text, sizeof(text));
	field = strstr(text, "\nSigPnd:");
	return field && strtoull(field + 8, NULL, 16) & (1ULL << (SIGKILL - 1));
}

/* Is there a thread besides the main one that has to die and has not? */
static bool others_die(pid_t pid)
{
	char path[64];
	struct dirent *e;
	bool found = false;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	if (!dir)
		return false;
	while (!found && (e = readdir(dir)))
		found = atoi(e->d_name) > 0 && atoi(e->d_name) != pid && is_dying(pid, e->d_name);
	closedir(dir);
	return found;
}

bool guest_leader__died(struct guest_leader *l, pid_t pid)
{
	char path[64], text[4096];
	const char *state, *code;

	if (l->ring) {
		look_again(l);
		return false;
	}
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	guest_file__read(path, text, sizeof(text));
	state = stat_field(text, 3);
	if (state && *state != 'Z') {
		look_again(l);
		return false;
	}
	guest_leader__forget(l);
	code = stat_field(text, 52);
	l->status = code ? atoi(code) : 0;
	return state && others_die(pid);
}
