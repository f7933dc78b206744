/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One virtual machine: the only interface between the harness and the VMMs.
 *
 * A backend boots a kernel with a topology, keeps guest RAM mapped in this process
 * and reports what the guest does as events. It knows nothing about tests. The idea
 * that shapes the interface is the sync point: the guest stops at one instruction
 * (or one trapped access) until the host says vm_continue(), so that everything the
 * host does to a deterministic guest happens at a reproducible moment.
 *
 * Threads: one thread owns a struct vm and makes all calls on it; the machine ends with that
 * thread. vm_mem() may be called from any thread between vm_start() and vm_destroy().
 */
#ifndef KTSTR_VMM_VM_H
#define KTSTR_VMM_VM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "device.h"
#include "lib/err.h"
#include "lib/topology.h"
#include "probe.h"
#include "count.h"
#include "tally.h"

/*
 * The arrays are optional and borrowed: they are static data or live at least as long as the
 * machine.
 */
struct vm_topology {
	struct ktstr_topology count;
	const struct ktstr_numa_node *nodes;	/* [numa_nodes]; NULL: all alike */
	const uint8_t *distance;	/* [numa_nodes][numa_nodes]; NULL: 10 and 20 */
};

enum vm_accel {
	VM_ACCEL_AUTO,		/* kvm where it really works, else tcg */
	VM_ACCEL_KVM,
	VM_ACCEL_TCG,
};

/* VM_SHIFT_AUTO: the backend picks the icount shift from the number of vCPUs. */
#define VM_SHIFT_AUTO	(-1)

/* What is picked; figures in docs/determinism.md. */
int vm_auto_shift(uint32_t nr_cpus);

/* The @bytes at @off of a file; bytes 0: nothing. */
struct vm_part {
	int fd;
	uint64_t off;
	uint64_t bytes;
};

/*
 * A machine as it stood at its save point. ram_fd has all nodes one after the other, as a sparse
 * file; state_fd is in the backend's own format; console_fd and output_fd are what it had printed.
 * Machines that start from it read the files from their beginning and change none of them.
 */
struct vm_saved {
	int state_fd;
	int ram_fd;
	int console_fd;
	int output_fd;
	/* ram_fd is known to be what was written: a machine that only maps it need not read all of it */
	bool ram_checked;
};

/*
 * Link addresses of symbols of the kernel, with which an emulated machine tells it the rate of its
 * APIC timer, so that the kernel does not measure it for a third of its boot (docs/vm.md). Symbols
 * of a kernel that does not do as expected change nothing. start 0: the kernel measures.
 */
struct vm_apic_timer {
	uint64_t start;			/* start_kernel, init/main.c */
	uint64_t period;		/* lapic_timer_period, arch/x86/kernel/apic/apic.c */
	uint64_t jiffies;		/* jiffies_64, whose first value tells HZ */
};

enum vm_mark_slot {
	VM_MARK_PACE,		/* the monitor's samples */
	VM_MARK_ERROR,		/* the scheduler's end by an error */
	VM_MARK_ATTACH,		/* a scheduler's programs are loaded, and none has been executed */
	VM_MARK_LOAD,		/* a BPF program was loaded, or is about to be freed */
	VM_NR_MARKS,
	VM_MARK_STOP = VM_NR_MARKS,	/* of events only: vm_set_stop() */
};

