// SPDX-License-Identifier: GPL-2.0
/*
 * Declared devices: see devices.h. Which driver a device needs, and where its modules are found
 * when the kernel does not have it built in, is one table; the guest loads what it finds in
 * /modules in the order of that table and knows nothing about devices.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "devices.h"
#include "paths.h"
#include "variant.h"

#define MODULE_DIR	"/modules"
#define MIB		(UINT64_C(1) << 20)
#define KIB		UINT64_C(1024)

enum device { DISK, NETWORK };

/* In the order of loading. */
static const struct module {
	enum device device;
	const char *name;
	const char *in_tree;	/* folder of a kernel tree */
} modules[] = {
	{ DISK, "virtio_blk", "drivers/block" },
	{ NETWORK, "failover", "net/core" },
	{ NETWORK, "net_failover", "drivers/net" },
	{ NETWORK, "virtio_net", "drivers/net" },
};

#define NR_MODULES	(sizeof(modules) / sizeof(modules[0]))

static const struct driver {
	const char *config, *name;
	const char *found;	/* in the guest, once the driver has its device */
} drivers[] = {
	[DISK] = { "CONFIG_VIRTIO_BLK", "virtio_blk", "/sys/block/vda" },
	[NETWORK] = { "CONFIG_VIRTIO_NET", "virtio_net", "/sys/class/net/eth" },
};

static bool wants(const struct ktstr_test *t, enum device device)
{
	return device == DISK ? t->disk != NULL : t->networks && *t->networks;
}

static unsigned int nr_networks(const struct ktstr_test *t)
{
	unsigned int n = 0;

	while (t->networks && t->networks[n])
		n++;
	return n;
}

static const char *disk_fault(const struct ktstr_disk *d)
{
	if (!d->size_mib)
		return "size_mib must not be 0";
	if (!d->throttle.iops)
		return "throttle.iops must not be 0; leave it out for no limit";
	if (!d->throttle.kib_per_s)
		return "throttle.kib_per_s must not be 0; leave it out for no limit";
	return NULL;
}

const char *ktstr_devices__fault(const struct ktstr_test *t, const char **attr)
{
	*attr = "disk";
	if (t->disk && disk_fault(t->disk))
		return disk_fault(t->disk);
	*attr = "networks";
	if (nr_networks(t) > KTSTR_MAX_NETWORKS)
		return "there is room for 8 at most";
	for (unsigned int i = 0; i < nr_networks(t); i++)
		if (t->networks[i]->mac[0] & 1)
			return "mac: the address is a multicast one";
	*attr = "pci";
	if (t->pci == KTSTR_OFF && t->disk)
		return "false excludes disk, which is on the PCI bus";
	if (t->pci == KTSTR_OFF && nr_networks(t))
		return "false excludes networks, which are on the PCI bus";
	return NULL;
}

static uint64_t limit(uint32_t val, uint64_t unit)
{
	return val == KTSTR_UNSET ? 0 : val * unit;
}

void ktstr_devices__spec(struct ktstr_devices *d, const struct ktstr_test *t,
			 struct vm_spec *spec)
{
	static const uint8_t none[6];

	memset(d, 0, sizeof(*d));
	spec->pci = t->pci == KTSTR_ON;
	if (t->disk) {
		d->disk = (struct vm_disk){
			.serial = KTSTR_DISK_SERIAL,
			.bytes = (t->disk->size_mib == KTSTR_UNSET ? KTSTR_DISK_MIB :
				  t->disk->size_mib) * MIB,
			.max_iops = limit(t->disk->throttle.iops, 1),
			.max_bytes_per_s = limit(t->disk->throttle.kib_per_s, KIB),
		};
		spec->disks = &d->disk;
		spec->nr_disks = 1;
	}
	for (; d->nr_nics < nr_networks(t); d->nr_nics++) {
		const struct ktstr_net *n = t->networks[d->nr_nics];
		uint8_t *mac = d->nic[d->nr_nics].mac;

		memcpy(mac, n->mac, sizeof(n->mac));
		if (memcmp(mac, none, sizeof(none)))
			continue;
		mac[0] = 0x02;			/* locally administered */
		mac[5] = (uint8_t)(d->nr_nics + 1);
	}
	spec->nics = d->nic;
	spec->nr_nics = d->nr_nics;
}

