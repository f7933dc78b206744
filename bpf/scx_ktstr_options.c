// SPDX-License-Identifier: GPL-2.0
/*
 * The options of the fixture scheduler as one table, for arguments and for the lines of a file
 * alike: a new option is a row, and a function if it is of a new kind.
 */
#include <errno.h>
#include <getopt.h>
#include <linux/kernel.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "scx_ktstr.h"
#include "scx_ktstr_options.h"

/* SCX_WATCHDOG_MAX_TIMEOUT is 30 s. */
#define MAX_TIMEOUT_MS	30000
#define MAX_FILE_BYTES	65536

static const char help_fmt[] =
"The fixture scheduler of ktstr: a global FIFO with faults that can be switched on.\n"
"\n"
"Usage: %s [OPTION...]\n"
"\n"
"Faults from the start:\n"
"  --degrade              place tasks on random CPUs, skip every second dispatch\n"
"  --scattershot          place tasks on random CPUs\n"
"  --slow                 skip three of four dispatches\n"
"  --tax                  execute one more instruction in each dispatch\n"
"  --fail-verify          make the verifier reject the scheduler\n"
"  --verify-loop          the same, with a long and repetitive log\n"
"Faults later (a delay counts from the moment the scheduler is attached):\n"
"  --stall-after S        stop dispatching after S seconds, or as soon as the file\n"
"  --stall-after-ms MS    /tmp/ktstr_stall exists\n"
"  --degrade-after S      degrade after S seconds, or as soon as the file\n"
"                         /tmp/ktstr_degrade exists\n"
"  --crash-after MS       call scx_bpf_error() after MS milliseconds\n"
"  --exit-after-ms MS     unregister and leave after MS milliseconds\n"
"  --exit-status N        the status to leave with then, 0 to 255 (default 0)\n"
"  --stop-with HOW        what SIGINT and SIGTERM lead to: a status, 0 to 255, or segv,\n"
"                         abort, hang (default 0)\n"
"  --no-attach            load, do not attach, stay alive\n"
"  --eject-at-start       call scx_bpf_error() while it is being attached\n"
"  --eject-with HOW       be ejected under load for a mistake: bad-dsq, bad-cpu,\n"
"                         double-insert, null-kptr, init-task\n"
"  --stay                 stay alive as a process when it is not the scheduler any more\n"
"  --stats HOW            what asking for statistics leads to: serve (default), none (no\n"
"                         socket), hang, close, garbage, error\n"
"Other:\n"
"  --config FILE          read options from FILE, one a line, without the dashes\n"
"  --timeout-ms N         watchdog timeout, 1 to 30000 (default 20000)\n"
"  --cell-parent-cgroup P accepted and ignored\n"
"  -v, --verbose          print libbpf's debug messages\n"
"  -h, --help             print this\n"
"\n"
"Status: 0 after SIGINT, SIGTERM or an orderly end, 1 when the scheduler could not be\n"
"loaded or was ejected with an error, 2 for wrong usage.\n";

struct parser {
	struct fixture_options *o;
	const char *self;		/* the program's name, for the usage */
	const char *file;		/* NULL: the arguments are being read */
	unsigned int line;
};

struct row {
	const char *name;
	void (*set)(const struct parser *p, const struct row *row, const char *value);
	bool takes_value;
	size_t at;			/* of a switch: offset of its bool */
	enum event event;
	bool arguments_only;
};

static __attribute__((noreturn)) void usage(const char *self, int status)
{
	fprintf(status ? stderr : stdout, help_fmt, self);
	exit(status);
}

/* One line: which argument or which line of the file, and why; for an argument, the usage too. */
static __attribute__((noreturn, format(printf, 2, 3)))
void wrong(const struct parser *p, const char *fmt, ...)
{
	va_list args;

	fputs(PROG ": ", stderr);
	if (p->file)
		fprintf(stderr, "%s:%u: ", p->file, p->line);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	if (!p->file)
		usage(p->self, EXIT_USAGE);
	exit(EXIT_USAGE);
}

/* An option as it is written where it stands. */
static const char *dashes(const struct parser *p)
{
	return p->file ? "" : "--";
}

