// SPDX-License-Identifier: GPL-2.0
/*
 * Promises of ctprof/capture.h and file.h: what is in procfs is in the snapshot, in its units; what cannot be
 * read is not there, and is never an error; a file says again what was captured, and one that is damaged is
 * refused with a reason.
 */
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/taskstats.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "procfs.h"
#include "tools-testing-ktstr/ctprof/capture.h"
#include "tools-testing-ktstr/ctprof/figures.h"
#include "tools-testing-ktstr/ctprof/file.h"
#include "tools-testing-ktstr/ctprof/taskstats.h"

FIXTURE(host) {
	char root[64];
	struct ctprof_snapshot s, again;
	struct ktstr_err err;
};

FIXTURE_SETUP(host)
{
	make_root(self->root, sizeof(self->root));
	ctprof_snapshot__init(&self->s);
	ctprof_snapshot__init(&self->again);
}

FIXTURE_TEARDOWN(host)
{
	ctprof_snapshot__free(&self->s);
	ctprof_snapshot__free(&self->again);
	remove_root(self->root);
}

static int capture(struct ctprof_snapshot *s, const char *root, bool smaps, struct ktstr_err *err)
{
	struct ctprof_capture_opts opts = { .root = root, .smaps = smaps };

	return ctprof_capture(s, &opts, err);
}

/* -1: the figure is not there */
static int64_t value(const struct ctprof_snapshot *s, size_t thread, int id)
{
	return thread < s->nr_threads && s->thread[thread].has[id] ? s->thread[thread].value[id] : -1;
}

static const char *text(const struct ctprof_snapshot *s, size_t thread, int id)
{
	return value(s, thread, id) < 0 ? "" : s->string[value(s, thread, id)];
}

TEST_F(host, a_host_without_proc_is_an_error)
{
	ASSERT_NE(0, capture(&self->s, self->root, false, &self->err));
	EXPECT_NE(NULL, strstr(self->err.msg, "/proc"));
}

TEST_F(host, a_proc_without_threads_is_an_error)
{
	put(self->root, "/proc/uptime", "1 1\n");
	ASSERT_EQ(-ENOENT, capture(&self->s, self->root, false, &self->err));
	EXPECT_NE(NULL, strstr(self->err.msg, "is it procfs?"));
}

TEST_F(host, threads_are_in_order_with_the_fields_of_stat)
{
	put_thread(self->root, 20, 20, "leader", 500);
	put_thread(self->root, 20, 9, "worker", 501);
	put_thread(self->root, 3, 3, "first", 5);
	ASSERT_EQ(0, capture(&self->s, self->root, false, &self->err));
	ASSERT_EQ(3, self->s.nr_threads);
	EXPECT_EQ(3, self->s.thread[0].tid);
	EXPECT_EQ(9, self->s.thread[1].tid);
	EXPECT_EQ(20, self->s.thread[2].tid);
	EXPECT_STREQ("leader", self->s.string[self->s.thread[1].pcomm]);
	EXPECT_STREQ("worker", self->s.string[self->s.thread[1].comm]);
	EXPECT_EQ(501, self->s.thread[1].start_ticks);
	EXPECT_EQ(70, value(&self->s, 1, CTPROF_minflt));
	EXPECT_EQ(3, value(&self->s, 1, CTPROF_majflt));
	EXPECT_EQ(11, value(&self->s, 1, CTPROF_utime_clock_ticks));
	EXPECT_EQ(7, value(&self->s, 1, CTPROF_stime_clock_ticks));
	EXPECT_EQ(20, value(&self->s, 1, CTPROF_priority));
	EXPECT_EQ(0, value(&self->s, 1, CTPROF_nice));
	EXPECT_EQ(3, value(&self->s, 1, CTPROF_processor));
	EXPECT_STREQ("S", text(&self->s, 1, CTPROF_state));
	EXPECT_STREQ("SCHED_OTHER", text(&self->s, 1, CTPROF_policy));
	/* of the process: the leader's only */
	EXPECT_EQ(2, value(&self->s, 2, CTPROF_nr_threads));
	EXPECT_EQ(-1, value(&self->s, 1, CTPROF_nr_threads));
	EXPECT_EQ(2, self->s.processes);
}

