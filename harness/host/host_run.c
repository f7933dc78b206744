// SPDX-License-Identifier: GPL-2.0
/* A body that runs on the host: see host_run.h. */
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

#include "lib/status.h"
#include "harness/guest/cgroup/cgroup.h"
#include "harness/guest/init/body.h"
#include "harness/guest/init/cgroup_root.h"
#include "harness/checks/checks.h"
#include "harness/plan/here.h"
#include "active.h"
#include "host_run.h"
#include "interrupt.h"
#include "kernel_log.h"
#include "lib/paths.h"
#include "harness/model/seen.h"
#include "pack.h"

#define PARENT_ENV	"KTSTR_HOST_CGROUP_PARENT"
#define DEFAULT_PARENT	"/ktstr"
#define WALK_ENV	"KTSTR_CGROUP_WALK_ROOT"
#define KILL_MS		2000

int ktstr_host__cgroup_parent(char *buf, size_t size, struct ktstr_err *err)
{
	const char *v = getenv(PARENT_ENV), *below;
	size_t len = strlen(GUEST_CGROUP_MOUNT);

	if (!v || !*v) {
		snprintf(buf, size, "%s", DEFAULT_PARENT);
		return 0;
	}
	if (strncmp(v, GUEST_CGROUP_MOUNT "/", len + 1))
		return ktstr_err(err, EINVAL, PARENT_ENV "=%.200s: must be a folder below " GUEST_CGROUP_MOUNT,
				 v);
	below = v + len;
	if (!below[strspn(below, "/")] || strlen(below) >= size || strstr(below, "/.."))
		return ktstr_err(err, EINVAL, PARENT_ENV "=%.200s: must be below the root cgroup, without \"..\"",
				 v);
	snprintf(buf, size, "%s", below);
	return 0;
}

int ktstr_host__cgroup_walk(const char *parent, char *buf, size_t size, struct ktstr_err *err)
{
	const char *v = getenv(WALK_ENV);
	size_t mount = strlen(GUEST_CGROUP_MOUNT), len;

	*buf = '\0';
	if (!v || !*v)
		return 0;
	len = strlen(v);
	while (len > mount && v[len - 1] == '/')
		len--;
	if (strncmp(v, GUEST_CGROUP_MOUNT, mount) || len - mount >= size ||
	    strncmp(v + mount, parent, len - mount) ||
	    (parent[len - mount] && parent[len - mount] != '/'))
		return ktstr_err(err, EINVAL,
				 WALK_ENV "=%.200s: must be the folder of the tests' cgroups, " GUEST_CGROUP_MOUNT "%.200s (" PARENT_ENV "), or one above it",
				 v, parent);
	snprintf(buf, size, "%.*s", (int)(len - mount), v + mount);
	return 0;
}

/* The cgroup with cpu and cpuset, or a reason why this machine cannot run such tests. */
static int make_root(const char *walk, const char *root, struct ktstr_err *err)
{
	struct ktstr_err why = { .msg = "" };
	int ret;

	if (ktstr_cgroupfs__check(GUEST_CGROUP_MOUNT, &why))
		return ktstr_err_missing(err, ENOTSUP, "host_only: %.300s", why.msg);
	ret = guest_cgroup__make_below(walk, root, true);
	if (ret)
		return ktstr_err_missing(err, -ret,
					 "host_only: cannot make " GUEST_CGROUP_MOUNT "%.200s with cpu and cpuset: %s; set " PARENT_ENV " to a cgroup2 folder that is yours, and " WALK_ENV " to the one that was delegated",
					 root, strerror(-ret));
	return 0;
}

/* What payloads print, one record after the other: a file that parent and children share. */
static int outputs_fd = -1;

struct record {
	struct ktstr_msg_output what;
	uint32_t len;
	char text[KTSTR_OUTPUT_PIECE];
};

static void write_output(struct ktstr_ctx *ctx, const struct ktstr_msg_output *o, const char *text,
			 size_t len)
{
	struct record r = { .what = *o, .len = len };

	(void)ctx;
	if (len)
		memcpy(r.text, text, len);
	/* in one call, as several processes write */
	if (write(outputs_fd, &r, sizeof(r)) != sizeof(r))
		fprintf(stderr, "ktstr: the output of payload %s is lost: %s\n", o->source,
			strerror(errno));
}

