// SPDX-License-Identifier: GPL-2.0
/*
 * See account.h. A program that calls functions of its own was compiled function by function, and
 * aux->func has a struct bpf_prog for each; the first one is the program itself.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/probe/ops.h"
#include "account.h"

#define MAX_FUNCS	64
#define TAG_BYTES	8	/* BPF_TAG_SIZE, include/uapi/linux/bpf.h */

struct loader {
	struct ktstr_accounts *a;
	struct ktstr_kview *v;
	struct ktstr_place aux, func, nr_funcs, bpf_func, jited_len, tag;
};

/* FNV-1a */
static uint64_t mix(uint64_t hash, const void *data, size_t len)
{
	const unsigned char *p = data;

	hash = hash ?: UINT64_C(0xcbf29ce484222325);
	while (len--)
		hash = (hash ^ *p++) * UINT64_C(0x100000001b3);
	return hash;
}

/*
 * The tag is a hash of the instructions as they were loaded; the verifier removes what constants
 * make dead, so their number afterwards belongs to it. Addresses, which differ in each run, do not.
 */
static uint64_t code_hash(struct loader *l, const struct ktstr_prog *prog, uint64_t before)
{
	unsigned char tag[TAG_BYTES];

	if (!l->tag.found || !(prog->have >> KTSTR_PROG_LEN & 1) ||
	    ktstr_kview__read(l->v, prog->kva + l->tag.field.offset, tag, sizeof(tag)))
		return 0;
	before = mix(before, tag, sizeof(tag));
	return mix(before, &prog->value[KTSTR_PROG_LEN], sizeof(uint64_t));
}

static void add_piece(struct ktstr_accounts *a, uint64_t kva, uint64_t len, unsigned int tally,
		      bool entry)
{
	if (a->nr_code == VM_MAX_CODE || !kva || !len || len > UINT32_MAX)
		return;
	a->code[a->nr_code++] = (struct vm_code) {
		.kva = kva, .len = (uint32_t)len, .tally = (uint16_t)tally, .entry = entry,
	};
	a->account[tally].pieces++;
}

static void add_code(struct loader *l, const struct ktstr_prog *prog, unsigned int tally)
{
	uint64_t aux, funcs, nr, func, kva, len;

	if (ktstr_place__load(l->v, &l->aux, prog->kva, &aux) ||
	    ktstr_place__load(l->v, &l->nr_funcs, aux, &nr) ||
	    ktstr_place__load(l->v, &l->func, aux, &funcs) || !funcs)
		nr = 0;
	if (!nr)
		add_piece(l->a, prog->value[KTSTR_PROG_CODE], prog->value[KTSTR_PROG_JITED_LEN],
			  tally, true);
	for (uint64_t i = 0; i < nr && i < MAX_FUNCS; i++)
		if (!ktstr_kview__load(l->v, funcs + 8 * i, 8, &func) &&
		    !ktstr_place__load(l->v, &l->bpf_func, func, &kva) &&
		    !ktstr_place__load(l->v, &l->jited_len, func, &len))
			add_piece(l->a, kva, len, tally, kva == prog->value[KTSTR_PROG_CODE]);
}

static struct ktstr_account *account_of(struct ktstr_accounts *a, const char *op)
{
	struct ktstr_account *acc;

	for (acc = a->account; acc < a->account + a->nr; acc++)
		if (!strcmp(acc->op, op))
			return acc;
	if (a->nr == VM_MAX_TALLIES) {
		a->dropped++;
		return NULL;
	}
	a->nr++;
	snprintf(acc->op, sizeof(acc->op), "%s", op);
	return acc;
}

static void add_op(void *arg, const struct ktstr_btf *btf, const char *op,
		   const struct ktstr_prog *prog)
{
	struct loader *l = arg;
	struct ktstr_account *acc;

	(void)btf;
	acc = account_of(l->a, op);
	if (!acc)
		return;
	acc->code = acc->loads && !acc->code ? 0 : code_hash(l, prog, acc->code);
	acc->loads++;
	snprintf(acc->program, sizeof(acc->program), "%s", prog->name);
	add_code(l, prog, (unsigned int)(acc - l->a->account));
}

int ktstr_accounts__load(struct ktstr_accounts *a, struct ktstr_kview *v)
{
	const struct ktstr_btf *btf = v->img->btf;
	struct loader l = { .a = a, .v = v };

	ktstr_place__find_number(&l.aux, btf, "bpf_prog", "aux");
	ktstr_place__find_number(&l.func, btf, "bpf_prog_aux", "func");
	ktstr_place__find_number(&l.nr_funcs, btf, "bpf_prog_aux", "func_cnt");
	ktstr_place__find_number(&l.bpf_func, btf, "bpf_prog", "bpf_func");
	ktstr_place__find_number(&l.jited_len, btf, "bpf_prog", "jited_len");
	ktstr_place__find(&l.tag, btf, "bpf_prog", "tag");
	a->nr_code = 0;
	return ktstr_ops__each(v, add_op, &l);
}

static int by_length(const void *a, const void *b)
{
	const struct vm_tally_path *x = a, *y = b;

	if (!x->calls != !y->calls)
		return x->calls ? -1 : 1;
	return x->insns < y->insns ? -1 : x->insns > y->insns;
}

void ktstr_account__figures(struct vm_tally *t, struct ktstr_account_figures *f)
{
	uint64_t most = 0, second = 0;

	memset(f, 0, sizeof(*f));
	qsort(t->path, VM_TALLY_PATHS, sizeof(*t->path), by_length);
	for (; f->paths < VM_TALLY_PATHS && t->path[f->paths].calls; f->paths++) {
		const struct vm_tally_path *p = &t->path[f->paths];

		if (p->calls > most) {
			second = most;
			most = p->calls;
			f->typical = p->insns;
		} else if (p->calls > second) {
			second = p->calls;
		}
	}
	if (!f->paths)
		return;
	f->shortest = t->path[0].insns;
	f->longest = t->path[f->paths - 1].insns;
	if (2 * most < 3 * second)
		f->typical = 0;
}
