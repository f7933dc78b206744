// SPDX-License-Identifier: GPL-2.0
/* BTF, which later comes from a guest too: no data leads the reader out of it, nor in circles. */
#include <linux/kernel.h>
#include "fuzz.h"
#include "harness/monitor/view/btf.h"
#include "tests/unit/monitor/made_btf.h"

static void seeds(void)
{
	struct made_btf *b = calloc(1, sizeof(*b));
	uint32_t u32 = made_int(b, "u32", 4, 0), u64 = made_int(b, "u64", 8, 1);
	uint32_t arr = made_array(b, u32, 3), in, ptr;
	struct btf_var_secinfo si = { .offset = 64, .size = 4 };
	struct btf_var var = { .linkage = 1 };

	ptr = made_type(b, "", BTF_KIND_PTR, 0, 0, u64);
	in = made_type(b, "", BTF_KIND_UNION, 2, 0, 16);
	made_member(b, "x", u64, 0, 0);
	made_member(b, "y", arr, 0, 0);
	made_type(b, "rq", BTF_KIND_STRUCT, 4, 1, 48);
	made_member(b, "n", u32, 3, 5);
	made_member(b, "", in, 64, 0);
	made_member(b, "p", ptr, 192, 0);
	made_member(b, "y", arr, 256, 0);
	made_type(b, "e", BTF_KIND_ENUM, 1, 0, 4);
	made_enumerator(b, "x", 1);
	si.type = made_type(b, "v", BTF_KIND_VAR, 0, 0, u32);
	made_put(b, &var, sizeof(var));
	made_type(b, ".data", BTF_KIND_DATASEC, 1, 0, 4);
	made_put(b, &si, sizeof(si));
	seed("made", b->out, made_finish(b));
	free(b);
}

static int any_member(void *arg, const char *name, const struct ktstr_btf_field *f)
{
	size_t *len = arg;

	*len += strlen(name) + f->size;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char * const path[] = { "n", "x", "y[2]", "p", "x.y.n", "[1]", "y", "v", "" };
	struct ktstr_btf_field f;
	struct ktstr_btf *btf;
	size_t total = 0;
	int64_t v;

	if (ktstr_btf__open(&btf, data, size, NULL))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(path); i++)
		if (!ktstr_btf__field(btf, "rq", path[i], &f)) {
			must(f.offset <= INT32_MAX && f.size <= INT32_MAX);
			must(!f.bits || f.bit_offset + f.bits <= f.size * 8);
		}
	for (uint32_t id = 0; id < 32; id++)
		for (size_t i = 0; i < ARRAY_SIZE(path); i++)
			if (!ktstr_btf__field_in(btf, id, path[i], &f)) {
				must(f.offset <= INT32_MAX && f.size <= INT32_MAX);
				ktstr_btf__pointee(btf, &f, &f);
			}
	ktstr_btf__size(btf, "rq");
	ktstr_btf__each_member(btf, "rq", any_member, &total);
	ktstr_btf__enumerator(btf, "e", "x", &v);
	ktstr_btf__enum_name(btf, "e", 1);
	ktstr_btf__var_offset(btf, ".data", "v");
	ktstr_btf__free(btf);
	return 0;
}
