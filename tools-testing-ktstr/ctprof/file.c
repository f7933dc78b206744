// SPDX-License-Identifier: GPL-2.0
/* See file.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "file.h"
#include "lib/json.h"
#include "lib/paths.h"

#define LEVEL		3
#define ZSTD_MAGIC	"\x28\xb5\x2f\xfd"
#define TICKS_MAX	1000000

/* A node of a tree through the writer of text. */
static void put_node(struct ktstr_json *j, const char *key, const struct ktstr_jnode *n)
{
	switch (n ? n->type : KTSTR_J_NULL) {
	case KTSTR_J_NULL:
		ktstr_json__null(j, key);
		break;
	case KTSTR_J_BOOL:
		ktstr_json__bool(j, key, n->b);
		break;
	case KTSTR_J_UINT:
		ktstr_json__u64(j, key, n->u);
		break;
	case KTSTR_J_INT:
		ktstr_json__i64(j, key, n->i);
		break;
	case KTSTR_J_REAL:
		ktstr_json__f64(j, key, n->d);
		break;
	case KTSTR_J_STR:
		ktstr_json__str(j, key, n->s);
		break;
	case KTSTR_J_ARRAY:
	case KTSTR_J_OBJECT:
		if (n->type == KTSTR_J_ARRAY)
			ktstr_json__array(j, key);
		else
			ktstr_json__object(j, key);
		for (n = n->first; n; n = n->next)
			put_node(j, n->key, n);
		ktstr_json__end(j);
		break;
	}
}

static void put_figures(struct ktstr_json *j, const char *key, const struct ctprof_snapshot *s,
			const struct ctprof_figures *f)
{
	ktstr_json__object(j, key);
	for (size_t i = 0; i < f->nr; i++)
		ktstr_json__i64(j, s->string[f->figure[i].name], f->figure[i].value);
	ktstr_json__end(j);
}

static void put_thread(struct ktstr_json *j, const struct ctprof_snapshot *s,
		       const struct ctprof_thread *t)
{
	ktstr_json__object(j, NULL);
	ktstr_json__i64(j, "tid", t->tid);
	ktstr_json__i64(j, "tgid", t->tgid);
	ktstr_json__str(j, "pcomm", s->string[t->pcomm]);
	ktstr_json__str(j, "comm", s->string[t->comm]);
	ktstr_json__str(j, "cgroup", s->string[t->cgroup]);
	ktstr_json__u64(j, "start_ticks", t->start_ticks);
	for (int id = 0; id < CTPROF_NR_METRICS; id++) {
		const struct ctprof_metric *m = &ctprof_metrics[id];

		if (!t->has[id])
			continue;
		if (ctprof_form__is_text(m->form))
			ktstr_json__str(j, m->name, s->string[t->value[id]]);
		else
			ktstr_json__i64(j, m->name, t->value[id]);
	}
	ktstr_json__end(j);
}

static void put_summary(struct ktstr_json *j, const struct ctprof_snapshot *s)
{
	ktstr_json__object(j, "summary");
	ktstr_json__u64(j, "processes", s->processes);
	ktstr_json__u64(j, "threads", s->nr_threads);
	ktstr_json__u64(j, "gone", s->gone);
	ktstr_json__u64(j, "unknown_values", s->unknown);
	ktstr_json__object(j, "unreadable");
	for (int i = 0; i < CTPROF_NR_SOURCES; i++)
		if (s->unreadable[i])
			ktstr_json__u64(j, ctprof_source__name(i), s->unreadable[i]);
	ktstr_json__end(j);
	ktstr_json__str(j, "no_taskstats", s->taskstats);
	ktstr_json__end(j);
}

