// SPDX-License-Identifier: GPL-2.0
/*
 * From an image to its digest, through the cache. The cache folder holds BUILD-ID.kimg, and for
 * each image that was read a link DEVICE-INODE-SIZE-TIME to one of them. Both appear whole or not
 * at all, so readers need no lock. A wrong link cannot lead to wrong figures: the monitor compares
 * the banner with the guest's before it believes any address.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "digest.h"
#include "harness/kernel/kernel.h"
#include "lib/paths.h"
#include "vmm/vm.h"

#define MAX_KERNEL	(1ull << 30)
#define MAX_MAP_TEXT	(64u << 20)

struct ktstr_kimage_map {
	const uint8_t *data;
	size_t len;
	bool mapped;		/* a file; else malloc()ed */
	struct ktstr_digest head;
};

struct collect {
	uint8_t *data;
	size_t len, room;
};

static int collect(void *arg, const void *data, size_t len)
{
	struct collect *c = arg;

	if (len > c->room - c->len) {
		size_t room = c->room ? c->room * 2 : 64u << 20;
		void *p;

		while (room - c->len < len)
			room *= 2;
		p = room <= MAX_KERNEL ? realloc(c->data, room) : NULL;
		if (!p)
			return -ENOMEM;
		c->data = p;
		c->room = room;
	}
	memcpy(c->data + c->len, data, len);
	c->len += len;
	return 0;
}

/* "System.map", or with what follows "vmlinuz-" in the image's name. NULL: there is none. */
static char *read_system_map(const char *image)
{
	const char *slash = strrchr(image, '/'), *version = strstr(slash ?: image, "vmlinuz-");
	int dir = slash ? (int)(slash - image + 1) : 0;
	char path[PATH_MAX], *text = NULL;

	if (version && !ktstr_paths__fmt(path, sizeof(path), "%.*sSystem.map-%s", dir, image,
					 version + strlen("vmlinuz-")))
		text = ktstr_paths__read(path, MAX_MAP_TEXT, NULL);
	if (!text && !ktstr_paths__fmt(path, sizeof(path), "%.*sSystem.map", dir, image))
		text = ktstr_paths__read(path, MAX_MAP_TEXT, NULL);
	return text;
}

/* Decompress the image and digest it. malloc()ed, NULL with @err and errno. */
static void *digest_image(const char *path, size_t *len, struct ktstr_err *err)
{
	struct ktstr_digest_in in = { .btf = NULL };
	struct collect c = { .data = NULL };
	char *system_map = NULL;
	void *digest = NULL;
	int ret;

	ret = ktstr_kernel__unpack(path, collect, &c, err);
	if (ret)
		goto out;
	system_map = read_system_map(path);
	ret = ktstr_digest__read_elf(&in, c.data, c.len, system_map, err);
	if (ret)
		goto out;
	digest = ktstr_digest__make(&in, len);
	if (!digest)
		ret = ktstr_err(err, ENOMEM, "%s: out of memory", path);
out:
	ktstr_ksyms__free(&in.syms);
	free(system_map);
	free(c.data);
	errno = -ret;
	return digest;
}

static int link_path(char *buf, size_t size, const char *dir, const struct stat *st)
{
	char stamp[NAME_MAX];
	int ret = ktstr_kernel__stamp(stamp, sizeof(stamp), st);

	return ret ?: ktstr_paths__fmt(buf, size, "%s/%s", dir, stamp);
}

static const void *map_file(const char *path, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	void *p = MAP_FAILED;
	struct stat st;

	if (fd < 0)
		return NULL;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_size > 0)
		p = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (p == MAP_FAILED)
		return NULL;
	if (!ktstr_digest__check(p, st.st_size)) {
		munmap(p, st.st_size);
		return NULL;
	}
	*len = st.st_size;
	return p;
}

/* Keep @digest for the next time; whatever goes wrong costs the next time its 2 seconds. */
static void store(const char *dir, const struct stat *st, const void *digest, size_t len)
{
	char id[2 * KTSTR_BUILD_ID_MAX + 1] = "", path[PATH_MAX], name[PATH_MAX], tmp[PATH_MAX];
	struct ktstr_digest d;

	memcpy(&d, digest, sizeof(d));
	for (unsigned int i = 0; i < d.build_id_len && i < KTSTR_BUILD_ID_MAX; i++)
		snprintf(id + 2 * i, 3, "%02x", d.build_id[i]);
	if (!*id || ktstr_paths__mkdirs(dir) || link_path(name, sizeof(name), dir, st) ||
	    ktstr_paths__fmt(path, sizeof(path), "%s/%s.kimg", dir, id) ||
	    ktstr_paths__fmt(tmp, sizeof(tmp), "%s.%d", name, (int)getpid()) ||
	    ktstr_paths__write(path, digest, len))
		return;
	if (symlink(path + strlen(dir) + 1, tmp) || rename(tmp, name))
		unlink(tmp);
}

