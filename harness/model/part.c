// SPDX-License-Identifier: GPL-2.0
/* Calls the hooks of all parts of a run: see part.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/json.h"
#include "part.h"

#define for_each_part(_i, _part)						\
	for ((_i) = 0; ((_part) = ktstr_run_parts[_i]); (_i)++)

/* A record that did not go through ktstr_parts__init() has no states. */
#define for_each_ready_part(_run, _i, _part)					\
	for_each_part(_i, _part)						\
		if (!(_part)->state_size || (_run)->part_state[_i])

void *ktstr_part__state(const struct ktstr_run *run, const struct ktstr_run_part *part)
{
	const struct ktstr_run_part *p;
	unsigned int i;

	for_each_part(i, p)
		if (p == part)
			return run->part_state[i];
	return NULL;
}

bool ktstr_part__ready(const struct ktstr_run *run, const struct ktstr_run_part *part)
{
	return !part->state_size || ktstr_part__state(run, part);
}

int ktstr_parts__check(const struct ktstr_test *t, struct ktstr_err *err)
{
	const struct ktstr_run_part *p;
	unsigned int i;
	int ret;

	for_each_part(i, p) {
		ret = p->check ? p->check(t, err) : 0;
		if (ret)
			return ret;
	}
	return 0;
}

int ktstr_parts__init(struct ktstr_run *run)
{
	const struct ktstr_run_part *p;
	unsigned int i;

	for_each_part(i, p) {
		if (!p->state_size)
			continue;
		run->part_state[i] = calloc(1, p->state_size);
		if (!run->part_state[i])
			return -ENOMEM;
	}
	return 0;
}

int ktstr_parts__prepare(struct ktstr_run *run, struct ktstr_err *err)
{
	const struct ktstr_run_part *p;
	unsigned int i;
	int ret;

	for_each_ready_part(run, i, p) {
		ret = p->prepare ? p->prepare(run, run->part_state[i], err) : 0;
		if (ret)
			return ret;
	}
	return 0;
}

int ktstr_parts__pack(const struct ktstr_run *run, struct initramfs *fs, struct ktstr_err *err)
{
	const struct ktstr_run_part *p;
	unsigned int i;
	int ret;

	for_each_ready_part(run, i, p) {
		ret = p->pack ? p->pack(run, run->part_state[i], fs, err) : 0;
		if (ret)
			return ret;
	}
	return 0;
}

int ktstr_parts__args(const struct ktstr_run *run, struct ktstr_guest_args *a)
{
	const struct ktstr_run_part *p;
	unsigned int i;
	int ret;

	for_each_ready_part(run, i, p) {
		ret = p->args ? p->args(run, run->part_state[i], a) : 0;
		if (ret)
			return ret;
	}
	return 0;
}

void ktstr_parts__spec(const struct ktstr_run *run, struct vm_spec *spec)
{
	const struct ktstr_run_part *p;
	unsigned int i;

	for_each_ready_part(run, i, p)
		if (p->spec)
			p->spec(run, run->part_state[i], spec);
}

/* The first @nr parts, the last one first. */
static void detach(struct ktstr_run *run, struct vm *vm, unsigned int nr)
{
	while (nr--)
		if (ktstr_run_parts[nr]->detach)
			ktstr_run_parts[nr]->detach(run, run->part_state[nr], vm);
}

int ktstr_parts__attach(struct ktstr_run *run, struct vm *vm, struct ktstr_err *err)
{
	const struct ktstr_run_part *p;
	unsigned int i;
	int ret;

	for_each_ready_part(run, i, p) {
		ret = p->attach ? p->attach(run, run->part_state[i], vm, err) : 0;
		if (ret) {
			detach(run, vm, i);
			return ret;
		}
	}
	return 0;
}

void ktstr_parts__live(const struct ktstr_run *run, char *buf, size_t size)
{
	const struct ktstr_run_part *p;
	size_t len = 0, sep;
	unsigned int i;

	buf[0] = '\0';
	for_each_ready_part(run, i, p) {
		sep = len ? strlen(", ") : 0;
		if (!p->live || len + sep + 1 >= size)
			continue;
		p->live(run, run->part_state[i], buf + len + sep, size - len - sep);
		if (!buf[len + sep]) {
			buf[len] = '\0';
			continue;
		}
		memcpy(buf + len, ", ", sep);
		len = strlen(buf);
	}
}

