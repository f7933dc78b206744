/* SPDX-License-Identifier: GPL-2.0 */
/* Places in snapshots: what the files of ktstr/snapshot.h share. */
#ifndef KTSTR_SNAPSHOT_PLACE_H
#define KTSTR_SNAPSHOT_PLACE_H

#include <ktstr/snapshot.h>

#include "bridge.h"

#define SNAP_HOPS	16	/* pointers that are followed one behind the other */

static inline const struct ktstr_jnode *snap_node(const struct ktstr_snap *s)
{
	return s->error ? NULL : s->node;
}

/* All of @n, or the reason why there is nothing in it. */
struct ktstr_snap snap_of(const struct ktstr_result *r, const struct ktstr_snapshot *n);
/* @s with an error. */
struct ktstr_snap snap_fail(struct ktstr_snap s, enum ktstr_snap_error error, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* @s with another node and place; @step is added to where it is. */
struct ktstr_snap snap_go(struct ktstr_snap s, enum ktstr_snap_place place, const void *node,
			  const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* The entries of map @n, or NULL. */
const struct ktstr_jnode *snap_entries(const struct ktstr_jnode *n);
/* "a, b, c ..." of the names under @key in a list. */
void snap_list(const struct ktstr_jnode *list, const char *key, char *buf, size_t size);
/* "JSON number" and so on, for people. */
const char *snap_json_type(const struct ktstr_jnode *n);
/* Follow @path in a value. */
struct ktstr_snap snap_walk(struct ktstr_snap s, const char *path);

#endif
