// SPDX-License-Identifier: GPL-2.0
/*
 * Ops on the kernel's data. The guest pins maps. Snapshots and named values in guest memory need
 * the host: those rows check the declaration and then say what is missing.
 */
#include <ctype.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ops.h"

#define PIN_DIR		"/sys/fs/bpf/ktstr"
#define MAX_WATCHES	3	/* of the four hardware breakpoints that x86 has */
#define MAX_VALUE	4096	/* bytes of one access */

/* ---- snapshots ---- */

static void check_once(struct ktstr_checker *ck)
{
	if (ck->repeated)
		ktstr_problem(ck, "a snapshot cannot be repeated, it has one name");
}

static bool is_symbol(const char *name)
{
	if (!name || !*name || isdigit((unsigned char)*name))
		return false;
	while (isalnum((unsigned char)*name) || (*name && strchr("_.$", *name)))
		name++;
	return !*name;
}

static void check_capture_snapshot(struct ktstr_checker *ck, const struct ktstr_op *op)
{
	if (!op->name || !*op->name || strlen(op->name) >= KTSTR_NAME_LEN)
		ktstr_problem(ck, "a snapshot has a name of 1 to %d bytes", KTSTR_NAME_LEN - 1);
	check_once(ck);
}

static void check_watch_snapshot(struct ktstr_checker *ck, const struct ktstr_op *op)
{
	if (!is_symbol(op->name))
		ktstr_problem(ck, "\"%s\" is no symbol of a kernel", op->name ?: "");
	if (!ck->repeated && ++ck->watches > MAX_WATCHES)
		ktstr_problem(ck, "more than %d symbols are watched", MAX_WATCHES);
	check_once(ck);
}

/* ---- values in the guest's memory ---- */

static void check_target(struct ktstr_checker *ck, const struct ktstr_kernel_target *t)
{
	switch (t->kind) {
	case KTSTR_KERNEL_SYMBOL:
		if (!is_symbol(t->name))
			ktstr_problem(ck, "\"%s\" is no symbol of a kernel", t->name ?: "");
		return;
	case KTSTR_KERNEL_PER_CPU:
		if (!is_symbol(t->name))
			ktstr_problem(ck, "\"%s\" is no symbol of a kernel", t->name ?: "");
		if (t->cpu >= ck->ctx->nr_cpus)
			ktstr_problem(ck, "CPU %u is not there, the guest has %u", t->cpu,
				      ck->ctx->nr_cpus);
		return;
	case KTSTR_KERNEL_ADDRESS:
		if (!t->address)
			ktstr_problem(ck, "address 0 is none of the kernel's");
		return;
	case KTSTR_KERNEL_TASK:
		if (t->pid <= 0)
			ktstr_problem(ck, "%d is no pid", t->pid);
		if (!t->name || !*t->name)
			ktstr_problem(ck, "a field of a task is named by its path, \"se.vruntime\"");
		return;
	case KTSTR_KERNEL_UNSET:
		break;
	}
	ktstr_problem(ck, "names nothing in the kernel");
}

static void check_size(struct ktstr_checker *ck, uint32_t len)
{
	if (!len || len > MAX_VALUE)
		ktstr_problem(ck, "%u bytes are not between 1 and %d", len, MAX_VALUE);
}

static void check_read_kernel(struct ktstr_checker *ck, const struct ktstr_op *op)
{
	check_target(ck, &op->target);
	check_size(ck, op->value.len);
	if (!op->as || !*op->as || strlen(op->as) >= KTSTR_NAME_LEN)
		ktstr_problem(ck, "what is read has a name of 1 to %d bytes", KTSTR_NAME_LEN - 1);
}

static void check_write_kernel(struct ktstr_checker *ck, const struct ktstr_op *op)
{
	check_target(ck, &op->target);
	check_size(ck, op->value.len);
	if (op->value.len > sizeof(op->value.number) && !op->value.bytes)
		ktstr_problem(ck, "there are no bytes to write");
}

/* ---- pinned maps ---- */

static void check_pin_bpf_map(struct ktstr_checker *ck, const struct ktstr_op *op)
{
	if (!op->name || !*op->name || strlen(op->name) >= BPF_OBJ_NAME_LEN ||
	    strchr(op->name, '/'))
		ktstr_problem(ck, "a BPF map has a name of 1 to %d bytes", BPF_OBJ_NAME_LEN - 1);
	if (ck->repeated)
		ktstr_problem(ck, "a map can be pinned once");
}

