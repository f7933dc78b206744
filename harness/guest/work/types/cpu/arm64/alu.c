// SPDX-License-Identifier: GPL-2.0
/* AluHot on arm64: Advanced SIMD is part of every CPU that runs Linux, SVE is not used. */
#include <linux/kernel.h>

#include "harness/guest/work/types/cpu/alu.h"

ALU_VECTOR_KERNEL(vec128, 16, )

const struct alu_kernel alu_kernels[] = {
	{ "Vec128", KTSTR_ALU_VEC128, false, alu_always, vec128 },
	{ "Scalar", KTSTR_ALU_SCALAR, false, alu_always, alu_scalar },
};
const uint32_t nr_alu_kernels = ARRAY_SIZE(alu_kernels);
