// SPDX-License-Identifier: GPL-2.0
/* The state file of a saved KVM machine: whatever it has, sections lie within it. */
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "vmm/kvm/state.h"

#define CPUS	2
#define TYPE	KVM_STATE_TYPE('r', 'e', 'g', 's')

static void seeds(void)
{
	struct kvm_state s;

	must(!kvm_state_begin(&s, CPUS));
	must(!kvm_state_put(&s, TYPE, 0, "some registers", 14));
	must(!kvm_state_put(&s, TYPE, 1, "others", 6));
	seed("two", s.data, s.len);
	kvm_state_free(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kvm_state s = { .data = malloc(size + !size), .len = size, .room = size };
	struct ktstr_err err = { 0 };
	uint32_t bytes, i;
	const uint8_t *p;

	must(s.data);
	memcpy(s.data, data, size);
	if (kvm_state_check(&s, CPUS, &err)) {
		must(err.msg[0]);
	} else {
		for (i = 0; i < CPUS; i++) {
			p = kvm_state_get(&s, TYPE, i, &bytes);
			must(!p || (p >= s.data && bytes <= (size_t)(s.data + s.len - p)));
		}
	}
	kvm_state_free(&s);
	return 0;
}
