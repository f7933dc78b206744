// SPDX-License-Identifier: GPL-2.0
/* The operations of the scheduler that is loaded: see ops.h. */
#include <errno.h>
#include <stdlib.h>

#include "ops.h"

/* Code that the JIT has made is as near to the kernel's image as modules are. */
static bool is_code(uint64_t kva)
{
	return kva >> 32 == 0xffffffff;
}

bool ktstr_ops__name(struct ktstr_kview *v, const struct ktstr_prog *p, char *buf, size_t size)
{
	struct ktstr_place op;

	if (!p->value[KTSTR_PROG_OP_NAME] ||
	    ktstr_kview__string(v, p->value[KTSTR_PROG_OP_NAME], buf, size) || !*buf)
		return false;
	ktstr_place__find(&op, v->img->btf, "sched_ext_ops", buf);
	return op.found;
}

int ktstr_ops__each(struct ktstr_kview *v, ktstr_op_fn fn, void *arg)
{
	struct ktstr_progs *progs = malloc(sizeof(*progs));
	struct ktstr_prog_layout layout;
	char op[KTSTR_OP_NAME];
	int ret;

	if (!progs)
		return -ENOMEM;
	ktstr_prog_layout__resolve(&layout, v->img->btf);
	ret = ktstr_progs__read(progs, v, &layout);
	for (unsigned int i = 0; !ret && i < progs->nr; i++) {
		const struct ktstr_prog *p = &progs->prog[i];

		if (is_code(p->value[KTSTR_PROG_CODE]) && ktstr_ops__name(v, p, op, sizeof(op)))
			fn(arg, v->img->btf, op, p);
	}
	free(progs);
	return ret;
}
