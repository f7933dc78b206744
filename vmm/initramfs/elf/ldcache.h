/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where the host's dynamic loader looks by default: /etc/ld.so.cache, or, where there is
 * none, the directories of /etc/ld.so.conf. Both are read once and are untrusted.
 */
#ifndef KTSTR_VMM_INITRAMFS_ELF_LDCACHE_H
#define KTSTR_VMM_INITRAMFS_ELF_LDCACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ldcache {
	char *data;		/* the cache file, NUL-terminated; NULL when there is none */
	size_t len;		/* without that NUL */
	size_t base;		/* of the glibc-ld.so.cache1.1 part; offsets count from here */
	uint32_t nr;
	char **dirs;		/* from ld.so.conf, in order; only without a cache */
	size_t nr_dirs;
};

/*
 * Read @cache_path; when that is absent or not a cache, @conf_path and what it includes
 * (relative patterns count from its folder). Missing files are no error: 0 or -ENOMEM.
 */
int ldcache_load(struct ldcache *c, const char *cache_path, const char *conf_path);
void ldcache_free(struct ldcache *c);

/*
 * Parse a cache image of @len bytes at @data, which ldcache_free() releases and which has room for
 * one more byte. Returns 0, or -EINVAL when it is not a cache; then the caller still owns @data.
 */
int ldcache_parse(struct ldcache *c, char *data, size_t len);

/*
 * The next path under which the cache lists @soname, or NULL. *@pos starts at 0. Variants for
 * particular CPUs (hwcaps) are skipped: the guest's CPU is not the host's.
 */
const char *ldcache_next(const struct ldcache *c, const char *soname, uint32_t *pos);

#endif