/* A decimal number from @min to @max, nothing before and nothing after it. */
static uint32_t number(const struct parser *p, const struct row *row, const char *s, uint32_t min,
		       uint32_t max)
{
	unsigned long long v;
	char *end;

	errno = 0;
	v = strtoull(s, &end, 10);
	if (s[0] < '0' || s[0] > '9' || *end || errno || v < min || v > max)
		wrong(p, "%s%s %s: need a number from %u to %u", dashes(p), row->name, s, min, max);
	return v;
}

static void set_switch(const struct parser *p, const struct row *row, const char *value)
{
	(void)value;
	*(bool *)((char *)p->o + row->at) = true;
}

static void set_delay(const struct parser *p, const struct row *row, const char *value, bool seconds)
{
	uint64_t v = number(p, row, value, 0, UINT32_MAX);
	struct event_state *ev = &p->o->ev[row->event];

	ev->set = true;
	ev->delay_ms = seconds ? v * 1000 : v;
	snprintf(ev->delay_text, sizeof(ev->delay_text), "%llu%s", (unsigned long long)v,
		 seconds ? "s" : "ms");
}

static void set_seconds(const struct parser *p, const struct row *row, const char *value)
{
	set_delay(p, row, value, true);
}

static void set_ms(const struct parser *p, const struct row *row, const char *value)
{
	set_delay(p, row, value, false);
}

static void set_timeout(const struct parser *p, const struct row *row, const char *value)
{
	p->o->timeout_ms = number(p, row, value, 1, MAX_TIMEOUT_MS);
}

static void set_exit_status(const struct parser *p, const struct row *row, const char *value)
{
	p->o->exit_status = number(p, row, value, 0, 255);
	p->o->exit_status_set = true;
}

static void set_stop_with(const struct parser *p, const struct row *row, const char *value)
{
	struct fixture_options *o = p->o;

	o->stop_signal = !strcmp(value, "segv") ? SIGSEGV : !strcmp(value, "abort") ? SIGABRT : 0;
	o->stop_hangs = !strcmp(value, "hang");
	if (!o->stop_signal && !o->stop_hangs)
		o->stop_status = number(p, row, value, 0, 255);
}

static void set_stats(const struct parser *p, const struct row *row, const char *value)
{
	static const char * const names[] = {
		[FIXTURE_STATS_SERVE] = "serve", [FIXTURE_STATS_NONE] = "none",
		[FIXTURE_STATS_HANG] = "hang", [FIXTURE_STATS_CLOSE] = "close",
		[FIXTURE_STATS_GARBAGE] = "garbage", [FIXTURE_STATS_ERROR] = "error",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names) && strcmp(names[i], value); i++)
		;
	if (i == ARRAY_SIZE(names))
		wrong(p, "%s%s %s: must be serve, none, hang, close, garbage or error", dashes(p),
		      row->name, value);
	p->o->stats = (enum fixture_stats_how)i;
}

static void set_eject(const struct parser *p, const struct row *row, const char *value)
{
	static const char * const names[KTSTR_NR_EJECTS] = {
		[KTSTR_EJECT_BAD_DSQ] = "bad-dsq", [KTSTR_EJECT_BAD_CPU] = "bad-cpu",
		[KTSTR_EJECT_DOUBLE_INSERT] = "double-insert", [KTSTR_EJECT_NULL_KPTR] = "null-kptr",
		[KTSTR_EJECT_INIT_TASK] = "init-task",
	};
	uint32_t how = KTSTR_EJECT_NONE + 1;

	while (how < KTSTR_NR_EJECTS && strcmp(names[how], value))
		how++;
	if (how == KTSTR_NR_EJECTS)
		wrong(p, "%s%s %s: there is no such mistake", dashes(p), row->name, value);
	p->o->eject_with = how;
}

static void ignore(const struct parser *p, const struct row *row, const char *value)
{
	(void)p;
	(void)row;
	(void)value;
}

static void help(const struct parser *p, const struct row *row, const char *value)
{
	(void)row;
	(void)value;
	usage(p->self, 0);
}

static void read_file(const struct parser *p, const struct row *row, const char *value);

#define SWITCH(_name, _member)							\
	{ _name, set_switch, .at = offsetof(struct fixture_options, _member) }

