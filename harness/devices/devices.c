// SPDX-License-Identifier: GPL-2.0
/*
 * Declared devices: see devices.h. Everything about a type of device is in its row of
 * ktstr_device_types[]. The guest loads the modules in /modules in the order of the rows and knows
 * nothing about devices.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "devices.h"
#include "harness/model/guest_args.h"
#include "harness/plan/attrs_table.h"
#include "harness/plan/plan.h"
#include "lib/paths.h"
#include "vmm/initramfs/initramfs.h"

#define MODULE_DIR	"/modules"
#define MIB		(UINT64_C(1) << 20)

#define NO_PCI(_attr)	"false excludes " _attr ", which is on the PCI bus"

static unsigned int nr_disks(const struct ktstr_test *t)
{
	return t->disk != NULL;
}

static const char *disk_fault(const struct ktstr_test *t, char *buf, size_t size)
{
	const struct ktstr_disk *d = t->disk;
	const struct ktstr_range *r;
	char range[96];

	r = d ? ktstr_range__fault(ktstr_disk_ranges, ktstr_nr_disk_ranges, d, range,
				   sizeof(range)) : NULL;
	if (r)
		snprintf(buf, size, "%s: %s", r->name, range);
	return r ? buf : ktstr_filesystem__fault(d);
}

static uint64_t limit(int64_t val, uint64_t unit)
{
	return val == KTSTR_UNSET ? 0 : (uint64_t)val * unit;
}

static void disk_config(const struct ktstr_test *t, unsigned int nr,
			union ktstr_device_config *c)
{
	(void)nr;
	c->disk = (struct vm_disk){
		.serial = KTSTR_DISK_SERIAL,
		.bytes = (t->disk->size_mib == KTSTR_UNSET ? KTSTR_DISK_MIB :
			  t->disk->size_mib) * MIB,
		.max_iops = limit(t->disk->throttle.iops, 1),
		.max_bytes_per_s = limit(t->disk->throttle.bytes_per_s, 1),
		.format = ktstr_filesystem__format(t->disk),
	};
}

static unsigned int nr_networks(const struct ktstr_test *t)
{
	unsigned int n = 0;

	while (t->networks && t->networks[n])
		n++;
	return n;
}

static const char *network_fault(const struct ktstr_test *t, char *buf, size_t size)
{
	(void)buf;
	(void)size;
	if (nr_networks(t) > VM_MAX_NICS)
		return "there is room for 8 at most";
	for (unsigned int i = 0; i < nr_networks(t); i++)
		if (t->networks[i]->mac[0] & 1)
			return "mac: the address is a multicast one";
	return NULL;
}

static void network_config(const struct ktstr_test *t, unsigned int nr,
			   union ktstr_device_config *c)
{
	static const uint8_t none[6];
	uint8_t *mac = c->nic.mac;

	memcpy(mac, t->networks[nr]->mac, sizeof(c->nic.mac));
	if (memcmp(mac, none, sizeof(none)))
		return;
	mac[0] = 0x02;			/* locally administered */
	mac[5] = (uint8_t)(nr + 1);
}

static const struct ktstr_module disk_modules[] = {
	{ "virtio_blk", "drivers/block" },
	{ NULL, NULL }
};

static const struct ktstr_module network_modules[] = {
	{ "failover", "net/core" },
	{ "net_failover", "drivers/net" },
	{ "virtio_net", "drivers/net" },
	{ NULL, NULL }
};

const struct ktstr_device_type ktstr_device_types[] = {
	{
		.attr = "disk", .label = "disk", .no_pci = NO_PCI("disk"),
		.class = &vm_disk_class, .declared = nr_disks, .fault = disk_fault,
		.config = disk_config, .kconfig = "CONFIG_VIRTIO_BLK", .driver = "virtio_blk",
		.modules = disk_modules, .found = "/sys/block/vd", .found_from = 'a',
	},
	{
		.attr = "networks", .label = "eth", .no_pci = NO_PCI("networks"), .list = true,
		.class = &vm_nic_class, .declared = nr_networks, .fault = network_fault,
		.config = network_config, .kconfig = "CONFIG_VIRTIO_NET", .driver = "virtio_net",
		.modules = network_modules, .found = "/sys/class/net/eth", .found_from = '0',
	},
	{ .attr = NULL }
};

static int check(const struct ktstr_test *t, struct ktstr_err *err)
{
	const struct ktstr_device_type *type;
	char buf[160];

	for_each_device_type(type) {
		const char *why = type->fault(t, buf, sizeof(buf));

		if (why)
			return ktstr_part__bad(err, t, type->attr, "%s", why);
	}
	for_each_device_type(type)
		if (t->pci == KTSTR_OFF && type->declared(t))
			return ktstr_part__bad(err, t, "pci", "%s", type->no_pci);
	return 0;
}

