// SPDX-License-Identifier: GPL-2.0
/*
 * A dump file that somebody made: it is refused with a reason, or shown and compared, and no control
 * character of it reaches the terminal.
 */
#include "tests/fuzz/fuzz.h"
#include "harness/dump/file.h"
#include "harness/dump/text.h"

static void seeds(void)
{
	static const char single[] =
		"{\"schema\":\"single\",\"scx_sched_state\":{\"ops\":\"a\"},\"exit_info\":{\"kind\":1026,"
		"\"msg\":\"w[2] failed to run for 1s\"},\"rq_scx_states\":[{\"cpu\":0,\"idle\":true,"
		"\"runnable_tasks\":[\"w[2]\"]}],\"dsq_states\":[{\"id\":\"0x1\",\"origin\":\"user\",\"kva\":5,"
		"\"nr\":1,\"tasks\":[\"w[2]\"]}],\"task_enrichments\":[{\"pid\":2,\"comm\":\"w\","
		"\"waiting\":true,\"runnable_for_ms\":600,\"sched_class\":\"ext\",\"dsq_kva\":5,"
		"\"cpus_allowed\":\"0-3,7\"}],\"maps\":[{\"name\":\"m\",\"entries\":[{\"owner\":\"w[2]\","
		"\"value\":{\"kind\":\"struct\",\"members\":[{\"name\":\"x\",\"value\":{\"kind\":\"array\","
		"\"len\":2,\"elements\":[{\"index\":0,\"count\":2,\"value\":{\"kind\":\"ptr\",\"value\":1,"
		"\"deref\":{\"kind\":\"enum\",\"value\":-1,\"variant\":\"E\"}}}]}}]}}]}]}";
	static const char dual[] =
		"{\"schema\":\"dual\",\"early\":{\"is_placeholder\":true},\"late\":{\"maps\":[{\"ringbuf\":"
		"{\"capacity\":8},\"stack_trace\":{\"entries\":[{\"pcs\":[\"a+0x1\"]}]}}]}}";

	seed("single", single, strlen(single));
	seed("dual", dual, strlen(dual));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ktstr_err err = { .msg = "" };
	struct ktstr_dump_file d;
	char *text = NULL;
	size_t len = 0;
	FILE *f;
	int ret = ktstr_dump_file__parse(&d, (const char *)data, size, &err);

	must(!ret == !err.msg[0]);
	f = ret ? NULL : open_memstream(&text, &len);
	if (f && d.report) {
		ktstr_dump_text__all(d.report, f);
		ktstr_dump_text__screen(d.report, true, f);
		ktstr_dump_text__map(d.report, "m", f);
		ktstr_dump_text__task(d.report, 2, f);
		must(!ktstr_dump_file__diff(d.root, d.root, f));
		ktstr_dump_file__diff(d.report, d.early ?: d.root->first, f);
	}
	if (f)
		fclose(f);
	for (size_t i = 0; i < len; i++)
		must(text[i] == '\n' || ((unsigned char)text[i] >= ' ' && text[i] != 0x7f));
	free(text);
	ktstr_dump_file__close(&d);
	return 0;
}
