// SPDX-License-Identifier: GPL-2.0
/*
 * What a sample of the monitor costs the host, for machines of 4 and of 252 CPUs: the symbols and
 * structures of a real kernel, in memory that is put together here. The CPUs' data is spread as in a
 * guest, so that each costs its cache misses. Fails when a sample takes longer than it may.
 *
 *	monitor_bench KERNEL
 */
#include <inttypes.h>

#include "bench_guest.h"

/* Returns whether a sample takes at most @max_us. */
static bool measure(const struct ktstr_kimage *img, uint32_t cpus, unsigned int n, double max_us)
{
	struct ktstr_gmem mem = { .at = at, .end = RAM };
	struct ktstr_monitor m;
	struct ktstr_sample *s;
	struct ktstr_err err;
	uint64_t start;
	double us;
	int ret;

	ret = ktstr_monitor__init(&m, img, &mem, cpus, &err);
	if (ret) {
		fprintf(stderr, "monitor_bench: %s\n", err.msg);
		return false;
	}
	s = ktstr_sample__new(&m);
	ret = s ? ktstr_monitor__sample(&m, s) : -1;
	start = cpu_ns();
	for (unsigned int i = 0; i < n && !ret; i++)
		ret = ktstr_monitor__sample(&m, s);
	us = (double)(cpu_ns() - start) / n / 1000;
	if (ret || !s->have_events || s->cpu[cpus - 1].comm[0] != 'w') {
		fprintf(stderr, "monitor_bench: the sample is not what was put there (%d)\n", ret);
		us = max_us + 1;
	}
	printf("%3u CPUs: %8.1f us a sample, %6.2f us a CPU; it may take %.0f us: %s\n", cpus, us,
	       us / cpus, max_us, us <= max_us ? "ok" : "TOO LONG");
	free(s);
	return us <= max_us;
}

int main(int argc, char **argv)
{
	struct ktstr_kimage *img;
	struct ktstr_err err;
	bool ok;

	if (argc != 2) {
		fprintf(stderr, "usage: monitor_bench KERNEL\n");
		return 1;
	}
	ram = calloc(1, RAM);
	if (!ram || ktstr_kimage__open(&img, argv[1], NULL, &err)) {
		fprintf(stderr, "monitor_bench: %s\n", ram ? err.msg : "no memory");
		return 1;
	}
	put_kernel(img);
	put_cpus(img);
	ok = measure(img, 4, 20000, 200);
	ok &= measure(img, MAX_CPUS, 500, 3000);
	ktstr_kimage__free(img);
	free(ram);
	return !ok;
}
