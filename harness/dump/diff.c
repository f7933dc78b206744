// SPDX-License-Identifier: GPL-2.0
/* What differs between two reports: see file.h. */
#include <string.h>

#include "file.h"
#include "value_text.h"

#define PATH_MAX_LEN	256
#define DEPTH		64

struct differ {
	FILE *f;
	unsigned int nr;
	char path[PATH_MAX_LEN];
};

/* By which member elements of a list are told apart, the first that both have. */
static const char * const identity[] = { "pid", "cpu", "id", "bucket_id", "owner_kva", "node",
					 "user_addr", "name", "index", NULL };

static size_t go_down(struct differ *d, const char *fmt, const char *name)
{
	size_t len = strlen(d->path);

	snprintf(d->path + len, sizeof(d->path) - len, fmt, name);
	return len;
}

static bool is_value(const struct ktstr_jnode *n)
{
	return ktstr_jnode__str(n, "kind", NULL);
}

static void put_side(const struct ktstr_jnode *n, FILE *f)
{
	if (!n)
		fputs("(not there)", f);
	else if (is_value(n))
		ktstr_value_text__line(n, f);
	else if (n->type == KTSTR_J_STR)
		ktstr_value_text__safe(n->s, f);
	else if (n->type == KTSTR_J_OBJECT || n->type == KTSTR_J_ARRAY)
		fprintf(f, "(%u members)", n->nr);
	else if (n->type == KTSTR_J_BOOL)
		fputs(n->b ? "true" : "false", f);
	else if (n->type == KTSTR_J_UINT)
		fprintf(f, "%llu", (unsigned long long)n->u);
	else if (n->type == KTSTR_J_INT)
		fprintf(f, "%lld", (long long)n->i);
	else if (n->type == KTSTR_J_REAL)
		fprintf(f, "%g", n->d);
	else
		fputs("null", f);
}

static void tell(struct differ *d, const struct ktstr_jnode *a, const struct ktstr_jnode *b)
{
	d->nr++;
	ktstr_value_text__safe(d->path[0] == '.' ? d->path + 1 : d->path, d->f);
	fputs(": ", d->f);
	put_side(a, d->f);
	fputs(" -> ", d->f);
	put_side(b, d->f);
	fputc('\n', d->f);
}

static void compare(struct differ *d, const struct ktstr_jnode *a, const struct ktstr_jnode *b,
		    int depth);

/* The element of the list that is the same thing as @n; @i is its place, where it has no identity. */
static const struct ktstr_jnode *partner(const struct ktstr_jnode *list, const struct ktstr_jnode *n,
					 unsigned int i, const char **name)
{
	const struct ktstr_jnode *key, *key_value = ktstr_jnode__get(n, "key");

	*name = NULL;
	if (key_value) {
		for (; list; list = list->next)
			if (ktstr_jnode__equal(ktstr_jnode__get(list, "key"), key_value))
				return list;
		return NULL;
	}
	for (int k = 0; identity[k]; k++) {
		key = ktstr_jnode__get(n, identity[k]);
		if (!key)
			continue;
		*name = identity[k];
		for (; list; list = list->next)
			if (ktstr_jnode__equal(ktstr_jnode__get(list, identity[k]), key))
				return list;
		return NULL;
	}
	while (list && i--)
		list = list->next;
	return list;
}

static size_t name_element(struct differ *d, const struct ktstr_jnode *n, const char *by,
			   unsigned int i)
{
	size_t len = strlen(d->path);
	FILE *f = fmemopen(d->path + len, sizeof(d->path) - len, "w");

	if (!f)
		return len;
	fputc('[', f);
	if (ktstr_jnode__get(n, "key"))
		ktstr_value_text__line(ktstr_jnode__get(n, "key"), f);
	else if (by)
		put_side(ktstr_jnode__get(n, by), f);
	else
		fprintf(f, "%u", i);
	fputc(']', f);
	fclose(f);
	d->path[sizeof(d->path) - 1] = '\0';
	return len;
}

static void compare_lists(struct differ *d, const struct ktstr_jnode *a, const struct ktstr_jnode *b,
			  int depth)
{
	const struct ktstr_jnode *n, *other;
	const char *by;
	unsigned int i = 0;
	size_t len;

	for (n = a->first; n; n = n->next, i++) {
		other = partner(b->first, n, i, &by);
		len = name_element(d, n, by, i);
		compare(d, n, other, depth - 1);
		d->path[len] = '\0';
	}
	for (n = b->first, i = 0; n; n = n->next, i++) {
		if (partner(a->first, n, i, &by))
			continue;
		len = name_element(d, n, by, i);
		tell(d, NULL, n);
		d->path[len] = '\0';
	}
}

static void compare_objects(struct differ *d, const struct ktstr_jnode *a,
			    const struct ktstr_jnode *b, int depth)
{
	const struct ktstr_jnode *n;
	size_t len;

	for (n = a->first; n; n = n->next) {
		len = go_down(d, ".%s", n->key);
		compare(d, n, ktstr_jnode__get(b, n->key), depth - 1);
		d->path[len] = '\0';
	}
	for (n = b->first; n; n = n->next) {
		if (ktstr_jnode__get(a, n->key))
			continue;
		len = go_down(d, ".%s", n->key);
		tell(d, NULL, n);
		d->path[len] = '\0';
	}
}

/* Of two structures, the members that differ. */
static void compare_values(struct differ *d, const struct ktstr_jnode *a,
			   const struct ktstr_jnode *b, int depth)
{
	const struct ktstr_jnode *ma = ktstr_jnode__list(a, "members");
	const struct ktstr_jnode *mb = ktstr_jnode__list(b, "members");
	size_t len;

	if (!ma || !mb || !depth) {
		tell(d, a, b);
		return;
	}
	for (; ma && mb; ma = ma->next, mb = mb->next) {
		const struct ktstr_jnode *va = ktstr_jnode__get(ma, "value");
		const struct ktstr_jnode *vb = ktstr_jnode__get(mb, "value");

		if (ktstr_jnode__equal(va, vb) || !va || !vb)
			continue;
		len = go_down(d, ".%s", ktstr_jnode__str(ma, "name", ""));
		compare_values(d, va, vb, depth - 1);
		d->path[len] = '\0';
	}
}

static void compare(struct differ *d, const struct ktstr_jnode *a, const struct ktstr_jnode *b,
		    int depth)
{
	if (ktstr_jnode__equal(a, b))
		return;
	if (!a || !b || a->type != b->type || !depth)
		tell(d, a, b);
	else if (is_value(a) && is_value(b))
		compare_values(d, a, b, depth);
	else if (a->type == KTSTR_J_OBJECT)
		compare_objects(d, a, b, depth);
	else if (a->type == KTSTR_J_ARRAY)
		compare_lists(d, a, b, depth);
	else
		tell(d, a, b);
}

unsigned int ktstr_dump_file__diff(const struct ktstr_jnode *a, const struct ktstr_jnode *b, FILE *f)
{
	struct differ d = { .f = f };

	compare(&d, a, b, DEPTH);
	return d.nr;
}
