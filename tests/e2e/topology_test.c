// SPDX-License-Identifier: GPL-2.0
/*
 * The truth test: what a guest's sysfs says about CPUs, caches, nodes, distances and memory is
 * exactly what the topology declares. The expectation is written down from the declaration
 * alone, line by line as tests/e2e/guest/topology_guest.c reports, and the two texts are compared.
 *
 *	topology_test [--accel kvm|tcg] [--append PARAMETERS] [PRESET | 2n4l3c2t | all]...
 *
 * Without a name: a few small ones of each kind; all: the presets, from few CPUs to many. PARAMETERS are
 * the guest kernel's. KTSTR_TEST_KERNEL names the kernel. This program is the guest's /init too.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/kernel.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/plan/preset.h"
#include "vmm/initramfs/initramfs.h"
#include "lib/clock.h"
#include "vmm/vm.h"
#include "tests/e2e/apic_timer.h"
#include "tests/e2e/guest/topology_guest.h"

#define MIB		(UINT64_C(1) << 20)
#define SHARED_BYTES	(4 * MIB)
/* a CPU takes seconds to come up where the host is emulated, and busy with other things */
#define PATIENCE_MS(cpus)	(300000 + 15000 * (int)(cpus))
#define XAPIC_IDS	255	/* deterministic emulation has no more */

/* ---- what has to come back ---- */

struct text {
	char *at;
	size_t len, size;
};

static void put(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void put(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->at + t->len, t->size - t->len, fmt, ap);
	va_end(ap);
	if (n > 0 && (size_t)n < t->size - t->len)
		t->len += (size_t)n;
}

static void put_list(struct text *t, uint32_t first, uint32_t nr)
{
	if (nr > 1)
		put(t, "%" PRIu32 "-%" PRIu32 "\n", first, first + nr - 1);
	else if (nr)
		put(t, "%" PRIu32 "\n", first);
	else
		put(t, "-\n");
}

static unsigned int order(uint32_t n)
{
	return n > 1 ? 32 - (unsigned int)__builtin_clz(n - 1) : 0;
}

static void expect_cpu(struct text *x, const struct vm_topology *t, uint32_t cpu)
{
	uint32_t per_llc = t->count.cores * t->count.threads, llc = cpu / per_llc;
	uint32_t core = cpu / t->count.threads % t->count.cores;
	uint32_t sibling = cpu / t->count.threads * t->count.threads;
	static const char * const own[] = { "L1 Data", "L1 Instruction", "L2 Unified" };

	put(x, "cpu%u physical_package_id %u\ncpu%u core_id %u\n", cpu, llc, cpu, core);
	put(x, "cpu%u thread_siblings_list ", cpu);
	put_list(x, sibling, t->count.threads);
	put(x, "cpu%u package_cpus_list ", cpu);
	put_list(x, llc * per_llc, per_llc);
	for (size_t i = 0; i < ARRAY_SIZE(own); i++) {
		put(x, "cpu%u %s ", cpu, own[i]);
		put_list(x, sibling, t->count.threads);
	}
	put(x, "cpu%u L3 Unified ", cpu);
	put_list(x, llc * per_llc, per_llc);
}

static uint32_t node_llcs(const struct vm_topology *t, uint32_t node)
{
	return t->nodes ? t->nodes[node].llcs : t->count.llcs / t->count.numa_nodes;
}

static uint32_t distance(const struct vm_topology *t, uint32_t a, uint32_t b)
{
	return t->distance ? t->distance[a * t->count.numa_nodes + b] : a == b ? 10 : 20;
}

/* docs/topologies.md: own CPUs, else the nearest; 100 ns, 51200 MB/s, and 300 and 20480 without. */
static void expect_access(struct text *x, const struct vm_topology *t, uint32_t node)
{
	uint32_t llcs = node_llcs(t, node), from = llcs ? node : 0, latency, bandwidth;

	for (uint32_t i = 0; !llcs && i < t->count.numa_nodes; i++)
		if (node_llcs(t, i) && distance(t, i, node) < distance(t, from, node))
			from = i;
	latency = t->nodes && t->nodes[node].latency_ns ? t->nodes[node].latency_ns :
		  llcs ? 100 : 300;
	bandwidth = t->nodes && t->nodes[node].bandwidth_mbs ? t->nodes[node].bandwidth_mbs :
		    llcs ? 51200 : 20480;
	latency = latency * distance(t, from, node) / 10;
	bandwidth = bandwidth * 10 / distance(t, from, node);
	for (int class = 0; class < 2; class++) {
		if (t->count.numa_nodes == 1 && !t->nodes)
			put(x, "node%u access%d from read_latency - write_latency - read_bandwidth - write_bandwidth -\n",
			    node, class);
		else
			put(x, "node%u access%d from %u read_latency %u write_latency %u read_bandwidth %u write_bandwidth %u\n",
			    node, class, from, latency, latency, bandwidth, bandwidth);
	}
}

