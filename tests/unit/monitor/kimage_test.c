// SPDX-License-Identifier: GPL-2.0
/*
 * Promises of harness/monitor/view/kimage.h: symbols in all three encodings of kallsyms, BTF, identity,
 * the cache, and that a damaged image or cache file is refused or harmless.
 */
#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "harness/monitor/view/digest.h"
#include "lib/paths.h"
#include "made_btf.h"
#include "made_kernel.h"

#define NR_MANY	600	/* three markers */

FIXTURE(kimage) {
	char dir[64], path[128], cache[128];
	struct made_image m;
	struct made_btf b;
	struct made_symbol many[NR_MANY];
	char names[NR_MANY][32];
	struct ktstr_kimage *img;
	struct ktstr_err err;
	size_t btf_len;
};

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

FIXTURE_SETUP(kimage)
{
	strcpy(self->dir, "/tmp/ktstr-kimage-test-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	snprintf(self->path, sizeof(self->path), "%s/vmlinux", self->dir);
	snprintf(self->cache, sizeof(self->cache), "%s/cache", self->dir);
	made_int(&self->b, "unsigned int", 4, 0);
	made_type(&self->b, "rq", BTF_KIND_STRUCT, 1, 0, 8);
	made_member(&self->b, "nr_running", 1, 32, 0);
	self->btf_len = made_finish(&self->b);
	for (int i = 0; i < NR_MANY; i++) {
		snprintf(self->names[i], sizeof(self->names[i]), "tsched_fn_%d", i);
		self->many[i].name = self->names[i];
		self->many[i].addr = MADE_TEXT + 0x1000 + i * 16;
	}
	self->many[0].name = "T_text";
	self->many[1].name = "Dlinux_banner";
	self->many[2].name = "Drunqueues";
}

FIXTURE_TEARDOWN(kimage)
{
	ktstr_kimage__free(self->img);
	nftw(self->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static int open_it(FIXTURE_DATA(kimage) *self, const char *cache)
{
	ktstr_kimage__free(self->img);
	self->img = NULL;
	return ktstr_kimage__open(&self->img, self->path, cache, &self->err);
}

static int open_made(FIXTURE_DATA(kimage) *self, enum made_encoding enc, uint32_t nr)
{
	made_kernel(&self->m, enc, self->many, nr, self->b.out, self->btf_len);
	if (ktstr_paths__write(self->path, (char *)self->m.data, self->m.len))
		return -EIO;
	return open_it(self, NULL);
}

FIXTURE_VARIANT(kimage) {
	enum made_encoding enc;
	uint32_t nr;
};
FIXTURE_VARIANT_ADD(kimage, since_7_0) { .enc = MADE_PLACE, .nr = NR_MANY };
FIXTURE_VARIANT_ADD(kimage, since_6_15) { .enc = MADE_BASE, .nr = NR_MANY };
FIXTURE_VARIANT_ADD(kimage, before_6_15) { .enc = MADE_PERCPU, .nr = NR_MANY };
FIXTURE_VARIANT_ADD(kimage, one_marker) { .enc = MADE_PLACE, .nr = 5 };
FIXTURE_VARIANT_ADD(kimage, two_markers) { .enc = MADE_BASE, .nr = 257 };

TEST_F(kimage, every_symbol_is_found_by_name_and_by_address)
{
	uint64_t addr, off;
	uint32_t i;

	if (variant->enc == MADE_PERCPU)
		self->many[2].addr = 0x35e80;	/* as runqueues of 6.12 */
	ASSERT_EQ(0, open_made(self, variant->enc, variant->nr)) {
		TH_LOG("%s", self->err.msg);
	}
	EXPECT_EQ(variant->nr, self->img->nr_symbols);
	for (i = 0; i < variant->nr; i++) {
		ASSERT_EQ(0, ktstr_kimage__symbol(self->img, self->many[i].name + 1, &addr));
		EXPECT_EQ(self->many[i].addr, addr);
		EXPECT_STREQ(self->many[i].name + 1, ktstr_kimage__symbol_at(self->img, addr, &off));
	}
	EXPECT_EQ(-ENOENT, ktstr_kimage__symbol(self->img, "absent", &addr));
	EXPECT_STREQ(self->many[3].name + 1,
		     ktstr_kimage__symbol_at(self->img, self->many[3].addr + 3, &off));
	EXPECT_EQ(3, off);
	EXPECT_EQ(NULL, ktstr_kimage__symbol_at(self->img, 0, &off));
}

TEST_F(kimage, identity_and_btf)
{
	struct ktstr_btf_field f;

	ASSERT_EQ(0, open_made(self, variant->enc, variant->nr));
	EXPECT_EQ(MADE_TEXT, self->img->text);
	EXPECT_EQ(EM_X86_64, self->img->machine);
	EXPECT_STREQ(MADE_BANNER, self->img->banner);
	EXPECT_EQ(6, self->img->build_id_len);
	EXPECT_EQ(0xde, self->img->build_id[0]);
	ASSERT_NE(NULL, self->img->btf);
	EXPECT_EQ(0, ktstr_btf__field(self->img->btf, "rq", "nr_running", &f));
	EXPECT_EQ(4, f.offset);
}

TEST_F(kimage, second_opening_comes_from_the_cache)
{
	uint64_t addr;

	ASSERT_EQ(0, open_made(self, variant->enc, variant->nr));
	ASSERT_EQ(0, open_it(self, self->cache));
	EXPECT_FALSE(self->img->cached);
	ASSERT_EQ(0, open_it(self, self->cache));
	EXPECT_TRUE(self->img->cached);
	EXPECT_EQ(0, ktstr_kimage__symbol(self->img, "runqueues", &addr));
	EXPECT_EQ(self->many[2].addr, addr);
	EXPECT_STREQ(MADE_BANNER, self->img->banner);
	EXPECT_NE(NULL, self->img->btf);
}

/* The folder's one file that ends in .kimg. */
static int digest_path(FIXTURE_DATA(kimage) *self, char *buf, size_t size)
{
	return ktstr_paths__fmt(buf, size, "%s/deadbeef1234.kimg", self->cache);
}

TEST_F(kimage, damaged_cache_file_is_made_anew)
{
	char path[PATH_MAX];

	ASSERT_EQ(0, open_made(self, variant->enc, variant->nr));
	ASSERT_EQ(0, open_it(self, self->cache));
	ASSERT_EQ(0, digest_path(self, path, sizeof(path)));
	ASSERT_EQ(0, ktstr_paths__write(path, "garbage", 7));
	ASSERT_EQ(0, open_it(self, self->cache));
	EXPECT_FALSE(self->img->cached);
	ASSERT_EQ(0, open_it(self, self->cache));
	EXPECT_TRUE(self->img->cached);
}

TEST_F(kimage, changed_image_is_read_anew)
{
	ASSERT_EQ(0, open_made(self, variant->enc, variant->nr));
	ASSERT_EQ(0, open_it(self, self->cache));
	ASSERT_EQ(0, ktstr_paths__write(self->path, (char *)self->m.data, self->m.len));
	ASSERT_EQ(0, open_it(self, self->cache));
	EXPECT_FALSE(self->img->cached);
}

TEST_F(kimage, numbers_of_a_damaged_digest_are_checked_when_used)
{
	char path[PATH_MAX], *data;
	struct ktstr_digest d;
	uint64_t addr, off;
	size_t len, i;

	ASSERT_EQ(0, open_made(self, variant->enc, variant->nr));
	ASSERT_EQ(0, open_it(self, self->cache));
	ASSERT_EQ(0, digest_path(self, path, sizeof(path)));
	data = ktstr_paths__read(path, 1 << 20, &len);
	ASSERT_NE(NULL, data);
	memcpy(&d, data, sizeof(d));
	/* all symbols and all orders are nonsense */
	for (i = d.syms.off; i < d.order.off + d.order.len; i++)
		data[i] = 0x5a;
	ASSERT_EQ(0, ktstr_paths__write(path, data, len));
	free(data);
	ASSERT_EQ(0, open_it(self, self->cache));
	EXPECT_TRUE(self->img->cached);
	EXPECT_EQ(-ENOENT, ktstr_kimage__symbol(self->img, "runqueues", &addr));
	ktstr_kimage__symbol_at(self->img, MADE_TEXT, &off);
}

TEST_F(kimage, cut_or_damaged_kernel_is_refused_or_harmless)
{
	struct ktstr_digest_in in;
	size_t cut, step = variant->nr > 100 ? 97 : 7;
	uint8_t *copy;

	made_kernel(&self->m, variant->enc, self->many, variant->nr, self->b.out, self->btf_len);
	for (cut = 0; cut < self->m.len; cut += step) {
		copy = malloc(cut ?: 1);
		memcpy(copy, self->m.data, cut);
		memset(&in, 0, sizeof(in));
		EXPECT_NE(0, ktstr_digest__read_elf(&in, copy, cut, NULL, &self->err));
		ktstr_ksyms__free(&in.syms);
		free(copy);
	}
	for (cut = 0; cut < self->m.len; cut += step) {
		copy = malloc(self->m.len);
		memcpy(copy, self->m.data, self->m.len);
		copy[cut] ^= 0xff;
		memset(&in, 0, sizeof(in));
		ktstr_digest__read_elf(&in, copy, self->m.len, NULL, &self->err);
		ktstr_ksyms__free(&in.syms);
		free(copy);
	}
}

TEST(system_map_serves_a_kernel_without_kallsyms)
{
	static const char map[] = "0000000000000000 D __per_cpu_start\n"
				  "ffffffff81000000 T _text\nffffffff82000000 d runqueues\n";
	struct ktstr_ksyms s = { 0 };

	ASSERT_EQ(0, ktstr_ksyms__add_map(&s, map));
	ASSERT_EQ(3, s.nr);
	EXPECT_EQ(0xffffffff82000000, s.sym[2].addr);
	EXPECT_STREQ("runqueues", s.names + s.sym[2].name);
	EXPECT_EQ('d', (char)s.sym[2].type);
	ktstr_ksyms__free(&s);
	EXPECT_EQ(-EBADMSG, ktstr_ksyms__add_map(&s, "no map\n"));
	ktstr_ksyms__free(&s);
	EXPECT_EQ(-EBADMSG, ktstr_ksyms__add_map(&s, "ffffffff81000000 T\n"));
	ktstr_ksyms__free(&s);
}

TEST_HARNESS_MAIN
