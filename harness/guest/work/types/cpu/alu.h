/* SPDX-License-Identifier: GPL-2.0 */
/* The multiply chains of AluHot: one function per register width, one file per architecture. */
#ifndef KTSTR_GUEST_WORK_TYPES_CPU_ALU_H
#define KTSTR_GUEST_WORK_TYPES_CPU_ALU_H

#include <stdbool.h>
#include <stdint.h>

#include <ktstr/scenario.h>

#define ALU_CHAINS	4	/* independent: enough to fill a multiplier's pipeline */
#define ALU_STATE	8192	/* bytes, aligned to 64 */

struct alu_kernel {
	const char *name;
	enum ktstr_alu_width width;
	bool on_request;		/* not what "widest" means */
	bool (*usable)(void);		/* on this CPU and kernel; for the calling process */
	void (*run)(void *state, uint32_t steps);	/* each step advances all chains */
};

/* Widest first; the last one is always usable. */
extern const struct alu_kernel alu_kernels[];
extern const uint32_t nr_alu_kernels;

/* Integer chains in vectors of @_bytes bytes, compiled for @_target. */
#define ALU_VECTOR_KERNEL(_name, _bytes, _target)				\
	_target static void _name(void *state, uint32_t steps)			\
	{									\
		typedef uint32_t vec __attribute__((vector_size(_bytes)));	\
		vec *s = state, a = s[0], b = s[1], c = s[2], d = s[3];		\
										\
		while (steps--) {						\
			a = a * 1664525U + 1013904223U;				\
			b = b * 1664525U + 1013904223U;				\
			c = c * 1664525U + 1013904223U;				\
			d = d * 1664525U + 1013904223U;				\
		}								\
		s[0] = a;							\
		s[1] = b;							\
		s[2] = c;							\
		s[3] = d;							\
	}

bool alu_always(void);
void alu_scalar(void *state, uint32_t steps);

#endif