static char *to_text(const struct ctprof_snapshot *s)
{
	struct ktstr_json j;

	ktstr_json__init(&j);
	ktstr_json__object(&j, NULL);
	ktstr_json__str(&j, "schema", CTPROF_SCHEMA);
	ktstr_json__u64(&j, "version", CTPROF_VERSION);
	ktstr_json__u64(&j, "captured_at_unix_ns", s->unix_ns);
	ktstr_json__u64(&j, "captured_at_boot_ns", s->boot_ns);
	ktstr_json__str(&j, "boot_id", s->boot_id);
	ktstr_json__u64(&j, "ticks_per_s", s->ticks_per_s);
	put_summary(&j, s);
	put_node(&j, "host", s->host);
	put_node(&j, "sched_ext", s->sched_ext);
	put_figures(&j, "pressure", s, &s->pressure);
	ktstr_json__array(&j, "cgroups");
	for (size_t i = 0; i < s->nr_cgroups; i++) {
		ktstr_json__object(&j, NULL);
		ktstr_json__str(&j, "path", s->string[s->cgroup[i].path]);
		put_figures(&j, "figures", s, &s->cgroup[i].figures);
		ktstr_json__end(&j);
	}
	ktstr_json__end(&j);
	ktstr_json__array(&j, "threads");
	for (size_t i = 0; i < s->nr_threads; i++)
		put_thread(&j, s, &s->thread[i]);
	ktstr_json__end(&j);
	ktstr_json__end(&j);
	return ktstr_json__finish(&j);
}

static bool wants_packing(const char *path)
{
	size_t len = strlen(path), end = strlen(CTPROF_EXTENSION);

	return len > end && !strcmp(path + len - end, CTPROF_EXTENSION);
}

/* With a checksum, so that a file that is damaged does not look like another snapshot. */
static int write_packed(const char *path, const char *text, size_t len, struct ktstr_err *err)
{
	size_t room = ZSTD_compressBound(len), n;
	ZSTD_CCtx *z = ZSTD_createCCtx();
	char *packed = malloc(room);
	int ret = -ENOMEM;

	if (!z || !packed) {
		ktstr_err(err, ENOMEM, "no memory to pack %zu bytes", len);
		goto out;
	}
	ZSTD_CCtx_setParameter(z, ZSTD_c_compressionLevel, LEVEL);
	ZSTD_CCtx_setParameter(z, ZSTD_c_checksumFlag, 1);
	n = ZSTD_compress2(z, packed, room, text, len);
	ret = ZSTD_isError(n) ? -ENOMEM : ktstr_paths__write(path, packed, n);
	if (ret)
		ktstr_err(err, -ret, "%s", ZSTD_isError(n) ? ZSTD_getErrorName(n) : strerror(-ret));
out:
	ZSTD_freeCCtx(z);
	free(packed);
	return ret;
}

int ctprof_file__write(const struct ctprof_snapshot *s, const char *path, struct ktstr_err *err)
{
	char *text = to_text(s);
	size_t len = text ? strlen(text) : 0;
	int ret = 0;

	if (!text)
		return ktstr_err(err, ENOMEM, "no memory for the text of %zu threads", s->nr_threads);
	if (len > CTPROF_FILE_MAX) {
		ret = ktstr_err(err, EFBIG, "%zu threads are more than %zu MiB of JSON", s->nr_threads,
				CTPROF_FILE_MAX >> 20);
	} else if (!strcmp(path, "-")) {
		if (fwrite(text, 1, len, stdout) != len || fflush(stdout))
			ret = ktstr_err(err, errno, "%s", strerror(errno));
	} else if (wants_packing(path)) {
		ret = write_packed(path, text, len, err);
	} else {
		ret = ktstr_paths__write(path, text, len);
		if (ret)
			ktstr_err(err, -ret, "%s", strerror(-ret));
	}
	free(text);
	return ret;
}

/* Figures of an object; anything else than an integer is an error. */
static int take_figures(struct ctprof_snapshot *s, struct ctprof_figures *f,
			const struct ktstr_jnode *n, const char *of, struct ktstr_err *err)
{
	for (n = ktstr_jnode__first(n); n; n = n->next) {
		if (!n->key || (n->type != KTSTR_J_INT && (n->type != KTSTR_J_UINT || n->u > INT64_MAX)))
			return ktstr_err(err, EBADMSG, "figure '%.64s' of %.128s is no integer",
					 n->key ?: "?", of);
		ctprof_snapshot__add_figure(s, f, n->key, n->i);
	}
	return 0;
}

static int take_cgroups(struct ctprof_snapshot *s, const struct ktstr_jnode *n, struct ktstr_err *err)
{
	struct ctprof_cgroup *g;
	const char *path;
	int ret = 0;

	for (n = ktstr_jnode__first(n); n && !ret && !s->error; n = n->next) {
		path = ktstr_jnode__str(n, "path", NULL);
		if (!path)
			return ktstr_err(err, EBADMSG, "a cgroup has no path");
		g = ctprof_snapshot__add_cgroup(s);
		if (!g)
			break;
		g->path = ctprof_snapshot__string(s, path);
		ret = take_figures(s, &g->figures, ktstr_jnode__get(n, "figures"), path, err);
	}
	return ret;
}

