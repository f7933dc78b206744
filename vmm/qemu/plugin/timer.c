// SPDX-License-Identifier: GPL-2.0
/* The rate of the APIC timer, told to the guest's kernel: timer.h. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "timer.h"
#include "vmm/qemu/mark.h"

#define APIC_HZ		1000000000u

static bool done;

bool timer_may_start_at(const struct timer_symbols *s, uint64_t vaddr)
{
	return s->start && !done && vaddr >> 63 && (vaddr - s->start) % QEMU_MARK_ALIGN == 0;
}

/* The mapping of this process that holds @addr, which is guest RAM as a whole. */
static bool mapping_of(uintptr_t addr, uintptr_t *start, uintptr_t *end)
{
	FILE *f = fopen("/proc/self/maps", "re");
	bool found = false;
	char line[512];

	while (f && !found && fgets(line, sizeof(line), f))
		found = sscanf(line, "%" SCNxPTR "-%" SCNxPTR, start, end) == 2 &&
			addr >= *start && addr < *end;
	if (f)
		fclose(f);
	return found;
}

/* Where the object of @bytes that is linked at @link lies, NULL: not in the same RAM. */
static void *at(const struct timer_symbols *s, const void *insn, uint64_t link, size_t bytes)
{
	uintptr_t start, end, here = (uintptr_t)insn;
	uint64_t p = here + (link - s->start);

	if (!mapping_of(here, &start, &end) || p < start || p >= end || end - p < bytes ||
	    p % bytes)
		return NULL;
	return (void *)(uintptr_t)p;
}

/* jiffies start five minutes before they overflow 32 bits: INITIAL_JIFFIES, linux/jiffies.h */
static uint32_t hz_of(uint64_t first_jiffies)
{
	static const uint32_t hz[] = { 100, 250, 300, 1000 };	/* kernel/Kconfig.hz */

	for (size_t i = 0; i < sizeof(hz) / sizeof(*hz); i++)
		if (first_jiffies == (uint32_t)-(300 * hz[i]))
			return hz[i];
	return 0;
}

void timer_start(const struct timer_symbols *s, const void *insn)
{
	const uint64_t *jiffies;
	uint32_t *period, hz;

	if (done)
		return;
	done = true;
	jiffies = at(s, insn, s->jiffies, sizeof(*jiffies));
	period = at(s, insn, s->period, sizeof(*period));
	hz = jiffies ? hz_of(*jiffies) : 0;
	if (hz && period && !*period)
		*period = APIC_HZ / hz;
	else
		fprintf(stderr, "hostcall: the kernel's APIC timer is not as expected, it measures\n");
}
