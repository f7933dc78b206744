// SPDX-License-Identifier: GPL-2.0
/* See result-file.h. The file of a run is found by its name and its age. */
#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "harness/plan/id.h"
#include "lib/paths.h"
#include "result-file.h"

#define SIDECAR_MAX	(64 * 1024 * 1024)
#define MAX_DEPTH	4

struct search {
	char test[KTSTR_ID_LEN];	/* without its preset */
	char id[KTSTR_ID_LEN];
	char file[KTSTR_ID_LEN];	/* the id as the name of a folder */
	bool ask;			/* no folder says of which variant a file is: look into it */
	int64_t since;		/* older files belong to an earlier run */
	int64_t best_mtime;
	char best[PATH_MAX];
};

/* "NAME.ktstr.json" or "NAME-<anything but '.'>.ktstr.json" */
static bool is_sidecar_of(const char *file, const char *test)
{
	size_t len = strlen(test);
	const char *suffix;

	if (strncmp(file, test, len) || (file[len] != '-' && file[len] != '.'))
		return false;
	suffix = strchr(file + len, '.');
	return suffix && !strcmp(suffix, ".ktstr.json");
}

/* A folder of another variant of this run? Its name is that of its id, with a number behind it. */
static bool is_foreign(const char *dir, const char *file)
{
	size_t len = strlen(file);

	if (!ktstr_id__is_file(dir))
		return false;
	return strncmp(dir, file, len) ||
	       (dir[len] && (dir[len] != '.' || dir[len + 1 + strspn(dir + len + 1, "0123456789")]));
}

static bool is_of_id(const char *path, const char *id)
{
	const char *variant;
	bool same = true;
	json_t *json;

	json = json_load_file(path, 0, NULL);
	variant = json_string_value(json_object_get(json, "variant"));
	if (variant)
		same = !strcmp(variant, id);
	json_decref(json);
	return same;
}

static void search_dir(struct search *s, const char *dir, int depth)
{
	char path[PATH_MAX];
	struct dirent *de;
	struct stat st;
	DIR *d;

	d = opendir(dir);
	if (!d)
		return;
	while ((de = readdir(d))) {
		if (de->d_name[0] == '.' ||
		    ktstr_paths__fmt(path, sizeof(path), "%s/%s", dir, de->d_name) ||
		    lstat(path, &st))
			continue;
		if (S_ISDIR(st.st_mode) && depth < MAX_DEPTH) {
			if (!is_foreign(de->d_name, s->file))
				search_dir(s, path, depth + 1);
		} else if (S_ISREG(st.st_mode) && is_sidecar_of(de->d_name, s->test) &&
			   st.st_mtime >= s->since && st.st_mtime >= s->best_mtime &&
			   (!s->ask || is_of_id(path, s->id))) {
			s->best_mtime = st.st_mtime;
			memcpy(s->best, path, sizeof(path));
		}
	}
	closedir(d);
}

char *result_file__find(const char *root, const char *run_id, const char *fixture,
			const char *name, int64_t since)
{
	struct search s = { .since = since };
	const char *own = getenv("KTSTR_SIDECAR_DIR");
	char dir[PATH_MAX];

	snprintf(s.id, sizeof(s.id), "%s/%s", fixture, name);
	snprintf(s.test, sizeof(s.test), "%.*s", (int)strcspn(name, "/"), name);
	ktstr_id__file(s.file, sizeof(s.file), s.id);
	s.ask = own && *own;
	if (s.ask)
		search_dir(&s, own, MAX_DEPTH);
	else if (!ktstr_paths__fmt(dir, sizeof(dir), "%s/%s", root, run_id))
		search_dir(&s, dir, 0);
	return s.best[0] ? strdup(s.best) : NULL;
}

char *result_file__read(const char *path, struct ktstr_err *err)
{
	json_error_t why;
	json_t *json;
	size_t len;
	char *text;

	text = ktstr_paths__read(path, SIDECAR_MAX, &len);
	if (!text) {
		ktstr_err(err, errno, "%s: %s", path, strerror(errno));
		return NULL;
	}
	json = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why);
	if (!json_is_object(json)) {
		ktstr_err(err, EBADMSG, "%s: not a JSON object (line %d: %s)", path, why.line,
			  json ? "another type" : why.text);
		json_decref(json);
		free(text);
		return NULL;
	}
	json_decref(json);
	while (len && strchr(" \t\r\n", text[len - 1]))
		text[--len] = '\0';
	return text;
}
