// SPDX-License-Identifier: GPL-2.0
/*
 * The command that repeats a run: see variant.h. It has everything that can change the run, whatever
 * the folder and the environment in which it is typed: what was found is named by its path, and
 * variables that were set are there with their values. tests/e2e/repeat_test.sh has the list of
 * those that change nothing.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/kernel.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ktstr/payload.h>

#include "lib/build_id.h"
#include "lib/json.h"
#include "lib/paths.h"
#include "override.h"
#include "plan.h"
#include "programs.h"
#include "scheduler.h"
#include "variant.h"

/* Quote @s for a shell if necessary. */
static void quote(FILE *f, const char *s)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%+=:,./_-";

	if (*s && s[strspn(s, plain)] == '\0') {
		fputs(s, f);
		return;
	}
	if (strchr(s, '\n')) {		/* the command must stay one line */
		fputs("$'", f);
		for (; *s; s++) {
			if (*s == '\'' || *s == '\\')
				fputc('\\', f);
			fputs(*s == '\n' ? "\\n" : (char [2]){ *s }, f);
		}
		fputc('\'', f);
		return;
	}
	fputc('\'', f);
	for (; *s; s++) {
		if (*s == '\'')
			fputs("'\\''", f);
		else
			fputc(*s, f);
	}
	fputc('\'', f);
}

/* Where the variables go: a shell's command, or the array of a sidecar. */
struct out {
	FILE *f;
	struct ktstr_json *json;	/* NULL: to f */
};

static void assign(struct out *o, const char *name, const char *value)
{
	char *text;

	if (!o->json) {
		fprintf(o->f, "%s=", name);
		quote(o->f, value);
		fputc(' ', o->f);
	} else if (asprintf(&text, "%s=%s", name, value) < 0) {
		o->json->error = -ENOMEM;
	} else {
		ktstr_json__str(o->json, NULL, text);
		free(text);
	}
}

static void assign_number(struct out *o, const char *name, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	assign(o, name, text);
}

static void variable(struct out *o, const char *name, const char *value)
{
	if (value && *value)
		assign(o, name, value);
}

/* Relative paths are those of the working directory, which will be another one. */
static void path_variable(struct out *o, const char *name, const char *value)
{
	char path[PATH_MAX];

	if (value && *value && !ktstr_paths__absolute(value, path, sizeof(path)))
		value = path;
	variable(o, name, value);
}

/* What is handed on as it is, when it is set. */
static void put_environment(struct out *o)
{
	static const struct {
		const char *name;
		enum { TEXT, A_PATH, NAME, FLAG } type;	/* FLAG: counts although it is empty */
	} vars[] = {
		{ KTSTR_ENV_SCHEDULER, NAME }, { KTSTR_ENV_SCHED_ARGS, TEXT },
		{ KTSTR_ENV_ALL_SCHEDULERS, A_PATH }, { KTSTR_ENV_ALL_SCHED_ARGS, TEXT },
		{ KTSTR_ENV_TOPOLOGY, TEXT }, { KTSTR_ENV_DURATION, TEXT },
		{ KTSTR_ENV_SNAPSHOTS, TEXT },
		{ KTSTR_ENV_WORK_TYPE, TEXT }, { "KTSTR_STALL_POLL_MS", TEXT },
		{ "KTSTR_MONITOR", TEXT }, { "KTSTR_DUMP", TEXT }, { "KTSTR_SCX_STATS", TEXT },
		{ "KTSTR_VMCORE", TEXT },
		{ "KTSTR_LOG_PASSES", TEXT },
		{ KTSTR_ENV_KARGS, TEXT },
		{ "KTSTR_NESTED", FLAG }, { "KTSTR_NO_SKIP_MODE", FLAG },
		{ "KTSTR_NO_PERF_MODE", FLAG }, { KTSTR_ENV_CPU_CAP, TEXT },
		{ KTSTR_ENV_BYPASS_LOCKS, TEXT }, { "KTSTR_LOCK_DIR", TEXT },
		{ "KTSTR_HOST_CGROUP_PARENT", TEXT }, { "KTSTR_CGROUP_WALK_ROOT", TEXT },
		{ "KTSTR_QEMU", A_PATH },
		{ "KTSTR_LIBDIR", A_PATH }, { "KTSTR_CACHE_DIR", TEXT },
		{ "XDG_CACHE_HOME", TEXT }, { "LD_LIBRARY_PATH", TEXT },
	};
	const char *v;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(vars); i++) {
		v = getenv(vars[i].name);
		if (v && vars[i].type == FLAG)
			assign(o, vars[i].name, v);
		else if (vars[i].type == A_PATH || (vars[i].type == NAME && v && strchr(v, '/')))
			path_variable(o, vars[i].name, v);
		else
			variable(o, vars[i].name, v);
	}
}

/* The image that was found; without one, what it was looked for by. */
static void put_kernel(const struct ktstr_run *run, struct out *o)
{
	const char *image = getenv("KTSTR_TEST_KERNEL");

	if (run->kernel.path) {
		assign(o, "KTSTR_TEST_KERNEL", run->kernel.path);
		return;
	}
	if (image)
		assign(o, "KTSTR_TEST_KERNEL", image);
	variable(o, "KTSTR_KERNEL", getenv("KTSTR_KERNEL"));
	path_variable(o, "KBUILD_OUTPUT", getenv("KBUILD_OUTPUT"));
}

