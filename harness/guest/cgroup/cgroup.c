// SPDX-License-Identifier: GPL-2.0
/*
 * cgroup v2 folders: create, configure, empty, remove.
 *
 * Emptying is event driven: cgroup.kill kills everything below, forks in flight included, and
 * cgroup.events signals POLLPRI when "populated" becomes 0. A cgroup that does not become empty is
 * reported with a task that is still in it, as that task shows the bug.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kernel.h>
#include <linux/magic.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include <ktstr/scenario.h>

#include "cgroup.h"
#include "lib/clock.h"
#include "lib/control.h"
#include "lib/file.h"

#define REMOVAL_NS	(5 * NSEC_PER_SEC)
#define ATTACH_TRIES	3
#define ATTACH_PAUSE_NS	(100 * NSEC_PER_MSEC)

static int io_mkdir(const char *path)
{
	return mkdir(path, 0755) ? -errno : 0;
}

static int io_rmdir(const char *path)
{
	return rmdir(path) ? -errno : 0;
}

static const struct ktstr_cgroup_io real_io = { io_mkdir, io_rmdir, guest_file__write };

int ktstr_cgroupfs__check(const char *fs, struct ktstr_err *err)
{
	char path[PATH_MAX];
	struct statfs st;

	if (statfs(fs, &st))
		return ktstr_err(err, errno, "cgroup: %s: %s; cgroup v2 must be mounted there", fs,
				 strerror(errno));
	if (st.f_type == CGROUP2_SUPER_MAGIC)
		return 0;
	snprintf(path, sizeof(path), "%s/unified/cgroup.procs", fs);
	if (!access(path, F_OK))
		return ktstr_err(err, ENOTSUP,
				 "cgroup: %s is a hybrid v1/v2 hierarchy; ktstr needs plain v2 (kernel parameter systemd.unified_cgroup_hierarchy=1)",
				 fs);
	return ktstr_err(err, ENOTSUP,
			 "cgroup: %s is no cgroup v2 mount; ktstr does not work with v1 (kernel parameter cgroup_no_v1=all)",
			 fs);
}

int ktstr_cgroups__init(struct ktstr_cgroups *cg, const char *fs, const char *root,
			const struct ktstr_cgroup_io *io, struct ktstr_err *err)
{
	size_t len = strlen(fs);

	memset(cg, 0, sizeof(*cg));
	if (len >= sizeof(cg->fs) || strlen(root) >= sizeof(cg->root))
		return ktstr_err(err, ENAMETOOLONG, "cgroup: path of the root is too long");
	if (strncmp(root, fs, len) || (root[len] && root[len] != '/'))
		return ktstr_err(err, EINVAL, "cgroup: root %s does not lie below %s", root, fs);
	cg->io = io ? io : &real_io;
	cg->removal_ns = REMOVAL_NS;
	strcpy(cg->fs, fs);
	strcpy(cg->root, root);
	while ((len = strlen(cg->root)) > 1 && cg->root[len - 1] == '/')
		cg->root[len - 1] = '\0';
	return 0;
}

void ktstr_cgroups__fini(struct ktstr_cgroups *cg)
{
	while (cg->nr_made)
		free(cg->made[--cg->nr_made]);
	free(cg->made);
	cg->made = NULL;
}

/* Prefixes of the kernel's control files: a folder with such a name could collide with one. */
static const char * const control_prefixes[] = {
	"cgroup.", "cpu.", "cpuset.", "memory.", "io.", "pids.", "hugetlb.", "rdma.", "misc.",
	"irq.", "dmem.", "debug.", "perf_event.",
};

