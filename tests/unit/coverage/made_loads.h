/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A made guest that has loaded BPF programs: an operation of a scheduler that has a function of its own,
 * another program of its object, and one of somebody else's. IDs are 1, 2 and 3.
 */
#ifndef MADE_LOADS_H
#define MADE_LOADS_H

#include <linux/bpf.h>
#include <linux/kernel.h>

#include "harness/coverage/loads.h"
#include "tests/unit/monitor/made_x86.h"

#define AT_PROG_IDR	0x2040
#define HEAP		0x400000ull	/* gpa */
#define HEAP_BYTES	0x10000ull
#define SLOTS		4		/* of a made xa_node */
#define CODE		0xffffffffc0000000ull	/* of the operation; its function is behind it */
#define FUNC_BYTES	64
#define NR_LINES	6

/* Offsets of the made structures. */
enum { NODE_SHIFT = 0, NODE_SLOTS = 8 };
enum { PROG_LEN = 0, PROG_JITED = 4, PROG_FUNC = 8, PROG_AUX = 16, PROG_SIZE = 24 };
enum { AUX_ID = 0, AUX_NR_LINFO = 4, AUX_BTF = 8, AUX_NAME = 16, AUX_OP = 32, AUX_FUNCS = 40,
	AUX_NR_FUNCS = 48, AUX_REFS = 56, AUX_LINFO = 64, AUX_JITED = 72, AUX_KSYM = 80,
	KSYM_START = 0, KSYM_NAME = 8, AUX_SIZE = 216 };
enum { BTF_STRINGS = 0, BTF_STR_LEN = 8, BTF_SIZE = 16 };

/* Strings of the schedulers' BTF. */
#define FILE_C		1
#define FILE_H		16
#define MADE_STRINGS	"\0/src/no/main.c\0./inline.h"

struct made_loads {
	struct made_guest g;
	struct ktstr_kimage *img;
	struct ktstr_kview v;
	struct ktstr_err err;
	uint64_t heap, node;		/* gpa */
	uint64_t btf, op, other, foreign;	/* gpa of programs */
	uint64_t linfo, jited;		/* of the operation */
};

static inline size_t made_loads_btf(struct made_btf *b)
{
	uint32_t u32 = made_int(b, "unsigned int", 4, 0), u64 = made_int(b, "u64", 8, 0);
	uint32_t u8 = made_int(b, "u8", 1, 0), chr = made_int(b, "char", 1, 1), in, ksym, hdr;
	uint32_t name = made_array(b, chr, 16), slots = made_array(b, u64, SLOTS);
	uint32_t sym = made_array(b, chr, 128);

	made_type(b, "rq", BTF_KIND_STRUCT, 1, 0, 64);
	made_member(b, "cpu", u32, 128, 0);
	in = made_type(b, "xarray", BTF_KIND_STRUCT, 1, 0, 16);
	made_member(b, "xa_head", u64, 64, 0);
	made_type(b, "idr", BTF_KIND_STRUCT, 1, 0, 24);
	made_member(b, "idr_rt", in, 0, 0);
	made_type(b, "xa_node", BTF_KIND_STRUCT, 2, 0, NODE_SLOTS + 8 * SLOTS);
	made_member(b, "shift", u8, NODE_SHIFT * 8, 0);
	made_member(b, "slots", slots, NODE_SLOTS * 8, 0);
	made_type(b, "bpf_prog", BTF_KIND_STRUCT, 4, 0, PROG_SIZE);
	made_member(b, "len", u32, PROG_LEN * 8, 0);
	made_member(b, "jited_len", u32, PROG_JITED * 8, 0);
	made_member(b, "bpf_func", u64, PROG_FUNC * 8, 0);
	made_member(b, "aux", u64, PROG_AUX * 8, 0);
	in = made_type(b, "atomic64_t", BTF_KIND_STRUCT, 1, 0, 8);
	made_member(b, "counter", u64, 0, 0);
	ksym = made_type(b, "bpf_ksym", BTF_KIND_STRUCT, 2, 0, KSYM_NAME + 128);
	made_member(b, "start", u64, KSYM_START * 8, 0);
	made_member(b, "name", sym, KSYM_NAME * 8, 0);
	made_type(b, "bpf_prog_aux", BTF_KIND_STRUCT, 11, 0, AUX_SIZE);
	made_member(b, "id", u32, AUX_ID * 8, 0);
	made_member(b, "nr_linfo", u32, AUX_NR_LINFO * 8, 0);
	made_member(b, "btf", u64, AUX_BTF * 8, 0);
	made_member(b, "name", name, AUX_NAME * 8, 0);
	made_member(b, "attach_func_name", u64, AUX_OP * 8, 0);
	made_member(b, "func", u64, AUX_FUNCS * 8, 0);
	made_member(b, "func_cnt", u32, AUX_NR_FUNCS * 8, 0);
	made_member(b, "refcnt", in, AUX_REFS * 8, 0);
	made_member(b, "linfo", u64, AUX_LINFO * 8, 0);
	made_member(b, "jited_linfo", u64, AUX_JITED * 8, 0);
	made_member(b, "ksym", ksym, AUX_KSYM * 8, 0);
	hdr = made_type(b, "btf_header", BTF_KIND_STRUCT, 1, 0, 8);
	made_member(b, "str_len", u32, 0, 0);
	made_type(b, "btf", BTF_KIND_STRUCT, 2, 0, BTF_SIZE);
	made_member(b, "strings", u64, BTF_STRINGS * 8, 0);
	made_member(b, "hdr", hdr, BTF_STR_LEN * 8, 0);
	made_type(b, "sched_ext_ops", BTF_KIND_STRUCT, 1, 0, 8);
	made_member(b, "dispatch", u64, 0, 0);
	return made_finish(b);
}

