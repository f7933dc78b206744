/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of auto-repro share: the state of a run. */
#ifndef KTSTR_REPRO_INTERNAL_H
#define KTSTR_REPRO_INTERNAL_H

#include <limits.h>

#include "harness/model/part.h"
#include "harness/probe/bpf.h"
#include "calls.h"

struct ktstr_repro_state {
	struct ktstr_repro_calls calls;	/* of a second run; no memory in a first one */
	enum ktstr_probe_engine engine;	/* never AUTO once the accelerator is known */
	uint64_t links[VM_MAX_PROBES];
	uint32_t lens[VM_MAX_PROBES];
	uint64_t attach_kva;		/* link address; 0: this kernel does not have it */
	uint64_t error_ns;		/* guest clock when the error was complete; 0: none was */
	int nr_programs;
	unsigned int nr_stack, nr_stack_probed;
	bool sources;			/* they were looked for */
	char why_not[256];		/* probes could not be set */
	struct ktstr_probe_told told;	/* of a second run with BPF programs */
	/* of the first run, after the second one */
	bool done, same, fired;
	uint64_t second_ns;
	char status[512];
	char *screen;			/* lines of calls, or NULL */
	char file[NAME_MAX];		/* in the run's folder; "": none */
};

/* Which engine is right for @run; its accelerator is known. */
enum ktstr_probe_engine ktstr_repro__engine(const struct ktstr_run *run);

/* Choose the points of a second run. Without memory there is s->why_not. */
void ktstr_repro__fill_points(const struct ktstr_run *run, struct ktstr_repro_state *s,
			      const struct ktstr_kimage *img);

/* bpf.c: probes by BPF programs in the second guest */

int ktstr_repro_bpf__pack(const struct ktstr_run *run, struct ktstr_repro_state *s,
			  struct initramfs *fs, struct ktstr_err *err);
/* The second run is over: take over what its guest has told. */
void ktstr_repro_bpf__fold(struct ktstr_run *run, struct ktstr_repro_state *s);

/*
 * same.c: do two errors of schedulers say the same? Numbers and names of tasks may differ. Each is the text of
 * an error, or NULL.
 */
bool ktstr_repro__same_error(const char *a, const char *b);

/* tell.c: what was found, as text. @found is the state of the second run, @pid the task, 0: none. */

/* The sentence about the second run, into s->status. @ret and @err: of carrying it out. */
void ktstr_repro__tell_status(const struct ktstr_run *run, struct ktstr_repro_state *s,
			      const struct ktstr_run *second, int ret, const struct ktstr_err *err,
			      const struct ktstr_repro_state *found);
/* The last calls, for the report. */
void ktstr_repro__put_screen(const struct ktstr_repro_state *found, const struct ktstr_btf *btf,
			     int32_t pid, FILE *f);
/* Everything, into a file of @run. */
void ktstr_repro__write_file(struct ktstr_run *run, struct ktstr_repro_state *s,
			     const struct ktstr_repro_state *found, const struct ktstr_btf *btf,
			     int32_t pid);

#endif
