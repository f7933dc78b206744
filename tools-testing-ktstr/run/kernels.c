// SPDX-License-Identifier: GPL-2.0
/* See kernels.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness/kernel/kernel_spec.h"
#include "kernels.h"
#include "tools-testing-ktstr/util/kernel-script.h"

static void free_lines(struct strings *lines)
{
	size_t i;

	for (i = 0; i < lines->nr; i++)
		free((char *)lines->item[i]);
	strings__free(lines);
}

/* Run the script; its last line, a key, becomes @k. 0, or -errno with @err. */
static int build(struct ktstr_kernel *k, const char *spec, struct ktstr_err *err)
{
	struct strings args = { 0 }, lines = { 0 };
	int ret = strings__add(&args, "build") ?: strings__add(&args, spec);

	if (ret)
		ktstr_err(err, -ret, "%s: %s", spec, strerror(-ret));
	else
		ret = kernel_script__read(&args, &lines, err);
	if (!ret && !lines.nr)
		ret = ktstr_err(err, EIO, "%s: the build has left no key", spec);
	if (!ret)
		ret = ktstr_kernel__resolve(k, lines.item[lines.nr - 1], err);
	free_lines(&lines);
	strings__free(&args);
	return ret;
}

static int fetch(struct ktstr_kernel *k, const char *version, struct ktstr_err *err)
{
	struct strings args = { 0 }, lines = { 0 };
	int ret = strings__add(&args, "fetch") ?: strings__add(&args, version);

	if (ret)
		ktstr_err(err, -ret, "%s: %s", version, strerror(-ret));
	else
		ret = kernel_script__read(&args, &lines, err);
	if (ret)
		ktstr_err(err, -ret,
			  "kernel %s is neither in the cache nor a ready package; 'ktstr kernel build %s' builds it if there is a source package",
			  version, version);
	else
		ret = ktstr_kernel__resolve(k, version, err);
	free_lines(&lines);
	strings__free(&args);
	return ret;
}

static int resolve(struct ktstr_kernel *k, const char *spec, struct ktstr_err *err)
{
	enum ktstr_kernel_form form = ktstr_kernel_form__of(spec);
	int ret;

	if (form == KTSTR_KERNEL_GIT || (form == KTSTR_KERNEL_PATH && ktstr_kernel_tree__is_unbuilt(spec)))
		return build(k, spec, err);
	ret = ktstr_kernel__resolve(k, spec, err);
	if (ret == -ENOENT && form == KTSTR_KERNEL_VERSION)
		ret = fetch(k, spec, err);
	return ret;
}

static int add(struct run_kernels *ks, const char *spec, const char *command)
{
	struct run_kernel *more, *n;
	struct ktstr_err err;
	unsigned int i;

	more = realloc(ks->item, (ks->nr + 1) * sizeof(*more));
	if (!more)
		return complain(1, NULL, "%s: %s", command, strerror(ENOMEM));
	ks->item = more;
	n = &more[ks->nr];
	memset(n, 0, sizeof(*n));
	if (resolve(&n->kernel, spec, &err))
		return complain(1, NULL, "%s", err.msg);
	ktstr_kernel__label(spec, n->label, sizeof(n->label));
	ktstr_kernel__describe(&n->kernel, n->text, sizeof(n->text));
	for (i = 0; i < ks->nr; i++) {
		if (!strcmp(n->kernel.path, more[i].kernel.path)) {
			ktstr_kernel__put(&n->kernel);
			return 0;
		}
		if (!strcmp(n->label, more[i].label)) {
			complain(1, NULL,
				 "%s: --kernel: %s and %s would both be called %s; name one of them by its key",
				 command, more[i].kernel.path, n->kernel.path, n->label);
			ktstr_kernel__put(&n->kernel);
			return WRONG_USAGE;
		}
	}
	ks->nr++;
	return 0;
}

/* The series of a range, each once and in order. */
struct series {
	const struct ktstr_kernel_range *range;
	struct kernel_series *item;
	size_t nr;
	bool failed;
};

