/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The BPF programs of a running kernel (prog_idr): what the verifier had to look at, and how often
 * and how long they ran, if the kernel counts that (sysctl kernel.bpf_stats_enabled).
 */
#ifndef KTSTR_MONITOR_BPF_PROG_H
#define KTSTR_MONITOR_BPF_PROG_H

#include "idr.h"

/* Numbers of struct bpf_prog and bpf_prog_aux, in the order of the table in prog.c. */
enum ktstr_prog_field {
	KTSTR_PROG_ID, KTSTR_PROG_BTF, KTSTR_PROG_VERIFIED, KTSTR_PROG_LEN, KTSTR_PROG_JITED_LEN,
	KTSTR_PROG_ARENA, KTSTR_PROG_USED_MAPS, KTSTR_PROG_NR_USED_MAPS, KTSTR_PROG_CODE,
	KTSTR_PROG_OP_NAME, KTSTR_NR_PROG_FIELDS,
};

struct ktstr_prog {
	uint64_t kva;			/* of struct bpf_prog */
	uint64_t have;			/* bit of each value that was read */
	uint64_t value[KTSTR_NR_PROG_FIELDS];
	uint64_t runs, run_ns, misses;	/* sums over all CPUs */
	bool have_runs, have_misses;
	char name[KTSTR_BPF_NAME_MAX];
};

struct ktstr_prog_layout {
	struct ktstr_idr_layout idr;
	struct ktstr_place field[KTSTR_NR_PROG_FIELDS];
	struct ktstr_place aux, name, stats, runs, run_ns, misses;
};

/* What the kernel with this BTF has; NULL: nothing. */
void ktstr_prog_layout__resolve(struct ktstr_prog_layout *l, const struct ktstr_btf *btf);

struct ktstr_progs {
	unsigned int nr;
	bool complete;			/* false: there are more, or the walk was cut short */
	struct ktstr_prog prog[KTSTR_MAX_BPF_OBJECTS];
};

/* List the programs, lowest ID first. 0 (also if only some could be read), -ENOENT, -EFAULT. */
int ktstr_progs__read(struct ktstr_progs *p, struct ktstr_kview *v,
		      const struct ktstr_prog_layout *l);

/* Does the kernel count runs now? False also where it does not say. */
bool ktstr_progs__counted(struct ktstr_kview *v);

#endif
