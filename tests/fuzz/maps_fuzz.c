// SPDX-License-Identifier: GPL-2.0
/*
 * A guest that scribbles over its BPF maps and programs: the input is a list of places in the memory
 * that holds them, two bytes each, and of the eight bytes that are stored there. Whatever they are,
 * the readers come to an end, and they write nowhere but where a field may be.
 */
#include <linux/kernel.h>
#include "fuzz.h"
#include "harness/dump/dump.h"
#include "harness/monitor/bpf/other.h"
#include "harness/monitor/bpf/prog.h"
#include "harness/monitor/bpf/write.h"
#include "harness/monitor/series.h"
#include "harness/monitor/watch.h"
#include "harness/monitor/watchdog.h"
#include "tests/unit/monitor/made_maps.h"

#define PATCH	10	/* bytes of the input for one store */

static void put_patch(uint8_t *to, uint64_t gpa, uint64_t value)
{
	uint16_t at = (uint16_t)((gpa - HEAP) / 8);

	memcpy(to, &at, sizeof(at));
	memcpy(to + sizeof(at), &value, sizeof(value));
}

static struct made_maps *guest(void)
{
	static struct made_maps m;
	static bool made;

	if (!made)
		must(!made_maps_init(&m));
	made = true;
	return &m;
}

static void seeds(void)
{
	const struct made_maps *m = guest();
	uint8_t in[3 * PATCH] = { };

	seed("none", in, 0);
	/* a circle in a chain, an IDR that is its own child, a map without end */
	put_patch(in, made_load((struct made_guest *)&m->g, m->htab + HTAB_BUCKETS) - DIRECT,
		  made_load((struct made_guest *)&m->g, m->htab + HTAB_BUCKETS));
	put_patch(in + PATCH, m->node + NODE_SLOTS, (DIRECT + m->node) | 2);
	put_patch(in + 2 * PATCH, m->pcpu + BM_VALUE, UINT64_MAX);
	seed("damage", in, sizeof(in));
	put_patch(in, m->object + 8, 1 << 20);
	put_patch(in + PATCH, m->ops + BM_KTYPE, UINT64_MAX);
	seed("sizes", in, 2 * PATCH);
}

static void read_watches(struct made_maps *m)
{
	static const struct ktstr_watch_map nr = { ".bss", "nr", KTSTR_AGG_SCALAR, "a" };
	static const struct ktstr_watch_map load = { "cpu_ctx_stor", "load", KTSTR_AGG_PER_CPU, "b" };
	static const struct ktstr_watch_map pid = { "by_pid", "", KTSTR_AGG_PER_CPU_COUNTER, "c" };
	static const struct ktstr_watch_map task = { "task_ctx", "", KTSTR_AGG_PER_CPU, "d" };
	static const struct ktstr_watch_map one = { "by_pid", "[3]", KTSTR_AGG_SCALAR, "e" };
	static const struct ktstr_watch_map small = { "arena", "shared.small", KTSTR_AGG_SCALAR, "f" };
	static const struct ktstr_watch_map * const what[] = { &nr, &load, &pid, &task, &one, &small,
							       NULL };
	struct ktstr_sample s = { .ops = "mine", .sched_kva = 1,
				  .have_global = 1ull << KTSTR_GLOBAL_SCX_STATE };
	struct ktstr_watches w;

	s.global[KTSTR_GLOBAL_SCX_STATE] = KTSTR_SCX_ENABLED;
	must(!ktstr_watches__init(&w, what, m->img->btf));
	for (int i = 0; i < 2; i++)
		ktstr_watches__read(&w, &m->v, &s, (uint64_t)i);
	for (unsigned int i = 0; i < w.nr; i++)
		must(w.watch[i].nr <= 2);
	ktstr_watches__free(&w);
}

static int any_value(void *arg, const struct ktstr_map_value *value)
{
	(void)arg;
	return value->index > 1000;	/* a guest can say that it has millions */
}

static int stack_is_bounded(void *arg, const struct ktstr_stack *s)
{
	(void)arg;
	must(s->nr <= KTSTR_STACK_MAX);
	return 0;
}

static int any_slot(void *arg, uint32_t index)
{
	(void)arg;
	(void)index;
	return 0;
}

/*
 * A dump, and each map read as if it were of another type, which the length of the input chooses: a
 * guest may change that too.
 */
