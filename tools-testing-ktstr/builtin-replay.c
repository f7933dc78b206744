// SPDX-License-Identifier: GPL-2.0
/*
 * ktstr replay: a deterministic run once more, from what its folder says about it, up to a moment. The
 * test program does it (harness/replay); here the run is found, it is checked that the same files are
 * there, and the program is started as it was then. The folder's files are read as data: only settings
 * of the harness are taken from them, and only the program with the recorded content is executed.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/kernel.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ktstr/verdict.h>

#include "harness/replay/request.h"
#include "lib/build_id.h"
#include "lib/jtree.h"
#include "lib/parse.h"
#include "lib/paths.h"
#include "commands/builtin.h"

#define SIDECAR_SUFFIX	".ktstr.json"
#define TEST_PREFIX	"ktstr."
#define SIDECAR_MAX	(64u << 20)
#define MAX_SEEDS	1000
#define MAX_FROM	64
#define MAX_REPLAYS	9999

static const char *until_option, *at_option, *seeds_option;
static bool dump_option, gdb_option;
static struct strings from_option;

static int add_from(const struct option *opt, const char *arg, int unset)
{
	(void)opt;
	if (unset) {
		strings__free(&from_option);
		return 0;
	}
	return strings__add(&from_option, arg);
}

static const char * const replay_usage[] = {
	"ktstr replay RUN [TEST] [--until MOMENT | --at EVENT[#N]] [--dump] [--gdb]",
	"ktstr replay RUN [TEST] --seeds N --from t=TIME [--from t=TIME...]",
	"",
	"Repeats the deterministic run of the folder RUN, or of that name below the runs' folder, and",
	"stops it at a moment. Without one it runs to its end. With --seeds it goes on in N other ways",
	"from a time on, and the share of those that fail is printed.",
	"Exit status: 0; 1: the moment did not come, this is not the same run, or the files are others",
	"now; 129 wrong usage.",
	NULL
};

static const struct option replay_options[] = {
	OPT_STRING(0, "until", &until_option, "MOMENT",
		   "t=5.1s: the clock of reports; @9.1s: the machine's; exit: the scheduler is ejected; stall: when the first one was found"),
	OPT_STRING(0, "at", &at_option, "EVENT[#N]",
		   "the first or Nth ops.NAME, event of a trace, or call of a function of the kernel"),
	OPT_BOOLEAN(0, "dump", &dump_option, "take a failure dump there"),
	OPT_BOOLEAN(0, "gdb", &gdb_option, "wait for gdb there"),
	OPT_STRING(0, "seeds", &seeds_option, "N", "how many other ways to go on"),
	OPT_CALLBACK(0, "from", &from_option, "t=TIME|@TIME", "where they begin to differ (repeatable)", add_from),
	OPT_END()
};

const struct command_help replay_help = { replay_usage, replay_options };

/* The run that is repeated. */
struct original {
	char dir[PATH_MAX];		/* of the test, in that of the run */
	struct ktstr_jtree tree;
	const struct ktstr_jnode *root;
	const char *test, *program;
};

static int failed(const char *what, const char *why)
{
	return complain(1, NULL, "replay: %s: %s", what, why);
}

/* The only file of @dir with that suffix, or the first one of a variant. 0 or -ENOENT. */
static int find_sidecar(const char *dir, char *path, size_t size)
{
	size_t len, tail = strlen(SIDECAR_SUFFIX);
	struct dirent *de;
	int ret = -ENOENT;
	DIR *d = opendir(dir);

	while (d && ret && (de = readdir(d))) {
		len = strlen(de->d_name);
		if (len > tail && !strcmp(de->d_name + len - tail, SIDECAR_SUFFIX))
			ret = ktstr_paths__fmt(path, size, "%s/%s", dir, de->d_name);
	}
	if (d)
		closedir(d);
	return ret;
}

