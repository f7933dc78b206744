#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check.sh [short|long]: tests of the bundled VMM, for a machine where KVM works, such as the
# host of tests/nested/run.sh. Prints TAP. short: a representative set, as part of "make check".
# long: all machine tests, every preset that fits the memory, the whole base suite.
# KTSTR_TEST_KERNEL names the kernel, OUTPUT the folder with the built tests, RUNS_ROOT where
# the artefacts of scenario tests go.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit
out=${OUTPUT:-$PWD/build}
what=${1:-short}
nr=0 failed=0
export KTSTR_ACCEL=kvm KTSTR_TEST_ACCEL=kvm KTSTR_LIBDIR=$out
export KTSTR_RUNS_ROOT=${RUNS_ROOT:-/tmp/ktstr-nested} KTSTR_RUN_ID=nested

# part NAME COMMAND...: its result lines, under NAME and our numbers; its other lines as
# diagnosis. A command that fails without a failed result is one.
part()
{
	local name=$1 bad=$failed rc=0 line start=$SECONDS

	shift
	while IFS= read -r line; do
		case $line in
		rc=*)	rc=${line#rc=} ;;
		"not ok "*)
			failed=$((failed + 1)) ;&
		"ok "*)	nr=$((nr + 1))
			sed -E "s,ok [0-9]+ (- )?,ok $nr $name/," <<< "$line" ;;
		"# "*)	echo "$line" ;;
		*)	echo "# $line" ;;
		esac
	done < <("$@" 2>&1; echo "rc=$?")
	echo "# $name: $((SECONDS - start)) s"
	[ "$rc" = 0 ] || [ $failed -gt $bad ] || {
		nr=$((nr + 1)) failed=$((failed + 1))
		echo "not ok $nr $name # status $rc"
	}
}

# Of vm_boot_test, those that say something about KVM.
machine_tests=(
	guest_physical_addresses_are_the_guests_until_it_is_off
	a_multi_threaded_guest_stops_as_a_whole_and_may_panic
)
# No limits on fairness or wake-ups among them: an emulated host's clock is not even.
scenarios=(
	guest_panics scheduler_calls_scx_bpf_error scheduler_exits_early
	workers_are_spawned_moved_and_stopped
)
presets=(tiny-2llc odd-3llc)

# Until it has chosen its clock, a guest's kernel ticks on every idle CPU: more than 20 CPUs of the
# emulated host's speed do nothing else. KVM slows a periodic APIC timer down on request.
slow_ticks=()
if [ -n "${KTSTR_NESTED:-}" ] && [ "$what" = long ]; then
	echo 500000 > /sys/module/kvm/parameters/min_timer_period_us
	slow_ticks=(--append "lapic=notscdeadline loglevel=4")
fi

echo "TAP version 13"
case $what in
short)	machine=() scenario=()
	for t in "${machine_tests[@]}"; do
		machine+=(-t "$t")
	done
	for t in "${scenarios[@]}"; do
		scenario+=(-t "$t")
	done
	part machine "$out/obj/tests/e2e/vm_boot_test" "${machine[@]}"
	part life "$out/obj/tests/e2e/vm_life_test"
	part topology "$out/obj/tests/e2e/topology_test" --accel kvm "${presets[@]}"
	# one at a time: the emulated host has one CPU
	part scenario "$out/ktstr" run -j 1 --accel kvm "${scenario[@]}"
	part cycles "$out/obj/tests/e2e/cycles_test" -v kvm ;;
long)	part machine "$out/obj/tests/e2e/vm_boot_test"
	part life "$out/obj/tests/e2e/vm_life_test"
	part topology "$out/obj/tests/e2e/topology_test" --accel kvm "${slow_ticks[@]}" all
	part scenario "$out/ktstr" run -j 1 --accel kvm
	part leaks tests/long/leaks.sh ;;
*)	echo "usage: check.sh [short|long]" >&2
	exit 1 ;;
esac
echo "1..$nr"
[ $failed = 0 ]
