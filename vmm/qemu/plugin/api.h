/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The part of QEMU's plugin API that we use. No header of it is packaged; these prototypes are
 * those of API version 4 (QEMU 10.0). At the end, what the files of the plugin share.
 */
#ifndef KTSTR_VMM_QEMU_PLUGIN_API_H
#define KTSTR_VMM_QEMU_PLUGIN_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

void qemu_plugin_register_vcpu_init_cb(qemu_plugin_id_t id,
				       void (*cb)(qemu_plugin_id_t id, unsigned int vcpu_index));

enum qemu_plugin_cb_flags {
	QEMU_PLUGIN_CB_NO_REGS,
	QEMU_PLUGIN_CB_R_REGS,	/* the general registers are in the vCPU's state, not in the host's */
};

enum qemu_plugin_mem_rw {
	QEMU_PLUGIN_MEM_W = 2,
};

/* Forget all callbacks and translated code, then call @cb, once no vCPU is in any. */
void qemu_plugin_reset(qemu_plugin_id_t id, void (*cb)(qemu_plugin_id_t id));
/* @cb runs behind the access. */
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn,
				      void (*cb)(unsigned int vcpu_index, uint32_t info,
						 uint64_t vaddr, void *userdata),
				      enum qemu_plugin_cb_flags flags, enum qemu_plugin_mem_rw rw,
				      void *userdata);
unsigned int qemu_plugin_mem_size_shift(uint32_t info);

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
					   void (*cb)(qemu_plugin_id_t id,
						      struct qemu_plugin_tb *tb));
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb,
					  void (*cb)(unsigned int vcpu_index, void *userdata),
					  enum qemu_plugin_cb_flags flags, void *userdata);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t idx);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_data(const struct qemu_plugin_insn *insn, void *dest, size_t len);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
void *qemu_plugin_insn_haddr(const struct qemu_plugin_insn *insn);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
					    void (*cb)(unsigned int vcpu_index, void *userdata),
					    enum qemu_plugin_cb_flags flags, void *userdata);

/* GLib's; QEMU is linked with it. */
struct glib_byte_array {
	uint8_t *data;
	unsigned int len;
};

struct glib_array {
	char *data;
	unsigned int len;
};

struct glib_byte_array *g_byte_array_new(void);
struct glib_byte_array *g_byte_array_set_size(struct glib_byte_array *array, unsigned int len);
struct glib_array *g_array_unref(struct glib_array *array);

struct qemu_plugin_register;

struct qemu_plugin_reg_descriptor {
	struct qemu_plugin_register *handle;
	const char *name;
	const char *feature;
};

/* Of the calling vCPU. An array of struct qemu_plugin_reg_descriptor. */
struct glib_array *qemu_plugin_get_registers(void);
/* Appends to @buf; the size of the register, or -1. */
int qemu_plugin_read_register(struct qemu_plugin_register *handle, struct glib_byte_array *buf);
bool qemu_plugin_read_memory_vaddr(uint64_t addr, struct glib_byte_array *data, size_t len);

/*
 * hostcall.c: tell the host that the vCPU of this callback stopped before the instruction at @pc (0:
 * where its state says), with @flags of mark.h, and wait for its answer.
 */
void hostcall_stop(uint32_t vcpu_index, uint32_t flags, uint64_t pc);
/* hostcall.c: the host has gone, or makes no sense: end the emulator. */
_Noreturn void hostcall_give_up(void);

#endif
