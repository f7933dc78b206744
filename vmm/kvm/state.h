/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The file with the state of a saved machine: a header and sections behind it, each what one call of
 * KVM or one device gave, by type and by the number of its vCPU, console or chip. It is read on the
 * machine where it was written, so numbers are the CPU's; but it comes from a file, so nothing in it
 * is believed.
 */
#ifndef KTSTR_VMM_KVM_STATE_H
#define KTSTR_VMM_KVM_STATE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

/* A type is four letters. */
#define KVM_STATE_TYPE(_a, _b, _c, _d) \
	((uint32_t)(_a) | (uint32_t)(_b) << 8 | (uint32_t)(_c) << 16 | (uint32_t)(_d) << 24)

#define KVM_STATE_MAX	(64u << 20)	/* bytes; 252 vCPUs have 5 MiB */

struct kvm_state {
	uint8_t *data;
	size_t len, room;
};

/* Begin a state, which is empty, of a machine with @nr_vcpus. 0 or -ENOMEM. */
int kvm_state_begin(struct kvm_state *s, uint32_t nr_vcpus);
/* Add a section. 0, -ENOMEM, or -ENOSPC beyond KVM_STATE_MAX. */
int kvm_state_put(struct kvm_state *s, uint32_t type, uint32_t index, const void *data,
		  uint32_t bytes);
/* Write it to the empty file @fd. 0 or -errno. */
int kvm_state_write(const struct kvm_state *s, int fd);

/*
 * Read @fd from its beginning. 0, or -errno with @err; -EBADMSG: it is damaged or of another machine
 * than one with @nr_vcpus. kvm_state_free() in either case.
 */
int kvm_state_read(struct kvm_state *s, int fd, uint32_t nr_vcpus, struct ktstr_err *err);
/* The same for what is in memory already. */
int kvm_state_check(const struct kvm_state *s, uint32_t nr_vcpus, struct ktstr_err *err);
/* The first section of this type and number, aligned to 8 bytes, and its length; NULL: there is none. */
const void *kvm_state_get(const struct kvm_state *s, uint32_t type, uint32_t index,
			  uint32_t *bytes);
void kvm_state_free(struct kvm_state *s);

#endif
