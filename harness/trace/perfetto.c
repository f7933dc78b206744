// SPDX-License-Identifier: GPL-2.0
/*
 * Traces as ui.perfetto.dev and trace_processor read them. What the kernel has tracepoints for is an
 * ftrace event, so that the CPUs' and tasks' timelines come by themselves; everything else is a track
 * event on a track of its CPU, with the event's numbers as debug annotations under their names in
 * ktstr_trace_kinds[]. Field numbers are those of Perfetto's protos/perfetto/trace/.
 */
#include <errno.h>
#include <stdio.h>

#include "lib/err.h"
#include "event.h"
#include "proto.h"

enum { TRACE_PACKET = 1 };
enum {
	PACKET_FTRACE_EVENTS = 1, PACKET_TIMESTAMP = 8, PACKET_SEQUENCE_ID = 10,
	PACKET_TRACK_EVENT = 11, PACKET_SEQUENCE_FLAGS = 13, PACKET_SYSTEM_INFO = 45,
	PACKET_TRACK_DESCRIPTOR = 60,
};
enum { SYSTEM_UTSNAME = 1 };
enum { UTSNAME_SYSNAME = 1, UTSNAME_RELEASE = 3 };
enum { BUNDLE_CPU = 1, BUNDLE_EVENT = 2 };
enum {
	FTRACE_TIMESTAMP = 1, FTRACE_PID = 2, FTRACE_SWITCH = 4, FTRACE_WAKEUP = 17,
	FTRACE_WAKING = 20, FTRACE_WAKEUP_NEW = 114,
};
enum {
	SWITCH_PREV_COMM = 1, SWITCH_PREV_PID, SWITCH_PREV_PRIO, SWITCH_PREV_STATE,
	SWITCH_NEXT_COMM, SWITCH_NEXT_PID, SWITCH_NEXT_PRIO,
};
enum { WAKE_COMM = 1, WAKE_PID, WAKE_PRIO, WAKE_SUCCESS, WAKE_TARGET_CPU };
enum { TRACK_UUID = 1, TRACK_NAME = 2 };
enum {
	EVENT_ANNOTATION = 4, EVENT_TYPE = 9, EVENT_TRACK = 11, EVENT_CATEGORY = 22,
	EVENT_NAME = 23,
};
enum { NOTE_UINT = 3, NOTE_INT = 4, NOTE_STRING = 6, NOTE_NAME = 10 };

#define EARLIEST_KERNEL		"6.12"	/* with sched_ext */
#define TYPE_INSTANT		3
#define SEQUENCE		1
#define STATE_CLEARED		1	/* SEQ_INCREMENTAL_STATE_CLEARED */
#define STEPS_TRACK		1
#define CPU_TRACK(_cpu)		(1000 + (uint64_t)(_cpu))

static uint32_t ftrace_field(enum ktstr_trace_kind kind)
{
	switch (kind) {
	case KTSTR_TRACE_SWITCH:
		return FTRACE_SWITCH;
	case KTSTR_TRACE_WAKING:
		return FTRACE_WAKING;
	case KTSTR_TRACE_WAKEUP:
		return FTRACE_WAKEUP;
	case KTSTR_TRACE_NEW:
		return FTRACE_WAKEUP_NEW;
	default:
		return 0;
	}
}

static void put_packet(FILE *f, const struct ktstr_proto *packet)
{
	struct ktstr_proto head = { .len = 0 };

	if (packet->overflow)
		return;		/* cannot be: all texts are shorter */
	proto_varint(&head, TRACE_PACKET << 3 | 2);
	proto_varint(&head, packet->len);
	fwrite(head.buf, 1, head.len, f);
	fwrite(packet->buf, 1, packet->len, f);
}

static void put_track(FILE *f, uint64_t uuid, const char *name)
{
	struct ktstr_proto packet = { .len = 0 }, track = { .len = 0 };

	proto_u64(&track, TRACK_UUID, uuid);
	proto_str(&track, TRACK_NAME, name);
	proto_u64(&packet, PACKET_SEQUENCE_ID, SEQUENCE);
	if (uuid == STEPS_TRACK)
		proto_u64(&packet, PACKET_SEQUENCE_FLAGS, STATE_CLEARED);
	proto_msg(&packet, PACKET_TRACK_DESCRIPTOR, &track);
	put_packet(f, &packet);
}

/* Without it, Perfetto takes the states of tasks for those of a kernel before 4.14. */
static void put_kernel(FILE *f, const char *kernel)
{
	struct ktstr_proto packet = { .len = 0 }, info = { .len = 0 }, name = { .len = 0 };

	proto_str(&name, UTSNAME_SYSNAME, "Linux");
	proto_bytes(&name, UTSNAME_RELEASE, kernel, strnlen(kernel, KTSTR_TRACE_KERNEL - 1));
	proto_msg(&info, SYSTEM_UTSNAME, &name);
	proto_u64(&packet, PACKET_SEQUENCE_ID, SEQUENCE);
	proto_msg(&packet, PACKET_SYSTEM_INFO, &info);
	put_packet(f, &packet);
}

