// SPDX-License-Identifier: GPL-2.0
/* The first screen of a dump: see text.h. */
#include <inttypes.h>
#include <linux/kernel.h>
#include <stdlib.h>
#include <string.h>

#include "lib/control.h"
#include "dump.h"
#include "text_priv.h"

#define BRIEF_WAITING	4
#define SCREEN_WAITING	12
#define BEHIND		6	/* tasks ahead in the queue that are named */
#define BRIEF_CPUS	8
#define BRIEF_CPU_LINES	4
#define STARVED_MS	500	/* a task that waits less is no news */

void text_cpus__parse(struct text_cpus *c, const char *list)
{
	memset(c, 0, sizeof(*c));
	while (*list >= '0' && *list <= '9') {
		char *end;
		unsigned long from = strtoul(list, &end, 10), to = from;

		if (*end == '-')
			to = strtoul(end + 1, &end, 10);
		for (; from <= to && from < TEXT_MAX_CPUS; from++)
			c->bit[from / 8] |= (uint8_t)(1u << from % 8);
		list = *end == ',' ? end + 1 : "";
	}
}

bool text_cpus__has(const struct text_cpus *c, uint64_t cpu)
{
	return cpu < TEXT_MAX_CPUS && c->bit[cpu / 8] >> cpu % 8 & 1;
}

const struct ktstr_jnode *text_find_u64(const struct ktstr_jnode *list, const char *key,
					uint64_t value)
{
	const struct ktstr_jnode *n;

	for (; list; list = list->next) {
		n = ktstr_jnode__get(list, key);
		if (n && n->type == KTSTR_J_UINT && n->u == value)
			return list;
	}
	return NULL;
}

void text_task_name(const struct ktstr_jnode *task, char *buf, size_t size)
{
	snprintf(buf, size, "%s[%" PRId64 "]", ktstr_jnode__str(task, "comm", "?"),
		 ktstr_jnode__i64(task, "pid", -1));
	ktstr_tame(buf, '?');
}

const struct ktstr_jnode *text_queue_of(const struct ktstr_jnode *report,
					const struct ktstr_jnode *task)
{
	uint64_t kva = ktstr_jnode__u64(task, "dsq_kva", 0);

	return kva ? text_find_u64(ktstr_jnode__list(report, "dsq_states"), "kva", kva) : NULL;
}

uint64_t text_place_in(const struct ktstr_jnode *queue, const char *name)
{
	uint64_t place = 1;

	for (const struct ktstr_jnode *n = ktstr_jnode__list(queue, "tasks"); n; n = n->next, place++)
		if (n->type == KTSTR_J_STR && !strcmp(n->s, name))
			return place;
	return 0;
}

void text_queue_name(const struct ktstr_jnode *queue, char *buf, size_t size)
{
	const char *origin = ktstr_jnode__str(queue, "origin", "?");

	if (!strcmp(origin, "user"))
		snprintf(buf, size, "DSQ %s", ktstr_jnode__str(queue, "id", "?"));
	else
		snprintf(buf, size, "the %s DSQ", origin);
	ktstr_tame(buf, '?');
}

/* Is the message about it, as "comm[12] failed to run for 5.003s" is? */
static bool is_meant(const char *msg, const struct ktstr_jnode *task)
{
	char pid[32];

	snprintf(pid, sizeof(pid), "[%" PRId64 "]", ktstr_jnode__i64(task, "pid", -1));
	return strstr(msg, pid);
}

const struct ktstr_jnode *ktstr_dump_text__stalled(const struct ktstr_jnode *report)
{
	const struct ktstr_jnode *t = ktstr_jnode__list(report, "task_enrichments"), *worst = NULL;
	const char *msg = ktstr_jnode__str(ktstr_jnode__get(report, "exit_info"), "msg", "");
	uint64_t longest = 0;

	for (; t; t = t->next) {
		uint64_t ms = ktstr_jnode__u64(t, "runnable_for_ms", 0);

		if (!ktstr_jnode__bool(t, "waiting"))
			continue;
		if (is_meant(msg, t))
			return t;
		if (!worst || ms > longest) {
			worst = t;
			longest = ms;
		}
	}
	return worst;
}

