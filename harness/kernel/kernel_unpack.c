// SPDX-License-Identifier: GPL-2.0
/*
 * Decompresses the kernel inside an image without holding all of it in memory: the caller gets it
 * in pieces. There is one row per format; xz, lzma and bzip2 use external programs, because a test
 * program is also the guest's init and takes every library it is linked with into the guest.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kernel.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <lz4.h>
#include <zlib.h>
#include <zstd.h>

#include "kernel_priv.h"

#define CHUNK		(1u << 20)
#define LZ4_BLOCK	(8u << 20)	/* of the legacy format */
#define MAX_UNPACKED	(1ull << 30)	/* no kernel is that large */

struct unpack {
	const unsigned char *in;
	size_t len;
	ktstr_kernel_sink sink;
	void *arg;
	uint64_t total;
};

/* 1: the sink has seen enough. */
static int feed(struct unpack *u, const void *data, size_t len)
{
	u->total += len;
	if (u->total > MAX_UNPACKED)
		return -EFBIG;
	return u->sink(u->arg, data, len);
}

static int unpack_plain(struct unpack *u, const char *arg)
{
	size_t n;
	int ret = 0;

	(void)arg;
	for (; u->len && !ret; u->in += n, u->len -= n) {
		n = u->len < CHUNK ? u->len : CHUNK;
		ret = feed(u, u->in, n);
	}
	return ret;
}

static int unpack_zstd(struct unpack *u, const char *arg)
{
	ZSTD_DStream *z = ZSTD_createDStream();
	ZSTD_inBuffer in = { u->in, u->len, 0 };
	unsigned char *buf = malloc(CHUNK);
	size_t left = 1;
	int ret = -ENOMEM;

	(void)arg;
	if (!z || !buf)
		goto out;
	ZSTD_DCtx_setParameter(z, ZSTD_d_windowLogMax, 31);
	ret = 0;
	while (left && !ret) {
		ZSTD_outBuffer o = { buf, CHUNK, 0 };
		size_t before = in.pos;

		left = ZSTD_decompressStream(z, &o, &in);
		if (ZSTD_isError(left) || (left && !o.pos && in.pos == before))
			ret = -EBADMSG;
		else if (o.pos)
			ret = feed(u, buf, o.pos);
	}
out:
	ZSTD_freeDStream(z);
	free(buf);
	return ret;
}

static int unpack_gzip(struct unpack *u, const char *arg)
{
	z_stream z = { .next_in = (Bytef *)u->in, .avail_in = u->len };
	unsigned char *buf = malloc(CHUNK);
	int ret = 0, r = Z_OK;

	(void)arg;
	if (!buf || inflateInit2(&z, 16 + MAX_WBITS) != Z_OK) {
		free(buf);
		return -ENOMEM;
	}
	while (r == Z_OK && !ret) {
		z.next_out = buf;
		z.avail_out = CHUNK;
		r = inflate(&z, Z_NO_FLUSH);
		if (r != Z_OK && r != Z_STREAM_END)
			ret = -EBADMSG;
		else if (z.avail_out != CHUNK)
			ret = feed(u, buf, CHUNK - z.avail_out);
	}
	inflateEnd(&z);
	free(buf);
	return ret;
}

static int unpack_lz4(struct unpack *u, const char *arg)
{
	char *buf = malloc(LZ4_BLOCK);
	uint32_t n;
	int got, ret = 0;

	(void)arg;
	if (!buf)
		return -ENOMEM;
	u->in += 4;
	u->len -= 4;
	while (u->len > 4 && !ret) {
		memcpy(&n, u->in, 4);
		if (!n || n > u->len - 4)
			break;		/* the size that the build appends */
		got = LZ4_decompress_safe((const char *)u->in + 4, buf, n, LZ4_BLOCK);
		ret = got < 0 ? -EBADMSG : feed(u, buf, got);
		u->in += 4 + n;
		u->len -= 4 + (size_t)n;
	}
	free(buf);
	return ret;
}

