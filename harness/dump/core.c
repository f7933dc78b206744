// SPDX-License-Identifier: GPL-2.0
/* Writing an ELF core: see core.h. */
#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/procfs.h>
#include <sys/stat.h>
#include <sys/user.h>
#include <unistd.h>

#include "lib/fd.h"
#include "core.h"
#include "dump.h"

#define PAGE_BYTES	4096ull
#define MAX_INFO	(64u << 10)	/* of VMCOREINFO; a kernel has room for 4096 bytes */
#define MAX_LOADS	(VM_MAX_RANGES + 1)

/* A note with its name, "CORE" or "VMCOREINFO", both padded to four bytes. */
static void put_note(FILE *f, const char *name, uint32_t type, const void *desc, size_t len)
{
	const Elf64_Nhdr n = { .n_namesz = (Elf64_Word)strlen(name) + 1,
			       .n_descsz = (Elf64_Word)len, .n_type = type };
	static const char zero[4];

	fwrite(&n, sizeof(n), 1, f);
	fwrite(name, n.n_namesz, 1, f);
	fwrite(zero, -n.n_namesz & 3, 1, f);
	fwrite(desc, len, 1, f);
	fwrite(zero, -len & 3, 1, f);
}

static void put_status(FILE *f, const struct ktstr_core *c, uint32_t cpu)
{
	const struct vm_regs none = { .kind = VM_STAND_LOST }, *r = c->regs ? &c->regs[cpu] : &none;
	const struct user_regs_struct regs = {
		.rax = r->gpr[VM_RAX], .rbx = r->gpr[VM_RBX], .rcx = r->gpr[VM_RCX],
		.rdx = r->gpr[VM_RDX], .rsi = r->gpr[VM_RSI], .rdi = r->gpr[VM_RDI],
		.rbp = r->gpr[VM_RBP], .rsp = r->gpr[VM_RSP], .r8 = r->gpr[VM_R8],
		.r9 = r->gpr[VM_R9], .r10 = r->gpr[VM_R10], .r11 = r->gpr[VM_R11],
		.r12 = r->gpr[VM_R12], .r13 = r->gpr[VM_R13], .r14 = r->gpr[VM_R14],
		.r15 = r->gpr[VM_R15], .orig_rax = UINT64_MAX, .rip = r->rip, .eflags = r->rflags,
		.cs = r->cs, .ss = r->ss, .ds = r->ds, .es = r->es, .fs = r->fs, .gs = r->gs,
		.fs_base = r->fs_base, .gs_base = r->gs_base,
	};
	struct elf_prstatus s;
	int32_t pid = 0;
	char comm[16];

	_Static_assert(sizeof(regs) == sizeof(s.pr_reg), "the registers of a note");
	memset(&s, 0, sizeof(s));
	ktstr_dump__curr(c->view, cpu, &pid, comm);
	s.pr_pid = pid;
	memcpy(&s.pr_reg, &regs, sizeof(regs));
	put_note(f, "CORE", NT_PRSTATUS, &s, sizeof(s));
}

/* The lines that the kernel keeps for whoever reads its memory. The caller frees them. */
static int read_info(struct ktstr_kview *v, char **info, size_t *len, struct ktstr_err *err)
{
	uint64_t kva = 0, at, size = 0;

	if (ktstr_kview__pointer(v, "vmcoreinfo_data", &kva) || !kva ||
	    ktstr_kview__symbol(v, "vmcoreinfo_size", &at) || ktstr_kview__load(v, at, 8, &size))
		return ktstr_err(err, ENOENT,
				 "the kernel keeps no VMCOREINFO (CONFIG_VMCORE_INFO)");
	*info = size && size <= MAX_INFO ? malloc(size) : NULL;
	if (!*info || ktstr_kview__read(v, kva, *info, size)) {
		free(*info);
		return ktstr_err(err, EFAULT, "the kernel's VMCOREINFO cannot be read");
	}
	*len = size;
	return 0;
}

/* All notes, malloc()ed. */
static int make_notes(const struct ktstr_core *c, char **notes, size_t *len, struct ktstr_err *err)
{
	size_t info_len = 0;
	char *info = NULL;
	FILE *f;
	int r;

	*notes = NULL;
	r = read_info(c->view, &info, &info_len, err);
	if (r)
		return r;
	f = open_memstream(notes, len);
	for (uint32_t cpu = 0; f && cpu < c->view->nr_cpus; cpu++)
		put_status(f, c, cpu);
	if (f)
		put_note(f, "VMCOREINFO", 0, info, info_len);
	free(info);
	if (f && !fclose(f))
		return 0;
	return ktstr_err(err, ENOMEM, "no memory for the notes of a core");
}