const char *ktstr_cgroup__name_problem(const char *name)
{
	const char *part = name, *p;
	unsigned int i;
	size_t len;

	if (!name || !*name)
		return "the name is empty";
	if (strlen(name) >= KTSTR_NAME_LEN)
		return "the name is longer than 63 bytes";
	if (*name == '/')
		return "the name is absolute, it must be relative to the test's root";
	for (p = name; *p; p++)
		if (ktstr_is_control(*p))
			return "the name contains a control character";
	for (;; part += len + 1) {
		len = strcspn(part, "/");
		if (!len)
			return "the name has an empty component";
		if ((len == 1 && part[0] == '.') || (len == 2 && part[0] == '.' && part[1] == '.'))
			return "the name has a component . or ..";
		for (i = 0; i < ARRAY_SIZE(control_prefixes); i++)
			if (!strncmp(part, control_prefixes[i], strlen(control_prefixes[i])))
				return "the name is that of a kernel control file";
		if (!part[len])
			return NULL;
	}
}

/* root/name[/file]; -ENAMETOOLONG or 0 */
static int path_of(const struct ktstr_cgroups *cg, const char *name, const char *file,
		   char path[PATH_MAX], struct ktstr_err *err)
{
	int n = snprintf(path, PATH_MAX, "%s%s%s%s%s", cg->root, *name ? "/" : "", name,
			 file ? "/" : "", file ? file : "");

	if (n < 0 || n >= PATH_MAX)
		return ktstr_err(err, ENAMETOOLONG, "cgroup %s: path is too long", name);
	return 0;
}

static int write_file(struct ktstr_cgroups *cg, const char *dir, const char *file,
		      const char *text, struct ktstr_err *err)
{
	char path[PATH_MAX];
	int n, ret;

	n = snprintf(path, sizeof(path), "%s/%s", dir, file);
	if (n < 0 || (size_t)n >= sizeof(path))
		return ktstr_err(err, ENAMETOOLONG, "cgroup %s: path is too long", dir);
	ret = cg->io->write(path, text);
	if (ret)
		return ktstr_err(err, -ret, "write \"%s\" to %s: %s", text, path, strerror(-ret));
	return 0;
}

/* The content of @dir/@file, at most @size - 1 bytes. Length or -errno. */
static ssize_t read_file(const char *dir, const char *file, char *buf, size_t size)
{
	char path[PATH_MAX + 32];

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	return guest_file__text(path, buf, size);
}

/* One write for each, so that an error names the missing controller. */
static int control(struct ktstr_cgroups *cg, const char *dir, char sign, const char *controllers,
		   struct ktstr_err *err)
{
	char text[32];
	size_t len;
	int ret = 0;

	for (; *controllers && !ret; controllers += len) {
		controllers += strspn(controllers, "\n ");
		len = strcspn(controllers, "\n ");
		if (!len)
			break;
		snprintf(text, sizeof(text), "%c%.*s", sign, (int)len, controllers);
		ret = write_file(cg, dir, "cgroup.subtree_control", text, err);
	}
	return ret;
}

int ktstr_cgroups__enable(struct ktstr_cgroups *cg, const char *controllers, struct ktstr_err *err)
{
	size_t at = strlen(cg->fs);
	char dir[PATH_MAX];
	int ret;

	for (;;) {
		snprintf(dir, sizeof(dir), "%.*s", (int)at, cg->root);
		ret = control(cg, dir, '+', controllers, err);
		if (ret || !cg->root[at])
			return ret;
		at++;
		at += strcspn(cg->root + at, "/");
	}
}

static int remember(struct ktstr_cgroups *cg, const char *path)
{
	char **made = realloc(cg->made, (cg->nr_made + 1) * sizeof(*made));

	if (!made)
		return -ENOMEM;
	cg->made = made;
	made[cg->nr_made] = strdup(path);
	if (!made[cg->nr_made])
		return -ENOMEM;
	cg->nr_made++;
	return 0;
}

static int make_dir(struct ktstr_cgroups *cg, const char *path, struct ktstr_err *err)
{
	int ret = cg->io->mkdir(path);

	if (ret == -EEXIST)
		return 0;
	if (ret)
		return ktstr_err(err, -ret, "mkdir %s: %s", path, strerror(-ret));
	ret = remember(cg, path);
	if (ret) {
		cg->io->rmdir(path);
		return ktstr_err(err, -ret, "mkdir %s: %s", path, strerror(-ret));
	}
	return 0;
}

