// SPDX-License-Identifier: GPL-2.0
/* See flocks.h. Formats: fs/locks.c, lock_get_status(); fs/proc_namespace.c, show_mountinfo(). */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/control.h"
#include "lib/file.h"
#include "lib/paths.h"
#include "lib/textbuf.h"
#include "flocks.h"

#define TEXT_MAX	(16u << 20)	/* of a file in /proc that is read whole */
#define CMDLINE_CHARS	100

/*
 * "12: FLOCK  ADVISORY  WRITE 359 00:13:11691 0 EOF". A line with "->" is of a process that waits.
 */
static bool parse_line(const char *line, struct flock_row *row)
{
	char mode[8];
	int pid, end = 0;

	if (sscanf(line, "%*u: FLOCK ADVISORY %7s %d %" SCNx32 ":%" SCNx32 ":%" SCNu64 "%n", mode, &pid,
		   &row->id.major, &row->id.minor, &row->id.ino, &end) != 5 || !end || pid <= 0)
		return false;
	row->pid = pid;
	row->exclusive = !strcmp(mode, "WRITE");
	return row->exclusive || !strcmp(mode, "READ");
}

int flocks__parse(struct flocks *f, const char *text)
{
	const char *pos = text, *line;
	size_t cap = 0, len;
	char copy[160];

	memset(f, 0, sizeof(*f));
	while ((line = ktstr_text__line(&pos, &len))) {
		struct flock_row row, *more;

		snprintf(copy, sizeof(copy), "%.*s", (int)(len < 150 ? len : 150), line);
		if (!parse_line(copy, &row))
			continue;
		if (f->nr == cap) {
			cap = cap ? 2 * cap : 64;
			more = realloc(f->row, cap * sizeof(*more));
			if (!more) {
				flocks__free(f);
				return -ENOMEM;
			}
			f->row = more;
		}
		f->row[f->nr++] = row;
	}
	return 0;
}

int flocks__read(struct flocks *f, const char *proc, struct ktstr_err *err)
{
	char path[PATH_MAX], *text = NULL;
	int ret;

	memset(f, 0, sizeof(*f));
	if (!ktstr_paths__fmt(path, sizeof(path), "%s/locks", proc))
		text = ktstr_paths__read(path, TEXT_MAX, NULL);
	if (!text)
		return ktstr_err(err, errno, "%s/locks: %s", proc, strerror(errno));
	ret = flocks__parse(f, text);
	free(text);
	return ret ? ktstr_err(err, -ret, "%s/locks: %s", proc, strerror(-ret)) : 0;
}

void flocks__free(struct flocks *f)
{
	free(f->row);
	memset(f, 0, sizeof(*f));
}

/* "25 30 0:22 / /proc rw,...": only the first three words matter. */
bool flocks__mount(const char *mountinfo, uint64_t mnt_id, uint32_t *major, uint32_t *minor)
{
	const char *pos = mountinfo, *line;
	char copy[64];
	uint64_t id;
	size_t len;

	while ((line = ktstr_text__line(&pos, &len))) {
		snprintf(copy, sizeof(copy), "%.*s", (int)(len < 63 ? len : 63), line);
		if (sscanf(copy, "%" SCNu64 " %*u %" SCNu32 ":%" SCNu32, &id, major, minor) == 3 &&
		    id == mnt_id)
			return true;
	}
	return false;
}

/* The mount that an open file is on. */
static bool mount_of(int fd, uint64_t *mnt_id)
{
	char path[64], text[1024];
	const char *at;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	if (guest_file__text(path, text, sizeof(text)) < 0)
		return false;
	at = strstr(text, "mnt_id:");
	return at && sscanf(at, "mnt_id: %" SCNu64, mnt_id) == 1;
}

int flocks__identify(const char *path, struct flock_id *id)
{
	int fd = open(path, O_PATH | O_CLOEXEC | O_NOFOLLOW);
	char *mounts = NULL;
	uint64_t mnt_id;
	struct stat st;
	int ret = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st)) {
		ret = -errno;
	} else {
		id->ino = st.st_ino;
		if (mount_of(fd, &mnt_id))
			mounts = ktstr_paths__read("/proc/self/mountinfo", TEXT_MAX, NULL);
		if (!mounts || !flocks__mount(mounts, mnt_id, &id->major, &id->minor))
			ret = -ENODATA;
	}
	free(mounts);
	close(fd);
	return ret;
}

static bool same(const struct flock_id *a, const struct flock_id *b)
{
	return a->major == b->major && a->minor == b->minor && a->ino == b->ino;
}

const struct flock_row *flocks__next(const struct flocks *f, const struct flock_id *id,
				     const struct flock_row *after)
{
	const struct flock_row *r = after ? after + 1 : f->row;

	for (; f->nr && r < f->row + f->nr; r++)
		if (same(&r->id, id))
			return r;
	return NULL;
}

uint32_t flocks__count(const struct flocks *f, const struct flock_id *id)
{
	const struct flock_row *r = NULL;
	uint32_t n = 0;

	while ((r = flocks__next(f, id, r)))
		n++;
	return n;
}

void flocks__cmdline(const char *proc, pid_t pid, char buf[FLOCKS_CMDLINE])
{
	char path[PATH_MAX], text[CMDLINE_CHARS + 2];
	ssize_t len = -1;

	if (!ktstr_paths__fmt(path, sizeof(path), "%s/%d/cmdline", proc, (int)pid))
		len = guest_file__text(path, text, sizeof(text));
	if (len <= 0) {
		strcpy(buf, "<cmdline unavailable>");
		return;
	}
	while (len && !text[len - 1])
		len--;
	for (ssize_t i = 0; i < len; i++)
		if (ktstr_is_control(text[i]))
			text[i] = ' ';
	snprintf(buf, FLOCKS_CMDLINE, "%.*s%s", CMDLINE_CHARS, text,
		 len > CMDLINE_CHARS ? "..." : "");
}

void flocks__format(const struct flocks *f, const struct flock_id *id, const char *proc, char *buf,
		    size_t size)
{
	const struct flock_row *r = NULL;
	char cmdline[FLOCKS_CMDLINE];
	size_t len = 0;

	snprintf(buf, size, "<none recorded>");
	while ((r = flocks__next(f, id, r)) && len < size) {
		flocks__cmdline(proc, r->pid, cmdline);
		len += (size_t)snprintf(buf + len, size - len, "%spid %d (%s)", len ? ", " : "",
					(int)r->pid, cmdline);
	}
}
