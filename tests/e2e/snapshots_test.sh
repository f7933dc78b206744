#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Snapshots: what the host reads is what the guest reads itself (guest/snapshots_guest.c), and a
# deterministic guest does not notice that they are taken.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/begin.sh
forget_settings
export KTSTR_ACCEL=tcg KTSTR_SEED=$seed KTSTR_LIBDIR=$out KTSTR_RUN_ID=r
export KTSTR_SCHEDULER_BIN_SCX_KTSTR=$out/scx_ktstr
# the guest does not know of its snapshots if nobody in it is asked for them
export KTSTR_SCX_STATS=off
[ -z "${KTSTR_TEST_KERNEL:-}" ] || export KTSTR_KERNEL=$KTSTR_TEST_KERNEL

# run NAME [VARIABLE=VALUE]: leaves $tmp/NAME.tap and the run's files in $tmp/NAME/r/.
run()
{
	env KTSTR_RUNS_ROOT="$tmp/$1" "${@:2}" "$out/obj/tests/e2e/snapshots_guest" \
		> "$tmp/$1.tap" 2>&1
}

echo "TAP version 13"
run with
result $? "the guest's own readings agree with the host's" "$tmp/with.tap"
[ "$(find "$tmp"/with/r/* -name '*.periodic_0??.snapshot.json' | wc -l)" = 6 ]
result $? "six periodic snapshots are files"
file=$(echo "$tmp"/with/r/*/*.moment.snapshot.json)
"$out/ktstr" dump --map .bss "$file" > "$tmp/shown" 2>&1 && grep -q nr_enqueued= "$tmp/shown"
result $? "ktstr dump shows one" "$tmp/shown"

run without KTSTR_SNAPSHOTS=0
result $? "KTSTR_SNAPSHOTS=0 takes none of the periodic ones" "$tmp/without.tap"
! compgen -G "$tmp/without/r/*/*.periodic_*.snapshot.json" > /dev/null &&
	cmp "$tmp"/with/r/*/console.log "$tmp"/without/r/*/console.log > "$tmp/differs" 2>&1
result $? "the guest's console is the same with six snapshots and without" "$tmp/differs"
finish
