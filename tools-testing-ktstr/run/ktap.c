// SPDX-License-Identifier: GPL-2.0
/*
 * The reader: bytes to lines, lines to results, diagnostics or noise. See ktap.h. Nothing
 * here blocks, exits or prints; running out of memory drops lines, which is counted.
 */
#include <ctype.h>
#include <linux/kernel.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "lib/status.h"
#include "harness/plan/protocol.h"
#include "ktap.h"

#define KSFT_SKIP_STATUS	4

void ktap_reader__init(struct ktap_reader *r, enum ktap_stream stream,
		       const char *fixture, const char *test)
{
	memset(r, 0, sizeof(*r));
	r->stream = stream;
	snprintf(r->want, sizeof(r->want), "%s.%s", fixture, test);
	r->want_name = strchr(r->want, '.') + 1;
}

void ktap_reader__free(struct ktap_reader *r)
{
	unsigned int i;

	for (i = 0; i < r->nr_diag; i++)
		free(r->diag[i]);
	free(r->diag);
	for (i = 0; i < r->nr_noise; i++)
		free(r->noise[i]);
	r->diag = NULL;
	r->nr_diag = r->alloc_diag = r->nr_noise = 0;
}

static bool grow(struct ktap_reader *r)
{
	unsigned int alloc = r->alloc_diag ? 2 * r->alloc_diag : 16;
	char **diag = realloc(r->diag, alloc * sizeof(*diag));

	if (!diag)
		return false;
	r->diag = diag;
	r->alloc_diag = alloc;
	return true;
}

static void keep_diag(struct ktap_reader *r, const char *text)
{
	size_t len = strlen(text) + 1;
	char *copy;

	if (r->nr_diag >= KTAP_MAX_LINES || r->diag_bytes + len > KTAP_MAX_BYTES)
		goto drop;
	if (r->nr_diag == r->alloc_diag && !grow(r))
		goto drop;
	copy = strdup(text);
	if (!copy)
		goto drop;
	r->diag[r->nr_diag++] = copy;
	r->diag_bytes += len;
	return;
drop:
	r->dropped_diag++;
}

static void keep_noise(struct ktap_reader *r, const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		return;
	if (r->nr_noise < KTAP_MAX_NOISE) {
		r->noise[r->nr_noise++] = copy;
		return;
	}
	free(r->noise[r->noise_at]);
	r->noise[r->noise_at] = copy;
	r->noise_at = (r->noise_at + 1) % KTAP_MAX_NOISE;
}

const char *ktap_reader__noise(const struct ktap_reader *r, unsigned int i)
{
	if (i >= r->nr_noise)
		return NULL;
	return r->noise[(r->noise_at + i) % r->nr_noise];
}

const char *ktap_reader__finding(const struct ktap_reader *r)
{
	unsigned int i = 0;

	if (r->nr_diag > 1 && !strncmp(r->diag[0], KTSTR_REPORT_HEAD, strlen(KTSTR_REPORT_HEAD)))
		i++;
	return i < r->nr_diag ? r->diag[i] + strspn(r->diag[i], " ") : "";
}

/*
 * What the harness and kselftest.h print about their own work. Words are separated by any white
 * space; %d is a number, %t the test with and %n without its fixture, %* the rest.
 */
static const char * const chatter[] = {
	"RUN %t ...",
	"OK %t",
	"FAIL %t",
	"%n: Test failed",
	"Starting %d tests from %d test cases.",
	"PASSED: %d / %d tests passed.",
	"FAILED: %d / %d tests passed.",
	"Totals: pass:%*",
	"%d skipped test(s) detected. %*",
	"Planned tests != run tests %*",
	KTSTR_KERNEL_LINE "%*",		/* the document's head has it */
};

static const char *match_word(const struct ktap_reader *r, char what, const char *text)
{
	const char *word = what == 't' ? r->want : r->want_name;

	if (what == 'd') {
		if (!isdigit((unsigned char)*text))
			return NULL;
		return text + strspn(text, "0123456789");
	}
	if (strncmp(text, word, strlen(word)))
		return NULL;
	return text + strlen(word);
}

