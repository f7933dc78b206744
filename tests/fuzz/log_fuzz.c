// SPDX-License-Identifier: GPL-2.0
/* The guest's kernel log: records of /dev/kmsg, what sched_ext says in them, and splats. */
#include <linux/kernel.h>

#include "fuzz.h"
#include "harness/model/scxlog.h"
#include "harness/model/splat.h"

static void seeds(void)
{
	static const char *const record[] = {
		"6,339,5140900,-;sched_ext: BPF scheduler \"simple\" enabled",
		"3,340,5140900,-;sched_ext: BPF scheduler \"simple\" disabled (runtime error)\n A=b\n",
		"3,341,5140901,c;sched_ext: simple: runnable task stall\\x0a(kworker/0:1)",
		"4,342,5140902,-;WARNING: kernel/a.c:1 at f+0x1/0x2, CPU#0: a/1",
		"[    5.140903] BUG: x\n[    5.140903] Call Trace:\n[    5.140904]  f+0x1/0x2\n",
	};
	char name[8];

	for (size_t i = 0; i < ARRAY_SIZE(record); i++) {
		snprintf(name, sizeof(name), "%zu", i);
		seed(name, record[i], strlen(record[i]));
	}
}

static void splats(const uint8_t *data, size_t size, const char *text)
{
	struct ktstr_splats s = { .nr = 0 };
	char sentence[512];

	ktstr_splats__record(&s, (const char *)data, size, true);
	ktstr_splats__console(&s, text);
	must(s.nr <= KTSTR_MAX_SPLATS);
	for (uint32_t i = 0; i < s.nr; i++)
		ktstr_splat__describe(&s.list[i], sentence, sizeof(sentence));
	ktstr_splats__free(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ktstr_scxlog s = { .error = false };
	char *copy = fuzz_string(data, size), buf[256];
	size_t text, n;

	n = ktstr_kmsg__format((const char *)data, size, buf, sizeof(buf), &text);
	must(n < sizeof(buf) && (!n || (text <= n && !buf[n])));
	if (n)
		ktstr_scxlog__line(&s, buf + text, n - text);
	ktstr_scxlog__line(&s, (const char *)data, size);
	ktstr_scxlog__text(&s, copy);
	must(memchr(s.ops, 0, sizeof(s.ops)) && memchr(s.reason, 0, sizeof(s.reason)) &&
	     memchr(s.msg, 0, sizeof(s.msg)));
	splats(data, size, copy);
	free(copy);
	return 0;
}
