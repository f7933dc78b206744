// SPDX-License-Identifier: GPL-2.0
/* The host's side of probes by BPF programs: see bpf.h. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bpf.h"
#include "harness/model/guest_args.h"
#include "harness/model/seen.h"
#include "harness/monitor/view/btf_type.h"
#include "lib/control.h"
#include "lib/paths.h"
#include "vmm/initramfs/initramfs.h"

#define PROGRAM		"ktstr_probe"
#define MAP_VALUE		"bpf_struct_ops_sched_ext_ops"	/* of a struct_ops map */
#define SET_MS		60000		/* to probe the operations: an emulated guest is slow */
#define TEXT_MAX	(16u << 10)

void ktstr_probe_bpf__args(struct ktstr_guest_args *a)
{
	a->probes = 1;
	a->hold_attach = 1;
	a->attach_timeout_ms += SET_MS;
}

static void fill_point(struct ktstr_probe_point *p, const struct ktstr_probe_target *t)
{
	uint32_t word = 0;

	snprintf(p->name, sizeof(p->name), "%s", t->name);
	p->at = t->at;
	p->nr_args = t->nr_args;
	p->trigger = t->trigger < 0 ? 0 : (uint32_t)t->trigger + 1;
	p->min = t->min;
	p->nr_fetches = t->probe->nr_fetches;
	p->nr_words = vm_probe_words(t->probe);
	memcpy(p->fetch, t->probe->fetch, p->nr_fetches * sizeof(*p->fetch));
	for (uint32_t i = 0; i < p->nr_fetches; i++) {
		p->word[i] = (uint8_t)word;
		word += vm_fetch_words(&p->fetch[i]);
	}
}

static int add_file(struct initramfs *fs, const struct ktstr_btf *btf,
		    const struct ktstr_probe_target *t, unsigned int nr, uint32_t ring_bytes,
		    struct ktstr_err *err)
{
	size_t size = sizeof(struct ktstr_probe_file) + nr * sizeof(struct ktstr_probe_point);
	struct ktstr_probe_file *file = calloc(1, size);
	struct ktstr_btf_field data, member;
	bool has_ops;
	int ret = 0;

	if (!file)
		return ktstr_err(err, ENOMEM, "no memory for probes");
	file->magic = KTSTR_PROBE_MAGIC;
	file->nr = nr;
	file->ring_bytes = ring_bytes;
	file->value_type = ktstr_btf__composite(btf, MAP_VALUE);
	has_ops = file->value_type && !ktstr_btf__field(btf, MAP_VALUE, "data", &data);
	for (unsigned int i = 0; !ret && i < nr; i++) {
		fill_point(&file->point[i], &t[i]);
		if (t[i].at != KTSTR_AT_OP)
			continue;
		ret = has_ops ? 0 : -ENOENT;
		if (ret)
			break;
		ret = ktstr_btf__field(btf, "sched_ext_ops", t[i].name, &member);
		file->point[i].member = ret ? 0 : data.offset + member.offset;
	}
	ret = ret ? ktstr_err(err, -ret, "probes: this kernel's BTF has no %s", MAP_VALUE) :
		    initramfs__add_data(fs, file, size, KTSTR_PROBE_FILE, 0644, err);
	free(file);
	return ret;
}

int ktstr_probe_bpf__pack(struct initramfs *fs, const struct ktstr_btf *btf,
			  const struct ktstr_probe_target *t, unsigned int nr, uint32_t ring_bytes,
			  struct ktstr_err *err)
{
	char path[PATH_MAX];
	int ret = ktstr_paths__beside(path, sizeof(path), PROGRAM);

	if (ret)
		return ktstr_err(err, -ret, "the program that sets probes, %s: %s", path,
				 strerror(-ret));
	for (unsigned int i = 0; i < nr; i++) {
		struct vm_probe p = *t[i].probe;

		p.kva = 1;
		if (nr > VM_MAX_PROBES || !vm_probe_check(&p) ||
		    (ring_bytes && vm_probe_words(&p) > KTSTR_RING_WORDS))
			return ktstr_err(err, EINVAL, "probe %u, %s: makes no sense", i, t[i].name);
	}
	ret = initramfs__add_file(fs, path, KTSTR_PROBE_PROGRAM, true, err);
	return ret ?: add_file(fs, btf, t, nr, ring_bytes, err);
}

/* Where events go, and what they are checked by. */
struct reader {
	const struct vm_probe *probe;
	unsigned int nr;
	vm_probe_fn fn;
	void *arg;			/* of @fn, or */
	ktstr_ring_fn ring;		/* of this */
	uint32_t nr_cpus;
	struct ktstr_probe_told *told;
	FILE *text;
	size_t text_len;
};