/*
 * Not in a folder with tasks of its own: it would become a threaded domain, whose children cannot
 * contain processes. Folders below it have no controller to enable.
 */
static int group_cpu(struct ktstr_cgroups *cg, const char *path, struct ktstr_err *err)
{
	char pids[16];
	int ret;

	if (read_file(path, "cgroup.procs", pids, sizeof(pids)) > 0)
		return 0;
	ret = control(cg, path, '+', "cpu", err);
	return ret == -ENOENT ? 0 : ret;
}

int ktstr_cgroups__create(struct ktstr_cgroups *cg, const char *name, const char *controllers,
			  struct ktstr_err *err)
{
	char path[PATH_MAX];
	char *slash;
	int ret;

	ret = path_of(cg, name, NULL, path, err);
	slash = path + strlen(cg->root);
	while (!ret) {
		slash = strchr(slash + 1, '/');
		if (!slash)
			return make_dir(cg, path, err);
		*slash = '\0';
		ret = make_dir(cg, path, err);
		if (!ret && controllers)
			ret = control(cg, path, '+', controllers, err);
		if (!ret && cg->group_cpu)
			ret = group_cpu(cg, path, err);
		*slash = '/';
	}
	return ret;
}

int ktstr_cgroups__write(struct ktstr_cgroups *cg, const char *name, const char *file,
			 const char *text, struct ktstr_err *err)
{
	char dir[PATH_MAX];
	int ret = path_of(cg, name, NULL, dir, err);

	return ret ? ret : write_file(cg, dir, file, text, err);
}

int ktstr_cgroups__set_cpuset(struct ktstr_cgroups *cg, const char *name, const char *cpus,
			      const char *mems, struct ktstr_err *err)
{
	int ret = ktstr_cgroups__write(cg, name, "cpuset.cpus", cpus, err);

	if (!ret && *mems)
		ret = ktstr_cgroups__write(cg, name, "cpuset.mems", mems, err);
	return ret;
}

/* The empty set is an empty line: write() of nothing would not reach the kernel. */
static int clear_set(struct ktstr_cgroups *cg, const char *name, const char *file,
		     struct ktstr_err *err)
{
	char path[PATH_MAX], parent[32], set[2048];
	int ret = ktstr_cgroups__write(cg, name, file, "\n", err);

	if (ret != -ENOSPC)
		return ret;
	ret = path_of(cg, name, NULL, path, err);
	if (ret)
		return ret;
	*strrchr(path, '/') = '\0';
	snprintf(parent, sizeof(parent), "%s.effective", file);
	ret = (int)read_file(path, parent, set, sizeof(set));
	if (ret < 0)
		return ktstr_err(err, -ret, "read %s/%s: %s", path, parent, strerror(-ret));
	set[strcspn(set, "\n")] = '\0';
	return ktstr_cgroups__write(cg, name, file, set, err);
}

int ktstr_cgroups__clear_cpuset(struct ktstr_cgroups *cg, const char *name, struct ktstr_err *err)
{
	int ret = clear_set(cg, name, "cpuset.cpus", err);

	return ret ? ret : clear_set(cg, name, "cpuset.mems", err);
}

int ktstr_cgroups__open(struct ktstr_cgroups *cg, const char *name, struct ktstr_err *err)
{
	char path[PATH_MAX];
	int ret = path_of(cg, name, NULL, path, err);

	if (ret)
		return ret;
	ret = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (ret < 0)
		return ktstr_err(err, errno, "open %s: %s", path, strerror(errno));
	return ret;
}

int ktstr_cgroups__attach(struct ktstr_cgroups *cg, const char *name, pid_t pid,
			  struct ktstr_err *err)
{
	const struct timespec pause = { .tv_nsec = ATTACH_PAUSE_NS };
	char text[16];
	int ret, tries;

