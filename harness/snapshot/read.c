// SPDX-License-Identifier: GPL-2.0
/* What is at a place of a snapshot, as a number or text: the last steps of ktstr/snapshot.h. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "harness/result/result.h"
#include "place.h"

/* A number as the tree has it; its type says which member counts. */
struct number {
	enum ktstr_jtype type;
	uint64_t u;
	int64_t i;
	double d;
};

const char *snap_json_type(const struct ktstr_jnode *n)
{
	static const char * const types[] = {
		[KTSTR_J_NULL] = "null", [KTSTR_J_BOOL] = "JSON bool", [KTSTR_J_UINT] = "JSON number",
		[KTSTR_J_INT] = "JSON number", [KTSTR_J_REAL] = "JSON number",
		[KTSTR_J_STR] = "JSON string", [KTSTR_J_ARRAY] = "JSON array",
		[KTSTR_J_OBJECT] = "JSON object",
	};

	return types[n->type];
}

static const char *kind_of(const struct ktstr_snap *s)
{
	const struct ktstr_jnode *n = s->node;
	const char *kind = s->place == KTSTR_SNAP_STATS ? NULL : ktstr_jnode__str(n, "kind", NULL);

	if (kind)
		return kind;
	return n && (s->place == KTSTR_SNAP_PLAIN || s->place == KTSTR_SNAP_STATS) ?
	       snap_json_type(n) : "place without a value";
}

/* JSON that is no value of a dump with its kind. */
static bool is_plain(const struct ktstr_snap *s)
{
	const struct ktstr_jnode *n = s->node;

	return s->place == KTSTR_SNAP_STATS ||
	       (s->place == KTSTR_SNAP_PLAIN && n->type != KTSTR_J_OBJECT);
}

/* Maps and entries stand for their value. */
static struct ktstr_snap value_of(struct ktstr_snap f)
{
	return !f.error && (f.place == KTSTR_SNAP_MAP || f.place == KTSTR_SNAP_ENTRY) ?
	       ktstr_snap_get(f, "") : f;
}

static struct ktstr_snap mismatch(struct ktstr_snap f, const char *wanted)
{
	return snap_fail(f, KTSTR_SNAP_TYPE_MISMATCH, "expected %s, this is a %s", wanted, kind_of(&f));
}

static struct ktstr_snap load(struct ktstr_snap f, struct number *n, const char *wanted)
{
	const struct ktstr_jnode *v;

	f = value_of(f);
	if (f.error)
		return f;
	v = is_plain(&f) ? f.node : ktstr_jnode__get(f.node, "value");
	n->type = v ? v->type : KTSTR_J_NULL;
	switch (n->type) {
	case KTSTR_J_BOOL:
		n->type = KTSTR_J_UINT;
		n->u = v->b;
		return f;
	case KTSTR_J_UINT:
		n->u = v->u;
		return f;
	case KTSTR_J_INT:
		n->i = v->i;
		return f;
	case KTSTR_J_REAL:
		n->d = v->d;
		return f;
	default:
		return mismatch(f, wanted);
	}
}

static enum ktstr_snap_error fits(struct ktstr_snap f, bool ok, const char *wanted)
{
	return ok ? KTSTR_SNAP_OK : mismatch(f, wanted).error;
}

enum ktstr_snap_error ktstr_snap_u64(struct ktstr_snap f, uint64_t *v)
{
	struct number n;

	f = load(f, &n, "a number that is not negative");
	if (f.error)
		return f.error;
	if (n.type == KTSTR_J_UINT)
		*v = n.u;
	return fits(f, n.type == KTSTR_J_UINT, "a number that is not negative");
}

enum ktstr_snap_error ktstr_snap_i64(struct ktstr_snap f, int64_t *v)
{
	struct number n;
	bool ok;

	f = load(f, &n, "an integer");
	if (f.error)
		return f.error;
	ok = n.type == KTSTR_J_INT || (n.type == KTSTR_J_UINT && n.u <= INT64_MAX);
	if (ok)
		*v = n.type == KTSTR_J_INT ? n.i : (int64_t)n.u;
	return fits(f, ok, "an integer below 2^63");
}

static double to_double(const struct number *n)
{
	return n->type == KTSTR_J_UINT ? (double)n->u : n->type == KTSTR_J_INT ? (double)n->i : n->d;
}

enum ktstr_snap_error ktstr_snap_f64(struct ktstr_snap f, double *v)
{
	struct number n;

	f = load(f, &n, "a number");
	if (!f.error)
		*v = to_double(&n);
	return f.error;
}

enum ktstr_snap_error ktstr_snap_bool(struct ktstr_snap f, bool *v)
{
	struct number n;

	f = load(f, &n, "a number");
	if (!f.error)
		*v = to_double(&n) != 0;
	return f.error;
}

enum ktstr_snap_error ktstr_snap_str(struct ktstr_snap f, const char **v)
{
	const struct ktstr_jnode *n;
	const char *text;

	f = value_of(f);
	if (f.error)
		return f.error;
	n = f.node;
	text = n->type == KTSTR_J_STR ? n->s : is_plain(&f) ? NULL : ktstr_jnode__str(n, "variant", NULL) ?:
	       ktstr_jnode__str(n, "value", NULL) ?: ktstr_jnode__str(n, "cpus", NULL);
	if (text)
		*v = text;
	return fits(f, text, "a text");
}

double ktstr_snap_number(struct ktstr_snap f)
{
	struct ktstr_result *r = (struct ktstr_result *)f.result;
	struct number n;

	f = load(f, &n, "a number");
	if (!f.error)
		return to_double(&n);
	if (r)
		ktstr_result__add(r, KTSTR_NOTE, KTSTR_NO_DATA, "snapshot: %s", f.text);
	return NAN;
}
