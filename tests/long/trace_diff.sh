#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# ktstr trace diff --task finds where a planted mistake takes effect first: a sound scheduler and the same one
# with a one-line difference, scx_mutant --fault (docs/mutations.md), run with one seed. Two runs of
# the sound one do not differ.
#
# usage: trace_diff.sh [FAULT [TEST]]	(fifo, equal_cgroups_scx_ktstr)
set -u
cd "$(dirname "$0")/../.." || exit 1
fault=${1:-leak-last} test=${2:-equal_cgroups_scx_ktstr}
. tests/begin.sh
forget_settings

# trace NAME FAULT
trace()
{
	"$out/ktstr" run --seed 1 --runs "$tmp/r" -t "$test" --duration 2 --trace "$tmp/$1.pftrace" \
		--scheduler scx_mutant -- --fault "$2" > "$tmp/$1.tap" 2>&1
	grep -q 'switches exactly as the kernel counts them' "$tmp"/r/*/"ktstr.$test"/report.txt
	result $? "$1: the trace is whole" "$tmp/$1.tap"
	rm -rf "$tmp/r"
}

echo "TAP version 13"
trace sound none
trace again none
trace faulty "$fault"
"$out/ktstr" trace diff --no-pager "$tmp/sound.pftrace" "$tmp/again.pftrace" > "$tmp/same"
result $? "two runs of the sound one make the same decisions" "$tmp/same"
"$out/ktstr" trace diff --no-pager --task 'cg_*' "$tmp/sound.pftrace" "$tmp/again.pftrace" > "$tmp/same"
result $? "about each of the tasks, too" "$tmp/same"
"$out/ktstr" trace diff --no-pager --task 'cg_*' "$tmp/sound.pftrace" "$tmp/faulty.pftrace" > "$tmp/diff"
[ $? = 1 ] && grep -q '^first difference: cg_[ab]:[01]\[[0-9]*\], ' "$tmp/diff"
result $? "the mistake makes a difference for a task" "$tmp/diff"
sed 's/^/# /' "$tmp/diff"
finish
