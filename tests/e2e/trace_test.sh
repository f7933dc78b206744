#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Traces of a schedule, and auto-repro: docs/traces.md, docs/auto-repro.md. One test whose scheduler
# crashes, and moves its tasks about, is traced. Auto-repro repeats it without the trace, and with other probes: so both runs have
# to leave the same console, and fail at the same nanosecond. Another guest, with a thread for each CPU, is
# traced from inside.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/begin.sh
forget_settings

# is PYTHON: true of d, the sidecar in $dir, t, its trace, a, its auto_repro, and p, what perfetto.py found.
is()
{
	python3 -c 'import glob, json, sys
d = json.load(open(glob.glob(sys.argv[1])[0]))
p = json.load(open(sys.argv[2]))
t, a = d["trace"], d["auto_repro"]
sys.exit(0 if eval(sys.argv[3]) else 1)' "$dir/*.ktstr.json" "$tmp/perfetto.json" "$1"
}

echo "TAP version 13"
"$out/ktstr" run --seed "$seed" --runs "$tmp/r" -t equal_cgroups_scx_ktstr --duration 1 \
	--trace "$tmp/a.sqlite" --scheduler scx_ktstr -- --crash-after 300 --scattershot > "$tmp/tap" 2>&1
[ $? = 1 ] && grep -q '^not ok 1 ktstr/equal_cgroups_scx_ktstr' "$tmp/tap"
result $? "a scheduler that crashes fails its test" "$tmp/tap"
dir=$(echo "$tmp"/r/*/ktstr.equal_cgroups_scx_ktstr)
second=$dir/auto-repro/ktstr.equal_cgroups_scx_ktstr

"$out/ktstr" trace convert "$tmp/a.sqlite" "$tmp/a.pftrace" > "$tmp/err" 2>&1 &&
	"$out/ktstr" trace convert "$tmp/a.pftrace" "$tmp/b.csv" >> "$tmp/err" 2>&1 &&
	"$out/ktstr" trace convert "$tmp/a.sqlite" "$tmp/a.csv" >> "$tmp/err" 2>&1 &&
	cmp "$tmp/a.csv" "$tmp/b.csv" >> "$tmp/err" 2>&1
result $? "the database becomes a file of Perfetto's and CSV, and nothing gets lost" "$tmp/err"
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

python3 tests/e2e/migrations.py "$dir/migrations.csv" "$tmp/a.sqlite" > "$tmp/moves" 2>&1
result $? "each migration that a worker has recorded is one of the trace, at its time" "$tmp/moves"

# sql QUERY: its one value, from $db.
db=$tmp/a.sqlite
sql()
{
	python3 -c 'import sqlite3, sys
print(sqlite3.connect(sys.argv[1]).execute(sys.argv[2]).fetchone()[0])' "$db" "$1" 2>&1
}
is "t[\"switches\"] == $(sql 'SELECT count(*) FROM switch')"
result $? "SQL counts as many switches"
# each slice but the last of a CPU ends where the next one begins
[ "$(sql 'SELECT sum(x) FROM (SELECT sum(to_ns - from_ns) - (max(from_ns) - min(from_ns)) AS x
	FROM slice GROUP BY cpu)')" = 0 ]
result $? "the slices of each CPU add up to the whole time"
# init() is the first operation of a scheduler, exit() the last one
[ "$(sql "SELECT group_concat(name) FROM op WHERE id = (SELECT min(id) FROM op) OR id = (SELECT max(id) FROM op)")" = init,exit ] &&
	[ "$(sql "SELECT count(*) FROM scheduler WHERE name = 'ktstr'")" = 1 ]
result $? "and finds the scheduler, its first and its last operation"

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

"$out/ktstr" run --tcg-threads multi --runs "$tmp/m" -t equal_cgroups_scx_ktstr --duration 1 -v \
	--trace "$tmp/m.sqlite" > "$tmp/tap" 2>&1 &&
	grep -q '^# .*/m.sqlite: [0-9]* events of .* exactly as the kernel counts them$' "$tmp/tap"
result $? "a guest that is not deterministic is traced from inside" "$tmp/tap"
dir=$(echo "$tmp"/m/*/ktstr.equal_cgroups_scx_ktstr)
"$out/ktstr" trace convert "$tmp/m.sqlite" "$tmp/m.pftrace" > "$tmp/err" 2>&1 &&
	python3 tests/e2e/perfetto.py "$tmp/m.pftrace" > "$tmp/perfetto.json" 2>> "$tmp/err"
result $? "its trace is one of Perfetto's messages" "$tmp/err"
# the last two comparisons are of the kernel's memory with the last switch of each CPU
is 'all([t["engine"] == "bpf", t["differ"] == t["lost"] == 0, len(p["switches"]) == 2,
	t["compared"] == t["switches"] == p["total"] > 100])'
result $? "each switch of each CPU is the kernel's next one, up to its last" "$tmp/tap"
is 'p["ordered"] and p["chain"] and all(p["events"].get(k, 0) > 0 for k in ["waking", "wakeup", "wakeup_new",
	"migrate", "cpus", "op", "dsq_insert", "dsq_queue", "dsq_consume", "tick", "scheduler", "step"])'
result $? "in order, with the events of the other engine" "$tmp/perfetto.json"
db=$tmp/m.sqlite
[ "$(sql "SELECT s.time_ns < min(t.time_ns) AND max(t.time_ns) < (SELECT max(time_ns) FROM switch)
	FROM scheduler s, step t")" = 1 ] &&
	[ "$(sql "SELECT group_concat(name) FROM op WHERE id = (SELECT min(id) FROM op) OR id = (SELECT max(id) FROM op)")" = init,exit ]
result $? "on the clock of the guest's messages" "$tmp/tap"
"$out/ktstr" trace latency --no-pager --task cg_a:0 "$tmp/m.sqlite" > "$tmp/lat" 2>&1 &&
	grep -q ' behind .*\[[0-9]*\] (' "$tmp/lat"
result $? "a worker waits behind another there, too" "$tmp/lat"

# refused ARGS...: status 1 and one line, which names the file.
refused()
{
	"$out/ktstr" trace "$@" < /dev/null > "$tmp/line" 2>&1
	[ $? = 1 ] && [ "$(wc -l < "$tmp/line")" = 1 ] && grep -q "^ktstr: trace: $tmp/bad/" "$tmp/line"
}
mkdir -p "$tmp/bad/folder"
: > "$tmp/bad/empty.pftrace"
# within an event: behind one, what is left is a shorter trace
head -c -1 "$tmp/a.pftrace" > "$tmp/bad/cut.pftrace"
head -c -1 "$tmp/a.csv" > "$tmp/bad/cut.csv"
head -c 100001 "$tmp/a.sqlite" > "$tmp/bad/cut.sqlite"
cp "$out/ktstr" "$tmp/bad/foreign.pftrace"
cp tests/lib.sh "$tmp/bad/foreign.csv"
cp tests/lib.sh "$tmp/bad/foreign.db"
python3 -c 'import sqlite3, sys
c = sqlite3.connect(sys.argv[1]); c.execute("CREATE TABLE t (a)"); c.commit()' "$tmp/bad/other.sqlite"
for f in "$tmp"/bad/*; do
	refused show "$f" && refused latency "$f" && refused diff "$f" "$tmp/a.pftrace" &&
		refused diff "$tmp/a.pftrace" "$f" && refused convert "$f" "$tmp/none.csv" && [ ! -e "$tmp/none.csv" ]
	result $? "no trace, and one line that says so: ${f##*/}" "$tmp/line"
done
"$out/ktstr" trace convert "$tmp/a.csv" /nonexistent/b.sqlite > "$tmp/line" 2>&1
[ $? = 1 ] && [ "$(cat "$tmp/line")" = "ktstr: trace: /nonexistent/b.sqlite: No such file or directory" ]
result $? "a folder that is not there" "$tmp/line"

finish
