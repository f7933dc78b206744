// SPDX-License-Identifier: GPL-2.0
/*
 * The sync point as the guest reaches it: one instruction at which the whole machine stands
 * still until the host has answered. The command line names the method (ktstr.doorbell=).
 */
#include <string.h>

#include "internal.h"

#if defined(__x86_64__)
/*
 * An 8-byte NOP whose displacement spells "ktsr". The emulator's plugin looks for exactly
 * these bytes; every other machine executes it as what it is.
 */
static void doorbell_insn(void)
{
	asm volatile(".byte 0x0f, 0x1f, 0x84, 0x00, 0x6b, 0x74, 0x73, 0x72" : : : "memory");
}
#endif

static const struct {
	const char *name;
	guest_doorbell_fn ring;
} doorbells[] = {
#if defined(__x86_64__)
	{ "insn", doorbell_insn },
#endif
	{ NULL, NULL }
};

guest_doorbell_fn guest_doorbell__find(const char *name)
{
	unsigned int i;

	for (i = 0; doorbells[i].name; i++)
		if (!strcmp(doorbells[i].name, name))
			return doorbells[i].ring;
	return NULL;
}
