// SPDX-License-Identifier: GPL-2.0
/* Promises of lib/build_id.h: builds are told apart, and no file is trusted. */
#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "lib/build_id.h"
#include "lib/siphash.h"
#include "lib/paths.h"

struct made {
	Elf64_Ehdr e;
	Elf64_Phdr p;
	Elf64_Nhdr other;
	char other_name[4], other_desc[4];
	Elf64_Nhdr n;
	char name[4];
	unsigned char id[20];
};

FIXTURE(id) {
	char path[64], buf[KTSTR_BUILD_ID_LEN];
	struct made m;
};

FIXTURE_SETUP(id)
{
	int fd;

	strcpy(self->path, "/tmp/ktstr-build-id-XXXXXX");
	fd = mkstemp(self->path);
	ASSERT_LE(0, fd);
	close(fd);
	self->m = (struct made){
		.e = { .e_ident = ELFMAG, .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 1,
		       .e_phoff = offsetof(struct made, p) },
		.p = { .p_type = PT_NOTE, .p_offset = offsetof(struct made, other),
		       .p_filesz = sizeof(struct made) - offsetof(struct made, other) },
		.other = { .n_namesz = 4, .n_descsz = 4, .n_type = NT_GNU_ABI_TAG },
		.other_name = "GNU",
		.n = { .n_namesz = 4, .n_descsz = 20, .n_type = NT_GNU_BUILD_ID },
		.name = "GNU",
		.id = { 0x01, 0xab, [19] = 0xff },
	};
	self->m.e.e_ident[EI_CLASS] = ELFCLASS64;
}

FIXTURE_TEARDOWN(id)
{
	unlink(self->path);
}

#define READ(_len) ({								\
	ASSERT_EQ(0, ktstr_paths__write(self->path, (const char *)&self->m, _len)); \
	EXPECT_EQ(0, ktstr_build_id(self->path, self->buf, sizeof(self->buf)));	\
	self->buf;								\
})

TEST_F(id, the_note_is_found_behind_others_and_written_in_hexadecimal)
{
	EXPECT_STREQ("01ab0000000000000000000000000000000000ff", READ(sizeof(self->m)));
}

TEST_F(id, a_file_without_one_has_an_empty_one)
{
	self->m.n.n_type = 5;
	EXPECT_STREQ("", READ(sizeof(self->m)));
	self->m.e.e_ident[0] = '#';
	EXPECT_STREQ("", READ(sizeof(self->m)));
	EXPECT_STREQ("", READ(0));
}

TEST_F(id, a_damaged_file_is_a_file_without_one)
{
	size_t len;

	for (len = 0; len < sizeof(self->m); len += 7)
		EXPECT_STREQ("", READ(len));
	self->m.other.n_descsz = UINT32_MAX;
	EXPECT_STREQ("", READ(sizeof(self->m)));
	self->m.other.n_descsz = 4;
	self->m.n.n_descsz = 4000;
	EXPECT_STREQ("", READ(sizeof(self->m)));
	self->m.e.e_phoff = UINT64_MAX;
	EXPECT_STREQ("", READ(sizeof(self->m)));
}

TEST_F(id, programs_of_the_compiler_have_one)
{
	char exe[PATH_MAX];

	ASSERT_EQ(0, ktstr_paths__exe(exe, sizeof(exe)));
	EXPECT_EQ(0, ktstr_build_id(exe, self->buf, sizeof(self->buf)));
	EXPECT_EQ(40U, strlen(self->buf));
}

TEST_F(id, the_hash_is_that_of_the_content)
{
	struct siphash a;
	uint64_t first, second;

	siphash_init(&a);
	siphash_add(&a, "a", 1);
	ASSERT_EQ(0, ktstr_paths__write(self->path, "a", 1));
	EXPECT_EQ(0, ktstr_file_hash(self->path, &first));
	EXPECT_EQ(siphash_end(&a), first);
	ASSERT_EQ(0, ktstr_paths__write(self->path, "b", 1));
	EXPECT_EQ(0, ktstr_file_hash(self->path, &second));
	EXPECT_NE(first, second);
	EXPECT_GT(0, ktstr_file_hash("/nonexistent", &first));
}

TEST_F(id, a_file_that_changed_is_read_again)
{
	uint64_t first, second;
	struct stat st;
	int fd;

	ASSERT_EQ(0, ktstr_paths__write(self->path, "a", 1));
	EXPECT_EQ(0, ktstr_file_hash(self->path, &first));
	/* in place, of the same size, and with the time that it had */
	ASSERT_EQ(0, stat(self->path, &st));
	usleep(20000);
	fd = open(self->path, O_WRONLY);
	ASSERT_EQ(1, write(fd, "b", 1));
	ASSERT_EQ(0, futimens(fd, (struct timespec [2]){ st.st_atim, st.st_mtim }));
	close(fd);
	EXPECT_EQ(0, ktstr_file_hash(self->path, &second));
	EXPECT_NE(first, second);
	/* more of them than are remembered */
	for (int i = 0; i < 9; i++) {
		ASSERT_EQ(0, ktstr_paths__write(self->path, &"abcdefghi"[i], 1));
		EXPECT_EQ(0, ktstr_file_hash(self->path, &second));
		EXPECT_EQ(!i, first == second);
	}
}

TEST_HARNESS_MAIN
