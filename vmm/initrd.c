// SPDX-License-Identifier: GPL-2.0
/* See initrd.h. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/fd.h"
#include "initrd.h"

static int file_bytes(const struct vm_spec *spec, uint64_t *bytes, struct ktstr_err *err)
{
	struct stat st;

	if (fstat(spec->initrd_fd, &st))
		return ktstr_err(err, errno, "initrd_fd %d: %s", spec->initrd_fd, strerror(errno));
	*bytes = (uint64_t)st.st_size;
	return 0;
}

int vm_initrd_size(const struct vm_spec *spec, uint64_t *bytes, struct ktstr_err *err)
{
	int r;

	*bytes = 0;
	if (spec->initrd_fd < 0)
		return 0;
	r = file_bytes(spec, bytes, err);
	*bytes += spec->initrd_base.bytes;
	return r;
}

static int copy_part(int fd, uint64_t off, uint64_t bytes, uint8_t *to, struct ktstr_err *err)
{
	for (uint64_t done = 0; done < bytes; ) {
		ssize_t n = pread(fd, to + done, bytes - done, (off_t)(off + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return ktstr_err(err, n ? errno : ENODATA, "initrd, descriptor %d: %s", fd,
					 n ? strerror(errno) : "it has become shorter");
		done += (uint64_t)n;
	}
	return 0;
}

int vm_initrd_copy(const struct vm_spec *spec, void *to, uint64_t from, struct ktstr_err *err)
{
	const struct vm_part *base = &spec->initrd_base;
	uint64_t skip = from < base->bytes ? from : base->bytes, bytes = 0;
	uint8_t *p = to;
	int r;

	r = file_bytes(spec, &bytes, err);
	if (!r)
		r = copy_part(base->fd, base->off + skip, base->bytes - skip, p, err);
	if (r)
		return r;
	p += base->bytes - skip;
	skip = from - skip;
	return copy_part(spec->initrd_fd, skip, bytes - skip, p, err);
}

int vm_initrd_join(const struct vm_spec *spec, struct ktstr_err *err)
{
	uint64_t bytes;
	void *p;
	int fd, r;

	r = vm_initrd_size(spec, &bytes, err);
	if (r)
		return r;
	fd = fd_high(memfd_create("ktstr-initrd", MFD_CLOEXEC));
	if (fd < 0 || ftruncate(fd, (off_t)bytes)) {
		r = ktstr_err(err, errno, "initrd of %llu bytes: %s", (unsigned long long)bytes,
			      strerror(errno));
		fd_close(&fd);
		return r;
	}
	p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	r = p == MAP_FAILED ? ktstr_err(err, errno, "initrd: mmap: %s", strerror(errno)) :
			      vm_initrd_copy(spec, p, 0, err);
	if (p != MAP_FAILED)
		munmap(p, bytes);
	if (r)
		fd_close(&fd);
	return r ? r : fd;
}
