// SPDX-License-Identifier: GPL-2.0
/* A trace as a drawing: a lane for each CPU, a colour for each task. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analyse.h"

#define WIDTH	1600
#define LEFT	70
#define LANE	26
#define TOP	30

static double x_of(const struct ktstr_trace *t, uint64_t ns)
{
	uint64_t span = t->to_ns - t->from_ns ?: 1;

	return LEFT + (double)(ns - t->from_ns) / (double)span * WIDTH;
}

static void put_escaped(const char *s, FILE *f)
{
	for (; *s; s++) {
		if (*s == '<' || *s == '&' || *s == '>')
			fprintf(f, "&#%d;", *s);
		else
			fputc((unsigned char)*s < ' ' || (unsigned char)*s > '~' ? '?' : *s, f);
	}
}

static void put_lane(const struct ktstr_trace_cpu *c, const struct ktstr_trace *t, uint32_t cpu, FILE *f)
{
	int y = TOP + (int)cpu * LANE;
	double last = -1;

	fprintf(f, "<text x='4' y='%d'>CPU %u</text>\n", y + 15, cpu);
	for (size_t i = 0; i < c->nr; i++) {
		const struct ktstr_trace_slice *s = &c->slice[i];
		double x = x_of(t, s->from_ns), end = x_of(t, s->to_ns);

		/* what is narrower than a tenth of a pixel, and hidden by what was drawn, is left out */
		if (!s->pid || (end - x < 0.1 && x - last < 0.1))
			continue;
		last = end > x + 0.1 ? end : x + 0.1;
		fprintf(f, "<rect x='%.2f' y='%d' width='%.2f' height='20' fill='hsl(%u,60%%,60%%)'><title>",
			x, y, last - x, (unsigned int)s->pid * 47 % 360);
		put_escaped(s->comm, f);
		fprintf(f, "[%d] %.3f ms at %.6f s</title></rect>\n", s->pid,
			(double)(s->to_ns - s->from_ns) / 1e6, (double)s->from_ns / 1e9);
	}
}

int ktstr_trace_waits__svg(const struct ktstr_trace_waits *w, const struct ktstr_trace *t,
			   const char *task, const char *path)
{
	FILE *f = fopen(path, "we");
	int height = TOP + ((int)w->nr_cpus + 1) * LANE + 10, ret = 0;

	if (!f)
		return -errno;
	fprintf(f, "<svg xmlns='http://www.w3.org/2000/svg' width='%d' height='%d' font-family='sans-serif' font-size='12'>\n",
		LEFT + WIDTH + 10, height);
	fprintf(f, "<text x='%d' y='16'>%.6f s to %.6f s</text>\n", LEFT, (double)t->from_ns / 1e9,
		(double)t->to_ns / 1e9);
	for (uint32_t i = 0; i < w->nr_cpus; i++)
		put_lane(&w->cpu[i], t, i, f);
	for (size_t i = 0; task && i < w->nr; i++) {
		const struct ktstr_trace_wait *x = &w->wait[i];

		if (ktstr_trace__is_task(task, x->pid, x->comm))
			fprintf(f, "<rect x='%.2f' y='%d' width='%.2f' height='8' fill='red'><title>waits %.3f ms</title></rect>\n",
				x_of(t, x->from_ns), TOP + (int)w->nr_cpus * LANE,
				x_of(t, x->to_ns) - x_of(t, x->from_ns) + 0.1,
				(double)(x->to_ns - x->from_ns) / 1e6);
	}
	fputs("</svg>\n", f);
	if (ferror(f))
		ret = -EIO;
	if (fclose(f) && !ret)
		ret = -EIO;
	return ret;
}
