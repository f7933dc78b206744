// SPDX-License-Identifier: GPL-2.0
/* Line info of BPF programs: see source.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source.h"

#define MAX_LINES	65536		/* of a program */
#define MAX_FUNCS	256		/* BPF_MAX_SUBPROGS */
#define LINE_SHIFT	10		/* BPF_LINE_INFO_LINE_NUM() */

/* Numbers of struct bpf_prog_aux, and of what it points to. */
enum field {
	AUX_LINFO, AUX_NR_LINFO, AUX_JITED_LINFO, AUX_BTF, AUX_FUNC, AUX_NR_FUNCS, AUX_NR_REAL_FUNCS,
	AUX_KSYM_START, PROG_AUX, BTF_STRINGS, BTF_STRINGS_LEN, NR_FIELDS,
};

static const struct {
	const char *type, *path;
	bool optional;
} rows[NR_FIELDS] = {
	[AUX_LINFO]		= { "bpf_prog_aux", "linfo" },
	[AUX_NR_LINFO]		= { "bpf_prog_aux", "nr_linfo" },
	[AUX_JITED_LINFO]	= { "bpf_prog_aux", "jited_linfo" },
	[AUX_BTF]		= { "bpf_prog_aux", "btf" },
	[AUX_FUNC]		= { "bpf_prog_aux", "func" },
	[AUX_NR_FUNCS]		= { "bpf_prog_aux", "func_cnt" },
	[AUX_NR_REAL_FUNCS]	= { "bpf_prog_aux", "real_func_cnt", .optional = true },
	[AUX_KSYM_START]	= { "bpf_prog_aux", "ksym.start" },
	[PROG_AUX]		= { "bpf_prog", "aux" },
	[BTF_STRINGS]		= { "btf", "strings" },
	[BTF_STRINGS_LEN]	= { "btf", "hdr.str_len", .optional = true },
};

struct reader {
	struct ktstr_kview *v;
	struct ktstr_place place[NR_FIELDS], ksym_name;
	uint64_t aux;
	uint64_t nr;
	struct bpf_line_info *line;
	uint64_t *code;			/* where each line begins, in compiled code; NULL: not known */
	uint64_t strings, strings_len;
};

static int load(struct reader *r, enum field f, uint64_t base, uint64_t *value)
{
	return ktstr_place__load(r->v, &r->place[f], base, value);
}

/* @nr elements of @size bytes at @kva; NULL with errno. */
static void *read_array(struct ktstr_kview *v, uint64_t kva, uint64_t nr, size_t size)
{
	void *p = calloc(nr, size);

	if (p && ktstr_kview__read(v, kva, p, nr * size)) {
		free(p);
		errno = EFAULT;
		return NULL;
	}
	return p;
}

static void close_reader(struct reader *r)
{
	free(r->line);
	free(r->code);
}

static int open_reader(struct reader *r, struct ktstr_kview *v, const struct ktstr_prog *p)
{
	uint64_t linfo, jited, btf;

	*r = (struct reader){ .v = v };
	for (int i = 0; i < NR_FIELDS; i++) {
		ktstr_place__find_number(&r->place[i], v->img->btf, rows[i].type, rows[i].path);
		if (!r->place[i].found && !rows[i].optional)
			return -ENOENT;
	}
	ktstr_place__find(&r->ksym_name, v->img->btf, "bpf_prog_aux", "ksym.name");
	if (!r->ksym_name.found)
		return -ENOENT;
	if (load(r, PROG_AUX, p->kva, &r->aux) || load(r, AUX_NR_LINFO, r->aux, &r->nr) ||
	    load(r, AUX_LINFO, r->aux, &linfo) || load(r, AUX_JITED_LINFO, r->aux, &jited) ||
	    load(r, AUX_BTF, r->aux, &btf))
		return -EFAULT;
	if (!r->nr || r->nr > MAX_LINES || !linfo || !btf || load(r, BTF_STRINGS, btf, &r->strings))
		return -ENOENT;
	load(r, BTF_STRINGS_LEN, btf, &r->strings_len);
	r->line = read_array(v, linfo, r->nr, sizeof(*r->line));
	if (!r->line)
		return -errno;
	/* an interpreted program has none */
	r->code = jited ? read_array(v, jited, r->nr, sizeof(*r->code)) : NULL;
	return 0;
}

