// SPDX-License-Identifier: GPL-2.0
/*
 * hostcall.so: a QEMU TCG plugin that makes one instruction a sync point.
 *
 * When a vCPU executes the 8-byte NOP 0f 1f 84 00 'k' 't' 's' 'r', the callback tells the host
 * process which vCPU it is and blocks until the host answers. Under -icount nothing in the guest
 * advances meanwhile, so whatever the host does then does not change a deterministic run. Only
 * that instruction is instrumented; all other code runs at full speed.
 *
 * With mark0=ADDRESS, and so on up to mark3, there is a second kind of sync point, at an instruction of the
 * kernel: when a vCPU executes it and a number in guest memory, a clock, has reached a value. KASLR moves the
 * kernel by multiples of 2 MiB, and code is translated before the host knows the offset. So each
 * instruction in the kernel's half of the address space whose lowest 21 bits are those of ADDRESS
 * is instrumented, a few dozen in all, and the callback compares the whole address.
 *
 * A third kind are writes to a word of memory (watch.h). Probes (probe.h) record what happens at an
 * instruction and stop nothing. With start=, period=, jiffies=ADDRESS the kernel is told the rate of its
 * APIC timer (timer.h).
 *
 * Arguments: sock=N, an inherited SOCK_SEQPACKET descriptor; mark.h has the protocol. fence=1: the
 * machine is deterministic, see fence.h. probes=N: an inherited descriptor of a struct
 * qemu_probe_area. The emulator exits when the host process has ended.
 */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api.h"
#include "fence.h"
#include "probe.h"
#include "stop.h"
#include "timer.h"
#include "vcpu.h"
#include "watch.h"
#include "vmm/qemu/mark.h"

/* QEMU reads it before it calls a function of the plugin. */
EXPORT int qemu_plugin_version = 4;
EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc,
			       char **argv);

static const uint8_t doorbell[8] = { 0x0f, 0x1f, 0x84, 0x00, 'k', 't', 's', 'r' };

static int sock = -1;
/* One call at a time: with several host threads an answer could not be assigned to a call. */
static pthread_mutex_t call_lock = PTHREAD_MUTEX_INITIALIZER;

void hostcall_give_up(void)
{
	/* not exit(): QEMU's handlers would wait for this very vCPU */
	_exit(1);
}

/* Only one vCPU runs where there is a mark, so these need no lock. */
static struct mark {
	uint64_t link;
	struct qemu_mark set;
	const uint64_t *clock;
} marks[QEMU_NR_MARKS];

static void set_mark(struct mark *to, const struct qemu_mark *m)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), skew = m->offset % page;
	void *p;

	if (m->kva && m->at && (!to->clock || m->fd != to->set.fd || m->offset != to->set.offset)) {
		if (to->clock)
			munmap((void *)((uintptr_t)to->clock & ~(page - 1)), page);
		p = mmap(NULL, page, PROT_READ, MAP_SHARED, m->fd, (off_t)(m->offset - skew));
		if (p == MAP_FAILED)
			hostcall_give_up();	/* it gave us something else than RAM */
		to->clock = (const uint64_t *)((char *)p + skew);
	}
	if (m->kva)
		to->set = *m;
	else
		to->set.kva = 0;	/* the clock stays mapped */
}

static qemu_plugin_id_t self;

static void on_reset(qemu_plugin_id_t id);

