// SPDX-License-Identifier: GPL-2.0
/* The counters of declared devices on their way to the reader: the members are a table. */
#include <inttypes.h>
#include <stddef.h>

#include "devices.h"

struct count {
	const char *name;
	size_t offset;
};

#define COUNT(_struct, _member)	{ #_member, offsetof(struct _struct, _member) }

static const struct count disk_counts[] = {
	COUNT(vm_disk_stats, reads), COUNT(vm_disk_stats, writes),
	COUNT(vm_disk_stats, flushes), COUNT(vm_disk_stats, read_bytes),
	COUNT(vm_disk_stats, written_bytes), COUNT(vm_disk_stats, failed),
	COUNT(vm_disk_stats, delayed),
};

static const struct count nic_counts[] = {
	COUNT(vm_nic_stats, tx_frames), COUNT(vm_nic_stats, tx_bytes),
	COUNT(vm_nic_stats, rx_frames), COUNT(vm_nic_stats, rx_bytes),
	COUNT(vm_nic_stats, dropped),
};

#define NR(_array)	(sizeof(_array) / sizeof(_array[0]))

static uint64_t value_of(const struct count *c, const void *stats)
{
	return *(const uint64_t *)((const char *)stats + c->offset);
}

static void counts_json(struct ktstr_json *j, const char *key, const struct count *c, size_t nr,
			const void *stats)
{
	ktstr_json__object(j, key);
	for (size_t i = 0; i < nr; i++)
		ktstr_json__u64(j, c[i].name, value_of(&c[i], stats));
	ktstr_json__end(j);
}

void ktstr_devices__json(const struct ktstr_run *run, struct ktstr_json *j)
{
	const struct ktstr_device_counts *c = &run->devices;

	ktstr_json__object(j, "devices");
	if (c->have_disk)
		counts_json(j, "disk", disk_counts, NR(disk_counts), &c->disk);
	else
		ktstr_json__null(j, "disk");
	ktstr_json__array(j, "networks");
	for (unsigned int i = 0; i < c->nr_nics; i++)
		counts_json(j, NULL, nic_counts, NR(nic_counts), &c->nic[i]);
	ktstr_json__end(j);
	ktstr_json__end(j);
}

static void counts_line(FILE *f, const char *name, unsigned int index, const struct count *c,
			size_t nr, const void *stats)
{
	fprintf(f, "%s%u:", name, index);
	for (size_t i = 0; i < nr; i++)
		fprintf(f, " %s=%" PRIu64, c[i].name, value_of(&c[i], stats));
	fputc('\n', f);
}

void ktstr_devices__report(const struct ktstr_run *run, FILE *f)
{
	const struct ktstr_device_counts *c = &run->devices;

	if (c->have_disk)
		counts_line(f, "disk", 0, disk_counts, NR(disk_counts), &c->disk);
	for (unsigned int i = 0; i < c->nr_nics; i++)
		counts_line(f, "eth", i, nic_counts, NR(nic_counts), &c->nic[i]);
}