void ktstr_parts__stuck(struct ktstr_run *run, struct vm *vm, const struct vm_stand *stand,
			uint32_t nr)
{
	const struct ktstr_run_part *p;
	unsigned int i;

	for_each_ready_part(run, i, p)
		if (p->stuck)
			p->stuck(run, run->part_state[i], vm, stand, nr);
}

void ktstr_parts__sync(struct ktstr_run *run, struct vm *vm)
{
	const struct ktstr_run_part *p;
	unsigned int i;

	for_each_ready_part(run, i, p)
		if (p->sync)
			p->sync(run, run->part_state[i], vm);
}

void ktstr_parts__mark(struct ktstr_run *run, struct vm *vm, enum vm_mark_slot slot)
{
	const struct ktstr_run_part *p;
	unsigned int i;

	for_each_ready_part(run, i, p)
		if (p->mark)
			p->mark(run, run->part_state[i], vm, slot);
}

void ktstr_parts__watch(struct ktstr_run *run, struct vm *vm, unsigned int watch)
{
	const struct ktstr_run_part *p;
	unsigned int i;

	for_each_ready_part(run, i, p)
		if (p->watch)
			p->watch(run, run->part_state[i], vm, watch);
}

uint64_t ktstr_parts__tick(struct ktstr_run *run, struct vm *vm, uint64_t now_ns,
			   uint64_t *last_ns)
{
	uint64_t next = UINT64_MAX;
	const struct ktstr_run_part *p;
	unsigned int i;

	for_each_ready_part(run, i, p) {
		if (!p->tick || (p->ticks && !p->ticks(run, run->part_state[i])))
			continue;
		if (now_ns - last_ns[i] >= p->period_ns) {
			p->tick(run, run->part_state[i], vm);
			last_ns[i] = now_ns;
		}
		if (last_ns[i] + p->period_ns < next)
			next = last_ns[i] + p->period_ns;
	}
	return next;
}

static unsigned int nr_parts(void)
{
	unsigned int nr = 0;

	while (ktstr_run_parts[nr])
		nr++;
	return nr;
}

void ktstr_parts__detach(struct ktstr_run *run, struct vm *vm)
{
	detach(run, vm, nr_parts());
}

void ktstr_parts__gone(struct ktstr_run *run)
{
	unsigned int nr = nr_parts();

	while (nr--)
		if (ktstr_run_parts[nr]->gone && ktstr_part__ready(run, ktstr_run_parts[nr]))
			ktstr_run_parts[nr]->gone(run, run->part_state[nr]);
}

void ktstr_parts__fold(struct ktstr_run *run)
{
	const struct ktstr_run_part *p;
	unsigned int i;

	for_each_ready_part(run, i, p)
		if (p->fold)
			p->fold(run, run->part_state[i]);
}

void ktstr_parts__json(const struct ktstr_run *run, const char *name, struct ktstr_json *j)
{
	const struct ktstr_run_part *p;
	unsigned int i;

	for_each_ready_part(run, i, p) {
		if (!p->json || strcmp(p->name, name))
			continue;
		p->json(run, run->part_state[i], name, j);
		return;
	}
	ktstr_json__null(j, name);
}

void ktstr_parts__phase(const struct ktstr_run *run, uint64_t before_ns, uint64_t from_ns,
			uint64_t to_ns, FILE *f)
{
	const struct ktstr_run_part *p;
	unsigned int i;

	for_each_ready_part(run, i, p)
		if (p->phase)
			p->phase(run, run->part_state[i], before_ns, from_ns, to_ns, f);
}

void ktstr_parts__free(struct ktstr_run *run)
{
	unsigned int nr = nr_parts();

	while (nr--) {
		if (ktstr_run_parts[nr]->release && run->part_state[nr])
			ktstr_run_parts[nr]->release(run->part_state[nr]);
		free(run->part_state[nr]);
		run->part_state[nr] = NULL;
	}
}
