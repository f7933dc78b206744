// SPDX-License-Identifier: GPL-2.0
/* See noise.h. */
#include <math.h>
#include <stdlib.h>

#include "noise.h"

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

void ktstr_sample__of(struct ktstr_sample *s, double *v, size_t nr)
{
	double sum = 0, squares = 0;

	qsort(v, nr, sizeof(*v), ascending);
	for (size_t i = 0; i < nr; i++)
		sum += v[i];
	s->nr = nr;
	s->mean = sum / (double)nr;
	for (size_t i = 0; i < nr; i++)
		squares += (v[i] - s->mean) * (v[i] - s->mean);
	s->sd = nr > 1 ? sqrt(squares / (double)(nr - 1)) : NAN;
	s->median = nr % 2 ? v[nr / 2] : (v[nr / 2 - 1] + v[nr / 2]) / 2;
	s->min = v[0];
	s->max = v[nr - 1];
	/* rounding must not make a spread out of equal values */
	if (s->min == s->max) {
		s->mean = s->min;
		s->sd = nr > 1 ? 0 : NAN;
	}
}

/* The continued fraction of the incomplete beta function (DLMF 8.17.22), by Lentz's method. */
static double beta_fraction(double a, double b, double x)
{
	const double tiny = 1e-300;
	double c = 1, d = 1 - (a + b) * x / (a + 1), h, step;

	d = 1 / (fabs(d) < tiny ? tiny : d);
	h = d;
	for (int m = 1; m <= 300; m++) {
		double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
		double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));

		d = 1 + even * d;
		c = 1 + even / c;
		d = 1 / (fabs(d) < tiny ? tiny : d);
		c = fabs(c) < tiny ? tiny : c;
		h *= d * c;
		d = 1 + odd * d;
		c = 1 + odd / c;
		d = 1 / (fabs(d) < tiny ? tiny : d);
		c = fabs(c) < tiny ? tiny : c;
		step = d * c;
		h *= step;
		if (fabs(step - 1) < 1e-12)
			break;
	}
	return h;
}

/* The regularised incomplete beta function I_x(a, b). */
static double beta(double a, double b, double x)
{
	double front;

	if (x <= 0 || x >= 1)
		return x <= 0 ? 0 : 1;
	front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
	if (x < (a + 1) / (a + b + 2))
		return front * beta_fraction(a, b, x) / a;
	return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

double ktstr_welch_p(const struct ktstr_sample *a, const struct ktstr_sample *b)
{
	double va, vb, t, df;

	if (a->nr < 2 || b->nr < 2)
		return NAN;
	va = a->sd * a->sd / (double)a->nr;
	vb = b->sd * b->sd / (double)b->nr;
	if (!(va + vb > 0))
		return a->mean == b->mean ? 1 : 0;
	t = (b->mean - a->mean) / sqrt(va + vb);
	df = (va + vb) * (va + vb) /
	     (va * va / (double)(a->nr - 1) + vb * vb / (double)(b->nr - 1));
	return beta(df / 2, .5, df / (df + t * t));
}

bool ktstr_samples__disjoint(const struct ktstr_sample *a, const struct ktstr_sample *b)
{
	return a->max < b->min || b->max < a->min;
}
