// SPDX-License-Identifier: GPL-2.0
/*
 * The sync point as the guest reaches it: one instruction at which the whole machine stands
 * still until the host has answered. The command line names the method (ktstr.doorbell=).
 */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#if defined(__x86_64__)
#include <sys/io.h>

/*
 * An 8-byte NOP whose displacement spells "ktsr". The emulator's plugin looks for exactly
 * these bytes; every other machine executes it as what it is.
 */
static void doorbell_insn(void)
{
	asm volatile(".byte 0x0f, 0x1f, 0x84, 0x00, 0x6b, 0x74, 0x73, 0x72" : : : "memory");
}

static unsigned short doorbell_port_nr;

/*
 * The write leaves the guest, and the machine returns when the host has answered. The permission
 * is given back: children would inherit it, and with it a cost at each of their context switches.
 */
static void doorbell_port(void)
{
	if (ioperm(doorbell_port_nr, 4, 1))
		return;
	asm volatile("outl %0, %1" : : "a"(0), "Nd"(doorbell_port_nr) : "memory");
	ioperm(doorbell_port_nr, 4, 0);
}

static bool setup_port(const char *arg)
{
	unsigned long port;
	char *end;

	port = strtoul(arg, &end, 0);
	if (*arg < '0' || *arg > '9' || *end || port > 0xfffc)
		return false;
	doorbell_port_nr = (unsigned short)port;
	if (ioperm(doorbell_port_nr, 4, 1)) {
		guest_mount__console("ioperm() of port %#lx: %m; the kernel needs CONFIG_X86_IOPL_IOPERM=y",
				     port);
		return false;
	}
	ioperm(doorbell_port_nr, 4, 0);
	return true;
}
#endif

/* "name" or, where there is a set-up, "name:argument". */
static const struct {
	const char *name;
	guest_doorbell_fn ring;
	bool (*setup)(const char *arg);
} doorbells[] = {
#if defined(__x86_64__)
	{ "insn", doorbell_insn, NULL },
	{ "port", doorbell_port, setup_port },
#endif
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