static void put_why_it_ended(const struct ktstr_jnode *report, FILE *f)
{
	const struct ktstr_jnode *s = ktstr_jnode__get(report, "scx_sched_state");
	const struct ktstr_jnode *e = ktstr_jnode__get(report, "exit_info");
	uint64_t ns = ktstr_jnode__u64(report, "guest_time_ns", 0);
	const char *msg = ktstr_jnode__str(e, "msg", "");

	fputs("scheduler ", f);
	ktstr_value_text__safe(ktstr_jnode__str(s, "ops", "none"), f);
	if (ns)
		fprintf(f, " at %" PRIu64 ".%03" PRIu64 " s of guest time", ns / 1000000000,
			ns / 1000000 % 1000);
	fputs(", dumped because of ", f);
	ktstr_value_text__safe(ktstr_jnode__str(report, "trigger", "?"), f);
	if (ktstr_jnode__u64(e, "kind", 0)) {
		fputs("\nexit: ", f);
		ktstr_value_text__safe(ktstr_jnode__str(e, "kind_name", "?"), f);
		fputs(": ", f);
		ktstr_value_text__safe(ktstr_jnode__str(e, "reason", ""), f);
		fputs(*msg ? ": " : "", f);
		ktstr_value_text__safe(msg, f);
	}
	fputc('\n', f);
}

/* "0 (worker[12]), 1-2" of the CPUs that are @idle or not. Returns how many. */
static unsigned int put_cpus(const struct ktstr_jnode *report, const struct text_cpus *allowed,
			     bool idle, FILE *f)
{
	const struct ktstr_jnode *c = ktstr_jnode__list(report, "rq_scx_states");
	unsigned int nr = 0;

	for (; c; c = c->next) {
		uint64_t cpu = ktstr_jnode__u64(c, "cpu", UINT64_MAX);

		if (!text_cpus__has(allowed, cpu) || ktstr_jnode__bool(c, "idle") != idle)
			continue;
		if (f && nr < BRIEF_CPUS) {
			fprintf(f, "%s%" PRIu64, nr ? ", " : "", cpu);
			if (!idle) {
				fputs(" (", f);
				ktstr_value_text__safe(ktstr_jnode__str(c, "curr_comm", "?"), f);
				fprintf(f, "[%" PRId64 "])", ktstr_jnode__i64(c, "curr_pid", -1));
			}
		}
		nr++;
	}
	if (f && nr > BRIEF_CPUS)
		fprintf(f, " and %u more", nr - BRIEF_CPUS);
	return nr;
}

static void put_where(const struct ktstr_jnode *report, const struct ktstr_jnode *task, FILE *f)
{
	const struct ktstr_jnode *q = text_queue_of(report, task), *n;
	const char *state = ktstr_jnode__str(task, "ops_state", "");
	char name[96], queue[96];
	uint64_t place, i = 1;

	text_task_name(task, name, sizeof(name));
	if (!q) {
		fputs(!strcmp(state, "QUEUED") ?
		      "  it is in no queue: ops.enqueue() has taken it, and no program has inserted it into a DSQ\n" :
		      "  it is in no queue, and the BPF scheduler does not have it\n", f);
		return;
	}
	text_queue_name(q, queue, sizeof(queue));
	place = text_place_in(q, name);
	fprintf(f, "  it is number %" PRIu64 " of %" PRIu64 " in %s", place,
		ktstr_jnode__u64(q, "nr", 0), queue);
	for (n = ktstr_jnode__list(q, "tasks"); n && i < place && i <= BEHIND; n = n->next, i++) {
		fputs(i == 1 ? ", behind " : ", ", f);
		ktstr_value_text__safe(n->type == KTSTR_J_STR ? n->s : "?", f);
	}
	fputs(place > BEHIND + 1 ? ", ...\n" : "\n", f);
}

/* "local cpu 3": the CPU; UINT64_MAX: it is not of one. */
static uint64_t queue_cpu(const struct ktstr_jnode *q)
{
	const char *origin = ktstr_jnode__str(q, "origin", ""), *at = strstr(origin, "cpu ");

	return at ? strtoull(at + 4, NULL, 10) : UINT64_MAX;
}