static int sys_bpf(int cmd, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

/* Descriptor of the only map of that name; -ENOENT, -ENOTUNIQ or another -errno. */
static int find_map(const char *name)
{
	struct bpf_map_info info;
	int found = -ENOENT, fd;
	union bpf_attr attr;
	uint32_t id = 0;

	for (;;) {
		memset(&attr, 0, sizeof(attr));
		attr.start_id = id;
		if (sys_bpf(BPF_MAP_GET_NEXT_ID, &attr))
			return errno == ENOENT ? found : -errno;
		id = attr.next_id;
		memset(&attr, 0, sizeof(attr));
		attr.map_id = id;
		fd = sys_bpf(BPF_MAP_GET_FD_BY_ID, &attr);
		if (fd < 0)
			continue;	/* gone meanwhile */
		memset(&info, 0, sizeof(info));
		memset(&attr, 0, sizeof(attr));
		attr.info.bpf_fd = fd;
		attr.info.info_len = sizeof(info);
		attr.info.info = (uintptr_t)&info;
		if (sys_bpf(BPF_OBJ_GET_INFO_BY_FD, &attr) ||
		    strncmp(info.name, name, sizeof(info.name)) != 0) {
			close(fd);
			continue;
		}
		if (found >= 0) {
			close(fd);
			close(found);
			return -ENOTUNIQ;
		}
		found = fd;
	}
}

static int apply_pin_bpf_map(struct ktstr_scenario_state *st, const struct ktstr_op *op,
			     struct ktstr_err *err)
{
	char path[sizeof(PIN_DIR) + BPF_OBJ_NAME_LEN + 1];
	union bpf_attr attr = { };
	int fd = find_map(op->name), ret = 0;

	(void)st;
	if (fd == -ENOENT || fd == -ENOTUNIQ)
		return ktstr_err(err, -fd, "%s map is called %s",
				 fd == -ENOENT ? "no BPF" : "more than one BPF", op->name);
	if (fd < 0)
		return ktstr_err(err, -fd, "cannot list BPF maps: %s", strerror(-fd));
	mkdir(PIN_DIR, 0700);
	snprintf(path, sizeof(path), PIN_DIR "/%s", op->name);
	attr.pathname = (uintptr_t)path;
	attr.bpf_fd = (uint32_t)fd;
	if (sys_bpf(BPF_OBJ_PIN, &attr))
		ret = ktstr_err(err, errno, "pin it as %s: %s", path, strerror(errno));
	close(fd);
	return ret;
}

static const char needs_monitor[] = "the monitor, which looks at the guest's memory";

const struct ktstr_op_row ktstr_kernel_ops[] = {
	{
		.kind = KTSTR_OP_CAPTURE_SNAPSHOT,
		.name = "CAPTURE_SNAPSHOT",
		.takes = "name",
		.needs = needs_monitor,
		.check = check_capture_snapshot,
	},
	{
		.kind = KTSTR_OP_WATCH_SNAPSHOT,
		.name = "WATCH_SNAPSHOT",
		.takes = "symbol",
		.needs = needs_monitor,
		.check = check_watch_snapshot,
	},
	{
		.kind = KTSTR_OP_READ_KERNEL_HOT,
		.name = "READ_KERNEL_HOT",
		.takes = "as, target, bytes",
		.needs = needs_monitor,
		.check = check_read_kernel,
	},
	{
		.kind = KTSTR_OP_WRITE_KERNEL_HOT,
		.name = "WRITE_KERNEL_HOT",
		.takes = "target, value",
		.needs = needs_monitor,
		.check = check_write_kernel,
	},
	{
		.kind = KTSTR_OP_READ_KERNEL_COLD,
		.name = "READ_KERNEL_COLD",
		.takes = "as, target, bytes",
		.needs = needs_monitor,
		.check = check_read_kernel,
	},
	{
		.kind = KTSTR_OP_WRITE_KERNEL_COLD,
		.name = "WRITE_KERNEL_COLD",
		.takes = "target, value",
		.needs = needs_monitor,
		.check = check_write_kernel,
	},
	{
		.kind = KTSTR_OP_PIN_BPF_MAP,
		.name = "PIN_BPF_MAP",
		.words = "BPF map {name} is pinned",
		.takes = "map",
		.does = "pins the only BPF map of that name (at most 15 bytes) as /sys/fs/bpf/ktstr/MAP, so that it outlives its scheduler",
		.check = check_pin_bpf_map,
		.apply = apply_pin_bpf_map,
	},
	{ }
};
