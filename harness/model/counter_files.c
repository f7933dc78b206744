// SPDX-License-Identifier: GPL-2.0
/* Files of counters from the guest: see counter_files.h. */
#include <stdlib.h>
#include <string.h>

#include "counter_files.h"

/* False: there is no room for it. */
static bool begin(struct ktstr_counter_files *c, const struct ktstr_msg_counters *what)
{
	struct ktstr_counter_file *more, f = { .kind = what->kind, .size = what->size };

	if (c->nr == KTSTR_MAX_COUNTER_FILES || what->size > KTSTR_MAX_COUNTER_BYTES - c->bytes)
		return false;
	more = realloc(c->file, (c->nr + 1) * sizeof(*more));
	if (!more)
		return false;
	c->file = more;
	f.name = strdup(what->name);
	f.data = malloc(what->size ?: 1);
	if (!f.name || !f.data) {
		free(f.name);
		free(f.data);
		return false;
	}
	c->bytes += f.size;
	c->file[c->nr++] = f;
	return true;
}

bool ktstr_counter_files__add(struct ktstr_counter_files *c, const struct ktstr_msg_counters *what,
			 const void *data, size_t len)
{
	struct ktstr_counter_file *f;

	if (what->kind >= KTSTR_NR_COUNTERS_KINDS || !memchr(what->name, '\0', sizeof(what->name)) ||
	    what->offset > what->size || len > what->size - what->offset)
		return false;
	/* those that were dropped have a number, too */
	if (what->file == (uint64_t)c->nr + c->dropped && !what->offset && (c->dropped || !begin(c, what))) {
		c->dropped++;
		return true;
	}
	if (what->file >= c->nr)
		return c->dropped && what->file < (uint64_t)c->nr + c->dropped;
	f = &c->file[what->file];
	if (what->file + 1 != c->nr || what->offset != f->len || len > f->size - f->len)
		return false;
	memcpy(f->data + f->len, data, len);
	f->len += len;
	return true;
}

void ktstr_counter_files__free(struct ktstr_counter_files *c)
{
	for (uint32_t i = 0; i < c->nr; i++) {
		free(c->file[i].name);
		free(c->file[i].data);
	}
	free(c->file);
	memset(c, 0, sizeof(*c));
}
