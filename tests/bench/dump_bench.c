// SPDX-License-Identifier: GPL-2.0
/*
 * What a dump costs the host: a machine of 4 CPUs with 200 tasks in 16 queues and a scheduler with 30
 * maps, in memory that is put together with the structures of a real kernel. Fails when it takes
 * longer than it may, or lacks what was put there.
 *
 *	dump_bench KERNEL
 */
#include <unistd.h>

#include "harness/dump/dump.h"
#include "harness/dump/file.h"
#include "harness/monitor/bpf/map.h"
#include "tests/unit/monitor/made_btf.h"
#include "bench_guest.h"

#define CPUS		4
#define TASKS		200
#define QUEUES		16
#define MAPS		30
#define KEYS		200	/* of each hash */
#define ELEMENTS	64	/* of each array */
#define VALUE		64
#define AT_TASKS	(64ull << 20)
#define TASK_STRIDE	(16ull << 10)
#define AT_SIGNALS	(80ull << 20)
#define AT_QUEUES	(96ull << 20)
#define AT_MAPS		(112ull << 20)
#define MAP_STRIDE	(1ull << 20)
#define MAX_MS		200

static const struct ktstr_kimage *img;

static uint64_t field(uint64_t base, const char *type, const char *path)
{
	return base + offset(img, type, path);
}

static void store32(uint64_t gpa, uint32_t v)
{
	memcpy(ram + gpa, &v, sizeof(v));
}

/* The link at @link becomes the last one of the list at @head. */
static void add_tail(uint64_t head, uint64_t link)
{
	uint64_t last;

	memcpy(&last, ram + head + 8, sizeof(last));
	store(link, DIRECT + head);
	store(link + 8, last);
	store(last - DIRECT, DIRECT + link);
	store(head + 8, DIRECT + link);
}

static void init_list(uint64_t head)
{
	store(head, DIRECT + head);
	store(head + 8, DIRECT + head);
}

/* DSQs with numbers, in a hash of 64 buckets. */
static void put_queues(void)
{
	uint64_t table = AT_QUEUES + (1 << 20), buckets = field(table, "bucket_table", "buckets");

	store(field(SCHED, "scx_sched", "dsq_hash.tbl"), DIRECT + table);
	store32(field(table, "bucket_table", "size"), 64);
	for (uint64_t i = 0; i < 64; i++)
		store(buckets + i * 8, 1);
	for (uint64_t i = 0; i < QUEUES; i++) {
		uint64_t q = AT_QUEUES + i * 4096;

		init_list(field(q, "scx_dispatch_q", "list"));
		store(field(q, "scx_dispatch_q", "id"), i);
		store(field(q, "scx_dispatch_q", "hash_node"), 1);
		store(buckets + i * 3 * 8, DIRECT + field(q, "scx_dispatch_q", "hash_node"));
	}
}

static void put_tasks(void)
{
	/* init_task is in the image: the direct map has it too */
	uint64_t head = field(gpa_of(img, "init_task"), "task_struct", "tasks");
	char name[16];

	store(head, img->text + head - TEXT);
	store(head + 8, DIRECT + head);
	for (uint64_t i = 0; i < TASKS; i++) {
		uint64_t t = AT_TASKS + i * TASK_STRIDE, s = AT_SIGNALS + i * 4096;
		uint64_t q = AT_QUEUES + i % QUEUES * 4096, nr = field(q, "scx_dispatch_q", "nr");

		add_tail(head, field(t, "task_struct", "tasks"));
		store(field(t, "task_struct", "signal"), DIRECT + s);
		init_list(field(s, "signal_struct", "thread_head"));
		store32(field(t, "task_struct", "pid"), (uint32_t)(1000 + i));
		store32(field(t, "task_struct", "on_rq"), 1);
		snprintf(name, sizeof(name), "worker%u", (unsigned int)i);
		strcpy((char *)ram + field(t, "task_struct", "comm"), name);
		store(field(t, "task_struct", "cpus_mask"), 15);
		store(field(t, "task_struct", "scx.dsq"), DIRECT + q);
		add_tail(field(q, "scx_dispatch_q", "list"), field(t, "task_struct", "scx.dsq_list.node"));
		store32(nr, ram[nr] + 1u);
	}
	/* the last link leads back to the list's head by the image's address, as in a guest */
	store(field(AT_TASKS + (TASKS - 1) * TASK_STRIDE, "task_struct", "tasks"),
	      img->text + head - TEXT);
}

