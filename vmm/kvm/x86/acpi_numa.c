// SPDX-License-Identifier: GPL-2.0
/*
 * ACPI tables about NUMA: which CPUs and which memory are in a node (SRAT), how far nodes are
 * apart (SLIT), and what that means in ns and MB/s (HMAT). Layouts: ACPI 6.5, 5.2.16, 5.2.17 and
 * 5.2.27; reader: drivers/acpi/numa/.
 */
#include "acpi_table.h"
#include "apic.h"

#define ENABLED		1

static void put_memory(struct acpi_area *a, uint32_t node, uint64_t gpa, uint64_t len)
{
	acpi_put(a, 1, 1);
	acpi_put(a, 40, 1);
	acpi_put(a, node, 4);
	acpi_put(a, 0, 2);
	acpi_put(a, gpa, 8);
	acpi_put(a, len, 8);
	acpi_put(a, 0, 4);
	acpi_put(a, ENABLED, 4);
	acpi_put(a, 0, 8);
}

/*
 * A node's memory is a range of offsets into all RAM. Its guest physical ranges are the
 * intersections with the regions.
 */
static void put_node_memory(struct acpi_area *a, const struct vm_ram *ram, uint32_t node,
			    uint64_t from, uint64_t to)
{
	for (unsigned int i = 0; i < ram->nr_regions; i++) {
		const struct vm_region *r = &ram->region[i];
		uint64_t start = from > r->offset ? from : r->offset;
		uint64_t end = to < r->offset + r->len ? to : r->offset + r->len;

		if (start < end)
			put_memory(a, node, r->gpa + (start - r->offset), end - start);
	}
}

uint64_t acpi_put_srat(struct acpi_area *a, const struct vm_ram *ram, const struct vm_topology *t)
{
	size_t start = acpi_table_begin(a, "SRAT", 3);
	uint32_t nr = ktstr_topology__cpus(&t->count);
	uint64_t offset = 0;

	acpi_put(a, 1, 4);
	acpi_put(a, 0, 8);
	/* Linux numbers nodes in this order */
	for (uint32_t cpu = 0; cpu < nr; cpu++) {
		acpi_put(a, 2, 1);
		acpi_put(a, 24, 1);
		acpi_put(a, 0, 2);
		acpi_put(a, vm_topology_node_of_cpu(t, cpu), 4);
		acpi_put(a, vm_apic_id(t, cpu), 4);
		acpi_put(a, ENABLED, 4);
		acpi_put(a, 0, 8);		/* clock domain */
	}
	for (uint32_t node = 0; node < t->count.numa_nodes; node++) {
		put_node_memory(a, ram, node, offset, offset + ram->node_bytes[node]);
		offset += ram->node_bytes[node];
	}
	return acpi_table_end(a, start);
}

uint64_t acpi_put_slit(struct acpi_area *a, const struct vm_topology *t)
{
	size_t start = acpi_table_begin(a, "SLIT", 1);

	acpi_put(a, t->count.numa_nodes, 8);
	for (uint32_t i = 0; i < t->count.numa_nodes; i++)
		for (uint32_t j = 0; j < t->count.numa_nodes; j++)
			acpi_put(a, vm_topology_distance(t, i, j), 1);
	return acpi_table_end(a, start);
}

enum { HMAT_LATENCY = 0, HMAT_BANDWIDTH = 3 };

#define HMAT_BOTH_VALID		3	/* initiator and memory; else the kernel takes neither */
#define HMAT_ENTRY_MAX		65534u	/* 0xffff: no path */
#define PS_PER_NS		1000

static void put_target(struct acpi_area *a, const struct vm_topology *t, uint32_t node)
{
	acpi_put(a, 0, 4);
	acpi_put(a, 40, 4);
	acpi_put(a, HMAT_BOTH_VALID, 4);
	acpi_put(a, vm_topology_initiator(t, node), 4);
	acpi_put(a, node, 4);
	acpi_put(a, 0, 4);
	acpi_put(a, 0, 8);
	acpi_put(a, 0, 8);
}

static uint32_t property(const struct vm_topology *t, unsigned int type, uint32_t from,
			 uint32_t to)
{
	return type == HMAT_LATENCY ? vm_topology_latency_ns(t, from, to) :
				      vm_topology_bandwidth_mbs(t, from, to);
}

/* Nodes with CPUs: they come first. */
static uint32_t nr_initiators(const struct vm_topology *t)
{
	uint32_t nr = 0;

	while (nr < t->count.numa_nodes && vm_topology_node_llcs(t, nr))
		nr++;
	return nr;
}

/* The smallest power of two that all entries fit 16 bits in; 1 up to 65534 ns or MB/s. */
static uint32_t entry_unit(const struct vm_topology *t, unsigned int type)
{
	uint32_t unit = 1;

	for (uint32_t i = 0; i < nr_initiators(t); i++)
		for (uint32_t j = 0; j < t->count.numa_nodes; j++)
			while (property(t, type, i, j) / unit > HMAT_ENTRY_MAX)
				unit *= 2;
	return unit;
}

static void put_locality(struct acpi_area *a, const struct vm_topology *t, unsigned int type)
{
	uint32_t initiators = nr_initiators(t), unit = entry_unit(t, type);

	acpi_put(a, 1, 4);
	acpi_put(a, 32 + 4 * (initiators + t->count.numa_nodes) + 2 * initiators * t->count.numa_nodes, 4);
	acpi_put(a, 0, 1);			/* memory, not one of its caches */
	acpi_put(a, type, 1);
	acpi_put(a, 0, 2);
	acpi_put(a, initiators, 4);
	acpi_put(a, t->count.numa_nodes, 4);
	acpi_put(a, 0, 4);
	acpi_put(a, type == HMAT_LATENCY ? (uint64_t)unit * PS_PER_NS : unit, 8);
	for (uint32_t i = 0; i < initiators; i++)
		acpi_put(a, i, 4);
	for (uint32_t i = 0; i < t->count.numa_nodes; i++)
		acpi_put(a, i, 4);
	for (uint32_t i = 0; i < initiators; i++) {
		for (uint32_t j = 0; j < t->count.numa_nodes; j++) {
			uint32_t entry = property(t, type, i, j) / unit;

			acpi_put(a, entry ? entry : 1, 2);
		}
	}
}

static void put_cache(struct acpi_area *a, uint32_t node, const struct ktstr_mem_side_cache *c)
{
	acpi_put(a, 2, 4);
	acpi_put(a, 32, 4);
	acpi_put(a, node, 4);
	acpi_put(a, 0, 4);
	acpi_put(a, c->size, 8);
	/* one level, and this is it */
	acpi_put(a, 1 | 1 << 4 | c->associativity << 8 | c->write_policy << 12 |
		    (uint32_t)c->line_bytes << 16, 4);
	acpi_put(a, 0, 4);
}

uint64_t acpi_put_hmat(struct acpi_area *a, const struct vm_topology *t)
{
	size_t start = acpi_table_begin(a, "HMAT", 2);

	acpi_put(a, 0, 4);
	for (uint32_t i = 0; i < t->count.numa_nodes; i++)
		put_target(a, t, i);
	put_locality(a, t, HMAT_LATENCY);
	put_locality(a, t, HMAT_BANDWIDTH);
	for (uint32_t i = 0; t->nodes && i < t->count.numa_nodes; i++)
		if (t->nodes[i].cache.size)
			put_cache(a, i, &t->nodes[i].cache);
	return acpi_table_end(a, start);
}
