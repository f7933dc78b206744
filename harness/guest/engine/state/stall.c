// SPDX-License-Identifier: GPL-2.0
/*
 * The stall monitor describes workers that make no progress while they are stalled, because the
 * reason cannot be found out afterwards. It informs and does not judge.
 *
 * A worker with a new checkpoint makes progress, and checking that costs one load. Only the others
 * are looked up in /proc: a task whose CPU time, timeslices and state have not changed for
 * KTSTR_STALL_LOOKS polls is stalled. Workers that are frozen or sleep for a time that they chose
 * are not reported. The state matters, because a task that was just woken has not waited for a CPU
 * yet.
 *
 * A runnable task that does not run waits for others, or the scheduler has lost it. In the second
 * case there is an idle CPU, or, on busy CPUs, its CPU keeps switching to others: /proc/stat and
 * /proc/schedstat are read when such a wait begins and when it is reported.
 *
 * A hold may be shorter than that many polls. The last look of a step therefore describes workers
 * that have not run at all since they were started.
 *
 * The monitor uses CPU time of the workers, so it does little: it reads /proc for workers that are
 * stopped on purpose in every fourth poll only, and it describes few workers per poll.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <ktstr/scenario.h>

#include "lib/file.h"
#include "stall.h"

#define IDLE_PCT	90	/* of the time: a CPU that was idle */
#define REST		3	/* looks between two at one that stands still on purpose */
#define MANY_TURNS	25	/* a second: SCX_SLICE_DFL (20 ms) is 50; kworkers beside a hog: few */
#define NEVER_RAN_NS	NSEC_PER_SEC	/* since the start: reported when the step ends */

/* A file of task @tid. Its length, or -errno; @buf is terminated in any case. */
static ssize_t read_of(const struct ktstr_stall_monitor *m, pid_t tid, const char *file,
		       char *buf, size_t size)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%d/%s", m->procfs, tid, file);
	return guest_file__read(path, buf, size);
}

/* The state, 0 when there is no such task. */
static char state_of(const struct ktstr_stall_monitor *m, pid_t tid)
{
	const char *paren;
	char stat[128];

	if (read_of(m, tid, "stat", stat, sizeof(stat)) <= 0)
		return 0;
	paren = strrchr(stat, ')');	/* the name before may contain anything */
	return paren && paren[1] == ' ' ? paren[2] : 0;
}

/* Idle time of each CPU so far, in ns. False when /proc/stat cannot be read. */
static bool read_idle(const struct ktstr_stall_monitor *m, uint64_t idle_ns[KTSTR_MAX_CPUS])
{
	unsigned long long tick_ns = NSEC_PER_SEC / (unsigned long long)sysconf(_SC_CLK_TCK);
	unsigned long long idle, iowait;
	char path[128], line[256];
	unsigned int cpu;
	FILE *f;

	snprintf(path, sizeof(path), "%s/stat", m->procfs);
	f = fopen(path, "re");
	if (!f)
		return false;
	memset(idle_ns, 0, KTSTR_MAX_CPUS * sizeof(*idle_ns));
	while (fgets(line, sizeof(line), f) && !strncmp(line, "cpu", 3))
		if (sscanf(line, "cpu%u %*u %*u %*u %llu %llu", &cpu, &idle, &iowait) == 3 &&
		    cpu < KTSTR_MAX_CPUS)
			idle_ns[cpu] = (idle + iowait) * tick_ns;
	fclose(f);
	return true;
}

/* The CPU of the task, which is field 39 of its stat (proc(5)); -1 without. */
static int cpu_of(const struct ktstr_stall_monitor *m, pid_t tid)
{
	const char *at;
	char stat[1024];
	int field;

	if (read_of(m, tid, "stat", stat, sizeof(stat)) <= 0)
		return -1;
	at = strrchr(stat, ')');
	for (field = 2; at && field < 39; field++)
		at = strchr(at + 1, ' ');
	return at ? atoi(at + 1) : -1;
}

