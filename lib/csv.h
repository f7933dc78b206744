/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KTSTR_LIB_CSV_H
#define KTSTR_LIB_CSV_H

#include <stdio.h>

/* A text as a field of CSV: a quotation mark is written twice, a control character as '?'. */
void ktstr_csv__text(FILE *f, const char *text);

#endif
