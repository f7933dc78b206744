// SPDX-License-Identifier: GPL-2.0
/*
 * Promises of harness/report/sidecar.c (docs/reports.md): one file a variant, every key always
 * there, unknown is null and not zero, and nothing of the host outside "host".
 */
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "kselftest_harness.h"

#include <ktstr.h>

#include "lib/paths.h"
#include "harness/devices/devices.h"
#include "harness/model/part.h"
#include "harness/model/seen.h"
#include "harness/plan/plan.h"
#include "harness/report/sidecar.h"

FIXTURE(sidecar) {
	struct ktstr_test test;
	struct ktstr_plan plan;
	struct ktstr_run run;
	char dir[64];
	char *text;
};

FIXTURE_SETUP(sidecar)
{
	static const struct ktstr_test unset = { KTSTR_TEST_UNSET, .name = "my_test" };

	unsetenv("KTSTR_SIDECAR_DIR");
	unsetenv("KTSTR_CI");
	strcpy(self->dir, "/tmp/ktstr-sidecar-test-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	self->test = unset;
	self->plan.test = &self->test;
	self->plan.topo = (struct ktstr_topology) { 1, 2, 4, 1 };
	self->run.plan = &self->plan;
	self->run.opts.seed = 7;
	self->run.opts.shift = VM_SHIFT_AUTO;
	self->run.shift = VM_SHIFT_AUTO;
	self->run.opts.run_id = "r1";
	self->run.accel = VM_ACCEL_TCG;
	self->run.kernel.release = "7.3.4";
	self->run.dir = self->dir;
	self->run.verdict = KTSTR_FAIL;
	self->run.raw = KTSTR_FAIL;
	self->run.result = ktstr_result__new();
	self->run.seen = ktstr_seen__new();
	ASSERT_NE(NULL, self->run.seen);
	ASSERT_EQ(0, ktstr_parts__init(&self->run));
}

FIXTURE_TEARDOWN(sidecar)
{
	ktstr_parts__free(&self->run);
	ktstr_result__free(self->run.result);
	ktstr_seen__free(self->run.seen);
	free(self->text);
	rmdir(self->dir);
}

#define MAKE() do {								\
	free(self->text);							\
	self->text = ktstr_sidecar__text(&self->run);				\
	ASSERT_NE(NULL, self->text);						\
} while (0)
#define HAS(_part) \
	EXPECT_NE(NULL, strstr(self->text, _part)) TH_LOG("in: %s", self->text)

TEST_F(sidecar, every_key_is_there_even_when_nothing_happened)
{
	static const char * const keys[] = {
		"test_name", "topology", "scheduler", "scheduler_commit", "project_commit",
		"kernel_commit", "payload", "metrics", "passed", "skipped", "inconclusive",
		"stats", "monitor", "stimulus_events", "work_type", "active_flags",
		"verifier_stats", "kvm_stats", "devices", "sysctls", "kargs", "extra_kargs", "kernel_version",
		"timestamp", "run_id", "host", "cleanup_duration_ms", "run_source", "verdict",
		"raw_verdict", "expected", "kinds", "seed", "accel", "shift", "deterministic",
		"guest_boot_ns", "guest_total_ns", "details", "scx_error", "total_workers",
		"scheduler_declared", "scheduler_args", "scheduler_build_id", "scheduler_hash",
		"scheduler_path", "programs", "program_paths", "worst_page_locality", "ext_metrics", "stalls", "payload_outputs", "perf_delta_assertions", "stall_poll_ms", "dropped_stalls",
	};
	char key[64];
	size_t i;

	MAKE();
	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		snprintf(key, sizeof(key), "\"%s\": ", keys[i]);
		EXPECT_NE(NULL, strstr(self->text, key)) TH_LOG("no key %s", keys[i]);
	}
	HAS("\"topology\": \"1n2l4c1t\"");
	HAS("\"scheduler\": \"eevdf\"");
	HAS("\"scheduler_hash\": null");
	HAS("\"shift\": null");
	HAS("\"total_workers\": null");		/* nothing was measured: not zero */
	HAS("\"guest_total_ns\": null");
}

