// SPDX-License-Identifier: GPL-2.0
/* See canned.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <ktstr/catalogue.h>

#include "lib/suggest.h"
#include "canned.h"

int canned__choose(const char *what, struct strings *names, const char **hint)
{
	bool all = !strcmp(what, CANNED_ALL), category;
	struct strings known = { 0 };
	const struct ktstr_category *c;
	const struct ktstr_canned *row;
	size_t before = names->nr;
	int ret = 0;

	for (c = ktstr_catalogue; c->name && !ret; c++) {
		category = !strcmp(what, c->name);
		ret = strings__add(&known, c->name);
		for (row = c->rows; row->name && !ret; row++) {
			ret = strings__add(&known, row->name);
			if (!ret && (all || category || !strcmp(what, row->name)))
				ret = strings__add(names, row->name);
		}
	}
	*hint = NULL;
	if (!ret && names->nr == before) {
		*hint = ktstr_suggest(what, known.item, known.nr);
		ret = -ENOENT;
	}
	strings__free(&known);
	return ret;
}

int canned__choose_batch(const char *what, struct strings *names, uint32_t *nr,
			 const char **hint)
{
	static char test[64];		/* one batch a run */
	struct strings known = { 0 };
	const struct ktstr_category *c;
	int ret;

	*hint = NULL;
	*nr = ktstr_batch(what).nr;
	if (*nr) {
		snprintf(test, sizeof(test), CANNED_BATCH "%s", what);
		return strings__add(names, test);
	}
	ret = strings__add(&known, CANNED_ALL);
	for (c = ktstr_catalogue; c->name && !ret; c++)
		ret = strings__add(&known, c->name);
	if (!ret)
		*hint = ktstr_suggest(what, known.item, known.nr);
	strings__free(&known);
	return ret ? ret : -ENOENT;
}
