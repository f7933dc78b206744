/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where BPF programs of a running kernel were written: their line info, which the kernel keeps with each
 * program that was loaded with BTF, together with the address of each line's first instruction.
 */
#ifndef KTSTR_PROBE_SOURCE_H
#define KTSTR_PROBE_SOURCE_H

#include <linux/bpf.h>

#include "harness/monitor/bpf/prog.h"

struct ktstr_source {
	char file[56];			/* without folders; control characters are '?' */
	uint32_t line;			/* 0: not known */
};

/*
 * Where code begins: line @line[i] at @code[i], in no order. Lines that share an address have no
 * instruction but for the last one. Numbers and offsets are the guest's: nothing was checked.
 */
struct ktstr_line_info {
	uint32_t nr;
	struct bpf_line_info *line;
	uint64_t *code;
	uint64_t strings;		/* of the BTF */
	uint64_t strings_len;		/* 0: not known */
};

/* All lines of @p and its subprograms, which the caller frees. As ktstr_source__of(). */
int ktstr_source__lines(struct ktstr_kview *v, const struct ktstr_prog *p, struct ktstr_line_info *li);
void ktstr_line_info__free(struct ktstr_line_info *li);

/* The first line of @p. 0, -ENOENT: it has no line info, or this kernel has none, -EFAULT. */
int ktstr_source__of(struct ktstr_kview *v, const struct ktstr_prog *p, struct ktstr_source *src);

/*
 * The line of the innermost call of @p, or of its subprograms, in @text, lines of a kernel's backtrace as
 * "bpf_prog_1234_name+0x12/0x34". As ktstr_source__of(); -ENOENT too if it is in none of these.
 */
int ktstr_source__in_backtrace(struct ktstr_kview *v, const struct ktstr_prog *p, const char *text,
			       struct ktstr_source *src);

#endif
