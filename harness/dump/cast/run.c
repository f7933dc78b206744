// SPDX-License-Identifier: GPL-2.0
/*
 * The cast analysis: values are followed through all functions until nothing changes, where paths
 * join they are reduced to what is true of both, and what they prove is collected in a last pass.
 */
#include <errno.h>

#include "cast_priv.h"

#define ROUNDS_MAX	4096	/* of functions that are looked at again; a guard */

/* To something with members that matter? */
static bool is_pointer(uint8_t kind)
{
	return kind == V_PTR || kind == V_PTRVAR || kind == V_VAR || kind == V_MAYBE ||
	       kind == V_MIXED;
}

/* @p, a pointer, or @other, which is none as far as is known. */
static struct val maybe(struct val p, struct val other)
{
	struct val v = p;

	if (p.kind == V_MIXED || other.kind == V_CONTEXT || other.kind == V_MAP)
		return (struct val){ .kind = V_MIXED };
	if (p.kind != V_MAYBE) {
		v.kind = V_MAYBE;
		v.base = p.kind;
		v.space = KTSTR_CAST_ANY;
	}
	if (other.kind != V_OTHER && other.kind != V_ZERO) {
		if (other.kind == V_UNKNOWN && other.off)
			return (struct val){ .kind = V_MIXED };
		v.or_unknown = true;
	}
	return v;
}

/* Two pointers: to one type, or to anything. */
static struct val either(struct val a, struct val b)
{
	struct val base_a = a, base_b = b, v;

	if (a.kind == V_MIXED || b.kind == V_MIXED)
		return (struct val){ .kind = V_MIXED };
	if (a.kind == V_MAYBE)
		base_a.kind = a.base;
	if (b.kind == V_MAYBE)
		base_b.kind = b.base;
	if (base_a.type != base_b.type || base_a.kind == V_VAR || base_b.kind == V_VAR) {
		if (base_a.kind != V_VAR || base_b.kind != V_VAR || base_a.type != base_b.type ||
		    base_a.off != base_b.off)
			return (struct val){ .kind = V_MIXED };
		v = base_a;
	} else if (base_a.kind == V_PTR && base_b.kind == V_PTR && base_a.off == base_b.off) {
		v = base_a;
	} else {
		v = (struct val){ .kind = V_PTRVAR, .type = base_a.type };
	}
	v.space = base_a.space == base_b.space ? base_a.space : KTSTR_CAST_ANY;
	v.base = v.or_unknown = 0;
	if (a.kind == V_MAYBE || b.kind == V_MAYBE) {
		v.base = v.kind;
		v.kind = V_MAYBE;
		v.space = KTSTR_CAST_ANY;
		v.or_unknown = a.or_unknown | b.or_unknown;
	}
	return v;
}

static bool is_stack(uint8_t kind)
{
	return kind == V_STACK || kind == V_STACKVAR;
}

/* What is true of both. V_NONE is not there yet; 0 is a pointer to nothing as well as a number. */
struct val val_meet(struct val a, struct val b)
{
	if (!memcmp(&a, &b, sizeof(a)) || b.kind == V_NONE)
		return a;
	if (a.kind == V_NONE)
		return b;
	if (a.kind == V_ZERO && (b.kind == V_PTR || b.kind == V_PTRVAR || b.kind == V_MEMBER))
		return b;
	if (b.kind == V_ZERO && (a.kind == V_PTR || a.kind == V_PTRVAR || a.kind == V_MEMBER))
		return a;
	if (a.kind == V_UNKNOWN && b.kind == V_UNKNOWN)
		return (struct val){ .kind = V_UNKNOWN, .off = a.off == b.off ? a.off : ANYWHERE };
	if (a.kind == b.kind && a.kind != V_MAYBE && a.type == b.type && a.off == b.off) {
		a.space = KTSTR_CAST_ANY;
		return a;
	}
	if (is_stack(a.kind) && is_stack(b.kind))
		return (struct val){ .kind = V_STACKVAR };
	if (is_stack(a.kind) || is_stack(b.kind))
		return (struct val){ .kind = V_MIXED };
	if (is_pointer(a.kind) && is_pointer(b.kind))
		return either(a, b);
	if (is_pointer(a.kind) || is_pointer(b.kind))
		return is_pointer(a.kind) ? maybe(a, b) : maybe(b, a);
	if ((a.kind == V_OTHER && (b.kind == V_OTHER || b.kind == V_ZERO)) ||
	    (b.kind == V_OTHER && a.kind == V_ZERO))
		return (struct val){ .kind = V_OTHER };
	/* if it is an address at all, nobody knows of what and how far behind its start */
	if ((a.kind == V_UNKNOWN && a.off) || (b.kind == V_UNKNOWN && b.off))
		return (struct val){ .kind = V_UNKNOWN, .off = ANYWHERE };
	return unknown();
}