/* The kernel's image, whose bytes are those of the range that it lies in. False: it lies in none. */
static bool put_image(const struct ktstr_core *c, const Elf64_Phdr *ram, Elf64_Phdr *p)
{
	const struct ktstr_kview *v = c->view;

	for (unsigned int i = 0; i < c->nr_ranges; i++) {
		uint64_t from = v->text_gpa - ram[i].p_paddr;

		if (v->text_gpa < ram[i].p_paddr || from >= ram[i].p_memsz ||
		    v->text_len > ram[i].p_memsz - from)
			continue;
		*p = (Elf64_Phdr){
			.p_type = PT_LOAD, .p_flags = PF_R | PF_W | PF_X,
			.p_offset = ram[i].p_offset + from, .p_vaddr = v->img->text + v->slide,
			.p_paddr = v->text_gpa, .p_filesz = v->text_len, .p_memsz = v->text_len,
		};
		return true;
	}
	return false;
}

/* @p has room for MAX_LOADS; its order is that of /proc/vmcore. Returns the end of the file. */
static uint64_t plan_loads(const struct ktstr_core *c, uint64_t at, Elf64_Phdr *p, unsigned int *nr)
{
	Elf64_Phdr *ram = p + 1;

	for (unsigned int i = 0; i < c->nr_ranges; i++) {
		at = (at + PAGE_BYTES - 1) & -PAGE_BYTES;
		ram[i] = (Elf64_Phdr){
			.p_type = PT_LOAD, .p_flags = PF_R | PF_W | PF_X, .p_offset = at,
			.p_vaddr = c->view->direct_kva + (c->range[i].gpa - c->view->direct_gpa),
			.p_paddr = c->range[i].gpa, .p_filesz = c->range[i].len,
			.p_memsz = c->range[i].len,
		};
		at += c->range[i].len;
	}
	*nr = c->nr_ranges + 1;
	if (!put_image(c, ram, p)) {
		memmove(p, ram, c->nr_ranges * sizeof(*p));
		--*nr;
	}
	return at;
}

int ktstr_core__write(const struct ktstr_core *c, int fd, struct ktstr_err *err)
{
	struct {
		Elf64_Ehdr e;
		Elf64_Phdr p[1 + MAX_LOADS];
	} head = {
		.e = {
			.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
				     EV_CURRENT },
			.e_type = ET_CORE, .e_machine = EM_X86_64, .e_version = EV_CURRENT,
			.e_phoff = sizeof(Elf64_Ehdr), .e_ehsize = sizeof(Elf64_Ehdr),
			.e_phentsize = sizeof(Elf64_Phdr),
		},
	};
	unsigned int nr;
	size_t len = 0;
	uint64_t end;
	char *notes;
	int r;

	if (c->view->img->machine != EM_X86_64)
		return ktstr_err(err, EOPNOTSUPP, "cores are written of x86-64 guests only");
	if (!c->nr_ranges || c->nr_ranges > VM_MAX_RANGES || !c->view->have_direct)
		return ktstr_err(err, EINVAL, "where the guest's RAM is, is not known");
	r = make_notes(c, &notes, &len, err);
	if (r) {
		free(notes);
		return r;
	}
	head.p[0] = (Elf64_Phdr){ .p_type = PT_NOTE, .p_offset = sizeof(head), .p_filesz = len,
				  .p_memsz = len, .p_align = 4 };
	end = plan_loads(c, sizeof(head) + len, &head.p[1], &nr);
	head.e.e_phnum = (Elf64_Half)(1 + nr);
	r = fd_write_at(fd, &head, sizeof(head), 0) ?: fd_write_at(fd, notes, len, sizeof(head));
	free(notes);
	/* a file may end with a hole */
	if (!r && ftruncate(fd, (off_t)end))
		r = -errno;
	if (r)
		return ktstr_err(err, -r, "writing a core: %s", strerror(-r));
	for (unsigned int i = nr - c->nr_ranges; i < nr && !r; i++)
		r = c->write_ram(c->arg, head.p[1 + i].p_paddr, head.p[1 + i].p_filesz, fd,
				 head.p[1 + i].p_offset, err);
	return r;
}
