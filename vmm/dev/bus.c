// SPDX-License-Identifier: GPL-2.0
/* Two sorted arrays of ranges: see bus.h. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "bus.h"

static const char * const space_name[BUS_NR_SPACES] = { "port", "MMIO" };

int bus_add(struct bus *bus, enum bus_space space, uint64_t base, uint64_t len,
	    const struct bus_ops *ops, void *dev, struct ktstr_err *err)
{
	struct bus_range *r = bus->range[space];
	unsigned int i = bus->nr[space];

	if (!len || base + len < base)
		return ktstr_err(err, EINVAL, "%s range %#" PRIx64 "+%#" PRIx64 ": empty or wraps",
				 space_name[space], base, len);
	if (bus->nr[space] == BUS_MAX_RANGES)
		return ktstr_err(err, ENOSPC, "more than %d %s ranges", BUS_MAX_RANGES,
				 space_name[space]);
	while (i && r[i - 1].base > base)
		i--;
	if ((i && r[i - 1].base + r[i - 1].len > base) ||
	    (i < bus->nr[space] && base + len > r[i].base))
		return ktstr_err(err, EEXIST, "%s range %#" PRIx64 "+%#" PRIx64 ": is taken",
				 space_name[space], base, len);
	memmove(&r[i + 1], &r[i], (bus->nr[space] - i) * sizeof(*r));
	r[i] = (struct bus_range){ .base = base, .len = len, .ops = ops, .dev = dev };
	bus->nr[space]++;
	return 0;
}

static const struct bus_range *bus_find(const struct bus *bus, enum bus_space space,
					uint64_t addr, unsigned int len)
{
	unsigned int lo = 0, hi = bus->nr[space];

	while (lo < hi) {
		unsigned int mid = lo + (hi - lo) / 2;
		const struct bus_range *r = &bus->range[space][mid];

		if (addr < r->base)
			hi = mid;
		else if (addr - r->base >= r->len)
			lo = mid + 1;
		else
			return r->len - (addr - r->base) >= len ? r : NULL;
	}
	return NULL;
}

bool bus_read(const struct bus *bus, enum bus_space space, uint64_t addr, void *data,
	      unsigned int len)
{
	const struct bus_range *r = bus_find(bus, space, addr, len);
	uint64_t v = UINT64_MAX;

	if (r && r->ops->read)
		r->ops->read(r->dev, addr - r->base, &v, len);
	memcpy(data, &v, len);		/* the hosts of this VMM are little endian */
	return r;
}

bool bus_write(const struct bus *bus, enum bus_space space, uint64_t addr, const void *data,
	       unsigned int len)
{
	const struct bus_range *r = bus_find(bus, space, addr, len);
	uint64_t v = 0;

	memcpy(&v, data, len);
	if (r && r->ops->write)
		r->ops->write(r->dev, addr - r->base, v, len);
	return r;
}

void bus_raise_irq(const struct irq_line *irq)
{
	const uint64_t one = 1;

	/* The write fails only when the counter is full, and then the edge is pending anyway. */
	if (irq->fd >= 0 && write(irq->fd, &one, sizeof(one)) < 0)
		return;
}
