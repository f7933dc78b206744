/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the kernel log says about the end of a BPF scheduler. The kernel prints (ext.c,
 * scx_log_sched_disable(), the same since 6.12)
 *	sched_ext: BPF scheduler "OPS" disabled (REASON)
 *	sched_ext: OPS: MESSAGE
 * where the second line only follows errors, and is the text of scx_bpf_error().
 */
#ifndef KTSTR_MODEL_SCXLOG_H
#define KTSTR_MODEL_SCXLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ktstr/attrs.h>

struct ktstr_scxlog {
	bool disabled;		/* the first line was seen; an error is never replaced */
	bool error;		/* disabled for a reason that is an error */
	bool open;		/* the message line may still come */
	enum ktstr_kind kind;	/* KTSTR_SCHED_STALLED, _ERROR or _EXITED */
	/* Only about the scheduler of this name, or about all but it; empty: about any. */
	char only[64], except[64];
	uint32_t errors;	/* lines about one that was disabled by an error */
	char ops[64];
	char reason[128];
	char msg[1024];		/* may be empty, may have several lines */
};

/*
 * One line of a console, where only the reason shows whether it is an error; text before
 * "sched_ext: " is skipped.
 */
void ktstr_scxlog__line(struct ktstr_scxlog *s, const char *line, size_t len);
/*
 * A /dev/kmsg record, whose level distinguishes errors (3) from regular exits (6). True when it is
 * the line about a scheduler that was disabled.
 */
bool ktstr_scxlog__record(struct ktstr_scxlog *s, const char *record, size_t len);
/* Every line of @text. */
void ktstr_scxlog__text(struct ktstr_scxlog *s, const char *text);

/*
 * A /dev/kmsg record ("PRIO,SEQ,TIME_US,FLAGS;TEXT\n KEY=VALUE...") as "[   12.345678] TEXT\n"
 * into @buf, escapes undone. Returns the length; *@text is where TEXT begins. 0: no record.
 */
size_t ktstr_kmsg__format(const char *record, size_t len, char *buf, size_t size, size_t *text);

#endif
