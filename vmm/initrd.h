/* SPDX-License-Identifier: GPL-2.0 */
/* The initrd of a spec, which may be in two parts: spec.initrd_base, then spec.initrd_fd. */
#ifndef KTSTR_VMM_INITRD_H
#define KTSTR_VMM_INITRD_H

#include "vm.h"

/* Its size in bytes, 0: there is none. 0 or -errno with @err. */
int vm_initrd_size(const struct vm_spec *spec, uint64_t *bytes, struct ktstr_err *err);

/* Copy it to @to from byte @from on, to its end. 0 or -errno with @err. */
int vm_initrd_copy(const struct vm_spec *spec, void *to, uint64_t from, struct ktstr_err *err);

/* As one file. A descriptor that the caller closes, or -errno with @err. */
int vm_initrd_join(const struct vm_spec *spec, struct ktstr_err *err);

#endif