struct vm_spec {
	const char *kernel;		/* bzImage or vmlinux; required */
	/*
	 * What the bzImage @kernel unpacks to, its relocations behind it: the machine begins there, where
	 * it would come to by itself. NULL: the kernel unpacks itself.
	 */
	const char *vmlinux;
	int initrd_fd;			/* whole file is the initrd; -1: none. Borrowed. */
	struct vm_part initrd_base;	/* goes before it; the kvm backend shares its pages */
	const char *cmdline;		/* appended after the backend's own parameters */
	struct vm_topology topo;
	uint64_t mem_bytes;		/* whole MiB, see vm_topology_node_bytes() */
	uint64_t shared_bytes;		/* hidden from the guest's allocator, see vm_shared() */
	/* optional: vm_notice() says what the host refused */
	bool huge_pages;		/* guest RAM of 2 MiB pages, all there from the start */
	const uint64_t *host_nodes;	/* per guest node: bit N, from node N of the host; 0: any */
	/*
	 * kvm: per vCPU the CPU of the host that nobody else uses. Its thread runs there only, with
	 * SCHED_FIFO; the guest keeps the CPU when it halts or spins, and is told so
	 * (KVM_HINTS_REALTIME). vm_notice() says what of that the host refused. NULL: CPUs are shared.
	 */
	const uint32_t *vcpu_cpus;
	enum vm_accel accel;		/* VM_ACCEL_AUTO has been resolved by vm_pick_accel() */
	bool deterministic;		/* tcg: -icount, one host thread, all seeds fixed */
	uint64_t seed;			/* deterministic: guest entropy and nothing else */
	int icount_shift;		/* 2^N ns of guest time per instruction, or VM_SHIFT_AUTO */
	/*
	 * deterministic: link addresses of the instructions for vm_set_mark(), 0: none. At run
	 * time they may lie elsewhere by a multiple of 2 MiB.
	 */
	uint64_t mark_kva[VM_NR_MARKS];
	struct vm_apic_timer apic_timer;	/* tcg */
	/* the same for vm_set_probes(), borrowed until vm_create() returned; more code appears later */
	const uint64_t *probe_links;
	unsigned int nr_probe_links;
	const uint32_t *probe_lens;	/* of each link: bytes of its function, 0: no returns; or NULL */
	bool probes;			/* vm_set_probes(), _add_tallies() or _set_counted() will follow */
	/* the same for vm_set_stop(), at most VM_MAX_STOPS */
	const uint64_t *stop_links;
	unsigned int nr_stop_links;
	bool stops;			/* vm_set_stop() or vm_set_shake() will be called; needs probes */
	/*
	 * kvm, or deterministic: the machine has a device that stops it when the guest writes to it
	 * (its save point, VM_EVENT_SAVE). With @from it starts there; otherwise it boots. Only
	 * machines with the same members above, except for seed, marks, probes and stops, can start
	 * from each other; none of them has devices, and under kvm neither huge_pages nor host_nodes
	 * nor vcpu_cpus.
	 */
	bool save_point;
	const struct vm_saved *from;
	bool kaslr;
	bool pci;			/* a PCI bus; devices bring it too, see vm_has_pci() */
	const struct vm_device *devices;	/* in the order of their PCI slots */
	unsigned int nr_devices;
	const char *console_path;	/* COM1 (kernel console) is written here; required */
	const char *output_path;	/* COM2 is written here; required */
	/*
	 * A connected stream socket that COM2 sends to and receives from, output_path stays empty
	 * then; 0: none. Not for deterministic machines, as input comes at the host's moments. The
	 * VMM waits for a peer that does not read. Borrowed until vm_destroy().
	 */
	int terminal_fd;
	const char *emulator_log_path;	/* stderr of an external emulator; NULL: discarded */
};

enum vm_event_type {
	VM_EVENT_TIMEOUT,	/* the deadline passed; the guest still runs */
	VM_EVENT_SYNC,		/* the guest waits at a sync point for vm_continue() */
	VM_EVENT_MARK,		/* the same at the mark, see vm_set_mark() */
	VM_EVENT_WATCH,		/* the same: a vCPU has just written there, see vm_set_watch() */
	VM_EVENT_SAVE,		/* it stands at its save point, for good; vm_save() */
	VM_EVENT_EXIT,		/* the machine is off: power off, reset or triple fault */
	VM_EVENT_ERROR,		/* the VMM itself failed; err says how */
};

struct vm_event {
	enum vm_event_type type;
	uint32_t vcpu;		/* VM_EVENT_SYNC, VM_EVENT_MARK, VM_EVENT_WATCH: which vCPU stopped */
	enum vm_mark_slot mark;	/* VM_EVENT_MARK */
	unsigned int watch;	/* VM_EVENT_WATCH: the number of the watch */
	struct ktstr_err err;	/* VM_EVENT_ERROR; VM_EVENT_EXIT: how, if the backend knows */
};