static void send_all(const void *buf, size_t len)
{
	ssize_t n;

	do {
		n = send(sock, buf, len, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	if (n != (ssize_t)len)
		hostcall_give_up();
}

static ssize_t receive(struct qemu_answer *down)
{
	ssize_t n;

	do {
		n = recv(sock, down, sizeof(*down), 0);
	} while (n < 0 && errno == EINTR);
	return n;
}

/*
 * The plugin API reads registers of the vCPU that calls, and all of them are of interest. The
 * emulator's own function does that; this thread executes them all, or they are stopped.
 */
static void tell_registers(uint32_t of, uint32_t stopped, uint64_t pc)
{
	void *(*get)(int index) = (void *(*)(int))dlsym(RTLD_DEFAULT, "qemu_get_cpu");
	void (*print)(void *cpu, FILE *f, int flags) =
		(void (*)(void *, FILE *, int))dlsym(RTLD_DEFAULT, "cpu_dump_state");
	static struct qemu_regs reply;	/* under call_lock */
	void *cpu = get ? get((int)of) : NULL;
	FILE *f = cpu && print ? fmemopen(reply.text, sizeof(reply.text), "w") : NULL;

	memset(&reply, 0, sizeof(reply));
	reply.pc = of == stopped ? pc : 0;
	if (f) {
		print(cpu, f, 0);
		fclose(f);
	}
	reply.text[sizeof(reply.text) - 1] = '\0';
	send_all(&reply, offsetof(struct qemu_regs, text) + strlen(reply.text) + 1);
}

void hostcall_stop(uint32_t vcpu_index, uint32_t flags, uint64_t pc)
{
	uint32_t vcpu = vcpu_executing(vcpu_index), up = vcpu | flags;
	struct qemu_answer down;
	bool anew;
	ssize_t n;

	pthread_mutex_lock(&call_lock);
	send_all(&up, sizeof(up));
	while ((n = receive(&down)) == sizeof(struct qemu_ask)) {
		struct qemu_ask ask;

		memcpy(&ask, &down, sizeof(ask));
		if (ask.vcpu != vcpu)
			hostcall_give_up();
		tell_registers(ask.ask, vcpu, pc);
	}
	if ((n != sizeof(down.vcpu) && n != sizeof(down)) || down.vcpu != vcpu)
		hostcall_give_up();
	for (int i = 0; n == sizeof(down) && i < QEMU_NR_MARKS; i++)
		if (down.mark[i].change)
			set_mark(&marks[i], &down.mark[i]);
	anew = n == sizeof(down) && watch_set(down.watch);
	pthread_mutex_unlock(&call_lock);
	if (n == sizeof(down) && down.hand_over)
		stop_hand_over();
	else
		stop_look();
	if (anew)
		qemu_plugin_reset(self, on_reset);
}

/* @userdata is the instruction's address. */
static void on_doorbell(unsigned int vcpu_index, void *userdata)
{
	probe_stop();
	hostcall_stop(vcpu_index, 0, (uintptr_t)userdata);
}

static void on_mark(unsigned int vcpu_index, void *userdata)
{
	for (uint32_t i = 0; i < QEMU_NR_MARKS; i++) {
		struct mark *m = &marks[i];

		if (!m->set.kva || (uintptr_t)userdata != m->set.kva ||
		    (m->set.at && __atomic_load_n(m->clock, __ATOMIC_RELAXED) < m->set.at))
			continue;
		m->set.kva = 0;		/* one stop; the host sets the next */
		probe_stop();
		hostcall_stop(vcpu_index, QEMU_AT_MARK | i << QEMU_MARK_SHIFT, (uintptr_t)userdata);
	}
}

static struct timer_symbols timer;

/* @userdata is where the emulator has the instruction. */
static void on_start_kernel(unsigned int vcpu_index, void *userdata)
{
	(void)vcpu_index;
	timer_start(&timer, userdata);
}

static bool may_be_mark(uint64_t vaddr)
{
	for (int i = 0; i < QEMU_NR_MARKS; i++)
		if (marks[i].link && vaddr >> 63 && (vaddr - marks[i].link) % QEMU_MARK_ALIGN == 0)
			return true;
	return false;
}

static void on_translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb);

	(void)id;
	stop_translate(tb, n);
	for (size_t i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint64_t vaddr = qemu_plugin_insn_vaddr(insn);
		uint8_t code[sizeof(doorbell)];

		probe_translate(insn, i, n);
		watch_translate(insn, vaddr);
		if (may_be_mark(vaddr))
			qemu_plugin_register_vcpu_insn_exec_cb(insn, on_mark,
							       QEMU_PLUGIN_CB_R_REGS,
							       (void *)(uintptr_t)vaddr);
		if (timer_may_start_at(&timer, vaddr) && qemu_plugin_insn_haddr(insn))
			qemu_plugin_register_vcpu_insn_exec_cb(insn, on_start_kernel,
							       QEMU_PLUGIN_CB_NO_REGS,
							       qemu_plugin_insn_haddr(insn));
		if (qemu_plugin_insn_size(insn) != sizeof(doorbell))
			continue;
		if (qemu_plugin_insn_data(insn, code, sizeof(code)) != sizeof(code) ||
		    memcmp(code, doorbell, sizeof(code)))
			continue;
		qemu_plugin_register_vcpu_insn_exec_cb(insn, on_doorbell,
						       QEMU_PLUGIN_CB_R_REGS,
						       (void *)(uintptr_t)vaddr);
	}
}

/* After qemu_plugin_reset(), which has forgotten it. */
static void on_reset(qemu_plugin_id_t id)
{
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
}

/* The thread that executes all vCPUs of a deterministic machine calls this. */
static void on_vcpu_init(qemu_plugin_id_t id, unsigned int vcpu_index)
{
	(void)id;
	if (!vcpu_index)
		fence_begin();
	vcpu_init();
	probe_vcpu_init();
}

/* "NAME=NUMBER", not negative and at most @max. */
static bool parse(const char *arg, const char *name, uint64_t max, uint64_t *value)
{
	size_t len = strlen(name);
	char *end;

	if (strncmp(arg, name, len) || arg[len] != '=' || arg[len + 1] == '-')
		return false;
	errno = 0;
	*value = strtoull(arg + len + 1, &end, 0);
	return !errno && !*end && end != arg + len + 1 && *value <= max;
}

/* "markN=ADDRESS" */
static bool parse_mark(const char *arg)
{
	char name[] = "mark0";

	for (int i = 0; i < QEMU_NR_MARKS; i++) {
		name[4] = (char)('0' + i);
		if (parse(arg, name, UINT64_MAX, &marks[i].link))
			return true;
	}
	return false;
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc, char **argv)
{
	uint64_t fenced = 0, v;
	int probes = -1;

	for (int i = 0; i < argc; i++) {
		if (parse(argv[i], "sock", INT32_MAX, &v)) {
			sock = (int)v;
		} else if (parse(argv[i], "probes", INT32_MAX, &v)) {
			probes = (int)v;
		} else if (!parse_mark(argv[i]) && !parse(argv[i], "fence", 1, &fenced) &&
			   !parse(argv[i], "start", UINT64_MAX, &timer.start) &&
			   !parse(argv[i], "period", UINT64_MAX, &timer.period) &&
			   !parse(argv[i], "jiffies", UINT64_MAX, &timer.jiffies)) {
			fprintf(stderr, "hostcall: bad argument %s\n", argv[i]);
			return -1;
		}
	}
	if (sock < 0 || !info->system_emulation || strcmp(info->target_name, "x86_64")) {
		fprintf(stderr, "hostcall: needs sock=N and qemu-system-x86_64\n");
		return -1;
	}
	if (fenced && !fence_is_preloaded()) {
		fprintf(stderr, "hostcall: fence=1 needs this file in LD_PRELOAD\n");
		return -1;
	}
	self = id;
	/* they need one thread for all vCPUs */
	if (probes >= 0 && (!fenced || !probe_init(probes)))
		return -1;
	if (fenced)
		qemu_plugin_register_vcpu_init_cb(id, on_vcpu_init);
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
	return 0;
}
