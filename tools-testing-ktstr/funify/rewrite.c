// SPDX-License-Identifier: GPL-2.0
/*
 * The text is parsed first, and then walked once more beside its tree, which says what each token is:
 * see rewrite.h. Numbers that stay keep their form that way, and so does the layout.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "lib/jtree.h"
#include "keys.h"
#include "rewrite.h"

#define KERNEL_ADDRESSES	0xff00000000000000	/* the kernel's half, with five levels too */
#define TREE_MAX	(2048ull << 20)	/* a node is larger than its text */

struct rewriter {
	const struct funify_names *names;
	const struct strings *keep;
	const char *at, *end;
	FILE *out;
};

/* What is known about a value from where it stands. */
struct place {
	const char *key;	/* of the object that it is in, or that its list is in */
	const char *about;	/* that, or the name of a variable or member whose value this is */
	bool metrics;		/* below a key all of whose numbers are figures */
	bool keep;		/* the user wants all of it as it is */
};

static void copy_to(struct rewriter *r, const char *to)
{
	fwrite(r->at, 1, (size_t)(to - r->at), r->out);
	r->at = to;
}

static void copy_space(struct rewriter *r)
{
	const char *p = r->at;

	while (p < r->end && (isspace((unsigned char)*p) || *p == ',' || *p == ':'))
		p++;
	copy_to(r, p);
}

/* Behind the string, or the number or word, that begins here. */
static const char *token_end(const struct rewriter *r)
{
	const char *p = r->at;

	if (p < r->end && *p == '"') {
		for (p++; p < r->end && *p != '"'; p++)
			p += *p == '\\';
		return p < r->end ? p + 1 : r->end;
	}
	while (p < r->end && (isalnum((unsigned char)*p) || strchr("+-.", *p)))
		p++;
	return p;
}

static void put_text(struct rewriter *r, const char *text)
{
	fputc('"', r->out);
	funify_names__text(r->names, text, r->out);
	fputc('"', r->out);
	r->at = token_end(r);
}

/* The figures of payloads and cgroups have paths as keys, "cg_a/fio/iops": their end says what they are. */
static void put_key(struct rewriter *r, const char *key)
{
	const char *slash = strrchr(key, '/'), *end = token_end(r), *p;
	char part[256];
	size_t len;

	if (!slash) {
		copy_to(r, end);
		return;
	}
	fputc('"', r->out);
	for (p = key; p < slash; p += len + 1) {
		len = strcspn(p, "/");
		snprintf(part, sizeof(part), "%.*s", (int)len, p);
		funify_names__text(r->names, part, r->out);
		fputc('/', r->out);
	}
	for (p = end; p > r->at && p[-1] != '/'; p--)
		;
	r->at = p;
	copy_to(r, end);
}

static bool in_list(const struct strings *list, const char *key)
{
	for (size_t i = 0; i < list->nr; i++)
		if (!strcmp(list->item[i], key))
			return true;
	return false;
}

/* A value is about what it is the value of, however deep its lists are. */
static struct place place_of(const struct rewriter *r, const struct ktstr_jnode *object,
			     const struct ktstr_jnode *child, const struct place *outer)
{
	static const char * const inner[] = { "value", "values", "members", "elements", "entries" };
	struct place p = { .key = child->key, .about = child->key };

	for (size_t i = 0; i < ARRAY_SIZE(inner); i++)
		if (!strcmp(child->key, inner[i]))
			p.about = ktstr_jnode__str(object, "name", outer->about);
	if (!strcmp(ktstr_jnode__str(object, "kind", ""), "ptr"))
		p.about = "kva";	/* whatever the pointer is called */
	p.metrics = outer->metrics || funify_keys__metrics_below(child->key);
	p.keep = outer->keep || in_list(r->keep, child->key);
	return p;
}

static bool is_number(const char *s)
{
	return *s && s[strspn(s, "0123456789.-")] == '\0';
}

static bool stays(const struct ktstr_jnode *n, const struct place *p)
{
	bool metric = funify_keys__metric(p->about) ||
		      (p->metrics && !funify_keys__identity(p->about));

	if (p->keep)
		return true;
	if (n->type == KTSTR_J_UINT && n->u >= KERNEL_ADDRESSES)
		return false;	/* no figure is that large */
	if (n->type == KTSTR_J_STR)
		return !*n->s || funify_keys__word(p->key) || (metric && is_number(n->s));
	if (n->type == KTSTR_J_INT && (n->i == -1 || n->i == INT64_MIN))
		return true;	/* "none" */
	return (n->type != KTSTR_J_UINT && n->type != KTSTR_J_INT) || metric;
}

static void put_plain(struct rewriter *r, const struct ktstr_jnode *n, const struct place *p)
{
	uint64_t v;

	if (stays(n, p)) {
		copy_to(r, token_end(r));
	} else if (n->type == KTSTR_J_STR) {
		put_text(r, n->s);
	} else if (n->type == KTSTR_J_UINT) {
		fprintf(r->out, "%" PRIu64, funify_names__number(r->names, n->u));
		r->at = token_end(r);
	} else {
		v = (uint64_t)-n->i;
		do {
			v = funify_names__number(r->names, v);
		} while (v == 1 || v > INT64_MAX);
		fprintf(r->out, "-%" PRIu64, v);
		r->at = token_end(r);
	}
}

static void put_value(struct rewriter *r, const struct ktstr_jnode *n, const struct place *p)
{
	const struct ktstr_jnode *c;
	struct place inner;

	copy_space(r);
	if (n->type != KTSTR_J_OBJECT && n->type != KTSTR_J_ARRAY) {
		put_plain(r, n, p);
		return;
	}
	copy_to(r, r->at + 1);
	for (c = n->first; c; c = c->next) {
		if (n->type == KTSTR_J_ARRAY) {
			put_value(r, c, p);
			continue;
		}
		copy_space(r);
		if (p->keep)
			copy_to(r, token_end(r));
		else
			put_key(r, c->key);
		inner = place_of(r, n, c, p);
		put_value(r, c, &inner);
	}
	copy_space(r);
	copy_to(r, r->at + 1);
}

int funify__rewrite(const struct funify_names *n, const struct strings *keep, const char *text,
		    size_t len, FILE *out, struct ktstr_err *err)
{
	struct rewriter r = { .names = n, .keep = keep, .at = text, .end = text + len, .out = out };
	struct place top = { .key = "", .about = "" };
	const struct ktstr_jnode *root;
	struct ktstr_jtree tree;
	int ret;

	ktstr_jtree__init(&tree, TREE_MAX);
	root = ktstr_jtree__parse(&tree, text, len, err);
	ret = root ? 0 : tree.error ?: -EBADMSG;
	if (root) {
		put_value(&r, root, &top);
		copy_to(&r, r.end);
	}
	ktstr_jtree__free(&tree);
	return ret;
}
