/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the libFuzzer targets share. A target is one file: seeds() makes valid inputs, from
 * which the fuzzer finds its way to deep places, and LLVMFuzzerTestOneInput() must survive
 * any input. Beyond "no sanitizer report", a target states with must() what has to hold.
 * docs/fuzzing.md
 */
#ifndef KTSTR_TESTS_FUZZ_H
#define KTSTR_TESTS_FUZZ_H

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define must(cond) do {								\
	if (!(cond)) {								\
		fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #cond); \
		abort();							\
	}									\
} while (0)

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void seeds(void);

/* From seeds() only: one file of the first corpus. */
static inline void seed(const char *name, const void *data, size_t size)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", getenv("FUZZ_SEEDS"), name);
	f = fopen(path, "w");
	if (!f || fwrite(data, 1, size, f) != size || fclose(f)) {
		perror(path);
		exit(1);
	}
}

/* With FUZZ_SEEDS=FOLDER in the environment the program writes its seeds there and ends. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	if (!getenv("FUZZ_SEEDS"))
		return 0;
	seeds();
	exit(0);
}

/* The input as a file, for code that wants a descriptor. Always the same one. */
static inline int fuzz_file(const uint8_t *data, size_t size)
{
	static int fd = -1;

	if (fd < 0)
		fd = memfd_create("fuzz", MFD_CLOEXEC);
	must(fd >= 0 && !ftruncate(fd, 0) && pwrite(fd, data, size, 0) == (ssize_t)size);
	return fd;
}

/* And for code that wants a path. */
static inline const char *fuzz_path(const uint8_t *data, size_t size)
{
	static char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fuzz_file(data, size));
	return path;
}

/* The input as a string that ends where the input does; to be freed. */
static inline char *fuzz_string(const uint8_t *data, size_t size)
{
	char *s = malloc(size + 1);

	must(s);
	memcpy(s, data, size);
	s[size] = '\0';
	return s;
}

#endif
