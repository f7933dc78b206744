// SPDX-License-Identifier: GPL-2.0
/* The few strings that matter of a cache entry's metadata.json; other keys are not looked at. */
#include <jansson.h>

#include "kernel_priv.h"

json_t *ktstr_kernel_meta__parse(const char *text, size_t len)
{
	json_t *meta = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, NULL);

	if (json_is_object(meta))
		return meta;
	json_decref(meta);
	return NULL;
}

const char *ktstr_kernel_meta__str(const json_t *meta, const char *key, const char *sub)
{
	const json_t *v = json_object_get(meta, key);

	return json_string_value(sub ? json_object_get(v, sub) : v);
}
