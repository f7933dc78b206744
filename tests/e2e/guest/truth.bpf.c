// SPDX-License-Identifier: GPL-2.0
/*
 * A scheduler that leaves all decisions to the kernel, so that it loads on every kernel with
 * sched_ext: it calls no kfunc. It has variables in an arena, and maps that the host writes.
 */
#include <scx/common.bpf.h>

#include "truth.h"

char _license[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_ARENA);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, TRUTH_ARENA_PAGES);
	__ulong(map_extra, TRUTH_ARENA_ADDR);
} truth_arena SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, u32);
	__type(value, struct truth_value);
} truth_hash SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 16);
	__type(key, u32);
	__type(value, struct truth_value);
} truth_pc_hash SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 3);
	__type(key, u32);
	__type(value, struct truth_value);
} truth_pc_array SEC(".maps");

struct truth_value __arena in_arena = { .u64 = TRUTH_MAGIC, .u16 = 4711, .s8 = -7 };

/* Each task that gets a CPU. */
void BPF_STRUCT_OPS(truth_running, struct task_struct *p)
{
	u32 key = 1;

	__sync_fetch_and_add(&in_arena.u32, 1);
	/* the programs know these maps, so libbpf makes them the object's */
	bpf_map_lookup_elem(&truth_hash, &key);
	bpf_map_lookup_elem(&truth_pc_hash, &key);
	bpf_map_lookup_elem(&truth_pc_array, &key);
}

SCX_OPS_DEFINE(truth_ops,
	       .running		= (void *)truth_running,
	       .name		= "truth");
