/* SPDX-License-Identifier: GPL-2.0 */
/* PROGRAM --schedulers, on stderr like -l: what `ktstr verifier` asks each program for. */
#ifndef KTSTR_HOST_SCHEDULERS_H
#define KTSTR_HOST_SCHEDULERS_H

#include <stdio.h>

#include "harness/model/registry.h"

/*
 * A JSON array with an object for each declared scheduler: its name and label, how it is started,
 * the test of the verifier sweep, the kernels that it wants (null: all), and its topologies, each
 * {"name", "topology", "cpus"}: its own first, then the presets within its bounds. 0 or -errno.
 */
int ktstr_schedulers__print(const struct ktstr_registry *r, FILE *f);

#endif
