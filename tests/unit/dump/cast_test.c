// SPDX-License-Identifier: GPL-2.0
/*
 * Promises of harness/dump/cast/cast.h, on the objects of cast/: what the comment above each case
 * says is found, and nothing else. Then damaged objects.
 */
#include <errno.h>
#include <stdlib.h>

#include "kselftest_harness.h"

#include "harness/dump/cast/cast.h"
#include "harness/dump/forward.h"
#include "harness/monitor/view/btf_type.h"
#include "lib/paths.h"

static void *read_object(const char *name, size_t *len)
{
	char path[4200], dir[4096];
	void *data = NULL;
	long size;
	FILE *f;

	if (ktstr_paths__exe_dir(dir, sizeof(dir)))
		return NULL;
	snprintf(path, sizeof(path), "%s/cast/%s.bpf.o", dir, name);
	f = fopen(path, "r");
	if (f && !fseek(f, 0, SEEK_END)) {
		size = ftell(f);
		rewind(f);
		data = size > 0 ? malloc((size_t)size) : NULL;
		*len = data ? fread(data, 1, (size_t)size, f) : 0;
	}
	if (f)
		fclose(f);
	return data;
}

static void describe(const struct ktstr_casts *c, char *buf, size_t size)
{
	static const char * const spaces[] = { "any", "kernel", "arena" };
	size_t n = 0;

	snprintf(buf, size, "none");
	for (uint32_t i = 0; i < c->nr; i++) {
		const struct ktstr_cast *hit = &c->cast[i];
		struct ktstr_btf_type type, target;
		struct ktstr_btf_part var;
		char place[64];

		ktstr_btf__type(c->btf, hit->type, &type);
		ktstr_btf__type(c->btf, hit->target, &target);
		snprintf(place, sizeof(place), "+%u", hit->offset);
		if (type.kind == KTSTR_BTF_SECTION &&
		    !ktstr_btf__part(c->btf, &type, hit->offset, &var))
			snprintf(place, sizeof(place), ".%s", var.name);
		n += (size_t)snprintf(buf + n, size - n, "%s%s%s=%s/%s", n ? " " : "", type.name,
				      place, target.name, spaces[hit->space]);
	}
}

static void check_case(struct __test_metadata *_metadata, const char *name, const char *want,
		       unsigned int *hits)
{
	struct ktstr_casts casts;
	struct ktstr_err err;
	char got[1024];
	size_t len = 0;
	void *elf = read_object(name, &len);

	ASSERT_NE(NULL, elf)
		TH_LOG("%s.bpf.o is not there", name);
	ASSERT_EQ(0, ktstr_casts__analyse(&casts, elf, len, &err))
		TH_LOG("%s: %s", name, err.msg);
	describe(&casts, got, sizeof(got));
	EXPECT_STREQ(want, got)
		TH_LOG("in case %s", name);
	EXPECT_LT(10, casts.insns);
	*hits += casts.nr;
	ktstr_casts__free(&casts);
	free(elf);
}

/* The cases of @path; returns how many there are. */
static unsigned int check_file(struct __test_metadata *_metadata, const char *path,
			       unsigned int *hits)
{
	char *line = NULL, name[128], want[256];
	FILE *f = fopen(path, "r");
	unsigned int nr = 0;
	size_t room = 0;

	while (f && getline(&line, &room, f) > 0) {
		if (sscanf(line, "/* CASE %127[a-z_]: %255[^*]", name, want) != 2)
			continue;
		want[strcspn(want, "*") - 1] = '\0';
		check_case(_metadata, name, want, hits);
		nr++;
	}
	free(line);
	if (f)
		fclose(f);
	return nr;
}

TEST(every_case_has_what_its_comment_says)
{
	unsigned int hits = 0;

	EXPECT_EQ(34, check_file(_metadata, "tests/unit/dump/cast/found.bpf.c", &hits));
	EXPECT_EQ(36, hits);
	hits = 0;
	EXPECT_EQ(37, check_file(_metadata, "tests/unit/dump/cast/not_found.bpf.c", &hits));
	EXPECT_EQ(0, hits);
}

TEST(a_hit_is_found_by_its_place)
{
	const struct ktstr_cast *hit;
	struct ktstr_casts casts;
	struct ktstr_err err;
	uint32_t ctx;
	size_t len;
	void *elf = read_object("two_members", &len);

	ASSERT_NE(NULL, elf);
	ASSERT_EQ(0, ktstr_casts__analyse(&casts, elf, len, &err));
	ctx = ktstr_btf__composite(casts.btf, "ctx");
	hit = ktstr_casts__find(&casts, ctx, 16);
	ASSERT_NE(NULL, hit);
	EXPECT_EQ(ktstr_btf__composite(casts.btf, "cgroup"), hit->target);
	EXPECT_EQ(NULL, ktstr_casts__find(&casts, ctx, 0));
	EXPECT_EQ(NULL, ktstr_casts__find(&casts, ctx + 1, 16));
	ktstr_casts__free(&casts);
	free(elf);
}

