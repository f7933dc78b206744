// SPDX-License-Identifier: GPL-2.0
/*
 * ktstr_probe: sets the probes of a guest. PID 1 starts it before the scheduler, and talks to it
 * over descriptor KTSTR_PROBE_SOCK; harness/model/probe.h has the whole protocol.
 *
 * Functions of the kernel, and then the programs of the scheduler, get a BPF program at their entry
 * and one at their return. A function to which the kernel attaches none, as one with variable
 * arguments, gets a kprobe. What cannot be probed is told, and is no reason to leave out the rest.
 *
 * A trace wants tracepoints and entries only. Its records stay in ring buffers: the host is told where those
 * are, and nothing is left to do here but to live, as the programs are attached for so long.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "harness/model/probe.h"
#include "ktstr_probe.bpf.skel.h"

#define KPROBE_TYPE	"/sys/bus/event_source/devices/kprobe/type"
#define LOG_SIZE	(256u << 10)
#define MAX_PROGRAMS	(3 * VM_MAX_PROBES)

/* struct probes of the BPF side: in the section .data.probes */
struct probes {
	uint64_t next;
	uint32_t stopped;
};

static const struct ktstr_probe_file *file;
static struct bpf_bpf *skel;
static const struct ktstr_probe_record *records;
static const volatile struct probes *probes;
static struct ktstr_probe_state state = { .says = KTSTR_PROBE_STATE };
static uint32_t op_id[VM_MAX_PROBES];	/* the program that is probed, 0: none yet */
static int programs[MAX_PROGRAMS];	/* that were loaded */
static unsigned int nr_programs;
static char log_buf[LOG_SIZE];

static void post(const void *data, size_t len)
{
	if (send(KTSTR_PROBE_SOCK, data, len, MSG_NOSIGNAL) < 0)
		exit(1);	/* PID 1 has gone */
}

static void __attribute__((format(printf, 1, 2))) say(const char *fmt, ...)
{
	struct {
		uint32_t says;
		char text[512];
	} msg = { .says = KTSTR_PROBE_TEXT };
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(msg.text, sizeof(msg.text), fmt, ap);
	va_end(ap);
	post(&msg, offsetof(typeof(msg), text) + strlen(msg.text));
}

static int fail(const char *what)
{
	say("%s: %s", what, strerror(errno));
	return -1;
}

/* The last line of the verifier, without its figures; "": it said nothing. */
static const char *last_words(void)
{
	char *line, *save, *last = NULL;

	for (line = strtok_r(log_buf, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (strncmp(line, "processed ", strlen("processed ")))
			last = line;
	return last ?: "";
}

static int load(struct bpf_program *from, enum bpf_prog_type type, enum bpf_attach_type at,
		uint32_t btf_id, int target)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = at, .attach_btf_id = btf_id,
		    .attach_prog_fd = (uint32_t)target);
	int fd;

	log_buf[0] = '\0';
	fd = bpf_prog_load(type, bpf_program__name(from), "GPL", bpf_program__insns(from),
			   bpf_program__insn_cnt(from), &opts);
	if (fd >= 0)
		return fd;
	opts.log_buf = log_buf;
	opts.log_size = sizeof(log_buf);
	opts.log_level = 1;
	return bpf_prog_load(type, bpf_program__name(from), "GPL", bpf_program__insns(from),
			     bpf_program__insn_cnt(from), &opts);
}

static void keep(int fd)
{
	if (nr_programs < MAX_PROGRAMS)
		programs[nr_programs++] = fd;
}

/* At the entry or return of the function of type @btf_id: of the kernel, or of program @target. */
static int attach(struct bpf_program *from, enum bpf_attach_type at, uint32_t point, uint32_t btf_id,
		  int target)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .tracing.cookie = point);
	int prog = load(from, BPF_PROG_TYPE_TRACING, at, btf_id, target), link;

	if (prog < 0)
		return prog;
	link = bpf_link_create(prog, 0, at, &opts);
	if (link < 0) {
		close(prog);
		return link;
	}
	keep(prog);		/* and the link, for as long as this process lives */
	return 0;
}

