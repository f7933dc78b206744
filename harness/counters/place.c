// SPDX-License-Identifier: GPL-2.0
/* Where files of counters belong on the host: see place.h. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "lib/control.h"
#include "lib/paths.h"
#include "place.h"

bool ktstr_counters__is_gcda_name(const char *name)
{
	size_t len = strlen(name);
	const char *p;

	if (*name != '/' || len < sizeof(".gcda") || strcmp(name + len - 5, ".gcda"))
		return false;
	for (p = name; *p; p++)
		if (ktstr_is_control(*p))
			return false;
	for (p = name; (p = strstr(p, "/..")); p += 3)
		if (p[3] == '/' || !p[3])
			return false;
	return true;
}

/* As libgcov does: folders are only stripped in front of the last '/'. */
int ktstr_counters__gcda_path(char *buf, size_t size, const char *name, const char *prefix,
			      const char *strip)
{
	long level = strip ? strtol(strip, NULL, 10) : 0;
	const char *tail = name, *p;
	size_t len;

	if (level > 0 && !(prefix && *prefix))
		prefix = ".";
	for (p = name + 1; *p && level > 0; p++)
		if (*p == '/') {
			tail = p;
			level--;
		}
	len = prefix ? strlen(prefix) : 0;
	while (len && prefix[len - 1] == '/')
		len--;
	return ktstr_paths__fmt(buf, size, "%.*s%s", (int)len, prefix ?: "", tail);
}

int ktstr_counters__llvm_dir(char *buf, size_t size)
{
	const char *dir = getenv("LLVM_COV_TARGET_DIR"), *file = getenv("LLVM_PROFILE_FILE"), *slash;
	char exe_dir[PATH_MAX];
	int ret;

	if (dir && *dir)
		return ktstr_paths__fmt(buf, size, "%s", dir);
	if (file && *file) {
		slash = strrchr(file, '/');
		return slash ? ktstr_paths__fmt(buf, size, "%.*s", (int)(slash - file), file) :
			       ktstr_paths__fmt(buf, size, ".");
	}
	ret = ktstr_paths__exe_dir(exe_dir, sizeof(exe_dir));
	return ret ?: ktstr_paths__fmt(buf, size, "%s/llvm-cov-target", exe_dir);
}
