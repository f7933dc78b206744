/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The parts of a run besides the test and its scheduler: devices, and code that reads the guest's
 * memory. A part is a folder that fills in one struct ktstr_run_part, and a row of the table
 * ktstr_run_parts[] (host/parts.c). The run calls the hooks of all parts at fixed moments, in the
 * order of the table; detach, gone and release in the reverse order. All hooks are optional.
 *
 *	check		the declaration is judged; there is no run yet
 *	prepare		the accelerator is known, a kernel was not looked for
 *	pack		the initramfs is put together
 *	args		... and the arguments for the guest's PID 1 in it
 *	spec		the machine is described
 *	attach		the machine has just started
 *	sync		the guest waits at a sync point; any number of times
 *	mark		the guest stopped at the mark that a part has set; any number of times
 *	watch		the guest's kernel has written to what a part watches; any number of times
 *	tick		period_ns of the host's time have passed since the last one; the guest runs
 *	live		the progress line is written
 *	stuck		a deadline has passed, and the machine is stopped
 *	detach		the machine is about to be destroyed
 *	gone		... and is
 *	fold		the guest's result has been taken over, the verdict is still open
 *	json, report	the verdict stands; phase is a part of the report
 *	release		the record of the run is freed
 *
 * A host_only run has no machine: its parts see check, fold, json, report and release. A run that
 * ends before the machine has started goes straight to json and report, without attach, detach
 * and fold. After attach() has returned 0, detach() follows in any case, also when a later part
 * cannot attach.
 *
 * All hooks are called in the thread that owns the machine.
 */
#ifndef KTSTR_MODEL_PART_H
#define KTSTR_MODEL_PART_H

#include <stdbool.h>
#include <stdio.h>

#include <ktstr/attrs.h>

#include "lib/err.h"
#include "run.h"

struct ktstr_guest_args;	/* guest_args.h */
struct initramfs;	/* vmm/initramfs/initramfs.h */
struct ktstr_json;	/* lib/json.h */

struct ktstr_run_part {
	const char *name;	/* also the key of its section in the sidecar */
	/* of its section in the report; NULL: its lines stand under "diagnostics" */
	const char *title;
	/* @state of the hooks below: so many bytes, zeroed; NULL when 0 */
	size_t state_size;
	uint64_t period_ns;	/* of tick() */

	/*
	 * Is what @t declares possible? 0, or -EINVAL with @err "test NAME: ATTRIBUTE: why";
	 * ktstr_part__bad() writes that.
	 */
	int (*check)(const struct ktstr_test *t, struct ktstr_err *err);

	/*
	 * Is it possible on this host, with these options? May change run->opts. 0 or -errno
	 * with @err (err->missing: the run is a SKIP).
	 */
	int (*prepare)(struct ktstr_run *run, void *state, struct ktstr_err *err);

	/* Add files to the guest's initramfs. 0 or -errno with @err. */
	int (*pack)(const struct ktstr_run *run, void *state, struct initramfs *fs,
		    struct ktstr_err *err);

	/* Add arguments for the guest's PID 1. 0 or -ENOMEM. */
	int (*args)(const struct ktstr_run *run, void *state, struct ktstr_guest_args *a);

	/* Fill members of @spec, which may point into @state afterwards. */
	void (*spec)(const struct ktstr_run *run, void *state, struct vm_spec *spec);

	/*
	 * @vm runs, and is there until detach() returns. 0 or -errno with @err: the run ends
	 * with that, so a part that can be done without should note the error and return 0.
	 */
	int (*attach)(struct ktstr_run *run, void *state, struct vm *vm, struct ktstr_err *err);

	/*
	 * The guest waits, and its messages up to here are in run->seen. All vCPUs of a
	 * deterministic guest are stopped, otherwise only one is. No time passes for a
	 * deterministic guest, however long this takes.
	 */
	void (*sync)(struct ktstr_run *run, void *state, struct vm *vm);

	/*
	 * The same at a mark (vm_set_mark()), which the guest must not notice: its messages are
	 * not read, as that would change the ring.
	 */
	void (*mark)(struct ktstr_run *run, void *state, struct vm *vm, enum vm_mark_slot slot);

	/*
	 * A vCPU has just written to what vm_set_watch() watches with this number. The same holds as
	 * for mark().
	 */
	void (*watch)(struct ktstr_run *run, void *state, struct vm *vm, unsigned int watch);

	/* Does this run want tick()? NULL: each does. */
	bool (*ticks)(const struct ktstr_run *run, const void *state);

	/*
	 * The guest runs meanwhile; nobody calls this while it stands at a sync point. Not for
	 * what may influence a deterministic guest.
	 */
	void (*tick)(struct ktstr_run *run, void *state, struct vm *vm);

	/* Write a few words about the guest as it is now into @buf; "": there are none. */
	void (*live)(const struct ktstr_run *run, const void *state, char *buf, size_t size);

