#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A ledger does not change the run, counts each call, and finds one instruction. Two guests start, the
# second with a scheduler whose dispatch has one instruction more.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/begin.sh
forget_settings
"$out/ktstr" kernel path > /dev/null 2>&1 || { echo "1..0 # SKIP no kernel: run ./run_tests.sh"; exit 4; }
export KTSTR_RUNS_ROOT=$tmp/runs KTSTR_AUTO_REPRO=off

# guest RUN [ARGS OF THE SCHEDULER]
guest()
{
	KTSTR_RUN_ID=$1 timeout 280 "$out/ktstr" run --ledger -t equal_cgroups_scx_ktstr --duration 1 --seed "$seed" \
		--scheduler "$out/scx_ktstr" -- "${@:2}" > "$tmp/log" 2>&1
}

guest a
result $? "a run with a ledger passes" "$tmp/log"
python3 - "$tmp"/runs/a/*/*.ktstr.json > "$tmp/log" 2>&1 <<'EOF'
import json, sys
d = json.load(open(sys.argv[1]))
ops = {o["op"]: o for o in d["ledger"]["ops"]}
for o in ops.values():
    paths = sum(p["calls"] for p in o["paths"])
    assert paths + o["other_calls"] == o["calls"] or o["nr_paths"] > 32, o
    assert sum(p["insns"] * p["calls"] for p in o["paths"]) <= o["insns"], o
    assert o["code"] and o["loads"] == 1, o
assert ops["init"]["calls"] == 1 and ops["exit"]["calls"] == 1
assert ops["init_task"]["calls"] == ops["exit_task"]["calls"] > 20
assert ops["dispatch"]["calls"] > 20 and ops["dispatch"]["shortest"] > 10
EOF
result $? "calls are counted, each in one path, and init_task as often as exit_task" "$tmp/log"
guest b --tax && "$out/ktstr" stats compare --exact --all --json a b > "$tmp/log" 2>&1
python3 - "$tmp/log" > "$tmp/why" 2>&1 <<'EOF'
import json, sys
d = json.load(open(sys.argv[1]))
bad = {r["metric"]: r["delta"] for r in d["deltas"] if r["verdict"] == "REGRESSION"}
print(bad)
assert bad.get("ops.dispatch.shortest") == 1, "the planted instruction"
assert all(m.startswith("ops.dispatch.") for m in bad), "other operations are as they were"
assert {r["metric"] for r in d["deltas"]} > {"ops.enqueue.shortest", "ops.select_cpu.shortest"}
EOF
result $? "one instruction more in dispatch is found, and nothing in other operations" "$tmp/why"

finish
