// SPDX-License-Identifier: GPL-2.0
/*
 * Types that wait for a disk. They sleep uninterruptibly and are woken from an interrupt or a
 * kernel thread, on the CPU where that runs: a scheduler sees short bursts of work with waits of
 * unpredictable length in between, and has to run kernel threads as well.
 *
 * Only a disk that says by its serial number that it is the suite's scratch disk is written
 * to, and only while it has no file system: workers run as root, also on hosts, where the same name is the system's own disk. Without
 * one, each worker has a sparse file of 16 MiB in TMPDIR or /tmp. There the pattern of calls
 * stays, but on a tmpfs (a guest's /tmp) nothing blocks: fdatasync() does nothing and reads
 * copy memory, so that these are CPU-bound tasks that live in the kernel. A note says so.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "harness/guest/work/types/pieces.h"
#include "harness/guest/work/types/types.h"

#define DISK		"/dev/vda"
#define DISK_SERIAL	"/sys/block/vda/serial"
#define SCRATCH_SERIAL	"ktstr-scratch"

#define BLOCK		4096U		/* of each call; the alignment of O_DIRECT is not larger */
#define BATCH		16U		/* blocks between two fdatasync() */
#define STRIPES		64U		/* of the disk: workers do not write over each other */
#define FILE_BYTES	(16ULL << 20)
#define DISK_MIN_BYTES	((uint64_t)STRIPES * BATCH * BLOCK)

struct io {
	uint8_t buf[BLOCK];
	int fd;
	bool blocks;			/* the calls wait for something */
	bool noted;			/* that a call failed */
	uint32_t sector;		/* granularity of random offsets */
	uint64_t bytes;			/* of the disk or file */
	uint64_t stripe, stripe_bytes;	/* this worker's part of it */
	uint64_t cursor;		/* in the stripe */
	uint32_t unsynced;		/* blocks */
} __attribute__((aligned(BLOCK)));

static bool is_scratch_disk(void)
{
	char serial[32] = "";
	int fd = open(DISK_SERIAL, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, serial, sizeof(serial) - 1);
	close(fd);
	if (n <= 0)
		return false;
	serial[strcspn(serial, "\n")] = '\0';
	return !strcmp(serial, SCRATCH_SERIAL);
}

/* Mounted by the guest's init: then the temporary files are on it. */
static bool has_filesystem(void)
{
	FILE *f = fopen("/proc/self/mounts", "re");
	bool found = false;
	char line[512];

	while (f && !found && fgets(line, sizeof(line), f))
		found = !strncmp(line, DISK " ", sizeof(DISK));
	if (f)
		fclose(f);
	return found;
}

/* 0, or why there is no disk to use. */
static int open_disk(struct io *io, int flags)
{
	struct stat st;
	int sector;

	if (!is_scratch_disk())
		return -ENOENT;
	if (has_filesystem())
		return -EBUSY;
	io->fd = open(DISK, O_RDWR | O_CLOEXEC | flags);
	if (io->fd < 0)
		return -errno;
	if (fstat(io->fd, &st) || !S_ISBLK(st.st_mode) || ioctl(io->fd, BLKGETSIZE64, &io->bytes) ||
	    ioctl(io->fd, BLKSSZGET, &sector) || sector <= 0 || sector > (int)BLOCK ||
	    io->bytes < DISK_MIN_BYTES) {
		close(io->fd);
		return -ENODEV;
	}
	io->sector = (uint32_t)sector;
	io->blocks = true;
	return 0;
}

/* @why there is no disk to use; on the file system of the disk a file is as good. */
static int open_file(struct io *io, const struct ktstr_work_ctx *w, int flags, int why)
{
	bool direct = true;
	struct statfs fs;

	io->fd = work_temp_file(w, FILE_BYTES);
	if (io->fd < 0)
		return io->fd;
	/* O_SYNC cannot be set any more; the fdatasync() of each batch does the same later. */
	if (flags & O_DIRECT)
		direct = !fcntl(io->fd, F_SETFL, fcntl(io->fd, F_GETFL) | O_DIRECT);
	io->bytes = FILE_BYTES;
	io->sector = BLOCK;
	io->blocks = fstatfs(io->fd, &fs) ||
		     (fs.f_type != TMPFS_MAGIC && fs.f_type != RAMFS_MAGIC);
	if (why == -EBUSY && io->blocks && direct)
		return 0;
	work_note(w, "%s: no disk with serial %s, a temporary file instead%s%s",
		  ktstr_work__row(w->work->type)->name, SCRATCH_SERIAL,
		  io->blocks ? "" : ", in memory: it does not block",
		  direct ? "" : ", without O_DIRECT");
	return 0;
}

static int io_init(struct ktstr_work_ctx *w, int flags)
{
	struct io *io = aligned_alloc(BLOCK, sizeof(*io));
	int ret;

	if (!io)
		return -ENOMEM;
	memset(io, 0, sizeof(*io));
	memset(io->buf, 0x5a, BLOCK);
	ret = open_disk(io, flags);
	if (ret)
		ret = open_file(io, w, flags, ret);
	if (ret) {
		free(io);
		return ret;
	}
	io->stripe_bytes = io->bytes / STRIPES / BLOCK * BLOCK;
	io->stripe = w->index % STRIPES * io->stripe_bytes;
	w->priv = io;
	return 0;
}

