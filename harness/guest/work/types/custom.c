// SPDX-License-Identifier: GPL-2.0
/*
 * Custom: a function of the test's author instead of a type of ours. It replaces only the
 * iteration: the loop, checkpoints, the stop flag and the report are those of every type, so a
 * custom worker is measured like any other.
 *
 * The functions of <ktstr/custom.h> are the author's view of the worker; they only forward.
 */
#include <ktstr/custom.h>

#include "types.h"

static const char *custom_validate(const struct ktstr_work *work)
{
	if (!work->custom.iterate)
		return "no function given";
	return work->custom.name && *work->custom.name ? NULL : "no name given";
}

static void custom_iterate(struct ktstr_work_ctx *w)
{
	if (work_has_said(w))
		work_sleep(w, NSEC_PER_SEC);
	else
		w->work->custom.iterate(w);
}

const struct ktstr_work_row ktstr_work_custom = {
	.name = "Custom",
	.description = "Calls a function of the test for each iteration; ktstr/custom.h has what "
		"it may use. Unit and samples: those that the function reports. It may "
		"also skip or fail the test, or leave it undecided, with a reason.",
	.parameters = "name, iterate, arg[4], config",
	.checkpoint_every = 1,
	.flags = KTSTR_WORK_SAMPLES_WAKE,
	.validate = custom_validate,
	.iterate = custom_iterate,
};

bool ktstr_work_stopped(const struct ktstr_work_ctx *w)
{
	return work_stopped(w);
}

uint64_t ktstr_work_arg(const struct ktstr_work_ctx *w, unsigned int i)
{
	return i < 4 ? w->work->custom.arg[i] : 0;
}

const void *ktstr_work_config(const struct ktstr_work_ctx *w)
{
	return w->work->custom.config;
}

uint32_t ktstr_work_index(const struct ktstr_work_ctx *w)
{
	return w->index;
}

bool ktstr_work_may_use_cpu(const struct ktstr_work_ctx *w, uint32_t cpu)
{
	return ktstr_cpumask__test(w->cpus, cpu);
}

const char *ktstr_work_cgroup_dir(const struct ktstr_work_ctx *w)
{
	return w->group->cgroup_dir;
}

void ktstr_work_done(struct ktstr_work_ctx *w, uint64_t units)
{
	w->units += units;
}

void ktstr_work_spin(struct ktstr_work_ctx *w, uint64_t units)
{
	work_spin(w, units);
}

uint64_t ktstr_work_rand(struct ktstr_work_ctx *w)
{
	return work_rand(w);
}

uint64_t ktstr_work_now_ns(void)
{
	return ktstr_now_ns();
}

void ktstr_work_sleep(struct ktstr_work_ctx *w, uint64_t ns)
{
	work_sleep(w, ns);
}

bool ktstr_work_futex_wait(struct ktstr_work_ctx *w, uint32_t *word, uint32_t seen)
{
	return work_futex_wait(w, word, seen);
}

void ktstr_work_futex_wake(uint32_t *word, uint32_t nr)
{
	work_futex_wake(word, nr);
}

void ktstr_work_sample_wake(struct ktstr_work_ctx *w, uint64_t ns)
{
	work_sample_wake(w, ns);
}

void ktstr_work_blocked(struct ktstr_work_ctx *w, uint64_t before, uint64_t now)
{
	work_blocked(w, before, now);
}

void ktstr_work_skip(struct ktstr_work_ctx *w, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	work_say(w, KTSTR_SKIPS, fmt, ap);
	va_end(ap);
}

void ktstr_work_fail(struct ktstr_work_ctx *w, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	work_say(w, KTSTR_FAILS, fmt, ap);
	va_end(ap);
}

void ktstr_work_inconclusive(struct ktstr_work_ctx *w, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	work_say(w, KTSTR_UNDECIDED, fmt, ap);
	va_end(ap);
}
