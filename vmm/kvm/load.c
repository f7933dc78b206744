// SPDX-License-Identifier: GPL-2.0
/* Loads the kernel and the initrd into guest RAM. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "kvm.h"
#include "lib/fd.h"
#include "vmm/initrd.h"
#include "vmm/vmlinux.h"

/* The file has been checked, but another process may change it meanwhile. */
static int load_segment(const struct vm_ram *ram, int fd, const struct vm_segment *s)
{
	uint8_t *to = vm_ram_at(ram, s->gpa, s->mem_bytes);
	uint64_t done = 0;

	if (!to)
		return -ENOSPC;
	while (done < s->file_bytes) {
		ssize_t n = pread(fd, to + done, s->file_bytes - done,
				  (off_t)(s->file_off + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			return -ENODATA;
		done += (uint64_t)n;
	}
	return 0;
}

static int load_file(const struct vm_ram *ram, const char *path, const struct vm_image *image,
		     struct ktstr_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY), r = 0;

	if (fd < 0)
		return ktstr_err(err, errno, "kernel %s: %s", path, strerror(errno));
	for (unsigned int i = 0; !r && i < image->nr_segments; i++)
		r = load_segment(ram, fd, &image->segment[i]);
	fd_close(&fd);
	if (r)
		ktstr_err(err, -r, "kernel %s: cannot load it: %s", path,
			  r == -ENODATA ? "it has become shorter" : strerror(-r));
	return r;
}

int kvm_load_kernel(const struct vm_ram *ram, const struct vm_spec *s,
		    const struct vm_image *image, struct kvm_layout *l, struct ktstr_err *err)
{
	struct vm_entry e = { .gpa = image->entry };
	int r = s->vmlinux ? vm_vmlinux_load(s, image, ram, l->kernel_end, &e, err) :
		load_file(ram, s->kernel, image, err);

	l->entry_gpa = e.gpa;
	l->kaslr = e.kaslr;
	return r;
}

int kvm_load_initrd(struct vm_ram *ram, const struct vm_spec *spec, const struct kvm_layout *l,
		    struct ktstr_err *err)
{
	const struct vm_part *base = &spec->initrd_base;
	uint8_t *to = vm_ram_at(ram, l->initrd_gpa, l->initrd_bytes);
	uint64_t done = 0;

	/* what can be mapped needs no copy */
	if (base->bytes && !vm_ram_overlay(ram, l->initrd_gpa, base))
		done = base->bytes;
	return vm_initrd_copy(spec, to + done, done, err);
}
