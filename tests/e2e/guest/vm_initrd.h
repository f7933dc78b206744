/* SPDX-License-Identifier: GPL-2.0 */
/* An initrd for the tests of vm.h: vm_init.c as /init, one file in a newc archive. */
#ifndef VM_INITRD_H
#define VM_INITRD_H

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static inline void cpio_entry(int fd, const char *name, uint32_t mode, const void *data, size_t len)
{
	static const char zero[4];

	dprintf(fd, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", 1, mode, 0, 0,
		1, 0, (unsigned int)len, 0, 0, 0, 0, (unsigned int)strlen(name) + 1, 0);
	dprintf(fd, "%s%c", name, 0);
	(void)!write(fd, zero, -(110 + strlen(name) + 1) & 3);
	(void)!write(fd, data, len);
	(void)!write(fd, zero, -len & 3);
}

/* The whole file, NUL-terminated; an empty text if there is none. */
static inline char *read_file(const char *path, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st = { .st_size = 0 };
	char *data;
	ssize_t n;

	if (fd >= 0)
		fstat(fd, &st);
	data = calloc(1, (size_t)st.st_size + 1);
	n = fd >= 0 ? read(fd, data, (size_t)st.st_size) : 0;
	if (fd >= 0)
		close(fd);
	*len = n > 0 ? (size_t)n : 0;
	return data;
}

/* The guest program: beside this one, or compiled from its source into @dir. */
static inline char *load_guest(const char *dir, size_t *len)
{
	char path[512], cmd[1200], *data;
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 16);

	if (n > 0) {
		path[n] = '\0';
		strcpy(strrchr(path, '/'), "/vm_init");
		data = read_file(path, len);
		if (*len)
			return data;
		free(data);
	}
	snprintf(path, sizeof(path), "%s", __FILE__);
	if (strrchr(path, '/'))
		*strrchr(path, '/') = '\0';
	snprintf(cmd, sizeof(cmd), "cc -D_GNU_SOURCE -O2 -static -o %s/vm_init %s/vm_init.c",
		 dir, path);
	*len = 0;
	if (system(cmd))
		return NULL;
	snprintf(path, sizeof(path), "%s/vm_init", dir);
	return read_file(path, len);
}

static inline int make_initrd(const char *dir)
{
	int fd = memfd_create("initrd", MFD_CLOEXEC);
	size_t len;
	char *data = load_guest(dir, &len);

	if (!len)
		return -1;
	cpio_entry(fd, "init", 0100755, data, len);
	cpio_entry(fd, "TRAILER!!!", 0, NULL, 0);
	free(data);
	return fd;
}

#endif