static bool match(const struct ktap_reader *r, const char *pattern, const char *text)
{
	text += strspn(text, " \t");
	while (*pattern) {
		if (*pattern == '%') {
			if (pattern[1] == '*')
				return true;
			text = match_word(r, pattern[1], text);
			if (!text)
				return false;
			pattern += 2;
		} else if (*pattern == ' ') {
			if (*text != ' ' && *text != '\t')
				return false;
			text += strspn(text, " \t");
			pattern++;
		} else if (*pattern++ != *text++) {
			return false;
		}
	}
	return !*text;
}

static bool is_chatter(const struct ktap_reader *r, const char *text)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(chatter); i++)
		if (match(r, chatter[i], text))
			return true;
	/* The harness's SKIP(): the result line repeats its reason. */
	return r->stream == KTAP_STDERR && !strncmp(text, "     SKIP ", 10);
}

static const struct {
	const char *word;
	enum ktap_status status;
	bool ok, not_ok;	/* what it may stand behind (KTAP: SKIP behind either) */
} directives[] = {
	{ "SKIP",  KTAP_SKIP, true, true },
	{ "XFAIL", KTAP_XFAIL, true, true },
	{ "TODO",  KTAP_XFAIL, true, true },
	{ "XPASS", KTAP_XPASS, true, false },
	{ "INCONCLUSIVE", KTAP_INCONCLUSIVE, false, true },
};

/* @text is what follows '#'. Removes a directive that changes the status from its beginning. */
static enum ktap_status take_directive(const char **text, bool ok)
{
	size_t i, len;

	for (i = 0; i < ARRAY_SIZE(directives); i++) {
		len = strlen(directives[i].word);
		if (strncmp(*text, directives[i].word, len) ||
		    ((*text)[len] && (*text)[len] != ' '))
			continue;
		if (ok ? !directives[i].ok : !directives[i].not_ok)
			continue;
		*text += len;
		*text += strspn(*text, " ");
		return directives[i].status;
	}
	return ok ? KTAP_PASS : KTAP_FAIL;
}

/* "ok 1 ktstr.name # SKIP reason". False when @line is not a result line at all. */
static bool read_result(struct ktap_reader *r, const char *line)
{
	const char *p = line, *name, *note = "";
	enum ktap_status status;
	size_t name_len;
	bool ok = true;

	if (!strncmp(p, "not ", 4)) {
		ok = false;
		p += 4;
	}
	if (strncmp(p, "ok ", 3) || !isdigit((unsigned char)p[3]))
		return false;
	p += 3;
	p += strspn(p, "0123456789");
	if (*p && *p != ' ')
		return false;
	p += strspn(p, " ");
	if (!strncmp(p, "- ", 2))
		p += 2;
	name = p;
	name_len = strcspn(name, "#");
	if (name[name_len])
		note = name + name_len + 1 + strspn(name + name_len + 1, " ");
	while (name_len && name[name_len - 1] == ' ')
		name_len--;
	if (name_len != strlen(r->want) || strncmp(name, r->want, name_len)) {
		r->foreign++;
		return true;
	}
	status = take_directive(&note, ok);
	if (!r->results++ || status > r->status) {
		r->status = status;
		ktap_clean(r->note, sizeof(r->note), note, strlen(note));
	}
	return true;
}

static bool is_structure(const char *line)
{
	size_t digits;

	if (!strncmp(line, "TAP version ", 12) || !strncmp(line, "KTAP version ", 13))
		return true;
	if (strncmp(line, "1..", 3))
		return false;
	digits = strspn(line + 3, "0123456789");
	return digits && (!line[3 + digits] || line[3 + digits] == ' ');
}

static void see_loss(struct ktap_reader *r, const char *diag)
{
	const char *why = diag + strlen(KTSTR_UNRECORDED_LINE);

	if (strncmp(diag, KTSTR_UNRECORDED_LINE, strlen(KTSTR_UNRECORDED_LINE)))
		return;
	r->unrecorded = true;
	ktap_clean(r->unrecorded_why, sizeof(r->unrecorded_why), why, strlen(why));
}

