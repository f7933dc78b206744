// SPDX-License-Identifier: GPL-2.0
/* From the specification to devices on the PCI bus; see cards.h. */
#include <errno.h>
#include <stdlib.h>

#include "cards.h"
#include "virtio.h"
#include "virtio_pci.h"

struct card {
	const struct vm_device_class *class;
	struct virtio *virtio;
	struct virtio_pci *slot;
};

struct cards {
	struct pci_bus *pci;
	struct card card[VM_MAX_DEVICES];	/* in the order of their slots */
	unsigned int nr;
};

/* cards_destroy() destroys the card, also after an error. */
static int add(struct cards *c, struct dev_env *env, const struct vm_device *dev,
	       struct ktstr_err *err)
{
	struct card *card = &c->card[c->nr++];
	int ret;

	card->class = dev->class;
	ret = dev->class->create(&card->virtio, env, dev->config, err);
	return ret ? ret : virtio_pci_create(&card->slot, c->pci, card->virtio, err);
}

int cards_create(struct cards **cp, struct dev_env *env, const struct vm_spec *spec,
		 struct ktstr_err *err)
{
	struct cards *c;
	int ret;

	*cp = NULL;
	if (!vm_has_pci(spec))
		return 0;
	c = calloc(1, sizeof(*c));
	if (!c)
		return ktstr_err(err, ENOMEM, "devices: out of memory");
	ret = pci_create(&c->pci, env, err);
	for (unsigned int i = 0; !ret && i < spec->nr_devices; i++)
		ret = add(c, env, &spec->devices[i], err);
	if (ret) {
		cards_destroy(c);
		return ret;
	}
	*cp = c;
	return 0;
}

int cards_start(struct cards *c, struct ktstr_err *err)
{
	int ret = 0;

	for (unsigned int i = 0; c && !ret && i < c->nr; i++)
		ret = virtio_start(c->card[i].virtio, err);
	return ret;
}

void cards_destroy(struct cards *c)
{
	if (!c)
		return;
	for (unsigned int i = 0; i < c->nr; i++) {
		struct card *card = &c->card[i];

		if (!card->virtio)
			continue;
		virtio_stop(card->virtio);
		virtio_pci_destroy(card->slot);
		card->class->destroy(card->virtio);
	}
	pci_destroy(c->pci);
	free(c);
}

int cards_counters(struct cards *c, unsigned int i, uint64_t value[VM_MAX_COUNTERS])
{
	if (!c || i >= c->nr)
		return -ENOENT;
	virtio_counters(c->card[i].virtio, c->card[i].class->counters, value);
	return 0;
}