/* sysfs numbers: indexing 0 direct, 1 indexed, 2 other; policy 0 back, 1 through, 2 other. */
static void expect_cache(struct text *x, const struct vm_topology *t, uint32_t node)
{
	static const int number[] = { 2, 0, 1 };
	const struct ktstr_mem_side_cache *c = t->nodes ? &t->nodes[node].cache : NULL;

	if (c && c->size)
		put(x, "node%u cache size %" PRIu64 " line_size %u indexing %d write_policy %d\n",
		    node, c->size, c->line_bytes, number[c->associativity],
		    number[c->write_policy]);
	else
		put(x, "node%u cache size - line_size - indexing - write_policy -\n", node);
}

static uint32_t apic_id(const struct vm_topology *t, uint32_t cpu)
{
	unsigned int core_shift = order(t->count.threads);
	unsigned int llc_shift = core_shift + order(t->count.cores);

	return cpu / (t->count.cores * t->count.threads) << llc_shift |
	       cpu / t->count.threads % t->count.cores << core_shift | cpu % t->count.threads;
}

static void expect(struct text *x, const struct vm_topology *t)
{
	uint32_t cpus = ktstr_topology__cpus(&t->count), cpu = 0, with_cpus = 0;

	put(x, "online ");
	put_list(x, 0, cpus);
	while (with_cpus < t->count.numa_nodes && node_llcs(t, with_cpus))
		with_cpus++;
	put(x, "has_cpu ");
	put_list(x, 0, with_cpus);
	put(x, "has_memory ");
	put_list(x, 0, t->count.numa_nodes);
	for (uint32_t i = 0; i < cpus; i++)
		put(x, "cpu%u apicid %u\n", i, apic_id(t, i));
	for (uint32_t i = 0; i < cpus; i++)
		expect_cpu(x, t, i);
	for (uint32_t i = 0; i < t->count.numa_nodes; i++) {
		uint32_t nr = node_llcs(t, i) * t->count.cores * t->count.threads;

		put(x, "node%u cpulist ", i);
		put_list(x, cpu, nr);
		cpu += nr;
		put(x, "node%u distance", i);
		for (uint32_t j = 0; j < t->count.numa_nodes; j++)
			put(x, " %u", distance(t, i, j));
		put(x, "\nnode%u present\n", i);	/* a range: see present_is() */
		expect_access(x, t, i);
		expect_cache(x, t, i);
	}
	put(x, "end\n");
}

/* ---- comparing ---- */

struct machine {
	struct vm_spec spec;
	struct vm *vm;
	uint64_t shared_gpa;
	char dir[64], console[96], output[96], log[96];
};

/*
 * Does @node have its declared memory? What is missing is known to the page under the bundled VMM:
 * page 0 and the ROM area in node 0, and the shared stretch where it lies (below 4 GiB, where
 * addresses are offsets). QEMU's firmware takes up to 1 MiB more of a node.
 */
static bool present_is(const struct machine *m, uint32_t node, uint64_t got)
{
	const struct vm_spec *s = &m->spec;
	uint64_t want = vm_topology_node_bytes(&s->topo, s->mem_bytes, node), start = 0;
	uint64_t slack = s->accel == VM_ACCEL_TCG ? MIB : 0, from, to;

	for (uint32_t i = 0; i < node; i++)
		start += vm_topology_node_bytes(&s->topo, s->mem_bytes, i);
	from = m->shared_gpa > start ? m->shared_gpa : start;
	to = m->shared_gpa + s->shared_bytes;
	if (to > start + want)
		to = start + want;
	if (from < to)
		want -= to - from;
	if (!node)
		want -= 4096 + (MIB - 0xa0000);
	return got <= want && got + slack >= want;
}