int ktstr_devices__settle(struct ktstr_run *run, struct vm_err *err)
{
	const struct ktstr_test *t = run->plan->test;
	const char *what = t->disk ? "disk" : "networks";

	if (!ktstr_run__deterministic(run) || !(wants(t, DISK) || wants(t, NETWORK)))
		return 0;
	if (run->opts.seeded)
		return vm_err_missing(err, EOPNOTSUPP,
				      "%s: the emulator's devices are not deterministic; run this test without KTSTR_SEED",
				      what);
	run->opts.mttcg = true;
	run->opts.shift = VM_SHIFT_AUTO;
	return 0;
}

/* The folder of the image, with or without the way from a kernel tree's top to it. */
static int find_module(const char *image, const struct module *m, char *path, size_t size)
{
	const char *slash = strrchr(image, '/');
	int len = slash ? (int)(slash - image) : 0;
	static const char boot[] = "/arch/x86/boot";
	int root = len - (int)strlen(boot);

	if (!ktstr_paths__fmt(path, size, "%.*s/modules/%s.ko", len, image, m->name) &&
	    ktstr_paths__is_file(path))
		return 0;
	if (root > 0 && !strncmp(image + root, boot, strlen(boot)) &&
	    !ktstr_paths__fmt(path, size, "%.*s/%s/%s.ko", root, image, m->in_tree, m->name) &&
	    ktstr_paths__is_file(path))
		return 0;
	return -ENOENT;
}

/* Does a config file beside the image say that @driver is a module? */
static bool is_module(const char *image, const struct driver *driver)
{
	const char *slash = strrchr(image, '/');
	char path[PATH_MAX], line[256], want[64];
	bool found = false;
	FILE *f;

	if (ktstr_paths__fmt(path, sizeof(path), "%.*s/config",
			     slash ? (int)(slash - image) : 0, image))
		return false;
	f = fopen(path, "re");
	if (!f)
		return false;
	snprintf(want, sizeof(want), "%s=m\n", driver->config);
	while (!found && fgets(line, sizeof(line), f))
		found = !strcmp(line, want);
	fclose(f);
	return found;
}

int ktstr_devices__pack(const struct ktstr_run *run, struct initramfs *fs, struct vm_err *err)
{
	char path[PATH_MAX], dest[64];

	for (size_t i = 0; i < NR_MODULES; i++) {
		const struct module *m = &modules[i];
		int ret;

		if (!wants(run->plan->test, m->device))
			continue;
		if (find_module(run->kernel.path, m, path, sizeof(path))) {
			const struct driver *d = &drivers[m->device];

			if (strcmp(m->name, d->name) || !is_module(run->kernel.path, d))
				continue;
			return vm_err_missing(err, ENOENT,
					      "kernel %s has the driver %s as a module, but not beside it in modules/%s.ko: ktstr kernel fetch --update",
					      run->kernel.path, d->name, d->name);
		}
		snprintf(dest, sizeof(dest), MODULE_DIR "/%s.ko", m->name);
		ret = initramfs__add_file(fs, path, dest, false, err);
		if (ret)
			return ret;
	}
	return 0;
}

void ktstr_devices__args(const struct ktstr_run *run, FILE *f)
{
	const struct ktstr_test *t = run->plan->test;
	char path[PATH_MAX];

	for (size_t i = 0; i < NR_MODULES; i++)
		if (wants(t, modules[i].device) &&
		    !find_module(run->kernel.path, &modules[i], path, sizeof(path)))
			fprintf(f, "module=" MODULE_DIR "/%s.ko\n", modules[i].name);
	if (wants(t, DISK))
		fprintf(f, "device=%s\n", drivers[DISK].found);
	for (unsigned int i = 0; i < nr_networks(t); i++)
		fprintf(f, "device=%s%u\n", drivers[NETWORK].found, i);
}
