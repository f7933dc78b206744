// SPDX-License-Identifier: GPL-2.0
/* See request.h. */
#include <errno.h>
#include <inttypes.h>
#include <linux/kernel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/parse.h"
#include "request.h"

#define MAX_DIGITS	9	/* behind the point: nanoseconds of a second */

static int parse_ns(const char *text, uint64_t *ns)
{
	static const struct {
		const char *unit;
		uint64_t ns;
	} units[] = { { "s", 1000000000 }, { "", 1000000000 }, { "ms", 1000000 }, { "us", 1000 }, { "ns", 1 } };
	size_t whole = strspn(text, "0123456789"), digits = 0;
	uint64_t v = 0, unit = 0, part = 0, scale = 1;
	const char *rest = text + whole;

	if (*rest == '.')
		digits = strspn(rest + 1, "0123456789");
	if (!whole || whole > 18 || digits > MAX_DIGITS || (*rest == '.' && !digits))
		return -EINVAL;
	for (size_t i = 0; i < whole; i++)
		v = v * 10 + (uint64_t)(text[i] - '0');
	for (size_t i = 0; i < digits; i++, scale *= 10)
		part = part * 10 + (uint64_t)(rest[1 + i] - '0');
	if (digits)
		rest += 1 + digits;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		if (!strcmp(units[i].unit, rest))
			unit = units[i].ns;
	if (!unit || v > UINT64_MAX / 2 / unit)
		return -EINVAL;
	*ns = v * unit + part * unit / scale;
	return 0;
}

int ktstr_replay_time__parse(const char *text, struct ktstr_replay_time *t)
{
	t->machine = *text == '@';
	if (!t->machine && strncmp(text, "t=", 2))
		return -EINVAL;
	return parse_ns(text + (t->machine ? 1 : 2), &t->ns) ?: t->ns ? 0 : -EINVAL;
}

static int parse_clock(const char *value, bool *machine)
{
	*machine = !strcmp(value, "machine");
	return *machine || !strcmp(value, "guest") ? 0 : -EINVAL;
}

static int parse_line(struct ktstr_replay_request *r, const char *key, const char *value)
{
	static const char * const untils[] = {
		[KTSTR_REPLAY_END] = "end", [KTSTR_REPLAY_TIME] = "time",
		[KTSTR_REPLAY_EXIT] = "exit", [KTSTR_REPLAY_EVENT_NTH] = "event",
	};
	const struct {
		const char *key;
		uint64_t *to;
	} numbers[] = {
		{ "ns", &r->at.ns }, { "nth", &r->nth }, { "shake", &r->shake.ns }, { "seed", &r->seed },
	};

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		if (!strcmp(key, numbers[i].key))
			return ktstr_parse_u64(value, 0, UINT64_MAX, numbers[i].to);
	for (size_t i = 0; !strcmp(key, "until") && i < ARRAY_SIZE(untils); i++) {
		if (strcmp(value, untils[i]))
			continue;
		r->until = (enum ktstr_replay_until)i;
		return 0;
	}
	if (!strcmp(key, "clock"))
		return parse_clock(value, &r->at.machine);
	if (!strcmp(key, "shake_clock"))
		return parse_clock(value, &r->shake.machine);
	if (!strcmp(key, "of"))
		return snprintf(r->of, sizeof(r->of), "%s", value) >= (int)sizeof(r->of) ? -EINVAL : 0;
	if (!strcmp(key, "event"))
		return snprintf(r->event, sizeof(r->event), "%s", value) >= (int)sizeof(r->event) ? -EINVAL : 0;
	if (strcmp(key, "do"))
		return -EINVAL;
	if (!strcmp(value, "dump"))
		r->dump = true;
	else if (!strcmp(value, "gdb"))
		r->gdb = true;
	else
		return -EINVAL;
	return 0;
}

int ktstr_replay_request__parse(struct ktstr_replay_request *r, const char *text, struct ktstr_err *err)
{
	char line[PATH_MAX + 16], *eq;
	size_t len;
	int ret = 0;

	memset(r, 0, sizeof(*r));
	for (; *text && !ret; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		if (len >= sizeof(line))
			return ktstr_err(err, EINVAL, "KTSTR_REPLAY: a line is too long");
		memcpy(line, text, len);
		line[len] = '\0';
		eq = strchr(line, '=');
		if (eq)
			*eq = '\0';
		ret = eq ? parse_line(r, line, eq + 1) : -EINVAL;
		if (ret)
			return ktstr_err(err, EINVAL, "KTSTR_REPLAY: \"%.100s%s%.100s\" is not understood; it is for ktstr replay to set",
					 line, eq ? "=" : "", eq ? eq + 1 : "");
	}
	if (r->until == KTSTR_REPLAY_EVENT_NTH && (!*r->event || !r->nth))
		return ktstr_err(err, EINVAL, "KTSTR_REPLAY: until=event needs event and nth");
	if ((r->dump || r->gdb) && r->until == KTSTR_REPLAY_END)
		return ktstr_err(err, EINVAL, "KTSTR_REPLAY: there is nothing to stop at for do=%s",
				 r->dump ? "dump" : "gdb");
	return 0;
}

char *ktstr_replay_request__text(const struct ktstr_replay_request *r)
{
	static const char * const untils[] = { "end", "time", "exit", "event" };
	static const char * const clocks[] = { "guest", "machine" };
	char *text = NULL;

	if (asprintf(&text, "of=%s\nuntil=%s\nns=%" PRIu64 "\nclock=%s\nevent=%s\nnth=%" PRIu64 "\nshake=%" PRIu64 "\nshake_clock=%s\nseed=%" PRIu64 "\n%s%s",
		     r->of, untils[r->until], r->at.ns, clocks[r->at.machine], r->event, r->nth,
		     r->shake.ns, clocks[r->shake.machine], r->seed, r->dump ? "do=dump\n" : "", r->gdb ? "do=gdb\n" : "") < 0)
		return NULL;
	return text;
}
