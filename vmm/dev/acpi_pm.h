/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ACPI fixed hardware: power off through PM1a control and the reset register (ACPI 6.5,
 * 4.8.3 and 4.8.3.6). The FADT describes exactly these ports:
 *
 *	PM1a_EVT_BLK	ACPI_PM1_EVENT, 4 bytes
 *	PM1a_CNT_BLK	ACPI_PM1_CONTROL, 2 bytes
 *	RESET_REG	ACPI_RESET, 1 byte of system I/O, RESET_VALUE ACPI_RESET_VALUE, flag
 *			RESET_REG_SUP
 *	SMI_CMD		0: the machine is in ACPI mode from the start
 *	_S5		SLP_TYP ACPI_S5_SLEEP_TYPE
 *
 * No event ever occurs, so the SCI is never raised.
 */
#ifndef KTSTR_VMM_DEV_ACPI_PM_H
#define KTSTR_VMM_DEV_ACPI_PM_H

#include "bus.h"

#define ACPI_PM1_EVENT		0x600
#define ACPI_PM1_CONTROL	0x604
#define ACPI_RESET		0x608
#define ACPI_PM_END		0x609
#define ACPI_RESET_VALUE	0x01
#define ACPI_S5_SLEEP_TYPE	5

struct acpi_pm;

int acpi_pm_create(struct acpi_pm **pp, struct dev_env *env, struct ktstr_err *err);
/* All of its state, the enable register, of a machine that stands still. */
uint16_t acpi_pm_save(struct acpi_pm *p);
void acpi_pm_load(struct acpi_pm *p, uint16_t enable);
/* The vCPUs have stopped. NULL is allowed. */
void acpi_pm_destroy(struct acpi_pm *p);

#endif
