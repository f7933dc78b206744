// SPDX-License-Identifier: GPL-2.0
/*
 * The samples and pages of several workers taken together.
 *
 * Samples are pooled: each one that was kept counts the same, no matter which worker took it.
 * Percentiles are nearest rank. They are found by selection, because sorting would take seconds
 * for the millions of samples that an emulated guest can collect.
 */
#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "judge.h"

static void swap(uint64_t *a, uint64_t *b)
{
	uint64_t t = *a;

	*a = *b;
	*b = t;
}

/* The median of first, middle and last; sorts these three. */
static uint64_t pivot(uint64_t *v, ptrdiff_t first, ptrdiff_t last)
{
	ptrdiff_t mid = first + (last - first) / 2;

	if (v[mid] < v[first])
		swap(&v[mid], &v[first]);
	if (v[last] < v[first])
		swap(&v[last], &v[first]);
	if (v[last] < v[mid])
		swap(&v[last], &v[mid]);
	return v[mid];
}

/* The @k-th smallest (from 0), by Hoare's selection. */
static uint64_t select_kth(uint64_t *v, ptrdiff_t n, ptrdiff_t k)
{
	ptrdiff_t first = 0, last = n - 1, i, j;
	uint64_t p;

	while (first < last) {
		p = pivot(v, first, last);
		for (i = first, j = last; i <= j;) {
			while (v[i] < p)
				i++;
			while (v[j] > p)
				j--;
			if (i <= j)
				swap(&v[i++], &v[j--]);
		}
		/* [first, j] <= pivot, [i, last] >= pivot, and between them is the pivot. */
		if (k <= j)
			last = j;
		else if (k >= i)
			first = i;
		else
			break;
	}
	return v[k];
}

uint64_t ktstr_permille(uint64_t *v, size_t n, unsigned int permille)
{
	size_t rank = (n * permille + 999) / 1000;

	return select_kth(v, n, rank ? rank - 1 : 0);
}

uint64_t ktstr_percentile(uint64_t *v, size_t n, unsigned int percent)
{
	return ktstr_permille(v, n, 10 * percent);
}

static void summarize(uint64_t *v, size_t n, struct ktstr_sample_stats *out)
{
	double mean = 0, squares = 0, d;
	uint64_t max = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		d = (double)v[i] - mean;
		mean += d / (double)(i + 1);
		squares += d * ((double)v[i] - mean);
		max = v[i] > max ? v[i] : max;
	}
	out->mean_us = mean / 1e3;
	out->cv = mean > 0 ? sqrt(squares / (double)n) / mean : 0;
	out->max_us = (double)max / 1e3;
	out->median_us = (double)ktstr_percentile(v, n, 50) / 1e3;
	out->p99_us = (double)ktstr_percentile(v, n, 99) / 1e3;
}

int ktstr_pool(const struct ktstr_group_sample *s, enum ktstr_sample_kind kind,
	       struct ktstr_sample_stats *out)
{
	const struct ktstr_samples *from;
	uint64_t *all;
	size_t n = 0;
	uint32_t i, b;

	memset(out, 0, sizeof(*out));
	for (i = 0; s->samples && i < s->nr; i++) {
		out->total += s->samples[i].kind[kind].total;
		n += s->samples[i].kind[kind].nr;
		for (b = 0; b < 64 && s->samples[i].kind[kind].log2; b++)
			out->log2[b] += s->samples[i].kind[kind].log2[b];
	}
	out->kept = n;
	if (!n)
		return 0;
	all = malloc(n * sizeof(*all));
	if (!all) {
		memset(out, 0, sizeof(*out));
		return -ENOMEM;
	}
	for (i = 0, n = 0; i < s->nr; i++) {
		from = &s->samples[i].kind[kind];
		memcpy(all + n, from->ns, from->nr * sizeof(*all));
		n += from->nr;
	}
	summarize(all, n, out);
	free(all);
	return 0;
}

struct ktstr_page_count ktstr_count_pages(const struct ktstr_worker_report *w,
					  const struct ktstr_cpumask *nodes)
{
	struct ktstr_page_count n = { };
	unsigned int i;

	for (i = 0; w->pages_valid && i < KTSTR_MAX_NODES; i++) {
		n.all += w->node_pages[i];
		if (nodes && ktstr_cpumask__test(nodes, i))
			n.there += w->node_pages[i];
	}
	return n;
}
