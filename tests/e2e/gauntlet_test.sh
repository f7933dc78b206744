#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The gauntlet, budgets, shards, retries, JUnit files, merging and exit statuses. The verdicts are those
# of a made-up program (fake/fake_flaky.c); one machine is booted, with nodes that differ.
set -u
cd "$(dirname "$0")/../.." || exit 1
selftests=${KSRC:-}/tools/testing/selftests
[ -e "$selftests/kselftest_harness.h" ] || { echo "1..0 # SKIP no kernel tree, set KSRC"; exit 4; }
. tests/begin.sh
forget_settings
# what needs no machine must not look for one
kernel=${KTSTR_TEST_KERNEL:-$("$out/ktstr" kernel path 2> /dev/null)}
unset KTSTR_TEST_KERNEL
export KTSTR_RUNS_ROOT=$tmp/runs KTSTR_ACCEL=tcg KTSTR_CACHE_DIR=$tmp/cache
mkdir -p "$tmp/cache"
flaky=$tmp/fake_flaky
${CC:-gcc} -O1 -D_GNU_SOURCE -isystem "$selftests" -isystem "$KSRC/tools/include" \
	tests/e2e/fake/fake_flaky.c -o "$flaky" || exit 1
prog=$out/equal_cgroups

# run ARGS...: `ktstr run`, into $tmp/out and $tmp/err
run()
{
	timeout 300 "$out/ktstr" run "$@" > "$tmp/out" 2> "$tmp/err"
	rc=$?
}
list()
{
	run --list "$@" "$prog"
}
has()		{ grep -qE -- "$1" "$tmp/out"; }
err_has()	{ grep -qF -- "$1" "$tmp/err"; }
lines()		{ wc -l < "$tmp/out"; }

# --- the whole suite has one list: what belongs to ktstr verifier is not in it
run --list -t 'gauntlet/*'
[ $rc = 0 ] && [ "$(lines)" -gt 1000 ] && ! has '/verifier_'
result $? "no test of the suite's gauntlet is in two programs" "$tmp/err"

# --- the exit statuses are those of the table in docs/ktstr.md
awk '/^\| status \| meaning/ { on = 1 } on && /^\|/ { print $2 } on && !/^\|/ { exit }' docs/ktstr.md |
	sed '1,2d' > "$tmp/statuses"
nr_rows=$(wc -l < "$tmp/statuses")
# status N ARGS...: the run ends with N, which has a row
status()
{
	local want=$1

	shift
	run "$@" "$flaky"
	[ "$rc" = "$want" ] && grep -qx "$want" "$tmp/statuses"
	result $? "ktstr run $* ends with $want" "$tmp/out"
}
status 0 -t passes
status 0 -t passes -t skips
status 1 -t passes -t fails -t undecided
status 1 -t passes -t prints_a_result
status 2 -t passes -t undecided -t skips
status 2 -t undecided -t passes_second --retries 1
status 4 -t skips
status 6 -t passes -t passes_second --retries 1
status 1 -t passes_second -t passes_third --retries 1
status 1 -t fails_then_skips --retries 3
status 129 --retries -1
status 129 -t nothing
[ "$nr_rows" = 7 ]
result $? "and the table has no other rows" "$tmp/statuses"

# --- retries
run -t passes_third --retries 5 "$flaky"
has '^ok 1 ktstr/passes_third # FLAKY passed in attempt 3; attempt 2: fail; seed 3$'
result $? "a test that passes at last says so on its line" "$tmp/out"
[ "$(grep -c '^# attempt [123] of 3' "$tmp/out")" = 3 ] && has '^# attempt 1, seed 1$' && has '^# attempt 3, seed 3$'
result $? "what each attempt printed is there, and each has the next seed" "$tmp/out"
has '^# 1 of 1 tests were flaky' && has '^# Totals: pass:1 fail:0'
result $? "and the end counts it" "$tmp/out"
run -t passes_second --retries 1 --json "$flaky"
python3 -c '
import json, sys
t, = json.load(open(sys.argv[1]))
assert t["verdict"] == "flaky" and [a["verdict"] for a in t["attempts"]] == ["fail"], t' "$tmp/out" \
	2> "$tmp/err"
result $? "--json has the attempts" "$tmp/err"
run -t fails --retries 2 "$flaky"
has '^not ok 1 ktstr/fails' && [ "$(grep -c '^# attempt [123] of 3' "$tmp/out")" = 3 ]
result $? "one that never passes fails, with all its reports" "$tmp/out"

# --- the document stays in the run's folder; what failed can be run again
KTSTR_RUN_ID=first run -t 'pass*' -t fails -t undecided "$flaky"
cmp "$tmp/out" "$tmp/runs/first/results.tap" > "$tmp/log" 2>&1
result $? "results.tap is what was printed" "$tmp/log"
run --list --rerun-failed first "$flaky"
[ "$(sort "$tmp/out" | tr '\n' ' ')" = "ktstr/fails ktstr/passes_second ktstr/passes_third ktstr/undecided " ]
result $? "--rerun-failed takes what did not pass" "$tmp/out"
KTSTR_RUN_ID=good run -t passes "$flaky"
run --rerun-failed "$tmp/runs/good" "$flaky"
[ $rc = 0 ] && err_has "nothing failed in"
result $? "and nothing where all passed" "$tmp/err"
run --rerun-failed nowhere "$flaky"
[ $rc = 1 ] && err_has "nowhere/results.tap" || err_has "nowhere:"
result $? "a run that is not there is an error" "$tmp/err"

