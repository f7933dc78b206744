// SPDX-License-Identifier: GPL-2.0
/* Calls as text: see calls.h. Numbers whose bits or values have names in the kernel get them. */
#include <inttypes.h>
#include <linux/kernel.h>
#include <stdlib.h>
#include <string.h>

#include "lib/control.h"
#include "calls.h"

#define DSQ_BUILTIN	(UINT64_C(1) << 63)
#define DSQ_LOCAL_ON	(UINT64_C(3) << 62)

static void format_dsq(uint64_t v, char *buf, size_t size)
{
	static const char * const names[] = {
		"SCX_DSQ_INVALID", "SCX_DSQ_GLOBAL", "SCX_DSQ_LOCAL", "SCX_DSQ_BYPASS",
	};
	uint64_t n = v & ~DSQ_LOCAL_ON;

	if ((v & DSQ_LOCAL_ON) == DSQ_LOCAL_ON)
		snprintf(buf, size, "SCX_DSQ_LOCAL_ON|%u", (uint32_t)v);
	else if (v & DSQ_BUILTIN && n < ARRAY_SIZE(names))
		snprintf(buf, size, "%s", names[n]);
	else if (v & DSQ_BUILTIN)
		snprintf(buf, size, "BUILTIN(%" PRIu64 ")", n);
	else
		snprintf(buf, size, "DSQ(%#" PRIx64 ")", v);
}

/* Set bits by the enumerators of @type; those without a name as a number. */
static void format_flags(uint64_t v, const struct ktstr_btf *btf, const char *type, const char *prefix,
			 char *buf, size_t size)
{
	size_t len = 0;

	snprintf(buf, size, "%s", v ? "" : "NONE");
	for (int bit = 0; bit < 64 && len < size; bit++) {
		uint64_t one = UINT64_C(1) << bit;
		const char *name = v & one ? ktstr_btf__enum_name(btf, type, (int64_t)one) : NULL;

		if (!name)
			continue;
		if (!strncmp(name, prefix, strlen(prefix)))
			name += strlen(prefix);
		len += (size_t)snprintf(buf + len, size - len, "%s%s", len ? "|" : "", name);
		v &= ~one;
	}
	if (v && len < size)
		snprintf(buf + len, size - len, "%s%#" PRIx64, len ? "|" : "", v);
}

static void format_mask(uint64_t v, char *buf, size_t size)
{
	size_t len = (size_t)snprintf(buf, size, "%#" PRIx64 "(", v);
	const char *sep = "";

	for (int bit = 0; bit < 64 && len < size; bit++) {
		int end = bit;

		if (!(v >> bit & 1))
			continue;
		while (end < 63 && v >> (end + 1) & 1)
			end++;
		len += end == bit ? (size_t)snprintf(buf + len, size - len, "%s%d", sep, bit) :
		       (size_t)snprintf(buf + len, size - len, "%s%d-%d", sep, bit, end);
		sep = ",";
		bit = end;
	}
	if (len < size)
		snprintf(buf + len, size - len, "%s)", v ? "" : "none");
}

static bool ends_with(const char *s, const char *tail)
{
	size_t n = strlen(s), m = strlen(tail);

	return n >= m && !strcmp(s + n - m, tail);
}

void ktstr_repro_value__format(const struct ktstr_repro_value *v, const uint64_t *word,
			       const struct ktstr_btf *btf, char *buf, size_t size)
{
	const char *name = *v->path ? v->path : v->param;
	uint64_t n = ktstr_fetched__number(&v->field, word);
	const char *kind;

	if (ends_with(name, "comm")) {
		snprintf(buf, size, "%.15s", (const char *)word);
		ktstr_tame(buf, '?');
	} else if (ends_with(name, "dsq_id") || (!strcmp(v->group, "scx_dispatch_q") && !strcmp(name, "id"))) {
		format_dsq(n, buf, size);
	} else if (ends_with(name, "enq_flags")) {
		format_flags(n, btf, "scx_enq_flags", "SCX_ENQ_", buf, size);
	} else if (!strcmp(name, "deq_flags")) {
		format_flags(n, btf, "scx_deq_flags", "SCX_DEQ_", buf, size);
	} else if (!strcmp(name, "wake_flags")) {
		format_flags(n, btf, "scx_wake_flags", "SCX_WAKE_", buf, size);
	} else if (!strcmp(name, "scx.flags")) {
		format_flags(n, btf, "scx_ent_flags", "SCX_TASK_", buf, size);
	} else if (strstr(name, "cpus_ptr")) {
		format_mask(word[0], buf, size);
	} else if (!strcmp(name, "kind")) {
		kind = ktstr_btf__enum_name(btf, "scx_exit_kind", (int64_t)n);
		snprintf(buf, size, "%s(%" PRIu64 ")", kind ?: "", n);
	} else if (v->field.class == KTSTR_BTF_SIGNED || ends_with(name, "sticky_cpu")) {
		snprintf(buf, size, "%" PRId64, v->field.size == 4 ? (int32_t)n : (int64_t)n);
	} else {
		snprintf(buf, size, n >> 32 && !ends_with(name, "vtime") && !ends_with(name, "slice") ?
			 "%#" PRIx64 : "%" PRIu64, n);
	}
}

