// SPDX-License-Identifier: GPL-2.0
/*
 * Physical memory that the kernel does not own, through /dev/mem, which STRICT_DEVMEM permits. It
 * is mapped without O_SYNC: cached, with the same attributes as the host's view. Children do not
 * inherit the mapping, as PID 1 is the only writer of the channel.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"

void *guest_devmem__map(uint64_t addr, uint64_t size)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t skew = addr % page;
	int fd, error = 0;
	void *p;

	fd = open("/dev/mem", O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		error = errno;
		guest_mount__console("cannot open /dev/mem: %m; the kernel needs CONFIG_DEVMEM=y");
		errno = error;
		return NULL;
	}
	p = mmap(NULL, size + skew, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)(addr - skew));
	if (p == MAP_FAILED) {
		error = errno;
		guest_mount__console("cannot map 0x%llx bytes at 0x%llx of /dev/mem: %m",
				     (unsigned long long)size, (unsigned long long)addr);
	} else if (madvise(p, size + skew, MADV_DONTFORK)) {
		guest_mount__console("madvise(MADV_DONTFORK) of /dev/mem: %m");
	}
	close(fd);
	errno = error;
	return error ? NULL : (char *)p + skew;
}
