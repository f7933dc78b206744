#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Traces of a schedule, and auto-repro: docs/traces.md, docs/auto-repro.md. One test whose scheduler
# crashes is traced. Auto-repro repeats it without the trace, and with other probes: so both runs have
# to leave the same console, and fail at the same nanosecond.
set -u
cd "$(dirname "$0")/../.." || exit 1
out=${OUTPUT:-$PWD/build}
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

. tests/lib.sh
forget_settings

# is PYTHON: true of d, the sidecar, t, its trace, a, its auto_repro, and p, what perfetto.py found.
is()
{
	python3 -c 'import glob, json, sys
d = json.load(open(glob.glob(sys.argv[1])[0]))
p = json.load(open(sys.argv[2]))
t, a = d["trace"], d["auto_repro"]
sys.exit(0 if eval(sys.argv[3]) else 1)' "$dir/*.ktstr.json" "$tmp/perfetto.json" "$1"
}

echo "TAP version 13"
"$out/ktstr" run --seed 1 --runs "$tmp/r" -t equal_cgroups_scx_ktstr --duration 1 \
	--trace "$tmp/a.pftrace" --scheduler scx_ktstr -- --crash-after 300 > "$tmp/tap" 2>&1
[ $? = 1 ] && grep -q '^not ok 1 ktstr/equal_cgroups_scx_ktstr' "$tmp/tap"
result $? "a scheduler that crashes fails its test" "$tmp/tap"
dir=$(echo "$tmp"/r/*/ktstr.equal_cgroups_scx_ktstr)
second=$dir/auto-repro/ktstr.equal_cgroups_scx_ktstr

python3 tests/e2e/perfetto.py "$tmp/a.pftrace" > "$tmp/perfetto.json" 2> "$tmp/err"
result $? "the trace is one of Perfetto's messages" "$tmp/err"
is 't["compared"] > 10 and t["differ"] == 0'
result $? "each CPU has as many switches as the kernel counts" "$tmp/tap"
is 'p["total"] == t["switches"] > 100 and len(p["switches"]) == 2'
result $? "all of them are in the file"
is 'p["ordered"] and p["chain"] and not p["unknown_tracks"]'
result $? "in order, each from the task that was switched to before"
is 'all(p["events"].get(k, 0) > 0 for k in ["waking", "wakeup", "wakeup_new", "migrate", "op",
	"dsq_insert", "dsq_queue", "dsq_consume", "tick", "scheduler", "step"])'
result $? "with wakeups, the operations of the scheduler, its queues, ticks and steps" "$tmp/perfetto.json"
is 'set(["cg_a:0", "cg_a:1", "cg_b:0", "cg_b:1"]) <= set(p["comms"])'
result $? "the workers by name"

cmp "$dir/console.log" "$second/console.log" > "$tmp/cmp" 2>&1
result $? "with a trace, and without: the same console" "$tmp/cmp"
is 'a["error_ns"] > 0 and a["error_ns"] == a["second_error_ns"]'
result $? "the second run fails at the same nanosecond" "$tmp/tap"
sed -n '/^# --- auto-repro ---/,/^# all of it: .*auto-repro.txt$/p' "$tmp/tap" > "$tmp/section"
lines=$(wc -l < "$tmp/section")
[ "$lines" -gt 5 ] && [ "$lines" -le 21 ]
result $? "the report has at most twenty lines about it" "$tmp/section"
grep -q 'ops\.dispatch cpu=[0-9].*(has not returned: scx_ktstr\.bpf\.c:[0-9]*)$' "$tmp/section" &&
	tail -n 2 "$tmp/section" | head -n 1 | grep -q 'kind=SCX_EXIT_ERROR_BPF(1025)$'
result $? "which end with the operation under way, and the exit" "$tmp/section"
line=$(sed -n 's/.*has not returned: scx_ktstr\.bpf\.c:\([0-9]*\))$/\1/p' "$tmp/section")
sed -n "${line:-1}p" bpf/scx_ktstr.bpf.c | grep -q 'scx_bpf_error("ktstr: host-triggered crash")'
result $? "with the line that has reported the error" "$tmp/section"
grep -q ' scx_do_enqueue_task .*slice=[0-9]*->[0-9]* ' "$dir/auto-repro.txt"
result $? "functions of the kernel have values before and after" "$dir/auto-repro.txt"
grep -q '^      dsq_id \|^      ddsp_dsq_id ' "$dir/auto-repro.txt" &&
	grep -q '  →  ' "$dir/auto-repro.txt"
result $? "the file has values before and after" "$dir/auto-repro.txt"

"$out/ktstr" trace latency --no-pager --task cg_a:0 --svg "$tmp/a.svg" "$tmp/a.pftrace" > "$tmp/lat" 2>&1 &&
	grep -q ' behind cg_[ab]:[01]\[[0-9]*\] (' "$tmp/lat"
result $? "ktstr trace latency: a worker waits behind another" "$tmp/lat"
python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])' "$tmp/a.svg" 2> "$tmp/err"
result $? "and draws it" "$tmp/err"
"$out/ktstr" trace diff --no-pager "$tmp/a.pftrace" "$tmp/a.pftrace" > "$tmp/diff" 2>&1 &&
	grep -q '^the same decisions, from where the scheduler is enabled on$' "$tmp/diff"
result $? "ktstr trace diff: a trace does not differ from itself" "$tmp/diff"

finish
