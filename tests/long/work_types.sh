#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The work types through the engine once more, under the kernel's own scheduler. make check has the same
# steps under scx_simple, and under the kernel's own scheduler the workers' reports, which say more
# about each type: a type that leaves no signature there fails already.
#
# usage: work_types.sh
set -u
cd "$(dirname "$0")/../.." || exit 1
out=${OUTPUT:-$PWD/build}
. tests/lib.sh
tmp=$(realpath "$(mktemp -d)") || exit 1
trap 'rm -rf "$tmp"' EXIT
KTSTR_TEST_KERNEL=$("$out/ktstr" kernel path 2> /dev/null) || exit
PATH=$out:$PATH
export PATH KTSTR_TEST_KERNEL KTSTR_LIBDIR=$out KTSTR_RUNS_ROOT=$tmp/runs

for t in $(grep -l '^ \* Long: ' tests/e2e/*_test.c); do
	for name in $(sed -n 's/^ \* Long: //p' "$t"); do
		"$out/obj/${t%.c}" -t "$name" > "$tmp/log" 2>&1
		result $? "$name of $t" "$tmp/log"
	done
done
finish
