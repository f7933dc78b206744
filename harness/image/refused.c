// SPDX-License-Identifier: GPL-2.0
/*
 * Machines that can have no image, as the init of images itself has said: a file refused-KEY beside
 * the images, with the reason. Without it each run would boot twice, once for the image. The key has
 * the kernel and the init, so whoever builds either anew is not refused.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/fd.h"
#include "store.h"

#define REFUSED		"refused-"
#define KEEP_S		(7 * 24 * 3600)		/* then the machine is tried again */

static void name_of(const char *key, char *name, size_t size)
{
	snprintf(name, size, REFUSED "%s", key);
}

static bool is_old(const struct stat *st)
{
	time_t now = time(NULL);

	return st->st_mtime > now || now - st->st_mtime > KEEP_S;
}

int ktstr_store__refuse(struct ktstr_image_store *s, const char *key, const char *why)
{
	size_t len = strlen(why);
	char name[64];
	int fd, ret;

	name_of(key, name, sizeof(name));
	fd = openat(s->dirfd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	/* one that is not there wholly is none */
	ret = fd_write_at(fd, why, len + 1, 0);
	close(fd);
	return ret;
}

bool ktstr_store__is_refused(struct ktstr_image_store *s, const char *key, char *why, size_t size)
{
	struct stat st;
	char name[64];
	ssize_t n;
	int fd;

	name_of(key, name, sizeof(name));
	fd = openat(s->dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return false;
	n = fstat(fd, &st) || !S_ISREG(st.st_mode) || is_old(&st) ? 0 : read(fd, why, size);
	close(fd);
	return n > 1 && !why[n - 1];
}

void ktstr_store__sweep_refused(struct ktstr_image_store *s, const char *key, bool old_only)
{
	int fd = openat(s->dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *de;
	struct stat st;

	while (d && (de = readdir(d)))
		if (!strncmp(de->d_name, REFUSED, strlen(REFUSED)) &&
		    (!key || !strcmp(de->d_name + strlen(REFUSED), key)) &&
		    (!old_only || (!fstatat(fd, de->d_name, &st, AT_SYMLINK_NOFOLLOW) &&
				   is_old(&st))))
			unlinkat(fd, de->d_name, 0);
	if (d)
		closedir(d);
}
