/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What auto-repro probes and what it has seen: the operations of the scheduler and the functions of the
 * kernel around them, with the arguments that explain a crash.
 */
#ifndef KTSTR_REPRO_CALLS_H
#define KTSTR_REPRO_CALLS_H

#include <stdio.h>

#include "harness/monitor/bpf/prog.h"
#include "harness/probe/func.h"
#include "harness/probe/source.h"

#define KTSTR_REPRO_NAME	64
#define KTSTR_REPRO_FUNCS	64	/* of the kernel */
#define KTSTR_REPRO_CALLS	4096	/* that are kept: the last ones */

struct ktstr_repro_value {
	char param[24];			/* "p" */
	char path[40];			/* "scx.slice"; "": the parameter itself */
	char group[32];			/* "task_struct"; "": it is no structure */
	struct ktstr_btf_field field;
};

struct ktstr_repro_point {
	char name[KTSTR_REPRO_NAME];
	bool is_op;
	bool is_trigger;		/* the exit of a scheduler is claimed */
	bool returns;			/* a call of it was seen to return */
	int kind;			/* value that is the trigger's scx_exit_kind; -1: it has none */
	int pid, comm;			/* value that is the task; -1: it has none */
	struct ktstr_source source;	/* of an operation: where it begins */
	struct ktstr_source crashed;	/* ... and where it was, in the backtrace of the crash */
	unsigned int nr;
	struct ktstr_repro_value value[VM_MAX_FETCHES];
};

struct ktstr_repro_call {
	uint64_t ns, exit_ns;		/* exit_ns 0: it has not returned, or that is not probed */
	uint32_t point, vcpu;
	int32_t pid;			/* of its task; 0: it has none */
	uint32_t have, exit_have;
	uint64_t word[VM_PROBE_WORDS], exit_word[VM_PROBE_WORDS];
};

struct ktstr_repro_calls {
	unsigned int nr_points, nr_kernel;	/* the kernel's come first, with link addresses */
	uint64_t cause_ns;		/* between the call for a task and what follows from it */
	struct ktstr_repro_point point[VM_MAX_PROBES];
	struct vm_probe probe[VM_MAX_PROBES];
	uint64_t nr;			/* calls ever; the last KTSTR_REPRO_CALLS are kept */
	struct ktstr_repro_call *call;	/* a ring */
	bool triggered;
	uint64_t trigger_ns, kind;
	uint32_t trigger_vcpu;
	int32_t causal_pid;		/* about whom it was; 0: not known */
	uint64_t causal_ns;		/* since that call */
	char causal_comm[16];
};

/* 0 or -ENOMEM; free() in either case. */
int ktstr_repro_calls__init(struct ktstr_repro_calls *c);
void ktstr_repro_calls__free(struct ktstr_repro_calls *c);

struct ktstr_repro_func {
	char name[KTSTR_REPRO_NAME];
};

/*
 * Functions in @text, lines of a kernel's backtrace as "func+0x12/0x34" or "bpf_prog_1234_name+0x..",
 * in the order in which they stand there, each once; those on the way out of every crash are left
 * out. Returns how many.
 */
unsigned int ktstr_repro_stack__parse(const char *text, struct ktstr_repro_func *func,
				      unsigned int max);

/* Functions in which the exit of a scheduler is claimed, in any kernel; their parameter is "kind". */
extern const char * const ktstr_repro_triggers[];

/*
 * Probe functions of the kernel @img: where an exit is claimed, those of the backtrace, and the callers
 * of operations. The number of those of the backtrace that were found.
 */
unsigned int ktstr_repro_points__kernel(struct ktstr_repro_calls *c, const struct ktstr_kimage *img,
					struct ktstr_repro_func *stack, unsigned int nr_stack);
/* Probe all sched_ext programs that are loaded, entry and return. The number of them or -errno. */
int ktstr_repro_points__programs(struct ktstr_repro_calls *c, struct ktstr_kview *v);

/*
 * The same before anything is loaded: probe all operations that there are in sched_ext_ops, without
 * addresses. The number of them.
 */
unsigned int ktstr_repro_points__operations(struct ktstr_repro_calls *c, const struct ktstr_btf *btf);

/* The operations are loaded: where were they written, and where was each of them in the backtrace @text? */
void ktstr_repro_points__sources(struct ktstr_repro_calls *c, struct ktstr_kview *v, const char *text);

/* A vm_probe_fn; @arg is a struct ktstr_repro_calls. */
void ktstr_repro_calls__take(void *arg, const struct vm_probe_event *ev);

/* The @i-th kept call, from the oldest on; NULL: there are no more. */
const struct ktstr_repro_call *ktstr_repro_calls__at(const struct ktstr_repro_calls *c, uint64_t i);

/* text.c: @btf names flags. One line without its end, and the whole of it. */
void ktstr_repro_call__line(const struct ktstr_repro_calls *c, const struct ktstr_repro_call *call,
			    const struct ktstr_btf *btf, char *buf, size_t size);
void ktstr_repro_call__print(const struct ktstr_repro_calls *c, const struct ktstr_repro_call *call,
			     const struct ktstr_btf *btf, FILE *f);
/* The name of a value's number: SCX_DSQ_LOCAL, 0x3 (0-1), QUEUED|ENABLED. */
void ktstr_repro_value__format(const struct ktstr_repro_value *v, const uint64_t *word,
			       const struct ktstr_btf *btf, char *buf, size_t size);

#endif
