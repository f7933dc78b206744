/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Kfuncs of sched_ext that no BPF program can call. A kfunc may have an argument that only the
 * kernel passes (KF_IMPLICIT_ARGS, since 7.1). A build step of the kernel, resolve_btfids, then lists
 * it in BTF twice: without this argument, and with it as NAME_impl. Some packages of 7.1 and 7.2
 * were built by one that does so for a part of the kfuncs only. The rest is listed once, with the
 * argument: libbpf refuses to load a program that calls it as its headers say ("func_proto
 * incompatible with vmlinux"), and the verifier would not find NAME_impl.
 */
#ifndef KTSTR_MONITOR_KFUNC_H
#define KTSTR_MONITOR_KFUNC_H

#include "btf.h"

/*
 * The first such kfunc for which @uses says that it is called, or NULL. The string lives as long as
 * the BTF.
 */
const char *ktstr_kfunc__unusable(const struct ktstr_btf *btf,
				  bool (*uses)(const void *arg, const char *name), const void *arg);

#endif