/* The folder of one test: @dir itself, or @test or the only one in it. 0, or a status after a complaint. */
static int find_test(const char *dir, const char *test, char *path, size_t size)
{
	char sidecar[PATH_MAX], names[256] = "";
	unsigned int nr = 0;
	struct dirent *de;
	DIR *d;

	if (!test && !find_sidecar(dir, sidecar, sizeof(sidecar)))
		return ktstr_paths__fmt(path, size, "%s", dir) ? failed(dir, "the path is too long") : 0;
	if (test)
		return ktstr_paths__fmt(path, size, "%s/" TEST_PREFIX "%s", dir, test) ||
		       !ktstr_paths__is_dir(path) ?
		       complain(1, NULL, "replay: %s: has no run of a test '%s'", dir, test) : 0;
	d = opendir(dir);
	while (d && (de = readdir(d))) {
		if (strncmp(de->d_name, TEST_PREFIX, strlen(TEST_PREFIX)))
			continue;
		if (!nr++ && ktstr_paths__fmt(path, size, "%s/%s", dir, de->d_name))
			nr = 0;
		snprintf(names + strlen(names), sizeof(names) - strlen(names), " %s",
			 de->d_name + strlen(TEST_PREFIX));
	}
	if (d)
		closedir(d);
	if (!nr)
		return failed(dir, "is no folder of a run: it has no *" SIDECAR_SUFFIX " and no " TEST_PREFIX "*");
	return nr == 1 ? 0 : complain(1, NULL, "replay: %s: has several tests, name one:%s", dir, names);
}

static int find_run(const char *run, const char *test, struct original *o)
{
	char root[PATH_MAX], dir[PATH_MAX];
	struct ktstr_err err;

	if (ktstr_paths__is_dir(run)) {
		if (ktstr_paths__absolute(run, dir, sizeof(dir)))
			return failed(run, "the path is too long");
	} else if (strchr(run, '/') || ktstr_paths__runs_root(root, sizeof(root), &err) ||
		   ktstr_paths__fmt(dir, sizeof(dir), "%s/%s", root, run) || !ktstr_paths__is_dir(dir)) {
		return failed(run, "no such folder, and no run of that name (see 'ktstr runs list')");
	}
	return find_test(dir, test, o->dir, sizeof(o->dir));
}

static int read_sidecar(struct original *o)
{
	char path[PATH_MAX], *text;
	struct ktstr_err err;
	size_t len;

	if (find_sidecar(o->dir, path, sizeof(path)))
		return failed(o->dir, "has no *" SIDECAR_SUFFIX ": the run did not end, or KTSTR_SIDECAR_DIR was set");
	text = ktstr_paths__read(path, SIDECAR_MAX, &len);
	if (!text)
		return failed(path, strerror(errno));
	ktstr_jtree__init(&o->tree, SIDECAR_MAX);
	o->root = ktstr_jtree__parse(&o->tree, text, len, &err);
	free(text);
	return o->root ? 0 : failed(path, err.msg);
}

/* One file of the run: it must be what it was. */
static int check_file(const char *what, const char *path, const char *hash)
{
	char now[24];
	uint64_t v;
	int ret;

	if (!path || !hash)
		return complain(1, NULL, "replay: the run's folder does not say which %s it had", what);
	ret = ktstr_file_hash(path, &v);
	if (ret)
		return complain(1, NULL, "replay: the %s of the run, %s: %s", what, path, strerror(-ret));
	snprintf(now, sizeof(now), "%016" PRIx64, v);
	return !strcmp(now, hash) ? 0 :
	       complain(1, NULL, "replay: %s is another %s than that of the run: it has been built or installed anew since (content %s, then %s); a run can be repeated with the same files only",
			path, what, now, hash);
}

static int check_programs(const struct original *o, const struct ktstr_jnode *host)
{
	const struct ktstr_jnode *p = ktstr_jnode__list(o->root, "programs"),
		*path = ktstr_jnode__list(host, "program_paths");
	const char *sched = ktstr_jnode__str(host, "scheduler_path", NULL);
	int ret = 0;

	if (sched)
		ret = check_file("scheduler", sched, ktstr_jnode__str(o->root, "scheduler_hash", NULL));
	for (; !ret && p && path; p = p->next, path = path->next)
		ret = check_file(ktstr_jnode__str(p, "role", "program"),
				 path->type == KTSTR_J_STR ? path->s : NULL,
				 ktstr_jnode__str(p, "hash", NULL));
	return ret;
}

static int check_run(struct original *o)
{
	const struct ktstr_jnode *host = ktstr_jnode__get(o->root, "host");
	const struct ktstr_jnode *repeat = ktstr_jnode__get(host, "repeat");
	int ret;

	o->test = ktstr_jnode__str(o->root, "test_name", NULL);
	o->program = ktstr_jnode__str(repeat, "program", NULL);
	if (!o->test || !*o->test || *o->test == '-' || !o->program || *o->program != '/')
		return failed(o->dir, "does not say how the run is repeated: it is of an older ktstr, or damaged");
	if (!ktstr_jnode__bool(o->root, "deterministic"))
		return complain(1, NULL, "replay: %s: was no deterministic run, so no other one is the same; run the test with --seed N",
				o->dir);
	ret = check_file("test program", o->program, ktstr_jnode__str(repeat, "program_hash", NULL));
	if (!ret)
		ret = check_file("kernel", ktstr_jnode__str(host, "kernel_path", NULL),
				 ktstr_jnode__str(repeat, "kernel_hash", NULL));
	return ret ?: check_programs(o, host);
}

