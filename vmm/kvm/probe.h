/* SPDX-License-Identifier: GPL-2.0 */
/* Does KVM really run code on this host, or does /dev/kvm merely exist? */
#ifndef KTSTR_VMM_KVM_PROBE_H
#define KTSTR_VMM_KVM_PROBE_H

#include "lib/err.h"

/*
 * Run a short guest against a deadline (well under two seconds in the worst case).
 * 0: KVM works. Otherwise -errno and one sentence in @err; err->missing is set, because
 * it is always the host that lacks something.
 */
int kvm_probe(struct ktstr_err *err);

#endif
