// SPDX-License-Identifier: GPL-2.0
/* /etc/ld.so.cache: no file makes a lookup leave it or go on for ever. */
#include "tests/fuzz/fuzz.h"
#include "vmm/initramfs/elf/ldcache.h"

static void seeds(void)
{
	struct {
		char magic[20];
		uint32_t nr, len, flags, pad[4];
		struct {
			int32_t flags;
			uint32_t name, path, os;
			uint64_t hwcap;
		} entry[2];
		char str[32];
	} c = {
		.magic = "glibc-ld.so.cache1.1", .nr = 2,
		.entry = { { 0x303, 96, 106, 0, 0 }, { 0x303, 96, 106, 0, 1ull << 62 } },
		.str = "libc.so.6\0/lib/libc.so.6",
	};
	uint8_t old[64 + sizeof(c)] = "ld.so-1.7.0";

	seed("new", &c, sizeof(c));
	memcpy(old + 64, &c, sizeof(c));
	seed("both", old, sizeof(old));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = fuzz_string(data, size);
	struct ldcache c = { 0 };
	const char *path;
	uint32_t pos = 0;

	if (ldcache_parse(&c, copy, size)) {
		free(copy);
		return 0;
	}
	while ((path = ldcache_next(&c, "libc.so.6", &pos))) {
		must(path[0] == '/');
		must(path >= copy && path + strlen(path) <= copy + size);
	}
	ldcache_free(&c);
	return 0;
}
