/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The user's terminal while the keys belong to a guest. It is put back by a process of its own when
 * this one is killed.
 */
#ifndef KTSTR_TOOL_RUN_TERMINAL_H
#define KTSTR_TOOL_RUN_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <termios.h>

struct terminal {
	int fd;
	struct termios before;
	pid_t keeper;		/* puts it back if we cannot; 0: it was not changed */
	int alive;		/* the keeper reads the end of this pipe when we die */
};

/* Every key is a byte that is read at once, and what is written goes out as it is. 0 or -errno. */
int terminal__raw(struct terminal *t, int fd);
/* As before terminal__raw(). May be called twice, and without that. */
void terminal__restore(struct terminal *t);

/* Keys that are for us: "~." at the start of a line, as in ssh(1). All false at first. */
struct keys {
	bool inside;		/* a line: something was typed since its start */
	bool tilde;		/* held back, as the next key may make it ours */
};

/*
 * What of the @len bytes at @in is for the guest, at @out, which has room for @len + 1. Returns
 * their number; *@leave: the user wants to leave.
 */
size_t keys__filter(struct keys *k, const char *in, size_t len, char *out, bool *leave);

#endif