static const struct row rows[] = {
	SWITCH("degrade", degrade),
	SWITCH("scattershot", scattershot),
	SWITCH("slow", slow),
	SWITCH("tax", tax),
	SWITCH("fail-verify", fail_verify),
	SWITCH("verify-loop", verify_loop),
	SWITCH("no-attach", no_attach),
	SWITCH("eject-at-start", eject_at_start),
	SWITCH("stay", stay),
	SWITCH("verbose", verbose),
	{ "stall-after", set_seconds, true, .event = EV_STALL },
	{ "stall-after-ms", set_ms, true, .event = EV_STALL },
	{ "degrade-after", set_seconds, true, .event = EV_DEGRADE },
	{ "crash-after", set_ms, true, .event = EV_CRASH },
	{ "exit-after-ms", set_ms, true, .event = EV_EXIT },
	{ "exit-status", set_exit_status, true },
	{ "stop-with", set_stop_with, true },
	{ "stats", set_stats, true },
	{ "eject-with", set_eject, true },
	{ "timeout-ms", set_timeout, true },
	{ "cell-parent-cgroup", ignore, true },
	{ "config", read_file, true, .arguments_only = true },
	{ "help", help, .arguments_only = true },
};

/* "timeout-ms 500", "slow". Surrounding blanks are gone already. */
static void set_line(const struct parser *p, char *text)
{
	size_t len = strcspn(text, " \t"), i;
	char *value = text[len] ? text + len + strspn(text + len, " \t") : NULL;

	text[len] = '\0';
	for (i = 0; i < ARRAY_SIZE(rows) && strcmp(rows[i].name, text); i++)
		;
	if (i == ARRAY_SIZE(rows))
		wrong(p, "there is no option %s; a line is an option without its dashes", text);
	if (rows[i].arguments_only)
		wrong(p, "%s is an argument only", text);
	if (rows[i].takes_value && !value)
		wrong(p, "%s needs a value", text);
	if (!rows[i].takes_value && value)
		wrong(p, "%s takes no value, not %s", text, value);
	rows[i].set(p, &rows[i], value);
}

static void read_lines(struct parser *p, FILE *f)
{
	char *line = NULL, *text;
	size_t size = 0, bytes = 0, end;
	ssize_t len;

	while ((len = getline(&line, &size, f)) >= 0) {
		p->line++;
		bytes += len;
		if (memchr(line, '\0', len))
			wrong(p, "there is a NUL byte, so that this is no text");
		if (bytes > MAX_FILE_BYTES)
			wrong(p, "the file goes on beyond %d bytes", MAX_FILE_BYTES);
		text = line + strspn(line, " \t\r\n");
		for (end = strlen(text); end && strchr(" \t\r\n", text[end - 1]); end--)
			text[end - 1] = '\0';
		if (*text && *text != '#')
			set_line(p, text);
	}
	free(line);
}

static void read_file(const struct parser *p, const struct row *row, const char *value)
{
	struct parser in = { .o = p->o, .self = p->self, .file = value };
	const char *why = NULL;
	struct stat st;
	FILE *f = NULL;

	(void)row;
	/* Opening a pipe, or reading a device, might never end. */
	if (!stat(value, &st) && !S_ISREG(st.st_mode))
		why = "not a regular file";
	else
		f = fopen(value, "re");
	if (f)
		read_lines(&in, f);
	if (!f || ferror(f)) {
		fprintf(stderr, PROG ": --config %s: %s\n", value, why ?: strerror(errno));
		exit(EXIT_USAGE);
	}
	fclose(f);
}

void fixture_options__parse(struct fixture_options *o, int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');
	struct parser p = { .o = o, .self = slash ? slash + 1 : argv[0] };
	struct option long_opts[ARRAY_SIZE(rows) + 1] = { };
	int opt, idx;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		long_opts[i] = (struct option){
			rows[i].name, rows[i].takes_value ? required_argument : no_argument,
			NULL, 0,
		};
	while ((opt = getopt_long(argc, argv, "vh", long_opts, &idx)) != -1) {
		if (!opt)
			rows[idx].set(&p, &rows[idx], optarg);
		else if (opt == 'v')
			o->verbose = true;
		else	/* getopt_long() has named what it does not know */
			usage(p.self, opt == 'h' ? 0 : EXIT_USAGE);
	}
	if (optind < argc)
		wrong(&p, "unexpected argument %s", argv[optind]);
	if (o->exit_status_set && !o->ev[EV_EXIT].set)
		wrong(&p, "--exit-status needs --exit-after-ms");
}
