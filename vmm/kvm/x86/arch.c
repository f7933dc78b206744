// SPDX-License-Identifier: GPL-2.0
/* The x86 machine: implements vmm/kvm/arch.h with the files of this folder. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "acpi.h"
#include "apic.h"
#include "boot.h"
#include "cpuid.h"
#include "regs.h"
#include "vmm/dev/acpi_pm.h"
#include "vmm/dev/i8042.h"
#include "vmm/kvm/kvm.h"
#include "vmm/kvm/state.h"

static const struct kvm_cap caps[] = {
	{ KVM_CAP_SET_TSS_ADDR,		"SET_TSS_ADDR" },
	{ KVM_CAP_SET_IDENTITY_MAP_ADDR, "SET_IDENTITY_MAP_ADDR" },
	{ KVM_CAP_EXT_CPUID,		"EXT_CPUID" },
	{ 0, NULL }
};

/* The doorbell is a page between the devices and KVM's own, X86_IDENTITY_GPA. */
const struct kvm_arch kvm_arch = {
	.caps		= caps,
	.doorbell_gpa	= 0xfffbb000,
	.doorbell	= "mmio:0xfffbb000",
	.console	= { { BUS_PIO, 0x3f8, 4 }, { BUS_PIO, 0x2f8, 3 } },
	.probe_insns	= X86_PROBE_INSNS,
};

unsigned int kvm_arch_regions(uint64_t mem_bytes, struct vm_region region[VM_MAX_REGIONS])
{
	return vm_ram_back_firmware(region, vm_ram_regions_pc(mem_bytes, X86_LOW_MAX, region));
}

int kvm_arch_place(struct kvm_layout *l, uint64_t mem_bytes, const struct vm_image *image,
		   struct ktstr_err *err)
{
	return x86_layout_place(l, mem_bytes < X86_LOW_MAX ? mem_bytes : X86_LOW_MAX, image, err);
}

void kvm_arch_cmdline(const struct vm_spec *spec, char *buf, size_t size)
{
	uint32_t cpus = x86_apic_ioapic_cpus(&spec->topo);
	int n = snprintf(buf, size, "reboot=k no_timer_check%s",
			 vm_has_pci(spec) ? "" : " pci=off");

	if (cpus < ktstr_topology__cpus(&spec->topo.count))
		snprintf(buf + n, size - (size_t)n, " irqaffinity=0-%u", cpus - 1);
}

int kvm_arch_write_tables(const struct vm_ram *ram, const struct vm_spec *spec,
			  const struct vm_image *image, const struct kvm_layout *l,
			  const char *cmdline, struct ktstr_err *err)
{
	uint64_t rsdp;
	int r = acpi_build(ram, &spec->topo, vm_has_pci(spec), X86_ACPI_GPA, X86_ACPI_BYTES,
			       &rsdp, err);

	return r ? r : x86_boot_write(ram, image, l, cmdline, rsdp, err);
}

int kvm_arch_setup_vm(int kvm_fd, int vm_fd, const struct vm_topology *t, struct ktstr_err *err)
{
	int max_id = ioctl(kvm_fd, KVM_CHECK_EXTENSION, KVM_CAP_MAX_VCPU_ID);
	struct kvm_enable_cap no_pmu = {
		.cap = KVM_CAP_PMU_CAPABILITY, .args = { KVM_PMU_CAP_DISABLE },
	};
	uint64_t identity = X86_IDENTITY_GPA;

	/* 0: an old KVM, where the limit is that of the number of vCPUs */
	if (max_id > 0 && vm_apic_id_max(t) >= (uint32_t)max_id)
		return ktstr_err_missing(err, EOPNOTSUPP,
					 "this topology has APIC ids up to %" PRIu32 ", but this host's KVM ends at %d",
					 vm_apic_id_max(t), max_id - 1);
	if (ioctl(vm_fd, KVM_SET_IDENTITY_MAP_ADDR, &identity))
		return ktstr_err(err, errno, "KVM_SET_IDENTITY_MAP_ADDR: %s", strerror(errno));
	if (ioctl(vm_fd, KVM_SET_TSS_ADDR, X86_TSS_GPA))
		return ktstr_err(err, errno, "KVM_SET_TSS_ADDR: %s", strerror(errno));
	/*
	 * AMD's counters do not depend on CPUID, and a guest that finds them runs an NMI watchdog.
	 * KVMs before 5.18 cannot hide them.
	 */
	ioctl(vm_fd, KVM_ENABLE_CAP, &no_pmu);
	return x86_apic_create(vm_fd, t, err);
}

