// SPDX-License-Identifier: GPL-2.0
/* Reads /dev/kmsg (Documentation/ABI/testing/dev-kmsg): see kernel_log.h. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "kernel_log.h"

int ktstr_kernel_log__open(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0 && lseek(fd, 0, SEEK_END) >= 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -errno;
}

static void add(struct ktstr_seen *s, const char *record, size_t len)
{
	char line[9000];	/* a record is 8 KiB at most (include/linux/printk.h) */
	size_t text, n = ktstr_kmsg__format(record, len, line, sizeof(line), &text);

	if (!n)
		return;
	ktstr_splats__record(&s->splats, record, len, true);
	ktstr_scxlog__record(&s->others, record, len);
	ktstr_textbuf__add(&s->kmsg, line, n);
}

void ktstr_kernel_log__read(int fd, struct ktstr_seen *s)
{
	char record[8192];
	ssize_t n;

	/* EPIPE: records were overwritten before they were read; the next one follows */
	while ((n = read(fd, record, sizeof(record))) > 0 ||
	       (n < 0 && (errno == EINTR || errno == EPIPE)))
		if (n > 0)
			add(s, record, (size_t)n);
	close(fd);
}
