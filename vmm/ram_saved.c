// SPDX-License-Identifier: GPL-2.0
/*
 * Guest RAM in a file. What machines start from has its bytes, node after node, with holes for pages
 * of zeroes, and behind them a trailer by which a damaged file is recognised. A machine has used a
 * tenth of its memory when it has booted, so holes are what makes a file small and its copying
 * fast.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/fd.h"
#include "ram.h"

#define PAGE_BYTES	4096ull
#define PIECE		(256 * PAGE_BYTES)

struct trailer {
	char magic[8];
	uint64_t bytes;		/* of RAM */
	uint64_t pages;		/* not of zeroes */
	uint64_t sum;		/* over them and their places */
};

static const char magic[8] = "ktstram1";

/* Against damage, not malice. 0: the page has zeroes only. */
static uint64_t page_sum(const void *page, uint64_t at)
{
	static const uint64_t k = 0x9e3779b97f4a7c15;
	uint64_t lane[4] = { at, at + 1, at + 2, at + 3 }, any = 0;
	const uint64_t *p = page;
	unsigned int i, j;

	for (i = 0; i < PAGE_BYTES / sizeof(*p); i += 4) {
		for (j = 0; j < 4; j++) {
			any |= p[i + j];
			lane[j] = (lane[j] ^ p[i + j]) * k;
			lane[j] ^= lane[j] >> 29;
		}
	}
	if (!any)
		return 0;
	return (lane[0] ^ lane[1] * 3 ^ lane[2] * 5 ^ lane[3] * 7) | 1;
}

static int save_range(const struct vm_ram *ram, int fd, uint64_t from, uint64_t end,
		      struct trailer *t)
{
	uint64_t at, run = from, sum;
	int r = 0;

	for (at = from; at < end && !r; at += PAGE_BYTES) {
		sum = page_sum(ram->base + at, at);
		if (sum) {
			t->pages++;
			t->sum += sum;
			continue;
		}
		r = fd_write_at(fd, ram->base + run, at - run, run);
		run = at + PAGE_BYTES;
	}
	return r || run >= end ? r : fd_write_at(fd, ram->base + run, end - run, run);
}

/* The next stretch of @fd that is no hole, in whole pages; false: none before @size. */
static bool next_data(int fd, uint64_t size, uint64_t *from, uint64_t *end)
{
	off_t data = lseek(fd, (off_t)*from, SEEK_DATA), hole;

	if (data < 0 && errno != ENXIO) {
		/* a file system that has no holes */
		*end = size;
		return *from < size;
	}
	if (data < 0 || (uint64_t)data >= size)
		return false;
	hole = lseek(fd, data, SEEK_HOLE);
	*from = (uint64_t)data & -PAGE_BYTES;
	*end = hole < 0 || (uint64_t)hole > size ? size :
	       ((uint64_t)hole + PAGE_BYTES - 1) & -PAGE_BYTES;
	return true;
}

/* A hole of the RAM's own file is not read: that would allocate its pages. */
int vm_ram_write(const struct vm_ram *ram, uint64_t gpa, uint64_t len, int fd, uint64_t at)
{
	const uint8_t *p = vm_ram_at(ram, gpa, len);
	uint64_t begin, end, base = 0, from, to;
	int r = 0;

	if (!p || (gpa | len | at) % PAGE_BYTES)
		return -EINVAL;
	begin = (uint64_t)(p - ram->base);
	for (uint32_t i = 0; i < ram->nr_nodes && !r; base += ram->node_bytes[i++]) {
		if (begin + len <= base || begin >= base + ram->node_bytes[i])
			continue;
		from = begin > base ? begin - base : 0;
		end = begin + len - base < ram->node_bytes[i] ? begin + len - base :
		      ram->node_bytes[i];
		if (ram->fd[i] < 0)
			r = fd_write_sparse(fd, ram->base + base + from, end - from,
					    at + base - begin + from);
		for (; ram->fd[i] >= 0 && !r && next_data(ram->fd[i], end, &from, &to); from = to)
			r = fd_write_sparse(fd, ram->base + base + from, to - from,
					    at + base - begin + from);
	}
	return r;
}

int vm_ram_save(const struct vm_ram *ram, int fd, struct ktstr_err *err)
{
	struct trailer t = { .bytes = ram->bytes };
	uint64_t base = 0, from, end;
	int r = 0;

	if (ftruncate(fd, (off_t)ram->bytes))
		return ktstr_err(err, errno, "memory of the machine: %s", strerror(errno));
	for (uint32_t i = 0; i < ram->nr_nodes && !r; base += ram->node_bytes[i++]) {
		from = 0;
		if (ram->fd[i] < 0)
			r = save_range(ram, fd, base, base + ram->node_bytes[i], &t);
		for (; ram->fd[i] >= 0 && !r &&
		     next_data(ram->fd[i], ram->node_bytes[i], &from, &end); from = end)
			r = save_range(ram, fd, base + from, base + end, &t);
	}
	memcpy(t.magic, magic, sizeof(magic));
	if (!r)
		r = fd_write_at(fd, &t, sizeof(t), ram->bytes);
	return r ? ktstr_err(err, -r, "memory of the machine: %s", strerror(-r)) : 0;
}

