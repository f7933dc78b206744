// SPDX-License-Identifier: GPL-2.0
/* Calls: of helpers, of kfuncs, of functions of the object. */
#include "types.h"

/* Since 6.2, not in the headers of all distributions. */
#define CGRP_STORAGE_GET	210
#define CGRP_STORAGE_DELETE	211

/* Helpers that give a pointer of a known type: from the map, or to a task. */
static const struct {
	uint8_t id;
	bool of_map;
} giving[] = {
	{ BPF_FUNC_map_lookup_elem, true },
	{ BPF_FUNC_map_lookup_percpu_elem, true },
	{ BPF_FUNC_task_storage_get, true },
	{ CGRP_STORAGE_GET, true },
	{ BPF_FUNC_inode_storage_get, true },
	{ BPF_FUNC_sk_storage_get, true },
	{ BPF_FUNC_get_current_task, false },
	{ BPF_FUNC_get_current_task_btf, false },
};

/* Helpers that only read what they are given pointers to. All others may write there. */
static const uint8_t reading[] = {
	BPF_FUNC_map_lookup_elem, BPF_FUNC_map_lookup_percpu_elem, BPF_FUNC_map_update_elem,
	BPF_FUNC_map_delete_elem, BPF_FUNC_task_storage_get, BPF_FUNC_task_storage_delete,
	CGRP_STORAGE_GET, CGRP_STORAGE_DELETE, BPF_FUNC_inode_storage_get,
	BPF_FUNC_sk_storage_get, BPF_FUNC_ktime_get_ns, BPF_FUNC_ktime_get_boot_ns,
	BPF_FUNC_get_smp_processor_id, BPF_FUNC_get_prandom_u32, BPF_FUNC_trace_printk,
	BPF_FUNC_trace_vprintk, BPF_FUNC_ringbuf_reserve, BPF_FUNC_ringbuf_output,
	BPF_FUNC_ringbuf_submit, BPF_FUNC_ringbuf_discard, BPF_FUNC_spin_lock, BPF_FUNC_spin_unlock,
	BPF_FUNC_timer_init, BPF_FUNC_timer_set_callback, BPF_FUNC_timer_start,
	BPF_FUNC_timer_cancel, BPF_FUNC_kptr_xchg, BPF_FUNC_get_current_task,
	BPF_FUNC_get_current_task_btf, BPF_FUNC_map_push_elem,
};

/* Helpers that write to where R1 points to, and to nothing else. */
static const uint8_t writing_first[] = {
	BPF_FUNC_probe_read, BPF_FUNC_probe_read_str, BPF_FUNC_probe_read_user,
	BPF_FUNC_probe_read_kernel, BPF_FUNC_probe_read_user_str, BPF_FUNC_probe_read_kernel_str,
	BPF_FUNC_copy_from_user, BPF_FUNC_get_current_comm, BPF_FUNC_snprintf,
};

static bool is_in(const uint8_t *list, size_t nr, int32_t id)
{
	for (size_t i = 0; i < nr; i++)
		if (list[i] == id)
			return true;
	return false;
}

/* After any call. The stack is still what it was if @stack_too is not set. */
static void clobber(struct state *st, bool stack_too)
{
	if (stack_too || st->escaped)
		state_forget_stack(st);
	for (int i = 0; i <= 5; i++)
		st->reg[i] = unknown();
}

static bool is_stack(const struct val *v)
{
	return v->kind == V_STACK || v->kind == V_STACKVAR;
}

static bool stack_is_passed(const struct state *st)
{
	for (int i = 1; i <= 5; i++)
		if (is_stack(&st->reg[i]))
			return true;
	return false;
}

/* Somebody of whom nothing is known gets the pointer @v, and may write there. */
static void give_away(struct run *r, const struct val *v)
{
	if (r->record && (v->kind == V_PTR || v->kind == V_PTRVAR || v->kind == V_VAR ||
			  v->kind == V_MAYBE || v->kind == V_MIXED))
		evidence_spoil(r->evidence, v, true);
}

static struct val pointer_to(uint32_t type, enum ktstr_cast_space space)
{
	return type ? (struct val){ .kind = V_PTR, .space = space, .type = type } : unknown();
}

struct copied {
	struct run *r;
	const struct state *st;
	struct val map, value;
};

