/* SPDX-License-Identifier: GPL-2.0 */
/* An emulated machine: what the files of this folder that act on one share. */
#ifndef KTSTR_VMM_QEMU_MACHINE_H
#define KTSTR_VMM_QEMU_MACHINE_H

#include "vmm/backend.h"
#include "mark.h"
#include "probe_area.h"
#include "qemu.h"

enum qemu_state {
	CREATED,
	RUNNING,
	ENDED,		/* no process; the event in @end repeats */
};

enum qemu_pause {
	NOT_PAUSED,
	PAUSED_AT_SYNC,		/* deterministic: it stands still anyway */
	PAUSED_BY_SIGNAL,	/* a vCPU sits in the plugin, where QMP cannot stop it */
	PAUSED_BY_QMP,
};

/* Descriptors that the child inherits; ours until it has started. -1: there is none. */
struct qemu_handover {
	int kernel;		/* see entry.c */
	int initrd;
	int console;
	int output;
	int sync;
	int qmp;
	int plugin;		/* preloaded, see plugin/fence.h */
	int state;		/* to start from, or to write to */
	int probes;
	int device[VM_MAX_DEVICES];
};

struct qemu_vm {
	struct vm vm;		/* first member */
	struct vm_ram ram;
	uint64_t shared_gpa;
	uint64_t shared_bytes;
	uint32_t nr_cpus;
	bool deterministic;
	bool to_save;		/* it stops at its save point */
	int state_fd;		/* the child's, to start from or to write to; -1: none */
	int written_fd;		/* ours, of what it writes */
	bool saved;		/* it has stopped there */

	struct qemu_handover give;
	struct vm_argv argv;
	char **envp;

	enum qemu_state state;
	struct vm_event end;
	struct qemu_process proc;
	int log_fd;		/* the emulator's stderr */
	int sync_fd;
	struct qmp qmp;
	bool at_sync;
	bool at_stop;		/* and that is the stop that was set */
	uint32_t sync_vcpu;
	enum qemu_pause pause;

	uint64_t mark_kva[VM_NR_MARKS];	/* of the spec */
	int ram_fd[KTSTR_MAX_NODES];	/* as the emulator numbers them */
	uint64_t watch[VM_NR_WATCHES];	/* 0: none */
	struct qemu_probe_area *probes;	/* NULL: the spec has none */
	vm_probe_fn probe_fn;		/* NULL: nobody wants events */
	void *probe_arg;
	bool new_mark;		/* goes with the next answer */
	struct qemu_answer answer;
};

static inline struct qemu_vm *to_qemu(struct vm *vm)
{
	return (struct qemu_vm *)vm;
}

/* pause.c */
int qemu_pause(struct vm *vm, int timeout_ms, struct ktstr_err *err);
int qemu_resume(struct vm *vm);

/* probes.c: the memory for the probes of @s, if it has some; 0 or -errno with @err. */
int qemu_probes_open(struct qemu_vm *q, const struct vm_spec *s, struct ktstr_err *err);
void qemu_probes_close(struct qemu_vm *q);
int qemu_set_probes(struct vm *vm, const struct vm_probe *p, unsigned int nr, vm_probe_fn fn,
		    void *arg);
int qemu_probe_time(struct vm *vm, uint64_t *ns);
/* tallies.c */
int qemu_add_tallies(struct vm *vm, const struct vm_code *code, unsigned int nr);
int qemu_get_tally(struct vm *vm, unsigned int i, struct vm_tally *t);

/* marks.c */
int qemu_set_mark(struct vm *vm, enum vm_mark_slot slot, const struct vm_mark *mark);
int qemu_set_watch(struct vm *vm, unsigned int watch, uint64_t kva);

/* counts.c */
int qemu_set_counted(struct vm *vm, const struct vm_counted *c, unsigned int nr);
int qemu_get_counts(struct vm *vm, uint32_t first, uint32_t nr, uint64_t *count);
/* Tell all events that were recorded. False: the emulator has written nonsense. */
bool qemu_probes_drain(struct qemu_vm *q);

/* stops.c */
int qemu_set_stop(struct vm *vm, const struct vm_stop *stop);
int qemu_set_shake(struct vm *vm, uint64_t from_ns, uint64_t seed);
int qemu_hand_over(struct vm *vm, const char *path, struct ktstr_err *err);

/* look.c: vm_look() */
int qemu_look(struct vm *vm, struct vm_stand *stand, struct ktstr_err *err);
/* What "info registers" prints about one CPU. */
void qemu_look_parse(const char *text, struct vm_stand *s);
void qemu_look_parse_regs(const char *text, struct vm_regs *r);
int qemu_get_regs(struct vm *vm, struct vm_regs *regs, struct ktstr_err *err);

/*
 * entry.c: what QEMU gets as its kernel so that it enters the one that has been loaded as @e says, with
 * low memory mapped right below it. NULL: a machine that starts from a saved state, which has executed
 * that. A descriptor, or -errno with @err.
 */
struct vm_entry;
int qemu_entry_file(const struct vm_spec *s, const struct vm_image *image,
		    const struct vm_entry *e, struct ktstr_err *err);

/* saved.c: the files that a machine starts from, or is written to; -errno with @err. */
int qemu_saved_open(struct qemu_vm *q, const struct vm_spec *s, struct ktstr_err *err);
/*
 * Make a new process with -S run: from the saved state if there is one, else from the beginning.
 * 0 or -errno with @err.
 */
int qemu_saved_start(struct qemu_vm *q, struct ktstr_err *err);
/* The emulator says something. True: *@ev is the event that it stopped at its save point. */
bool qemu_saved_stopped(struct qemu_vm *q, struct vm_event *ev);
int qemu_save(struct vm *vm, const struct vm_saved *to, struct ktstr_err *err);

#endif
