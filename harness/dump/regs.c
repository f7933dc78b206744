// SPDX-License-Identifier: GPL-2.0
/* Registers of the vCPUs, and which task each executes. */
#include <errno.h>

#include "dump_priv.h"

#define USER_BIT	63	/* addresses of the kernel have it */

static const char *kind_name(enum vm_stand_kind kind)
{
	static const char * const names[VM_NR_STANDS] = {
		[VM_STAND_DEAD]		= "halted, interrupts off",
		[VM_STAND_LOCKED]	= "kernel, interrupts off",
		[VM_STAND_NEVER]	= "never started",
		[VM_STAND_SYNC]		= "sync point",
		[VM_STAND_KERNEL]	= "kernel",
		[VM_STAND_USER]		= "user",
		[VM_STAND_IDLE]		= "idle",
	};

	return names[kind];
}

int ktstr_dump__curr(struct ktstr_kview *v, uint32_t cpu, int32_t *pid, char comm[16])
{
	struct ktstr_place curr, number, name;
	uint64_t rq, task, value;

	ktstr_place__find(&curr, v->img->btf, "rq", "curr");
	ktstr_place__find(&number, v->img->btf, "task_struct", "pid");
	ktstr_place__find(&name, v->img->btf, "task_struct", "comm");
	if (ktstr_kview__symbol(v, "runqueues", &rq) || ktstr_kview__per_cpu(v, rq, cpu, &rq) ||
	    ktstr_place__load(v, &curr, rq, &task) || !task ||
	    ktstr_place__load(v, &number, task, &value))
		return -ENOENT;
	*pid = (int32_t)value;
	comm[0] = '\0';
	if (name.found)
		ktstr_kview__string(v, ktstr_place__at(v, &name, task), comm, 16);
	return 0;
}

static void put_one(struct ktstr_jtree *t, struct ktstr_jnode *n, struct ktstr_kview *v,
		    uint32_t cpu, const struct vm_regs *r)
{
	char text[160], comm[16];
	int32_t pid;

	ktstr_jtree__u64(t, n, "cpu", cpu);
	if (r->kind == VM_STAND_LOST)
		return;
	ktstr_jtree__str(t, n, "mode", kind_name(r->kind));
	if (!ktstr_dump__curr(v, cpu, &pid, comm)) {
		ktstr_jtree__i64(t, n, "curr_pid", pid);
		ktstr_jtree__str(t, n, "curr_comm", comm);
	}
	if (r->kind == VM_STAND_NEVER)
		return;
	ktstr_jtree__fmt(t, n, "instruction_pointer", "%#llx", (unsigned long long)r->rip);
	if (r->rip >> USER_BIT) {
		ktstr_dump__symbol(v, r->rip, text, sizeof(text));
		ktstr_jtree__str(t, n, "symbol", text);
	}
	ktstr_jtree__fmt(t, n, "stack_pointer", "%#llx", (unsigned long long)r->gpr[VM_RSP]);
	ktstr_jtree__fmt(t, n, "page_table_root", "%#llx", (unsigned long long)r->cr3);
	ktstr_jtree__fmt(t, n, "flags", "%#llx", (unsigned long long)r->rflags);
}

void ktstr_dump__regs(struct ktstr_jtree *t, struct ktstr_jnode *report, struct ktstr_kview *v,
		      const struct vm_regs *regs, const char *why_not)
{
	struct ktstr_jnode *list;

	if (!regs) {
		ktstr_jtree__str(t, report, "vcpu_regs_unavailable", why_not);
		return;
	}
	list = ktstr_jtree__array(t, report, "vcpu_regs");
	for (uint32_t cpu = 0; cpu < v->nr_cpus; cpu++)
		put_one(t, ktstr_jtree__object(t, list, NULL), v, cpu, &regs[cpu]);
}
