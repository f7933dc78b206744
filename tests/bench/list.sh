#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What it takes to list and to choose among more than 10,000 variants of the gauntlet: CPU time in ms,
# the least of N runs. Fails above 100 ms.
#
# usage: list.sh [N]
set -u
cd "$(dirname "$0")/../.." || exit 1
out=${OUTPUT:-$PWD/build}
prog=$out/obj/tests/bench/list_bench
[ -x "$prog" ] || { echo "list.sh: $prog is not built: make bench-list" >&2; exit 1; }
export KTSTR_ACCEL=tcg KTSTR_RUNS_ROOT=/nonexistent
rc=0
TIMEFORMAT='%U %S'

# least NAME COMMAND...
least()
{
	local name=$1 best='' i ms

	shift
	for ((i = 0; i < ${n:-5}; i++)); do
		ms=$({ time "$@" > /dev/null 2>&1; } 2>&1 | awk '{ print int(($1 + $2) * 1000 + .5) }')
		[ -n "$best" ] && [ "$best" -le "$ms" ] || best=$ms
	done
	printf '%-40s %5d ms\n' "$name" "$best"
	[ "$best" -le 100 ] || rc=1
}

n=${1:-5}
echo "$("$prog" -l 2>&1 | grep -c '/[a-z]') variants"
least "PROGRAM -l" "$prog" -l
least "ktstr list gauntlet" "$out/ktstr" list gauntlet "$prog"
least "ktstr run --list -t 'gauntlet/*'" "$out/ktstr" run --list -t 'gauntlet/*' "$prog"
least "... --preset '*' --shard 3/8" "$out/ktstr" run --list --preset '*' --shard 3/8 "$prog"
least "... -t 'gauntlet/*' --budget 3600" "$out/ktstr" run --list -t 'gauntlet/*' --budget 3600 "$prog"
exit $rc
