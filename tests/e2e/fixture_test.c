// SPDX-License-Identifier: GPL-2.0
/*
 * Does every promise of docs/scx_ktstr.md hold on a real kernel? Each test boots one guest, in
 * which its body starts scx_ktstr over and over, each time with another fault, and judges it
 * by what the scheduler said, what the kernel said, and the exit status.
 *
 * An ejection fails a run, whoever started the scheduler. Tests with ejections therefore expect
 * to fail, with the words that their body says only when each of its cases held.
 *
 * Run it as check.sh does: KTSTR_LIBDIR and PATH name the folder with the suite's programs.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ktstr.h>

#include "bpf/scx_ktstr.h"
#include "fixture.h"

/* ---- no ejection: coming, going, and faults that a scheduler survives ---- */

static bool attaches_as_ktstr(struct fixture *f)
{
	if (!attach(f))
		return false;
	if (strcmp(sysfs("root/ops"), "ktstr"))
		return fail(f, "its name is %s", sysfs("root/ops"));
	spin(f, 6);
	return all_spinners_run(f, 500) && stop(f, SIGINT) &&
	       says(f, "EXIT: unregistered from user space");
}

static bool survives_forks_and_a_second_one(struct fixture *f)
{
	int i, status;
	pid_t pid;

	if (!attach(f, "--cell-parent-cgroup", "/test.slice"))
		return false;
	for (i = 0; i < 200; i++) {
		pid = fork();
		if (!pid)
			_exit(0);
		if (i % 3 == 2)
			waitpid(pid, NULL, 0);
	}
	pid = fork();
	if (!pid) {
		execl(SCX, SCX, NULL);
		_exit(126);
	}
	waitpid(pid, &status, 0);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 1)
		return fail(f, "the second one: wait status %#x", status);
	return stays(f, 1) && stop(f, SIGTERM);
}

static bool leaves_with_7(struct fixture *f)
{
	return attach(f, "--exit-after-ms", "300", "--exit-status", "7") && ends_with(f, 7);
}

static bool stays_unattached(struct fixture *f)
{
	if (!start(f, "--no-attach", "--exit-after-ms", "600", "--exit-status", "3"))
		return false;
	if (serve(f, enabled_or_gone, 600))
		return fail(f, "%s in less than 600 ms", is_gone(f) ? "gone" : sysfs("state"));
	return ends_with(f, 3);
}

/* More tasks than CPUs, and on each CPU one that may not leave it. */
#define survives(f, ...) (attach(f, "--timeout-ms", TIMEOUT_MS, ##__VA_ARGS__) && lasts(f))

static bool lasts(struct fixture *f)
{
	spin(f, 2);
	spin_on(f, 0);
	spin_on(f, 1);
	return all_spinners_run(f, SURVIVED_MS) && stop(f, SIGINT);
}

static bool degrades(struct fixture *f)
{
	return survives(f, "--degrade") && says(f, "scx-ktstr: degrade mode enabled");
}

static bool has_degraded(struct fixture *f)
{
	return strstr(f->out.buf, "scx-ktstr: degrade enabled") || is_gone(f);
}

static bool degrades_later(struct fixture *f)
{
	return attach(f, "--degrade-after", "1", "--exit-after-ms", "1500") && ends_with(f, 0) &&
	       says(f, "scx-ktstr: degrade enabled after 1s");
}

static bool degrades_by_file(struct fixture *f)
{
	return attach(f) && touch(f, DEGRADE_FILE) &&
	       (serve(f, has_degraded, 5000) || fail(f, "not within 5 s")) && stop(f, SIGINT) &&
	       says(f, "scx-ktstr: degrade enabled via " DEGRADE_FILE);
}

static bool scatters_slowly(struct fixture *f)
{
	return survives(f, "--scattershot", "--slow") &&
	       says(f, "WARNING: --slow and --degrade have no effect with --scattershot");
}

