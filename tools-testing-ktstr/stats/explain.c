// SPDX-License-Identifier: GPL-2.0
/*
 * `ktstr stats explain`: which keys of sidecars are null, why, and what to do about it; and which files
 * are no sidecars. A key that may be null is a row of the table.
 */
#include <stdio.h>
#include <string.h>

#include "stats.h"
#include "tools-testing-ktstr/util/util.h"

static const struct reason {
	const char *in, *key;	/* @in: the object that has it; NULL: the sidecar itself */
	bool actionable;
	const char *why, *fix;
} reasons[] = {
	{ NULL, "scheduler_commit", false, "no scheduler says of which commit it is",
	  "scheduler_build_id and scheduler_hash tell builds apart" },
	{ NULL, "project_commit", true, "the run was not started inside a git repository",
	  "start it in one, or set KTSTR_PROJECT_COMMIT" },
	{ NULL, "kernel_commit", true, "the image is of a package, or of a tree without git",
	  "set KTSTR_KERNEL_COMMIT, or build the kernel from a git tree" },
	{ NULL, "kernel_version", true, "the guest did not come as far as to say it",
	  "read console.log of the run" },
	{ NULL, "payload", false, "the test declares none", NULL },
	{ NULL, "work_type", false, "cgroups have work types of their own", "ktstr run --work-type" },
	{ NULL, "shift", false, "the guest was not deterministic", "ktstr run --seed" },
	{ NULL, "monitor", true, "the monitor was off, or the kernel's image could not be read",
	  "unset KTSTR_MONITOR; the report says what was missing" },
	{ NULL, "kvm_stats", false, "the guest was emulated", "ktstr run --accel kvm" },
	{ NULL, "trace", false, "nobody asked for a trace", "ktstr run --trace FILE" },
	{ NULL, "ledger", false, "nobody asked for a ledger", "ktstr run --ledger" },
	{ NULL, "coverage", false, "nobody asked for coverage", "ktstr run --coverage FILE" },
	{ NULL, "snapshots", false, "the test takes none", NULL },
	{ NULL, "failure_dump", false, "the scheduler was not dumped", "ktstr run --dump" },
	{ NULL, "auto_repro", false, "the scheduler was not ejected", NULL },
	{ "host", "cpu_model", true, "/proc/cpuinfo does not have it", NULL },
	{ "host", "cpufreq_governor", false, "the host has no cpufreq, as virtual machines", NULL },
	{ "host", "hugepages_total", true, "/proc/meminfo does not have it", NULL },
};

struct counts {
	size_t sidecars;
	size_t null[ARRAY_SIZE(reasons)];
};

static void count(void *arg, const struct ktstr_row *row, const struct ktstr_record *r)
{
	struct counts *c = arg;

	(void)row;
	c->sidecars++;
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
		const struct ktstr_jnode *n = r->root;

		if (reasons[i].in)
			n = ktstr_jnode__get(n, reasons[i].in);
		n = ktstr_jnode__get(n, reasons[i].key);
		c->null[i] += !n || n->type == KTSTR_J_NULL;
	}
}

static void put_wrong(void *arg, const char *path, const char *why)
{
	struct sheet *s = arg;

	sheet__row(s);
	sheet__text(s, path);
	sheet__text(s, why);
	sheet__mark(s, -1);
}

int stats__explain(struct stats *st)
{
	static const struct sheet_column columns[] = {
		{ "key", "KEY" }, { "null", "NULL IN", true }, { "class", "CLASS" },
		{ "why", "WHY" }, { "fix", "WHAT TO DO" },
	};
	static const struct sheet_column files[] = { { "path", "FILE" }, { "why", "WHY" } };
	static const bool both[KTSTR_SIDES] = { true, true };
	const struct ktstr_index_counts *n = ktstr_index__counts(st->index);
	struct counts c = { 0 };
	struct ktstr_err err;
	char key[64];
	int ret = 0;

	if (st->argc || !st->opts.nr_filters)
		ret = stats__choose_run(st, st->argc ? st->argv[0] : NULL, both);
	if (ret)
		return ret;
	stats__each_sidecar(st, count, &c);
	sheet__total(st->sheet, "sidecars", "sidecars looked at", (double)c.sidecars);
	sheet__total(st->sheet, "files", "files below the folder", n->sidecars);
	sheet__total(st->sheet, "wrong", "of these no sidecars", n->wrong);
	sheet__table(st->sheet, "keys", NULL, columns, ARRAY_SIZE(columns));
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
		const struct reason *r = &reasons[i];

		if (!c.null[i])
			continue;
		snprintf(key, sizeof(key), "%s%s%s", r->in ?: "", r->in ? "." : "", r->key);
		sheet__row(st->sheet);
		sheet__text(st->sheet, key);
		sheet__number(st->sheet, (double)c.null[i], 0);
		sheet__text(st->sheet, r->actionable ? "actionable" : "expected");
		sheet__text(st->sheet, r->why);
		sheet__text(st->sheet, r->fix);
	}
	sheet__table(st->sheet, "wrong_files", "Files that are no sidecars", files, ARRAY_SIZE(files));
	if (ktstr_index__wrong(st->index, put_wrong, st->sheet, &err))
		return complain(1, NULL, "%s", err.msg);
	return st->strict && n->wrong;
}