static inline uint64_t made_loads_room(struct made_loads *m, uint64_t bytes)
{
	uint64_t gpa = m->heap;

	m->heap += (bytes + 63) / 64 * 64;
	return gpa;
}

static inline void made_loads_u32(struct made_loads *m, uint64_t gpa, uint32_t v)
{
	memcpy(m->g.ram + gpa, &v, sizeof(v));
}

/* The gpa of a pointer of a made program. */
static inline uint64_t made_loads_aux(struct made_loads *m, uint64_t prog)
{
	return made_load(&m->g, prog + PROG_AUX) - DIRECT;
}

/* @id 0: a function. */
static inline uint64_t made_loads_prog(struct made_loads *m, uint32_t id, const char *ksym, uint64_t kva,
				       uint64_t btf)
{
	uint64_t prog = made_loads_room(m, PROG_SIZE), aux = made_loads_room(m, AUX_SIZE);

	made_loads_u32(m, prog + PROG_JITED, FUNC_BYTES);
	made_store(&m->g, prog + PROG_FUNC, kva);
	made_store(&m->g, prog + PROG_AUX, DIRECT + aux);
	made_loads_u32(m, aux + AUX_ID, id);
	made_store(&m->g, aux + AUX_BTF, DIRECT + btf);
	made_store(&m->g, aux + AUX_REFS, 1);
	strcpy((char *)m->g.ram + aux + AUX_NAME, "short");
	strcpy((char *)m->g.ram + aux + AUX_KSYM + KSYM_NAME, ksym);
	if (id)
		made_store(&m->g, m->node + NODE_SLOTS + 8 * id, DIRECT + prog);
	return prog;
}

static inline uint64_t made_loads_btf_at(struct made_loads *m)
{
	uint64_t btf = made_loads_room(m, BTF_SIZE), strings = made_loads_room(m, sizeof(MADE_STRINGS));

	memcpy(m->g.ram + strings, MADE_STRINGS, sizeof(MADE_STRINGS));
	made_store(&m->g, btf + BTF_STRINGS, DIRECT + strings);
	made_loads_u32(m, btf + BTF_STR_LEN, sizeof(MADE_STRINGS));
	return btf;
}

