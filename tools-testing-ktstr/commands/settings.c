// SPDX-License-Identifier: GPL-2.0
/* See settings.h. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "harness/plan/override.h"
#include "settings.h"
#include "tools-testing-ktstr/util/util.h"

void settings__export(const struct setting *s, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (s[i].value)
			setenv(s[i].variable, s[i].value, 1);
}

/* What @text says of @s after "VARIABLE" or "VARIABLE=VALUE"; NULL: it does not begin so. */
static const char *behind(const char *text, const struct setting *s)
{
	size_t name = strlen(s->variable), value = strlen(s->value);

	if (strncmp(text, s->variable, name))
		return NULL;
	text += name;
	if (*text == '=' && !strncmp(text + 1, s->value, value))
		return text + 1 + value;
	return *text == ':' || *text == ' ' ? text : NULL;
}

int settings__read(const char *command, const struct setting *s, size_t nr, struct ktstr_run_opts *opts,
		   int otherwise)
{
	const char *rest;
	struct ktstr_err err;
	size_t i;

	if (!ktstr_run_opts__from_env(opts, &err) && !ktstr_override__check(&err))
		return 0;
	for (i = 0; i < nr; i++) {
		rest = s[i].value ? behind(err.msg, &s[i]) : NULL;
		if (rest)
			return complain(WRONG_USAGE, NULL, "%s: --%s %s%s", command, s[i].option, s[i].value,
					rest);
	}
	return complain(otherwise, NULL, "%s", err.msg);
}