/* Settings of the harness, and what programs and libraries are found by. */
static bool may_be_set(const char *name, size_t len)
{
	static const char * const others[] = { "XDG_CACHE_HOME", "LD_LIBRARY_PATH", "PATH", "KBUILD_OUTPUT" };

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (strlen(others[i]) == len && !strncmp(others[i], name, len))
			return true;
	return !strncmp(name, "KTSTR_", 6);
}

/* The environment of the run instead of ours, and our own settings. 0 or a status. */
static int set_environment(const struct original *o, const char *request, const char *id)
{
	const struct ktstr_jnode *repeat = ktstr_jnode__get(ktstr_jnode__get(o->root, "host"), "repeat"), *e;
	char name[128];
	const char *eq;
	char **v;

	for (v = environ; *v; ) {
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(*v, "="), *v);
		if (strncmp(name, "KTSTR_", 6) || unsetenv(name))
			v++;
		else
			v = environ;
	}
	for (e = ktstr_jnode__list(repeat, "environment"); e; e = e->next) {
		eq = e->type == KTSTR_J_STR ? strchr(e->s, '=') : NULL;
		if (!eq || eq - e->s >= (long)sizeof(name) || !may_be_set(e->s, (size_t)(eq - e->s)))
			return failed(o->dir, "its list of settings is damaged");
		snprintf(name, sizeof(name), "%.*s", (int)(eq - e->s), e->s);
		setenv(name, eq + 1, 1);
	}
	setenv("KTSTR_RUNS_ROOT", o->dir, 1);
	setenv("KTSTR_RUN_ID", id, 1);
	setenv("KTSTR_REPLAY", request, 1);
	setenv("KTSTR_AUTO_REPRO", "off", 1);
	return 0;
}

static volatile pid_t child_pid;

static void forward(int sig)
{
	if (child_pid > 0)
		kill(child_pid, sig);
}

static pid_t start(const struct original *o, const char *folder, const char *log)
{
	struct sigaction sa = { .sa_handler = forward };
	pid_t parent = getpid(), pid = fork();
	int fd;

	if (pid) {
		child_pid = pid;
		sigaction(SIGTERM, &sa, NULL);
		sigaction(SIGHUP, &sa, NULL);
		sigaction(SIGINT, &sa, NULL);
		return pid;
	}
	/* a group of its own: a ^C comes by way of us, and the machine ends with us */
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	fd = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (getppid() != parent || (*folder && chdir(folder)) || fd < 0)
		_exit(127);
	dup2(fd, STDOUT_FILENO);
	execl(o->program, o->program, "--exact", o->test, NULL);
	_exit(127);
}

/* A folder for the next replay in that of the run. */
static int make_id(const struct original *o, char *id, size_t size, char *dir, size_t dir_size)
{
	struct stat st;

	for (unsigned int i = 1; i <= MAX_REPLAYS; i++) {
		snprintf(id, size, "replay.%u", i);
		if (ktstr_paths__fmt(dir, dir_size, "%s/%s", o->dir, id))
			return failed(o->dir, "the path is too long");
		if (lstat(dir, &st) && errno == ENOENT)
			return mkdir(dir, 0755) ? failed(dir, strerror(errno)) : 0;
	}
	return failed(o->dir, "has too many replays");
}

struct outcome {
	char dir[PATH_MAX];		/* of the repeated run's test */
	struct ktstr_jtree tree;
	const struct ktstr_jnode *root;	/* of its replay.json; NULL: there is none */
	int status;			/* of the program, as waitpid() says */
};

