/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the fixture scheduler was asked to do: by its arguments, or by a file that has the same
 * options without their dashes, one a line.
 */
#ifndef SCX_KTSTR_OPTIONS_H
#define SCX_KTSTR_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "scx_ktstr_stats.h"

#define PROG		"scx-ktstr"	/* tests match this prefix */

#define EXIT_EJECTED	1		/* also: could not be loaded or attached */
#define EXIT_USAGE	2

/* What can be switched on while the scheduler runs. */
enum event { EV_STALL, EV_DEGRADE, EV_CRASH, EV_NUDGE, EV_EXIT, NR_EVENTS };

struct event_state {
	bool set;			/* there is a deadline */
	bool fired;
	uint64_t delay_ms;
	char delay_text[32];		/* "5s", as given, for the message; "": none was */
	uint64_t deadline_ns;		/* CLOCK_MONOTONIC */
};

struct fixture_options {
	struct event_state ev[NR_EVENTS];
	bool degrade, scattershot, slow, tax, fail_verify, verify_loop;
	bool no_attach, eject_at_start, stay, verbose;
	uint32_t eject_with;		/* enum ktstr_eject */
	uint32_t timeout_ms;		/* 0: the scheduler's own */
	int exit_status;
	bool exit_status_set;
	int stop_status, stop_signal;	/* instead of a good end on SIGINT and SIGTERM */
	bool stop_hangs;
	enum fixture_stats_how stats;
};

/*
 * Fill @o, which is all zero. Of two values of one option the later counts; a file's count where
 * --config stands. Wrong usage, and a file that cannot be read or has a wrong line, end the process
 * with EXIT_USAGE and one line that says why (wrong usage: and the usage), --help with 0.
 */
void fixture_options__parse(struct fixture_options *o, int argc, char **argv);

#endif