static void take_dump(struct made_maps *m, size_t patches)
{
	static const uint32_t types[] = {
		KTSTR_MAP_LPM_TRIE, KTSTR_MAP_QUEUE, KTSTR_MAP_STACK, KTSTR_MAP_STRUCT_OPS,
		KTSTR_MAP_STACK_TRACE, KTSTR_MAP_RINGBUF, KTSTR_MAP_PROG_ARRAY,
	};
	struct ktstr_monitor mon = { .view = m->v };
	struct ktstr_dump_input in = { .mon = &mon, .trigger = "fuzz", .ops = "mine" };
	struct ktstr_jtree tree;
	struct ktstr_jnode *report;
	struct ktstr_ringbuf ring;

	ktstr_jtree__init(&tree, 4 << 20);
	report = ktstr_jtree__object(&tree, NULL, NULL);
	ktstr_dump__take(&tree, report, &in);
	must(tree.bytes <= tree.max);
	ktstr_jtree__free(&tree);
	if (ktstr_maps__read(m->maps, &m->v, &m->l))
		return;
	for (unsigned int i = 0; i < m->maps->nr; i++) {
		struct ktstr_map map = m->maps->map[i];

		map.type = types[patches % ARRAY_SIZE(types)];
		ktstr_map__each_value(&map, &m->v, &m->l, any_value, NULL);
		ktstr_stacks__each(&m->v, &map, stack_is_bounded, NULL);
		ktstr_slots__each(&m->v, &map, any_slot, NULL);
		if (!ktstr_ringbuf__read(&ring, &m->v, &map))
			must(!(ring.capacity & (ring.capacity - 1)));
	}
}

static void write_values(struct made_maps *m)
{
	static const struct ktstr_map_write what[] = {
		{ ".bss", "crash", 1 }, { "by_pid", "[3]", 1 }, { "by_cpu_pid", "load", 1 },
		{ "cpu_ctx_stor", "delta", 1 }, { "arena", "shared.small", 1 },
	};
	struct ktstr_watchdog dog = { .timeout_ms = 5000 };
	struct ktstr_map_written w;

	for (size_t i = 0; i < ARRAY_SIZE(what); i++) {
		ktstr_map_write__apply(&w, &m->v, &m->l, m->maps, "mine", &what[i], true);
		must(!w.done || (w.size <= 8 && w.values));
	}
	ktstr_watchdog__set(&dog, &m->v);
}

/* What the code under test stored, wherever the damaged structures led it, is taken back. */
static uint64_t stored[1024];
static unsigned int nr_stored;

static void *note_store(void *arg, uint64_t gpa, size_t len)
{
	must(len <= 8 && gpa % len == 0);
	if (nr_stored < ARRAY_SIZE(stored))
		stored[nr_stored] = gpa & ~7ull;
	nr_stored++;
	return made_writable(arg, gpa, len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct ktstr_progs progs;
	static uint8_t *pristine;
	struct made_maps *m = guest();
	struct ktstr_prog_layout l;
	size_t patches = size / PATCH;

	if (!pristine) {
		pristine = malloc(GUEST_RAM);
		must(pristine != NULL);
		memcpy(pristine, m->g.ram, GUEST_RAM);
		m->v.mem.writable = note_store;
	}
	for (; size >= PATCH; data += PATCH, size -= PATCH) {
		uint16_t at;

		memcpy(&at, data, sizeof(at));
		memcpy(m->g.ram + HEAP + at % ((m->heap - HEAP) / 8) * 8, data + sizeof(at), 8);
	}
	read_watches(m);
	ktstr_prog_layout__resolve(&l, m->img->btf);
	ktstr_progs__read(&progs, &m->v, &l);
	must(progs.nr <= KTSTR_MAX_BPF_OBJECTS);
	take_dump(m, patches);
	nr_stored = 0;
	write_values(m);
	if (nr_stored > ARRAY_SIZE(stored))
		memcpy(m->g.ram, pristine, GUEST_RAM);
	for (unsigned int i = 0; i < nr_stored && i < ARRAY_SIZE(stored); i++)
		memcpy(m->g.ram + stored[i], pristine + stored[i], 8);
	memcpy(m->g.ram + HEAP, pristine + HEAP, m->heap - HEAP);
	return 0;
}
