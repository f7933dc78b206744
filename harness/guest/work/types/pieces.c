// SPDX-License-Identifier: GPL-2.0
/* Operations that several work types use: see pieces.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sched.h>
#include <math.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "pieces.h"

#define WAIT_MS		100	/* a wait ends at most this long after the stop flag was set */

uint64_t work_yield(struct ktstr_work_ctx *w)
{
	uint64_t before = ktstr_now_ns(), now;

	sched_yield();
	now = ktstr_now_ns();
	work_sample_wake(w, now - before);
	return now;
}

void work_sleep_sampled(struct ktstr_work_ctx *w, uint64_t ns)
{
	uint64_t before = ktstr_now_ns(), now;

	work_sleep(w, ns);
	now = ktstr_now_ns();
	if (now - before >= ns)
		work_sample_wake(w, now - before - ns);
}

void work_spin_until(struct ktstr_work_ctx *w, uint64_t deadline, uint32_t units)
{
	while (!work_stopped(w)) {
		work_spin(w, units);
		if (work_checkpoint(w) >= deadline)
			break;
	}
}

/* Member 0 writes to pipe 0 and reads from pipe 1, member 1 the other way round. */
int work_pipes(struct ktstr_work_group *g)
{
	if (pipe2(&g->fds[0], O_CLOEXEC) || pipe2(&g->fds[2], O_CLOEXEC))
		return -errno;
	return 0;
}

void work_pipe_exchange(struct ktstr_work_ctx *w)
{
	const int *fds = w->group->fds;
	int in = w->member ? fds[0] : fds[2], out = w->member ? fds[3] : fds[1];
	struct pollfd p = { .fd = in, .events = POLLIN };
	uint64_t before, now;
	bool ready = false;
	char byte = 0;

	if (write(out, &byte, 1) != 1)
		return;
	before = ktstr_now_ns();
	while (!ready && !work_stopped(w))
		ready = poll(&p, 1, WAIT_MS) > 0;
	now = ktstr_now_ns();
	if (ready && read(in, &byte, 1) == 1)
		work_sample_wake(w, now - before);
	work_blocked(w, before, now);
}

struct work_region *work_region(size_t size, size_t stride)
{
	struct work_region *r = malloc(sizeof(*r) + size);

	if (!r)
		return NULL;
	r->size = size;
	r->stride = stride % size;
	r->at = 0;
	memset((void *)r->bytes, 1, size);
	return r;
}

void work_touch(struct ktstr_work_ctx *w, struct work_region *r, uint32_t n)
{
	size_t at = r->at;

	for (uint32_t i = 0; i < n; i++) {
		r->bytes[at]++;
		at += r->stride;
		if (at >= r->size)
			at -= r->size;
	}
	r->at = at;
	w->units += n;
}

int work_temp_file(const struct ktstr_work_ctx *w, uint64_t size)
{
	const char *dir = getenv("TMPDIR");
	char path[PATH_MAX];
	int fd, err;

	if (!dir || !*dir)
		dir = "/tmp";
	if (snprintf(path, sizeof(path), "%s/ktstr_iodev_%ld", dir, syscall(SYS_gettid)) >=
	    (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0 && !unlink(path) && !ftruncate(fd, (off_t)size))
		return fd;
	err = errno;
	work_note(w, "%s: %s", path, strerror(err));
	if (fd >= 0) {
		unlink(path);
		close(fd);
	}
	return -err;
}

struct work_matrices *work_matrices(uint32_t kib)
{
	size_t elements = kib * (size_t)1024 / sizeof(uint64_t), square, i;
	struct work_matrices *m = malloc(sizeof(*m) + elements * sizeof(uint64_t));

	if (!m)
		return NULL;
	m->n = (uint32_t)sqrt((double)elements / 3);
	square = (size_t)m->n * m->n;
	m->a = (uint64_t *)(m + 1);
	m->b = m->a + square;
	m->c = m->b + square;
	for (i = 0; i < 3 * square; i++)
		m->a[i] = i | 1;
	return m;
}

void work_multiply_row(struct work_matrices *m, uint32_t i)
{
	uint64_t sum;
	uint32_t j, k;

	for (j = 0; j < m->n; j++) {
		for (sum = 0, k = 0; k < m->n; k++)
			sum += m->a[(size_t)i * m->n + k] * m->b[(size_t)k * m->n + j];
		m->c[(size_t)i * m->n + j] = sum;
	}
	__asm__ volatile("" : : "r"(m->c) : "memory");
}

pid_t work_clone(int *pidfd)
{
	struct clone_args args = {
		.flags = CLONE_PIDFD,
		.pidfd = (uintptr_t)pidfd,
		.exit_signal = SIGCHLD,
	};

	return syscall(SYS_clone3, &args, sizeof(args));
}

bool work_child_ended(struct ktstr_work_ctx *w, int pidfd)
{
	struct pollfd p = { pidfd, POLLIN, 0 };
	bool ended = false;

	while (!ended && !work_stopped(w))
		ended = poll(&p, 1, WAIT_MS) > 0;
	return ended;
}

void work_free_priv(struct ktstr_work_ctx *w)
{
	free(w->priv);
	w->priv = NULL;
}

void work_note(const struct ktstr_work_ctx *w, const char *fmt, ...)
{
	char line[256];
	va_list ap;

	if (w->index)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	dprintf(STDERR_FILENO, "ktstr: %s\n", line);
}

bool work_read_list(const char *path, struct ktstr_cpumask *m)
{
	char buf[4096];
	ssize_t n;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, buf, sizeof(buf) - 1);
	close(fd);
	if (n <= 0)
		return false;
	buf[n] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	return *buf && !ktstr_cpumask__parse(buf, m);
}

static bool siblings_of(const char *sysfs, uint32_t cpu, struct ktstr_cpumask *core)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/devices/system/cpu/cpu%u/topology/thread_siblings_list",
		 sysfs, cpu);
	return work_read_list(path, core);
}

/* The two lowest of @cpus that lie in @core. */
static bool two_of(const struct ktstr_cpumask *core, const struct ktstr_cpumask *cpus,
		   uint32_t pair[2])
{
	uint32_t cpu, nr = 0;

	for (cpu = 0; cpu < KTSTR_MAX_CPUS && nr < 2; cpu++)
		if (ktstr_cpumask__test(core, cpu) && ktstr_cpumask__test(cpus, cpu))
			pair[nr++] = cpu;
	return nr == 2;
}

/* Returns how many cores have two of @cpus; @pair is that of core @n, if there are so many. */
static uint32_t count_pairs(const char *sysfs, const struct ktstr_cpumask *cpus, uint32_t n,
			    uint32_t pair[2])
{
	uint32_t cpu, two[2], nr = 0;
	struct ktstr_cpumask core;

	for (cpu = 0; cpu < KTSTR_MAX_CPUS; cpu++) {
		if (!ktstr_cpumask__test(cpus, cpu) || !siblings_of(sysfs, cpu, &core) ||
		    !two_of(&core, cpus, two) || two[0] != cpu)
			continue;
		if (nr++ == n)
			memcpy(pair, two, sizeof(two));
	}
	return nr;
}

bool work_sibling_pair(const char *sysfs, const struct ktstr_cpumask *cpus, uint32_t n,
		       uint32_t pair[2])
{
	uint32_t nr = count_pairs(sysfs, cpus, n, pair);

	if (nr && n >= nr)
		count_pairs(sysfs, cpus, n % nr, pair);
	return nr;
}
