/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Strict parsing of unsigned numbers: digits only, no sign, no blanks, no overflow. Lists of CPUs
 * ("0-3,8") are parsed by ktstr_cpumask__parse().
 */
#ifndef KTSTR_LIB_PARSE_H
#define KTSTR_LIB_PARSE_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"

/*
 * A decimal number within [@min, @max]. Returns 0, -EINVAL (not a number) or -ERANGE; *@v is set on
 * success only.
 */
int ktstr_parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *v);
int ktstr_parse_u32(const char *text, uint32_t min, uint32_t max, uint32_t *v);

/*
 * The same for a setting that the user gave. On failure @err says "@name=@text: must be a number
 * from @min to @max", and the function returns -EINVAL.
 */
int ktstr_parse_setting(const char *name, const char *text, uint64_t min, uint64_t max,
			uint64_t *v, struct ktstr_err *err);

/* The environment variable @name; NULL when it is unset or empty. */
const char *ktstr_env(const char *name);

/*
 * A number at the start of a longer text: sets *@v and moves *@text behind the digits. @base is 10
 * or 0, which takes "0x10" and "010" as C does. Returns false and changes nothing when *@text does
 * not start with a digit or the number does not fit.
 */
bool ktstr_take_u64(const char **text, int base, uint64_t *v);

#endif
