// SPDX-License-Identifier: GPL-2.0
/* What ran, in words and in JSON: see ran.h. */
#include <inttypes.h>
#include <string.h>

#include "lib/paths.h"
#include "harness/plan/plan.h"
#include "harness/plan/programs.h"
#include "harness/plan/scheduler.h"
#include "ran.h"

static const char * const roles[] = {
	[KTSTR_PROGRAM_SCHEDULER] = "scheduler", [KTSTR_PROGRAM_STAGED] = "staged",
	[KTSTR_PROGRAM_PAYLOAD] = "payload",
};

static void put_program(const struct ktstr_run *run, const struct ktstr_program *p, FILE *f)
{
	char **args = ktstr_programs__args(run, p), **a;

	fprintf(f, "%s: %s", roles[p->role], p->path);
	for (a = args; a && *a; a++)
		fprintf(f, " %s", *a);
	if (strcmp(p->declared, ktstr_paths__base(p->path)) && strcmp(p->declared, p->path))
		fprintf(f, ", in place of %s", p->declared);
	if (p->build_id[0])
		fprintf(f, ", build id %s", p->build_id);
	fputc('\n', f);
	ktstr_scheduler__args_free(args);
}

void ktstr_ran__report(const struct ktstr_run *run, bool brief, FILE *f)
{
	const struct ktstr_program *p;

	for (p = run->programs; p < run->programs + run->nr_programs; p++)
		if (!brief || p->role == KTSTR_PROGRAM_SCHEDULER)
			put_program(run, p, f);
}

static void put_args(struct ktstr_json *j, const char *key, char **args)
{
	char **a;

	ktstr_json__array(j, key);
	for (a = args; a && *a; a++)
		ktstr_json__str(j, NULL, *a);
	ktstr_json__end(j);
	ktstr_scheduler__args_free(args);
}

static void put_hash(struct ktstr_json *j, const char *key, const struct ktstr_program *p)
{
	char text[24];

	snprintf(text, sizeof(text), "%016" PRIx64, p ? p->hash : 0);
	ktstr_json__str(j, key, p ? text : NULL);
}

static void put_scheduler(struct ktstr_json *j, const struct ktstr_run *run)
{
	const struct ktstr_plan *plan = run->plan;
	const struct ktstr_program *p = ktstr_programs__of(run, plan->scheduler);
	bool args = plan->scheduler && plan->scheduler->binary;

	ktstr_json__str(j, "scheduler", ktstr_programs__scheduler(run));
	ktstr_json__str(j, "scheduler_declared",
			ktstr_scheduler__label(plan->scheduler ?: plan->test->scheduler));
	put_args(j, "scheduler_args", args ? ktstr_scheduler__args(plan) : NULL);
	ktstr_json__str(j, "scheduler_build_id", p && p->build_id[0] ? p->build_id : NULL);
	put_hash(j, "scheduler_hash", p);
}

void ktstr_ran__json(const struct ktstr_run *run, struct ktstr_json *j)
{
	const struct ktstr_program *p;

	put_scheduler(j, run);
	ktstr_json__array(j, "programs");
	for (p = run->programs; p < run->programs + run->nr_programs; p++) {
		if (p->role == KTSTR_PROGRAM_SCHEDULER)
			continue;
		ktstr_json__object(j, NULL);
		ktstr_json__str(j, "role", roles[p->role]);
		ktstr_json__str(j, "name", p->name);
		ktstr_json__str(j, "file", ktstr_paths__base(p->path));
		put_args(j, "args", ktstr_programs__args(run, p));
		ktstr_json__str(j, "build_id", p->build_id[0] ? p->build_id : NULL);
		put_hash(j, "hash", p);
		ktstr_json__end(j);
	}
	ktstr_json__end(j);
}

void ktstr_ran__json_host(const struct ktstr_run *run, struct ktstr_json *j)
{
	const struct ktstr_program *own = ktstr_programs__of(run, run->plan->scheduler), *p;

	ktstr_json__str(j, "scheduler_path", own ? own->path : NULL);
	ktstr_json__array(j, "program_paths");
	for (p = run->programs; p < run->programs + run->nr_programs; p++)
		if (p != own)
			ktstr_json__str(j, NULL, p->path);
	ktstr_json__end(j);
}

/* ---- how the machine started ---- */

void ktstr_ran__report_start(const struct ktstr_run *run, FILE *f)
{
	if (run->image[0])
		fprintf(f, "start: from image %s (docs/images.md)\n", run->image);
	else if (run->image_note[0])
		fprintf(f, "start: %s\n", run->image_note);
	if (run->unpack_note[0])
		fprintf(f, "unpacked: by the kernel itself (docs/vm.md): %s\n", run->unpack_note);
}

void ktstr_ran__json_start(const struct ktstr_run *run, struct ktstr_json *j)
{
	ktstr_json__str(j, "start", run->image[0] ? "image" : run->booted ? "boot" : NULL);
	ktstr_json__str(j, "kernel_unpacked", run->unpacked ? "host" :
			run->unpack_note[0] ? "guest" : NULL);
}

void ktstr_ran__json_start_host(const struct ktstr_run *run, struct ktstr_json *j)
{
	ktstr_json__str(j, "image", run->image[0] ? run->image : NULL);
	ktstr_json__str(j, "image_note", run->image_note[0] ? run->image_note : NULL);
	ktstr_json__str(j, "unpack_note", run->unpack_note[0] ? run->unpack_note : NULL);
}
