// SPDX-License-Identifier: GPL-2.0
/* Statistics of schedulers in snapshots: see stats.h. All that is read here is the guest's. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/clock.h"
#include "stats.h"

void ktstr_snapshot_stats__none(struct ktstr_snapshot *n, const char *why)
{
	if (!n->report || n->stats_known)
		return;
	n->stats_known = true;
	ktstr_jtree__str(&n->stats_tree, n->report, "scx_stats_unavailable", why);
}

/* Why a request without an answer has none. */
static void why_none(const struct ktstr_msg_scx_stats *m, char *buf, size_t size)
{
	static const char * const words[KTSTR_NR_SCX_STATS] = {
		[KTSTR_SCX_STATS_NONE] = "the guest has not asked for them",
		[KTSTR_SCX_STATS_NO_SCHEDULER] = "no process of a scheduler was started",
		[KTSTR_SCX_STATS_NO_SOCKET] = "the scheduler serves none, there is no "
			KTSTR_SCX_STATS_PATH,
		[KTSTR_SCX_STATS_NO_LISTENER] = "nobody listens at " KTSTR_SCX_STATS_PATH,
		[KTSTR_SCX_STATS_FAILED] = KTSTR_SCX_STATS_PATH " cannot be talked to",
		[KTSTR_SCX_STATS_CLOSED] = "the scheduler closed the connection without an answer",
		[KTSTR_SCX_STATS_SILENCE] = "the scheduler has not answered",
		[KTSTR_SCX_STATS_TOO_LONG] = "the scheduler's answer is longer than",
		[KTSTR_SCX_STATS_GIVEN_UP] = "the scheduler is not asked any more, as it did not answer before",
	};
	const char *text = words[m->outcome];

	if (m->outcome == KTSTR_SCX_STATS_SILENCE)
		snprintf(buf, size, "%s within %u ms", text, m->waited_us / 1000);
	else if (m->outcome == KTSTR_SCX_STATS_TOO_LONG)
		snprintf(buf, size, "%s %u KiB", text, KTSTR_SCX_STATS_MAX >> 10);
	else if (m->outcome == KTSTR_SCX_STATS_FAILED && m->error > 0)
		snprintf(buf, size, "%s: %s", text, strerror(m->error));
	else
		snprintf(buf, size, "%s", text);
}

/* The statistics in an answer; NULL: there are none, and @why says so. */
static struct ktstr_jnode *read_answer(struct ktstr_jtree *t, const struct ktstr_scx_stats_seen *st,
				       char *why, size_t size)
{
	struct ktstr_err err = { .msg = "" };
	const struct ktstr_jnode *answer, *no, *args, *resp;

	answer = ktstr_jtree__parse(t, st->text ?: "", st->len, &err);
	no = ktstr_jnode__get(answer, "errno");
	args = ktstr_jnode__get(answer, "args");
	resp = ktstr_jnode__get(args, "resp");
	if (!answer)
		snprintf(why, size, "the scheduler's answer is no JSON: %.200s", err.msg);
	else if (!no || (no->type != KTSTR_J_UINT && no->type != KTSTR_J_INT))
		snprintf(why, size, "the scheduler's answer is not one of scx_stats: it has no number \"errno\"");
	else if (no->type == KTSTR_J_INT || no->u)
		snprintf(why, size, "the scheduler answers with error %" PRId64 ": %.200s", no->i,
			 ktstr_jnode__str(args, "resp", "without a reason"));
	else if (!resp)
		snprintf(why, size, "the scheduler's answer is not one of scx_stats: it has no \"args.resp\"");
	else
		return (struct ktstr_jnode *)resp;
	return NULL;
}

void ktstr_snapshot_stats__put(struct ktstr_snapshot *n, const struct ktstr_scx_stats_seen *st,
			       uint64_t elapsed_ns)
{
	struct ktstr_jnode *resp;
	char why[320];

	if (!n->report || n->stats_known)
		return;
	why_none(&st->what, why, sizeof(why));
	resp = st->what.outcome == KTSTR_SCX_STATS_ANSWER ?
	       read_answer(&n->stats_tree, st, why, sizeof(why)) : NULL;
	if (!resp) {
		ktstr_snapshot_stats__none(n, why);
		return;
	}
	n->stats_known = true;
	n->has_stats = true;
	ktstr_jtree__adopt(n->report, "scx_stats", resp);
	ktstr_jtree__u64(&n->stats_tree, n->report, "scx_stats_elapsed_ms",
			 elapsed_ns / NSEC_PER_MSEC);
}