/* Repeat it once. 0, or a status after a complaint; outcome__free() in either case. */
static int repeat_once(const struct original *o, const struct ktstr_replay_request *r, struct outcome *out)
{
	const struct ktstr_jnode *repeat = ktstr_jnode__get(ktstr_jnode__get(o->root, "host"), "repeat");
	char id[32], dir[PATH_MAX], log[PATH_MAX], path[PATH_MAX], *text;
	struct ktstr_err err;
	size_t len;
	pid_t pid;
	int ret = make_id(o, id, sizeof(id), dir, sizeof(dir));

	memset(out, 0, sizeof(*out));
	ktstr_jtree__init(&out->tree, SIDECAR_MAX);
	if (ret)
		return ret;
	text = ktstr_replay_request__text(r);
	if (!text)
		return failed(o->dir, strerror(ENOMEM));
	ret = set_environment(o, text, id);
	free(text);
	if (ret)
		return ret;
	if (ktstr_paths__fmt(log, sizeof(log), "%s.log", dir) ||
	    ktstr_paths__fmt(out->dir, sizeof(out->dir), "%s/" TEST_PREFIX "%s", dir, o->test) ||
	    ktstr_paths__fmt(path, sizeof(path), "%s/" KTSTR_REPLAY_FILE, out->dir))
		return failed(o->dir, "the path is too long");
	fflush(NULL);
	pid = start(o, ktstr_jnode__str(repeat, "folder", ""), log);
	if (pid < 0)
		return failed("fork", strerror(errno));
	while (waitpid(pid, &out->status, 0) < 0 && errno == EINTR)
		;
	child_pid = 0;
	text = ktstr_paths__read(path, SIDECAR_MAX, &len);
	if (text)
		out->root = ktstr_jtree__parse(&out->tree, text, len, &err);
	free(text);
	if (WIFEXITED(out->status) && WEXITSTATUS(out->status) > 128)
		return WEXITSTATUS(out->status);	/* interrupted */
	if (out->root)
		return 0;
	print_log(log);
	return failed(o->dir, "the run could not be repeated");
}

static void outcome__free(struct outcome *out)
{
	ktstr_jtree__free(&out->tree);
}

static int replay_once(const struct original *o, const struct ktstr_replay_request *r)
{
	struct outcome out;
	const char *trouble, *path;
	int ret = repeat_once(o, r, &out);

	if (!ret) {
		trouble = ktstr_jnode__str(out.root, "trouble", NULL);
		path = ktstr_jnode__str(out.root, "dump", NULL);
		if (path)
			printf("%s\n", path);
		if (trouble)
			ret = failed(o->test, trouble);
		else if (strcmp(ktstr_jnode__str(out.root, "console", ""), "same"))
			ret = 1;	/* it was said */
		fprintf(stderr, "files: %s\n", out.dir);
	}
	outcome__free(&out);
	return ret;
}

/* Is the verdict of the run in @dir a failure? -1: there is none. */
static int has_failed(const char *dir)
{
	struct original again = { .test = NULL };
	int ret = -1;

	snprintf(again.dir, sizeof(again.dir), "%s", dir);
	if (!read_sidecar(&again))
		ret = !strcmp(ktstr_jnode__str(again.root, "verdict", ""), "fail");
	ktstr_jtree__free(&again.tree);
	return ret;
}

static int replay_seeds(const struct original *o, uint64_t nr, const struct ktstr_replay_time *from,
			size_t nr_from)
{
	struct ktstr_replay_request r = { .until = KTSTR_REPLAY_END };
	struct outcome out;
	unsigned int bad;
	int ret = 0, one;

	snprintf(r.of, sizeof(r.of), "%s", o->dir);
	printf("%14s %6s %7s %6s\n", "other ways from", "runs", "failed", "share");
	for (size_t i = 0; !ret && i < nr_from; i++) {
		r.shake = from[i];
		bad = 0;
		for (r.seed = 1; !ret && r.seed <= nr; r.seed++) {
			fprintf(stderr, "from %s%.9f s, seed %" PRIu64 " of %" PRIu64 "\n",
				from[i].machine ? "@" : "", (double)from[i].ns / 1e9, r.seed, nr);
			ret = repeat_once(o, &r, &out);
			one = ret ? 0 : has_failed(out.dir);
			if (one < 0)
				ret = failed(out.dir, "has no verdict");
			bad += one > 0;
			outcome__free(&out);
		}
		if (!ret)
			printf("%s%*.6f s %6" PRIu64 " %7u %4.0f %%\n", from[i].machine ? "@" : "",
			       from[i].machine ? 12 : 13, (double)from[i].ns / 1e9, nr, bad,
			       100.0 * bad / (double)nr);
		fflush(stdout);
	}
	return ret;
}

static int parse_time(const char *option, const char *text, struct ktstr_replay_time *t)
{
	return ktstr_replay_time__parse(text, t) ?
	       complain(WRONG_USAGE, NULL, "replay: --%s %s: must be a time such as t=5.1s or t=5123.456ms, or, of the machine's clock, @9.1s",
			option, text) : 0;
}

