// SPDX-License-Identifier: GPL-2.0
/*
 * See loads.h. What is read here is the guest's: numbers are compared with what there is room for, strings are
 * bounded, and a program that makes no sense is one without functions or without lines.
 */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/probe/ops.h"
#include "harness/probe/source.h"
#include "loads.h"

#define MAX_FUNCS	256		/* of a program: BPF_MAX_SUBPROGS */
#define MAX_FILES	256		/* of a program */
#define MAX_PATHS	4096		/* of all */
#define CODE_HALF	UINT64_C(0xffffffff00000000)	/* the JIT puts programs near the kernel's image */
#define TAG_DIGITS	16

/* While a look goes on. */
struct looker {
	struct ktstr_loads *l;
	struct ktstr_kview *v;
	struct ktstr_progs *progs;
	struct ktstr_place aux, func, nr_funcs, bpf_func, jited_len, refcnt, ksym_name;
};

/* The files of one program: offsets in its strings, and the numbers of their paths. */
struct files {
	unsigned int nr;
	struct {
		uint32_t off, path;
	} file[MAX_FILES];
};

/* The room is the next power of two, which is used up when the number is one. */
static int make_room(void **array, size_t nr, size_t more, size_t size, size_t max)
{
	size_t room = 1, want = 1;
	void *p;

	if (more > max || nr > max - more)
		return -E2BIG;
	while (room < nr)
		room *= 2;
	while (want < nr + more)
		want *= 2;
	if (nr && want <= room)
		return 0;
	p = reallocarray(*array, want, size);
	if (!p)
		return -ENOMEM;
	*array = p;
	return 0;
}

void ktstr_loads__name(const char *ksym, char *buf, size_t size)
{
	static const char prefix[] = "bpf_prog_";
	size_t len = sizeof(prefix) - 1;

	if (!strncmp(ksym, prefix, len) && strspn(ksym + len, "0123456789abcdef") >= TAG_DIGITS &&
	    ksym[len + TAG_DIGITS] == '_' && ksym[len + TAG_DIGITS + 1])
		ksym += len + TAG_DIGITS + 1;
	snprintf(buf, size, "%s", *ksym ? ksym : "_");
	for (char *p = buf; *p; p++)
		if (!isalnum((unsigned char)*p) && *p != '_' && *p != '.' && *p != '$')
			*p = '_';
}

char *ktstr_loads__path(const char *name)
{
	char real[PATH_MAX];

	if (!*name)
		return NULL;
	/* what is relative is so to a folder that nobody knows */
	return strdup(*name == '/' && realpath(name, real) ? real : name);
}

/* The number of a path, which is @path's owner from now on. */
static int intern(struct ktstr_loads *l, char *path, uint32_t *number)
{
	int ret = -ENOENT;

	if (!path)
		return ret;
	for (size_t i = 0; i < l->nr_paths; i++)
		if (!strcmp(l->path[i], path)) {
			free(path);
			*number = (uint32_t)i;
			return 0;
		}
	ret = make_room((void **)&l->path, l->nr_paths, 1, sizeof(*l->path), MAX_PATHS);
	if (ret) {
		free(path);
		return ret;
	}
	*number = (uint32_t)l->nr_paths;
	l->path[l->nr_paths++] = path;
	return 0;
}

/* From an offset in the BTF's strings to the number of a path. */
static int find_file(struct looker *k, const struct ktstr_line_info *li, struct files *f, uint32_t off,
		     uint32_t *number)
{
	char name[PATH_MAX];
	int ret;

	for (unsigned int i = 0; i < f->nr; i++)
		if (f->file[i].off == off) {
			*number = f->file[i].path;
			return 0;
		}
	if (li->strings_len && off >= li->strings_len)
		return -EINVAL;
	if (f->nr == MAX_FILES) {
		k->l->full++;
		return -E2BIG;
	}
	/* a name that is cut is not that of a file */
	if (ktstr_kview__string(k->v, li->strings + off, name, sizeof(name)) ||
	    strlen(name) + 1 == sizeof(name))
		return -EINVAL;
	ret = intern(k->l, ktstr_loads__path(name), number);
	k->l->full += ret == -E2BIG;
	if (ret)
		return ret;
	f->file[f->nr].off = off;
	f->file[f->nr++].path = *number;
	return 0;
}

