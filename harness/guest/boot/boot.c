// SPDX-License-Identifier: GPL-2.0
/*
 * The init of an image: see docs/images.md. It knows nothing of tests and schedulers. It maps the
 * shared stretch of memory and stops the machine, which is saved then. Every machine that starts
 * from the image goes on here: it gets an archive with everything that belongs to its test,
 * unpacks it, mixes the seed of the run into what the guest does, and executes the archive's /init.
 *
 * Linked statically and with nothing of ours, so that another test program, or another version of
 * one, finds the same image.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/random.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "harness/model/late.h"

#define PAGE		4096ul
#define CPIO_HEADER	110u
#define MAX_NAME	4096u
/* A tick of the slowest kernels (HZ=100): the phase between the run and the ticks. */
#define MAX_OFFSET_NS	10000000u

static const volatile struct ktstr_late *late;
static const char *piece;		/* what is left of the current one */
static uint64_t left;
static uint64_t room;			/* of the shared stretch, for a piece */
static int random_fd;
static volatile uint32_t *bell;		/* NULL: the doorbell is an instruction */

static void __attribute__((noreturn, format(printf, 1, 2))) give_up(const char *fmt, ...)
{
	va_list ap;

	/* on the console, as PID 1's stdio is there */
	fprintf(stderr, "ktstr: image: ");
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\n");
	reboot(RB_AUTOBOOT);
	for (;;)
		pause();
}

static void doorbell(void)
{
	if (bell)
		*bell = 0;
	else
		asm volatile(".byte 0x0f, 0x1f, 0x84, 0x00, 0x6b, 0x74, 0x73, 0x72" : : : "memory");
}

/*
 * The machine stops behind the OUT or the store. The doorbell is the next instruction, so the first thing that
 * a machine does after its start from the image is to wait for the host.
 */
static void save_machine(void)
{
	if (bell) {
		*bell = KTSTR_SAVE_BELL;
		*bell = 0;
		return;
	}
	if (iopl(3))
		give_up("iopl: %m; the kernel needs CONFIG_X86_IOPL_IOPERM=y");
	asm volatile("outb %%al, %%dx\n"
		     ".byte 0x0f, 0x1f, 0x84, 0x00, 0x6b, 0x74, 0x73, 0x72"
		     : : "a"(1), "d"(KTSTR_SAVE_PORT) : "memory");
	iopl(0);
}

/* The host has written a piece. */
static void take_piece(void)
{
	if (late->magic != KTSTR_LATE_MAGIC || !late->bytes || late->bytes > room)
		give_up("the host sent no archive");
	piece = (const char *)late + KTSTR_LATE_DATA;
	left = late->bytes;
}

/* At most @want bytes of the archive: how many are at *@at. 0: it has ended. */
static size_t take(size_t want, const char **at)
{
	size_t n;

	if (!left) {
		if (late->last)
			return 0;
		doorbell();
		take_piece();
	}
	n = want < left ? want : left;
	*at = piece;
	piece += n;
	left -= n;
	return n;
}

/* Exactly @want bytes. False: the archive ended before the first of them. */
static bool take_all(void *to, size_t want)
{
	size_t done = 0, n;
	const char *at;

	for (; done < want; done += n) {
		n = take(want - done, &at);
		if (!n && !done)
			return false;
		if (!n)
			give_up("the archive ends in the middle of a file");
		memcpy((char *)to + done, at, n);
	}
	return true;
}

static void skip(size_t bytes)
{
	const char *at;
	size_t n;

	for (; bytes; bytes -= n) {
		n = take(bytes, &at);
		if (!n)
			give_up("the archive ends in the middle of a file");
	}
}

static uint32_t field(const char *header, unsigned int i)
{
	char text[9];

	memcpy(text, header + 6 + 8 * i, 8);
	text[8] = '\0';
	return (uint32_t)strtoul(text, NULL, 16);
}

static void write_all(int fd, const char *name, const char *at, size_t n)
{
	while (n) {
		ssize_t did = write(fd, at, n);

		if (did <= 0)
			give_up("%s: %m; raise memory_mib", name);
		at += did;
		n -= (size_t)did;
	}
}

static void unpack_file(const char *name, uint32_t mode, uint32_t bytes)
{
	const char *at;
	size_t n;
	int fd;

	/* our own file is in the way of the archive's /init */
	unlink(name);
	fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode & 07777);
	if (fd < 0)
		give_up("%s: %m", name);
	for (; bytes; bytes -= (uint32_t)n) {
		n = take(bytes, &at);
		if (!n)
			give_up("the archive ends in %s", name);
		write_all(fd, name, at, n);
	}
	close(fd);
}

static void unpack_link(const char *name, uint32_t bytes)
{
	char target[MAX_NAME + 1];

	if (bytes > MAX_NAME || !take_all(target, bytes))
		give_up("%s: bad link", name);
	target[bytes] = '\0';
	unlink(name);
	if (symlink(target, name))
		give_up("%s: %m", name);
}