/* How often each CPU began to run a task: the last figure of a line of /proc/schedstat. */
static bool read_turns(const struct ktstr_stall_monitor *m, uint64_t turns[KTSTR_MAX_CPUS])
{
	char path[128], line[512];
	unsigned long long nr;
	unsigned int cpu;
	FILE *f;

	snprintf(path, sizeof(path), "%s/schedstat", m->procfs);
	f = fopen(path, "re");
	if (!f)
		return false;
	memset(turns, 0, KTSTR_MAX_CPUS * sizeof(*turns));
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "cpu%u %*u %*u %*u %*u %*u %*u %*u %*u %llu", &cpu, &nr) == 2 &&
		    cpu < KTSTR_MAX_CPUS)
			turns[cpu] = nr;
	fclose(f);
	return true;
}

/* A task on a busy CPU: is it passed over, or does one other task keep the CPU? */
static void see_turns(const struct ktstr_stall_monitor *m, struct ktstr_stall *s)
{
	static uint64_t turns[KTSTR_MAX_CPUS];	/* the monitor has one thread */
	uint64_t passed_ms = (m->now - m->idle_at) / NSEC_PER_MSEC, per_s;
	int cpu = cpu_of(m, s->tid);

	if (cpu < 0 || cpu >= KTSTR_MAX_CPUS || !m->idle_at || !passed_ms ||
	    !read_turns(m, turns) || turns[cpu] <= m->turns[cpu])
		return;
	per_s = (turns[cpu] - m->turns[cpu]) * 1000 / passed_ms;
	if (per_s < MANY_TURNS)
		return;
	s->why = KTSTR_STALL_PASSED_OVER;
	s->turns_per_s = per_s < UINT32_MAX ? (uint32_t)per_s : UINT32_MAX;
	snprintf(s->cpus, sizeof(s->cpus), "%d", cpu);
}

/* The CPUs of @may that were idle since the wait began. */
static struct ktstr_cpumask idle_cpus(const struct ktstr_stall_monitor *m,
				      const struct ktstr_cpumask *may)
{
	static uint64_t idle_ns[KTSTR_MAX_CPUS];	/* the monitor has one thread */
	uint64_t passed = m->now - m->idle_at;
	struct ktstr_cpumask idle = { };
	uint32_t cpu;

	if (!m->idle_at || !passed || !read_idle(m, idle_ns))
		return idle;
	for (cpu = 0; cpu < KTSTR_MAX_CPUS; cpu++)
		if (ktstr_cpumask__test(may, cpu) && idle_ns[cpu] > m->idle_ns[cpu] &&
		    (idle_ns[cpu] - m->idle_ns[cpu]) / (passed / 100 + 1) >= IDLE_PCT)
			ktstr_cpumask__set(&idle, cpu);
	return idle;
}

/* The value of "KEY:\tVALUE" in /proc/TID/status, "" without. */
static void status_value(const char *status, const char *key, char *buf, size_t size)
{
	const char *at = strstr(status, key);

	buf[0] = '\0';
	if (!at)
		return;
	at += strlen(key);
	at += strspn(at, "\t ");
	snprintf(buf, size, "%.*s", (int)strcspn(at, "\n"), at);
}

/* What /proc/TID/status says: into @s->status, and the CPUs that it may use. */
static void read_status(const struct ktstr_stall_monitor *m, struct ktstr_stall *s,
			struct ktstr_cpumask *may)
{
	char text[4096], state[32], cpus[512], own[24], forced[24];

	read_of(m, s->tid, "status", text, sizeof(text));
	status_value(text, "\nState:", state, sizeof(state));
	status_value(text, "\nCpus_allowed_list:", cpus, sizeof(cpus));
	status_value(text, "\nvoluntary_ctxt_switches:", own, sizeof(own));
	status_value(text, "\nnonvoluntary_ctxt_switches:", forced, sizeof(forced));
	if (ktstr_cpumask__parse(cpus, may))
		*may = (struct ktstr_cpumask){ };
	ktstr_cpumask__format(may, s->cpus, sizeof(s->cpus));
	if (state[0])
		snprintf(s->status, sizeof(s->status),
			 "state %s, may use CPU %.64s, switches: %s by itself, %s forced", state,
			 cpus, own, forced);
}

