// SPDX-License-Identifier: GPL-2.0
/* JSON in memory, building and looking up: see jtree.h. jtree_text.c reads and writes it. */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "jtree_priv.h"

#define CHUNK		(64u << 10)
#define FORMAT_MAX	512

struct ktstr_jchunk {
	struct ktstr_jchunk *next;
	size_t used, size;
	char mem[] __attribute__((aligned(16)));
};

void ktstr_jtree__init(struct ktstr_jtree *t, size_t max)
{
	*t = (struct ktstr_jtree){ .max = max };
}

void ktstr_jtree__free(struct ktstr_jtree *t)
{
	struct ktstr_jchunk *next;

	for (struct ktstr_jchunk *c = t->chunks; c; c = next) {
		next = c->next;
		free(c);
	}
	t->chunks = NULL;
}

void *jtree_alloc(struct ktstr_jtree *t, size_t size, size_t align)
{
	struct ktstr_jchunk *c = t->chunks;
	size_t at = c ? (c->used + align - 1) & ~(align - 1) : 0;

	if (t->error)
		return NULL;
	if (size > t->max - t->bytes) {
		t->error = -EFBIG;
		return NULL;
	}
	if (!c || at > c->size || size > c->size - at) {
		size_t room = size > CHUNK / 4 ? size : CHUNK;

		c = malloc(sizeof(*c) + room);
		if (!c) {
			t->error = -ENOMEM;
			return NULL;
		}
		*c = (struct ktstr_jchunk){ .next = t->chunks, .size = room };
		t->chunks = c;
		at = 0;
	}
	c->used = at + size;
	t->bytes += size;
	return c->mem + at;
}

static bool is_list(const struct ktstr_jnode *n)
{
	return n && (n->type == KTSTR_J_ARRAY || n->type == KTSTR_J_OBJECT);
}

struct ktstr_jnode *jtree_add(struct ktstr_jtree *t, struct ktstr_jnode *parent, const char *key,
			      enum ktstr_jtype type)
{
	struct ktstr_jnode *n = jtree_alloc(t, sizeof(*n), _Alignof(struct ktstr_jnode));

	if (!n)
		return NULL;
	*n = (struct ktstr_jnode){ .type = type };
	if (parent)
		ktstr_jtree__adopt(parent, key, n);
	return n;
}

void ktstr_jtree__adopt(struct ktstr_jnode *parent, const char *key, struct ktstr_jnode *n)
{
	n->key = key;
	n->next = NULL;
	if (parent->last)
		parent->last->next = n;
	else
		parent->first = n;
	parent->last = n;
	parent->nr++;
}

/* Adding to nothing is only right for a root, which has no key and is a list. */
static struct ktstr_jnode *add_value(struct ktstr_jtree *t, struct ktstr_jnode *parent,
				     const char *key, enum ktstr_jtype type)
{
	return parent ? jtree_add(t, parent, key, type) : NULL;
}

static struct ktstr_jnode *add_list(struct ktstr_jtree *t, struct ktstr_jnode *parent,
				    const char *key, enum ktstr_jtype type)
{
	return parent || !t->bytes ? jtree_add(t, parent, key, type) : NULL;
}

struct ktstr_jnode *ktstr_jtree__object(struct ktstr_jtree *t, struct ktstr_jnode *parent,
					const char *key)
{
	return add_list(t, parent, key, KTSTR_J_OBJECT);
}

struct ktstr_jnode *ktstr_jtree__array(struct ktstr_jtree *t, struct ktstr_jnode *parent,
				       const char *key)
{
	return add_list(t, parent, key, KTSTR_J_ARRAY);
}

void ktstr_jtree__u64(struct ktstr_jtree *t, struct ktstr_jnode *parent, const char *key,
		      uint64_t v)
{
	struct ktstr_jnode *n = add_value(t, parent, key, KTSTR_J_UINT);

	if (n)
		n->u = v;
}

void ktstr_jtree__i64(struct ktstr_jtree *t, struct ktstr_jnode *parent, const char *key,
		      int64_t v)
{
	struct ktstr_jnode *n = add_value(t, parent, key, v < 0 ? KTSTR_J_INT : KTSTR_J_UINT);

	if (n)
		n->i = v;
}

void ktstr_jtree__f64(struct ktstr_jtree *t, struct ktstr_jnode *parent, const char *key, double v)
{
	struct ktstr_jnode *n = add_value(t, parent, key,
					  isfinite(v) ? KTSTR_J_REAL : KTSTR_J_NULL);

	if (n)
		n->d = v;
}

