// SPDX-License-Identifier: GPL-2.0
/* The guest's kernel log: records of /dev/kmsg, and what sched_ext says in them. */
#include <linux/kernel.h>

#include "fuzz.h"
#include "harness/model/scxlog.h"

static void seeds(void)
{
	static const char *const record[] = {
		"6,339,5140900,-;sched_ext: BPF scheduler \"simple\" enabled",
		"3,340,5140900,-;sched_ext: BPF scheduler \"simple\" disabled (runtime error)\n A=b\n",
		"3,341,5140901,c;sched_ext: simple: runnable task stall\\x0a(kworker/0:1)",
	};
	char name[8];

	for (size_t i = 0; i < ARRAY_SIZE(record); i++) {
		snprintf(name, sizeof(name), "%zu", i);
		seed(name, record[i], strlen(record[i]));
	}
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
	free(copy);
	return 0;
}
