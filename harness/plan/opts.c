// SPDX-License-Identifier: GPL-2.0
/*
 * The options that the user sets in the environment: see opts.h. A variable that is unset or empty
 * means the default; any other value must be valid.
 */
#include <linux/kernel.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "harness/kernel/kernel.h"
#include "harness/reserve/hostcpus.h"
#include "harness/reserve/lockfile.h"
#include "lib/git.h"
#include "lib/parse.h"
#include "lib/paths.h"
#include "opts.h"

#define DEFAULT_SEED	1
#define MAX_SHIFT	10	/* of QEMU's -icount shift= */
#define STALL_POLL_MS	500
#define MAX_STALL_POLL_MS	60000

static int parse_accel(struct ktstr_run_opts *o, struct ktstr_err *err)
{
	const char *v = ktstr_env("KTSTR_ACCEL");

	if (!v || !strcmp(v, "auto"))
		o->accel = VM_ACCEL_AUTO;
	else if (!strcmp(v, "kvm"))
		o->accel = VM_ACCEL_KVM;
	else if (!strcmp(v, "tcg"))
		o->accel = VM_ACCEL_TCG;
	else
		return ktstr_err(err, EINVAL, "KTSTR_ACCEL=%s: must be kvm, tcg or auto", v);
	return 0;
}

static int parse_determinism(struct ktstr_run_opts *o, struct ktstr_err *err)
{
	const char *seed = ktstr_env("KTSTR_SEED"), *threads = ktstr_env("KTSTR_TCG_THREADS");
	const char *shift = ktstr_env("KTSTR_ICOUNT_SHIFT");
	uint64_t v;
	int ret;

	o->seed = DEFAULT_SEED;
	o->shift = VM_SHIFT_AUTO;
	if (seed) {
		ret = ktstr_parse_setting("KTSTR_SEED", seed, 0, UINT64_MAX, &o->seed, err);
		if (ret)
			return ret;
		if (o->accel == VM_ACCEL_KVM)
			return ktstr_err(err, EINVAL,
					 "KTSTR_SEED asks for a deterministic run, which needs emulation: it excludes KTSTR_ACCEL=kvm");
		o->seeded = true;
		o->accel = VM_ACCEL_TCG;
	}
	if (o->accel == VM_ACCEL_KVM && (threads || shift))
		return ktstr_err(err, EINVAL,
				 "%s is about emulation: it excludes KTSTR_ACCEL=kvm",
				 threads ? "KTSTR_TCG_THREADS" : "KTSTR_ICOUNT_SHIFT");
	if (threads && strcmp(threads, "single")) {
		if (strcmp(threads, "multi"))
			return ktstr_err(err, EINVAL,
					 "KTSTR_TCG_THREADS=%s: must be single or multi", threads);
		if (seed)
			return ktstr_err(err, EINVAL,
					 "KTSTR_TCG_THREADS=multi is not deterministic: it excludes KTSTR_SEED");
		o->mttcg = true;
	}
	if (!shift)
		return 0;
	ret = ktstr_parse_setting("KTSTR_ICOUNT_SHIFT", shift, 0, MAX_SHIFT, &v, err);
	if (ret)
		return ret;
	if (o->mttcg)
		return ktstr_err(err, EINVAL,
				 "KTSTR_ICOUNT_SHIFT needs a single emulation thread: it excludes KTSTR_TCG_THREADS=multi");
	o->shift = v;
	return 0;
}

static int parse_stall_poll(struct ktstr_run_opts *o, struct ktstr_err *err)
{
	const char *v = ktstr_env("KTSTR_STALL_POLL_MS");
	uint64_t ms = STALL_POLL_MS;
	int ret = 0;

	if (v)
		ret = ktstr_parse_setting("KTSTR_STALL_POLL_MS", v, 0, MAX_STALL_POLL_MS, &ms, err);

	o->stall_poll_ms = (uint32_t)ms;
	return ret;
}

static int parse_monitor(struct ktstr_run_opts *o, struct ktstr_err *err)
{
	const char *v = ktstr_env("KTSTR_MONITOR"), *csv = ktstr_env("KTSTR_MONITOR_CSV");

	o->monitor = !v || !strcmp(v, "on");
	if (!o->monitor && strcmp(v, "off"))
		return ktstr_err(err, EINVAL, "KTSTR_MONITOR=%s: must be on or off", v);
	if (csv && !o->monitor)
		return ktstr_err(err, EINVAL,
				 "KTSTR_MONITOR_CSV wants samples: it excludes KTSTR_MONITOR=off");
	o->monitor_csv = csv;
	return 0;
}