void ktstr_jtree__bool(struct ktstr_jtree *t, struct ktstr_jnode *parent, const char *key, bool v)
{
	struct ktstr_jnode *n = add_value(t, parent, key, KTSTR_J_BOOL);

	if (n)
		n->b = v;
}

void ktstr_jtree__null(struct ktstr_jtree *t, struct ktstr_jnode *parent, const char *key)
{
	add_value(t, parent, key, KTSTR_J_NULL);
}

const char *ktstr_jtree__copy(struct ktstr_jtree *t, const char *s)
{
	size_t len = strlen(s);
	char *copy = jtree_alloc(t, len + 1, 1);

	if (!copy)
		return NULL;
	memcpy(copy, s, len + 1);
	for (unsigned char *p = (unsigned char *)copy; *p;) {
		unsigned int n = ktstr_utf8_len(p);

		if (!n)
			*p = '?';
		p += n ?: 1;
	}
	return copy;
}

void ktstr_jtree__str(struct ktstr_jtree *t, struct ktstr_jnode *parent, const char *key,
		      const char *s)
{
	const char *copy = s && parent ? ktstr_jtree__copy(t, s) : NULL;
	struct ktstr_jnode *n;

	if (s && !copy)
		return;
	n = add_value(t, parent, key, s ? KTSTR_J_STR : KTSTR_J_NULL);
	if (n)
		n->s = copy;
}

void ktstr_jtree__fmt(struct ktstr_jtree *t, struct ktstr_jnode *parent, const char *key,
		      const char *fmt, ...)
{
	char text[FORMAT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	ktstr_jtree__str(t, parent, key, text);
}

const struct ktstr_jnode *ktstr_jnode__get(const struct ktstr_jnode *n, const char *key)
{
	if (!n || n->type != KTSTR_J_OBJECT)
		return NULL;
	for (n = n->first; n; n = n->next)
		if (!strcmp(n->key, key))
			return n;
	return NULL;
}

const struct ktstr_jnode *ktstr_jnode__first(const struct ktstr_jnode *n)
{
	return is_list(n) ? n->first : NULL;
}

const struct ktstr_jnode *ktstr_jnode__list(const struct ktstr_jnode *n, const char *key)
{
	return ktstr_jnode__first(ktstr_jnode__get(n, key));
}

uint64_t ktstr_jnode__u64(const struct ktstr_jnode *n, const char *key, uint64_t missing)
{
	n = ktstr_jnode__get(n, key);
	return n && n->type == KTSTR_J_UINT ? n->u : missing;
}

int64_t ktstr_jnode__i64(const struct ktstr_jnode *n, const char *key, int64_t missing)
{
	n = ktstr_jnode__get(n, key);
	if (!n || (n->type != KTSTR_J_INT && (n->type != KTSTR_J_UINT || n->u > INT64_MAX)))
		return missing;
	return n->i;
}

bool ktstr_jnode__bool(const struct ktstr_jnode *n, const char *key)
{
	n = ktstr_jnode__get(n, key);
	return n && n->type == KTSTR_J_BOOL && n->b;
}

const char *ktstr_jnode__str(const struct ktstr_jnode *n, const char *key, const char *missing)
{
	n = ktstr_jnode__get(n, key);
	return n && n->type == KTSTR_J_STR ? n->s : missing;
}

bool ktstr_jnode__equal(const struct ktstr_jnode *a, const struct ktstr_jnode *b)
{
	if (!a || !b || a->type != b->type)
		return a == b;
	switch (a->type) {
	case KTSTR_J_NULL:
		return true;
	case KTSTR_J_BOOL:
		return a->b == b->b;
	case KTSTR_J_STR:
		return !strcmp(a->s, b->s);
	case KTSTR_J_UINT:
	case KTSTR_J_INT:
	case KTSTR_J_REAL:
		return a->u == b->u;
	case KTSTR_J_ARRAY:
	case KTSTR_J_OBJECT:
		break;
	}
	if (a->nr != b->nr)
		return false;
	/* as deep as a tree is, which is bounded when it is read and when it is built */
	for (a = a->first, b = b->first; a && b; a = a->next, b = b->next)
		if ((a->key && b->key && strcmp(a->key, b->key)) || !ktstr_jnode__equal(a, b))
			return false;
	return !a && !b;
}
