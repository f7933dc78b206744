// SPDX-License-Identifier: GPL-2.0
/* Shows the counters of declared devices in the sidecar and the report. */
#include <inttypes.h>

#include "devices.h"
#include "harness/plan/plan.h"
#include "lib/json.h"

/* Called before the machine with its counters is destroyed. */
void ktstr_device_counts__detach(struct ktstr_run *run, void *state, struct vm *vm)
{
	struct ktstr_device_counts *c = &((struct ktstr_devices *)state)->counts;

	(void)run;
	while (c->nr < VM_MAX_DEVICES && !vm_device_counters(vm, c->nr, c->value[c->nr]))
		c->nr++;
}

static void write_counts(struct ktstr_json *j, const char *key, const struct vm_counter *counter,
			 const uint64_t *value)
{
	ktstr_json__object(j, key);
	for (; counter && counter->name; counter++)
		ktstr_json__u64(j, counter->name, *value++);
	ktstr_json__end(j);
}

void ktstr_device_counts__json(const struct ktstr_run *run, const void *state, const char *key,
			       struct ktstr_json *j)
{
	const struct ktstr_device_counts *c = &((const struct ktstr_devices *)state)->counts;
	const struct ktstr_device_type *type;
	unsigned int i = 0;

	ktstr_json__object(j, key);
	for_each_device_type(type) {
		unsigned int end = i + type->declared(run->plan->test);
		const char *item = type->list ? NULL : type->attr;

		if (type->list)
			ktstr_json__array(j, type->attr);
		else if (i == end || i >= c->nr)
			ktstr_json__null(j, type->attr);
		for (; i < end && i < c->nr; i++)
			write_counts(j, item, type->class->counters, c->value[i]);
		if (type->list)
			ktstr_json__end(j);
	}
	ktstr_json__end(j);
}

void ktstr_device_counts__report(const struct ktstr_run *run, const void *state, bool brief,
				 FILE *f)
{
	const struct ktstr_device_counts *c = &((const struct ktstr_devices *)state)->counts;
	const struct ktstr_device_type *type;
	unsigned int i = 0;

	(void)brief;
	for_each_device_type(type) {
		for (unsigned int nr = 0; nr < type->declared(run->plan->test) && i < c->nr; nr++) {
			const struct vm_counter *counter = type->class->counters;

			fprintf(f, "%s%u:", type->label, nr);
			for (unsigned int n = 0; counter && counter[n].name; n++)
				fprintf(f, " %s=%" PRIu64, counter[n].name, c->value[i][n]);
			fputc('\n', f);
			i++;
		}
	}
}
