/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The PC's keyboard controller without a keyboard. It can reset the machine, and it answers the
 * commands of a driver that probes: without an answer the driver waits half a second for each.
 */
#ifndef KTSTR_VMM_DEV_I8042_H
#define KTSTR_VMM_DEV_I8042_H

#include "bus.h"

#define I8042_DATA_PORT		0x60
#define I8042_COMMAND_PORT	0x64

struct i8042;

int i8042_create(struct i8042 **kp, struct dev_env *env, struct ktstr_err *err);
/* Of a machine that stands still. */
struct i8042_state {
	uint8_t config, out, out_full, want_config;
};

void i8042_save(struct i8042 *k, struct i8042_state *st);
void i8042_load(struct i8042 *k, const struct i8042_state *st);
/* The vCPUs have stopped. NULL is allowed. */
void i8042_destroy(struct i8042 *k);

#endif