TEST_F(sidecar, counters_of_devices_are_numbers_or_null_but_never_made_up)
{
	static const struct ktstr_disk disk = { KTSTR_DISK_UNSET };
	struct ktstr_devices *d = ktstr_part__state(&self->run, &ktstr_devices_part);

	self->test.disk = &disk;
	MAKE();
	HAS("\"disk\": null");
	d->counts.nr = 1;
	d->counts.value[0][4] = 4096;
	MAKE();
	HAS("\"written_bytes\": 4096");
	HAS("\"delayed\": 0");
}

TEST_F(sidecar, how_the_machine_started_and_who_unpacked_its_kernel_is_said)
{
	MAKE();
	HAS("\"start\": null");
	HAS("\"kernel_unpacked\": null");
	HAS("\"unpack_note\": null");
	self->run.booted = true;
	strcpy(self->run.unpack_note, "no room");
	MAKE();
	HAS("\"start\": \"boot\"");
	HAS("\"kernel_unpacked\": \"guest\"");
	HAS("\"unpack_note\": \"no room\"");
	self->run.unpack_note[0] = '\0';
	self->run.unpacked = true;
	strcpy(self->run.image, "286dc239");
	MAKE();
	HAS("\"start\": \"image\"");
	HAS("\"kernel_unpacked\": \"host\"");
}

TEST_F(sidecar, the_final_the_raw_and_the_expected_verdict_are_told_apart)
{
	self->plan.expect_err = true;
	self->test.expect_kind = KTSTR_GUEST_PANIC;
	self->run.raw = KTSTR_FAIL;
	self->run.verdict = KTSTR_PASS;
	ktstr_result__add(self->run.result, KTSTR_FAILS, KTSTR_GUEST_PANIC, "it \"died\"");
	MAKE();
	HAS("\"passed\": true");
	HAS("\"verdict\": \"pass\"");
	HAS("\"raw_verdict\": \"fail\"");
	HAS("\"expect_err\": true");
	HAS("\"text\": \"it \\\"died\\\"\"");
}

TEST_F(sidecar, latencies_that_nobody_sampled_are_null_and_others_are_numbers)
{
	static const char * const keys[] = {
		"p99_wake_latency_us", "median_wake_latency_us", "wake_latency_cv",
		"wake_latency_tail_ratio", "page_locality", "cross_node_migration_ratio",
		"worst_p99_wake_latency_us", "worst_median_wake_latency_us",
		"worst_wake_latency_cv", "worst_wake_latency_tail_ratio", "worst_page_locality",
		"worst_cross_node_migration_ratio",
	};
	struct ktstr_cgroup_stats *c = self->run.result->cgroups;
	char line[96];
	size_t i;

	self->run.result->nr_cgroups = 1;
	strcpy(c->name, "cg_a");
	c->workers = 2;
	self->text = ktstr_sidecar__text(&self->run);
	ASSERT_NE(NULL, self->text);
	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		snprintf(line, sizeof(line), "\"%s\": null", keys[i]);
		HAS(line);
	}
	HAS("\"avg_off_cpu_pct\": null");	/* no wall time */
	HAS("\"mean_run_delay_us\": null");	/* no schedstat */
	HAS("\"worst_run_delay_us\": null");
	HAS("\"worst_spread\": null");
	free(self->text);

	c->samples[KTSTR_SAMPLES_WAKE] = (struct ktstr_sample_stats){
		.total = 200, .kept = 100, .median_us = 2, .p99_us = 8, .max_us = 9,
		.mean_us = 3, .cv = 0.5 };
	c->iterations = 100;
	c->pages = 100;
	c->local_pages = 0;
	c->locality_known = 1;
	self->text = ktstr_sidecar__text(&self->run);
	ASSERT_NE(NULL, self->text);
	HAS("\"p99_wake_latency_us\": 8");
	HAS("\"median_wake_latency_us\": 2");
	HAS("\"wake_latency_cv\": 0.5");
	HAS("\"worst_wake_latency_tail_ratio\": 4");
	HAS("\"page_locality\": 0");		/* measured, and as bad as can be */
	HAS("\"worst_page_locality\": 0");
	HAS("\"total\": 200");
	HAS("\"kept\": 100");
}

