// SPDX-License-Identifier: GPL-2.0
/*
 * What a saved machine's vCPUs and interrupt controllers are, as KVM tells it, and putting it back.
 * A row is a section of the state file and a pair of ioctls on one structure; their order is that in
 * which KVM wants them back: the APIC's base before the APIC, the clock of the TSC before a deadline
 * in it.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/kernel.h>
#include <linux/kvm.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "vmm/kvm/kvm.h"
#include "vmm/kvm/state.h"

#define MSR_TSC			0x10
#define MSR_TSC_DEADLINE	0x6e0
#define MAX_MSRS		1024	/* KVM has some 150; MAX_IO_MSRS of arch/x86/kvm/x86.c is 256 */
#define MAX_STRUCT		16384

#define TYPE_MSRS		KVM_STATE_TYPE('m', 's', 'r', 's')

struct row {
	const char *name;
	uint32_t type;
	unsigned long get, set;
	uint32_t bytes;			/* of the structure; 0: what KVM_CAP_XSAVE2 says */
	bool may_lack;			/* CPUs without XSAVE have none, or cannot set it */
	uint32_t index;			/* of a chip: the first word of the structure */
};

#define SIZED(_struct)	.bytes = sizeof(struct _struct)

static const struct row before_msrs[] = {
	{ "SREGS", KVM_STATE_TYPE('s', 'r', 'e', 'g'), KVM_GET_SREGS, KVM_SET_SREGS,
	  SIZED(kvm_sregs) },
};

static const struct row after_msrs[] = {
	{ "LAPIC", KVM_STATE_TYPE('a', 'p', 'i', 'c'), KVM_GET_LAPIC, KVM_SET_LAPIC,
	  SIZED(kvm_lapic_state) },
	{ "REGS", KVM_STATE_TYPE('r', 'e', 'g', 's'), KVM_GET_REGS, KVM_SET_REGS,
	  SIZED(kvm_regs) },
	{ "XCRS", KVM_STATE_TYPE('x', 'c', 'r', 's'), KVM_GET_XCRS, KVM_SET_XCRS,
	  SIZED(kvm_xcrs), .may_lack = true },
	{ "XSAVE", KVM_STATE_TYPE('x', 's', 'a', 'v'), KVM_GET_XSAVE2, KVM_SET_XSAVE },
	{ "DEBUGREGS", KVM_STATE_TYPE('d', 'e', 'b', 'u'), KVM_GET_DEBUGREGS, KVM_SET_DEBUGREGS,
	  SIZED(kvm_debugregs) },
	{ "VCPU_EVENTS", KVM_STATE_TYPE('e', 'v', 'e', 'n'), KVM_GET_VCPU_EVENTS,
	  KVM_SET_VCPU_EVENTS, SIZED(kvm_vcpu_events) },
	{ "MP_STATE", KVM_STATE_TYPE('m', 'p', 's', 't'), KVM_GET_MP_STATE, KVM_SET_MP_STATE,
	  SIZED(kvm_mp_state) },
};

static const struct row of_vm[] = {
	{ "IRQCHIP", KVM_STATE_TYPE('c', 'h', 'i', 'p'), KVM_GET_IRQCHIP, KVM_SET_IRQCHIP,
	  SIZED(kvm_irqchip), .index = KVM_IRQCHIP_PIC_MASTER },
	{ "IRQCHIP", KVM_STATE_TYPE('c', 'h', 'i', 'p'), KVM_GET_IRQCHIP, KVM_SET_IRQCHIP,
	  SIZED(kvm_irqchip), .index = KVM_IRQCHIP_PIC_SLAVE },
	{ "IRQCHIP", KVM_STATE_TYPE('c', 'h', 'i', 'p'), KVM_GET_IRQCHIP, KVM_SET_IRQCHIP,
	  SIZED(kvm_irqchip), .index = KVM_IRQCHIP_IOAPIC },
	{ "PIT2", KVM_STATE_TYPE('p', 'i', 't', '2'), KVM_GET_PIT2, KVM_SET_PIT2,
	  SIZED(kvm_pit_state2) },
	{ "CLOCK", KVM_STATE_TYPE('c', 'l', 'o', 'c'), KVM_GET_CLOCK, KVM_SET_CLOCK,
	  SIZED(kvm_clock_data) },
};

/* The bytes of @row's structure on this host; 0 if they do not fit. */
static uint32_t row_bytes(const struct row *row, int vm_fd)
{
	int n;

	if (row->bytes)
		return row->bytes;
	n = ioctl(vm_fd, KVM_CHECK_EXTENSION, KVM_CAP_XSAVE2);
	/* no such capability: 4096 bytes, and only the older call */
	if (n < (int)sizeof(struct kvm_xsave))
		n = sizeof(struct kvm_xsave);
	return n <= MAX_STRUCT ? (uint32_t)n : 0;
}

