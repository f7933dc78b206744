// SPDX-License-Identifier: GPL-2.0
/*
 * Promises of harness/dump/{text,file}.h: the first screen names the task that waits, why, and the
 * queue; a file that is no dump is refused; two dumps are compared by what things are.
 */
#include "kselftest_harness.h"

#include <errno.h>
#include <stdlib.h>

#include "harness/dump/file.h"
#include "harness/dump/text.h"

/* A task in the queue of another CPU than it may use, one that is lost, and one that runs. */
#define REPORT(_msg, _extra)								\
	"{\"schema\":\"single\",\"trigger\":\"scx_error\",\"guest_time_ns\":2500000000,"	\
	"\"scx_sched_state\":{\"ops\":\"mine\",\"exit_kind\":1026},"			\
	"\"exit_info\":{\"kind\":1026,\"kind_name\":\"SCX_EXIT_ERROR_STALL\","		\
	"\"reason\":\"runnable task stall\",\"msg\":\"" _msg "\"},"			\
	"\"rq_scx_states\":["								\
	"{\"cpu\":0,\"idle\":true,\"curr_comm\":\"swapper/0\",\"curr_pid\":0},"		\
	"{\"cpu\":1,\"idle\":false,\"curr_comm\":\"hog\",\"curr_pid\":9}],"		\
	"\"dsq_states\":["								\
	"{\"id\":\"0x7\",\"origin\":\"user\",\"kva\":700,\"nr\":2,\"tasks\":[\"first[3]\",\"late[5]\"]},"	\
	"{\"id\":\"0x8000000000000002\",\"origin\":\"local cpu 1\",\"kva\":800,\"nr\":1,\"tasks\":[\"tied[6]\"]}],"	\
	"\"task_enrichments\":["							\
	"{\"pid\":9,\"comm\":\"hog\",\"waiting\":false,\"running\":true},"		\
	"{\"pid\":5,\"comm\":\"late\",\"waiting\":true,\"runnable_for_ms\":900,\"cpus_allowed\":\"0-1\","	\
	"\"sched_class\":\"ext\",\"dsq_kva\":700,\"ops_state\":\"QUEUED\",\"cgroup\":\"/a\"},"	\
	"{\"pid\":4,\"comm\":\"lost\",\"waiting\":true,\"runnable_for_ms\":800,\"cpus_allowed\":\"1\","	\
	"\"sched_class\":\"ext\",\"dsq_kva\":0,\"ops_state\":\"QUEUED\",\"cgroup\":\"/b\"},"	\
	"{\"pid\":6,\"comm\":\"tied\",\"waiting\":true,\"runnable_for_ms\":700,\"cpus_allowed\":\"0\","	\
	"\"sched_class\":\"ext\",\"dsq_kva\":800}],"					\
	"\"maps\":[{\"name\":\"ctx\",\"map_type\":\"task_storage\",\"entries\":["		\
	"{\"owner\":\"lost[4]\",\"value\":{\"kind\":\"uint\",\"value\":77}}]},"		\
	"{\"name\":\"by_pid\",\"map_type\":\"hash\",\"entries\":["				\
	"{\"key\":{\"kind\":\"int\",\"value\":4},\"value\":{\"kind\":\"uint\",\"value\":88}}]}]" _extra "}"

FIXTURE(text) {
	struct ktstr_dump_file d;
	struct ktstr_err err;
	char *text;
};

FIXTURE_SETUP(text)
{
}

FIXTURE_TEARDOWN(text)
{
	ktstr_dump_file__close(&self->d);
	free(self->text);
}

static int parse(FIXTURE_DATA(text) *self, const char *json)
{
	ktstr_dump_file__close(&self->d);
	return ktstr_dump_file__parse(&self->d, json, strlen(json), &self->err);
}

static const char *screen(FIXTURE_DATA(text) *self, const char *json)
{
	size_t len;
	FILE *f;

	if (parse(self, json))
		return self->err.msg;
	free(self->text);
	f = open_memstream(&self->text, &len);
	ktstr_dump_text__screen(self->d.report, true, f);
	fclose(f);
	return self->text;
}

#define EXPECT_SAYS(_text, _what)						\
	EXPECT_NE(NULL, strstr(_text, _what)) {				\
		TH_LOG("%s", _text);						\
	}

TEST_F(text, the_task_that_waits_longest_comes_first)
{
	const char *t = screen(self, REPORT("", ""));

	EXPECT_SAYS(t, "scheduler mine at 2.500 s of guest time, dumped because of scx_error\n");
	EXPECT_SAYS(t, "waits longest: late[5], runnable for 900 ms");
	EXPECT_SAYS(t, "it is number 2 of 2 in DSQ 0x7, behind first[3]\n");
	EXPECT_SAYS(t, "it may run on CPUs 0-1; idle: 0; busy: 1 (hog[9])\n");
	EXPECT_SAYS(t, "suspect: DSQ 0x7: CPUs that may run the task are idle and do not take from it");
	EXPECT_SAYS(t, "3 tasks wait:\n     900 ms  late[5], 2 of 2 in DSQ 0x7, CPUs 0-1\n");
}

