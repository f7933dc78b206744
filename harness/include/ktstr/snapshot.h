/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Snapshots, for host callbacks: what was in the kernel and in the scheduler's BPF maps at a moment
 * that the test chose (CAPTURE_SNAPSHOT, WATCH_SNAPSHOT, num_snapshots). docs/snapshots.md explains
 * them.
 *
 *	struct ktstr_snap s = snapshot(r, "before");
 *
 *	claim_at_least(r, snap_number(snap_var(s, "nr_enqueued")), 1);
 *	claim_at_most(r, snap_number(snap_get(snap_cpu(snap_map(s, "cpu_ctx"), 1), "load")), 1024);
 *
 * A struct ktstr_snap is a place in a snapshot: all of it, a map, an entry, a field. Each function
 * goes from one place to the next. Where there is none, the place that it returns carries the reason,
 * and so does everything that is reached from there. snap_number() gives NaN then, which satisfies
 * no claim, and adds the reason to the result as a note. Places are valid until the callback
 * returns.
 */
#ifndef KTSTR_SNAPSHOT_H
#define KTSTR_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ktstr/attrs.h>

/* Why there is no such place. ktstr_snap_error__name() has the words: "FieldNotFound". */
enum ktstr_snap_error {
	KTSTR_SNAP_OK,
	KTSTR_SNAP_NO_SNAPSHOT,		/* none of that name; the text lists those that there are */
	KTSTR_SNAP_PLACEHOLDER_SAMPLE,	/* nothing could be read at that moment */
	KTSTR_SNAP_NO_ACTIVE_SCHEDULER,	/* no sched_ext scheduler was attached */
	KTSTR_SNAP_MAP_NOT_FOUND,	/* lists the maps */
	KTSTR_SNAP_VAR_NOT_FOUND,	/* lists the variables */
	KTSTR_SNAP_AMBIGUOUS_VAR,	/* lists the maps that have one of that name */
	KTSTR_SNAP_FIELD_NOT_FOUND,	/* how far the path led, and what is there */
	KTSTR_SNAP_TYPE_MISMATCH,	/* what was asked for, and what it is */
	KTSTR_SNAP_NO_MATCH,		/* no entry is like that; lists some keys */
	KTSTR_SNAP_NOT_NARROWED,	/* one value per CPU: snap_cpu() chooses */
	KTSTR_SNAP_MISSING_STATS,	/* the scheduler's statistics are not there, and why */
	KTSTR_NR_SNAP_ERRORS,
};

#define KTSTR_SNAP_TEXT	320

struct ktstr_snap {
	const struct ktstr_result *result;
	const void *taken, *node;	/* node: NULL if there is an error */
	enum ktstr_snap_place {
		KTSTR_SNAP_ALL, KTSTR_SNAP_MAP, KTSTR_SNAP_ENTRY, KTSTR_SNAP_VALUE,
		KTSTR_SNAP_PLAIN,	/* of the kernel: JSON as it is, and values in it */
		KTSTR_SNAP_STATS,	/* of the scheduler's statistics: JSON as it is */
	} place;
	enum ktstr_snap_error error;
	char text[KTSTR_SNAP_TEXT];	/* where this is; with an error, what is wrong */
};

/* ---- snapshots ---- */

/* The snapshot of that name. @r is what the host callback got. */
struct ktstr_snap ktstr_snapshot(const struct ktstr_result *r, const char *name);
/* How many there are, and number @i of them, in the order in which they were taken. */
unsigned int ktstr_nr_snapshots(const struct ktstr_result *r);
struct ktstr_snap ktstr_snapshot_nr(const struct ktstr_result *r, unsigned int i);
/* "": @s is no snapshot */
const char *ktstr_snapshot_name(struct ktstr_snap s);
/*
 * When it was taken: milliseconds of guest time since the first step began, without the time in
 * which the guest was paused. NaN: @s is no snapshot.
 */
double ktstr_snapshot_ms(struct ktstr_snap s);
/* Periodic snapshots that num_snapshots asked for, and that were taken or tried. */
unsigned int ktstr_periodic_target(const struct ktstr_result *r);
unsigned int ktstr_periodic_fired(const struct ktstr_result *r);

/* ---- from place to place ---- */

/*
 * The map of the scheduler whose name ends with @name; if it has none, that of another BPF object, of
 * which .bss, .data and .rodata have values.
 */
struct ktstr_snap ktstr_snap_map(struct ktstr_snap s, const char *name);
/*
 * A variable of the scheduler (.bss, .data, .rodata and sections that begin so), and what follows in
 * the path: "sys_stat.avg", "cpu[3].load".
 */
