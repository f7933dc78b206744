// SPDX-License-Identifier: GPL-2.0
/* Loader of truth.bpf.c: fills the maps, attaches, and sleeps until a signal ends it. */
#include <stdio.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <scx/common.h>

#include "truth.h"
#include "truth.bpf.skel.h"

#define MAX_CPUS	64

static int fill(int fd, __u32 first, __u32 nr)
{
	struct truth_value value[MAX_CPUS] = { };

	for (int i = 0; i < MAX_CPUS; i++)
		value[i] = (struct truth_value){ .u64 = 1000 + i, .u32 = 100, .u16 = 10, .s8 = -1 };
	for (__u32 key = first; key < first + nr; key++)
		if (bpf_map_update_elem(fd, &key, value, BPF_ANY))
			return -1;
	return 0;
}

static int run(struct bpf_bpf *skel)
{
	FILE *f = fopen(TRUTH_ADDR_FILE, "w");
	struct bpf_link *link;

	if (!f || fprintf(f, "%p\n", (void *)&skel->arena->in_arena) < 0 || fclose(f)) {
		perror(TRUTH_ADDR_FILE);
		return 1;
	}
	if (fill(bpf_map__fd(skel->maps.truth_hash), 1, TRUTH_KEYS) ||
	    fill(bpf_map__fd(skel->maps.truth_pc_hash), 1, TRUTH_KEYS) ||
	    fill(bpf_map__fd(skel->maps.truth_pc_array), 0, 3)) {
		perror("truth_sched: a map");
		return 1;
	}
	link = bpf_map__attach_struct_ops(skel->maps.truth_ops);
	if (!link) {
		perror("truth_sched: attach");
		return 1;
	}
	pause();
	bpf_link__destroy(link);
	return 0;
}

int main(void)
{
	struct bpf_bpf *skel = bpf_bpf__open_and_load();
	int ret = 1;

	if (skel)
		ret = run(skel);
	else
		perror("truth_sched: load");
	bpf_bpf__destroy(skel);
	return ret;
}
