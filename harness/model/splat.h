/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Splats: what the kernel logs about errors of its own. A headline ("WARNING: ", "BUG: ", "rcu:
 * INFO: ... detected stalls") begins one, and the lines that follow belong to it. Splats whose
 * headlines differ only in numbers are one splat that was seen several times.
 *
 * Only records of the facility "kernel" count: a program that writes "WARNING: " to /dev/kmsg is
 * no error of the kernel. A console does not tell them apart, and is read only for what was not
 * forwarded any more.
 */
#ifndef KTSTR_MODEL_SPLAT_H
#define KTSTR_MODEL_SPLAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KTSTR_MAX_SPLATS	8	/* different ones that are kept */
#define KTSTR_SPLAT_LINE	192
#define KTSTR_SPLAT_TEXT	4096

struct ktstr_splat {
	const char *what;			/* "WARNING", "RCU stall", ...: never NULL */
	uint64_t time_us;			/* clock of the kernel log */
	uint32_t times;
	char headline[KTSTR_SPLAT_LINE];
	char said[KTSTR_SPLAT_LINE];		/* the line that says more, or "" */
	char trace[KTSTR_SPLAT_LINE];		/* "inner < outer", or "" */
	unsigned int frames;			/* in @trace */
	char text[KTSTR_SPLAT_TEXT];		/* its lines, as many as fit */
};

struct ktstr_splats {
	struct ktstr_splat *list;	/* KTSTR_MAX_SPLATS, or NULL */
	uint32_t nr, dropped;
	uint64_t last_us;		/* of the last record, whoever wrote it */

	/* between two lines */
	struct ktstr_splat *open;	/* that the next line may belong to, or NULL */
	uint32_t row;			/* of its headline in the table */
	uint32_t lines;			/* that followed its headline */
	uint64_t line_us;		/* of the last of them */
	bool again;			/* it was known: its lines are */
	bool in_trace, barred;
	uint32_t cut;			/* so many lines may follow until the headline */
	char before[KTSTR_SPLAT_LINE];	/* the line behind "cut here" */
};

void ktstr_splats__free(struct ktstr_splats *s);

/* A line of the kernel without its time stamp. */
void ktstr_splats__line(struct ktstr_splats *s, uint64_t time_us, const char *line, size_t len);
/* A /dev/kmsg record. Before the test has started (!@counts) only its time matters. */
void ktstr_splats__record(struct ktstr_splats *s, const char *record, size_t len, bool counts);
/* The lines of a console that are later than the last record. */
void ktstr_splats__console(struct ktstr_splats *s, const char *text);

/* A sentence about it, for a finding. */
void ktstr_splat__describe(const struct ktstr_splat *s, char *buf, size_t size);

#endif
