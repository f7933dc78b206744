#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Whatever ends a run, nothing stays: no process, no file in /dev/shm, no temporary file, no
# lock that is still held. The run is killed (SIGKILL) and interrupted (SIGINT) in each of its
# phases, which are recognised by what the run has written so far, not by the clock.
# Own: /dev/shm is compared before and after.
set -u
cd "$(dirname "$0")/../.." || exit 1
out=${OUTPUT:-$PWD/build}
prog=$out/equal_cgroups
test=equal_cgroups_scx_ktstr
tmp=$(mktemp -d) || exit 1
export TMPDIR=$tmp/tmp
mkdir "$TMPDIR"
trap 'rm -rf "$tmp"' EXIT

. tests/lib.sh

runs() {	# NAME: a process of the run whose name begins so is there
	local pid

	for pid in $(ours); do
		grep -qs "^$1" "/proc/$pid/comm" && return 0
	done
	return 1
}

await() {	# PHASE: until the run is there, at most 60 s
	local limit=$((SECONDS + 60))

	while [ $SECONDS -lt $limit ]; do
		case $1 in
		start)		runs "${prog##*/}" && return 0;;	# env before it ignores SIGINT
		emulator)	runs qemu && return 0;;
		boot)		grep -qs "Linux version" "$root"/r/*/console.log && return 0;;
		scheduler)	grep -qs "BPF scheduler .* enabled" "$root"/r/*/console.log && return 0;;
		esac
		sleep 0.02
	done
	return 1
}

echo "TAP version 13"
before=$(ls -A /dev/shm)
for sig in KILL INT TERM; do
	for phase in start emulator boot scheduler; do
		mark=$sig.$phase.$$
		root=$tmp/$mark
		# a shell starts background jobs with SIGINT ignored, a terminal does not
		KTSTR_TEST_MARK=$mark KTSTR_ACCEL=tcg KTSTR_RUNS_ROOT=$root KTSTR_RUN_ID=r \
			setsid env --default-signal=INT "$prog" -t "$test" >"$tmp/tap" 2>&1 &
		pid=$!
		await "$phase"
		result $? "$phase is reached"
		# as a terminal does: the signal goes to the foreground group
		kill -$sig -- -$pid 2>/dev/null || kill -$sig $pid
		wait $pid 2>/dev/null
		status=$?
		gone
		result $? "SIG$sig in phase $phase: no process is left"
		[ $status -gt 128 ] || [ $status = 1 ]
		result $? "SIG$sig in phase $phase: the exit status $status says so"
		[ "$(ls -A /dev/shm)" = "$before" ] && [ -z "$(ls -A "$TMPDIR")" ]
		result $? "SIG$sig in phase $phase: no file is left"
	done
done

# and the next run works as if nothing had happened
KTSTR_ACCEL=tcg KTSTR_RUNS_ROOT=$tmp/after "$prog" -t "$test" >"$tmp/tap" 2>&1
result $? "a run after all this passes"
[ -z "$(ls -A "$TMPDIR")" ]
result $? "and leaves no temporary file either"

finish
