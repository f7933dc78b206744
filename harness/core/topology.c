// SPDX-License-Identifier: GPL-2.0
/* "1n2l4c2t": a topology in one word. */
#include <errno.h>
#include <stdlib.h>

#include "plan.h"

/* A positive decimal number and its letter. */
static int dimension(const char **p, char letter, uint32_t *out)
{
	unsigned long v;
	char *end;

	if (**p < '1' || **p > '9')
		return -EINVAL;
	errno = 0;
	v = strtoul(*p, &end, 10);
	if (errno || v > UINT32_MAX - 1 || *end != letter)
		return -EINVAL;
	*out = v;
	*p = end + 1;
	return 0;
}

int ktstr_topology__parse(const char *text, struct ktstr_topology *t)
{
	if (dimension(&text, 'n', &t->numa_nodes) || dimension(&text, 'l', &t->llcs) ||
	    dimension(&text, 'c', &t->cores) || dimension(&text, 't', &t->threads))
		return -EINVAL;
	return *text || t->llcs % t->numa_nodes ? -EINVAL : 0;
}
