#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# ktstr replay at length: gdb finds the machine at the same instruction N times of N, and each kind of
# moment is found. Other ways to go on from a time are as repeatable as the run itself.
#
# usage: replay.sh [N]	(20)
set -u
cd "$(dirname "$0")/../.." || exit 1
n=${1:-20}
. tests/begin.sh
. tests/replay.sh
forget_settings
export TMPDIR=$tmp REPLAY_LIMIT_S=1800

# stops WHAT WORDS OPTION VALUE: a replay stops, in the same run, at what the line says.
stops()
{
	"$out/ktstr" replay "$run" "$3" "$4" > "$tmp/err" 2>&1 &&
		grep -q "^stopped at .*$2" "$tmp/err" && grep -q '^the console is that of the run so far' "$tmp/err"
	result $? "$1: $(grep '^stopped' "$tmp/err")" "$tmp/err"
	replays=$((replays + 1))
}

echo "TAP version 13"
crash
places=
for i in $(seq "$n"); do
	stop_for_gdb "$i"
	places="$places$(field rip "$i") $(field time_ns "$i")"$'\n'
done
[ "$(printf %s "$places" | sort -u | wc -l)" = 1 ]
result $? "$n of $n at the same instruction and nanosecond"
replays=$n
end=$(field time_ns 1)

stops "a time" 'CPU [01] before ' --until "t=$((end - 40000000))ns"
[ "$(field time_ns $replays)" -le $((end - 40000000)) ] &&
	[ "$(field time_ns $replays)" -gt $((end - 42000000)) ]
result $? "not later, and no more than a block of instructions earlier"
stops "an operation" 'ops\.enqueue' --at 'ops.enqueue#20'
stops "a switch" '__switch_to' --at 'switch#100'
stops "a function" 'set_next_task_scx' --at set_next_task_scx
stops "an insertion" 'scx_bpf_dsq_insert' --at dsq_insert#30

"$out/ktstr" replay "$run" > "$tmp/err" 2>&1 && grep -q '^the console is that of the run: ' "$tmp/err"
result $? "the whole run" "$tmp/err"
"$out/ktstr" replay "$run" --until t=1s > "$tmp/err" 2>&1
[ $? = 1 ] && grep -q 'is too early: this run can be stopped from' "$tmp/err"
result $? "a time before the test is refused" "$tmp/err"
"$out/ktstr" replay "$run" --at no_such_function > "$tmp/err" 2>&1
[ $? = 1 ] && grep -q 'this kernel has no such function' "$tmp/err"
result $? "a function that is none is refused" "$tmp/err"

"$out/ktstr" replay "$run" --seeds 2 --from "t=$((end - 100000000))ns" > "$tmp/a" 2> "$tmp/err"
result $? "other ways" "$tmp/err"
"$out/ktstr" replay "$run" --seeds 2 --from "t=$((end - 100000000))ns" > "$tmp/b" 2> "$tmp/err"
cmp "$tmp/a" "$tmp/b" > /dev/null
result $? "the same ones again" "$tmp/err"
logs=("$run"/replay.*/ktstr.equal_cgroups_scx_ktstr/console.log)
mapfile -t logs < <(ls -t "${logs[@]}" | head -n 4)
cmp -s "${logs[0]}" "${logs[2]}" && cmp -s "${logs[1]}" "${logs[3]}"
result $? "with the same consoles"
! cmp -s "${logs[0]}" "${logs[1]}"
result $? "two seeds are two ways"
sed 's/^/# /' "$tmp/a"

# A stall that only the watchdog has found: the stop is at the exit for which the kernel gives that reason.
# Nothing judges the workers' progress in this run.
KTSTR_STALL_POLL_MS=0 KTSTR_AUTO_REPRO=off "$out/ktstr" run --seed 1 --runs "$tmp/w" \
	-t equal_cgroups_scx_ktstr --duration 4 --scheduler scx_ktstr -- --stall-after-ms 300 --timeout-ms 1000 \
	> "$tmp/tap" 2>&1
grep -q '^# exit: SCX_EXIT_ERROR_STALL: ' "$tmp/tap"
result $? "the watchdog ejects a scheduler" "$tmp/tap"
run=$(echo "$tmp"/w/*/ktstr.equal_cgroups_scx_ktstr)
"$out/ktstr" replay "$run" --until stall --dump > "$tmp/out" 2> "$tmp/err" &&
	[ "$(field console 1)" = same ] &&
	"$out/ktstr" dump --no-pager --brief "$(cat "$tmp/out")" > "$tmp/dump" &&
	grep -q '^waits longest: ' "$tmp/dump"
result $? "--until stall is that exit, and its dump says why" "$tmp/err"
finish
