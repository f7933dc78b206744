// SPDX-License-Identifier: GPL-2.0
/* Promises of harness/host/progress.h: one line at each stage of a run, and no file behind it. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "harness/host/progress.h"
#include "harness/plan/protocol.h"

FIXTURE(progress) {
	struct ktstr_run run;
	struct ktstr_seen *s;
	char dir[64];
};

FIXTURE_SETUP(progress)
{
	strcpy(self->dir, "/tmp/ktstr-progress-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	self->s = ktstr_seen__new();
	ASSERT_NE(NULL, self->s);
	self->run = (struct ktstr_run){ .seen = self->s, .dir = self->dir };
}

FIXTURE_TEARDOWN(progress)
{
	ktstr_seen__free(self->s);
	EXPECT_EQ(0, rmdir(self->dir));
}

#define LINE(_text) do {							\
	char line[160];								\
	ktstr_progress__format(self->s, line, sizeof(line));			\
	EXPECT_STREQ(_text, line);						\
} while (0)

TEST_F(progress, each_stage_has_its_words)
{
	self->s->lifecycle = KTSTR_LIFECYCLE_BOOT;
	LINE("boots");
	self->s->now_ns = 2500000000ULL;
	self->s->lifecycle = KTSTR_LIFECYCLE_SCHED;
	LINE("scheduler starts, 2.5 s");
	self->s->lifecycle = KTSTR_LIFECYCLE_BODY;
	LINE("body, 2.5 s");
	/* the monitor was there after the last message */
	self->s->sampled_ns = 2700000000ULL;
	LINE("body, 2.7 s");
	self->s->sampled_ns = 0;
	self->s->stimuli = calloc(1, sizeof(*self->s->stimuli));
	ASSERT_NE(NULL, self->s->stimuli);
	self->s->nr_stimuli = 1;
	self->s->stimuli[0].what.step = 1;
	LINE("step 2, 2.5 s");
	strcpy(self->s->stimuli[0].what.part, "cgroup_steady");
	LINE("cgroup_steady, step 2, 2.5 s");
	self->s->lifecycle = KTSTR_LIFECYCLE_TEARDOWN;
	LINE("ends, 2.5 s");
}

static const char *read_line(const char *path, char *buf, int size)
{
	FILE *f = fopen(path, "r");
	const char *line = f ? fgets(buf, size, f) : NULL;

	if (f)
		fclose(f);
	return line ?: "";
}

TEST_F(progress, the_file_is_there_while_the_run_goes_on)
{
	char path[96], text[64];

	snprintf(path, sizeof(path), "%s/" KTSTR_PROGRESS_FILE, self->dir);
	self->s->lifecycle = KTSTR_LIFECYCLE_BOOT;
	ktstr_progress__tell(&self->run);
	EXPECT_STREQ("boots", read_line(path, text, sizeof(text)));
	/* what the guest knows nothing of, with the guest's time as soon as it has one */
	ktstr_progress__phase(&self->run, "image");
	EXPECT_STREQ("image", read_line(path, text, sizeof(text)));
	self->s->now_ns = 5900000000ULL;
	ktstr_progress__phase(&self->run, "judge");
	EXPECT_STREQ("judge, 5.9 s", read_line(path, text, sizeof(text)));
	ktstr_progress__end(&self->run);
	EXPECT_NE(0, access(path, F_OK));
}

TEST_HARNESS_MAIN
