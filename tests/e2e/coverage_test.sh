#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Coverage does not change the run, is the same each time, counts what a ledger counts, and shows code that
# only a fault reaches. Five guests start: three alike, one whose scheduler fails, and one with several.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/begin.sh
forget_settings
"$out/ktstr" kernel path > /dev/null 2>&1 || { echo "1..0 # SKIP no kernel: run ./run_tests.sh"; exit 4; }
export KTSTR_RUNS_ROOT=$tmp/runs KTSTR_AUTO_REPRO=off

# run RUN TEST [OPTION...]: the document is in $tmp/RUN. The kernel counts runs of BPF programs.
run()
{
	KTSTR_RUN_ID=$1 timeout 280 "$out/ktstr" run -t "$2" --duration 1 --seed 1 \
		--karg sysctl.kernel.bpf_stats_enabled=1 "${@:3}" > "$tmp/$1" 2> "$tmp/log"
}

# refused NAME STATUS WORDS OPTION...: such a run does not begin, and one line says why.
refused()
{
	"$out/ktstr" run -t $test "${@:4}" > "$tmp/out" 2> "$tmp/log"
	[ $? = "$2" ] && [ ! -s "$tmp/out" ] && grep -q -e "$3" "$tmp/log" &&
		[ "$(grep -c '' "$tmp/log")" = 1 ]
	result $? "$1" "$tmp/log"
}

test=equal_cgroups_scx_ktstr
refused "it needs a deterministic run" 129 "--coverage needs a deterministic run: it excludes --accel kvm" \
	--coverage "$tmp/x" --accel kvm
refused "... that can be repeated" 129 "it excludes --tcg-threads multi" --coverage "$tmp/x" --tcg-threads multi
refused "it needs the monitor" 129 "--coverage reads the guest's memory: it excludes --no-monitor" \
	--coverage "$tmp/x" --no-monitor
echo "int main(void)" > "$tmp/main.c"
refused "a file that is no tracefile is not replaced" 1 "main.c: line 1: .* not replaced" --coverage "$tmp/main.c"
refused "a folder that is not there is told" 1 "/no/such/x: No such file" --coverage /no/such/x

# of an earlier run; the test runs on this machine, or is skipped
echo "TN:" > "$tmp/nothing"
run h two_cgroups_here --coverage "$tmp/nothing"
grep -q "^# coverage: nothing was measured, as no test .*/nothing is not written$" "$tmp/h" &&
	[ ! -e "$tmp/nothing" ]
result $? "where nothing was measured a line says why, and no file is left" "$tmp/h"

run a $test --ledger --coverage "$tmp/a.info" && run b $test && KTSTR_COVERAGE=$tmp/c.info run c $test
result $? "runs with and without coverage pass" "$tmp/log"
[ -s "$tmp/a.info" ] && cmp "$tmp/a.info" "$tmp/c.info" > "$tmp/log" 2>&1
result $? "two runs of one seed have the same counts" "$tmp/log"
for f in console.log kmsg.log output.log sched.log; do
	cmp "$tmp"/runs/[ab]/*/$f || echo "$f is missing, or differs"
done > "$tmp/log" 2>&1
diff <(grep -v '^# artefacts\|^# coverage' "$tmp/a") <(grep -v '^# artefacts' "$tmp/b") >> "$tmp/log" 2>&1
[ ! -s "$tmp/log" ]
result $? "console and verdict are byte-identical with and without coverage" "$tmp/log"

run d scheduler_calls_scx_bpf_error --coverage "$tmp/d.info" &&
	run e schedulers_are_exchanged_under_load --ledger --coverage "$tmp/e.info"
result $? "tests whose scheduler fails, or is exchanged, pass" "$tmp/log"
dump=$(grep -n 'ktstr: stall=%d crash=%d' bpf/scx_ktstr.bpf.c | cut -d : -f 1)
cat > "$tmp/tracefile.py" <<'EOF'
import glob, json, sys

tmp = sys.argv[1]

def tracefile(path):
    files, f = {}, None
    for text in open(path).read().splitlines():
        key, _, value = text.partition(":")
        if key == "SF":
            f = files[value] = {"DA": {}, "FN": {}, "FNDA": {}}
        elif key in ("DA", "FN", "FNDA"):
            a, b = value.split(",")
            f[key].update({int(a): int(b)} if key == "DA" else {b: int(a)})
        elif key in ("LF", "FNF"):
            assert int(value) == len(f["DA" if key == "LF" else "FN"]), text
        elif key in ("LH", "FNH"):
            assert int(value) == sum(n > 0 for n in f["DA" if key == "LH" else "FNDA"].values()), text
    return files

def sidecar(run):
    path, = glob.glob(f"{tmp}/runs/{run}/*/*.ktstr.json")
    return json.load(open(path))

