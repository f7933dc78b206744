// SPDX-License-Identifier: GPL-2.0
/*
 * A result as the guest sends it. What the decoder takes means the same after it has been
 * encoded and decoded again, and every count in it is within its bounds.
 */
#include "fuzz.h"
#include "harness/result/records.h"
#include "harness/result/wire.h"

static void seeds(void)
{
	struct ktstr_result *r = ktstr_result__new();
	size_t len;
	void *buf;

	must(r);
	buf = ktstr_result__encode(r, &len);
	must(buf);
	seed("empty", buf, len);
	free(buf);
	ktstr_result__add(r, KTSTR_FAILS, KTSTR_STARVED, "worker %d starved", 1);
	ktstr_cpumask__set(&r->cpus_used, 3);
	r->nr_cgroups = 1;
	strcpy(r->cgroups[0].name, "cg_a");
	r->cgroups[0].workers = 2;
	r->cgroups[0].max_gap_cpu = -1;
	r->nr_workers = 1;
	r->workers[0].tid = 71;
	r->workers[0].migrations = r->workers[0].last_migrations.nr = 1;
	r->workers[0].last_migrations.last[0].to = 1;
	ktstr_result__add_metric(r, &(struct ktstr_ext_metric){ .name = "iops", .value = -1.5 });
	ktstr_result__add_stall(r)->why = KTSTR_STALL_WAITS;
	buf = ktstr_result__encode(r, &len);
	must(buf);
	seed("one", buf, len);
	free(buf);
	ktstr_result__free(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct ktstr_result *first, *second;
	size_t len;
	void *buf;

	if (!first) {
		first = ktstr_result__new();
		second = ktstr_result__new();
	}
	must(first && second);
	if (ktstr_result__decode(first, data, size))
		return 0;
	must(first->nr_details <= KTSTR_MAX_DETAILS && first->nr_cgroups <= KTSTR_MAX_CGROUPS);
	buf = ktstr_result__encode(first, &len);
	must(buf && !ktstr_result__decode(second, buf, len));
	must(!memcmp(first, second, sizeof(*first)));
	free(buf);
	return 0;
}