/* Of the function that was added last. */
static int add_ranges(struct looker *k, const struct ktstr_line_info *li, struct files *files)
{
	struct ktstr_loads *l = k->l;
	struct ktstr_load_func *f = &l->func[l->nr_funcs - 1];
	int ret = make_room((void **)&l->range, l->nr_ranges, li->nr, sizeof(*l->range),
			    KTSTR_LOADS_MAX_RANGES);
	size_t nr;

	if (ret)
		return ret;
	nr = ktstr_cover_ranges__find(li->line, li->code, li->nr, f->kva, f->len,
				      &l->range[l->nr_ranges]);
	f->first_range = (uint32_t)l->nr_ranges;
	for (size_t i = 0; i < nr; i++) {
		struct ktstr_cover_range r = l->range[f->first_range + i];

		if (!find_file(k, li, files, r.file, &r.file))
			l->range[l->nr_ranges++] = r;
	}
	f->nr_ranges = (uint32_t)(l->nr_ranges - f->first_range);
	return 0;
}

/* What is being taken in. */
struct taken {
	const struct ktstr_prog *prog;
	const struct ktstr_line_info *li;
	struct files files;
};

static int add_func(struct looker *k, struct taken *t, uint64_t kva, uint64_t len, uint64_t aux)
{
	struct ktstr_loads *l = k->l;
	char ksym[512];
	int ret;

	if (kva < CODE_HALF || !len || len > VM_COUNT_BYTES - l->nr_counters)
		return kva < CODE_HALF || !len ? 0 : -E2BIG;
	ret = make_room((void **)&l->func, l->nr_funcs, 1, sizeof(*l->func), KTSTR_LOADS_MAX_FUNCS);
	if (ret)
		return ret;
	if (ktstr_kview__string(k->v, ktstr_place__at(k->v, &k->ksym_name, aux), ksym, sizeof(ksym)))
		ksym[0] = '\0';
	if (!ksym[0])	/* another CPU has not come to that yet */
		snprintf(ksym, sizeof(ksym), "%s", t->prog->name);
	l->func[l->nr_funcs] = (struct ktstr_load_func){
		.kva = kva, .len = (uint32_t)len, .first = l->nr_counters,
	};
	ktstr_loads__name(ksym, l->func[l->nr_funcs].name, KTSTR_LOADS_NAME);
	l->nr_funcs++;
	ret = add_ranges(k, t->li, &t->files);
	if (ret)
		l->nr_funcs--;
	else
		l->nr_counters += (uint32_t)len;
	return ret;
}

/*
 * A program with functions of its own was compiled function by function, the first of which is the
 * program itself. It has no name in kallsyms: that is the program's.
 */
static int add_funcs(struct looker *k, const struct ktstr_prog *p, const struct ktstr_line_info *li)
{
	uint64_t aux, funcs, nr, prog, kva, len, own;
	struct taken t = { .prog = p, .li = li };
	int ret = 0;

	if (ktstr_place__load(k->v, &k->aux, p->kva, &aux))
		return 0;
	if (ktstr_place__load(k->v, &k->nr_funcs, aux, &nr) ||
	    ktstr_place__load(k->v, &k->func, aux, &funcs) || !funcs)
		nr = 0;
	if (!nr)
		return add_func(k, &t, p->value[KTSTR_PROG_CODE],
				p->value[KTSTR_PROG_JITED_LEN], aux);
	for (uint64_t i = 0; i < nr && i < MAX_FUNCS && !ret; i++)
		if (!ktstr_kview__load(k->v, funcs + 8 * i, 8, &prog) &&
		    !ktstr_place__load(k->v, &k->aux, prog, &own) &&
		    !ktstr_place__load(k->v, &k->bpf_func, prog, &kva) &&
		    !ktstr_place__load(k->v, &k->jited_len, prog, &len))
			ret = add_func(k, &t, kva, len,
				       kva == p->value[KTSTR_PROG_CODE] ? aux : own);
	return ret;
}

