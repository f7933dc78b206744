// SPDX-License-Identifier: GPL-2.0
/*
 * The ELF reader takes what it needs from good files and refuses every broken one with a
 * reason; the stripper drops DWARF and nothing else.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"

#include "vmm/initramfs/elf/elf_file.h"
#include "vmm/initramfs/tree/io.h"
#include "made_elf.h"

FIXTURE(elf) {
	char dir[64];
};

FIXTURE_SETUP(elf)
{
	snprintf(self->dir, sizeof(self->dir), "/tmp/ktstr-elf-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
}

FIXTURE_TEARDOWN(elf)
{
	remove_dir(self->dir);
}

TEST_F(elf, what_is_not_elf_is_said_to_be_none)
{
	struct elf_file e;
	char path[128];
	int fd;

	put(self->dir, "script", "#!/bin/sh\nexit 0 # long enough\n", 30);
	snprintf(path, sizeof(path), "%s/script", self->dir);
	fd = open(path, O_RDONLY);
	EXPECT_EQ(0, elf_file_read(&e, fd, 30, NULL));
	EXPECT_EQ(ELF_KIND_NONE, (int)e.kind);
	EXPECT_EQ(0, elf_file_read(&e, fd, 0, NULL));
	EXPECT_EQ(ELF_KIND_NONE, (int)e.kind);
	close(fd);
}

TEST_F(elf, thirty_two_bit_files_have_no_closure)
{
	struct image im;
	struct elf_file e;
	char path[128];
	int fd;

	make_image(self->dir, &im, &(struct lib) { .needed = { "x" } });
	im.eh.e_ident[EI_CLASS] = ELFCLASS32;
	put(self->dir, "elf32", &im, sizeof(im));
	snprintf(path, sizeof(path), "%s/elf32", self->dir);
	fd = open(path, O_RDONLY);
	EXPECT_EQ(0, elf_file_read(&e, fd, sizeof(im), NULL));
	EXPECT_EQ(ELF_KIND_32, (int)e.kind);
	EXPECT_EQ(0, (int)e.nr_needed);
	close(fd);
}

TEST_F(elf, every_broken_offset_is_refused_with_a_reason)
{
	static const struct {
		size_t at, size;
		uint64_t val;
	} breaks[] = {
		{ offsetof(struct image, eh.e_phoff), 8, UINT64_MAX - 8 },
		{ offsetof(struct image, eh.e_phoff), 8, sizeof(struct image) - 8 },
		{ offsetof(struct image, eh.e_phentsize), 2, 55 },
		{ offsetof(struct image, eh.e_phnum), 2, 0xffff },
		{ offsetof(struct image, ph[1].p_offset), 8, 1ULL << 63 },
		{ offsetof(struct image, ph[1].p_filesz), 8, UINT64_MAX },
		{ offsetof(struct image, ph[1].p_filesz), 8, 65536 },
		{ offsetof(struct image, ph[0].p_filesz), 8, 64 },
		{ offsetof(struct image, ph[0].p_vaddr), 8, UINT64_MAX },
		{ offsetof(struct image, ph[0].p_offset), 8, UINT64_MAX - 16 },
		{ offsetof(struct image, ph[2].p_offset), 8, UINT64_MAX - 2 },
		{ offsetof(struct image, ph[2].p_filesz), 8, 1 },
		{ offsetof(struct image, dyn[0].d_un.d_val), 8, UINT64_MAX },
		{ offsetof(struct image, dyn[0].d_un.d_val), 8, sizeof(((struct image *)0)->str) },
	};
	struct image good, bad;
	struct elf_file e;
	char path[128];

	make_image(self->dir, &good, &(struct lib) { .needed = { "x" }, .interp = "/y" });
	snprintf(path, sizeof(path), "%s/elf", self->dir);
	for (size_t i = 0; i < ARRAY_SIZE(breaks); i++) {
		const char *why = NULL;
		int fd;

		bad = good;
		memcpy((char *)&bad + breaks[i].at, &breaks[i].val, breaks[i].size);
		put(self->dir, "elf", &bad, sizeof(bad));
		fd = open(path, O_RDONLY);
		EXPECT_EQ(-ENOEXEC, elf_file_read(&e, fd, sizeof(bad), &why));
		EXPECT_NE(NULL, why);
		elf_file_free(&e);
		close(fd);
	}
}

/* The reader and the stripper; under ASan a stray access ends the test. */
TEST_F(elf, garbage_elf_does_no_harm)
{
	struct image good, bad;
	struct elf_file e;
	char path[128];
	uint32_t x = 42;
	int refused = 0;

	make_image(self->dir, &good, &(struct lib) {
		.needed = { "liba.so", "libb.so" }, .rpath = "/a:/b", .interp = INTERP,
		.soname = "me",
	});
	snprintf(path, sizeof(path), "%s/elf", self->dir);
	for (int i = 0; i < 4000; i++) {
		size_t len = i % 7 ? sizeof(bad) : next_random(&x) % sizeof(bad);
		uint8_t *out = NULL, *exact;
		size_t out_len;
		int fd;

		bad = good;
		for (int n = 0; n <= i % 5; n++) {
			static const uint8_t nasty[] = { 0, 1, 0x7f, 0x80, 0xff };
			size_t at = next_random(&x) % (i & 1 ? 64 : offsetof(struct image, str));

			((uint8_t *)&bad)[i % 3 ? at : at | 7] = i & 2 ? nasty[next_random(&x) % 5] :
								 next_random(&x);
		}
		put(self->dir, "elf", &bad, len);
		fd = open(path, O_RDONLY);
		/* The size may be stale as well. */
		refused += elf_file_read(&e, fd, i % 11 ? len : len + 1000, NULL) != 0;
		elf_file_free(&e);
		close(fd);
		exact = malloc(len ? len : 1);
		memcpy(exact, &bad, len);
		if (elf_strip_debug(exact, len, &out, &out_len) > 0)
			free(out);
		free(exact);
	}
	EXPECT_LT(500, refused);
}