/* Keys follow one another as the rows do, mostly: the search begins behind the last hit. */
static int find_metric(const char *key, int *last)
{
	for (int i = 1; i <= CTPROF_NR_METRICS; i++) {
		int id = (*last + i) % CTPROF_NR_METRICS;

		if (!strcmp(ctprof_metrics[id].name, key)) {
			*last = id;
			return id;
		}
	}
	return -1;
}

static bool take_value(struct ctprof_snapshot *s, const struct ctprof_metric *m,
		       const struct ktstr_jnode *n, int64_t *value)
{
	if (ctprof_form__is_text(m->form)) {
		if (n->type != KTSTR_J_STR ||
		    (m->form == CTPROF_CPU_LIST && !ctprof_cpu_list__count(n->s)))
			return false;
		*value = ctprof_snapshot__string(s, n->s);
		return true;
	}
	if (n->type != KTSTR_J_UINT && n->type != KTSTR_J_INT)
		return false;
	if (n->type == KTSTR_J_UINT && n->u > INT64_MAX)
		return false;
	*value = n->i;
	return n->i >= 0 || m->rule == CTPROF_RANGE;
}

static int take_thread(struct ctprof_snapshot *s, const struct ktstr_jnode *n, struct ktstr_err *err)
{
	uint64_t tid = ktstr_jnode__u64(n, "tid", 0), tgid = ktstr_jnode__u64(n, "tgid", 0);
	const char *comm = ktstr_jnode__str(n, "comm", NULL);
	struct ctprof_thread *t;
	int id, last = -1;

	if (!tid || tid > INT32_MAX || !tgid || tgid > INT32_MAX || !comm)
		return ktstr_err(err, EBADMSG, "thread %zu has no tid, tgid or comm", s->nr_threads + 1);
	t = ctprof_snapshot__add_thread(s);
	if (!t)
		return 0;
	t->tid = (int32_t)tid;
	t->tgid = (int32_t)tgid;
	t->comm = ctprof_snapshot__string(s, comm);
	t->pcomm = ctprof_snapshot__string(s, ktstr_jnode__str(n, "pcomm", ""));
	t->cgroup = ctprof_snapshot__string(s, ktstr_jnode__str(n, "cgroup", ""));
	t->start_ticks = ktstr_jnode__u64(n, "start_ticks", 0);
	for (n = n->first; n; n = n->next) {
		id = find_metric(n->key, &last);
		if (id < 0 || t->has[id] || n->type == KTSTR_J_NULL)
			continue;
		if (!take_value(s, &ctprof_metrics[id], n, &t->value[id]))
			return ktstr_err(err, EBADMSG, "'%s' of thread %d makes no sense", n->key, t->tid);
		t->has[id] = true;
	}
	return 0;
}

static void take_summary(struct ctprof_snapshot *s, const struct ktstr_jnode *n)
{
	const struct ktstr_jnode *u = ktstr_jnode__get(n, "unreadable");

	s->processes = ktstr_jnode__u64(n, "processes", 0);
	s->gone = ktstr_jnode__u64(n, "gone", 0);
	s->unknown = ktstr_jnode__u64(n, "unknown_values", 0);
	s->taskstats = ktstr_jnode__str(n, "no_taskstats", NULL);
	for (int i = 0; i < CTPROF_NR_SOURCES; i++)
		s->unreadable[i] = ktstr_jnode__u64(u, ctprof_source__name(i), 0);
}

