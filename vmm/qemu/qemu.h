/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Inside the emulation backend. QEMU is used as a CPU emulator only: it gets every resource
 * by inherited descriptor (guest RAM, initrd, console files, plugin and QMP sockets), so it
 * creates nothing that could outlive it.
 */
#ifndef KTSTR_VMM_QEMU_H
#define KTSTR_VMM_QEMU_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../ram.h"
#include "../vm.h"

#define QEMU_MIN_MAJOR	10

/*
 * RAM below 4 GiB. Given to QEMU as max-ram-below-4g, so that the split is the same for
 * every machine type and memory size instead of following QEMU's heuristics.
 */
#define QEMU_LOW_MAX	(2 * VM_GIB)

/* find.c: a QEMU to run. */
struct qemu_bin {
	char path[PATH_MAX];
	char root[PATH_MAX];	/* folder it was unpacked into, or empty: installed */
};

/*
 * $KTSTR_QEMU, else the one unpacked into the cache, else PATH; at least QEMU_MIN_MAJOR.
 * 0, or -errno with @err (missing set, what to do named).
 */
int qemu_find(struct qemu_bin *bin, struct vm_err *err);
/* "QEMU emulator version 10.0.2 (Debian ...)" -> 10, or -EINVAL. */
int qemu_parse_major(const char *text);
/* The plugin beside the running program or in $KTSTR_LIBDIR. */
int qemu_find_plugin(char *path, size_t size, struct vm_err *err);

/* args.c: the command line, a pure function of this. */
struct qemu_plan {
	const struct qemu_bin *bin;
	const struct vm_spec *spec;
	const char *plugin;		/* path of hostcall.so */
	const char *append;		/* guest command line */
	const int *ram_fd;		/* per node */
	const uint64_t *node_bytes;
	int initrd_fd;			/* -1: none */
	int console_fd;
	int output_fd;
	int sync_fd;
	int qmp_fd;			/* -1: none */
	const int *disk_fd;		/* per disk of the spec */
	const int *nic_fd;		/* per network card */
};

struct qemu_argv {
	char **v;			/* NULL-terminated */
	size_t n;
	size_t room;
	bool failed;			/* out of memory; checked once at the end */
};

/* 0 or -ENOMEM; qemu_argv_free() in either case. */
int qemu_argv_build(struct qemu_argv *a, const struct qemu_plan *plan);
void qemu_argv_free(struct qemu_argv *a);

/* process.c: an external program that cannot outlive us. */
struct qemu_proc {
	pid_t pid;		/* 0: not running */
	int pidfd;
};

/*
 * Start @argv with @envp. The child gets /dev/null as stdin and stdout, @stderr_fd as stderr,
 * @keep[0..@nr_keep) under their own numbers and no other descriptor; it leads its own
 * session and dies with the calling thread. 0, or -errno when it could not be started.
 */
int qemu_spawn(struct qemu_proc *p, char *const argv[], char *const envp[], int stdout_fd,
	       int stderr_fd, const int *keep, size_t nr_keep);
/* Collect the exit status (waitpid() encoding) of a process that has ended. 0 or -errno. */
int qemu_reap(struct qemu_proc *p, int *status);
void qemu_kill(struct qemu_proc *p);
/* environ, with the library path of an unpacked @bin. NULL: out of memory. */
char **qemu_env(const struct qemu_bin *bin);
void qemu_env_free(char **envp);

/* qmp.c: stop and cont, nothing else. Not used by deterministic machines. */
struct qmp {
	int fd;
	bool ready;		/* capabilities negotiated */
	unsigned int id;	/* of the last command */
	size_t fill;
	char buf[8192];
};

/* Run a command without arguments. 0, -ETIMEDOUT, -EPIPE, -EBADMSG, or -EIO (refused). */
int qmp_command(struct qmp *q, const char *name, int timeout_ms);

#endif
