// SPDX-License-Identifier: GPL-2.0
/*
 * The last migrations of workers: whether they can be true, and as text.
 *
 * They go into a file of the run and not into the sidecar, which has the counts of each cgroup: 1024
 * workers may have 32 each, 2 MB of JSON for what a reader of many sidecars never asks for.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/csv.h"
#include "migrations.h"

static bool is_cpu(int32_t cpu)
{
	return cpu >= 0 && cpu < KTSTR_MAX_CPUS;
}

bool ktstr_migrations__valid(const struct ktstr_migrations *m)
{
	uint32_t i;

	if (m->nr > KTSTR_LAST_MIGRATIONS)
		return false;
	for (i = 0; i < m->nr; i++)
		if (!is_cpu(m->last[i].from) || !is_cpu(m->last[i].to) ||
		    m->last[i].from == m->last[i].to)
			return false;
	return true;
}

void ktstr_migrations__format(const struct ktstr_migrations *m, uint32_t max, char *buf,
			      size_t size)
{
	uint32_t i = m->nr > max ? m->nr - max : 0;
	size_t len = 0;
	char one[64];
	int n;

	buf[0] = '\0';
	for (; i < m->nr; i++) {
		n = snprintf(one, sizeof(one), "%s%.6f s %d -> %d", len ? ", " : "",
			     (double)m->last[i].at_ns / 1e9, m->last[i].from, m->last[i].to);
		if (n < 0 || (size_t)n >= size - len)
			break;
		len += (size_t)snprintf(buf + len, size - len, "%s", one);
	}
}

/* Worker @number of its entry, as ktstr_phase_migrations() counts. */
static void put_worker(FILE *f, const struct ktstr_result *r, const struct ktstr_worker_stats *w,
		       uint32_t number)
{
	const struct ktstr_cgroup_stats *c = &r->cgroups[w->cgroup];
	const struct ktstr_migrations *m = &w->last_migrations;
	uint32_t i;

	for (i = 0; i < m->nr; i++) {
		ktstr_csv__text(f, c->part);
		fputc(',', f);
		ktstr_csv__text(f, c->name);
		fprintf(f, ",%u,%s,%u,%d,%" PRIu64 ",%" PRIu64 ",%d,%d\n", c->step,
			ktstr_span__name(c->span), number, w->tid, w->migrations - m->nr + i + 1,
			m->last[i].at_ns, m->last[i].from, m->last[i].to);
	}
}

char *ktstr_migrations__csv(const struct ktstr_result *r)
{
	uint32_t next[KTSTR_MAX_CGROUPS] = { }, i;
	char *text = NULL;
	bool any = false;
	size_t len;
	FILE *f;

	for (i = 0; i < r->nr_workers; i++)
		any |= r->workers[i].last_migrations.nr;
	errno = 0;
	f = any ? open_memstream(&text, &len) : NULL;
	if (!f)
		return NULL;
	fputs("part,cgroup,step,span,worker,tid,number,at_ns,from,to\n", f);
	for (i = 0; i < r->nr_workers; i++)
		put_worker(f, r, &r->workers[i], next[r->workers[i].cgroup]++);
	if (fclose(f)) {
		free(text);
		errno = ENOMEM;
		return NULL;
	}
	return text;
}
