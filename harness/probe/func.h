/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Functions as BTF describes them, and from words to the values that a probe fetches (vmm/probe.h):
 * "p" is a parameter by its name, "#1" the second one, "p:scx.dsq_vtime" a field of the structure that it points to, and
 * "p:cpus_ptr->bits" follows a pointer on the way. Parameters of a function move between kernels;
 * their names seldom change.
 */
#ifndef KTSTR_PROBE_FUNC_H
#define KTSTR_PROBE_FUNC_H

#include "harness/monitor/view/btf.h"
#include "vmm/probe.h"

#define KTSTR_FUNC_PARAMS	6	/* in registers */

struct ktstr_func {
	const struct ktstr_btf *btf;
	uint32_t proto;
	uint32_t nr_params;
	uint32_t first;			/* of a tracepoint 1: a pointer of its caller's comes before */
	/*
	 * A program of struct_ops: its one argument points to an array with those of the
	 * operation.
	 */
	bool is_bpf;
};

/* The function @name of the kernel. 0, -ENOENT: BTF does not have it, or has no prototype. */
int ktstr_func__find(struct ktstr_func *f, const struct ktstr_btf *btf, const char *name);
/* The program for operation @op of struct sched_ext_ops. 0 or -ENOENT. */
int ktstr_func__find_op(struct ktstr_func *f, const struct ktstr_btf *btf, const char *op);

/* The tracepoint @name, whose parameters have no names. 0 or -ENOENT. */
int ktstr_func__find_tracepoint(struct ktstr_func *f, const struct ktstr_btf *btf, const char *name);

/* Parameter @i: its name, "" if it has none, and its type. 0 or -ENOENT. */
int ktstr_func__param(const struct ktstr_func *f, uint32_t i, const char **name, uint32_t *type);

/*
 * How to fetch what @words say. @field is what is fetched, for those who show it. 0, -ENOENT: there is
 * no such parameter or field in this kernel, -EINVAL: it is no number or text, or too far away.
 */
int ktstr_func__fetch(const struct ktstr_func *f, const char *words, struct vm_fetch *fetch,
		      struct ktstr_btf_field *field);

/*
 * How to fetch what it returns, of an event with exit set. 0, -ENOENT: it returns nothing, -EINVAL: no
 * number.
 */
int ktstr_func__returns(const struct ktstr_func *f, struct vm_fetch *fetch,
			struct ktstr_btf_field *field);

/* The number @field in the words that were fetched: its bits, sign-extended if it is signed. */
uint64_t ktstr_fetched__number(const struct ktstr_btf_field *field, const uint64_t *word);

#endif
