// SPDX-License-Identifier: GPL-2.0
/*
 * What the guest's kernel has counted of the devices of the test, by the names of the VMM's own
 * counters. Only the bundled VMM counts by itself; the emulator's machine gets its figures here.
 */
#include <inttypes.h>
#include <limits.h>
#include <linux/kernel.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

/* Field @field of the file, counted from 0 and separated by blanks, times @unit. */
static const struct {
	const char *file;
	unsigned int field;
	const char *counter;
	uint64_t unit;
} figures[] = {
	/* Documentation/block/stat.rst */
	{ "stat", 0, "reads", 1 },
	{ "stat", 2, "read_bytes", 512 },
	{ "stat", 4, "writes", 1 },
	{ "stat", 6, "written_bytes", 512 },
	{ "stat", 15, "flushes", 1 },
	/* Documentation/ABI/testing/sysfs-class-net-statistics */
	{ "statistics/tx_packets", 0, "tx_frames", 1 },
	{ "statistics/tx_bytes", 0, "tx_bytes", 1 },
	{ "statistics/rx_packets", 0, "rx_frames", 1 },
	{ "statistics/rx_bytes", 0, "rx_bytes", 1 },
	{ "statistics/rx_dropped", 0, "dropped", 1 },
};

#define BLANKS	"\n\t "

static bool read_field(const char *dir, const char *file, unsigned int field, uint64_t *val)
{
	char path[PATH_MAX], text[512], *p, *save;

	if (snprintf(path, sizeof(path), "%s/%s", dir, file) >= (int)sizeof(path) ||
	    guest_file__read(path, text, sizeof(text)) <= 0)
		return false;
	p = strtok_r(text, BLANKS, &save);
	while (p && field--)
		p = strtok_r(NULL, BLANKS, &save);
	return p && sscanf(p, "%" SCNu64, val) == 1;
}

void guest_counts__send(struct guest *g)
{
	char text[KTSTR_DEVICES_TEXT] = "";
	size_t i, len = 0;
	unsigned int nr;
	uint64_t val;

	for (nr = 0; g->args.devices && g->args.devices[nr]; nr++)
		for (i = 0; i < ARRAY_SIZE(figures) && len < sizeof(text); i++)
			if (read_field(g->args.devices[nr], figures[i].file, figures[i].field,
				       &val))
				len += snprintf(text + len, sizeof(text) - len,
						"%u %s %" PRIu64 "\n", nr, figures[i].counter,
						val * figures[i].unit);
	if (len && len < sizeof(text))
		guest_link__send(&g->link, KTSTR_MSG_DEVICES, text, len);
}
