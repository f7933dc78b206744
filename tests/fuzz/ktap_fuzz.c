// SPDX-License-Identifier: GPL-2.0
/*
 * What a test program prints, in pieces of any size. The reader keeps a bounded part of it,
 * and does not care where the pieces end.
 */
#include "fuzz.h"
#include "tools-testing-ktstr/run/ktap.h"

static void seeds(void)
{
	static const char text[] =
		"\3TAP version 13\n1..1\n# Starting 1 tests from 1 test cases.\n"
		"#  RUN           ktstr.name ...\n# some report\n#            OK  ktstr.name\n"
		"ok 1 ktstr.name # SKIP no kernel\nnot ok 2 ktstr.other\nBail out! bad\n";

	seed("run", text, strlen(text));
}

static void feed(struct ktap_reader *r, const uint8_t *data, size_t size, size_t piece)
{
	ktap_reader__init(r, KTAP_STDOUT, "ktstr", "name");
	while (size) {
		size_t n = size < piece ? size : piece;

		ktap_reader__feed(r, data, n);
		data += n;
		size -= n;
	}
	ktap_reader__finish(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ktap_reader *a, *b;
	struct ktap_verdict v;
	char *diag = NULL;
	size_t len;
	FILE *f;

	if (!size)
		return 0;
	a = malloc(sizeof(*a));
	b = malloc(sizeof(*b));
	must(a && b);
	feed(a, data + 1, size - 1, data[0] + 1u);
	feed(b, data + 1, size - 1, size);
	must(a->status == b->status && a->nr_diag == b->nr_diag && a->results == b->results);
	must(a->nr_diag <= KTAP_MAX_LINES && a->diag_bytes <= KTAP_MAX_BYTES);
	ktap_judge(a, 0, &v);
	must(v.status != KTAP_NONE);
	f = open_memstream(&diag, &len);
	must(f);
	for (unsigned int i = 0; i < a->nr_diag; i++)
		ktap_print_diag(f, a->diag[i]);
	ktap_print_result(f, 1, "ktstr/name", &v, "");
	fclose(f);
	free(diag);
	ktap_reader__free(a);
	ktap_reader__free(b);
	free(a);
	free(b);
	return 0;
}
