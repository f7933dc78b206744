/* SPDX-License-Identifier: GPL-2.0 */
/* Text of others that reaches a terminal or a report: a control character in it could be an order. */
#ifndef KTSTR_LIB_CONTROL_H
#define KTSTR_LIB_CONTROL_H

#include <stdbool.h>

/* Also DEL, also line feed and tab. Bytes of UTF-8 are none. */
static inline bool ktstr_is_control(char c)
{
	return (unsigned char)c < ' ' || c == 0x7f;
}

/* Put @by in the place of each one. */
static inline void ktstr_tame(char *text, char by)
{
	for (; *text; text++)
		if (ktstr_is_control(*text))
			*text = by;
}

#endif