/* One entry of a newc archive. False: nothing follows. */
static bool unpack_entry(void)
{
	char header[CPIO_HEADER], name[MAX_NAME + 2] = "/";
	uint32_t mode, bytes, len;

	/* archives are joined with zeroes between them */
	do {
		if (!take_all(header, 4))
			return false;
	} while (!memcmp(header, "\0\0\0", 4));
	if (!take_all(header + 4, CPIO_HEADER - 4) || memcmp(header, "070701", 6))
		give_up("the archive is damaged");
	mode = field(header, 1);
	bytes = field(header, 6);
	len = field(header, 11);
	if (!len || len > MAX_NAME || !take_all(name + 1, len) || name[len])
		give_up("the archive is damaged");
	skip(-(CPIO_HEADER + len) & 3);
	if (!strcmp(name + 1, "TRAILER!!!"))
		return true;
	if (S_ISDIR(mode)) {
		if (mkdir(name, mode & 07777) && errno != EEXIST)
			give_up("%s: %m", name);
	} else if (S_ISLNK(mode)) {
		unpack_link(name, bytes);
	} else if (S_ISREG(mode)) {
		unpack_file(name, mode, bytes);
	} else {
		give_up("%s: a file of mode %o", name, mode);
	}
	skip(-bytes & 3);
	return true;
}

/* What getrandom() gives from here on, and the moment at which the test starts. */
static void use_seed(uint64_t seed)
{
	/* struct rand_pool_info with its array */
	struct {
		int entropy_count, buf_size;
		uint64_t seed[4];
	} pool = { .entropy_count = 256, .buf_size = sizeof(pool.seed) };
	struct timespec offset = { 0 };
	uint64_t x = seed;
	int i;

	for (i = 0; i < 4; i++) {
		/* splitmix64: public domain constants of its author, Sebastiano Vigna */
		uint64_t z = x += 0x9e3779b97f4a7c15;

		z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
		z = (z ^ z >> 27) * 0x94d049bb133111eb;
		pool.seed[i] = z ^ z >> 31;
	}
	if (ioctl(random_fd, RNDADDENTROPY, &pool) || ioctl(random_fd, RNDRESEEDCRNG))
		give_up("/dev/urandom: %m");
	offset.tv_nsec = (long)(pool.seed[0] % MAX_OFFSET_NS);
	nanosleep(&offset, NULL);
}

static volatile void *map_memory(int fd, uint64_t addr, uint64_t size)
{
	uint64_t skip = addr % PAGE;
	char *p = mmap(NULL, size + skip, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		       (off_t)(addr - skip));

	if (p == MAP_FAILED)
		give_up("cannot map %#llx of /dev/mem: %m", (unsigned long long)addr);
	return p + skip;
}

/* ktstr.doorbell=insn or mmio:ADDRESS */
static void map_bell(int fd, const char *line)
{
	static const char name[] = "ktstr.doorbell=";
	const char *p = strstr(line, name);
	uint64_t addr;

	if (!p)
		give_up("no ktstr.doorbell= on the command line");
	p += sizeof(name) - 1;
	if (strncmp(p, "mmio:", 5))
		return;
	addr = strtoull(p + 5, NULL, 0);
	if (!addr || addr % sizeof(*bell))
		give_up("no usable ktstr.doorbell= on the command line");
	bell = map_memory(fd, addr, sizeof(*bell));
}

static void map_shared(void)
{
	char line[4096] = "";
	uint64_t addr, size;
	const char *p;
	char *end;
	int fd;

	fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, line, sizeof(line) - 1) < 0)
		give_up("/proc/cmdline: %m");
	close(fd);
	p = strstr(line, "ktstr.chan=");
	if (!p)
		give_up("no ktstr.chan=ADDRESS,SIZE on the command line");
	addr = strtoull(p + strlen("ktstr.chan="), &end, 0);
	size = *end == ',' ? strtoull(end + 1, NULL, 0) : 0;
	if (size <= KTSTR_LATE_DATA || addr % PAGE)
		give_up("no usable ktstr.chan=ADDRESS,SIZE on the command line");
	room = size - KTSTR_LATE_DATA;
	fd = open("/dev/mem", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		give_up("/dev/mem: %m; the kernel needs CONFIG_DEVMEM=y");
	late = map_memory(fd, addr, size);
	map_bell(fd, line);
	close(fd);
	random_fd = open("/dev/urandom", O_RDWR | O_CLOEXEC);
	if (random_fd < 0)
		give_up("/dev/urandom: %m");
}

static void mount_one(const char *type, const char *at)
{
	mkdir(at, 0755);
	if (mount(type, at, type, 0, NULL) && errno != EBUSY)
		give_up("mount %s: %m", type);
}

int main(int argc, char **argv, char **envp)
{
	uint64_t seed;

	(void)argc;
	mount_one("devtmpfs", "/dev");
	mount_one("proc", "/proc");
	map_shared();
	/* the archive has files there, and its init mounts what it needs; /dev/urandom stays open */
	if (umount2("/proc", MNT_DETACH) || umount2("/dev", MNT_DETACH))
		give_up("umount: %m");
	save_machine();

	take_piece();
	seed = late->seed;
	while (unpack_entry())
		;
	doorbell();
	use_seed(seed);
	execve("/init", argv, envp);
	give_up("/init: %m");
}
