// SPDX-License-Identifier: GPL-2.0
/*
 * A trace that somebody made: it is refused with a reason, or its events are within their bounds, and
 * everything that ktstr trace prints of it comes to an end. The first byte says which format it is.
 */
#include <stdlib.h>

#include "tests/fuzz/fuzz.h"
#include "harness/trace/analyse.h"
#include "lib/err.h"

#define MAX_EVENTS	4096	/* of those that are analysed: the rest is more of the same */

static void seeds(void)
{
	static const char csv[] =
		"ctime_ns,cpu,event,pid,comm,text,values\n"
		"1000,0,switch,2,\"b \"\"x\"\"\",\"a\",prev_pid=1 prev_prio=120 prev_state=0x0 next_prio=120\n"
		"2000,0,waking,1,\"a\",,target_cpu=1 prio=120 waker_pid=2\n"
		"2100,1,wakeup,1,\"a\",,target_cpu=1 prio=120\n"
		"2200,1,op,1,\"a\",\"enqueue\",arg0=0 arg1=0x1 arg2=0x0\n"
		"3000,1,switch,1,\"a\",\"swapper/1\",prev_pid=0 prev_prio=120 prev_state=0x0 next_prio=120\n"
		"4000,0,step,,,\"step 1\",\n";
	/* Trace { packet { timestamp, track event } }: enough to get to the fields of a packet */
	static const unsigned char perfetto[] = {
		'p', 0x0a, 0x0e, 0x40, 0xe8, 0x07, 0x0a, 0x09, 0x08, 0x00, 0x12, 0x05, 0x08, 0xe8, 0x07,
		0x10, 0x01,
	};

	seed("csv", csv, sizeof(csv) - 1);
	seed("perfetto", perfetto, sizeof(perfetto));
}

static void analyse(struct ktstr_trace *t)
{
	struct ktstr_trace_waits w = { .cpu = NULL };
	char line[256], *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	for (size_t i = 0; i < t->nr; i++) {
		must(t->event[i].kind < KTSTR_NR_TRACE_KINDS);
		must(strnlen(t->event[i].comm, sizeof(t->event[i].comm)) < sizeof(t->event[i].comm));
		must(strnlen(t->event[i].text, sizeof(t->event[i].text)) < sizeof(t->event[i].text));
		ktstr_trace_event__describe(&t->event[i], line, sizeof(line));
	}
	if (f && t->nr && t->nr <= MAX_EVENTS && t->nr_cpus <= 64) {
		ktstr_trace__diff(t, t, NULL, f);
		ktstr_trace__diff(t, t, "*", f);
		if (!ktstr_trace_waits__find(&w, t))
			ktstr_trace_waits__print(&w, NULL, 10, f);
		ktstr_trace_waits__free(&w);
	}
	if (f)
		fclose(f);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ktstr_err err = { .msg = "" };
	struct ktstr_trace t = { .event = NULL };
	int ret;

	if (!size)
		return 0;
	if (data[0] == 'c')
		ret = ktstr_trace_csv__read(&t, data + 1, size - 1, &err);
	else
		ret = ktstr_trace_perfetto__read(&t, data + 1, size - 1, &err);
	must(!ret == !err.msg[0]);
	if (!ret) {
		ktstr_trace__finish(&t);
		analyse(&t);
	}
	ktstr_trace__free(&t);
	return 0;
}
