// SPDX-License-Identifier: GPL-2.0
/* See tap-file.h. */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <linux/kernel.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/paths.h"
#include "tap-file.h"

#define FILE_MAX	(1u << 30)

static const struct {
	const char *word;
	enum ktap_status status;
} words[] = {
	{ "SKIP", KTAP_SKIP }, { "XFAIL", KTAP_XFAIL }, { "XPASS", KTAP_XPASS },
	{ "FLAKY", KTAP_FLAKY }, { "INCONCLUSIVE", KTAP_INCONCLUSIVE }, { "ERROR", KTAP_ERROR },
};

/* "# SKIP why" */
static enum ktap_status status_of(bool ok, const char *remark)
{
	const char *p = remark + (*remark == '#');
	size_t len, i;

	p += strspn(p, " ");
	len = strcspn(p, " ");
	for (i = 0; i < ARRAY_SIZE(words); i++)
		if (len == strlen(words[i].word) && !memcmp(p, words[i].word, len))
			return words[i].status;
	return ok ? KTAP_PASS : KTAP_FAIL;
}

/* "ok 3 ktstr/x # SKIP why": false when it is no result line. @line is cut into pieces. */
static bool take_result(struct tap_result *r, char *line)
{
	bool ok = strncmp(line, "not ", 4);
	char *p = line + (ok ? 0 : 4);

	if (strncmp(p, "ok ", 3) || !isdigit((unsigned char)p[3]))
		return false;
	p += 3;
	p += strspn(p, "0123456789");
	p += strspn(p, " ");
	if (*p == '-' && p[1] == ' ')
		p += 2;
	r->id = p;
	p += strcspn(p, " ");
	if (p == r->id)
		return false;
	r->remark = p;
	if (*p) {
		*p++ = '\0';
		r->remark = p + strspn(p, " ");
	}
	r->status = status_of(ok, r->remark);
	return true;
}

static int add_result(struct tap_file *t, const struct tap_result *r)
{
	struct tap_result *more;

	if (t->nr == t->alloc) {
		more = realloc(t->results, 2 * (t->alloc + 64) * sizeof(*more));
		if (!more)
			return -ENOMEM;
		t->results = more;
		t->alloc = 2 * (t->alloc + 64);
	}
	t->results[t->nr++] = *r;
	return 0;
}

/* A line of the head: that of the shard is read and removed, the others stay one text. */
static void take_head(struct tap_file *t, char *line, char **end)
{
	size_t len = strlen(line);

	if (sscanf(line, TAP_SHARD_LINE "%u/%u of %u tests, plan %15s", &t->shard, &t->nr_shards,
		   &t->nr_all, t->plan) == 4)
		return;
	memmove(*end, line, len);
	(*end)[len] = '\n';
	*end += len + 1;
}

/* A line behind the plan, which is no diagnostic of a test. */
static bool take_rest(struct tap_file *t, char *line)
{
	unsigned int of;

	if (!strncmp(line, "Bail out!", 9)) {
		t->bail = line + 9 + (line[9] == ' ');
		return true;
	}
	sscanf(line, "# %u of %u results could not be recorded", &t->unrecorded, &of);
	return false;
}

static int parse(struct tap_file *t, struct ktstr_err *err)
{
	struct tap_result r = { .text = NULL };
	char *line, *next, *end, *text_end = NULL;
	bool planned = false;
	size_t len;

	if (strncmp(t->data, "KTAP version ", 13))
		return ktstr_err(err, EINVAL, "%s: is no document of `ktstr run`: its first line is no KTAP version",
				 t->path);
	line = strchr(t->data, '\n');
	line = line ? line + 1 : t->data + strlen(t->data);
	for (t->head = end = line; *line; line = next) {
		len = strcspn(line, "\n");
		next = line + len + (line[len] == '\n');
		line[len] = '\0';
		if (!planned && !strncmp(line, "1..", 3)) {
			planned = true;
			t->planned = (unsigned int)strtoul(line + 3, NULL, 10);
			*end = '\0';
		} else if (!planned) {
			take_head(t, line, &end);
		} else if (take_result(&r, line)) {
			if (text_end)
				*text_end = '\0';
			r.text = r.text ?: "";
			if (add_result(t, &r))
				return ktstr_err(err, ENOMEM, "%s: no memory", t->path);
			r.text = text_end = NULL;
		} else if (!take_rest(t, line)) {
			r.text = r.text ?: line;
			line[len] = '\n';
			text_end = next;
		}
	}
	if (!planned)
		return ktstr_err(err, EINVAL, "%s: has no plan, \"1..N\": the run ended before its first test",
				 t->path);
	if (t->nr > t->planned)
		return ktstr_err(err, EINVAL, "%s: has %u results, its plan is %u", t->path, t->nr,
				 t->planned);
	return 0;
}

int tap_file__read(struct tap_file *t, const char *path, struct ktstr_err *err)
{
	char file[PATH_MAX];
	struct stat st;

	memset(t, 0, sizeof(*t));
	if (!stat(path, &st) && S_ISDIR(st.st_mode) &&
	    !ktstr_paths__fmt(file, sizeof(file), "%s/" TAP_FILE_NAME, path))
		path = file;
	t->path = strdup(path);
	t->data = ktstr_paths__read(path, FILE_MAX, NULL);
	if (!t->path || !t->data)
		return ktstr_err(err, errno, "%s: %s", path, strerror(errno));
	return parse(t, err);
}

void tap_file__free(struct tap_file *t)
{
	free(t->results);
	free(t->data);
	free(t->path);
	memset(t, 0, sizeof(*t));
}
