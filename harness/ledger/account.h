/* SPDX-License-Identifier: GPL-2.0 */
/* From the programs of a scheduler to pieces of code, and from tallies to figures. */
#ifndef KTSTR_LEDGER_ACCOUNT_H
#define KTSTR_LEDGER_ACCOUNT_H

#include "harness/monitor/bpf/prog.h"
#include "vmm/tally.h"

#define KTSTR_LEDGER_NAME	64

struct ktstr_account {
	char op[KTSTR_LEDGER_NAME];		/* of struct sched_ext_ops */
	char program[KTSTR_BPF_NAME_MAX];	/* of the last scheduler that was attached */
	uint64_t code;		/* a hash of the program as it was loaded; 0: not known */
	unsigned int loads;	/* schedulers with the operation; with several, @code covers all */
	unsigned int pieces;	/* the program and its subprograms, of all loads */
};

struct ktstr_accounts {
	struct ktstr_account account[VM_MAX_TALLIES];	/* by the number of the tally */
	unsigned int nr;
	unsigned int dropped;	/* operations without room */
	struct vm_code *code;	/* of the last load, VM_MAX_CODE elements of the caller's */
	unsigned int nr_code;
};

/* Find the operations of all sched_ext programs that are loaded now. 0 or -errno. */
int ktstr_accounts__load(struct ktstr_accounts *a, struct ktstr_kview *v);

/* What the lengths of calls say. All 0: no call is over. */
struct ktstr_account_figures {
	uint64_t shortest, longest;		/* instructions of a call */
	/* of most calls: at least half as many again as of any other length; 0: there is none */
	uint64_t typical;
	unsigned int paths;			/* different lengths */
};

/* Sorts the paths of @t by their length. */
void ktstr_account__figures(struct vm_tally *t, struct ktstr_account_figures *f);

#endif
