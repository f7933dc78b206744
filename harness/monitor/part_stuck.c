// SPDX-License-Identifier: GPL-2.0
/*
 * A guest that has missed its deadline: where its vCPUs are, what they run, which tasks there are
 * and what those wait for. All of it is read from its memory.
 *
 * Kernels have no frame pointers, so stacks are scanned for addresses of kernel code. What looks
 * like a return address may be one of an earlier call: that is said.
 */
#include <inttypes.h>
#include <linux/kernel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/model/seen.h"
#include "lib/clock.h"
#include "monitor.h"

#define STACK_BYTES	16384		/* THREAD_SIZE of x86 and arm64, aligned to that */
#define MAX_WORDS	1024		/* of a stack that are looked at */
#define MAX_FRAMES	12
#define MAX_TASKS	4096
#define MAX_SHOWN	24		/* tasks with a stack */
#define UNINTERRUPTIBLE	2		/* include/linux/sched.h */

/* What is read of a task. */
struct task_layout {
	struct ktstr_place tasks, state, pid, comm, flags, on_cpu, cpu, sp;
};

/* "function+0x12", for code of the kernel image only. */
static bool name_of(const struct ktstr_kview *v, uint64_t pc, bool exact, char *buf, size_t size)
{
	uint64_t begin, end, off;
	const char *name;

	if (ktstr_kimage__symbol(v->img, "_stext", &begin) ||
	    ktstr_kimage__symbol(v->img, "_etext", &end) ||
	    pc < begin + v->slide || pc >= end + v->slide)
		return false;
	name = ktstr_kview__symbol_at(v, pc, &off);
	/* nothing returns to the first instruction of a function */
	if (!name || (!exact && !off))
		return false;
	snprintf(buf, size, "%.80s+%#" PRIx64, name, off);
	return true;
}

static bool name_pc(const void *arg, uint64_t pc, char *buf, size_t size)
{
	return name_of(arg, pc, true, buf, size);
}

static void put_stack(struct ktstr_kview *v, uint64_t sp, FILE *f)
{
	uint64_t word, end = (sp | (STACK_BYTES - 1)) + 1;
	unsigned int words = 0, frames = 0;
	char name[128];

	if (!sp || sp % 8)
		return;
	for (; sp && sp < end && words < MAX_WORDS && frames < MAX_FRAMES; sp += 8, words++) {
		if (ktstr_kview__load(v, sp, 8, &word))
			break;
		if (!name_of(v, word, false, name, sizeof(name)))
			continue;
		name[strcspn(name, "+")] = '\0';
		fprintf(f, "%s%s", frames++ ? " < " : "    ", name);
	}
	if (frames)
		fputc('\n', f);
}

static void put_vcpus(struct ktstr_monitor_state *s, const struct vm_stand *stand, uint32_t nr,
		      FILE *f)
{
	const struct vm_namer namer = { name_pc, &s->mon.view };
	bool sampled = !ktstr_monitor__sample(&s->mon, s->sample);
	const struct ktstr_cpu_sample *c;
	char text[256];
	uint32_t i;

	for (i = 0; i < nr; i++) {
		vm_stands_tell(&stand[i], 1, &namer, text, sizeof(text));
		/* "vCPU 0 ...": it is said as if it were alone */
		fprintf(f, "  vCPU %u%s", i, text + strlen("vCPU 0"));
		c = sampled && i < s->sample->nr_cpus ? &s->sample->cpu[i] : NULL;
		if (c && c->have & 1ULL << KTSTR_CPU_CURR_PID)
			fprintf(f, ", task %s[%" PRIu64 "]", c->comm, c->value[KTSTR_CPU_CURR_PID]);
		fputc('\n', f);
		if (vm_stand_has_place(&stand[i]))
			put_stack(&s->mon.view, stand[i].sp, f);
	}
}