static int kprobe_type(void)
{
	char text[16] = "";
	int fd = open(KPROBE_TYPE, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	close(fd);
	return *text ? atoi(text) : -ENOENT;
}

static int attach_kprobe(uint32_t point)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .perf_event.bpf_cookie = point);
	struct bpf_program *from = file->ring_bytes ? skel->progs.trace_kprobe : skel->progs.on_kprobe;
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.config1 = (uint64_t)(uintptr_t)file->point[point].name,
	};
	int type = kprobe_type(), event, prog;

	if (type < 0)
		return type;
	attr.type = (uint32_t)type;
	event = (int)syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	if (event < 0)
		return -errno;
	prog = load(from, BPF_PROG_TYPE_KPROBE, 0, 0, 0);
	if (prog < 0) {
		close(event);
		return prog;
	}
	if (bpf_link_create(prog, event, BPF_PERF_EVENT, &opts) < 0 ||
	    ioctl(event, PERF_EVENT_IOC_ENABLE, 0)) {
		int ret = -errno;

		close(prog);
		close(event);
		return ret;
	}
	keep(prog);
	return 0;
}

static int attach_tracepoint(uint32_t point)
{
	struct bpf_program * const by_args[KTSTR_RING_ARGS] = {
		skel->progs.trace_tracepoint1, skel->progs.trace_tracepoint2,
		skel->progs.trace_tracepoint3, skel->progs.trace_tracepoint4,
	};
	LIBBPF_OPTS(bpf_raw_tp_opts, opts, .tp_name = file->point[point].name, .cookie = point);
	uint32_t nr = file->point[point].nr_args;
	int prog, link;

	if (!nr || nr > KTSTR_RING_ARGS)
		return -EINVAL;
	prog = load(by_args[nr - 1], BPF_PROG_TYPE_RAW_TRACEPOINT, 0, 0, 0);
	if (prog < 0)
		return prog;
	link = bpf_raw_tracepoint_open_opts(prog, &opts);
	if (link < 0) {
		close(prog);
		return link;
	}
	keep(prog);
	return 0;
}

/*
 * A program at the entry of the function of type @btf_id, of the kernel or of program @target, and if the
 * records are not for a trace one at its return. 0 or -errno; state.how says what there is.
 */
static int attach_both(uint32_t point, uint32_t btf_id, int target, int *at_return)
{
	int ret = attach(file->ring_bytes ? skel->progs.trace_entry : skel->progs.on_entry,
			 BPF_TRACE_FENTRY, point, btf_id, target);

	*at_return = 0;
	if (ret)
		return ret;
	state.how[point] = KTSTR_PROBE_ENTRY;
	if (file->ring_bytes)
		return 0;
	*at_return = attach(skel->progs.on_return, BPF_TRACE_FEXIT, point, btf_id, target);
	if (!*at_return)
		state.how[point] = KTSTR_PROBE_BOTH;
	return 0;
}

static void attach_function(const struct btf *btf, uint32_t i)
{
	const char *name = file->point[i].name;
	int id = btf ? btf__find_by_name_kind(btf, name, BTF_KIND_FUNC) : -ENOENT;
	int ret, unused, kprobe;

	log_buf[0] = '\0';
	ret = id < 0 ? id : attach_both(i, (uint32_t)id, 0, &unused);
	if (!ret)
		return;
	kprobe = attach_kprobe(i);
	if (!kprobe)
		state.how[i] = KTSTR_PROBE_KPROBE;
	else
		say("%s(): %s; as a kprobe: %s%s%.200s", name, strerror(-ret), strerror(-kprobe),
		    log_buf[0] ? "; the kernel says: " : "", last_words());
}

/* Functions of the kernel, and its tracepoints. */
static void attach_kernel(const struct btf *btf)
{
	for (uint32_t i = 0; i < file->nr; i++) {
		const struct ktstr_probe_point *p = &file->point[i];
		int ret;

		if (p->at == KTSTR_AT_FUNCTION)
			attach_function(btf, i);
		if (p->at != KTSTR_AT_TRACEPOINT)
			continue;
		ret = attach_tracepoint(i);
		if (!ret)
			state.how[i] = KTSTR_PROBE_TRACEPOINT;
		else
			say("tracepoint %s: %s%s%.200s", p->name, strerror(-ret),
			    log_buf[0] ? "; the kernel says: " : "", last_words());
	}
}

