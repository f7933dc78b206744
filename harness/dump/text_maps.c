// SPDX-License-Identifier: GPL-2.0
/* Maps as text, and what they have about a task. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "text_priv.h"

#define MAX_ENTRIES	16	/* that are shown of a map in the text of the whole dump */

static const char * const entry_lists[] = {
	"entries", "array_entries", "percpu_entries", "percpu_hash_entries", NULL
};

/* "[3]", "[worker[12]]" or the key, in front of a value. */
static void put_key(const struct ktstr_jnode *e, FILE *f)
{
	const char *owner = ktstr_jnode__str(e, "owner", NULL);
	const struct ktstr_jnode *key = ktstr_jnode__get(e, "key");

	fputc('[', f);
	if (owner)
		ktstr_value_text__safe(owner, f);
	else if (key)
		ktstr_value_text__line(key, f);
	else if (ktstr_jnode__get(e, "owner_kva"))
		fprintf(f, "0x%" PRIx64, ktstr_jnode__u64(e, "owner_kva", 0));
	else
		fprintf(f, "%" PRIu64, ktstr_jnode__u64(e, "index", 0));
	fputc(']', f);
}

static void put_value(const struct ktstr_jnode *v, int indent, enum text_form form, FILE *f)
{
	if (form != TEXT_LINE) {
		ktstr_value_text__put(v, NULL, indent, form == TEXT_ALL, f);
		return;
	}
	ktstr_value_text__line(v, f);
	fputc('\n', f);
}

static void put_entry(const char *name, const struct ktstr_jnode *e, int indent, enum text_form form,
		      FILE *f)
{
	const struct ktstr_jnode *cpus = ktstr_jnode__get(e, "per_cpu"), *v;
	uint64_t cpu = 0;

	fprintf(f, "%*s", indent, "");
	ktstr_value_text__safe(name, f);
	put_key(e, f);
	if (!cpus) {
		fputs(" = ", f);
		put_value(ktstr_jnode__get(e, "value"), indent, form, f);
		return;
	}
	fputc('\n', f);
	for (v = ktstr_jnode__first(cpus); v; v = v->next, cpu++) {
		if (form != TEXT_ALL && ktstr_value_text__is_zero(v))
			continue;
		fprintf(f, "%*sCPU %" PRIu64 ": ", indent + 2, "", cpu);
		put_value(v, indent + 2, form, f);
	}
}

static bool key_is(const struct ktstr_jnode *e, uint64_t pid)
{
	const struct ktstr_jnode *key = ktstr_jnode__get(e, "key");
	const char *kind = ktstr_jnode__str(key, "kind", "");

	return (!strcmp(kind, "int") || !strcmp(kind, "uint")) &&
	       ktstr_jnode__u64(key, "value", UINT64_MAX) == pid;
}

void text_task_maps(const struct ktstr_jnode *report, const struct ktstr_jnode *task, int indent,
		    enum text_form form, FILE *f)
{
	const struct ktstr_jnode *m = ktstr_jnode__list(report, "maps"), *e;
	int64_t pid = ktstr_jnode__i64(task, "pid", -1);
	char name[96];

	text_task_name(task, name, sizeof(name));
	for (; m; m = m->next)
		for (int i = 0; entry_lists[i]; i++)
			for (e = ktstr_jnode__list(m, entry_lists[i]); e; e = e->next)
				if (!strcmp(ktstr_jnode__str(e, "owner", ""), name) ||
				    (pid > 0 && key_is(e, (uint64_t)pid)))
					put_entry(ktstr_jnode__str(m, "name", "?"), e, indent, form, f);
}

static void put_plain_object(const char *what, const struct ktstr_jnode *n, FILE *f)
{
	fprintf(f, "  %s:", what);
	for (n = ktstr_jnode__first(n); n; n = n->next)
		if (n->key && (n->type == KTSTR_J_UINT || (n->type == KTSTR_J_BOOL && n->b))) {
			fputc(' ', f);
			ktstr_value_text__safe(n->key, f);
			if (n->type == KTSTR_J_UINT)
				fprintf(f, "=%" PRIu64, n->u);
		}
	fputc('\n', f);
}

static void put_stacks(const struct ktstr_jnode *map, FILE *f)
{
	const struct ktstr_jnode *s = ktstr_jnode__list(ktstr_jnode__get(map, "stack_trace"), "entries");
	const struct ktstr_jnode *pc;

	for (; s; s = s->next) {
		fprintf(f, "  stack %" PRIu64 ":", ktstr_jnode__u64(s, "bucket_id", 0));
		for (pc = ktstr_jnode__list(s, "pcs"); pc; pc = pc->next) {
			fputc(' ', f);
			ktstr_value_text__safe(pc->type == KTSTR_J_STR ? pc->s : "?", f);
		}
		fputc('\n', f);
	}
}

