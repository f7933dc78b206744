/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The disk, network cards and PCI bus that a test declares: translates attributes to the machine's
 * specification, and packs the drivers that the kernel has as modules into the initramfs.
 */
#ifndef KTSTR_DEVICES_DEVICES_H
#define KTSTR_DEVICES_DEVICES_H

#include "harness/model/part.h"

#define KTSTR_DISK_SERIAL	"ktstr-scratch"	/* guest/work/types/io/io.c writes to no other disk */
#define KTSTR_DISK_MIB		256

/* A module, and its folder in a kernel tree. */
struct ktstr_module {
	const char *name;
	const char *in_tree;
};

union ktstr_device_config {
	struct vm_disk disk;
	struct vm_nic nic;
};

/* A type of device that a test can declare. */
struct ktstr_device_type {
	const char *attr;		/* the test's attribute, and the sidecar's key */
	const char *label;		/* of the report's lines: "disk" for "disk0: ..." */
	const char *no_pci;		/* the error of declaring it with pci = false */
	bool list;			/* a test can declare several */
	const struct vm_device_class *class;
	unsigned int (*declared)(const struct ktstr_test *t);	/* how many */
	/* NULL: none. The sentence may be made in @buf. */
	const char *(*fault)(const struct ktstr_test *t, char *buf, size_t size);
	void (*config)(const struct ktstr_test *t, unsigned int nr,
		       union ktstr_device_config *c);
	const char *kconfig;		/* option of the driver */
	const char *driver;		/* the driver's module */
	const struct ktstr_module *modules;	/* in the order of loading; ends with NULL */
	/* In the guest, once the driver has its device: @found with 'found_from + nr' appended. */
	const char *found;
	char found_from;
};

/* In the order of their PCI slots; ends with a NULL attr. */
extern const struct ktstr_device_type ktstr_device_types[];

#define for_each_device_type(_type)	\
	for (_type = ktstr_device_types; _type->attr; _type++)

/*
 * What the devices did: as the machine counts, see vm_device_counters(), or where it does not, as
 * the guest's kernel does.
 */
struct ktstr_device_counts {
	unsigned int nr;
	uint64_t value[VM_MAX_DEVICES][VM_MAX_COUNTERS];
	uint32_t unknown[VM_MAX_DEVICES];	/* bit per counter */
};

/* The part's state: the machine's devices, to which its specification points. */
struct ktstr_devices {
	union ktstr_device_config config[VM_MAX_DEVICES];
	struct vm_device device[VM_MAX_DEVICES];
	unsigned int nr;
	struct ktstr_device_counts counts;
};

extern const struct ktstr_run_part ktstr_devices_part;

/* filesystem.c: what a disk that has no file system does not need */

/* NULL: the value is valid. */
const char *ktstr_filesystem__fault(const struct ktstr_disk *d);
/* As the kernel calls it; NULL: none. */
const char *ktstr_filesystem__name(const struct ktstr_disk *d);
/* Has the host the program that makes it? 0, or -ENOENT with @err: the run is a SKIP. */
int ktstr_filesystem__prepare(const struct ktstr_disk *d, struct ktstr_err *err);
/* Of struct vm_disk; NULL: none. */
int (*ktstr_filesystem__format(const struct ktstr_disk *d))(int fd, struct ktstr_err *err);

/* device_counts.c: hooks of the part */
void ktstr_device_counts__detach(struct ktstr_run *run, void *state, struct vm *vm);
void ktstr_device_counts__fold(struct ktstr_run *run, void *state);
void ktstr_device_counts__json(const struct ktstr_run *run, const void *state, const char *key,
			       struct ktstr_json *j);
/* One line a device that was counted. */
void ktstr_device_counts__report(const struct ktstr_run *run, const void *state, bool brief,
				 FILE *f);

#endif