/* "[<0>] a+0x1/0x2\n[<0>] b+0x3/0x4" as "a+0x1/0x2 < b+0x3/0x4". */
static void read_stack(const struct ktstr_stall_monitor *m, struct ktstr_stall *s)
{
	char text[2048], *line, *save = NULL, *function;
	size_t len = 0;

	read_of(m, s->tid, "stack", text, sizeof(text));
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		function = strchr(line, ' ');
		function = function ? function + 1 : line;
		if (len + strlen(function) + 4 > sizeof(s->stack))
			break;
		len += (size_t)snprintf(s->stack + len, sizeof(s->stack) - len, "%s%s",
					len ? " < " : "", function);
	}
}

static void read_cgroup(const struct ktstr_stall_monitor *m, struct ktstr_stall *s)
{
	char text[1024];
	const char *at;

	read_of(m, s->tid, "cgroup", text, sizeof(text));
	at = strstr(text, "0::");	/* of cgroup2; others may stand before it */
	if (at)
		snprintf(s->path, sizeof(s->path), "%.*s", (int)strcspn(at + 3, "\n"), at + 3);
}

static bool cgroup_says(const struct ktstr_stall_monitor *m, const struct ktstr_stall *s,
			const char *file, char *buf, size_t size)
{
	char path[256];

	snprintf(path, sizeof(path), "%s%s/%s", m->cgroupfs, s->path, file);
	return guest_file__read(path, buf, size) > 0;
}

static bool is_frozen(const struct ktstr_stall_monitor *m, const struct ktstr_stall *s)
{
	char events[128];

	return cgroup_says(m, s, "cgroup.events", events, sizeof(events)) &&
	       strstr(events, "frozen 1");
}

static bool is_limited(const struct ktstr_stall_monitor *m, const struct ktstr_stall *s)
{
	char max[64];

	return cgroup_says(m, s, "cpu.max", max, sizeof(max)) && strncmp(max, "max", 3);
}

/* Asleep for a time that it chose. */
static bool naps(const struct ktstr_stall *s)
{
	char *end;
	long nr = strtol(s->syscall, &end, 10);

	return end != s->syscall && (nr == SYS_clock_nanosleep || nr == SYS_nanosleep);
}

/* Frozen, asleep for a time that it chose, or at its end, of which collecting it will tell. */
static bool is_on_purpose(const struct ktstr_stall_monitor *m, struct ktstr_stall *s, char state)
{
	if (!state || !strchr("RSDTt", state))
		return true;
	read_of(m, s->tid, "syscall", s->syscall, sizeof(s->syscall));
	if (state == 'S' && naps(s))
		return true;
	read_cgroup(m, s);
	return is_frozen(m, s);
}

static void describe(const struct ktstr_stall_monitor *m, struct ktstr_stall *s, char state)
{
	struct ktstr_cpumask may, idle;
	char path[128];

	read_of(m, s->tid, "comm", s->comm, sizeof(s->comm));
	read_of(m, s->tid, "wchan", s->wchan, sizeof(s->wchan));
	read_status(m, s, &may);
	read_stack(m, s);
	snprintf(path, sizeof(path), "%s/loadavg", m->procfs);
	guest_file__read(path, s->loadavg, sizeof(s->loadavg));
	s->why = state == 'S' ? KTSTR_STALL_SLEEPS : state == 'D' ? KTSTR_STALL_BLOCKED :
		 KTSTR_STALL_STOPPED;
	if (state != 'R')
		return;
	idle = idle_cpus(m, &may);
	s->why = KTSTR_STALL_WAITS;
	if (is_limited(m, s)) {
		s->why = KTSTR_STALL_LIMITED;
	} else if (ktstr_cpumask__weight(&idle)) {
		s->why = KTSTR_STALL_FORGOTTEN;
		ktstr_cpumask__format(&idle, s->cpus, sizeof(s->cpus));
	} else {
		see_turns(m, s);
	}
}