# --- JUnit
run -t 'pass*' -t fails -t undecided -t skips -t prints_a_result --retries 1 --junit "$tmp/j.xml" "$flaky"
cat > "$tmp/junit.py" <<'EOF'
import sys, xml.etree.ElementTree as E
want = {"passes": None, "fails": "failure", "undecided": "error", "skips": "skipped",
        "prints_a_result": "error", "passes_second": "flakyFailure", "passes_third": "failure"}
root = E.parse(sys.argv[1]).getroot()
cases = {c.get("name"): c for c in root.iter("testcase")}
for name, element in want.items():
    c = cases[name]
    assert c.get("classname") == "ktstr", name
    kinds = [e.tag for e in c if e.tag not in ("system-out", "flakyFailure")]
    assert kinds == ([element] if element and element != "flakyFailure" else []), (name, kinds)
assert cases["passes_second"].find("flakyFailure") is not None
suite = root.find("testsuite")
assert (suite.get("tests"), suite.get("failures"), suite.get("errors"), suite.get("skipped")) == \
    ("7", "2", "2", "1"), suite.attrib
EOF
python3 "$tmp/junit.py" "$tmp/j.xml" 2> "$tmp/log"
result $? "--junit writes XML with every verdict" "$tmp/log"
for c in "run $flaky" "merge $tmp/runs/shard1" "trace latency $tmp/none"; do
	set -- junit "$tmp/none/x"
	[ "${c%% *}" != trace ] || set -- svg "$tmp/none/x"
	# shellcheck disable=SC2086
	"$out/ktstr" $c "--$1" "$2" > "$tmp/log" 2>&1
	[ $? = 1 ] && [ "$(cat "$tmp/log")" = "ktstr: ${c%% *}: --$1 $2: No such file or directory" ]
	result $? "${c%% *} --$1: a file that cannot be written is refused before anything is done" "$tmp/log"
done

# --- shards, and their documents as one
for i in 1 2 3; do
	KTSTR_RUN_ID=shard$i run --shard $i/3 -t 'pass*' -t skips -t fails -t undecided -T nothing_such "$flaky"
	[ $i = 1 ] && [ $rc = 129 ] && break
done
[ $rc = 129 ] && err_has "nothing_such"
result $? "an exclusion that matches nothing is an error" "$tmp/err"
for i in 3 1 2; do
	KTSTR_RUN_ID=shard$i run --shard $i/3 -t 'pass*' -t skips -t fails -t undecided "$flaky"
done
run -t 'pass*' -t skips -t fails -t undecided "$flaky"
sed -n 's/^\(not \)\{0,1\}ok [0-9]* \([^ ]*\).*/\2/p' "$tmp/out" | sort > "$tmp/whole"
"$out/ktstr" merge --junit "$tmp/m.xml" "$tmp/runs/shard3" "$tmp/runs"/shard1/results.tap "$tmp/runs/shard2" \
	> "$tmp/out" 2> "$tmp/err"
rc=$?
sed -n 's/^\(not \)\{0,1\}ok [0-9]* \([^ ]*\).*/\2/p' "$tmp/out" | sort | diff "$tmp/whole" - > "$tmp/log" &&
	[ $rc = 1 ] && has '^1\.\.6$' && has '^# Totals: pass:1 fail:4 ' && grep -q 'tests="6"' "$tmp/m.xml"
result $? "merge makes one document of three shards, with the status of all" "$tmp/out"
"$out/ktstr" merge "$tmp/runs/shard1" "$tmp/runs/shard3" > "$tmp/out" 2> "$tmp/err"
[ $? = 1 ] && [ ! -s "$tmp/out" ] && err_has "shard 2 of 3 is missing"
result $? "a shard that is missing is an error" "$tmp/err"
KTSTR_RUN_ID=other run --shard 2/3 -t 'pass*' -t skips -t fails "$flaky"
"$out/ktstr" merge "$tmp/runs/shard1" "$tmp/runs/other" "$tmp/runs/shard3" > "$tmp/out" 2> "$tmp/err"
[ $? = 1 ] && err_has "are not of one run"
result $? "one of another list of tests, too" "$tmp/err"
sed '/^ok/,$d' "$tmp/runs/good/results.tap" > "$tmp/cut.tap"
"$out/ktstr" merge "$tmp/cut.tap" > "$tmp/out" 2> "$tmp/err"
[ $? = 1 ] && has '^Bail out! .*1 of 1 tests have no result'
result $? "a document that ends early is no pass" "$tmp/out"

