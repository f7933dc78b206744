// SPDX-License-Identifier: GPL-2.0
/* See junit.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/paths.h"
#include "junit.h"

/* Text of XML 1.0: markup escaped; ktap_clean() has removed what it has no characters for. */
static void put_text(FILE *f, const char *text, size_t len)
{
	for (; len; text++, len--) {
		switch (*text) {
		case '&':
			fputs("&amp;", f);
			break;
		case '<':
			fputs("&lt;", f);
			break;
		case '>':
			fputs("&gt;", f);
			break;
		case '"':
			fputs("&quot;", f);
			break;
		default:
			fputc(*text, f);
		}
	}
}

static void put_clean(FILE *f, const char *text)
{
	char clean[KTAP_LINE_LEN];
	size_t len = ktap_clean(clean, sizeof(clean), text, strlen(text));

	put_text(f, clean, len);
}

static void put_attribute(FILE *f, const char *name, const char *value)
{
	fprintf(f, " %s=\"", name);
	put_clean(f, value);
	fputc('"', f);
}

int junit__begin(struct junit *j)
{
	memset(j, 0, sizeof(*j));
	j->cases = open_memstream(&j->cases_text, &j->cases_len);
	return j->cases ? 0 : -ENOMEM;
}

static void put_verdict(struct junit *j, const char *element, const struct junit_case *c)
{
	fprintf(j->cases, "      <%s", element);
	put_attribute(j->cases, "type", ktap_status__name(c->status));
	put_attribute(j->cases, "message",
		      c->status == KTAP_NONE ? "the test did not end" : c->reason);
	fputs("/>\n", j->cases);
}

void junit__case(struct junit *j, const struct junit_case *c)
{
	const char *slash = strrchr(c->id, '/');
	char class[KTAP_LINE_LEN], *p;

	snprintf(class, sizeof(class), "%.*s", slash ? (int)(slash - c->id) : 0, c->id);
	for (p = class; *p; p++)
		if (*p == '/')
			*p = '.';
	fputs("    <testcase", j->cases);
	put_attribute(j->cases, "classname", class);
	put_attribute(j->cases, "name", slash ? slash + 1 : c->id);
	if (c->seconds >= 0) {
		fprintf(j->cases, " time=\"%.3f\"", c->seconds);
		j->seconds += c->seconds;
	}
	fputs(">\n", j->cases);
	j->nr++;
	switch (c->status) {
	case KTAP_PASS:
	case KTAP_XFAIL:
	case KTAP_XPASS:
	case KTAP_FLAKY:
		break;
	case KTAP_SKIP:
		j->skipped++;
		put_verdict(j, "skipped", c);
		break;
	case KTAP_FAIL:
		j->failed++;
		put_verdict(j, "failure", c);
		break;
	case KTAP_NONE:
	case KTAP_INCONCLUSIVE:
	case KTAP_ERROR:
		j->errors++;
		put_verdict(j, "error", c);
		break;
	}
	j->has_output = false;
}

void junit__attempt(struct junit *j, const char *reason)
{
	fputs("      <flakyFailure", j->cases);
	put_attribute(j->cases, "message", reason);
	fputs("/>\n", j->cases);
}

void junit__text(struct junit *j, const char *line)
{
	if (!j->has_output)
		fputs("      <system-out>", j->cases);
	j->has_output = true;
	put_clean(j->cases, line);
	fputc('\n', j->cases);
}

void junit__end_case(struct junit *j)
{
	fprintf(j->cases, "%s    </testcase>\n", j->has_output ? "</system-out>\n" : "");
}

int junit__end(struct junit *j, const char *path, struct ktstr_err *err)
{
	int ret = j->cases && fclose(j->cases) ? -ENOMEM : 0;
	char *text = NULL;
	size_t len;
	FILE *f;

	f = path && !ret ? open_memstream(&text, &len) : NULL;
	if (f) {
		fprintf(f, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
			"<testsuites tests=\"%u\" failures=\"%u\" errors=\"%u\" skipped=\"%u\" time=\"%.3f\">\n"
			"  <testsuite name=\"ktstr\" tests=\"%u\" failures=\"%u\" errors=\"%u\" skipped=\"%u\" time=\"%.3f\">\n",
			j->nr, j->failed, j->errors, j->skipped, j->seconds,
			j->nr, j->failed, j->errors, j->skipped, j->seconds);
		fwrite(j->cases_text, 1, j->cases_len, f);
		fputs("  </testsuite>\n</testsuites>\n", f);
		ret = fclose(f) ? -ENOMEM : ktstr_paths__write(path, text, len);
	} else if (path) {
		ret = -ENOMEM;
	}
	free(text);
	free(j->cases_text);
	return ret ? ktstr_err(err, -ret, "%s: %s", path ?: "JUnit", strerror(-ret)) : 0;
}