TEST_F(host, a_name_ends_at_the_last_parenthesis)
{
	put_thread(self->root, 7, 7, "a) R 1 (b\\n\xff", 1);
	ASSERT_EQ(0, capture(&self->s, self->root, false, &self->err));
	EXPECT_STREQ("a) R 1 (b\\n?", self->s.string[self->s.thread[0].comm]);
	EXPECT_EQ(70, value(&self->s, 0, CTPROF_minflt));
}

TEST_F(host, every_file_of_a_thread_has_its_figures)
{
	put_thread(self->root, 7, 7, "x", 1);
	put_of(self->root, 7, 7, "schedstat", "1000 2000 3\n");
	put_of(self->root, 7, 7, "status",
	       "Name:\tx\nVmHWM:\t    8 kB\nVmRSS:\t    4 kB\nCpus_allowed_list:\t0-3,8\n"
	       "voluntary_ctxt_switches:\t5\nnonvoluntary_ctxt_switches:\t6\n");
	put_of(self->root, 7, 7, "io", "rchar: 1\nwchar: 2\nsyscr: 3\nsyscw: 4\nread_bytes: 5\n"
	       "write_bytes: 6\ncancelled_write_bytes: 7\n");
	put_of(self->root, 7, 7, "sched",
	       "x (7, #threads: 1)\n-----\nse.nr_migrations   :    12\n"
	       "wait_sum       :    12.000345\nse.statistics.wait_max : 0.5\nsum_sleep_runtime : 3000\n"
	       "nr_wakeups : 9\nse.slice : 2800000\next.enabled : 1\n");
	put_of(self->root, 7, 7, "cgroup", "4:memory:/old\n0::/a/b\n");
	put(self->root, "/proc/7/smaps_rollup",
	    "55a-7ff ---p 00000000 00:00 0 [rollup]\nRss:  20 kB\nPss:  10 kB\n");
	ASSERT_EQ(0, capture(&self->s, self->root, true, &self->err));
	EXPECT_EQ(1000, value(&self->s, 0, CTPROF_run_time_ns));
	EXPECT_EQ(2000, value(&self->s, 0, CTPROF_wait_time_ns));
	EXPECT_EQ(3, value(&self->s, 0, CTPROF_timeslices));
	EXPECT_EQ(4096, value(&self->s, 0, CTPROF_rss_bytes));
	EXPECT_EQ(8192, value(&self->s, 0, CTPROF_rss_peak_bytes));
	EXPECT_STREQ("0-3,8", text(&self->s, 0, CTPROF_cpu_affinity));
	EXPECT_EQ(5, value(&self->s, 0, CTPROF_voluntary_csw));
	EXPECT_EQ(6, value(&self->s, 0, CTPROF_nonvoluntary_csw));
	EXPECT_EQ(7, value(&self->s, 0, CTPROF_cancelled_write_bytes));
	EXPECT_EQ(12, value(&self->s, 0, CTPROF_nr_migrations));
	EXPECT_EQ(12000345, value(&self->s, 0, CTPROF_wait_sum));
	EXPECT_EQ(500000, value(&self->s, 0, CTPROF_wait_max));
	EXPECT_EQ(3000, value(&self->s, 0, CTPROF_sleep_sum));
	EXPECT_EQ(9, value(&self->s, 0, CTPROF_nr_wakeups));
	EXPECT_EQ(-1, value(&self->s, 0, CTPROF_nr_wakeups_sync));
	EXPECT_EQ(2800000, value(&self->s, 0, CTPROF_fair_slice_ns));
	EXPECT_STREQ("1", text(&self->s, 0, CTPROF_ext_enabled));
	EXPECT_STREQ("/a/b", self->s.string[self->s.thread[0].cgroup]);
	EXPECT_EQ(20480, value(&self->s, 0, CTPROF_smaps_rss_bytes));
	EXPECT_EQ(10240, value(&self->s, 0, CTPROF_smaps_pss_bytes));
	EXPECT_EQ(0, self->s.unknown);
}

