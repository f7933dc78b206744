#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# ktstr replay: docs/replay.md. A run is repeated twice up to the exit of its scheduler, and gdb finds
# it at the same instruction both times; then up to a time that the report has. What is no such run any more is refused.
# tests/long/replay.sh has more moments, and many repetitions.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/begin.sh
. tests/replay.sh
forget_settings
export TMPDIR=$tmp

# refused WHAT WORDS ARGS...: status 1 and a line with these words.
refused()
{
	local what=$1 words=$2

	shift 2
	"$out/ktstr" replay "$@" > "$tmp/refused" 2>&1
	[ $? = 1 ] && grep -qF -- "$words" "$tmp/refused" && [ "$(wc -l < "$tmp/refused")" = 1 ]
	result $? "refused: $what" "$tmp/refused"
}

# edited EXPRESSION: a copy of the run's folder whose sidecar went through sed.
edited()
{
	rm -rf "$tmp/copy"
	mkdir "$tmp/copy"
	sed "$1" "$run"/*.ktstr.json > "$tmp/copy/a.ktstr.json"
}

echo "TAP version 13"
crash
stop_for_gdb 1
first=$(field rip 1) first_ns=$(field time_ns 1)
stop_for_gdb 2
[ -n "$first" ] && [ "$first" = "$(field rip 2)" ] && [ "$first_ns" = "$(field time_ns 2)" ]
result $? "both times at the same instruction and nanosecond" "$tmp/err"
# The time that the report prints, typed as it stands there; the dump of the stop has the clock by what
# the kernel itself counts, its jiffies, and the guest's messages have their own stamps.
at=$(sed -n 's/^# scheduler ktstr at \([0-9.]*\) s of guest time.*/\1/p' "$tmp/tap")
"$out/ktstr" replay "$run" --until "t=${at}s" --dump > "$tmp/out" 2> "$tmp/err"
python3 -c 'import json, sys
at, stop, dump = float(sys.argv[1]) * 1e9, json.load(open(sys.argv[2])), json.load(open(sys.argv[3]))
print(at, stop["time_ns"], stop["message_ns"], dump["guest_time_ns"])
sys.exit(0 if stop["stopped"] and 0 <= at - stop["time_ns"] < 1e6 and
	 abs(dump["guest_time_ns"] - at) < 10e6 and stop["message_ns"] <= at else 1)' \
	"$at" "$run"/replay.3/*/replay.json "$(cat "$tmp/out")" >> "$tmp/err" 2>&1
result $? "--until with a time of the report: the kernel's clock is there" "$tmp/err"
"$out/ktstr" dump --no-pager --brief "$(cat "$tmp/out")" > "$tmp/dump" 2>&1
result $? "the dump of that moment can be shown" "$tmp/dump"
grep -q ' <_text>$' <(nm "$run/replay.1/ktstr.equal_cgroups_scx_ktstr/kernel.sym" | sed 's/\(.*\) \(.*\)$/\1 <\2>/') &&
	grep -q ' ops\.enqueue$' <(nm "$run/replay.1/ktstr.equal_cgroups_scx_ktstr/kernel.sym")
result $? "gdb gets the symbols of the kernel and of the scheduler's programs"

refused "no such run" 'no such folder, and no run of that name' nonsense
refused "a folder of something else" 'is no folder of a run' "$tmp/r"
refused "the stall of a run that had none" 'found no stall' "$run" --until stall
edited 's/"program_hash": "[0-9a-f]*"/"program_hash": "0123456789abcdef"/'
refused "another test program" 'is another test program than that of the run' "$tmp/copy"
edited 's/"kernel_hash": "[0-9a-f]*"/"kernel_hash": "0123456789abcdef"/'
refused "another kernel" 'is another kernel than that of the run' "$tmp/copy"
edited 's/"scheduler_hash": "[0-9a-f]*"/"scheduler_hash": "0123456789abcdef"/'
refused "another scheduler" 'is another scheduler than that of the run' "$tmp/copy"
edited 's/"deterministic": true/"deterministic": false/'
refused "a run that cannot be repeated" 'was no deterministic run' "$tmp/copy"
edited 's/"KTSTR_ACCEL=tcg"/"LD_PRELOAD=\/tmp\/x.so"/'
refused "settings that are none of ktstr's" 'its list of settings is damaged' "$tmp/copy"
edited 's/}//'
refused "a damaged file" 'a.ktstr.json: ' "$tmp/copy"

"$out/ktstr" replay "$run" --until soon > "$tmp/usage" 2>&1
[ $? = 129 ] && grep -q -- '--until soon: must be a time' "$tmp/usage"
result $? "a moment that is none is wrong usage" "$tmp/usage"
"$out/ktstr" replay "$run" --until 5.077s > "$tmp/usage" 2>&1
[ $? = 129 ] && grep -q -- '--until 5.077s: must be a time such as t=5.1s' "$tmp/usage"
result $? "a time says which clock it is of" "$tmp/usage"
"$out/ktstr" trace show --no-pager /nonexistent.csv > "$tmp/usage" 2>&1
[ $? = 1 ] && [ "$(cat "$tmp/usage")" = "ktstr: trace: /nonexistent.csv: No such file or directory" ]
result $? "a trace that is not there is named once" "$tmp/usage"
[ -z "$(ls "$tmp"/ktstr-*-gdb.sock 2> /dev/null)" ]
result $? "no socket is left"
finish