	snprintf(text, sizeof(text), "%d", pid);
	for (tries = 1; ; tries++) {
		ret = ktstr_cgroups__write(cg, name, "cgroup.procs", text, err);
		/*
		 * Controllers are being switched in the hierarchy; nothing signals when that is
		 * done.
		 */
		if (ret != -EBUSY || tries == ATTACH_TRIES)
			return ret;
		nanosleep(&pause, NULL);
	}
}

/* Before 5.14 there is no cgroup.kill: send a signal to each pid, up to one page of pids. */
static void kill_one_by_one(const char *dir)
{
	char pids[4096], *p = pids, *end;
	long pid;

	if (read_file(dir, "cgroup.procs", pids, sizeof(pids)) <= 0)
		return;
	for (;; p = end) {
		pid = strtol(p, &end, 10);
		if (end == p)
			return;
		if (pid > 1 && *end == '\n')	/* not one cut by the end of the page */
			kill((pid_t)pid, SIGKILL);
	}
}

/* 1: cgroup.events says @what ("populated 0"); 0: it does not; -errno */
static int says(int events, const char *what)
{
	char buf[256];
	ssize_t n = pread(events, buf, sizeof(buf) - 1, 0);

	if (n < 0)
		return -errno;
	buf[n] = '\0';
	return strstr(buf, what) ? 1 : 0;
}

/* 0, -ETIMEDOUT or -errno. kernfs signals POLLPRI for each change after the last read. */
static int wait_until(const char *dir, const char *what, uint64_t timeout_ns)
{
	uint64_t deadline = ktstr_now_ns() + timeout_ns, now;
	struct pollfd p = { .events = POLLPRI };
	char path[PATH_MAX + 32];
	struct timespec t;
	int ret;

	snprintf(path, sizeof(path), "%s/cgroup.events", dir);
	p.fd = open(path, O_RDONLY | O_CLOEXEC);
	if (p.fd < 0)
		return -errno;
	while (!(ret = says(p.fd, what))) {
		now = ktstr_now_ns();
		if (now >= deadline) {
			ret = -ETIMEDOUT;
			break;
		}
		t = ktstr_ns_timespec(deadline - now);
		ret = ppoll(&p, 1, &t, NULL);
		if (ret < 0 && errno != EINTR) {
			ret = -errno;
			break;
		}
	}
	close(p.fd);
	return ret < 0 ? ret : 0;
}

/* ", pid 71 (spin) is still in it", or nothing when no task is to be seen. */
static void name_blocker(const char *dir, char *text, size_t size)
{
	char buf[4096], comm[64] = "", proc[32];
	long pid;

	text[0] = '\0';
	if (read_file(dir, "cgroup.procs", buf, sizeof(buf)) <= 0)
		return;
	pid = strtol(buf, NULL, 10);
	snprintf(proc, sizeof(proc), "/proc/%ld", pid);
	if (read_file(proc, "comm", comm, sizeof(comm)) > 0)
		comm[strcspn(comm, "\n")] = '\0';
	snprintf(text, size, ", pid %ld (%s) is still in it", pid, comm);
}

static void forget(struct ktstr_cgroups *cg, const char *path)
{
	size_t i;

	for (i = 0; i < cg->nr_made; i++) {
		if (strcmp(cg->made[i], path))
			continue;
		free(cg->made[i]);
		if (i < cg->kept)
			cg->kept--;
		memmove(&cg->made[i], &cg->made[i + 1],
			(--cg->nr_made - i) * sizeof(cg->made[0]));
		return;
	}
}

/* Kill what is in @path and below, and wait until it is gone. */
static int empty(struct ktstr_cgroups *cg, const char *path)
{
	char buf[256];
	int ret;

	/* Mostly there is nothing to do: the workers have been reaped. */
	if (read_file(path, "cgroup.events", buf, sizeof(buf)) <= 0 ||
	    !strstr(buf, "populated 1"))
		return 0;
	ret = write_file(cg, path, "cgroup.kill", "1", NULL);
	if (ret == -ENOENT)
		kill_one_by_one(path);
	else if (ret)
		return ret;
	return wait_until(path, "populated 0", cg->removal_ns);
}

