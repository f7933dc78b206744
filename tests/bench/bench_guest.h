/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A guest for benches: the symbols and structures of a real kernel, in memory that is put together
 * here. The CPUs' data is spread as in a guest, so that each costs its cache misses.
 */
#ifndef BENCH_GUEST_H
#define BENCH_GUEST_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "lib/clock.h"
#include "harness/monitor/sample.h"
#include "tests/unit/monitor/made_guest.h"

#define RAM		(512ull << 20)
#define TEXT		(16ull << 20)		/* gpa of the kernel */
#define AREAS		(256ull << 20)		/* gpa of the CPUs' data */
#define AREA_STRIDE	(256ull << 10)
#define AT_TASK		(128ull << 10)		/* in an area */
#define AT_EVENTS	(64ull << 10)
#define SCHED		(240ull << 20)
#define DIRECT		0xffff888000000000ull
#define MAX_CPUS	252

static uint8_t *ram;

static inline const void *at(void *arg, uint64_t gpa, size_t len)
{
	(void)arg;
	return gpa <= RAM && len <= RAM - gpa ? ram + gpa : NULL;
}

static inline void store(uint64_t gpa, uint64_t value)
{
	memcpy(ram + gpa, &value, sizeof(value));
}

static inline uint64_t symbol(const struct ktstr_kimage *img, const char *name)
{
	uint64_t addr;

	if (ktstr_kimage__symbol(img, name, &addr)) {
		fprintf(stderr, "bench: the kernel has no symbol %s\n", name);
		exit(1);
	}
	return addr;
}

static inline uint32_t offset(const struct ktstr_kimage *img, const char *type, const char *path)
{
	struct ktstr_btf_field f;

	if (!img->btf || ktstr_btf__field(img->btf, type, path, &f)) {
		fprintf(stderr, "bench: the kernel has no field %s.%s\n", type, path);
		exit(1);
	}
	return f.offset;
}

static inline uint64_t gpa_of(const struct ktstr_kimage *img, const char *name)
{
	return symbol(img, name) - img->text + TEXT;
}

static inline void put_kernel(const struct ktstr_kimage *img)
{
	struct made_guest g = { .ram = ram, .next_table = 1 << 20 };
	uint64_t top = gpa_of(img, "init_top_pgt");

	memcpy(ram + gpa_of(img, "linux_banner"), img->banner, strlen(img->banner) + 1);
	store(gpa_of(img, "phys_base"), TEXT - img->text + 0xffffffff80000000);
	store(gpa_of(img, "page_offset_base"), DIRECT);
	for (uint64_t i = 0; i < 64; i++)
		made_map_x86(&g, top, 4, 21, img->text + (i << 21), TEXT + (i << 21));
	for (uint64_t i = 0; i < RAM >> 21; i++)
		made_map_x86(&g, top, 4, 21, DIRECT + (i << 21), i << 21);
}

static inline void put_cpus(const struct ktstr_kimage *img)
{
	uint64_t rq = symbol(img, "runqueues"), table = gpa_of(img, "__per_cpu_offset");

	for (uint64_t cpu = 0; cpu < MAX_CPUS; cpu++) {
		uint64_t area = AREAS + cpu * AREA_STRIDE;

		store(table + cpu * 8, DIRECT + area - rq);
		memset(ram + area, 1, AREA_STRIDE);	/* all of it is there */
		memcpy(ram + area + offset(img, "rq", "cpu"), &cpu, 4);
		store(area + offset(img, "rq", "curr"), DIRECT + area + AT_TASK);
		strcpy((char *)ram + area + AT_TASK + offset(img, "task_struct", "comm"), "worker");
	}
	store(gpa_of(img, "scx_root"), DIRECT + SCHED);
	store(SCHED + offset(img, "scx_sched", "pcpu"), rq + AT_EVENTS);
	strcpy((char *)ram + SCHED + offset(img, "scx_sched", "ops.name"), "bench");
}

static inline uint64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * NSEC_PER_SEC + (uint64_t)t.tv_nsec;
}

#endif
