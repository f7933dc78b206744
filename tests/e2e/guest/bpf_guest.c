// SPDX-License-Identifier: GPL-2.0
/* The BPF maps and programs of the guest, as its own kernel tells them: see monitor_guest.c. */
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bpf_digest.h"
#include "truth.h"
#include "monitor_guest.h"

#define MAX_CPUS	64
#define ROUND8(_x)	(((_x) + 7u) & ~7u)

static long bpf(int cmd, union bpf_attr *attr)
{
	return syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

static bool per_cpu(uint32_t type)
{
	return type == BPF_MAP_TYPE_PERCPU_ARRAY || type == BPF_MAP_TYPE_PERCPU_HASH ||
	       type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
}

static bool readable(uint32_t type)
{
	return per_cpu(type) || type == BPF_MAP_TYPE_ARRAY || type == BPF_MAP_TYPE_HASH ||
	       type == BPF_MAP_TYPE_LRU_HASH;
}

static void update(int fd, const void *key, const void *value)
{
	union bpf_attr attr = { .map_fd = (uint32_t)fd, .key = (uintptr_t)key,
				.value = (uintptr_t)value };

	if (bpf(BPF_MAP_UPDATE_ELEM, &attr))
		perror("monitor_truth_test: a map's update");
}

/* A map with keys of 4 bytes, or 6 in a hash, and values of 12, half full if that is possible. */
static void make_map(const char *name, uint32_t type, uint32_t max, uint32_t flags)
{
	bool array = type == BPF_MAP_TYPE_ARRAY || type == BPF_MAP_TYPE_PERCPU_ARRAY;
	union bpf_attr attr = { .map_type = type, .key_size = array ? 4 : 6, .value_size = 12,
				.max_entries = max, .map_flags = flags };
	uint8_t key[8] = { 0 }, value[16 * MAX_CPUS];
	unsigned int seed = type;
	int fd;

	strncpy(attr.map_name, name, sizeof(attr.map_name) - 1);
	fd = (int)bpf(BPF_MAP_CREATE, &attr);
	if (fd < 0)
		perror(name);
	for (uint32_t i = 0; fd >= 0 && i < max / 2; i++) {
		uint32_t k = array ? i : i * 7 + 1;

		memcpy(key, &k, sizeof(k));
		for (size_t b = 0; b < sizeof(value); b++)
			value[b] = (uint8_t)rand_r(&seed);
		update(fd, key, value);
	}
	/* the descriptor stays: it keeps the map */
}

void bpf_guest_maps(void)
{
	make_map("made_array", BPF_MAP_TYPE_ARRAY, 40, 0);
	make_map("made_pc_array", BPF_MAP_TYPE_PERCPU_ARRAY, 6, 0);
	make_map("made_hash", BPF_MAP_TYPE_HASH, 600, 0);
	make_map("made_hash_np", BPF_MAP_TYPE_HASH, 100, BPF_F_NO_PREALLOC);
	make_map("made_pc_hash", BPF_MAP_TYPE_PERCPU_HASH, 50, 0);
	make_map("made_pc_hash_np", BPF_MAP_TYPE_PERCPU_HASH, 20, BPF_F_NO_PREALLOC);
	make_map("made_lru", BPF_MAP_TYPE_LRU_HASH, 200, 0);
	make_map("made_pc_lru", BPF_MAP_TYPE_LRU_PERCPU_HASH, 40, 0);
}

static uint64_t digest_of(int fd, const struct bpf_map_info *info, uint32_t *nr)
{
	uint32_t cpus = per_cpu(info->type) ? (uint32_t)sysconf(_SC_NPROCESSORS_CONF) : 1;
	uint32_t step = per_cpu(info->type) ? ROUND8(info->value_size) : info->value_size;
	uint8_t key[64], next[64] = { }, *value = malloc((size_t)step * cpus);
	union bpf_attr attr = { .map_fd = (uint32_t)fd };
	uint64_t sum = 0;

	attr.next_key = (uintptr_t)next;
	for (*nr = 0; value && info->key_size <= sizeof(key) && !bpf(BPF_MAP_GET_NEXT_KEY, &attr);) {
		union bpf_attr look = { .map_fd = (uint32_t)fd, .key = (uintptr_t)key,
					.value = (uintptr_t)value };

		memcpy(key, next, sizeof(key));
		attr.key = (uintptr_t)key;
		if (bpf(BPF_MAP_LOOKUP_ELEM, &look))
			continue;
		for (uint32_t cpu = 0; cpu < cpus; cpu++, ++*nr)
			sum += bpf_digest(key, info->key_size, cpu, value + (size_t)cpu * step,
					  info->value_size);
	}
	free(value);
	return sum;
}

static int info_of(int fd, void *info, uint32_t len)
{
	union bpf_attr attr = { .info.bpf_fd = (uint32_t)fd, .info.info_len = len,
				.info.info = (uintptr_t)info };

	memset(info, 0, len);
	return (int)bpf(BPF_OBJ_GET_INFO_BY_FD, &attr);
}

static void put_truth_value(const char *map, uint32_t key, uint32_t cpu,
			    const struct truth_value *v)
{
	monitor_put("%s.%u.%u.u64 %lld\n", map, key, cpu, (long long)v->u64);
	monitor_put("%s.%u.%u.u32 %u\n", map, key, cpu, v->u32);
	monitor_put("%s.%u.%u.u16 %u\n", map, key, cpu, v->u16);
	monitor_put("%s.%u.%u.u8 %u\n", map, key, cpu, v->u8);
	monitor_put("%s.%u.%u.s8 %d\n", map, key, cpu, v->s8);
}

/* The values of a map of the scheduler, one by one: what the host writes has to be seen in them. */
static void put_truth_map(int fd, const struct bpf_map_info *info)
{
	uint32_t cpus = per_cpu(info->type) ? (uint32_t)sysconf(_SC_NPROCESSORS_CONF) : 1;
	struct truth_value value[MAX_CPUS];

	for (uint32_t key = 0; key <= TRUTH_KEYS; key++) {
		union bpf_attr look = { .map_fd = (uint32_t)fd, .key = (uintptr_t)&key,
					.value = (uintptr_t)value };

		for (uint32_t cpu = 0; !bpf(BPF_MAP_LOOKUP_ELEM, &look) && cpu < cpus; cpu++)
			put_truth_value(info->name, key, cpu, &value[cpu]);
	}
}

/* The variable in the arena, by the address that the loader has left in a file. */
static void put_arena(int fd)
{
	void *arena = mmap((void *)TRUTH_ARENA_ADDR, TRUTH_ARENA_PAGES * 4096,
			   PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);
	FILE *f = fopen(TRUTH_ADDR_FILE, "r");
	const struct truth_value *v;
	void *at = NULL;

	if (arena == MAP_FAILED || !f || fscanf(f, "%p", &at) != 1)
		perror("monitor_truth_test: the arena");
	if (f)
		fclose(f);
	v = at;
	if (arena == MAP_FAILED)
		return;
	if (v)
		monitor_put("arena.u64 %lld\narena.u32 %u\narena.u16 %u\narena.s8 %d\n",
			    (long long)v->u64, v->u32, v->u16, v->s8);
	munmap(arena, TRUTH_ARENA_PAGES * 4096);
}

static void put_map(int fd)
{
	struct bpf_map_info info;
	uint64_t digest;
	uint32_t nr;

	if (info_of(fd, &info, sizeof(info)))
		return;
	monitor_put("map%u.name %s\n", info.id, info.name[0] ? info.name : "-");
	monitor_put("map%u.shape %u,%u,%u,%u\n", info.id, info.type, info.key_size,
		    info.value_size, info.max_entries);
	if (!strcmp(info.name, "truth_arena"))
		put_arena(fd);
	else if (!strncmp(info.name, "truth_", 6) && info.value_size == sizeof(struct truth_value))
		put_truth_map(fd, &info);
	if (!readable(info.type))
		return;
	digest = digest_of(fd, &info, &nr);
	monitor_put("map%u.values %u:%016llx\n", info.id, nr, (unsigned long long)digest);
}

static void put_prog(int fd)
{
	struct bpf_prog_info info;

	if (info_of(fd, &info, sizeof(info)))
		return;
	monitor_put("prog%u.name %s\n", info.id, info.name[0] ? info.name : "-");
	monitor_put("prog%u.verified %u\n", info.id, info.verified_insns);
	monitor_put("prog%u.jited %u\n", info.id, info.jited_prog_len);
	monitor_put("prog%u.runs %llu\n", info.id, (unsigned long long)info.run_cnt);
	monitor_put("prog%u.run_ns %llu\n", info.id, (unsigned long long)info.run_time_ns);
}

static void each(int next, int get, const char *count, void (*put)(int fd))
{
	union bpf_attr attr = { .start_id = 0 };
	uint32_t nr = 0;
	int fd;

	for (; !bpf(next, &attr); nr++) {
		union bpf_attr one = { .map_id = attr.next_id };

		fd = (int)bpf(get, &one);
		if (fd >= 0) {
			put(fd);
			close(fd);
		}
		attr = (union bpf_attr){ .start_id = attr.next_id };
	}
	monitor_put("%s %u\n", count, nr);
}

void bpf_guest_report(void)
{
	each(BPF_MAP_GET_NEXT_ID, BPF_MAP_GET_FD_BY_ID, "maps", put_map);
	each(BPF_PROG_GET_NEXT_ID, BPF_PROG_GET_FD_BY_ID, "programs", put_prog);
}
