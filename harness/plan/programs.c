// SPDX-License-Identifier: GPL-2.0
/* The programs of a run: see programs.h. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ktstr/payload.h>

#include "lib/paths.h"
#include "plan.h"
#include "programs.h"
#include "scheduler.h"

int ktstr_include__find(const char *spec, char *path, size_t size, struct ktstr_err *err)
{
	char dir[PATH_MAX];

	if (!ktstr_paths__fmt(path, size, "%s", spec) && !access(path, R_OK))
		return 0;
	if (strchr(spec, '/') || *spec == '.')
		return ktstr_err(err, ENOENT, "include file %s: there is no such file", spec);
	if (!ktstr_paths__exe_dir(dir, sizeof(dir)) &&
	    !ktstr_paths__fmt(path, size, "%s/%s", dir, spec) && !access(path, R_OK))
		return 0;
	if (ktstr_paths__in_path(spec, path, size))
		return 0;
	return ktstr_err_missing(err, ENOENT,
				 "include file %s: neither in the working directory, nor beside the test program, nor in PATH",
				 spec);
}

/* Record that @path is what runs for @what. A payload may be a folder, which has no identity. */
static int add(struct ktstr_run *run, struct ktstr_program what, const char *path,
	       struct ktstr_err *err)
{
	struct ktstr_program *p = realloc(run->programs, (run->nr_programs + 1) * sizeof(*p));
	char whole[PATH_MAX];
	int ret = 0;

	if (!p)
		return ktstr_err(err, ENOMEM, "no memory for the programs of a run");
	run->programs = p;
	p += run->nr_programs;
	*p = what;
	ret = ktstr_paths__absolute(path, whole, sizeof(whole));
	if (!ret && ktstr_paths__is_file(path))
		ret = ktstr_build_id(path, p->build_id, sizeof(p->build_id));
	if (!ret && ktstr_paths__is_file(path))
		ret = ktstr_file_hash(path, &p->hash);
	if (ret)
		return ktstr_err(err, -ret, "%s: %s", path, strerror(-ret));
	p->path = strdup(whole);
	if (!p->path)
		return ktstr_err(err, ENOMEM, "no memory for the programs of a run");
	run->nr_programs++;
	return 0;
}

static int add_scheduler(struct ktstr_run *run, enum ktstr_program_role role,
			 const struct ktstr_scheduler *s, struct ktstr_err *err)
{
	char path[PATH_MAX];
	int ret;

	if (ktstr_programs__of(run, s))
		return 0;	/* staged, and the test's own */
	ret = ktstr_scheduler__find(s->binary, path, sizeof(path), err);
	return ret ? ret : add(run, (struct ktstr_program){
		.role = role, .of = s, .name = s->name, .declared = s->binary,
	}, path, err);
}

static int add_payload(struct ktstr_run *run, const struct ktstr_payload *p,
		       struct ktstr_err *err)
{
	char path[PATH_MAX];
	int ret = ktstr_include__find(p->binary, path, sizeof(path), err);

	return ret ? ret : add(run, (struct ktstr_program){
		.role = KTSTR_PROGRAM_PAYLOAD, .of = p, .name = p->name, .declared = p->binary,
	}, path, err);
}

int ktstr_programs__find(struct ktstr_run *run, struct ktstr_err *err)
{
	const struct ktstr_scheduler *own = run->plan->scheduler;
	const struct ktstr_test *t = run->plan->test;
	const struct ktstr_scheduler * const *s;
	const struct ktstr_payload * const *w;
	int ret = own && own->binary ? add_scheduler(run, KTSTR_PROGRAM_SCHEDULER, own, err) : 0;

	for (s = t->staged_schedulers; !ret && s && *s; s++)
		ret = add_scheduler(run, KTSTR_PROGRAM_STAGED, *s, err);
	if (!ret && t->payload)
		ret = add_payload(run, t->payload, err);
	for (w = t->workloads; !ret && w && *w; w++)
		ret = add_payload(run, *w, err);
	return ret;
}

void ktstr_programs__free(struct ktstr_run *run)
{
	unsigned int i;

	for (i = 0; i < run->nr_programs; i++)
		free(run->programs[i].path);
	free(run->programs);
	run->programs = NULL;
	run->nr_programs = 0;
}

const struct ktstr_program *ktstr_programs__of(const struct ktstr_run *run, const void *declared)
{
	unsigned int i;

	for (i = 0; declared && i < run->nr_programs; i++)
		if (run->programs[i].of == declared)
			return &run->programs[i];
	return NULL;
}

static char **copy(const char * const *list)
{
	char **all;
	size_t nr = 0, i;

	while (list && list[nr])
		nr++;
	all = calloc(nr + 1, sizeof(*all));
	for (i = 0; all && i < nr; i++) {
		all[i] = strdup(list[i]);
		if (!all[i]) {
			ktstr_scheduler__args_free(all);
			return NULL;
		}
	}
	return all;
}

char **ktstr_programs__args(const struct ktstr_run *run, const struct ktstr_program *p)
{
	switch (p->role) {
	case KTSTR_PROGRAM_SCHEDULER:
		return ktstr_scheduler__args(run->plan);
	case KTSTR_PROGRAM_STAGED:
		return ktstr_scheduler__staged_args(run->plan, p->of);
	case KTSTR_PROGRAM_PAYLOAD:
		break;
	}
	return copy(((const struct ktstr_payload *)p->of)->args);
}

const char *ktstr_programs__scheduler(const struct ktstr_run *run)
{
	const struct ktstr_program *p = ktstr_programs__of(run, run->plan->scheduler);

	if (run->active[0])
		return run->active;
	return p ? ktstr_paths__base(p->path) : ktstr_scheduler__label(run->plan->scheduler);
}
