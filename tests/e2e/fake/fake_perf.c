// SPDX-License-Identifier: GPL-2.0
/*
 * A program whose one test leaves a sidecar with the figures that a file beside the program says:
 * "SPREAD NOISE INSNS CODE". SPREAD varies by up to NOISE percent with the seed. What a file "asserts"
 * has is the value of perf_delta_assertions. Runs with the seeds in a file "skips" are skipped as a test is
 * that finds no CPUs: before there is a kernel. For perf_delta_test.sh, which also builds it with another
 * TEST_NAME.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kselftest_harness.h"

#ifndef TEST_NAME
#define TEST_NAME	speed
#endif
#define TEXT_(_x)	#_x
#define TEXT(_x)	TEXT_(_x)

/* As real programs do for `ktstr affected`: the test, and no binaries. */
static void __attribute__((constructor)) say_binaries(int argc, char **argv)
{
	if (argc != 2 || strcmp(argv[1], "--binaries"))
		return;
	puts(TEXT(TEST_NAME));
	exit(0);
}

FIXTURE(ktstr) {
};

FIXTURE_SETUP(ktstr)
{
}

FIXTURE_TEARDOWN(ktstr)
{
}

static const char *env(const char *name)
{
	return getenv(name) ?: "";
}

/* From -1 to 1. */
static double noise(unsigned long seed, double of)
{
	unsigned long h = seed * 2654435761u + (unsigned long)of * 40503u;

	return (double)(h >> 8 & 0xffff) / 32768 - 1;
}

static FILE *open_sidecar(void)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s", env("KTSTR_RUNS_ROOT"));
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/%s", env("KTSTR_RUNS_ROOT"), env("KTSTR_RUN_ID"));
	mkdir(path, 0755);
	strcat(path, "/ktstr.speed");
	mkdir(path, 0755);
	strcat(path, "/speed-0.ktstr.json");
	return fopen(path, "w");
}

/* The file @name beside the program at @path. */
static void put_file(FILE *to, const char *path, const char *name)
{
	char beside[PATH_MAX], line[512];
	FILE *f;

	snprintf(beside, sizeof(beside), "%.*s%s", (int)(strrchr(path, '/') + 1 - path), path, name);
	f = fopen(beside, "r");
	if (!f)
		return;
	fprintf(to, ", \"perf_delta_assertions\": ");
	while (fgets(line, sizeof(line), f))
		fputs(line, to);
	fclose(f);
}

/* Is the seed of this run in the file @name beside the program at @path? */
static int is_skipped(const char *path, const char *name)
{
	char beside[PATH_MAX], seed[32];
	int found = 0;
	FILE *f;

	snprintf(beside, sizeof(beside), "%.*s%s", (int)(strrchr(path, '/') + 1 - path), path, name);
	f = fopen(beside, "r");
	while (f && fscanf(f, "%31s", seed) == 1)
		found |= !strcmp(seed, env("KTSTR_SEED"));
	if (f)
		fclose(f);
	return found;
}

TEST_F(ktstr, TEST_NAME)
{
	double spread, percent, insns;
	char path[PATH_MAX], code[32];
	FILE *f;
	int skipped;
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	ASSERT_GT(n, 0);
	path[n] = '\0';
	strcpy(strrchr(path, '/'), "/speed");
	f = fopen(path, "r");
	ASSERT_NE(NULL, f);
	ASSERT_EQ(4, fscanf(f, "%lf %lf %lf %31s", &spread, &percent, &insns, code));
	fclose(f);
	f = open_sidecar();
	ASSERT_NE(NULL, f);
	spread *= 1 + percent / 100 * noise(strtoul(env("KTSTR_SEED"), NULL, 10), spread);
	skipped = is_skipped(path, "skips");
	fprintf(f, "{ \"test_name\": \"speed\", \"topology\": \"1n1l2c1t\", \"verdict\": \"%s\", ",
		skipped ? "skip" : "pass");
	fprintf(f, "\"kernel_version\": %s, ", skipped ? "null" : "\"7.3.4\"");
	fprintf(f, "\"project_commit\": \"%s\", \"deterministic\": true, \"seed\": %s, ",
		env("KTSTR_PROJECT_COMMIT"), getenv("KTSTR_SEED") ?: "null");
	if (!skipped)
		fprintf(f, "\"stats\": { \"worst_spread\": %f }, ", spread);
	fprintf(f, "\"duration_s\": 1");
	if (!strcmp(env("KTSTR_LEDGER"), "1"))
		fprintf(f, ", \"ledger\": { \"ops\": [ { \"op\": \"dispatch\", \"code\": \"%s\", "
			"\"calls\": 10, \"insns\": %f, \"shortest\": %f } ] }", code, 10 * insns, insns);
	put_file(f, path, "asserts");
	fprintf(f, " }\n");
	ASSERT_EQ(0, fclose(f));
	if (skipped)
		SKIP(return, "resource contention: made up");
}

TEST_HARNESS_MAIN