static void copy_member(void *arg, uint32_t type, uint32_t off, uint64_t at, bool in_union)
{
	struct copied *c = arg;
	struct val v = state_load(c->st, c->value.off + (int64_t)at, 8);

	if (v.kind == V_VAR || v.kind == V_PTRVAR || (v.kind == V_PTR && v.off))
		evidence_spoil(c->r->evidence, &v, v.kind == V_PTRVAR);
	(void)type;
	(void)off;
	(void)in_union;
	evidence_store(c->r->evidence, &c->map, (int32_t)at, 8, &v);
}

/* The map in R1 gets a value from where @value points to. */
static void value_to_map(struct run *r, const struct state *st, const struct val *value)
{
	struct copied c = { .r = r, .st = st, .map = st->reg[1], .value = *value };

	if (!r->record || value->kind == V_ZERO)
		return;
	if (c.map.kind != V_MAP) {
		give_away(r, &(struct val){ .kind = V_MIXED });
		return;
	}
	c.map.kind = V_PTR;
	if (value->kind == V_STACK)
		type_members(r->btf, c.map.type, 0, UINT32_MAX, copy_member, &c);
	else if (value->kind != V_PTR || value->off || value->type != c.map.type)
		give_away(r, &c.map);
}

static void call_helper(struct run *r, struct state *st, int32_t id)
{
	struct val ret = unknown(), first = st->reg[1];
	bool reads = is_in(reading, sizeof(reading), id);
	int last = is_in(writing_first, sizeof(writing_first), id) ? 1 : 5;

	if (id == BPF_FUNC_map_update_elem)
		value_to_map(r, st, &st->reg[3]);
	else if (id == BPF_FUNC_map_push_elem)
		value_to_map(r, st, &st->reg[2]);
	else if (id == BPF_FUNC_task_storage_get || id == CGRP_STORAGE_GET ||
		 id == BPF_FUNC_inode_storage_get || id == BPF_FUNC_sk_storage_get)
		value_to_map(r, st, &st->reg[3]);
	for (int i = 1; i <= last && !reads; i++)
		give_away(r, &st->reg[i]);
	for (size_t i = 0; i < sizeof(giving) / sizeof(*giving); i++) {
		if (giving[i].id != id)
			continue;
		if (!giving[i].of_map)
			ret = pointer_to(ktstr_btf__composite(r->btf, "task_struct"),
					 KTSTR_CAST_KERNEL);
		else if (first.kind == V_MAP)
			ret = type_pointer_to(r->btf, first.type, KTSTR_CAST_KERNEL);
	}
	if (id == BPF_FUNC_ringbuf_reserve)
		ret = (struct val){ .kind = V_OTHER };
	/* the pointer that was there */
	if (id == BPF_FUNC_kptr_xchg && first.kind == V_PTR) {
		ret = type_load(r->btf, first.type, first.off, 8, KTSTR_CAST_KERNEL);
		if (ret.kind != V_PTR)
			ret = unknown();
	}
	clobber(st, !reads && stack_is_passed(st));
	st->reg[0] = ret;
}

struct val val_of_param(const struct ktstr_btf *btf, uint32_t type, enum ktstr_cast_space space)
{
	return pointer_to(type_pointee(btf, type, &space), space);
}

/* Argument @v for a pointer to @size bytes (0: unknown) on the stack. */
static void pass_stack(struct state *st, const struct val *v, uint32_t size)
{
	struct val any = unknown();

	if (v->kind != V_STACK || !size || size > 8 * NR_SLOTS)
		state_forget_stack(st);
	else
		state_store(st, v->off, size, &any);
}

/* Arguments by a prototype: one that is a member's value says what the member holds. */
static void pass(struct run *r, struct state *st, const struct ktstr_btf_type *proto)
{
	for (uint32_t i = 0; i < 5; i++) {
		const struct val *v = &st->reg[i + 1];
		enum ktstr_cast_space space = KTSTR_CAST_ANY;
		struct ktstr_btf_type p = { .name = "" }, to = { .name = "" };
		struct ktstr_btf_part part;
		uint32_t target = 0;

		if (!ktstr_btf__part(r->btf, proto, i, &part)) {
			ktstr_btf__type(r->btf, part.type, &p);
			ktstr_btf__type(r->btf, p.target, &to);
			target = type_pointee(r->btf, part.type, &space);
		} else if (proto->kind == KTSTR_BTF_FUNC_PROTO) {
			continue;	/* a register that is no argument */
		}
		if (target && r->record)
			evidence_is(r->evidence, v, target, space);
		if (is_stack(v))
			pass_stack(st, v, p.kind == KTSTR_BTF_PTR ? to.size : 0);
		else if (!target || v->kind != V_PTR || v->type != target || v->off)
			give_away(r, v);
	}
}

