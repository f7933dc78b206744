// SPDX-License-Identifier: GPL-2.0
/* The operations of the scheduler that is loaded: see ops.h. */
#include <errno.h>
#include <stdlib.h>

#include "ops.h"

#define OP_NAME		64

/* Code that the JIT has made is as near to the kernel's image as modules are. */
static bool is_code(uint64_t kva)
{
	return kva >> 32 == 0xffffffff;
}

int ktstr_ops__each(struct ktstr_kview *v, ktstr_op_fn fn, void *arg)
{
	struct ktstr_progs *progs = malloc(sizeof(*progs));
	struct ktstr_prog_layout layout;
	char op[OP_NAME];
	int ret;

	if (!progs)
		return -ENOMEM;
	ktstr_prog_layout__resolve(&layout, v->img->btf);
	ret = ktstr_progs__read(progs, v, &layout);
	for (unsigned int i = 0; !ret && i < progs->nr; i++) {
		const struct ktstr_prog *p = &progs->prog[i];
		uint64_t name = p->value[KTSTR_PROG_OP_NAME];

		if (name && is_code(p->value[KTSTR_PROG_CODE]) &&
		    !ktstr_kview__string(v, name, op, sizeof(op)))
			fn(arg, v->img->btf, op, p);
	}
	free(progs);
	return ret;
}
