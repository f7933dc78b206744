// SPDX-License-Identifier: GPL-2.0
/*
 * The interface of the folder: collects what goes into the guest, then joins the base stream
 * and the tail in a memfd. The tail holds literal data in the order in which it was added, so
 * what is added last is what the guest's kernel unpacks last.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vmm/initramfs/elf/closure.h"
#include "vmm/initramfs/tree/cpio.h"
#include "vmm/initramfs/tree/tree.h"
#include "base.h"
#include "initramfs.h"
#include "lz4_legacy.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8U
#endif

struct initramfs {
	struct tree tree;
	struct ldcache ldcache;
	bool have_ldcache;
	uint64_t unpacked;
};

struct initramfs *initramfs__new(void)
{
	struct initramfs *fs = calloc(1, sizeof(*fs));

	if (!fs)
		errno = ENOMEM;
	return fs;
}

void initramfs__free(struct initramfs *fs)
{
	if (!fs)
		return;
	tree_free(&fs->tree);
	ldcache_free(&fs->ldcache);
	free(fs);
}

/*
 * The absolute name of @src. A program that was deleted while it runs has none any more, but
 * /proc/self/exe has its former name.
 */
static char *canonical(const char *src)
{
	static const char gone[] = " (deleted)";
	char buf[PATH_MAX], *real = realpath(src, NULL);
	ssize_t n;

	if (real)
		return real;
	n = readlink(src, buf, sizeof(buf) - 1);
	if (n <= (ssize_t)strlen(gone) || buf[0] != '/')
		return NULL;
	buf[n] = '\0';
	if (!strcmp(buf + n - strlen(gone), gone))
		buf[n - strlen(gone)] = '\0';
	return strdup(buf);
}

/*
 * The kernel starts /init before anything has mounted /proc, and then the dynamic loader cannot
 * tell what $ORIGIN is: it reads the link /proc/self/exe. So the archive has such a link, which
 * the mount of proc hides later.
 */
static int add_init_origin(struct initramfs *fs, const struct tree_source *src,
			   struct ktstr_err *err)
{
	static const char link[] = "/proc/self/exe";

	if (tree_find(&fs->tree, link))
		return 0;
	return tree_add_link(&fs->tree, src->named->path, link, err);
}

static int add_libs(struct initramfs *fs, struct tree_source *src, const struct elf_file *elf,
		    struct ktstr_err *err)
{
	struct closure_env env = {
		.cache = &fs->ldcache, .library_path = getenv("LD_LIBRARY_PATH"),
	};
	int ret;

	if (!fs->have_ldcache) {
		ret = ldcache_load(&fs->ldcache, "/etc/ld.so.cache", "/etc/ld.so.conf");
		if (ret)
			return ktstr_err(err, -ret, "initramfs: out of memory");
		fs->have_ldcache = true;
	}
	return closure_add(&fs->tree, &env, src, elf, src->named->path, err);
}

static int add_source(struct initramfs *fs, const char *src_path, const struct stat *st,
		      const char *dest, struct tree_source **srcp, struct ktstr_err *err)
{
	struct io_id id = io_id(st);
	char *canon = canonical(src_path);
	struct tree_source *src;
	int ret;

	if (!canon)
		return ktstr_err(err, ENOENT, "initramfs: %s has no absolute name: %s", src_path,
				 strerror(errno));
	src = tree_source(&fs->tree, src_path[0] == '/' ? src_path : canon, canon, &id);
	free(canon);
	if (!src)
		return ktstr_err(err, ENOMEM, "initramfs: out of memory");
	ret = tree_add_source(&fs->tree, src, dest, err);
	*srcp = src;
	return ret;
}

/* Programs get mode 0755 and lose their DWARF; files without @libs are packed unchanged. */
static void set_shape(struct tree_source *src, const struct tree_entry *entry, bool program,
		      uint32_t mode)
{
	src->strip = program && (!src->named || src->strip);
	if (program)
		src->mode = 0755;
	else if (!src->mode)
		src->mode = mode & 0777;
	if (!src->named)
		src->named = (struct tree_entry *)entry;
}

int initramfs__add_file(struct initramfs *fs, const char *src_path, const char *dest,
			bool libs, struct ktstr_err *err)
{
	struct elf_file elf = { 0 };
	struct tree_source *src = NULL;
	const char *why = NULL;
	struct stat st;
	int fd, ret;

	ret = cpio_check_path(dest, err);
	if (ret)
		return ret;
	fd = io_open_regular(src_path, &st, err);
	if (fd < 0)
		return fd;
	if ((uint64_t)st.st_size > CPIO_MAX_FILE) {
		close(fd);
		return ktstr_err(err, EFBIG,
				 "initramfs: %s is 4 GiB or larger, an initramfs cannot hold it",
				 src_path);
	}
	ret = libs ? elf_file_read(&elf, fd, st.st_size, &why) : 0;
	close(fd);
	if (ret)
		ret = ktstr_err(err, -ret,
				"initramfs: cannot find the libraries of %s, a broken ELF file (%s)",
				src_path, why ? why : strerror(-ret));
	if (!ret)
		ret = add_source(fs, src_path, &st, dest, &src, err);
	if (ret)
		goto out;
	set_shape(src, tree_find(&fs->tree, dest), libs && elf.kind != ELF_KIND_NONE, st.st_mode);
	if (elf.kind == ELF_KIND_64 && elf.interp && !strcmp(dest, "/init"))
		ret = add_init_origin(fs, src, err);
	if (!ret && elf.kind == ELF_KIND_64)
		ret = add_libs(fs, src, &elf, err);
out:
	elf_file_free(&elf);
	return ret;
}