static int parse_dump(struct ktstr_run_opts *o, struct ktstr_err *err)
{
	const char *v = ktstr_env("KTSTR_DUMP");

	if (!v || !strcmp(v, "failure"))
		o->dump = KTSTR_DUMP_FAILURE;
	else if (!strcmp(v, "always"))
		o->dump = KTSTR_DUMP_ALWAYS;
	else if (!strcmp(v, "off"))
		o->dump = KTSTR_DUMP_OFF;
	else
		return ktstr_err(err, EINVAL, "KTSTR_DUMP=%s: must be failure, always or off", v);
	if (o->dump == KTSTR_DUMP_ALWAYS && !o->monitor)
		return ktstr_err(err, EINVAL,
				 "KTSTR_DUMP=always reads guest memory: it excludes KTSTR_MONITOR=off");
	v = ktstr_env("KTSTR_VMCORE");
	o->vmcore = v && !strcmp(v, "1");
	if (v && strcmp(v, "0") && !o->vmcore)
		return ktstr_err(err, EINVAL, "KTSTR_VMCORE=%s: must be 0 or 1", v);
	if (o->vmcore && (o->dump == KTSTR_DUMP_OFF || !o->monitor))
		return ktstr_err(err, EINVAL, "KTSTR_VMCORE=1 goes with a dump: it excludes %s",
				 o->monitor ? "KTSTR_DUMP=off" : "KTSTR_MONITOR=off");
	return 0;
}

static int parse_trace(struct ktstr_run_opts *o, struct ktstr_err *err)
{
	o->trace = ktstr_env("KTSTR_TRACE");
	if (o->trace && !o->monitor)
		return ktstr_err(err, EINVAL,
				 "KTSTR_TRACE reads guest memory: it excludes KTSTR_MONITOR=off");
	return 0;
}

static int parse_ledger(struct ktstr_run_opts *o, struct ktstr_err *err)
{
	const char *v = ktstr_env("KTSTR_LEDGER");

	o->ledger = v && !strcmp(v, "1");
	if (v && strcmp(v, "0") && !o->ledger)
		return ktstr_err(err, EINVAL, "KTSTR_LEDGER=%s: must be 0 or 1", v);
	if (o->ledger && (o->mttcg || o->accel == VM_ACCEL_KVM))
		return ktstr_err(err, EINVAL,
				 "KTSTR_LEDGER needs a deterministic run: it excludes KTSTR_%s",
				 o->mttcg ? "TCG_THREADS=multi" : "ACCEL=kvm");
	if (o->ledger && !o->monitor)
		return ktstr_err(err, EINVAL,
				 "KTSTR_LEDGER reads guest memory: it excludes KTSTR_MONITOR=off");
	return 0;
}

static int parse_coverage(struct ktstr_run_opts *o, struct ktstr_err *err)
{
	o->coverage = ktstr_env("KTSTR_COVERAGE");
	if (o->coverage && (o->mttcg || o->accel == VM_ACCEL_KVM))
		return ktstr_err(err, EINVAL,
				 "KTSTR_COVERAGE needs a deterministic run: it excludes KTSTR_%s",
				 o->mttcg ? "TCG_THREADS=multi" : "ACCEL=kvm");
	if (o->coverage && !o->monitor)
		return ktstr_err(err, EINVAL,
				 "KTSTR_COVERAGE reads guest memory: it excludes KTSTR_MONITOR=off");
	return 0;
}

static int parse_auto_repro(struct ktstr_run_opts *o, struct ktstr_err *err)
{
	const char *v = ktstr_env("KTSTR_AUTO_REPRO");

	o->auto_repro = !v || !strcmp(v, "on");
	if (!o->auto_repro && strcmp(v, "off"))
		return ktstr_err(err, EINVAL, "KTSTR_AUTO_REPRO=%s: must be on or off", v);
	v = ktstr_env("KTSTR_PROBE_ENGINE");
	if (!v || !strcmp(v, "auto"))
		o->probes = KTSTR_PROBES_AUTO;
	else if (!strcmp(v, "emulator"))
		o->probes = KTSTR_PROBES_EMULATOR;
	else if (!strcmp(v, "bpf"))
		o->probes = KTSTR_PROBES_BPF;
	else
		return ktstr_err(err, EINVAL,
				 "KTSTR_PROBE_ENGINE=%s: must be auto, emulator or bpf", v);
	if (o->probes == KTSTR_PROBES_EMULATOR && (o->mttcg || o->accel == VM_ACCEL_KVM))
		return ktstr_err(err, EINVAL,
				 "KTSTR_PROBE_ENGINE=emulator needs a deterministic run: it excludes KTSTR_%s",
				 o->mttcg ? "TCG_THREADS=multi" : "ACCEL=kvm");
	return 0;
}