	/*
	 * The guest has missed a deadline, and does what @stand says of its @nr vCPUs. May write
	 * to run->seen->vcpus and run->seen->stuck.
	 */
	void (*stuck)(struct ktstr_run *run, void *state, struct vm *vm,
		      const struct vm_stand *stand, uint32_t nr);

	/* Called last, before the machine is destroyed; it may be running or off. */
	void (*detach)(struct ktstr_run *run, void *state, struct vm *vm);

	/*
	 * There is no machine any more, also where it could not be created. What follows may take long:
	 * give back here what others wait for.
	 */
	void (*gone)(struct ktstr_run *run, void *state);

	/* Add findings to run->result. */
	void (*fold)(struct ktstr_run *run, void *state);

	/* Write the value under @key: an object, or null where there is nothing to say. */
	void (*json)(const struct ktstr_run *run, const void *state, const char *key,
		     struct ktstr_json *j);

	/* Write lines; nothing: the section is left out. @brief: few, they go to the screen. */
	void (*report)(const struct ktstr_run *run, const void *state, bool brief, FILE *f);

	/*
	 * Write lines about the guest's time from @from_ns to @to_ns, which began with a step, for
	 * the timeline. The phase before it began at @before_ns; equal to @from_ns: there is none.
	 */
	void (*phase)(const struct ktstr_run *run, const void *state, uint64_t before_ns,
		      uint64_t from_ns, uint64_t to_ns, FILE *f);

	/* Free what @state owns, but not @state itself. Not called without a state. */
	void (*release)(void *state);
};

/* In the order of the calls; NULL-terminated, at most KTSTR_MAX_RUN_PARTS. */
extern const struct ktstr_run_part * const ktstr_run_parts[];

/* Write the error of a check(), and return -EINVAL. */
#define ktstr_part__bad(_err, _test, _attr, _fmt, ...)				\
	ktstr_err(_err, EINVAL, "test %s: %s: " _fmt, (_test)->name, _attr, ##__VA_ARGS__)

/* Does @part have its state in @run? Hooks but check() are called then only. */
bool ktstr_part__ready(const struct ktstr_run *run, const struct ktstr_run_part *part);
/* The state of @part in @run; NULL: it has none, or it is not in the table. */
void *ktstr_part__state(const struct ktstr_run *run, const struct ktstr_run_part *part);

/*
 * For the code that carries out a run: call one hook of all parts. The functions that return int
 * stop at the first error and return it.
 */
int ktstr_parts__check(const struct ktstr_test *t, struct ktstr_err *err);
/* Allocate the states, before any of the following. 0 or -ENOMEM. */
int ktstr_parts__init(struct ktstr_run *run);
int ktstr_parts__prepare(struct ktstr_run *run, struct ktstr_err *err);
int ktstr_parts__pack(const struct ktstr_run *run, struct initramfs *fs, struct ktstr_err *err);
int ktstr_parts__args(const struct ktstr_run *run, struct ktstr_guest_args *a);
void ktstr_parts__spec(const struct ktstr_run *run, struct vm_spec *spec);
/* On an error the parts that were attached are detached again. */
int ktstr_parts__attach(struct ktstr_run *run, struct vm *vm, struct ktstr_err *err);
void ktstr_parts__sync(struct ktstr_run *run, struct vm *vm);
void ktstr_parts__mark(struct ktstr_run *run, struct vm *vm, enum vm_mark_slot slot);
void ktstr_parts__watch(struct ktstr_run *run, struct vm *vm, unsigned int watch);
/*
 * Call tick() of the parts whose period is over at @now_ns; @last_ns has KTSTR_MAX_RUN_PARTS
 * elements that begin as 0. Returns when this wants to be called again, UINT64_MAX: never.
 */
uint64_t ktstr_parts__tick(struct ktstr_run *run, struct vm *vm, uint64_t now_ns,
			   uint64_t *last_ns);
/* The words of all parts, separated by commas; what does not fit is cut. */
void ktstr_parts__live(const struct ktstr_run *run, char *buf, size_t size);
void ktstr_parts__stuck(struct ktstr_run *run, struct vm *vm, const struct vm_stand *stand,
			uint32_t nr);
void ktstr_parts__detach(struct ktstr_run *run, struct vm *vm);
void ktstr_parts__gone(struct ktstr_run *run);
void ktstr_parts__fold(struct ktstr_run *run);
/* Write the section of the part with this name; null when there is no such part. */
void ktstr_parts__json(const struct ktstr_run *run, const char *name, struct ktstr_json *j);
void ktstr_parts__phase(const struct ktstr_run *run, uint64_t before_ns, uint64_t from_ns,
			uint64_t to_ns, FILE *f);
/* Release the parts and free their states. */
void ktstr_parts__free(struct ktstr_run *run);

#endif