/* What vm_create() and vm_start() spend their time on, in this order. */
enum vm_step {
	VM_STEP_CHECK,		/* the spec, and what the kernel image says about itself */
	VM_STEP_MEMORY,		/* guest RAM; huge pages and what was saved are filled in here */
	VM_STEP_TABLES,		/* ACPI, command line, boot parameters */
	VM_STEP_KERNEL,		/* the kernel read into guest RAM */
	VM_STEP_INITRD,		/* mapped, copied, or made one file for an emulator */
	VM_STEP_VM,		/* KVM_CREATE_VM */
	VM_STEP_IRQCHIP,	/* KVM_CREATE_IRQCHIP, KVM_CREATE_PIT2 */
	VM_STEP_SLOTS,		/* KVM_SET_USER_MEMORY_REGION */
	VM_STEP_DEVICES,
	VM_STEP_VCPUS,		/* created and set up */
	VM_STEP_EMULATOR,	/* found, its command line */
	VM_STEP_START,		/* vm_start(): threads; the emulator, unless it began with vm_create() */
	VM_NR_STEPS,
};

struct vm_times {
	int64_t ns[VM_NR_STEPS];	/* 0: not yet, or not a step of this backend */
	int64_t entry_ns;	/* vm_start() to vCPU 0's first instruction; 0: not yet, or unknown */
};

struct vm;

/*
 * Resolve VM_ACCEL_AUTO (or confirm an explicit choice) on this host. @why gets one
 * sentence when AUTO could not use KVM, or an empty string.
 * Returns 0, or -errno with @err when an explicitly requested accelerator is unusable.
 */
int vm_pick_accel(enum vm_accel want, enum vm_accel *got, char *why, size_t why_size,
		  struct ktstr_err *err);

/* The program that executes the CPUs of emulated machines. 0 or -errno with @err. */
int vm_emulator_path(char *path, size_t size, struct ktstr_err *err);
/*
 * What makes an emulated machine of @spec what it is, besides the files of kernel, initrd and
 * emulator: its options and the kernel's command line, without paths, descriptors and addresses.
 * malloc()ed; NULL: no memory.
 */
char *vm_emulated_machine(const struct vm_spec *spec);

/*
 * Check @spec completely (topology, memory, image format) before anything is created.
 * Returns 0, or -EINVAL with @err naming the member and the value.
 */
int vm_spec_check(const struct vm_spec *spec, struct ktstr_err *err);

/*
 * Allocate guest memory and everything else that needs no running CPU. The strings and
 * the initrd fd of @spec must stay valid until vm_start() returned.
 * Returns 0 and *@vmp, or -errno with @err; err->missing is set where the host lacks
 * something a user can install.
 */
int vm_create(struct vm **vmp, const struct vm_spec *spec, struct ktstr_err *err);

/*
 * What the spec of @vm asked for and the host did not provide (huge pages, binding to nodes; after
 * vm_start() also pinning, SCHED_FIFO, exits), and what would provide it: one line for the user, empty
 * if everything was provided. Valid as long as @vm.
 */
const char *vm_notice(const struct vm *vm);

/* Let the vCPUs run. Returns 0 or -errno with @err. */
int vm_start(struct vm *vm, struct ktstr_err *err);

/*
 * Wait until something happens or @timeout_ms passed (0: poll, -1: forever); also returns
 * when @wake_fd (-1: none) becomes readable, as VM_EVENT_TIMEOUT. After VM_EVENT_SYNC the
 * guest stands still until vm_continue(): all of it if it is deterministic, otherwise the
 * vCPU that rang (vm_pause() there stops the others). Never returns an error: those are
 * events.
 */
void vm_wait(struct vm *vm, int timeout_ms, int wake_fd, struct vm_event *ev);

/* End a sync point. Returns 0, -EINVAL when the guest is not at one. */
int vm_continue(struct vm *vm);

/*
 * A sync point without the guest's cooperation: the machine stops before a vCPU executes the
 * instruction at @kva while the clock, a number in guest memory that the guest increments, is at
 * least @at. It stops once for each call of vm_set_mark().
 */
struct vm_mark {
	uint64_t kva;		/* where spec.mark_kva[slot] is; 0: no mark any more */
	uint64_t clock_gpa;	/* of an aligned u64; not looked at if @at is 0 */
	uint64_t at;		/* 0: whenever the instruction is executed */
};

/*
 * Set a mark of a guest that stands at a sync point; it holds from vm_continue() on. 0, -EINVAL:
 * not at a sync point, no such instruction or clock, -EOPNOTSUPP: not with this backend or spec.
 */
int vm_set_mark(struct vm *vm, enum vm_mark_slot slot, const struct vm_mark *mark);

