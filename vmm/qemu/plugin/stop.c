// SPDX-License-Identifier: GPL-2.0
/* See stop.h. Checked against QEMU 10.0: system/cpus.c, accel/tcg/cpu-exec-common.c. */
#include <dlfcn.h>
#include <stdio.h>

#include "fence.h"
#include "probe.h"
#include "stop.h"
#include "vcpu.h"
#include "vmm/qemu/mark.h"
#include "vmm/qemu/probe_area.h"

#define SHAKE_NS	400000ull	/* between ends of turns: half of it on average */
#define RUN_STATE_PAUSED	4	/* QEMU's qapi/run-state.json */

static struct qemu_probe_area *area;
static int64_t left;			/* instructions until the clock has to be looked at */
static uint32_t generation;
static uint64_t stop_ns, shake_ns;	/* 0: none, or not any more */
static uint64_t random_state;		/* 0: no shaking yet */
static bool handed_over;

/* Functions of QEMU's. */
static int (*stop_machine)(int run_state);
static void (*leave_block)(void *cpu, uintptr_t host_pc);
static void (*end_turn)(void *cpu);

bool stop_init(struct qemu_probe_area *a)
{
	if (!a->stops_by_time)
		return true;
	stop_machine = (int (*)(int))dlsym(RTLD_DEFAULT, "vm_stop");
	leave_block = (void (*)(void *, uintptr_t))dlsym(RTLD_DEFAULT, "cpu_loop_exit_restore");
	end_turn = (void (*)(void *))dlsym(RTLD_DEFAULT, "cpu_exit");
	if (!stop_machine || !leave_block || !end_turn) {
		fprintf(stderr, "hostcall: this QEMU was built without modules: it cannot be stopped at a moment\n");
		return false;
	}
	left = INT64_MAX;
	area = a;
	return true;
}

void stop_after_idle(void)
{
	if (area && (stop_ns || shake_ns))
		left = 0;
}

void stop_look(void)
{
	if (!area || generation == area->stops.generation)
		return;
	generation = area->stops.generation;
	stop_ns = area->stops.ns;
	if (area->stops.shake_ns && !random_state) {
		shake_ns = area->stops.shake_ns;
		/* not 0, with which the generator stands still */
		random_state = area->stops.seed ?: 1;
	}
	left = 0;
}

void stop_hand_over(void)
{
	handed_over = true;
}

/*
 * As a device does it that stops the machine: ask for it, and give the main thread its turn. It waits
 * for the vCPUs then, with which the fence ends (fence.c). Nothing is executed before that. The block
 * is left as if its first instruction, or that of the probe, had not been reached.
 */
static _Noreturn void go(uintptr_t host_pc)
{
	area->stops.ns = 0;
	stop_ns = shake_ns = 0;
	stop_machine(RUN_STATE_PAUSED);
	fence_yield();
	leave_block(*vcpu_current(), host_pc);
	__builtin_unreachable();
}

void stop_now(unsigned int vcpu, uint64_t kva, uintptr_t host_pc)
{
	hostcall_stop(vcpu, QEMU_AT_MARK | QEMU_AT_STOP << QEMU_MARK_SHIFT, kva);
	if (handed_over) {
		handed_over = false;
		go(host_pc);
	}
}

/* xorshift64 of Marsaglia: any sequence does that a seed repeats. */
static uint64_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

/* When the clock has to be looked at next: UINT64_MAX, never. */
static uint64_t next_ns(void)
{
	uint64_t at = stop_ns ?: UINT64_MAX;

	return shake_ns && shake_ns < at ? shake_ns : at;
}

static void on_block(unsigned int vcpu, void *userdata)
{
	uint32_t nr = (uint32_t)(uintptr_t)userdata;
	uint64_t now, end, next;

	left -= nr;
	if (left > 0)
		return;
	now = probe_now_ns(nr);
	end = now + probe_insns_ns(nr);
	if (shake_ns && end > shake_ns) {
		shake_ns = end + 1 + next_random() % SHAKE_NS;
		end_turn(*vcpu_current());
	}
	if (stop_ns && end > stop_ns) {
		stop_ns = 0;
		area->stop_ns = now;
		stop_now(vcpu, 0, (uintptr_t)__builtin_return_address(0));
	}
	next = next_ns();
	left = next == UINT64_MAX ? INT64_MAX :
	       next > end ? (int64_t)((next - end) / probe_insns_ns(1)) : 0;
}

void stop_translate(struct qemu_plugin_tb *tb, size_t nr)
{
	if (!area)
		return;
	qemu_plugin_register_vcpu_tb_exec_cb(tb, on_block, QEMU_PLUGIN_CB_R_REGS,
					     (void *)(uintptr_t)nr);
}