static bool read_text(struct reader *r, const uint8_t *data, size_t len)
{
	if (r->text_len + len + 1 > TEXT_MAX)
		return false;
	for (size_t i = 0; i < len; i++)	/* it reaches terminals */
		fputc(ktstr_is_control((char)data[i]) ? '?' : data[i], r->text);
	fputc('\n', r->text);
	r->text_len += len + 1;
	return true;
}

static bool read_state(struct reader *r, const uint8_t *data, size_t len)
{
	struct ktstr_probe_state s;

	if (len != sizeof(s))
		return false;
	memcpy(&s, data, sizeof(s));
	r->told->functions = true;
	r->told->operations |= s.ops;
	memcpy(r->told->how, s.how, sizeof(s.how));
	return true;
}

static bool read_end(struct reader *r, const uint8_t *data, size_t len)
{
	struct ktstr_probe_end e;

	if (len != sizeof(e))
		return false;
	memcpy(&e, data, sizeof(e));
	r->told->ended = true;
	r->told->fired = e.fired;
	r->told->records = e.records;
	r->told->missed = e.missed;
	return true;
}

static bool read_calls(struct reader *r, const uint8_t *data, size_t len)
{
	uint64_t word[VM_PROBE_WORDS];
	struct ktstr_probe_call c;
	size_t size;

	for (data += sizeof(uint32_t), len -= sizeof(uint32_t); len; data += size, len -= size) {
		if (len < sizeof(c))
			return false;
		memcpy(&c, data, sizeof(c));
		size = sizeof(c) + c.nr_words * sizeof(*word);
		if (size > len || !r->fn || c.probe >= r->nr || c.vcpu >= r->nr_cpus ||
		    c.nr_words != vm_probe_words(&r->probe[c.probe]))
			return false;
		/* messages begin at any address */
		memcpy(word, data + sizeof(c), c.nr_words * sizeof(*word));
		r->fn(r->arg, &(struct vm_probe_event) {
			.time_ns = c.time_ns, .vcpu = c.vcpu, .probe = c.probe, .exit = c.exit,
			.have = c.have, .nr_words = c.nr_words, .word = word,
		});
		r->told->events++;
	}
	return true;
}

static bool read_one(struct reader *r, const uint8_t *data, size_t len)
{
	uint32_t says;

	memcpy(&says, data, sizeof(says));
	switch (says) {
	case KTSTR_PROBE_TEXT:
		return read_text(r, data + sizeof(says), len - sizeof(says));
	case KTSTR_PROBE_STATE:
		return read_state(r, data, len);
	case KTSTR_PROBE_CALLS:
		return read_calls(r, data, len);
	case KTSTR_PROBE_END:
		return read_end(r, data, len);
	case KTSTR_PROBE_RING:
		return r->ring && r->ring(r->arg, data, len);
	default:
		return false;
	}
}

/* What was not read yet; the words of the guest are kept behind those of before. */
static int read_more(struct reader *r, const struct ktstr_seen *seen)
{
	const uint8_t *at = seen->probe_says + r->told->read;
	const uint8_t *end = seen->probe_says + seen->probe_len;
	char *before = r->told->text;
	size_t size;

	r->text = open_memstream(&r->told->text, &size);
	if (!r->text) {
		r->told->text = before;
		return -ENOMEM;
	}
	r->text_len = before ? strlen(before) : 0;
	fputs(before ?: "", r->text);
	free(before);
	while (at < end) {
		uint32_t len;

		/* on_probe() of host/messages.c has made the list */
		memcpy(&len, at, sizeof(len));
		if (!read_one(r, at + sizeof(len), len))
			r->told->damaged++;
		at += sizeof(len) + len;
	}
	r->told->read = seen->probe_len;
	return fclose(r->text) ? -ENOMEM : 0;
}

int ktstr_probe_bpf__read(const struct ktstr_seen *seen, const struct vm_probe *p, unsigned int nr,
			  vm_probe_fn fn, void *arg, struct ktstr_probe_told *told)
{
	struct reader r = {
		.probe = p, .nr = nr, .fn = fn, .arg = arg, .nr_cpus = seen->nr_cpus, .told = told,
	};
	int ret;

	memset(told, 0, sizeof(*told));
	ret = read_more(&r, seen);
	told->damaged += seen->dropped_probes;
	return ret;
}

int ktstr_probe_bpf__read_rings(const struct ktstr_seen *seen, ktstr_ring_fn fn, void *arg,
				struct ktstr_probe_told *told)
{
	struct reader r = { .ring = fn, .arg = arg, .told = told };

	return told->read == seen->probe_len ? 0 : read_more(&r, seen);
}

void ktstr_probe_told__free(struct ktstr_probe_told *told)
{
	free(told->text);
	told->text = NULL;
}
