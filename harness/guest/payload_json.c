// SPDX-License-Identifier: GPL-2.0
/*
 * Figures out of a program's JSON: every number, under the path to it, "jobs.0.read.iops".
 *
 * The JSON is the whole output or, for programs that talk before and after it, the first complete
 * object in it, else array. It is walked twice: nothing of what turns out to be no JSON is told.
 * What a program prints is not trusted: depth, length of a name and total work are bounded.
 */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "payload.h"

#define MAX_DEPTH	64
#define MAX_WORK	(64u << 20)	/* bytes looked at, over all places where JSON may begin */

struct walk {
	const char *end, *furthest;	/* behind the last byte; looked at so far */
	ktstr_json_leaf *leaf;		/* NULL: only find out whether it is JSON */
	void *arg;
	unsigned int depth;
	char path[KTSTR_METRIC_PATH];
	size_t len;			/* of path; beyond its size: too long */
};

static const char *value(struct walk *w, const char *p);

static const char *blanks(const struct walk *w, const char *p)
{
	while (p < w->end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
		p++;
	return p;
}

/* Behind the string that begins at @p, or NULL. */
static const char *string(struct walk *w, const char *p)
{
	for (p++; p < w->end && *p != '"' && (unsigned char)*p >= ' '; p++)
		if (*p == '\\' && p + 1 < w->end)
			p++;
	w->furthest = p;
	return p < w->end && *p == '"' ? p + 1 : NULL;
}

static const char *literal(const struct walk *w, const char *p, const char *word)
{
	size_t n = strlen(word);

	return (size_t)(w->end - p) >= n && !memcmp(p, word, n) ? p + n : NULL;
}

static const char *number(struct walk *w, const char *p)
{
	char buf[64], *end;
	size_t n = 0;
	double v;

	while (p + n < w->end && n + 1 < sizeof(buf) && p[n] && strchr("+-.0123456789eE", p[n]))
		n++;
	memcpy(buf, p, n);
	buf[n] = '\0';
	v = strtod(buf, &end);
	if (!n || *end || (*buf != '-' && !isdigit((unsigned char)*buf)))
		return NULL;
	if (w->leaf && isfinite(v) && w->len < sizeof(w->path))
		w->leaf(w->arg, w->path, v);
	return p + n;
}

/* One level down: ".NAME", of which a terminal must get nothing that it obeys. */
static void go_down(struct walk *w, const char *name, size_t n)
{
	size_t i;

	if (w->len && w->len < sizeof(w->path))
		w->path[w->len++] = '.';
	for (i = 0; i < n && w->len < sizeof(w->path); i++)
		w->path[w->len++] = isgraph((unsigned char)name[i]) ? name[i] : '_';
	if (w->len < sizeof(w->path))
		w->path[w->len] = '\0';
}

static void go_up(struct walk *w, size_t len)
{
	w->len = len;
	if (len < sizeof(w->path))
		w->path[len] = '\0';
}

/* A member of an object or element number @i of an array. */
static const char *member(struct walk *w, const char *p, bool is_object, uint32_t i)
{
	size_t len = w->len;
	const char *name = p;
	char index[16];

	if (is_object) {
		p = p < w->end && *p == '"' ? string(w, p) : NULL;
		if (!p)
			return NULL;
		go_down(w, name + 1, (size_t)(p - name) - 2);
		p = blanks(w, p);
		if (p == w->end || *p++ != ':')
			return NULL;
	} else {
		snprintf(index, sizeof(index), "%u", i);
		go_down(w, index, strlen(index));
	}
	p = value(w, p);
	go_up(w, len);
	return p ? blanks(w, p) : NULL;
}

static const char *container(struct walk *w, const char *p)
{
	bool is_object = *p == '{';
	char close = is_object ? '}' : ']';
	uint32_t i = 0;

	if (++w->depth > MAX_DEPTH)
		return NULL;
	p = blanks(w, p + 1);
	if (p < w->end && *p == close) {
		w->depth--;
		return p + 1;
	}
	for (;;) {
		p = member(w, p, is_object, i++);
		if (!p || p == w->end)
			return NULL;
		if (*p == close) {
			w->depth--;
			return p + 1;
		}
		if (*p != ',')
			return NULL;
		p = blanks(w, p + 1);
	}
}

/* Behind the value that begins at @p, or NULL. */
static const char *value(struct walk *w, const char *p)
{
	p = blanks(w, p);
	w->furthest = p;
	if (p == w->end)
		return NULL;
	switch (*p) {
	case '{':
	case '[':
		return container(w, p);
	case '"':
		return string(w, p);
	case 't':
		return literal(w, p, "true");
	case 'f':
		return literal(w, p, "false");
	case 'n':
		return literal(w, p, "null");
	}
	return number(w, p);
}

/* Where the object or array at @p ends, or NULL. *@work: bytes looked at. */
static const char *complete(const char *p, const char *end, size_t *work)
{
	struct walk w = { .end = end, .furthest = p };
	const char *behind;

	if (p == end || (*p != '{' && *p != '['))
		return NULL;
	behind = container(&w, p);
	*work += (size_t)((behind ?: w.furthest) - p) + 1;
	return behind;
}

/* All of the text; else the first object; else the first array, which may be "[12]" of a log. */
static const char *find_json(const char *text, const char *end)
{
	const struct walk all = { .end = end };
	const char *p = blanks(&all, text), *kind, *behind;
	size_t work = 0;

	behind = complete(p, end, &work);
	if (behind && blanks(&all, behind) == end)
		return p;
	for (kind = "{["; *kind; kind++)
		for (p = text; p < end && work < MAX_WORK; p++)
			if (*p == *kind && complete(p, end, &work))
				return p;
	return NULL;
}

bool ktstr_json_leaves(const char *text, size_t len, ktstr_json_leaf *leaf, void *arg)
{
	struct walk w = { .end = text + len, .leaf = leaf, .arg = arg };
	const char *json = find_json(text, w.end);

	if (json)
		container(&w, json);
	return json;
}