/*
 * Stop whenever a vCPU in the kernel has written to the VM_WATCH_BYTES at @kva, a multiple of that.
 * The guest stands at a sync point; the watch holds from vm_continue() on, to the machine's end. A
 * write by another virtual address of the same memory is not seen. 0, -EINVAL: not at a sync point,
 * no such address or watch, -EBUSY: this one is taken, -EOPNOTSUPP: not with this backend.
 *
 * Under emulation each store of the kernel costs a little more from then on; under KVM it is a debug
 * register of the CPU.
 */
#define VM_NR_WATCHES	3	/* of the four debug registers that x86 has */
#define VM_WATCH_BYTES	4
int vm_set_watch(struct vm *vm, unsigned int watch, uint64_t kva);

/*
 * Write a machine that stands at its save point to the files of @to, which are empty. What it has
 * printed is in console_path and output_path anyway, so those two are not used. The machine is of
 * no use any more. 0, or -errno with @err.
 */
int vm_save(struct vm *vm, const struct vm_saved *to, struct ktstr_err *err);

/*
 * What device @i of the spec has counted so far: value[n] belongs to counters[n] of its class. Any
 * time before vm_destroy(). Returns 0, -ENOENT: there is no such device, or -EOPNOTSUPP: this backend
 * does not count.
 */
int vm_device_counters(struct vm *vm, unsigned int i, uint64_t value[VM_MAX_COUNTERS]);

/*
 * How long vCPU @cpu has had a CPU of the host so far. Any time between vm_start() and
 * vm_destroy(). 0, -ENOENT: there is no such vCPU, or -EOPNOTSUPP: this backend cannot tell.
 */
int vm_vcpu_time_ns(struct vm *vm, uint32_t cpu, uint64_t *ns);

/* Does the machine have a PCI bus? Without one the kernel is told not to look (pci=off). */
static inline bool vm_has_pci(const struct vm_spec *spec)
{
	return spec->pci || spec->nr_devices;
}

/*
 * Stop all vCPUs, at most @timeout_ms from now, and start them again. A deterministic
 * guest is only ever stopped at a sync point: there vm_pause() returns -EBUSY unless the
 * guest is at one. Pausing twice is an error (-EALREADY). -ETIMEDOUT: it runs on, and @err
 * names the vCPUs that did not stop, if the backend knows.
 */
int vm_pause(struct vm *vm, int timeout_ms, struct ktstr_err *err);
int vm_resume(struct vm *vm);

/* What a vCPU does. In the order of reports: what explains a hang comes first. */
enum vm_stand_kind {
	VM_STAND_LOST,		/* its registers are not to be had */
	VM_STAND_DEAD,		/* halted with interrupts off */
	VM_STAND_LOCKED,	/* runs with interrupts off */
	VM_STAND_NEVER,		/* was never started */
	VM_STAND_SYNC,
	VM_STAND_KERNEL,
	VM_STAND_USER,
	VM_STAND_IDLE,
	VM_NR_STANDS,
};

struct vm_stand {
	enum vm_stand_kind kind;
	uint64_t pc, sp;	/* 0: not known */
};

/* How to name a place in the kernel; false: it has no name, then its address is written. */
struct vm_namer {
	bool (*name)(const void *arg, uint64_t pc, char *buf, size_t size);
	const void *arg;
};

/*
 * What the vCPUs of a running machine are doing, for the report about a guest that no longer
 * responds. The machine is of no use any more: it may be stopped for good. 0 and an array that the
 * caller frees, or -errno with @err; -EOPNOTSUPP: this backend cannot tell.
 */
int vm_look(struct vm *vm, struct vm_stand **stand, uint32_t *nr, struct ktstr_err *err);
/* The same in one line. @namer NULL: nothing has a name. */
void vm_stands_tell(const struct vm_stand *stand, uint32_t nr, const struct vm_namer *namer,
		    char *buf, size_t size);
/* Is it in the kernel, so that its place says something? */
bool vm_stand_has_place(const struct vm_stand *s);

/* The numbers of the general registers in an instruction. */
enum vm_gpr {
	VM_RAX, VM_RCX, VM_RDX, VM_RBX, VM_RSP, VM_RBP, VM_RSI, VM_RDI,
	VM_R8, VM_R9, VM_R10, VM_R11, VM_R12, VM_R13, VM_R14, VM_R15, VM_NR_GPRS,
};

struct vm_regs {
	enum vm_stand_kind kind;	/* VM_STAND_LOST: nothing else is valid */
	uint64_t gpr[VM_NR_GPRS], rip, rflags;
	uint64_t cs, ss, ds, es, fs, gs;	/* selectors */
	uint64_t fs_base, gs_base, cr0, cr2, cr3, cr4;
};

