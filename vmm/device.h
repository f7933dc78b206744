/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The devices that a specification asks for, all of them virtio over PCI. A device is a class and
 * a configuration. The class is one file, vmm/dev/virtio/virtio_*.c, and contains everything about
 * its devices: which configurations are valid, how the bundled VMM emulates one, which arguments
 * QEMU needs for one, and what is counted. A new class is such a file and a declaration at the end
 * of this one.
 */
#ifndef KTSTR_VMM_DEVICE_H
#define KTSTR_VMM_DEVICE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

struct dev_env;
struct virtio;
struct vm_argv;

#define VM_MAX_DEVICES	12	/* of all classes */
#define VM_MAX_COUNTERS	8	/* of one class */

/* A counter: a uint64_t at @offset of the structure that embeds struct virtio. */
struct vm_counter {
	const char *name;
	size_t offset;
};

#define VM_COUNTER(_struct, _group, _name)	{ #_name, offsetof(struct _struct, _group._name) }

struct vm_device_class {
	const char *name;		/* one of them, for messages: "disk" */
	unsigned int max;		/* in one machine */
	/* Is @config valid? 0, or -EINVAL with @err, which says what is wrong with device @nr. */
	int (*check)(const void *config, unsigned int nr, struct ktstr_err *err);

	/* The bundled VMM. @config is read during the call only. 0 or -errno with @err. */
	int (*create)(struct virtio **vp, struct dev_env *env, const void *config,
		      struct ktstr_err *err);
	/* The vCPUs and the device's thread have stopped. */
	void (*destroy)(struct virtio *v);
	const struct vm_counter *counters;	/* ends with a NULL name; NULL: none */

	/*
	 * QEMU. open() returns a descriptor that QEMU inherits, or -errno with @err; NULL: it needs
	 * none. args() appends the arguments for device @nr of the class; @fd is from open().
	 */
	int (*open)(const void *config, struct ktstr_err *err);
	void (*args)(struct vm_argv *a, const void *config, unsigned int nr, int fd);
};

struct vm_device {
	const struct vm_device_class *class;
	const void *config;		/* as the class wants it; borrowed as the spec is */
};

/* How many of the first @end devices have the class of @end: its number within the class. */
static inline unsigned int vm_device_nr(const struct vm_device *device, unsigned int end)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < end; i++)
		nr += device[i].class == device[end].class;
	return nr;
}

/* The classes and their configurations. */

#define VM_MAX_DISKS		4
#define VM_DISK_SERIAL_MAX	20	/* VIRTIO_BLK_ID_BYTES */
#define VM_SECTOR		512

/*
 * A disk, /dev/vda and so on in the guest. It is a file in the host's memory, initially all
 * zeroes, and is gone when the machine ends. The limits are independent of each other; 0: none.
 */
struct vm_disk {
	uint64_t bytes;			/* whole sectors */
	const char *serial;		/* what the guest reads as the disk's serial number */
	uint64_t max_iops;		/* reads, writes and flushes per second */
	uint64_t max_bytes_per_s;	/* read and written */
	/* Fills the file of the disk before the machine starts. 0 or -errno with @err; NULL: zeroes. */
	int (*format)(int fd, struct ktstr_err *err);
};
extern const struct vm_device_class vm_disk_class;	/* virtio_blk.c */

#define VM_MAX_NICS		8

/* A network card in loopback: it receives what it sends. */
struct vm_nic {
	uint8_t mac[6];
};
extern const struct vm_device_class vm_nic_class;	/* virtio_net.c */

#endif