/* It has stood still for long enough: describe it, unless it does so on purpose. */
static void report(struct ktstr_stall_monitor *m, struct ktstr_progress *p,
		   const struct ktstr_subject *who)
{
	struct ktstr_stall s = { .tid = who->tid, .step = who->step }, *kept;

	p->on_purpose = is_on_purpose(m, &s, p->state);
	if (p->on_purpose)
		return;
	if (m->described == KTSTR_STALL_PER_LOOK && !m->last) {
		p->flat--;		/* it is described in the next poll */
		return;
	}
	kept = ktstr_result__add_stall(m->result);
	if (!kept)
		return;
	m->described++;
	snprintf(s.cgroup, sizeof(s.cgroup), "%s", who->cgroup);
	describe(m, &s, p->state);
	s.at_ns = p->since_ns > m->began_ns ? p->since_ns - m->began_ns : 0;
	s.for_ns = m->now - p->since_ns;
	s.found_ns = m->now;
	*kept = s;
	p->stall = (uint8_t)m->result->nr_stalls;
}

/* It has made progress: start counting again. */
static void moved(struct ktstr_stall_monitor *m, struct ktstr_progress *p)
{
	if (p->stall)
		m->result->stalls[p->stall - 1].resumed = 1;
	p->stall = 0;
	p->flat = 0;
	p->on_purpose = false;
	p->since_ns = m->now;
}

void ktstr_stall__begin(struct ktstr_stall_monitor *m, uint64_t now, bool last)
{
	m->now = now;
	m->last = last;
	m->want_idle = false;
	m->described = 0;
}

/* The step ends, and the worker has done nothing in it. */
static bool never_ran(const struct ktstr_stall_monitor *m, const struct ktstr_progress *p,
		      const struct ktstr_subject *who)
{
	return m->last && !who->checkpoint && !p->stall && m->now - p->since_ns >= NEVER_RAN_NS;
}

void ktstr_stall__look(struct ktstr_stall_monitor *m, struct ktstr_progress *p,
		       const struct ktstr_subject *who)
{
	uint64_t cpu_ns, timeslices;
	char buf[96], state;
	bool first;

	if (who->checkpoint != p->checkpoint) {
		if (p->flat || p->stall)
			moved(m, p);
		p->checkpoint = who->checkpoint;
		p->state = 0;
		p->rest = 0;
		return;
	}
	if (p->rest) {
		p->rest--;
		return;
	}
	if (read_of(m, who->tid, "schedstat", buf, sizeof(buf)) <= 0 ||
	    sscanf(buf, "%" SCNu64 " %*u %" SCNu64, &cpu_ns, &timeslices) != 2)
		return;		/* it has ended, or the kernel does not count */
	state = state_of(m, who->tid);
	if (state != p->state || cpu_ns != p->cpu_ns || timeslices != p->timeslices) {
		first = !p->state && !who->checkpoint;
		moved(m, p);
		if (first)
			p->since_ns = who->started_ns;
		p->state = state;
		p->cpu_ns = cpu_ns;
		p->timeslices = timeslices;
		m->want_idle |= state == 'R';
		return;
	}
	if (p->stall)
		m->result->stalls[p->stall - 1].for_ns = m->now - p->since_ns;
	if (p->flat < KTSTR_STALL_LOOKS && (++p->flat == KTSTR_STALL_LOOKS || never_ran(m, p, who)))
		report(m, p, who);
	if (p->on_purpose)
		p->rest = REST;
}

void ktstr_stall__end(struct ktstr_stall_monitor *m)
{
	if (!m->want_idle || !read_idle(m, m->idle_ns))
		return;
	m->idle_at = m->now;
	if (!read_turns(m, m->turns))
		memset(m->turns, 0xff, sizeof(m->turns));	/* no later count exceeds that */
}
