// SPDX-License-Identifier: GPL-2.0
/*
 * What must never pass silently: a kernel that dies, a body that dies, and a body that does
 * not come back. Each is a failure of its own kind with the cause in its text.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
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
