/* SPDX-License-Identifier: GPL-2.0 */
/* Values of render.h as lines for people. The tree may come from a file: nothing in it is trusted. */
#ifndef KTSTR_DUMP_VALUE_TEXT_H
#define KTSTR_DUMP_VALUE_TEXT_H

#include <stdio.h>

#include "lib/jtree.h"

/*
 * Write "NAME = VALUE" and a newline, @indent columns in: on one line where it fits, else a line a
 * member. Members that are zero are counted, not shown, unless @all. @name NULL: the value only, for
 * a line that has begun, of which @indent columns are taken.
 */
void ktstr_value_text__put(const struct ktstr_jnode *value, const char *name, int indent, bool all,
			   FILE *f);
/* The value on one line; control characters become '?'. */
void ktstr_value_text__line(const struct ktstr_jnode *value, FILE *f);
bool ktstr_value_text__is_zero(const struct ktstr_jnode *value);
/* A text of which nothing is known. */
void ktstr_value_text__safe(const char *text, FILE *f);

#endif