static void read_outputs(struct ktstr_seen *seen)
{
	struct record r;

	lseek(outputs_fd, 0, SEEK_SET);
	while (read(outputs_fd, &r, sizeof(r)) == sizeof(r))
		if (r.len <= sizeof(r.text))
			ktstr_outputs__add(&seen->outputs, &r.what, r.text, r.len);
}

static void tell_left_out(struct ktstr_result *r, const char *name)
{
	char text[KTSTR_DETAIL_LEN];
	uint32_t i;

	snprintf(text, sizeof(text), "ok %s # SKIP " KTSTR_NO_GUEST_MEMORY, name);
	for (i = 0; i < r->nr_details; i++)
		if (!strcmp(r->details[i].text, text))
			return;
	ktstr_result__add(r, KTSTR_NOTE, KTSTR_PART, "%s", text);
}

/* Checks of sets in a body that was written for a guest: "NAME=VALUE" lines. */
static void leave_out_checks(struct ktstr_ctx *ctx, const char *text)
{
	char name[KTSTR_CHECK_TEXT_MAX];

	for (; *text; text = strchrnul(text, '\n'), text += *text == '\n') {
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(text, "=\n"), text);
		tell_left_out(ctx->result, name);
	}
}

static void child(const struct ktstr_plan *plan, const struct ktstr_guest_args *args,
		  const char *output, struct guest_shared *s) __attribute__((noreturn));

static void child(const struct ktstr_plan *plan, const struct ktstr_guest_args *args,
		  const char *output, struct guest_shared *s)
{
	static struct guest_context c;
	struct ktstr_err err;
	int fd;

	guest_child__reset();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* stdout is protocol */
	fd = open(output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd >= 0) {
		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
	}
	if (guest_context__init(&c, plan->test, args, s, &err)) {
		ktstr_result__add(&s->result, KTSTR_FAILS, KTSTR_INFRASTRUCTURE, "host_only: %s",
				  err.msg);
		_exit(0);
	}
	c.ctx.output = write_output;
	c.ctx.here = plan->here;
	if (plan->here)
		c.ctx.monitor_checks = leave_out_checks;
	guest_context__run(&c, s);
	_exit(0);
}

#define fails(_run, _kind, ...)							\
	ktstr_result__add((_run)->result, KTSTR_FAILS, _kind, __VA_ARGS__)

/* Wait until the body ends; kill it when its time is over or we are interrupted. */
static void await(struct ktstr_run *run, const struct ktstr_deadlines *d, const char *cgroup,
		  pid_t pid, const struct guest_shared *s)
{
	uint32_t limit_s = run->plan->duration_s + d->run_grace_s;
	struct pollfd p[2] = {
		{ .fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN },
		{ .fd = ktstr_interrupt__fd(), .events = POLLIN },
	};
	char how[KTSTR_STATUS_SIZE], where[96];
	int status = 0, n;

	do {
		n = poll(p, 2, limit_s > INT_MAX / 1000 ? INT_MAX : (int)limit_s * 1000);
	} while (n < 0 && errno == EINTR && !ktstr_interrupt__signal());
	run->signal = ktstr_interrupt__signal();
	if (!p[0].revents) {
		guest_shared__where(s, where, sizeof(where));
		if (!run->signal)
			fails(run, KTSTR_BODY_TIMEOUT, "body did not finish within %u s (%spid %d)",
			      limit_s, where, pid);
		kill(-pid, SIGKILL);
		guest_cgroup__kill(cgroup);
		poll(p, 1, KILL_MS);
	}
	if (waitpid(pid, &status, WNOHANG) != pid)
		ktstr_result__add(run->result, KTSTR_NOTE, KTSTR_BODY_TIMEOUT,
				  "the test body did not even die of SIGKILL within %d ms",
				  KILL_MS);
	else if (!guest_shared__complete(s) && p[0].revents) {
		ktstr_status__format(status, how, sizeof(how));
		fails(run, KTSTR_BODY_CRASHED, "the test body %s%s",
		      WIFSIGNALED(status) ? "was " : "ended by its own process: ", how);
	}
	close(p[0].fd);
}

