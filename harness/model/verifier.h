/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the BPF verifier said about a program that it rejected, in the log of a scheduler. libbpf
 * prints (bpf_object_load_prog())
 *	libbpf: prog 'NAME': -- BEGIN PROG LOAD LOG --
 *	... states and instructions, then the reason ...
 *	Verification failed: CATEGORY, and an explanation of many lines (some kernels)
 *	processed N insns (limit ...) ...
 *	-- END PROG LOAD LOG --
 */
#ifndef KTSTR_MODEL_VERIFIER_H
#define KTSTR_MODEL_VERIFIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/*
 * The reason, as "NAME: R1 invalid mem access 'scalar'", of the last program in @log that was
 * rejected. False: there is none.
 */
bool ktstr_verifier__reason(const char *log, char *buf, size_t size);

/*
 * Write the last lines before and with that reason, at most @max of at most KTSTR_VERIFIER_LINES:
 * instructions, and what the verifier knew of the registers.
 */
#define KTSTR_VERIFIER_LINES	32
void ktstr_verifier__last_lines(const char *log, unsigned int max, FILE *f);

#endif
