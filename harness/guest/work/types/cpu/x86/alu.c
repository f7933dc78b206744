// SPDX-License-Identifier: GPL-2.0
/*
 * AluHot on x86: SSE2, AVX2, AVX-512 and AMX, chosen by CPUID at run time; the rest of the
 * program is compiled for any x86-64.
 */
#include <cpuid.h>
#include <immintrin.h>
#include <linux/kernel.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "harness/guest/work/types/cpu/alu.h"

#define TARGET(_t)	__attribute__((target(_t)))

ALU_VECTOR_KERNEL(vec128, 16, TARGET("sse2"))
ALU_VECTOR_KERNEL(vec256, 32, TARGET("avx2"))
ALU_VECTOR_KERNEL(vec512, 64, TARGET("avx512f"))

/* CPUID and, by XGETBV, whether the kernel saves the registers. */
static bool has_avx2(void)
{
	return __builtin_cpu_supports("avx2");
}

static bool has_avx512(void)
{
	return __builtin_cpu_supports("avx512f");
}

/*
 * Tiles: eight registers of 16 rows of 64 bytes (Intel SDM volume 1, chapter 18). A process
 * has to ask the kernel for them (arch/x86/include/uapi/asm/prctl.h).
 */
#define ARCH_REQ_XCOMP_PERM	0x1023
#define XFEATURE_XTILE_DATA	18
#define CPUID_7_EDX_AMX_TILE	(1U << 24)
#define CPUID_7_EDX_AMX_INT8	(1U << 25)
#define TILE_BYTES		1024

static bool has_amx(void)
{
	const uint32_t need = CPUID_7_EDX_AMX_TILE | CPUID_7_EDX_AMX_INT8;
	uint32_t a, b, c, d;

	return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (d & need) == need &&
	       !syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILE_DATA);
}

/* Palette 1, all eight tiles of full size. */
struct tile_config {
	uint8_t palette, start_row, reserved[14];
	uint16_t row_bytes[16];
	uint8_t rows[16];
} __attribute__((packed, aligned(64)));

_Static_assert(sizeof(struct tile_config) == 64, "LDTILECFG reads 64 bytes");
_Static_assert(6 * TILE_BYTES <= ALU_STATE, "four sums and two factors");

/* Each step adds one product of two matrices of bytes to each of four sums. */
TARGET("amx-tile,amx-int8") static void amx(void *state, uint32_t steps)
{
	struct tile_config config = { .palette = 1 };
	uint8_t *s = state;

	for (int i = 0; i < 8; i++) {
		config.row_bytes[i] = 64;
		config.rows[i] = 16;
	}
	_tile_loadconfig(&config);
	_tile_loadd(0, s, 64);
	_tile_loadd(1, s + TILE_BYTES, 64);
	_tile_loadd(2, s + 2 * TILE_BYTES, 64);
	_tile_loadd(3, s + 3 * TILE_BYTES, 64);
	_tile_loadd(4, s + 4 * TILE_BYTES, 64);
	_tile_loadd(5, s + 5 * TILE_BYTES, 64);
	while (steps--) {
		_tile_dpbssd(0, 4, 5);
		_tile_dpbssd(1, 4, 5);
		_tile_dpbssd(2, 4, 5);
		_tile_dpbssd(3, 4, 5);
	}
	_tile_stored(0, s, 64);
	_tile_stored(1, s + TILE_BYTES, 64);
	_tile_stored(2, s + 2 * TILE_BYTES, 64);
	_tile_stored(3, s + 3 * TILE_BYTES, 64);
	_tile_release();
}

const struct alu_kernel alu_kernels[] = {
	{ "Amx", KTSTR_ALU_AMX, true, has_amx, amx },
	{ "Vec512", KTSTR_ALU_VEC512, false, has_avx512, vec512 },
	{ "Vec256", KTSTR_ALU_VEC256, false, has_avx2, vec256 },
	{ "Vec128", KTSTR_ALU_VEC128, false, alu_always, vec128 },
	{ "Scalar", KTSTR_ALU_SCALAR, false, alu_always, alu_scalar },
};
const uint32_t nr_alu_kernels = ARRAY_SIZE(alu_kernels);