/* The first function of program @fd, by its BTF id; 0: it has no BTF. */
static uint32_t first_function(int fd)
{
	struct bpf_func_info func = { 0 };
	struct bpf_prog_info info = {
		.nr_func_info = 1, .func_info_rec_size = sizeof(func),
		.func_info = (uint64_t)(uintptr_t)&func,
	};
	uint32_t len = sizeof(info);

	return bpf_prog_get_info_by_fd(fd, &info, &len) ? 0 : func.type_id;
}

/* Operation @i is program @id. */
static void attach_op(uint32_t i, uint32_t id)
{
	const char *name = file->point[i].name;
	int fd = bpf_prog_get_fd_by_id(id), ret, at_return;
	uint32_t func = fd < 0 ? 0 : first_function(fd);

	op_id[i] = id;
	if (!func) {
		say("ops.%s: program %u %s", name, id, fd < 0 ? "cannot be opened" : "has no BTF");
		return;
	}
	ret = attach_both(i, func, fd, &at_return);
	if (ret)
		say("ops.%s: %s%s%.200s", name, strerror(-ret), log_buf[0] ? "; the kernel says: " : "",
		    last_words());
	else if (at_return)
		say("ops.%s: its return: %s", name, strerror(-at_return));
}

/* The operations in a struct_ops map: where its value has a function, it has the program's id. */
static void attach_map(int fd)
{
	struct bpf_map_info info = { 0 };
	uint32_t len = sizeof(info), zero = 0;
	char *value;

	if (bpf_map_get_info_by_fd(fd, &info, &len) || info.type != BPF_MAP_TYPE_STRUCT_OPS ||
	    info.btf_vmlinux_value_type_id != file->value_type)
		return;
	value = calloc(1, info.value_size);
	if (!value || bpf_map_lookup_elem(fd, &zero, value)) {
		say("the operations of %.15s cannot be read: %s", info.name, strerror(errno));
		free(value);
		return;
	}
	for (uint32_t i = 0; i < file->nr; i++) {
		const struct ktstr_probe_point *p = &file->point[i];
		uint64_t id;

		if (p->at != KTSTR_AT_OP || p->member + sizeof(id) > info.value_size)
			continue;
		memcpy(&id, value + p->member, sizeof(id));
		if (id && id <= UINT32_MAX && op_id[i] != id)
			attach_op(i, (uint32_t)id);
	}
	free(value);
}

static void attach_operations(void)
{
	uint32_t id = 0;
	int fd;

	while (!bpf_map_get_next_id(id, &id)) {
		fd = bpf_map_get_fd_by_id(id);
		if (fd < 0)
			continue;	/* it is gone */
		attach_map(fd);
		close(fd);
	}
	state.ops = 1;
}

/* A record as datagrams have it: only the words that are used. */
static size_t put(char *to, const struct ktstr_probe_record *r)
{
	uint32_t nr = r->probe < file->nr ? file->point[r->probe].nr_words : 0;
	struct ktstr_probe_call call = {
		.time_ns = r->time_ns, .probe = (uint16_t)r->probe, .vcpu = (uint16_t)r->vcpu,
		.exit = (uint16_t)r->exit, .nr_words = (uint16_t)nr, .have = r->have,
	};

	memcpy(to, &call, sizeof(call));
	memcpy(to + sizeof(call), r->word, nr * sizeof(*r->word));
	return sizeof(call) + nr * sizeof(*r->word);
}

