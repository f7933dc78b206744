/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The disk, network cards and PCI bus that a test declares: from attributes to the machine's
 * specification, and the drivers that its kernel has as modules into the guest.
 */
#ifndef KTSTR_CORE_DEVICES_H
#define KTSTR_CORE_DEVICES_H

#include <stdio.h>

#include "../../vmm/initramfs/initramfs.h"
#include "json.h"
#include "run.h"

#define KTSTR_DISK_SERIAL	"ktstr-scratch"	/* guest/types/io.c writes to no other disk */
#define KTSTR_DISK_MIB		256
#define KTSTR_MAX_NETWORKS	VM_MAX_NICS

struct ktstr_devices {
	struct vm_disk disk;
	struct vm_nic nic[KTSTR_MAX_NETWORKS];
	unsigned int nr_nics;
};

/* Why a declared device cannot be, or NULL. *@attr: the attribute that says so. */
const char *ktstr_devices__fault(const struct ktstr_test *t, const char **attr);

/* The devices' part of @spec, which points into @d afterwards. */
void ktstr_devices__spec(struct ktstr_devices *d, const struct ktstr_test *t,
			 struct vm_spec *spec);

/*
 * Devices and a deterministic run exclude each other: a run that nobody gave a seed becomes a
 * multi-threaded one. 0, or -EOPNOTSUPP with @err (a SKIP) when the user asked for a seed.
 */
int ktstr_devices__settle(struct ktstr_run *run, struct vm_err *err);

/* Add the modules that the kernel needs. 0 or -errno with @err (err->missing: get them). */
int ktstr_devices__pack(const struct ktstr_run *run, struct initramfs *fs, struct vm_err *err);

/* Lines of /ktstr.args: what PID 1 loads, and what it must find then. */
void ktstr_devices__args(const struct ktstr_run *run, FILE *f);

/* device_counts.c */
/* "devices" of the sidecar; null where the machine does not count. */
void ktstr_devices__json(const struct ktstr_run *run, struct ktstr_json *j);
/* One line a device that was counted. */
void ktstr_devices__report(const struct ktstr_run *run, FILE *f);

#endif
