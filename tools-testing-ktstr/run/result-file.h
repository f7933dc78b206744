/* SPDX-License-Identifier: GPL-2.0 */
/* The JSON file that every run of a test leaves in its artefact folder (docs/reports.md). */
#ifndef KTSTR_TOOL_RUN_RESULT_FILE_H
#define KTSTR_TOOL_RUN_RESULT_FILE_H

#include <stdint.h>

#include "lib/err.h"

/*
 * The path of the file that a run of the variant @fixture/@name, begun at @since (CLOCK_REALTIME,
 * seconds), left in KTSTR_SIDECAR_DIR if that is set, else below @root/@run_id. malloc()ed; NULL: there
 * is none.
 */
char *result_file__find(const char *root, const char *run_id, const char *fixture,
			const char *name, int64_t since);

/*
 * The text of the JSON object in @path, malloc()ed. NULL with @err when the file cannot be read
 * or is not one valid JSON object.
 */
char *result_file__read(const char *path, struct ktstr_err *err);

#endif
