// SPDX-License-Identifier: GPL-2.0
/* The host's side of probes: the plugin's is in plugin/probe.c. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/fd.h"
#include "machine.h"

int qemu_probes_open(struct qemu_vm *q, const struct vm_spec *s, struct ktstr_err *err)
{
	struct qemu_probe_area *a;

	if (!s->probes)
		return 0;
	q->give.probes = fd_high(memfd_create("ktstr-probes", MFD_CLOEXEC));
	if (q->give.probes < 0 || ftruncate(q->give.probes, sizeof(*a)))
		return ktstr_err(err, errno, "memory for probes: %s", strerror(errno));
	a = mmap(NULL, sizeof(*a), PROT_READ | PROT_WRITE, MAP_SHARED, q->give.probes, 0);
	if (a == MAP_FAILED)
		return ktstr_err(err, errno, "memory for probes: %s", strerror(errno));
	a->nr_links = s->nr_probe_links;
	if (s->nr_probe_links)
		memcpy(a->link, s->probe_links, s->nr_probe_links * sizeof(*a->link));
	if (s->probe_lens)
		memcpy(a->link_len, s->probe_lens, s->nr_probe_links * sizeof(*a->link_len));
	a->nr_stop_links = s->nr_stop_links;
	if (s->nr_stop_links)
		memcpy(a->stop_link, s->stop_links, s->nr_stop_links * sizeof(*a->stop_link));
	a->stops_by_time = s->stops;
	q->probes = a;
	return 0;
}

void qemu_probes_close(struct qemu_vm *q)
{
	if (q->probes)
		munmap(q->probes, sizeof(*q->probes));
	q->probes = NULL;
}

int qemu_set_probes(struct vm *vm, const struct vm_probe *p, unsigned int nr, vm_probe_fn fn,
		    void *arg)
{
	struct qemu_vm *q = to_qemu(vm);

	if (!q->probes)
		return -EOPNOTSUPP;
	if (!q->at_sync)
		return -EINVAL;
	for (unsigned int i = 0; i < nr; i++)
		if (p[i].kva < UINT64_C(0xffffffff00000000))	/* plugin/probe.c looks there only */
			return -EINVAL;
	/* take_sync() has told what was there */
	if (nr)
		memcpy(q->probes->probe, p, nr * sizeof(*p));
	q->probes->nr_probes = nr;
	q->probes->generation++;
	q->probe_fn = fn;
	q->probe_arg = arg;
	return 0;
}

/* Tell the record at @at of the ring, of at most @room bytes. Its size, or 0: it makes no sense. */
static uint64_t tell(struct qemu_vm *q, uint32_t at, uint64_t room)
{
	const struct qemu_probe_area *a = q->probes;
	struct qemu_probe_record r;
	struct vm_probe_event ev;
	uint64_t rest = QEMU_PROBE_RING - at, size;

	if (rest < sizeof(r))
		return rest <= room ? rest : 0;
	if (room < sizeof(r))
		return 0;
	memcpy(&r, a->ring + at, sizeof(r));
	if (r.probe == QEMU_PROBE_SKIP)
		return rest <= room ? rest : 0;
	size = sizeof(r) + r.nr_words * UINT64_C(8);
	if (size > rest || size > room || r.probe >= a->nr_probes || r.vcpu >= q->nr_cpus ||
	    r.nr_words != vm_probe_words(&a->probe[r.probe]))
		return 0;
	ev = (struct vm_probe_event) {
		.time_ns = r.time_ns, .vcpu = r.vcpu, .probe = r.probe, .exit = r.exit,
		.have = r.have, .nr_words = r.nr_words,
		.word = (const uint64_t *)(a->ring + at + sizeof(r)),
	};
	if (q->probe_fn)
		q->probe_fn(q->probe_arg, &ev);
	return size;
}

bool qemu_probes_drain(struct qemu_vm *q)
{
	struct qemu_probe_area *a = q->probes;
	uint64_t head, tail, size;

	if (!a)
		return true;
	head = __atomic_load_n(&a->head, __ATOMIC_ACQUIRE);
	tail = a->tail;
	if (head - tail > QEMU_PROBE_RING || tail % 8)
		return false;
	for (; tail != head; tail += size) {
		size = tell(q, tail % QEMU_PROBE_RING, head - tail);
		if (!size)
			return false;
	}
	__atomic_store_n(&a->tail, tail, __ATOMIC_RELEASE);
	return true;
}

int qemu_probe_time(struct vm *vm, uint64_t *ns)
{
	struct qemu_vm *q = to_qemu(vm);

	if (!q->probes)
		return -EOPNOTSUPP;
	if (!q->at_sync)
		return -EINVAL;
	*ns = q->probes->stop_ns;
	return 0;
}
