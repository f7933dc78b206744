// SPDX-License-Identifier: GPL-2.0
/*
 * A snapshot that `ktstr ctprof` is given. It is refused with a reason, or compared: it does not differ
 * from itself, and every format can be printed, with each group under its pattern.
 */
#include "fuzz.h"
#include "tools-testing-ktstr/ctprof/compare.h"
#include "tools-testing-ktstr/ctprof/file.h"
#include "tools-testing-ktstr/ctprof/print.h"

static const char text[] =
	"{ \"schema\": \"ktstr.ctprof\", \"version\": 1, \"boot_id\": \"b\", \"captured_at_boot_ns\": 5,\n"
	"\"summary\": { \"unreadable\": { \"io\": 3 }, \"no_taskstats\": \"why\" },\n"
	"\"host\": { \"a\": \"b\", \"m\": { \"k\": 1, \"r\": 1.5 } }, \"sched_ext\": { \"state\": \"enabled\" },\n"
	"\"pressure\": { \"cpu.pressure/some_avg10\": 12, \"cpu.pressure/some_total\": 5 },\n"
	"\"cgroups\": [ { \"path\": \"/a@x.service\", \"figures\": { \"cpu.stat/usage_usec\": 5, \"memory.max\": -1, \"memory.stat/anon\": 7 } },\n"
	"{ \"path\": \"/a@y.service\", \"figures\": { \"cpu.max/quota_usec\": 5, \"memory.max\": 6 } } ],\n"
	"\"threads\": [ { \"tid\": 1, \"tgid\": 1, \"comm\": \"w/1\", \"pcomm\": \"w/1\", \"cgroup\": \"/a@x.service\", \"start_ticks\": 4,\n"
	"\"policy\": \"SCHED_OTHER\", \"nice\": -3, \"cpu_affinity\": \"0-3,9\", \"run_time_ns\": 9, \"timeslices\": 2, \"wait_max\": 4 },\n"
	"{ \"tid\": 2, \"tgid\": 1, \"comm\": \"w/22\", \"pcomm\": \"w/1\", \"state\": \"S\", \"cpu_delay_min_ns\": 0, \"run_time_ns\": 9223372036854775807 } ] }\n";

static void seeds(void)
{
	seed("snapshot", text, strlen(text));
}

static void print(const struct ctprof_comparison *c)
{
	for (enum sheet_format format = SHEET_TEXT; format <= SHEET_HTML; format++) {
		FILE *f = fopen("/dev/null", "w");

		must(f);
		ctprof_print(c, format, f);
		fclose(f);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctprof_compare_opts opts = { .limit = 500 };
	struct ctprof_snapshot s;
	struct ctprof_comparison c;
	struct ktstr_err err = { "" };
	uint64_t counted = 0;

	ctprof_snapshot__init(&s);
	if (ctprof_file__parse(&s, data, size, &err)) {
		must(err.msg[0]);
		ctprof_snapshot__free(&s);
		return 0;
	}
	must(!ctprof_compare(&c, &s, &s, &opts, &err));
	/* a thread that is in it twice counts once on the first side */
	for (size_t i = 0; i < c.nr; i++)
		must(c.row[i].verdict || c.row[i].delta != 0);
	print(&c);
	ctprof_comparison__free(&c);
	opts.all = true;
	opts.group.flatten = (const char * const[]){ "/a*" };
	opts.group.nr_flatten = 1;
	for (size_t i = 0; i < ctprof_nr_axes; i++) {
		struct ctprof_groups g;

		must(!ctprof_groups__make(&g, &ctprof_axes[i], NULL, &s, &opts.group));
		counted = 0;
		for (size_t k = 0; k < g.nr; k++)
			counted += g.group[k].threads[CTPROF_B];
		must(counted == s.nr_threads);
		ctprof_groups__free(&g);
		opts.axis = &ctprof_axes[i];
		must(!ctprof_compare(&c, NULL, &s, &opts, &err));
		print(&c);
		ctprof_comparison__free(&c);
	}
	ctprof_snapshot__free(&s);
	return 0;
}