/* The task that has the CPU to whose queue another is bound. */
static void put_keeper(const struct ktstr_jnode *report, const struct ktstr_jnode *cpu,
		       const char *queue, FILE *f)
{
	const struct ktstr_jnode *t = ktstr_jnode__list(report, "task_enrichments");
	int64_t pid = ktstr_jnode__i64(cpu, "curr_pid", -1);

	while (t && ktstr_jnode__i64(t, "pid", -1) != pid)
		t = t->next;
	ktstr_value_text__safe(ktstr_jnode__str(cpu, "curr_comm", "?"), f);
	fprintf(f, "[%" PRId64 "], which keeps CPU %" PRIu64 " from %s", pid,
		ktstr_jnode__u64(cpu, "cpu", 0), queue);
	fputs(ktstr_jnode__u64(t, "scx_slice", 0) == UINT64_MAX ? ": its slice never ends\n" : "\n", f);
}

/* A hash that has as many entries as it may have takes no more of them. */
static void put_full_maps(const struct ktstr_jnode *report, FILE *f)
{
	static const char * const lists[] = { "entries", "percpu_hash_entries" };
	const struct ktstr_jnode *m = ktstr_jnode__list(report, "maps"), *e;

	for (; m; m = m->next) {
		const char *type = ktstr_jnode__str(m, "map_type", "");
		uint64_t max = ktstr_jnode__u64(m, "max_entries", 0);

		for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
			e = ktstr_jnode__get(m, lists[i]);
			if (!e || max < 2 || e->nr != max || strncmp(type, "lru", 3) == 0 ||
			    !strstr(type, "hash"))
				continue;
			fputs("full: the map ", f);
			ktstr_value_text__safe(ktstr_jnode__str(m, "name", "?"), f);
			fprintf(f, " has %" PRIu64 " of %" PRIu64 " entries\n", max, max);
		}
	}
}

static const struct ktstr_jnode *task_called(const struct ktstr_jnode *report, const char *name)
{
	const struct ktstr_jnode *t = ktstr_jnode__list(report, "task_enrichments");
	char its[96];

	for (; t; t = t->next) {
		text_task_name(t, its, sizeof(its));
		if (!strcmp(its, name))
			return t;
	}
	return NULL;
}

/* Of the tasks ahead in its queue, how many wait for half of its time at most: they came later. */
static uint64_t overtakers(const struct ktstr_jnode *report, const struct ktstr_jnode *task,
			   const struct ktstr_jnode *queue, const struct ktstr_jnode **first)
{
	const struct ktstr_jnode *n = ktstr_jnode__list(queue, "tasks"), *t;
	uint64_t ms = ktstr_jnode__u64(task, "runnable_for_ms", 0), nr = 0;
	char name[96];

	*first = NULL;
	text_task_name(task, name, sizeof(name));
	for (; n && n->type == KTSTR_J_STR && strcmp(n->s, name); n = n->next) {
		t = task_called(report, n->s);
		if (!t || ktstr_jnode__u64(t, "runnable_for_ms", ms) > ms / 2)
			continue;
		if (!nr++)
			*first = t;
	}
	return nr;
}

/* The queue's order is to blame where tasks that came later are ahead; else it is taken from too seldom. */
static void put_busy_queue(const struct ktstr_jnode *report, const struct ktstr_jnode *task,
			   const struct ktstr_jnode *q, const char *queue, FILE *f)
{
	const struct ktstr_jnode *first;
	uint64_t nr = overtakers(report, task, q, &first);
	char name[96];

	if (!nr) {
		fprintf(f, "%s: the CPUs that may run the task take others, not from it\n", queue);
		return;
	}
	text_task_name(first, name, sizeof(name));
	fprintf(f, "the order of %s: %" PRIu64 " task%s of those ahead came later, such as %s", queue,
		nr, nr == 1 ? "" : "s", name);
	if (ktstr_jnode__get(task, "scx_dsq_vtime") && ktstr_jnode__u64(task, "scx_dsq_vtime", 0))
		fprintf(f, " (dsq_vtime %" PRIu64 ", this one's is %" PRIu64 ")",
			ktstr_jnode__u64(first, "scx_dsq_vtime", 0),
			ktstr_jnode__u64(task, "scx_dsq_vtime", 0));
	fputc('\n', f);
}

