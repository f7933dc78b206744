// SPDX-License-Identifier: GPL-2.0
/*
 * Coverage in a run: see part.h. The guest is not trusted. A .gcda file is used only if this program,
 * which is the same one, has a file of this name and structure. It learns that from its own runtime, which
 * writes all files of a process that has executed nothing into a folder. Schedulers and payloads may have
 * counters, too: then the name must stand in the file of such a program of the run.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/model/seen.h"
#include "lib/counters.h"
#include "lib/paths.h"
#include "gcda.h"
#include "part.h"
#include "place.h"

/* Begins a .profraw file of 64 bits. */
static const unsigned char profraw_magic[8] = { 0x81, 'r', 'f', 'o', 'r', 'p', 'l', 0xff };

#define MAX_TROUBLE	100	/* files; the others are not even looked at then */

/* What could not be done, for one line at the end. */
struct trouble {
	unsigned int nr;
	char first[PATH_MAX + 128];
};

static void __attribute__((format(printf, 2, 3))) note(struct trouble *t, const char *fmt, ...)
{
	va_list ap;

	if (t->nr++)
		return;
	va_start(ap, fmt);
	vsnprintf(t->first, sizeof(t->first), fmt, ap);
	va_end(ap);
}

/*
 * On the host: .profraw files do not go to the working directory. The runtime's own constructor, which
 * has no priority, looks for the variable. One file is for all processes of the program.
 */
static void __attribute__((constructor(101))) choose_profraw(void)
{
	char dir[PATH_MAX - 32], file[PATH_MAX];

	if (!ktstr_counters__llvm() || getpid() == 1 || getenv("LLVM_PROFILE_FILE") ||
	    ktstr_counters__llvm_dir(dir, sizeof(dir)))
		return;
	snprintf(file, sizeof(file), "%s/default-%%m.profraw", dir);
	setenv("LLVM_PROFILE_FILE", file, 1);
}

/* The files of a process that has executed nothing, below @dir. 0 or -errno. */
static int write_empty(const char *dir)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		ktstr_counters__write_below(dir);
		ktstr_counters__forked();
		ktstr_counters__save();
		_exit(0);
	}
	if (pid < 0)
		return -errno;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return status ? -EIO : 0;
}

/* Does the string @name, with a NUL on either side, stand in the program at @path? */
static bool is_named_in(const char *path, const char *name)
{
	char text[KTSTR_COUNTERS_NAME + 2] = { 0 };
	size_t len = strlen(name) + 2;
	void *data = MAP_FAILED;
	bool found = false;
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	memcpy(text + 1, name, len - 2);
	if (fd >= 0 && !fstat(fd, &st) && st.st_size)
		data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data != MAP_FAILED) {
		found = memmem(data, (size_t)st.st_size, text, len);
		munmap(data, (size_t)st.st_size);
	}
	if (fd >= 0)
		close(fd);
	return found;
}

static bool is_of_another(const struct ktstr_run *run, const char *name)
{
	for (unsigned int i = 0; i < run->nr_programs; i++)
		if (is_named_in(run->programs[i].path, name))
			return true;
	return false;
}