/* struct value { u64 counter; u32 state; char name[20]; u64 load[4]; } */
static uint32_t value_type(uint64_t object)
{
	struct made_btf *b = calloc(1, sizeof(*b));
	uint32_t u64 = made_int(b, "u64", 8, 0), u32 = made_int(b, "u32", 4, 0);
	uint32_t chr = made_int(b, "char", 1, 1), name = made_array(b, chr, 20);
	uint32_t load = made_array(b, u64, 4), id;
	size_t len;

	id = made_type(b, "value", BTF_KIND_STRUCT, 4, 0, VALUE);
	made_member(b, "counter", u64, 0, 0);
	made_member(b, "state", u32, 64, 0);
	made_member(b, "name", name, 96, 0);
	made_member(b, "load", load, 256, 0);
	len = made_finish(b);
	memcpy(ram + object + 4096, b->out, len);
	store(field(object, "btf", "data"), DIRECT + object + 4096);
	store32(field(object, "btf", "data_size"), (uint32_t)len);
	free(b);
	return id;
}

static void put_value(uint64_t gpa, uint64_t i)
{
	store(gpa, i * 12345);
	store32(gpa + 8, (uint32_t)i);
	strcpy((char *)ram + gpa + 12, "value");
	for (uint64_t k = 0; k < 4; k++)
		store(gpa + 32 + k * 8, i + k);
}

static void put_array(uint64_t map)
{
	uint64_t values = field(map, "bpf_array", "value");

	for (uint64_t i = 0; i < ELEMENTS; i++)
		put_value(values + i * VALUE, i);
}

static void put_hash(uint64_t map)
{
	uint64_t buckets = map + 4096, elem = map + 65536;

	store(field(map, "bpf_htab", "buckets"), DIRECT + buckets);
	store32(field(map, "bpf_htab", "n_buckets"), 256);
	for (uint64_t i = 0; i < 256; i++)
		store(buckets + i * 16, i << 1 | 1);
	for (uint64_t i = 0; i < KEYS; i++, elem += 256) {
		store(field(elem, "htab_elem", "hash_node.next"), i << 1 | 1);
		store(buckets + i * 16, DIRECT + field(elem, "htab_elem", "hash_node"));
		store32(field(elem, "htab_elem", "key"), (uint32_t)i);
		put_value(field(elem, "htab_elem", "key") + 8, i);
	}
}

static uint32_t type_id(const char *name)
{
	for (uint32_t i = 1; i < ktstr_btf__nr_types(img->btf); i++)
		if (!strcmp(ktstr_btf__type_name(img->btf, i), name))
			return i;
	return 0;
}

static void put_maps(void)
{
	uint64_t object = AT_MAPS - MAP_STRIDE, node = AT_MAPS - 65536;
	uint64_t idr = gpa_of(img, "map_idr");
	uint32_t type = value_type(object);

	store(field(idr, "idr", "idr_rt.xa_head"), (DIRECT + node) | 2);
	for (uint32_t i = 0; i < MAPS; i++) {
		uint64_t map = AT_MAPS + i * MAP_STRIDE;
		uint32_t kind = !i ? KTSTR_MAP_STRUCT_OPS : i % 3 ? KTSTR_MAP_ARRAY :
				KTSTR_MAP_HASH;

		store(field(node, "xa_node", "slots") + (i + 1) * 8, DIRECT + map);
		store32(field(map, "bpf_map", "map_type"), kind);
		store32(field(map, "bpf_map", "key_size"), 4);
		store32(field(map, "bpf_map", "value_size"), VALUE);
		store32(field(map, "bpf_map", "max_entries"), kind == KTSTR_MAP_ARRAY ? ELEMENTS : KEYS);
		store32(field(map, "bpf_map", "id"), i + 1);
		store32(field(map, "bpf_map", "btf_value_type_id"), type);
		store(field(map, "bpf_map", "btf"), DIRECT + object);
		snprintf((char *)ram + field(map, "bpf_map", "name"), 16, "map%u", i);
		if (kind == KTSTR_MAP_ARRAY)
			put_array(map);
		else if (kind == KTSTR_MAP_HASH)
			put_hash(map);
	}
	store32(field(AT_MAPS, "bpf_map", "btf_vmlinux_value_type_id"),
		type_id("bpf_struct_ops_sched_ext_ops"));
	store32(field(AT_MAPS, "bpf_struct_ops_map", "kvalue.common.state"), 1);
}