TEST_F(host, what_makes_no_sense_is_left_out_and_counted)
{
	put_thread(self->root, 7, 7, "x", 1);
	put_of(self->root, 7, 7, "schedstat", "1000 many\n");
	put_of(self->root, 7, 7, "sched",
	       "wait_sum : 0.-000500\nwait_max : -3.000000\nsleep_max :\nnr_wakeups : -4\n");
	put_of(self->root, 7, 7, "status", "Cpus_allowed_list:\t0-99999999\nVmRSS: 4 kB kB\n");
	ASSERT_EQ(0, capture(&self->s, self->root, false, &self->err));
	EXPECT_EQ(1000, value(&self->s, 0, CTPROF_run_time_ns));
	EXPECT_EQ(-1, value(&self->s, 0, CTPROF_wait_time_ns));
	EXPECT_EQ(-1, value(&self->s, 0, CTPROF_timeslices));
	EXPECT_EQ(-1, value(&self->s, 0, CTPROF_wait_sum));
	EXPECT_EQ(-1, value(&self->s, 0, CTPROF_wait_max));
	EXPECT_EQ(-1, value(&self->s, 0, CTPROF_cpu_affinity));
	EXPECT_EQ(-1, value(&self->s, 0, CTPROF_rss_bytes));
	EXPECT_EQ(7, self->s.unknown);
}

TEST_F(host, a_huge_number_is_the_largest_one)
{
	put_thread(self->root, 7, 7, "x", 1);
	put_of(self->root, 7, 7, "schedstat", "18446744073709551615 99999999999999999999999 1\n");
	ASSERT_EQ(0, capture(&self->s, self->root, false, &self->err));
	EXPECT_EQ(INT64_MAX, value(&self->s, 0, CTPROF_run_time_ns));
	EXPECT_EQ(INT64_MAX, value(&self->s, 0, CTPROF_wait_time_ns));
}

TEST_F(host, a_thread_that_ended_is_no_error)
{
	put_thread(self->root, 7, 7, "x", 1);
	put_of(self->root, 7, 8, "comm", "gone\n");	/* its stat is not there any more */
	put_of(self->root, 7, 9, "stat", "9 no parentheses\n");
	put(self->root, "/proc/11/comm", "gone\n");
	ASSERT_EQ(0, capture(&self->s, self->root, false, &self->err));
	EXPECT_EQ(1, self->s.nr_threads);
	EXPECT_EQ(3, self->s.gone);
}

TEST_F(host, a_file_that_cannot_be_read_counts)
{
	char path[128];

	put_thread(self->root, 7, 7, "x", 1);
	/* no permissions keep root out; a folder does, with EISDIR */
	snprintf(path, sizeof(path), "%s/proc/7/task/7/io", self->root);
	ASSERT_EQ(0, mkdir(path, 0755));
	ASSERT_EQ(0, capture(&self->s, self->root, false, &self->err));
	EXPECT_EQ(1, self->s.unreadable[CTPROF_IO]);
	EXPECT_EQ(0, self->s.unreadable[CTPROF_SCHED]);
	EXPECT_EQ(-1, value(&self->s, 0, CTPROF_rchar));
}

static int64_t figure(const struct ctprof_snapshot *s, const struct ctprof_figures *f, const char *name)
{
	for (size_t i = 0; i < f->nr; i++)
		if (!strcmp(s->string[f->figure[i].name], name))
			return f->figure[i].value;
	return -99;
}

