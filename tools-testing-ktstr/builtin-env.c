// SPDX-License-Identifier: GPL-2.0
/*
 * ktstr env: every environment variable that anything in this tree reads, what is in effect
 * now, and what it means. The table is the documentation; tests/e2e/ktstr_tool_test.sh checks
 * that none is missing. An empty value means unset, except where it says so.
 */
#include <limits.h>
#include <linux/kernel.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/kernel/kernel.h"
#include "harness/plan/override.h"
#include "lib/paths.h"
#include "commands/builtin.h"
#include "commands/variables.h"

struct variable {
	const char *name;
	const char *fallback;	/* what holds when it is unset, for people */
	int (*compute)(char *buf, size_t size, struct ktstr_err *err);	/* instead of it */
	bool prefix;		/* a family: the name goes on */
	const char *meaning;
};

static const struct variable variables[] = {
	{ "KTSTR_TEST_KERNEL", "-", .meaning =
	  "kernel image to boot, overrides all other sources; set but empty is an error" },
	{ KTSTR_ENV_KERNEL_SOURCE, "-", .meaning =
	  "set by ktstr run: how KTSTR_TEST_KERNEL was found; not for users" },
	{ "KTSTR_KERNEL", "found, see docs/kernels.md", .meaning =
	  "kernel to boot: image, kernel tree, version or cache key" },
	{ "KTSTR_CACHE_DIR", NULL, ktstr_kernel__cache_root, .meaning =
	  "where fetched kernels are kept" },
	{ "KTSTR_REMOTE_CACHE", "-", .meaning =
	  "folder or http URL with built kernels that others share: see docs/kernels.md" },
	{ "KTSTR_ACCEL", "auto", .meaning =
	  "kvm, tcg or auto: kvm where it works, else tcg" },
	{ "KTSTR_SEED", "1, where emulated", .meaning =
	  "seed of a deterministic run; implies tcg" },
	{ "KTSTR_TCG_THREADS", "single", .meaning =
	  "tcg: multi runs vCPUs in parallel, not deterministic" },
	{ "KTSTR_ICOUNT_SHIFT", "by number of vCPUs", .meaning =
	  "tcg: 2^N ns of guest time per instruction, 0..10" },
	{ "KTSTR_SCHEDULER", "-", .meaning =
	  "path of the binary that runs in place of every scheduler that a test names" },
	{ "KTSTR_SCHEDULER_ARGS", "those of the test", .meaning =
	  "its arguments instead of those that the test's scheduler declares, one a line" },
	{ "KTSTR_SCHEDULER_BIN_", "-", .prefix = true, .meaning =
	  "binary of one scheduler: KTSTR_SCHEDULER_BIN_SCX_SIMPLE for scx_simple" },
	{ "KTSTR_DEFAULT_SCHEDULER", "the kernel's own", .meaning =
	  "scheduler of tests that name none: a binary's name or path" },
	{ "KTSTR_DEFAULT_SCHEDULER_ARGS", "-", .meaning =
	  "its arguments, one a line" },
	{ "KTSTR_TOPOLOGY", "the test's", .meaning =
	  "machine for all tests: 1n2l4c1t is 1 node, 2 LLCs of 4 cores with 1 thread" },
	{ "KTSTR_DURATION_S", "the test's", .meaning =
	  "workload window of all tests, in guest seconds" },
	{ "KTSTR_SNAPSHOTS", "the test's", .meaning =
	  "periodic snapshots of all tests, 0 to 64" },
	{ "KTSTR_SCX_STATS", "on", .meaning =
	  "off: do not ask the scheduler for its statistics at snapshots" },
	{ "KTSTR_STALL_POLL_MS", "500", .meaning =
	  "how often the guest looks for workers that make no progress; 0: never" },
	{ "KTSTR_COLD", "0", .meaning =
	  "1: boot every machine, start none from an image of a booted one" },
	{ "KTSTR_MONITOR", "on", .meaning =
	  "off: do not look into the guest's memory" },
	{ "KTSTR_MONITOR_CSV", "-", .meaning =
	  "append the monitor's samples to this file" },
	{ "KTSTR_AUTO_REPRO", "on", .meaning =
	  "off: do not repeat a run whose scheduler crashed with probes" },
	{ "KTSTR_PROBE_ENGINE", "auto", .meaning =
	  "what probes such a second run: emulator (deterministic runs only) or bpf" },
	{ "KTSTR_TRACE", "-", .meaning =
	  "write the schedule of the run to this file: Perfetto, *.csv or *.sqlite" },
	{ "KTSTR_REPLAY", "-", .meaning =
	  "set by ktstr replay: how far to repeat a run; not for users" },
	{ "KTSTR_LEDGER", "0", .meaning =
	  "1: count the instructions of the schedulers' operations" },
	{ "KTSTR_COVERAGE", "-", .meaning =
	  "add the lines of schedulers' BPF programs that were executed to this tracefile of lcov" },
	{ "KTSTR_DUMP", "failure", .meaning =
	  "which runs leave a dump of their scheduler: failure, always, off" },
	{ "KTSTR_VMCORE", "0", .meaning =
	  "1: with a dump, leave a core of the machine for crash and drgn" },
	{ "KTSTR_WORK_TYPE", "the cgroup's", .meaning =
	  "work type of swappable cgroups, see `ktstr list work-types`" },
	{ "KTSTR_HOST_CGROUP_PARENT", "/sys/fs/cgroup/ktstr", .meaning =
	  "where host_only tests make their cgroups" },
	{ "KTSTR_CGROUP_WALK_ROOT", "/sys/fs/cgroup", .meaning =
	  "host_only: the topmost cgroup in which controllers may be enabled" },
	{ "KTSTR_RUNS_ROOT", NULL, ktstr_paths__runs_root, .meaning =
	  "folder of artefacts and sidecars, absolute" },
	{ "KTSTR_RUN_ID", "time and process id", .meaning =
	  "folder of this run below KTSTR_RUNS_ROOT" },
	{ "KTSTR_SIDECAR_DIR", "the run's folder", .meaning =
	  "write sidecars here instead" },
	{ "KTSTR_PROJECT_COMMIT", "as git says", .meaning =
	  "recorded in sidecars as the commit of the project under test" },
	{ KTSTR_ENV_KERNEL_COMMIT, "as git or the cache says", .meaning =
	  "recorded in sidecars as the commit of the kernel: DIR=COMMIT;DIR=COMMIT" },
	{ "KTSTR_CI", "-", .meaning =
	  "any value: sidecars record run_source \"ci\" instead of \"local\"" },
	{ "KTSTR_NESTED", "-", .meaning =
	  "set by the nested rig: KVM guests get the deadlines of emulated ones" },
	{ "KTSTR_VERBOSE", "-", .meaning =
	  "1: reports of passing tests, too; changes nothing in the runs" },
	{ KTSTR_ENV_KARGS, "-", .meaning =
	  "further parameters of the guest's kernel, one a line" },
	{ "KTSTR_NO_SKIP_MODE", "-", .meaning =
	  "set, even if empty: a test fails instead of being skipped when something is missing" },
	{ "KTSTR_NO_PERF_MODE", "-", .meaning =
	  "set, even if empty: a budget of the host's CPUs; tests in performance mode are skipped" },
	{ "KTSTR_PERF_ONLY", "-", .meaning =
	  "any value: tests that are not in performance mode are skipped" },
	{ KTSTR_ENV_CPU_CAP, "-", .meaning =
	  "budget of the host's CPUs for each test; none in performance mode" },
	{ KTSTR_ENV_BYPASS_LOCKS, "-", .meaning =
	  "any value: reserve no CPUs of the host" },
	{ "KTSTR_LOCK_DIR", "/tmp", .meaning =
	  "folder of the lock files by which runs on this host share its CPUs" },
	{ "KTSTR_LOG_PASSES", "-", .meaning =
	  "set and not 0: claims that hold are recorded too" },
	{ "KTSTR_BUDGET_SECS", "-", .meaning =
	  "ktstr run: of the chosen tests those that cover the most in so many seconds" },
	{ "KTSTR_ATTEMPT", "1", .meaning =
	  "set by ktstr run --retries: which try of a test this is; not for users" },
	{ "KTSTR_SHELL_FILES", "-", .meaning =
	  "set by ktstr shell: files for the guest, one a line; not for users" },
	{ "KTSTR_CONSOLE", "-", .meaning =
	  "file descriptor that gets the guests' consoles while they run, 2 for example" },
	{ "KTSTR_TERMINAL", "-", .meaning =
	  "set by ktstr shell: the socket of an interactive session; not for users" },
	{ "KTSTR_QEMU", "found", .meaning =
	  "QEMU binary to emulate with" },
	{ "KTSTR_LIBDIR", "beside the program", .meaning =
	  "folder of the QEMU plugin" },
	{ "KTSTR_PAGER", "PAGER, else less", .meaning =
	  "pager of help texts and dumps on a terminal" },
	{ "KTSTR_GUEST_INIT", "-", .meaning =
	  "set by the guest's init for everything it starts; not for users" },
};

