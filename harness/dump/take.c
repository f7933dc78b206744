// SPDX-License-Identifier: GPL-2.0
/* Taking a dump: see dump.h. What several of its parts need is here. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "cast/cast.h"
#include "harness/monitor/root.h"
#include "dump_priv.h"
#include "slots.h"
#include "forward.h"

#define STRUCT_MAX	(64u << 10)	/* bytes of a structure of the kernel that is shown whole */
#define DEADLINE_NS	(10ull * NSEC_PER_SEC)

uint64_t dump_load(struct dump *d, const char *type, const char *path, uint64_t kva, bool *ok)
{
	struct ktstr_place p;
	uint64_t value = 0;

	ktstr_place__find(&p, d->btf, type, path);
	*ok = kva && !ktstr_place__load(d->v, &p, kva, &value);
	return value;
}

uint64_t dump_load_sched(struct dump *d, const char *path, bool *ok)
{
	struct ktstr_place p;
	uint64_t value = 0;

	ktstr_root__find(&p, d->v->img, path);
	*ok = d->sched && !ktstr_place__load(d->v, &p, d->sched, &value);
	return value;
}

void dump_fields__find(struct dump_field *f, size_t nr, const struct ktstr_btf *btf)
{
	for (size_t i = 0; i < nr; i++)
		ktstr_place__find_number(&f[i].place, btf, f[i].type, f[i].path);
}

void dump_fields__put(struct dump *d, const struct dump_field *f, size_t nr, uint64_t kva,
		      struct ktstr_jnode *n)
{
	uint64_t value;

	for (size_t i = 0; i < nr; i++) {
		if (ktstr_place__load(d->v, &f[i].place, kva, &value))
			continue;
		if (f[i].place.field.class == KTSTR_BTF_SIGNED)
			ktstr_jtree__i64(d->tree, n, f[i].key, (int64_t)value);
		else
			ktstr_jtree__u64(d->tree, n, f[i].key, value);
	}
}

void dump_struct(struct dump *d, struct ktstr_jnode *parent, const char *key, const char *type,
		 uint64_t kva)
{
	uint32_t id = d->btf ? ktstr_btf__composite(d->btf, type) : 0;
	struct ktstr_btf_type t;
	void *data;

	if (!id)
		return;
	ktstr_btf__type(d->btf, id, &t);
	data = t.size && t.size <= STRUCT_MAX ? malloc(t.size) : NULL;
	if (data && !ktstr_kview__read(d->v, kva, data, t.size))
		ktstr_render__value(&d->render, parent, key, d->btf, id, data, t.size);
	free(data);
}

void dump_symbol(const struct dump *d, uint64_t kva, char *buf, size_t size)
{
	ktstr_dump__symbol(d->v, kva, buf, size);
}

void ktstr_dump__symbol(const struct ktstr_kview *v, uint64_t kva, char *buf, size_t size)
{
	const char *name;
	uint64_t off;

	name = ktstr_kview__symbol_at(v, kva, &off);
	if (name)
		snprintf(buf, size, "%s+%#" PRIx64, name, off);
	else
		snprintf(buf, size, "%#" PRIx64, kva);
}

bool dump_expired(struct dump *d)
{
	uint64_t ns = ktstr_now_ns() - d->start_ns;

	if (ns < DEADLINE_NS)
		return false;
	if (!ktstr_jnode__get(d->report, "dump_truncated_at_us"))
		ktstr_jtree__u64(d->tree, d->report, "dump_truncated_at_us", ns / 1000);
	return true;
}

void dump_missing(struct dump *d, const char *key, const char *why)
{
	ktstr_jtree__str(d->tree, d->report, key, why);
}

const struct dump_task *dump_find_task(const struct dump *d, uint64_t kva)
{
	uint32_t i = (uint32_t)(kva >> 6) % DUMP_HASH;

	for (; d->by_kva && d->by_kva[i]; i = (i + 1) % DUMP_HASH)
		if (d->task[d->by_kva[i] - 1].kva == kva)
			return &d->task[d->by_kva[i] - 1];
	return NULL;
}