static void see_version(const char *version, void *arg)
{
	struct kernel_series found, *more;
	struct series *s = arg;
	size_t i;

	if (!ktstr_kernel_range__has(s->range, version) ||
	    !ktstr_kernel__series(version, found.name, sizeof(found.name)))
		return;
	for (i = 0; i < s->nr; i++)
		if (!strcmp(s->item[i].name, found.name))
			return;
	more = realloc(s->item, (s->nr + 1) * sizeof(*more));
	if (!more) {
		s->failed = true;
		return;
	}
	s->item = more;
	s->item[s->nr++] = found;
}

static int by_version(const void *a, const void *b)
{
	return strverscmp(a, b);
}

/* What the mirror has. That it cannot be asked makes the range smaller, and is said. */
static void see_offer(struct series *s, const char *command)
{
	struct strings args = { 0 }, lines = { 0 };
	struct ktstr_err err;
	size_t i;

	if (strings__add(&args, "list") || kernel_script__read(&args, &lines, &err))
		complain(0, NULL, "%s: what could be fetched is not known: the range has what is in the cache",
			 command);
	for (i = 0; i < lines.nr; i++)
		see_version(lines.item[i], s);
	free_lines(&lines);
	strings__free(&args);
}

int run_kernels__series(const char *spec, const char *what, struct kernel_series **series,
			size_t *nr)
{
	struct ktstr_kernel_range range;
	struct series s = { .range = &range };
	struct ktstr_err err;
	int ret = 0;

	if (ktstr_kernel_range__parse(&range, spec, &err))
		return complain(WRONG_USAGE, NULL, "%s: %s", what, err.msg);
	if (ktstr_kernel_range__cached(&range, see_version, &s, &err)) {
		ret = complain(1, NULL, "%s", err.msg);
	} else {
		see_offer(&s, what);
		if (s.failed)
			ret = complain(1, NULL, "%s: %s", what, strerror(ENOMEM));
		else if (!s.nr)
			ret = complain(1, NULL, "%s %s: there is no kernel in this range", what, spec);
	}
	if (ret) {
		free(s.item);
		return ret;
	}
	qsort(s.item, s.nr, sizeof(*s.item), by_version);
	*series = s.item;
	*nr = s.nr;
	return 0;
}

static int add_range(struct run_kernels *ks, const char *spec, const char *command)
{
	struct kernel_series *series;
	char what[64];
	size_t nr, i;
	int ret;

	snprintf(what, sizeof(what), "%s: --kernel", command);
	ret = run_kernels__series(spec, what, &series, &nr);
	if (ret)
		return ret;
	for (i = 0; !ret && i < nr; i++)
		ret = add(ks, series[i].name, command);
	free(series);
	return ret;
}

int run_kernels__find(struct run_kernels *ks, const struct strings *specs, const char *command)
{
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < specs->nr; i++) {
		if (ktstr_kernel_form__of(specs->item[i]) == KTSTR_KERNEL_RANGE)
			ret = add_range(ks, specs->item[i], command);
		else
			ret = add(ks, specs->item[i], command);
	}
	return ret;
}

int run_kernels__discover(struct run_kernels *ks, char *why, size_t size)
{
	struct ktstr_kernel k;
	struct ktstr_err err;
	int ret = ktstr_kernel__find(&k, &err);

	if (ret && !err.missing)
		return complain(1, NULL, "%s", err.msg);
	if (ret) {
		snprintf(why, size, "none: %s", err.msg);
		return 0;
	}
	ks->item = calloc(1, sizeof(*ks->item));
	if (!ks->item) {
		ktstr_kernel__put(&k);
		return complain(1, NULL, "%s", strerror(ENOMEM));
	}
	ks->nr = 1;
	ks->item[0].kernel = k;
	snprintf(ks->item[0].label, sizeof(ks->item[0].label), "kernel_default");
	ktstr_kernel__describe(&k, ks->item[0].text, sizeof(ks->item[0].text));
	return 0;
}

void run_kernels__put(struct run_kernels *ks)
{
	unsigned int i;

	for (i = 0; i < ks->nr; i++)
		ktstr_kernel__put(&ks->item[i].kernel);
	free(ks->item);
	memset(ks, 0, sizeof(*ks));
}

void run_kernel__export(const struct run_kernel *k)
{
	setenv("KTSTR_TEST_KERNEL", k->kernel.path, 1);
	setenv(KTSTR_ENV_KERNEL_SOURCE, k->kernel.source, 1);
}
