// SPDX-License-Identifier: GPL-2.0
/* What a test needs of the machine it runs on without a guest: see here.h. */
#include <errno.h>
#include <linux/kernel.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "harness/guest/cgroup/cgroup.h"
#include "harness/guest/cgroup/machine.h"
#include "harness/guest/init/cgroup_root.h"
#include "harness/plan/here.h"
#include "harness/plan/programs.h"
#include "harness/plan/protocol.h"
#include "harness/plan/scheduler.h"
#include "harness/report/report.h"
#include "lib/file.h"
#include "lib/textbuf.h"
#include "here/active.h"
#include "here.h"
#include "harness/host/pack.h"

/* What is missing, one after the other. */
struct missing {
	char text[400];
};

static void lacks(struct missing *m, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void lacks(struct missing *m, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	ktstr_text__append(m->text, sizeof(m->text), "; ", fmt, ap);
	va_end(ap);
}

/* Does @llc have so many cores with so many threads? */
static bool has_cores(const struct ktstr_machine *m, const struct ktstr_cpumask *llc,
		      const struct ktstr_topology *topo)
{
	uint32_t cpu, first, cores = 0;

	for (cpu = 0; cpu < KTSTR_MAX_CPUS; cpu++) {
		if (!ktstr_cpumask__test(llc, cpu))
			continue;
		for (first = 0; !ktstr_cpumask__test(&m->siblings[cpu], first); first++)
			;
		cores += cpu == first && ktstr_cpumask__weight(&m->siblings[cpu]) >= topo->threads;
	}
	return cores >= topo->cores;
}

static void check_topology(const struct ktstr_plan *p, const struct ktstr_machine *m,
			   struct missing *out)
{
	uint32_t cpus = ktstr_cpumask__weight(&m->online), i, good = 0;
	uint32_t nodes = ktstr_cpumask__weight(&m->existing_nodes) ?: 1;
	const struct ktstr_topology *t = &p->topo;

	if (cpus < p->nr_cpus)
		lacks(out, "%u CPUs (it has %u)", p->nr_cpus, cpus);
	if (nodes < t->numa_nodes)
		lacks(out, "%u NUMA nodes (it has %u)", t->numa_nodes, nodes);
	for (i = 0; i < m->nr_llcs; i++)
		good += has_cores(m, &m->llcs[i], t);
	if (m->nr_llcs < t->llcs)
		lacks(out, "%u last-level caches (it has %u)", t->llcs, m->nr_llcs);
	else if (good < t->llcs)
		lacks(out, "%u last-level cache%s with %u cores of %u thread%s (it has %u)", t->llcs,
		      t->llcs == 1 ? "" : "s", t->cores, t->threads, t->threads == 1 ? "" : "s",
		      good);
}

static bool names_scheduler(const struct ktstr_test *t)
{
	return t->scheduler && (t->scheduler->binary || t->scheduler->enable);
}

static void check_scheduler(const struct ktstr_plan *p, const char *sysfs, struct missing *out)
{
	struct ktstr_active a;

	ktstr_active__read(&a, sysfs);
	if (!a.supported && names_scheduler(p->test))
		lacks(out, "a kernel with sched_ext (the test declares scheduler %s)",
		      ktstr_scheduler__label(p->test->scheduler));
	else if (!a.enabled && p->test->survives_storm == KTSTR_ON)
		lacks(out, "an active sched_ext scheduler (survives_storm)");
}

static bool has_word(const char *text, const char *word)
{
	size_t len = strlen(word);
	const char *p = text;

	while ((p = strstr(p, word))) {
		if ((p == text || p[-1] == ' ') && strchr("\n ", p[len]))
			return true;
		p += len;
	}
	return false;
}

static void check_cgroups(const char *sysfs, struct missing *out)
{
	static const char * const wanted[] = { "cpu", "cpuset" };
	char path[256], text[512] = "";
	struct ktstr_err err;
	size_t i;

	snprintf(path, sizeof(path), "%s/fs/cgroup", sysfs);
	if (ktstr_cgroupfs__check(path, &err)) {
		lacks(out, "cgroup v2 at %s, and no v1 beside it", path);
		return;
	}
	strcat(path, "/cgroup.controllers");
	guest_file__text(path, text, sizeof(text));
	for (i = 0; i < ARRAY_SIZE(wanted); i++)
		if (!has_word(text, wanted[i]))
			lacks(out, "cgroup controller %s", wanted[i]);
}

int ktstr_here__check(const struct ktstr_plan *p, const char *sysfs, struct ktstr_err *err)
{
	struct ktstr_machine *m = ktstr_machine__read(sysfs, err);
	struct missing out = { "" };

	if (!m) {
		err->missing = true;
		return -ENOTSUP;
	}
	check_topology(p, m, &out);
	free(m);
	check_scheduler(p, sysfs, &out);
	check_cgroups(sysfs, &out);
	if (!out.text[0])
		return 0;
	return ktstr_err_missing(err, ENOTSUP, "this machine lacks %s", out.text);
}

void ktstr_here__print(const struct ktstr_test *t)
{
	char text[512], declared[128] = "";
	struct utsname u = { };
	struct ktstr_active a;

	ktstr_active__read(&a, "/sys");
	uname(&u);
	if (names_scheduler(t))
		snprintf(declared, sizeof(declared), "; the test declares %s, which is not loaded",
			 ktstr_scheduler__label(t->scheduler));
	snprintf(text, sizeof(text), "no guest: this machine, Linux %s\nscheduler: %s (%s)%s", u.release,
		 ktstr_active__name(&a), a.enabled ? "sched_ext, /sys/kernel/sched_ext/root/ops" :
		 a.supported ? "no sched_ext scheduler is active" : "this kernel has no sched_ext",
		 declared);
	ktstr_report__print(text);
}

/* False after a complaint. */
static bool make_plan(struct ktstr_plan *plan, const struct ktstr_variant *v)
{
	struct ktstr_err err;

	if (!ktstr_plan__for_variant(plan, v, &err) && !ktstr_plan__here(plan, &err))
		return true;
	fprintf(stderr, "ktstr: %s\n", err.msg);
	return false;
}

int ktstr_here__needs(const struct ktstr_variant *v)
{
	char id[KTSTR_ID_LEN], topo[KTSTR_TOPOLOGY_STRLEN];
	struct ktstr_plan plan;
	unsigned int i;

	if (!make_plan(&plan, v))
		return KTSTR_EXIT_FAIL;
	ktstr_topology__format(&plan.topo, topo, sizeof(topo));
	printf("test: %s\ntopology: %s, %u CPUs\nduration: %u s\n",
	       ktstr_id__format(id, sizeof(id), v->test->name, v->preset ? v->preset->name : NULL),
	       topo, plan.nr_cpus, plan.duration_s);
	if (names_scheduler(v->test))
		printf("sched_ext: the test declares %s, which is not loaded: the active scheduler is tested\n",
		       ktstr_scheduler__label(v->test->scheduler));
	if (v->test->survives_storm == KTSTR_ON)
		puts("active scheduler: one of sched_ext (survives_storm)");
	puts("cgroups: v2 with cpu and cpuset");
	for (i = 0; i < plan.nr_left_out; i++)
		printf("not judged: %s, which " KTSTR_NO_GUEST_MEMORY "\n", plan.left_out[i]);
	return KTSTR_EXIT_PASS;
}

int ktstr_here__fits(const struct ktstr_variant *v)
{
	struct ktstr_plan plan;
	struct ktstr_err err;

	if (!make_plan(&plan, v))
		return KTSTR_EXIT_FAIL;
	if (!ktstr_here__check(&plan, "/sys", &err)) {
		puts("this machine has all that the test needs");
		return KTSTR_EXIT_PASS;
	}
	puts(err.msg);
	return KTSTR_EXIT_SKIP;
}

int ktstr_here__pack(const struct ktstr_variant *v)
{
	struct ktstr_plan plan;
	struct ktstr_run run = { .plan = &plan };
	struct ktstr_err err;
	int ret;

	if (!make_plan(&plan, v))
		return KTSTR_EXIT_FAIL;
	ret = ktstr_programs__find(&run, &err);
	if (!ret)
		ret = ktstr_pack__here(&run, STDOUT_FILENO, &err);
	if (ret)
		fprintf(stderr, "ktstr: %s\n", err.msg);
	ktstr_programs__free(&run);
	return ret ? KTSTR_EXIT_FAIL : KTSTR_EXIT_PASS;
}