static unsigned long getter(const struct row *row, uint32_t bytes)
{
	if (row->get == KVM_GET_XSAVE2 && bytes == sizeof(struct kvm_xsave))
		return KVM_GET_XSAVE;
	return row->get;
}

/* The structure of KVM_GET_CLOCK says with flags what it is; as input only one would be allowed. */
static void before_set(const struct row *row, void *p)
{
	if (row->set == KVM_SET_CLOCK)
		((struct kvm_clock_data *)p)->flags = 0;
}

static int save_row(const struct row *row, int fd, int vm_fd, uint32_t number,
		    struct kvm_state *s, struct ktstr_err *err)
{
	uint64_t room[MAX_STRUCT / sizeof(uint64_t)] = { 0 };
	uint32_t bytes = row_bytes(row, vm_fd);
	int r;

	if (!bytes)
		return ktstr_err(err, E2BIG, "KVM_GET_%s: more than %d bytes", row->name, MAX_STRUCT);
	memcpy(room, &row->index, sizeof(row->index));
	if (ioctl(fd, getter(row, bytes), room)) {
		if (row->may_lack && errno == EINVAL)
			return 0;
		return ktstr_err(err, errno, "KVM_GET_%s: %s", row->name, strerror(errno));
	}
	r = kvm_state_put(s, row->type, number, room, bytes);
	return r ? ktstr_err(err, -r, "saved state: %s", strerror(-r)) : 0;
}

static int load_row(const struct row *row, int fd, int vm_fd, uint32_t number,
		    const struct kvm_state *s, struct ktstr_err *err)
{
	uint64_t room[MAX_STRUCT / sizeof(uint64_t)], now[sizeof(struct kvm_xcrs) / 8 + 1] = { 0 };
	uint32_t want = row_bytes(row, vm_fd), bytes = 0;
	const void *p = kvm_state_get(s, row->type, number, &bytes);

	if (!p && row->may_lack)
		return 0;
	if (!p || !want || bytes != want)
		return ktstr_err(err, EBADMSG, "saved state: %" PRIu32 " bytes for KVM_SET_%s, not %" PRIu32,
				 bytes, row->name, want);
	memcpy(room, p, bytes);
	/* of a chip: which one it is may not come from the file */
	if (row->set == KVM_SET_IRQCHIP)
		memcpy(room, &row->index, sizeof(row->index));
	before_set(row, room);
	if (row->may_lack && !ioctl(fd, row->get, now) && !memcmp(now, room, bytes))
		return 0;
	if (ioctl(fd, row->set, room))
		return ktstr_err(err, errno, "KVM_SET_%s: %s", row->name, strerror(errno));
	return 0;
}

static struct kvm_msr_list *msr_list(int kvm_fd, struct ktstr_err *err)
{
	struct kvm_msr_list *l = calloc(1, sizeof(*l) + MAX_MSRS * sizeof(l->indices[0]));

	if (!l) {
		ktstr_err(err, ENOMEM, "out of memory");
		return NULL;
	}
	l->nmsrs = MAX_MSRS;
	if (!ioctl(kvm_fd, KVM_GET_MSR_INDEX_LIST, l) && l->nmsrs <= MAX_MSRS)
		return l;
	ktstr_err(err, errno, "KVM_GET_MSR_INDEX_LIST: %s", strerror(errno));
	free(l);
	return NULL;
}

/* One MSR: @how is KVM_GET_MSRS or KVM_SET_MSRS. */
static int one_msr(int fd, unsigned long how, struct kvm_msr_entry *e)
{
	uint64_t room[(sizeof(struct kvm_msrs) + sizeof(*e)) / sizeof(uint64_t)] = { 0 };
	struct kvm_msrs *m = (struct kvm_msrs *)room;

	m->nmsrs = 1;
	memcpy(m->entries, e, sizeof(*e));
	/* how many it did, or -1 */
	if (ioctl(fd, how, m) != 1)
		return -EINVAL;
	memcpy(e, m->entries, sizeof(*e));
	return 0;
}

static int save_msrs(int kvm_fd, int fd, uint32_t cpu, struct kvm_state *s, struct ktstr_err *err)
{
	struct kvm_msr_list *l = msr_list(kvm_fd, err);
	struct kvm_msr_entry *e;
	uint32_t n = 0;
	int r;

	if (!l)
		return -EIO;
	e = calloc(l->nmsrs, sizeof(*e));
	for (uint32_t i = 0; e && i < l->nmsrs; i++) {
		e[n] = (struct kvm_msr_entry){ .index = l->indices[i] };
		/* the list is of the host; this vCPU may lack some */
		n += !one_msr(fd, KVM_GET_MSRS, &e[n]);
	}
	r = e ? kvm_state_put(s, TYPE_MSRS, cpu, e, n * (uint32_t)sizeof(*e)) : -ENOMEM;
	free(e);
	free(l);
	return r ? ktstr_err(err, -r, "saved state: %s", strerror(-r)) : 0;
}

