// SPDX-License-Identifier: GPL-2.0
/* Paths and whole files: see paths.h. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "paths.h"

#define SELF	"/proc/self/exe"
#define GONE	" (deleted)"	/* what proc(5) adds to the name of a file that was removed */

int ktstr_paths__exe(char *buf, size_t size)
{
	ssize_t n = readlink(SELF, buf, size);

	if (n < 0)
		return -errno;
	if ((size_t)n >= size)
		return -ENAMETOOLONG;
	buf[n] = '\0';
	if ((size_t)n > strlen(GONE) && !strcmp(buf + n - strlen(GONE), GONE) && access(buf, F_OK))
		buf[n - strlen(GONE)] = '\0';
	return 0;
}

int ktstr_paths__exe_file(char *buf, size_t size)
{
	struct stat self, file;
	int ret = ktstr_paths__exe(buf, size);

	if (!ret && !stat(SELF, &self) && !stat(buf, &file) && self.st_dev == file.st_dev &&
	    self.st_ino == file.st_ino)
		return 0;
	return ret ?: ktstr_paths__fmt(buf, size, SELF);
}

int ktstr_paths__exe_dir(char *buf, size_t size)
{
	int ret = ktstr_paths__exe(buf, size);
	char *slash;

	if (ret)
		return ret;
	slash = strrchr(buf, '/');
	if (!slash)
		return -EINVAL;
	slash[slash == buf] = '\0';
	return 0;
}

int ktstr_paths__beside(char *buf, size_t size, const char *name)
{
	const char *dir = getenv("KTSTR_LIBDIR");
	char exe_dir[PATH_MAX];
	int ret = 0;

	if (!dir) {
		ret = ktstr_paths__exe_dir(exe_dir, sizeof(exe_dir));
		dir = exe_dir;
	}
	if (!ret)
		ret = ktstr_paths__fmt(buf, size, "%s/%s", dir, name);
	if (ret)
		snprintf(buf, size, "%s", name);	/* for a message */
	return ret ?: access(buf, R_OK) ? -errno : 0;
}

int ktstr_paths__fmt(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}

const char *ktstr_paths__base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

int ktstr_paths__absolute(const char *path, char *buf, size_t size)
{
	char cwd[PATH_MAX];

	if (*path == '/')
		return ktstr_paths__fmt(buf, size, "%s", path);
	if (!getcwd(cwd, sizeof(cwd)))
		return -errno;
	while (!strncmp(path, "./", 2))
		path += 2;
	return ktstr_paths__fmt(buf, size, "%s/%s", cwd, path);
}

bool ktstr_paths__is_file(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode);
}

