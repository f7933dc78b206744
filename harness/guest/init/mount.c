// SPDX-License-Identifier: GPL-2.0
/*
 * Sets up what PID 1 and the bodies need: file systems, /dev/fd, standard descriptors. No failure
 * here is fatal by itself. The step that needs a missing file system reports it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kernel.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "internal.h"

static const struct guest_mount {
	const char *type, *target;
	bool optional;		/* many kernels lack it: no message */
} guest_mounts[] = {
	{ "devtmpfs", "/dev", false },
	{ "proc", "/proc", false },
	{ "sysfs", "/sys", false },
	{ "debugfs", "/sys/kernel/debug", true },
	{ "tracefs", "/sys/kernel/tracing", true },
	{ "bpf", "/sys/fs/bpf", true },
	{ "cgroup2", GUEST_CGROUP_MOUNT, false },
	{ "tmpfs", "/tmp", false },
	{ "tmpfs", "/dev/shm", false },
	{ "tmpfs", "/run", false },
};

static const char * const guest_links[][2] = {
	{ "/proc/self/fd", "/dev/fd" },
	{ "/proc/self/fd/0", "/dev/stdin" },
	{ "/proc/self/fd/1", "/dev/stdout" },
	{ "/proc/self/fd/2", "/dev/stderr" },
};

void guest_mount__console(const char *fmt, ...)
{
	char line[600];
	va_list ap;
	int fd, len;

	len = snprintf(line, sizeof(line), "ktstr: ");
	va_start(ap, fmt);
	vsnprintf(line + len, sizeof(line) - (size_t)len - 1, fmt, ap);
	va_end(ap);
	strcat(line, "\n");
	fd = open("/dev/console", O_WRONLY | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		fd = STDERR_FILENO;
	/* there is no other place to report this */
	if (write(fd, line, strlen(line)) < 0)
		errno = 0;
	if (fd != STDERR_FILENO) {
		tcdrain(fd);
		close(fd);
	}
}

void guest_mount__all(void)
{
	int failed[ARRAY_SIZE(guest_mounts)];
	size_t i;

	umask(0);
	for (i = 0; i < ARRAY_SIZE(guest_mounts); i++) {
		const struct guest_mount *m = &guest_mounts[i];

		/* parents precede their children in the table; sysfs has its own folders */
		mkdir(m->target, 0755);
		failed[i] = 0;
		if (mount(m->type, m->target, m->type, 0, NULL) && errno != EBUSY)
			failed[i] = errno;
	}
	umask(022);
	/* before this there was no /dev/console */
	for (i = 0; i < ARRAY_SIZE(guest_mounts); i++)
		if (failed[i] && !guest_mounts[i].optional)
			guest_mount__console("mount %s on %s: %s", guest_mounts[i].type,
					     guest_mounts[i].target, strerror(failed[i]));
	for (i = 0; i < ARRAY_SIZE(guest_links); i++)
		if (symlink(guest_links[i][0], guest_links[i][1]) && errno != EEXIST)
			guest_mount__console("symlink %s: %m", guest_links[i][1]);
}

void guest_mount__stdio(void)
{
	struct termios tio;
	int fd;

	/* an initramfs without /dev/console starts PID 1 without descriptors */
	do {
		fd = open("/dev/null", O_RDWR);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0) {
		dup2(fd, STDIN_FILENO);
		close(fd);
	}
	fd = open("/dev/ttyS1", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || tcgetattr(fd, &tio)) {
		guest_mount__console("no second serial port: %m; output goes to the console");
		if (fd >= 0)
			close(fd);
		fd = open("/dev/console", O_WRONLY | O_NOCTTY | O_CLOEXEC);
		if (fd < 0)
			return;
	} else {
		tio.c_oflag &= (tcflag_t)~OPOST;	/* no carriage returns in logs */
		tcsetattr(fd, TCSANOW, &tio);
	}
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	close(fd);
	setvbuf(stdout, NULL, _IOLBF, 0);
}

int guest_echo__run(const char *line)
{
	static const char echo[] = "echo ", arrow[] = " > /";
	char value[512];
	const char *at;
	size_t len;

	at = strstr(line, arrow);
	if (strncmp(line, echo, sizeof(echo) - 1) || !at || at < line + sizeof(echo))
		return -EINVAL;
	line += sizeof(echo) - 1;
	len = (size_t)(at - line);
	if (len + 2 > sizeof(value) || strchr(at + sizeof(arrow) - 2, ' '))
		return -EINVAL;
	memcpy(value, line, len);
	memcpy(value + len, "\n", 2);
	return guest_file__write(at + sizeof(arrow) - 2, value);
}
