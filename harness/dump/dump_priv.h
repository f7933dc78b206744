/* SPDX-License-Identifier: GPL-2.0 */
/* What the files that take a dump share. */
#ifndef KTSTR_DUMP_PRIV_H
#define KTSTR_DUMP_PRIV_H

#include "harness/monitor/bpf/map.h"
#include "dump.h"
#include "render.h"

#define DUMP_MAX_TASKS	4096
#define DUMP_MAX_QUEUE	4096	/* tasks of a queue that are listed */
#define DUMP_MAX_QUEUES	8192
#define DUMP_NO_MEMORY	"no memory"

struct dump_task {
	uint64_t kva, queue;		/* queue: p->scx.dsq */
	int32_t pid;
	char comm[16];
};

/* A task_struct's fields, by the key that they have in a dump. */
struct dump_field {
	const char *key, *type, *path;
	struct ktstr_place place;
};

struct dump {
	struct ktstr_jtree *tree;
	struct ktstr_jnode *report;
	const struct ktstr_dump_input *in;
	struct ktstr_monitor *mon;
	struct ktstr_kview *v;
	const struct ktstr_btf *btf;	/* of the kernel; NULL: it has none */
	struct ktstr_render render;	/* of kernel structures, and of maps */
	uint64_t sched;			/* which scheduler (monitor/root.h); 0: none */
	uint64_t start_ns;		/* host */
	uint64_t jiffies, tick_ns;	/* 0: unknown */
	struct dump_task *task;
	unsigned int nr_tasks;
	bool tasks_cut;
	uint32_t *by_kva;		/* open hash of indices + 1, DUMP_HASH of them */
	const struct ktstr_btf *object_btf;	/* while maps are rendered: the scheduler's */
	/* of render.pointer(), while maps are rendered */
	uint64_t arena_user, arena_kva, arena_bytes;
	struct dump_slots *slots;	/* slots.h; NULL: none */
};

#define DUMP_HASH	(4 * DUMP_MAX_TASKS)

/* Fields of kernel structures by their path, looked up at once. */
uint64_t dump_load(struct dump *d, const char *type, const char *path, uint64_t kva, bool *ok);
/* The same of @path in struct scx_sched, of the scheduler that is attached. */
uint64_t dump_load_sched(struct dump *d, const char *path, bool *ok);
void dump_fields__find(struct dump_field *f, size_t nr, const struct ktstr_btf *btf);
/* Those of @f that this kernel has, of the structure at @kva, as numbers of @n. */
void dump_fields__put(struct dump *d, const struct dump_field *f, size_t nr, uint64_t kva,
		      struct ktstr_jnode *n);
/* "comm[pid]" of the task at @kva. False: it is not known. */
bool dump_task_name(const struct dump *d, uint64_t kva, char *buf, size_t size);
const struct dump_task *dump_find_task(const struct dump *d, uint64_t kva);
/* All of the structure @type of the kernel at @kva, under @key; nothing if it cannot be read. */
void dump_struct(struct dump *d, struct ktstr_jnode *parent, const char *key, const char *type,
		 uint64_t kva);
/* "symbol+0x10" or "0x..." */
void dump_symbol(const struct dump *d, uint64_t kva, char *buf, size_t size);
/*
 * Has it taken so long that what is left has to be left out? Only a guest that was made for it gets
 * there: each walk is bounded, and all of them together can still be long.
 */
bool dump_expired(struct dump *d);
/* Say under @key why something is missing. */
void dump_missing(struct dump *d, const char *key, const char *why);

/* take.c calls these; each adds its part of the report. */
void dump_tasks__list(struct dump *d);		/* first: names of tasks */
void dump_tasks__put(struct dump *d);
void dump_sched__put(struct dump *d);
void dump_queues__put(struct dump *d);
void dump_cpus__put(struct dump *d);
void dump_times__put(struct dump *d);
void dump_progs__put(struct dump *d, uint64_t object);
void dump_maps__put(struct dump *d);
/* map_kinds.c: what is in one map. 0 or -errno */
struct dump_map {
	struct dump *d;
	const struct ktstr_map *map;
	const struct ktstr_map_layout *l;
	const struct ktstr_btf *btf;	/* of its object; NULL: none */
	struct ktstr_jnode *n;		/* of the map in the report */
};
int dump_map__values(struct dump_map *m);
int dump_map__ringbuf(struct dump_map *m);
int dump_map__stacks(struct dump_map *m);
int dump_map__slots(struct dump_map *m);
int dump_map__arena(struct dump_map *m);

#endif
