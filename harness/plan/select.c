// SPDX-License-Identifier: GPL-2.0
/*
 * Reads the options before kselftest_harness.h gets them. The option string is that of the harness,
 * which also reports wrong options.
 */
#include <errno.h>
#include <fnmatch.h>
#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "select.h"
#include "lib/suggest.h"

#define HARNESS_OPTIONS	"dhlF:f:V:v:t:T:r:"

/*
 * Call @see for every option until it does not return 0, and reset getopt(). Returns what it
 * returned last. @see NULL: is there an option that the harness does not know?
 */
static int each_option(int argc, char **argv, int (*see)(int opt, const char *arg, void *data),
		       void *data)
{
	int ret = 0, opt = 0;

	optind = 1;
	opterr = 0;
	while (!ret && (opt = getopt(argc, argv, HARNESS_OPTIONS)) != -1 && opt != '?')
		ret = see ? see(opt, optarg, data) : 0;
	optind = 1;
	opterr = 1;
	return see ? ret : opt == '?';
}

/* The variant that -t or -r names; NULL for any other option, "" for another fixture of -r. */
static const char *named(int opt, const char *arg)
{
	const char *dot;

	if (opt == 't')
		return arg;
	if (opt != 'r')
		return NULL;
	dot = strchr(arg, '.');
	if (!dot || strlen(ktstr_id__fixture(dot + 1)) != (size_t)(dot - arg) ||
	    strncmp(arg, ktstr_id__fixture(dot + 1), (size_t)(dot - arg)))
		return "";
	return dot + 1;
}

static int see_list(int opt, const char *arg, void *data)
{
	(void)arg;
	(void)data;
	return opt == 'l' || opt == 'h';
}

bool ktstr_select__lists(int argc, char **argv)
{
	return each_option(argc, argv, see_list, NULL);
}

static int see_test(int opt, const char *arg, void *data)
{
	const char *name = named(opt, arg);

	return name && !strcmp(name, data);
}

bool ktstr_select__names(int argc, char **argv, const char *test)
{
	return each_option(argc, argv, see_test, (void *)test);
}

/* @pattern, up to @len, and @name; "ignored" wants it in full. */
static bool component_matches(const char *pattern, size_t len, const char *name, bool ignored)
{
	char buf[KTSTR_ID_LEN];

	if (strlen(name) == len && !strncmp(pattern, name, len))
		return true;
	if (ignored || len >= sizeof(buf))
		return false;
	memcpy(buf, pattern, len);
	buf[len] = '\0';
	return !fnmatch(buf, name, 0);
}

bool ktstr_select__matches(const char *pattern, const char *test, const char *preset,
			   bool ignored)
{
	static const char base[] = KTSTR_BASE "/", gauntlet[] = KTSTR_GAUNTLET "/";
	const char *slash;

	if (!strncmp(pattern, base, sizeof(base) - 1)) {
		pattern += sizeof(base) - 1;
		return !preset && component_matches(pattern, strlen(pattern), test, ignored);
	}
	if (!strncmp(pattern, gauntlet, sizeof(gauntlet) - 1)) {
		pattern += sizeof(gauntlet) - 1;
		if (!strchr(pattern, '/'))
			return preset && component_matches(pattern, strlen(pattern), test, ignored);
	}
	slash = strchr(pattern, '/');
	if (!slash != !preset)
		return false;
	if (!component_matches(pattern, slash ? (size_t)(slash - pattern) : strlen(pattern), test,
			       ignored))
		return false;
	return !slash || component_matches(slash + 1, strlen(slash + 1), preset, false);
}

/* ---- the command line for the harness ---- */

struct rewrite {
	const struct ktstr_registry *r;
	const struct ktstr_room *room;
	char **argv;
	int argc, size;
	struct ktstr_err *err;
};

static int put(struct rewrite *w, const char *arg)
{
	char **more;

	if (w->argc + 1 >= w->size) {
		more = realloc(w->argv, 2 * (size_t)(w->size + 8) * sizeof(*more));
		if (!more)
			return -ENOMEM;
		w->argv = more;
		w->size = 2 * (w->size + 8);
	}
	w->argv[w->argc] = strdup(arg);
	if (!w->argv[w->argc])
		return -ENOMEM;
	w->argv[++w->argc] = NULL;
	return 0;
}

static int put_option(struct rewrite *w, int opt, const char *arg)
{
	char text[3] = { '-', (char)opt };
	int ret = put(w, text);

	return ret || !arg ? ret : put(w, arg);
}

static int put_variant(struct rewrite *w, int opt, const struct ktstr_variant *v)
{
	char id[KTSTR_ID_LEN];

	ktstr_id__format(id, sizeof(id), v->test->name, v->preset ? v->preset->name : NULL);
	return put_option(w, opt, ktstr_id__name(id));
}

