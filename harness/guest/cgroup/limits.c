// SPDX-License-Identifier: GPL-2.0
/*
 * The resource limits of a cgroup: one row for each control file. A row has its controller, and
 * formats the declared value as the kernel expects it (admin-guide/cgroup-v2.rst).
 */
#include <inttypes.h>
#include <linux/kernel.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "limits.h"

#define MAX_WEIGHT	10000
/* kernel/sched/core.c: min_cfs_quota_period, max_cfs_quota_period */
#define MIN_PERIOD_US	1000
#define MAX_PERIOD_US	1000000

struct knob {
	const char *file;
	enum ktstr_controller controller;
	size_t offset;			/* into struct ktstr_cgroup */
	/* Its text, or false when the author left it unset. */
	bool (*format)(const void *member, char *buf, size_t size);
	/* NULL, or why a set value makes no sense. */
	const char *(*validate)(const void *member);
};

static bool format_limit(const void *member, char *buf, size_t size)
{
	const struct ktstr_limit *l = member;

	if (l->kind == KTSTR_LIMIT_VALUE)
		snprintf(buf, size, "%" PRId64, l->value);
	else
		snprintf(buf, size, "max");
	return l->kind != KTSTR_LIMIT_UNSET;
}

static const char *validate_limit(const void *member)
{
	const struct ktstr_limit *l = member;

	return l->kind == KTSTR_LIMIT_VALUE && l->value < 0 ? "a limit is not negative" : NULL;
}

static bool format_weight(const void *member, char *buf, size_t size)
{
	snprintf(buf, size, "%" PRId64, *(const int64_t *)member);
	return *(const int64_t *)member != 0;
}

static const char *validate_weight(const void *member)
{
	const int64_t weight = *(const int64_t *)member;

	return weight < 1 || weight > MAX_WEIGHT ? "a weight lies in 1..10000" : NULL;
}

static bool format_cpu_max(const void *member, char *buf, size_t size)
{
	const struct ktstr_cpu_max *m = member;

	if (m->kind == KTSTR_LIMIT_VALUE)
		snprintf(buf, size, "%" PRId64 " %" PRId64, m->quota_us, m->period_us);
	else
		snprintf(buf, size, "max");
	return m->kind != KTSTR_LIMIT_UNSET;
}

static const char *validate_cpu_max(const void *member)
{
	const struct ktstr_cpu_max *m = member;

	if (m->kind != KTSTR_LIMIT_VALUE)
		return NULL;
	if (m->period_us < MIN_PERIOD_US || m->period_us > MAX_PERIOD_US)
		return "a period lies in 1000..1000000 us";
	return m->quota_us < MIN_PERIOD_US ? "a quota is at least 1000 us" : NULL;
}

#define KNOB(_file, _controller, _member, ...)					\
	{ _file, KTSTR_CONTROLLER_##_controller, \
	  offsetof(struct ktstr_cgroup, _member), __VA_ARGS__ }

static const struct knob knobs[] = {
	KNOB("cpu.max", CPU, cpu_max, format_cpu_max, validate_cpu_max),
	KNOB("cpu.weight", CPU, cpu_weight, format_weight, validate_weight),
	KNOB("memory.max", MEMORY, memory_max, format_limit, validate_limit),
	KNOB("memory.high", MEMORY, memory_high, format_limit, validate_limit),
	KNOB("memory.low", MEMORY, memory_low, format_limit, validate_limit),
	KNOB("memory.swap.max", MEMORY, memory_swap_max, format_limit, validate_limit),
	KNOB("io.weight", IO, io_weight, format_weight, validate_weight),
	KNOB("pids.max", PIDS, pids_max, format_limit, validate_limit),
};

#define NR_KNOBS	ARRAY_SIZE(knobs)

static const char * const controller_names[KTSTR_NR_CONTROLLERS] = {
	"cpuset", "cpu", "memory", "io", "pids",
};

void ktstr_controllers__format(uint32_t set, char buf[KTSTR_CONTROLLERS_LEN])
{
	unsigned int i;

	buf[0] = '\0';
	for (i = 0; i < KTSTR_NR_CONTROLLERS; i++) {
		if (!(set & 1u << i))
			continue;
		if (buf[0])
			strcat(buf, " ");
		strcat(buf, controller_names[i]);
	}
}

const char *ktstr_controllers__next(const char *list, char word[KTSTR_CONTROLLERS_LEN],
				    int *controller)
{
	size_t len;
	int i;

	list += strspn(list, " ");
	len = strcspn(list, " ");
	snprintf(word, KTSTR_CONTROLLERS_LEN, "%.*s", (int)len, list);
	*controller = -1;
	for (i = 0; i < KTSTR_NR_CONTROLLERS; i++)
		if ((word[0] == '+' || word[0] == '-') && !strcmp(word + 1, controller_names[i]))
			*controller = i;
	return len ? list + len : NULL;
}

void ktstr_limits__check(const struct ktstr_cgroup *c, uint32_t *controllers,
			 void (*problem)(void *arg, const char *text), void *arg)
{
	const struct knob *k;
	char value[64], text[160];
	const char *why;

	for (k = knobs; k < knobs + NR_KNOBS; k++) {
		const void *member = (const char *)c + k->offset;

		if (!k->format(member, value, sizeof(value)))
			continue;
		*controllers |= 1u << k->controller;
		why = k->validate ? k->validate(member) : NULL;
		if (!why)
			continue;
		snprintf(text, sizeof(text), "%s \"%s\": %s", k->file, value, why);
		problem(arg, text);
	}
}

int ktstr_limits__write(struct ktstr_cgroups *cg, const struct ktstr_cgroup *c,
			struct ktstr_err *err)
{
	const struct knob *k;
	char text[64];
	int ret = 0;

	for (k = knobs; k < knobs + NR_KNOBS && !ret; k++)
		if (k->format((const char *)c + k->offset, text, sizeof(text)))
			ret = ktstr_cgroups__write(cg, c->name, k->file, text, err);
	return ret;
}
