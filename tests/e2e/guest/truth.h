/* SPDX-License-Identifier: GPL-2.0 */
/* What the scheduler of monitor_truth_test.c has in its maps: for its loader, PID 1 and the host. */
#ifndef KTSTR_TESTS_TRUTH_H
#define KTSTR_TESTS_TRUTH_H

#define TRUTH_ARENA_ADDR	0x100012340000ull	/* where the loader maps the arena */
#define TRUTH_ARENA_PAGES	16
#define TRUTH_KEYS		4	/* of each hash, from 1 on */
#define TRUTH_MAGIC		0x7472757468303132ull
#define TRUTH_ADDR_FILE		"/truth_addr"	/* the loader's address of the variable in the arena */

struct truth_value {
	unsigned long long u64;
	unsigned int u32;
	unsigned short u16;
	unsigned char u8;
	signed char s8;
};

#endif