static bool is_complete(const struct ktstr_jnode *report)
{
	const struct ktstr_jnode *tasks = ktstr_jnode__get(report, "task_enrichments");
	const struct ktstr_jnode *maps = ktstr_jnode__get(report, "maps"), *m = ktstr_jnode__first(maps);
	const struct ktstr_jnode *q = ktstr_jnode__list(report, "dsq_states");
	unsigned int queued = 0, values = 0;

	for (; q; q = q->next)
		if (!strcmp(ktstr_jnode__str(q, "origin", ""), "user"))
			queued += ktstr_jnode__get(q, "tasks")->nr;
	for (; m; m = m->next) {
		const struct ktstr_jnode *e = ktstr_jnode__get(m, "array_entries") ?:
					      ktstr_jnode__get(m, "entries");

		values += e ? e->nr : 0;
	}
	printf("%u tasks, %u of them queued, %u maps, %u values, %s\n", tasks ? tasks->nr : 0, queued,
	       maps ? maps->nr : 0, values, ktstr_jnode__str(report, "maps_unavailable", ""));
	return tasks && tasks->nr == TASKS && queued == TASKS && maps && maps->nr == MAPS &&
	       values == 20 * ELEMENTS + 9 * KEYS + 1;
}

static bool measure(void)
{
	struct ktstr_gmem mem = { .at = at, .end = RAM };
	struct ktstr_monitor m;
	struct ktstr_dump_input in = { .mon = &m, .trigger = "bench", .ops = "" };
	struct ktstr_jtree tree;
	struct ktstr_jnode *report;
	struct ktstr_err err;
	uint64_t start;
	double ms, write_ms;
	bool ok;

	if (ktstr_monitor__init(&m, img, &mem, CPUS, &err)) {
		fprintf(stderr, "dump_bench: %s\n", err.msg);
		return false;
	}
	start = cpu_ns();
	ktstr_jtree__init(&tree, KTSTR_DUMP_MAX_BYTES);
	report = ktstr_jtree__object(&tree, NULL, NULL);
	ktstr_dump__take(&tree, report, &in);
	ms = (double)(cpu_ns() - start) / 1e6;
	start = cpu_ns();
	ok = !ktstr_dump_file__write(report, "/tmp/ktstr-dump-bench.json");
	unlink("/tmp/ktstr-dump-bench.json");
	write_ms = (double)(cpu_ns() - start) / 1e6;
	ok = ok && is_complete(report) && ms + write_ms <= MAX_MS;
	printf("a dump takes %.1f ms and its file %.1f ms, %zu KiB in memory; they may take %d ms: %s\n",
	       ms, write_ms, tree.bytes >> 10, MAX_MS, ok ? "ok" : "NOT OK");
	ktstr_jtree__free(&tree);
	return ok;
}

int main(int argc, char **argv)
{
	struct ktstr_kimage *image;
	struct ktstr_err err;
	bool ok;

	if (argc != 2) {
		fprintf(stderr, "usage: dump_bench KERNEL\n");
		return 1;
	}
	ram = calloc(1, RAM);
	if (!ram || ktstr_kimage__open(&image, argv[1], NULL, &err)) {
		fprintf(stderr, "dump_bench: %s\n", ram ? err.msg : "no memory");
		return 1;
	}
	img = image;
	put_kernel(img);
	put_cpus(img);
	put_queues();
	put_tasks();
	put_maps();
	ok = measure();
	ktstr_kimage__free(image);
	free(ram);
	return !ok;
}
