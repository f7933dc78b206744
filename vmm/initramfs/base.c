// SPDX-License-Identifier: GPL-2.0
/*
 * Computes the key of the base stream and writes the stream. The key is found in two steps: the
 * cache's index maps the identity of the inputs (inode, size, times) to the content key, so that
 * no file is read when nothing has changed; only when that fails are the contents hashed. They are
 * hashed again while the stream is written, so what is stored under a key has that key even if a
 * file changed meanwhile.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/siphash.h"
#include "vmm/initramfs/elf/elf_file.h"
#include "vmm/initramfs/tree/cpio.h"
#include "base.h"
#include "lz4_legacy.h"

#define FORMAT		1		/* part of every key: raise it when the bytes change */
#define BUF_LEN		(256u << 10)
#define PAGE		4096
/* A file changed this recently may change again without a new time stamp. */
#define RACY_NS		2000000000LL

struct base {
	struct tree *tree;
	struct cpio *cpio;		/* NULL: only hash the contents */
	struct siphash hash;
	char *buf;
	uint64_t unpacked;
	int *entry;			/* see base_write(); NULL: copy */
	struct ktstr_err *err;
};

uint64_t base_file_bytes(uint64_t size)
{
	return BASE_INODE_BYTES + ((size + PAGE - 1) & ~(uint64_t)(PAGE - 1));
}

static int stale(struct base *b, const struct tree_source *src)
{
	return ktstr_err(b->err, ESTALE,
			 "initramfs: %s changed while it was being packed; run again when it is complete",
			 src->open_path);
}

static int no_archive(struct base *b, int ret)
{
	return ktstr_err(b->err, -ret, "initramfs: cannot write the archive: %s", strerror(-ret));
}

static int hash_dir(void *ctx, const char *dir)
{
	siphash_add_str(ctx, dir);
	return 0;
}

/* What is the same in both kinds of key: the tree without the contents. */
static int hash_tree(struct tree *t, struct siphash *s)
{
	siphash_init(s);
	siphash_add_u64(s, FORMAT);
	siphash_add_u64(s, t->nr - t->nr_data);
	for (size_t i = 0; i < t->nr; i++) {
		const struct tree_entry *e = t->entries[i];

		if (e->data)
			continue;
		siphash_add_str(s, e->path);
		siphash_add_u64(s, !!e->src);
		siphash_add_str(s, e->link ? e->link : e->src->home->path);
		if (e->src) {
			siphash_add_u64(s, e->src->mode);
			siphash_add_u64(s, e->src->strip);
		}
	}
	return tree_each_dir(t, false, hash_dir, s);
}

/*
 * Key of the identities of the inputs. *@racy: a file is too new for its time stamp to be
 * reliable.
 */
static int quick_key(struct tree *t, uint64_t *key, bool *racy)
{
	struct siphash s;
	int64_t now_ns;
	int ret;

	now_ns = (int64_t)ktstr_clock_ns(CLOCK_REALTIME);
	*racy = false;
	ret = hash_tree(t, &s);
	for (size_t i = 0; i < t->nr && !ret; i++) {
		const struct tree_entry *e = t->entries[i];

		if (!e->src || e->src->home != e)
			continue;
		siphash_add_u64(&s, e->src->id.dev);
		siphash_add_u64(&s, e->src->id.ino);
		siphash_add_u64(&s, e->src->id.size);
		siphash_add_u64(&s, e->src->id.mtime_ns);
		siphash_add_u64(&s, e->src->id.ctime_ns);
		*racy |= e->src->id.ctime_ns > now_ns - RACY_NS;
	}
	*key = siphash_end(&s);
	return ret;
}

static int open_source(struct base *b, const struct tree_source *src)
{
	struct io_id id;
	struct stat st;
	int fd = io_open_regular(src->open_path, &st, b->err);

	if (fd < 0)
		return fd;
	id = io_id(&st);
	if (io_id_equal(&id, &src->id))
		return fd;
	close(fd);
	return stale(b, src);
}

/* @buf holds @len bytes of the file at @off, hashed; or -errno with @err. */
static int read_piece(struct base *b, const struct tree_source *src, int fd, char *buf,
		      size_t len, uint64_t off)
{
	ssize_t n = io_pread(fd, buf, len, off);

	if (n < 0)
		return ktstr_err(b->err, -n, "initramfs: cannot read %s: %s", src->open_path,
				 strerror(-n));
	if ((size_t)n != len)
		return stale(b, src);
	siphash_add(&b->hash, buf, len);
	return 0;
}