/* Line @i of the operation is at @file:@line, and begins at @code. */
static inline void made_loads_line(struct made_loads *m, unsigned int i, uint32_t file, uint32_t line,
				   uint64_t code)
{
	struct bpf_line_info li = { .file_name_off = file, .line_col = line << 10 | 7 };

	memcpy(m->g.ram + m->linfo + i * sizeof(li), &li, sizeof(li));
	made_store(&m->g, m->jited + 8 * i, code);
}

static inline void made_loads_lines(struct made_loads *m)
{
	uint64_t aux = made_loads_aux(m, m->op);

	m->linfo = made_loads_room(m, NR_LINES * sizeof(struct bpf_line_info));
	m->jited = made_loads_room(m, NR_LINES * 8);
	made_loads_u32(m, aux + AUX_NR_LINFO, NR_LINES);
	made_store(&m->g, aux + AUX_LINFO, DIRECT + m->linfo);
	made_store(&m->g, aux + AUX_JITED, DIRECT + m->jited);
	made_loads_line(m, 0, FILE_C, 10, CODE);
	made_loads_line(m, 1, FILE_C, 12, CODE + 16);
	made_loads_line(m, 2, FILE_H, 3, CODE + 32);
	made_loads_line(m, 3, FILE_C, 12, CODE + 40);
	made_loads_line(m, 4, FILE_C, 20, CODE + FUNC_BYTES);
	made_loads_line(m, 5, FILE_C, 21, CODE + FUNC_BYTES + 8);
}

static inline void made_loads_funcs(struct made_loads *m)
{
	uint64_t aux = made_loads_aux(m, m->op), funcs = made_loads_room(m, 16);
	uint64_t op = made_loads_room(m, 16);

	made_store(&m->g, funcs, DIRECT + made_loads_prog(m, 0, "", CODE, m->btf));
	made_store(&m->g, funcs + 8, DIRECT + made_loads_prog(m, 0, "bpf_prog_00112233445566aa_helper",
							      CODE + FUNC_BYTES, m->btf));
	made_store(&m->g, aux + AUX_FUNCS, DIRECT + funcs);
	made_loads_u32(m, aux + AUX_NR_FUNCS, 2);
	strcpy((char *)m->g.ram + op, "dispatch");
	made_store(&m->g, aux + AUX_OP, DIRECT + op);
}

/* 0, or -1 with m->err. */
static inline int made_loads_init(struct made_loads *m)
{
	const struct made_symbol sym[] = { { "dprog_idr", MADE_TEXT + AT_PROG_IDR } };
	struct made_btf *b = calloc(1, sizeof(*b));
	size_t len = made_loads_btf(b);

	memset(m, 0, sizeof(*m));
	if (made_open_x86(&m->img, sym, ARRAY_SIZE(sym), b, len, &m->err) ||
	    made_boot_x86(&m->g, m->img))
		return -1;
	m->heap = HEAP;
	m->node = made_loads_room(m, NODE_SLOTS + 8 * SLOTS);
	made_store(&m->g, TEXT + AT_PROG_IDR + 8, (DIRECT + m->node) | 2);
	m->btf = made_loads_btf_at(m);
	m->op = made_loads_prog(m, 1, "bpf_prog_0011223344556677_my_dispatch_op", CODE, m->btf);
	made_loads_lines(m);
	made_loads_funcs(m);
	m->other = made_loads_prog(m, 2, "bpf_prog_0011223344556688_timer", CODE + 0x1000, m->btf);
	m->foreign = made_loads_prog(m, 3, "bpf_prog_0011223344556699_probe", CODE + 0x2000,
				     made_loads_btf_at(m));
	return ktstr_kview__init(&m->v, m->img, &m->g.mem, MADE_CPUS, &m->err) ||
	       ktstr_kview__attach(&m->v) ? -1 : 0;
}

static inline void made_loads_free(struct made_loads *m)
{
	ktstr_kimage__free(m->img);
	free(m->g.ram);
}

#endif
