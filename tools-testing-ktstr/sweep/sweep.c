// SPDX-License-Identifier: GPL-2.0
/* See sweep.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "harness/kernel/kernel_spec.h"
#include "lib/jtree.h"
#include "lib/paths.h"
#include "lib/suggest.h"
#include "tools-testing-ktstr/run/result-file.h"
#include "sweep.h"

#define MAX_CELLS	20000
#define SIDECAR_TREE_MAX	(512 * 1024 * 1024)

static char *dup_str(const struct ktstr_jnode *o, const char *key)
{
	const char *text = ktstr_jnode__str(o, key, NULL);

	return text ? strdup(text) : NULL;
}

/* "scx_mutant --fault sticky": what tells schedulers of one binary apart. */
static char *make_label(const struct ktstr_jnode *o)
{
	const char *label = ktstr_jnode__str(o, "label", NULL);
	const char *config = ktstr_jnode__str(o, "config_file", NULL);
	const struct ktstr_jnode *arg;
	char *text = NULL;
	size_t len;
	FILE *f = label ? open_memstream(&text, &len) : NULL;

	if (!f)
		return NULL;
	fputs(label, f);
	for (arg = ktstr_jnode__list(o, "args"); arg; arg = arg->next)
		fprintf(f, " %s", arg->type == KTSTR_J_STR ? arg->s : "?");
	if (config)
		fprintf(f, " --config %s", config);
	return fclose(f) ? NULL : text;
}

static int take_topology(struct sweep_topology *t, const struct ktstr_jnode *o)
{
	t->name = dup_str(o, "name");
	t->text = dup_str(o, "topology");
	return t->name && t->text ? 0 : -EBADMSG;
}

static int take_lists(struct sweep_scheduler *s, const struct ktstr_jnode *o)
{
	const struct ktstr_jnode *n;
	char *copy;
	int ret;

	for (n = ktstr_jnode__list(o, "kernels"); n; n = n->next) {
		copy = n->type == KTSTR_J_STR ? strdup(n->s) : NULL;
		if (!copy || strings__add(&s->kernels, copy))
			return -ENOMEM;
	}
	n = ktstr_jnode__get(o, "topologies");
	if (!n || n->type != KTSTR_J_ARRAY || !n->nr)
		return -EBADMSG;
	s->topologies = calloc(n->nr, sizeof(*s->topologies));
	if (!s->topologies)
		return -ENOMEM;
	n = ktstr_jnode__first(n);
	ret = take_topology(&s->own, n);
	for (n = n->next; !ret && n; n = n->next)
		ret = take_topology(&s->topologies[s->nr_topologies++], n);
	return ret;
}

static void free_topology(struct sweep_topology *t)
{
	free(t->name);
	free(t->text);
}

static void free_scheduler(struct sweep_scheduler *s)
{
	size_t i;

	for (i = 0; i < s->kernels.nr; i++)
		free((char *)s->kernels.item[i]);
	strings__free(&s->kernels);
	for (i = 0; i < s->nr_topologies; i++)
		free_topology(&s->topologies[i]);
	free(s->topologies);
	free_topology(&s->own);
	free(s->label);
	free(s->name);
	free(s->binary);
	free(s->test);
}

static int add_scheduler(struct sweep *s, const struct ktstr_jnode *o, const char *program)
{
	struct sweep_scheduler *more, n = { .program = program };
	size_t i;
	int ret;

	n.label = make_label(o);
	n.name = dup_str(o, "name");
	n.binary = dup_str(o, "binary");
	n.test = dup_str(o, "test");
	ret = n.label && n.name && n.test ? take_lists(&n, o) : -EBADMSG;
	for (i = 0; !ret && i < s->nr_schedulers; i++) {
		if (!strcmp(s->schedulers[i].label, n.label)) {
			free_scheduler(&n);
			return 0;
		}
	}
	more = ret ? NULL : realloc(s->schedulers, (s->nr_schedulers + 1) * sizeof(*more));
	if (!more) {
		free_scheduler(&n);
		return ret ?: -ENOMEM;
	}
	s->schedulers = more;
	more[s->nr_schedulers++] = n;
	return 0;
}

static int ask_program(struct sweep *s, const char *program, struct ktstr_err *err)
{
	char *argv[] = { (char *)program, "--schedulers", NULL };
	char *text = malloc(SUITE_LIST_MAX), *start;
	const struct ktstr_jnode *list = NULL, *o;
	struct ktstr_jtree tree;
	size_t len = 0;
	int ret;

	if (!text)
		return ktstr_err(err, ENOMEM, "%s: %s", program, strerror(ENOMEM));
	ktstr_jtree__init(&tree, 16 * SUITE_LIST_MAX);
	ret = child__capture_stderr(argv, text, SUITE_LIST_MAX, &len, SUITE_LIST_TIMEOUT_MS, err);
	if (ret < 0)
		goto out;
	start = strchr(text, '[');
	if (WIFEXITED(ret) && !WEXITSTATUS(ret) && start)
		list = ktstr_jtree__parse(&tree, start, strlen(start), NULL);
	ret = 0;
	if (!list || list->type != KTSTR_J_ARRAY)
		ret = ktstr_err(err, EBADMSG, "%s does not list its schedulers; build it again",
				program);
	for (o = ktstr_jnode__first(list); !ret && o; o = o->next) {
		ret = add_scheduler(s, o, program);
		if (ret)
			ktstr_err(err, -ret, "%s: its schedulers: %s", program, strerror(-ret));
	}
out:
	ktstr_jtree__free(&tree);
	free(text);
	return ret;
}