# --- which variants there are
list
[ "$(lines)" = 4 ] && ! has gauntlet
result $? "the gauntlet runs on request only" "$tmp/out"
list -t 'gauntlet/equal_cgroups_eevdf/*'
[ "$(lines)" = 15 ] && ! has 'numa|cxl|max-cpu|near-max'
result $? "the default bounds leave 15 presets" "$tmp/out"
list -t gauntlet/equal_cgroups_eevdf -T 'gauntlet/*/large*'
[ "$(lines)" = 11 ]
result $? "gauntlet/TEST means all of them, and -T takes some away" "$tmp/out"
list --preset 'smt-*' -T equal_cgroups_eevdf
[ "$(lines)" = 6 ] && ! has '^ktstr/'
result $? "--preset puts the chosen tests on machines" "$tmp/out"
list --preset numa2-4llc
[ $rc = 129 ] && err_has "--preset numa2-4llc: the constraints of every test, or this host, exclude it"
result $? "a preset that no test takes is told" "$tmp/err"
list --preset tiny-3llc
[ $rc = 129 ] && err_has "there is no such preset"
result $? "and one that does not exist" "$tmp/err"
list --topology tiny-1lc
[ $rc = 129 ] && err_has 'there is no preset "tiny-1lc", did you mean tiny-1llc?'
result $? "--topology knows the names of presets" "$tmp/err"
list --topology tiny-1llc --preset tiny-2llc
[ $rc = 129 ] && err_has "--topology excludes gauntlet/equal_cgroups_eevdf/tiny-2llc"
result $? "and excludes variants" "$tmp/err"
"$prog" -t equal_cgroups_eevdf/numa2-4llc > "$tmp/out" 2> "$tmp/err"
[ $? = 1 ] && has 'there is no gauntlet/equal_cgroups_eevdf/numa2-4llc: the preset has 2 NUMA nodes, the test takes 1 to 1'
result $? "a program says why it does not have a variant" "$tmp/out"
KTSTR_ACCEL=kvm "$prog" -l 2>&1 | grep -c /large > "$tmp/out"
[ "$(nproc)" -ge 128 ] || [ "$(cat "$tmp/out")" = 0 ]
result $? "under KVM the host has to have the CPUs" "$tmp/out"
list --budget 60 -j 1 -t gauntlet/equal_cgroups_eevdf
[ "$(lines)" -ge 2 ] && [ "$(lines)" -lt 15 ] && err_has "ktstr budget: $(lines)/15 tests, "
result $? "a budget takes some" "$tmp/err"
KTSTR_BUDGET_SECS=0.5 list -t gauntlet/equal_cgroups_eevdf
[ "$(lines)" = 1 ]
result $? "and one at least" "$tmp/out"
KTSTR_BUDGET_SECS=-3 list
[ $rc = 0 ] && [ "$(lines)" = 4 ] && err_has "KTSTR_BUDGET_SECS=-3: is no number of seconds"
result $? "a value that is none is a warning" "$tmp/err"
mkdir -p "$tmp/costs"
for p in tiny-1llc:50 tiny-2llc:30 odd-3llc:10 odd-5llc:10; do
	echo "{ \"variant\": \"gauntlet/equal_cgroups_eevdf/${p%:*}\", \"host\": { \"total_ms\": ${p#*:}000 } }" \
		> "$tmp/costs/${p%:*}.ktstr.json"
done
list --costs "$tmp/costs" --shard 1/2 -t 'gauntlet/equal_cgroups_eevdf/tiny*' -t 'gauntlet/equal_cgroups_eevdf/odd-[35]llc'
[ "$(tr '\n' ' ' < "$tmp/out")" = "gauntlet/equal_cgroups_eevdf/tiny-1llc " ]
result $? "shards take equally long by what was measured" "$tmp/out"

# --- one machine
if [ ! -e "$kernel" ]; then
	result 0 "a variant on its machine # SKIP no kernel: run ./run_tests.sh"
	finish
	exit
fi
dir=$tmp/runs/real/gauntlet.machine_as_declared.tiered-memory
KTSTR_TEST_KERNEL=$kernel KTSTR_RUN_ID=real KTSTR_LIBDIR=$out run -t \
	gauntlet/machine_as_declared/tiered-memory "$out/examples"
[ $rc = 0 ] && has '^ok 1 gauntlet/machine_as_declared/tiered-memory$'
result $? "a body sees the machine of its preset" "$tmp/out"
python3 - "$dir"/*.ktstr.json 2> "$tmp/log" <<'EOF'
import json, sys
s = json.load(open(sys.argv[1]))
assert s["variant"] == "gauntlet/machine_as_declared/tiered-memory", s["variant"]
assert s["test_name"] == "machine_as_declared" and s["preset"] == "tiered-memory", s["preset"]
assert s["topology"] == "4n2l2c1t" and [n["llcs"] for n in s["nodes"]] == [1, 1, 0, 0], s["nodes"]
assert s["nodes"][2]["cache_bytes"] == 64 << 20 and s["nodes"][0]["distances"] == [10, 21, 14, 31]
assert s["host"]["attempt"] == 1
EOF
result $? "its sidecar says what it was" "$tmp/log"
grep -q -- ' -t machine_as_declared/tiered-memory$' "$dir/report.txt"
result $? "and its report how to repeat it" "$dir/report.txt"
finish