static void begin(void *file, uint32_t nr_cpus, const char *kernel)
{
	char name[32];

	put_kernel(file, kernel && *kernel ? kernel : EARLIEST_KERNEL);
	put_track(file, STEPS_TRACK, "steps of the scenario");
	for (uint32_t cpu = 0; cpu < nr_cpus; cpu++) {
		snprintf(name, sizeof(name), "scheduler, CPU %u", cpu);
		put_track(file, CPU_TRACK(cpu), name);
	}
}

static void put_ftrace(FILE *f, const struct ktstr_trace_event *e)
{
	struct ktstr_proto packet = { .len = 0 }, bundle = { .len = 0 }, event = { .len = 0 };
	struct ktstr_proto m = { .len = 0 };
	uint64_t pid = e->value[KTSTR_SWITCH_PREV_PID];

	if (e->kind == KTSTR_TRACE_SWITCH) {
		proto_str(&m, SWITCH_PREV_COMM, e->text);
		proto_u64(&m, SWITCH_PREV_PID, pid);
		proto_u64(&m, SWITCH_PREV_PRIO, e->value[KTSTR_SWITCH_PREV_PRIO]);
		proto_u64(&m, SWITCH_PREV_STATE, e->value[KTSTR_SWITCH_PREV_STATE]);
		proto_str(&m, SWITCH_NEXT_COMM, e->comm);
		proto_u64(&m, SWITCH_NEXT_PID, (uint64_t)e->pid);
		proto_u64(&m, SWITCH_NEXT_PRIO, e->value[KTSTR_SWITCH_NEXT_PRIO]);
	} else {
		pid = e->value[KTSTR_WAKE_WAKER];
		proto_str(&m, WAKE_COMM, e->comm);
		proto_u64(&m, WAKE_PID, (uint64_t)e->pid);
		proto_u64(&m, WAKE_PRIO, e->value[KTSTR_WAKE_PRIO]);
		proto_u64(&m, WAKE_SUCCESS, 1);
		proto_u64(&m, WAKE_TARGET_CPU, e->value[KTSTR_WAKE_TARGET]);
	}
	proto_u64(&event, FTRACE_TIMESTAMP, e->ns);
	proto_u64(&event, FTRACE_PID, pid);
	proto_msg(&event, ftrace_field(e->kind), &m);
	proto_u64(&bundle, BUNDLE_CPU, e->cpu);
	proto_msg(&bundle, BUNDLE_EVENT, &event);
	proto_msg(&packet, PACKET_FTRACE_EVENTS, &bundle);
	put_packet(f, &packet);
}

static void put_note(struct ktstr_proto *event, const char *name, uint32_t field, uint64_t v,
		     const char *text)
{
	struct ktstr_proto note = { .len = 0 };

	proto_str(&note, NOTE_NAME, name);
	if (text)
		proto_str(&note, field, text);
	else
		proto_u64(&note, field, v);
	proto_msg(event, EVENT_ANNOTATION, &note);
}

static void put_track_event(FILE *f, const struct ktstr_trace_event *e)
{
	const struct ktstr_trace_kind_row *row = &ktstr_trace_kinds[e->kind];
	struct ktstr_proto packet = { .len = 0 }, event = { .len = 0 };

	proto_u64(&event, EVENT_TYPE, TYPE_INSTANT);
	proto_u64(&event, EVENT_TRACK, e->kind == KTSTR_TRACE_STEP ? STEPS_TRACK : CPU_TRACK(e->cpu));
	proto_str(&event, EVENT_CATEGORY, row->name);
	proto_str(&event, EVENT_NAME, row->text && e->text[0] ? e->text : row->name);
	put_note(&event, "cpu", NOTE_UINT, e->cpu, NULL);
	if (e->pid != KTSTR_TRACE_NO_PID) {
		put_note(&event, "pid", NOTE_INT, (uint64_t)(int64_t)e->pid, NULL);
		put_note(&event, "comm", NOTE_STRING, 0, e->comm);
	}
	for (int i = 0; i < KTSTR_TRACE_VALUES && row->value[i]; i++)
		put_note(&event, row->value[i], row->hex[i] ? NOTE_UINT : NOTE_INT, e->value[i],
			 NULL);
	proto_u64(&packet, PACKET_TIMESTAMP, e->ns);
	proto_u64(&packet, PACKET_SEQUENCE_ID, SEQUENCE);
	proto_msg(&packet, PACKET_TRACK_EVENT, &event);
	put_packet(f, &packet);
}

