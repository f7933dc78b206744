#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What the stall monitor of a real guest reports (docs/engine.md). That it finds and spares whom
# it should is asked by the tests of scenarios/stalls.c themselves, which the main job runs.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/begin.sh
forget_settings

# run TEST NAME: leaves $tmp/NAME.tap and the run's files in $tmp/NAME/r/.
run()
{
	KTSTR_ACCEL=tcg KTSTR_SEED=$seed KTSTR_RUNS_ROOT=$tmp/$2 KTSTR_RUN_ID=r \
		"$out/stalls" -t "$1" > "$tmp/$2.tap" 2>&1
}

# stall_is NAME PYTHON: true of the list s of the sidecar's stalls, d is the sidecar.
stall_is()
{
	python3 -c 'import json, sys
d = json.load(open(sys.argv[1]))
s = d["stalls"]
sys.exit(0 if eval(sys.argv[2]) else 1)' "$tmp/$1"/r/*/*.ktstr.json "$2"
}

echo "TAP version 13"
run stall_of_a_forgotten_worker drop
result $? "the test of a forgotten worker passes" "$tmp/drop.tap"
stall_is drop 'len(s) >= 1 and s[0]["why"] == "forgotten" and not s[0]["resumed"]'
result $? "the sidecar says that it was forgotten"
stall_is drop 's[0]["for_ms"] >= 2000 and s[0]["path"] == "/ktstr/cg_a" and s[0]["stack"]'
result $? "for how long, where, and with its kernel stack"
grep -q 'cg_a: step 1: cg_a:[0-9]*[[][0-9]*[]] stood still for [0-9.]* s .*: runnable, left waiting while CPU [0-9,-]* idled$' \
	"$tmp"/drop/r/*/report.txt
result $? "the report says it in a sentence" "$tmp/drop.tap"

# When it was found: the worker is in no queue and has waited since, the next stall is not there yet.
"$out/ktstr" replay "$tmp/drop/r" --until stall --dump > "$tmp/dump" 2> "$tmp/err" &&
	grep -q '^the console is that of the run so far' "$tmp/err"
result $? "ktstr replay --until stall stops in the same run" "$tmp/err"
python3 -c 'import json, sys
run, at, dump = (json.load(open(p)) for p in sys.argv[1:])
first = run["stalls"][0]
late = first["found_ns"] - at["time_ns"]
task = [t for t in dump["task_enrichments"] if t["pid"] == first["tid"]][0]
print(late, task)
sys.exit(0 if 0 <= late < 1000000 and task["waiting"] and task["runnable_for_ms"] > 2000 else 1)' \
	"$tmp"/drop/r/*/*.ktstr.json "$tmp"/drop/r/*/replay.1/*/replay.json "$(cat "$tmp/dump")" > "$tmp/err" 2>&1
result $? "where it was found: the dump has it waiting for more than 2 s" "$tmp/err"

run stall_comes_and_goes waits
result $? "the test of a stall that comes and goes passes" "$tmp/waits.tap"
stall_is waits '[x["why"] for x in s] == ["waits"] * 2 and s[1]["at_ms"] > s[0]["at_ms"]'
result $? "both times it waited behind the other"
stall_is waits 'd["verdict"] == "pass" and not d["kinds"]'
result $? "which is no failure"

KTSTR_STALL_POLL_MS=0 KTSTR_DURATION_S=1 run stall_of_nobody off
grep -q 'stalls_of(ctx, NULL): expected .*, was NaN (absent)' "$tmp/off.tap" &&
	stall_is off 'd["stall_poll_ms"] == 0 and s == []'
result $? "KTSTR_STALL_POLL_MS=0 reaches the guest: nobody looks" "$tmp/off.tap"

finish
