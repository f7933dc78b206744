#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Each kind of failure that a guest can have, and its "repeat: " line, typed in another folder with
# another environment: the same report, byte for byte. Two boots for each kind;
# tests/e2e/repeat_test.sh has those that need none, and the schedulers that fail.
#
# usage: repeat.sh [PROGRAM:TEST...]	(default: all of the list below)
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/begin.sh
forget_settings
export KTSTR_RUNS_ROOT=$tmp/runs KTSTR_ACCEL=tcg KTSTR_VERBOSE=1
cd "$tmp" || exit 1

# Tests that expect their failure print its report too with KTSTR_VERBOSE=1.
all=(
	guest_faults:guest_panics guest_faults:body_hangs guest_faults:body_crashes
	scheduler_faults:scheduler_stalls scheduler_faults:scheduler_calls_scx_bpf_error
	scheduler_faults:scheduler_exits_early scheduler_faults:scheduler_fails_verification
	scheduler_faults:scheduler_never_attaches
	examples:throughput_gate stalls:stall_of_a_forgotten_worker
)
[ $# -gt 0 ] || set -- "${all[@]}"

# report FILE: without what is a run's own, its folder
report()
{
	sed -n '/^# ktstr_test/,/^# repeat: /p' "$1" | sed '/^# report: /d'
}

echo "TAP version 13"
for t; do
	timeout 300 "$out/${t%%:*}" -t "${t#*:}" > "$tmp/tap" 2>&1
	report "$tmp/tap" > "$tmp/a"
	line=$(sed -n 's/^# repeat: //p' "$tmp/tap" | head -n 1)
	(cd / && timeout 300 env -i HOME="$HOME" PATH=/usr/bin:/bin KTSTR_RUNS_ROOT="$tmp/runs" \
		KTSTR_VERBOSE=1 bash -c "$line") > "$tmp/tap2" 2>&1
	report "$tmp/tap2" > "$tmp/b"
	[ "$(wc -l < "$tmp/a")" -gt 5 ] && diff "$tmp/a" "$tmp/b" > "$tmp/diff" 2>&1
	result $? "repeats exactly: ${t#*:}" "$tmp/diff"
done
finish