/* DWARF */

/* This very program, compiled with -g. */
static uint8_t *own_image(size_t *len)
{
	struct stat st;
	int fd = io_open_regular("/proc/self/exe", &st, NULL);
	uint8_t *p = malloc(st.st_size);

	*len = io_pread(fd, p, st.st_size, 0);
	close(fd);
	return p;
}

TEST_F(elf, stripping_drops_dwarf_and_the_program_still_runs)
{
	uint8_t *in, *out = NULL, *again = NULL;
	size_t len, out_len = 0, again_len;
	char cmd[256];

	in = own_image(&len);
	if (!memmem(in, len, ".debug_info", 11))
		SKIP(return, "this test was compiled without -g");
	ASSERT_EQ(1, elf_strip_debug(in, len, &out, &out_len));
	EXPECT_LT(out_len, len);
	EXPECT_EQ(0, elf_strip_debug(out, out_len, &again, &again_len));
	put(self->dir, "stripped", out, out_len);
	snprintf(cmd, sizeof(cmd), "%s/stripped -t what_is_not_elf_is_said_to_be_none > /dev/null 2>&1", self->dir);
	EXPECT_EQ(0, system(cmd));
	snprintf(cmd, sizeof(cmd),
		 "command -v nm > /dev/null || exit 0; nm %s/stripped | grep -q ' main$'", self->dir);
	EXPECT_EQ(0, system(cmd));
	free(in);
	free(out);
}

TEST_F(elf, mutated_section_headers_do_no_harm)
{
	uint32_t x = 3;
	uint8_t *in;
	size_t len, out_len;
	Elf64_Ehdr eh;
	int stripped = 0;

	in = own_image(&len);
	memcpy(&eh, in, sizeof(eh));
	for (int i = 0; i < 400; i++) {
		size_t at = eh.e_shoff + next_random(&x) % (eh.e_shnum * sizeof(Elf64_Shdr));
		size_t at2 = i % 3 ? at + 1 : 40 + next_random(&x) % 24;
		uint8_t *out = NULL, old, old2;

		if (at2 >= len)
			at2 = at;
		old = in[at];
		old2 = in[at2];
		in[at] = next_random(&x);
		if (at2 != at)
			in[at2] = i & 1 ? 0xff : next_random(&x);
		if (elf_strip_debug(in, len, &out, &out_len) > 0) {
			stripped++;
			EXPECT_LT(out_len, len);
			free(out);
		}
		in[at2] = old2;
		in[at] = old;
	}
	EXPECT_LT(0, stripped);
	EXPECT_LT(stripped, 400);
	free(in);
}

TEST_HARNESS_MAIN
