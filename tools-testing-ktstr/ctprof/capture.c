// SPDX-License-Identifier: GPL-2.0
/* See capture.h: the walk over procfs, and what is known of the host. */
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <time.h>
#include <unistd.h>

#include "capture_priv.h"
#include "harness/report/host_context.h"
#include "lib/clock.h"
#include "lib/file.h"
#include "lib/json.h"
#include "lib/parse.h"
#include "lib/paths.h"

#define USER_HZ		100	/* include/asm-generic/param.h: what stat counts in, everywhere */

int ctprof_capture__read(struct ctprof_capture *c, const char *fmt, ...)
{
	char below[PATH_MAX], path[PATH_MAX];
	ssize_t len;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(below, sizeof(below), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(below) ||
	    ktstr_paths__fmt(path, sizeof(path), "%s%s", c->opts->root, below))
		return -ENAMETOOLONG;
	len = guest_file__read(path, c->text, sizeof(c->text));
	return len < 0 ? (int)len : 0;
}

static int by_id(const void *a, const void *b)
{
	const int32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* The names in a folder that are numbers, in order; to be freed. -errno: it cannot be read. */
static ssize_t list_ids(const char *path, int32_t **ids)
{
	DIR *dir = opendir(path);
	size_t nr = 0, room = 0;
	int32_t *grown;
	struct dirent *e;
	uint64_t v;

	*ids = NULL;
	if (!dir)
		return -errno;
	while ((e = readdir(dir))) {
		if (ktstr_parse_u64(e->d_name, 1, INT32_MAX, &v))
			continue;
		if (nr == room) {
			room = room ? 2 * room : 64;
			grown = reallocarray(*ids, room, sizeof(**ids));
			if (!grown) {
				closedir(dir);
				free(*ids);
				*ids = NULL;
				return -ENOMEM;
			}
			*ids = grown;
		}
		(*ids)[nr++] = (int32_t)v;
	}
	closedir(dir);
	if (nr)
		qsort(*ids, nr, sizeof(**ids), by_id);
	return (ssize_t)nr;
}

static void read_process(struct ctprof_capture *c, int32_t tgid)
{
	uint32_t pcomm;
	char path[PATH_MAX];
	int32_t *tids;
	ssize_t nr;

	if (ctprof_capture__read(c, "/proc/%d/stat", tgid) ||
	    !ctprof_capture__comm(c->s, c->text, &pcomm) ||
	    ktstr_paths__fmt(path, sizeof(path), "%s/proc/%d/task", c->opts->root, tgid)) {
		c->s->gone++;
		return;
	}
	nr = list_ids(path, &tids);
	if (nr == -ENOMEM)
		c->s->error = -ENOMEM;
	c->s->processes += nr > 0;
	for (ssize_t i = 0; i < nr && !c->s->error; i++)
		ctprof_capture__thread(c, tgid, tids[i], pcomm);
	free(tids);
}

static int walk(struct ctprof_capture *c, struct ktstr_err *err)
{
	char path[PATH_MAX];
	int32_t *tgids;
	ssize_t nr;

	if (ktstr_paths__fmt(path, sizeof(path), "%s/proc", c->opts->root))
		return ktstr_err(err, ENAMETOOLONG, "%s: the path is too long", c->opts->root);
	nr = list_ids(path, &tgids);
	if (nr < 0)
		return ktstr_err(err, (int)-nr, "%s: %s", path, strerror((int)-nr));
	for (ssize_t i = 0; i < nr && !c->s->error; i++)
		read_process(c, tgids[i]);
	free(tgids);
	if (!nr || (!c->s->nr_threads && !c->s->error))
		return ktstr_err(err, ENOENT, "%s: there is no thread: is it procfs?", path);
	return 0;
}

/* A tree of JSON of what ktstr_host_context__json() and the files of sched_ext say. */
static const struct ktstr_jnode *parse_into(struct ctprof_snapshot *s, struct ktstr_json *j)
{
	char *text = ktstr_json__finish(j);
	struct ktstr_jnode *n = NULL;

	if (text)
		n = ktstr_jtree__parse(&s->tree, text, strlen(text), NULL);
	free(text);
	return n;
}

static void read_host(struct ctprof_capture *c)
{
	struct ktstr_json j;

	ktstr_json__init(&j);
	ktstr_json__object(&j, NULL);
	ktstr_host_context__json(c->opts->root, &j);
	ktstr_json__end(&j);
	c->s->host = parse_into(c->s, &j);
	if (!ctprof_capture__read(c, "/proc/sys/kernel/random/boot_id"))
		c->s->boot_id = ktstr_jtree__copy(&c->s->tree, c->text) ?: "";
}

/* Documentation/scheduler/sched-ext.rst, kernel/sched/ext.c */
static void read_sched_ext(struct ctprof_capture *c)
{
	static const char * const files[] = {
		"state", "root/ops", "switch_all", "nr_rejected", "hotplug_seq", "enable_seq",
	};
	struct ktstr_json j;
	bool any = false;

	ktstr_json__init(&j);
	ktstr_json__object(&j, NULL);
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		if (!ctprof_capture__read(c, "/sys/kernel/sched_ext/%s", files[i])) {
			ktstr_json__str(&j, files[i], c->text);
			any = true;
		}
	ktstr_json__end(&j);
	if (any)
		c->s->sched_ext = parse_into(c->s, &j);
	else
		free(ktstr_json__finish(&j));
}

/* Kernels without the sysctl count delays if they have them at all. */
static void open_taskstats(struct ctprof_capture *c)
{
	struct ktstr_err err = { "" };

	if (*c->opts->root) {
		c->s->taskstats = "the kernel answers for its own threads only, not for those below a root";
		return;
	}
	c->delays = ctprof_capture__read(c, "/proc/sys/kernel/task_delayacct") ||
		    strcmp(c->text, "0");
	c->taskstats = ctprof_taskstats__open(&err);
	if (!c->taskstats)
		c->s->taskstats = ktstr_jtree__copy(&c->s->tree, err.msg) ?: "";
	else if (!c->delays)
		c->s->taskstats = "delays are not counted (kernel.task_delayacct=0)";
}

int ctprof_capture(struct ctprof_snapshot *s, const struct ctprof_capture_opts *opts,
		   struct ktstr_err *err)
{
	struct ctprof_capture *c = calloc(1, sizeof(*c));
	int ret;

	if (!c)
		return ktstr_err(err, ENOMEM, "no memory");
	c->s = s;
	c->opts = opts;
	s->unix_ns = ktstr_clock_ns(CLOCK_REALTIME);
	s->boot_ns = ktstr_clock_ns(CLOCK_BOOTTIME);
	s->ticks_per_s = USER_HZ;
	ctprof_capture__find_cgroupfs(c);
	open_taskstats(c);
	ret = walk(c, err);
	if (!ret) {
		ctprof_snapshot__sort(s);
		ctprof_capture__pressure(c);
		ctprof_capture__cgroups(c);
		read_sched_ext(c);
		read_host(c);
		ctprof_snapshot__sort(s);
	}
	if (!ret && (s->error || s->tree.error))
		ret = ktstr_err(err, ENOMEM, "no memory for %zu threads", s->nr_threads);
	ctprof_taskstats__close(c->taskstats);
	free(c);
	return ret;
}
