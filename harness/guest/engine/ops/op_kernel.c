// SPDX-License-Identifier: GPL-2.0
/* Ops on the kernel's BPF maps. */
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ops.h"

#define PIN_DIR		"/sys/fs/bpf/ktstr"

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

const struct ktstr_op_row ktstr_kernel_ops[] = {
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
