// SPDX-License-Identifier: GPL-2.0
/*
 * Taking a sample. Numbers are loaded one by one, each atomically, because the guest may run. All
 * that belongs to the scheduler is read between two looks at which one it is (root.h), which have to
 * agree: one that is replaced in between would otherwise leave us with a mixture.
 */
#include <linux/kernel.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "root.h"
#include "sample.h"

#define TRIES		4
#define JIFFIES_SHIFT	8	/* kernel/time/jiffies.c, from 67 Hz on */

int ktstr_monitor__init(struct ktstr_monitor *m, const struct ktstr_kimage *img,
			const struct ktstr_gmem *mem, uint32_t nr_cpus, struct ktstr_err *err)
{
	int ret;

	memset(m, 0, sizeof(*m));
	ret = ktstr_kview__init(&m->view, img, mem, nr_cpus, err);
	if (ret)
		return ret;
	ktstr_monitor_layout__resolve(&m->layout, img);
	return 0;
}

struct ktstr_sample *ktstr_sample__new(const struct ktstr_monitor *m)
{
	struct ktstr_sample *s = calloc(1, sizeof(*s) + m->view.nr_cpus * sizeof(s->cpu[0]));

	if (s)
		s->nr_cpus = m->view.nr_cpus;
	return s;
}

/* Load @nr figures of what is at @base; the bits of those that were read. */
static uint64_t load_figures(struct ktstr_kview *v, const struct ktstr_place *p, unsigned int nr,
			     uint64_t base, uint64_t *value)
{
	uint64_t have = 0;

	for (unsigned int i = 0; i < nr; i++)
		if (!ktstr_place__load(v, &p[i], base, &value[i]))
			have |= 1ull << i;
	return have;
}

static int read_cpu(struct ktstr_monitor *m, uint32_t cpu, struct ktstr_cpu_sample *s)
{
	const struct ktstr_monitor_layout *l = &m->layout;
	uint64_t rq, curr = 0, number;

	memset(s, 0, sizeof(*s));
	if (ktstr_kview__per_cpu(&m->view, m->rq, cpu, &rq))
		return -EIO;
	/* the one field whose value is known: without it, nothing here is a runqueue */
	if (l->rq_cpu.found && (ktstr_place__load(&m->view, &l->rq_cpu, rq, &number) || number != cpu))
		return -EIO;
	ktstr_place__load(&m->view, &l->rq_curr, rq, &curr);
	for (int i = 0; i < KTSTR_NR_CPU_FIGURES; i++) {
		uint64_t base = ktstr_cpu_figure__of_curr(i) ? curr : rq;

		if (base && !ktstr_place__load(&m->view, &l->cpu[i], base, &s->value[i]))
			s->have |= 1ull << i;
	}
	if (curr && l->curr_comm.found)
		ktstr_kview__string(&m->view, curr + l->curr_comm.field.offset, s->comm,
				    sizeof(s->comm));
	return 0;
}

/* Add the counters of one CPU, whose structure begins at @kva. */
static int add_events(struct ktstr_monitor *m, uint64_t kva, int64_t *sum)
{
	const struct ktstr_monitor_layout *l = &m->layout;
	uint64_t gpa, room = 0, start = 0, value;

	for (unsigned int i = 0; i < l->nr_events; i++) {
		uint64_t at = kva + l->event[i].offset;

		/* one translation serves as long as the memory is in one piece */
		if (!room || at - start > room - sizeof(value)) {
			if (ktstr_kview__gpa(&m->view, at, &gpa, &room) || room < sizeof(value))
				return -EFAULT;
			start = at;
		}
		if (ktstr_gmem__load(&m->view.mem, gpa + (at - start), sizeof(value), &value))
			return -EFAULT;
		sum[i] = (int64_t)((uint64_t)sum[i] + value);
	}
	return 0;
}

static void read_events(struct ktstr_monitor *m, struct ktstr_sample *s)
{
	const struct ktstr_monitor_layout *l = &m->layout;
	uint64_t ptr, kva;

	s->have_events = false;
	memset(s->event, 0, sizeof(s->event));
	if (!l->nr_events)
		return;
	if (l->event_symbol) {
		if (ktstr_kview__symbol(&m->view, l->event_symbol, &ptr))
			return;
	} else if (!s->sched_kva || ktstr_place__load(&m->view, &l->event_base, s->sched_kva, &ptr)) {
		return;
	}
	for (uint32_t cpu = 0; cpu < m->view.nr_cpus; cpu++)
		if (ktstr_kview__per_cpu(&m->view, ptr + l->event_offset, cpu, &kva) ||
		    add_events(m, kva, s->event))
			return;
	s->have_events = true;
}

static void read_sched(struct ktstr_monitor *m, struct ktstr_sample *s)
{
	const struct ktstr_monitor_layout *l = &m->layout;

	s->have_sched = 0;
	s->ops[0] = '\0';
	read_events(m, s);
	if (!s->sched_kva)
		return;
	s->have_sched = load_figures(&m->view, l->sched, KTSTR_NR_SCHED_FIGURES, s->sched_kva,
				     s->sched);
	if (l->ops_name.found)
		ktstr_kview__string(&m->view, ktstr_place__at(&m->view, &l->ops_name, s->sched_kva),
				    s->ops, sizeof(s->ops));
}

