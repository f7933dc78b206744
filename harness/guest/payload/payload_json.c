// SPDX-License-Identifier: GPL-2.0
/*
 * Figures out of a program's JSON: every number, under the path to it, "jobs.0.read.iops".
 *
 * The JSON is the whole output or, for programs that talk before and after it, the first complete
 * object in it, else array. What a program prints is not trusted. The parser gets its memory from
 * an allowance for all attempts together, which bounds its memory and its time.
 */
#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "payload.h"

#define MAX_LEVELS	64
#define ALLOWANCE	(128u << 20)	/* bytes, over all places where JSON may begin */

/* One output is read at a time. */
static size_t allowance;

static void *allowed_malloc(size_t size)
{
	if (size > allowance) {
		allowance = 0;
		return NULL;
	}
	allowance -= size;
	return malloc(size);
}

struct walk {
	ktstr_json_leaf *leaf;
	void *arg;
	char path[KTSTR_METRIC_PATH];
	size_t len;			/* of path; beyond its size: too long */
};

/* One level down: ".NAME", without characters that would control a terminal. */
static void go_down(struct walk *w, const char *name)
{
	if (w->len && w->len < sizeof(w->path))
		w->path[w->len++] = '.';
	for (; *name && w->len < sizeof(w->path); name++)
		w->path[w->len++] = isgraph((unsigned char)*name) ? *name : '_';
	if (w->len < sizeof(w->path))
		w->path[w->len] = '\0';
}

static void go_up(struct walk *w, size_t len)
{
	w->len = len;
	if (len < sizeof(w->path))
		w->path[len] = '\0';
}

/* Call w->leaf() for all numbers in @v, which is at w->path. */
static void tell(struct walk *w, json_t *v)
{
	size_t len = w->len, i;
	const char *name;
	char index[24];
	json_t *member;

	json_object_foreach(v, name, member) {
		go_down(w, name);
		tell(w, member);
		go_up(w, len);
	}
	json_array_foreach(v, i, member) {
		snprintf(index, sizeof(index), "%zu", i);
		go_down(w, index);
		tell(w, member);
		go_up(w, len);
	}
	if (json_is_number(v) && len < sizeof(w->path))
		w->leaf(w->arg, w->path, json_number_value(v));
}

/* Has @v at most so many levels of objects and arrays? */
static bool within(json_t *v, unsigned int levels)
{
	const char *name;
	json_t *member;
	size_t i;

	if (!json_is_object(v) && !json_is_array(v))
		return true;
	if (!levels)
		return false;
	json_object_foreach(v, name, member)
		if (!within(member, levels - 1))
			return false;
	json_array_foreach(v, i, member)
		if (!within(member, levels - 1))
			return false;
	return true;
}

/* The object or array that begins at @text, or NULL. */
static json_t *load(const char *text, size_t len, size_t flags)
{
	json_t *v;

	/* as reals: an integer may have any number of digits */
	v = json_loadb(text, len, flags | JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL, NULL);
	if (v && !within(v, MAX_LEVELS)) {
		json_decref(v);
		return NULL;
	}
	return v;
}

/* All of the text; else the first object; else the first array, which may be "[12]" of a log. */
static json_t *find_json(const char *text, size_t len)
{
	json_t *found = load(text, len, 0);
	const char *kind;
	size_t i;

	for (kind = "{["; !found && *kind; kind++)
		for (i = 0; !found && i < len && allowance; i++)
			if (text[i] == *kind)
				found = load(text + i, len - i, JSON_DISABLE_EOF_CHECK);
	return found;
}

/* A copy that is UTF-8 in any case: no byte beyond ASCII matters for a figure. */
static char *ascii(const char *text, size_t len)
{
	char *copy = malloc(len + 1);
	size_t i;

	for (i = 0; copy && i < len; i++)
		copy[i] = isascii((unsigned char)text[i]) ? text[i] : '_';
	return copy;
}

bool ktstr_json_leaves(const char *text, size_t len, ktstr_json_leaf *leaf, void *arg)
{
	struct walk w = { .leaf = leaf, .arg = arg };
	json_malloc_t former_malloc;
	char *copy = ascii(text, len);
	json_free_t former_free;
	json_t *found;

	if (!copy)
		return false;
	json_get_alloc_funcs(&former_malloc, &former_free);
	json_set_alloc_funcs(allowed_malloc, free);
	allowance = ALLOWANCE;
	found = find_json(copy, len);
	if (found)
		tell(&w, found);
	json_decref(found);
	json_set_alloc_funcs(former_malloc, former_free);
	free(copy);
	return found;
}
