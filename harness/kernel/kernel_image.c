// SPDX-License-Identifier: GPL-2.0
/*
 * Reads the header of an image: the x86 boot header (Documentation/arch/x86/boot.rst has the
 * offsets), the arm64 header, or that of an ELF vmlinux.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel_priv.h"

#define SETUP_MAX	(64 * 512 + 512)	/* setup_sects is one byte, 64 at most in use */
#define HDR_SECTS	0x1f1
#define HDR_MAGIC	0x202		/* "HdrS" */
#define HDR_PROTOCOL	0x206
#define HDR_VERSION	0x20e		/* of the version string, less 0x200 */
#define HDR_PAYLOAD	0x248		/* since protocol 2.08 */
#define HDR_PAYLOAD_LEN	0x24c
#define ARM64_MAGIC	0x38		/* "ARM\x64" */

enum kind { KIND_BZIMAGE, KIND_ARM64, KIND_ELF };

struct head {
	unsigned char bytes[SETUP_MAX];
	size_t len;
	uint64_t file_len;
	enum kind kind;
};

static uint32_t le32(const unsigned char *p)
{
	return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint16_t le16(const unsigned char *p)
{
	return p[0] | p[1] << 8;
}

static int read_head(const char *path, struct head *h, struct ktstr_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	ssize_t n = -1;

	if (fd < 0)
		return ktstr_err(err, errno, "kernel image %s: %s", path, strerror(errno));
	if (!fstat(fd, &st) && S_ISREG(st.st_mode))
		n = pread(fd, h->bytes, sizeof(h->bytes), 0);
	close(fd);
	if (n < 0)
		return ktstr_err(err, EINVAL, "kernel image %s: cannot be read as a file", path);
	h->len = n;
	h->file_len = st.st_size;
	if (h->len > 0x260 && !memcmp(h->bytes + HDR_MAGIC, "HdrS", 4)) {
		h->kind = KIND_BZIMAGE;
		return 0;
	}
	if (h->len >= SELFMAG && !memcmp(h->bytes, ELFMAG, SELFMAG)) {
		h->kind = KIND_ELF;
		return 0;
	}
	if (h->len > 0x40 && !memcmp(h->bytes + ARM64_MAGIC, "ARM\x64", 4)) {
		h->kind = KIND_ARM64;
		return 0;
	}
	return ktstr_err(err, EINVAL, "kernel image %s: is no bzImage, arm64 Image or vmlinux", path);
}

int ktstr_kernel_image__release(const char *path, char **release, struct ktstr_err *err)
{
	struct head *h = malloc(sizeof(*h));
	size_t at, len;
	int ret;

	*release = NULL;
	if (!h)
		return ktstr_err(err, ENOMEM, "no memory to read %s", path);
	ret = read_head(path, h, err);
	if (ret || h->kind != KIND_BZIMAGE)
		goto out;
	at = le16(h->bytes + HDR_VERSION);
	if (!at)
		goto out;
	at += 0x200;
	for (len = 0; at + len < h->len && h->bytes[at + len] > ' ' &&
	     h->bytes[at + len] < 0x7f; len++)
		;
	if (len && at + len < h->len) {
		*release = strndup((char *)h->bytes + at, len);
		if (!*release)
			ret = ktstr_err(err, ENOMEM, "no memory to read %s", path);
	}
out:
	free(h);
	return ret;
}

int ktstr_kernel_image__payload(const char *path, struct ktstr_kernel_payload *p,
				struct ktstr_err *err)
{
	struct head *h = malloc(sizeof(*h));
	uint64_t sects;
	int ret;

	if (!h)
		return ktstr_err(err, ENOMEM, "no memory to read %s", path);
	ret = read_head(path, h, err);
	if (ret)
		goto out;
	p->offset = 0;
	p->len = h->file_len;
	if (h->kind == KIND_BZIMAGE) {
		if (le16(h->bytes + HDR_PROTOCOL) < 0x208) {
			ret = ktstr_err(err, EINVAL, "kernel image %s: its boot protocol is too old",
					path);
			goto out;
		}
		sects = h->bytes[HDR_SECTS] ?: 4;
		p->offset = (sects + 1) * 512 + le32(h->bytes + HDR_PAYLOAD);
		p->len = le32(h->bytes + HDR_PAYLOAD_LEN);
	}
	if (!p->len || p->offset > h->file_len || p->len > h->file_len - p->offset)
		ret = ktstr_err(err, EINVAL, "kernel image %s: is cut off", path);
out:
	free(h);
	return ret;
}
