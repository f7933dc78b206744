// SPDX-License-Identifier: GPL-2.0
/* Promises about single lines of output (harness/model/console.h). */
#include "kselftest_harness.h"

#include "harness/model/console.h"

TEST(a_line_about_something_wrong_is_a_complaint)
{
	static const char * const lines[] = {
		"scx_simple: invalid option -- 'z'",
		"scx_qmap: unrecognized option '--nonsense'",
		"error: unexpected argument '--x' found",
		"libbpf: prog 'simple_init': BPF program load failed: Permission denied",
		"libbpf: extern (func ksym) 'scx_bpf_create_dsq': func_proto [5] incompatible with vmlinux [7]",
		"[SCX_BUG] scx_x.c:71 (No such file or directory)",
		"option requires an argument -- 's'",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lines); i++)
		EXPECT_TRUE(ktstr_text__complains(lines[i])) TH_LOG("line %zu", i);
}

TEST(help_and_figures_are_not)
{
	static const char * const lines[] = {
		"A simple sched_ext scheduler.",
		"Usage: scx_simple [-f] [-v]",
		"  -f            Use FIFO scheduling instead of weighted vtime scheduling",
		"  -h            Display this help and exit",
		"local=1 global=2",
		"",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lines); i++)
		EXPECT_FALSE(ktstr_text__complains(lines[i])) TH_LOG("line %zu", i);
}

TEST_HARNESS_MAIN
