// SPDX-License-Identifier: GPL-2.0
/*
 * Can this kernel run a BPF scheduler at all? The cheapest source comes first: the recorded answer
 * beside a cached image, a config file that the package put beside the image, then the
 * decompressed image itself: its embedded .config (CONFIG_IKCONFIG), else strings of sched_ext and
 * the .BTF section.
 */
#include <errno.h>
#include <limits.h>
#include <linux/kernel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <zlib.h>

#include "kernel_priv.h"
#include "lib/paths.h"

#define CONFIG_MAX	(4u << 20)
#define ANSWER		".scx-check"	/* in a cache entry: first missing option or "ok" */
#define EMBEDDED_MAX	(1u << 20)	/* compressed */

static const char * const required[] = {
	"CONFIG_SCHED_CLASS_EXT", "CONFIG_DEBUG_INFO_BTF", "CONFIG_BPF_SYSCALL",
	"CONFIG_BPF_JIT",
};

#define NR_REQUIRED	ARRAY_SIZE(required)

/* First required option that @config does not set to y, or NULL. */
static const char *missing_option(const char *config)
{
	char line[64];
	size_t i, len;
	const char *p;

	for (i = 0; i < NR_REQUIRED; i++) {
		len = snprintf(line, sizeof(line), "%s=y", required[i]);
		for (p = config; (p = strstr(p, line)); p += len)
			if ((p == config || p[-1] == '\n') && (!p[len] || p[len] == '\n' ||
							       p[len] == '\r'))
				break;
		if (!p)
			return required[i];
	}
	return NULL;
}

/* Texts in any kernel since 6.12 that has the feature (kernel/sched/ext.c; scripts/link-vmlinux.sh). */
static const struct trace {
	const char *text;
	size_t len;
	const char *option;
} traces[] = {
	{ "sched_ext: BPF scheduler", 24, "CONFIG_SCHED_CLASS_EXT" },
	{ ".BTF\0", 5, "CONFIG_DEBUG_INFO_BTF" },
	{ "IKCFG_ST\x1f\x8b", 10, NULL },
};

#define NR_TRACES	ARRAY_SIZE(traces)
#define IKCONFIG	2
#define CARRY		32	/* end of the last piece; longer than any of the texts */

struct search {
	bool found[NR_TRACES];
	char carry[CARRY];
	size_t carry_len;
	unsigned char *embedded;	/* behind IKCFG_ST */
	size_t embedded_len;
};

static void collect(struct search *s, const unsigned char *p, size_t len)
{
	if (!s->embedded)
		s->embedded = malloc(EMBEDDED_MAX);
	if (!s->embedded)
		return;
	if (len > EMBEDDED_MAX - s->embedded_len)
		len = EMBEDDED_MAX - s->embedded_len;
	memcpy(s->embedded + s->embedded_len, p, len);
	s->embedded_len += len;
}

static void look(struct search *s, const char *p, size_t len)
{
	const char *hit;
	size_t i;

	for (i = 0; i < NR_TRACES; i++) {
		if (s->found[i])
			continue;
		hit = memmem(p, len, traces[i].text, traces[i].len);
		if (!hit)
			continue;
		s->found[i] = true;
		if (i == IKCONFIG)
			collect(s, (const unsigned char *)hit + 8, p + len - hit - 8);
	}
}

/* A sink: searches each piece, and across the boundary to the previous piece. */
static int search(void *arg, const void *data, size_t len)
{
	struct search *s = arg;
	size_t n = len < CARRY ? len : CARRY;
	bool collecting = s->found[IKCONFIG];
	char seam[2 * CARRY];

	if (collecting) {
		collect(s, data, len);
		return s->embedded_len == EMBEDDED_MAX;
	}
	memcpy(seam, s->carry, s->carry_len);
	memcpy(seam + s->carry_len, data, n);
	look(s, seam, s->carry_len + n);
	if (s->found[IKCONFIG])		/* it began before: the rest of this piece follows */
		collect(s, (const unsigned char *)data + n, len - n);
	else
		look(s, data, len);
	memcpy(s->carry, (const char *)data + len - n, n);
	s->carry_len = n;
	return 0;
}

/* The embedded .config, NUL-terminated, or NULL. */
static char *inflate_config(const struct search *s)
{
	z_stream z = { .next_in = s->embedded, .avail_in = s->embedded_len };
	char *text = malloc(CONFIG_MAX + 1);
	int r;

	if (!text || inflateInit2(&z, 16 + MAX_WBITS) != Z_OK) {
		free(text);
		return NULL;
	}
	z.next_out = (Bytef *)text;
	z.avail_out = CONFIG_MAX;
	r = inflate(&z, Z_FINISH);
	text[CONFIG_MAX - z.avail_out] = '\0';
	inflateEnd(&z);
	if (r == Z_STREAM_END)
		return text;
	free(text);
	return NULL;
}

