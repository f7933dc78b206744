// SPDX-License-Identifier: GPL-2.0
/* Shows the counters of declared devices in the sidecar and the report. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <ktstr/inspect.h>

#include "devices.h"
#include "harness/model/seen.h"
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

/* The class of device @i, in the order in which the machine has them; NULL: there is none. */
static const struct vm_device_class *class_of(const struct ktstr_test *t, unsigned int i)
{
	const struct ktstr_device_type *type;

	for_each_device_type(type) {
		if (i < type->declared(t))
			return type->class;
		i -= type->declared(t);
	}
	return NULL;
}

/* "NUMBER NAME VALUE" from the guest: untrusted. */
static void take_line(struct ktstr_device_counts *c, const struct ktstr_test *t, const char *line)
{
	const struct vm_device_class *class;
	unsigned int i, n;
	char name[32];
	uint64_t val;

	if (sscanf(line, "%u %31s %" SCNu64, &i, name, &val) != 3 || i >= VM_MAX_DEVICES)
		return;
	class = class_of(t, i);
	for (n = 0; class && class->counters && class->counters[n].name; n++)
		if (!strcmp(class->counters[n].name, name)) {
			c->value[i][n] = val;
			c->unknown[i] &= ~(1u << n);
			c->nr = c->nr > i ? c->nr : i + 1;
		}
}

void ktstr_device_counts__fold(struct ktstr_run *run, void *state)
{
	struct ktstr_device_counts *c = &((struct ktstr_devices *)state)->counts;
	char *text, *line, *save;

	if (c->nr || !run->seen->devices[0])
		return;
	text = strdup(run->seen->devices);
	memset(c->unknown, 0xff, sizeof(c->unknown));
	for (line = text ? strtok_r(text, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save))
		take_line(c, run->plan->test, line);
	free(text);
}

/* Device @nr of the type that the attribute @attr declares. */
static double counter(const struct ktstr_result *r, const char *attr, unsigned int nr,
		      const char *name)
{
	const struct ktstr_devices *d = r->run ? ktstr_part__state(r->run, &ktstr_devices_part) : NULL;
	const struct ktstr_device_type *type;
	const struct vm_counter *c;
	unsigned int i = 0, n;

	for_each_device_type(type) {
		if (!strcmp(type->attr, attr))
			break;
		i += d ? type->declared(r->run->plan->test) : 0;
	}
	if (!d || nr >= type->declared(r->run->plan->test) || i + nr >= d->counts.nr)
		return (double)NAN;
	i += nr;
	for (c = type->class->counters; c && c->name; c++) {
		n = c - type->class->counters;
		if (!strcmp(c->name, name) && !(d->counts.unknown[i] & 1u << n))
			return (double)d->counts.value[i][n];
	}
	return (double)NAN;
}

double ktstr_disk_counter(const struct ktstr_result *r, const char *name)
{
	return counter(r, "disk", 0, name);
}

double ktstr_net_counter(const struct ktstr_result *r, unsigned int nr, const char *name)
{
	return counter(r, "networks", nr, name);
}

static void write_counts(struct ktstr_json *j, const char *key, const struct vm_counter *counter,
			 const struct ktstr_device_counts *c, unsigned int i)
{
	unsigned int n;

	ktstr_json__object(j, key);
	for (n = 0; counter && counter[n].name; n++)
		if (c->unknown[i] & 1u << n)
			ktstr_json__null(j, counter[n].name);
		else
			ktstr_json__u64(j, counter[n].name, c->value[i][n]);
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
			write_counts(j, item, type->class->counters, c, i);
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
				if (!(c->unknown[i] & 1u << n))
					fprintf(f, " %s=%" PRIu64, counter[n].name, c->value[i][n]);
			fputc('\n', f);
			i++;
		}
	}
}
