// SPDX-License-Identifier: GPL-2.0
/* Checks a scenario before the boot: see preview.h. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ktstr/machine.h>

#include "lib/status.h"
#include "harness/guest/cgroup/machine.h"
#include "harness/guest/init/body.h"
#include "harness/plan/plan.h"
#include "pack.h"
#include "preview.h"
#include "sandbox.h"

#define LIMIT_S	3	/* a body computes for less than that */

/* Both are shared with the child. */
struct preview {
	struct guest_shared *s;
	uint32_t *stage;
};

static int refuse_order(struct ktstr_ctx *ctx, enum ktstr_sched_order order, const char *name,
			struct ktstr_err *err)
{
	(void)ctx;
	(void)order;
	(void)name;
	return ktstr_err(err, ENOSYS, "nothing runs yet");
}

static int refuse_ask(struct ktstr_ctx *ctx, const struct ktstr_msg_ask *ask, const void *data,
		      size_t len, struct ktstr_answer *answer)
{
	(void)ctx;
	(void)ask;
	(void)data;
	(void)len;
	(void)answer;
	return -ENOSYS;
}

static void __attribute__((noreturn))
child(const struct ktstr_run *run, const struct ktstr_guest_args *args, const struct preview *p)
{
	const struct ktstr_plan *plan = run->plan;
	struct ktstr_preview preview = {
		.machine = ktstr_machine__of(&plan->topo, plan->nodes, plan->distances), .stage = p->stage,
	};
	static struct guest_context c;
	struct ktstr_err err;

	guest_child__reset();
	if (!preview.machine || guest_context__init(&c, plan->test, args, p->s, &err))
		_exit(KTSTR_SANDBOX_LEFT);
	c.ctx.nr_cpus = plan->nr_cpus;
	c.ctx.sched_pid = plan->scheduler && plan->scheduler->binary;
	c.ctx.sched_order = refuse_order;
	c.ctx.ask = refuse_ask;
	c.ctx.preview = &preview;
	if (ktstr_sandbox__enter(LIMIT_S))
		_exit(KTSTR_SANDBOX_LEFT);
	plan->test->body(&c.ctx);
	_exit(0);
}

/* What the check found, as failures of the run. Returns how many. */
static uint32_t take_problems(struct ktstr_run *run, const struct guest_shared *s)
{
	struct ktstr_result *r = guest_shared__result(s);
	uint32_t i, nr = 0;

	for (i = 0; r && i < r->nr_details; i++) {
		if (r->details[i].severity != KTSTR_FAILS)
			continue;
		ktstr_result__add(run->result, KTSTR_FAILS, KTSTR_INFRASTRUCTURE, "%s",
				  r->details[i].text);
		nr++;
	}
	ktstr_result__free(r);
	return nr;
}

/* Not the sandbox, nor its time limit: the data themselves. */
static bool crashed(int status)
{
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGSEGV || WTERMSIG(status) == SIGBUS;
	return WEXITSTATUS(status) && WEXITSTATUS(status) != KTSTR_SANDBOX_LEFT;
}

static int judge(struct ktstr_run *run, const struct preview *p, int status, struct ktstr_err *err)
{
	const struct ktstr_test *t = run->plan->test;
	uint32_t stage = __atomic_load_n(p->stage, __ATOMIC_ACQUIRE);
	char how[KTSTR_STATUS_SIZE];

	if (stage == KTSTR_PREVIEW_CHECKING && crashed(status))
		return ktstr_err(err, EINVAL,
				 "%s:%d: test %s: its scenario cannot be read (%s): a list without its empty last element? CGROUPS(), OPS(), WORKS() add it",
				 t->file ?: "?", t->line, t->name,
				 ktstr_status__format(status, how, sizeof(how)));
	if (stage != KTSTR_PREVIEW_CHECKED || !take_problems(run, p->s))
		return 0;
	return ktstr_err(err, EINVAL, "%s:%d: test %s: nothing was booted for a scenario that cannot be run",
			 t->file ?: "?", t->line, t->name);
}

static int look(struct ktstr_run *run, const struct ktstr_guest_args *args,
		const struct preview *p, struct ktstr_err *err)
{
	int status = 0;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (!pid)
		child(run, args, p);
	if (pid < 0)
		return 0;	/* the guest checks as well */
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 0;
	return judge(run, p, status, err);
}

int ktstr_preview__check(struct ktstr_run *run, const struct ktstr_deadlines *d,
			 struct ktstr_err *err)
{
	struct preview p = { .s = guest_shared__new() };
	struct ktstr_guest_args args;
	int ret = 0;

	p.stage = mmap(NULL, sizeof(*p.stage), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	if (p.stage == MAP_FAILED)
		p.stage = NULL;
	if (p.s && p.stage &&
	    !ktstr_body_args__make(run, d, run->plan->cgroup_root ?:
				   KTSTR_DEFAULT_CGROUP_ROOT, &args)) {
		ret = look(run, &args, &p, err);
		ktstr_guest_args__free(&args);
	}
	if (p.stage)
		munmap(p.stage, sizeof(*p.stage));
	guest_shared__free(p.s);
	return ret;
}
