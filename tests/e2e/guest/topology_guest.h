/* SPDX-License-Identifier: GPL-2.0 */
/* The half of tests/e2e/topology_test.c that runs inside. */
#ifndef KTSTR_TESTS_TOPOLOGY_GUEST_H
#define KTSTR_TESTS_TOPOLOGY_GUEST_H

#include <stdbool.h>

#define TOPOLOGY_GUEST_NODES	64

/* Report and reboot. Returns only when that fails. */
int topology_guest(void);

#endif
