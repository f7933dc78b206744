// SPDX-License-Identifier: GPL-2.0
/* See choose.h. */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "harness/plan/preset.h"
#include "lib/paths.h"
#include "lib/suggest.h"
#include "budget.h"
#include "choose.h"
#include "costs.h"
#include "tools-testing-ktstr/run/tap-file.h"

int choose__check(struct choose *c)
{
	char *end;

	if (!c->budget) {
		c->budget_s = budget__from_env();
		return 0;
	}
	c->budget_s = strtod(c->budget, &end);
	if (end == c->budget || *end || !isfinite(c->budget_s) || c->budget_s <= 0)
		return complain(WRONG_USAGE, NULL, "run: --budget %s: must be a number of seconds above 0",
				c->budget);
	return 0;
}

/* @rerun as it is, else below the folder of runs. */
static int find_run(const struct choose *c, char *path, size_t size)
{
	struct stat st;

	if (!stat(c->rerun, &st))
		return ktstr_paths__fmt(path, size, "%s", c->rerun);
	return ktstr_paths__fmt(path, size, "%s/%s", c->runs_root, c->rerun);
}

/* What did not pass in an earlier run is what is included. Returns how many, or minus a status. */
static int include_failed(struct choose *c)
{
	struct tap_file t;
	struct ktstr_err err;
	char path[PATH_MAX];
	unsigned int i;
	int n = 0;

	if (find_run(c, path, sizeof(path)))
		return -complain(1, NULL, "run: --rerun-failed %s: the path is too long", c->rerun);
	if (tap_file__read(&t, path, &err)) {
		tap_file__free(&t);
		return -complain(1, NULL, "run: --rerun-failed: %s", err.msg);
	}
	if (t.nr < t.planned)
		fprintf(stderr, "ktstr: %s: %u of its %u tests have no result and no name there; they are not run\n",
			t.path, t.planned - t.nr, t.planned);
	for (i = 0; i < t.nr; i++) {
		char *id;

		if (t.results[i].status < KTAP_INCONCLUSIVE)
			continue;
		id = strdup(t.results[i].id);
		if (!id || strings__add(&c->select.include, id)) {
			free(id);
			n = -complain(1, NULL, "%s", strerror(ENOMEM));
			break;
		}
		n++;
	}
	tap_file__free(&t);
	return n;
}

static int unknown(const struct choose *c, const struct suite *s, const char *name)
{
	const char *test = name, *hint = NULL;
	size_t i;

	for (i = 0; i < c->select.presets.nr; i++)
		if (c->select.presets.item[i] == name)
			return -complain(WRONG_USAGE, NULL, "run: --preset %s: %s", name,
					 ktstr_preset__find(name) ?
					 "the constraints of every test, or this host, exclude it" :
					 "there is no such preset; ktstr list presets has them");
	if (!strncmp(test, KTSTR_BASE "/", sizeof(KTSTR_BASE)))
		test += sizeof(KTSTR_BASE);
	if (s->tests.nr < 2000 || !strchr(test, '/'))
		hint = ktstr_suggest(test, s->tests.item, s->tests.nr);
	return -complain(WRONG_USAGE, hint, "run: no test is named '%s'", test);
}

/* How long each takes, as far as anybody needs to know it. */
static double *estimate(const struct choose *c, const struct suite *s, unsigned int *measured)
{
	double *seconds = calloc(s->tests.nr + 1, sizeof(*seconds));
	const char *dir = c->costs;
	struct ktstr_err err;
	struct stat st;
	int ret;

	/* shards have to be the same on every machine, so only what the user gives counts */
	if (!dir && !c->select.shard && c->runs_root && !stat(c->runs_root, &st))
		dir = c->runs_root;
	ret = seconds ? costs__estimate(s, dir, seconds, measured, &err) : -ENOMEM;
	if (!ret)
		return seconds;
	complain(1, NULL, "run: --costs: %s", seconds ? err.msg : strerror(ENOMEM));
	free(seconds);
	return NULL;
}

static int apply_budget(const struct choose *c, const struct suite *s, const double *seconds,
			unsigned int measured, bool *chosen, struct document_header *head)
{
	struct budget b = { .seconds = c->budget_s * c->width };

	if (budget__apply(&b, s->tests.item, s->about, seconds, s->tests.nr, chosen))
		return -complain(1, NULL, "%s", strerror(ENOMEM));
	fprintf(stderr, "ktstr budget: %u/%u tests, %.0f/%.0fs used, %u/%u configurations covered\n",
		b.taken, b.offered, b.used, b.seconds, b.covered, b.possible);
	snprintf(head->budget, sizeof(head->budget),
		 "%g s for %u jobs: %u of %u tests, %u of %u features, costs of %u measured",
		 c->budget_s, c->width, b.taken, b.offered, b.covered, b.possible, measured);
	return (int)b.taken;
}

static int apply_shard(const struct choose *c, const struct suite *s, const double *seconds, int nr,
		       bool *chosen, struct document_header *head)
{
	uint32_t digest;
	int n = selection__shard(&c->select, s->tests.item, seconds, s->tests.nr, chosen, &digest);

	if (n < 0)
		return -complain(1, NULL, "%s", strerror(-n));
	snprintf(head->shard, sizeof(head->shard), "%u/%u of %d tests, plan %08x", c->select.shard,
		 c->select.nr_shards, nr, digest);
	return n;
}

/* A variant has the machine of its preset. */
static int check_topology(const struct choose *c, const struct suite *s, const bool *chosen)
{
	size_t i;

	for (i = 0; i < s->tests.nr && c->topology; i++)
		if (chosen[i] && strchr(s->tests.item[i], '/'))
			return -complain(WRONG_USAGE, NULL,
					 "run: --topology excludes gauntlet/%s, whose machine is that of its preset",
					 s->tests.item[i]);
	return 0;
}

int choose__print(const struct suite *s, const bool *chosen)
{
	size_t i;

	for (i = 0; i < s->tests.nr; i++)
		if (chosen[i])
			printf("%s/%s\n", ktstr_id__fixture(s->tests.item[i]), s->tests.item[i]);
	return fflush(stdout) ? complain(1, NULL, "stdout: %s", strerror(errno)) : 0;
}

int choose__tests(struct choose *c, const struct suite *s, bool *chosen,
		  struct document_header *head)
{
	const char *name = NULL;
	unsigned int measured = 0;
	double *seconds;
	int n;

	if (c->rerun) {
		n = include_failed(c);
		if (n < 0)
			return n;
		if (!n) {
			fprintf(stderr, "ktstr: nothing failed in %s\n", c->rerun);
			return 0;
		}
	}
	n = selection__apply(&c->select, s->tests.item, s->ignored, s->tests.nr, chosen, &name);
	if (n < 0)
		return name ? unknown(c, s, name) : -complain(1, NULL, "%s", strerror(-n));
	if (check_topology(c, s, chosen))
		return -WRONG_USAGE;
	if (!n)
		return -complain(WRONG_USAGE, NULL, "run: none of the chosen tests takes such a preset");
	if (!c->budget_s && !c->select.shard)
		return n;
	seconds = estimate(c, s, &measured);
	if (!seconds)
		return -1;
	if (c->budget_s)
		n = apply_budget(c, s, seconds, measured, chosen, head);
	if (n >= 0 && c->select.shard)
		n = apply_shard(c, s, seconds, n, chosen, head);
	free(seconds);
	return n;
}
