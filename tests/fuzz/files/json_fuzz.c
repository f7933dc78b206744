// SPDX-License-Identifier: GPL-2.0
/* metadata.json of a kernel cache that others may write to; the JSON that a payload prints. */
#include <ctype.h>
#include <jansson.h>
#include <math.h>

#include "tests/fuzz/fuzz.h"
#include "harness/guest/payload/payload.h"
#include "harness/kernel/kernel_priv.h"

static void seeds(void)
{
	static const char metadata[] =
		"{ \"version\": \"7.3.4\", \"source\": { \"type\": \"distro\", \"n\": [1, -2e3] },\n"
		"  \"config_hash\": null, \"odd\": \"a\\u0041\\n\\\"\", \"has_vmlinux\": false }\n";
	static const char output[] =
		"[1] ready\n{\"jobs\": [{\"read\": {\"iops\": 12.5}}, {\"a b\": 1}], \"\\u00e9\": 2e300}";

	seed("metadata", metadata, strlen(metadata));
	seed("output", output, strlen(output));
}

static void leaf(void *arg, const char *path, double value)
{
	(void)arg;
	must(strlen(path) < KTSTR_METRIC_PATH && isfinite(value));
	for (; *path; path++)
		must(isascii(*path) && isgraph(*path));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *meta = ktstr_kernel_meta__parse((const char *)data, size);

	ktstr_kernel_meta__str(meta, "version", NULL);
	ktstr_kernel_meta__str(meta, "source", "type");
	json_decref(meta);
	ktstr_json_leaves((const char *)data, size, leaf, NULL);
	return 0;
}
