// SPDX-License-Identifier: GPL-2.0
/* Can this kernel load the scheduler? See ktstr_monitor__check_loadable(). */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/kernel/kernel.h"
#include "harness/plan/plan.h"
#include "harness/plan/programs.h"
#include "monitor.h"
#include "view/kfunc.h"

struct file {
	const char *data;
	size_t len;
};

/* Is @name among its strings? The BPF object with its symbols is part of the program. */
static bool has_string(const void *arg, const char *name)
{
	const struct file *f = arg;

	return memmem(f->data, f->len, name, strlen(name) + 1);
}

static int check_file(const struct ktstr_run *run, const struct ktstr_scheduler *s,
		      const struct ktstr_btf *btf, const struct file *f, struct ktstr_err *err)
{
	const char *kfunc = ktstr_kfunc__unusable(btf, has_string, f);

	if (!kfunc)
		return 0;
	return ktstr_err_missing(err, ENOTSUP,
				 "scheduler %s is built for %s() without its implicit argument, this kernel (%s) has it with the argument and no %s_impl(): its BTF is incomplete (docs/kernels.md); use another kernel",
				 s->name, kfunc, run->kernel.release ?: "?", kfunc);
}

static int check_scheduler(const struct ktstr_run *run, const struct ktstr_scheduler *s,
			   const struct ktstr_btf *btf, struct ktstr_err *err)
{
	const struct ktstr_program *p = ktstr_programs__of(run, s);
	int fd = p ? open(p->path, O_RDONLY | O_CLOEXEC) : -1, ret = 0;
	struct file f = { .data = MAP_FAILED };
	struct stat st;

	if (fd < 0)
		return 0;	/* whoever packs it says why */
	if (!fstat(fd, &st) && st.st_size > 0) {
		f.len = (size_t)st.st_size;
		f.data = mmap(NULL, f.len, PROT_READ, MAP_PRIVATE, fd, 0);
	}
	if (f.data != MAP_FAILED) {
		ret = check_file(run, s, btf, &f, err);
		munmap((void *)f.data, f.len);
	}
	close(fd);
	return ret;
}

int ktstr_monitor__check_loadable(const struct ktstr_run *run, struct ktstr_err *err)
{
	const struct ktstr_scheduler * const *staged = run->plan->test->staged_schedulers;
	struct ktstr_kimage *img;
	int ret = 0;

	if (!run->plan->scheduler && !staged)
		return 0;
	img = ktstr_monitor__open_image(run, NULL);
	if (img && img->btf) {
		if (run->plan->scheduler)
			ret = check_scheduler(run, run->plan->scheduler, img->btf, err);
		for (; !ret && staged && *staged; staged++)
			ret = check_scheduler(run, *staged, img->btf, err);
	}
	ktstr_kimage__free(img);
	return ret;
}
