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

#include "vmm/argv.h"
#include "vmm/ram.h"
#include "vmm/vm.h"

#define QEMU_MIN_MAJOR	10

/*
 * RAM below 4 GiB. Given to QEMU as max-ram-below-4g, so that the split is the same for
 * every machine type and memory size instead of following QEMU's heuristics.
 */
#define QEMU_LOW_MAX	(2 * VM_GIB)

/* Where the pvpanic device of a machine with a save point is: QEMU's default. */
#define QEMU_SAVE_PORT	0x505

/* find.c: a QEMU to run. */
struct qemu_bin {
	char path[PATH_MAX];
	char root[PATH_MAX];	/* folder it was unpacked into, or empty: installed */
};

/*
 * $KTSTR_QEMU, else the one unpacked into the cache, else PATH; at least QEMU_MIN_MAJOR. 0, or
 * -errno with @err, which has missing set and says what to do.
 */
int qemu_find(struct qemu_bin *bin, struct ktstr_err *err);
/* "QEMU emulator version 10.0.2 (Debian ...)" -> 10, or -EINVAL. */
int qemu_find_major(const char *text);
/* The plugin beside the running program or in $KTSTR_LIBDIR. */
int qemu_find_plugin(char *path, size_t size, struct ktstr_err *err);

/* For the guest's kernel: a triple fault resets the machine and needs no device. */
#define QEMU_PLATFORM	"reboot=t"

/* args.c: the command line, which depends on this only. */
struct qemu_plan {
	const struct qemu_bin *bin;
	const struct vm_spec *spec;
	const char *plugin;		/* path of hostcall.so */
	const char *append;		/* guest command line */
	const int *ram_fd;		/* per node */
	const uint64_t *node_bytes;
	int kernel_fd;			/* -1: spec->kernel */
	int initrd_fd;			/* -1: none */
	int console_fd;
	int output_fd;
	int sync_fd;
	int qmp_fd;			/* -1: none */
	int probes_fd;			/* of a spec with probes */
	const int *device_fd;		/* per device of the spec; -1: it has none */
};

/* 0 or -ENOMEM; vm_argv_free() in either case. */
int qemu_args_build(struct vm_argv *a, const struct qemu_plan *plan);

/* process.c: an external program that cannot outlive us. */
struct qemu_process {
	pid_t pid;		/* 0: not running */
	int pidfd;
};

/*
 * Start @argv with @envp. The child gets /dev/null as stdin and stdout, @stderr_fd as stderr,
 * @keep[0..@nr_keep) under their own numbers and no other descriptor; it leads its own
 * session and dies with the calling thread. 0, or -errno when it could not be started.
 */
int qemu_process_spawn(struct qemu_process *p, char *const argv[], char *const envp[], int stdout_fd,
		       int stderr_fd, const int *keep, size_t nr_keep);
/* Collect the exit status (waitpid() encoding) of a process that has ended. 0 or -errno. */
int qemu_process_reap(struct qemu_process *p, int *status);
void qemu_process_kill(struct qemu_process *p);
/*
 * environ, with the library path of @bin if it was unpacked, and with descriptor @preload_fd of the
 * child, -1: none, as the only preloaded library. NULL: out of memory.
 */
char **qemu_process_env(const struct qemu_bin *bin, int preload_fd);
void qemu_process_env_free(char **envp);
/* A connected pair of @type: one end to keep, one for the process. 0 or -errno with @err. */
int qemu_process_socketpair(int type, int *ours, int *theirs, struct ktstr_err *err);

/*
 * qmp.c: QEMU's machine protocol. A deterministic machine hears it only while it stands still:
 * before it starts, for good at its save point, and when its run is over.
 */
#define QMP_LINE	16384	/* the longest that is understood; registers of a CPU have 5000 */

struct qmp {
	int fd;
	bool ready;		/* capabilities negotiated */
	unsigned int id;	/* of the last command */
	size_t fill;
	char buf[QMP_LINE];
};

/*
 * Run a command; @args is a JSON object or NULL. 0, -ETIMEDOUT, -EPIPE, -EBADMSG, or -EIO
 * (refused).
 */
int qmp_command(struct qmp *q, const char *name, const char *args, int timeout_ms);
/* The same, with the line of the reply in @reply, as JSON. */
int qmp_ask(struct qmp *q, const char *name, const char *args, char *reply, size_t size,
	    int timeout_ms);
/* The same without waiting for the answer, after a first command. 0, -EPIPE or -EIO. */
int qmp_post(struct qmp *q, const char *name);
/*
 * Wait for @event, and for @with in its line unless that is NULL. 0, -EIO: it says "failed"
 * instead, or as above.
 */
int qmp_await(struct qmp *q, const char *event, const char *with, int timeout_ms);

#endif
