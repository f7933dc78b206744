// SPDX-License-Identifier: GPL-2.0
/* Runs the body of a test in its process: see body.h. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ktstr/claim.h>

#include "body.h"
#include "harness/checks/checks.h"
#include "harness/guest/engine/hand/hand.h"
#include "lib/counters.h"
#include "internal.h"

#define SETTLE_NS	(NSEC_PER_SEC / 2)	/* of holds that let workers settle */

struct guest_shared *guest_shared__new(void)
{
	struct ktstr_result *fresh = ktstr_result__new();
	struct guest_shared *s;

	if (!fresh)
		return NULL;
	s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s != MAP_FAILED)
		s->result = *fresh;
	ktstr_result__free(fresh);
	return s == MAP_FAILED ? NULL : s;
}

void guest_shared__free(struct guest_shared *s)
{
	if (s)
		munmap(s, sizeof(*s));
}

bool guest_shared__complete(const struct guest_shared *s)
{
	return __atomic_load_n(&s->complete, __ATOMIC_ACQUIRE);
}

struct ktstr_result *guest_shared__result(const struct guest_shared *s)
{
	struct ktstr_result *r = ktstr_result__new();

	if (!r)
		return NULL;
	*r = s->result;
	ktstr_result__bound(r);
	return r;
}

void guest_shared__where(const struct guest_shared *s, char *buf, size_t size)
{
	static const char * const doing[KTSTR_NR_DOINGS] = {
		[KTSTR_DOING_OPS] = "carrying out its ops",
		[KTSTR_DOING_START] = "waiting for workers to be ready",
		[KTSTR_DOING_HOLD] = "letting workers work",
		[KTSTR_DOING_STOP] = "waiting for workers to stop",
		[KTSTR_DOING_KILL] = "waiting for killed workers to end",
		[KTSTR_DOING_REMOVE] = "waiting for cgroups to become empty",
	};
	uint32_t what = __atomic_load_n(&s->progress.doing, __ATOMIC_RELAXED);

	buf[0] = '\0';
	if (what < KTSTR_NR_DOINGS && doing[what])
		snprintf(buf, size, "step %u, %s, ", s->progress.step, doing[what]);
}

int guest_context__init(struct guest_context *c, const struct ktstr_test *test,
			const struct ktstr_guest_args *args, struct guest_shared *s,
			struct ktstr_err *err)
{
	char **check;

	memset(c, 0, sizeof(*c));
	c->ctx = (struct ktstr_ctx){
		.test = test,
		.topo = args->topo,
		.nr_cpus = (uint32_t)sysconf(_SC_NPROCESSORS_ONLN),
		.duration_ns = args->duration_s * NSEC_PER_SEC,
		.settle_ns = SETTLE_NS,
		.workers_per_cgroup = args->workers,
		.seed = args->seed,
		.time_scale = args->time_scale,
		.stall_poll_ms = args->stall_poll_ms,
		.sched_pidfd = -1,
		.cgroup_root = c->cgroup_root,
		.result = &s->result,
		.progress = &s->progress,
	};
	snprintf(c->cgroup_root, sizeof(c->cgroup_root), GUEST_CGROUP_MOUNT "%s",
		 args->cgroup_root);
	if (args->cgroup_walk) {
		snprintf(c->cgroup_walk, sizeof(c->cgroup_walk), GUEST_CGROUP_MOUNT "%s",
			 args->cgroup_walk);
		c->ctx.cgroup_walk = c->cgroup_walk;
	}
	if (args->work_type) {
		if (ktstr_work__find_type(args->work_type, &c->work.type))
			return ktstr_err(err, EINVAL, "there is no work type %s",
					 args->work_type);
		c->ctx.work_override = &c->work;
	}
	ktstr_checks__unset(&c->ctx.checks);
	for (check = args->checks; check && *check; check++)
		if (ktstr_checks__from_text(&c->ctx.checks, *check))
			return ktstr_err(err, EINVAL, "\"%s\" is no check", *check);
	/* used by the claims of a body that runs in this process */
	if (args->log_passes)
		setenv("KTSTR_LOG_PASSES", "1", 1);
	return 0;
}

/* Is the scheduler under test still attached? Otherwise add the failure for survives_storm. */
static void probe_survival(struct ktstr_ctx *ctx)
{
	struct pollfd p = { .fd = ctx->sched_pidfd, .events = POLLIN };
	char state[64];
	ssize_t len;

	if (p.fd < 0 && ctx->sched_generation) {
		ktstr_result__add(ctx->result, KTSTR_FAILS, KTSTR_SCHED_EXITED,
				  "survives_storm: the test detached its scheduler and did not attach one again");
		return;
	}
	if (p.fd >= 0 && poll(&p, 1, 0) > 0) {
		ktstr_result__add(ctx->result, KTSTR_FAILS, KTSTR_SCHED_EXITED,
				  "survives_storm: the scheduler process was gone when the test body returned");
		return;
	}
	/* PID 1 ends the wait for one that does not come back */
	while (ctx->sched_phase &&
	       __atomic_load_n(ctx->sched_phase, __ATOMIC_ACQUIRE) == KTSTR_SCHED_PHASE_RESTARTS)
		usleep(10000);
	len = guest_file__read(GUEST_SCX_STATE, state, sizeof(state));
	if (len < 0)
		ktstr_result__add(ctx->result, KTSTR_UNDECIDED, KTSTR_NO_DATA,
				  "survives_storm: cannot read " GUEST_SCX_STATE ": %s",
				  strerror((int)-len));
	else if (strcmp(state, "enabled"))
		ktstr_result__add(ctx->result, KTSTR_FAILS, KTSTR_SCHED_ERROR,
				  "survives_storm: the scheduler was no longer attached (sched_ext is %s) when the test body returned",
				  state);
	else
		ktstr_pass(ctx);
}

void guest_context__run(struct guest_context *c, struct guest_shared *s)
{
	struct ktstr_ctx *ctx = &c->ctx;
	int ret;

	ktstr_counters__forked();
	ret = ctx->test->body(ctx);
	ktstr_hand__close(ctx);
	if (ret > 0)
		ktstr_result__add(ctx->result, KTSTR_FAILS, KTSTR_INFRASTRUCTURE,
				  "body returned %d: neither 0 nor a negative errno", ret);
	else if (ret < 0 && !ctx->beyond_here)
		ktstr_result__add(ctx->result, KTSTR_FAILS, ktstr_result__errno_kind(ctx->result),
				  "body returned %d (%s)", ret, strerror(-ret));
	if (ctx->test->survives_storm == KTSTR_ON)
		probe_survival(ctx);
	s->ret = ret;
	fflush(NULL);
	__atomic_store_n(&s->complete, 1, __ATOMIC_RELEASE);
	ktstr_counters__save();
}

void guest_child__reset(void)
{
	struct sigaction dfl = { .sa_handler = SIG_DFL };
	sigset_t none;
	int sig;

	for (sig = 1; sig < NSIG; sig++)
		sigaction(sig, &dfl, NULL);	/* refused for a few, which cannot differ */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setpgid(0, 0);
}
