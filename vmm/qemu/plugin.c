// SPDX-License-Identifier: GPL-2.0
/*
 * hostcall.so: a QEMU TCG plugin that makes one instruction a sync point.
 *
 * When a vCPU executes the 8-byte NOP 0f 1f 84 00 'k' 't' 's' 'r', the callback tells the host
 * process which vCPU it is and blocks until the host answers. Under -icount nothing in the
 * guest advances meanwhile, so whatever the host does there leaves a deterministic run as it
 * was. Only that instruction is instrumented; all other code runs at full speed.
 *
 * Argument: sock=N, an inherited SOCK_SEQPACKET descriptor. Each direction carries packets of
 * one u32: the vCPU index up, the same index down. A host that is gone ends the emulator.
 *
 * No header of the plugin API is packaged, hence the prototypes; they are those of API
 * version 4 (QEMU 10.0).
 */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

typedef uint64_t qemu_plugin_id_t;

struct qemu_plugin_tb;
struct qemu_plugin_insn;

struct qemu_info {
	const char *target_name;
	struct {
		int min;
		int cur;
	} version;
	_Bool system_emulation;
	struct {
		int smp_vcpus;
		int max_vcpus;
	} system;
};

enum qemu_plugin_cb_flags {
	QEMU_PLUGIN_CB_NO_REGS,
};

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
					   void (*cb)(qemu_plugin_id_t id,
						      struct qemu_plugin_tb *tb));
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t idx);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_data(const struct qemu_plugin_insn *insn, void *dest, size_t len);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
					    void (*cb)(unsigned int vcpu_index, void *userdata),
					    enum qemu_plugin_cb_flags flags, void *userdata);

/* Read by QEMU before it calls anything. */
EXPORT int qemu_plugin_version = 4;
EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc,
			       char **argv);

static const uint8_t doorbell[8] = { 0x0f, 0x1f, 0x84, 0x00, 'k', 't', 's', 'r' };

static int sock = -1;
/* One call at a time: with several host threads the answers would have no addressee. */
static pthread_mutex_t call_lock = PTHREAD_MUTEX_INITIALIZER;

static void host_gone(void)
{
	/* not exit(): QEMU's handlers would wait for this very vCPU */
	_exit(1);
}

static void on_doorbell(unsigned int vcpu_index, void *userdata)
{
	uint32_t up = vcpu_index, down;
	ssize_t n;

	(void)userdata;
	pthread_mutex_lock(&call_lock);
	do {
		n = send(sock, &up, sizeof(up), MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	if (n != sizeof(up))
		host_gone();
	do {
		n = recv(sock, &down, sizeof(down), 0);
	} while (n < 0 && errno == EINTR);
	if (n != sizeof(down) || down != up)
		host_gone();
	pthread_mutex_unlock(&call_lock);
}

static void on_translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb);

	(void)id;
	for (size_t i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint8_t code[sizeof(doorbell)];

		if (qemu_plugin_insn_size(insn) != sizeof(doorbell))
			continue;
		if (qemu_plugin_insn_data(insn, code, sizeof(code)) != sizeof(code) ||
		    memcmp(code, doorbell, sizeof(code)))
			continue;
		qemu_plugin_register_vcpu_insn_exec_cb(insn, on_doorbell,
						       QEMU_PLUGIN_CB_NO_REGS, NULL);
	}
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		char *end;
		long v;

		if (strncmp(argv[i], "sock=", 5)) {
			fprintf(stderr, "hostcall: unknown argument %s\n", argv[i]);
			return -1;
		}
		errno = 0;
		v = strtol(argv[i] + 5, &end, 10);
		if (errno || *end || end == argv[i] + 5 || v < 0 || v > INT32_MAX) {
			fprintf(stderr, "hostcall: bad descriptor in %s\n", argv[i]);
			return -1;
		}
		sock = (int)v;
	}
	if (sock < 0 || !info->system_emulation || strcmp(info->target_name, "x86_64")) {
		fprintf(stderr, "hostcall: needs sock=N and qemu-system-x86_64\n");
		return -1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
	return 0;
}