static int stream_file(struct base *b, const struct tree_entry *e, int fd)
{
	uint64_t size = e->src->id.size, off = 0;
	int ret;

	if (b->cpio) {
		ret = cpio_file(b->cpio, e->path, e->src->mode, size);
		if (ret)
			return no_archive(b, ret);
		b->unpacked += base_file_bytes(size);
	}
	while (off < size) {
		size_t n = size - off < BUF_LEN ? size - off : BUF_LEN;

		ret = read_piece(b, e->src, fd, b->buf, n, off);
		if (ret)
			return ret;
		ret = b->cpio ? cpio_body(b->cpio, b->buf, n) : 0;
		if (ret)
			return no_archive(b, ret);
		off += n;
	}
	return 0;
}

/* The same, without DWARF; this takes the whole file at once. */
static int strip_file(struct base *b, const struct tree_entry *e, int fd)
{
	size_t size = e->src->id.size, out_len;
	uint8_t *in = malloc(size + 1), *out = NULL;
	int ret;

	if (!in)
		return ktstr_err(b->err, ENOMEM, "initramfs: out of memory for %s",
				 e->src->open_path);
	ret = read_piece(b, e->src, fd, (char *)in, size, 0);
	if (ret)
		goto out_free;
	ret = elf_strip_debug(in, size, &out, &out_len);
	if (ret >= 0) {
		const uint8_t *data = ret ? out : in;
		size_t len = ret ? out_len : size;

		ret = cpio_file(b->cpio, e->path, e->src->mode, len);
		if (!ret && len)
			ret = cpio_body(b->cpio, data, len);
		b->unpacked += base_file_bytes(len);
	}
	if (ret)
		ret = no_archive(b, ret);
out_free:
	free(in);
	free(out);
	return ret;
}

static int do_file(struct base *b, const struct tree_entry *e)
{
	int fd = open_source(b, e->src), ret;
	struct io_id id;
	struct stat st;

	if (fd < 0)
		return fd;
	siphash_add_u64(&b->hash, e->src->id.size);
	ret = e->src->strip && b->cpio ? strip_file(b, e, fd) : stream_file(b, e, fd);
	if (!ret && fstat(fd, &st) < 0)
		ret = ktstr_err(b->err, errno, "initramfs: cannot stat %s: %s",
				e->src->open_path, strerror(errno));
	if (!ret) {
		id = io_id(&st);
		if (!io_id_equal(&id, &e->src->id))
			ret = stale(b, e->src);
	}
	close(fd);
	return ret;
}

static int do_link(struct base *b, const struct tree_entry *e)
{
	int ret;

	if (!b->cpio)
		return 0;
	b->unpacked += BASE_INODE_BYTES;
	ret = cpio_symlink(b->cpio, e->path, e->link ? e->link : e->src->home->path);
	return ret ? no_archive(b, ret) : 0;
}

static int do_dir(void *ctx, const char *dir)
{
	struct base *b = ctx;
	int ret = cpio_dir(b->cpio, dir, 0755);

	b->unpacked += BASE_INODE_BYTES;
	return ret ? no_archive(b, ret) : 0;
}

/* Process all files once: hash them, and with b->cpio write them as well. */
static int pass(struct base *b, uint64_t *key)
{
	int ret;

	ret = hash_tree(b->tree, &b->hash);
	if (!ret && b->cpio)
		ret = tree_each_dir(b->tree, false, do_dir, b);
	if (ret == -ENOMEM)
		ret = ktstr_err(b->err, ENOMEM, "initramfs: out of memory");
	for (size_t i = 0; i < b->tree->nr && !ret; i++) {
		const struct tree_entry *e = b->tree->entries[i];

		if (!e->data)
			ret = e->src && e->src->home == e ? do_file(b, e) : do_link(b, e);
	}
	*key = siphash_end(&b->hash);
	return ret;
}

static int build(struct base *b, int out, struct cache_meta *meta, uint64_t *key)
{
	struct io_sink file = { io_sink_fd, (void *)(intptr_t)out };
	struct lz4_legacy *z = lz4_legacy_begin(file);
	struct cpio cpio;
	off_t end;
	int ret, ret_z;

	if (!z)
		return ktstr_err(b->err, ENOMEM, "initramfs: out of memory");
	cpio_init(&cpio, (struct io_sink) { lz4_legacy_write, z }, 0);
	b->cpio = &cpio;
	b->unpacked = 0;
	ret = pass(b, key);
	b->cpio = NULL;
	ret_z = lz4_legacy_end(z);
	if (ret)
		return ret;
	if (ret_z)
		return no_archive(b, ret_z);
	end = lseek(out, 0, SEEK_CUR);
	if (end < 0)
		return no_archive(b, -errno);
	*meta = (struct cache_meta) {
		.lz4_len = end, .raw_len = cpio.off, .unpacked = b->unpacked,
	};
	return 0;
}

