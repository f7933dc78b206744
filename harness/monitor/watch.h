/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fields of BPF maps that a test watches: read with each sample, one metric of the run in the end.
 * A field is looked up when a scheduler is attached and its map is there; until then, and when it
 * is replaced, the lookup is repeated with each sample.
 */
#ifndef KTSTR_MONITOR_WATCH_H
#define KTSTR_MONITOR_WATCH_H

#include <ktstr/attrs.h>

#include "bpf/target.h"
#include "sample.h"

#define KTSTR_WATCH_PREFIX_MAX	24
#define KTSTR_WATCH_LABEL_MAX	32	/* key: prefix, _, label, _avg: below KTSTR_NAME_LEN */

struct ktstr_watch_point {
	uint64_t time_ns;		/* guest clock */
	double sum, max;
	uint64_t nr;			/* values; not 0 */
};

struct ktstr_watch {
	const struct ktstr_watch_map *what;
	struct ktstr_map_target target;
	bool looked_for, found;
	uint64_t sched_kva;		/* of the scheduler that the map belongs to */
	char prefix[KTSTR_WATCH_PREFIX_MAX];	/* of the metric */
	char why_not[256];		/* why the last sample has no value */
	struct ktstr_watch_point *point;
	uint32_t nr, room;
};

struct ktstr_watches {
	struct ktstr_watch *watch;
	unsigned int nr;
	struct ktstr_map_layout layout;
	struct ktstr_maps *maps;
};

/* @what: NULL-terminated, or NULL. 0 or -ENOMEM; free() in either case. */
int ktstr_watches__init(struct ktstr_watches *w, const struct ktstr_watch_map * const *what,
			const struct ktstr_btf *btf);
void ktstr_watches__free(struct ktstr_watches *w);

/* Read all of them; the sample @s was taken at this moment, whose guest time is @time_ns. */
void ktstr_watches__read(struct ktstr_watches *w, struct ktstr_kview *v,
			 const struct ktstr_sample *s, uint64_t time_ns);

/*
 * What @w came to from @from_ns until before @to_ns: call @fn with each metric. False: there is no
 * sample of that time.
 */
typedef void (*ktstr_watch_fn)(void *arg, const char *key, double value);
bool ktstr_watch__fold(const struct ktstr_watch *w, uint64_t from_ns, uint64_t to_ns,
		       ktstr_watch_fn fn, void *arg);

#endif