static bool disable_exit(int vm_fd, uint64_t flag)
{
	struct kvm_enable_cap cap = { .cap = KVM_CAP_X86_DISABLE_EXITS, .args = { flag } };

	return !ioctl(vm_fd, KVM_ENABLE_CAP, &cap);
}

/*
 * In two calls: flags add up, and HLT is refused where the mitigation of SMT's return stack buffer is
 * on (arch/x86/kvm/x86.c), which must not cost PAUSE.
 */
void kvm_arch_dedicate(int vm_fd, char why[KVM_WHY_BYTES])
{
	int offered = ioctl(vm_fd, KVM_CHECK_EXTENSION, KVM_CAP_X86_DISABLE_EXITS);
	bool pause, hlt;

	pause = offered > 0 && offered & KVM_X86_DISABLE_EXITS_PAUSE &&
		disable_exit(vm_fd, KVM_X86_DISABLE_EXITS_PAUSE);
	hlt = offered > 0 && offered & KVM_X86_DISABLE_EXITS_HLT &&
	      disable_exit(vm_fd, KVM_X86_DISABLE_EXITS_HLT);
	if (!pause || !hlt)
		snprintf(why, KVM_WHY_BYTES, "this host's KVM does not let the guest keep its CPU in %s%s%s",
			 pause ? "" : "PAUSE", pause || hlt ? "" : " and ", hlt ? "" : "HLT");
}

/*
 * KVM decides about its master clock when the clock is set. The flags are cleared, as with that of the
 * real time the clock would be moved on by the time since it was read.
 */
void kvm_arch_check_clock(int vm_fd, char why[KVM_WHY_BYTES])
{
	struct kvm_clock_data clock;

	if (ioctl(vm_fd, KVM_GET_CLOCK, &clock))
		return;
	clock.flags = 0;
	if (ioctl(vm_fd, KVM_SET_CLOCK, &clock) || ioctl(vm_fd, KVM_GET_CLOCK, &clock))
		return;
	if (!(clock.flags & KVM_CLOCK_TSC_STABLE))
		snprintf(why, KVM_WHY_BYTES, "the host's TSC is not stable, so the guest's clock costs more");
}

uint32_t kvm_arch_vcpu_id(const struct vm_topology *t, uint32_t cpu)
{
	return vm_apic_id(t, cpu);
}

static struct kvm_cpuid2 *new_cpuid(struct ktstr_err *err)
{
	struct kvm_cpuid2 *c = calloc(1, sizeof(*c) + X86_CPUID_MAX * sizeof(c->entries[0]));

	if (!c)
		ktstr_err(err, ENOMEM, "out of memory");
	return c;
}

/* KVM_GET_SUPPORTED_CPUID, asked once for all vCPUs. */
static int host_cpuid(int kvm_fd, struct kvm_cpuid2 *c, struct ktstr_err *err)
{
	c->nent = X86_CPUID_MAX;
	if (ioctl(kvm_fd, KVM_GET_SUPPORTED_CPUID, c))
		return ktstr_err(err, errno, "KVM_GET_SUPPORTED_CPUID: %s", strerror(errno));
	/* KVM reports it on its own, because it needs the in-kernel APIC: Documentation/virt/kvm/api.rst */
	if (ioctl(kvm_fd, KVM_CHECK_EXTENSION, KVM_CAP_TSC_DEADLINE_TIMER) > 0)
		x86_cpuid_add_tsc_deadline(c->entries, c->nent);
	return 0;
}

/* CPUID first: KVM checks the registers against it. @room is scratch space. */
static int setup_vcpu(int vcpu_fd, const struct kvm_cpuid2 *host, struct kvm_cpuid2 *room,
		      const struct vm_topology *t, uint32_t cpu, uint64_t entry,
		      struct ktstr_err *err)
{
	int n = x86_cpuid_build(host->entries, host->nent, t, cpu, room->entries, err);

