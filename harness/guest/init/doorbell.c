// SPDX-License-Identifier: GPL-2.0
/*
 * Reaches a sync point: one instruction at which the whole machine stops until the host has
 * answered. The command line names the method (ktstr.doorbell=).
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "lib/parse.h"
#include "internal.h"

#if defined(__x86_64__)
/*
 * An 8-byte NOP whose displacement spells "ktsr". The emulator's plugin looks for these bytes; on
 * any other machine it is a NOP.
 */
static void doorbell_insn(void)
{
	asm volatile(".byte 0x0f, 0x1f, 0x84, 0x00, 0x6b, 0x74, 0x73, 0x72" : : : "memory");
}
#endif

static volatile uint32_t *doorbell_word;

/* The address has no device: the write exits to the host, and the guest resumes when it answered. */
static void doorbell_mmio(void)
{
	atomic_thread_fence(memory_order_seq_cst);
	*doorbell_word = 0;
	atomic_thread_fence(memory_order_seq_cst);
}

static bool setup_mmio(const char *arg)
{
	uint64_t addr;

	if (!ktstr_take_u64(&arg, 0, &addr) || *arg || addr % sizeof(*doorbell_word))
		return false;
	doorbell_word = guest_devmem__map(addr, sizeof(*doorbell_word));
	return doorbell_word;
}

/* "NAME", or "NAME:ARGUMENT" for a method with setup(). */
static const struct {
	const char *name;
	guest_doorbell_fn ring;
	bool (*setup)(const char *arg);
} doorbells[] = {
#if defined(__x86_64__)
	{ "insn", doorbell_insn, NULL },
#endif
	{ "mmio", doorbell_mmio, setup_mmio },
	{ NULL, NULL, NULL }
};

guest_doorbell_fn guest_doorbell__find(const char *name)
{
	size_t len = strcspn(name, ":");
	unsigned int i;

	for (i = 0; doorbells[i].name; i++) {
		if (strlen(doorbells[i].name) != len || memcmp(doorbells[i].name, name, len) ||
		    !doorbells[i].setup != !name[len])
			continue;
		if (doorbells[i].setup && !doorbells[i].setup(name + len + 1))
			return NULL;
		return doorbells[i].ring;
	}
	return NULL;
}
