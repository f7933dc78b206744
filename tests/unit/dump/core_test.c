// SPDX-License-Identifier: GPL-2.0
/*
 * Promises of harness/dump/core.h on a made guest, read back with libelf: both kinds of addresses lead
 * to the guest's bytes, the notes have the registers and what the kernel says of itself, and what
 * cannot be known or written is said.
 */
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <linux/kernel.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/procfs.h>
#include <sys/stat.h>
#include <sys/user.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "harness/dump/core.h"
#include "tests/unit/monitor/made_x86.h"

#define AT_INFO_DATA	0x2010		/* the variable vmcoreinfo_data, from _text */
#define AT_INFO_SIZE	0x2018
#define INFO		0xa0000ull	/* gpa of the text */
#define LOW_END		0x90000ull	/* RAM: [0, LOW_END) and from HIGH on */
#define HIGH		0xa0000ull

static const char info_text[] = "OSRELEASE=7.3.0-made\nPAGESIZE=4096\nKERNELOFFSET=0\n";

FIXTURE(core) {
	struct made_guest g;
	struct ktstr_kimage *img;
	struct ktstr_kview v;
	struct vm_regs regs[MADE_CPUS];
	struct vm_range range[2];
	struct ktstr_core core;
	struct ktstr_err err;
	char *file;
	size_t len;
	int fd;
	Elf *elf;
};

static int open_image(FIXTURE_DATA(core) *self)
{
	const struct made_symbol sym[] = {
		{ "bvmcoreinfo_data", MADE_TEXT + AT_INFO_DATA },
		{ "bvmcoreinfo_size", MADE_TEXT + AT_INFO_SIZE },
	};
	struct made_btf *b = calloc(1, sizeof(*b));
	uint32_t u32 = made_int(b, "unsigned int", 4, 0);
	uint32_t ptr = made_type(b, "", BTF_KIND_PTR, 0, 0, u32);

	made_type(b, "rq", BTF_KIND_STRUCT, 2, 0, 64);
	made_member(b, "curr", ptr, 0, 0);
	made_member(b, "cpu", u32, RQ_CPU * 8, 0);
	made_type(b, "task_struct", BTF_KIND_STRUCT, 1, 0, 64);
	made_member(b, "pid", u32, 0, 0);
	return made_open_x86(&self->img, sym, ARRAY_SIZE(sym), b, made_finish(b), &self->err);
}

/* What vm_write_ram() does of a machine. */
static int write_ram(void *arg, uint64_t gpa, uint64_t len, int fd, uint64_t at,
		     struct ktstr_err *err)
{
	static const uint8_t zero[4096];
	struct made_guest *g = arg;

	for (uint64_t i = 0; i < len; i += sizeof(zero))
		if (memcmp(g->ram + gpa + i, zero, sizeof(zero)) &&
		    pwrite(fd, g->ram + gpa + i, sizeof(zero), (off_t)(at + i)) != sizeof(zero))
			return ktstr_err(err, errno, "no room");
	return 0;
}

