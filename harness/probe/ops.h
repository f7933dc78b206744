/* SPDX-License-Identifier: GPL-2.0 */
/* Where the operations of the scheduler that is loaded are, to be probed. */
#ifndef KTSTR_PROBE_OPS_H
#define KTSTR_PROBE_OPS_H

#include "harness/monitor/bpf/prog.h"

#define KTSTR_OP_NAME	64		/* bytes for the longest name of an operation */

/* @op: as the members of struct sched_ext_ops are called; @btf: the kernel's. */
typedef void (*ktstr_op_fn)(void *arg, const struct ktstr_btf *btf, const char *op,
			    const struct ktstr_prog *prog);

/*
 * Is @p an operation of struct sched_ext_ops? @buf gets its name. Programs that trace a function of the
 * kernel have a name in the same place.
 */
bool ktstr_ops__name(struct ktstr_kview *v, const struct ktstr_prog *p, char *buf, size_t size);

/* Call @fn for each program that is one and was translated. 0 or -errno of ktstr_progs__read(). */
int ktstr_ops__each(struct ktstr_kview *v, ktstr_op_fn fn, void *arg);

#endif
