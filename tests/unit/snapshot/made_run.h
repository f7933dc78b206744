/* SPDX-License-Identifier: GPL-2.0 */
/* A run with snapshots whose reports are JSON texts. */
#ifndef MADE_RUN_H
#define MADE_RUN_H

#include <stdlib.h>
#include <string.h>

#include "harness/dump/dump.h"
#include "harness/result/result.h"
#include "harness/snapshot/part.h"

struct made_run {
	struct ktstr_run run;
	struct ktstr_result *r;
	struct ktstr_snapshot_state *s;
};

static inline bool made_run_init(struct made_run *m)
{
	memset(&m->run, 0, sizeof(m->run));
	m->r = ktstr_result__new();
	if (!m->r || ktstr_parts__init(&m->run))
		return false;
	m->s = (struct ktstr_snapshot_state *)ktstr_snapshots__of(&m->run);
	m->r->run = &m->run;
	return m->s;
}

static inline void made_run_free(struct made_run *m)
{
	m->r->run = NULL;
	ktstr_result__free(m->r);
	ktstr_parts__free(&m->run);
}

/* The report is @json; NULL: a placeholder. */
static inline struct ktstr_snapshot *made_snapshot(struct made_run *m, const char *name,
						   enum ktstr_snapshot_kind kind, uint64_t ms,
						   const char *json)
{
	struct ktstr_snapshot *n = ktstr_bridge__add(&m->s->bridge, name);
	struct ktstr_err err = { .msg = "" };

	n->kind = kind;
	n->elapsed_ns = ms * 1000000;
	if (json) {
		n->report = ktstr_jtree__parse(&n->tree, json, strlen(json), &err);
	} else {
		n->placeholder = true;
		ktstr_jtree__str(&n->tree, n->report, "reason", "vCPU 3 did not stop");
	}
	return n->report ? n : NULL;
}

#endif
