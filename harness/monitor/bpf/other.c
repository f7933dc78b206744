// SPDX-License-Identifier: GPL-2.0
/* Ring buffers, stack traces, arrays of objects: see other.h. */
#include <errno.h>
#include <linux/kernel.h>
#include <stdlib.h>

#include "other.h"

#define BUILD_ID	(1u << 5)	/* BPF_F_STACK_BUILD_ID */

int ktstr_ringbuf__read(struct ktstr_ringbuf *r, struct ktstr_kview *v,
			const struct ktstr_map *map)
{
	const struct {
		const char *path;
		uint64_t *value;
	} fields[] = {
		{ "mask", &r->capacity }, { "consumer_pos", &r->consumer_pos },
		{ "producer_pos", &r->producer_pos }, { "pending_pos", &r->pending_pos },
	};
	const struct ktstr_btf *btf = v->img->btf;
	struct ktstr_place rb, p;
	uint64_t kva;
	int ret;

	*r = (struct ktstr_ringbuf){ .has_pending = true };
	ktstr_place__find_number(&rb, btf, "bpf_ringbuf_map", "rb");
	if ((map->type != KTSTR_MAP_RINGBUF && map->type != KTSTR_MAP_USER_RINGBUF) || !rb.found)
		return -ENOENT;
	ret = ktstr_place__load(v, &rb, map->kva, &kva);
	for (size_t i = 0; i < ARRAY_SIZE(fields) && !ret; i++) {
		ktstr_place__find_number(&p, btf, "bpf_ringbuf", fields[i].path);
		ret = ktstr_place__load(v, &p, kva, fields[i].value);
		if (ret == -ENOENT && fields[i].value == &r->pending_pos) {
			r->has_pending = false;
			ret = 0;
		}
	}
	if (ret)
		return ret;
	/* a mask: one less than a power of two */
	return r->capacity & (r->capacity + 1) || ++r->capacity > 1ull << 32 ? -EBADMSG : 0;
}

static int read_stack(struct ktstr_kview *v, uint64_t bucket, const struct ktstr_place *nr_at,
		      const struct ktstr_place *data, uint32_t room, struct ktstr_stack *s)
{
	uint64_t nr;
	int ret = ktstr_place__load(v, nr_at, bucket, &nr);

	if (ret)
		return ret;
	if (nr > room || nr > KTSTR_STACK_MAX)
		return -EBADMSG;
	s->nr = (uint32_t)nr;
	return ktstr_kview__read(v, bucket + data->field.offset, s->pc, nr * sizeof(s->pc[0]));
}

int ktstr_stacks__each(struct ktstr_kview *v, const struct ktstr_map *map, ktstr_stack_fn fn,
		       void *arg)
{
	struct ktstr_place count, buckets, nr_at, data;
	const struct ktstr_btf *btf = v->img->btf;
	struct ktstr_stack s = { .bucket = 0 };
	uint64_t nr, bucket;
	int ret;

	ktstr_place__find_number(&count, btf, "bpf_stack_map", "n_buckets");
	ktstr_place__find(&buckets, btf, "bpf_stack_map", "buckets");
	ktstr_place__find_number(&nr_at, btf, "stack_map_bucket", "nr");
	ktstr_place__find(&data, btf, "stack_map_bucket", "data");
	if (map->type != KTSTR_MAP_STACK_TRACE || !buckets.found || !data.found)
		return -ENOENT;
	if (map->flags & BUILD_ID)
		return -EOPNOTSUPP;
	ret = ktstr_place__load(v, &count, map->kva, &nr);
	if (!ret && nr > KTSTR_MAX_MAP_VALUES)
		ret = -EBADMSG;
	for (; !ret && s.bucket < nr; s.bucket++) {
		ret = ktstr_kview__load(v, map->kva + buckets.field.offset +
					(uint64_t)s.bucket * sizeof(bucket), sizeof(bucket), &bucket);
		if (ret || !bucket)
			continue;
		ret = read_stack(v, bucket, &nr_at, &data, map->value_size / sizeof(s.pc[0]), &s);
		if (!ret)
			ret = fn(arg, &s);
	}
	return ret;
}

int ktstr_slots__each(struct ktstr_kview *v, const struct ktstr_map *map, ktstr_slot_fn fn,
		      void *arg)
{
	static const uint32_t types[] = {
		KTSTR_MAP_PROG_ARRAY, KTSTR_MAP_PERF_EVENT_ARRAY, KTSTR_MAP_CGROUP_ARRAY,
		KTSTR_MAP_ARRAY_OF_MAPS,
	};
	struct ktstr_place ptrs;
	uint64_t ptr;
	size_t t = 0;
	int ret = 0;

	ktstr_place__find(&ptrs, v->img->btf, "bpf_array", "ptrs");
	while (t < ARRAY_SIZE(types) && types[t] != map->type)
		t++;
	if (t == ARRAY_SIZE(types) || !ptrs.found)
		return -ENOENT;
	for (uint32_t i = 0; i < map->max_entries && i < KTSTR_MAX_MAP_VALUES && !ret; i++) {
		ret = ktstr_kview__load(v, map->kva + ptrs.field.offset + (uint64_t)i * sizeof(ptr),
					sizeof(ptr), &ptr);
		if (!ret && ptr)
			ret = fn(arg, i);
	}
	return ret;
}
