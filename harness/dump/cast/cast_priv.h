/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of the cast analysis share. object.c -> run.c, insn.c, call.c -> evidence.c. */
#ifndef KTSTR_DUMP_CAST_PRIV_H
#define KTSTR_DUMP_CAST_PRIV_H

#include <elf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <linux/bpf.h>

#include "cast.h"
#include "harness/monitor/view/btf_type.h"

#define NR_REGS		16	/* that an instruction can name; there are 11 */
#define NR_SLOTS	64	/* of 8 bytes, the stack of a function */
#define ANYWHERE	INT32_MIN	/* offset of a V_UNKNOWN: not known */
#define MAX_INSNS	(1u << 20)

/* ---- object.c: the ELF file ---- */

struct symbol {
	const char *name;
	uint64_t value, size;
	uint16_t section;
	uint8_t type, bind;
};

struct reloc {
	uint64_t offset;
	const struct symbol *sym;
};

/* A CO-RE relocation, or a function's type, at an instruction. */
struct note {
	uint32_t section, insn;
	uint32_t type;
	uint32_t kind;		/* enum bpf_core_relo_kind; of a function 0 */
};

struct section {
	const char *name;
	const uint8_t *data;
	uint64_t size;
	uint32_t type, link, info;
	uint64_t flags;
	const struct bpf_insn *insn;	/* NULL: no code */
	uint32_t nr_insns;
	struct reloc *reloc;		/* of this section, by offset */
	uint32_t nr_relocs;
};

struct object {
	const uint8_t *data;
	size_t len;
	struct section *section;
	uint32_t nr_sections;
	struct symbol *symbol;
	uint32_t nr_symbols;
	struct ktstr_btf *btf;
	struct note *core, *func;	/* by section and instruction */
	uint32_t nr_core, nr_func;
	struct bpf_insn *insns;		/* aligned copies of all code */
};

int object_open(struct object *o, const void *elf, size_t len, struct ktstr_err *err);
void object_close(struct object *o);
const struct reloc *object_reloc(const struct section *s, uint64_t offset);
const struct note *object_core(const struct object *o, uint32_t section, uint32_t insn);
/* The type of the function that begins there; 0: none. */
uint32_t object_func_type(const struct object *o, uint32_t section, uint32_t insn);
/* The symbol of @type (STT_*) that contains @addr of that section, or NULL. */
const struct symbol *object_symbol(const struct object *o, uint32_t section, uint64_t addr,
				   uint8_t type);

/* ---- evidence.c: what is known of members ---- */

enum kind {
	V_NONE,		/* not reached yet */
	V_ZERO,
	V_UNKNOWN,	/* a number, or a pointer to nobody knows what, @off behind its start */
	V_OTHER,	/* a pointer to memory without members that matter: context, ring buffer */
	V_PTR,		/* to @type, @off behind its start */
	V_PTRVAR,	/* somewhere into one or several @type */
	V_VAR,		/* to variable @off of section @type */
	V_MAYBE,	/* what @base says, or a pointer like V_OTHER, or with @or_unknown V_UNKNOWN */
	V_MIXED,	/* one of several of the above */
	V_MEMBER,	/* the value of member @off of @type, or of a variable */
	V_STACK,	/* @off behind the start of the frame, below 0 */
	V_STACKVAR,
	V_CONTEXT,	/* of a struct_ops program, whose prototype is @type */
	V_MAP,		/* of values of @type */
	V_CORE_OFF,	/* a number: CO-RE offset @off in @type */
	V_TYPE_ID,	/* a number: the id of @type */
};

struct val {
	uint8_t kind;
	uint8_t space;		/* enum ktstr_cast_space of a pointer, or of a member's value */
	uint8_t base;		/* V_MAYBE: V_PTR, V_PTRVAR or V_VAR */
	uint8_t or_unknown;
	uint32_t type;
	int32_t off;
};

struct evidence;

struct evidence *evidence_new(const struct ktstr_btf *btf);
void evidence_free(struct evidence *e);
/* @size bytes of @v go to @off behind @base. */
void evidence_store(struct evidence *e, const struct val *base, int32_t off, uint32_t size,
		    const struct val *v);
/* Anything may be stored where @base points to, and with @all in the whole of it. */
void evidence_spoil(struct evidence *e, const struct val *base, bool all);
/* The member whose value @v is holds a pointer to @target. */
void evidence_is(struct evidence *e, const struct val *v, uint32_t target,
		 enum ktstr_cast_space space);
/* 0 or -ENOMEM. */
int evidence_decide(struct evidence *e, struct ktstr_casts *out);

/*
 * What is at @off of @type: the value that loading @size bytes of it gives. The structure or union
 * around it is looked at, not the name.
 */
struct val type_load(const struct ktstr_btf *btf, uint32_t type, int32_t off, uint32_t size,
		     enum ktstr_cast_space space);
/* What a pointer type points to, if that is a structure; 0: nothing of interest. */
uint32_t type_pointee(const struct ktstr_btf *btf, uint32_t pointer,
		      enum ktstr_cast_space *space);

/* ---- run.c: the instructions ---- */

struct state {
	struct val reg[NR_REGS];
	struct val slot[NR_SLOTS];
	bool escaped;		/* an address of the stack went to somebody else */
};

struct function {
	const struct symbol *sym;
	uint32_t section, first, nr;
	uint32_t type;			/* FUNC */
	uint32_t context;		/* prototype of the member of a struct_ops, or 0 */
	bool is_root, address_taken, dirty;
	struct val arg[5], ret;
	bool *is_target;		/* [nr]: somebody jumps there */
	struct state **at;		/* [nr], of these and of the first; NULL: not reached yet */
};

struct run {
	const struct object *o;
	const struct ktstr_btf *btf;
	struct function *fn;
	uint32_t nr;
	struct evidence *evidence;
	bool record;
	bool failed;			/* no memory */
	struct function *cur;
};

struct val val_meet(struct val a, struct val b);
/* What a parameter of this type is. */
struct val val_of_param(const struct ktstr_btf *btf, uint32_t type, enum ktstr_cast_space space);
struct function *run_function_at(struct run *r, uint32_t section, uint32_t insn);
/* insn.c: all but calls and jumps. */
void insn_step(struct run *r, struct state *st, uint32_t pc, const struct bpf_insn *in);
/* call.c. False: what is behind the call is not reached, as far as is known. */
bool call_step(struct run *r, struct state *st, uint32_t pc, const struct bpf_insn *in);
void state_forget_stack(struct state *st);
struct val state_load(const struct state *st, int64_t off, uint32_t size);
void state_store(struct state *st, int64_t off, uint32_t size, const struct val *v);

static inline struct val unknown(void)
{
	return (struct val){ .kind = V_UNKNOWN };
}

#endif
