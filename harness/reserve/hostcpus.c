// SPDX-License-Identifier: GPL-2.0
/* See hostcpus.h. */
#include <errno.h>
#include <linux/kernel.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "lib/parse.h"
#include "hostcpus.h"

#define WORD_BITS	(8 * sizeof(long))

void hostcpus__set(struct hostcpus *s, uint32_t cpu)
{
	if (cpu < KTSTR_HOST_MAX_CPUS)
		s->bits[cpu / WORD_BITS] |= 1ul << cpu % WORD_BITS;
}

bool hostcpus__test(const struct hostcpus *s, uint32_t cpu)
{
	return cpu < KTSTR_HOST_MAX_CPUS && (s->bits[cpu / WORD_BITS] >> cpu % WORD_BITS & 1);
}

uint32_t hostcpus__weight(const struct hostcpus *s)
{
	uint32_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(s->bits); i++)
		n += (uint32_t)__builtin_popcountl(s->bits[i]);
	return n;
}

uint32_t hostcpus__next(const struct hostcpus *s, uint32_t from)
{
	while (from < KTSTR_HOST_MAX_CPUS && !hostcpus__test(s, from))
		from++;
	return from < KTSTR_HOST_MAX_CPUS ? from : KTSTR_HOST_MAX_CPUS;
}

bool hostcpus__equal(const struct hostcpus *a, const struct hostcpus *b)
{
	return !memcmp(a->bits, b->bits, sizeof(a->bits));
}

void hostcpus__format(const struct hostcpus *s, char *buf, size_t size)
{
	uint32_t first, last;
	size_t used = 0;
	char run[32];
	int n;

	buf[0] = '\0';
	for (first = hostcpus__next(s, 0); first < KTSTR_HOST_MAX_CPUS;
	     first = hostcpus__next(s, last + 1)) {
		last = first;
		while (hostcpus__test(s, last + 1))
			last++;
		n = first == last ?
		    snprintf(run, sizeof(run), "%s%u", used ? "," : "", first) :
		    snprintf(run, sizeof(run), "%s%u-%u", used ? "," : "", first, last);
		/* a number that is cut would be a wrong one */
		if (used + (size_t)n + sizeof("...") > size) {
			snprintf(buf + used, size - used, "...");
			return;
		}
		memcpy(buf + used, run, (size_t)n + 1);
		used += (size_t)n;
	}
}

static int take_cpu(const char **text, uint32_t *cpu)
{
	uint64_t v;

	if (!ktstr_take_u64(text, 10, &v))
		return -EINVAL;
	*cpu = (uint32_t)v;
	return v < KTSTR_HOST_MAX_CPUS ? 0 : -ERANGE;
}

int hostcpus__parse(const char *text, struct hostcpus *s)
{
	uint32_t first, last;
	int ret;

	memset(s, 0, sizeof(*s));
	if (!*text || !strcmp(text, "\n"))
		return 0;
	for (;;) {
		ret = take_cpu(&text, &first);
		last = first;
		if (!ret && *text == '-') {
			text++;
			ret = take_cpu(&text, &last);
		}
		if (!ret && last < first)
			ret = -EINVAL;
		if (ret)
			return ret;
		for (; first <= last; first++)
			hostcpus__set(s, first);
		if (!*text || !strcmp(text, "\n"))
			return 0;
		if (*text++ != ',')
			return -EINVAL;
	}
}

int hostcpus__get_affinity(struct hostcpus *s)
{
	memset(s, 0, sizeof(*s));
	return sched_getaffinity(0, sizeof(s->bits), (cpu_set_t *)s->bits) ? -errno : 0;
}

int hostcpus__set_affinity(const struct hostcpus *s)
{
	return sched_setaffinity(0, sizeof(s->bits), (const cpu_set_t *)s->bits) ? -errno : 0;
}

int hostcpus__parse_cap(const char *text, uint32_t *cap, struct ktstr_err *err)
{
	struct hostcpus allowed;
	uint32_t nr;

	if (ktstr_parse_u32(text, 1, KTSTR_HOST_MAX_CPUS, cap))
		return ktstr_err(err, EINVAL, "must be a number from 1 to %d", KTSTR_HOST_MAX_CPUS);
	/* if this fails, the reservation will, too, and says why */
	if (hostcpus__get_affinity(&allowed))
		return 0;
	nr = hostcpus__weight(&allowed);
	if (*cap <= nr)
		return 0;
	return ktstr_err(err, EINVAL, "this process may use %u CPU%s, so that a larger budget never fits", nr,
			 nr == 1 ? "" : "s");
}