const char *env_variable_name(unsigned int i)
{
	return i < ARRAY_SIZE(variables) ? variables[i].name : NULL;
}

static void print_row(const char *name, const char *value, const char *meaning)
{
	printf("%-28s %-32s %s\n", name, value, meaning);
}

/* All variables of a family; the meaning stands in the row of the prefix itself. */
static void print_family(const struct variable *v)
{
	size_t len = strlen(v->name);
	char name[128];
	char **e;

	snprintf(name, sizeof(name), "%s*", v->name);
	print_row(name, v->fallback, v->meaning);
	for (e = environ; *e; e++) {
		if (strncmp(*e, v->name, len) || !strchr(*e, '='))
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(*e, "="), *e);
		print_row(name, strchr(*e, '=') + 1, "");
	}
}

static void print_variable(const struct variable *v)
{
	const char *value = getenv(v->name);
	char buf[PATH_MAX], shown[PATH_MAX + 16];
	struct ktstr_err err;

	if (value && *value) {
		print_row(v->name, value, v->meaning);
		return;
	}
	if (value && !strcmp(v->name, "KTSTR_TEST_KERNEL")) {
		print_row(v->name, "(empty: an error)", v->meaning);
		return;
	}
	if (v->compute && v->compute(buf, sizeof(buf), &err))
		snprintf(shown, sizeof(shown), "(none: %s)", err.msg);
	else
		snprintf(shown, sizeof(shown), "(%s)", v->compute ? buf : v->fallback);
	print_row(v->name, shown, v->meaning);
}

static const char * const env_usage[] = {
	"ktstr env",
	"",
	"Prints every environment variable of the suite with its value and meaning. A value in",
	"parentheses is the default, which holds because the variable is unset.",
	NULL
};

static const struct option env_options[] = {
	OPT_END()
};

const struct command_help env_help = { env_usage, env_options };

int cmd_env(int argc, const char **argv)
{
	size_t i;

	argc = parse_args(argc, argv, env_options, env_usage);
	if (no_args("env", argc, argv))
		return WRONG_USAGE;
	for (i = 0; i < ARRAY_SIZE(variables); i++) {
		if (variables[i].prefix)
			print_family(&variables[i]);
		else
			print_variable(&variables[i]);
	}
	return 0;
}
