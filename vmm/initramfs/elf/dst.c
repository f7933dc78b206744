// SPDX-License-Identifier: GPL-2.0
/*
 * An element expands to several directories where a token has several meanings: $ORIGIN is the
 * directory in which an object was found or else its canonical one; $LIB differs between
 * distributions, and the dynamic loader's own directory shows which one applies.
 */
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "dst.h"

enum token { TOKEN_NONE, TOKEN_ORIGIN, TOKEN_LIB, TOKEN_PLATFORM };

/* The token at @p, which points to a dollar sign, and its length. */
static enum token token_at(const char *p, size_t *len)
{
	static const char ident[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
	static const char * const names[] = {
		[TOKEN_ORIGIN] = "ORIGIN", [TOKEN_LIB] = "LIB", [TOKEN_PLATFORM] = "PLATFORM",
	};
	bool brace = p[1] == '{';
	const char *name = p + 1 + brace;
	size_t n = strspn(name, ident);

	*len = 1;
	if (brace && name[n] != '}')
		return TOKEN_NONE;
	for (int t = TOKEN_ORIGIN; t <= TOKEN_PLATFORM; t++) {
		if (strlen(names[t]) == n && !strncmp(name, names[t], n)) {
			*len = n + 1 + 2 * brace;
			return t;
		}
	}
	return TOKEN_NONE;
}

struct meaning {
	const char *origin, *lib, *platform;
};

/* False: the result does not fit. */
static bool expand(const char *in, const struct meaning *m, char out[PATH_MAX])
{
	size_t len = 0;

	while (*in) {
		const char *text = in;
		size_t n = 1, used = 1;

		if (*in == '$') {
			switch (token_at(in, &used)) {
			case TOKEN_ORIGIN:
				text = m->origin;
				break;
			case TOKEN_LIB:
				text = m->lib;
				break;
			case TOKEN_PLATFORM:
				text = m->platform;
				break;
			case TOKEN_NONE:
				break;
			}
			if (text != in)
				n = strlen(text);
		}
		if (n >= PATH_MAX - len)
			return false;
		memcpy(out + len, text, n);
		len += n;
		in += used;
	}
	out[len] = '\0';
	return true;
}

static bool has_token(const char *s, enum token want)
{
	size_t len;

	for (s = strchr(s, '$'); s; s = strchr(s + 1, '$'))
		if (token_at(s, &len) == want)
			return true;
	return false;
}

/* The @nth best meaning of $LIB, for 0 to NR_LIBS - 1; @buf is room for it. */
#define NR_LIBS 4
static const char *lib_meaning(const struct dst *d, int nth, char buf[64])
{
	const char *dir = d->interp_dir ? d->interp_dir : "/lib64";

	switch (nth) {
	case 0:
		return dir + (strncmp(dir, "/usr/", 5) ? 1 : 5);
	case 1:
		snprintf(buf, 64, "lib/%s-linux-gnu", d->platform);
		return buf;
	case 2:
		return "lib64";
	default:
		return "lib";
	}
}

static int each_expansion(const struct dst *d, const char *element,
			  int (*fn)(void *ctx, const char *host, const char *guest), void *ctx)
{
	int nr_origins = has_token(element, TOKEN_ORIGIN) &&
			 strcmp(d->origin->host, d->origin->canon) ? 2 : 1;
	int nr_libs = has_token(element, TOKEN_LIB) ? NR_LIBS : 1;
	char buf[64], host[PATH_MAX], guest[PATH_MAX];
	int ret = 0;

	for (int l = 0; l < nr_libs && !ret; l++) {
		for (int o = 0; o < nr_origins && !ret; o++) {
			const char *lib = lib_meaning(d, l, buf);
			struct meaning here = {
				o ? d->origin->canon : d->origin->host, lib, d->platform,
			};
			struct meaning there = { d->origin->guest, lib, d->platform };

			if (expand(element, &here, host) && expand(element, &there, guest) &&
			    host[0] == '/')
				ret = fn(ctx, host, guest);
		}
	}
	return ret;
}

int dst_each(const struct dst *d, const char *list, const char *seps,
	     int (*fn)(void *ctx, const char *host, const char *guest), void *ctx)
{
	char element[PATH_MAX];
	int ret = 0;

	for (;;) {
		size_t n = strcspn(list, seps);

		if (n && n < sizeof(element)) {
			memcpy(element, list, n);
			element[n] = '\0';
			ret = each_expansion(d, element, fn, ctx);
		}
		if (ret || !list[n])
			return ret;
		list += n + 1;
	}
}