TEST_F(sidecar, statistics_that_are_no_number_are_null)
{
	self->run.result->nr_cgroups = 1;
	strcpy(self->run.result->cgroups[0].name, "cg_a");
	self->run.result->cgroups[0].spread_pct = NAN;
	self->run.result->cgroups[0].workers = 3;
	MAKE();
	HAS("\"name\": \"cg_a\"");
	HAS("\"spread\": null");
	HAS("\"num_workers\": 3");
	HAS("\"total_workers\": 3");
}

TEST_F(sidecar, two_runs_that_differ_only_on_the_host_differ_only_under_host)
{
	struct ktstr_run other;
	char *second, *a, *b;

	MAKE();
	other = self->run;
	other.opts.run_id = "r2";
	other.dir = "/elsewhere";
	other.kernel.path = "/another/path";
	other.total_ns = other.boot_ns = other.setup_ns = other.cleanup_ns = 12345678901;
	other.restore_ns = other.archive_ns = 1234567;
	second = ktstr_sidecar__text(&other);
	ASSERT_NE(NULL, second);
	EXPECT_STRNE(self->text, second);
	a = strstr(self->text, "  \"host\": ");
	b = strstr(second, "  \"host\": ");
	ASSERT_NE(NULL, a);
	ASSERT_NE(NULL, b);
	*a = '\0';
	*b = '\0';
	EXPECT_STREQ(self->text, second);
	free(second);
}

TEST_F(sidecar, what_ran_is_what_is_recorded)
{
	const struct ktstr_scheduler s = {
		.name = "simple", .binary = "scx_simple", .args = KTSTR_STRS("-v", "a b"),
	};
	const struct ktstr_payload bench = {
		.name = "bench", .binary = "hackbench", .args = KTSTR_STRS("-l", "9"),
	};
	struct ktstr_program ran[] = {
		{ .role = KTSTR_PROGRAM_SCHEDULER, .of = &s, .name = "simple",
		  .declared = "scx_simple", .path = "/x/scx_mine", .build_id = "01ab", .hash = 7 },
		{ .role = KTSTR_PROGRAM_PAYLOAD, .of = &bench, .name = "bench",
		  .declared = "hackbench", .path = "/bin/hackbench", .hash = 8 },
	};

	self->plan.scheduler = &s;
	self->run.programs = ran;
	self->run.nr_programs = 2;
	MAKE();
	HAS("\"scheduler\": \"scx_mine\"");
	HAS("\"scheduler_declared\": \"scx_simple\"");
	HAS("\"scheduler_args\": [\n    \"-v\",\n    \"a b\"\n  ]");
	HAS("\"scheduler_build_id\": \"01ab\"");
	HAS("\"scheduler_hash\": \"0000000000000007\"");
	HAS("\"scheduler_path\": \"/x/scx_mine\"");
	HAS("\"role\": \"payload\"");
	HAS("\"file\": \"hackbench\"");
	HAS("\"hash\": \"0000000000000008\"");
	EXPECT_LT(strstr(self->text, "\"host\""), strstr(self->text, "/x/scx_mine"));
}

TEST_F(sidecar, the_name_tells_variants_apart)
{
	static const char * const args[] = { "-x", NULL };
	struct ktstr_scheduler s = { .name = "s", .binary = "scx_s" };
	struct ktstr_program ran = { .name = "s", .declared = "scx_s", .path = "/x/scx_s" };
	char first[256], name[256];

	ktstr_sidecar__name(&self->run, first, sizeof(first));
	EXPECT_EQ(0, strncmp(first, "my_test-", 8));
	EXPECT_EQ(strlen("my_test-") + 16 + strlen(".ktstr.json"), strlen(first));
#define DIFFERS() do {								\
	ktstr_sidecar__name(&self->run, name, sizeof(name));			\
	EXPECT_STRNE(first, name);						\
	strcpy(first, name);							\
} while (0)
	self->plan.topo.threads = 2;
	DIFFERS();
	self->run.kernel.release = "7.3.5";
	DIFFERS();
	self->plan.scheduler = &s;
	DIFFERS();
	s.args = args;
	DIFFERS();
	self->test.extra_sched_args = args;
	DIFFERS();
	self->run.programs = &ran;
	self->run.nr_programs = 1;
	ran.of = &s;
	DIFFERS();
	ran.path = "/x/scx_other";
	DIFFERS();
	strcpy(ran.build_id, "ab");
	DIFFERS();
	ran.hash = 1;
	DIFFERS();
	/* the same file is the same scheduler wherever it lies */
	ran.path = "/y/scx_other";
	ktstr_sidecar__name(&self->run, name, sizeof(name));
	EXPECT_STREQ(first, name);
	/* what is no part of the variant does not matter */
	self->run.opts.run_id = "r9";
	self->run.verdict = KTSTR_PASS;
	ktstr_sidecar__name(&self->run, name, sizeof(name));
	EXPECT_STREQ(first, name);
}