bool ktstr_paths__is_dir(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

bool ktstr_paths__is_program(const char *path)
{
	return ktstr_paths__is_file(path) && !access(path, X_OK);
}

bool ktstr_paths__in_path(const char *name, char *path, size_t size)
{
	const char *p = getenv("PATH"), *end;

	for (; p && *p; p = *end ? end + 1 : end) {
		end = strchrnul(p, ':');
		if (end != p &&
		    !ktstr_paths__fmt(path, size, "%.*s/%s", (int)(end - p), p, name) &&
		    ktstr_paths__is_program(path))
			return true;
	}
	return false;
}

int ktstr_paths__mkdirs(const char *path)
{
	char buf[PATH_MAX], *p;
	int ret = ktstr_paths__fmt(buf, sizeof(buf), "%s", path);

	if (ret)
		return ret;
	for (p = buf + 1; ; p++) {
		if (*p && *p != '/')
			continue;
		if (p[-1] != '/') {
			char c = *p;

			*p = '\0';
			if (mkdir(buf, 0755) && errno != EEXIST)
				return -errno;
			*p = c;
		}
		if (!*p)
			break;
	}
	return ktstr_paths__is_dir(path) ? 0 : -ENOTDIR;
}

int ktstr_paths__runs_root(char *buf, size_t size, struct ktstr_err *err)
{
	const char *env = getenv("KTSTR_RUNS_ROOT");
	char dir[PATH_MAX];
	int ret;

	if (env && *env) {
		if (*env != '/')
			return ktstr_err(err, EINVAL,
					 "KTSTR_RUNS_ROOT=%s: must be an absolute path", env);
		ret = ktstr_paths__fmt(buf, size, "%s", env);
		return ret ? ktstr_err(err, -ret, "KTSTR_RUNS_ROOT: the path is too long") : 0;
	}
	ret = ktstr_paths__exe_dir(dir, sizeof(dir));
	if (!ret)
		ret = ktstr_paths__fmt(buf, size, "%s/ktstr-runs", dir);
	if (!ret && !access(ktstr_paths__is_dir(buf) ? buf : dir, W_OK | X_OK))
		return 0;
	ret = ktstr_paths__fmt(buf, size, "/tmp/ktstr-runs-%u", (unsigned int)getuid());
	return ret ? ktstr_err(err, -ret, "no room for the path of the runs") : 0;
}

char *ktstr_paths__read(const char *path, size_t max, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), saved;
	size_t have = 0, cap = 4096;
	char *buf = NULL, *more;
	ssize_t n;

	if (fd < 0)
		return NULL;
	for (;;) {
		more = realloc(buf, cap + 1);
		if (!more)
			goto fail;
		buf = more;
		n = read(fd, buf + have, cap - have);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			goto fail;
		if (!n)
			break;
		have += n;
		if (have > max) {
			errno = EFBIG;
			goto fail;
		}
		if (have == cap)
			cap *= 2;
	}
	close(fd);
	buf[have] = '\0';
	if (len)
		*len = have;
	return buf;
fail:
	saved = errno;
	close(fd);
	free(buf);
	errno = saved;
	return NULL;
}

/* A file that is complete, beside @path; its name in @tmp. */
static int write_beside(const char *path, char *tmp, size_t size, const char *text, size_t len)
{
	ssize_t n;
	int fd, ret;

	ret = ktstr_paths__fmt(tmp, size, "%s.tmp-%d", path, (int)getpid());
	if (ret)
		return ret;
	fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return -errno;
	while (len) {
		n = write(fd, text, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			ret = -errno;
			break;
		}
		text += n;
		len -= n;
	}
	if (close(fd) && !ret)
		ret = -errno;
	if (ret)
		unlink(tmp);
	return ret;
}

int ktstr_paths__write(const char *path, const char *text, size_t len)
{
	char tmp[PATH_MAX];
	int ret = write_beside(path, tmp, sizeof(tmp), text, len);

	if (!ret && rename(tmp, path)) {
		ret = -errno;
		unlink(tmp);
	}
	return ret;
}

int ktstr_paths__can_write(const char *path)
{
	char tmp[PATH_MAX];
	struct stat st;
	int ret;

	if (!*path)
		return -ENOENT;
	if (!lstat(path, &st) && !S_ISREG(st.st_mode))
		return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	ret = write_beside(path, tmp, sizeof(tmp), "", 0);
	if (!ret)
		unlink(tmp);
	return ret;
}

/* File systems without RENAME_NOREPLACE leave a moment between the look and the rename. */
static int rename_new(const char *from, const char *to)
{
	if (!renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE))
		return 0;
	if (errno != EINVAL)
		return -errno;
	if (!access(to, F_OK))
		return -EEXIST;
	return rename(from, to) ? -errno : 0;
}

int ktstr_paths__write_new(const char *path, const char *text, size_t len)
{
	char tmp[PATH_MAX];
	int ret = write_beside(path, tmp, sizeof(tmp), text, len);

	if (ret)
		return ret;
	ret = rename_new(tmp, path);
	if (ret)
		unlink(tmp);
	return ret;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

int ktstr_paths__remove_tree(const char *dir)
{
	return nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS) ? -errno : 0;
}