static int by_label(const void *a, const void *b)
{
	const struct sweep_scheduler *x = a, *y = b;

	return strcmp(x->label, y->label);
}

int sweep__collect(struct sweep *s, const struct suite *suite, struct ktstr_err *err)
{
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < suite->programs.nr; i++)
		ret = ask_program(s, suite->programs.item[i], err);
	if (s->nr_schedulers)
		qsort(s->schedulers, s->nr_schedulers, sizeof(*s->schedulers), by_label);
	return ret;
}

static bool is_named(const struct sweep_scheduler *s, const char *name)
{
	return !strcmp(s->label, name) || !strcmp(s->name, name) ||
	       (s->binary && !strcmp(ktstr_paths__base(s->binary), name));
}

static bool is_chosen(const struct sweep_scheduler *s, const struct strings *which)
{
	size_t i;

	for (i = 0; i < which->nr; i++)
		if (is_named(s, which->item[i]))
			return true;
	return !which->nr;
}

/* Every name must mean something, so that a typo does not make the sweep smaller. */
static int check_names(const struct sweep *s, const struct strings *which)
{
	struct strings labels = { 0 };
	const char *near;
	size_t i, k;

	for (i = 0; i < which->nr; i++) {
		for (k = 0; k < s->nr_schedulers && !is_named(&s->schedulers[k], which->item[i]); k++)
			;
		if (k < s->nr_schedulers)
			continue;
		for (k = 0; k < s->nr_schedulers; k++)
			if (strings__add(&labels, s->schedulers[k].label))
				break;
		near = labels.nr ? ktstr_suggest(which->item[i], labels.item, labels.nr) : NULL;
		complain(WRONG_USAGE, near, "verifier: no scheduler is declared as '%s'",
			 which->item[i]);
		strings__free(&labels);
		return WRONG_USAGE;
	}
	return 0;
}

/* Does the scheduler want this kernel? Its list has what --kernel takes. */
static bool wants(const struct sweep_scheduler *s, const struct run_kernel *k)
{
	char label[KTSTR_KERNEL_LABEL_LEN];
	struct ktstr_kernel_range range;
	size_t i;

	for (i = 0; i < s->kernels.nr; i++) {
		const char *spec = s->kernels.item[i];

		switch (ktstr_kernel_form__of(spec)) {
		case KTSTR_KERNEL_VERSION:
			if (k->kernel.release &&
			    ktstr_kernel_form__version_matches(spec, k->kernel.release))
				return true;
			break;
		case KTSTR_KERNEL_RANGE:
			if (!ktstr_kernel_range__parse(&range, spec, NULL) &&
			    ktstr_kernel_range__has(&range, k->kernel.release))
				return true;
			break;
		default:
			ktstr_kernel__label(spec, label, sizeof(label));
			if (!strcmp(label, k->label))
				return true;
		}
	}
	return !s->kernels.nr;
}

