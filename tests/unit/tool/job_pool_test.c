// SPDX-License-Identifier: GPL-2.0
/*
 * Promises of tools-testing-ktstr/run/job-pool.h about what runs beside what. The jobs are a script that
 * writes how many of them it has seen at a time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "kselftest_harness.h"

#include "lib/paths.h"
#include "tools-testing-ktstr/run/job-pool.h"

#define NR	7

/* The first that begins of a pair waits until the second one has begun, at most a minute. */
static const char script[] =
	"#!/bin/sh\n"
	"cd \"${0%/*}\"\n"
	"name=${2#*.}\n"
	"mkdir in.$name\n"
	"n=0\n"
	"case $name in pair_*)\n"
	"	while [ ! -d in.pair_a ] || [ ! -d in.pair_b ]; do\n"
	"		sleep 0.05; n=$((n + 1)); [ $n -lt 1200 ] || break\n"
	"	done\n"
	"	mkdir met.$name; while [ ! -d met.pair_a ] || [ ! -d met.pair_b ]; do\n"
	"		sleep 0.05; n=$((n + 1)); [ $n -lt 1200 ] || break\n"
	"	done ;;\n"
	"esac\n"
	"ls -d in.* | wc -l > seen.$name\n"
	"case $name in alone_*) sleep 0.3; ls -d in.* | wc -l >> seen.$name ;; esac\n"
	"case $name in pair_*) touch out.$name\n"
	"	while [ ! -e out.pair_a ] || [ ! -e out.pair_b ]; do\n"
	"		sleep 0.05; n=$((n + 1)); [ $n -lt 1200 ] || break\n"
	"	done ;;\n"
	"esac\n"
	"rmdir in.$name\n";

static int progress(void *ctx, struct job_pool *pool, struct job *done)
{
	(void)ctx;
	(void)pool;
	(void)done;
	return 0;
}

/* What a job has written, as one line. */
static char *seen(const char *dir, const char *name)
{
	static char buf[64];
	char path[128], *text;

	snprintf(path, sizeof(path), "%s/seen.%s", dir, name);
	text = ktstr_paths__read(path, sizeof(buf) - 1, NULL);
	snprintf(buf, sizeof(buf), "%s", text ?: "nothing");
	free(text);
	for (char *p = buf; *p; p++)
		*p = *p == '\n' ? ' ' : *p;
	return buf;
}

TEST(a_job_that_is_to_be_alone_is)
{
	static const char * const names[NR] = {
		"first", "alone_1", "alone_2", "pair_a", "pair_b", "alone_3", "last",
	};
	char dir[] = "/tmp/ktstr-pool-XXXXXX", program[64], command[96];
	struct job jobs[NR] = { 0 };
	struct job_pool pool = {
		.jobs = jobs, .nr_jobs = NR, .width = 3, .progress = progress, .tick_ms = -1,
	};

	ASSERT_NE(NULL, mkdtemp(dir));
	snprintf(program, sizeof(program), "%s/job", dir);
	ASSERT_EQ(0, ktstr_paths__write(program, script, strlen(script)));
	ASSERT_EQ(0, chmod(program, 0755));
	for (int i = 0; i < NR; i++) {
		jobs[i].program = program;
		jobs[i].fixture = "ktstr";
		jobs[i].test = names[i];
		jobs[i].child.out = jobs[i].child.err = -1;
		jobs[i].alone = !strncmp(names[i], "alone", 5);
	}
	EXPECT_EQ(0, job_pool__run(&pool));
	EXPECT_EQ(NR, pool.nr_done);
	EXPECT_STREQ("1 1 ", seen(dir, "alone_1"));
	EXPECT_STREQ("1 1 ", seen(dir, "alone_2"));
	EXPECT_STREQ("1 1 ", seen(dir, "alone_3"));
	/* the others are not held back */
	EXPECT_STREQ("2 ", seen(dir, "pair_a"));
	EXPECT_STREQ("2 ", seen(dir, "pair_b"));
	for (int i = 0; i < NR; i++)
		job__free(&jobs[i]);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	EXPECT_EQ(0, system(command));
}

TEST_HARNESS_MAIN
