/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Text of unknown length in bounded memory: the beginning and the end are kept, and the resulting
 * string says how much is missing in between. Log text explains a failure at its start (what was
 * set up) and at its end (how it died), seldom in the middle.
 */
#ifndef KTSTR_LIB_TEXTBUF_H
#define KTSTR_LIB_TEXTBUF_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

struct ktstr_textbuf {
	char *head, *tail;	/* tail is a ring */
	size_t head_cap, head_len;
	size_t tail_cap, tail_len, tail_pos;	/* tail_pos: where the next byte goes */
	uint64_t total;		/* bytes ever added */
};

/* Nothing is allocated before the first byte arrives; @head_cap or @tail_cap may be 0. */
void ktstr_textbuf__init(struct ktstr_textbuf *b, size_t head_cap, size_t tail_cap);
void ktstr_textbuf__free(struct ktstr_textbuf *b);
/* Add @len bytes; 0 or -ENOMEM (then the bytes count as cut). */
int ktstr_textbuf__add(struct ktstr_textbuf *b, const void *data, size_t len);
/*
 * @len bytes that follow are not to be had: they count as cut. The string says so behind the head,
 * so the head should be full.
 */
void ktstr_textbuf__cut(struct ktstr_textbuf *b, uint64_t len);
/* A malloc()ed string; NULs of the text become spaces. NULL with ENOMEM. */
char *ktstr_textbuf__str(const struct ktstr_textbuf *b);

/*
 * Append one more remark to those in @buf, behind @between unless it is the first. What has no room is
 * cut.
 */
void ktstr_text__append(char *buf, size_t size, const char *between, const char *fmt, va_list ap)
	__attribute__((format(printf, 4, 0)));

/*
 * A line iterator over any text: returns the next line (not terminated) and its length,
 * NULL at the end. @pos starts as the text.
 */
const char *ktstr_text__line(const char **pos, size_t *len);
/* Start of the last @lines lines of @text. */
const char *ktstr_text__tail(const char *text, unsigned int lines);

#endif