/* Print the first lines that differ. Returns how many do. */
static unsigned int compare(const struct machine *m, char *want, char *got)
{
	unsigned int bad = 0, node;
	char *w, *g, *wsave, *gsave;
	uint64_t bytes;

	w = strtok_r(want, "\n", &wsave);
	g = strtok_r(got, "\n", &gsave);
	for (; w || g; w = w ? strtok_r(NULL, "\n", &wsave) : w,
		       g = g ? strtok_r(NULL, "\n", &gsave) : g) {
		if (w && g && !strcmp(w, g))
			continue;
		if (w && g && sscanf(g, "node%u present %" SCNu64, &node, &bytes) == 2 &&
		    !strncmp(w, g, strlen(w)) && present_is(m, node, bytes))
			continue;
		if (++bad <= 8)
			printf("# declared: %s\n# guest:    %s\n", w ? w : "(nothing)",
			       g ? g : "(nothing)");
	}
	return bad;
}

/* ---- running ---- */

static int make_initrd(struct ktstr_err *err)
{
	struct initramfs *fs = initramfs__new();
	char exe[4096], note[256];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	int fd;

	if (!fs || n < 0) {
		initramfs__free(fs);
		return ktstr_err(err, ENOMEM, "cannot build the initrd");
	}
	exe[n] = '\0';
	fd = initramfs__add_file(fs, exe, "/init", true, err);
	if (!fd)
		fd = initramfs__finish(fs, NULL, note, sizeof(note), err);
	initramfs__free(fs);
	return fd;
}

static void show_console(const struct machine *m)
{
	char cmd[256];

	fflush(stdout);
	snprintf(cmd, sizeof(cmd), "tail -n 12 %s | sed 's/^/# console: /'", m->console);
	if (system(cmd))
		printf("# no console\n");
}

/* Boot @t and compare. 0, or -1 after saying on # lines why not. */
static int run(struct machine *m, const struct vm_topology *t)
{
	struct text want = { .size = SHARED_BYTES };
	struct vm_event ev = { .type = VM_EVENT_ERROR };
	struct ktstr_err err;
	unsigned int bad = 1;
	char *got;

	m->spec.topo = *t;
	/* 2 MiB a CPU is what per-CPU areas and stacks take with room to spare */
	m->spec.mem_bytes = (384 + 2 * ktstr_topology__cpus(&t->count)) * MIB;
	for (uint32_t i = 0; i < t->count.numa_nodes; i++)
		m->spec.mem_bytes += t->nodes && t->nodes[i].mem_bytes ? t->nodes[i].mem_bytes :
				     32 * MIB;
	/* one host thread is faster than many vCPUs on few cores */
	m->spec.deterministic = m->spec.accel == VM_ACCEL_TCG &&
				apic_id(t, ktstr_topology__cpus(&t->count) - 1) < XAPIC_IDS;
	if (vm_create(&m->vm, &m->spec, &err) || vm_start(m->vm, &err)) {
		printf("# %s\n", err.msg);
		goto out;
	}
	got = vm_shared(m->vm, &m->shared_gpa);
	do {
		vm_wait(m->vm, PATIENCE_MS(ktstr_topology__cpus(&t->count)), -1, &ev);
		if (ev.type == VM_EVENT_SYNC)
			vm_continue(m->vm);
	} while (ev.type == VM_EVENT_SYNC);
	if (ev.type != VM_EVENT_EXIT) {
		printf("# %s\n", ev.type == VM_EVENT_ERROR ? ev.err.msg : "the guest does not end");
		show_console(m);
		goto out;
	}
	got[SHARED_BYTES - 1] = '\0';
	want.at = calloc(1, want.size);
	if (!want.at)
		goto out;
	expect(&want, t);
	bad = compare(m, want.at, got);
	free(want.at);
	if (bad) {
		printf("# %u lines differ\n", bad);
		show_console(m);
	}
out:
	vm_destroy(m->vm);
	m->vm = NULL;
	return bad ? -1 : 0;
}

/* One result line for the topology called @name. */
static bool test(struct machine *m, const char *name, unsigned int nr)
{
	const struct ktstr_preset *p = ktstr_preset__find(name);
	int64_t start_ms = ktstr_now_ms();
	struct vm_topology t = { };
	struct ktstr_err err;
	bool ok;

	if (p) {
		t = p->topo;
	} else if (ktstr_topology__parse(name, &t.count, &err)) {
		printf("# no preset is called that, and %s\nnot ok %u %s\n", err.msg, nr, name);
		return false;
	}
	ok = !run(m, &t);
	printf("%s %u %s # %u CPUs, %" PRId64 " s\n", ok ? "ok" : "not ok", nr, name,
	       ktstr_topology__cpus(&t.count), (ktstr_now_ms() - start_ms) / 1000);
	fflush(stdout);
	return ok;
}

