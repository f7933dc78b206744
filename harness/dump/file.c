// SPDX-License-Identifier: GPL-2.0
/* Reading and writing dumps: see file.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/paths.h"
#include "file.h"

#define TREE_MAX	(2048ull << 20)	/* of a file that is read; a node is larger than its text */

int ktstr_dump_file__write(const struct ktstr_jnode *root, const char *path)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	int ret;

	if (!f)
		return -errno;
	ktstr_jtree__write(root, f);
	ret = ferror(f) | fclose(f) ? -ENOMEM : ktstr_paths__write(path, text, len);
	free(text);
	return ret;
}

int ktstr_dump_file__parse(struct ktstr_dump_file *d, const char *text, size_t len,
			   struct ktstr_err *err)
{
	const char *schema;

	memset(d, 0, sizeof(*d));
	ktstr_jtree__init(&d->tree, TREE_MAX);
	d->root = ktstr_jtree__parse(&d->tree, text, len, err);
	if (!d->root)
		return -EBADMSG;
	schema = ktstr_jnode__str(d->root, "schema", NULL);
	if (!schema)
		return ktstr_err(err, EBADMSG, "it has no \"schema\", so it is no dump");
	if (!strcmp(schema, KTSTR_SCHEMA_SINGLE)) {
		d->report = d->root;
	} else if (!strcmp(schema, KTSTR_SCHEMA_DUAL)) {
		d->early = ktstr_jnode__get(d->root, "early");
		d->report = ktstr_jnode__get(d->root, "late");
		if (!d->report)
			return ktstr_err(err, EBADMSG, "it has no \"late\" report");
	} else if (strcmp(schema, KTSTR_SCHEMA_DEGRADED)) {
		return ktstr_err(err, EBADMSG, "an unknown schema: %.64s", schema);
	}
	return 0;
}

int ktstr_dump_file__open(struct ktstr_dump_file *d, const char *path, struct ktstr_err *err)
{
	struct ktstr_err why = { .msg = "" };
	size_t len;
	char *text = ktstr_paths__read(path, KTSTR_DUMP_FILE_MAX, &len);
	int ret;

	memset(d, 0, sizeof(*d));
	if (!text)
		return ktstr_err(err, errno, "%.300s: %s", path, strerror(errno));
	ret = ktstr_dump_file__parse(d, text, len, &why);
	free(text);
	return ret ? ktstr_err(err, -ret, "%.300s: %.200s", path, why.msg) : 0;
}

void ktstr_dump_file__close(struct ktstr_dump_file *d)
{
	ktstr_jtree__free(&d->tree);
}
