// SPDX-License-Identifier: GPL-2.0
/* The growing list of symbols, and System.map. The kallsyms decoder is kallsyms.c. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ksyms.h"

#define MAX_SYMS	(4u << 20)
#define MAX_NAMES	(256u << 20)

static int make_room(struct ktstr_ksyms *s, size_t len)
{
	if (s->nr == MAX_SYMS || s->names_len > MAX_NAMES)
		return -ENOMEM;
	if (s->nr == s->room) {
		uint32_t room = s->room ? s->room * 2 : 4096;
		void *p = reallocarray(s->sym, room, sizeof(*s->sym));

		if (!p)
			return -ENOMEM;
		s->sym = p;
		s->room = room;
	}
	if (s->names_len + len + 1 > s->names_room) {
		uint32_t room = s->names_room ? s->names_room * 2 : 1 << 16;
		void *p = realloc(s->names, room);

		if (!p)
			return -ENOMEM;
		s->names = p;
		s->names_room = room;
	}
	return 0;
}

int ktstr_ksyms__add(struct ktstr_ksyms *s, uint64_t addr, char type, const char *name,
		     size_t len)
{
	int ret;

	if (len >= KTSTR_KSYM_NAME_MAX)
		len = KTSTR_KSYM_NAME_MAX - 1;
	ret = make_room(s, len);
	if (ret)
		return ret;
	s->sym[s->nr++] = (struct ktstr_ksym) {
		.addr = addr, .name = s->names_len, .type = (unsigned char)type,
	};
	memcpy(s->names + s->names_len, name, len);
	s->names[s->names_len + len] = '\0';
	s->names_len += len + 1;
	return 0;
}

/* Names are added in order: of two symbols at one address the first stays the first. */
static int by_address(const void *va, const void *vb)
{
	const struct ktstr_ksym *a = va, *b = vb;

	if (a->addr != b->addr)
		return a->addr < b->addr ? -1 : 1;
	return a->name < b->name ? -1 : a->name > b->name;
}

void ktstr_ksyms__sort(struct ktstr_ksyms *s)
{
	if (s->nr)
		qsort(s->sym, s->nr, sizeof(*s->sym), by_address);
}

void ktstr_ksyms__free(struct ktstr_ksyms *s)
{
	free(s->sym);
	free(s->names);
	memset(s, 0, sizeof(*s));
}

int ktstr_ksyms__add_map(struct ktstr_ksyms *s, const char *text)
{
	while (*text) {
		size_t line = strcspn(text, "\n");
		uint64_t addr;
		char *end;
		int ret;

		errno = 0;
		addr = strtoull(text, &end, 16);
		/* "ADDRESS T NAME", and behind that a tab and a module in /proc/kallsyms */
		if (errno || end == text || end + 3 >= text + line || end[0] != ' ' || end[2] != ' ')
			return -EBADMSG;
		ret = ktstr_ksyms__add(s, addr, end[1], end + 3, strcspn(end + 3, "\t\n"));
		if (ret)
			return ret;
		text += line;
		text += *text == '\n';
	}
	return 0;
}