static void event(void *file, const struct ktstr_trace_event *e)
{
	if (ftrace_field(e->kind))
		put_ftrace(file, e);
	else
		put_track_event(file, e);
}

const struct ktstr_trace_format ktstr_trace_perfetto = { .begin = begin, .event = event };

static void take_text(char *to, size_t size, const struct ktstr_proto_field *f)
{
	size_t len = f->len < size - 1 ? f->len : size - 1;

	memcpy(to, f->data, len);
	to[len] = '\0';
}

/* Fields of sched_switch and of the wakings, as numbers of the event; false: damaged. */
static bool read_switch(struct ktstr_trace_event *e, const struct ktstr_proto_field *m)
{
	const uint8_t *p = m->data, *end = p + m->len;
	struct ktstr_proto_field f;
	int ret;

	while ((ret = proto_next(&p, end, &f)) > 0) {
		if (f.nr == SWITCH_PREV_COMM && f.is_bytes)
			take_text(e->text, sizeof(e->text), &f);
		else if (f.nr == SWITCH_NEXT_COMM && f.is_bytes)
			take_text(e->comm, sizeof(e->comm), &f);
		else if (f.nr == SWITCH_NEXT_PID)
			e->pid = (int32_t)f.v;
		else if (f.nr == SWITCH_NEXT_PRIO)
			e->value[KTSTR_SWITCH_NEXT_PRIO] = f.v;
		else if (f.nr >= SWITCH_PREV_PID && f.nr <= SWITCH_PREV_STATE)
			e->value[KTSTR_SWITCH_PREV_PID + f.nr - SWITCH_PREV_PID] = f.v;
	}
	return !ret;
}

static bool read_wake(struct ktstr_trace_event *e, const struct ktstr_proto_field *m)
{
	const uint8_t *p = m->data, *end = p + m->len;
	struct ktstr_proto_field f;
	int ret;

	while ((ret = proto_next(&p, end, &f)) > 0) {
		if (f.nr == WAKE_COMM && f.is_bytes)
			take_text(e->comm, sizeof(e->comm), &f);
		else if (f.nr == WAKE_PID)
			e->pid = (int32_t)f.v;
		else if (f.nr == WAKE_PRIO)
			e->value[KTSTR_WAKE_PRIO] = f.v;
		else if (f.nr == WAKE_TARGET_CPU)
			e->value[KTSTR_WAKE_TARGET] = f.v;
	}
	return !ret;
}

static bool read_ftrace_event(struct ktstr_trace_event *e, const struct ktstr_proto_field *m)
{
	const uint8_t *p = m->data, *end = p + m->len;
	struct ktstr_proto_field f;
	uint64_t pid = 0;
	bool ok = true;
	int ret = 0;

	e->kind = KTSTR_NR_TRACE_KINDS;
	while (ok && (ret = proto_next(&p, end, &f)) > 0) {
		if (f.nr == FTRACE_TIMESTAMP)
			e->ns = f.v;
		else if (f.nr == FTRACE_PID)
			pid = f.v;
		for (enum ktstr_trace_kind k = 0; f.is_bytes && k < KTSTR_NR_TRACE_KINDS; k++)
			if (f.nr == ftrace_field(k)) {
				e->kind = k;
				ok = k == KTSTR_TRACE_SWITCH ? read_switch(e, &f) : read_wake(e, &f);
			}
	}
	if (e->kind == KTSTR_TRACE_WAKING)
		e->value[KTSTR_WAKE_WAKER] = pid;
	return ok && !ret;
}

/* 0, -EBADMSG, -ENOMEM */
static int read_bundle(struct ktstr_trace *t, const struct ktstr_proto_field *m)
{
	const uint8_t *p = m->data, *end = p + m->len;
	struct ktstr_trace_event *e;
	struct ktstr_proto_field f;
	uint32_t cpu = 0;
	int ret;

	while ((ret = proto_next(&p, end, &f)) > 0) {
		if (f.nr == BUNDLE_CPU)
			cpu = (uint32_t)f.v & 0xffff;
		if (f.nr != BUNDLE_EVENT || !f.is_bytes)
			continue;
		e = ktstr_trace__more(t);
		if (!e)
			return -ENOMEM;
		if (!read_ftrace_event(e, &f))
			return -EBADMSG;
		e->cpu = cpu;
		if (e->kind == KTSTR_NR_TRACE_KINDS)
			t->nr--;
	}
	return ret ? -EBADMSG : 0;
}

