// SPDX-License-Identifier: GPL-2.0
/*
 * What an instruction does to values (Documentation/bpf/standardization/instruction-set.rst), calls
 * and jumps excepted.
 */
#include "types.h"

/* enum bpf_core_relo_kind; not in the headers of all distributions */
#define CORE_FIELD_BYTE_OFFSET	0
#define CORE_TYPE_ID_LOCAL	6
#define CORE_TYPE_ID_TARGET	7

static uint32_t size_of(uint8_t code)
{
	switch (BPF_SIZE(code)) {
	case BPF_B:
		return 1;
	case BPF_H:
		return 2;
	case BPF_W:
		return 4;
	default:
		return 8;
	}
}

void state_forget_stack(struct state *st)
{
	for (uint32_t i = 0; i < NR_SLOTS; i++)
		st->slot[i] = unknown();
}

/* The slots that @size bytes at @off of the frame are in. False: they are not in the frame. */
static bool slots_of(int64_t off, uint32_t size, uint32_t *first, uint32_t *last)
{
	int64_t from = off + 8 * NR_SLOTS;

	if (from < 0 || from + size > 8 * NR_SLOTS)
		return false;
	*first = (uint32_t)from / 8;
	*last = (uint32_t)(from + size - 1) / 8;
	return true;
}

void state_store(struct state *st, int64_t off, uint32_t size, const struct val *v)
{
	uint32_t first, last;

	if (!slots_of(off, size, &first, &last))
		return;
	for (uint32_t i = first; i <= last; i++)
		st->slot[i] = unknown();
	if (size == 8 && !(off % 8))
		st->slot[first] = *v;
}

struct val state_load(const struct state *st, int64_t off, uint32_t size)
{
	uint32_t first, last;

	if (size != 8 || off % 8 || !slots_of(off, size, &first, &last))
		return unknown();
	return st->slot[first];
}

/* The value that goes to memory which others can read: what it points to may be changed there. */
static void let_go(struct run *r, struct state *st, const struct val *v)
{
	if (v->kind == V_STACK || v->kind == V_STACKVAR)
		st->escaped = true;
	else if (r->record && (v->kind == V_VAR || (v->kind == V_PTR && v->off)))
		evidence_spoil(r->evidence, v, false);
	else if (r->record && (v->kind == V_PTRVAR || v->kind == V_MAYBE))
		evidence_spoil(r->evidence, v, true);
}

static void store(struct run *r, struct state *st, const struct val *base, int16_t off,
		  uint32_t size, const struct val *v)
{
	switch (base->kind) {
	case V_STACK:
		state_store(st, (int64_t)base->off + off, size, v);
		return;
	case V_STACKVAR:
		state_forget_stack(st);
		return;
	default:
		let_go(r, st, v);
		if (r->record)
			evidence_store(r->evidence, base, off, size, v);
	}
}

static struct val load_variable(const struct run *r, const struct val *base, uint32_t size)
{
	struct ktstr_btf_part part;
	struct ktstr_btf_type section, t;
	enum ktstr_cast_space space = KTSTR_CAST_ANY;
	uint32_t target;

	ktstr_btf__type(r->btf, base->type, &section);
	if (size != 8 || ktstr_btf__part(r->btf, &section, (uint32_t)base->off, &part))
		return unknown();
	ktstr_btf__type(r->btf, part.type, &t);
	if (t.kind == KTSTR_BTF_PTR) {
		target = type_pointee(r->btf, t.id, &space);
		return target ? (struct val){ .kind = V_PTR, .space = space, .type = target } :
		       unknown();
	}
	if (t.kind == KTSTR_BTF_INT && t.size == 8)
		return (struct val){ .kind = V_MEMBER, .type = base->type, .off = base->off };
	return unknown();
}

static struct val load(const struct run *r, const struct state *st, const struct val *base,
		       int16_t off, uint32_t size)
{
	struct ktstr_btf_part part;
	struct ktstr_btf_type proto;

	switch (base->kind) {
	case V_STACK:
		return state_load(st, (int64_t)base->off + off, size);
	case V_CONTEXT:
		ktstr_btf__type(r->btf, base->type, &proto);
		if (size != 8 || off < 0 || off % 8 ||
		    ktstr_btf__part(r->btf, &proto, (uint32_t)off / 8, &part))
			return unknown();
		return val_of_param(r->btf, part.type, KTSTR_CAST_KERNEL);
	case V_PTR:
		return type_load(r->btf, base->type, base->off + off, size,
				 base->space == KTSTR_CAST_KERNEL ? KTSTR_CAST_KERNEL :
				 KTSTR_CAST_ANY);
	case V_VAR:
		return off ? unknown() : load_variable(r, base, size);
	default:
		return unknown();
	}
}

static void accessed(struct run *r, const struct val *base, const struct note *core)
{
	if (r->record && core && core->kind == CORE_FIELD_BYTE_OFFSET)
		evidence_is(r->evidence, base, core->type, KTSTR_CAST_ANY);
}