/* @empty: the folder of write_empty(). */
static void take_gcda(const struct ktstr_run *run, const struct ktstr_counter_file *f,
		      const char *empty, struct trouble *t)
{
	char path[PATH_MAX];
	uint8_t *sum = NULL;
	char *own = NULL;
	size_t len;
	int ret;

	if (!ktstr_counters__is_gcda_name(f->name) ||
	    ktstr_paths__fmt(path, sizeof(path), "%s%s", empty, f->name)) {
		note(t, "the guest has sent a name that is none of a file of counters");
		return;
	}
	own = ktstr_paths__read(path, KTSTR_MAX_COUNTER_BYTES, &len);
	if (!own && !is_of_another(run, f->name)) {
		note(t, "%s: no program that the test names has such an object", f->name);
		return;
	}
	errno = EINVAL;
	if (f->len == f->size)
		sum = ktstr_gcda__sum(own ? (void *)own : f->data, own ? len : f->len, f->data, f->len,
				      &len);
	if (!sum) {
		note(t, "%s: %s", f->name, errno == EOPNOTSUPP ?
		     "it has other counters than those of --coverage" :
		     "what came from the guest is damaged");
	} else if (ktstr_counters__gcda_path(path, sizeof(path), f->name, getenv("GCOV_PREFIX"),
					     getenv("GCOV_PREFIX_STRIP"))) {
		note(t, "%s: %s", f->name, strerror(ENAMETOOLONG));
	} else {
		ret = ktstr_gcda__add_to(path, f->data, f->len);
		if (ret)
			note(t, "%s: %s", path, ret == -EINVAL ?
			     "what is there cannot be added to; remove it" : strerror(-ret));
	}
	free(sum);
	free(own);
}

static void take_profraw(const struct ktstr_counter_file *f, struct trouble *t)
{
	static unsigned int nr;
	char dir[PATH_MAX - 64], path[PATH_MAX];
	int ret;

	if (f->len != f->size || f->len < sizeof(profraw_magic) ||
	    memcmp(f->data, profraw_magic, sizeof(profraw_magic))) {
		note(t, "a .profraw file that came from the guest is damaged");
		return;
	}
	ret = ktstr_counters__llvm_dir(dir, sizeof(dir));
	if (!ret)
		ret = ktstr_paths__mkdirs(dir);
	if (ret) {
		note(t, "%s: %s", dir, strerror(-ret));
		return;
	}
	do {
		snprintf(path, sizeof(path), "%s/ktstr-test-%d-%u.profraw", dir, (int)getpid(), nr++);
		ret = ktstr_paths__write_new(path, (const char *)f->data, f->len);
	} while (ret == -EEXIST);
	if (ret)
		note(t, "%s: %s", path, strerror(-ret));
}

static void take_all(const struct ktstr_run *run, const char *empty, struct trouble *t)
{
	const struct ktstr_counter_files *c = &run->seen->counters;
	const struct ktstr_counter_file *f;

	for (f = c->file; f < c->file + c->nr; f++) {
		/* a guest cannot keep us busy with names that are looked for in vain */
		if (t->nr >= MAX_TROUBLE)
			t->nr++;
		else if (f->kind == KTSTR_COUNTERS_GCDA)
			take_gcda(run, f, empty, t);
		else
			take_profraw(f, t);
	}
	for (uint32_t i = 0; i < c->dropped; i++)
		note(t, "the guest has sent more than %d files, or more than %u bytes",
		     KTSTR_MAX_COUNTER_FILES, KTSTR_MAX_COUNTER_BYTES);
}

static void gone(struct ktstr_run *run, void *state)
{
	const struct ktstr_counter_files *c = &run->seen->counters;
	struct trouble t = { 0 };
	char empty[PATH_MAX];
	int ret = 0;

	(void)state;
	if ((!c->nr && !c->dropped) || !run->dir)
		return;
	if (!ktstr_counters__gcov() && !ktstr_counters__llvm()) {
		fputs("ktstr: coverage: the guest has counters, this program has none\n", stderr);
		return;
	}
	if (ktstr_paths__fmt(empty, sizeof(empty), "%s/counters-XXXXXX", run->dir) || !mkdtemp(empty)) {
		note(&t, "%s: %s", run->dir, strerror(errno));
	} else {
		ret = ktstr_counters__gcov() ? write_empty(empty) : 0;
		if (ret)
			note(&t, "%s: %s", empty, strerror(-ret));
		else
			take_all(run, empty, &t);
		ktstr_paths__remove_tree(empty);
	}
	if (t.nr)
		fprintf(stderr, "ktstr: coverage: %u of %u files from the guest are missing: %s\n", t.nr,
			c->nr + c->dropped, t.first);
}

const struct ktstr_run_part ktstr_counters_part = {
	.name = "counters",
	.gone = gone,
};
