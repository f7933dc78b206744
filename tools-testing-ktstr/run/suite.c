// SPDX-License-Identifier: GPL-2.0
/* See suite.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/plan/preset.h"
#include "lib/status.h"
#include "lib/paths.h"
#include "child.h"
#include "listing.h"
#include "suite.h"

/* harness/include/ktstr/register.h */
#define TESTS_SECTION	"ktstr_tests"
#define MAKERS_SECTION	"ktstr_makers"
#define KSFT_SKIP	4		/* what the harness exits with after -l */

const char *suite__base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool is_program(const char *path)
{
	return ktstr_paths__is_file(path) && !access(path, X_OK);
}

/* Add the real file behind @path, once. */
static int add_program(struct suite *s, const char *path, struct ktstr_err *err)
{
	char *real = realpath(path, NULL);
	size_t i;

	if (!real)
		return ktstr_err(err, errno, "%s: %s", path, strerror(errno));
	for (i = 0; i < s->programs.nr; i++) {
		if (!strcmp(s->programs.item[i], real)) {
			free(real);
			return 0;
		}
	}
	if (strings__add(&s->programs, real)) {
		free(real);
		return ktstr_err(err, ENOMEM, "listing programs: %s", strerror(ENOMEM));
	}
	return 0;
}

static int add_named(struct suite *s, const char *dir, const char *name, struct ktstr_err *err)
{
	char beside[PATH_MAX];

	if (is_program(name))
		return add_program(s, name, err);
	if (!strchr(name, '/') &&
	    !ktstr_paths__fmt(beside, sizeof(beside), "%s/%s", dir, name) && is_program(beside))
		return add_program(s, beside, err);
	return ktstr_err(err, ENOENT, "%s: no such test program (neither here nor in %s)", name, dir);
}

/* One path a line, relative to the list's folder; '#' starts a comment. */
static int add_listed(struct suite *s, const char *dir, char *text, struct ktstr_err *err)
{
	char *line, *save = NULL, path[PATH_MAX];
	int ret;

	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		line[strcspn(line, "#\r")] = '\0';
		line += strspn(line, " \t");
		line[strcspn(line, " \t")] = '\0';
		if (!*line)
			continue;
		if (ktstr_paths__fmt(path, sizeof(path), *line == '/' ? "%.0s%s" : "%s/%s",
				     dir, line))
			return ktstr_err(err, ENAMETOOLONG, "%s/%s: a path is too long", dir,
					 SUITE_LIST_FILE);
		if (!is_program(path))
			return ktstr_err(err, ENOENT,
					 "%s/%s names %s, which is not an executable file: build it, or correct the list",
					 dir, SUITE_LIST_FILE, line);
		ret = add_program(s, path, err);
		if (ret)
			return ret;
	}
	return 0;
}

/* Does the ELF file at @path have a section of KTSTR_TEST() or KTSTR_MAKE_TESTS()? */
static bool has_tests(const char *path)
{
	const char *name;
	Elf_Scn *scn = NULL;
	bool found = false;
	GElf_Shdr shdr;
	size_t strings;
	Elf *elf;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (elf && elf_kind(elf) == ELF_K_ELF && !elf_getshdrstrndx(elf, &strings)) {
		while (!found && (scn = elf_nextscn(elf, scn))) {
			if (!gelf_getshdr(scn, &shdr))
				break;
			name = elf_strptr(elf, strings, shdr.sh_name);
			found = name && (!strcmp(name, TESTS_SECTION) ||
					 !strcmp(name, MAKERS_SECTION));
		}
	}
	elf_end(elf);
	close(fd);
	return found;
}

static int scan(struct suite *s, const char *dir, struct ktstr_err *err)
{
	struct dirent **names;
	char path[PATH_MAX];
	int n, i, ret = 0;

	elf_version(EV_CURRENT);
	n = scandir(dir, &names, NULL, alphasort);
	if (n < 0)
		return ktstr_err(err, errno, "%s: %s", dir, strerror(errno));
	for (i = 0; i < n; i++) {
		if (!ret && names[i]->d_name[0] != '.' &&
		    !ktstr_paths__fmt(path, sizeof(path), "%s/%s", dir, names[i]->d_name) &&
		    is_program(path) && has_tests(path))
			ret = add_program(s, path, err);
		free(names[i]);
	}
	free(names);
	return ret;
}