/* What is most likely wrong, in one line. */
static void put_suspect(const struct ktstr_jnode *report, const struct ktstr_jnode *task,
			const struct text_cpus *allowed, FILE *f)
{
	const struct ktstr_jnode *q = text_queue_of(report, task), *c;
	uint64_t cpu = queue_cpu(q);
	char queue[96];

	fputs("  suspect: ", f);
	if (!q) {
		fputs(!strcmp(ktstr_jnode__str(task, "ops_state", ""), "QUEUED") ?
		      "ops.enqueue(): the scheduler keeps the task, or has lost it\n" :
		      "the task is on its way between the kernel and the scheduler\n", f);
		return;
	}
	text_queue_name(q, queue, sizeof(queue));
	c = text_find_u64(ktstr_jnode__list(report, "rq_scx_states"), "cpu", cpu);
	if (c && !text_cpus__has(allowed, cpu))
		fprintf(f, "%s: the task may not run on CPU %" PRIu64 "\n", queue, cpu);
	else if (c && ktstr_jnode__bool(c, "idle"))
		fprintf(f, "CPU %" PRIu64 ": it is idle although %s has tasks\n", cpu, queue);
	else if (c)
		put_keeper(report, c, queue, f);
	else if (put_cpus(report, allowed, true, NULL))
		fprintf(f, "%s: CPUs that may run the task are idle and do not take from it\n", queue);
	else
		put_busy_queue(report, task, q, queue, f);
}

static void put_stalled(const struct ktstr_jnode *report, const struct ktstr_jnode *task, bool brief,
			FILE *f)
{
	const char *list = ktstr_jnode__str(task, "cpus_allowed", "");
	uint64_t ms = ktstr_jnode__u64(task, "runnable_for_ms", UINT64_MAX), ran;
	struct text_cpus allowed;
	char name[96];

	text_task_name(task, name, sizeof(name));
	text_cpus__parse(&allowed, list);
	fprintf(f, "waits longest: %s", name);
	if (ms != UINT64_MAX)
		fprintf(f, ", runnable for %" PRIu64 " ms", ms);
	ran = ktstr_jnode__u64(task, "last_ran_ms_ago", UINT64_MAX);
	if (ran != UINT64_MAX)
		fprintf(f, ", ran %" PRIu64 " ms ago", ran);
	fprintf(f, " on CPU %" PRIu64 ", in cgroup ", ktstr_jnode__u64(task, "cpu", 0));
	ktstr_value_text__safe(ktstr_jnode__str(task, "cgroup", "?"), f);
	fprintf(f, ", nice %" PRId64 ", class %s\n", ktstr_jnode__i64(task, "nice", 0),
		ktstr_jnode__str(task, "sched_class", "?"));
	put_where(report, task, f);
	fputs("  it may run on CPUs ", f);
	ktstr_value_text__safe(*list ? list : "?", f);
	if (put_cpus(report, &allowed, true, NULL)) {
		fputs("; idle: ", f);
		put_cpus(report, &allowed, true, f);
	}
	if (put_cpus(report, &allowed, false, NULL)) {
		fputs("; busy: ", f);
		put_cpus(report, &allowed, false, f);
	}
	fputc('\n', f);
	if (!strcmp(ktstr_jnode__str(task, "sched_class", ""), "ext") && ms >= STARVED_MS)
		put_suspect(report, task, &allowed, f);
	text_task_maps(report, task, 2, brief ? TEXT_LINE : TEXT_SHORT, f);
}

