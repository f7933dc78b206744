// SPDX-License-Identifier: GPL-2.0
/* Texts that people type: topologies and CPU lists. What is taken, is written and taken again. */
/* Links: vmm/topology.c vmm/err.c harness/core/cpumask.c */
#include "fuzz.h"
#include "../../harness/core/verdict.h"
#include "../../vmm/vm.h"

static void seeds(void)
{
	seed("topology", "1n2l4c2t", 8);
	seed("large", "2n252l1c1t", 10);
	seed("list", "0-3,8,510-511", 13);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_string(data, size), again[VM_TOPOLOGY_STRLEN], list[4096];
	struct ktstr_cpumask a = { 0 }, b = { 0 };
	struct vm_topology t, u;
	struct vm_err err;

	if (!vm_topology_parse(text, &t, &err)) {
		must(vm_topology_cpus(&t) && vm_topology_cpus(&t) <= VM_MAX_CPUS);
		vm_topology_format(&t, again, sizeof(again));
		must(!vm_topology_parse(again, &u, &err));
		must(u.numa_nodes == t.numa_nodes && u.llcs == t.llcs && u.cores == t.cores &&
		     u.threads == t.threads);
	}
	if (!ktstr_cpumask__parse(text, &a)) {
		ktstr_cpumask__format(&a, list, sizeof(list));
		must(!ktstr_cpumask__parse(list, &b) && !memcmp(&a, &b, sizeof(a)));
	}
	free(text);
	return 0;
}
