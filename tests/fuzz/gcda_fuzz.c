// SPDX-License-Identifier: GPL-2.0
/* Two files of counters, one of them from a guest: their sum has the same structure, and counts of both. */
#include "fuzz.h"
#include "harness/counters/gcda.h"

static const uint32_t file[] = {
	0x67636461, 0x4232322a, 0x2d77d7e1, 0x156896b3,
	0xa1000000, 8, 2, 10,
	0x01000000, 12, 0x067072eb, 0xd33a7c2a, 0xd488e1b8,
	0x01a10000, 16, 2, 0, 10, 0,
	0x01000000, 12, 0x41e25752, 0xabe93e2f, 0xdb5de9e8,
	0x01a10000, (uint32_t)-8,
	0,
};

static void seeds(void)
{
	seed("gcc", file, sizeof(file));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t len, again;
	uint8_t *sum = ktstr_gcda__sum(data, size, data, size, &len), *more;

	if (sum) {
		must(ktstr_gcda__same_build(data, size, sum, len));
		more = ktstr_gcda__sum(sum, len, data, size, &again);
		must(more && again == len);
		free(more);
		free(sum);
	}
	sum = ktstr_gcda__sum(file, sizeof(file), data, size, &len);
	must(!sum || (len >= sizeof(file) && len <= sizeof(file) + 8));
	free(sum);
	return 0;
}