static int longest_first(const void *va, const void *vb)
{
	const struct ktstr_jnode *a = *(const struct ktstr_jnode * const *)va;
	const struct ktstr_jnode *b = *(const struct ktstr_jnode * const *)vb;
	uint64_t ma = ktstr_jnode__u64(a, "runnable_for_ms", 0);
	uint64_t mb = ktstr_jnode__u64(b, "runnable_for_ms", 0);

	if (ma != mb)
		return ma > mb ? -1 : 1;
	return ktstr_jnode__i64(a, "pid", 0) < ktstr_jnode__i64(b, "pid", 0) ? -1 : 1;
}

static void put_waiting_task(const struct ktstr_jnode *report, const struct ktstr_jnode *t, FILE *f)
{
	const struct ktstr_jnode *q = text_queue_of(report, t);
	char name[96], queue[96] = "no queue";

	text_task_name(t, name, sizeof(name));
	if (q)
		text_queue_name(q, queue, sizeof(queue));
	fprintf(f, "  %6" PRIu64 " ms  %s, ", ktstr_jnode__u64(t, "runnable_for_ms", 0), name);
	if (q)
		fprintf(f, "%" PRIu64 " of %" PRIu64 " in ", text_place_in(q, name),
			ktstr_jnode__u64(q, "nr", 0));
	fprintf(f, "%s, CPUs ", queue);
	ktstr_value_text__safe(ktstr_jnode__str(t, "cpus_allowed", "?"), f);
	fputc('\n', f);
}

static void put_waiting(const struct ktstr_jnode *report, unsigned int max, FILE *f)
{
	const struct ktstr_jnode *all = ktstr_jnode__get(report, "task_enrichments"), *t, **list;
	unsigned int nr = 0;

	list = all && all->type == KTSTR_J_ARRAY ? calloc(all->nr + 1, sizeof(*list)) : NULL;
	for (t = ktstr_jnode__first(all); list && t; t = t->next)
		if (ktstr_jnode__bool(t, "waiting"))
			list[nr++] = t;
	if (nr)
		qsort(list, nr, sizeof(*list), longest_first);
	fprintf(f, "%u task%s wait%s:\n", nr, nr == 1 ? "" : "s", nr == 1 ? "s" : "");
	for (unsigned int i = 0; i < nr && i < max; i++)
		put_waiting_task(report, list[i], f);
	if (nr > max)
		fprintf(f, "  ... and %u more\n", nr - max);
	free(list);
}

static void put_cpu_lines(const struct ktstr_jnode *report, unsigned int max, FILE *f)
{
	const struct ktstr_jnode *c = ktstr_jnode__list(report, "rq_scx_states");
	unsigned int nr = 0;

	for (; c && nr < max; c = c->next, nr++) {
		const struct ktstr_jnode *runnable = ktstr_jnode__get(c, "runnable_tasks");

		fprintf(f, "CPU %" PRIu64 ": ", ktstr_jnode__u64(c, "cpu", 0));
		if (ktstr_jnode__bool(c, "idle")) {
			fputs("idle", f);
		} else {
			fputs("runs ", f);
			ktstr_value_text__safe(ktstr_jnode__str(c, "curr_comm", "?"), f);
			fprintf(f, "[%" PRId64 "]", ktstr_jnode__i64(c, "curr_pid", -1));
		}
		fprintf(f, ", %" PRIu64 " on its runqueue, %u of the scheduler runnable\n",
			ktstr_jnode__u64(c, "rq_nr_running", 0), runnable ? runnable->nr : 0);
	}
	if (c)
		fputs("...\n", f);
}

void ktstr_dump_text__screen(const struct ktstr_jnode *report, bool brief, FILE *f)
{
	const struct ktstr_jnode *stalled = ktstr_dump_text__stalled(report);

	if (ktstr_jnode__bool(report, "is_placeholder")) {
		fputs("no dump: ", f);
		ktstr_value_text__safe(ktstr_jnode__str(report, "reason", "?"), f);
		fputc('\n', f);
		return;
	}
	put_why_it_ended(report, f);
	put_full_maps(report, f);
	if (stalled)
		put_stalled(report, stalled, brief, f);
	put_waiting(report, brief ? BRIEF_WAITING : SCREEN_WAITING, f);
	put_cpu_lines(report, brief ? BRIEF_CPU_LINES : TEXT_MAX_CPUS, f);
}
