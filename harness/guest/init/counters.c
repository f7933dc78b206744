// SPDX-License-Identifier: GPL-2.0
/*
 * Counters of executed code. The compiler's runtime writes them to files of the guest's root file
 * system, and merges those of PID 1, of the body and of workers there. PID 1 sends the files at its end.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/counters.h"
#include "internal.h"

#define COUNTERS_DIR	"/.ktstr_counters"

/* nftw() has no argument for its caller. */
static struct guest_link *to_host;
static uint32_t nr_files;

void guest_counters__begin(void)
{
	if (!ktstr_counters__gcov() && !ktstr_counters__llvm())
		return;
	mkdir(COUNTERS_DIR, 0755);
	ktstr_counters__write_below(COUNTERS_DIR);
}

static void send_file(int fd, struct ktstr_msg_counters *what)
{
	static struct {
		struct ktstr_msg_counters what;
		uint8_t data[KTSTR_COUNTERS_PIECE];
	} msg;
	ssize_t n;

	for (what->offset = 0; what->offset < what->size; what->offset += (size_t)n) {
		n = pread(fd, msg.data, sizeof(msg.data), (off_t)what->offset);
		if (n <= 0)
			return;
		if ((uint64_t)n > what->size - what->offset)
			n = (ssize_t)(what->size - what->offset);
		msg.what = *what;
		guest_link__send(to_host, KTSTR_MSG_COUNTERS, &msg, sizeof(msg.what) + (size_t)n);
	}
}

static int look_at(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	struct ktstr_msg_counters what = { .file = nr_files, .size = (uint64_t)st->st_size };
	const char *name = path + strlen(COUNTERS_DIR), *end = strrchr(name, '.');
	int fd;

	(void)ftw;
	if (type != FTW_F || !end || !st->st_size || strlen(name) >= sizeof(what.name))
		return 0;
	if (!strcmp(end, ".gcda"))
		what.kind = KTSTR_COUNTERS_GCDA;
	else if (!strcmp(end, ".profraw"))
		what.kind = KTSTR_COUNTERS_PROFRAW;
	else
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	strcpy(what.name, name);
	send_file(fd, &what);
	close(fd);
	nr_files++;
	return 0;
}

void guest_counters__send(struct guest *g)
{
	if (!ktstr_counters__gcov() && !ktstr_counters__llvm())
		return;
	ktstr_counters__save();
	to_host = &g->link;
	nftw(COUNTERS_DIR, look_at, 16, FTW_PHYS);
}