FIXTURE_SETUP(core)
{
	self->fd = -1;
	ASSERT_EQ(0, open_image(self)) {
		TH_LOG("%s", self->err.msg);
	}
	ASSERT_EQ(0, made_boot_x86(&self->g, self->img));
	made_store(&self->g, TEXT + AT_INFO_DATA, DIRECT + INFO);
	made_store(&self->g, TEXT + AT_INFO_SIZE, sizeof(info_text) - 1);
	memcpy(self->g.ram + INFO, info_text, sizeof(info_text));
	for (uint32_t cpu = 0; cpu < MADE_CPUS; cpu++) {
		struct vm_regs *r = &self->regs[cpu];

		made_store(&self->g, AREA + cpu * AREA_STRIDE, DIRECT + 0xb0000 + cpu * 64);
		made_store(&self->g, 0xb0000 + cpu * 64, 100 + cpu);
		r->kind = VM_STAND_KERNEL;
		r->rip = MADE_TEXT + cpu;
		r->rflags = 0x246;
		r->gs_base = DIRECT + AREA;
		for (int i = 0; i < VM_NR_GPRS; i++)
			r->gpr[i] = 1000 * cpu + 10 + i;
	}
	ASSERT_EQ(0, ktstr_kview__init(&self->v, self->img, &self->g.mem, MADE_CPUS, &self->err));
	ASSERT_EQ(0, ktstr_kview__attach(&self->v));
	self->range[0] = (struct vm_range){ 0, LOW_END };
	self->range[1] = (struct vm_range){ HIGH, GUEST_RAM - HIGH };
	self->core = (struct ktstr_core){
		.view = &self->v, .regs = self->regs, .range = self->range, .nr_ranges = 2,
		.write_ram = write_ram, .arg = &self->g,
	};
	self->fd = open("/tmp", O_TMPFILE | O_RDWR, 0600);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(core)
{
	elf_end(self->elf);
	if (self->file)
		munmap(self->file, self->len);
	if (self->fd >= 0)
		close(self->fd);
	ktstr_kimage__free(self->img);
	free(self->g.ram);
}

/* Write it, and open what was written. */
static int make(FIXTURE_DATA(core) *self)
{
	struct stat st;
	int ret = ktstr_core__write(&self->core, self->fd, &self->err);

	if (ret || fstat(self->fd, &st))
		return ret ?: -errno;
	elf_version(EV_CURRENT);
	self->len = (size_t)st.st_size;
	self->file = mmap(NULL, self->len, PROT_READ, MAP_PRIVATE, self->fd, 0);
	if (self->file == MAP_FAILED)
		return -errno;
	self->elf = elf_memory(self->file, self->len);
	return self->elf ? 0 : -EINVAL;
}

/* The byte at an address, as a reader of the core finds it; NULL: no segment has it. */
static const char *at(FIXTURE_DATA(core) *self, bool virtual, uint64_t addr)
{
	size_t nr = 0;
	GElf_Phdr p;

	elf_getphdrnum(self->elf, &nr);
	for (size_t i = 0; i < nr; i++) {
		uint64_t from;

		if (!gelf_getphdr(self->elf, (int)i, &p) || p.p_type != PT_LOAD)
			continue;
		from = addr - (virtual ? p.p_vaddr : p.p_paddr);
		/* the image comes first, and is part of a range too */
		if (from < p.p_filesz)
			return self->file + p.p_offset + from;
	}
	return NULL;
}

/* The note number @nr and the offset of what it says; 0: there is none. */
static size_t note(FIXTURE_DATA(core) *self, unsigned int nr, GElf_Nhdr *n, const char **name)
{
	size_t name_at, desc = 0, next = 0;
	Elf_Data *data;
	GElf_Phdr p;

	if (!gelf_getphdr(self->elf, 0, &p) || p.p_type != PT_NOTE)
		return 0;
	data = elf_getdata_rawchunk(self->elf, (int64_t)p.p_offset, p.p_filesz, ELF_T_NHDR);
	for (unsigned int i = 0; data && i <= nr; i++) {
		next = gelf_getnote(data, next, n, &name_at, &desc);
		if (!next)
			return 0;
		*name = (char *)data->d_buf + name_at;
	}
	return p.p_offset + desc;
}

TEST_F(core, both_kinds_of_addresses_lead_to_the_guests_bytes)
{
	GElf_Ehdr e;

	ASSERT_EQ(0, make(self)) {
		TH_LOG("%s", self->err.msg);
	}
	ASSERT_NE(NULL, gelf_getehdr(self->elf, &e));
	EXPECT_EQ(ET_CORE, e.e_type);
	EXPECT_EQ(EM_X86_64, e.e_machine);
	EXPECT_EQ(ELFCLASS64, e.e_ident[EI_CLASS]);
	for (uint64_t gpa = 0; gpa < GUEST_RAM; gpa += 4096) {
		bool ram = gpa < LOW_END || gpa >= HIGH;
		const char *p = at(self, false, gpa), *v = at(self, true, DIRECT + gpa);

		ASSERT_EQ(ram, p != NULL);
		ASSERT_EQ(p, v);
		if (ram)
			ASSERT_EQ(0, memcmp(p, self->g.ram + gpa, 4096));
	}
	/* the image, at the addresses of its symbols */
	for (uint64_t off = 0; off < AT_END; off += 8)
		ASSERT_EQ(0, memcmp(at(self, true, MADE_TEXT + off), self->g.ram + TEXT + off, 8));
	EXPECT_EQ(NULL, at(self, true, MADE_TEXT + AT_END));
	EXPECT_EQ(NULL, at(self, false, GUEST_RAM));
}

TEST_F(core, notes_have_the_registers_and_what_the_kernel_says)
{
	struct user_regs_struct r;
	struct elf_prstatus s;
	const char *name;
	GElf_Nhdr n;
	size_t desc;

	ASSERT_EQ(0, make(self));
	for (uint32_t cpu = 0; cpu < MADE_CPUS; cpu++) {
		desc = note(self, cpu, &n, &name);
		ASSERT_NE(0, desc);
		EXPECT_STREQ("CORE", name);
		EXPECT_EQ(NT_PRSTATUS, n.n_type);
		ASSERT_EQ(sizeof(s), n.n_descsz);
		memcpy(&s, self->file + desc, sizeof(s));
		memcpy(&r, &s.pr_reg, sizeof(r));
		EXPECT_EQ((pid_t)(100 + cpu), s.pr_pid);
		EXPECT_EQ(MADE_TEXT + cpu, r.rip);
		EXPECT_EQ(1000 * cpu + 10 + VM_RSP, r.rsp);
		EXPECT_EQ(1000 * cpu + 10 + VM_RBP, r.rbp);
		EXPECT_EQ(1000 * cpu + 10 + VM_R15, r.r15);
		EXPECT_EQ(0x246, r.eflags);
		EXPECT_EQ(DIRECT + AREA, r.gs_base);
	}
	desc = note(self, MADE_CPUS, &n, &name);
	ASSERT_NE(0, desc);
	EXPECT_STREQ("VMCOREINFO", name);
	ASSERT_EQ(sizeof(info_text) - 1, n.n_descsz);
	EXPECT_EQ(0, memcmp(self->file + desc, info_text, sizeof(info_text) - 1));
	EXPECT_EQ(0, note(self, MADE_CPUS + 1, &n, &name));
}

TEST_F(core, registers_may_be_unknown)
{
	struct user_regs_struct r;
	struct elf_prstatus s;
	const char *name;
	GElf_Nhdr n;
	size_t desc;

	self->core.regs = NULL;
	ASSERT_EQ(0, make(self));
	desc = note(self, 1, &n, &name);
	ASSERT_NE(0, desc);
	memcpy(&s, self->file + desc, sizeof(s));
	memcpy(&r, &s.pr_reg, sizeof(r));
	EXPECT_EQ(101, s.pr_pid);
	EXPECT_EQ(0, r.rip);
}

TEST_F(core, what_is_missing_is_said)
{
	const struct ktstr_kimage *img = self->v.img;
	struct ktstr_kimage arm = *img;

	made_store(&self->g, TEXT + AT_INFO_SIZE, 1ull << 40);
	EXPECT_EQ(-EFAULT, make(self));
	made_store(&self->g, TEXT + AT_INFO_SIZE, 0);
	EXPECT_EQ(-EFAULT, make(self));
	made_store(&self->g, TEXT + AT_INFO_SIZE, sizeof(info_text) - 1);
	made_store(&self->g, TEXT + AT_INFO_DATA, DIRECT + (1ull << 40));
	EXPECT_EQ(-EFAULT, make(self));
	made_store(&self->g, TEXT + AT_INFO_DATA, 0);
	EXPECT_EQ(-ENOENT, make(self));
	EXPECT_NE(NULL, strstr(self->err.msg, "CONFIG_VMCORE_INFO"));
	made_store(&self->g, TEXT + AT_INFO_DATA, DIRECT + INFO);
	self->core.nr_ranges = 0;
	EXPECT_EQ(-EINVAL, make(self));
	self->core.nr_ranges = VM_MAX_RANGES + 1;
	EXPECT_EQ(-EINVAL, make(self));
	self->core.nr_ranges = 2;
	arm.machine = EM_AARCH64;
	self->v.img = &arm;
	EXPECT_EQ(-EOPNOTSUPP, make(self));
	self->v.img = img;
	close(self->fd);
	self->fd = open("/dev/full", O_WRONLY);
	EXPECT_EQ(-ENOSPC, make(self));
	EXPECT_NE(NULL, strstr(self->err.msg, "No space left"));
}

TEST_HARNESS_MAIN
