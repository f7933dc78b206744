// SPDX-License-Identifier: GPL-2.0
/* Bounded text: see textbuf.h. The tail is a ring that the head overflows into. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "textbuf.h"

void ktstr_textbuf__init(struct ktstr_textbuf *b, size_t head_cap, size_t tail_cap)
{
	memset(b, 0, sizeof(*b));
	b->head_cap = head_cap;
	b->tail_cap = tail_cap;
}

void ktstr_textbuf__free(struct ktstr_textbuf *b)
{
	free(b->head);
	free(b->tail);
	b->head = NULL;
	b->tail = NULL;
	b->head_len = 0;
	b->tail_len = 0;
}

static int add_tail(struct ktstr_textbuf *b, const char *data, size_t len)
{
	size_t n;

	if (!len || !b->tail_cap)
		return 0;
	if (!b->tail) {
		b->tail = malloc(b->tail_cap);
		if (!b->tail)
			return -ENOMEM;
	}
	if (len > b->tail_cap) {
		data += len - b->tail_cap;
		len = b->tail_cap;
	}
	n = b->tail_cap - b->tail_pos;
	if (n > len)
		n = len;
	memcpy(b->tail + b->tail_pos, data, n);
	memcpy(b->tail, data + n, len - n);
	b->tail_pos = (b->tail_pos + len) % b->tail_cap;
	b->tail_len += len;
	if (b->tail_len > b->tail_cap)
		b->tail_len = b->tail_cap;
	return 0;
}

int ktstr_textbuf__add(struct ktstr_textbuf *b, const void *data, size_t len)
{
	const char *p = data;
	size_t n = b->head_cap - b->head_len;

	b->total += len;
	if (n > len)
		n = len;
	if (n) {
		if (!b->head) {
			b->head = malloc(b->head_cap);
			if (!b->head)
				return -ENOMEM;
		}
		memcpy(b->head + b->head_len, p, n);
		b->head_len += n;
	}
	return add_tail(b, p + n, len - n);
}

void ktstr_textbuf__cut(struct ktstr_textbuf *b, uint64_t len)
{
	b->total = len > UINT64_MAX - b->total ? UINT64_MAX : b->total + len;
}

char *ktstr_textbuf__str(const struct ktstr_textbuf *b)
{
	uint64_t cut = b->total - b->head_len - b->tail_len;
	size_t first, len = b->head_len, start;
	char *s = malloc(b->head_len + b->tail_len + 64);

	if (!s)
		return NULL;
	if (b->head_len)
		memcpy(s, b->head, b->head_len);
	if (cut)
		len += snprintf(s + len, 64, "\n[... %llu bytes cut ...]\n",
				(unsigned long long)cut);
	if (b->tail_len) {
		start = (b->tail_pos + b->tail_cap - b->tail_len) % b->tail_cap;
		first = b->tail_cap - start;
		if (first > b->tail_len)
			first = b->tail_len;
		memcpy(s + len, b->tail + start, first);
		memcpy(s + len + first, b->tail, b->tail_len - first);
		len += b->tail_len;
	}
	for (first = 0; first < len; first++)
		if (!s[first])
			s[first] = ' ';
	s[len] = '\0';
	return s;
}

void ktstr_text__append(char *buf, size_t size, const char *between, const char *fmt, va_list ap)
{
	size_t len = strlen(buf);

	if (len)
		len += (size_t)snprintf(buf + len, size - len, "%s", between);
	if (len < size)
		vsnprintf(buf + len, size - len, fmt, ap);
}

const char *ktstr_text__line(const char **pos, size_t *len)
{
	const char *line = *pos, *end;

	if (!line || !*line)
		return NULL;
	end = strchrnul(line, '\n');
	*len = end - line;
	*pos = *end ? end + 1 : end;
	while (*len && line[*len - 1] == '\r')
		(*len)--;
	return line;
}

const char *ktstr_text__tail(const char *text, unsigned int lines)
{
	const char *p = text + strlen(text);

	if (p > text && p[-1] == '\n')
		p--;
	for (; p > text; p--)
		if (p[-1] == '\n' && !--lines)
			break;
	return p;
}
