#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The boot bench (boot_bench.c), where KVM works on this machine, otherwise in the nested rig.
# usage: boot.sh [ROUNDS [KERNEL]]
set -u
cd "$(dirname "$0")/../.." || exit 1
out=${OUTPUT:-$PWD/build}
obj=$out/obj/tests
kernel=${2:-${KTSTR_TEST_KERNEL:-$("$out/ktstr" kernel path)}}
[ -s "$kernel" ] || { echo "boot.sh: no kernel; give one: boot.sh ROUNDS KERNEL" >&2; exit 1; }
"$obj/nested/gen_init_cpio" - > "$obj/bench/boot.cpio.$$" <<-END &&
	file /init $obj/bench/boot_init 755 0 0
END
	mv "$obj/bench/boot.cpio.$$" "$obj/bench/boot.cpio" || exit 1
cmd=("$obj/bench/boot_bench" -n "${1:-3}" "$(realpath "$kernel")" "$obj/bench/boot.cpio")
"${cmd[@]}"
rc=$?
[ $rc = 4 ] || exit $rc
echo "No usable KVM here: in the nested rig. Ratios count, times are an emulator's." >&2
exec tests/nested/run.sh -t 1800 -- "${cmd[@]}"