static int io_init_sync(struct ktstr_work_ctx *w)
{
	return io_init(w, O_SYNC);
}

static int io_init_direct(struct ktstr_work_ctx *w)
{
	return io_init(w, O_DIRECT);
}

static void io_fini(struct ktstr_work_ctx *w)
{
	struct io *io = w->priv;

	close(io->fd);
	work_free_priv(w);
}

/* A call has returned @n: a unit, or a note, the first time. */
static void account(struct ktstr_work_ctx *w, struct io *io, const char *call, ssize_t n)
{
	if (n == BLOCK) {
		w->units++;
	} else if (!io->noted) {
		io->noted = true;
		if (n < 0)
			work_note(w, "%s of %u bytes: %s", call, BLOCK, strerror(errno));
		else
			work_note(w, "%s of %u bytes: only %zd", call, BLOCK, n);
	}
}

/* The next block of the stripe. */
static void write_next(struct ktstr_work_ctx *w, struct io *io)
{
	account(w, io, "pwrite",
		pwrite(io->fd, io->buf, BLOCK, (off_t)(io->stripe + io->cursor)));
	io->cursor += BLOCK;
	if (io->cursor >= io->stripe_bytes)
		io->cursor = 0;
}

static void read_random(struct ktstr_work_ctx *w, struct io *io)
{
	uint64_t places = (io->bytes - BLOCK) / io->sector + 1;

	account(w, io, "pread",
		pread(io->fd, io->buf, BLOCK, (off_t)(work_rand(w) % places * io->sector)));
}

static void io_blocked(struct ktstr_work_ctx *w, const struct io *io, uint64_t before,
		       uint64_t now)
{
	if (io->blocks)
		work_blocked(w, before, now);
}

static void io_sync_write(struct ktstr_work_ctx *w)
{
	struct io *io = w->priv;
	uint64_t start = ktstr_now_ns(), before, now;

	for (uint32_t i = 0; i < BATCH; i++)
		write_next(w, io);
	before = ktstr_now_ns();
	fdatasync(io->fd);
	now = ktstr_now_ns();
	work_sample_wake(w, now - before);
	io_blocked(w, io, start, now);
}

const struct ktstr_work_row ktstr_work_io_sync_write = {
	.name = "IoSyncWrite",
	.description = "Writes 16 blocks of 4 KiB with O_SYNC, then calls fdatasync(): long waits "
		"for the disk with little work in between. Uses the scratch disk, which is "
		"a /dev/vda with the serial number ktstr-scratch. Without one it uses a "
		"file, which does not block on tmpfs. Unit: a block. Wake sample: the time "
		"of an fdatasync().",
	.parameters = "",
	.checkpoint_every = 1,
	.flags = KTSTR_WORK_SAMPLES_WAKE | KTSTR_WORK_BLOCKS,
	.init = io_init_sync,
	.iterate = io_sync_write,
	.fini = io_fini,
};

static void io_rand_read(struct ktstr_work_ctx *w)
{
	struct io *io = w->priv;
	uint64_t before = ktstr_now_ns(), now;

	read_random(w, io);
	now = ktstr_now_ns();
	work_sample_wake(w, now - before);
	io_blocked(w, io, before, now);
}

const struct ktstr_work_row ktstr_work_io_rand_read = {
	.name = "IoRandRead",
	.description = "Reads blocks of 4 KiB at random places with O_DIRECT: the disk's interrupt "
		"wakes the worker for each block. Without a scratch disk it uses a file, "
		"which does not block on tmpfs. Unit: a block. Wake sample: the time of a "
		"read.",
	.parameters = "",
	.checkpoint_every = 1,
	.flags = KTSTR_WORK_SAMPLES_WAKE | KTSTR_WORK_BLOCKS,
	.init = io_init_direct,
	.iterate = io_rand_read,
	.fini = io_fini,
};

static void io_convoy(struct ktstr_work_ctx *w)
{
	struct io *io = w->priv;
	uint64_t before = ktstr_now_ns(), now;

	write_next(w, io);
	read_random(w, io);
	if (++io->unsynced == BATCH) {
		io->unsynced = 0;
		fdatasync(io->fd);
	}
	now = ktstr_now_ns();
	work_sample_wake(w, now - before);
	io_blocked(w, io, before, now);
}

const struct ktstr_work_row ktstr_work_io_convoy = {
	.name = "IoConvoy",
	.description = "Writes a block in sequence and reads a block at random in each iteration, "
		"and calls fdatasync() in every 16th: workers queue up behind each other's "
		"flushes and become runnable together. Without a scratch disk it uses a "
		"file, which does not block on tmpfs. Unit: a block. Wake sample: the time "
		"of an iteration.",
	.parameters = "",
	.checkpoint_every = 1,
	.flags = KTSTR_WORK_SAMPLES_WAKE | KTSTR_WORK_BLOCKS,
	.init = io_init_direct,
	.iterate = io_convoy,
	.fini = io_fini,
};
