#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The boot bench (boot_bench.c), where KVM works on this machine, otherwise in the nested rig.
# usage: boot.sh [-n ROUNDS] [-t SECONDS] [-k KERNEL] [VMM...]	(VMM: "qemu q35", ..., ktstr)
# After SECONDS (1500) it ends with the boots that it has. Order: all VMMs in each round.
set -u
cd "$(dirname "$0")/../.." || exit 1
out=${OUTPUT:-$PWD/build}
obj=$out/obj/tests
rounds=3 seconds=1500 kernel=${KTSTR_TEST_KERNEL:-}
while getopts n:t:k: opt; do
	case $opt in
	n)	rounds=$OPTARG ;;
	t)	seconds=$OPTARG ;;
	k)	kernel=$OPTARG ;;
	*)	sed -n 's/^# usage: //p' "$0" >&2; exit 1 ;;
	esac
done
shift $((OPTIND - 1))
[[ $seconds =~ ^[1-9][0-9]{0,4}$ ]] ||
	{ echo "boot.sh: -t $seconds: not a number from 1 to 99999" >&2; exit 1; }
[ -n "$kernel" ] || kernel=$("$out/ktstr" kernel path)
[ -s "$kernel" ] || { echo "boot.sh: no kernel; give one: boot.sh -k KERNEL" >&2; exit 1; }
"$obj/nested/gen_init_cpio" - > "$obj/bench/boot.cpio.$$" <<-END &&
	file /init $obj/bench/boot_init 755 0 0
END
	mv "$obj/bench/boot.cpio.$$" "$obj/bench/boot.cpio" || exit 1
cmd=("$obj/bench/boot_bench" -n "$rounds" -t "$seconds"
     "$(realpath "$kernel")" "$obj/bench/boot.cpio" "$@")
"${cmd[@]}"
rc=$?
[ $rc = 4 ] || exit $rc
echo "No usable KVM here: in the nested rig. Ratios and exits count, times are an emulator's." >&2
# it ends by itself; the rig's own limit would take the table with it
exec tests/nested/run.sh -t $((seconds + 120)) -- "${cmd[@]}"