/* Only what has line info can ever be shown. */
static int add_prog(struct looker *k, const struct ktstr_prog *p)
{
	struct ktstr_loads *l = k->l;
	struct ktstr_line_info li;
	int ret;

	ret = make_room((void **)&l->prog, l->nr_progs, 1, sizeof(*l->prog), KTSTR_LOADS_MAX_FUNCS);
	if (ret)
		return ret;
	l->prog[l->nr_progs] = (struct ktstr_load_prog){
		.kva = p->kva, .id = (uint32_t)p->value[KTSTR_PROG_ID], .live = true,
		.first_func = (uint32_t)l->nr_funcs,
	};
	if (!ktstr_source__lines(k->v, p, &li)) {
		ret = add_funcs(k, p, &li);
		ktstr_line_info__free(&li);
	}
	l->prog[l->nr_progs].nr_funcs = (uint32_t)(l->nr_funcs - l->prog[l->nr_progs].first_func);
	l->nr_progs++;
	if (ret == -E2BIG)
		l->full++;
	return ret == -E2BIG ? 0 : ret;
}

/* Its last user has gone: the code will be freed, and others may be put there. */
static bool is_dying(struct looker *k, const struct ktstr_prog *p)
{
	uint64_t aux, refs;

	return !ktstr_place__load(k->v, &k->aux, p->kva, &aux) &&
	       !ktstr_place__load(k->v, &k->refcnt, aux, &refs) && !refs;
}

static const struct ktstr_prog *find_loaded(struct looker *k, const struct ktstr_load_prog *p)
{
	for (unsigned int i = 0; i < k->progs->nr; i++)
		if (k->progs->prog[i].kva == p->kva && k->progs->prog[i].value[KTSTR_PROG_ID] == p->id)
			return &k->progs->prog[i];
	return NULL;
}

/* All programs of the object with this BTF. */
static void want(struct looker *k, uint64_t btf)
{
	for (size_t i = 0; i < k->l->nr_progs; i++) {
		struct ktstr_load_prog *mine = &k->l->prog[i];
		const struct ktstr_prog *p = mine->live && !mine->wanted ? find_loaded(k, mine) : NULL;

		if (!p || p->value[KTSTR_PROG_BTF] != btf)
			continue;
		mine->wanted = true;
		k->l->lineless += !mine->nr_funcs;
	}
}

static int look(struct looker *k, bool attach)
{
	struct ktstr_loads *l = k->l;
	char op[KTSTR_OP_NAME];
	int ret = 0;

	for (size_t i = 0; i < l->nr_progs; i++) {
		const struct ktstr_prog *p = l->prog[i].live ? find_loaded(k, &l->prog[i]) : NULL;

		l->prog[i].live = p && !is_dying(k, p);
	}
	/* the kernel gives numbers in ascending order */
	for (unsigned int i = 0; i < k->progs->nr && !ret; i++)
		if (k->progs->prog[i].value[KTSTR_PROG_ID] > l->last_id) {
			l->last_id = (uint32_t)k->progs->prog[i].value[KTSTR_PROG_ID];
			ret = add_prog(k, &k->progs->prog[i]);
		}
	l->full += k->progs->nr == KTSTR_MAX_BPF_OBJECTS;	/* there may be more */
	for (unsigned int i = 0; attach && i < k->progs->nr; i++)
		if (k->progs->prog[i].value[KTSTR_PROG_BTF] &&
		    ktstr_ops__name(k->v, &k->progs->prog[i], op, sizeof(op)))
			want(k, k->progs->prog[i].value[KTSTR_PROG_BTF]);
	return ret;
}