TEST_F(text, the_kernels_message_names_the_task)
{
	const char *t = screen(self, REPORT("lost[4] failed to run for 30.5s", ""));

	EXPECT_SAYS(t, "SCX_EXIT_ERROR_STALL: runnable task stall: lost[4] failed to run for 30.5s");
	EXPECT_SAYS(t, "waits longest: lost[4]");
	EXPECT_SAYS(t, "it is in no queue: ops.enqueue() has taken it");
	EXPECT_SAYS(t, "suspect: ops.enqueue(): the scheduler keeps the task, or has lost it");
	EXPECT_SAYS(t, "ctx[lost[4]] = 77\n");
	EXPECT_SAYS(t, "by_pid[4] = 88\n");
}

TEST_F(text, a_queue_of_a_cpu_that_is_forbidden_is_the_suspect)
{
	const char *t = screen(self, REPORT("x]tied[6] failed to run for 1s", ""));

	EXPECT_SAYS(t, "it is number 1 of 1 in the local cpu 1 DSQ\n");
	EXPECT_SAYS(t, "suspect: the local cpu 1 DSQ: the task may not run on CPU 1\n");
}

TEST_F(text, who_keeps_a_cpu_is_the_suspect)
{
	const char *t = screen(self,
		"{\"schema\":\"single\",\"rq_scx_states\":[{\"cpu\":1,\"idle\":false,\"curr_comm\":\"hog\",\"curr_pid\":9}],"
		"\"dsq_states\":[{\"id\":\"0x8\",\"origin\":\"local cpu 1\",\"kva\":8,\"nr\":1,\"tasks\":[\"tied[6]\"]}],"
		"\"task_enrichments\":[{\"pid\":9,\"comm\":\"hog\",\"scx_slice\":18446744073709551615},"
		"{\"pid\":6,\"comm\":\"tied\",\"waiting\":true,\"runnable_for_ms\":700,\"cpus_allowed\":\"0-1\","
		"\"sched_class\":\"ext\",\"dsq_kva\":8}],"
		"\"maps\":[{\"name\":\"slots\",\"map_type\":\"hash\",\"max_entries\":2,\"entries\":[{},{}]},"
		"{\"name\":\"cache\",\"map_type\":\"lru_hash\",\"max_entries\":2,\"entries\":[{},{}]}]}");

	EXPECT_SAYS(t, "suspect: hog[9], which keeps CPU 1 from the local cpu 1 DSQ: its slice never ends\n");
	EXPECT_SAYS(t, "full: the map slots has 2 of 2 entries\n");
	EXPECT_EQ(NULL, strstr(t, "cache"));
}

/* A worker at the end of its queue; @ahead_ms: for so long the one ahead of it has waited. */
#define QUEUED_UP(_ahead_ms, _vtimes)						\
	"{\"schema\":\"single\",\"rq_scx_states\":[{\"cpu\":0,\"idle\":false,\"curr_comm\":\"hog\",\"curr_pid\":9}],"	\
	"\"dsq_states\":[{\"id\":\"0x7\",\"origin\":\"user\",\"kva\":700,\"nr\":2,\"tasks\":[\"ahead[3]\",\"late[5]\"]}]," \
	"\"task_enrichments\":["						\
	"{\"pid\":3,\"comm\":\"ahead\",\"waiting\":true,\"runnable_for_ms\":" _ahead_ms ",\"cpus_allowed\":\"0\","	\
	"\"sched_class\":\"ext\",\"dsq_kva\":700" _vtimes "},"			\
	"{\"pid\":5,\"comm\":\"late\",\"waiting\":true,\"runnable_for_ms\":3000,\"cpus_allowed\":\"0\","	\
	"\"sched_class\":\"ext\",\"dsq_kva\":700,\"scx_dsq_vtime\":90}]}"

TEST_F(text, the_order_of_a_queue_is_the_suspect_where_others_overtake)
{
	EXPECT_SAYS(screen(self, QUEUED_UP("100", "")),
		    "suspect: the order of DSQ 0x7: 1 task of those ahead came later, such as ahead[3] (dsq_vtime 0, this one's is 90)\n");
	EXPECT_SAYS(screen(self, QUEUED_UP("2900", ",\"scx_dsq_vtime\":80")),
		    "suspect: DSQ 0x7: the CPUs that may run the task take others, not from it\n");
}

