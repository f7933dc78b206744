// SPDX-License-Identifier: GPL-2.0
/* How far a run is: see progress.h. Nobody depends on it, so errors are of no interest. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/paths.h"
#include "harness/model/part.h"
#include "harness/plan/protocol.h"
#include "progress.h"

void ktstr_progress__format(const struct ktstr_seen *s, char *buf, size_t size)
{
	const struct ktstr_stimulus *last = s->nr_stimuli ? &s->stimuli[s->nr_stimuli - 1] : NULL;
	uint64_t now_ns = s->sampled_ns > s->now_ns ? s->sampled_ns : s->now_ns;
	double at_s = (double)now_ns / 1e9;

	if (s->lifecycle < KTSTR_LIFECYCLE_INIT)
		snprintf(buf, size, "boots");
	else if (s->lifecycle < KTSTR_LIFECYCLE_BODY)
		snprintf(buf, size, "scheduler starts, %.1f s", at_s);
	else if (s->lifecycle >= KTSTR_LIFECYCLE_TEARDOWN)
		snprintf(buf, size, "ends, %.1f s", at_s);
	else if (!last)
		snprintf(buf, size, "body, %.1f s", at_s);
	else
		snprintf(buf, size, "%s%sstep %u, %.1f s", last->what.part,
			 last->what.part[0] ? ", " : "", last->what.step + 1, at_s);
}

static int path_of(const struct ktstr_run *run, char *path, size_t size)
{
	return run->dir ? ktstr_paths__fmt(path, size, "%s/" KTSTR_PROGRESS_FILE, run->dir) : -1;
}

static void put_line(const struct ktstr_run *run, const char *line)
{
	static char told[160];		/* one run at a time */
	char path[PATH_MAX];
	ssize_t n;
	int fd;

	if (!strcmp(line, told) || path_of(run, path, sizeof(path)))
		return;
	snprintf(told, sizeof(told), "%s", line);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return;
	n = write(fd, line, strlen(line));
	(void)n;
	close(fd);
}

void ktstr_progress__phase(const struct ktstr_run *run, const char *phase)
{
	char line[160];

	if (run->seen->now_ns)
		snprintf(line, sizeof(line), "%s, %.1f s", phase, (double)run->seen->now_ns / 1e9);
	else
		snprintf(line, sizeof(line), "%s", phase);
	put_line(run, line);
}

void ktstr_progress__tell(const struct ktstr_run *run)
{
	char line[160], live[96];

	ktstr_progress__format(run->seen, line, sizeof(line));
	ktstr_parts__live(run, live, sizeof(live));
	if (live[0])
		snprintf(line + strlen(line), sizeof(line) - strlen(line), "; %s", live);
	put_line(run, line);
}

void ktstr_progress__end(const struct ktstr_run *run)
{
	char path[PATH_MAX];

	if (!path_of(run, path, sizeof(path)))
		unlink(path);
}
