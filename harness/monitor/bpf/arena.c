// SPDX-License-Identifier: GPL-2.0
/* BPF arenas: see arena.h. */
#include <linux/bpf.h>
#include <linux/kernel.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "prog.h"

#define GUARD_BYTES	(1u << 16)	/* what the offset of an instruction can reach */
#define MAX_INSNS	(1u << 20)	/* of a program that are looked at */
#define LD_IMM64	(BPF_LD | BPF_IMM | BPF_DW)

void ktstr_arena_layout__resolve(struct ktstr_arena_layout *l, const struct ktstr_btf *btf)
{
	ktstr_place__find_number(&l->user_start, btf, "bpf_arena", "user_vm_start");
	ktstr_place__find_number(&l->kern_vm, btf, "bpf_arena", "kern_vm");
	ktstr_place__find_number(&l->vm_addr, btf, "vm_struct", "addr");
	ktstr_place__find_number(&l->scratch_page, btf, "bpf_arena", "scratch_page");
	l->page_struct = btf ? ktstr_btf__size(btf, "page") : -ENOENT;
}

/* The kernel maps it where a program has touched what was not allocated. */
static int find_scratch(struct ktstr_arena *a, struct ktstr_kview *v,
			const struct ktstr_arena_layout *l, uint64_t kva)
{
	uint64_t page, base = 0;
	int ret;

	a->has_scratch = l->scratch_page.found;
	if (!a->has_scratch)
		return 0;
	ret = ktstr_place__load(v, &l->scratch_page, kva, &page);
	if (!ret)
		ret = ktstr_kview__pointer(v, "vmemmap_base", &base);
	if (ret || page < base || l->page_struct <= 0)
		return ret ?: -EFAULT;
	a->scratch_gpa = (page - base) / (uint64_t)l->page_struct << v->page_shift;
	return 0;
}

int ktstr_arena__open(struct ktstr_arena *a, struct ktstr_kview *v,
		      const struct ktstr_arena_layout *l, uint64_t kva, uint64_t pages,
		      struct ktstr_err *err)
{
	uint64_t guard = GUARD_BYTES, vm, addr;

	*a = (struct ktstr_arena){ .pages = pages };
	if (!l->user_start.found || !l->kern_vm.found || !l->vm_addr.found)
		return ktstr_err(err, ENOENT, "this kernel's BTF does not say where an arena is");
	if (guard < 2ull << v->page_shift)
		guard = 2ull << v->page_shift;
	if (ktstr_place__load(v, &l->user_start, kva, &a->user) ||
	    ktstr_place__load(v, &l->kern_vm, kva, &vm) ||
	    ktstr_place__load(v, &l->vm_addr, vm, &addr))
		return ktstr_err(err, EFAULT, "the arena cannot be read");
	if (!a->user)
		return ktstr_err(err, ENOENT, "no process has mapped the arena yet");
	if (!pages || pages > 1ull << (32 - v->page_shift))
		return ktstr_err(err, EBADMSG, "the arena has an impossible size");
	if (find_scratch(a, v, l, kva))
		return ktstr_err(err, EOPNOTSUPP,
				 "this kernel does not say which pages of the arena are in use");
	a->kva = addr + guard / 2 + (uint32_t)a->user;
	return 0;
}

bool ktstr_arena__page(const struct ktstr_arena *a, struct ktstr_kview *v, uint64_t index,
		       uint64_t *kva)
{
	uint64_t gpa, room;

	*kva = a->kva + (index << v->page_shift);
	return index < a->pages && !ktstr_kview__gpa(v, *kva, &gpa, &room) &&
	       !(a->has_scratch && gpa == a->scratch_gpa);
}

static bool all_there(const struct ktstr_arena *a, struct ktstr_kview *v, uint64_t first,
		      uint64_t nr)
{
	uint64_t kva;

	for (uint64_t i = 0; i < nr; i++)
		if (!ktstr_arena__page(a, v, first + i, &kva))
			return false;
	return true;
}

/* Does one of the @nr instructions load an address from @from to before @to? */
static bool loads_from(const struct bpf_insn *insn, uint64_t nr, uint64_t from, uint64_t to)
{
	for (uint64_t i = 0; i + 1 < nr; i++) {
		uint64_t imm = (uint32_t)insn[i].imm | (uint64_t)(uint32_t)insn[i + 1].imm << 32;

		if (insn[i].code == LD_IMM64 && imm >= from && imm < to)
			return true;
	}
	return false;
}

static bool prog_loads_from(struct ktstr_kview *v, const struct ktstr_prog *p, uint64_t from,
			    uint64_t to)
{
	uint64_t nr = p->value[KTSTR_PROG_LEN];
	struct ktstr_place insns;
	struct bpf_insn *insn;
	bool found;

	ktstr_place__find(&insns, v->img->btf, "bpf_prog", "insnsi");
	if (!insns.found || !nr || nr > MAX_INSNS)
		return false;
	insn = calloc(nr, sizeof(*insn));
	found = insn && !ktstr_kview__read(v, p->kva + insns.field.offset, insn,
					   nr * sizeof(*insn)) && loads_from(insn, nr, from, to);
	free(insn);
	return found;
}

/* Does a program of the object with @btf_kva know an address from @from to before @to? */
static bool object_loads_from(struct ktstr_kview *v, uint64_t btf_kva, uint64_t from, uint64_t to)
{
	struct ktstr_progs *progs = malloc(sizeof(*progs));
	struct ktstr_prog_layout layout;
	bool found = false;

	ktstr_prog_layout__resolve(&layout, v->img->btf);
	if (progs && !ktstr_progs__read(progs, v, &layout))
		for (unsigned int i = 0; i < progs->nr && !found; i++)
			found = progs->prog[i].value[KTSTR_PROG_BTF] == btf_kva &&
				prog_loads_from(v, &progs->prog[i], from, to);
	free(progs);
	return found;
}

int ktstr_arena__globals(const struct ktstr_arena *a, struct ktstr_kview *v, uint64_t btf_kva,
			 uint64_t size, uint64_t *offset, struct ktstr_err *err)
{
	uint64_t nr = (size + (1ull << v->page_shift) - 1) >> v->page_shift, end;
	bool at_start, at_end;

	if (!nr || nr > a->pages)
		return ktstr_err(err, EBADMSG, "the arena has no room for its variables");
	/* the loader has written to all pages of them */
	end = (a->pages - nr) << v->page_shift;
	at_start = all_there(a, v, 0, nr);
	at_end = all_there(a, v, a->pages - nr, nr);
	if (!at_start && !at_end)
		return ktstr_err(err, ENOENT, "the variables in the arena are not there yet");
	*offset = at_end ? end : 0;
	if (!at_start || !at_end || !end)
		return 0;
	/* pages at the beginning are also those that are allocated first */
	if (object_loads_from(v, btf_kva, a->user + end, a->user + end + size))
		return 0;
	return ktstr_err(err, EOPNOTSUPP, "it cannot be told where in the arena the variables are");
}
