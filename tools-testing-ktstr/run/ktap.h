/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reads what a kselftest_harness.h program prints while it runs one test, and judges it.
 *
 * The text is untrusted: a test program may die in the middle of a line, print megabytes or
 * binary. So the reader takes bytes as they come, keeps a bounded amount of them, and never fails;
 * it keeps lines that it does not understand as "noise" for the report. Only a result line that
 * names the wanted test counts, and only ktap_judge(), which also sees how the process ended,
 * turns it into a verdict.
 */
#ifndef KTSTR_TOOL_RUN_KTAP_H
#define KTSTR_TOOL_RUN_KTAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define KTAP_LINE_LEN	1024	/* bytes kept of a line, NUL included */
#define KTAP_MAX_LINES	2000	/* diagnostic lines kept: the first ones */
#define KTAP_MAX_BYTES	(256 * 1024)
#define KTAP_MAX_NOISE	20	/* other lines kept: the last ones */
#define KTAP_NOTE_LEN	256

enum ktap_status {
	KTAP_NONE,		/* no result line was seen */
	KTAP_PASS,
	KTAP_SKIP,
	KTAP_XFAIL,
	KTAP_XPASS,
	KTAP_FLAKY,		/* passed, after it had not: only the tool says so */
	KTAP_INCONCLUSIVE,	/* "not ok" with our own directive: there was nothing to judge */
	KTAP_FAIL,
	KTAP_ERROR,		/* the program violated the protocol */
};

/* Where the bytes come from: results count on stdout only. */
enum ktap_stream {
	KTAP_STDOUT,
	KTAP_STDERR,
};

struct ktap_reader {
	char want[KTAP_LINE_LEN];	/* "ktstr.NAME", as the harness prints it */
	const char *want_name;		/* "NAME", inside want */
	enum ktap_stream stream;

	char line[KTAP_LINE_LEN];	/* the line being read */
	size_t len;
	bool cut;			/* it was longer than that */

	enum ktap_status status;	/* the worst result line of the test */
	char note[KTAP_NOTE_LEN];	/* what stood behind its '#', directive removed */
	unsigned int results;		/* result lines for the wanted test */
	unsigned int foreign;		/* result lines for other tests */
	bool unrecorded;		/* it could not write a file of the run, and said so */
	char unrecorded_why[KTAP_NOTE_LEN];
	bool bailed;
	char bail[KTAP_NOTE_LEN];

	char **diag;			/* diagnostic lines without their "# " */
	unsigned int nr_diag;
	unsigned int alloc_diag;
	size_t diag_bytes;
	unsigned int dropped_diag;

	char *noise[KTAP_MAX_NOISE];	/* ring, oldest at noise_at when it is full */
	unsigned int nr_noise;
	unsigned int noise_at;
};

struct ktap_verdict {
	enum ktap_status status;	/* never KTAP_NONE */
	char note[KTAP_NOTE_LEN];	/* reason or remark, may be empty; one line */
};

/* @test is the id without fixture; it is looked for as "@fixture.@test". */
void ktap_reader__init(struct ktap_reader *r, enum ktap_stream stream,
		       const char *fixture, const char *test);
void ktap_reader__feed(struct ktap_reader *r, const void *buf, size_t len);
/* End of file: the last line may lack its newline. */
void ktap_reader__finish(struct ktap_reader *r);
void ktap_reader__free(struct ktap_reader *r);
/* The @i-th oldest noise line that was kept, NULL past the end. */
const char *ktap_reader__noise(const struct ktap_reader *r, unsigned int i);

/*
 * Why the test failed, for one line: the first finding of its report, or the first line of
 * something else. "" without.
 */
const char *ktap_reader__finding(const struct ktap_reader *r);

/*
 * The verdict from the program's stdout and its waitpid() status. A result line alone does
 * not make a pass: the process must have ended as the harness ends after that result.
 */
void ktap_judge(const struct ktap_reader *out, int wait_status, struct ktap_verdict *v);

/* "pass", "fail", "skip", ...; and the worse of two. */
const char *ktap_status__name(enum ktap_status s);

/*
 * Copy @len bytes to @dst as one line of valid UTF-8: control characters and broken sequences
 * become '?', tabs stay. Returns the length; the result is always terminated.
 */
size_t ktap_clean(char *dst, size_t size, const char *src, size_t len);

/* "# TEXT", changed as little as needed so that no KTAP parser takes it for structure. */
void ktap_print_diag(FILE *f, const char *text);

/* "ok N ID # ..." in KTAP's words for @v; ID is made safe ('#' and control characters). */
void ktap_print_result(FILE *f, unsigned int n, const char *id, const struct ktap_verdict *v,
		       const char *remark);

#endif
