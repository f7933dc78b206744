// SPDX-License-Identifier: GPL-2.0
/*
 * The cache file of glibc's ldconfig: a 48-byte header ("glibc-ld.so.cache" "1.1", u32 nlibs
 * at 20, u8 flags at 28), nlibs entries of 24 bytes (i32 flags, u32 soname, u32 path, u32 OS
 * version, u64 hwcap) and NUL-terminated strings, found by offsets from the header. Older
 * ldconfigs put a file of the old format in front. Layout: glibc's dl-cache.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vmm/initramfs/tree/io.h"
#include "ldcache.h"

#define MAGIC		"glibc-ld.so.cache1.1"
#define HEADER_LEN	48
#define ENTRY_LEN	24
#define MAX_CACHE	(64u << 20)
#define MAX_CONF	(1u << 20)
#define MAX_DIRS	4096
#define MAX_CONFS	1000	/* files read; bounds circular includes, too */
#define MAX_INCLUDE	8

static uint32_t get_u32(const struct ldcache *c, size_t off)
{
	uint32_t v;

	memcpy(&v, c->data + c->base + off, sizeof(v));
	return v;
}

static uint64_t get_u64(const struct ldcache *c, size_t off)
{
	uint64_t v;

	memcpy(&v, c->data + c->base + off, sizeof(v));
	return v;
}

int ldcache_parse(struct ldcache *c, char *data, size_t len)
{
	const char *p = memmem(data, len, MAGIC, strlen(MAGIC));
	struct ldcache n = { .data = data, .len = len };

	if (!p || data + len - p < HEADER_LEN)
		return -EINVAL;
	n.base = p - data;
	n.nr = get_u32(&n, 20);
	if (n.nr > (len - n.base - HEADER_LEN) / ENTRY_LEN)
		return -EINVAL;
	data[len] = '\0';	/* so that every string inside the file ends */
	*c = n;
	return 0;
}

static const char *get_str(const struct ldcache *c, uint32_t off)
{
	return off < c->len - c->base ? c->data + c->base + off : "";
}

const char *ldcache_next(const struct ldcache *c, const char *soname, uint32_t *pos)
{
	while (*pos < c->nr) {
		size_t e = HEADER_LEN + (size_t)(*pos)++ * ENTRY_LEN;
		const char *path;

		if (get_u64(c, e + 16) || strcmp(get_str(c, get_u32(c, e + 4)), soname))
			continue;
		path = get_str(c, get_u32(c, e + 8));
		if (path[0] == '/')
			return path;
	}
	return NULL;
}

/* A whole small file with one spare byte behind it; NULL when it cannot be read. */
static char *slurp(const char *path, size_t max, size_t *len)
{
	struct stat st;
	char *buf;
	ssize_t n;
	int fd;

	fd = io_open_regular(path, &st, NULL);
	if (fd < 0)
		return NULL;
	buf = (uint64_t)st.st_size <= max ? malloc(st.st_size + 1) : NULL;
	n = buf ? io_pread(fd, buf, st.st_size, 0) : -1;
	close(fd);
	if (n < 0) {
		free(buf);
		return NULL;
	}
	buf[n] = '\0';
	*len = n;
	return buf;
}

static int add_dir(struct ldcache *c, const char *dir)
{
	char **dirs;

	if (dir[0] != '/' || c->nr_dirs >= MAX_DIRS)
		return 0;
	dirs = reallocarray(c->dirs, c->nr_dirs + 1, sizeof(*dirs));
	if (!dirs)
		return -ENOMEM;
	c->dirs = dirs;
	dirs[c->nr_dirs] = strdup(dir);
	return dirs[c->nr_dirs++] ? 0 : -ENOMEM;
}

struct conf_walk {
	struct ldcache *c;
	int depth, nr_files;
};

static int read_conf(struct conf_walk *w, const char *path);

static int include(struct conf_walk *w, const char *from, const char *pattern)
{
	const char *slash = strrchr(from, '/');
	char full[PATH_MAX];
	glob_t g;
	int n, ret;

	if (w->depth >= MAX_INCLUDE)
		return 0;
	n = snprintf(full, sizeof(full), "%.*s%s",
		     pattern[0] == '/' || !slash ? 0 : (int)(slash - from + 1), from, pattern);
	if (n < 0 || (size_t)n >= sizeof(full))
		return 0;
	ret = glob(full, 0, NULL, &g);
	if (ret)
		return ret == GLOB_NOSPACE ? -ENOMEM : 0;
	w->depth++;
	for (size_t i = 0; !ret && i < g.gl_pathc; i++)
		ret = read_conf(w, g.gl_pathv[i]);
	w->depth--;
	globfree(&g);
	return ret;
}

/* "include PATTERN..." or one directory a line; "#" starts a comment, "=TYPE" is obsolete. */
static int read_conf(struct conf_walk *w, const char *path)
{
	static const char blank[] = " \t\r\n";
	char *line, *word, *save, *save_word;
	char *text;
	size_t len;
	int ret = 0;

	text = w->nr_files++ < MAX_CONFS ? slurp(path, MAX_CONF, &len) : NULL;
	if (!text)
		return 0;
	for (line = strtok_r(text, "\n", &save); line && !ret;
	     line = strtok_r(NULL, "\n", &save)) {
		line[strcspn(line, "#")] = '\0';
		word = strtok_r(line, blank, &save_word);
		if (!word || !strcmp(word, "hwcap"))
			continue;
		if (strcmp(word, "include")) {
			word[strcspn(word, "=")] = '\0';
			ret = add_dir(w->c, word);
			continue;
		}
		while (!ret && (word = strtok_r(NULL, blank, &save_word)))
			ret = include(w, path, word);
	}
	free(text);
	return ret;
}

int ldcache_load(struct ldcache *c, const char *cache_path, const char *conf_path)
{
	struct conf_walk w = { .c = c };
	size_t len;
	char *data;

	*c = (struct ldcache) { 0 };
	data = slurp(cache_path, MAX_CACHE, &len);
	if (data && !ldcache_parse(c, data, len))
		return 0;
	free(data);
	return read_conf(&w, conf_path);
}

void ldcache_free(struct ldcache *c)
{
	for (size_t i = 0; i < c->nr_dirs; i++)
		free(c->dirs[i]);
	free(c->dirs);
	free(c->data);
	*c = (struct ldcache) { 0 };
}
