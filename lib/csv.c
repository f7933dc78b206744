// SPDX-License-Identifier: GPL-2.0
/* Fields of CSV, as RFC 4180 has them. */
#include "lib/control.h"
#include "csv.h"

void ktstr_csv__text(FILE *f, const char *text)
{
	fputc('"', f);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', f);
		fputc(ktstr_is_control(*text) ? '?' : *text, f);
	}
	fputc('"', f);
}
