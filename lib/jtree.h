/* SPDX-License-Identifier: GPL-2.0 */
/*
 * JSON in memory: a tree that is built node by node or read from a text, and written as one. All
 * nodes and strings of a tree come from its own memory, which has a limit, so that a text or a guest
 * that is not trusted costs that much at most. Numbers are u64, i64 or double and stay what they are.
 *
 * Adding to a parent that is NULL adds nothing. So code that builds a tree checks for the limit once,
 * at its end: ktstr_jtree.error.
 */
#ifndef KTSTR_LIB_JTREE_H
#define KTSTR_LIB_JTREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "err.h"

#define KTSTR_JTREE_DEPTH	128	/* of a text that is read */

enum ktstr_jtype {
	KTSTR_J_NULL, KTSTR_J_BOOL, KTSTR_J_UINT, KTSTR_J_INT, KTSTR_J_REAL, KTSTR_J_STR,
	KTSTR_J_ARRAY, KTSTR_J_OBJECT,
};

struct ktstr_jnode {
	enum ktstr_jtype type;
	uint32_t nr;			/* children */
	const char *key;		/* in an object; NULL elsewhere */
	struct ktstr_jnode *next;	/* the next child of its parent */
	union {
		bool b;
		uint64_t u;
		int64_t i;		/* negative */
		double d;
		const char *s;
		struct ktstr_jnode *first;
	};
	struct ktstr_jnode *last;
};

struct ktstr_jtree {
	struct ktstr_jchunk *chunks;
	size_t bytes, max;		/* used, and the limit */
	int error;			/* 0, -ENOMEM or -EFBIG: something is missing in the tree */
};

void ktstr_jtree__init(struct ktstr_jtree *t, size_t max);
void ktstr_jtree__free(struct ktstr_jtree *t);

/* @key is borrowed: a literal, or a string of the tree. NULL in an array and for the root. */
struct ktstr_jnode *ktstr_jtree__object(struct ktstr_jtree *t, struct ktstr_jnode *parent,
					const char *key);
struct ktstr_jnode *ktstr_jtree__array(struct ktstr_jtree *t, struct ktstr_jnode *parent,
				       const char *key);
void ktstr_jtree__u64(struct ktstr_jtree *t, struct ktstr_jnode *parent, const char *key,
		      uint64_t v);
void ktstr_jtree__i64(struct ktstr_jtree *t, struct ktstr_jnode *parent, const char *key,
		      int64_t v);
void ktstr_jtree__f64(struct ktstr_jtree *t, struct ktstr_jnode *parent, const char *key,
		      double v);	/* not finite: null */
void ktstr_jtree__bool(struct ktstr_jtree *t, struct ktstr_jnode *parent, const char *key, bool v);
void ktstr_jtree__null(struct ktstr_jtree *t, struct ktstr_jnode *parent, const char *key);
/* @s is copied. Bytes that are not UTF-8 become '?'. NULL: null */
void ktstr_jtree__str(struct ktstr_jtree *t, struct ktstr_jnode *parent, const char *key,
		      const char *s);
/* A copy of @s in the tree's memory, as a key may be; NULL: no room. */
const char *ktstr_jtree__copy(struct ktstr_jtree *t, const char *s);
void ktstr_jtree__fmt(struct ktstr_jtree *t, struct ktstr_jnode *parent, const char *key,
		      const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Make @n, of this or another tree that outlives it, a child of @parent. */
void ktstr_jtree__adopt(struct ktstr_jnode *parent, const char *key, struct ktstr_jnode *n);

/* Read @text. NULL with @err (where, and what is wrong). Repeated keys are kept; the first counts. */
struct ktstr_jnode *ktstr_jtree__parse(struct ktstr_jtree *t, const char *text, size_t len,
				       struct ktstr_err *err);

/* Write it and a newline. What has only plain values in it is one line. */
void ktstr_jtree__write(const struct ktstr_jnode *n, FILE *f);

/* The child @key of an object. NULL: there is none, or @n is NULL or no object. */
const struct ktstr_jnode *ktstr_jnode__get(const struct ktstr_jnode *n, const char *key);
/* The first child of an array or object; NULL: it has none, or @n is NULL or neither. */
const struct ktstr_jnode *ktstr_jnode__first(const struct ktstr_jnode *n);
/* The same of the child @key. */
const struct ktstr_jnode *ktstr_jnode__list(const struct ktstr_jnode *n, const char *key);
/* The child @key as a number or text; @missing: it is not there, or no such thing. */
uint64_t ktstr_jnode__u64(const struct ktstr_jnode *n, const char *key, uint64_t missing);
int64_t ktstr_jnode__i64(const struct ktstr_jnode *n, const char *key, int64_t missing);
bool ktstr_jnode__bool(const struct ktstr_jnode *n, const char *key);
const char *ktstr_jnode__str(const struct ktstr_jnode *n, const char *key, const char *missing);
/* Have both the same value, whatever their keys? */
bool ktstr_jnode__equal(const struct ktstr_jnode *a, const struct ktstr_jnode *b);

#endif
