// SPDX-License-Identifier: GPL-2.0
/*
 * What must never pass silently: a kernel that dies, a body that dies, and a body that does
 * not come back. Each is a failure of its own kind with the cause in its text.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ktstr.h>

/* sysrq 'c' is the documented way to crash a kernel on purpose (admin-guide/sysrq.rst). */
KTSTR_TEST(guest_panics, .duration_s = 2,
	   .expect_err = true, .expect_kind = KTSTR_GUEST_PANIC, .expect_text = "sysrq triggered crash")
{
	int fd = open("/proc/sysrq-trigger", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (write(fd, "c", 1) != 1)
		ktstr_fail(ctx, "the kernel survived its own crash");
	close(fd);
	return 0;
}

KTSTR_TEST(body_hangs, .duration_s = 1,
	   .expect_err = true, .expect_kind = KTSTR_BODY_TIMEOUT)
{
	(void)ctx;
	for (;;)
		pause();
	return 0;
}

KTSTR_TEST(body_crashes, .duration_s = 1,
	   .expect_err = true, .expect_kind = KTSTR_BODY_CRASHED, .expect_text = "SIGSEGV")
{
	(void)ctx;
	raise(SIGSEGV);
	return 0;
}

static int put(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");
	int ret = f && fputs(text, f) >= 0 ? 0 : -errno;

	if (f && fclose(f))
		ret = -errno;
	return ret;
}

/*
 * A page whose first use lasts for ever, as nobody serves its faults. NULL with errno. A child has
 * an ordinary page there.
 */
static char *endless_page(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (fd < 0 || page == MAP_FAILED || ioctl(fd, UFFDIO_API, &api))
		return NULL;
	reg.range.start = (unsigned long)page;
	reg.range.len = 4096;
	return ioctl(fd, UFFDIO_REGISTER, &reg) ? NULL : page;	/* the descriptor stays */
}

static pid_t writer(int fd, bool ends)
{
	pid_t pid = fork();
	char *page;

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	page = ends ? NULL : endless_page();
	_exit(write(fd, page ?: "x", page ? 4096 : 1) < 0);
}

/*
 * A task that hangs in the kernel: one writer of a pipe holds its mutex while it waits for a page
 * that never comes, and another one waits for the mutex.
 */
static int hung_task(struct ktstr_ctx *ctx)
{
	int fds[2], r = put("/proc/sys/kernel/hung_task_timeout_secs", "1");
	pid_t holder, hung;

	if (r)
		return r;
	if (!endless_page()) {
		ktstr_skip(ctx, "this kernel has no userfaultfd: %s", strerror(errno));
		return 0;
	}
	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	holder = writer(fds[1], false);
	usleep(100000);
	hung = writer(fds[1], true);
	r = ktstr_run(ctx, STEP(CGROUPS(CGROUP("beside", .workers = 1)), HOLD_MS(3500)));
	kill(holder, SIGKILL);
	kill(hung, SIGKILL);
	waitpid(holder, NULL, 0);
	waitpid(hung, NULL, 0);
	return r;
}

/* The kernel complains about it in its log, which nobody has to look at. */
KTSTR_TEST(task_hangs_in_the_kernel, .duration_s = 5, .expect_err = true,
	   .expect_kind = KTSTR_KERNEL_SPLAT, .expect_text = "blocked for more than")
{
	return hung_task(ctx);
}

/* A program that writes such a line is no kernel that complains. */
KTSTR_TEST(task_may_hang_in_the_kernel, .duration_s = 5,
	   .allow_splats = KTSTR_STRS("blocked for more than"))
{
	int r = put("/dev/kmsg", "<4>BUG: written by a program");

	return r ? r : hung_task(ctx);
}
