/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the two halves of the fixture scheduler, and the host that looks into its memory,
 * have to agree on: the layouts and magic numbers of the fixture maps.
 */
#ifndef SCX_KTSTR_H
#define SCX_KTSTR_H

#ifndef __BPF__
#define __arena
#endif

/* Magic numbers a reader of guest memory recognises the fixtures by. */
#define KTSTR_STATS_MAGIC	0x5354415473746174ULL
#define KTSTR_TASK_MAGIC	0xDEADBEEFCAFEBABEULL
#define KTSTR_TASK_COUNTER	42
#define KTSTR_TARGET_MAGIC	0xC0FFEEFEEDFACE01ULL
#define KTSTR_TARGET_MARKER	0x1234567890ABCDEFULL
#define KTSTR_ARRAY_MAGIC	0xABCDEF0123456789ULL
#define KTSTR_PCPU_MAGIC	0x5A5A00000000ULL	/* plus the CPU number */

#define KTSTR_ARRAY_ENTRIES	16
#define KTSTR_MAX_CGROUPS	256
#define KTSTR_SLOT_SIZE		64

/* Lives in the arena; reached through a bss pointer, a hash value and every task context. */
struct ktstr_target {
	unsigned long long magic;
	unsigned long long marker;
};

/* One per task, in the arena. The offsets are what dump readers are tested against. */
struct ktstr_task_ctx {
	unsigned long long magic;			/* 0 */
	unsigned long long counter;			/* 8 */
	struct task_struct *task;			/* 16: kernel address */
	struct ktstr_target __arena *stash;		/* 24: arena address */
};

struct ktstr_bss_holder {
	struct ktstr_target __arena *target;
	unsigned long long counter;
};

struct ktstr_cross_value {
	struct ktstr_target __arena *target;
};

struct ktstr_array_value {
	unsigned long long magic;
	unsigned long long key;
};

struct ktstr_pcpu_value {
	unsigned long long magic;
	unsigned long long cpu;
};

/* --eject-with: how the scheduler is ejected by a mistake of its own. */
enum ktstr_eject {
	KTSTR_EJECT_NONE,
	KTSTR_EJECT_BAD_DSQ,
	KTSTR_EJECT_BAD_CPU,
	KTSTR_EJECT_DOUBLE_INSERT,
	KTSTR_EJECT_NULL_KPTR,
	KTSTR_EJECT_INIT_TASK,
	KTSTR_NR_EJECTS,
};

#endif
