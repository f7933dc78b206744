// SPDX-License-Identifier: GPL-2.0
/* The file of a core: see core_file.h. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness/plan/plan.h"
#include "harness/plan/variant.h"
#include "lib/paths.h"
#include "core.h"
#include "core_file.h"

static int write_ram(void *arg, uint64_t gpa, uint64_t len, int fd, uint64_t at,
		     struct ktstr_err *err)
{
	return vm_write_ram(arg, gpa, len, fd, at, err);
}

static int write_to(const char *path, struct vm *vm, struct ktstr_kview *view,
		    const struct vm_regs *regs, struct ktstr_err *err)
{
	struct vm_range range[VM_MAX_RANGES];
	const struct ktstr_core core = {
		.view = view, .regs = regs, .range = range, .nr_ranges = vm_ranges(vm, range),
		.write_ram = write_ram, .arg = vm,
	};
	/* what is in it is what the guest has in memory */
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), ret;

	if (fd < 0)
		return ktstr_err(err, errno, "%.300s: %s", path, strerror(errno));
	ret = ktstr_core__write(&core, fd, err);
	if (close(fd) && !ret)
		ret = ktstr_err(err, errno, "%.300s: %s", path, strerror(errno));
	if (ret)
		unlink(path);
	return ret;
}

static int path_of(const struct ktstr_run *run, const char *name, char *path, size_t size)
{
	return ktstr_paths__fmt(path, size, "%s/%s", run->dir, name);
}

void ktstr_core_file__write(struct ktstr_core_file *f, const struct ktstr_run *run, struct vm *vm,
			    struct ktstr_kview *view, const struct vm_regs *regs)
{
	struct ktstr_err err = { .msg = "" };
	char path[PATH_MAX];
	int ret;

	if (!run->dir)
		return;
	f->why_not[0] = '\0';
	snprintf(f->name, sizeof(f->name), "%.150s-%016" PRIx64 KTSTR_CORE_SUFFIX,
		 run->plan->test->name, ktstr_variant__hash(run));
	ret = path_of(run, f->name, path, sizeof(path));
	if (ret)
		ktstr_err(&err, -ret, "its path is too long");
	else
		ret = write_to(path, vm, view, regs, &err);
	if (!ret)
		return;
	f->name[0] = '\0';
	snprintf(f->why_not, sizeof(f->why_not), "%.255s", err.msg);
}

void ktstr_core_file__drop(struct ktstr_core_file *f, const struct ktstr_run *run)
{
	char path[PATH_MAX];

	if (f->name[0] && !path_of(run, f->name, path, sizeof(path)))
		unlink(path);
	f->name[0] = '\0';
}
