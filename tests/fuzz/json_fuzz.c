// SPDX-License-Identifier: GPL-2.0
/* metadata.json of a kernel cache that others may write to. */
/* Links: harness/core/kernel_meta.c */
#include <stdbool.h>

#include "fuzz.h"
#include "../../harness/core/kernel_priv.h"

static void seeds(void)
{
	static const char text[] =
		"{ \"version\": \"7.3.4\", \"source\": { \"type\": \"distro\", \"n\": [1, -2e3] },\n"
		"  \"config_hash\": null, \"odd\": \"a\\u0041\\n\\\"\", \"has_vmlinux\": false }\n";

	seed("metadata", text, strlen(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *json = fuzz_string(data, size), buf[16];

	ktstr_kernel_meta__valid(json);
	if (ktstr_kernel_meta__get(json, "version", NULL, buf, sizeof(buf)))
		must(strlen(buf) < sizeof(buf));
	if (ktstr_kernel_meta__get(json, "source", "type", buf, sizeof(buf)))
		must(strlen(buf) < sizeof(buf));
	free(json);
	return 0;
}