/* Every preset, the small ones first. Returns how many failed; *@nr counts result lines. */
static unsigned int test_all(struct machine *m, unsigned int *nr)
{
	unsigned int failed = 0;

	for (uint32_t cpus = 1; cpus <= KTSTR_MAX_CPUS; cpus++)
		for (unsigned int i = 0; i < ktstr_nr_presets; i++)
			if (ktstr_topology__cpus(&ktstr_presets[i].topo.count) == cpus)
				failed += !test(m, ktstr_presets[i].name, ++*nr);
	return failed;
}

static int set_up(struct machine *m, const char *accel, const char *append)
{
	enum vm_accel want = !accel ? VM_ACCEL_AUTO : !strcmp(accel, "kvm") ? VM_ACCEL_KVM :
			     VM_ACCEL_TCG;
	char why[512];
	struct ktstr_err err;

	*m = (struct machine){ .dir = "/tmp/ktstr-topology.XXXXXX" };
	m->spec = (struct vm_spec){
		.kernel = getenv("KTSTR_TEST_KERNEL"), .cmdline = append, .shared_bytes = SHARED_BYTES,
		.icount_shift = VM_SHIFT_AUTO, .seed = 1, .kaslr = true,
		.console_path = m->console, .output_path = m->output, .emulator_log_path = m->log,
	};
	if (!m->spec.kernel) {
		printf("1..0 # SKIP KTSTR_TEST_KERNEL is not set\n");
		return 4;
	}
	if (vm_pick_accel(want, &m->spec.accel, why, sizeof(why), &err)) {
		printf("1..0 # SKIP %s\n", err.msg);
		return 4;
	}
	know_apic_timer(&m->spec);
	m->spec.initrd_fd = make_initrd(&err);
	if (m->spec.initrd_fd < 0 || !mkdtemp(m->dir)) {
		printf("Bail out! %s\n", m->spec.initrd_fd < 0 ? err.msg : strerror(errno));
		return 1;
	}
	snprintf(m->console, sizeof(m->console), "%s/console", m->dir);
	snprintf(m->output, sizeof(m->output), "%s/output", m->dir);
	snprintf(m->log, sizeof(m->log), "%s/emulator", m->dir);
	return 0;
}

static void tear_down(struct machine *m)
{
	unlink(m->console);
	unlink(m->output);
	unlink(m->log);
	rmdir(m->dir);
	close(m->spec.initrd_fd);
}

int main(int argc, char **argv)
{
	static const char * const some[] = {
		"odd-3llc", "smt-2llc", "cxl-2node", "asym-llcs",
		"tiny-1llc", "tiny-2llc", "cxl-1node", "tiered-memory",
	};
	const char *accel = NULL, *append = "";
	unsigned int nr = 0, failed = 0;
	struct machine m;
	int ret;

	if (getpid() == 1)
		return topology_guest();
	for (argv++; argc > 2 && argv[0][0] == '-'; argc -= 2, argv += 2) {
		if (!strcmp(argv[0], "--accel"))
			accel = argv[1];
		else if (!strcmp(argv[0], "--append"))
			append = argv[1];
		else
			break;
	}
	if (accel && strcmp(accel, "kvm") && strcmp(accel, "tcg")) {
		fprintf(stderr, "topology_test: --accel %s: kvm or tcg\n", accel);
		return 2;
	}
	printf("KTAP version 1\n");
	ret = set_up(&m, accel, append);
	if (ret)
		return ret;
	/* the emulator's own topology needs less proof than ours */
	for (size_t i = 0; !*argv && i < (m.spec.accel == VM_ACCEL_TCG ? 4 : 8); i++)
		failed += !test(&m, some[i], ++nr);
	for (; *argv; argv++) {
		if (strcmp(*argv, "all"))
			failed += !test(&m, *argv, ++nr);
		else
			failed += test_all(&m, &nr);
	}
	tear_down(&m);
	printf("1..%u\n# Totals: pass:%u fail:%u xfail:0 xpass:0 skip:0 error:0\n", nr,
	       nr - failed, failed);
	return failed ? 1 : 0;
}