int initramfs__add_data(struct initramfs *fs, const void *data, size_t len, const char *dest,
			uint32_t mode, struct ktstr_err *err)
{
	return tree_add_data(&fs->tree, data, len, dest, mode & 0777, err);
}

struct tail {
	struct initramfs *fs;
	struct cpio cpio;
};

static int tail_dir(void *ctx, const char *dir)
{
	struct tail *t = ctx;

	if (tree_has_dir(&t->fs->tree, dir))
		return 0;
	t->fs->unpacked += BASE_INODE_BYTES;
	return cpio_dir(&t->cpio, dir, 0755);
}

/* Data entries in call order. */
static int tail_files(struct tail *t)
{
	struct tree *tree = &t->fs->tree;
	struct tree_entry **data = calloc(tree->nr_data + 1, sizeof(*data));
	int ret = data ? 0 : -ENOMEM;

	for (size_t i = 0; i < tree->nr && data; i++)
		if (tree->entries[i]->data)
			data[tree->entries[i]->order] = tree->entries[i];
	for (uint32_t i = 0; i < tree->nr_data && !ret; i++) {
		ret = cpio_file(&t->cpio, data[i]->path, data[i]->mode, data[i]->len);
		if (!ret && data[i]->len)
			ret = cpio_body(&t->cpio, data[i]->data, data[i]->len);
		t->fs->unpacked += base_file_bytes(data[i]->len);
	}
	free(data);
	return ret;
}

static int write_tail(struct initramfs *fs, int out, uint64_t base_len)
{
	struct io_sink file = { io_sink_fd, (void *)(intptr_t)out };
	struct lz4_legacy *z = lz4_legacy_begin(file);
	struct tail t = { .fs = fs };
	int ret, ret_z;

	if (!z)
		return -errno;
	cpio_init(&t.cpio, (struct io_sink) { lz4_legacy_write, z }, base_len);
	ret = tree_each_dir(&fs->tree, true, tail_dir, &t);
	if (!ret)
		ret = tail_files(&t);
	if (!ret)
		ret = cpio_end(&t.cpio);
	ret_z = lz4_legacy_end(z);
	return ret ? ret : ret_z;
}

static int new_memfd(void)
{
	unsigned int flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	int fd = memfd_create("initramfs", flags | MFD_NOEXEC_SEAL);

	if (fd < 0 && errno == EINVAL)	/* before Linux 6.3 */
		fd = memfd_create("initramfs", flags);
	return fd < 0 ? -errno : fd;
}

static int seal(int fd)
{
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0 ||
	    lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	return 0;
}

/* The memfd, positioned at 0. @entry as for base_write(). */
static int finish(struct initramfs *fs, const char *cache_dir, int *entry,
		  struct cache_meta *meta, char *note, size_t note_size, struct ktstr_err *err)
{
	struct ktstr_err own = { .msg = "" };
	int fd, ret;

	if (note_size)
		note[0] = '\0';
	fd = new_memfd();
	if (fd < 0)
		return ktstr_err(err, -fd, "initramfs: cannot create a memfd: %s", strerror(-fd));
	tree_settle(&fs->tree);
	ret = base_write(&fs->tree, fd, cache_dir, entry, meta, note, note_size, &own);
	if (!ret) {
		fs->unpacked = meta->unpacked;
		ret = write_tail(fs, fd, meta->raw_len);
		if (!ret)
			ret = seal(fd);
		if (ret)
			ktstr_err(&own, -ret, "initramfs: cannot write the archive: %s",
				  strerror(-ret));
	}
	if (!ret)
		return fd;
	if (err)
		*err = own;
	close(fd);
	return ret;
}

int initramfs__finish(struct initramfs *fs, const char *cache_dir, char *note,
		      size_t note_size, struct ktstr_err *err)
{
	struct cache_meta meta;

	return finish(fs, cache_dir, NULL, &meta, note, note_size, err);
}

int initramfs__finish_parts(struct initramfs *fs, const char *cache_dir,
			    struct vm_part *base, char *note, size_t note_size,
			    struct ktstr_err *err)
{
	struct cache_meta meta;
	int fd;

	*base = (struct vm_part){ .fd = -1 };
	fd = finish(fs, cache_dir, &base->fd, &meta, note, note_size, err);
	if (base->fd >= 0) {
		base->off = CACHE_DATA_OFF;
		base->bytes = meta.lz4_len;
	}
	if (fd < 0 && base->fd >= 0)
		close(base->fd);
	return fd;
}

int initramfs__write_tar(struct initramfs *fs, int fd, struct ktstr_err *err)
{
	tree_settle(&fs->tree);
	return base_write_tar(&fs->tree, fd, err);
}

uint64_t initramfs__unpacked_bytes(const struct initramfs *fs)
{
	return fs->unpacked;
}
