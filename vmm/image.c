// SPDX-License-Identifier: GPL-2.0
/*
 * Reads the header of an x86 kernel image, bzImage or vmlinux, and checks everything in it. Field
 * offsets: Documentation/arch/x86/boot.rst ("The Real-Mode Kernel Header") and elf.h. An emulator
 * reports something cryptic about a broken image or loads garbage, so all defects are found here,
 * with one line that names the defect.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image.h"

#define HDR_MIN_PROTO	0x020c	/* xloadflags; every kernel since 3.8 has it */
#define MAX_PHDRS	64
#define MAX_NOTES	(64 * 1024)
#define PVH_NOTE	18	/* XEN_ELFNOTE_PHYS32_ENTRY */
#define MIN_LOAD	(1ull << 20)	/* firmware and our own tables are below */
#define MAX_LOAD_END	(1ull << 31)
#define ENTRY_64	0x200		/* 64-bit entry point of a bzImage, from its start */

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t get32(const uint8_t *p)
{
	return get16(p) | (uint32_t)get16(p + 2) << 16;
}

static uint64_t get64(const uint8_t *p)
{
	return get32(p) | (uint64_t)get32(p + 4) << 32;
}

/* Read exactly @len bytes at @off. 0, -errno, or -ENODATA at an early end. */
static int read_at(int fd, void *buf, size_t len, uint64_t off)
{
	uint8_t *p = buf;

	while (len) {
		ssize_t n = pread(fd, p, len, (off_t)off);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			return -ENODATA;
		p += n;
		off += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

static int read_bzimage(const char *path, const uint8_t *h, uint64_t file_bytes,
			struct vm_image *image, struct ktstr_err *err)
{
	uint64_t setup = ((h[0x1f1] ? h[0x1f1] : 4) + 1) * 512ull;
	uint64_t body = get32(h + 0x1f4) * 16ull;
	uint64_t payload_off = get32(h + 0x248), payload_len = get32(h + 0x24c);
	uint64_t pref = get64(h + 0x258), init_size = get32(h + 0x260);
	uint16_t proto = get16(h + 0x206);

	if (proto < HDR_MIN_PROTO)
		return ktstr_err(err, EINVAL,
				 "kernel %s: boot protocol %#x is too old (a bzImage since Linux 3.8 is needed)",
				 path, proto);
	if (!(h[0x211] & 1) || !(get16(h + 0x236) & 1))
		return ktstr_err(err, EINVAL, "kernel %s: not a 64-bit x86 bzImage", path);
	if (setup + body > file_bytes)
		return ktstr_err(err, EINVAL,
				 "kernel %s: truncated: %" PRIu64 " bytes of the %" PRIu64 " its header announces",
				 path, file_bytes, setup + body);
	if (payload_off + payload_len > body || !payload_len)
		return ktstr_err(err, EINVAL,
				 "kernel %s: corrupt header (payload outside the image)", path);
	if (body > init_size || pref < MIN_LOAD || pref > MAX_LOAD_END ||
	    pref + init_size > MAX_LOAD_END)
		return ktstr_err(err, EINVAL,
				 "kernel %s: corrupt header (load address %#" PRIx64 ", size %#" PRIx64 ")",
				 path, pref, init_size);
	image->format = VM_IMAGE_BZIMAGE;
	image->load_end = pref + init_size;
	image->entry = pref + ENTRY_64;
	image->segment[0] = (struct vm_segment){ setup, body, pref, body };
	image->nr_segments = 1;
	memcpy(image->header, h, sizeof(image->header));
	image->cmdline_max = get32(h + 0x238);
	if (!image->cmdline_max || image->cmdline_max > VM_CMDLINE_MAX)
		image->cmdline_max = VM_CMDLINE_MAX;
	return 0;
}

/* Does the note segment hold the PVH entry point? */
static int has_pvh_note(int fd, const Elf64_Phdr *ph, bool *found)
{
	uint8_t buf[4096];
	uint64_t off = 0, len = ph->p_filesz;

	if (len > MAX_NOTES)
		return -EINVAL;
	while (len - off >= sizeof(Elf64_Nhdr)) {
		uint64_t want = len - off < sizeof(buf) ? len - off : sizeof(buf);
		int r = read_at(fd, buf, want, ph->p_offset + off);
		uint64_t name, desc;

		if (r)
			return r;
		name = (get32(buf) + 3ull) & ~3ull;
		desc = (get32(buf + 4) + 3ull) & ~3ull;
		if (want >= 16 && get32(buf) == 4 && get32(buf + 8) == PVH_NOTE &&
		    !memcmp(buf + 12, "Xen", 4))
			*found = true;
		off += sizeof(Elf64_Nhdr) + name + desc;
		if (off > len)
			return 0;
	}
	return 0;
}

/* A PT_LOAD of a vmlinux. 0, or -EINVAL. */
static int add_segment(struct vm_image *image, const Elf64_Phdr *p)
{
	if (p->p_paddr < MIN_LOAD || p->p_paddr > MAX_LOAD_END || p->p_memsz > MAX_LOAD_END ||
	    p->p_filesz > p->p_memsz || image->nr_segments == VM_IMAGE_MAX_SEGMENTS)
		return -EINVAL;
	image->segment[image->nr_segments++] = (struct vm_segment){
		.file_off = p->p_offset, .file_bytes = p->p_filesz,
		.gpa = p->p_paddr, .mem_bytes = p->p_memsz,
	};
	if (p->p_paddr + p->p_memsz > image->load_end)
		image->load_end = p->p_paddr + p->p_memsz;
	return 0;
}

static bool has_code_at(const struct vm_image *image, uint64_t gpa)
{
	for (unsigned int i = 0; i < image->nr_segments; i++) {
		const struct vm_segment *s = &image->segment[i];

		if (gpa >= s->gpa && gpa - s->gpa < s->file_bytes)
			return true;
	}
	return false;
}

static int read_elf(int fd, const char *path, const uint8_t *h, uint64_t file_bytes,
		    struct vm_image *image, struct ktstr_err *err)
{
	Elf64_Phdr ph[MAX_PHDRS];
	Elf64_Ehdr eh;

	memcpy(&eh, h, sizeof(eh));
	if (eh.e_ident[EI_CLASS] != ELFCLASS64 || eh.e_ident[EI_DATA] != ELFDATA2LSB ||
	    eh.e_machine != EM_X86_64)
		return ktstr_err(err, EINVAL, "kernel %s: an ELF file, but not for x86-64", path);
	if (eh.e_phentsize != sizeof(*ph) || !eh.e_phnum || eh.e_phnum > MAX_PHDRS ||
	    read_at(fd, ph, eh.e_phnum * sizeof(*ph), eh.e_phoff))
		return ktstr_err(err, EINVAL,
				 "kernel %s: an ELF file without usable program headers", path);
	for (unsigned int i = 0; i < eh.e_phnum; i++) {
		const Elf64_Phdr *p = &ph[i];

		if (p->p_filesz > file_bytes || p->p_offset > file_bytes - p->p_filesz)
			return ktstr_err(err, EINVAL, "kernel %s: truncated ELF file", path);
		if (p->p_type == PT_NOTE && has_pvh_note(fd, p, &image->pvh))
			return ktstr_err(err, EINVAL, "kernel %s: corrupt ELF notes", path);
		if (p->p_type != PT_LOAD)
			continue;
		if (add_segment(image, p))
			return ktstr_err(err, EINVAL,
					 "kernel %s: corrupt ELF file (segment at %#" PRIx64 ")",
					 path, (uint64_t)p->p_paddr);
	}
	/* e_entry of a vmlinux is startup_64's physical address (vmlinux.lds.S) */
	if (image->load_end > MAX_LOAD_END || !has_code_at(image, eh.e_entry))
		return ktstr_err(err, EINVAL,
				 "kernel %s: an ELF file whose entry point %#" PRIx64 " is not in its code; is it a vmlinux?",
				 path, (uint64_t)eh.e_entry);
	image->format = VM_IMAGE_ELF;
	image->entry = eh.e_entry;
	image->cmdline_max = VM_CMDLINE_MAX;
	return 0;
}

static int read_fd(int fd, const char *path, struct vm_image *image, struct ktstr_err *err)
{
	uint8_t h[VM_IMAGE_HEADER_BYTES];
	struct stat st;
	int r;

	if (fstat(fd, &st))
		return ktstr_err(err, errno, "kernel %s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return ktstr_err(err, EINVAL,
				 "kernel %s: not a regular file (name the image itself, such as arch/x86/boot/bzImage)",
				 path);
	r = read_at(fd, h, sizeof(h), 0);
	if (r == -ENODATA)
		return ktstr_err(err, EINVAL, "kernel %s: %lld bytes are too few for a kernel image",
				 path, (long long)st.st_size);
	if (r)
		return ktstr_err(err, -r, "kernel %s: cannot read: %s", path, strerror(-r));
	if (!memcmp(h, ELFMAG, SELFMAG))
		return read_elf(fd, path, h, (uint64_t)st.st_size, image, err);
	if (!memcmp(h + 0x202, "HdrS", 4) && get16(h + 0x1fe) == 0xaa55)
		return read_bzimage(path, h, (uint64_t)st.st_size, image, err);
	if (!memcmp(h + 0x38, "ARM\x64", 4))
		return ktstr_err(err, EINVAL, "kernel %s: an arm64 image, this host boots x86-64",
				 path);
	return ktstr_err(err, EINVAL, "kernel %s: neither an x86 bzImage nor an ELF vmlinux", path);
}

int vm_image_read(const char *path, struct vm_image *image, struct ktstr_err *err)
{
	/* O_NONBLOCK: a FIFO given by mistake must not hang the open */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int r;

	if (fd < 0)
		return ktstr_err(err, errno, "kernel %s: %s", path, strerror(errno));
	memset(image, 0, sizeof(*image));
	r = read_fd(fd, path, image, err);
	close(fd);
	return r;
}
