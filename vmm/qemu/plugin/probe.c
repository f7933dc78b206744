// SPDX-License-Identifier: GPL-2.0
/* See probe.h. Checked against QEMU 10.0: accel/tcg/icount-common.c, plugins/api.c. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "count.h"
#include "probe.h"
#include "stop.h"
#include "tally.h"
#include "vcpu.h"
#include "vmm/qemu/mark.h"
#include "vmm/qemu/probe_area.h"

#define IMAGE_HALF	0xffffffff00000000ull	/* the image, modules and BPF programs are in it */
#define NR_SLOTS	1024			/* of the hash; a power of two, more than probes */
#define NR_CALLS	256			/* of probed functions that have not returned */
#define MAX_INSN	15

static struct qemu_probe_area *area;
/* Bit N: an instruction at N bytes behind a multiple of 2 MiB may be probed. */
static uint8_t may_be[QEMU_MARK_ALIGN / 8];
/* The same: it may belong to a function whose returns are probed. */
static uint8_t may_return[QEMU_MARK_ALIGN / 8];
static uint32_t generation, stop_generation;
static uint64_t stop_hits;
static uint16_t slot[NR_SLOTS];			/* index + 1 of a probe, by its address */
static struct glib_byte_array *bytes;

/* Functions of QEMU's. */
static void (*icount_update)(void *cpu);
static int64_t (*icount_get)(void);
static int64_t (*icount_to_ns)(int64_t icount);

static struct qemu_plugin_register *reg_handle[VM_NR_REGS];
static bool registers_known;

static const char * const reg_names[VM_NR_REGS] = {
	[VM_REG_ARG0] = "rdi", [VM_REG_ARG1] = "rsi", [VM_REG_ARG2] = "rdx", [VM_REG_ARG3] = "rcx",
	[VM_REG_ARG4] = "r8", [VM_REG_ARG5] = "r9", [VM_REG_RET] = "rax", [VM_REG_SP] = "rsp",
	[VM_REG_PERCPU] = "gs_base",
};

/* Calls of functions whose return is an event. */
static struct call {
	uint64_t sp;			/* 0: free */
	uint32_t probe;
	uint64_t arg[6];
} calls[NR_CALLS];
static unsigned int next_call;

/* At a probe: registers that were read, and where the record goes. */
struct hit {
	const struct call *call;	/* a return: its call */
	uint32_t known;			/* bit N: reg[N] */
	uint64_t reg[VM_NR_REGS];
};

static void instrument(uint64_t kva)
{
	uint32_t low = kva % QEMU_MARK_ALIGN;

	may_be[low / 8] |= 1u << low % 8;
}

static void instrument_function(uint64_t kva, uint32_t len)
{
	instrument(kva);
	for (uint32_t i = 0; i < len && i < QEMU_MARK_ALIGN; i++) {
		uint32_t low = (kva + i) % QEMU_MARK_ALIGN;

		may_return[low / 8] |= 1u << low % 8;
	}
}

