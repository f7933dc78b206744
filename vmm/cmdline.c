// SPDX-License-Identifier: GPL-2.0
/*
 * Builds the command line without side effects, so that it can be tested without booting; see
 * cmdline.h.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cmdline.h"

/* Append to a command line under construction; the length may exceed @size. */
static void add(char *buf, size_t size, size_t *len, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

static void add(char *buf, size_t size, size_t *len, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(*len < size ? buf + *len : NULL, *len < size ? size - *len : 0, fmt, ap);
	va_end(ap);
	if (n > 0)
		*len += (size_t)n;
}

int vm_cmdline_build(const struct vm_spec *spec, const struct vm_cmdline *c, char *buf,
		     size_t size, struct ktstr_err *err)
{
	size_t len = 0;

	/*
	 * panic=-1: a panic resets the machine at once, which ends it. numa_balancing takes
	 * words only, 0 would be ignored.
	 */
	add(buf, size, &len,
	    "console=ttyS0 loglevel=7 panic=-1 iomem=relaxed mitigations=off numa_balancing=disable random.trust_cpu=on"
	    /* its self tests compete with the workload for seconds */
	    " cryptomgr.notests=1 %s", c->platform);
	if (!spec->kaslr)
		add(buf, size, &len, " nokaslr");
	/* ramfs: no size limit, unlike the tmpfs that kernels use when they can */
	if (spec->initrd_fd >= 0)
		add(buf, size, &len, " rdinit=/init rootfstype=ramfs");
	if (spec->shared_bytes && c->reserve_shared)
		add(buf, size, &len, " memmap=0x%" PRIx64 "$0x%" PRIx64, spec->shared_bytes,
		    c->shared_gpa);
	if (spec->shared_bytes)
		add(buf, size, &len, " ktstr.chan=0x%" PRIx64 ",0x%" PRIx64, c->shared_gpa,
		    spec->shared_bytes);
	add(buf, size, &len, " ktstr.doorbell=%s", c->doorbell);
	if (spec->cmdline && *spec->cmdline)
		add(buf, size, &len, " %s", spec->cmdline);
	if (len > c->max || len >= size)
		return ktstr_err(err, E2BIG,
				 "guest command line: %zu characters, the kernel takes %" PRIu32 "; shorten the test's own parameters (%zu)",
				 len, c->max, spec->cmdline ? strlen(spec->cmdline) : 0);
	return 0;
}