static bool is_slow(struct fixture *f)
{
	return survives(f, "--slow") && says(f, "scx-ktstr: slow mode enabled");
}

KTSTR_TEST(fixture_stays_alive, .duration_s = 40, WITH_FIXTURE)
{
	return RUN({ "attaches as ktstr, lets tasks run, leaves on SIGINT", attaches_as_ktstr },
		   { "survives forks, a second one is refused, leaves on SIGTERM",
		     survives_forks_and_a_second_one },
		   { "--exit-after-ms with --exit-status", leaves_with_7 },
		   { "--no-attach", stays_unattached },
		   { "--degrade", degrades },
		   { "--degrade-after; --exit-after-ms leaves with 0", degrades_later },
		   { DEGRADE_FILE, degrades_by_file },
		   { "--scattershot respects affinity", scatters_slowly },
		   { "--slow is not stalled", is_slow });
}

/* ---- maps, as a reader of memory finds them ---- */

static long bpf(int cmd, union bpf_attr *attr)
{
	return syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

/* A descriptor of the map with this name (the kernel keeps 15 characters), or -1. */
static int find_map(const char *name, size_t *value_size)
{
	union bpf_attr attr = { .start_id = 0 };
	struct bpf_map_info info;
	int fd;

	while (!bpf(BPF_MAP_GET_NEXT_ID, &attr)) {
		uint32_t id = attr.next_id;

		attr = (union bpf_attr){ .map_id = id };
		fd = (int)bpf(BPF_MAP_GET_FD_BY_ID, &attr);
		memset(&info, 0, sizeof(info));
		attr = (union bpf_attr){ .info = { fd, sizeof(info), (uintptr_t)&info } };
		if (fd >= 0 && !bpf(BPF_OBJ_GET_INFO_BY_FD, &attr) && !strcmp(info.name, name)) {
			*value_size = info.value_size;
			return fd;
		}
		if (fd >= 0)
			close(fd);
		attr = (union bpf_attr){ .start_id = id };
	}
	return -1;
}

/* The value at @key of the map @name into @value, of @size bytes at most; or the case fails. */
static bool lookup(struct fixture *f, const char *name, const void *key, void *value, size_t size)
{
	size_t value_size;
	int fd = find_map(name, &value_size);
	union bpf_attr attr = { .map_fd = fd, .key = (uintptr_t)key, .value = (uintptr_t)value };
	bool found = fd >= 0 && value_size <= size && !bpf(BPF_MAP_LOOKUP_ELEM, &attr);

	if (fd >= 0)
		close(fd);
	return found || fail(f, "nothing in map %s (descriptor %d)", name, fd);
}

static bool arrays_hold_their_magic(struct fixture *f)
{
	struct ktstr_array_value v;
	struct ktstr_pcpu_value pcpu[512];
	uint32_t key, cpu;

	for (key = 0; key < KTSTR_ARRAY_ENTRIES; key++) {
		if (!lookup(f, "ktstr_array_fix", &key, &v, sizeof(v)))
			return false;
		if (v.magic != KTSTR_ARRAY_MAGIC || v.key != key)
			return fail(f, "array entry %u: %#llx, %llu", key, v.magic, v.key);
	}
	key = 0;
	if (!lookup(f, "ktstr_pcpu_fix", &key, pcpu, sizeof(pcpu[0])))
		return false;
	for (cpu = 0; cpu < ktstr_nr_cpus(f->ctx); cpu++)
		if (pcpu[cpu].magic != KTSTR_PCPU_MAGIC + cpu || pcpu[cpu].cpu != cpu)
			return fail(f, "CPU %u: %#llx, %llu", cpu, pcpu[cpu].magic, pcpu[cpu].cpu);
	return true;
}

/* The arena pointer to the target is in .bss, with 42 behind it, and in a hash. */
static bool globals_hold_their_magic(struct fixture *f)
{
	static char bss[65536], data[65536];
	uint64_t magic = KTSTR_STATS_MAGIC, holder[2], cgroup, count = 0;
	uint32_t key = 0;
	struct stat st;

	if (!lookup(f, "bpf_bpf.data", &key, data, sizeof(data)) ||
	    !lookup(f, "bpf_bpf.bss", &key, bss, sizeof(bss)) ||
	    !lookup(f, "ktstr_cross_btf", &key, holder, sizeof(holder[0])))
		return false;
	holder[1] = KTSTR_TASK_COUNTER;
	if (!memmem(data, sizeof(data), &magic, sizeof(magic)))
		return fail(f, "no stats_magic in .data");
	if (!holder[0] || !memmem(bss, sizeof(bss), holder, sizeof(holder)))
		return fail(f, "no pointer %#llx with 42 behind it in .bss",
			    (unsigned long long)holder[0]);
	if (stat("/sys/fs/cgroup", &st))
		return fail(f, "/sys/fs/cgroup: %m");
	cgroup = st.st_ino;
	return lookup(f, "ktstr_cgroup_di", &cgroup, &count, sizeof(count)) &&
	       (count || fail(f, "no enqueue counted for the root cgroup"));
}

/* Write @value at @offset of .bss, as the host does from outside. */
static bool poke(struct fixture *f, unsigned int offset, int value)
{
	size_t size;
	int fd = find_map("bpf_bpf.bss", &size);
	char *bss;

	if (fd < 0)
		return fail(f, "no map bpf_bpf.bss");
	bss = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (bss == MAP_FAILED)
		return fail(f, "mmap of bpf_bpf.bss: %m");
	*(volatile int *)(bss + offset) = value;
	munmap(bss, 4096);
	return true;
}

/* ---- stalls ---- */

static bool stalled(struct fixture *f, const char *how)
{
	const char *p;
	double s;

	if (!ends_with(f, 1) || !says(f, how) || !says(f, "EXIT: runnable task stall") ||
	    !kernel_says(f, "runnable task stall"))
		return false;
	p = strstr(f->out.buf, "failed to run for ");
	s = p ? strtod(p + strlen("failed to run for "), NULL) : 0;
	/* the kernel looks every half timeout */
	return (s >= 1 && s < 2) || fail(f, "a task was stalled for %.3f s", s);
}

static bool stalls_when_idle(struct fixture *f)
{
	return start(f, "--timeout-ms", TIMEOUT_MS, "--stall-after=0") &&
	       stalled(f, "stall enabled after 0s");
}

static bool stalls_by_file(struct fixture *f)
{
	return attach(f, "--timeout-ms", TIMEOUT_MS) && touch(f, STALL_FILE) &&
	       stalled(f, "stall enabled via " STALL_FILE);
}

static bool stalls_by_earlier_file(struct fixture *f)
{
	return touch(f, STALL_FILE) && start(f, "--timeout-ms", TIMEOUT_MS) &&
	       stalled(f, "stall enabled via " STALL_FILE);
}

static bool stall_beats_scattershot(struct fixture *f)
{
	if (!attach(f, "--timeout-ms", TIMEOUT_MS, "--scattershot", "--stall-after-ms", "300"))
		return false;
	spin(f, 6);
	return stalled(f, "stall enabled after 300ms");
}

static bool stalls_by_write(struct fixture *f)
{
	if (!attach(f, "--timeout-ms", TIMEOUT_MS))
		return false;
	spin(f, 2);
	return poke(f, 0, 1) && stalled(f, "EXIT: runnable task stall");
}

KTSTR_TEST(fixture_stalls, .duration_s = 40, WITH_FIXTURE,
	   .expect_err = true, .expect_text = ALL_HELD)
{
	return RUN_EJECTIONS({ "--stall-after=S, on an idle machine", stalls_when_idle },
			     { STALL_FILE, stalls_by_file },
			     { STALL_FILE " that is there already", stalls_by_earlier_file },
			     { "--stall-after-ms, in spite of --scattershot", stall_beats_scattershot },
			     { "a write at offset 0 of .bss", stalls_by_write });
}

/* ---- crashes, and what the kernel does not even load ---- */

/* The counters of the debug dump. */
static bool counted(struct fixture *f, unsigned long long *enqueued, unsigned long long *dispatched)
{
	const char *p = strstr(f->out.buf, "ktstr: select_cpu=");

	return (p && sscanf(p, "ktstr: select_cpu=%*u enqueued=%llu dispatched=%llu", enqueued,
			    dispatched) == 2) || fail(f, "no counters in the dump");
}

/* All CPUs consume from the shared queue. */
static bool crashes(struct fixture *f)
{
	unsigned long long enqueued, dispatched;

	if (!attach(f, "--crash-after", "500"))
		return false;
	spin(f, 6);
	if (!ends_with(f, 1) || !says(f, "crash enabled after 500ms") ||
	    !says(f, "EXIT: scx_bpf_error (") || !says(f, "ktstr: host-triggered crash)") ||
	    !kernel_says(f, "ktstr: host-triggered crash") ||
	    !says(f, "ktstr: stall=0 crash=1") || !says(f, "ktstr: cpu=") ||
	    !says(f, "ktstr: ctx magic=deadbeefcafebabe counter=42") ||
	    !counted(f, &enqueued, &dispatched))
		return false;
	return (enqueued && dispatched) ||
	       fail(f, "enqueued %llu, dispatched %llu", enqueued, dispatched);
}

/* A random placement goes past the queue. */
static bool scatters(struct fixture *f)
{
	unsigned long long enqueued, dispatched;

	if (!attach(f, "--scattershot", "--crash-after", "500"))
		return false;
	spin(f, 4);
	if (!ends_with(f, 1) || !says(f, "scx-ktstr: scattershot mode enabled") ||
	    !counted(f, &enqueued, &dispatched))
		return false;
	return (enqueued && !dispatched) ||
	       fail(f, "enqueued %llu, dispatched %llu", enqueued, dispatched);
}

static bool is_rejected(struct fixture *f)
{
	return start(f, "--fail-verify") && ends_with(f, 1) && says(f, "BEGIN PROG LOAD LOG") &&
	       says(f, "invalid mem access");
}

static bool is_rejected_at_length(struct fixture *f)
{
	unsigned int n = 0;
	const char *p;

	if (!start(f, "--verify-loop") || !ends_with(f, 1) || !says(f, "invalid mem access"))
		return false;
	for (p = f->out.buf; (p = strstr(p, "call bpf_ktime_get_ns")); p++)
		n++;
	if (n < 8)
		return fail(f, "bpf_ktime_get_ns is in the log %u times", n);
	for (p = f->out.buf, n = 0; (p = strstr(p, "call bpf_get_smp_processor_id")); p++)
		n++;
	return n >= 6 || fail(f, "bpf_get_smp_processor_id is in the log %u times", n);
}

static bool shows_its_maps_and_crashes_by_write(struct fixture *f)
{
	if (!attach(f))
		return false;
	spin(f, 4);
	return stays(f, 300) && arrays_hold_their_magic(f) && globals_hold_their_magic(f) &&
	       poke(f, 4, 1) && ends_with(f, 1) && says(f, "ktstr: host-triggered crash)");
}

KTSTR_TEST(fixture_crashes, .duration_s = 40, WITH_FIXTURE,
	   .expect_err = true, .expect_text = ALL_HELD)
{
	return RUN_EJECTIONS({ "--crash-after, and what the debug dump shows", crashes },
			     { "fixture maps; a write at offset 4 of .bss crashes",
			       shows_its_maps_and_crashes_by_write },
			     { "--scattershot goes past the shared queue", scatters },
			     { "--fail-verify", is_rejected },
			     { "--verify-loop", is_rejected_at_length });
}
