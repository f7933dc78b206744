#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# leaks.sh [RUNS [CYCLES]]: a long look for what stays behind. RUNS (100) runs of one test, each
# killed with SIGKILL at a random moment: no process, no file, no lock of theirs is left, and
# the next run passes. Then CYCLES (200) machines in one process (tests/e2e/cycles_test.c).
# KTSTR_ACCEL (kvm, tcg) chooses the accelerator, of the machines too; in the nested rig:
#	tests/nested/run.sh -t 7200 -- env KTSTR_ACCEL=kvm tests/long/leaks.sh
set -u
cd "$(dirname "$0")/../.." || exit 1
out=${OUTPUT:-$PWD/build}
runs=${1:-100} cycles=${2:-200}
prog=$out/equal_cgroups
test=equal_cgroups_scx_ktstr
kernel=${KTSTR_TEST_KERNEL:-$("$out/ktstr" kernel path)}
tmp=$(mktemp -d) || exit 1
export TMPDIR=$tmp/tmp
mkdir "$TMPDIR" "$tmp/kernels"
trap 'rm -rf "$tmp"' EXIT

# A cache of our own: nobody else has locks in it.
[ ! -e "${kernel%/*}/metadata.json" ] || {
	cp -r "${kernel%/*}" "$tmp/kernels/"
	kernel=$tmp/kernels/$(basename "${kernel%/*}")/${kernel##*/}
}
export KTSTR_CACHE_DIR=$tmp/kernels KTSTR_TEST_KERNEL=$kernel

. tests/lib.sh

# Seconds of an undisturbed run: the moments are spread over these.
undisturbed()
{
	local start=$EPOCHREALTIME

	KTSTR_RUNS_ROOT=$tmp/whole "$prog" -t "$test" > "$tmp/tap" 2>&1 || return 1
	awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { print b - a }'
}

locks_free()
{
	local l

	for l in "$tmp"/kernels/.locks/*; do
		[ ! -e "$l" ] || flock -n "$l" true || return 1
	done
}

echo "TAP version 13"
took=$(undisturbed)
result $? "an undisturbed run passes" "$tmp/tap"
[ -n "$took" ] || { finish; exit 1; }
shm=$(ls -A /dev/shm)
bad=0
for i in $(seq "$runs"); do
	mark=$$.$i
	after=$(awk -v r="$RANDOM" -v t="$took" 'BEGIN { print t * r / 32768 }')
	KTSTR_TEST_MARK=$mark KTSTR_RUNS_ROOT=$tmp/r "$prog" -t "$test" > "$tmp/tap" 2>&1 &
	pid=$!
	sleep "$after"
	kill -KILL $pid 2> /dev/null
	wait $pid 2> /dev/null
	why=
	gone || why="processes $(ours | tr '\n' ' ')"
	[ "$(ls -A /dev/shm)" = "$shm" ] || why="$why files in /dev/shm"
	[ -z "$(ls -A "$TMPDIR")" ] || why="$why files in TMPDIR"
	locks_free || why="$why a lock"
	[ -z "$why" ] || { bad=$((bad + 1)); echo "# killed after $after s: left $why"; }
	rm -rf "$tmp/r"
	[ $((i % 10)) != 0 ] || echo "# $i of $runs killed"
done
[ $bad = 0 ]
result $? "$runs runs killed at random moments leave nothing"
undisturbed > /dev/null
result $? "the next run passes" "$tmp/tap"
{ [ -x "$out/obj/tests/e2e/cycles_test" ] || make -s OUTPUT="$out" e2e-tests; } > "$tmp/log" 2>&1 &&
	KTSTR_LIBDIR=$out KTSTR_TEST_CYCLES=$cycles \
		"$out/obj/tests/e2e/cycles_test" ${KTSTR_ACCEL:+-v "$KTSTR_ACCEL"} > "$tmp/log" 2>&1
result $? "$cycles machines of each kind in one process leave nothing" "$tmp/log"
finish
