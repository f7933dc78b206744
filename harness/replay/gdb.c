// SPDX-License-Identifier: GPL-2.0
/* See gdb.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gdb.h"
#include "lib/paths.h"
#include "symfile.h"

#define SOCKET	"gdb.sock"

/* In the run's folder, if the path is not too long for a socket. */
static int choose_socket(struct ktstr_replay_gdb *g, const struct ktstr_run *run)
{
	const char *tmp = getenv("TMPDIR") ?: "/tmp";
	int ret = ktstr_paths__fmt(g->socket, sizeof(g->socket), "%s/" SOCKET, run->dir);

	if (ret)
		ret = ktstr_paths__fmt(g->socket, sizeof(g->socket), "%s/ktstr-%d-" SOCKET, tmp, getpid());
	if (ret)
		g->socket[0] = '\0';
	return ret;
}

/* The kernel's own build has types and lines; its image lies in the tree. "": there is none. */
static void find_vmlinux(const struct ktstr_run *run, char *path, size_t size)
{
	static const char inside[] = "/arch/x86/boot/bzImage";
	const char *image = run->kernel.path;
	size_t len = image ? strlen(image) : 0, tail = sizeof(inside) - 1;

	*path = '\0';
	if (len > tail && !strcmp(image + len - tail, inside) &&
	    (ktstr_paths__fmt(path, size, "%.*s/vmlinux", (int)(len - tail), image) || access(path, R_OK)))
		*path = '\0';
}

static int write_script(const struct ktstr_replay_gdb *g, const struct ktstr_run *run,
			const struct ktstr_kview *v, uint32_t cpu)
{
	char vmlinux[PATH_MAX], *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	int ret;

	if (!f)
		return -ENOMEM;
	find_vmlinux(run, vmlinux, sizeof(vmlinux));
	fprintf(f, "# gdb -x %s\n", g->script);
	fprintf(f, "# KASLR has moved the kernel by %#" PRIx64 "\n", v->slide);
	fputs("set architecture i386:x86-64\nset confirm off\n", f);
	if (*vmlinux)
		fprintf(f, "symbol-file %s -o %#" PRIx64 "\nadd-symbol-file %s\n", vmlinux, v->slide,
			g->symbols);
	else
		fprintf(f, "symbol-file %s\n", g->symbols);
	fprintf(f, "set $kaslr = %#" PRIx64 "\n", v->slide);
	fprintf(f, "target remote %s\n", g->socket);
	fprintf(f, "thread %" PRIu32 "\n", cpu + 1);
	ret = fclose(f) ? -ENOMEM : ktstr_paths__write(g->script, text, len);
	free(text);
	return ret;
}

int ktstr_replay_gdb__begin(struct ktstr_replay_gdb *g, const struct ktstr_run *run, struct vm *vm,
			    struct ktstr_kview *v, uint32_t cpu, struct ktstr_err *err)
{
	unsigned int nr_ops;
	int ret;

	if (ktstr_paths__fmt(g->script, sizeof(g->script), "%s/replay.gdb", run->dir) ||
	    ktstr_paths__fmt(g->symbols, sizeof(g->symbols), "%s/kernel.sym", run->dir) ||
	    choose_socket(g, run))
		return ktstr_err(err, ENAMETOOLONG, "%s: the path is too long", run->dir);
	ret = ktstr_symfile__write(v, g->symbols, &nr_ops);
	if (ret)
		return ktstr_err(err, -ret, "%s: %s", g->symbols, strerror(-ret));
	ret = write_script(g, run, v, cpu);
	if (ret)
		return ktstr_err(err, -ret, "%s: %s", g->script, strerror(-ret));
	return vm_hand_over(vm, g->socket, err);
}

void ktstr_replay_gdb__end(struct ktstr_replay_gdb *g)
{
	if (g->socket[0])
		unlink(g->socket);
	g->socket[0] = '\0';
}