TEST_F(host, cgroups_with_threads_are_read_once)
{
	put_thread(self->root, 7, 7, "x", 1);
	put_thread(self->root, 8, 8, "y", 1);
	put_of(self->root, 7, 7, "cgroup", "0::/a\n");
	put_of(self->root, 8, 8, "cgroup", "0::/a\n");
	put(self->root, "/proc/self/mountinfo",
	    "30 1 0:1 / / rw - ext4 /dev/x rw\n31 30 0:2 / /sys/fs/c\\040g rw,nosuid shared:4 - cgroup2 none rw\n");
	put(self->root, "/sys/fs/c g/a/cpu.stat", "usage_usec 12\nnr_throttled 3\nbad\nworse x\n");
	put(self->root, "/sys/fs/c g/a/cpu.max", "max 100000\n");
	put(self->root, "/sys/fs/c g/a/memory.current", "4096\n");
	put(self->root, "/sys/fs/c g/a/io.stat", "8:0 rbytes=1 wbytes=2\n8:16 rbytes=10 wbytes=20\n");
	put(self->root, "/sys/fs/c g/a/cpu.pressure", "some avg10=1.25 avg60=0.00 avg300=0.10 total=77\n");
	put(self->root, "/proc/pressure/io", "full avg10=0.50 avg60=0.00 avg300=0.00 total=5\n");
	ASSERT_EQ(0, capture(&self->s, self->root, false, &self->err));
	ASSERT_EQ(1, self->s.nr_cgroups);
	EXPECT_STREQ("/a", self->s.string[self->s.cgroup[0].path]);
	EXPECT_EQ(12, figure(&self->s, &self->s.cgroup[0].figures, "cpu.stat/usage_usec"));
	EXPECT_EQ(3, figure(&self->s, &self->s.cgroup[0].figures, "cpu.stat/nr_throttled"));
	EXPECT_EQ(CTPROF_NO_LIMIT, figure(&self->s, &self->s.cgroup[0].figures, "cpu.max/quota_usec"));
	EXPECT_EQ(100000, figure(&self->s, &self->s.cgroup[0].figures, "cpu.max/period_usec"));
	EXPECT_EQ(4096, figure(&self->s, &self->s.cgroup[0].figures, "memory.current"));
	EXPECT_EQ(11, figure(&self->s, &self->s.cgroup[0].figures, "io.stat/rbytes"));
	EXPECT_EQ(22, figure(&self->s, &self->s.cgroup[0].figures, "io.stat/wbytes"));
	EXPECT_EQ(125, figure(&self->s, &self->s.cgroup[0].figures, "cpu.pressure/some_avg10"));
	EXPECT_EQ(77, figure(&self->s, &self->s.cgroup[0].figures, "cpu.pressure/some_total"));
	EXPECT_EQ(50, figure(&self->s, &self->s.pressure, "io.pressure/full_avg10"));
	EXPECT_EQ(1, self->s.unknown);
}

TEST_F(host, a_cgroup_of_another_namespace_is_not_followed)
{
	put_thread(self->root, 7, 7, "x", 1);
	put_of(self->root, 7, 7, "cgroup", "0::/../a\n");
	put(self->root, "/proc/self/mountinfo", "31 30 0:2 / /cg/m rw - cgroup2 none rw\n");
	put(self->root, "/cg/a/memory.current", "4096\n");
	ASSERT_EQ(0, capture(&self->s, self->root, false, &self->err));
	ASSERT_EQ(1, self->s.nr_cgroups);
	EXPECT_EQ(0, self->s.cgroup[0].figures.nr);
}

/* A snapshot with every kind of value. */
static void put_all(const char *root)
{
	put_thread(root, 7, 7, "we\"ird\\ {name}", 1);
	put_of(root, 7, 7, "schedstat", "1000 2000 3\n");
	put_of(root, 7, 7, "status", "Cpus_allowed_list:\t0-3\n");
	put_of(root, 7, 7, "cgroup", "0::/a\n");
	put(root, "/proc/self/mountinfo", "31 30 0:2 / /cg rw - cgroup2 none rw\n");
	put(root, "/cg/a/memory.max", "max\n");
	put(root, "/proc/pressure/cpu", "some avg10=0.50 total=5\n");
	put(root, "/sys/kernel/sched_ext/state", "enabled\n");
	put(root, "/proc/sys/kernel/random/boot_id", "boot-1\n");
}