bool dump_task_name(const struct dump *d, uint64_t kva, char *buf, size_t size)
{
	const struct dump_task *t = dump_find_task(d, kva);

	if (t)
		snprintf(buf, size, "%s[%d]", t->comm, t->pid);
	return t;
}

static int read_memory(void *arg, uint64_t addr, void *buf, size_t len)
{
	struct dump *d = arg;

	return ktstr_kview__read(d->v, addr, buf, len);
}

/* What has the scheduler's type @type, in whichever object of its program. */
static void find_target(const struct dump *d, const struct ktstr_btf *btf, uint32_t type,
			struct ktstr_render_target *t)
{
	struct ktstr_complete whole = { .btf = NULL };
	struct ktstr_btf_type target;

	ktstr_btf__type(btf, type, &target);
	t->btf = target.size ? btf : NULL;
	t->type = type;
	if (target.kind != KTSTR_BTF_FWD)
		return;
	whole = ktstr_forward__find(btf, type, d->in->casts, d->in->nr_casts);
	t->btf = whole.btf;
	t->type = whole.type;
}

/* A leaf of the allocator, of which its type has the header only? */
static bool is_slot(const struct ktstr_btf *btf, uint32_t type, const struct ktstr_render_target *t)
{
	struct ktstr_btf_type target;

	ktstr_btf__type(btf, type, &target);
	return !t->btf || !strcmp(target.name, "sdt_data");
}

/*
 * What a pointer leads to. Tasks have names, the kernel's text and data have symbols, and an address
 * in the arena is one of the loader: it is followed, as its target is the scheduler's own.
 */
static void describe_pointer(void *arg, const struct ktstr_btf *btf,
			     const struct ktstr_btf_type *p, uint64_t addr,
			     struct ktstr_render_target *t)
{
	struct dump *d = arg;

	if (dump_task_name(d, addr, t->note, sizeof(t->note)))
		return;
	if (d->arena_bytes && addr - d->arena_user < d->arena_bytes) {
		find_target(d, btf, p->target, t);
		t->skipped = "only the name of its type is known";
		t->addr = d->arena_kva + (addr - d->arena_user);
		if (is_slot(btf, p->target, t))
			t->by_allocator = dump_slots__target(d, addr - d->arena_user, t);
		snprintf(t->note, sizeof(t->note), "arena+%#" PRIx64, addr - d->arena_user);
		return;
	}
	if (addr - d->v->slide >= d->v->img->text &&
	    addr - d->v->slide - d->v->img->text < d->v->text_len)
		dump_symbol(d, addr, t->note, sizeof(t->note));
}

/* Is type @id the same in the guest's BTF of the scheduler and in that of its program's file? */
static bool same_type(const struct ktstr_btf *a, const struct ktstr_btf *b, uint32_t id)
{
	struct ktstr_btf_type x, y;

	ktstr_btf__type(a, id, &x);
	ktstr_btf__type(b, id, &y);
	return x.kind == y.kind && !strcmp(x.name, y.name) &&
	       (x.kind == KTSTR_BTF_SECTION || x.size == y.size);
}

/* libbpf sorts the variables of a section by address: its numbers of them are others. */
static const struct ktstr_cast *find_variable(const struct ktstr_casts *c,
					      const struct ktstr_btf *btf, uint32_t section,
					      uint32_t nr)
{
	struct ktstr_btf_part mine, its;
	struct ktstr_btf_type a, b;

	ktstr_btf__type(btf, section, &a);
	ktstr_btf__type(c->btf, section, &b);
	if (ktstr_btf__part(btf, &a, nr, &mine))
		return NULL;
	for (uint32_t i = 0; i < c->nr; i++)
		if (c->cast[i].type == section &&
		    !ktstr_btf__part(c->btf, &b, c->cast[i].offset, &its) &&
		    !strcmp(mine.name, its.name))
			return &c->cast[i];
	return NULL;
}

static const struct ktstr_cast *find_cast(const struct dump *d, const struct ktstr_btf *btf,
					  uint32_t type, uint32_t offset)
{
	struct ktstr_btf_type t;

	ktstr_btf__type(btf, type, &t);
	for (unsigned int i = 0; i < d->in->nr_casts; i++) {
		const struct ktstr_casts *c = &d->in->casts[i];
		const struct ktstr_cast *hit = t.kind == KTSTR_BTF_SECTION ?
			find_variable(c, btf, type, offset) : ktstr_casts__find(c, type, offset);

		if (hit && same_type(btf, c->btf, type) && same_type(btf, c->btf, hit->target))
			return hit;
	}
	return NULL;
}

