// SPDX-License-Identifier: GPL-2.0
/*
 * Loops in the rounds of loops. nested.log is what the verifier of 7.3 printed about the loops of
 * "scx_ktstr --verify-loop": six rounds, of which the inner loop has 3, 4, ... 8.
 */
#include <ctype.h>
#include <stdlib.h>

#include "kselftest_harness.h"

#include "harness/report/schedlog.h"
#include "lib/paths.h"

#define NESTED	"tests/unit/report/nested.log"

static char *collapse(const char *log)
{
	return ktstr_schedlog__collapse(log, strlen(log));
}

static unsigned int lines_of(const char *text)
{
	unsigned int n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

TEST(a_real_log_of_a_loop_in_a_loop_is_shortened_at_both_levels)
{
	char *log = ktstr_paths__read(NESTED, 1 << 20, NULL), *out, *outer, *inner, *more, *end;

	ASSERT_NE(NULL, log);
	out = collapse(log);
	ASSERT_NE(NULL, out);
	/* the last line of the first round of all is where the outer rounds begin to be alike */
	outer = strstr(out, "--- 5 x the following, with inner loops ---\n122: (67) r1 <<= 5");
	ASSERT_NE(NULL, outer) TH_LOG("%s", out);
	inner = strstr(outer, "--- 3 x the following 7 lines ---\n122: (67) r1 <<= 5");
	ASSERT_NE(NULL, inner) TH_LOG("%s", out);
	more = strstr(inner, "--- 3 more like this, inner loops: 4..6 x ---\n122: (67) r1 <<= 5");
	ASSERT_NE(NULL, more) TH_LOG("%s", out);
	EXPECT_NE(NULL, strstr(more, "--- 7 x the following 7 lines ---\n"));
	end = strstr(more, "--- end of the 5 x ---\n");
	ASSERT_NE(NULL, end);
	EXPECT_NE(NULL, strstr(end, "132: (7b) *(u64 *)(r1 +0) = r2\nR1 invalid mem access 'scalar'\n"));
	EXPECT_GT(lines_of(log) * 2 / 3, lines_of(out)) TH_LOG("%s", out);
	free(out);
	free(log);
}

TEST(three_levels_of_several_megabytes_become_a_screenful)
{
	char *log = NULL, *out;
	int o, i, j;
	size_t len;
	FILE *f = open_memstream(&log, &len);

	ASSERT_NE(NULL, f);
	for (o = 0; o < 50; o++) {
		fprintf(f, "; for o @ a.c:1\n1: (04) w1 += 1   ; R1=%d\n", o);
		for (i = 0; i < 40; i++) {
			fprintf(f, "2: (04) w6 += 1   ; R6=%d\n3: (bf) r7 = r1\n", i);
			for (j = 0; j < 3 + i % 50; j++)
				fprintf(f, "12: (67) r1 <<= 5     ; R1=scalar(id=%d)\n"
					"13: (af) r1 ^= r7     ; R1=%s\n"
					"16: (ae) if w3 < w2 goto pc-5     ; R2=3\n", j,
					j % 2 ? "scalar()" : "1");
		}
	}
	fclose(f);
	ASSERT_LT(4000000, len);
	out = collapse(log);
	ASSERT_NE(NULL, out);
	EXPECT_EQ(0, strncmp(out, "--- 50 x the following, with inner loops ---\n", 45));
	EXPECT_NE(NULL, strstr(out, "\n--- 40 x the following, with inner loops ---\n"));
	EXPECT_NE(NULL, strstr(out, "\n--- 38 more like this, inner loops: 4..41 x ---\n"));
	EXPECT_NE(NULL, strstr(out, "\n--- 48 more like this, inner loops: 40 x, 3..42 x ---\n"));
	EXPECT_GT(70, lines_of(out)) TH_LOG("%s", out);
	free(out);
	free(log);
}

TEST(rounds_that_differ_end_a_loop)
{
	static const char log[] =
		"a\nb\nb\nb\nb\nb\nb\na\nb\nb\nb\nb\nb\nb\na\nb\nb\nb\nb\nb\nb\nc\nb\nb\nb\nb\nb\nb\na\n";
	char *out = collapse(log);

	ASSERT_NE(NULL, out);
	EXPECT_STREQ("--- 3 x the following, with inner loops ---\na\n"
		     "--- 6 x the following 1 line ---\nb\n--- 4 more like this ---\nb\n"
		     "--- 1 more like this, inner loops: 6 x ---\na\n"
		     "--- 6 x the following 1 line ---\nb\n--- 4 more like this ---\nb\n"
		     "--- end of the 3 x ---\nc\n"
		     "--- 6 x the following 1 line ---\nb\n--- 4 more like this ---\nb\na\n", out);
	free(out);
}

TEST(what_would_not_be_shorter_is_printed_in_full)
{
	static const char * const logs[] = {
		"", "a\n", "a", "a\na\na\n", "a\na\na\na\n", "a\nb\na\nb\n", "a\na\na\nb\nc\na\na\na\nb\n",
		"\n\n\n",
	};
	size_t i;
	char *out;

	for (i = 0; i < ARRAY_SIZE(logs); i++) {
		out = collapse(logs[i]);
		ASSERT_NE(NULL, out);
		EXPECT_STREQ(logs[i], out);
		free(out);
	}
}

TEST(a_log_that_was_cut_off_within_a_loop)
{
	char *out = collapse("a\nb\nb\nb\nb\nb\na\nb\nb\nb\nb\nb\na\nb\nb\nb\nb\nb");

	ASSERT_NE(NULL, out);
	EXPECT_NE(NULL, strstr(out, "b\n--- end of the 3 x ---\n")) TH_LOG("%s", out);
	free(out);
}

/* Lines at random, some repeated, at most @depth deep. */
static void random_lines(FILE *f, unsigned int *seed, int depth)
{
	int nr = 1 + rand_r(seed) % 4, n;
	char *body = NULL;
	size_t len;
	FILE *b;

	while (nr--) {
		if (!depth || rand_r(seed) % 2) {
			fprintf(f, "%c\n", 'a' + rand_r(seed) % 5);
			continue;
		}
		b = open_memstream(&body, &len);
		if (!b)
			return;
		random_lines(b, seed, depth - 1);
		fclose(b);
		for (n = rand_r(seed) % 9; n; n--)
			fputs(body, f);
		free(body);
	}
}

struct expansion {
	const char *pos;
	bool vague;	/* rounds that are left out may differ in what is in them */
};

static void expand(struct expansion *x, const char *stop, unsigned long stop_after, FILE *f);

/* "..., inner loops: 7 x ---": the rounds between are those of the first, if its inner loop has 7. */
static bool like_the_first(const char *first, const char *more)
{
	const char *inner, *header = strstr(first, "--- ");

	inner = memmem(more, strcspn(more, "\n"), "inner loops: ", 13);
	if (!inner)
		return true;
	inner += 13;
	return header < more && strtoul(header + 4, NULL, 10) == strtoul(inner, NULL, 10) &&
	       !memchr(inner, ',', strcspn(inner, "\n")) && !memchr(inner, '.', strcspn(inner, "\n"));
}

/* Behind the header of a loop. */
static void expand_loop(struct expansion *x, unsigned long nr, unsigned long lines, FILE *f)
{
	const char *start = x->pos;
	char *first = NULL;
	unsigned long more;
	size_t len;
	FILE *b = open_memstream(&first, &len);

	if (!b)
		return;
	expand(x, " more like this", lines, b);
	fclose(b);
	fputs(first, f);
	more = strtoul(x->pos + 4, NULL, 10);
	if (more + 2 != nr || !like_the_first(start, x->pos))
		x->vague = true;
	while (more--)
		fputs(first, f);
	free(first);
	x->pos += strcspn(x->pos, "\n") + 1;
	expand(x, "--- end of the ", lines, f);
	if (!lines)
		x->pos += strcspn(x->pos, "\n") + 1;
}

/* Up to a line with @stop in it, or for so many lines if that is not 0, or to the end. */
static void expand(struct expansion *x, const char *stop, unsigned long stop_after, FILE *f)
{
	unsigned long n = 0, nr;
	const char *line;
	size_t len;
	char *p;

	while (*x->pos && (!stop_after || n < stop_after)) {
		line = x->pos;
		len = strcspn(line, "\n");
		if (!stop_after && stop && memmem(line, len, stop, strlen(stop)))
			return;
		x->pos += len + 1;
		n++;
		if (len < 4 || memcmp(line, "--- ", 4)) {
			fprintf(f, "%.*s\n", (int)len, line);
			continue;
		}
		nr = strtoul(line + 4, &p, 10);
		p = memmem(line, len, "following ", 10);
		expand_loop(x, nr, p ? strtoul(p + 10, NULL, 10) : 0, f);
	}
}

TEST(what_is_printed_tells_the_whole_log)
{
	unsigned int seed, state, exact = 0, shorter = 0;
	char *log = NULL, *out, *again = NULL;
	struct expansion x;
	size_t len;
	FILE *f;

	for (seed = 1; seed <= 2000; seed++) {
		state = seed;
		f = open_memstream(&log, &len);
		ASSERT_NE(NULL, f);
		random_lines(f, &state, 3);
		fclose(f);
		out = collapse(log);
		ASSERT_NE(NULL, out);
		ASSERT_GE(len ? lines_of(log) : 0, lines_of(out));
		shorter += lines_of(out) < lines_of(log);
		x = (struct expansion){ .pos = out };
		f = open_memstream(&again, &len);
		ASSERT_NE(NULL, f);
		expand(&x, NULL, 0, f);
		fclose(f);
		if (!x.vague) {
			exact++;
			ASSERT_STREQ(log, again) TH_LOG("seed %u:\n%s", seed, out);
		}
		free(again);
		free(out);
		free(log);
	}
	EXPECT_LT(1000, shorter);
	EXPECT_LT(1000, exact);
}

TEST_HARNESS_MAIN