struct function *run_function_at(struct run *r, uint32_t section, uint32_t insn)
{
	for (uint32_t i = 0; i < r->nr; i++)
		if (r->fn[i].section == section && r->fn[i].first == insn)
			return &r->fn[i];
	return NULL;
}

/* The state at a jump's target: met with what was there. True: it is another one now. */
static bool arrive(struct run *r, struct function *fn, uint32_t at, const struct state *st)
{
	struct state *old, met;

	if (at >= fn->nr)
		return false;
	old = fn->at[at];
	if (!old) {
		fn->at[at] = malloc(sizeof(*st));
		if (!fn->at[at]) {
			r->failed = true;
			return false;
		}
		*fn->at[at] = *st;
		return true;
	}
	met = *old;
	for (int i = 0; i < NR_REGS; i++)
		met.reg[i] = val_meet(old->reg[i], st->reg[i]);
	for (int i = 0; i < NR_SLOTS; i++)
		met.slot[i] = val_meet(old->slot[i], st->slot[i]);
	met.escaped = old->escaped || st->escaped;
	if (!memcmp(&met, old, sizeof(met)))
		return false;
	*old = met;
	return true;
}

struct todo {
	uint32_t *at, nr;
	bool *queued;
};

static void enqueue(struct todo *t, uint32_t at)
{
	if (t->queued[at])
		return;
	t->queued[at] = true;
	t->at[t->nr++] = at;
}

/* Where the branch @in, which is instruction @i of the function, goes to. */
static bool target_of(const struct function *fn, const struct bpf_insn *in, uint32_t i,
		      uint32_t *target)
{
	int64_t off = in->code == (BPF_JMP32 | BPF_JA) ? in->imm : in->off;
	int64_t to = (int64_t)i + 1 + off;

	if (to < 0 || to >= fn->nr)
		return false;
	*target = (uint32_t)to;
	return true;
}

/* From instruction @i of the function to where its straight line ends. */
static void run_line(struct run *r, struct function *fn, struct todo *todo, uint32_t i)
{
	const struct bpf_insn *code = r->o->section[fn->section].insn + fn->first;
	struct state st = *fn->at[i];

	for (bool first = true; i < fn->nr; i++, first = false) {
		const struct bpf_insn *in = &code[i];
		uint8_t class = BPF_CLASS(in->code), op = BPF_OP(in->code);
		uint32_t to;

		if (!first && fn->is_target[i]) {
			if (arrive(r, fn, i, &st))
				enqueue(todo, i);
			return;
		}
		if (class != BPF_JMP && class != BPF_JMP32) {
			if (in->code == (BPF_LD | BPF_IMM | BPF_DW) && i + 1 >= fn->nr)
				return;
			insn_step(r, &st, fn->first + i, in);
			i += in->code == (BPF_LD | BPF_IMM | BPF_DW);
			continue;
		}
		if (op == BPF_EXIT) {
			struct val ret = val_meet(fn->ret, st.reg[0]);

			if (memcmp(&ret, &fn->ret, sizeof(ret))) {
				fn->ret = ret;
				for (uint32_t k = 0; k < r->nr; k++)
					r->fn[k].dirty |= !fn->is_root;
			}
			return;
		}
		if (op == BPF_CALL) {
			if (!call_step(r, &st, fn->first + i, in))
				return;
			continue;
		}
		if (target_of(fn, in, i, &to) && arrive(r, fn, to, &st))
			enqueue(todo, to);
		if (op == BPF_JA)
			return;
	}
}