	if (n < 0)
		return n;
	room->nent = (uint32_t)n;
	if (ioctl(vcpu_fd, KVM_SET_CPUID2, room))
		return ktstr_err(err, errno, "vCPU %" PRIu32 ": KVM_SET_CPUID2: %s", cpu,
				 strerror(errno));
	/* Linux reads the MADT before it turns x2APIC on, and drops the ids that it cannot reach */
	return x86_regs_init(vcpu_fd, cpu, !cpu, entry, vm_apic_id_max(t) >= VM_APIC_ID_X2APIC,
			     err);
}

int kvm_arch_setup_vcpus(struct kvm_machine *m, const struct vm_topology *t, uint64_t entry,
			 struct ktstr_err *err)
{
	struct kvm_cpuid2 *host = new_cpuid(err), *room = new_cpuid(err);
	int r = host && room ? host_cpuid(m->kvm_fd, host, err) : -ENOMEM;

	if (!r && m->dedicated)
		x86_cpuid_add_realtime(host->entries, host->nent);

	for (uint32_t i = 0; !r && i < m->nr_vcpus; i++)
		r = setup_vcpu(m->vcpu[i].fd, host, room, t, i, entry, err);
	free(room);
	free(host);
	return r;
}

struct kvm_arch_devices {
	struct i8042 *i8042;
	struct acpi_pm *acpi_pm;
};

int kvm_arch_create_devices(struct kvm_arch_devices **dp, struct dev_env *env,
			    struct ktstr_err *err)
{
	struct kvm_arch_devices *d = calloc(1, sizeof(*d));
	int r;

	*dp = d;
	if (!d)
		return ktstr_err(err, ENOMEM, "out of memory");
	r = i8042_create(&d->i8042, env, err);
	return r ? r : acpi_pm_create(&d->acpi_pm, env, err);
}

#define TYPE_I8042	KVM_STATE_TYPE('8', '0', '4', '2')
#define TYPE_ACPI_PM	KVM_STATE_TYPE('a', 'c', 'p', 'i')

int kvm_arch_save_devices(struct kvm_arch_devices *d, struct kvm_state *s)
{
	uint16_t enable = acpi_pm_save(d->acpi_pm);
	struct i8042_state k;
	int r;

	i8042_save(d->i8042, &k);
	r = kvm_state_put(s, TYPE_I8042, 0, &k, sizeof(k));
	return r ? r : kvm_state_put(s, TYPE_ACPI_PM, 0, &enable, sizeof(enable));
}

int kvm_arch_load_devices(struct kvm_arch_devices *d, const struct kvm_state *s)
{
	uint32_t bytes = 0, pm_bytes = 0;
	const struct i8042_state *k = kvm_state_get(s, TYPE_I8042, 0, &bytes);
	const uint16_t *enable = kvm_state_get(s, TYPE_ACPI_PM, 0, &pm_bytes);

	if (!k || bytes != sizeof(*k) || !enable || pm_bytes != sizeof(*enable))
		return -EBADMSG;
	i8042_load(d->i8042, k);
	acpi_pm_load(d->acpi_pm, *enable);
	return 0;
}

void kvm_arch_destroy_devices(struct kvm_arch_devices *d)
{
	if (!d)
		return;
	acpi_pm_destroy(d->acpi_pm);
	i8042_destroy(d->i8042);
	free(d);
}

/*
 * Bits 5 to 11 of the address carry the APIC id's bits 8 to 14 (KVM_FEATURE_MSI_EXT_DEST_ID). KVM
 * expects them in the upper half.
 */
struct kvm_msi kvm_arch_msi(uint64_t addr, uint32_t data)
{
	return (struct kvm_msi){
		.address_lo = (uint32_t)addr & ~0xfe0u,
		.address_hi = (uint32_t)(addr >> 32) | ((uint32_t)addr >> 5 & 0x7f) << 8,
		.data = data,
	};
}

void kvm_arch_format_regs(int vcpu_fd, char *buf, size_t size)
{
	x86_regs_format(vcpu_fd, buf, size);
}

int kvm_arch_snapshot(int vcpu_fd, struct kvm_snapshot *s)
{
	return x86_regs_snapshot(vcpu_fd, s);
}

int kvm_arch_get_regs(int vcpu_fd, struct vm_regs *r)
{
	return x86_regs_get(vcpu_fd, r);
}
