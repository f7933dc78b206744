/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The PC's keyboard controller without a keyboard: it resets the machine, and answers a
 * driver's probing at once where silence would cost it half a second per question.
 */
#ifndef KTSTR_VMM_DEV_I8042_H
#define KTSTR_VMM_DEV_I8042_H

#include "bus.h"

#define I8042_DATA_PORT		0x60
#define I8042_COMMAND_PORT	0x64

struct i8042;

int i8042_create(struct i8042 **kp, struct dev_env *env, struct vm_err *err);
/* The vCPUs have stopped. NULL is allowed. */
void i8042_destroy(struct i8042 *k);

#endif