static bool read_note(struct ktstr_trace_event *e, const struct ktstr_proto_field *m)
{
	const struct ktstr_trace_kind_row *row = &ktstr_trace_kinds[e->kind];
	const uint8_t *p = m->data, *end = p + m->len;
	struct ktstr_proto_field f, text = { .nr = 0 };
	char name[32] = "";
	uint64_t v = 0;
	int ret;

	while ((ret = proto_next(&p, end, &f)) > 0) {
		if (f.nr == NOTE_NAME && f.is_bytes)
			take_text(name, sizeof(name), &f);
		else if (f.nr == NOTE_STRING && f.is_bytes)
			text = f;
		else if (f.nr == NOTE_UINT || f.nr == NOTE_INT)
			v = f.v;
	}
	if (!strcmp(name, "cpu"))
		e->cpu = (uint32_t)v & 0xffff;
	else if (!strcmp(name, "pid"))
		e->pid = (int32_t)v;
	else if (!strcmp(name, "comm") && text.nr)
		take_text(e->comm, sizeof(e->comm), &text);
	for (int i = 0; i < KTSTR_TRACE_VALUES && row->value[i]; i++)
		if (!strcmp(row->value[i], name))
			e->value[i] = v;
	return !ret;
}

static int read_track_event(struct ktstr_trace *t, uint64_t ns, const struct ktstr_proto_field *m)
{
	struct ktstr_trace_event e = { .ns = ns, .kind = KTSTR_NR_TRACE_KINDS, .pid = -1 }, *to;
	const uint8_t *p = m->data, *end = p + m->len;
	struct ktstr_proto_field f;
	char category[32];
	int ret;

	/* the kind first: it says what the notes mean */
	while ((ret = proto_next(&p, end, &f)) > 0) {
		if (f.nr != EVENT_CATEGORY || !f.is_bytes)
			continue;
		take_text(category, sizeof(category), &f);
		e.kind = ktstr_trace_kind__find(category);
	}
	if (ret)
		return -EBADMSG;
	if (e.kind == KTSTR_NR_TRACE_KINDS)
		return 0;
	for (p = m->data; proto_next(&p, end, &f) > 0; ) {
		if (f.nr == EVENT_NAME && f.is_bytes && ktstr_trace_kinds[e.kind].text)
			take_text(e.text, sizeof(e.text), &f);
		if (f.nr == EVENT_ANNOTATION && f.is_bytes && !read_note(&e, &f))
			return -EBADMSG;
	}
	to = ktstr_trace__more(t);
	if (!to)
		return -ENOMEM;
	*to = e;
	return 0;
}

/* The release in a SystemInfo; 0 or -EBADMSG. */
static int read_kernel(struct ktstr_trace *t, const struct ktstr_proto_field *m)
{
	const uint8_t *p = m->data, *end = p + m->len;
	struct ktstr_proto_field f, name = { .nr = 0 };
	int ret;

	while ((ret = proto_next(&p, end, &f)) > 0)
		if (f.nr == SYSTEM_UTSNAME && f.is_bytes)
			name = f;
	if (ret || !name.nr)
		return ret ? -EBADMSG : 0;
	for (p = name.data; (ret = proto_next(&p, name.data + name.len, &f)) > 0; )
		if (f.nr == UTSNAME_RELEASE && f.is_bytes)
			take_text(t->kernel, sizeof(t->kernel), &f);
	return ret ? -EBADMSG : 0;
}

static int read_packet(struct ktstr_trace *t, const struct ktstr_proto_field *packet)
{
	const uint8_t *p = packet->data, *end = p + packet->len;
	struct ktstr_proto_field f, ftrace = { .nr = 0 }, event = { .nr = 0 }, info = { .nr = 0 };
	uint64_t ns = 0;
	int ret;

	while ((ret = proto_next(&p, end, &f)) > 0) {
		if (f.nr == PACKET_TIMESTAMP)
			ns = f.v;
		else if (f.nr == PACKET_FTRACE_EVENTS && f.is_bytes)
			ftrace = f;
		else if (f.nr == PACKET_TRACK_EVENT && f.is_bytes)
			event = f;
		else if (f.nr == PACKET_SYSTEM_INFO && f.is_bytes)
			info = f;
	}
	if (ret || (info.nr && read_kernel(t, &info)))
		return -EBADMSG;
	if (ftrace.nr)
		ret = read_bundle(t, &ftrace);
	if (!ret && event.nr)
		ret = read_track_event(t, ns, &event);
	return ret;
}

int ktstr_trace_perfetto__read(struct ktstr_trace *t, const uint8_t *data, size_t len,
			       struct ktstr_err *err)
{
	const uint8_t *p = data, *end = data + len;
	struct ktstr_proto_field f;
	int ret;

	while ((ret = proto_next(&p, end, &f)) > 0) {
		if (f.nr != TRACE_PACKET || !f.is_bytes)
			continue;
		ret = read_packet(t, &f);
		if (ret == -ENOMEM)
			return ktstr_err(err, ENOMEM, "no memory for the trace");
		if (ret)
			break;
	}
	return ret ? ktstr_err(err, EBADMSG, "no Perfetto trace, or damaged, at byte %zu",
			       (size_t)(p - data)) : 0;
}