static int find_own(struct suite *s, const char *dir, struct ktstr_err *err)
{
	char list[PATH_MAX], *text;
	int ret;

	if (ktstr_paths__fmt(list, sizeof(list), "%s/%s", dir, SUITE_LIST_FILE))
		return ktstr_err(err, ENAMETOOLONG, "%s: the path is too long", dir);
	text = ktstr_paths__read(list, SUITE_LIST_MAX, NULL);
	if (text) {
		ret = add_listed(s, dir, text, err);
		free(text);
	} else if (errno == ENOENT) {
		ret = scan(s, dir, err);
	} else {
		ret = ktstr_err(err, errno, "%s: %s", list, strerror(errno));
	}
	if (!ret && !s->programs.nr)
		ret = ktstr_err_missing(err, ENOENT,
					"no test program beside the tool (%s): name one, or build the suite",
					dir);
	return ret;
}

int suite__find(struct suite *s, const char * const *paths, int nr_paths, struct ktstr_err *err)
{
	char dir[PATH_MAX];
	int ret, i;

	memset(s, 0, sizeof(*s));
	ret = ktstr_paths__exe_dir(dir, sizeof(dir));
	if (ret)
		return ktstr_err(err, -ret, "finding the tool's own folder: %s", strerror(-ret));
	if (!nr_paths)
		return find_own(s, dir, err);
	for (i = 0; i < nr_paths; i++) {
		ret = add_named(s, dir, paths[i], err);
		if (ret)
			return ret;
	}
	return 0;
}

/* The last line of a program's output, as the reason why it did not list its tests. */
static void last_line(const char *text, char *buf, size_t size)
{
	size_t end = strlen(text), start;

	while (end && (text[end - 1] == '\n' || text[end - 1] == ' '))
		end--;
	for (start = end; start && text[start - 1] != '\n'; start--)
		;
	snprintf(buf, size, "%s%.*s", end > start ? ": " : "", (int)(end - start), text + start);
}

static int list_program(const char *path, struct listing *l, struct ktstr_err *err)
{
	char *argv[3] = { (char *)path, "-l" }, last[256], how[KTSTR_STATUS_SIZE];
	struct ktstr_err why;
	char *text;
	size_t len;
	int status, ret;

	text = malloc(SUITE_LIST_MAX);
	if (!text)
		return ktstr_err(err, ENOMEM, "listing tests: %s", strerror(ENOMEM));
	status = child__capture_stderr(argv, text, SUITE_LIST_MAX, &len, SUITE_LIST_TIMEOUT_MS,
				       err);
	if (status < 0) {
		ret = status;
	} else if (!WIFEXITED(status) || WEXITSTATUS(status) != KSFT_SKIP) {
		last_line(text, last, sizeof(last));
		ret = ktstr_err(err, EINVAL, "%s -l does not list tests (%s)%s", path,
				ktstr_status__format(status, how, sizeof(how)), last);
	} else {
		ret = listing__parse(text, len, l, &why);
		if (ret)
			ktstr_err(err, -ret, "%s: %s", path, why.msg);
	}
	free(text);
	return ret;
}

/* Room for @nr more tests. */
static int grow_tests(struct suite *s, size_t nr)
{
	unsigned int *program_of = realloc(s->program_of, (s->tests.nr + nr) * sizeof(*program_of));
	struct ktstr_about *about;
	bool *ignored;

	if (!program_of)
		return -ENOMEM;
	s->program_of = program_of;
	ignored = realloc(s->ignored, (s->tests.nr + nr) * sizeof(*ignored));
	if (!ignored)
		return -ENOMEM;
	s->ignored = ignored;
	about = realloc(s->about, (s->tests.nr + nr) * sizeof(*about));
	if (!about)
		return -ENOMEM;
	s->about = about;
	return 0;
}

/* Takes the name out of the listing. */
static int add_test(struct suite *s, unsigned int program, struct listing *l, size_t at)
{
	const char *name = l->names.item[at], *slash = strchr(name, '/');
	const struct ktstr_about *about = listing__about(l, name);
	const struct ktstr_preset *preset;
	size_t i = s->tests.nr;

	if (strings__add(&s->tests, name))
		return -ENOMEM;
	l->names.item[at] = NULL;
	s->program_of[i] = program;
	s->ignored[i] = listing__ignores(l, name);
	if (about)
		s->about[i] = *about;
	else
		ktstr_about__parse(&s->about[i], "", 0);
	preset = slash ? ktstr_preset__find(slash + 1) : NULL;
	if (preset)
		s->about[i].topo = preset->topo.count;
	return 0;
}