static void fill_spec(const struct ktstr_run *run, void *state, struct vm_spec *spec)
{
	const struct ktstr_test *t = run->plan->test;
	const struct ktstr_device_type *type;
	struct ktstr_devices *d = state;

	for_each_device_type(type) {
		for (unsigned int i = 0; i < type->declared(t) && d->nr < VM_MAX_DEVICES; i++) {
			union ktstr_device_config *c = &d->config[d->nr];

			type->config(t, i, c);
			d->device[d->nr++] = (struct vm_device){ type->class, c };
		}
	}
	spec->pci = t->pci == KTSTR_ON;
	spec->devices = d->device;
	spec->nr_devices = d->nr;
}

/* The attribute that declares the first device, or NULL. */
static const char *first_declared(const struct ktstr_test *t)
{
	const struct ktstr_device_type *type;

	for_each_device_type(type)
		if (type->declared(t))
			return type->attr;
	return NULL;
}

/*
 * Devices and a deterministic run exclude each other: a run without an explicit seed becomes
 * multi-threaded.
 */
static int prepare(struct ktstr_run *run, void *state, struct ktstr_err *err)
{
	const struct ktstr_test *t = run->plan->test;
	const char *what = first_declared(t);

	(void)state;
	if (t->disk && ktstr_filesystem__prepare(t->disk, err))
		return -ENOENT;
	if (!ktstr_run__deterministic(run) || !what)
		return 0;
	if (run->opts.seeded)
		return ktstr_err_missing(err, EOPNOTSUPP,
					 "%s: the emulator's devices are not deterministic; run this test without KTSTR_SEED",
					 what);
	run->opts.mttcg = true;
	run->opts.shift = VM_SHIFT_AUTO;
	return 0;
}

/* The folder of the image, with or without the way from a kernel tree's top to it. */
static int find_module(const char *image, const struct ktstr_module *m, char *path, size_t size)
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

/* Does a config file beside the image say that the driver of @type is a module? */
static bool is_module(const char *image, const struct ktstr_device_type *type)
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
	snprintf(want, sizeof(want), "%s=m\n", type->kconfig);
	while (!found && fgets(line, sizeof(line), f))
		found = !strcmp(line, want);
	fclose(f);
	return found;
}

static int pack_module(const char *image, const struct ktstr_device_type *type,
		       const struct ktstr_module *m, struct initramfs *fs, struct ktstr_err *err)
{
	char path[PATH_MAX], dest[64];

	if (!find_module(image, m, path, sizeof(path))) {
		snprintf(dest, sizeof(dest), MODULE_DIR "/%s.ko", m->name);
		return initramfs__add_file(fs, path, dest, false, err);
	}
	if (strcmp(m->name, type->driver) || !is_module(image, type))
		return 0;
	return ktstr_err_missing(err, ENOENT,
				 "kernel %s has the driver %s as a module, but not beside it in modules/%s.ko: ktstr kernel fetch --update",
				 image, type->driver, type->driver);
}

static int pack(const struct ktstr_run *run, void *state, struct initramfs *fs,
		struct ktstr_err *err)
{
	const struct ktstr_device_type *type;
	int ret = 0;

	(void)state;
	for_each_device_type(type) {
		if (!type->declared(run->plan->test))
			continue;
		for (const struct ktstr_module *m = type->modules; !ret && m->name; m++)
			ret = pack_module(run->kernel.path, type, m, fs, err);
	}
	return ret;
}

/* What PID 1 loads, and which files must exist then. */
static int add_args(const struct ktstr_run *run, void *state, struct ktstr_guest_args *a)
{
	const struct ktstr_test *t = run->plan->test;
	const struct ktstr_device_type *type;
	char path[PATH_MAX], name[64];
	int ret = 0;

	(void)state;
	for_each_device_type(type) {
		if (!type->declared(t))
			continue;
		for (const struct ktstr_module *m = type->modules; !ret && m->name; m++) {
			if (find_module(run->kernel.path, m, path, sizeof(path)))
				continue;
			snprintf(name, sizeof(name), MODULE_DIR "/%s.ko", m->name);
			ret = ktstr_guest_args__add(&a->modules, name);
		}
	}
	for_each_device_type(type)
		for (unsigned int i = 0; !ret && i < type->declared(t); i++) {
			snprintf(name, sizeof(name), "%s%c", type->found,
				 (char)(type->found_from + i));
			ret = ktstr_guest_args__add(&a->devices, name);
		}
	if (!ret && t->disk && ktstr_filesystem__name(t->disk))
		ret = ktstr_guest_args__set(&a->disk_filesystem, ktstr_filesystem__name(t->disk));
	return ret;
}

const struct ktstr_run_part ktstr_devices_part = {
	.name = "devices",
	.state_size = sizeof(struct ktstr_devices),
	.check = check,
	.prepare = prepare,
	.pack = pack,
	.args = add_args,
	.spec = fill_spec,
	.detach = ktstr_device_counts__detach,
	.fold = ktstr_device_counts__fold,
	.json = ktstr_device_counts__json,
	.report = ktstr_device_counts__report,
};