/*
 * The registers of all vCPUs, in 64-bit mode; @regs has an element for each. The machine is paused or
 * at a sync point and goes on unchanged. If it is neither, an emulated one may be asked nevertheless:
 * each number is one that the register had meanwhile. 0 or -errno with @err; -EOPNOTSUPP: not with
 * this backend, or not in the state that the machine is in.
 */
int vm_get_regs(struct vm *vm, struct vm_regs *regs, struct ktstr_err *err);

/* A stretch of guest physical addresses that are RAM for the kernel. */
struct vm_range {
	uint64_t gpa, len;
};

#define VM_MAX_RANGES	4

/* All of them, the lowest first. Returns their number. */
unsigned int vm_ranges(struct vm *vm, struct vm_range range[VM_MAX_RANGES]);

/*
 * Write @len bytes of guest RAM from @gpa on to @fd from offset @at on, in whole pages; pages that
 * have zeroes only are left out, which makes holes of them in a new file. 0 or -errno with @err.
 */
int vm_write_ram(struct vm *vm, uint64_t gpa, uint64_t len, int fd, uint64_t at,
		 struct ktstr_err *err);

/*
 * Guest RAM at guest physical address @gpa, or NULL unless all @len bytes are RAM of one
 * region. Valid until vm_destroy(), also after VM_EVENT_EXIT: the mapping neither moves nor
 * shrinks, so any thread may read it at any time without a lock. Until the machine is paused or
 * over, though, its contents change under the reader: an aligned number is read whole (by one
 * volatile or atomic load), anything larger may be half old and half new, and what was checked
 * must not be read a second time. A pause stops the vCPUs; a disk or a card may still complete a
 * request.
 */
void *vm_mem(struct vm *vm, uint64_t gpa, size_t len);

/* The shared stretch of spec.shared_bytes: host address and guest physical address. */
void *vm_shared(struct vm *vm, uint64_t *gpa);

/* Where the time went so far, on the host's monotonic clock; always recorded. */
void vm_get_times(const struct vm *vm, struct vm_times *t);
const char *vm_step_name(enum vm_step step);

/*
 * A guest whose doorbell is an address reaches its save point by writing this number to it; one whose
 * doorbell is an instruction writes to a port, harness/model/late.h.
 */
#define VM_DOORBELL_SAVE	1

/* What the guest must do to reach a sync point; docs/channel.md. Goes into its command line. */
const char *vm_doorbell(const struct vm *vm);

/* 0, or -EINVAL with @err. */
int vm_topology_check(const struct vm_topology *t, struct ktstr_err *err);

/* What a checked topology means for its parts. */
uint32_t vm_topology_node_llcs(const struct vm_topology *t, uint32_t node);
uint32_t vm_topology_node_of_cpu(const struct vm_topology *t, uint32_t cpu);
/* The distance in the firmware's tables, 10 to itself. */
uint8_t vm_topology_distance(const struct vm_topology *t, uint32_t from, uint32_t to);

/*
 * Are @mem_bytes enough for all nodes? 0 or -EINVAL with @err. If they are: the share of @node.
 * Nodes without a size of their own get equal shares in whole MiB, the last of them the rest too.
 */
int vm_topology_check_memory(const struct vm_topology *t, uint64_t mem_bytes,
			     struct ktstr_err *err);
uint64_t vm_topology_node_bytes(const struct vm_topology *t, uint64_t mem_bytes, uint32_t node);

/*
 * What the firmware tells about access from @from's CPUs to @to's memory: latency grows and
 * bandwidth shrinks with the distance. It has 16 bits for a number: above 65534 MB/s bandwidths
 * of the machine are rounded down to multiples of the power of two that makes them fit.
 */
uint32_t vm_topology_latency_ns(const struct vm_topology *t, uint32_t from, uint32_t to);
uint32_t vm_topology_bandwidth_mbs(const struct vm_topology *t, uint32_t from, uint32_t to);

/* The node whose CPUs use the memory of @node: itself, or the nearest node with CPUs. */
uint32_t vm_topology_initiator(const struct vm_topology *t, uint32_t node);

/* Kill the machine if it runs, free everything. NULL is allowed. */
void vm_destroy(struct vm *vm);

#endif