static void put_entries(const struct ktstr_jnode *map, const struct ktstr_jnode *e, bool all, FILE *f)
{
	unsigned int zeros = 0, shown = 0;

	for (; e; e = e->next) {
		if (!all && ktstr_value_text__is_zero(ktstr_jnode__get(e, "value")))
			zeros++;
		else if (all || shown < MAX_ENTRIES)
			put_entry("", e, 2, all ? TEXT_ALL : TEXT_SHORT, f);
		shown++;
	}
	if (zeros)
		fprintf(f, "  (%u more %s 0)\n", zeros, zeros == 1 ? "is" : "are");
	if (shown - zeros > MAX_ENTRIES && !all) {
		fprintf(f, "  ... and %u more: ktstr dump --map ", shown - zeros - MAX_ENTRIES);
		ktstr_value_text__safe(ktstr_jnode__str(map, "name", "?"), f);
		fputc('\n', f);
	}
}

void text_map(const struct ktstr_jnode *map, bool all, FILE *f)
{
	static const char * const objects[] = { "ringbuf", "fd_array", "arena", NULL };
	const char *error = ktstr_jnode__str(map, "error", NULL);

	ktstr_value_text__safe(ktstr_jnode__str(map, "name", "?"), f);
	fputs(" (", f);
	ktstr_value_text__safe(ktstr_jnode__str(map, "map_type", "?"), f);
	fprintf(f, ", %" PRIu64 " entries of %" PRIu64 " bytes)\n",
		ktstr_jnode__u64(map, "max_entries", 0), ktstr_jnode__u64(map, "value_size", 0));
	if (ktstr_jnode__get(map, "value")) {
		fputs("  ", f);
		ktstr_value_text__put(ktstr_jnode__get(map, "value"), NULL, 2, all, f);
	}
	for (int i = 0; entry_lists[i]; i++)
		put_entries(map, ktstr_jnode__list(map, entry_lists[i]), all, f);
	for (int i = 0; objects[i]; i++)
		if (ktstr_jnode__get(map, objects[i]))
			put_plain_object(objects[i], ktstr_jnode__get(map, objects[i]), f);
	put_stacks(map, f);
	if (error) {
		fputs("  error: ", f);
		ktstr_value_text__safe(error, f);
		fputc('\n', f);
	}
}

/* What an allocator of sdt_alloc has handed out. */
static void put_allocator(const struct ktstr_jnode *a, bool all, FILE *f)
{
	const char *type = ktstr_jnode__str(a, "payload_type", NULL);
	const char *may_be = ktstr_jnode__str(a, "payload_may_be", NULL);
	const char *error = ktstr_jnode__str(a, "error", NULL);

	ktstr_value_text__safe(ktstr_jnode__str(a, "name", "?"), f);
	fprintf(f, " (sdt_alloc, leaves of %" PRIu64 " bytes, ", ktstr_jnode__u64(a, "elem_size", 0));
	ktstr_value_text__safe(type ?: error ?: "type not known", f);
	if (may_be) {
		fputs(": ", f);
		ktstr_value_text__safe(may_be, f);
	}
	fputs(")\n", f);
	put_entries(a, ktstr_jnode__list(a, "entries"), all, f);
}

void text_maps(const struct ktstr_jnode *report, FILE *f)
{
	const char *why = ktstr_jnode__str(report, "maps_unavailable", NULL);
	const struct ktstr_jnode *m;

	text_title("maps", f);
	for (m = ktstr_jnode__list(report, "maps"); m; m = m->next)
		text_map(m, false, f);
	for (m = ktstr_jnode__list(report, "sdt_allocations"); m; m = m->next)
		put_allocator(m, false, f);
	if (why) {
		ktstr_value_text__safe(why, f);
		fputc('\n', f);
	}
	m = ktstr_jnode__list(report, "other_maps");
	if (m)
		text_title("maps of other BPF objects", f);
	for (; m; m = m->next)
		text_map(m, false, f);
}

/* As in a test: the end of the name, or its beginning where the kernel has cut it. */
static bool is_called(const char *name, const char *wanted)
{
	size_t n = strlen(name), w = strlen(wanted);

	return w <= n ? !strcmp(name + n - w, wanted) : n && !strncmp(name, wanted, n);
}

int ktstr_dump_text__map(const struct ktstr_jnode *report, const char *name, FILE *f)
{
	static const char * const lists[] = { "maps", "other_maps" };
	int ret = -ENOENT;

	for (int i = 0; i < 2; i++)
		for (const struct ktstr_jnode *m = ktstr_jnode__list(report, lists[i]); m; m = m->next)
			if (is_called(ktstr_jnode__str(m, "name", ""), name)) {
				text_map(m, true, f);
				ret = 0;
			}
	for (const struct ktstr_jnode *m = ktstr_jnode__list(report, "sdt_allocations"); m; m = m->next)
		if (is_called(ktstr_jnode__str(m, "name", ""), name)) {
			put_allocator(m, true, f);
			ret = 0;
		}
	return ret;
}