static void resolve(struct task_layout *l, const struct ktstr_btf *btf)
{
	ktstr_place__find(&l->tasks, btf, "task_struct", "tasks");
	ktstr_place__find_number(&l->state, btf, "task_struct", "__state");
	ktstr_place__find_number(&l->pid, btf, "task_struct", "pid");
	ktstr_place__find(&l->comm, btf, "task_struct", "comm");
	ktstr_place__find_number(&l->flags, btf, "task_struct", "flags");
	ktstr_place__find_number(&l->on_cpu, btf, "task_struct", "on_cpu");
	ktstr_place__find_number(&l->cpu, btf, "task_struct", "thread_info.cpu");
	ktstr_place__find_number(&l->sp, btf, "task_struct", "thread.sp");
}

/* One that runs or wants to, or cannot be interrupted, and all of user space. */
static void put_task(struct ktstr_kview *v, const struct task_layout *l, uint64_t task,
		     unsigned int *shown, unsigned int *more, FILE *f)
{
	uint64_t state, pid, flags, on_cpu = 0, cpu = 0, sp = 0;
	char comm[16];

	if (ktstr_place__load(v, &l->state, task, &state) ||
	    ktstr_place__load(v, &l->pid, task, &pid) ||
	    ktstr_place__load(v, &l->flags, task, &flags) ||
	    ktstr_kview__string(v, task + l->comm.field.offset, comm, sizeof(comm)))
		return;
	/* parked workers of the kernel sleep uninterruptibly and idle: TASK_NOLOAD is set too */
	if (state && state != UNINTERRUPTIBLE && flags & KTSTR_PF_KTHREAD)
		return;
	if (*shown == MAX_SHOWN) {
		(*more)++;
		return;
	}
	(*shown)++;
	ktstr_place__load(v, &l->on_cpu, task, &on_cpu);
	ktstr_place__load(v, &l->cpu, task, &cpu);
	fprintf(f, "  task %s[%" PRIu64 "] on CPU %" PRIu64 ": %s\n", comm, pid, cpu,
		on_cpu ? "runs" : !state ? "is runnable" :
		state & UNINTERRUPTIBLE ? "sleeps uninterruptibly" : "sleeps");
	if (!on_cpu && !ktstr_place__load(v, &l->sp, task, &sp))
		put_stack(v, sp, f);
}

/* Leaders of their processes, and kthreads. */
static void put_tasks(struct ktstr_kview *v, FILE *f)
{
	unsigned int shown = 0, more = 0, i;
	struct task_layout l;
	uint64_t first, node;

	resolve(&l, v->img->btf);
	if (!l.tasks.found || !l.comm.found || ktstr_kview__symbol(v, "init_task", &first))
		return;
	first += l.tasks.field.offset;
	if (ktstr_kview__load(v, first, 8, &node))
		return;
	for (i = 0; i < MAX_TASKS && node && node != first; i++) {
		put_task(v, &l, node - l.tasks.field.offset, &shown, &more, f);
		if (ktstr_kview__load(v, node, 8, &node))
			break;
	}
	if (more)
		fprintf(f, "  ... and %u more tasks\n", more);
}

void ktstr_monitor__stuck(struct ktstr_run *run, void *state, struct vm *vm,
			  const struct vm_stand *stand, uint32_t nr)
{
	struct ktstr_monitor_state *s = state;
	const struct vm_namer namer = { name_pc, &s->mon.view };
	struct ktstr_seen *seen = run->seen;
	size_t len;
	FILE *f;

	(void)vm;
	if (!s->vm || ktstr_kview__attach(&s->mon.view))
		return;
	vm_stands_tell(stand, nr, &namer, seen->vcpus, sizeof(seen->vcpus));
	f = open_memstream(&seen->stuck, &len);
	if (!f)
		return;
	put_vcpus(s, stand, nr, f);
	put_tasks(&s->mon.view, f);
	if (fclose(f)) {
		free(seen->stuck);
		seen->stuck = NULL;
	}
	ktstr_monitor__last_time(run, s);
}