/* 0 and *@missing (NULL: nothing), or -errno with @err. */
static int check_image(const char *path, const char **missing, struct ktstr_err *err)
{
	struct search s = { .carry_len = 0 };
	char *config = NULL;
	size_t i;
	int ret;

	*missing = NULL;
	ret = ktstr_kernel__unpack(path, search, &s, err);
	if (!ret && s.embedded)
		config = inflate_config(&s);
	if (!ret && config)
		*missing = missing_option(config);
	for (i = 0; !ret && !config && i < NR_TRACES; i++)
		if (!s.found[i] && traces[i].option) {
			*missing = traces[i].option;
			break;
		}
	free(config);
	free(s.embedded);
	return ret;
}

/* A config beside the image: "config-RELEASE", or "config" in a folder of one kernel. */
char *ktstr_kernel__config(const struct ktstr_kernel *k)
{
	char path[PATH_MAX], dir[PATH_MAX], *slash, *text = NULL;

	if (ktstr_paths__fmt(dir, sizeof(dir), "%s", k->path))
		return NULL;
	slash = strrchr(dir, '/');
	if (!slash)
		return NULL;
	*slash = '\0';
	if (k->release && !ktstr_paths__fmt(path, sizeof(path), "%s/config-%s", dir, k->release))
		text = ktstr_paths__read(path, CONFIG_MAX, NULL);
	if (!text && !ktstr_paths__fmt(path, sizeof(path), "%s/config", dir))
		text = ktstr_paths__read(path, CONFIG_MAX, NULL);
	if (text && !strstr(text, "CONFIG_")) {
		free(text);
		text = NULL;
	}
	return text;
}

/* The result of an earlier check of this image (same size and time). */
static void answer_key(const struct ktstr_kernel *k, char *buf, size_t size)
{
	struct stat st = { .st_size = 0 };

	if (stat(k->path, &st))
		st.st_size = 0;
	snprintf(buf, size, "1 %lld %lld.%09ld", (long long)st.st_size,
		 (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
}

static bool recall(const struct ktstr_kernel *k, const char *dir, const char **missing)
{
	char path[PATH_MAX], key[96], *text, *opt;
	bool known = false;
	size_t i;

	answer_key(k, key, sizeof(key));
	if (ktstr_paths__fmt(path, sizeof(path), "%s/" ANSWER, dir))
		return false;
	text = ktstr_paths__read(path, 1024, NULL);
	if (!text)
		return false;
	if (!strncmp(text, key, strlen(key)) && text[strlen(key)] == '\n') {
		opt = text + strlen(key) + 1;
		opt[strcspn(opt, "\n")] = '\0';
		*missing = NULL;
		known = !strcmp(opt, "ok");
		for (i = 0; i < NR_REQUIRED && !known; i++)
			if (!strcmp(opt, required[i])) {
				*missing = required[i];
				known = true;
			}
	}
	free(text);
	return known;
}

static void remember(const struct ktstr_kernel *k, const char *dir, const char *missing)
{
	char path[PATH_MAX], text[256], key[96];

	answer_key(k, key, sizeof(key));
	if (ktstr_paths__fmt(path, sizeof(path), "%s/" ANSWER, dir))
		return;
	snprintf(text, sizeof(text), "%s\n%s\n", key, missing ? missing : "ok");
	/* with a read-only cache the next run checks again */
	ktstr_paths__write(path, text, strlen(text));
}

int ktstr_kernel__check_scx(const struct ktstr_kernel *k, struct ktstr_err *err)
{
	char dir[PATH_MAX], *config;
	const char *missing = NULL;
	bool cached = ktstr_kernel_cache__owns(k->path, dir, sizeof(dir));
	int ret;

	config = ktstr_kernel__config(k);
	if (config) {
		missing = missing_option(config);
		free(config);
	} else if (!cached || !recall(k, dir, &missing)) {
		ret = check_image(k->path, &missing, err);
		if (ret)
			return ret;
		if (cached)
			remember(k, dir, missing);
	}
	if (!missing)
		return 0;
	return ktstr_err_missing(err, ENOTSUP,
				 "kernel %s (%s, from %s) lacks %s=y, which a sched_ext scheduler needs; %s",
				 k->path, k->release ? k->release : "release unknown", k->source,
				 missing, KTSTR_KERNEL_HINT);
}