/* In a body that was written for a guest the kernel's log counts, as it does there. */
static int open_log(struct ktstr_run *run)
{
	int fd = run->plan->here ? ktstr_kernel_log__open() : -1;

	if (run->plan->here && fd < 0)
		ktstr_result__add(run->result, KTSTR_UNDECIDED, KTSTR_NO_DATA,
				  "the kernel log cannot be read: %s", strerror(-fd));
	return fd;
}

/* Fill in what the messages of a guest would have said. */
static void tell(struct ktstr_run *run, const struct guest_shared *s)
{
	struct ktstr_seen *seen = run->seen;
	struct utsname u = { 0 };

	seen->result = guest_shared__result(s);
	seen->exited = true;
	seen->lifecycle = KTSTR_LIFECYCLE_EXIT;
	uname(&u);
	snprintf(seen->release, sizeof(seen->release), "%s", u.release);
}

/*
 * Remove the empty folders from @root up to @parent; others have processes in them. The one at @walk
 * was there before.
 */
static void remove_cgroups(const char *walk, const char *parent, char *root)
{
	size_t mount = strlen(GUEST_CGROUP_MOUNT), keep = mount + strlen(parent);
	char *slash;

	while (strlen(root) >= keep && strcmp(root + mount, walk) && !rmdir(root)) {
		slash = strrchr(root, '/');
		*slash = '\0';
	}
}

static int run_body(struct ktstr_run *run, const struct ktstr_deadlines *d,
		    const struct ktstr_guest_args *args, const char *output,
		    struct ktstr_err *err)
{
	struct guest_shared *s = guest_shared__new();
	int ret = 0, log = -1;
	pid_t pid;

	outputs_fd = memfd_create("outputs", MFD_CLOEXEC);
	if (!s || outputs_fd < 0) {
		ret = ktstr_err(err, errno, "host_only: %s", strerror(errno));
		guest_shared__free(s);
		return ret;
	}
	log = open_log(run);
	fflush(NULL);
	pid = fork();
	if (!pid)
		child(run->plan, args, output, s);
	if (pid < 0) {
		ret = ktstr_err(err, errno, "host_only: fork: %s", strerror(errno));
	} else {
		setpgid(pid, pid);
		await(run, d, args->cgroup_root, pid, s);
		tell(run, s);
		read_outputs(run->seen);
	}
	if (log >= 0)
		ktstr_kernel_log__read(log, run->seen);
	close(outputs_fd);
	guest_shared__free(s);
	return ret;
}

int ktstr_host__run(struct ktstr_run *run, const struct ktstr_deadlines *d, const char *output,
		    struct ktstr_err *err)
{
	char parent[PATH_MAX / 4], walk[PATH_MAX / 4], below[PATH_MAX / 2], root[PATH_MAX];
	struct ktstr_active before, after;
	struct ktstr_guest_args args;
	unsigned int i;
	int ret;

	ktstr_active__read(&before, "/sys");
	snprintf(run->active, sizeof(run->active), "%s", ktstr_active__name(&before));
	for (i = 0; i < run->plan->nr_left_out; i++)
		tell_left_out(run->result, run->plan->left_out[i]);
	ret = ktstr_host__cgroup_parent(parent, sizeof(parent), err);
	if (!ret)
		ret = ktstr_host__cgroup_walk(parent, walk, sizeof(walk), err);
	if (ret)
		return ret;
	ret = ktstr_paths__fmt(below, sizeof(below), "%s%s", parent, run->plan->cgroup_root ?: "");
	if (ret)
		return ktstr_err(err, -ret, "host_only: workload_root_cgroup: %s", strerror(-ret));
	ret = make_root(walk, below, err);
	if (ret)
		return ret;
	snprintf(root, sizeof(root), GUEST_CGROUP_MOUNT "%s", below);
	ret = ktstr_body_args__make(run, d, below, &args);
	if (!ret)
		ret = ktstr_guest_args__set(&args.cgroup_walk, *walk ? walk : NULL);
	if (ret)
		ktstr_err(err, -ret, "host_only: %s", strerror(-ret));
	else
		ret = run_body(run, d, &args, output, err);
	ktstr_active__read(&after, "/sys");
	if (!ret)
		ktstr_active__judge(&before, &after, run->result);
	ktstr_guest_args__free(&args);
	/* processes that a crashed body has left behind */
	guest_cgroup__kill(below);
	remove_cgroups(walk, parent, root);
	return ret;
}