static int take(struct ctprof_snapshot *s, const struct ktstr_jnode *root, struct ktstr_err *err)
{
	const char *schema = ktstr_jnode__str(root, "schema", NULL);
	uint64_t version = ktstr_jnode__u64(root, "version", 0);
	const struct ktstr_jnode *threads = ktstr_jnode__get(root, "threads");
	int ret;

	if (!schema || strcmp(schema, CTPROF_SCHEMA))
		return ktstr_err(err, EBADMSG, "is no snapshot of ktstr ctprof capture: its schema is %s%.64s",
				 schema ? "" : "missing", schema ?: "");
	if (version != CTPROF_VERSION)
		return ktstr_err(err, EBADMSG, "has version %llu of the schema, this tool knows %d: take the snapshot again with this tool",
				 (unsigned long long)version, CTPROF_VERSION);
	if (!threads || threads->type != KTSTR_J_ARRAY || !threads->nr)
		return ktstr_err(err, EBADMSG, "has no threads");
	s->unix_ns = ktstr_jnode__u64(root, "captured_at_unix_ns", 0);
	s->boot_ns = ktstr_jnode__u64(root, "captured_at_boot_ns", 0);
	s->boot_id = ktstr_jnode__str(root, "boot_id", "");
	s->ticks_per_s = (uint32_t)ktstr_jnode__u64(root, "ticks_per_s", 100);
	if (!s->ticks_per_s || s->ticks_per_s > TICKS_MAX)
		return ktstr_err(err, EBADMSG, "its ticks_per_s makes no sense");
	s->host = ktstr_jnode__get(root, "host");
	s->sched_ext = ktstr_jnode__get(root, "sched_ext");
	take_summary(s, ktstr_jnode__get(root, "summary"));
	ret = take_figures(s, &s->pressure, ktstr_jnode__get(root, "pressure"), "the host", err);
	if (!ret)
		ret = take_cgroups(s, ktstr_jnode__get(root, "cgroups"), err);
	for (const struct ktstr_jnode *n = threads->first; n && !ret && !s->error; n = n->next)
		ret = take_thread(s, n, err);
	if (!ret && (s->error || s->tree.error))
		ret = ktstr_err(err, ENOMEM, "no memory for %u threads", threads->nr);
	ctprof_snapshot__sort(s);
	return ret;
}

/* NULL with @err. */
static char *unpack(const void *data, size_t len, size_t *out_len, struct ktstr_err *err)
{
	ZSTD_inBuffer in = { data, len, 0 };
	ZSTD_DStream *z = ZSTD_createDStream();
	ZSTD_outBuffer out = { NULL, 0, 0 };
	char *grown;
	size_t left = 1;

	while (z && left && out.size < CTPROF_FILE_MAX) {
		size_t before = in.pos;

		grown = realloc(out.dst, out.size + (1u << 20) + out.size / 2);
		if (!grown)
			break;
		out.dst = grown;
		out.size += (1u << 20) + out.size / 2;
		/* until the frame ends, the output is full, or the input is used up */
		do {
			before = in.pos;
			left = ZSTD_decompressStream(z, &out, &in);
		} while (!ZSTD_isError(left) && left && out.pos < out.size && in.pos > before);
		if (ZSTD_isError(left) || (left && out.pos < out.size)) {
			ktstr_err(err, EBADMSG, "its zstd data is %s",
				  ZSTD_isError(left) ? "damaged" : "cut off");
			goto fail;
		}
	}
	ZSTD_freeDStream(z);
	if (z && !left && in.pos < len) {
		ktstr_err(err, EBADMSG, "there is more behind its zstd data");
		free(out.dst);
		return NULL;
	}
	if (z && !left && out.pos <= CTPROF_FILE_MAX) {
		*out_len = out.pos;
		return out.dst;
	}
	ktstr_err(err, EFBIG, "it is more than %zu MiB of JSON, or there is no memory", CTPROF_FILE_MAX >> 20);
	free(out.dst);
	return NULL;
fail:
	ZSTD_freeDStream(z);
	free(out.dst);
	return NULL;
}

int ctprof_file__parse(struct ctprof_snapshot *s, const void *data, size_t len, struct ktstr_err *err)
{
	const struct ktstr_jnode *root;
	char *text = NULL;

	if (len >= strlen(ZSTD_MAGIC) && !memcmp(data, ZSTD_MAGIC, strlen(ZSTD_MAGIC))) {
		text = unpack(data, len, &len, err);
		if (!text)
			return -EBADMSG;
	}
	root = ktstr_jtree__parse(&s->tree, text ?: data, len, err);
	free(text);
	return root ? take(s, root, err) : -EBADMSG;
}

int ctprof_file__read(struct ctprof_snapshot *s, const char *path, struct ktstr_err *err)
{
	size_t len;
	char *data = ktstr_paths__read(path, CTPROF_FILE_MAX, &len);
	int ret;

	if (!data)
		return ktstr_err(err, errno, "%s", strerror(errno));
	ret = ctprof_file__parse(s, data, len, err);
	free(data);
	return ret;
}
