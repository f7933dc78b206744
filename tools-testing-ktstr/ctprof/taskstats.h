/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Delay accounting: the kernel's answers about single threads over generic netlink
 * (Documentation/accounting/taskstats.rst). Asking needs CAP_NET_ADMIN.
 */
#ifndef KTSTR_TOOL_CTPROF_TASKSTATS_H
#define KTSTR_TOOL_CTPROF_TASKSTATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

struct ctprof_taskstats;

/* NULL with @err. */
struct ctprof_taskstats *ctprof_taskstats__open(struct ktstr_err *err);
void ctprof_taskstats__close(struct ctprof_taskstats *ts);

/*
 * struct taskstats of a thread, valid until the next call. 0; -ESRCH: it has ended; else -errno, as
 * -EPERM, and -EPROTO for an answer that makes no sense or has a layout of its own.
 */
int ctprof_taskstats__get(struct ctprof_taskstats *ts, int32_t tid, const void **stats, size_t *len);

/* The same of a message; @len bytes of it are there. */
int ctprof_taskstats__parse(const void *msg, size_t len, int32_t tid, const void **stats,
			    size_t *stats_len);

/* The u64 at an offset. False: this kernel's struct ends before it. */
bool ctprof_taskstats__u64(const void *stats, size_t len, size_t offset, uint64_t *v);

#endif
