// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel tree's own tests of sched_ext (tools/testing/selftests/sched_ext) in a guest. They
 * load schedulers of their own, some of which are to be ejected. `make scx_selftests` builds their
 * runner. They run only when asked for by name: upstream_sched_ext is all of them, upstream_WORD
 * those with that word in their names. Each is a sub-result. See docs/payloads.md.
 */
#include <ktstr.h>

/* The tree's example schedulers, for `ktstr verifier`. */
KTSTR_SCHEDULER(scx_simple, .binary = "scx_simple");
KTSTR_SCHEDULER(scx_flatcg, .binary = "scx_flatcg");
KTSTR_SCHEDULER(scx_central, .binary = "scx_central");
KTSTR_SCHEDULER(scx_cpu0, .binary = "scx_cpu0");
KTSTR_SCHEDULER(scx_pair, .binary = "scx_pair", .threads = 2);
KTSTR_SCHEDULER(scx_qmap, .binary = "scx_qmap");
KTSTR_SCHEDULER(scx_sdt, .binary = "scx_sdt");
KTSTR_SCHEDULER(scx_userland, .binary = "scx_userland");

static int run_upstream(struct ktstr_ctx *ctx)
{
	const struct ktstr_payload *runner = ktstr_main_payload(ctx);

	return ktstr_run(ctx, STEP(OPS(RUN_PAYLOAD(runner, NULL), WAIT_PAYLOAD(runner, NULL)),
				   HOLD_NONE));
}

#define UPSTREAM(_word, _duration_s, ...)					\
	KTSTR_TEST(upstream_##_word, .ignore = true, .cores = 4, .duration_s = (_duration_s), \
		   .payload = &(const struct ktstr_payload){			\
			.name = "scx_" #_word, .binary = "scx_selftests",	\
			.output = KTSTR_OUTPUT_KTAP, ##__VA_ARGS__ })

/* 33 tests */
UPSTREAM(sched_ext, 600) { return run_upstream(ctx); }

#define ONE(_word)	UPSTREAM(_word, 120, .args = KTSTR_STRS("-t", #_word))
ONE(create_dsq) { return run_upstream(ctx); }
ONE(dequeue) { return run_upstream(ctx); }
ONE(dequeue_iter) { return run_upstream(ctx); }
ONE(dequeue_remote) { return run_upstream(ctx); }
ONE(enq_last_no_enq_fails) { return run_upstream(ctx); }
ONE(ddsp_bogus_dsq_fail) { return run_upstream(ctx); }
ONE(ddsp_vtimelocal_fail) { return run_upstream(ctx); }
ONE(dsp_local_on) { return run_upstream(ctx); }
ONE(enable_cmask) { return run_upstream(ctx); }
ONE(enq_select_cpu) { return run_upstream(ctx); }
ONE(exit) { return run_upstream(ctx); }
ONE(hotplug) { return run_upstream(ctx); }
ONE(init_enable_count) { return run_upstream(ctx); }
ONE(maximal) { return run_upstream(ctx); }
ONE(maybe_null) { return run_upstream(ctx); }
ONE(minimal) { return run_upstream(ctx); }
ONE(non_scx_kfunc_deny) { return run_upstream(ctx); }
ONE(nohz_tick) { return run_upstream(ctx); }
ONE(numa) { return run_upstream(ctx); }
ONE(allowed_cpus) { return run_upstream(ctx); }
ONE(peek_dsq) { return run_upstream(ctx); }
ONE(prog_run) { return run_upstream(ctx); }
ONE(reload_loop) { return run_upstream(ctx); }
ONE(select_cpu_dfl) { return run_upstream(ctx); }
ONE(select_cpu_dfl_nodispatch) { return run_upstream(ctx); }
ONE(select_cpu_dispatch) { return run_upstream(ctx); }
ONE(select_cpu_dispatch_bad_dsq) { return run_upstream(ctx); }
ONE(select_cpu_dispatch_dbl_dsp) { return run_upstream(ctx); }
ONE(select_cpu_vtime) { return run_upstream(ctx); }
ONE(rt_stall) { return run_upstream(ctx); }
ONE(total_bw) { return run_upstream(ctx); }
ONE(cyclic_kick_wait) { return run_upstream(ctx); }