static void atomic(struct run *r, struct state *st, const struct bpf_insn *in)
{
	struct val *base = &st->reg[in->dst_reg], *src = &st->reg[in->src_reg];
	struct val old = load(r, st, base, in->off, size_of(in->code)), any = unknown();

	switch (in->imm) {
	case BPF_XCHG:
		store(r, st, base, in->off, size_of(in->code), src);
		*src = old;
		return;
	case BPF_CMPXCHG:
		store(r, st, base, in->off, size_of(in->code), src);
		if (base->kind == V_STACK)
			state_store(st, (int64_t)base->off + in->off, 8, &any);
		st->reg[0] = old;
		return;
	case 0x100:	/* BPF_LOAD_ACQ */
		st->reg[in->dst_reg] = load(r, st, src, in->off, size_of(in->code));
		return;
	case 0x110:	/* BPF_STORE_REL */
		store(r, st, base, in->off, size_of(in->code), src);
		return;
	}
	store(r, st, base, in->off, size_of(in->code), &any);
	if (in->imm & BPF_FETCH)
		*src = any;
}

/* @v and an unknown number. */
static struct val plus_unknown(struct val v)
{
	switch (v.kind) {
	case V_PTR:
	case V_PTRVAR:
		return (struct val){ .kind = V_PTRVAR, .type = v.type };
	case V_STACK:
	case V_STACKVAR:
		return (struct val){ .kind = V_STACKVAR };
	case V_VAR:
	case V_MAYBE:
	case V_MIXED:
		return (struct val){ .kind = V_MIXED };
	case V_OTHER:
		return v;
	default:
		return (struct val){ .kind = V_UNKNOWN, .off = ANYWHERE };
	}
}

static struct val plus_number(struct val v, int64_t n)
{
	switch (v.kind) {
	case V_MAYBE:
		if (v.base != V_PTR || v.or_unknown)
			return n ? plus_unknown(v) : v;
		/* fall through */
	case V_PTR:
	case V_STACK:
		if (v.off + n < INT16_MIN * 16 || v.off + n > INT32_MAX / 2)
			return plus_unknown(v);
		v.off += (int32_t)n;
		return v;
	case V_UNKNOWN:
		if (v.off == ANYWHERE || v.off + n <= INT16_MIN * 16 || v.off + n > INT32_MAX / 2)
			v.off = ANYWHERE;
		else
			v.off += (int32_t)n;
		return v;
	case V_MEMBER:	/* an address, if it is one */
		return n ? plus_number(unknown(), n) : v;
	default:
		return n ? plus_unknown(v) : v;
	}
}

static bool is_number(const struct val *v)
{
	return v->kind == V_ZERO || v->kind == V_UNKNOWN || v->kind == V_MEMBER ||
	       v->kind == V_CORE_OFF || v->kind == V_TYPE_ID;
}

static struct val add(struct run *r, const struct val *a, const struct val *b)
{
	const struct val *number = is_number(a) ? a : b, *base = number == a ? b : a;

	if (a->kind == V_MEMBER && b->kind == V_CORE_OFF) {
		number = b;
		base = a;
	}
	if (number->kind == V_ZERO)
		return *base;
	if (number->kind == V_CORE_OFF) {
		if (r->record)
			evidence_is(r->evidence, base, number->type, KTSTR_CAST_ANY);
		return plus_number(*base, number->off);
	}
	return is_number(number) ? plus_unknown(*base) : (struct val){ .kind = V_MIXED };
}

/* A constant, which CO-RE may give a meaning. */
static struct val constant(const struct note *core, int64_t imm)
{
	if (core && core->kind == CORE_FIELD_BYTE_OFFSET)
		return (struct val){ .kind = V_CORE_OFF, .type = core->type, .off = (int32_t)imm };
	if (core && (core->kind == CORE_TYPE_ID_LOCAL || core->kind == CORE_TYPE_ID_TARGET))
		return (struct val){ .kind = V_TYPE_ID, .type = core->type };
	return imm || core ? unknown() : (struct val){ .kind = V_ZERO };
}

static void move(struct state *st, const struct bpf_insn *in, const struct note *core)
{
	struct val *dst = &st->reg[in->dst_reg];

	if (BPF_SRC(in->code) == BPF_K) {
		*dst = constant(core, in->imm);
	} else if (BPF_CLASS(in->code) == BPF_ALU || in->off > 1) {
		*dst = unknown();	/* 32 bits, or with sign extension */
	} else {
		*dst = st->reg[in->src_reg];
		if (in->off == 1)	/* addr_space_cast */
			dst->space = KTSTR_CAST_ARENA;
	}
}