/* The variable of one scheduler, if it has one or if only PATH led to it. */
static void put_scheduler(const struct ktstr_run *run, const struct ktstr_scheduler *s, struct out *o)
{
	const struct ktstr_program *p = ktstr_programs__of(run, s);
	char name[128];
	const char *own;

	if (!s || !s->binary || strchr(s->binary, '/'))
		return;
	ktstr_scheduler__env_name(s->binary, name, sizeof(name));
	own = getenv(name);
	if (own && *own)
		path_variable(o, name, own);
	else if (p && !ktstr_scheduler__replaced(s) &&
		 !ktstr_scheduler__is_beside(s->binary, p->path))
		assign(o, name, p->path);
}

static void put_schedulers(const struct ktstr_run *run, struct out *o)
{
	const struct ktstr_scheduler * const *s = run->plan->test->staged_schedulers;

	put_scheduler(run, run->plan->scheduler, o);
	for (; s && *s; s++)
		if (*s != run->plan->scheduler)
			put_scheduler(run, *s, o);
}

/* How host files of the test are found: what a name depends on. */
struct depends {
	bool cwd, path;
};

static void look_at(const char *spec, struct depends *d)
{
	if (!spec || *spec == '/')
		return;
	if (strchr(spec, '/') || *spec == '.' || !access(spec, R_OK))
		d->cwd = true;
	else
		d->path = true;
}

static void look_at_all(const char * const *specs, struct depends *d)
{
	for (; specs && *specs; specs++)
		look_at(*specs, d);
}

static void look_at_payload(const struct ktstr_payload *p, struct depends *d)
{
	if (!p)
		return;
	look_at(p->binary, d);
	look_at_all(p->include_files, d);
}

static struct depends dependencies(const struct ktstr_run *run)
{
	const struct ktstr_test *t = run->plan->test;
	const struct ktstr_scheduler *s = run->plan->scheduler;
	const struct ktstr_payload * const *w;
	const char *kernel = getenv("KTSTR_KERNEL"), *image = getenv("KTSTR_TEST_KERNEL");
	struct depends d = { .cwd = s && s->binary && *s->binary != '/' && strchr(s->binary, '/') };

	look_at_all(t->extra_include_files, &d);
	look_at_payload(t->payload, &d);
	for (w = t->workloads; w && *w; w++)
		look_at_payload(*w, &d);
	if (s)
		look_at(s->config_file, &d);
	if (!run->kernel.path && ((kernel && (*kernel == '.' || strchr(kernel, '/')) &&
				   *kernel != '/') || (image && *image && *image != '/')))
		d.cwd = true;
	return d;
}

static void put_accelerator(const struct ktstr_run *run, struct out *o)
{
	if (run->accel != VM_ACCEL_AUTO)
		variable(o, "KTSTR_ACCEL", ktstr_accel__name(run->accel));
	if (ktstr_run__deterministic(run) || run->opts.seeded) {
		assign_number(o, "KTSTR_SEED", run->opts.seed);
		/* that it booted because no image could be made, too: such runs differ */
		variable(o, "KTSTR_COLD", run->opts.cold || run->booted ? "1" : "0");
	}
	if (run->opts.mttcg)
		variable(o, "KTSTR_TCG_THREADS", "multi");
	if (run->opts.shift != VM_SHIFT_AUTO)
		assign_number(o, "KTSTR_ICOUNT_SHIFT", (uint64_t)run->opts.shift);
}

static void put_variables(const struct ktstr_run *run, const struct depends *d, struct out *o)
{
	put_environment(o);
	put_kernel(run, o);
	put_schedulers(run, o);
	put_accelerator(run, o);
	if (d->path)
		variable(o, "PATH", getenv("PATH"));
}

void ktstr_variant__command(const struct ktstr_run *run, FILE *f)
{
	struct depends d = dependencies(run);
	struct out o = { .f = f };
	char exe[PATH_MAX], cwd[PATH_MAX], name[KTSTR_ID_LEN];

	d.cwd = d.cwd && getcwd(cwd, sizeof(cwd));
	if (d.cwd) {
		fputs("(cd ", f);
		quote(f, cwd);
		fputs(" && ", f);
	}
	put_variables(run, &d, &o);
	quote(f, ktstr_paths__exe(exe, sizeof(exe)) ? "PROGRAM" : exe);
	fputs(" -t ", f);
	quote(f, ktstr_plan__name(run->plan, name, sizeof(name)));
	if (d.cwd)
		fputc(')', f);
}

void ktstr_variant__json(const struct ktstr_run *run, const char *key, struct ktstr_json *j)
{
	struct depends d = dependencies(run);
	struct out o = { .json = j };
	char exe[PATH_MAX], cwd[PATH_MAX], hash[24] = "";
	uint64_t v;

	ktstr_json__object(j, key);
	if (ktstr_paths__exe(exe, sizeof(exe)))
		*exe = '\0';
	ktstr_json__str(j, "program", *exe ? exe : NULL);
	if (!ktstr_paths__exe_file(exe, sizeof(exe)) && !ktstr_file_hash(exe, &v))
		snprintf(hash, sizeof(hash), "%016" PRIx64, v);
	ktstr_json__str(j, "program_hash", *hash ? hash : NULL);
	*hash = '\0';
	if (run->kernel.path && !ktstr_file_hash(run->kernel.path, &v))
		snprintf(hash, sizeof(hash), "%016" PRIx64, v);
	ktstr_json__str(j, "kernel_hash", *hash ? hash : NULL);
	ktstr_json__str(j, "folder", d.cwd && getcwd(cwd, sizeof(cwd)) ? cwd : NULL);
	ktstr_json__array(j, "environment");
	put_variables(run, &d, &o);
	ktstr_json__end(j);
	ktstr_json__end(j);
}
