/* SPDX-License-Identifier: GPL-2.0 */
/* Repeating a run up to a moment: see part.c, and docs/replay.md for what users see of it. */
#ifndef KTSTR_REPLAY_PART_H
#define KTSTR_REPLAY_PART_H

#include "harness/model/part.h"

extern const struct ktstr_run_part ktstr_replay_part;

#endif
