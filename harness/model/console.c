// SPDX-License-Identifier: GPL-2.0
/* Finds the important lines of a kernel console: see console.h. */
#include <errno.h>
#include <fcntl.h>
#include <linux/kernel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "console.h"
#include "lib/textbuf.h"

#define HEAD	(128u << 10)
#define TAIL	(512u << 10)

char *ktstr_console__read(const char *path)
{
	struct ktstr_textbuf b;
	char piece[16384], *text;
	ssize_t n;
	int fd;

	ktstr_textbuf__init(&b, HEAD, TAIL);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0) {
		n = read(fd, piece, sizeof(piece));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 || ktstr_textbuf__add(&b, piece, n))
			break;
	}
	if (fd >= 0)
		close(fd);
	text = ktstr_textbuf__str(&b);
	ktstr_textbuf__free(&b);
	return text;
}

const char *ktstr_console__skip_time(const char *line, size_t *len)
{
	const char *p = line, *end = line + *len, *close;

	while (p < end && *p == '[') {
		close = memchr(p, ']', end - p);
		if (!close || close - p > 24 || close + 1 >= end || close[1] != ' ')
			break;
		p = close + 2;
	}
	*len = end - p;
	return p;
}

bool ktstr_console__stamp(const char *line, size_t len, uint64_t *us)
{
	unsigned int s, micro;
	char head[32];		/* sscanf() would look for the end of all of the text */
	int n = 0;

	if (!len || *line != '[')
		return false;
	if (len >= sizeof(head))
		len = sizeof(head) - 1;
	memcpy(head, line, len);
	head[len] = '\0';
	if (sscanf(head, "[ %9u.%6u%n", &s, &micro, &n) != 2 || head[n] != ']')
		return false;
	*us = s * 1000000ULL + micro;
	return true;
}

uint64_t ktstr_console__time_ns(const char *text)
{
	const char *pos = text, *line;
	uint64_t us = 0;
	size_t len;

	while ((line = ktstr_text__line(&pos, &len)))
		ktstr_console__stamp(line, len, &us);
	return us * 1000;
}

static bool has(const char *line, size_t len, const char *text)
{
	return memmem(line, len, text, strlen(text)) != NULL;
}

static bool find(const char *text, const char * const *marks, size_t nr, char *buf, size_t size)
{
	const char *pos = text, *line;
	size_t len, i;

	while ((line = ktstr_text__line(&pos, &len))) {
		for (i = 0; i < nr; i++)
			if (has(line, len, marks[i]))
				break;
		if (i == nr)
			continue;
		line = ktstr_console__skip_time(line, &len);
		if (len >= size)
			len = size - 1;
		memcpy(buf, line, len);
		buf[len] = '\0';
		return true;
	}
	return false;
}

bool ktstr_console__death(const char *text, char *buf, size_t size)
{
	static const char * const panic[] = { "Kernel panic - not syncing: " };
	static const char * const oops[] = {
		"Oops: ", "BUG: unable to handle", "kernel BUG at ", "general protection fault",
		"double fault", "Internal error: ",
	};

	return find(text, panic, 1, buf, size) ||
	       find(text, oops, ARRAY_SIZE(oops), buf, size);
}

bool ktstr_console__matters(const char *line, size_t len)
{
	static const char * const marks[] = {
		"sched_ext", "scx_", "Kernel panic", "Oops", "BUG:", "BUG at", "WARNING:",
		"Call Trace", "RIP:", "general protection", "blocked for more than",
		"rcu: INFO", "rcu_sched", "soft lockup", "hard LOCKUP", "Out of memory",
		"UBSAN:", "cut here", " corruption", "end trace",
		"oom-kill", "segfault", "Initramfs unpacking failed", "Unable to mount root",
		"No working init", "ktstr",
	};
	size_t i;

	if (has(line, len, "Command line:") || has(line, len, "command line:"))
		return false;
	for (i = 0; i < ARRAY_SIZE(marks); i++)
		if (has(line, len, marks[i]))
			return true;
	return false;
}

bool ktstr_text__complains(const char *line)
{
	/* getopt(3), libbpf, the verifier, perror(3), assertions, panics of other languages */
	static const char * const marks[] = {
		"error", "invalid", "incompatible", "unrecognized", "unknown", "unexpected", "fail", "cannot",
		"can't", "could not", "couldn't", "unable to", "not permitted", "denied", "no such",
		"not found", "requires an argument", "not supported", "assert", "panicked", "abort",
		"fatal", "BUG", "Segmentation",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(marks); i++)
		if (strcasestr(line, marks[i]))
			return true;
	return false;
}