static void returned(struct run *r, struct state *st, const struct ktstr_btf_type *proto,
		     enum ktstr_cast_space space)
{
	uint32_t target = type_pointee(r->btf, proto->target, &space);

	st->reg[0] = pointer_to(target, space);
}

static void call_kfunc(struct run *r, struct state *st, const char *name)
{
	struct val type = st->reg[2], first = st->reg[1];
	struct ktstr_btf_type fn, proto = { .name = "" };

	for (uint32_t id = 1; id < ktstr_btf__nr_types(r->btf); id++) {
		ktstr_btf__type(r->btf, id, &fn);
		if (fn.id != id || fn.kind != KTSTR_BTF_FUNC || strcmp(fn.name, name))
			continue;
		ktstr_btf__type(r->btf, fn.target, &proto);
		break;
	}
	if (!strcmp(name, "bpf_rdonly_cast")) {
		if (r->record && type.kind == V_TYPE_ID)
			evidence_is(r->evidence, &first, type.type, KTSTR_CAST_KERNEL);
		clobber(st, false);
		if (type.kind == V_TYPE_ID)
			st->reg[0] = pointer_to(type.type, KTSTR_CAST_KERNEL);
		return;
	}
	pass(r, st, &proto);
	clobber(st, false);
	if (!strcmp(name, "bpf_obj_new_impl") && first.kind == V_TYPE_ID)
		st->reg[0] = pointer_to(first.type, KTSTR_CAST_KERNEL);
	else if (proto.kind == KTSTR_BTF_FUNC_PROTO)
		returned(r, st, &proto, KTSTR_CAST_KERNEL);
}

/*
 * A function of the object. The arguments of a static one come from its callers: the compiler may
 * have changed its parameters, so its type says nothing.
 */
static bool call_function(struct run *r, struct state *st, struct function *fn)
{
	struct ktstr_btf_type type, proto;
	struct val ret;

	if (fn->is_root) {
		ktstr_btf__type(r->btf, fn->type, &type);
		ktstr_btf__type(r->btf, type.target, &proto);
		pass(r, st, &proto);
		clobber(st, false);
		if (proto.kind == KTSTR_BTF_FUNC_PROTO)
			returned(r, st, &proto, KTSTR_CAST_ANY);
		return true;
	}
	for (int i = 0; i < 5; i++) {
		struct val v = st->reg[i + 1], met;

		if (is_stack(&v))
			v = (struct val){ .kind = V_OTHER };	/* no member is there */
		met = val_meet(fn->arg[i], v);
		if (memcmp(&met, &fn->arg[i], sizeof(met))) {
			fn->arg[i] = met;
			fn->dirty = true;
		}
	}
	ret = fn->ret;
	clobber(st, stack_is_passed(st));
	st->reg[0] = ret;
	return ret.kind != V_NONE;
}

bool call_step(struct run *r, struct state *st, uint32_t pc, const struct bpf_insn *in)
{
	const struct section *s = &r->o->section[r->cur->section];
	const struct reloc *rel = object_reloc(s, (uint64_t)pc * sizeof(*in));
	struct function *fn = NULL;

	if (in->src_reg == 0 && !rel) {
		call_helper(r, st, in->imm);
		return true;
	}
	if (rel && rel->sym->section == SHN_UNDEF) {
		call_kfunc(r, st, rel->sym->name);
		return true;
	}
	if (rel && rel->sym->type == STT_SECTION)
		fn = run_function_at(r, rel->sym->section, (uint32_t)(in->imm + 1));
	else if (rel)
		fn = run_function_at(r, rel->sym->section, (uint32_t)(rel->sym->value / 8));
	else if (in->src_reg == BPF_PSEUDO_CALL)
		fn = run_function_at(r, r->cur->section, (uint32_t)((int64_t)pc + 1 + in->imm));
	if (fn)
		return call_function(r, st, fn);
	for (int i = 1; i <= 5; i++)
		give_away(r, &st->reg[i]);
	clobber(st, true);
	return true;
}
