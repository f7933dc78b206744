// SPDX-License-Identifier: GPL-2.0
/* The cgroups in which there are threads, and the pressure of the host. figures.h has the files. */
#include <errno.h>
#include <linux/kernel.h>
#include <stdlib.h>
#include <string.h>

#include "capture_priv.h"
#include "figures.h"
#include "lib/paths.h"

/* "\040" of mountinfo is a blank. */
static void unescape(char *text)
{
	char *to = text;

	for (; *text; text++) {
		if (text[0] == '\\' && text[1] >= '0' && text[1] <= '3' && text[2] >= '0' &&
		    text[2] <= '7' && text[3] >= '0' && text[3] <= '7') {
			*to++ = (char)((text[1] - '0') << 6 | (text[2] - '0') << 3 | (text[3] - '0'));
			text += 3;
		} else {
			*to++ = *text;
		}
	}
	*to = '\0';
}

/* fs/proc_namespace.c, show_mountinfo(): "ID PARENT DEV ROOT POINT OPTIONS ... - TYPE SOURCE OPTIONS" */
void ctprof_capture__find_cgroupfs(struct ctprof_capture *c)
{
	char *rest = c->text, *line, *type, *point = NULL;

	c->cgroupfs[0] = '\0';
	if (ctprof_capture__read(c, "/proc/self/mountinfo"))
		return;
	while ((line = strsep(&rest, "\n"))) {
		type = strstr(line, " - cgroup2 ");
		if (!type)
			continue;
		for (int i = 0; i < 5; i++)
			point = strsep(&line, " ");
		if (!point || *point != '/')
			continue;
		unescape(point);
		if (ktstr_paths__fmt(c->cgroupfs, sizeof(c->cgroupfs), "%s", point))
			c->cgroupfs[0] = '\0';
		return;
	}
}

/* A path of another namespace's cgroups leads out of the mount. */
static bool leads_out(const char *path)
{
	for (; *path; path += strcspn(path, "/"), path += *path == '/')
		if (!strncmp(path, "..", 2) && (!path[2] || path[2] == '/'))
			return true;
	return false;
}

static void read_cgroup(struct ctprof_capture *c, struct ctprof_cgroup *g)
{
	const char *path = c->s->string[g->path];

	if (leads_out(path) || !c->cgroupfs[0])
		return;
	if (!strcmp(path, "/"))
		path = "";
	for (size_t i = 0; i < ctprof_nr_cgroup_files; i++) {
		const struct ctprof_cgroup_file *f = &ctprof_cgroup_files[i];

		if (!ctprof_capture__read(c, "%s%s/%s", c->cgroupfs, path, f->name))
			ctprof_figures__parse(c->s, &g->figures, f->name, f->form, c->text);
	}
}

static int by_number(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

void ctprof_capture__cgroups(struct ctprof_capture *c)
{
	struct ctprof_snapshot *s = c->s;
	uint32_t *path = calloc(s->nr_threads + 1, sizeof(*path));
	struct ctprof_cgroup *g;

	if (!path) {
		s->error = -ENOMEM;
		return;
	}
	for (size_t i = 0; i < s->nr_threads; i++)
		path[i] = s->thread[i].cgroup;
	qsort(path, s->nr_threads, sizeof(*path), by_number);
	for (size_t i = 0; i < s->nr_threads && !s->error; i++) {
		if ((i && path[i] == path[i - 1]) || s->string[path[i]][0] != '/')
			continue;
		g = ctprof_snapshot__add_cgroup(s);
		if (!g)
			break;
		g->path = path[i];
		read_cgroup(c, g);
	}
	free(path);
}

void ctprof_capture__pressure(struct ctprof_capture *c)
{
	static const char * const names[] = { "cpu", "memory", "io", "irq" };
	char file[32];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(file, sizeof(file), "%s.pressure", names[i]);
		if (!ctprof_capture__read(c, "/proc/pressure/%s", names[i]))
			ctprof_figures__parse(c->s, &c->s->pressure, file, CTPROF_FILE_PRESSURE, c->text);
	}
}