int ktstr_loads__look(struct ktstr_loads *l, struct ktstr_kview *v, bool attach)
{
	const struct ktstr_btf *btf = v->img->btf;
	struct looker k = { .l = l, .v = v, .progs = malloc(sizeof(*k.progs)) };
	struct ktstr_prog_layout layout;
	int ret;

	if (!k.progs)
		return -ENOMEM;
	ktstr_place__find_number(&k.aux, btf, "bpf_prog", "aux");
	ktstr_place__find_number(&k.func, btf, "bpf_prog_aux", "func");
	ktstr_place__find_number(&k.nr_funcs, btf, "bpf_prog_aux", "func_cnt");
	ktstr_place__find_number(&k.refcnt, btf, "bpf_prog_aux", "refcnt.counter");
	ktstr_place__find(&k.ksym_name, btf, "bpf_prog_aux", "ksym.name");
	ktstr_place__find_number(&k.bpf_func, btf, "bpf_prog", "bpf_func");
	ktstr_place__find_number(&k.jited_len, btf, "bpf_prog", "jited_len");
	ktstr_prog_layout__resolve(&layout, btf);
	ret = k.ksym_name.found ? ktstr_progs__read(k.progs, v, &layout) : -ENOENT;
	if (!ret)
		ret = look(&k, attach);
	free(k.progs);
	return ret;
}

static int by_address(const void *a, const void *b)
{
	const struct vm_counted *x = a, *y = b;

	return x->kva < y->kva ? -1 : x->kva > y->kva;
}

unsigned int ktstr_loads__counted(struct ktstr_loads *l, struct vm_counted *out)
{
	unsigned int nr = 0, to = 0;

	for (size_t i = 0; i < l->nr_progs; i++)
		for (uint32_t f = 0; l->prog[i].live && f < l->prog[i].nr_funcs; f++) {
			const struct ktstr_load_func *func = &l->func[l->prog[i].first_func + f];

			if (nr == VM_MAX_COUNTED) {
				l->full++;
				continue;
			}
			out[nr++] = (struct vm_counted){
				.kva = func->kva, .len = func->len, .first = func->first,
			};
		}
	if (nr)
		qsort(out, nr, sizeof(*out), by_address);
	/* no kernel has two functions in one place */
	for (unsigned int i = 0; i < nr; i++)
		if (!to || out[i].kva - out[to - 1].kva >= out[to - 1].len)
			out[to++] = out[i];
	return to;
}

static int fold_func(const struct ktstr_loads *l, const struct ktstr_load_func *f, const uint64_t *count,
		     struct ktstr_cover_hit *hit, struct ktstr_cover *c)
{
	const struct ktstr_cover_range *r = &l->range[f->first_range];
	size_t nr = ktstr_cover_ranges__count(r, f->nr_ranges, count, f->len, hit);
	struct ktstr_cover_file *file;
	int ret = 0;

	for (size_t i = 0; i < nr && !ret; i++) {
		file = ktstr_cover__file(c, l->path[hit[i].file]);
		ret = file ? ktstr_cover_file__add_line(file, hit[i].line, hit[i].count) : -errno;
	}
	if (ret || !nr)
		return ret;
	/* it begins in the line of its first instruction */
	file = ktstr_cover__file(c, l->path[r->file]);
	return file ? ktstr_cover_file__add_func(file, f->name, r->line, count[0]) : -errno;
}

int ktstr_loads__fold(const struct ktstr_loads *l, struct ktstr_cover *c,
		      int (*get)(void *arg, uint32_t first, uint32_t nr, uint64_t *count), void *arg)
{
	int ret = 0;

	for (size_t i = 0; i < l->nr_progs; i++)
		for (uint32_t n = 0; l->prog[i].wanted && n < l->prog[i].nr_funcs && !ret; n++) {
			const struct ktstr_load_func *f = &l->func[l->prog[i].first_func + n];
			uint64_t *count = calloc(f->len, sizeof(*count));
			struct ktstr_cover_hit *hit = calloc(f->nr_ranges ? f->nr_ranges : 1, sizeof(*hit));

			ret = count && hit ? get(arg, f->first, f->len, count) : -ENOMEM;
			if (!ret && f->nr_ranges)
				ret = fold_func(l, f, count, hit, c);
			free(count);
			free(hit);
		}
	ktstr_cover__sort(c);
	return ret;
}

void ktstr_loads__free(struct ktstr_loads *l)
{
	for (size_t i = 0; i < l->nr_paths; i++)
		free(l->path[i]);
	free(l->path);
	free(l->range);
	free(l->func);
	free(l->prog);
	*l = (struct ktstr_loads){ .nr_progs = 0 };
}
