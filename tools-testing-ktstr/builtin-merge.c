// SPDX-License-Identifier: GPL-2.0
/*
 * ktstr merge: the documents of the shards of one run as one document. That they are all there, and
 * that they are shards of the same list of tests, is checked: a shard that is missing is no pass.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "commands/builtin.h"
#include "tools-testing-ktstr/run/junit.h"
#include "tools-testing-ktstr/run/tally.h"
#include "tools-testing-ktstr/run/tap-file.h"

static const char *junit_option;

static const char * const merge_usage[] = {
	"ktstr merge [--junit FILE] DOCUMENT...",
	"",
	"Prints one KTAP document of those of several `ktstr run --shard I/N`. A DOCUMENT is what a run",
	"printed, or its folder. Shards must be complete and of one list of tests; documents without",
	"shards are put one behind the other. The exit status is that of one run of all tests.",
	NULL
};

static const struct option merge_options[] = {
	OPT_STRING(0, "junit", &junit_option, "FILE", "write the results to FILE too, as JUnit XML"),
	OPT_END()
};

const struct command_help merge_help = { merge_usage, merge_options };

static int by_shard(const void *a, const void *b)
{
	const struct tap_file *x = a, *y = b;

	return (x->shard > y->shard) - (x->shard < y->shard);
}

/* @files are sorted by shard. */
static int check_shards(const struct tap_file *files, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (files[i].nr_shards != files[0].nr_shards || strcmp(files[i].plan, files[0].plan) ||
		    files[i].nr_all != files[0].nr_all)
			return complain(1, NULL, "merge: %s and %s are not of one run: their shards differ in number or in tests (see their lines \"# shard\")",
					files[0].path, files[i].path);
		if (i && files[i].shard && files[i].shard == files[i - 1].shard)
			return complain(1, NULL, "merge: %s and %s are both shard %u", files[i - 1].path,
					files[i].path, files[i].shard);
	}
	for (i = 0; i < files[0].nr_shards; i++)
		if (i >= nr || files[i].shard != i + 1)
			return complain(1, NULL, "merge: shard %u of %u is missing", i + 1,
					files[0].nr_shards);
	return 0;
}

/* The lines of @text as its output. */
static void add_case(struct junit *j, const struct tap_result *r)
{
	const char *line, *reason = r->remark + (*r->remark == '#');
	struct junit_case c = { .id = r->id, .status = r->status, .seconds = -1 };
	char buf[KTAP_LINE_LEN];
	size_t len;

	c.reason = reason + strspn(reason, " ");
	junit__case(j, &c);
	for (line = r->text; *line; line += len + (line[len] == '\n')) {
		len = strcspn(line, "\n");
		snprintf(buf, sizeof(buf), "%.*s", (int)len, line);
		junit__text(j, buf + (buf[0] == '#') + (buf[0] == '#' && buf[1] == ' '));
	}
	junit__end_case(j);
}

static void put_result(const struct tap_result *r, unsigned int nr)
{
	bool ok = r->status != KTAP_NONE && r->status < KTAP_INCONCLUSIVE;

	fputs(r->text, stdout);
	printf("%s %u %s%s%s\n", ok ? "ok" : "not ok", nr, r->id, *r->remark ? " " : "", r->remark);
}

static void put_head(const struct tap_file *files, unsigned int nr, unsigned int planned)
{
	unsigned int i;

	printf("KTAP version 1\n%s", files[0].head);
	for (i = 0; i < nr; i++)
		printf("# merged: %u tests of %s\n", files[i].planned, files[i].path);
	printf("1..%u%s\n", planned, planned ? "" : " # SKIP no tests");
}

static int merge(const struct tap_file *files, unsigned int nr)
{
	struct tally t = { .nr = 0 };
	unsigned int i, k, n = 0;
	struct ktstr_err err;
	struct junit junit;

	if (junit_option && junit__begin(&junit))
		return complain(1, NULL, "merge: %s", strerror(ENOMEM));
	for (i = 0; i < nr; i++)
		t.nr += files[i].planned;
	put_head(files, nr, t.nr);
	for (i = 0; i < nr; i++) {
		for (k = 0; k < files[i].nr; k++) {
			put_result(&files[i].results[k], ++n);
			t.count[files[i].results[k].status]++;
			if (junit_option)
				add_case(&junit, &files[i].results[k]);
		}
		t.nr_unrecorded += files[i].unrecorded;
	}
	for (i = 0; i < nr; i++)
		if (files[i].nr < files[i].planned)
			printf("Bail out! %s: %s, %u of %u tests have no result\n", files[i].path,
			       files[i].bail ?: "the document ends early",
			       files[i].planned - files[i].nr, files[i].planned);
	tally__print(&t, stdout);
	if (fflush(stdout))
		return complain(1, NULL, "merge: stdout: %s", strerror(errno));
	if (junit_option && junit__end(&junit, junit_option, &err))
		return complain(1, NULL, "merge: --junit: %s", err.msg);
	return tally__exit_status(&t);
}

int cmd_merge(int argc, const char **argv)
{
	struct tap_file *files;
	struct ktstr_err err;
	int ret = 0, i;

	argc = parse_args(argc, argv, merge_options, merge_usage);
	if (!argc)
		return complain(WRONG_USAGE, NULL, "merge: which documents? (see 'ktstr help merge')");
	if (check_output("merge", "junit", junit_option))
		return 1;
	files = calloc((size_t)argc, sizeof(*files));
	if (!files)
		return complain(1, NULL, "merge: %s", strerror(ENOMEM));
	for (i = 0; i < argc && !ret; i++)
		if (tap_file__read(&files[i], argv[i], &err))
			ret = complain(1, NULL, "merge: %s", err.msg);
	if (!ret) {
		qsort(files, (size_t)argc, sizeof(*files), by_shard);
		ret = check_shards(files, (unsigned int)argc);
	}
	if (!ret)
		ret = merge(files, (unsigned int)argc);
	for (i = 0; i < argc; i++)
		tap_file__free(&files[i]);
	free(files);
	return ret;
}