/*
 * A number that the scheduler uses as a pointer. A structure of the kernel is read by the kernel's
 * BTF, any other by the scheduler's.
 */
static bool describe_cast(void *arg, const struct ktstr_btf *btf, uint32_t type, uint32_t offset,
			  uint64_t value, struct ktstr_render_cast *c)
{
	struct ktstr_btf_type target, p = { .kind = KTSTR_BTF_PTR, .name = "", .tag = "" };
	struct dump *d = arg;
	const struct ktstr_cast *hit;
	uint32_t known;

	hit = btf && btf == d->object_btf ? find_cast(d, btf, type, offset) : NULL;
	if (!hit)
		return false;
	ktstr_btf__type(btf, hit->target, &target);
	c->target = target.name;
	c->annotation = KTSTR_CAST_TO_KERNEL;
	p.target = hit->target;
	if (d->arena_bytes && value - d->arena_user < d->arena_bytes)
		c->annotation = KTSTR_CAST_TO_ARENA;
	else if (hit->space == KTSTR_CAST_ARENA || !(value >> 63))
		return false;	/* neither in the arena nor in the kernel: a number after all */
	describe_pointer(arg, btf, &p, value, &c->to);
	if (c->to.btf || c->to.note[0])
		return true;
	known = d->btf ? ktstr_btf__composite(d->btf, target.name) : 0;
	if (known) {
		c->to.btf = d->btf;
		c->to.type = known;
	} else {
		find_target(d, btf, hit->target, &c->to);
		c->to.skipped = "only the name of its type is known";
	}
	c->to.addr = value;
	return true;
}

static void put_head(struct dump *d)
{
	struct ktstr_jnode *n = d->report;

	ktstr_jtree__str(d->tree, n, "trigger", d->in->trigger);
	if (d->in->time_ns)
		ktstr_jtree__u64(d->tree, n, "guest_time_ns", d->in->time_ns);
	ktstr_jtree__str(d->tree, n, "kernel", d->v->img->banner);
	ktstr_jtree__u64(d->tree, n, "nr_cpus", d->v->nr_cpus);
	if (d->jiffies)
		ktstr_jtree__u64(d->tree, n, "jiffies", d->jiffies);
	if (d->tick_ns)
		ktstr_jtree__u64(d->tree, n, "tick_ns", d->tick_ns);
}

void ktstr_dump__take(struct ktstr_jtree *t, struct ktstr_jnode *report,
		      const struct ktstr_dump_input *in)
{
	struct dump d = {
		.tree = t, .report = report, .in = in, .mon = in->mon, .v = &in->mon->view,
		.btf = in->mon->view.img->btf, .start_ns = ktstr_now_ns(),
		.render = { .tree = t, .pointer = describe_pointer,
			    .cast = describe_cast, .read = read_memory },
	};
	uint64_t faults = d.v->mem.faults;

	d.render.arg = &d;
	if (ktstr_kview__attach(d.v)) {
		dump_missing(&d, "unavailable", "the kernel was not found in guest memory");
		return;
	}
	ktstr_root__now(d.v, &d.sched);
	if (ktstr_monitor__jiffies(d.mon, &d.jiffies))
		d.jiffies = 0;
	if (ktstr_monitor__tick_ns(d.mon, &d.tick_ns))
		d.tick_ns = 0;
	put_head(&d);
	dump_tasks__list(&d);
	dump_sched__put(&d);
	dump_cpus__put(&d);
	ktstr_dump__regs(t, report, d.v, in->regs, in->why_no_regs ?: "no machine was asked");
	dump_queues__put(&d);
	dump_tasks__put(&d);
	dump_times__put(&d);
	dump_maps__put(&d);
	if (t->error)
		dump_missing(&d, "dump_truncated", "the dump has reached its limit of memory");
	ktstr_jtree__u64(t, report, "failed_reads", d.v->mem.faults - faults);
	free(d.task);
	free(d.by_kva);
}