/* The MSRs of @cpu. NULL with @err: there are none, or the section is no list of them. */
static const struct kvm_msr_entry *saved_msrs(const struct kvm_state *s, uint32_t cpu, uint32_t *nr,
					      struct ktstr_err *err)
{
	uint32_t bytes = 0;
	const struct kvm_msr_entry *e = kvm_state_get(s, TYPE_MSRS, cpu, &bytes);

	*nr = bytes / (uint32_t)sizeof(*e);
	if (e && *nr <= MAX_MSRS && !(bytes % sizeof(*e)))
		return e;
	ktstr_err(err, EBADMSG, "saved state: no MSRs of vCPU %" PRIu32, cpu);
	return NULL;
}

static uint64_t find_msr(const struct kvm_msr_entry *e, uint32_t nr, uint32_t index)
{
	for (uint32_t i = 0; i < nr; i++)
		if (e[i].index == index)
			return e[i].data;
	return 0;
}

/*
 * Many MSRs are there to read only, or may not be written as they are read; these have their value
 * already. The deadline is for later.
 */
static int load_msrs(int fd, uint32_t cpu, const struct kvm_state *s, struct ktstr_err *err)
{
	uint32_t nr, nr_first;
	const struct kvm_msr_entry *e = saved_msrs(s, cpu, &nr, err);
	const struct kvm_msr_entry *first = saved_msrs(s, 0, &nr_first, err);

	if (!e || !first)
		return -EBADMSG;
	for (uint32_t i = 0; i < nr; i++) {
		struct kvm_msr_entry now = { .index = e[i].index }, want = e[i];

		if (want.index == MSR_TSC_DEADLINE)
			continue;
		/* they were read one after the other, but all CPUs have one TSC */
		if (want.index == MSR_TSC)
			want.data = find_msr(first, nr_first, MSR_TSC);
		else if (!one_msr(fd, KVM_GET_MSRS, &now) && now.data == want.data)
			continue;
		if (one_msr(fd, KVM_SET_MSRS, &want))
			return ktstr_err(err, EINVAL, "KVM_SET_MSRS: %#" PRIx32 " does not take %#" PRIx64,
					 (uint32_t)want.index, (uint64_t)want.data);
	}
	return 0;
}

static int load_deadline(int fd, uint32_t cpu, const struct kvm_state *s, struct ktstr_err *err)
{
	uint32_t nr;
	const struct kvm_msr_entry *e = saved_msrs(s, cpu, &nr, err);
	struct kvm_msr_entry want = { .index = MSR_TSC_DEADLINE };

	if (!e)
		return -EBADMSG;
	want.data = find_msr(e, nr, MSR_TSC_DEADLINE);
	if (want.data && one_msr(fd, KVM_SET_MSRS, &want))
		return ktstr_err(err, EINVAL, "KVM_SET_MSRS: the TSC deadline");
	return 0;
}

static int save_rows(const struct row *row, size_t nr, int fd, int vm_fd, uint32_t number,
		     struct kvm_state *s, struct ktstr_err *err)
{
	int r = 0;

	for (size_t i = 0; i < nr && !r; i++)
		r = save_row(&row[i], fd, vm_fd, number + row[i].index, s, err);
	return r;
}

static int load_rows(const struct row *row, size_t nr, int fd, int vm_fd, uint32_t number,
		     const struct kvm_state *s, struct ktstr_err *err)
{
	int r = 0;

	for (size_t i = 0; i < nr && !r; i++)
		r = load_row(&row[i], fd, vm_fd, number + row[i].index, s, err);
	return r;
}

int kvm_arch_save(struct kvm_machine *m, struct kvm_state *s, struct ktstr_err *err)
{
	int r = 0;

	for (uint32_t i = 0; i < m->nr_vcpus && !r; i++) {
		int fd = m->vcpu[i].fd;

		r = save_rows(before_msrs, ARRAY_SIZE(before_msrs), fd, m->fd, i, s, err);
		if (!r)
			r = save_msrs(m->kvm_fd, fd, i, s, err);
		if (!r)
			r = save_rows(after_msrs, ARRAY_SIZE(after_msrs), fd, m->fd, i, s, err);
	}
	return r ? r : save_rows(of_vm, ARRAY_SIZE(of_vm), m->fd, m->fd, 0, s, err);
}

int kvm_arch_load(struct kvm_machine *m, const struct kvm_state *s, struct ktstr_err *err)
{
	int r = 0;

	for (uint32_t i = 0; i < m->nr_vcpus && !r; i++) {
		int fd = m->vcpu[i].fd;

		r = load_rows(before_msrs, ARRAY_SIZE(before_msrs), fd, m->fd, i, s, err);
		if (!r)
			r = load_msrs(fd, i, s, err);
		if (!r)
			r = load_rows(after_msrs, ARRAY_SIZE(after_msrs), fd, m->fd, i, s, err);
		if (!r)
			r = load_deadline(fd, i, s, err);
	}
	return r ? r : load_rows(of_vm, ARRAY_SIZE(of_vm), m->fd, m->fd, 0, s, err);
}
