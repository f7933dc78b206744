// SPDX-License-Identifier: GPL-2.0
/* An uncompressed kernel and its kallsyms tables, and the digest that is made of it. */
#include <linux/kernel.h>
#include "tests/fuzz/fuzz.h"
#include "harness/monitor/view/digest.h"
#include "tests/unit/monitor/made_kernel.h"

static void seeds(void)
{
	static const char * const name[] = { "place", "base", "percpu" };
	struct made_image *m = malloc(sizeof(*m));
	struct made_symbol sym[] = {
		{ "T_text", 0 }, { "Dlinux_banner", 0 }, { "tsched_fork", MADE_TEXT + 64 },
		{ "drunqueues", MADE_TEXT + 128 },
	};

	must(m);
	for (enum made_encoding e = MADE_PLACE; e <= MADE_PERCPU; e++) {
		made_kernel(m, e, sym, ARRAY_SIZE(sym), "btf", 3);
		seed(name[e], m->data, m->len);
	}
	free(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ktstr_digest_in in = { .btf = NULL };
	size_t len;
	void *d;

	if (!ktstr_digest__read_elf(&in, data, size, NULL, NULL)) {
		must(in.head.build_id_len <= KTSTR_BUILD_ID_MAX);
		must(!in.btf_len || ((const uint8_t *)in.btf >= data &&
				     (const uint8_t *)in.btf + in.btf_len <= data + size));
		d = ktstr_digest__make(&in, &len);
		must(d && ktstr_digest__check(d, len));
		free(d);
	}
	ktstr_ksyms__free(&in.syms);
	return 0;
}
