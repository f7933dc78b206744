// SPDX-License-Identifier: GPL-2.0
/* What holds for probes of every backend. */
#include "probe.h"

static bool check_fetch(const struct vm_fetch *f)
{
	return f->reg < VM_NR_REGS && f->nr_steps <= VM_FETCH_STEPS && f->size &&
	       f->size <= (f->nr_steps ? VM_FETCH_MAX : 8);
}

unsigned int vm_probe_words(const struct vm_probe *p)
{
	unsigned int words = 0;

	for (uint32_t i = 0; i < p->nr_fetches; i++)
		words += vm_fetch_words(&p->fetch[i]);
	return words;
}

bool vm_probe_check(const struct vm_probe *p)
{
	if (!p->kva || p->nr_fetches > VM_MAX_FETCHES)
		return false;
	for (uint32_t i = 0; i < p->nr_fetches; i++)
		if (!check_fetch(&p->fetch[i]))
			return false;
	return vm_probe_words(p) <= VM_PROBE_WORDS;
}
