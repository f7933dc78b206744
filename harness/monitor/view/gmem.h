/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reading guest physical memory while the guest may be changing it. A read of something that is no
 * RAM fails and is counted; it never yields a number. Writing is for what a test asks for, and for
 * nothing else.
 */
#ifndef KTSTR_MONITOR_GMEM_H
#define KTSTR_MONITOR_GMEM_H

#include <stddef.h>
#include <stdint.h>

struct ktstr_gmem {
	/* The host's address of @len bytes of RAM at @gpa, or NULL. vm_mem(), or a test's buffer. */
	const void *(*at)(void *arg, uint64_t gpa, size_t len);
	/* The same for writing; NULL: nothing may be written. */
	void *(*writable)(void *arg, uint64_t gpa, size_t len);
	void *arg;
	uint64_t end;		/* no RAM at or above */
	uint64_t faults;	/* reads that failed */
};

/*
 * A number of @size bytes (1, 2, 4 or 8). An aligned one is loaded by one instruction, so it is a
 * value that the guest stored; one that is not aligned may be half old and half new. 0 or -EFAULT.
 */
int ktstr_gmem__load(struct ktstr_gmem *m, uint64_t gpa, unsigned int size, uint64_t *value);
/* @len bytes, all or nothing, in no particular order. 0 or -EFAULT. */
int ktstr_gmem__read(struct ktstr_gmem *m, uint64_t gpa, void *buf, size_t len);
/*
 * Store a number of 1, 2, 4 or 8 bytes at an aligned @gpa, by one instruction. 0, -EFAULT, -EINVAL
 * (not aligned), -EROFS (nothing may be written).
 */
int ktstr_gmem__store(struct ktstr_gmem *m, uint64_t gpa, unsigned int size, uint64_t value);

#endif
