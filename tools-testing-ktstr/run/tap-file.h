/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reads the documents that `ktstr run` has written: results.tap of a run's folder, or what it printed
 * on stdout. For running again what failed, and for merging the parts of a run.
 */
#ifndef KTSTR_TOOL_RUN_TAP_FILE_H
#define KTSTR_TOOL_RUN_TAP_FILE_H

#include "lib/err.h"
#include "ktap.h"

#define TAP_FILE_NAME	"results.tap"	/* in a run's folder */
#define TAP_SHARD_LINE	"# shard: "	/* "I/N of TESTS tests, plan DIGEST" */

/* Pointers are into the text of the file, whose lines have been cut. */
struct tap_result {
	char *text;			/* the diagnostics before it: lines, or "" */
	char *id;
	char *remark;			/* what follows the id, from its '#' on, or "" */
	enum ktap_status status;
};

struct tap_file {
	char *path, *data;
	char *head;			/* lines between version and plan, without that of the shard */
	unsigned int shard, nr_shards, nr_all;	/* 0: no shard */
	char plan[16];			/* digest of all shards */
	unsigned int planned;
	struct tap_result *results;
	unsigned int nr, alloc;
	char *bail;			/* why it ended early, or NULL */
	unsigned int unrecorded;	/* results that could not be recorded */
};

/*
 * @path is a file or a run's folder. 0, or -errno with @err: it cannot be read, or it is no such
 * document. Results may be missing: then nr < planned. Freed in any case.
 */
int tap_file__read(struct tap_file *t, const char *path, struct ktstr_err *err);
void tap_file__free(struct tap_file *t);

#endif