static int parse_scx_stats(struct ktstr_run_opts *o, struct ktstr_err *err)
{
	const char *v = ktstr_env("KTSTR_SCX_STATS");

	o->no_scx_stats = v && !strcmp(v, "off");
	if (v && strcmp(v, "on") && !o->no_scx_stats)
		return ktstr_err(err, EINVAL, "KTSTR_SCX_STATS=%s: must be on or off", v);
	return 0;
}

/* harness/replay reads it: only ktstr replay sets it. */
static int parse_replay(struct ktstr_run_opts *o, struct ktstr_err *err)
{
	o->replay = ktstr_env("KTSTR_REPLAY");
	if (o->replay && !o->seeded)
		return ktstr_err(err, EINVAL, "KTSTR_REPLAY repeats a deterministic run: it needs KTSTR_SEED");
	if (o->replay && !o->monitor)
		return ktstr_err(err, EINVAL,
				 "KTSTR_REPLAY looks into guest memory: it excludes KTSTR_MONITOR=off");
	return 0;
}

static int parse_cold(struct ktstr_run_opts *o, struct ktstr_err *err)
{
	const char *v = ktstr_env("KTSTR_COLD");

	o->cold = v && !strcmp(v, "1");
	if (v && strcmp(v, "0") && !o->cold)
		return ktstr_err(err, EINVAL, "KTSTR_COLD=%s: must be 0 or 1", v);
	return 0;
}

static int parse_perf(struct ktstr_run_opts *o, struct ktstr_err *err)
{
	const char *cap = ktstr_env(KTSTR_ENV_CPU_CAP);
	struct ktstr_err why;

	o->no_perf_mode = getenv("KTSTR_NO_PERF_MODE");
	o->perf_only = ktstr_env("KTSTR_PERF_ONLY");
	o->bypass_locks = ktstr_env(KTSTR_ENV_BYPASS_LOCKS);
	if (cap && hostcpus__parse_cap(cap, &o->cpu_cap, &why))
		return ktstr_err(err, EINVAL, KTSTR_ENV_CPU_CAP "=%s: %s", cap, why.msg);
	if (cap && o->bypass_locks)
		return ktstr_err(err, EINVAL,
				 KTSTR_ENV_CPU_CAP "=%s is a resource contract with others on this host, which "
				 KTSTR_ENV_BYPASS_LOCKS " does not keep: unset one of them", cap);
	return 0;
}

/* Folders that are used later, one by each test or only at its end: they must be usable now. */
static int check_folders(struct ktstr_run_opts *o, struct ktstr_err *err)
{
	const char *sidecars = ktstr_env("KTSTR_SIDECAR_DIR");
	char dir[PATH_MAX];
	int ret;

	(void)o;
	ret = lockfile__dir(dir, sizeof(dir), err);
	if (!ret && ktstr_env("KTSTR_CACHE_DIR"))
		ret = ktstr_kernel__cache_root(dir, sizeof(dir), err);
	if (ret || !sidecars)
		return ret;
	ret = ktstr_paths__mkdirs(sidecars);
	if (!ret && access(sidecars, W_OK | X_OK))
		ret = -errno;
	return ret ? ktstr_err(err, -ret, "KTSTR_SIDECAR_DIR=%s: %s", sidecars, strerror(-ret)) : 0;
}

static int parse_attempt(struct ktstr_run_opts *o, struct ktstr_err *err)
{
	const char *v = ktstr_env("KTSTR_ATTEMPT");
	uint64_t n = 1;
	int ret = v ? ktstr_parse_setting("KTSTR_ATTEMPT", v, 1, 1000, &n, err) : 0;

	o->attempt = (uint32_t)n;
	return ret;
}