static void alu(struct run *r, struct state *st, const struct bpf_insn *in, const struct note *core)
{
	struct val *dst = &st->reg[in->dst_reg], src = st->reg[in->src_reg];
	uint8_t op = BPF_OP(in->code);

	if (op == BPF_MOV) {
		move(st, in, core);
		return;
	}
	if (BPF_CLASS(in->code) == BPF_ALU) {
		*dst = unknown();
		return;
	}
	if (BPF_SRC(in->code) == BPF_K && (op == BPF_ADD || op == BPF_SUB)) {
		if (op == BPF_ADD)
			accessed(r, dst, core);
		*dst = plus_number(*dst, op == BPF_ADD ? in->imm : -(int64_t)in->imm);
	} else if (op == BPF_ADD) {
		*dst = add(r, dst, &src);
	} else {
		/* the difference of two pointers is a number, that of a pointer and a number is none */
		*dst = op == BPF_SUB && is_number(&src) ? plus_unknown(*dst) :
		       is_number(dst) || (op == BPF_SUB && !is_number(&src)) ? unknown() :
		       plus_unknown(*dst);
	}
}

/* What a 64-bit constant is the address of. */
static struct val address(struct run *r, const struct reloc *rel, const struct bpf_insn *in)
{
	const struct symbol *sym = rel->sym, *var;
	uint64_t addr = sym->value + (uint32_t)in->imm;
	struct ktstr_btf_part part;
	struct ktstr_btf_type section, t;
	struct function *fn;
	struct val ret;
	uint64_t size;
	uint32_t value;
	int32_t off;

	if (sym->section >= r->o->nr_sections || !sym->section)
		return unknown();
	fn = addr % 8 ? NULL : run_function_at(r, sym->section, (uint32_t)(addr / 8));
	if (fn) {
		if (!fn->address_taken)
			fn->address_taken = fn->dirty = true;
		return unknown();
	}
	var = sym->type == STT_OBJECT && addr - sym->value < sym->size ? sym :
	      object_symbol(r->o, sym->section, addr, STT_OBJECT);
	if (!var)	/* a string constant: a variable has a symbol */
		return (struct val){ .kind = V_OTHER };
	ktstr_btf__type(r->btf, ktstr_btf__section(r->btf, r->o->section[sym->section].name, &size),
			&section);
	for (uint32_t i = 0; !ktstr_btf__part(r->btf, &section, i, &part); i++) {
		if (strcmp(part.name, var->name))
			continue;
		ktstr_btf__type(r->btf, part.type, &t);
		off = (int32_t)(addr - var->value);
		if (!strcmp(section.name, ".maps")) {
			struct ktstr_btf_field f, to;

			value = !ktstr_btf__field_in(r->btf, t.id, "value", &f) &&
				!ktstr_btf__pointee(r->btf, &f, &to) ? to.type : 0;
			return (struct val){ .kind = V_MAP, .type = value };
		}
		if (t.kind == KTSTR_BTF_INT || t.kind == KTSTR_BTF_PTR)
			return (struct val) {
				.kind = off ? V_MIXED : V_VAR, .type = section.id, .off = (int32_t)i,
			};
		ret = type_pointer_to(r->btf, t.id, KTSTR_CAST_ANY);
		ret.off = ret.kind == V_PTR ? off : 0;
		return ret;
	}
	/* one that is not in the BTF, as those of a function are not */
	return (struct val){ .kind = V_UNKNOWN, .off = (int32_t)(addr - var->value) };
}

void insn_step(struct run *r, struct state *st, uint32_t pc, const struct bpf_insn *in)
{
	const struct section *s = &r->o->section[r->cur->section];
	const struct note *core = object_core(r->o, r->cur->section, pc);
	const struct reloc *rel;
	struct val v;

	switch (BPF_CLASS(in->code)) {
	case BPF_ALU:
	case BPF_ALU64:
		alu(r, st, in, core);
		break;
	case BPF_LDX:
		accessed(r, &st->reg[in->src_reg], core);
		st->reg[in->dst_reg] = BPF_MODE(in->code) == BPF_MEM ?
			load(r, st, &st->reg[in->src_reg], in->off, size_of(in->code)) : unknown();
		break;
	case BPF_ST:
		accessed(r, &st->reg[in->dst_reg], core);
		v = in->imm ? unknown() : (struct val){ .kind = V_ZERO };
		store(r, st, &st->reg[in->dst_reg], in->off, size_of(in->code), &v);
		break;
	case BPF_STX:
		accessed(r, &st->reg[in->dst_reg], core);
		if (BPF_MODE(in->code) == BPF_ATOMIC)
			atomic(r, st, in);
		else
			store(r, st, &st->reg[in->dst_reg], in->off, size_of(in->code),
			      &st->reg[in->src_reg]);
		break;
	case BPF_LD:
		if (in->code != (BPF_LD | BPF_IMM | BPF_DW)) {
			for (int i = 0; i <= 5; i++)
				st->reg[i] = unknown();
			break;
		}
		rel = object_reloc(s, (uint64_t)pc * sizeof(*in));
		st->reg[in->dst_reg] = rel ? address(r, rel, in) :
			constant(core, (int64_t)((uint32_t)in[0].imm | (uint64_t)(uint32_t)in[1].imm << 32));
		break;
	}
}
