// SPDX-License-Identifier: GPL-2.0
/* Texts that people type: topologies and CPU lists. What is taken, is written and taken again. */
#include "fuzz.h"
#include <ktstr/cpumask.h>
#include "lib/err.h"
#include "lib/topology.h"

static void seeds(void)
{
	seed("topology", "1n2l4c2t", 8);
	seed("large", "2n252l1c1t", 10);
	seed("list", "0-3,8,510-511", 13);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_string(data, size), again[KTSTR_TOPOLOGY_STRLEN], list[4096];
	struct ktstr_cpumask a = { 0 }, b = { 0 };
	struct ktstr_topology t, u;
	struct ktstr_err err;

	if (!ktstr_topology__parse(text, &t, &err)) {
		must(ktstr_topology__cpus(&t) && ktstr_topology__cpus(&t) <= KTSTR_MAX_CPUS);
		ktstr_topology__format(&t, again, sizeof(again));
		must(!ktstr_topology__parse(again, &u, &err));
		must(!memcmp(&t, &u, sizeof(t)));
	}
	if (!ktstr_cpumask__parse(text, &a)) {
		ktstr_cpumask__format(&a, list, sizeof(list));
		must(!ktstr_cpumask__parse(list, &b) && !memcmp(&a, &b, sizeof(a)));
	}
	free(text);
	return 0;
}