static int set_source(struct reader *r, uint64_t i, struct ktstr_source *src)
{
	char path[256];
	const char *slash;

	src->line = r->line[i].line_col >> LINE_SHIFT;
	if (ktstr_kview__string(r->v, r->strings + r->line[i].file_name_off, path, sizeof(path)))
		return -EFAULT;
	slash = strrchr(path, '/');
	snprintf(src->file, sizeof(src->file), "%.*s", (int)sizeof(src->file) - 1,
		 slash ? slash + 1 : path);
	return src->line && src->file[0] ? 0 : -ENOENT;
}

int ktstr_source__lines(struct ktstr_kview *v, const struct ktstr_prog *p, struct ktstr_line_info *li)
{
	struct reader r;
	int ret = open_reader(&r, v, p);

	if (!ret && !r.code)
		ret = -ENOENT;
	if (ret) {
		close_reader(&r);
		return ret;
	}
	*li = (struct ktstr_line_info){
		.nr = (uint32_t)r.nr, .line = r.line, .code = r.code, .strings = r.strings,
		.strings_len = r.strings_len,
	};
	return 0;
}

void ktstr_line_info__free(struct ktstr_line_info *li)
{
	free(li->line);
	free(li->code);
}

int ktstr_source__of(struct ktstr_kview *v, const struct ktstr_prog *p, struct ktstr_source *src)
{
	struct reader r;
	int ret = open_reader(&r, v, p);

	if (!ret)
		ret = set_source(&r, 0, src);
	close_reader(&r);
	return ret;
}

/* The instruction at @kva belongs to the last line that begins before it. */
static int find_line(struct reader *r, uint64_t kva, struct ktstr_source *src)
{
	uint64_t best = r->nr;

	for (uint64_t i = 0; r->code && i < r->nr; i++)
		if (r->code[i] && r->code[i] <= kva &&
		    (best == r->nr || r->code[i] >= r->code[best]))
			best = i;
	return best < r->nr ? set_source(r, best, src) : -ENOENT;
}

/* The first "@name+0x12" in @text: @off. NULL: there is none. */
static const char *find_frame(const char *text, const char *name, uint64_t *off)
{
	size_t len = strlen(name);
	const char *at = text;

	while (len && (at = strstr(at, name))) {
		char *end;

		if (!strncmp(at + len, "+0x", 3)) {
			*off = strtoull(at + len + 1, &end, 16);
			if (*end == '/')
				return at;
		}
		at += len;
	}
	return NULL;
}

/* The compiled function of @aux, if it is in @text in front of @before. */
static const char *look(struct reader *r, uint64_t aux, const char *text, const char *before,
			uint64_t *kva)
{
	uint64_t start, off;
	const char *at;
	char name[128];

	if (ktstr_kview__string(r->v, ktstr_place__at(r->v, &r->ksym_name, aux), name, sizeof(name)) ||
	    load(r, AUX_KSYM_START, aux, &start))
		return before;
	at = find_frame(text, name, &off);
	if (!at || !off || (before && at > before))
		return before;
	/* a backtrace has the addresses behind the calls */
	*kva = start + off - 1;
	return at;
}

int ktstr_source__in_backtrace(struct ktstr_kview *v, const struct ktstr_prog *p, const char *text,
			       struct ktstr_source *src)
{
	uint64_t func, nr, more = 0, prog, aux, kva = 0;
	struct reader r;
	int ret = text ? open_reader(&r, v, p) : -ENOENT;
	const char *first;

	if (!text)
		return ret;
	if (ret)
		goto out;
	first = look(&r, r.aux, text, NULL, &kva);
	if (!load(&r, AUX_FUNC, r.aux, &func) && !load(&r, AUX_NR_FUNCS, r.aux, &nr) && func) {
		load(&r, AUX_NR_REAL_FUNCS, r.aux, &more);
		nr = more > nr ? more : nr;
		for (uint64_t i = 0; i < nr && i < MAX_FUNCS; i++)
			if (!ktstr_kview__load(v, func + 8 * i, 8, &prog) &&
			    !load(&r, PROG_AUX, prog, &aux))
				first = look(&r, aux, text, first, &kva);
	}
	ret = first ? find_line(&r, kva, src) : -ENOENT;
out:
	close_reader(&r);
	return ret;
}
