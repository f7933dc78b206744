// SPDX-License-Identifier: GPL-2.0
/* From the specification to devices on the PCI bus; see cards.h. */
#include <errno.h>
#include <stdlib.h>

#include "../devfile.h"
#include "../fd.h"
#include "cards.h"
#include "virtio_blk.h"
#include "virtio_net.h"
#include "virtio_pci.h"

#define MAX_CARDS	(VM_MAX_DISKS + VM_MAX_NICS)

struct cards {
	struct pci_bus *pci;
	struct virtio_blk *blk[VM_MAX_DISKS];
	int disk_fd[VM_MAX_DISKS];
	unsigned int nr_disks;
	struct virtio_net *net[VM_MAX_NICS];
	unsigned int nr_nics;
	/* all of the above in the order of their slots */
	struct virtio *virtio[MAX_CARDS];
	struct virtio_pci *slot[MAX_CARDS];
	unsigned int nr;
};

static int plug(struct cards *c, struct virtio *v, struct vm_err *err)
{
	int ret = virtio_pci_create(&c->slot[c->nr], c->pci, v, err);

	if (!ret)
		c->virtio[c->nr++] = v;
	return ret;
}

static int add_disk(struct cards *c, struct dev_env *env, const struct vm_disk *disk,
		    struct vm_err *err)
{
	unsigned int i = c->nr_disks++;
	int ret;

	c->disk_fd[i] = vm_disk_open(disk, err);
	if (c->disk_fd[i] < 0)
		return c->disk_fd[i];
	ret = virtio_blk_create(&c->blk[i], env, disk, c->disk_fd[i], err);
	return ret ? ret : plug(c, virtio_blk_base(c->blk[i]), err);
}

static int add_nic(struct cards *c, struct dev_env *env, const struct vm_nic *nic,
		   struct vm_err *err)
{
	unsigned int i = c->nr_nics++;
	int ret = virtio_net_create(&c->net[i], env, nic, err);

	return ret ? ret : plug(c, virtio_net_base(c->net[i]), err);
}

int cards_create(struct cards **cp, struct dev_env *env, const struct vm_spec *spec,
		 struct vm_err *err)
{
	struct cards *c;
	int ret;

	*cp = NULL;
	if (!vm_has_pci(spec))
		return 0;
	c = calloc(1, sizeof(*c));
	if (!c)
		return vm_err(err, ENOMEM, "devices: out of memory");
	for (unsigned int i = 0; i < VM_MAX_DISKS; i++)
		c->disk_fd[i] = -1;
	ret = pci_create(&c->pci, env, err);
	for (unsigned int i = 0; !ret && i < spec->nr_disks; i++)
		ret = add_disk(c, env, &spec->disks[i], err);
	for (unsigned int i = 0; !ret && i < spec->nr_nics; i++)
		ret = add_nic(c, env, &spec->nics[i], err);
	if (ret) {
		cards_destroy(c);
		return ret;
	}
	*cp = c;
	return 0;
}

int cards_start(struct cards *c, struct vm_err *err)
{
	int ret = 0;

	for (unsigned int i = 0; c && !ret && i < c->nr; i++)
		ret = virtio_start(c->virtio[i], err);
	return ret;
}

void cards_destroy(struct cards *c)
{
	if (!c)
		return;
	for (unsigned int i = 0; i < c->nr; i++) {
		virtio_stop(c->virtio[i]);
		virtio_pci_destroy(c->slot[i]);
	}
	for (unsigned int i = 0; i < c->nr_nics; i++)
		virtio_net_destroy(c->net[i]);
	for (unsigned int i = 0; i < c->nr_disks; i++) {
		virtio_blk_destroy(c->blk[i]);
		fd_close(&c->disk_fd[i]);
	}
	pci_destroy(c->pci);
	free(c);
}

int cards_disk_stats(struct cards *c, unsigned int disk, struct vm_disk_stats *stats)
{
	if (!c || disk >= c->nr_disks)
		return -ENOENT;
	virtio_blk_stats(c->blk[disk], stats);
	return 0;
}

int cards_nic_stats(struct cards *c, unsigned int nic, struct vm_nic_stats *stats)
{
	if (!c || nic >= c->nr_nics)
		return -ENOENT;
	virtio_net_stats(c->net[nic], stats);
	return 0;
}
