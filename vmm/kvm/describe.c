// SPDX-License-Identifier: GPL-2.0
/*
 * What the vCPUs of a guest that no longer responds are doing. Two snapshots a little apart
 * distinguish a vCPU that keeps interrupts disabled from one that was handling an interrupt.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "kvm.h"

#define PAUSE_LIMIT_MS	500
#define BETWEEN_MS	50

/* In the order of the report: what explains a hang comes first. */
enum stand {
	STAND_LOST,
	STAND_DEAD,
	STAND_LOCKED,
	STAND_NEVER,
	STAND_SYNC,
	STAND_KERNEL,
	STAND_USER,
	STAND_IDLE,
	NR_STANDS,
};

static const char *const says[NR_STANDS] = {
	[STAND_LOST]	= "shows no registers",
	[STAND_DEAD]	= "halted with interrupts off",
	[STAND_LOCKED]	= "runs with interrupts off",
	[STAND_NEVER]	= "was never started",
	[STAND_SYNC]	= "waits at a sync point",
	[STAND_KERNEL]	= "runs in the kernel",
	[STAND_USER]	= "runs in user space",
	[STAND_IDLE]	= "is idle",
};

struct look {
	enum stand stand;
	uint64_t pc;
};

static struct look look_at(struct kvm_vcpu *v)
{
	struct look l = { .stand = STAND_LOST };
	struct kvm_snapshot s;

	if (v->state == VCPU_AT_SYNC) {
		l.stand = STAND_SYNC;
		return l;
	}
	if (kvm_arch_snapshot(v->fd, &s))
		return l;
	l.pc = s.pc;
	if (!s.started)
		l.stand = STAND_NEVER;
	else if (s.halted)
		l.stand = s.interrupts ? STAND_IDLE : STAND_DEAD;
	else if (s.user)
		l.stand = STAND_USER;
	else
		l.stand = s.interrupts ? STAND_KERNEL : STAND_LOCKED;
	return l;
}

static int look_at_all(struct kvm_machine *m, struct look *look, struct ktstr_err *err)
{
	int r = kvm_vcpus_pause(m, PAUSE_LIMIT_MS, err);

	if (r)
		return r;
	for (uint32_t i = 0; i < m->nr_vcpus; i++)
		look[i] = look_at(&m->vcpu[i]);
	return kvm_vcpus_resume(m);
}

static void add(char *buf, size_t size, size_t *len, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

static void add(char *buf, size_t size, size_t *len, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (*len >= size)
		return;
	va_start(ap, fmt);
	n = vsnprintf(buf + *len, size - *len, fmt, ap);
	va_end(ap);
	if (n > 0)
		*len += (size_t)n;
}

static bool has_address(enum stand s)
{
	return s == STAND_DEAD || s == STAND_LOCKED || s == STAND_KERNEL;
}

/* "; vCPU 1, 4-7 is idle" for each stand; of those with an address, that of the first. */
static void tell(const struct look *look, uint32_t nr, char *buf, size_t size)
{
	size_t len = 0;

	buf[0] = '\0';
	for (enum stand s = 0; s < NR_STANDS; s++) {
		const struct look *first = NULL;

		for (uint32_t i = 0; i < nr; i++) {
			uint32_t end = i;

			if (look[i].stand != s)
				continue;
			while (end + 1 < nr && look[end + 1].stand == s)
				end++;
			add(buf, size, &len, "%s%u", first ? ", " : len ? "; vCPU " : "vCPU ", i);
			if (end > i)
				add(buf, size, &len, "-%u", end);
			if (!first)
				first = &look[i];
			i = end;
		}
		if (!first)
			continue;
		add(buf, size, &len, " %s", says[s]);
		if (has_address(s))
			add(buf, size, &len, " at %s %#" PRIx64, kvm_arch.pc_name, first->pc);
	}
}

int kvm_describe(struct kvm_machine *m, char *buf, size_t size)
{
	struct look *look = calloc(m->nr_vcpus, 2 * sizeof(*look)), *later;
	struct ktstr_err err = { .msg = "" };
	int r;

	if (!look)
		return -ENOMEM;
	later = look + m->nr_vcpus;
	r = look_at_all(m, look, &err);
	if (!r) {
		poll(NULL, 0, BETWEEN_MS);
		r = look_at_all(m, later, &err);
	}
	for (uint32_t i = 0; !r && i < m->nr_vcpus; i++) {
		/* interrupts were off once: it was in one, or about to be */
		if (later[i].stand == STAND_LOCKED && look[i].stand != STAND_LOCKED)
			later[i].stand = STAND_KERNEL;
	}
	if (r)
		snprintf(buf, size, "%s", err.msg);
	else
		tell(later, m->nr_vcpus, buf, size);
	free(look);
	return r == -ETIMEDOUT ? 0 : r;
}