static void read_globals(struct ktstr_monitor *m, struct ktstr_sample *s)
{
	s->have_global = 0;
	for (int i = 0; i < KTSTR_NR_GLOBAL_FIGURES; i++)
		if (!ktstr_place__load(&m->view, &m->layout.global[i], 0, &s->global[i]))
			s->have_global |= 1ull << i;
}

int ktstr_monitor__sample(struct ktstr_monitor *m, struct ktstr_sample *s)
{
	uint64_t again;
	int ret;

	ret = ktstr_kview__attach(&m->view);
	if (ret)
		return ret;
	if (!m->rq && ktstr_kview__symbol(&m->view, "runqueues", &m->rq))
		return -EIO;
	for (s->retries = 0; s->retries < TRIES; s->retries++) {
		ret = ktstr_root__now(&m->view, &s->sched_kva);
		if (ret)
			return -EIO;
		read_sched(m, s);
		if (!ktstr_root__now(&m->view, &again) && again == s->sched_kva)
			break;
	}
	if (s->retries == TRIES)
		return -EBUSY;
	read_globals(m, s);
	for (uint32_t cpu = 0; cpu < s->nr_cpus && !ret; cpu++)
		ret = read_cpu(m, cpu, &s->cpu[cpu]);
	return ret;
}

int ktstr_monitor__exit_info(struct ktstr_monitor *m, struct ktstr_exit_info *info)
{
	static const struct {
		const char *path;
		size_t to;
	} number[] = {
		{ "kind", offsetof(struct ktstr_exit_info, kind) },
		{ "exit_code", offsetof(struct ktstr_exit_info, code) },
	};
	const struct ktstr_btf *btf = m->view.img->btf;
	uint64_t root, ei, str;
	struct ktstr_place p;
	int ret;

	memset(info, 0, sizeof(*info));
	ret = ktstr_kview__attach(&m->view);
	if (ret)
		return ret;
	ret = ktstr_root__now(&m->view, &root);
	if (ret || !root || !m->layout.exit_info.found)
		return ret ?: -ENOENT;
	ret = ktstr_place__load(&m->view, &m->layout.exit_info, root, &ei);
	if (ret || !ei)
		return ret ?: -ENOENT;
	for (size_t i = 0; i < ARRAY_SIZE(number); i++) {
		ktstr_place__find(&p, btf, "scx_exit_info", number[i].path);
		ktstr_place__load(&m->view, &p, ei, (uint64_t *)((char *)info + number[i].to));
	}
	ktstr_place__find(&p, btf, "scx_exit_info", "reason");
	if (!ktstr_place__load(&m->view, &p, ei, &str) && str)
		ktstr_kview__string(&m->view, str, info->reason, sizeof(info->reason));
	ktstr_place__find(&p, btf, "scx_exit_info", "msg");
	if (!ktstr_place__load(&m->view, &p, ei, &str) && str)
		ktstr_kview__string(&m->view, str, info->msg, sizeof(info->msg));
	return 0;
}

int ktstr_monitor__event(const struct ktstr_monitor *m, const char *name)
{
	for (unsigned int i = 0; i < m->layout.nr_events; i++)
		if (!strcmp(m->layout.event[i].name, name))
			return i;
	return -ENOENT;
}

int ktstr_monitor__jiffies(struct ktstr_monitor *m, uint64_t *jiffies)
{
	const struct ktstr_place *p = &m->layout.global[KTSTR_GLOBAL_JIFFIES];
	int ret = ktstr_kview__attach(&m->view);

	if (ret)
		return ret;
	return ktstr_place__load(&m->view, p, 0, jiffies);
}

int ktstr_monitor__watchdog_timeout(struct ktstr_monitor *m, uint64_t *jiffies)
{
	const struct ktstr_place *of_sched = &m->layout.sched[KTSTR_SCHED_WATCHDOG_TIMEOUT];
	const struct ktstr_place *of_all = &m->layout.global[KTSTR_GLOBAL_WATCHDOG_TIMEOUT];
	int ret = ktstr_kview__attach(&m->view);
	uint64_t root;

	if (ret)
		return ret;
	if (!of_sched->found)
		return ktstr_place__load(&m->view, of_all, 0, jiffies);
	ret = ktstr_root__now(&m->view, &root);
	if (!ret && !root)
		ret = -ENOENT;
	return ret ?: ktstr_place__load(&m->view, of_sched, root, jiffies);
}

/* The jiffies clock source counts ticks, and its multiplier makes nanoseconds of them. */
int ktstr_monitor__tick_ns(struct ktstr_monitor *m, uint64_t *ns)
{
	struct ktstr_place mult;
	uint64_t kva, value;
	int ret;

	ret = ktstr_kview__attach(&m->view);
	if (ret)
		return ret;
	ktstr_place__find(&mult, m->view.img->btf, "clocksource", "mult");
	if (!mult.found || ktstr_kview__symbol(&m->view, "clocksource_jiffies", &kva))
		return -ENOENT;
	ret = ktstr_place__load(&m->view, &mult, kva, &value);
	if (ret)
		return ret;
	*ns = value >> JIFFIES_SHIFT;
	return *ns ? 0 : -EFAULT;
}
