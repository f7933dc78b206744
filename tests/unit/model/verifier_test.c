// SPDX-License-Identifier: GPL-2.0
/* The decisive line of the verifier among all that a scheduler prints. */
#include "kselftest_harness.h"

#include <stdlib.h>

#include "harness/model/verifier.h"

#define BLOCK(_name, _text)							\
	"libbpf: prog '" _name "': BPF program load failed: -EACCES\n"		\
	"libbpf: prog '" _name "': -- BEGIN PROG LOAD LOG --\n" _text		\
	"processed 9 insns (limit 1000000)\n-- END PROG LOAD LOG --\nlibbpf: failed to load\n"

static const struct {
	const char *log, *want;		/* NULL: there is none */
} rows[] = {
	{ "", NULL },
	{ "all is well\n", NULL },
	{ BLOCK("enq", "0: R1=ctx()\nR1 invalid mem access 'scalar'\n"),
	  "enq: R1 invalid mem access 'scalar'" },
	/* an optional program first, then the one that matters */
	{ BLOCK("probe", "func not found\n") BLOCK("dsp", "unreachable insn 3\n"),
	  "dsp: unreachable insn 3" },
	/* with statistics, and carriage returns of a console */
	{ BLOCK("enq", "R2 !read_ok\r\nverification time 3 usec\nstack depth 8+0\n"),
	  "enq: R2 !read_ok" },
	/* kernels that explain it at length */
	{ BLOCK("dsp", "124: (7b) *(u64 *)(r1 +0) = r2\nR1 invalid mem access 'scalar'\n\n"
		       "Verification failed: Register Type Safety: Invalid dereference\n\n"
		       "Reason:\n  R1 is an integer scalar here.\n"),
	  "dsp: R1 invalid mem access 'scalar'" },
	{ BLOCK("dsp", "; *p = 0; @ x.bpf.c:3\nVerification failed: Limits: Too complex\nReason:\n x\n"),
	  "dsp: Verification failed: Limits: Too complex" },
	/* cut off before its end */
	{ "libbpf: prog 'x': -- BEGIN PROG LOAD LOG --\nback-edge from insn 4 to 2\n",
	  "x: back-edge from insn 4 to 2" },
	/* another loader, without the name */
	{ "-- BEGIN PROG LOAD LOG --\ninvalid argument\n", "invalid argument" },
	{ BLOCK("empty", ""), NULL },
	{ "-- BEGIN PROG LOAD LOG --", NULL },
};

TEST(the_line_before_the_statistics_is_the_reason)
{
	char buf[128];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		ASSERT_EQ(rows[i].want != NULL,
			  ktstr_verifier__reason(rows[i].log, buf, sizeof(buf)))
			TH_LOG("row %zu: %s", i, buf);
		if (rows[i].want)
			EXPECT_STREQ(rows[i].want, buf);
	}
}

TEST(the_last_lines_end_with_the_reason)
{
	static const char log[] =
		BLOCK("dsp", "121: (05) goto pc+0\n122: (b7) r1 = 0 ; R1=0\n\n124: (7b) *(u64 *)(r1 +0) = r2\n"
			     "R1 invalid mem access 'scalar'\n\nVerification failed: Register Type Safety\nx\n");
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	ASSERT_NE(NULL, f);
	ktstr_verifier__last_lines(log, 3, f);
	fclose(f);
	EXPECT_STREQ("122: (b7) r1 = 0 ; R1=0\n124: (7b) *(u64 *)(r1 +0) = r2\n"
		     "R1 invalid mem access 'scalar'\n", text);
	free(text);
}

TEST(a_line_without_end_does_not_overflow)
{
	static char log[10000] = "libbpf: prog 'a': -- BEGIN PROG LOAD LOG --\n";
	char buf[32];

	memset(log + strlen(log), 'y', sizeof(log) - strlen(log) - 1);
	EXPECT_TRUE(ktstr_verifier__reason(log, buf, sizeof(buf)));
	EXPECT_EQ(sizeof(buf) - 1, strlen(buf));
}

#define FRAME(_name, _text)							\
	"libbpf: prog '" _name "': -- BEGIN PROG LOAD LOG --\n" _text		\
	"-- END PROG LOAD LOG --\n"

TEST(each_rejected_program_is_a_block_with_its_statistics)
{
	static const char log[] =
		"before\n"
		FRAME("one", "0: (b7) r0 = 0\nverification time 1234 usec\nstack depth 16\n"
			     "processed 186 insns (limit 1000000) max_states_per_insn 1 total_states 9 peak_states 7 mark_read 0\n")
		"between\n"
		FRAME("two", "invalid\n");
	struct ktstr_verifier_stats st;
	struct ktstr_verifier_block b;
	const char *pos = log;

	ASSERT_TRUE(ktstr_verifier__next(&pos, &b));
	EXPECT_EQ(0, strncmp("one", b.name, b.name_len));
	EXPECT_EQ(0, strncmp("0: (b7)", b.text, 7));
	EXPECT_EQ('\n', b.text[b.len - 1]);
	ASSERT_TRUE(ktstr_verifier__stats(&b, &st));
	EXPECT_EQ(186, st.processed);
	EXPECT_EQ(9, st.total_states);
	EXPECT_EQ(7, st.peak_states);
	EXPECT_EQ(1234, st.time_us);
	ASSERT_TRUE(ktstr_verifier__next(&pos, &b));
	EXPECT_EQ(0, strncmp("two", b.name, b.name_len));
	EXPECT_EQ(8, b.len);
	EXPECT_FALSE(ktstr_verifier__stats(&b, &st));
	EXPECT_FALSE(ktstr_verifier__next(&pos, &b));
}

TEST_HARNESS_MAIN