/* When the run found its first stall, or, when its scheduler was ejected for one, that exit. */
static int find_stall(const struct original *o, struct ktstr_replay_request *r)
{
	const struct ktstr_jnode *stall = ktstr_jnode__list(o->root, "stalls");
	const struct ktstr_jnode *kind = ktstr_jnode__list(o->root, "kinds");

	if (stall) {
		r->until = KTSTR_REPLAY_TIME;
		r->at.ns = ktstr_jnode__u64(stall, "found_ns", 0);
		return r->at.ns ? 0 : failed(o->dir, "does not say when its stall was found: it is damaged");
	}
	while (kind && (kind->type != KTSTR_J_STR || strcmp(kind->s, ktstr_kind__name(KTSTR_SCHED_STALLED))))
		kind = kind->next;
	if (!kind)
		return failed(o->dir, "found no stall");
	r->until = KTSTR_REPLAY_EXIT;
	return 0;
}

static int parse_event(struct ktstr_replay_request *r)
{
	const char *hash = strchrnul(at_option, '#');
	size_t len = (size_t)(hash - at_option);

	r->until = KTSTR_REPLAY_EVENT_NTH;
	r->nth = 1;
	if (!len || len >= sizeof(r->event) || strpbrk(at_option, "\n="))
		return complain(WRONG_USAGE, NULL, "replay: --at %s: must be ops.NAME, an event or a function, and #N",
				at_option);
	memcpy(r->event, at_option, len);
	if (*hash && ktstr_parse_u64(hash + 1, 1, UINT64_MAX, &r->nth))
		return complain(WRONG_USAGE, NULL, "replay: --at %s: what follows # must be a number from 1 on",
				at_option);
	return 0;
}

static int parse_moment(const struct original *o, struct ktstr_replay_request *r)
{
	snprintf(r->of, sizeof(r->of), "%s", o->dir);
	r->dump = dump_option;
	r->gdb = gdb_option;
	if (at_option)
		return parse_event(r);
	if (!until_option)
		return 0;
	if (!strcmp(until_option, "stall"))
		return find_stall(o, r);
	r->until = KTSTR_REPLAY_EXIT;
	if (!strcmp(until_option, "exit"))
		return 0;
	r->until = KTSTR_REPLAY_TIME;
	return parse_time("until", until_option, &r->at);
}

static int check_options(uint64_t *seeds, struct ktstr_replay_time *from)
{
	int ret = 0;

	if (until_option && at_option)
		return complain(WRONG_USAGE, NULL, "replay: --until and --at are two moments: give one");
	if ((dump_option || gdb_option) && !until_option && !at_option)
		return complain(WRONG_USAGE, NULL, "replay: --%s needs a moment: --until or --at",
				dump_option ? "dump" : "gdb");
	if (!seeds_option != !from_option.nr)
		return complain(WRONG_USAGE, NULL, "replay: --seeds and --from belong together");
	if (seeds_option && (until_option || at_option))
		return complain(WRONG_USAGE, NULL, "replay: --seeds lets all runs end: it excludes --until and --at");
	if (seeds_option && ktstr_parse_u64(seeds_option, 1, MAX_SEEDS, seeds))
		return complain(WRONG_USAGE, NULL, "replay: --seeds %s: must be a number from 1 to %d",
				seeds_option, MAX_SEEDS);
	if (from_option.nr > MAX_FROM)
		return complain(WRONG_USAGE, NULL, "replay: --from: at most %d", MAX_FROM);
	for (size_t i = 0; !ret && i < from_option.nr; i++)
		ret = parse_time("from", from_option.item[i], &from[i]);
	return ret;
}

int cmd_replay(int argc, const char **argv)
{
	struct ktstr_replay_request r = { .until = KTSTR_REPLAY_END };
	struct original o = { .test = NULL };
	struct ktstr_replay_time from[MAX_FROM];
	uint64_t seeds = 0;
	int ret;

	argc = parse_args(argc, argv, replay_options, replay_usage);
	if (argc < 1 || argc > 2)
		return complain(WRONG_USAGE, NULL, "replay: needs the folder of a run, and takes the name of a test");
	ret = check_options(&seeds, from);
	if (!ret && until_option && strcmp(until_option, "stall") && strcmp(until_option, "exit"))
		ret = parse_time("until", until_option, &r.at);
	if (!ret)
		ret = find_run(argv[0], argc > 1 ? argv[1] : NULL, &o);
	if (!ret)
		ret = read_sidecar(&o);
	if (!ret)
		ret = check_run(&o);
	if (!ret)
		ret = parse_moment(&o, &r);
	if (!ret)
		ret = seeds ? replay_seeds(&o, seeds, from, from_option.nr) : replay_once(&o, &r);
	ktstr_jtree__free(&o.tree);
	strings__free(&from_option);
	return ret;
}
