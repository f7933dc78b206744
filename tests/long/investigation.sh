#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The steps of "From a red test to the line" in docs/replay.md: each shows what the page says, and all of
# them, made with different means, agree to the nanosecond.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/begin.sh
forget_settings

# red NAME ARGS...: the red test, once.
red()
{
	"$out/ktstr" run --seed 1 --runs "$tmp/$1" -t equal_cgroups_scx_ktstr --duration 1 "${@:2}" \
		--scheduler scx_ktstr -- --eject-with bad-dsq > "$tmp/$1.tap" 2>&1
}
# stop OPTION VALUE...: time_ns of a stop.
stop()
{
	"$out/ktstr" replay "$run" "$@" > "$tmp/out" 2> "$tmp/err" || return
	python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["time_ns"])' \
		"$(find "$run" -name replay.json -printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d' ' -f2)"
}
sql()
{
	python3 -c 'import sqlite3, sys
print(sqlite3.connect(sys.argv[1]).execute(sys.argv[2]).fetchone()[0])' "$tmp/a.sqlite" "$1"
}

echo "TAP version 13"
red first
grep -q '^# *scheduler ktstr was ejected .*: runtime error: non-existent DSQ 0xbad$' "$tmp/first.tap"
result $? "the test is red" "$tmp/first.tap"
run=$(echo "$tmp"/first/*/ktstr.equal_cgroups_scx_ktstr)
us=$(sed -n 's/^# *\(-[0-9.]*\) us CPU [01] ops\.enqueue .*ddsp_dsq_id=SCX_DSQ_INVALID->DSQ(0xbad).*/\1/p' "$tmp/first.tap")
[ -n "$us" ]
result $? "auto-repro: enqueue() said 0xbad, $us us before the exit" "$tmp/first.tap"
exit_ns=$(stop --until exit --dump)
"$out/ktstr" dump --no-pager --map .bss "$(cat "$tmp/out")" > "$tmp/bss" 2>&1
grep -q '^ *nr_enqueued=51$' "$tmp/bss"
result $? "the dump: it went well 50 times" "$tmp/bss"
KTSTR_AUTO_REPRO=off red second --trace "$tmp/a.sqlite"
calls=$(sql "SELECT count(*) FROM op WHERE name = 'enqueue'")
[ "$calls" = 51 ] && [ "$(sql "SELECT count(*) FROM dsq_insert WHERE dsq_id = 0xbad")" = 1 ]
result $? "the trace: the call is number $calls" "$tmp/second.tap"
call_ns=$(stop --at "ops.enqueue#$calls")
[ "$call_ns" = "$(sql "SELECT max(time_ns) FROM op WHERE name = 'enqueue'")" ] &&
	python3 -c 'import sys
call, leave, us = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
sys.exit(0 if call - leave == round(us * 1000) else 1)' "$call_ns" "$exit_ns" "$us"
result $? "replay stops there: $call_ns ns, as the trace and auto-repro have it" "$tmp/err"
"$out/ktstr" replay "$run" --seeds 3 --from "t=$((exit_ns - 240000000))ns" > "$tmp/seeds" 2> "$tmp/err" &&
	grep -q ' 3 *3  *100 %$' "$tmp/seeds"
result $? "other orders of the CPUs fail as well" "$tmp/seeds"
finish
