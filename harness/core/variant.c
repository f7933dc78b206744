// SPDX-License-Identifier: GPL-2.0
/* Identity of a run: see variant.h. */
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "../checks/checks.h"
#include "override.h"
#include "paths.h"
#include "scheduler.h"
#include "variant.h"

void ktstr_variant__topology(const struct ktstr_plan *p, char *buf, size_t size)
{
	snprintf(buf, size, "%un%ul%uc%ut", p->topo.numa_nodes, p->topo.llcs, p->topo.cores,
		 p->topo.threads);
}

/* FNV-1a, 64 bits; a NUL after every part keeps "ab"+"c" and "a"+"bc" apart. */
static uint64_t mix(uint64_t h, const char *s)
{
	if (!s)
		s = "\x01";
	do {
		h ^= (unsigned char)*s;
		h *= 0x100000001b3ull;
	} while (*s++);
	return h;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char * const *)a, *(const char * const *)b);
}

/* A list whose order means nothing. */
static uint64_t mix_sorted(uint64_t h, const char * const *list)
{
	const char **copy;
	size_t nr = 0, i;

	while (list && list[nr])
		nr++;
	copy = nr ? malloc(nr * sizeof(*copy)) : NULL;
	if (copy) {
		memcpy(copy, list, nr * sizeof(*copy));
		qsort(copy, nr, sizeof(*copy), by_text);
		for (i = 0; i < nr; i++)
			h = mix(h, copy[i]);
		free(copy);
	}
	return mix(h, NULL);
}

static uint64_t mix_list(uint64_t h, const char * const *list)
{
	for (; list && *list; list++)
		h = mix(h, *list);
	return mix(h, NULL);
}

uint64_t ktstr_variant__hash(const struct ktstr_run *run)
{
	const struct ktstr_plan *p = run->plan;
	const struct ktstr_scheduler *s = p->scheduler;
	uint64_t h = 0xcbf29ce484222325ull;
	char topo[64];

	ktstr_variant__topology(p, topo, sizeof(topo));
	h = mix(h, p->test->name);
	h = mix(h, topo);
	h = mix(h, ktstr_scheduler__label(s));
	h = mix_list(h, s ? s->args : NULL);
	h = mix_list(h, p->test->extra_sched_args);
	h = mix(h, p->test->config);
	h = mix_sorted(h, s ? s->sysctls : NULL);
	h = mix_sorted(h, s ? s->kargs : NULL);
	return mix(h, run->kernel.release ?: run->kernel.path);
}

const char *ktstr_accel__name(enum vm_accel accel)
{
	switch (accel) {
	case VM_ACCEL_KVM:
		return "kvm";
	case VM_ACCEL_TCG:
		return "tcg";
	case VM_ACCEL_AUTO:
		break;
	}
	return "none";
}

bool ktstr_run__deterministic(const struct ktstr_run *run)
{
	return run->accel == VM_ACCEL_TCG && !run->opts.mttcg;
}

uint32_t ktstr_run__time_scale(const struct ktstr_run *run)
{
	return run->accel == VM_ACCEL_TCG && run->opts.mttcg ? KTSTR_SHARED_CPU_SCALE : 1;
}

/* Quoted for a POSIX shell where it must be. */
static void quote(FILE *f, const char *s)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%+=:,./_-";

	if (*s && s[strspn(s, plain)] == '\0') {
		fputs(s, f);
		return;
	}
	if (strchr(s, '\n')) {		/* the command has to stay one line */
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

static void variable(FILE *f, const char *name, const char *value)
{
	if (!value || !*value)
		return;
	fprintf(f, "%s=", name);
	quote(f, value);
	fputc(' ', f);
}

void ktstr_variant__command(const struct ktstr_run *run, FILE *f)
{
	static const char * const overrides[] = {
		KTSTR_ENV_SCHEDULER, KTSTR_ENV_SCHED_ARGS, KTSTR_ENV_TOPOLOGY, KTSTR_ENV_DURATION,
		KTSTR_ENV_WORK_TYPE,
	};
	const struct ktstr_scheduler *s = run->plan->scheduler;
	char name[128], exe[PATH_MAX];
	size_t i;

	for (i = 0; i < sizeof(overrides) / sizeof(overrides[0]); i++)
		variable(f, overrides[i], getenv(overrides[i]));
	variable(f, "KTSTR_KERNEL", run->kernel.path ?: getenv("KTSTR_KERNEL"));
	variable(f, "KTSTR_SCHEDULER", getenv("KTSTR_SCHEDULER"));
	if (s && s->binary && !strchr(s->binary, '/')) {
		ktstr_scheduler__env_name(s->binary, name, sizeof(name));
		variable(f, name, getenv(name));
	}
	if (run->accel != VM_ACCEL_AUTO)
		variable(f, "KTSTR_ACCEL", ktstr_accel__name(run->accel));
	if (ktstr_run__deterministic(run))
		fprintf(f, "KTSTR_SEED=%" PRIu64 " ", run->opts.seed);
	if (run->opts.mttcg)
		variable(f, "KTSTR_TCG_THREADS", "multi");
	if (run->opts.shift != VM_SHIFT_AUTO)
		fprintf(f, "KTSTR_ICOUNT_SHIFT=%d ", run->opts.shift);
	quote(f, ktstr_paths__exe(exe, sizeof(exe)) ? "PROGRAM" : exe);
	fputs(" -t ", f);
	quote(f, run->plan->test->name);
}