static int remove_path(struct ktstr_cgroups *cg, const char *path, struct ktstr_err *err)
{
	char blocker[128];
	int ret;

	ret = empty(cg, path);
	if (!ret)
		ret = cg->io->rmdir(path);
	if (ret && ret != -ENOENT) {
		name_blocker(path, blocker, sizeof(blocker));
		return ktstr_err(err, -ret, "remove cgroup %s: %s%s", path, strerror(-ret), blocker);
	}
	forget(cg, path);
	return 0;
}

int ktstr_cgroups__remove(struct ktstr_cgroups *cg, const char *name, struct ktstr_err *err)
{
	char path[PATH_MAX];
	int ret = path_of(cg, name, NULL, path, err);

	return ret ? ret : remove_path(cg, path, err);
}

void ktstr_cgroups__keep(struct ktstr_cgroups *cg)
{
	cg->kept = cg->nr_made;
}

ssize_t ktstr_cgroups__read(struct ktstr_cgroups *cg, const char *name, const char *file,
			    char *buf, size_t size, struct ktstr_err *err)
{
	char dir[PATH_MAX];
	ssize_t n = path_of(cg, name, NULL, dir, err);

	if (n < 0)
		return n;
	n = read_file(dir, file, buf, size);
	if (n < 0)
		return ktstr_err(err, (int)-n, "read %s/%s: %s", dir, file, strerror((int)-n));
	return n;
}

int ktstr_cgroups__freeze(struct ktstr_cgroups *cg, const char *name, bool frozen,
			  struct ktstr_err *err)
{
	const char *what = frozen ? "frozen 1" : "frozen 0";
	char dir[PATH_MAX];
	int ret;

	ret = path_of(cg, name, NULL, dir, err);
	if (!ret)
		ret = write_file(cg, dir, "cgroup.freeze", frozen ? "1" : "0", err);
	if (ret)
		return ret;
	ret = wait_until(dir, what, cg->removal_ns);
	return ret ? ktstr_err(err, -ret, "wait for \"%s\" in %s/cgroup.events: %s", what, dir,
			       strerror(-ret)) : 0;
}

int ktstr_cgroups__disable(struct ktstr_cgroups *cg, const char *controller, struct ktstr_err *err)
{
	static const char separators[] = { ' ', '\n', '\0' };
	char enabled[256], *at, *name;
	ssize_t n;

	n = read_file(cg->root, "cgroup.subtree_control", enabled, sizeof(enabled));
	if (n < 0)
		return ktstr_err(err, (int)-n, "read %s/cgroup.subtree_control: %s", cg->root,
				 strerror((int)-n));
	for (name = strtok_r(enabled, separators, &at); name;
	     name = strtok_r(NULL, separators, &at))
		if (!strcmp(name, controller))
			return control(cg, cg->root, '-', controller, err);
	return 0;
}

int ktstr_cgroups__clear_control(struct ktstr_cgroups *cg, const char *name, struct ktstr_err *err)
{
	char dir[PATH_MAX], enabled[256];
	ssize_t n;
	int ret = path_of(cg, name, NULL, dir, err);

	if (ret)
		return ret;
	n = read_file(dir, "cgroup.subtree_control", enabled, sizeof(enabled));
	if (n < 0)
		return ktstr_err(err, (int)-n, "read %s/cgroup.subtree_control: %s", dir,
				 strerror((int)-n));
	return control(cg, dir, '-', enabled, err);
}

int ktstr_cgroups__unwind(struct ktstr_cgroups *cg, size_t keep, struct ktstr_err *err)
{
	struct ktstr_err local;
	char path[PATH_MAX];
	size_t i = cg->nr_made;
	int ret, first = 0;

	while (i > keep) {
		/* A copy: remove_path() frees the original when it succeeds. */
		snprintf(path, sizeof(path), "%s", cg->made[--i]);
		ret = remove_path(cg, path, &local);
		if (ret && !first) {
			first = ret;
			if (err)
				*err = local;
		}
	}
	return first;
}
