// SPDX-License-Identifier: GPL-2.0
/* What bodies and host callbacks can ask: ktstr/inspect.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ktstr/inspect.h>

#include "lib/clock.h"
#include "ctx.h"
#include "registry.h"
#include "seen.h"

#define RECORD_MAX	8192	/* include/linux/printk.h: PRINTK_MESSAGE_MAX and its prefix */

/* The records of @fd, which does not block, up to its end. */
static char *read_records(int fd)
{
	char record[RECORD_MAX + 1], line[RECORD_MAX + 1024], *text = NULL;
	size_t size, body, len;
	ssize_t n;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (;;) {
		n = read(fd, record, sizeof(record) - 1);
		if (n < 0 && (errno == EINTR || errno == EPIPE))
			continue;	/* EPIPE: some were overwritten, the next one follows */
		if (n <= 0)
			break;
		len = ktstr_kmsg__format(record, n, line, sizeof(line), &body);
		if (len)
			fwrite(line + body, 1, len - body, out);
	}
	if (!fclose(out))
		return text;
	free(text);
	errno = ENOMEM;
	return NULL;
}

char *ktstr_read_kmsg(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC), err;
	char *text;

	if (fd < 0)
		return NULL;
	text = read_records(fd);
	err = errno;
	close(fd);
	errno = err;
	return text;
}

void ktstr_send_kmsg(struct ktstr_ctx *ctx, const char *text)
{
	const struct ktstr_msg_output m = { .stream = KTSTR_FROM_BODY };
	size_t len = strlen(text), n;

	for (; len && ctx->output; text += n, len -= n) {
		n = len < KTSTR_OUTPUT_PIECE ? len : KTSTR_OUTPUT_PIECE;
		ctx->output(ctx, &m, text, n);
	}
}

/* "ADDRESS TYPE NAME[\t[MODULE]]" */
static int find_symbol(FILE *f, const char *function, uint64_t *ip)
{
	char *line = NULL, *name, *type;
	int ret = -ENOENT;
	size_t size = 0;

	while (ret == -ENOENT && getline(&line, &size, f) > 0) {
		*ip = strtoull(line, &type, 16);
		if (type == line || *type++ != ' ' || !*type || type[1] != ' ')
			continue;
		name = type + 2;
		name[strcspn(name, "\t\n")] = '\0';
		if (strchr("tTwW", *type) && !strcmp(name, function))
			ret = *ip ? 0 : -EPERM;
	}
	free(line);
	return ret;
}

int ktstr_resolve_func_ip(const char *function, uint64_t *ip)
{
	FILE *f = fopen("/proc/kallsyms", "re");
	int ret;

	if (!f)
		return -errno;
	ret = find_symbol(f, function, ip);
	fclose(f);
	return ret;
}

const struct ktstr_test *ktstr_find_test(const char *name)
{
	struct ktstr_registry r;

	ktstr_registry__get(&r);
	return ktstr_registry__find(&r, name);
}

const struct ktstr_scheduler *ktstr_find_scheduler(const char *name)
{
	struct ktstr_registry r;
	unsigned int i;

	ktstr_registry__get(&r);
	for (i = 0; i < r.nr_schedulers; i++)
		if (!strcmp(r.schedulers[i]->name, name))
			return r.schedulers[i];
	return NULL;
}

/* ---- host callbacks ---- */

const char *ktstr_guest_kmsg(const struct ktstr_result *r)
{
	const struct ktstr_run *run = r->run;
	char *sent;

	if (!run)
		return "";
	if (!run->seen->outputs.from_body.total)
		return run->kmsg ?: "";
	/* freed with the callback's process */
	sent = ktstr_textbuf__str(&run->seen->outputs.from_body);
	return sent ?: "";
}

uint32_t ktstr_nr_stimuli(const struct ktstr_result *r)
{
	return r->run ? r->run->seen->nr_stimuli : 0;
}

bool ktstr_stimulus(const struct ktstr_result *r, uint32_t i, struct ktstr_stimulus_event *event)
{
	const struct ktstr_stimulus *s;
	uint64_t body_ns;

	if (i >= ktstr_nr_stimuli(r))
		return false;
	s = &r->run->seen->stimuli[i];
	body_ns = r->run->seen->body_ns;
	*event = (struct ktstr_stimulus_event){
		.elapsed_ms = s->time_ns > body_ns ? (s->time_ns - body_ns) / NSEC_PER_MSEC : 0,
		.step = s->what.step, .op_kinds = s->what.op_kinds, .cgroups = s->what.cgroups,
		.workers = s->what.workers, .iterations = s->what.iterations,
		.part = s->what.part,
	};
	return true;
}

enum ktstr_outcome ktstr_run_outcome(const struct ktstr_result *r)
{
	return r->run ? r->run->raw : ktstr_result__outcome(r);
}

bool ktstr_guest_succeeded(const struct ktstr_result *r)
{
	const struct ktstr_run *run = r->run;

	return run && run->exited && run->have_result && run->seen->result &&
	       ktstr_result__outcome(run->seen->result) != KTSTR_FAIL;
}

int ktstr_guest_status(const struct ktstr_result *r)
{
	return r->run && r->run->seen->exited ? r->run->seen->exit_status : INT_MIN;
}

bool ktstr_timed_out(const struct ktstr_result *r)
{
	return r->run && r->run->seen->timeout;
}

uint64_t ktstr_guest_ms(const struct ktstr_result *r)
{
	return r->run ? r->run->guest_total_ns / NSEC_PER_MSEC : 0;
}

const char *ktstr_sched_log(const struct ktstr_result *r)
{
	return r->run && r->run->sched_log ? r->run->sched_log : "";
}

const char *ktstr_scx_error(const struct ktstr_result *r)
{
	return r->run && r->run->scx_error ? r->run->scx_error : "";
}
