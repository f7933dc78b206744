// SPDX-License-Identifier: GPL-2.0
/*
 * The scheduler's BPF programs in a run: what the verifier had to look at, and what they cost while
 * they ran, where the kernel counts that. They are read at sync points, when the scheduler is
 * attached and again before it is asked to leave, with the view of the part "monitor", which comes
 * before this one in the table of parts.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/json.h"
#include "harness/model/seen.h"
#include "bpf/map.h"
#include "bpf/prog.h"
#include "monitor.h"

#define MAX_PROGS	256	/* of a scheduler, also over several lives of it */

struct state {
	bool counted;			/* the kernel counted runs */
	unsigned int nr, dropped;
	struct ktstr_prog prog[MAX_PROGS];
};

/* A program that is known already is replaced: it has run meanwhile. */
static void keep(struct state *s, const struct ktstr_prog *p)
{
	unsigned int i = 0;

	while (i < s->nr && (s->prog[i].value[KTSTR_PROG_ID] != p->value[KTSTR_PROG_ID] ||
			     strcmp(s->prog[i].name, p->name)))
		i++;
	if (i == MAX_PROGS) {
		s->dropped++;
		return;
	}
	s->prog[i] = *p;
	s->nr += i == s->nr;
}

static uint64_t object_of(const struct ktstr_run *run, struct ktstr_kview *v)
{
	struct ktstr_maps *maps = malloc(sizeof(*maps));
	struct ktstr_map_layout layout;
	uint64_t object = 0;

	ktstr_map_layout__resolve(&layout, v->img->btf);
	if (maps && !ktstr_maps__read(maps, v, &layout))
		object = ktstr_maps__object(maps, v, &layout, run->seen->ops);
	free(maps);
	return object;
}

static void read_programs(const struct ktstr_run *run, struct state *s, struct ktstr_kview *v)
{
	struct ktstr_progs *progs = malloc(sizeof(*progs));
	uint64_t object = object_of(run, v);
	struct ktstr_prog_layout layout;

	ktstr_prog_layout__resolve(&layout, v->img->btf);
	if (progs && object && !ktstr_progs__read(progs, v, &layout))
		for (unsigned int i = 0; i < progs->nr; i++)
			if (progs->prog[i].value[KTSTR_PROG_BTF] == object)
				keep(s, &progs->prog[i]);
	s->counted |= ktstr_progs__counted(v);
	free(progs);
}

static void sync_point(struct ktstr_run *run, void *state, struct vm *vm)
{
	struct ktstr_monitor_state *mon = ktstr_part__state(run, &ktstr_monitor_part);

	(void)vm;
	if (run->opts.monitor && mon && mon->vm && run->seen->body_ns &&
	    run->seen->sched_attached && !ktstr_kview__attach(&mon->mon.view))
		read_programs(run, state, &mon->mon.view);
}

static bool has(const struct ktstr_prog *p, enum ktstr_prog_field f)
{
	return p->have >> f & 1;
}

static void put_number(struct ktstr_json *j, const char *key, bool there, uint64_t value)
{
	if (there)
		ktstr_json__u64(j, key, value);
	else
		ktstr_json__null(j, key);
}

static void json(const struct ktstr_run *run, const void *state, const char *key,
		 struct ktstr_json *j)
{
	const struct state *s = state;

	(void)run;
	ktstr_json__array(j, key);
	for (unsigned int i = 0; i < s->nr; i++) {
		const struct ktstr_prog *p = &s->prog[i];
		bool runs = s->counted && p->have_runs;

		ktstr_json__object(j, NULL);
		ktstr_json__u64(j, "id", p->value[KTSTR_PROG_ID]);
		ktstr_json__str(j, "name", p->name);
		put_number(j, "verified_insns", has(p, KTSTR_PROG_VERIFIED),
			   p->value[KTSTR_PROG_VERIFIED]);
		put_number(j, "insns", has(p, KTSTR_PROG_LEN), p->value[KTSTR_PROG_LEN]);
		put_number(j, "jited_bytes", has(p, KTSTR_PROG_JITED_LEN),
			   p->value[KTSTR_PROG_JITED_LEN]);
		put_number(j, "runs", runs, p->runs);
		put_number(j, "run_ns", runs, p->run_ns);
		ktstr_json__end(j);
	}
	ktstr_json__end(j);
}

static void put_program(const struct state *s, const struct ktstr_prog *p, FILE *f)
{
	fprintf(f, "  %s: verified_insns=%" PRIu64 " insns=%" PRIu64 " jited_bytes=%" PRIu64, p->name,
		p->value[KTSTR_PROG_VERIFIED], p->value[KTSTR_PROG_LEN],
		p->value[KTSTR_PROG_JITED_LEN]);
	if (s->counted && p->have_runs)
		fprintf(f, " runs=%" PRIu64 " ns/run=%.0f", p->runs,
			p->runs ? (double)p->run_ns / (double)p->runs : 0);
	fputc('\n', f);
}

static void report(const struct ktstr_run *run, const void *state, bool brief, FILE *f)
{
	const struct state *s = state;
	const struct ktstr_prog *most = &s->prog[0];
	uint64_t sum = 0;

	(void)run;
	if (!s->nr)
		return;
	for (unsigned int i = 0; i < s->nr; i++) {
		sum += s->prog[i].value[KTSTR_PROG_VERIFIED];
		if (s->prog[i].value[KTSTR_PROG_VERIFIED] > most->value[KTSTR_PROG_VERIFIED])
			most = &s->prog[i];
	}
	fprintf(f, "BPF programs: %u, verified_insns=%" PRIu64 ", most in %s: %" PRIu64 "\n", s->nr,
		sum, most->name, most->value[KTSTR_PROG_VERIFIED]);
	for (unsigned int i = 0; i < s->nr && !brief; i++)
		put_program(s, &s->prog[i], f);
	if (s->dropped)
		fprintf(f, "  ... and more: there is room for %d\n", MAX_PROGS);
}

const struct ktstr_run_part ktstr_programs_part = {
	.name = "verifier_stats",
	.state_size = sizeof(struct state),
	.sync = sync_point,
	.json = json,
	.report = report,
};
