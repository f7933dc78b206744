/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The BPF programs that a guest has loaded in its life: where their functions are, as long as they are
 * there, which counters these have and which lines. Whether a program belongs to a scheduler is only known
 * when one is enabled: its object has the same BTF as the operations.
 */
#ifndef KTSTR_COVERAGE_LOADS_H
#define KTSTR_COVERAGE_LOADS_H

#include "harness/monitor/bpf/prog.h"
#include "vmm/count.h"
#include "ranges.h"
#include "table.h"

#define KTSTR_LOADS_MAX_FUNCS	65536	/* of a guest's life */
#define KTSTR_LOADS_MAX_RANGES	(4u << 20)
#define KTSTR_LOADS_NAME	128

struct ktstr_load_func {
	uint64_t kva;
	uint32_t len, first;		/* bytes; the number of its first counter */
	uint32_t first_range, nr_ranges;
	char name[KTSTR_LOADS_NAME];
};

struct ktstr_load_prog {
	uint64_t kva;			/* of struct bpf_prog */
	uint32_t id;
	uint32_t first_func, nr_funcs;
	bool live, wanted;		/* it is there; it is of a scheduler */
};

struct ktstr_loads {
	struct ktstr_load_prog *prog;
	struct ktstr_load_func *func;
	struct ktstr_cover_range *range;	/* its file is an index in @paths */
	char **path;
	size_t nr_progs, nr_funcs, nr_ranges, nr_paths;
	uint32_t nr_counters;
	uint32_t last_id;		/* of the programs that were looked at */
	unsigned int full;		/* how often there was no room for programs, functions or files */
	unsigned int lineless;		/* programs of schedulers without line info */
};

/*
 * Look at what is loaded now: new programs are taken in, and those that are gone or about to be freed are
 * no longer counted. @attach: a scheduler is about to be enabled. 0 or -errno.
 */
int ktstr_loads__look(struct ktstr_loads *l, struct ktstr_kview *v, bool attach);
/* The functions that are there, sorted and without overlap, at most VM_MAX_COUNTED. Returns how many. */
unsigned int ktstr_loads__counted(struct ktstr_loads *l, struct vm_counted *out);
/*
 * Add what the schedulers' functions have executed to @c. @get copies counters, as vm_get_counts().
 * 0 or -errno.
 */
int ktstr_loads__fold(const struct ktstr_loads *l, struct ktstr_cover *c,
		      int (*get)(void *arg, uint32_t first, uint32_t nr, uint64_t *count), void *arg);
void ktstr_loads__free(struct ktstr_loads *l);

/* "bpf_prog_0123456789abcdef_name" of kallsyms to "name", and what a tracefile cannot have to '_'. */
void ktstr_loads__name(const char *ksym, char *buf, size_t size);
/* Where clang's name of a file is now, if it is anywhere: malloc()ed, or NULL. */
char *ktstr_loads__path(const char *name);

#endif