/* Does @fd have what vm_ram_save() wrote of RAM of this size? Its trailer, or -EBADMSG. */
static int read_trailer(const struct vm_ram *ram, int fd, struct trailer *t, struct ktstr_err *err)
{
	int r = fd_read_at(fd, t, sizeof(*t), ram->bytes);

	if (r || memcmp(t->magic, magic, sizeof(magic)) || t->bytes != ram->bytes)
		return ktstr_err(err, EBADMSG, "saved memory: no file of %" PRIu64 " MiB",
				 ram->bytes / VM_MIB);
	return 0;
}

static void add_pages(const uint8_t *p, uint64_t from, uint64_t end, struct trailer *t)
{
	uint64_t at, sum;

	for (at = from; at < end; at += PAGE_BYTES) {
		sum = page_sum(p + (at - from), at);
		t->pages += sum != 0;
		t->sum += sum;
	}
}

static int compare(const struct trailer *t, const struct trailer *want, int r,
		   struct ktstr_err *err)
{
	if (!r && (t->pages != want->pages || t->sum != want->sum))
		r = -EBADMSG;
	return r ? ktstr_err(err, -r, "saved memory: %s",
			     r == -EBADMSG ? "the file is damaged" : strerror(-r)) : 0;
}

/*
 * The next piece of [from, end), by way of @buf: the bytes are summed while they are in the CPU's
 * cache, and a file's page that is written as a whole is neither cleared nor mapped first.
 */
static int load_piece(struct vm_ram *ram, int fd, uint8_t *buf, uint64_t from, uint64_t len,
		      struct trailer *t)
{
	uint64_t base = 0, at, part;
	int r = fd_read_at(fd, buf, len, from);

	for (uint32_t i = 0; i < ram->nr_nodes && !r; base += ram->node_bytes[i++]) {
		at = from > base ? from : base;
		if (from + len <= base || at >= base + ram->node_bytes[i])
			continue;
		part = (from + len < base + ram->node_bytes[i] ? from + len :
			base + ram->node_bytes[i]) - at;
		if (ram->fd[i] < 0)
			memcpy(ram->base + at, buf + (at - from), part);
		else
			r = fd_write_at(ram->fd[i], buf + (at - from), part, at - base);
	}
	if (!r)
		add_pages(buf, from, from + len, t);
	return r;
}

static int load_range(struct vm_ram *ram, int fd, uint8_t *buf, uint64_t from, uint64_t end,
		      struct trailer *t)
{
	uint64_t len;
	int r = 0;

	for (; from < end && !r; from += len) {
		len = end - from < PIECE ? end - from : PIECE;
		r = load_piece(ram, fd, buf, from, len, t);
	}
	return r;
}

int vm_ram_load(struct vm_ram *ram, int fd, struct ktstr_err *err)
{
	struct trailer want, t = { 0 };
	uint64_t from, end;
	uint8_t *buf;
	int r = read_trailer(ram, fd, &want, err);

	if (r)
		return r;
	buf = aligned_alloc(PAGE_BYTES, PIECE);
	if (!buf)
		return ktstr_err(err, ENOMEM, "saved memory: out of memory");
	for (from = 0; !r && next_data(fd, ram->bytes, &from, &end); from = end)
		r = load_range(ram, fd, buf, from, end, &t);
	free(buf);
	return compare(&t, &want, r, err);
}

/* Whole huge pages of memory, so that few pieces are mapped; the rest may still get huge pages. */
static int map_range(struct vm_ram *ram, int fd, uint64_t from, uint64_t end)
{
	if (mmap(ram->base + from, end - from, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE, fd, (off_t)from) == MAP_FAILED)
		return -errno;
	return madvise(ram->base + from, end - from, MADV_DONTFORK) ? -errno : 0;
}

int vm_ram_map(struct vm_ram *ram, int fd, bool checked, struct ktstr_err *err)
{
	uint64_t from, end, first, last, mapped = 0;
	struct trailer want, t = { 0 };
	int r = read_trailer(ram, fd, &want, err);

	if (r)
		return r;
	for (from = 0; !r && next_data(fd, ram->bytes, &from, &end); from = end) {
		first = from & -VM_HUGE_BYTES;
		last = (end + VM_HUGE_BYTES - 1) & -VM_HUGE_BYTES;
		first = first < mapped ? mapped : first;
		last = last > ram->bytes ? ram->bytes : last;
		if (first < last)
			r = map_range(ram, fd, first, last);
		mapped = last > mapped ? last : mapped;
		if (!r && !checked)
			add_pages(ram->base + from, from, end, &t);
	}
	return compare(&t, checked ? &t : &want, r, err);
}
