// SPDX-License-Identifier: GPL-2.0
/* Power off and reset by ACPI; acpi_pm.h has what the FADT says about it. */
#include <errno.h>
#include <linux/kernel.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "acpi_pm.h"

/* PM1 control register */
#define SCI_EN		0x0001
#define SLP_TYP_SHIFT	10
#define SLP_TYP_MASK	0x7
#define SLP_EN		0x2000

struct acpi_pm {
	struct dev_env *env;
	/* The enable register has to keep what is written, or ACPICA complains. */
	_Atomic uint16_t enable;
};

/* Status and enable register: the status is always zero. */
static void event_read(void *dev, uint64_t offset, uint64_t *data, unsigned int len)
{
	struct acpi_pm *p = dev;
	uint32_t both = (uint32_t)p->enable << 16;

	(void)len;
	*data = both >> (8 * offset);
}

static void event_write(void *dev, uint64_t offset, uint64_t data, unsigned int len)
{
	struct acpi_pm *p = dev;

	if (offset == 2 && len == 2)
		p->enable = (uint16_t)data;
	else if (offset == 0 && len == 4)
		p->enable = (uint16_t)(data >> 16);
}

static void control_read(void *dev, uint64_t offset, uint64_t *data, unsigned int len)
{
	(void)dev;
	(void)len;
	*data = SCI_EN >> (8 * offset);
}

static void control_write(void *dev, uint64_t offset, uint64_t data, unsigned int len)
{
	struct acpi_pm *p = dev;

	if (offset == 0 && len == 2 && (data & SLP_EN) &&
	    ((data >> SLP_TYP_SHIFT) & SLP_TYP_MASK) == ACPI_S5_SLEEP_TYPE)
		p->env->stop(p->env, DEV_STOP_POWER_OFF);
}

static void reset_write(void *dev, uint64_t offset, uint64_t data, unsigned int len)
{
	struct acpi_pm *p = dev;

	(void)offset;
	(void)len;
	if (data == ACPI_RESET_VALUE)
		p->env->stop(p->env, DEV_STOP_RESET);
}

static const struct bus_ops event_ops = { .read = event_read, .write = event_write };
static const struct bus_ops control_ops = { .read = control_read, .write = control_write };
static const struct bus_ops reset_ops = { .write = reset_write };

int acpi_pm_create(struct acpi_pm **pp, struct dev_env *env, struct ktstr_err *err)
{
	const struct {
		uint64_t port, len;
		const struct bus_ops *ops;
	} block[] = {
		{ ACPI_PM1_EVENT, ACPI_PM1_CONTROL - ACPI_PM1_EVENT, &event_ops },
		{ ACPI_PM1_CONTROL, 2, &control_ops },
		{ ACPI_RESET, ACPI_PM_END - ACPI_RESET, &reset_ops },
	};
	struct acpi_pm *p = calloc(1, sizeof(*p));
	int ret = 0;

	*pp = NULL;
	if (!p)
		return ktstr_err(err, ENOMEM, "ACPI power management: out of memory");
	p->env = env;
	for (size_t i = 0; !ret && i < ARRAY_SIZE(block); i++)
		ret = bus_add(env->bus, BUS_PIO, block[i].port, block[i].len, block[i].ops, p,
			      err);
	if (ret) {
		acpi_pm_destroy(p);
		return ret;
	}
	*pp = p;
	return 0;
}

uint16_t acpi_pm_save(struct acpi_pm *p)
{
	return p->enable;
}

void acpi_pm_load(struct acpi_pm *p, uint16_t enable)
{
	p->enable = enable;
}

void acpi_pm_destroy(struct acpi_pm *p)
{
	free(p);
}