/* KTSTR_KERNEL_COMMIT=DIR=COMMIT;DIR=COMMIT (kernel/kernel_commit.c reads it). */
static int check_kernel_commit(struct ktstr_run_opts *o, struct ktstr_err *err)
{
	const char *v = ktstr_env("KTSTR_KERNEL_COMMIT"), *p, *end, *eq;

	(void)o;
	for (p = v; p && *p; p = *end ? end + 1 : end) {
		end = strchrnul(p, ';');
		eq = memchr(p, '=', end - p);
		if (!eq || eq == p || eq + 1 == end)
			return ktstr_err(err, EINVAL,
					 "KTSTR_KERNEL_COMMIT=%s: must be DIR=COMMIT, more of them after a ';'",
					 v);
	}
	return 0;
}

/* A descriptor that was inherited; 0: none. */
static int parse_fd(const char *name, int *fd, struct ktstr_err *err)
{
	const char *text = ktstr_env(name);
	uint64_t v;
	int ret;

	if (!text)
		return 0;
	ret = ktstr_parse_setting(name, text, 1, INT_MAX, &v, err);
	if (ret)
		return ret;
	if (fcntl((int)v, F_GETFD) < 0)
		return ktstr_err(err, EINVAL, "%s=%s: no such file descriptor is open", name, text);
	*fd = (int)v;
	return 0;
}

static int parse_fds(struct ktstr_run_opts *o, struct ktstr_err *err)
{
	int ret = parse_fd("KTSTR_CONSOLE", &o->console_fd, err);

	return ret ? ret : parse_fd("KTSTR_TERMINAL", &o->terminal_fd, err);
}

static int pick_runs_root(struct ktstr_run_opts *o, struct ktstr_err *err)
{
	char root[PATH_MAX];
	int ret = ktstr_paths__runs_root(root, sizeof(root), err);

	if (ret)
		return ret;
	o->runs_root = strdup(root);
	return o->runs_root ? 0 : ktstr_err(err, ENOMEM, "no memory for the path of the runs");
}

/* The folder of the run: the user's name for it, or one made from time and pid. */
static int pick_run_id(struct ktstr_run_opts *o, struct ktstr_err *err)
{
	const char *v = ktstr_env("KTSTR_RUN_ID");
	time_t now = time(NULL);
	char id[64];
	struct tm tm;
	size_t n;

	if (v) {
		if (strchr(v, '/') || *v == '.' || strlen(v) > 128)
			return ktstr_err(err, EINVAL,
					 "KTSTR_RUN_ID=%s: must be a plain file name that does not start with a dot",
					 v);
		o->run_id = strdup(v);
	} else {
		gmtime_r(&now, &tm);
		n = strftime(id, sizeof(id), "%Y%m%dT%H%M%SZ", &tm);
		snprintf(id + n, sizeof(id) - n, "-%d", (int)getpid());
		o->run_id = strdup(id);
	}
	return o->run_id ? 0 : ktstr_err(err, ENOMEM, "no memory for the run id");
}

int ktstr_run_opts__from_env(struct ktstr_run_opts *o, struct ktstr_err *err)
{
	int (* const parsers[])(struct ktstr_run_opts *o, struct ktstr_err *err) = {
		parse_accel, parse_determinism, parse_stall_poll, parse_monitor, parse_dump, parse_trace,
		parse_ledger, parse_coverage, parse_auto_repro, parse_scx_stats, parse_replay, parse_cold,
		parse_perf, check_folders, parse_attempt, check_kernel_commit, parse_fds, pick_runs_root, pick_run_id,
	};
	size_t i;
	int ret;

	memset(o, 0, sizeof(*o));
	for (i = 0; i < ARRAY_SIZE(parsers); i++) {
		ret = parsers[i](o, err);
		if (ret)
			return ret;
	}
	return 0;
}

void ktstr_run_opts__name_run(struct ktstr_run_opts *o, const char *kernel)
{
	const char *commit = ktstr_env("KTSTR_PROJECT_COMMIT");
	char own[64], *name = NULL, *p;

	if (ktstr_env("KTSTR_RUN_ID"))
		return;
	if (!commit && ktstr_git__commit(".", true, own, sizeof(own)))
		commit = own;
	if (asprintf(&name, "%.48s-%.24s-%s", kernel ?: "unknown", commit ?: "unknown", o->run_id) < 0)
		return;
	for (p = name; *p; p++)
		if (*p == '/' || (unsigned char)*p <= ' ' || (p == name && *p == '.'))
			*p = '_';
	free((char *)o->run_id);
	o->run_id = name;
}