static int list_one(struct suite *s, unsigned int program, struct ktstr_err *err)
{
	struct listing l = { .about = NULL };
	size_t i;
	int ret;

	ret = list_program(s->programs.item[program], &l, err);
	if (!ret && l.names.nr && grow_tests(s, l.names.nr))
		ret = ktstr_err(err, ENOMEM, "listing tests: %s", strerror(ENOMEM));
	for (i = 0; i < l.names.nr && !ret; i++)
		if (add_test(s, program, &l, i))
			ret = ktstr_err(err, ENOMEM, "listing tests: %s", strerror(ENOMEM));
	listing__free(&l);
	return ret;
}

/* For qsort(), which has no argument for its caller. */
static const struct suite *sorted_suite;

static int by_name(const void *a, const void *b)
{
	const unsigned int x = *(const unsigned int *)a, y = *(const unsigned int *)b;
	int ret = strcmp(sorted_suite->tests.item[x], sorted_suite->tests.item[y]);

	return ret ?: (x > y) - (x < y);
}

/* Names of one program are unique. */
static int check_unique(const struct suite *s, struct ktstr_err *err)
{
	unsigned int *order, i;
	int ret = 0;

	if (s->programs.nr < 2)
		return 0;
	order = calloc(s->tests.nr, sizeof(*order));
	if (!order)
		return ktstr_err(err, ENOMEM, "listing tests: %s", strerror(ENOMEM));
	for (i = 0; i < s->tests.nr; i++)
		order[i] = i;
	sorted_suite = s;
	qsort(order, s->tests.nr, sizeof(*order), by_name);
	for (i = 1; i < s->tests.nr && !ret; i++)
		if (!strcmp(s->tests.item[order[i - 1]], s->tests.item[order[i]]))
			ret = ktstr_err(err, EINVAL, "test %s is in two programs, %s and %s: rename it in one, or remove a program that is out of date",
					s->tests.item[order[i]],
					s->programs.item[s->program_of[order[i - 1]]],
					s->programs.item[s->program_of[order[i]]]);
	free(order);
	return ret;
}

static void free_names(struct strings *names)
{
	size_t i;

	for (i = 0; i < names->nr; i++)
		free((char *)names->item[i]);
	strings__free(names);
}

/*
 * Which presets there are depends on the accelerator. Whether KVM works here is tried once, and not by
 * each program. Returns whether the variable was set for them.
 */
static bool tell_accel(void)
{
	const char *accel = getenv("KTSTR_ACCEL"), *seed = getenv("KTSTR_SEED");
	enum vm_accel got = VM_ACCEL_TCG;
	struct ktstr_err err;
	char why[256];

	if (accel && *accel && strcmp(accel, "auto"))
		return false;
	if (!seed || !*seed)
		vm_pick_accel(VM_ACCEL_AUTO, &got, why, sizeof(why), &err);
	setenv("KTSTR_ACCEL", got == VM_ACCEL_KVM ? "kvm" : "tcg", 1);
	return true;
}

int suite__list(struct suite *s, struct ktstr_err *err)
{
	bool told = tell_accel();
	unsigned int p;
	int ret = 0;

	for (p = 0; p < s->programs.nr && !ret; p++)
		ret = list_one(s, p, err);
	if (told)
		unsetenv("KTSTR_ACCEL");
	if (ret)
		return ret;
	if (!s->tests.nr)
		return ktstr_err(err, ENOENT, "%s%s no tests of the fixture '%s'",
				 s->programs.item[0], s->programs.nr > 1 ? " and the others list" :
				 " lists", KTSTR_BASE);
	return check_unique(s, err);
}

int suite__open(struct suite *s, const char * const *paths, int nr_paths)
{
	struct ktstr_err err;
	int ret = suite__find(s, paths, nr_paths, &err);

	if (!ret)
		ret = suite__list(s, &err);
	if (!ret)
		return 0;
	suite__free(s);
	return complain(1, NULL, "%s", err.msg);
}

size_t suite__find_test(const struct suite *s, const char *id, const char **name)
{
	static const char * const first[] = { KTSTR_BASE "/", KTSTR_GAUNTLET "/" };
	size_t i;

	*name = id;
	for (i = 0; i < ARRAY_SIZE(first); i++)
		if (!strncmp(id, first[i], strlen(first[i])))
			*name = id + strlen(first[i]);
	for (i = 0; i < s->tests.nr && strcmp(s->tests.item[i], *name); i++)
		;
	return i;
}

void suite__free(struct suite *s)
{
	free_names(&s->programs);
	free_names(&s->tests);
	free(s->program_of);
	free(s->ignored);
	free(s->about);
}