static bool same(const struct ctprof_snapshot *a, const struct ctprof_snapshot *b)
{
	for (int id = 0; id < CTPROF_NR_METRICS; id++) {
		if (a->thread[0].has[id] != b->thread[0].has[id])
			return false;
		if (!a->thread[0].has[id])
			continue;
		if (ctprof_form__is_text(ctprof_metrics[id].form) ?
		    strcmp(text(a, 0, id), text(b, 0, id)) != 0 :
		    a->thread[0].value[id] != b->thread[0].value[id])
			return false;
	}
	return true;
}

TEST_F(host, a_file_says_again_what_was_captured)
{
	static const char * const names[] = { "s.json", "s.zst" };
	char path[128];

	put_all(self->root);
	ASSERT_EQ(0, capture(&self->s, self->root, false, &self->err));
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s", self->root, names[i]);
		ASSERT_EQ(0, ctprof_file__write(&self->s, path, &self->err));
		ctprof_snapshot__free(&self->again);
		ASSERT_EQ(0, ctprof_file__read(&self->again, path, &self->err)) TH_LOG("%s", self->err.msg);
		ASSERT_EQ(1, self->again.nr_threads);
		EXPECT_TRUE(same(&self->s, &self->again));
		EXPECT_STREQ("we\"ird\\ {name}", self->again.string[self->again.thread[0].comm]);
		EXPECT_STREQ("boot-1", self->again.boot_id);
		EXPECT_EQ(self->s.unix_ns, self->again.unix_ns);
		ASSERT_EQ(1, self->again.nr_cgroups);
		EXPECT_EQ(CTPROF_NO_LIMIT,
			  figure(&self->again, &self->again.cgroup[0].figures, "memory.max"));
		EXPECT_EQ(50, figure(&self->again, &self->again.pressure, "cpu.pressure/some_avg10"));
		EXPECT_STREQ("enabled", ktstr_jnode__str(self->again.sched_ext, "state", ""));
	}
}

TEST_F(host, a_file_that_is_cut_off_is_refused_wherever_it_is_cut)
{
	char path[128], *data;
	size_t len;

	put_all(self->root);
	ASSERT_EQ(0, capture(&self->s, self->root, false, &self->err));
	snprintf(path, sizeof(path), "%s/s.zst", self->root);
	ASSERT_EQ(0, ctprof_file__write(&self->s, path, &self->err));
	data = ktstr_paths__read(path, 1 << 20, &len);
	ASSERT_NE(NULL, data);
	for (size_t cut = 0; cut < len; cut += 7) {
		self->err.msg[0] = '\0';
		ctprof_snapshot__free(&self->again);
		EXPECT_NE(0, ctprof_file__parse(&self->again, data, cut, &self->err));
		EXPECT_NE('\0', self->err.msg[0]);
		EXPECT_EQ(NULL, strchr(self->err.msg, '\n'));
	}
	free(data);
}

/* Some bits of a frame say nothing. */
TEST_F(host, a_packed_file_with_a_wrong_bit_is_refused_or_says_the_same)
{
	char path[128], *data;
	size_t len;

	put_all(self->root);
	ASSERT_EQ(0, capture(&self->s, self->root, false, &self->err));
	snprintf(path, sizeof(path), "%s/s.zst", self->root);
	ASSERT_EQ(0, ctprof_file__write(&self->s, path, &self->err));
	data = ktstr_paths__read(path, 1 << 20, &len);
	ASSERT_NE(NULL, data);
	for (size_t at = 0; at < len; at++) {
		data[at] ^= (char)(1 << at % 8);
		ctprof_snapshot__free(&self->again);
		if (!ctprof_file__parse(&self->again, data, len, &self->err))
			EXPECT_TRUE(self->again.nr_threads == 1 && same(&self->s, &self->again))
				TH_LOG("byte %zu", at);
		data[at] ^= (char)(1 << at % 8);
	}
	ctprof_snapshot__free(&self->again);
	EXPECT_EQ(0, ctprof_file__parse(&self->again, data, len, &self->err));
	free(data);
}

