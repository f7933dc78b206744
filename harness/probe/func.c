// SPDX-License-Identifier: GPL-2.0
/* See func.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "harness/monitor/view/btf_type.h"
#include "func.h"

#define PATH_LEN	96

static int set_proto(struct ktstr_func *f, const struct ktstr_btf *btf, uint32_t id, bool is_bpf)
{
	struct ktstr_btf_type t;

	ktstr_btf__type(btf, id, &t);
	if (t.kind != KTSTR_BTF_FUNC_PROTO)
		return -ENOENT;
	*f = (struct ktstr_func){ .btf = btf, .proto = t.id, .nr_params = t.nr, .is_bpf = is_bpf };
	return 0;
}

int ktstr_func__find(struct ktstr_func *f, const struct ktstr_btf *btf, const char *name)
{
	struct ktstr_btf_type t;

	for (uint32_t id = ktstr_btf__nr_types(btf); id-- > 1; ) {
		/* the cheap comparison first: there are 60,000 functions */
		if (strcmp(ktstr_btf__type_name(btf, id), name))
			continue;
		ktstr_btf__type(btf, id, &t);
		if (t.kind == KTSTR_BTF_FUNC && t.id == id)
			return set_proto(f, btf, t.target, false);
	}
	return -ENOENT;
}

int ktstr_func__find_op(struct ktstr_func *f, const struct ktstr_btf *btf, const char *op)
{
	struct ktstr_btf_field member, target;

	if (ktstr_btf__field(btf, "sched_ext_ops", op, &member) ||
	    ktstr_btf__pointee(btf, &member, &target))
		return -ENOENT;
	return set_proto(f, btf, target.type, true);
}

/* BTF has "typedef void (*btf_trace_NAME)(void *, ...)". */
int ktstr_func__find_tracepoint(struct ktstr_func *f, const struct ktstr_btf *btf, const char *name)
{
	struct ktstr_btf_type t;
	char type[PATH_LEN];

	snprintf(type, sizeof(type), "btf_trace_%s", name);
	for (uint32_t id = ktstr_btf__nr_types(btf); id-- > 1; ) {
		if (strcmp(ktstr_btf__type_name(btf, id), type))
			continue;
		ktstr_btf__type(btf, id, &t);
		if (t.kind == KTSTR_BTF_PTR && !set_proto(f, btf, t.target, false) && f->nr_params) {
			f->first = 1;
			return 0;
		}
	}
	return -ENOENT;
}

int ktstr_func__param(const struct ktstr_func *f, uint32_t i, const char **name, uint32_t *type)
{
	struct ktstr_btf_type t;
	struct ktstr_btf_part part;

	ktstr_btf__type(f->btf, f->proto, &t);
	if (i >= KTSTR_FUNC_PARAMS || i + f->first >= t.nr ||
	    ktstr_btf__part(f->btf, &t, i + f->first, &part))
		return -ENOENT;
	*name = part.name;
	*type = part.type;
	return 0;
}

/* Is @f to be loaded as it is: a number, or an array of chars or numbers? */
static bool is_plain(const struct ktstr_btf *btf, const struct ktstr_btf_field *f)
{
	struct ktstr_btf_type t;

	if (f->class != KTSTR_BTF_OTHER)
		return f->size <= 8;
	ktstr_btf__type(btf, f->type, &t);
	return t.kind == KTSTR_BTF_ARRAY && f->size && f->size <= VM_FETCH_MAX;
}

static int add_step(struct vm_fetch *fetch, uint64_t offset, uint32_t size)
{
	if (fetch->nr_steps == VM_FETCH_STEPS || offset > INT32_MAX || size > VM_FETCH_MAX)
		return -EINVAL;
	fetch->step[fetch->nr_steps++] = (int32_t)offset;
	fetch->size = (uint8_t)size;
	return 0;
}

/* From a pointer's target on along @path, whose parts are separated by "->". */
static int follow(const struct ktstr_btf *btf, const char *path, struct vm_fetch *fetch,
		  struct ktstr_btf_field *at)
{
	char part[PATH_LEN];
	const char *arrow;
	size_t len;
	int ret;

	for (;;) {
		struct ktstr_btf_field target;

		arrow = strstr(path, "->");
		len = arrow ? (size_t)(arrow - path) : strlen(path);
		if (len >= sizeof(part))
			return -EINVAL;
		memcpy(part, path, len);
		part[len] = '\0';
		if (ktstr_btf__pointee(btf, at, &target))
			return -ENOENT;
		ret = ktstr_btf__field_in(btf, target.type, part, at);
		if (ret)
			return ret;
		ret = add_step(fetch, at->offset, at->class == KTSTR_BTF_POINTER ? 8 : at->size);
		if (ret || !arrow)
			return ret;
		path = arrow + 2;
	}
}

int ktstr_func__fetch(const struct ktstr_func *f, const char *words, struct vm_fetch *fetch,
		      struct ktstr_btf_field *field)
{
	const char *colon = strchrnul(words, ':'), *name;
	uint32_t i, type;
	int ret = 0;

	for (i = 0; ; i++) {
		if (ktstr_func__param(f, i, &name, &type))
			return -ENOENT;
		if (words[0] == '#' && i == (unsigned int)(words[1] - '0'))
			break;
		if (strlen(name) == (size_t)(colon - words) && !strncmp(name, words, strlen(name)))
			break;
	}
	memset(fetch, 0, sizeof(*fetch));
	if (ktstr_btf__field_in(f->btf, type, "", field))
		return -ENOENT;
	fetch->reg = (uint8_t)(f->is_bpf ? VM_REG_ARG0 : VM_REG_ARG0 + i);
	fetch->size = field->size > 8 || !field->size ? 8 : (uint8_t)field->size;
	if (f->is_bpf)
		ret = add_step(fetch, 8 * i, fetch->size);
	if (!ret && *colon)
		ret = follow(f->btf, colon + 1, fetch, field);
	if (ret)
		return ret;
	return is_plain(f->btf, field) ? 0 : -EINVAL;
}

int ktstr_func__returns(const struct ktstr_func *f, struct vm_fetch *fetch,
			struct ktstr_btf_field *field)
{
	struct ktstr_btf_type t;

	ktstr_btf__type(f->btf, f->proto, &t);
	if (ktstr_btf__field_in(f->btf, t.target, "", field))
		return -ENOENT;
	*fetch = (struct vm_fetch){ .reg = VM_REG_RET, .size = (uint8_t)field->size };
	return field->class != KTSTR_BTF_OTHER && field->size && field->size <= 8 ? 0 : -EINVAL;
}

uint64_t ktstr_fetched__number(const struct ktstr_btf_field *field, const uint64_t *word)
{
	unsigned int bits = field->bits ? field->bits : field->size * 8;
	uint64_t v = word[0] >> (field->bits ? field->bit_offset : 0);

	if (!bits || bits >= 64)
		return v;
	v &= (UINT64_C(1) << bits) - 1;
	if (field->class == KTSTR_BTF_SIGNED && v >> (bits - 1))
		v |= ~UINT64_C(0) << bits;
	return v;
}