static void set_note(char *note, size_t size, const char *dir, const char *what, int ret)
{
	snprintf(note, size,
		 "initramfs cache %s cannot be %s (%s): the archive is built again at every start",
		 dir, what, ret == -EFBIG ? "the archive is larger than the cache may be" :
					    strerror(-ret));
}

static int take(struct base *b, struct cache *c, uint64_t key, int out, struct cache_meta *meta)
{
	int fd;

	if (!b->entry)
		return cache_load(c, key, out, meta);
	fd = cache_open_entry(c, key, meta);
	if (fd < 0)
		return fd;
	*b->entry = fd;
	return 0;
}

/* Take the archive if the cache has it, which *@found says; *@key is known then in any case. */
static int from_cache(struct base *b, struct cache *c, int out, struct cache_meta *meta,
		      uint64_t *quick, bool *racy, uint64_t *key, bool *found)
{
	int ret = quick_key(b->tree, quick, racy);

	*found = false;
	if (ret)
		return ktstr_err(b->err, -ret, "initramfs: out of memory");
	if (!cache_find(c, *quick, key)) {
		ret = take(b, c, *key, out, meta);
		if (ret != -ENOENT) {
			*found = !ret;
			return ret ? no_archive(b, ret) : 0;
		}
	}
	ret = pass(b, key);
	if (ret)
		return ret;
	ret = take(b, c, *key, out, meta);
	if (ret == -ENOENT)
		return 0;
	if (ret)
		return no_archive(b, ret);
	*found = true;
	if (!*racy)
		cache_note(c, *quick, *key);	/* or it is hashed again: see docs */
	return 0;
}

static int with_cache(struct base *b, struct cache *c, int out, struct cache_meta *meta,
		      const char *dir, char *note, size_t note_size)
{
	uint64_t quick, key, built;
	bool racy, found;
	int ret;

	ret = from_cache(b, c, out, meta, &quick, &racy, &key, &found);
	if (ret || found)
		return ret;
	ret = build(b, out, meta, &built);
	if (ret)
		return ret;
	ret = cache_store(c, built, out, meta);
	if (!ret && !racy && built == key)
		ret = cache_note(c, quick, key);
	if (ret)
		set_note(note, note_size, dir, "written", ret);
	return 0;
}

int base_write(struct tree *t, int out, const char *cache_dir, int *entry,
	       struct cache_meta *meta, char *note, size_t note_size, struct ktstr_err *err)
{
	struct base b = { .tree = t, .err = err, .entry = entry };
	struct cache c = { .dirfd = -1 };
	uint64_t key;
	int ret;

	if (entry)
		*entry = -1;
	b.buf = malloc(BUF_LEN);
	if (!b.buf)
		return ktstr_err(err, ENOMEM, "initramfs: out of memory");
	ret = cache_dir ? cache_open(&c, cache_dir, CACHE_BUDGET) : 0;
	if (ret)
		set_note(note, note_size, cache_dir, "opened", ret);
	if (cache_dir && !ret)
		ret = with_cache(&b, &c, out, meta, cache_dir, note, note_size);
	else
		ret = build(&b, out, meta, &key);
	cache_close(&c);
	free(b.buf);
	return ret;
}

/* Names that the format cannot hold are found before anything is written. */
static int check_tar_names(const struct base *b)
{
	for (size_t i = 0; i < b->tree->nr; i++) {
		const struct tree_entry *e = b->tree->entries[i];
		const char *link = !e->src ? e->link : e->src->home == e ? NULL : e->src->home->path;

		if (!e->data && !cpio_fits_tar(e->path, link))
			return ktstr_err(b->err, ENAMETOOLONG,
					 "%s: a tar archive has no room for a path that long%s%s",
					 e->path, link ? ", or for its link to " : "", link ?: "");
	}
	return 0;
}

int base_write_tar(struct tree *t, int out, struct ktstr_err *err)
{
	struct base b = { .tree = t, .err = err };
	struct cpio tar;
	uint64_t key;
	int ret = check_tar_names(&b);

	if (ret)
		return ret;
	b.buf = malloc(BUF_LEN);
	if (!b.buf)
		return ktstr_err(err, ENOMEM, "initramfs: out of memory");
	cpio_init_tar(&tar, (struct io_sink) { io_sink_fd, (void *)(intptr_t)out });
	b.cpio = &tar;
	ret = pass(&b, &key);
	if (!ret) {
		ret = cpio_end(&tar);
		if (ret)
			ret = no_archive(&b, ret);
	}
	free(b.buf);
	return ret;
}
