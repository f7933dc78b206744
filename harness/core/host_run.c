// SPDX-License-Identifier: GPL-2.0
/* A body without a machine of its own: see host_run.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../guest/cgroup.h"
#include "../guest/internal.h"
#include "host_run.h"
#include "interrupt.h"
#include "paths.h"
#include "seen.h"

#define PARENT_ENV	"KTSTR_HOST_CGROUP_PARENT"
#define DEFAULT_PARENT	"/ktstr"
#define KILL_MS		2000

int ktstr_host__cgroup_parent(char *buf, size_t size, struct vm_err *err)
{
	const char *v = getenv(PARENT_ENV), *below;
	size_t len = strlen(GUEST_CGROUP_MOUNT);

	if (!v || !*v) {
		snprintf(buf, size, "%s", DEFAULT_PARENT);
		return 0;
	}
	if (strncmp(v, GUEST_CGROUP_MOUNT "/", len + 1))
		return vm_err(err, EINVAL, PARENT_ENV "=%.200s: must be a folder below " GUEST_CGROUP_MOUNT,
			      v);
	below = v + len;
	if (!below[strspn(below, "/")] || strlen(below) >= size || strstr(below, "/.."))
		return vm_err(err, EINVAL, PARENT_ENV "=%.200s: must be below the root cgroup, without \"..\"",
			      v);
	snprintf(buf, size, "%s", below);
	return 0;
}

/* The parent with cpu and cpuset, or a reason why this machine cannot run such tests. */
static int make_parent(const char *parent, struct vm_err *err)
{
	struct vm_err why = { .msg = "" };
	int ret;

	if (ktstr_cgroupfs__check(GUEST_CGROUP_MOUNT, &why))
		return vm_err_missing(err, ENOTSUP, "host_only: %.300s", why.msg);
	ret = guest_cgroup__make(parent, true);
	if (ret)
		return vm_err_missing(err, -ret,
				      "host_only: cannot make " GUEST_CGROUP_MOUNT "%.200s with cpu and cpuset: %s; set " PARENT_ENV " to a cgroup2 folder that is yours",
				      parent, strerror(-ret));
	return 0;
}

static void __attribute__((noreturn))
child(const struct ktstr_run *run, const char *root, const char *output, struct guest_shared *s)
{
	const struct ktstr_plan *p = run->plan;
	struct ktstr_ctx ctx = {
		.test = p->test,
		.topo = p->topo,
		.nr_cpus = (uint32_t)sysconf(_SC_NPROCESSORS_ONLN),
		.duration_ns = p->duration_s * GUEST_NSEC_PER_SEC,
		.workers_per_cgroup = p->workers_per_cgroup,
		.seed = run->opts.seed,
		.stall_poll_ms = run->opts.stall_poll_ms,
		.sched_pidfd = -1,
		.cgroup_root = root,
		.checks = p->checks,
		.result = &s->result,
	};
	int fd;

	guest_child__reset();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* stdout is protocol */
	fd = open(output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd >= 0) {
		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
	}
	s->ret = ktstr_dispatch_body(&ctx);
	fflush(NULL);
	__atomic_store_n(&s->complete, 1, __ATOMIC_RELEASE);
	_exit(0);
}

#define fails(_run, _kind, ...)							\
	ktstr_result__add((_run)->result, KTSTR_FAILS, _kind, __VA_ARGS__)

/* Until the body ends, its time is over or we are interrupted; then it is killed. */
static void await(struct ktstr_run *run, const struct ktstr_deadlines *d, const char *parent,
		  pid_t pid, const struct guest_shared *s)
{
	uint32_t limit_s = run->plan->duration_s + d->run_grace_s;
	struct pollfd p[2] = {
		{ .fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN },
		{ .fd = ktstr_interrupt__fd(), .events = POLLIN },
	};
	int status = 0, n;
	char how[64];

	do {
		n = poll(p, 2, limit_s > INT_MAX / 1000 ? INT_MAX : (int)limit_s * 1000);
	} while (n < 0 && errno == EINTR && !ktstr_interrupt__signal());
	run->signal = ktstr_interrupt__signal();
	if (!p[0].revents) {
		if (!run->signal)
			fails(run, KTSTR_BODY_TIMEOUT, "body did not finish within %u s", limit_s);
		kill(-pid, SIGKILL);
		guest_cgroup__kill(parent);
		poll(p, 1, KILL_MS);
	}
	if (waitpid(pid, &status, WNOHANG) != pid)
		ktstr_result__add(run->result, KTSTR_NOTE, KTSTR_BODY_TIMEOUT,
				  "the test body did not even die of SIGKILL within %d ms",
				  KILL_MS);
	else if (!__atomic_load_n(&s->complete, __ATOMIC_ACQUIRE) && p[0].revents) {
		guest_status__format(status, how, sizeof(how));
		fails(run, KTSTR_BODY_CRASHED, "the test body %s%s",
		      WIFSIGNALED(status) ? "was " : "ended by its own process: ", how);
	}
	close(p[0].fd);
}

/* As if a guest had said all this. */
static void tell(struct ktstr_run *run, const struct guest_shared *s)
{
	struct ktstr_seen *seen = run->seen;
	struct utsname u = { 0 };

	seen->result = ktstr_result__new();
	if (seen->result) {
		*seen->result = s->result;
		ktstr_result__bound(seen->result);
	}
	seen->exited = true;
	seen->stage = KTSTR_STAGE_EXIT;
	uname(&u);
	snprintf(seen->release, sizeof(seen->release), "%s", u.release);
}

int ktstr_host__run(struct ktstr_run *run, const struct ktstr_deadlines *d, const char *output,
		    struct vm_err *err)
{
	char parent[PATH_MAX / 2], root[PATH_MAX];
	struct guest_shared *s;
	pid_t pid;
	int ret;

	ret = ktstr_host__cgroup_parent(parent, sizeof(parent), err);
	if (!ret)
		ret = make_parent(parent, err);
	if (ret)
		return ret;
	snprintf(root, sizeof(root), GUEST_CGROUP_MOUNT "%s", parent);
	s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s == MAP_FAILED)
		return vm_err(err, errno, "host_only: %s", strerror(errno));
	fflush(NULL);
	pid = fork();
	if (!pid)
		child(run, root, output, s);
	if (pid < 0) {
		ret = vm_err(err, errno, "host_only: fork: %s", strerror(errno));
	} else {
		setpgid(pid, pid);
		await(run, d, parent, pid, s);
		tell(run, s);
		/* what a body that crashed has left; the folder goes when it is empty */
		guest_cgroup__kill(parent);
		rmdir(root);
	}
	munmap(s, sizeof(*s));
	return ret;
}
