// SPDX-License-Identifier: GPL-2.0
/*
 * The file system of a disk. The host makes it before the machine starts, with the program that
 * every distribution has for it, so that the guest needs none and boots no longer for it. Identity
 * and times in it are fixed: the same disk is made each time.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/kernel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "devices.h"
#include "lib/paths.h"
#include "lib/status.h"

#define UUID	"6b747372-0000-4000-8000-000000000001"

static const struct filesystem {
	const char *name;		/* as the kernel calls it */
	const char *program, *package;
	const char *args[12];		/* of the program; the disk's path follows */
} filesystems[KTSTR_NR_FILESYSTEMS] = {
	[KTSTR_EXT4] = {
		.name = "ext4", .program = "mkfs.ext4", .package = "e2fsprogs",
		.args = {
			"-q", "-F", "-L", "ktstr", "-U", UUID, "-E",
			"lazy_itable_init=0,lazy_journal_init=0,root_owner=0:0,hash_seed=" UUID,
		},
	},
};

static const struct filesystem *filesystem_of(const struct ktstr_disk *d)
{
	return &filesystems[d->filesystem];
}

const char *ktstr_filesystem__fault(const struct ktstr_disk *d)
{
	return d && (unsigned int)d->filesystem >= KTSTR_NR_FILESYSTEMS ?
	       "filesystem: there is no such one" : NULL;
}

const char *ktstr_filesystem__name(const struct ktstr_disk *d)
{
	return filesystem_of(d)->name;
}

/* A user's PATH may lack the folders of the administrator's programs. */
static bool find_program(const struct filesystem *fs, char *path, size_t size)
{
	static const char * const dirs[] = { "/usr/sbin", "/sbin", "/usr/local/sbin" };
	size_t i;

	if (ktstr_paths__in_path(fs->program, path, size))
		return true;
	for (i = 0; i < ARRAY_SIZE(dirs); i++)
		if (!ktstr_paths__fmt(path, size, "%s/%s", dirs[i], fs->program) &&
		    !access(path, X_OK))
			return true;
	return false;
}

int ktstr_filesystem__prepare(const struct ktstr_disk *d, struct ktstr_err *err)
{
	const struct filesystem *fs = filesystem_of(d);
	char path[PATH_MAX];

	if (!fs->name || find_program(fs, path, sizeof(path)))
		return 0;
	return ktstr_err_missing(err, ENOENT, "disk: %s is not installed, which makes its %s file system: package %s, or ktstr setup",
				 fs->program, fs->name, fs->package);
}

static void __attribute__((noreturn))
become_program(const struct filesystem *fs, const char *path, int disk, int log)
{
	const char *argv[ARRAY_SIZE(fs->args) + 3] = { fs->program };
	char file[32];
	int i, null;

	for (i = 0; fs->args[i]; i++)
		argv[i + 1] = fs->args[i];
	fcntl(disk, F_SETFD, 0);
	snprintf(file, sizeof(file), "/proc/self/fd/%d", disk);
	argv[i + 1] = file;
	setenv("E2FSPROGS_FAKE_TIME", "1000000000", 1);
	null = open("/dev/null", O_RDWR);
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
	execv(path, (char **)argv);
	dprintf(log, "%s: %s", path, strerror(errno));
	_exit(127);
}

/* The first words of its standard error; returns its status. */
static int run_program(const struct filesystem *fs, const char *path, int disk, char *said,
		       size_t size)
{
	size_t len = 0;
	int log[2], status = -1;
	ssize_t n;
	pid_t pid;

	said[0] = '\0';
	if (pipe2(log, O_CLOEXEC))
		return -1;
	pid = fork();
	if (!pid)
		become_program(fs, path, disk, log[1]);
	close(log[1]);
	while (pid > 0 && (n = read(log[0], said + len, size - 1 - len)) > 0)
		len += (size_t)n;
	close(log[0]);
	said[len] = '\0';
	said[strcspn(said, "\n")] = '\0';
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

static int format(const struct filesystem *fs, int fd, struct ktstr_err *err)
{
	char path[PATH_MAX], said[256], how[KTSTR_STATUS_SIZE];
	int status;

	if (!find_program(fs, path, sizeof(path)))
		return ktstr_err(err, ENOENT, "disk: %s is not installed", fs->program);
	status = run_program(fs, path, fd, said, sizeof(said));
	if (!status)
		return 0;
	return ktstr_err(err, EIO, "disk: %s: %s: %s", path,
			 ktstr_status__format(status, how, sizeof(how)), said);
}

static int format_ext4(int fd, struct ktstr_err *err)
{
	return format(&filesystems[KTSTR_EXT4], fd, err);
}

int (*ktstr_filesystem__format(const struct ktstr_disk *d))(int fd, struct ktstr_err *err)
{
	static int (* const formats[KTSTR_NR_FILESYSTEMS])(int, struct ktstr_err *) = {
		[KTSTR_EXT4] = format_ext4,
	};

	return formats[d->filesystem];
}