TEST_F(sidecar, it_is_written_whole_into_the_folder_that_was_asked_for)
{
	char sub[128], path[PATH_MAX], name[256], *text;
	struct ktstr_err err;

	snprintf(sub, sizeof(sub), "%s/a/b", self->dir);
	setenv("KTSTR_SIDECAR_DIR", sub, 1);
	ASSERT_EQ(0, ktstr_sidecar__write(&self->run, &err));
	ktstr_sidecar__name(&self->run, name, sizeof(name));
	snprintf(path, sizeof(path), "%s/%s", sub, name);
	text = ktstr_paths__read(path, 1 << 20, NULL);
	ASSERT_NE(NULL, text);
	EXPECT_STREQ("}\n", text + strlen(text) - 2);
	free(text);
	unlink(path);
	EXPECT_EQ(0, rmdir(sub)) TH_LOG("a temporary file is left");
	*strrchr(sub, '/') = '\0';
	rmdir(sub);
}

TEST_F(sidecar, parts_turns_and_kernel_parameters_of_a_run_are_there)
{
	static const char * const kargs[] = { "quiet", NULL };
	struct ktstr_stimulus *step = calloc(2, sizeof(*step));

	ASSERT_NE(NULL, step);
	self->plan.kargs = kargs;
	strcpy(step[0].what.part, "cgroup_steady");
	self->run.seen->stimuli = step;
	self->run.seen->nr_stimuli = 2;
	*ktstr_result__add_stall(self->run.result) = (struct ktstr_stall){
		.why = KTSTR_STALL_PASSED_OVER, .turns_per_s = 26,
	};
	*ktstr_result__add_stall(self->run.result) = (struct ktstr_stall){
		.why = KTSTR_STALL_WAITS,
	};
	MAKE();
	HAS("\"quiet\"");
	HAS("\"part\": \"cgroup_steady\"");
	HAS("\"part\": null");
	HAS("\"turns_per_s\": 26");
	HAS("\"turns_per_s\": null");
}

TEST_F(sidecar, a_metric_has_its_stream_and_its_run_and_a_run_its_exit_code)
{
	struct ktstr_ext_metric m = {
		.source = "bench", .name = "fps", .value = 58, .stream = KTSTR_METRIC_STDERR,
		.run = 1, .polarity = KTSTR_TARGET_IS_BETTER, .target = 60,
	};
	struct ktstr_msg_output o = { .run = 1, .stream = KTSTR_RUN_ENDED, .source = "bench",
				      .cut = 3 << 8 };

	ktstr_result__add_metric(self->run.result, &m);
	ktstr_outputs__add(&self->run.seen->outputs, &o, "", 0);
	o.run = 2;
	o.cut = 9;	/* SIGKILL */
	ktstr_outputs__add(&self->run.seen->outputs, &o, "", 0);
	MAKE();
	HAS("\"better\": \"target\",\n      \"target\": 60,\n      \"stream\": \"stderr\",\n      \"run\": 1\n");
	HAS("\"run\": 1,\n      \"failed\": false,\n      \"exit_code\": 3,");
	HAS("\"run\": 2,\n      \"failed\": false,\n      \"exit_code\": -1,");
	m = (struct ktstr_ext_metric){ .source = "Schbench", .name = "x", .value = 1 };
	self->run.result->nr_ext_metrics = 0;
	ktstr_result__add_metric(self->run.result, &m);
	MAKE();
	HAS("\"target\": null,\n      \"stream\": null,\n      \"run\": null\n");
}

TEST_HARNESS_MAIN