static void entry_state(const struct run *r, const struct function *fn, struct state *st)
{
	struct ktstr_btf_type type, proto;
	struct ktstr_btf_part part;

	memset(st, 0, sizeof(*st));
	for (int i = 0; i < NR_REGS; i++)
		st->reg[i] = unknown();
	state_forget_stack(st);
	st->reg[10] = (struct val){ .kind = V_STACK };
	if (!fn->is_root && !fn->address_taken) {
		memcpy(&st->reg[1], fn->arg, sizeof(fn->arg));
		return;
	}
	if (strcmp(r->o->section[fn->section].name, ".text")) {
		st->reg[1] = fn->context ?
			(struct val){ .kind = V_CONTEXT, .type = fn->context } :
			(struct val){ .kind = V_OTHER };
		return;
	}
	ktstr_btf__type(r->btf, fn->type, &type);
	ktstr_btf__type(r->btf, type.target, &proto);
	for (uint32_t i = 0; i < 5 && !ktstr_btf__part(r->btf, &proto, i, &part); i++)
		st->reg[i + 1] = val_of_param(r->btf, part.type, KTSTR_CAST_ANY);
}

static void forget(struct function *fn)
{
	for (uint32_t i = 0; i < fn->nr && fn->at; i++) {
		free(fn->at[i]);
		fn->at[i] = NULL;
	}
}

static void run_function(struct run *r, struct function *fn)
{
	struct todo todo = { .nr = 0 };
	struct state entry;

	r->cur = fn;
	fn->dirty = false;
	todo.at = calloc(fn->nr, sizeof(*todo.at));
	todo.queued = calloc(fn->nr, sizeof(*todo.queued));
	if (!todo.at || !todo.queued) {
		r->failed = true;
	} else {
		entry_state(r, fn, &entry);
		arrive(r, fn, 0, &entry);
		enqueue(&todo, 0);
	}
	while (todo.nr && !r->failed) {
		uint32_t at = todo.at[--todo.nr];

		todo.queued[at] = false;
		run_line(r, fn, &todo, at);
	}
	free(todo.at);
	free(todo.queued);
}

/* All states are final: look at each line once more, and note what it proves. */
static void record_function(struct run *r, struct function *fn)
{
	struct todo none = { .nr = 0 };

	r->cur = fn;
	none.at = calloc(fn->nr, sizeof(*none.at));
	none.queued = calloc(fn->nr, sizeof(*none.queued));
	for (uint32_t i = 0; i < fn->nr && none.at && none.queued; i++)
		if (fn->at[i])
			run_line(r, fn, &none, i);
	r->failed |= !none.at || !none.queued;
	free(none.at);
	free(none.queued);
}

static bool find_targets(const struct run *r, struct function *fn)
{
	const struct bpf_insn *code = r->o->section[fn->section].insn + fn->first;
	uint32_t to;

	fn->at = calloc(fn->nr, sizeof(*fn->at));
	fn->is_target = calloc(fn->nr, sizeof(*fn->is_target));
	if (!fn->at || !fn->is_target)
		return false;
	for (uint32_t i = 0; i < fn->nr; i++) {
		uint8_t class = BPF_CLASS(code[i].code), op = BPF_OP(code[i].code);

		if ((class == BPF_JMP || class == BPF_JMP32) && op != BPF_CALL && op != BPF_EXIT &&
		    target_of(fn, &code[i], i, &to))
			fn->is_target[to] = true;
	}
	return true;
}

static bool find_functions(struct run *r)
{
	const struct object *o = r->o;

	r->fn = calloc(o->nr_symbols ?: 1, sizeof(*r->fn));
	for (uint32_t i = 0; i < o->nr_symbols && r->fn; i++) {
		const struct symbol *sym = &o->symbol[i];
		const struct section *s;
		struct function *fn;

		if (sym->type != STT_FUNC || sym->section >= o->nr_sections)
			continue;
		s = &o->section[sym->section];
		if (!s->insn || sym->value % 8 || sym->value / 8 >= s->nr_insns || !sym->size ||
		    sym->size / 8 > s->nr_insns - sym->value / 8 ||
		    run_function_at(r, sym->section, (uint32_t)(sym->value / 8)))
			continue;
		fn = &r->fn[r->nr++];
		*fn = (struct function) {
			.sym = sym, .section = sym->section, .first = (uint32_t)(sym->value / 8),
			.nr = (uint32_t)(sym->size / 8), .dirty = true,
		};
		fn->type = object_func_type(o, fn->section, fn->first);
		fn->is_root = sym->bind == STB_GLOBAL || sym->bind == STB_WEAK ||
			      strcmp(s->name, ".text");
		if (!find_targets(r, fn))
			return false;
	}
	return r->fn;
}