struct ktstr_snap ktstr_snap_var(struct ktstr_snap s, const char *path);
/* The same of a scheduler that is attached: an error if none is. */
struct ktstr_snap ktstr_snap_live_var(struct ktstr_snap s, const char *path);
/*
 * The kernel's own, by the keys of `ktstr dump --json`: "rq_scx_states[1].rq_nr_running",
 * "scx_sched_state.exit_kind", "jiffies".
 */
struct ktstr_snap ktstr_snap_kernel(struct ktstr_snap s, const char *path);

/*
 * What the scheduler itself has said at that moment, if it serves scx_stats: "nr_dispatched",
 * "cells.0.load", "cpus[3]", and with any name in quotes "layers[\"a.slice\"].util"; "" is all of it.
 */
struct ktstr_snap ktstr_snap_stats(struct ktstr_snap s, const char *path);

/* Entry number @i of a map, as it lists them; the element with that index of an array. */
struct ktstr_snap ktstr_snap_at(struct ktstr_snap map, uint64_t i);
/* The entry with this number as its key; of a storage of tasks, with this pid. */
struct ktstr_snap ktstr_snap_key(struct ktstr_snap map, int64_t key);
/* CPU @cpu of a per-CPU map (of its first entry) or entry. */
struct ktstr_snap ktstr_snap_cpu(struct ktstr_snap place, uint32_t cpu);
/* How many entries the map has. 0 too if it is none. */
unsigned int ktstr_snap_nr(struct ktstr_snap map);

/*
 * A member, a member of that, an element: "a.b[2].c", "a[\"b\"]"; "" is the place itself. Pointers that the
 * snapshot has followed are followed. Of a map, the path starts in its only value.
 */
struct ktstr_snap ktstr_snap_get(struct ktstr_snap place, const char *path);

/* Choose an entry by what is in it. */
struct ktstr_picker {
	enum ktstr_pick {
		KTSTR_PICK_EQUALS, KTSTR_PICK_AT_LEAST, KTSTR_PICK_AT_MOST,
		KTSTR_PICK_MAX, KTSTR_PICK_MIN,	/* the greatest, the smallest; the first of equals */
	} how;
	const char *path;		/* of a number in the entry's value */
	double value;
};

#define KTSTR_PICK_EQ(_path, _v) ((struct ktstr_picker){ KTSTR_PICK_EQUALS, _path, _v })
#define KTSTR_PICK_GE(_path, _v) ((struct ktstr_picker){ KTSTR_PICK_AT_LEAST, _path, _v })
#define KTSTR_PICK_LE(_path, _v) ((struct ktstr_picker){ KTSTR_PICK_AT_MOST, _path, _v })
#define KTSTR_PICK_MAX_BY(_path) ((struct ktstr_picker){ KTSTR_PICK_MAX, _path, 0 })
#define KTSTR_PICK_MIN_BY(_path) ((struct ktstr_picker){ KTSTR_PICK_MIN, _path, 0 })

/* The first entry that is so; entries without such a number are passed over. */
struct ktstr_snap ktstr_snap_pick(struct ktstr_snap map, struct ktstr_picker p);
/* How many entries are so (not for MAX and MIN). */
unsigned int ktstr_snap_count(struct ktstr_snap map, struct ktstr_picker p);
/* The first entry for which @fn is true. */
struct ktstr_snap ktstr_snap_find(struct ktstr_snap map,
				  bool (*fn)(struct ktstr_snap entry, const void *arg),
				  const void *arg);

/* ---- what is there ---- */

/* KTSTR_SNAP_OK, or why not; the value is untouched then. */
enum ktstr_snap_error ktstr_snap_u64(struct ktstr_snap f, uint64_t *v); /* not negative */
enum ktstr_snap_error ktstr_snap_i64(struct ktstr_snap f, int64_t *v);
enum ktstr_snap_error ktstr_snap_f64(struct ktstr_snap f, double *v);
enum ktstr_snap_error ktstr_snap_bool(struct ktstr_snap f, bool *v);	/* is it not 0? */
/* A text, or the name of an enumerator. */
enum ktstr_snap_error ktstr_snap_str(struct ktstr_snap f, const char **v);
/* Any number, for a claim. NaN, and a note in the result, where there is none. */
double ktstr_snap_number(struct ktstr_snap f);
/* ktstr_snap_number() of all CPUs of a per-CPU map, or entry: sum, greatest, smallest. */
enum ktstr_snap_fold { KTSTR_SNAP_SUM, KTSTR_SNAP_MAX, KTSTR_SNAP_MIN };
double ktstr_snap_cpus(struct ktstr_snap place, const char *path, enum ktstr_snap_fold how);

const char *ktstr_snap_error__name(enum ktstr_snap_error e);

#include <ktstr/short_names.h>

#endif