TEST_F(host, foreign_files_are_refused_with_a_reason)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{ "", "value" },
		{ "[]", "schema is missing" },
		{ "{ \"schema\": \"x\" }", "schema is x" },
		{ "{ \"schema\": \"ktstr.ctprof\", \"version\": 2 }", "version 2" },
		{ "{ \"schema\": \"ktstr.ctprof\", \"version\": 1 }", "no threads" },
		{ "{ \"schema\": \"ktstr.ctprof\", \"version\": 1, \"threads\": [ 1 ] }", "thread 1" },
		{ "{ \"schema\": \"ktstr.ctprof\", \"version\": 1, \"ticks_per_s\": 0, \"threads\": [ 1 ] }",
		  "ticks_per_s" },
		{ "{ \"schema\": \"ktstr.ctprof\", \"version\": 1, \"threads\": [ { \"tid\": 1, \"tgid\": 1, \"comm\": \"x\", \"run_time_ns\": -1 } ] }",
		  "run_time_ns" },
		{ "{ \"schema\": \"ktstr.ctprof\", \"version\": 1, \"threads\": [ { \"tid\": 1, \"tgid\": 1, \"comm\": \"x\", \"cpu_affinity\": \"3-1\" } ] }",
		  "cpu_affinity" },
		{ "{ \"schema\": \"ktstr.ctprof\", \"version\": 1, \"pressure\": { \"x\": 1.5 }, \"threads\": [ 1 ] }",
		  "'x' of the host" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		ctprof_snapshot__free(&self->s);
		EXPECT_EQ(-EBADMSG, ctprof_file__parse(&self->s, rows[i].text, strlen(rows[i].text),
						       &self->err));
		EXPECT_NE(NULL, strstr(self->err.msg, rows[i].why)) TH_LOG("%s: %s", rows[i].text,
									  self->err.msg);
	}
}

TEST_F(host, keys_of_newer_tools_are_ignored)
{
	static const char file[] =
		"{ \"schema\": \"ktstr.ctprof\", \"version\": 1, \"future\": [ {} ], \"threads\": [\n"
		"{ \"tid\": 5, \"tgid\": 5, \"comm\": \"x\", \"warp\": 9, \"run_time_ns\": null, \"timeslices\": 4 } ] }";

	ASSERT_EQ(0, ctprof_file__parse(&self->s, file, strlen(file), &self->err));
	EXPECT_EQ(4, value(&self->s, 0, CTPROF_timeslices));
	EXPECT_EQ(-1, value(&self->s, 0, CTPROF_run_time_ns));
}

/* What a kernel answers: a message of generic netlink with the pair of a pid and its statistics. */
struct answer {
	struct nlmsghdr h;
	struct genlmsghdr g;
	struct nlattr pair, pid;
	uint32_t tid;
	struct nlattr stats;
	char data[560];
};

static struct answer make_answer(int32_t tid, uint16_t version)
{
	struct answer a = {
		.h = { .nlmsg_len = sizeof(a), .nlmsg_type = 27 },
		.pair = { sizeof(a) - sizeof(a.h) - sizeof(a.g), TASKSTATS_TYPE_AGGR_PID },
		.pid = { 8, TASKSTATS_TYPE_PID }, .tid = (uint32_t)tid,
		.stats = { sizeof(a.data) + 4, TASKSTATS_TYPE_STATS },
	};

	memcpy(a.data, &version, sizeof(version));
	return a;
}

TEST(taskstats_of_the_thread_that_was_asked_for)
{
	struct answer a = make_answer(42, 16);
	const void *stats;
	uint64_t v = 77;
	size_t len;

	memcpy(a.data + 16, &v, sizeof(v));
	ASSERT_EQ(0, ctprof_taskstats__parse(&a, sizeof(a), 42, &stats, &len));
	EXPECT_TRUE(ctprof_taskstats__u64(stats, len, 16, &v));
	EXPECT_EQ(77, v);
	EXPECT_FALSE(ctprof_taskstats__u64(stats, len, 560, &v));
	EXPECT_FALSE(ctprof_taskstats__u64(stats, len, SIZE_MAX - 3, &v));
	EXPECT_EQ(-EPROTO, ctprof_taskstats__parse(&a, sizeof(a), 43, &stats, &len));
	a = make_answer(42, 15);
	EXPECT_EQ(-EPROTO, ctprof_taskstats__parse(&a, sizeof(a), 42, &stats, &len));
}