static int spawn_filter(struct unpack *u, const char *cmd, pid_t *pid)
{
	int in = memfd_create("payload", MFD_CLOEXEC), out[2];
	size_t done = 0;
	ssize_t n;

	if (in < 0)
		return -errno;
	for (; done < u->len; done += n) {
		n = pwrite(in, u->in + done, u->len - done, done);
		if (n <= 0) {
			close(in);
			return -ENOSPC;
		}
	}
	if (pipe2(out, O_CLOEXEC)) {
		close(in);
		return -EMFILE;
	}
	*pid = fork();
	if (!*pid) {
		int null = open("/dev/null", O_WRONLY);

		dup2(in, 0);
		dup2(out[1], 1);
		dup2(null, 2);
		execl("/bin/sh", "sh", "-c", cmd, (char *)NULL);
		_exit(127);
	}
	close(in);
	close(out[1]);
	if (*pid < 0) {
		close(out[0]);
		return -EAGAIN;
	}
	return out[0];
}

static int unpack_filter(struct unpack *u, const char *cmd)
{
	char *buf = malloc(CHUNK);
	int fd, status, ret = 0;
	pid_t pid = -1;
	ssize_t n;

	if (!buf)
		return -ENOMEM;
	fd = spawn_filter(u, cmd, &pid);
	if (fd < 0) {
		free(buf);
		return fd;
	}
	while (!ret && (n = read(fd, buf, CHUNK)) > 0)
		ret = feed(u, buf, n);
	close(fd);
	if (ret)
		kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	/* the programs report an error for the size that follows the stream: judge by the output */
	if (!ret && u->total < CHUNK)
		ret = WIFEXITED(status) && WEXITSTATUS(status) == 127 ? -ENOENT : -EBADMSG;
	free(buf);
	return ret;
}

static const struct format {
	const char *name, *magic;
	size_t magic_len;
	int (*unpack)(struct unpack *u, const char *arg);
	const char *arg;
} formats[] = {
	{ "zstd", "\x28\xb5\x2f\xfd", 4, unpack_zstd, NULL },
	{ "gzip", "\x1f\x8b", 2, unpack_gzip, NULL },
	{ "lz4", "\x02\x21\x4c\x18", 4, unpack_lz4, NULL },
	{ "xz", "\xfd" "7zXZ", 5, unpack_filter, "exec xz -dc --single-stream" },
	{ "bzip2", "BZh", 3, unpack_filter, "exec bzip2 -dc" },
	{ "lzma", "\x5d\x00\x00", 3, unpack_filter, "exec xz -dc --format=lzma" },
	{ "plain", "\x7f" "ELF", 4, unpack_plain, NULL },
};

static int unpack(struct unpack *u, const char *path, struct ktstr_err *err)
{
	size_t i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(formats); i++) {
		const struct format *f = &formats[i];

		if (u->len < 8 || memcmp(u->in, f->magic, f->magic_len))
			continue;
		ret = f->unpack(u, f->arg);
		if (ret >= 0)
			return 0;
		return ktstr_err(err, -ret, "kernel image %s: cannot decompress its %s payload: %s",
				 path, f->name, strerror(-ret));
	}
	return ktstr_err(err, EINVAL, "kernel image %s: its payload has no known compression", path);
}

int ktstr_kernel__unpack(const char *path, ktstr_kernel_sink sink, void *arg, struct ktstr_err *err)
{
	struct unpack u = { .sink = sink, .arg = arg };
	struct ktstr_kernel_payload p;
	size_t skew;
	void *map;
	int fd, ret;

	ret = ktstr_kernel_image__payload(path, &p, err);
	if (ret)
		return ret;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return ktstr_err(err, errno, "kernel image %s: %s", path, strerror(errno));
	skew = p.offset % sysconf(_SC_PAGESIZE);
	map = mmap(NULL, p.len + skew, PROT_READ, MAP_PRIVATE, fd, p.offset - skew);
	close(fd);
	if (map == MAP_FAILED)
		return ktstr_err(err, errno, "kernel image %s: mmap: %s", path, strerror(errno));
	u.in = (unsigned char *)map + skew;
	u.len = p.len;
	ret = unpack(&u, path, err);
	munmap(map, p.len + skew);
	return ret;
}
