// SPDX-License-Identifier: GPL-2.0
/* A snapshot in memory, and the values of its figures: see snapshot.h. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/parse.h"
#include "snapshot.h"

#define MAX_BYTES	((size_t)2 << 30)	/* of text, and of the tree of a file */
#define MAX_CPUS	65536
#define WORD_MAX	32
#define NS_PER_MS	1000000

void ctprof_snapshot__init(struct ctprof_snapshot *s)
{
	*s = (struct ctprof_snapshot){ .boot_id = "" };
	ktstr_jtree__init(&s->tree, MAX_BYTES);
}

void ctprof_snapshot__free(struct ctprof_snapshot *s)
{
	for (size_t i = 0; i < s->nr_cgroups; i++)
		free(s->cgroup[i].figures.figure);
	free(s->pressure.figure);
	free(s->cgroup);
	free(s->thread);
	free(s->string);
	free(s->hash);
	ktstr_jtree__free(&s->tree);
	ctprof_snapshot__init(s);
}

static void fail(struct ctprof_snapshot *s)
{
	if (!s->error)
		s->error = s->tree.error ?: -ENOMEM;
}

/* Room for one more of @size bytes in *@array, or false. */
static bool make_room(struct ctprof_snapshot *s, void **array, size_t nr, size_t *room, size_t size)
{
	size_t want = *room ? 2 * *room : 64;
	void *grown;

	if (nr < *room)
		return true;
	grown = reallocarray(*array, want, size);
	if (!grown) {
		fail(s);
		return false;
	}
	*array = grown;
	*room = want;
	return true;
}

/* FNV-1a */
static uint32_t hash_of(const char *text)
{
	uint32_t h = 2166136261u;

	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * 16777619u;
	return h;
}

static void put_hash(struct ctprof_snapshot *s, uint32_t number)
{
	uint32_t at = hash_of(s->string[number]) & (s->hash_size - 1);

	while (s->hash[at])
		at = (at + 1) & (s->hash_size - 1);
	s->hash[at] = number + 1;
}

/* At most half full. */
static bool grow_hash(struct ctprof_snapshot *s)
{
	uint32_t size = s->hash_size ? 2 * s->hash_size : 256;
	const char **string = reallocarray(s->string, size / 2, sizeof(*string));
	uint32_t *hash = calloc(size, sizeof(*hash));

	if (string)
		s->string = string;
	if (!string || !hash) {
		free(hash);
		fail(s);
		return false;
	}
	free(s->hash);
	s->hash = hash;
	s->hash_size = size;
	for (uint32_t i = 0; i < s->nr_strings; i++)
		put_hash(s, i);
	return true;
}

static bool find_string(const struct ctprof_snapshot *s, const char *text, uint32_t *number)
{
	uint32_t at = s->hash_size ? hash_of(text) & (s->hash_size - 1) : 0;

	for (; s->hash_size && s->hash[at]; at = (at + 1) & (s->hash_size - 1))
		if (!strcmp(s->string[s->hash[at] - 1], text)) {
			*number = s->hash[at] - 1;
			return true;
		}
	return false;
}

uint32_t ctprof_snapshot__string(struct ctprof_snapshot *s, const char *text)
{
	const char *copy;
	uint32_t number;

	if (find_string(s, text, &number))
		return number;
	copy = ktstr_jtree__copy(&s->tree, text);
	if (!copy) {
		fail(s);
		return 0;
	}
	/* the copy may differ, and be one that is known */
	if (find_string(s, copy, &number))
		return number;
	if (2 * (s->nr_strings + 1) > s->hash_size && !grow_hash(s))
		return 0;
	s->string[s->nr_strings] = copy;
	put_hash(s, s->nr_strings);
	return s->nr_strings++;
}

struct ctprof_thread *ctprof_snapshot__add_thread(struct ctprof_snapshot *s)
{
	if (!make_room(s, (void **)&s->thread, s->nr_threads, &s->thread_room, sizeof(*s->thread)))
		return NULL;
	return memset(&s->thread[s->nr_threads++], 0, sizeof(*s->thread));
}

struct ctprof_cgroup *ctprof_snapshot__add_cgroup(struct ctprof_snapshot *s)
{
	if (!make_room(s, (void **)&s->cgroup, s->nr_cgroups, &s->cgroup_room, sizeof(*s->cgroup)))
		return NULL;
	return memset(&s->cgroup[s->nr_cgroups++], 0, sizeof(*s->cgroup));
}

void ctprof_snapshot__add_figure(struct ctprof_snapshot *s, struct ctprof_figures *f, const char *name,
				 int64_t value)
{
	if (!make_room(s, (void **)&f->figure, f->nr, &f->room, sizeof(*f->figure)))
		return;
	f->figure[f->nr++] = (struct ctprof_figure){ ctprof_snapshot__string(s, name), value };
}

static int by_thread(const void *a, const void *b)
{
	const struct ctprof_thread *x = a, *y = b;

	if (x->tgid != y->tgid)
		return x->tgid < y->tgid ? -1 : 1;
	return x->tid < y->tid ? -1 : x->tid > y->tid;
}