TEST(taskstats_lengths_are_checked)
{
	const void *stats;
	size_t len;

	for (size_t n = 0; n < sizeof(struct answer); n++) {
		struct answer a = make_answer(42, 16);
		char *exact = malloc(n ?: 1);

		memcpy(exact, &a, n);
		EXPECT_EQ(-EPROTO, ctprof_taskstats__parse(exact, n, 42, &stats, &len));
		free(exact);
	}
	for (uint32_t bad = sizeof(((struct answer *)0)->data) + NLA_HDRLEN + 1; bad <= UINT16_MAX; bad += 251) {
		struct answer a = make_answer(42, 16);

		a.stats.nla_len = (uint16_t)bad;
		EXPECT_EQ(-EPROTO, ctprof_taskstats__parse(&a, sizeof(a), 42, &stats, &len));
	}
	for (uint16_t bad = 0; bad < NLA_HDRLEN; bad++) {
		struct answer a = make_answer(42, 16);

		a.stats.nla_len = bad;
		EXPECT_EQ(-EPROTO, ctprof_taskstats__parse(&a, sizeof(a), 42, &stats, &len));
	}
}

/* The rows have numbers, because the header of the host may be older than its kernel. */
TEST(taskstats_offsets_are_those_of_the_header)
{
	EXPECT_EQ(offsetof(struct taskstats, cpu_count), ctprof_metrics[CTPROF_cpu_delay_count].field);
	EXPECT_EQ(offsetof(struct taskstats, cpu_delay_total),
		  ctprof_metrics[CTPROF_cpu_delay_total_ns].field);
	EXPECT_EQ(offsetof(struct taskstats, blkio_count), ctprof_metrics[CTPROF_blkio_delay_count].field);
	EXPECT_EQ(offsetof(struct taskstats, swapin_count),
		  ctprof_metrics[CTPROF_swapin_delay_count].field);
	EXPECT_EQ(offsetof(struct taskstats, freepages_count),
		  ctprof_metrics[CTPROF_freepages_delay_count].field);
	EXPECT_EQ(offsetof(struct taskstats, thrashing_count),
		  ctprof_metrics[CTPROF_thrashing_delay_count].field);
	EXPECT_EQ(offsetof(struct taskstats, compact_count),
		  ctprof_metrics[CTPROF_compact_delay_count].field);
	EXPECT_EQ(offsetof(struct taskstats, hiwater_rss), ctprof_metrics[CTPROF_hiwater_rss_bytes].field);
	EXPECT_EQ(offsetof(struct taskstats, hiwater_vm), ctprof_metrics[CTPROF_hiwater_vm_bytes].field);
#if TASKSTATS_VERSION >= 14
	EXPECT_EQ(offsetof(struct taskstats, wpcopy_count),
		  ctprof_metrics[CTPROF_wpcopy_delay_count].field);
	EXPECT_EQ(offsetof(struct taskstats, irq_count), ctprof_metrics[CTPROF_irq_delay_count].field);
#endif
#if TASKSTATS_VERSION >= 16
	EXPECT_EQ(offsetof(struct taskstats, cpu_delay_max), ctprof_metrics[CTPROF_cpu_delay_max_ns].field);
	EXPECT_EQ(offsetof(struct taskstats, cpu_delay_min), ctprof_metrics[CTPROF_cpu_delay_min_ns].field);
	EXPECT_EQ(offsetof(struct taskstats, irq_delay_max), ctprof_metrics[CTPROF_irq_delay_max_ns].field);
	EXPECT_EQ(offsetof(struct taskstats, irq_delay_min), ctprof_metrics[CTPROF_irq_delay_min_ns].field);
#endif
}

TEST_HARNESS_MAIN
