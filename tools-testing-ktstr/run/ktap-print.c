// SPDX-License-Identifier: GPL-2.0
/*
 * The writer of ktap.h: for any input text, the output is one KTAP line that every known parser
 * reads as intended.
 */
#include <linux/kernel.h>
#include <string.h>

#include "ktap.h"

static const char * const status_names[] = {
	[KTAP_NONE] = "none", [KTAP_PASS] = "pass", [KTAP_SKIP] = "skip",
	[KTAP_XFAIL] = "xfail", [KTAP_XPASS] = "xpass",
	[KTAP_FLAKY] = "flaky", [KTAP_INCONCLUSIVE] = "inconclusive", [KTAP_FAIL] = "fail",
	[KTAP_ERROR] = "error",
};

const char *ktap_status__name(enum ktap_status s)
{
	if ((size_t)s >= ARRAY_SIZE(status_names))
		return "none";
	return status_names[s];
}

/*
 * Length of the printable UTF-8 character at @s, 0 when it is none (RFC 3629: no overlong
 * forms, no surrogates, nothing beyond U+10FFFF; and no C1 controls, which terminals obey).
 */
static size_t utf8_len(const unsigned char *s, size_t len)
{
	static const unsigned int least[] = { 0, 0, 0xa0, 0x800, 0x10000 };
	unsigned int c = s[0], code;
	size_t n, i;

	if (c < 0x80)
		return (c >= ' ' && c != 0x7f) || c == '\t';
	n = c >= 0xf0 && c < 0xf5 ? 4 : c >= 0xe0 && c < 0xf0 ? 3 : c >= 0xc2 && c < 0xe0 ? 2 : 0;
	if (!n || n > len)
		return 0;
	code = c & (0xff >> (n + 1));
	for (i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (s[i] & 0x3f);
	}
	if (code < least[n] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return 0;
	return n;
}

size_t ktap_clean(char *dst, size_t size, const char *src, size_t len)
{
	size_t out = 0, n;

	while (len) {
		n = utf8_len((const unsigned char *)src, len);
		if (out + (n ? n : 1) >= size)
			break;
		if (n)
			memcpy(dst + out, src, n);
		else
			dst[out] = '?';
		out += n ? n : 1;
		src += n ? n : 1;
		len -= n ? n : 1;
	}
	dst[out] = '\0';
	return out;
}

/*
 * Phrases that end or nest a document for kunit_parser.py wherever they are in a line. A guest's
 * console, which a report may quote, ends with one of them. With the last blank doubled they stay
 * readable, and the parser ignores them.
 */
static const char * const phrases[] = {
	"List of all partitions:",
	"Kernel panic - not syncing: VFS:",
	"reboot: System halted",
};

void ktap_print_diag(FILE *f, const char *text)
{
	const char *p, *first, *blank;
	size_t i;

	fputs(!strncmp(text, "Subtest: ", 9) ? "#  " : text[0] ? "# " : "#", f);
	while (*text) {
		first = NULL;
		for (i = 0; i < ARRAY_SIZE(phrases); i++) {
			p = strstr(text, phrases[i]);
			if (p && (!first || p < first)) {
				first = p;
				blank = strrchr(phrases[i], ' ');
				blank = p + (blank - phrases[i]);
			}
		}
		if (!first)
			break;
		fwrite(text, 1, blank - text, f);
		fputs("  ", f);
		text = blank + 1;
	}
	fputs(text, f);
	fputc('\n', f);
}

void ktap_print_result(FILE *f, unsigned int n, const char *id, const struct ktap_verdict *v,
		       const char *remark)
{
	static const char * const directive[] = {
		[KTAP_SKIP] = "SKIP", [KTAP_XFAIL] = "XFAIL", [KTAP_XPASS] = "XPASS",
		[KTAP_FLAKY] = "FLAKY", [KTAP_INCONCLUSIVE] = "INCONCLUSIVE",
		[KTAP_ERROR] = "ERROR",
	};
	bool ok = v->status != KTAP_NONE && v->status < KTAP_INCONCLUSIVE;
	const char *word = NULL;
	char safe[KTAP_LINE_LEN];
	char *hash;

	if ((size_t)v->status < ARRAY_SIZE(directive))
		word = directive[v->status];
	ktap_clean(safe, sizeof(safe), id, strlen(id));
	while ((hash = strchr(safe, '#')))
		*hash = '_';
	fprintf(f, "%s %u %s", ok ? "ok" : "not ok", n, safe);
	if (word || v->note[0] || remark[0])
		fputs(" #", f);
	if (word)
		fprintf(f, " %s", word);
	if (v->note[0])
		fprintf(f, " %s", v->note);
	if (remark[0])
		fprintf(f, "%s%s", v->note[0] ? "; " : " ", remark);
	fputc('\n', f);
}
