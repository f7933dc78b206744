// SPDX-License-Identifier: GPL-2.0
/* A BPF object, as one is found in a scheduler: its instructions are followed to an end. */
#include "tests/fuzz/fuzz.h"
#include "harness/dump/cast/cast.h"
#include "harness/monitor/view/btf_type.h"
#include "lib/paths.h"

static void seeds(void)
{
	static const char * const names[] = {
		"static_function_stores", "value_from_the_stack", "core_read_of_a_chain",
		"in_a_loop", "variable", "rdonly_cast",
	};
	char dir[2048], path[4096];
	static char buf[1 << 16];

	must(!ktstr_paths__exe_dir(dir, sizeof(dir)));
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		FILE *f;
		size_t n;

		/* of the unit test, in the folder of the sanitizers' flavour */
		snprintf(path, sizeof(path), "%s/../../../../san/tests/unit/dump/cast/%s.bpf.o", dir,
			 names[i]);
		f = fopen(path, "r");
		must(f);
		n = fread(buf, 1, sizeof(buf), f);
		fclose(f);
		seed(names[i], buf, n);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ktstr_casts casts;
	struct ktstr_err err = { "" };
	size_t at, len = 0;

	at = ktstr_casts__embedded(data, size, 0, &len);
	must(at == size || (at < size && len <= size - at));
	if (ktstr_casts__analyse(&casts, data, size, &err)) {
		must(err.msg[0] && !casts.nr);
		return 0;
	}
	for (uint32_t i = 0; i < casts.nr; i++) {
		const struct ktstr_cast *hit = &casts.cast[i];
		struct ktstr_btf_type t;

		ktstr_btf__type(casts.btf, hit->target, &t);
		must(*t.name);
		must(ktstr_casts__find(&casts, hit->type, hit->offset) == hit);
	}
	ktstr_casts__free(&casts);
	return 0;
}