/* "scx.slice" as "slice", "cpus_ptr->bits[0]" as "cpus_ptr". */
static void short_name(const struct ktstr_repro_value *v, char *buf, size_t size)
{
	const char *name = *v->path ? v->path : v->param;

	if (!strncmp(name, "scx.", 4))
		name += 4;
	snprintf(buf, size, "%.*s", (int)strcspn(name, "-"), name);
}

/* Walks the values of a call. */
struct walk {
	const struct ktstr_repro_calls *c;
	const struct ktstr_repro_call *call;
	const struct ktstr_btf *btf;
	unsigned int next, word;
	const struct ktstr_repro_value *v;
	/* before "": known at return only; after "": as before, or not known */
	char name[32], before[96], after[96];
};

static bool next_value(struct walk *w)
{
	const struct ktstr_repro_point *p = &w->c->point[w->call->point];
	const struct vm_probe *probe = &w->c->probe[w->call->point];

	for (; w->next < p->nr; ) {
		unsigned int i = w->next++, at = w->word;

		w->word += vm_fetch_words(&probe->fetch[i]);
		w->v = &p->value[i];
		w->before[0] = w->after[0] = '\0';
		if (w->call->have >> i & 1)
			ktstr_repro_value__format(w->v, w->call->word + at, w->btf, w->before,
						  sizeof(w->before));
		if (w->call->exit_ns && w->call->exit_have >> i & 1)
			ktstr_repro_value__format(w->v, w->call->exit_word + at, w->btf, w->after,
						  sizeof(w->after));
		if (!w->before[0] && !w->after[0])
			continue;
		short_name(w->v, w->name, sizeof(w->name));
		if (!strcmp(w->before, w->after))
			w->after[0] = '\0';
		return true;
	}
	return false;
}

static bool names_a_cpu(const char *name)
{
	return !strcmp(name, "cpu") || !strcmp(name, "prev_cpu");
}

/* On a line there is no room for what is as nearly always; the file has all. */
static bool tells(const struct walk *w)
{
	static const char * const long_only[] = { "pid", "weight", "sticky_cpu", "flags" };

	for (size_t i = 0; i < ARRAY_SIZE(long_only); i++)
		if (!strcmp(w->name, long_only[i]))
			return false;
	/* CPU 0 is one, unlike a count of 0 */
	return (names_a_cpu(w->name) || strcmp(w->before, "0")) && strcmp(w->before, "NONE") &&
	       strcmp(w->before, "SCX_DSQ_INVALID");
}

void ktstr_repro_call__line(const struct ktstr_repro_calls *c, const struct ktstr_repro_call *call,
			    const struct ktstr_btf *btf, char *buf, size_t size)
{
	const struct ktstr_repro_point *p = &c->point[call->point];
	struct walk w = { .c = c, .call = call, .btf = btf };
	size_t len;

	len = (size_t)snprintf(buf, size, "%10.3f us CPU %u %s%s",
			       ((double)call->ns - (double)c->trigger_ns) / 1e3, call->vcpu,
			       p->is_op ? "ops." : "", p->name);
	while (next_value(&w) && len < size) {
		if (!w.after[0] && !tells(&w))
			continue;
		len += (size_t)snprintf(buf + len, size - len, " %s=%s%s%s", w.name, w.before,
					w.before[0] && w.after[0] ? "->" : "", w.after);
	}
	if (!p->is_op || call->exit_ns || len >= size)
		return;
	if (p->crashed.line)
		snprintf(buf + len, size - len, " (has not returned: %s:%u)", p->crashed.file,
			 p->crashed.line);
	else
		snprintf(buf + len, size - len, " (has not returned)");
}

void ktstr_repro_call__print(const struct ktstr_repro_calls *c, const struct ktstr_repro_call *call,
			     const struct ktstr_btf *btf, FILE *f)
{
	const struct ktstr_repro_point *p = &c->point[call->point];
	struct walk w = { .c = c, .call = call, .btf = btf };
	char group[64] = "", where[80] = "";

	if (p->source.line)
		snprintf(where, sizeof(where), "%s:%u", p->source.file, p->source.line);
	fprintf(f, "  %-32s %-24s CPU %u, %.9f s, %.3f us before the exit\n", p->name, where, call->vcpu,
		(double)call->ns / 1e9, ((double)c->trigger_ns - (double)call->ns) / 1e3);
	while (next_value(&w)) {
		char head[64];

		snprintf(head, sizeof(head), *w.v->group ? "struct %s *%s" : "%s%s", w.v->group,
			 *w.v->group ? w.v->param : "");
		if (*w.v->group && strcmp(head, group))
			fprintf(f, "    %s\n", head);
		snprintf(group, sizeof(group), "%s", head);
		fprintf(f, "      %-16s %s%s%s\n", w.name, w.before,
			w.before[0] && w.after[0] ? "  \u2192  " : "", w.after);
	}
	if (p->is_op && !call->exit_ns && p->crashed.line)
		fprintf(f, "      (has not returned: %s:%u)\n", p->crashed.file, p->crashed.line);
	else if (p->is_op && !call->exit_ns)
		fputs("      (has not returned)\n", f);
}