bool probe_init(int fd)
{
	icount_update = dlsym(RTLD_DEFAULT, "icount_update");
	icount_get = dlsym(RTLD_DEFAULT, "icount_get");
	icount_to_ns = dlsym(RTLD_DEFAULT, "icount_to_ns");
	if (!icount_update || !icount_get || !icount_to_ns || !dlsym(RTLD_DEFAULT, "qemu_get_cpu") ||
	    !dlsym(RTLD_DEFAULT, "current_cpu")) {
		fprintf(stderr, "hostcall: this QEMU was built without modules: its clock cannot be read, so there are no probes\n");
		return false;
	}
	area = mmap(NULL, sizeof(*area), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	bytes = g_byte_array_new();
	if (area == MAP_FAILED || !bytes) {
		fprintf(stderr, "hostcall: probes=%d cannot be mapped\n", fd);
		return false;
	}
	tally_init(&area->tallies);
	count_init(&area->counts);
	for (uint32_t i = 0; i < area->nr_links && i < VM_MAX_PROBES; i++)
		instrument_function(area->link[i], area->link_len[i]);
	for (uint32_t i = 0; i < area->nr_stop_links && i < VM_MAX_STOPS; i++)
		instrument(area->stop_link[i]);
	return stop_init(area);
}

void probe_vcpu_init(void)
{
	struct glib_array *regs;

	if (!area || registers_known)
		return;
	registers_known = true;
	regs = qemu_plugin_get_registers();
	for (unsigned int i = 0; regs && i < regs->len; i++) {
		const struct qemu_plugin_reg_descriptor *d =
			(struct qemu_plugin_reg_descriptor *)regs->data + i;

		for (int r = 0; r < VM_NR_REGS; r++)
			if (d->name && !strcmp(d->name, reg_names[r]))
				reg_handle[r] = d->handle;
	}
	if (regs)
		g_array_unref(regs);
}

static uint32_t hash(uint64_t kva)
{
	return (uint32_t)(kva * 0x9e3779b97f4a7c15ull >> 32) % NR_SLOTS;
}

static void new_generation(void)
{
	uint32_t nr = area->nr_probes < VM_MAX_PROBES ? area->nr_probes : VM_MAX_PROBES;

	generation = area->generation;
	memset(slot, 0, sizeof(slot));
	memset(calls, 0, sizeof(calls));
	for (uint32_t i = 0; i < nr; i++) {
		uint64_t kva = area->probe[i].kva;
		uint32_t at = hash(kva);

		instrument(kva);
		while (slot[at])
			at = (at + 1) % NR_SLOTS;
		slot[at] = (uint16_t)(i + 1);
	}
}

static const struct vm_probe *find(uint64_t kva, uint32_t *index)
{
	for (uint32_t at = hash(kva); slot[at]; at = (at + 1) % NR_SLOTS) {
		*index = slot[at] - 1u;
		if (area->probe[*index].kva == kva)
			return &area->probe[*index];
	}
	return NULL;
}

/* @behind: instructions of the block that are not executed yet, this one included. */
uint64_t probe_now_ns(uint32_t behind)
{
	void **current = vcpu_current(), *cpu = *current;
	int64_t ns;

	icount_update(cpu);
	/* with a vCPU that executes a block it would refuse, since it does not know @behind */
	*current = NULL;
	ns = icount_get();
	*current = cpu;
	return (uint64_t)(ns - icount_to_ns(behind));
}

uint64_t probe_insns_ns(uint32_t nr)
{
	return (uint64_t)icount_to_ns(nr);
}

void probe_stop(void)
{
	if (area && vcpu_current() && *vcpu_current())
		area->stop_ns = probe_now_ns(0);
}

static void new_stop_generation(void)
{
	stop_generation = area->stops.generation;
	stop_hits = 0;
	for (uint32_t i = 0; i < area->stops.nr && i < VM_MAX_STOPS; i++)
		instrument(area->stops.at[i].kva);
}

static bool read_reg(struct hit *h, unsigned int r, uint64_t *value)
{
	if (h->call && r <= VM_REG_ARG5) {
		*value = h->call->arg[r];
		return true;
	}
	if (!(h->known >> r & 1)) {
		g_byte_array_set_size(bytes, 0);
		if (!reg_handle[r] || qemu_plugin_read_register(reg_handle[r], bytes) != 8)
			return false;
		memcpy(&h->reg[r], bytes->data, 8);
		h->known |= 1u << r;
	}
	*value = h->reg[r];
	return true;
}

/* Addresses of the kernel only: a NULL pointer, or a number that is none, has nothing behind it. */
static bool read_mem(uint64_t kva, void *to, unsigned int len)
{
	if (!(kva >> 63) || !qemu_plugin_read_memory_vaddr(kva, bytes, len) || bytes->len < len)
		return false;
	memcpy(to, bytes->data, len);
	return true;
}

static bool fetch(struct hit *h, const struct vm_fetch *f, uint64_t *word)
{
	uint64_t v;
	unsigned int i;

	if ((f->reg == VM_REG_RET && !h->call) || !read_reg(h, f->reg, &v))
		return false;
	for (i = 0; i + 1 < f->nr_steps; i++)
		if (!read_mem(v + (int64_t)f->step[i], &v, sizeof(v)))
			return false;
	if (f->nr_steps)
		return read_mem(v + (int64_t)f->step[i], word, f->size);
	*word = f->size < 8 ? v & ((1ull << 8 * f->size) - 1) : v;
	return true;
}

/* Room for @len bytes, behind each other; the guest stands still until there is some. */
static struct qemu_probe_record *reserve(unsigned int vcpu, uint32_t len)
{
	uint32_t at = area->head % QEMU_PROBE_RING, rest = QEMU_PROBE_RING - at;
	uint32_t need = rest < len ? rest + len : len;

	while (QEMU_PROBE_RING - (area->head - __atomic_load_n(&area->tail, __ATOMIC_ACQUIRE)) < need)
		hostcall_stop(vcpu, QEMU_AT_MARK | QEMU_AT_RING << QEMU_MARK_SHIFT, 0);
	if (rest < len) {
		if (rest >= sizeof(struct qemu_probe_record))
			((struct qemu_probe_record *)(area->ring + at))->probe = QEMU_PROBE_SKIP;
		area->head += rest;
		at = 0;
	}
	return (struct qemu_probe_record *)(area->ring + at);
}

static void record(unsigned int vcpu, uint32_t index, const struct vm_probe *p, uint32_t behind,
		   const struct call *call)
{
	struct hit h = { .call = call };
	struct qemu_probe_record *r;
	uint32_t words = 0, have = 0;
	uint64_t word[VM_PROBE_WORDS] = { 0 };

	for (uint32_t i = 0; i < p->nr_fetches; i++) {
		have |= (uint32_t)fetch(&h, &p->fetch[i], &word[words]) << i;
		words += vm_fetch_words(&p->fetch[i]);
	}
	r = reserve(vcpu, (uint32_t)sizeof(*r) + words * 8);
	r->time_ns = probe_now_ns(behind);
	r->probe = (uint16_t)index;
	r->vcpu = (uint16_t)vcpu;
	r->nr_words = (uint16_t)words;
	r->exit = !!call;
	r->have = have;
	memcpy(r->word, word, words * 8);
	__atomic_store_n(&area->head, area->head + sizeof(*r) + words * 8, __ATOMIC_RELEASE);
}

static void remember(uint32_t index, struct hit *h)
{
	struct call *c = calls;
	uint64_t sp;

	/* one with the same stack pointer has never returned: its task is gone, or it was a jump */
	if (!read_reg(h, VM_REG_SP, &sp))
		return;
	while (c < calls + NR_CALLS && (c->sp != sp || c->probe != index))
		c++;
	if (c == calls + NR_CALLS)
		c = &calls[next_call++ % NR_CALLS];
	memset(c, 0, sizeof(*c));
	for (unsigned int r = VM_REG_ARG0; r <= VM_REG_ARG5; r++)
		if (!read_reg(h, r, &c->arg[r]))
			return;
	c->sp = sp;
	c->probe = index;
}

/* The lower half of the instruction's address, and how many of its block are behind it. */
static void *pack(uint64_t vaddr, size_t behind)
{
	return (void *)(uintptr_t)((vaddr & 0xffffffff) | (uint64_t)behind << 32);
}

/* Does the vCPU that is about to execute this instruction stop? */
static bool stops_at(uint64_t kva)
{
	const struct qemu_stops *s = &area->stops;
	struct hit h = { .call = NULL };
	uint64_t v;

	if (stop_generation != s->generation)
		new_stop_generation();
	for (uint32_t i = 0; !s->ns && i < s->nr && i < VM_MAX_STOPS; i++) {
		if (s->at[i].kva != kva)
			continue;
		if (s->at[i].reg < VM_NR_REGS &&
		    (!read_reg(&h, s->at[i].reg, &v) || (uint32_t)v < s->at[i].min))
			return false;
		return ++stop_hits == s->nth;
	}
	return false;
}

static void on_probe(unsigned int vcpu, void *userdata)
{
	uint64_t packed = (uintptr_t)userdata, kva = IMAGE_HALF | (packed & 0xffffffff);
	const struct vm_probe *p;
	uint32_t index;

	if (stops_at(kva)) {
		area->stop_ns = probe_now_ns((uint32_t)(packed >> 32));
		stop_now(vcpu, kva, (uintptr_t)__builtin_return_address(0));
	}
	if (generation != area->generation)
		new_generation();
	p = find(kva, &index);
	if (!p)
		return;
	if (p->len) {
		struct hit h = { .call = NULL };

		remember(index, &h);
	}
	record(vcpu_executing(vcpu), index, p, (uint32_t)(packed >> 32), NULL);
}

/* The function of a probe is about to return: the call has the same stack pointer. */
static void on_return(unsigned int vcpu, void *userdata)
{
	uint64_t packed = (uintptr_t)userdata, kva = IMAGE_HALF | (packed & 0xffffffff), sp;
	struct hit h = { .call = NULL };

	if (generation != area->generation)
		new_generation();
	for (struct call *c = calls; c < calls + NR_CALLS; c++) {
		const struct vm_probe *p = &area->probe[c->probe];

		/* most functions at such an address are others: the register is not read for these */
		if (!c->sp || kva - p->kva >= p->len || !read_reg(&h, VM_REG_SP, &sp) || c->sp != sp)
			continue;
		record(vcpu_executing(vcpu), c->probe, p, (uint32_t)(packed >> 32), c);
		c->sp = 0;
		return;
	}
}

/*
 * RET, or a jump out of the function of @len bytes at @kva: to the kernel's return thunk, or to another
 * function, which returns in its place. In the middle of the function such a jump leads to its cold part, but
 * then the stack pointer is another one than when it was called.
 */
static bool returns(uint64_t kva, uint32_t len, struct qemu_plugin_insn *insn, uint64_t vaddr)
{
	size_t size = qemu_plugin_insn_size(insn);
	uint8_t code[MAX_INSN];
	int32_t rel;

	if (size > sizeof(code) || qemu_plugin_insn_data(insn, code, size) != size)
		return false;
	if (size == 1 && code[0] == 0xc3)
		return true;
	if (size != 5 || code[0] != 0xe9)
		return false;
	memcpy(&rel, code + 1, sizeof(rel));
	return vaddr + size + (uint64_t)(int64_t)rel - kva >= len;
}

/* Is it where a function returns that is declared by its link address, or probed already? */
static bool may_return_at(struct qemu_plugin_insn *insn, uint64_t vaddr)
{
	uint32_t low = vaddr % QEMU_MARK_ALIGN;

	if (may_return[low / 8] >> low % 8 & 1)
		for (uint32_t i = 0; i < area->nr_links && i < VM_MAX_PROBES; i++) {
			uint64_t at = (vaddr - area->link[i]) % QEMU_MARK_ALIGN;

			if (at < area->link_len[i] &&
			    returns(vaddr - at, area->link_len[i], insn, vaddr))
				return true;
		}
	for (uint32_t i = 0; i < area->nr_probes && i < VM_MAX_PROBES; i++) {
		const struct vm_probe *p = &area->probe[i];

		if (vaddr - p->kva < p->len && returns(p->kva, p->len, insn, vaddr))
			return true;
	}
	return false;
}

void probe_translate(struct qemu_plugin_insn *insn, size_t index, size_t nr)
{
	uint64_t vaddr = qemu_plugin_insn_vaddr(insn);
	uint32_t low = vaddr % QEMU_MARK_ALIGN;

	if (!area || vaddr < IMAGE_HALF)
		return;
	tally_translate(insn, vaddr);
	count_translate(insn, vaddr);
	if (generation != area->generation)
		new_generation();
	if (stop_generation != area->stops.generation)
		new_stop_generation();
	if (may_be[low / 8] >> low % 8 & 1)
		qemu_plugin_register_vcpu_insn_exec_cb(insn, on_probe, QEMU_PLUGIN_CB_R_REGS,
						       pack(vaddr, nr - index));
	if (may_return_at(insn, vaddr))
		qemu_plugin_register_vcpu_insn_exec_cb(insn, on_return, QEMU_PLUGIN_CB_R_REGS,
						       pack(vaddr, nr - index));
}