static void end_line(struct ktap_reader *r)
{
	char text[KTAP_LINE_LEN];
	size_t len;

	if (r->len && r->line[r->len - 1] == '\r' && !r->cut)
		r->len--;
	len = ktap_clean(text, sizeof(text), r->line, r->len);
	if (r->cut)
		memcpy(text + (len < sizeof(text) - 4 ? len : sizeof(text) - 4), "...", 4);
	r->len = 0;
	r->cut = false;

	if (text[0] == '#') {
		const char *diag = text + 1 + (text[1] == ' ');

		if (!is_chatter(r, diag))
			keep_diag(r, diag);
		if (r->stream == KTAP_STDOUT)
			see_loss(r, diag);
		return;
	}
	if (r->stream == KTAP_STDOUT) {
		if (is_structure(text) || read_result(r, text))
			return;
		if (!strncmp(text, "Bail out!", 9)) {
			r->bailed = true;
			ktap_clean(r->bail, sizeof(r->bail), text + 9 + (text[9] == ' '),
				   strlen(text + 9 + (text[9] == ' ')));
			return;
		}
	}
	if (text[strspn(text, " \t")])
		keep_noise(r, text);
}

void ktap_reader__feed(struct ktap_reader *r, const void *buf, size_t len)
{
	const char *p = buf, *end = p + len, *nl;
	size_t n, room;

	while (p < end) {
		nl = memchr(p, '\n', end - p);
		n = (nl ? nl : end) - p;
		room = sizeof(r->line) - 1 - r->len;
		if (n > room)
			r->cut = true;
		memcpy(r->line + r->len, p, n < room ? n : room);
		r->len += n < room ? n : room;
		if (!nl)
			return;
		end_line(r);
		p = nl + 1;
	}
}

void ktap_reader__finish(struct ktap_reader *r)
{
	if (r->len || r->cut)
		end_line(r);
}

static void verdict(struct ktap_verdict *v, enum ktap_status status, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void verdict(struct ktap_verdict *v, enum ktap_status status, const char *fmt, ...)
{
	va_list ap;

	v->status = status;
	va_start(ap, fmt);
	vsnprintf(v->note, sizeof(v->note), fmt, ap);
	va_end(ap);
}

static void judge_silence(const struct ktap_reader *out, int status, struct ktap_verdict *v)
{
	if (out->bailed)
		verdict(v, KTAP_ERROR, "the program bailed out: %.200s",
			out->bail[0] ? out->bail : "no reason given");
	else if (out->foreign)
		verdict(v, KTAP_ERROR, "the program printed %u result%s, none of this test",
			out->foreign, out->foreign > 1 ? "s" : "");
	else
		verdict(v, KTAP_ERROR, "the program printed no result (exit status %d)",
			WEXITSTATUS(status));
}

void ktap_judge(const struct ktap_reader *out, int status, struct ktap_verdict *v)
{
	char how[KTSTR_STATUS_SIZE];
	int code;

	if (WIFSIGNALED(status)) {
		verdict(v, KTAP_ERROR, "the program was %s%s",
			ktstr_status__format(status, how, sizeof(how)),
			out->results ? " after its result" : "");
		return;
	}
	code = WEXITSTATUS(status);
	if (out->status == KTAP_NONE) {
		judge_silence(out, status, v);
	} else if (out->results > 1) {
		verdict(v, KTAP_ERROR, "the program printed %u results for one test",
			out->results);
	} else if (out->status == KTAP_FAIL || out->status == KTAP_INCONCLUSIVE) {
		verdict(v, out->status, "%s", out->note);
	} else if (out->bailed) {
		judge_silence(out, status, v);
	} else if (code && !(code == KSFT_SKIP_STATUS && out->status == KTAP_SKIP) &&
		   !(code == KTSTR_EXIT_UNRECORDED && out->unrecorded)) {
		verdict(v, KTAP_ERROR, "the program printed \"%s\" but its exit status is %d",
			ktap_status__name(out->status), code);
	} else {
		verdict(v, out->status, "%s", out->note);
	}
}
