/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Machines of the bundled VMM with a tiny kernel. They run wherever /dev/kvm opens, even on a host
 * whose KVM could not boot a real one.
 */
#ifndef KTSTR_TESTS_UNIT_KVM_TINY_GUEST_H
#define KTSTR_TESTS_UNIT_KVM_TINY_GUEST_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/tiny_kernel.h"
#include "vmm/vm.h"

/* A machine's files, in a folder of their own. */
struct tiny_files {
	char dir[64], kernel[96], console[96], output[96];
};

/* A machine of @cpus that boots f->kernel. 0 or -errno, that of /dev/kvm if it does not open. */
static inline int tiny_setup(struct tiny_files *f, struct vm_spec *spec, uint32_t cpus)
{
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	close(fd);
	strcpy(f->dir, "/tmp/tiny_guest.XXXXXX");
	if (!mkdtemp(f->dir)) {
		f->dir[0] = '\0';
		return -errno;
	}
	snprintf(f->kernel, sizeof(f->kernel), "%s/vmlinux", f->dir);
	snprintf(f->console, sizeof(f->console), "%s/console", f->dir);
	snprintf(f->output, sizeof(f->output), "%s/output", f->dir);
	*spec = (struct vm_spec){
		.kernel = f->kernel, .initrd_fd = -1, .topo = { { 1, 1, cpus, 1 } },
		.mem_bytes = 128 << 20, .shared_bytes = 2 << 20, .accel = VM_ACCEL_KVM,
		.icount_shift = VM_SHIFT_AUTO, .kaslr = true,
		.console_path = f->console, .output_path = f->output,
	};
	return 0;
}

static inline void tiny_cleanup(const struct tiny_files *f)
{
	if (!*f->dir)
		return;
	unlink(f->kernel);
	unlink(f->console);
	unlink(f->output);
	rmdir(f->dir);
}

#endif
