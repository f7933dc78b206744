// SPDX-License-Identifier: GPL-2.0
/* See tally.h. */
#include <linux/kernel.h>

#include "tally.h"

void tally__print(const struct tally *t, FILE *f)
{
	if (t->count[KTAP_INCONCLUSIVE])
		fprintf(f, "# %u of %u tests were inconclusive\n", t->count[KTAP_INCONCLUSIVE], t->nr);
	if (t->count[KTAP_FLAKY])
		fprintf(f, "# %u of %u tests were flaky: they passed only when they were repeated\n",
			t->count[KTAP_FLAKY], t->nr);
	if (t->count[KTAP_SKIP])
		fprintf(f, "# %u of %u tests were skipped\n", t->count[KTAP_SKIP], t->nr);
	if (t->nr_unrecorded)
		fprintf(f, "# %u of %u results could not be recorded\n", t->nr_unrecorded, t->nr);
	fprintf(f, "# Totals: pass:%u fail:%u xfail:%u xpass:%u skip:%u error:%u\n",
		t->count[KTAP_PASS] + t->count[KTAP_FLAKY],
		t->count[KTAP_FAIL] + t->count[KTAP_INCONCLUSIVE],
		t->count[KTAP_XFAIL], t->count[KTAP_XPASS], t->count[KTAP_SKIP],
		t->count[KTAP_ERROR]);
}

int tally__exit_status(const struct tally *t)
{
	unsigned int ended = 0;

	for (size_t i = KTAP_NONE + 1; i < ARRAY_SIZE(t->count); i++)
		ended += t->count[i];
	if (t->count[KTAP_FAIL] || t->count[KTAP_ERROR] || t->nr_unrecorded || ended < t->nr)
		return TALLY_FAILED;
	if (t->count[KTAP_INCONCLUSIVE])
		return TALLY_INCONCLUSIVE;
	if (t->count[KTAP_FLAKY])
		return TALLY_FLAKY;
	return t->count[KTAP_SKIP] == t->nr ? TALLY_SKIPPED : TALLY_PASSED;
}