static int by_path(const void *a, const void *b, void *arg)
{
	const struct ctprof_cgroup *x = a, *y = b;
	const struct ctprof_snapshot *s = arg;

	return strcmp(s->string[x->path], s->string[y->path]);
}

void ctprof_snapshot__sort(struct ctprof_snapshot *s)
{
	if (s->nr_threads)
		qsort(s->thread, s->nr_threads, sizeof(*s->thread), by_thread);
	if (s->nr_cgroups)
		qsort_r(s->cgroup, s->nr_cgroups, sizeof(*s->cgroup), by_path, s);
}

/* A number and what may follow it; behind it, blanks at most. What is larger than INT64_MAX is that. */
static int parse_number(const char *text, const char *suffix, int64_t *value)
{
	bool minus = *text == '-';
	const char *p = text + minus;
	uint64_t v;

	if (!isdigit((unsigned char)*p))
		return -EINVAL;
	if (!ktstr_take_u64(&p, 10, &v)) {
		v = INT64_MAX;
		p += strspn(p, "0123456789");
	}
	p += strspn(p, " ");
	if (*suffix && !strncmp(p, suffix, strlen(suffix)))
		p += strlen(suffix);
	p += strspn(p, " ");
	if (*p)
		return -EINVAL;
	if (v > INT64_MAX)
		v = INT64_MAX;
	*value = minus ? -(int64_t)v : (int64_t)v;
	return 0;
}

/* SPLIT_NS() in kernel/sched/debug.c: "12.000345" ms, and "0.-000500" of a sum that is negative. */
static int parse_ms(const char *text, int64_t *value)
{
	uint64_t ms, frac = 0;
	unsigned int digits = 0;
	const char *p = text;

	if (!strchr(text, '.'))
		return parse_number(text, "", value);
	if (*p == '-')
		return -ERANGE;
	if (!ktstr_take_u64(&p, 10, &ms) || *p++ != '.')
		return -EINVAL;
	if (*p == '-')
		return -ERANGE;
	for (; isdigit((unsigned char)*p); p++)
		if (digits < 6) {
			frac = 10 * frac + (uint64_t)(*p - '0');
			digits++;
		}
	if (!digits || *p)
		return -EINVAL;
	for (; digits < 6; digits++)
		frac *= 10;
	if (ms > INT64_MAX / NS_PER_MS - 1)
		return -ERANGE;
	*value = (int64_t)(ms * NS_PER_MS + frac);
	return 0;
}

static int parse_word(struct ctprof_snapshot *s, const char *text, int64_t *value)
{
	char word[WORD_MAX];
	size_t len = strcspn(text, " \t");

	if (!len || len >= sizeof(word))
		return -EINVAL;
	memcpy(word, text, len);
	word[len] = '\0';
	*value = ctprof_snapshot__string(s, word);
	return 0;
}

static int parse_policy(struct ctprof_snapshot *s, const char *text, int64_t *value)
{
	int64_t number;
	char other[WORD_MAX];
	const char *name;
	int ret = parse_number(text, "", &number);

	if (ret || number < 0 || number > UINT32_MAX)
		return ret ?: -ERANGE;
	name = ctprof_policy__name((uint64_t)number);
	snprintf(other, sizeof(other), "SCHED_UNKNOWN(%u)", (unsigned int)number);
	*value = ctprof_snapshot__string(s, name ?: other);
	return 0;
}

unsigned int ctprof_cpu_list__count(const char *list)
{
	uint64_t first, last;
	int64_t before = -1;
	unsigned int nr = 0;

	while (ktstr_take_u64(&list, 10, &first)) {
		last = first;
		if (*list == '-' && (list++, !ktstr_take_u64(&list, 10, &last)))
			return 0;
		if (last < first || last >= MAX_CPUS || (int64_t)first <= before)
			return 0;
		before = (int64_t)last;
		nr += (unsigned int)(last - first) + 1;
		if (!*list)
			return nr;
		if (*list++ != ',')
			return 0;
	}
	return 0;
}

int ctprof_value__parse(struct ctprof_snapshot *s, const struct ctprof_metric *m, const char *text,
			int64_t *value)
{
	int ret = -EINVAL;

	switch (m->form) {
	case CTPROF_NUMBER:
		ret = parse_number(text, "", value);
		break;
	case CTPROF_KIB:
		ret = parse_number(text, "kB", value);
		if (!ret)
			*value = *value > INT64_MAX / 1024 ? INT64_MAX : *value * 1024;
		break;
	case CTPROF_MS:
		ret = parse_ms(text, value);
		break;
	case CTPROF_WORD:
		return parse_word(s, text, value);
	case CTPROF_POLICY:
		return parse_policy(s, text, value);
	case CTPROF_CPU_LIST:
		if (!ctprof_cpu_list__count(text))
			return -EINVAL;
		*value = ctprof_snapshot__string(s, text);
		return 0;
	}
	return !ret && *value < 0 && m->rule != CTPROF_RANGE ? -ERANGE : ret;
}
