// SPDX-License-Identifier: GPL-2.0
/*
 * PageFaultChurn: a task that spends its time in the kernel without ever blocking. Each touch of a
 * page that was given back is a fault: short stretches of kernel mode, the mmap lock, the page
 * allocator. A scheduler sees a task that uses all CPU time, is preempted in kernel mode, and has
 * cold page tables after a migration.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness/guest/work/types/pieces.h"
#include "harness/guest/work/types/types.h"
#include "harness/guest/work/types/wait.h"

struct region {
	volatile uint8_t *mem;
	size_t size, page, pages;
};

static void fault_defaults(struct ktstr_work *work)
{
	WORK_DEFAULT(work->page_fault_churn.kib, 4096);
	WORK_DEFAULT(work->page_fault_churn.touches, 256);
	WORK_DEFAULT(work->page_fault_churn.spin, 64);
}

static const char *fault_validate(const struct ktstr_work *work)
{
	if (work->page_fault_churn.kib < (uint32_t)sysconf(_SC_PAGESIZE) / 1024)
		return "kib is less than a page";
	return NULL;
}

static int fault_init(struct ktstr_work_ctx *w)
{
	struct region *r = calloc(1, sizeof(*r));
	void *mem;

	if (!r)
		return -ENOMEM;
	w->priv = r;
	r->page = sysconf(_SC_PAGESIZE);
	r->pages = w->work->page_fault_churn.kib * (size_t)1024 / r->page;
	r->size = r->pages * r->page;
	mem = mmap(NULL, r->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (mem == MAP_FAILED)
		return -errno;
	r->mem = mem;
	/* One fault a page; a kernel without huge pages says EINVAL and does so anyway. */
	madvise(mem, r->size, MADV_NOHUGEPAGE);
	return 0;
}

static void fault_iterate(struct ktstr_work_ctx *w)
{
	struct region *r = w->priv;
	uint32_t i, n = w->work->page_fault_churn.touches;

	for (i = 0; i < n; i++) {
		r->mem[work_rand(w) % r->pages * r->page] = 1;
		w->units++;
		if (!(i & 255) && work_stopped(w))
			break;
	}
	madvise((void *)r->mem, r->size, MADV_DONTNEED);
	work_spin(w, w->work->page_fault_churn.spin);
}

static void fault_fini(struct ktstr_work_ctx *w)
{
	struct region *r = w->priv;

	if (r && r->mem)
		munmap((void *)r->mem, r->size);
	work_free_priv(w);
}

const struct ktstr_work_row ktstr_work_page_fault_churn = {
	.name = "PageFaultChurn",
	.description = "Touches random pages of a region, which faults them in, then gives all of "
		"them back. Unit: a touch, and as in SpinWait.",
	.parameters = "kib = 4096, touches = 256, spin = 64",
	.checkpoint_every = 1,
	.defaults = fault_defaults,
	.validate = fault_validate,
	.init = fault_init,
	.iterate = fault_iterate,
	.fini = fault_fini,
};