/* All records that are kept, in their order. One that is still being written is left out. */
static void send_records(void)
{
	static char buf[KTSTR_PROBE_DATAGRAM];
	const uint32_t says = KTSTR_PROBE_CALLS;
	uint64_t last = probes->next, seq;
	size_t len = sizeof(says);

	memcpy(buf, &says, sizeof(says));
	seq = last > KTSTR_PROBE_RECORDS ? last - KTSTR_PROBE_RECORDS + 1 : 1;
	for (; seq <= last; seq++) {
		const struct ktstr_probe_record *r = &records[seq % KTSTR_PROBE_RECORDS];

		if (__atomic_load_n(&r->seq, __ATOMIC_ACQUIRE) != seq)
			continue;
		if (len + sizeof(struct ktstr_probe_call) + sizeof(r->word) > sizeof(buf)) {
			post(buf, len);
			len = sizeof(says);
		}
		len += put(buf + len, r);
	}
	if (len > sizeof(says))
		post(buf, len);
}

static void finish(void)
{
	struct ktstr_probe_end end = {
		.says = KTSTR_PROBE_END,
		.fired = probes ? probes->stopped : 0, .records = probes ? probes->next : 0,
	};

	for (unsigned int i = 0; i < nr_programs; i++) {
		struct bpf_prog_info info = { 0 };
		uint32_t len = sizeof(info);

		if (!bpf_prog_get_info_by_fd(programs[i], &info, &len))
			end.missed += info.recursion_misses;
	}
	post(&end, sizeof(end));
}

static int read_file(void)
{
	int fd = open(KTSTR_PROBE_FILE, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *p;

	if (fd < 0 || fstat(fd, &st))
		return fail(KTSTR_PROBE_FILE);
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return fail(KTSTR_PROBE_FILE);
	file = p;
	if ((size_t)st.st_size < sizeof(*file) || file->magic != KTSTR_PROBE_MAGIC ||
	    file->nr > VM_MAX_PROBES || file->ring_bytes > KTSTR_PROBE_RING_MAX ||
	    (size_t)st.st_size != sizeof(*file) + file->nr * sizeof(*file->point)) {
		errno = EBADMSG;
		return fail(KTSTR_PROBE_FILE);
	}
	return 0;
}

static const void *map_values(const struct bpf_map *map, size_t size)
{
	void *p = mmap(NULL, size, PROT_READ, MAP_SHARED, bpf_map__fd(map), 0);

	return p == MAP_FAILED ? NULL : p;
}

/* The physical addresses of the @nr pages at @p, which are mapped. 0 or -1 with errno. */
static int find_pages(const void *p, uint64_t *gpa, size_t nr, size_t page)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	size_t len = nr * sizeof(*gpa);
	ssize_t n;

	if (fd < 0)
		return -1;
	/* since 7.3, arrays are mapped page by page when they are touched */
	for (size_t i = 0; i < nr; i++)
		(void)((const volatile char *)p)[i * page];
	n = pread(fd, gpa, len, (off_t)((uintptr_t)p / page * sizeof(*gpa)));
	close(fd);
	/* Documentation/admin-guide/mm/pagemap.rst */
	for (size_t i = 0; n == (ssize_t)len && i < nr; i++) {
		if (!(gpa[i] >> 63) || !(gpa[i] << 9)) {
			errno = ENXIO;
			return -1;
		}
		gpa[i] = (gpa[i] & ((UINT64_C(1) << 55) - 1)) * page;
	}
	if (n >= 0 && n != (ssize_t)len)
		errno = EIO;
	return n == (ssize_t)len ? 0 : -1;
}

/* Tell the host where the ring @fd of CPU @cpu is. */
static int tell_ring(uint32_t cpu, int fd, const volatile uint64_t *lost)
{
	static char buf[KTSTR_PROBE_DATAGRAM];
	struct ktstr_probe_ring *msg = (struct ktstr_probe_ring *)buf;
	size_t page = (size_t)getpagesize(), nr = file->ring_bytes / page;
	const char *data;
	void *consumer;

	/* the one page that user space may write to is a mapping of its own */
	consumer = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	data = mmap(NULL, page + file->ring_bytes, PROT_READ, MAP_SHARED, fd, (off_t)page);
	if (consumer == MAP_FAILED || data == MAP_FAILED)
		return -1;
	*msg = (struct ktstr_probe_ring){
		.says = KTSTR_PROBE_RING, .cpu = cpu, .bytes = file->ring_bytes,
		.page_bytes = (uint32_t)page,
	};
	if (find_pages(consumer, &msg->consumer, 1, page) || find_pages(data, &msg->producer, 1, page) ||
	    find_pages(data + page, msg->page, nr, page) ||
	    find_pages((const void *)((uintptr_t)lost & ~(page - 1)), &msg->lost, 1, page))
		return -1;
	msg->lost += (uintptr_t)lost & (page - 1);
	post(msg, sizeof(*msg) + nr * sizeof(*msg->page));
	return 0;
}