def source(files, name):
    path, = (p for p in files if p.endswith(f"/{name}.bpf.c"))
    return files[path]
EOF
export PYTHONPATH=$tmp PYTHONDONTWRITEBYTECODE=1
python3 - "$tmp" "$dump" > "$tmp/log" 2>&1 <<'EOF'
import sys
from tracefile import *

dump = int(sys.argv[2])
a = tracefile(tmp + "/a.info")
src, failed = source(a, "scx_ktstr"), source(tracefile(tmp + "/d.info"), "scx_ktstr")
assert src["DA"][dump] == 0 and src["FNDA"]["ktstr_dump"] == 0
assert failed["DA"][dump] == 1 and failed["FNDA"]["ktstr_dump"] == 1
assert failed["FNDA"]["ktstr_dump_task"] > src["FNDA"]["ktstr_dump_task"] == 0

ops = sidecar("a")["ledger"]["ops"]
assert len(ops) >= 11
for op in ops:
    name = "ktstr_" + op["op"]
    assert src["FNDA"][name] == op["calls"], (op["op"], op["calls"])
    assert src["DA"][src["FN"][name]] == op["calls"], (op["op"], op["calls"])
assert src["FNDA"]["ktstr_dispatch"] > 20

# the kernel's own counts, which are read just before the scheduler is asked to leave
own = {p["name"]: p["runs"] for p in sidecar("a")["verifier_stats"]}
assert len(own) >= 11
for name in src["FNDA"]:		# the kernel cuts names
    assert own[name[:15]] <= src["FNDA"][name], (name, own)
for op in "select_cpu", "enqueue", "dispatch", "init_task":
    runs = own["ktstr_" + op[:9]]
    assert 20 < runs <= src["FNDA"]["ktstr_" + op] <= 1.1 * runs, (op, runs, src["FNDA"])

cov = sidecar("a")["coverage"]
assert cov["lines"] == sum(len(f["DA"]) for f in a.values()) > 100
assert cov["lines_hit"] == sum(n > 0 for f in a.values() for n in f["DA"].values())
assert cov["functions"] == sum(len(f["FN"]) for f in a.values()) >= 11
assert [f["file"] for f in cov["files"]] == list(a)
assert sidecar("b")["coverage"] is None
line, = (l for l in open(tmp + "/a") if l.startswith("# coverage: "))
assert line.startswith("# coverage: %d of %d lines, %d of %d functions of scx_ktstr.bpf.c and " % (
    cov["lines_hit"], cov["lines"], cov["functions_hit"], cov["functions"])), line
assert line.endswith(f": {tmp}/a.info\n"), line
EOF
result $? "counts are those of the ledger and of the kernel, and what only a failure reaches is 0 without one" "$tmp/log"

python3 - "$tmp" > "$tmp/log" 2>&1 <<'EOF'
from tracefile import *

e = tracefile(tmp + "/e.info")
simple, flatcg = source(e, "scx_simple")["FNDA"], source(e, "scx_flatcg")["FNDA"]
ops = {o["op"]: o for o in sidecar("e")["ledger"]["ops"]}
assert ops["init"]["loads"] == ops["init"]["calls"] == 4
assert simple["simple_init"] == 3 and flatcg["fcg_init"] == 1
for op in "select_cpu", "enqueue", "dispatch", "running", "stopping":
    n, m = simple["simple_" + op], flatcg["fcg_" + op]
    assert n > 0 and m > 0 and n + m == ops[op]["calls"], (op, n, m, ops[op]["calls"])
EOF
result $? "each load of a scheduler is counted, and those of one source are added" "$tmp/log"

finish