static int open_map(struct ktstr_kimage_map *m, bool *cached, const char *path,
		    const char *cache_dir, struct ktstr_err *err)
{
	char name[PATH_MAX];
	struct stat st;

	if (stat(path, &st))
		return ktstr_err(err, errno, "kernel image %s: %s", path, strerror(errno));
	if (cache_dir && !link_path(name, sizeof(name), cache_dir, &st))
		m->data = map_file(name, &m->len);
	m->mapped = *cached = m->data;
	if (!m->data)
		m->data = digest_image(path, &m->len, err);
	if (!m->data)
		return -errno;
	if (cache_dir && !*cached)
		store(cache_dir, &st, m->data, m->len);
	memcpy(&m->head, m->data, sizeof(m->head));
	return 0;
}

int ktstr_kimage__open(struct ktstr_kimage **imgp, const char *path, const char *cache_dir,
		       struct ktstr_err *err)
{
	struct ktstr_kimage *img = calloc(1, sizeof(*img));
	struct ktstr_kimage_map *m = calloc(1, sizeof(*m));
	const struct ktstr_digest *d;
	int ret;

	if (!img || !m) {
		free(img);
		free(m);
		return ktstr_err(err, ENOMEM, "kernel image %s: out of memory", path);
	}
	img->map = m;
	ret = open_map(m, &img->cached, path, cache_dir, err);
	if (ret)
		goto out;
	d = &m->head;
	img->machine = d->machine;
	img->text = d->text;
	img->build_id_len = d->build_id_len;
	memcpy(img->build_id, d->build_id, d->build_id_len);
	img->banner = (const char *)m->data + d->banner.off;
	img->nr_symbols = d->syms.len / sizeof(struct ktstr_ksym);
	if (d->btf.len)
		ret = ktstr_btf__open(&img->btf, m->data + d->btf.off, d->btf.len, err);
	if (!ret) {
		*imgp = img;
		return 0;
	}
out:
	ktstr_kimage__free(img);
	return ret;
}

void ktstr_kimage__free(struct ktstr_kimage *img)
{
	struct ktstr_kimage_map *m;

	if (!img)
		return;
	ktstr_btf__free(img->btf);
	m = img->map;
	if (m && m->mapped)
		munmap((void *)m->data, m->len);
	else if (m)
		free((void *)m->data);
	free(m);
	free(img);
}

static const struct ktstr_ksym *sym_at(const struct ktstr_kimage *img, uint32_t i)
{
	return (const struct ktstr_ksym *)(img->map->data + img->map->head.syms.off) + i;
}

/* The name of symbol @i, which a damaged cache file may not have. */
static const char *name_of(const struct ktstr_kimage *img, uint32_t i)
{
	const struct ktstr_digest *d = &img->map->head;
	uint32_t off;

	if (i >= img->nr_symbols)
		return "";
	off = sym_at(img, i)->name;
	return off < d->names.len ? (const char *)img->map->data + d->names.off + off : "";
}

int ktstr_kimage__symbol(const struct ktstr_kimage *img, const char *name, uint64_t *addr)
{
	const uint32_t *order = (const uint32_t *)(img->map->data + img->map->head.order.off);
	uint32_t low = 0, high = img->nr_symbols, mid;

	/* the first that is not less than @name */
	while (low < high) {
		mid = low + (high - low) / 2;
		if (strcmp(name_of(img, order[mid]), name) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == img->nr_symbols || order[low] >= img->nr_symbols ||
	    strcmp(name_of(img, order[low]), name))
		return -ENOENT;
	*addr = sym_at(img, order[low])->addr;
	return 0;
}

const char *ktstr_kimage__symbol_nth(const struct ktstr_kimage *img, uint32_t i, uint64_t *addr)
{
	if (i >= img->nr_symbols)
		return NULL;
	*addr = sym_at(img, i)->addr;
	return name_of(img, i);
}

/* The first symbol above @addr. */
static uint32_t above(const struct ktstr_kimage *img, uint64_t addr)
{
	uint32_t low = 0, high = img->nr_symbols, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (sym_at(img, mid)->addr <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

uint64_t ktstr_kimage__room(const struct ktstr_kimage *img, uint64_t addr)
{
	uint32_t next = above(img, addr);

	return next < img->nr_symbols ? sym_at(img, next)->addr - addr : 0;
}

const char *ktstr_kimage__symbol_at(const struct ktstr_kimage *img, uint64_t addr, uint64_t *off)
{
	uint32_t low = above(img, addr);

	if (!low)
		return NULL;
	*off = addr - sym_at(img, low - 1)->addr;
	return name_of(img, low - 1);
}

void ktstr_kimage__apic_timer(const struct ktstr_kimage *img, struct vm_apic_timer *t)
{
	if (ktstr_kimage__symbol(img, "start_kernel", &t->start) ||
	    ktstr_kimage__symbol(img, "lapic_timer_period", &t->period) ||
	    ktstr_kimage__symbol(img, "jiffies_64", &t->jiffies))
		memset(t, 0, sizeof(*t));
}