/* A ring for each CPU. They and their mappings are there for as long as this process lives. */
static int make_rings(uint32_t nr_cpus)
{
	const uint64_t *losses = map_values(skel->maps.losses, nr_cpus * sizeof(*losses));

	if (!losses)
		return fail("the counts of lost records");
	for (uint32_t cpu = 0; cpu < nr_cpus; cpu++) {
		int fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "trace", 0, 0, file->ring_bytes, NULL);

		if (fd < 0 || bpf_map_update_elem(bpf_map__fd(skel->maps.rings), &cpu, &fd, 0))
			return fail("a ring buffer");
		if (tell_ring(cpu, fd, &losses[cpu]))
			return fail("the place of a ring buffer in memory");
	}
	return 0;
}

static int prepare(void)
{
	int nr_cpus = libbpf_num_possible_cpus();

	skel = bpf_bpf__open();
	if (!skel || nr_cpus < 1 || bpf_map__set_max_entries(skel->maps.rings, (uint32_t)nr_cpus) ||
	    bpf_map__set_max_entries(skel->maps.losses, (uint32_t)nr_cpus) ||
	    bpf_map__set_autocreate(skel->maps.records, !file->ring_bytes) ||
	    bpf_object__prepare(skel->obj))
		return fail("the BPF programs cannot be prepared");
	for (uint32_t i = 0; i < file->nr; i++)
		if (bpf_map_update_elem(bpf_map__fd(skel->maps.points), &i, &file->point[i], 0))
			return fail("points");
	if (file->ring_bytes)
		return make_rings((uint32_t)nr_cpus);
	records = map_values(skel->maps.records, KTSTR_PROBE_RECORDS * sizeof(*records));
	probes = map_values(skel->maps.data_probes, sizeof(*probes));
	return records && probes ? 0 : fail("records");
}

static int on_fired(void *ctx, void *data, size_t size)
{
	(void)ctx;
	(void)data;
	(void)size;
	send_records();
	return 0;
}

/* What PID 1 asks for. False: nothing more. */
static bool serve(struct ring_buffer *ring)
{
	char ask = 0;

	if (recv(KTSTR_PROBE_SOCK, &ask, 1, 0) != 1)
		return false;
	if (ask == KTSTR_PROBE_ATTACH) {
		attach_operations();
		post(&state, sizeof(state));
		return true;
	}
	ring_buffer__consume(ring);
	finish();
	while (file->ring_bytes)	/* a trace ends with the machine */
		pause();
	return false;
}

int main(void)
{
	/* the scheduler under test is not to decide when this runs, and is not to be asked for it */
	const struct sched_param fifo = { .sched_priority = 1 };
	struct ring_buffer *ring;
	struct pollfd fds[2] = { { .fd = KTSTR_PROBE_SOCK, .events = POLLIN } };
	struct btf *btf;

	libbpf_set_print(NULL);
	if (sched_setscheduler(0, SCHED_FIFO, &fifo))
		return fail("SCHED_FIFO"), 1;
	if (read_file() || prepare())
		return 1;
	ring = ring_buffer__new(bpf_map__fd(skel->maps.fired), on_fired, NULL, NULL);
	if (!ring)
		return fail("ring buffer"), 1;
	btf = btf__load_vmlinux_btf();
	attach_kernel(btf);
	btf__free(btf);
	post(&state, sizeof(state));
	fds[1] = (struct pollfd){ .fd = ring_buffer__epoll_fd(ring), .events = POLLIN };
	for (;;) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return fail("poll"), 1;
		if (fds[1].revents)
			ring_buffer__consume(ring);
		if (fds[0].revents && !serve(ring))
			return 0;
	}
}