/* Does the only hit of object "forward_in_arena" become complete by these objects? */
static bool completes(struct __test_metadata *_metadata, const char *one, const char *other)
{
	const char * const names[] = { "forward_in_arena", one, other };
	struct ktstr_casts c[3] = { };
	struct ktstr_complete whole = { .btf = NULL };
	struct ktstr_btf_type t = { .nr = 0 };
	struct ktstr_err err;
	void *elf[3] = { NULL };
	size_t len;

	for (int i = 0; i < 3 && names[i]; i++) {
		elf[i] = read_object(names[i], &len);
		EXPECT_EQ(0, elf[i] ? ktstr_casts__analyse(&c[i], elf[i], len, &err) : -1);
	}
	EXPECT_EQ(1, c[0].nr);
	if (c[0].nr)
		whole = ktstr_forward__find(c[0].btf, c[0].cast[0].target, c, other ? 3 : 2);
	if (whole.btf) {
		ktstr_btf__type(whole.btf, whole.type, &t);
		EXPECT_EQ(c[1].btf, whole.btf);
		EXPECT_STREQ("cell", t.name);
		EXPECT_EQ(3, t.nr);
	}
	for (int i = 0; i < 3; i++) {
		ktstr_casts__free(&c[i]);
		free(elf[i]);
	}
	return whole.btf;
}

/* What clang makes of a declaration in one object and of the structure in another. */
TEST(a_pointer_to_a_name_has_the_structure_of_another_object)
{
	EXPECT_TRUE(completes(_metadata, "cell", NULL));
	EXPECT_TRUE(completes(_metadata, "cell", "cell"));
	/* objects in which it is something else, or nothing */
	EXPECT_FALSE(completes(_metadata, "cell", "cell_of_another"));
	EXPECT_FALSE(completes(_metadata, "cell_as_a_union", NULL));
	EXPECT_TRUE(completes(_metadata, "cell", "cell_as_a_union"));
	EXPECT_FALSE(completes(_metadata, "arena_pointer", "argument"));
}

/* As a skeleton has it: somewhere in a program, at any address. */
TEST(objects_in_a_program_are_found)
{
	size_t len, at, size, nr = 0, from = 0;
	void *elf = read_object("argument", &len);
	char *program;

	ASSERT_NE(NULL, elf);
	program = calloc(2, len + 100);
	memcpy(program, "\177ELF\2\1\1", 7);	/* the program's own header */
	memcpy(program + 77, elf, len);
	memcpy(program + 77 + len + 3, elf, len);
	while ((at = ktstr_casts__embedded(program, 2 * (len + 100), from, &size)) <
	       2 * (len + 100)) {
		struct ktstr_casts casts;
		struct ktstr_err err;

		EXPECT_EQ(nr ? 77 + len + 3 : 77, at);
		EXPECT_EQ(len, size);
		EXPECT_EQ(0, ktstr_casts__analyse(&casts, program + at, size, &err));
		EXPECT_EQ(1, casts.nr);
		ktstr_casts__free(&casts);
		from = at + size;
		nr++;
	}
	EXPECT_EQ(2, nr);
	free(program);
	free(elf);
}

TEST(no_object_is_refused_by_name)
{
	struct ktstr_casts casts;
	struct ktstr_err err;

	EXPECT_EQ(-EBADMSG, ktstr_casts__analyse(&casts, "no", 2, &err));
	EXPECT_NE(NULL, strstr(err.msg, "damaged"));
	EXPECT_EQ(0, casts.nr);
	ktstr_casts__free(&casts);
}

/* Whatever is damaged: an error or some result, no crash (the sanitizers watch). */
TEST(damaged_objects_do_no_harm)
{
	struct ktstr_err err;
	size_t len;
	uint8_t *elf = read_object("static_function_stores", &len), *bad = NULL;
	uint32_t seed = 1;

	ASSERT_NE(NULL, elf);
	for (int round = 0; round < 3000; round++) {
		size_t cut = round % 3 ? len : seed % len;
		struct ktstr_casts casts;

		bad = realloc(bad, cut ?: 1);
		memcpy(bad, elf, cut);
		for (int i = 0; i < 1 + round % 8 && cut; i++) {
			seed = seed * 1103515245 + 12345;
			bad[(seed >> 8) % cut] = (uint8_t)(seed >> 24);
		}
		ktstr_casts__analyse(&casts, bad, cut, &err);
		ktstr_casts__free(&casts);
	}
	free(bad);
	free(elf);
}

TEST_HARNESS_MAIN