/* Every variant that @pattern matches and the gauntlet has. Returns how many, or -ENOMEM. */
static int put_matches(struct rewrite *w, int opt, const char *pattern)
{
	struct ktstr_variant v;
	unsigned int i, k;
	char why[128];
	int nr = 0;

	for (i = 0; i < w->r->nr_tests; i++) {
		v.test = w->r->tests[i];
		for (k = 0; k <= ktstr_nr_presets; k++) {
			v.preset = k ? &ktstr_presets[k - 1] : NULL;
			if (!ktstr_select__matches(pattern, v.test->name,
						   v.preset ? v.preset->name : NULL,
						   v.test->ignore == KTSTR_ON) ||
			    !ktstr_variant__accept(&v, w->room, why, sizeof(why)))
				continue;
			if (put_variant(w, opt, &v))
				return -ENOMEM;
			nr++;
		}
	}
	return nr;
}

static int unknown(struct rewrite *w, const char *name)
{
	const char **names, *best = NULL, *test = name;
	unsigned int i;

	if (!strncmp(test, KTSTR_BASE "/", strlen(KTSTR_BASE "/")) ||
	    !strncmp(test, KTSTR_GAUNTLET "/", strlen(KTSTR_GAUNTLET "/")))
		test = ktstr_id__name(test);
	names = calloc(w->r->nr_tests + 1, sizeof(*names));
	for (i = 0; names && i < w->r->nr_tests; i++)
		names[i] = w->r->tests[i]->name;
	if (names && !strchr(test, '/'))
		best = ktstr_suggest(test, names, w->r->nr_tests);
	free(names);
	return ktstr_err(w->err, EINVAL, "there is no test %s in this program%s%s%s; -l lists them",
			 name, best ? " (did you mean " : "", best ?: "", best ? "?)" : "");
}

/* One NAME that was found, but that the gauntlet does not have. */
static int refused(struct rewrite *w, const struct ktstr_variant *v)
{
	char id[KTSTR_ID_LEN], why[128];

	ktstr_variant__accept(v, w->room, why, sizeof(why));
	ktstr_id__format(id, sizeof(id), v->test->name, v->preset->name);
	return ktstr_err(w->err, EINVAL, "there is no %s: the preset %s", id, why);
}

static int see_rewrite(int opt, const char *arg, void *data)
{
	struct rewrite *w = data;
	struct ktstr_variant v;
	const char *name;
	char why[128];
	int ret;

	if (opt == 't' || opt == 'T') {
		ret = put_matches(w, opt, arg);
		if (ret)
			return ret < 0 ? ktstr_err(w->err, ENOMEM, "no memory") : 0;
		if (opt == 't')
			return ktstr_variant__find(w->r, arg, &v) && v.preset ? refused(w, &v) :
			       unknown(w, arg);
	}
	name = named(opt, arg);
	if (name && !ktstr_variant__find(w->r, name, &v))
		return unknown(w, arg);
	if (name && !ktstr_variant__accept(&v, w->room, why, sizeof(why)))
		return refused(w, &v);
	return put_option(w, opt, arg) ? ktstr_err(w->err, ENOMEM, "no memory") : 0;
}

int ktstr_select__rewrite(int *argc, char ***argv, const struct ktstr_registry *r,
			  const struct ktstr_room *room, struct ktstr_err *err)
{
	struct rewrite w = { .r = r, .room = room, .err = err };
	int ret;

	/* the harness complains about options that it does not know */
	if (each_option(*argc, *argv, NULL, NULL))
		return 0;
	if (put(&w, (*argv)[0]))
		return ktstr_err(err, ENOMEM, "no memory");
	ret = each_option(*argc, *argv, see_rewrite, &w);
	if (ret)
		return ret;
	*argc = w.argc;
	*argv = w.argv;
	return 0;
}

/* ---- the gauntlet ---- */

struct wanted {
	const struct ktstr_registry *r;
	const struct ktstr_room *room;
	int (*add)(const struct ktstr_variant *v, void *data);
	void *data;
};

static int see_fixture(int opt, const char *arg, void *data)
{
	(void)data;
	return opt == 'l' || (opt == 'f' && !strcmp(arg, KTSTR_GAUNTLET));
}

static int see_variant(int opt, const char *arg, void *data)
{
	const char *name = named(opt, arg);
	struct wanted *w = data;
	struct ktstr_variant v;

	if (!name || !strchr(name, '/') || !ktstr_variant__find(w->r, name, &v))
		return 0;
	return w->add(&v, w->data);
}

static int add_all(const struct wanted *w, bool lists)
{
	struct ktstr_variant v;
	unsigned int i, k;
	char why[128];
	int ret = 0;

	for (i = 0; i < w->r->nr_tests; i++) {
		v.test = w->r->tests[i];
		if (v.test->ignore == KTSTR_ON && !lists)
			continue;
		for (k = 0; k < ktstr_nr_presets && !ret; k++) {
			v.preset = &ktstr_presets[k];
			if (ktstr_variant__accept(&v, w->room, why, sizeof(why)))
				ret = w->add(&v, w->data);
		}
	}
	return ret;
}

int ktstr_select__gauntlet(int argc, char **argv, const struct ktstr_registry *r,
			   const struct ktstr_room *room,
			   int (*add)(const struct ktstr_variant *v, void *data), void *data)
{
	struct wanted w = { r, room, add, data };

	if (each_option(argc, argv, see_fixture, NULL))
		return add_all(&w, ktstr_select__lists(argc, argv));
	return each_option(argc, argv, see_variant, &w);
}
