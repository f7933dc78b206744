// SPDX-License-Identifier: GPL-2.0
/*
 * What the user asks for through the environment (docs/environment.md). Everything here has
 * one rule: unset and empty mean the default, anything else must be exactly right.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "paths.h"
#include "run.h"

#define DEFAULT_SEED	1
#define MAX_SHIFT	10	/* of QEMU's -icount shift= */
#define STALL_POLL_MS	500
#define MAX_STALL_POLL_MS	60000

static const char *env(const char *name)
{
	const char *v = getenv(name);

	return v && *v ? v : NULL;
}

/* Decimal digits only: no sign, no blanks, no overflow. */
static int parse_u64(const char *name, const char *text, uint64_t max, uint64_t *v,
		     struct vm_err *err)
{
	char *end;

	errno = 0;
	*v = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || *v > max)
		return vm_err(err, EINVAL, "%s=%s: must be a number between 0 and %llu", name,
			      text, (unsigned long long)max);
	return 0;
}

static int parse_accel(struct ktstr_run_opts *o, struct vm_err *err)
{
	const char *v = env("KTSTR_ACCEL");

	if (!v || !strcmp(v, "auto"))
		o->accel = VM_ACCEL_AUTO;
	else if (!strcmp(v, "kvm"))
		o->accel = VM_ACCEL_KVM;
	else if (!strcmp(v, "tcg"))
		o->accel = VM_ACCEL_TCG;
	else
		return vm_err(err, EINVAL, "KTSTR_ACCEL=%s: must be kvm, tcg or auto", v);
	return 0;
}

static int parse_determinism(struct ktstr_run_opts *o, struct vm_err *err)
{
	const char *seed = env("KTSTR_SEED"), *threads = env("KTSTR_TCG_THREADS");
	const char *shift = env("KTSTR_ICOUNT_SHIFT");
	uint64_t v;
	int ret;

	o->seed = DEFAULT_SEED;
	o->shift = VM_SHIFT_AUTO;
	if (seed) {
		ret = parse_u64("KTSTR_SEED", seed, UINT64_MAX, &o->seed, err);
		if (ret)
			return ret;
		if (o->accel == VM_ACCEL_KVM)
			return vm_err(err, EINVAL,
				      "KTSTR_SEED asks for a deterministic run, which needs emulation: it excludes KTSTR_ACCEL=kvm");
		o->seeded = true;
		o->accel = VM_ACCEL_TCG;
	}
	if (threads && strcmp(threads, "single")) {
		if (strcmp(threads, "multi"))
			return vm_err(err, EINVAL,
				      "KTSTR_TCG_THREADS=%s: must be single or multi", threads);
		if (seed)
			return vm_err(err, EINVAL,
				      "KTSTR_TCG_THREADS=multi is not deterministic: it excludes KTSTR_SEED");
		o->mttcg = true;
	}
	if (!shift)
		return 0;
	ret = parse_u64("KTSTR_ICOUNT_SHIFT", shift, MAX_SHIFT, &v, err);
	if (ret)
		return ret;
	if (o->mttcg)
		return vm_err(err, EINVAL,
			      "KTSTR_ICOUNT_SHIFT needs a single emulation thread: it excludes KTSTR_TCG_THREADS=multi");
	o->shift = v;
	return 0;
}

static int parse_stall_poll(struct ktstr_run_opts *o, struct vm_err *err)
{
	const char *v = env("KTSTR_STALL_POLL_MS");
	uint64_t ms = STALL_POLL_MS;
	int ret = v ? parse_u64("KTSTR_STALL_POLL_MS", v, MAX_STALL_POLL_MS, &ms, err) : 0;

	o->stall_poll_ms = (uint32_t)ms;
	return ret;
}

/* A path element of our own making or the user's. */
static int pick_run_id(struct ktstr_run_opts *o, struct vm_err *err)
{
	const char *v = env("KTSTR_RUN_ID");
	time_t now = time(NULL);
	char id[64];
	struct tm tm;
	size_t n;

	if (v) {
		if (strchr(v, '/') || *v == '.' || strlen(v) > 128)
			return vm_err(err, EINVAL,
				      "KTSTR_RUN_ID=%s: must be a plain file name that does not start with a dot",
				      v);
		o->run_id = strdup(v);
	} else {
		gmtime_r(&now, &tm);
		n = strftime(id, sizeof(id), "%Y%m%dT%H%M%SZ", &tm);
		snprintf(id + n, sizeof(id) - n, "-%d", (int)getpid());
		o->run_id = strdup(id);
	}
	return o->run_id ? 0 : vm_err(err, ENOMEM, "no memory for the run id");
}

int ktstr_run_opts__from_env(struct ktstr_run_opts *o, struct vm_err *err)
{
	char root[PATH_MAX];
	int ret;

	memset(o, 0, sizeof(*o));
	ret = parse_accel(o, err);
	if (!ret)
		ret = parse_determinism(o, err);
	if (!ret)
		ret = parse_stall_poll(o, err);
	if (!ret)
		ret = ktstr_paths__runs_root(root, sizeof(root), err);
	if (!ret)
		ret = pick_run_id(o, err);
	if (ret)
		return ret;
	o->runs_root = strdup(root);
	return o->runs_root ? 0 : vm_err(err, ENOMEM, "no memory for the path of the runs");
}
