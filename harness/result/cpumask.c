// SPDX-License-Identifier: GPL-2.0
/*
 * CPU sets as fixed-size bitmaps, and their text form: the kernel's list format
 * ("0-3,8", bitmap_parselist() without strides and groups).
 *
 * The size is fixed because the sets live in shared memory and are sent to the host.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <ktstr/cpumask.h>

void ktstr_cpumask__set(struct ktstr_cpumask *m, uint32_t cpu)
{
	if (cpu < KTSTR_MAX_CPUS)
		m->bits[cpu / 64] |= 1ULL << (cpu % 64);
}

void ktstr_cpumask__clear(struct ktstr_cpumask *m, uint32_t cpu)
{
	if (cpu < KTSTR_MAX_CPUS)
		m->bits[cpu / 64] &= ~(1ULL << (cpu % 64));
}

bool ktstr_cpumask__test(const struct ktstr_cpumask *m, uint32_t cpu)
{
	return cpu < KTSTR_MAX_CPUS && (m->bits[cpu / 64] >> (cpu % 64) & 1);
}

void ktstr_cpumask__or(struct ktstr_cpumask *to, const struct ktstr_cpumask *from)
{
	unsigned int i;

	for (i = 0; i < KTSTR_MAX_CPUS / 64; i++)
		to->bits[i] |= from->bits[i];
}

uint32_t ktstr_cpumask__weight(const struct ktstr_cpumask *m)
{
	uint32_t n = 0;
	unsigned int i;

	for (i = 0; i < KTSTR_MAX_CPUS / 64; i++)
		n += __builtin_popcountll(m->bits[i]);
	return n;
}

void ktstr_cpumask__format(const struct ktstr_cpumask *m, char *buf, size_t size)
{
	uint32_t first, last;
	size_t used = 0;
	char run[32];
	int n;

	if (!size)
		return;
	buf[0] = '\0';
	for (first = 0; first < KTSTR_MAX_CPUS; first = last + 1) {
		last = first;
		if (!ktstr_cpumask__test(m, first))
			continue;
		while (ktstr_cpumask__test(m, last + 1))
			last++;
		if (first == last)
			n = snprintf(run, sizeof(run), "%s%u", used ? "," : "", first);
		else
			n = snprintf(run, sizeof(run), "%s%u-%u", used ? "," : "", first, last);
		if ((size_t)n >= size - used)
			return;		/* a truncated number would be a wrong one */
		memcpy(buf + used, run, n + 1);
		used += n;
	}
}

/* Decimal digits only; advances *@p. -EINVAL for a number that is no valid CPU. */
static int parse_cpu(const char **p, uint32_t *cpu)
{
	uint32_t v = 0;

	if (**p < '0' || **p > '9')
		return -EINVAL;
	while (**p >= '0' && **p <= '9') {
		v = v * 10 + (*(*p)++ - '0');
		if (v >= KTSTR_MAX_CPUS)
			return -EINVAL;
	}
	*cpu = v;
	return 0;
}

int ktstr_cpumask__parse(const char *text, struct ktstr_cpumask *m)
{
	uint32_t first, last;

	memset(m, 0, sizeof(*m));
	for (;;) {
		if (parse_cpu(&text, &first))
			return -EINVAL;
		last = first;
		if (*text == '-') {
			text++;
			if (parse_cpu(&text, &last) || last < first)
				return -EINVAL;
		}
		for (; first <= last; first++)
			ktstr_cpumask__set(m, first);
		if (!*text)
			return 0;
		if (*text++ != ',')
			return -EINVAL;
	}
}
