// SPDX-License-Identifier: GPL-2.0
/* Loops in the verifier's log: the rounds differ in the state of the registers, and are still one. */
#include <stdlib.h>

#include "kselftest_harness.h"

#include "harness/report/schedlog.h"

static char *rounds(const char *format, int nr)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	int i;

	for (i = 0; i < nr; i++)
		fprintf(f, format, i, i % 2 ? "R1=scalar() R2=1" : "R1=2", i);
	fclose(f);
	return text;
}

TEST(rounds_of_a_loop_with_other_registers_are_shortened)
{
	char *log = rounds("%d: (bf) r1 = r2 ; %s\n5: (07) r1 += %d\n; x++; @ a.bpf.c:3\n7: (05) goto pc-3\n",
			   20);
	char *out = ktstr_schedlog__collapse(log, strlen(log));

	ASSERT_NE(NULL, out);
	EXPECT_EQ(0, strncmp(out, "--- 20 x the following 4 lines ---\n", 35)) TH_LOG("%s", out);
	EXPECT_NE(NULL, strstr(out, "--- 18 more like this ---\n"));
	EXPECT_NE(NULL, strstr(out, "19: (bf) r1 = r2 ; R1=scalar() R2=1\n"));
	free(out);
	free(log);
}

TEST(lines_of_state_alone_are_alike)
{
	char *log = rounds("%d: frame1: %s\n%d: (95) exit\n", 20);
	char *out = ktstr_schedlog__collapse(log, strlen(log));

	ASSERT_NE(NULL, out);
	EXPECT_EQ(0, strncmp(out, "--- 20 x the following 2 lines ---\n", 35)) TH_LOG("%s", out);
	free(out);
	free(log);
}

TEST(other_instructions_are_not_alike)
{
	static const char log[] =
		"1: (bf) r1 = r2 ; R1=1\n1: (bf) r2 = r1 ; R1=1\n1: (bf) r1 = r2 ; R1=1\n"
		"1: (85) call x ; R1=1\n1: (95) exit\nserved 1; R2 of 3\nserved 1; R3 of 3\n";
	char *out = ktstr_schedlog__collapse(log, strlen(log));

	ASSERT_NE(NULL, out);
	EXPECT_STREQ(log, out);
	free(out);
}

TEST_HARNESS_MAIN
