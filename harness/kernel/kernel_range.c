// SPDX-License-Identifier: GPL-2.0
/* Ranges of versions, series, and what a kernel is called where several run. */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel_priv.h"
#include "kernel_range.h"
#include "lib/paths.h"

/* MAJOR[.MINOR[.PATCH]] at the beginning of @text; what is missing becomes @missing. */
static bool numbers(const char *text, unsigned int missing, unsigned int v[3])
{
	unsigned int i;
	char *end;

	for (i = 0; i < 3; i++)
		v[i] = missing;
	for (i = 0; i < 3; i++) {
		if (!isdigit((unsigned char)*text))
			return i > 0;
		v[i] = (unsigned int)strtoul(text, &end, 10);
		if (*end != '.')
			return true;
		text = end + 1;
	}
	return true;
}

static int compare(const unsigned int a[3], const unsigned int b[3])
{
	unsigned int i;

	for (i = 0; i < 2 && a[i] == b[i]; i++)
		;
	return (a[i] > b[i]) - (a[i] < b[i]);
}

int ktstr_kernel_range__parse(struct ktstr_kernel_range *r, const char *spec,
			      struct ktstr_err *err)
{
	const char *dots = strstr(spec, "..");

	if (!dots || ktstr_kernel_form__of(spec) != KTSTR_KERNEL_RANGE ||
	    !numbers(spec, 0, r->first) || !numbers(dots + 2, UINT_MAX, r->last))
		return ktstr_err(err, EINVAL, "%s is no range of versions such as 6.12..7.3", spec);
	if (compare(r->first, r->last) > 0)
		return ktstr_err(err, EINVAL, "%s ends before it begins: say %s..%.*s", spec, dots + 2,
				 (int)(dots - spec), spec);
	return 0;
}

bool ktstr_kernel_range__has(const struct ktstr_kernel_range *r, const char *version)
{
	unsigned int v[3];

	return version && !strstr(version, "-rc") && numbers(version, 0, v) &&
	       compare(r->first, v) <= 0 && compare(v, r->last) <= 0;
}

bool ktstr_kernel__series(const char *version, char *buf, size_t size)
{
	unsigned int v[3];

	if (!version || !numbers(version, UINT_MAX, v) || v[1] == UINT_MAX)
		return false;
	snprintf(buf, size, "%u.%u", v[0], v[1]);
	return true;
}

int ktstr_kernel_range__cached(const struct ktstr_kernel_range *r, void (*see)(const char *version,
									       void *arg),
			       void *arg, struct ktstr_err *err)
{
	struct ktstr_kernel_entry *list;
	int nr = ktstr_kernel__list(&list, err), i;

	for (i = 0; i < nr; i++)
		if (ktstr_kernel_cache__is_release(&list[i]) &&
		    ktstr_kernel_range__has(r, list[i].version))
			see(list[i].version, arg);
	if (nr >= 0)
		ktstr_kernel__list_free(list, nr);
	return nr < 0 ? nr : 0;
}

/* 24 bits of FNV-1a, which tell two paths with one base name apart. */
static unsigned int path_hash(const char *path)
{
	uint32_t h = 2166136261u;

	for (; *path; path++)
		h = (h ^ (unsigned char)*path) * 16777619u;
	return h & 0xffffff;
}

/* "owner_repo_ref" of "git+https://host/owner/repo.git#ref" */
static void git_label(const char *spec, char *buf, size_t size)
{
	const char *hash = strrchr(spec, '#') ?: spec + strlen(spec), *end = hash, *p;
	int slashes = 0;

	while (end > spec && end[-1] == '/')
		end--;
	if (end - spec > 4 && !strncmp(end - 4, ".git", 4))
		end -= 4;
	for (p = end; p > spec; p--)
		if (p[-1] == '/' && ++slashes == 2)
			break;
	snprintf(buf, size, "git_%.*s%s%s", (int)(end - p), p, *hash ? "_" : "",
		 *hash ? hash + 1 : "");
}

/* What stands before the source in a key: the version of a release, the commit of a local build. */
static void key_label(const char *key, char *buf, size_t size)
{
	static const char * const sources[] = { "-distro-", "-tarball-", "-git-", NULL };
	const char *cut = NULL;
	unsigned int i;

	for (i = 0; sources[i] && !cut; i++)
		cut = strstr(key, sources[i]);
	if (!strncmp(key, "local-", 6))
		cut = strstr(key, "-" KTSTR_KERNEL_ARCH);
	snprintf(buf, size, "%.*s", cut ? (int)(cut - key) : (int)strlen(key), key);
	cut = strstr(key, "-xkc");		/* the same kernel with other options */
	if (cut)
		snprintf(buf + strlen(buf), size - strlen(buf), "%s", cut);
}

void ktstr_kernel__label(const char *spec, char *buf, size_t size)
{
	char raw[PATH_MAX], *out = buf, *end = buf + size - 1;
	const char *p;

	switch (ktstr_kernel_form__of(spec)) {
	case KTSTR_KERNEL_PATH:
		snprintf(raw, sizeof(raw), "path_%s_%06x", ktstr_paths__base(spec),
			 path_hash(spec));
		break;
	case KTSTR_KERNEL_GIT:
		git_label(spec, raw, sizeof(raw));
		break;
	case KTSTR_KERNEL_KEY:
		key_label(spec, raw, sizeof(raw));
		break;
	default:
		snprintf(raw, sizeof(raw), "%s", spec);
	}
	out += snprintf(buf, size, "kernel_");
	for (p = raw; *p && out < end; p++) {
		if (isalnum((unsigned char)*p))
			*out++ = tolower((unsigned char)*p);
		else if (out[-1] != '_')
			*out++ = '_';
	}
	while (out[-1] == '_')
		out--;
	*out = '\0';
}