TEST_F(text, nonsense_in_a_file_reaches_no_terminal)
{
	static const char * const odd[] = {
		"{\"schema\":\"single\"}",
		"{\"schema\":\"single\",\"maps\":7,\"task_enrichments\":{\"a\":1},\"dsq_states\":[1,null]}",
		"{\"schema\":\"single\",\"task_enrichments\":[{\"waiting\":true,\"comm\":\"\\u001b[31m\",\"cpus_allowed\":\"0-99999999999,7-\"}]}",
		"{\"schema\":\"single\",\"maps\":[{\"name\":\"\\u0007\",\"value\":{\"kind\":\"struct\",\"members\":[{\"name\":\"\\u001b\"}]}}]}",
		"{\"schema\":\"single\",\"exit_info\":{\"kind\":1,\"msg\":\"] failed to run\"}}",
	};
	size_t len;
	FILE *f;

	for (size_t i = 0; i < ARRAY_SIZE(odd); i++) {
		ASSERT_EQ(0, parse(self, odd[i]));
		free(self->text);
		f = open_memstream(&self->text, &len);
		ktstr_dump_text__all(self->d.report, f);
		fclose(f);
		EXPECT_EQ(NULL, strchr(self->text, '\x1b'));
		EXPECT_EQ(NULL, strchr(self->text, '\a'));
	}
}

TEST_F(text, what_is_no_dump_is_refused)
{
	EXPECT_EQ(-EBADMSG, parse(self, "[]"));
	EXPECT_SAYS(self->err.msg, "no dump");
	EXPECT_EQ(-EBADMSG, parse(self, "{\"schema\":\"tripled\"}"));
	EXPECT_SAYS(self->err.msg, "unknown schema: tripled");
	EXPECT_EQ(-EBADMSG, parse(self, "{\"schema\":\"dual\",\"early\":{}}"));
	EXPECT_SAYS(self->err.msg, "no \"late\" report");
	EXPECT_EQ(0, parse(self, "{\"schema\":\"dual\",\"early\":{},\"late\":{}}"));
	EXPECT_NE(NULL, self->d.early);
	EXPECT_EQ(0, parse(self, "{\"schema\":\"degraded\",\"reason\":\"x\"}"));
	EXPECT_EQ(NULL, self->d.report);
	EXPECT_EQ(-ENOENT, ktstr_dump_file__open(&self->d, "/nonexistent/file", &self->err));
}

TEST_F(text, differences_are_between_the_same_things)
{
	struct ktstr_dump_file other;
	const char *json = REPORT("", ""), *changed = REPORT("now", ",\"more\":1");
	size_t len;
	FILE *f;

	ASSERT_EQ(0, parse(self, json));
	ASSERT_EQ(0, ktstr_dump_file__parse(&other, changed, strlen(changed), &self->err));
	f = open_memstream(&self->text, &len);
	EXPECT_EQ(0, ktstr_dump_file__diff(self->d.root, self->d.root, f));
	EXPECT_EQ(2, ktstr_dump_file__diff(self->d.root, other.root, f));
	fclose(f);
	EXPECT_STREQ("exit_info.msg:  -> now\nmore: (not there) -> 1\n", self->text);
	ktstr_dump_file__close(&other);
}

TEST_F(text, elements_are_matched_by_what_they_are)
{
	static const char a[] =
		"{\"schema\":\"single\",\"task_enrichments\":[{\"pid\":1,\"prio\":5},{\"pid\":2,\"prio\":6}],"
		"\"maps\":[{\"name\":\"m\",\"value\":{\"kind\":\"struct\",\"members\":["
		"{\"name\":\"x\",\"value\":{\"kind\":\"uint\",\"value\":1}},"
		"{\"name\":\"y\",\"value\":{\"kind\":\"uint\",\"value\":2}}]}}]}";
	static const char b[] =
		"{\"schema\":\"single\",\"task_enrichments\":[{\"pid\":2,\"prio\":7},{\"pid\":3,\"prio\":5}],"
		"\"maps\":[{\"name\":\"m\",\"value\":{\"kind\":\"struct\",\"members\":["
		"{\"name\":\"x\",\"value\":{\"kind\":\"uint\",\"value\":1}},"
		"{\"name\":\"y\",\"value\":{\"kind\":\"uint\",\"value\":9}}]}}]}";
	struct ktstr_dump_file other;
	size_t len;
	FILE *f;

	ASSERT_EQ(0, parse(self, a));
	ASSERT_EQ(0, ktstr_dump_file__parse(&other, b, strlen(b), &self->err));
	f = open_memstream(&self->text, &len);
	EXPECT_EQ(4, ktstr_dump_file__diff(self->d.root, other.root, f));
	fclose(f);
	EXPECT_STREQ("task_enrichments[1]: (2 members) -> (not there)\n"
		     "task_enrichments[2].prio: 6 -> 7\n"
		     "task_enrichments[3]: (not there) -> (2 members)\n"
		     "maps[m].value.y: 2 -> 9\n", self->text);
	ktstr_dump_file__close(&other);
}

TEST_HARNESS_MAIN