static int add_cell(struct sweep *s, const struct sweep_scheduler *sched,
		    const struct sweep_topology *topo, const struct run_kernel *k)
{
	struct sweep_cell *more, n = { .scheduler = sched, .topology = topo, .kernel = k };
	char *p;

	if (s->nr_cells == MAX_CELLS)
		return -E2BIG;
	snprintf(n.id, sizeof(n.id), "verifier/%.120s/%.60s/%s", sched->label, topo->name, k->label);
	/* KTAP: what follows a blank would be a remark */
	for (p = n.id; *p; p++)
		if (*p == ' ' || *p == '#')
			*p = '_';
	n.verdict = "-";
	more = realloc(s->cells, (s->nr_cells + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	s->cells = more;
	more[s->nr_cells++] = n;
	return 0;
}

static bool is_preset(const struct strings *presets, const char *name)
{
	size_t i;

	for (i = 0; i < presets->nr; i++)
		if (!strcmp(presets->item[i], "all") || !strcmp(presets->item[i], name))
			return true;
	return false;
}

/* All cells of one kernel, then the next: images of booted guests are of a kernel. */
static int add_cells(struct sweep *s, const struct strings *which, const struct strings *presets,
		     const struct run_kernel *k)
{
	const struct sweep_scheduler *sched;
	size_t i, t;
	int ret = 0;

	for (i = 0; !ret && i < s->nr_schedulers; i++) {
		sched = &s->schedulers[i];
		if (!is_chosen(sched, which) || !wants(sched, k))
			continue;
		if (!presets->nr)
			ret = add_cell(s, sched, &sched->own, k);
		for (t = 0; !ret && t < sched->nr_topologies; t++)
			if (is_preset(presets, sched->topologies[t].name))
				ret = add_cell(s, sched, &sched->topologies[t], k);
	}
	return ret;
}

int sweep__plan(struct sweep *s, const struct strings *which, const struct strings *presets,
		const struct run_kernels *kernels)
{
	int ret = check_names(s, which);
	unsigned int k;

	if (ret)
		return ret;
	for (k = 0; !ret && k < kernels->nr; k++)
		ret = add_cells(s, which, presets, &kernels->item[k]);
	if (ret == -E2BIG)
		return complain(WRONG_USAGE, NULL, "verifier: more than %d cells", MAX_CELLS);
	if (ret)
		return complain(1, NULL, "verifier: %s", strerror(-ret));
	if (!s->nr_cells)
		return complain(WRONG_USAGE, NULL,
				"verifier: no declared scheduler wants one of these kernels and topologies");
	return 0;
}

const struct sweep_count *sweep_cell__count(const struct sweep_cell *c, const char *program)
{
	size_t i;

	for (i = 0; i < c->nr_counts; i++)
		if (!strcmp(c->counts[i].name, program))
			return &c->counts[i];
	return NULL;
}

/* Programs of one name, such as those of two lives of a scheduler, are the one that was last. */
static void read_counts(struct sweep_cell *c, const struct ktstr_jnode *sidecar)
{
	const struct ktstr_jnode *progs = ktstr_jnode__get(sidecar, "verifier_stats"), *p;
	struct sweep_count *n;
	const char *name;

	if (!progs || progs->type != KTSTR_J_ARRAY)
		return;
	c->counts = calloc(progs->nr ? progs->nr : 1, sizeof(*c->counts));
	for (p = c->counts ? progs->first : NULL; p; p = p->next) {
		name = ktstr_jnode__str(p, "name", NULL);
		if (!name || strlen(name) >= sizeof(n->name) ||
		    ktstr_jnode__u64(p, "verified_insns", UINT64_MAX) == UINT64_MAX)
			continue;
		n = (struct sweep_count *)sweep_cell__count(c, name) ?: &c->counts[c->nr_counts++];
		strcpy(n->name, name);
		n->insns = ktstr_jnode__u64(p, "verified_insns", 0);
	}
}

/* The first finding of a run; what the note behind it says is closer to the cause. */
static char *first_finding(const struct ktstr_jnode *sidecar)
{
	const struct ktstr_jnode *d = ktstr_jnode__list(sidecar, "details");
	const char *text;

	for (; d; d = d->next) {
		if (strcmp(ktstr_jnode__str(d, "severity", ""), "fail"))
			continue;
		if (d->next && !strcmp(ktstr_jnode__str(d->next, "severity", ""), "note"))
			d = d->next;
		text = ktstr_jnode__str(d, "text", NULL);
		return text ? strdup(text) : NULL;
	}
	return NULL;
}

void sweep__read(struct sweep *s, size_t i, const struct job *job, const char *runs_root)
{
	static const char * const words[] = {
		[KTAP_PASS] = "PASS", [KTAP_FAIL] = "FAIL", [KTAP_ERROR] = "FAIL",
		[KTAP_INCONCLUSIVE] = "FAIL", [KTAP_SKIP] = "SKIP",
	};
	enum ktap_status status = job->verdict.status;
	struct sweep_cell *c = &s->cells[i];
	struct ktstr_jtree tree;
	struct ktstr_jnode *sidecar;
	struct ktstr_err err;
	char *path, *text;

	if (job->state != JOB_DONE)
		return;
	if (status < ARRAY_SIZE(words) && words[status])
		c->verdict = words[status];
	if (job->verdict.note[0])
		c->reason = strdup(job->verdict.note);
	path = result_file__find(runs_root, job->run_id, job->fixture, job->test, job->started_at);
	text = path ? result_file__read(path, &err) : NULL;
	ktstr_jtree__init(&tree, SIDECAR_TREE_MAX);
	sidecar = text ? ktstr_jtree__parse(&tree, text, strlen(text), NULL) : NULL;
	if (sidecar) {
		read_counts(c, sidecar);
		if (!c->reason)
			c->reason = dup_str(sidecar, "verdict_reason") ?: first_finding(sidecar);
	}
	ktstr_jtree__free(&tree);
	free(text);
	if (path) {
		*strrchr(path, '/') = '\0';
		c->folder = path;
	}
}

void sweep__free(struct sweep *s)
{
	size_t i;

	for (i = 0; i < s->nr_cells; i++) {
		free(s->cells[i].counts);
		free(s->cells[i].reason);
		free(s->cells[i].folder);
	}
	for (i = 0; i < s->nr_schedulers; i++)
		free_scheduler(&s->schedulers[i]);
	free(s->schedulers);
	free(s->cells);
	memset(s, 0, sizeof(*s));
}
