// SPDX-License-Identifier: GPL-2.0
/* BPF programs: see prog.h. */
#include <errno.h>
#include <string.h>

#include "prog.h"

static const struct row {
	bool in_aux;
	const char *path;
} rows[KTSTR_NR_PROG_FIELDS] = {
	[KTSTR_PROG_ID]		= { true, "id" },
	[KTSTR_PROG_BTF]	= { true, "btf" },
	[KTSTR_PROG_VERIFIED]	= { true, "verified_insns" },
	[KTSTR_PROG_LEN]	= { false, "len" },
	[KTSTR_PROG_JITED_LEN]	= { false, "jited_len" },
	[KTSTR_PROG_ARENA]	= { true, "arena" },	/* the map that it uses; 0: none */
	[KTSTR_PROG_USED_MAPS]	= { true, "used_maps" },
	[KTSTR_PROG_NR_USED_MAPS] = { true, "used_map_cnt" },
	[KTSTR_PROG_CODE]	= { false, "bpf_func" },	/* where the compiled program begins */
	/* of a struct_ops program: the name of its operation, in the kernel's BTF */
	[KTSTR_PROG_OP_NAME]	= { true, "attach_func_name" },
};

void ktstr_prog_layout__resolve(struct ktstr_prog_layout *l, const struct ktstr_btf *btf)
{
	memset(l, 0, sizeof(*l));
	if (!btf)
		return;
	ktstr_idr_layout__resolve(&l->idr, btf);
	for (int i = 0; i < KTSTR_NR_PROG_FIELDS; i++)
		ktstr_place__find_number(&l->field[i], btf,
					 rows[i].in_aux ? "bpf_prog_aux" : "bpf_prog",
					 rows[i].path);
	ktstr_place__find_number(&l->aux, btf, "bpf_prog", "aux");
	ktstr_place__find(&l->name, btf, "bpf_prog_aux", "name");
	ktstr_place__find_number(&l->stats, btf, "bpf_prog", "stats");
	/* of type u64_stats_t, a structure around one u64 */
	ktstr_place__find(&l->runs, btf, "bpf_prog_stats", "cnt");
	ktstr_place__find(&l->run_ns, btf, "bpf_prog_stats", "nsecs");
	ktstr_place__find(&l->misses, btf, "bpf_prog_stats", "misses");
	l->misses.found = l->misses.found && l->misses.field.size == sizeof(uint64_t);
	l->runs.found = l->runs.found && l->runs.field.size == sizeof(uint64_t);
	l->run_ns.found = l->run_ns.found && l->run_ns.field.size == sizeof(uint64_t);
}

static bool read_runs(struct ktstr_prog *p, struct ktstr_kview *v,
		      const struct ktstr_prog_layout *l)
{
	uint64_t stats, kva, runs, ns;

	if (!l->runs.found || !l->run_ns.found ||
	    ktstr_place__load(v, &l->stats, p->kva, &stats) || !stats)
		return false;
	for (uint32_t cpu = 0; cpu < v->nr_cpus; cpu++) {
		if (ktstr_kview__per_cpu(v, stats, cpu, &kva) ||
		    ktstr_kview__load(v, kva + l->runs.field.offset, sizeof(runs), &runs) ||
		    ktstr_kview__load(v, kva + l->run_ns.field.offset, sizeof(ns), &ns))
			return false;
		p->runs += runs;
		p->run_ns += ns;
		p->have_misses = l->misses.found &&
				 !ktstr_kview__load(v, kva + l->misses.field.offset, sizeof(ns), &ns);
		p->misses += p->have_misses ? ns : 0;
	}
	return true;
}

struct reader {
	struct ktstr_progs *progs;
	struct ktstr_kview *v;
	const struct ktstr_prog_layout *l;
};

static int add_prog(void *arg, uint64_t id, uint64_t entry)
{
	struct reader *r = arg;
	struct ktstr_prog *p = &r->progs->prog[r->progs->nr];
	uint64_t aux;

	if (r->progs->nr == KTSTR_MAX_BPF_OBJECTS)
		return 1;
	*p = (struct ktstr_prog){ .kva = entry };
	if (ktstr_place__load(r->v, &r->l->aux, entry, &aux))
		return 0;
	for (int i = 0; i < KTSTR_NR_PROG_FIELDS; i++)
		if (!ktstr_place__load(r->v, &r->l->field[i], rows[i].in_aux ? aux : entry,
				       &p->value[i]))
			p->have |= 1ull << i;
	/* one that is being made or freed is no program yet, or no longer */
	if (p->value[KTSTR_PROG_ID] != id ||
	    ktstr_kview__string(r->v, aux + r->l->name.field.offset, p->name, sizeof(p->name)))
		return 0;
	p->have_runs = read_runs(p, r->v, r->l);
	r->progs->nr++;
	return 0;
}

int ktstr_progs__read(struct ktstr_progs *p, struct ktstr_kview *v,
		      const struct ktstr_prog_layout *l)
{
	struct reader r = { .progs = p, .v = v, .l = l };

	p->nr = 0;
	p->complete = false;
	if (!l->aux.found || !l->name.found || !l->field[KTSTR_PROG_ID].found)
		return -ENOENT;
	return ktstr_idr__list(v, &l->idr, "prog_idr", add_prog, &r, &p->nr, &p->complete);
}

bool ktstr_progs__counted(struct ktstr_kview *v)
{
	struct ktstr_place enabled;
	uint64_t kva, value;

	/* static_key_slow_inc() counts its users there */
	ktstr_place__find_number(&enabled, v->img->btf, "static_key", "enabled.counter");
	return !ktstr_kview__symbol(v, "bpf_stats_enabled_key", &kva) &&
	       !ktstr_place__load(v, &enabled, kva, &value) && value;
}