/* The prototype of the member of @ops at @offset; 0: it is no pointer to a function. */
static uint32_t prototype_at(const struct run *r, uint32_t ops, uint64_t offset)
{
	struct ktstr_btf_type type, t;
	struct ktstr_btf_part part;

	ktstr_btf__type(r->btf, ops, &type);
	for (uint32_t m = 0; !ktstr_btf__part(r->btf, &type, m, &part); m++) {
		if (part.bit_offset / 8 != offset)
			continue;
		ktstr_btf__type(r->btf, part.type, &t);
		ktstr_btf__type(r->btf, t.target, &t);
		return t.kind == KTSTR_BTF_FUNC_PROTO ? t.id : 0;
	}
	return 0;
}

/* A relocation in the variables of a struct_ops section assigns a program to a member. */
static void find_context(struct run *r, uint32_t at, uint32_t btf_section, const struct reloc *rel)
{
	const struct symbol *var = object_symbol(r->o, at, rel->offset, STT_OBJECT);
	struct ktstr_btf_type section;
	struct ktstr_btf_part part;
	struct function *fn;

	fn = var ? run_function_at(r, rel->sym->section, (uint32_t)(rel->sym->value / 8)) : NULL;
	ktstr_btf__type(r->btf, btf_section, &section);
	for (uint32_t v = 0; fn && !ktstr_btf__part(r->btf, &section, v, &part); v++)
		if (!strcmp(part.name, var->name))
			fn->context = prototype_at(r, part.type, rel->offset - var->value);
}

static void find_contexts(struct run *r)
{
	const struct object *o = r->o;

	for (uint32_t i = 0; i < o->nr_sections; i++) {
		const struct section *s = &o->section[i];
		uint64_t size;
		uint32_t id;

		if (strncmp(s->name, ".struct_ops", 11))
			continue;
		id = ktstr_btf__section(r->btf, s->name, &size);
		for (uint32_t k = 0; k < s->nr_relocs && id; k++)
			find_context(r, i, id, &s->reloc[k]);
	}
}

/* Everything, until no function learns anything new. */
static int run_all(struct run *r)
{
	uint32_t rounds = 0;
	bool again = true;

	while (again && !r->failed) {
		again = false;
		for (uint32_t i = 0; i < r->nr && !r->failed; i++) {
			struct function *fn = &r->fn[i];

			if (!fn->dirty)
				continue;
			if (!fn->is_root && !fn->address_taken && fn->arg[0].kind == V_NONE) {
				fn->dirty = false;	/* nobody calls it, so far */
				continue;
			}
			forget(fn);
			run_function(r, fn);
			again = true;
			if (++rounds > ROUNDS_MAX)
				return -E2BIG;
		}
	}
	r->record = true;
	for (uint32_t i = 0; i < r->nr && !r->failed; i++)
		record_function(r, &r->fn[i]);
	return r->failed ? -ENOMEM : 0;
}

int ktstr_casts__analyse(struct ktstr_casts *casts, const void *elf, size_t len,
			 struct ktstr_err *err)
{
	struct run r = { .nr = 0 };
	struct object o;
	int ret;

	*casts = (struct ktstr_casts){ .nr = 0 };
	ret = object_open(&o, elf, len, err);
	if (ret)
		return ret;
	r.o = &o;
	r.btf = o.btf;
	r.evidence = evidence_new(o.btf);
	ret = !r.evidence || !find_functions(&r) ? -ENOMEM : 0;
	if (!ret) {
		find_contexts(&r);
		ret = run_all(&r) ?: evidence_decide(r.evidence, casts);
	}
	for (uint32_t i = 0; i < r.nr; i++) {
		casts->insns += r.fn[i].nr;
		forget(&r.fn[i]);
		free(r.fn[i].at);
		free(r.fn[i].is_target);
	}
	free(r.fn);
	evidence_free(r.evidence);
	if (ret) {
		free(casts->cast);
		*casts = (struct ktstr_casts){ .nr = 0 };
		ktstr_err(err, -ret, "BPF object: %s", ret == -E2BIG ?
			  "its functions do not come to an end" : "out of memory");
	} else {
		casts->btf = o.btf;	/* stays; it borrows from @elf */
		o.btf = NULL;
	}
	object_close(&o);
	return ret;
}

void ktstr_casts__free(struct ktstr_casts *casts)
{
	ktstr_btf__free(casts->btf);
	free(casts->cast);
	*casts = (struct ktstr_casts){ .nr = 0 };
}
