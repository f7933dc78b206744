#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The `ktstr` tool against made-up test programs (fake/) that end in every way a program can
# end. No virtual machine: what is promised here holds whatever the tests do.
set -u
cd "$(dirname "$0")/../.." || exit 1
out=${OUTPUT:-$PWD/build}
src=$PWD
selftests=${KSRC:-}/tools/testing/selftests
kunit=${KSRC:-}/tools/testing/kunit/kunit.py
[ -e "$selftests/kselftest_harness.h" ] || { echo "SKIP: no kernel tree, set KSRC"; exit 4; }
[ -x "$out/ktstr" ] || { echo "SKIP: $out/ktstr is not built"; exit 4; }
command -v python3 > /dev/null || { echo "SKIP: no python3"; exit 4; }

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
for v in $(compgen -e KTSTR_); do
	unset "$v"
done
export KTSTR_RUNS_ROOT=$tmp/runs KTSTR_CACHE_DIR=$tmp/cache
mkdir -p "$tmp/bin" "$tmp/one" "$tmp/cache"
cp "$out/ktstr" "$tmp/bin" && cp "$out/ktstr" "$tmp/one" || exit 1
for p in fake_suite fake_rude; do
	${CC:-gcc} -O1 -D_GNU_SOURCE -isystem "$selftests" -isystem "$KSRC/tools/include" \
		"tests/e2e/fake/$p.c" \
		-o "$tmp/bin/$p" || exit 1
done
cp /bin/true "$tmp/bin/no_test_program"
PATH=$tmp/bin:$PATH
suite=$tmp/bin/fake_suite
rude=$tmp/bin/fake_rude

nr=0
failed=0
# check NAME COMMAND...: one promise.
check()
{
	local name=$1

	shift
	nr=$((nr + 1))
	if "$@"; then
		echo "ok $nr $name"
	else
		echo "not ok $nr $name"
		echo "# status $rc"
		sed 's/^/# out: /' "$tmp/out" | head -n 40
		sed 's/^/# err: /' "$tmp/err" | head -n 20
		failed=$((failed + 1))
	fi
}

# run ARGS...: the tool; its outputs in $tmp/out and $tmp/err, its status in rc.
run()
{
	timeout 60 ktstr "$@" > "$tmp/out" 2> "$tmp/err"
	rc=$?
}

out_has()	{ grep -qE -- "$1" "$tmp/out"; }
out_lacks()	{ ! grep -qE -- "$1" "$tmp/out"; }
err_is()	{ [ "$(cat "$tmp/err")" = "$1" ]; }
status_is()	{ [ "$rc" = "$1" ]; }
# The ids of the result lines, in their order.
ids()		{ sed -n 's/^\(not \)\{0,1\}ok [0-9]* \([^ ]*\).*/\2/p' "$tmp/out" | tr '\n' ' '; }
ids_are()	{ [ "$(ids)" = "$1 " ]; }
fails_with()	{ status_is "$1" && err_is "$2" && [ ! -s "$tmp/out" ]; }
leftovers()	{ pgrep -f "^$tmp/bin/fake_" > /dev/null; }

# --- the tool itself
run
check "without a command it shows the help and fails with 129" status_is 129
run --version
check "--version" out_has '^ktstr [0-9]'
run rnu
check "an unknown command is an error with a near miss" \
	fails_with 129 "ktstr: unknown command 'rnu', did you mean 'run'?"
run run --sed 3
check "an unknown option too" \
	fails_with 129 "ktstr: run: unknown option '--sed', did you mean '--seed'?"
run run --seed
check "an option without its value is one line" \
	fails_with 129 "ktstr: option \`seed' requires a value (see 'ktstr help run')"
for a in "--seed x" "--seed -1" "--seed 99999999999999999999" "--shard 3/2" "-j 0" \
	 "--shift 11" "--accel xen" "--accel kvm --seed 1" "--repeat 0"; do
	# shellcheck disable=SC2086
	run run $a "$suite"
	check "run $a is refused" status_is 129
done
for c in run list show-thresholds kernel env help; do
	run help $c
	check "help $c goes to stdout" out_has "Usage: ktstr $c"
	run $c -h
	check "$c -h is the same" status_is 0
done

# --- what there is to run
run list
check "programs beside the tool are found by their tests" out_has '^ktstr/passes +fake_suite$'
check "tests of other fixtures are not ours" out_lacks of_another_fixture
run list programs
check "other executables are left alone" out_lacks no_test_program
run list --json
check "list --json is JSON" python3 -c \
	'import json,sys; l=json.load(open(sys.argv[1])); assert {"id","program","ignored"} == set(l[0])' "$tmp/out"
run list presets --json
check "list presets --json is JSON" python3 -c \
	'import json,sys; l=json.load(open(sys.argv[1])); assert len(l) > 24 and sum(l[-1]["node_llcs"]) == l[-1]["llcs"]' "$tmp/out"
echo "fake_suite # the only one" > "$tmp/bin/ktstr-programs.list"
run list programs
check "ktstr-programs.list decides where it exists" [ "$(cat "$tmp/out")" = "$suite" ]
echo "gone" > "$tmp/bin/ktstr-programs.list"
run list
check "a program of the list that is missing is an error" status_is 1
rm "$tmp/bin/ktstr-programs.list"
(PATH=$tmp/one:$PATH; run list; echo "$rc" > "$tmp/rc")
check "no program at all is an error" [ "$(cat "$tmp/rc")" = 1 ]
run list /bin/true
check "a program that lists nothing is an error" status_is 1
cp "$suite" "$tmp/bin/copy"
run list "$suite" "$tmp/bin/copy"
check "a test that two programs define is an error" status_is 1
check "which names both" grep -q "is in two programs, $suite and $tmp/bin/copy:" "$tmp/err"
rm "$tmp/bin/copy"

# --- the folders of runs
old=$tmp/old_runs
mkdir -p "$old"/{a,b,c}/ktstr.x "$old/busy/ktstr.x" "$old/other/notes" "$old/empty"
echo 12345 > "$old/a/ktstr.x/report.txt"
echo "step 1" > "$old/busy/ktstr.x/progress"
touch -d '2026-01-01' "$old/a" "$old/busy" && touch -d '2026-01-02' "$old/b" &&
	touch -d '2026-01-03' "$old/c"
ln -s "$old/other" "$old/link"
run runs list --runs "$old"
check "runs are listed, the newest first" \
	[ "$(awk 'NR > 1 { printf "%s ", $1 }' "$tmp/out")" = "c b busy a " ]
check "one that goes on is marked" out_has '^busy .*goes on'
run runs list --runs "$old" --json
check "runs list --json" python3 -c '
import json, sys
d = json.load(open(sys.argv[1]))
assert [x["run"] for x in d] == ["c", "b", "busy", "a"] and d[3]["bytes"] > 0 and d[2]["busy"]
' "$tmp/out"
run runs clean --runs "$old" --keep 1 -n
check "runs clean -n removes nothing" [ -e "$old/a/ktstr.x/report.txt" ]
run runs clean --runs "$old" --keep 1
check "runs clean keeps the newest, what goes on and what is no run" \
	[ "$(ls -x "$old")" = "$(cd "$old" && ls -xd busy c empty link other)" ]
check "and says what it removed" out_has '^2 of 4 runs removed'
run runs clean --runs "$tmp/nowhere"
check "no runs is no error" status_is 0
run runs clean --keep x
check "a wrong number is wrong usage" fails_with 129 "ktstr: runs clean: --keep x: must be a number"

# --- man pages and completions
"$src/tools-testing-ktstr/setup/help.sh" "$tmp/bin/ktstr" "$tmp/help"
check "each command has a man page, and there is one of all" \
	[ "$(find "$tmp/help/man/man1" -name '*.1' | wc -l)" = "$(ktstr help | grep -c '^  [a-z]')" ]
check "with every option" python3 - "$tmp/help/man/man1/ktstr-run.1" <<PY
import re, subprocess, sys
page = open(sys.argv[1]).read().replace("\\\\-", "-")
options = re.findall(r"--([a-z-]+)", subprocess.run(["ktstr", "run", "-h"], capture_output=True, text=True).stdout)
assert len(options) > 20 and all("--" + o in page for o in options), options
PY
if command -v groff > /dev/null; then
	groff -man -ww -Tutf8 -z "$tmp"/help/man/man1/*.1 > "$tmp/out" 2>&1
	check "which groff reads without a word" [ ! -s "$tmp/out" ]
fi
# complete WORD...: what bash would offer for the last one
complete_()
{
	bash -c '. "$0"; compopt() { :; }; COMP_WORDS=(ktstr "$@"); COMP_CWORD=$#
		_ktstr; echo "${COMPREPLY[*]}"' "$tmp/help/completions/ktstr.bash" "$@"
}
check "bash completes commands" [ "$(complete_ ru)" = "run runs" ]
check "and options" [ "$(complete_ run --no-m)" = "--no-monitor" ]
check "zsh and fish have the options, too" eval '
	grep -q -- "--scenario\[" "$tmp/help/completions/_ktstr" &&
	grep -q -- "-l scenario " "$tmp/help/completions/ktstr.fish"'
run help --completion csh
check "another shell is wrong usage" fails_with 129 "ktstr: help: --completion csh: must be bash, zsh or fish"

# --- what tests can be written with
run list work-types
check "work types are listed with parameters" out_has '^FutexFanOut +fan = 4'
run list work-types --json
check "list work-types --json names macros that exist" python3 -c '
import json, re, sys
rows = json.load(open(sys.argv[1]))
header = open(sys.argv[2]).read()
assert len(rows) >= 39 and len({r["name"] for r in rows}) == len(rows)
for r in rows:
    assert re.search(r"#define %s\b" % r["macro"], header), r["macro"]
    assert r["group_size"] >= 1 and r["description"]' "$tmp/out" "$src/harness/include/ktstr/short_names.h"
run list ops --markdown
awk '/^## / { on = $0 == "## Ops" } on && /^\|/' "$src/docs/ops.md" > "$tmp/table"
check "the table of docs/ops.md is what list ops --markdown prints" cmp "$tmp/out" "$tmp/table"
run list work-types --markdown
check "docs/work-types.md is what list work-types --markdown prints" \
	cmp "$tmp/out" "$src/docs/work-types.md"
run list ops
check "ops are listed" out_has '^ADD_CGROUP\(name\)$'
run list ops --json
check "list ops --json says what is supported" python3 -c \
	'import json,sys; l=json.load(open(sys.argv[1])); assert {"name","supported","needs","parameters","description"} == set(l[0]); assert all(o["supported"] != bool(o["needs"]) for o in l)' "$tmp/out"
run list checks
check "checks are listed" out_has '^max_gap_ms +worker +2000 ms$'
run list checks --json
check "list checks --json says what is judged" python3 -c \
	'import json,sys; l=json.load(open(sys.argv[1])); assert len(l) == 19 and sum(c["supported"] for c in l) == 13' "$tmp/out"
run list metrics
check "metrics are listed with their gates" out_has '^spread_pct +worst_spread +% +lower +5 and 25 %'
run list metrics --json
check "list metrics --json names the sidecar's keys" python3 -c \
	'import json,sys; l=json.load(open(sys.argv[1])); assert any(m["run_key"] == "worst_gap_ms" and m["better"] == "lower" and m["abs_gate"] == 500 for m in l)' "$tmp/out"
run show-thresholds passs "$suite"
check "show-thresholds of an unknown test is an error with a near miss" \
	fails_with 129 "ktstr: show-thresholds: no test is named 'passs', did you mean 'passes'?"
run show-thresholds
check "show-thresholds needs a test" status_is 129
run list scenarios
check "scenarios are listed with what they need" out_has '^  cgroup_cpuset_resize +.* \(4 CPUs\)$'
run list scenarios --json
check "list scenarios --json has each once, with category and reason" python3 -c '
import json, sys
rows = json.load(open(sys.argv[1]))
assert len(rows) >= 81 and len({r["name"] for r in rows}) == len(rows)
assert len({r["category"] for r in rows}) == 13
assert all(r["catches"] and r["min_cpus"] >= 1 for r in rows)' "$tmp/out"
check "what a scenario is said to notice is a row of mutations.sh, and the reverse" python3 -c '
import json, re, sys
faults = {r["name"]: r["fault"] for r in json.load(open(sys.argv[1])) if r["fault"]}
rows = [r.split() for r in re.findall(r"^\t\"([a-z].*)\"$", open(sys.argv[2]).read(), re.M)]
tried = {(r[0].split(":")[0], s) for r in rows for s in r[3:]}
missing = [p for p in ((f, s) for s, f in faults.items()) if p not in tried]
unsaid = [r for r in rows if not any(s in faults for s in r[3:])]
assert rows and not missing and not unsaid, (missing, unsaid)' "$tmp/out" "$src/tests/long/mutations.sh"
run list ctprof-metrics --markdown
sed -n '/^| figure |/,$p' "$src/docs/ctprof.md" > "$tmp/table"
check "the tables of docs/ctprof.md are what list ctprof-metrics --markdown prints" cmp "$tmp/out" "$tmp/table"
run list ctprof-metrics --json
check "list ctprof-metrics --json has each figure once, with its source" python3 -c \
	'import json,sys; l=json.load(open(sys.argv[1])); assert len({m["name"] for m in l}) == len(l) > 100; assert all(m["source"] for m in l if m["section"] != "derived")' "$tmp/out"
run list scenarios --markdown
check "docs/scenarios.md is what list scenarios --markdown prints" \
	cmp "$tmp/out" "$src/docs/scenarios.md"
refuses()	# WORDS ARGS...: status 129 and these words
{
	local words=$1

	shift
	run run "$@"
	check "run $* is refused" eval "status_is 129 && grep -q -- \"$words\" '$tmp/err'"
}
refuses "did you mean 'cgroup_steady'" --scenario cgroup_stedy
refuses "did you mean 'affinity'" --batch --scenario afinity
refuses "needs one --scenario" --batch
refuses "3 LLCs cannot be divided among 2 NUMA nodes" --topology 2n3l1c1t
refuses "must be a number" --duration 0
refuses "too long for [0-9]* scenarios" --batch --scenario all --duration 9999
refuses "arguments of --scheduler" --scenario basic -- -x
refused_for()	{ status_is 129 && grep -qF -- "$1" "$tmp/err" && [ ! -s "$tmp/out" ]; }

# An option that a command cannot carry out is refused by its name, not passed over.
while IFS='|' read -r args word; do
	read -ra argv <<< "$args"
	run "${argv[@]}"
	check "ktstr $args names $word" refused_for "$word"
done <<-EOF
	kernel path --json|--json
	kernel fetch --json|--json
	runs list --keep 1|--keep
	runs list -n|--dry-run
	runs clean --json|--json
	list tests --markdown|--markdown
	run --seed 1 --accel kvm|--seed
	run --shift 1 --accel kvm|--shift
	run --tcg-threads multi --accel kvm|--tcg-threads
	run --tcg-threads multi --seed 1|--seed
	run --monitor-csv x --no-monitor|--monitor-csv
	run --dump --no-monitor|--dump
	run --batch|--batch
	shell --exec true --seed 1 --accel kvm|--seed
	shell --stdin x|--stdin
EOF

for a in "checks --markdown" "metrics more" "--markdown" "work-types --json --markdown" "ops more"; do
	# shellcheck disable=SC2086
	run list $a
	check "list $a is refused" status_is 129
done

# --- verdicts
run run -t passes "$suite"
check "all passed: status 0" status_is 0
run run -t skips "$suite"
check "all skipped: status 4" status_is 4
check "a skip has its reason" out_has '^ok 1 ktstr/skips # SKIP this host has no kernel$'
run run -t skips -t passes "$suite"
check "a skip among passes: status 0, counted" status_is 0
check "the trailer counts" out_has '^# Totals: pass:1 fail:0 xfail:0 xpass:0 skip:1 error:0$'
run run -t passes -t fails -t crashes "$suite"
check "a failure: status 1" status_is 1
check "the report stands before the result" \
	[ "$(grep -B 3 '^not ok . ktstr/fails' "$tmp/out" | head -n 1)" = \
	  "# FAIL fails: cgroup cg_a starved for 3500 ms" ]
check "harness chatter is not in it" out_lacks 'RUN|FAIL  ktstr|Starting|Test failed$'
check "a crash says the signal" out_has '^# crashes: Test terminated unexpectedly by signal 11'
run run -t passes -t undecided "$suite"
check "inconclusive and no failure: status 2" status_is 2
check "the result has its word and reason" \
	out_has '^not ok 2 ktstr/undecided # INCONCLUSIVE no samples$'
check "it is no pass" out_has '^# Totals: pass:1 fail:1 '
check "and counted" out_has '^# 1 of 2 tests were inconclusive$'
run run -t fails -t undecided "$suite"
check "with a failure: status 1" status_is 1
run run --json -t undecided "$suite"
check "JSON says inconclusive" out_has '"verdict": "inconclusive",'
check "with the same status" status_is 2
run run -t hangs "$suite"
check "a hang ends by the harness's timeout" out_has '^# hangs: Test terminated by timeout'
check "and fails" status_is 1
run run "$rude"
for e in 'silent # ERROR the program printed no result' \
	 'dies_after_ok # ERROR the program was killed by SIGKILL' \
	 'lies # ERROR .* exit status is 3' 'other_test # ERROR .*none of this test' \
	 'two_results # ERROR .*2 results' 'bails_out # ERROR .*no /dev/kvm' \
	 'garbage # ERROR .*no result' 'one_line$'; do
	check "rude program: ${e%% *}" out_has "^not ok [0-9]+ ktstr/$e"
done
check "an ignored test is not run" out_lacks on_demand
check "an exit status without its reason is an error" \
	out_has '^not ok [0-9]+ ktstr/unrecorded_silently # ERROR .*exit status is 5'
run run -t unrecorded "$rude"
check "a result that was not recorded keeps its line" out_has '^ok 1 ktstr/unrecorded$'
check "is said" out_has '^# ERROR not recorded: sidecar /x: No space left on device$'
check "and counted" out_has '^# 1 of 1 results could not be recorded$'
check "and fails the run" status_is 1
run run --json -t unrecorded "$rude"
check "JSON says it, too" python3 -c \
	'import json,sys; t=json.load(open(sys.argv[1]))[0]; assert t["verdict"] == "pass" and t["sidecar"] is None and t["sidecar_error"].endswith("No space left on device")' "$tmp/out"
check "with the same status" status_is 1
run run -t on_demand "$rude"
check "unless it is named" out_has '^ok 1 ktstr/on_demand$'
run run "$rude"
check "megabytes of garbage are bounded" [ "$(stat -c %s "$tmp/out")" -lt 600000 ]
check "nothing of it is a control character" \
	[ -z "$(LC_ALL=C tr -d '\n\t -~\200-\377' < "$tmp/out")" ]

# --- one document, in order
run run -j 8 -t passes -t passes_late -t fails "$suite"
check "results come in listing order, not in order of completion" \
	ids_are "ktstr/passes ktstr/passes_late ktstr/fails"
check "completion order was another one" \
	[ "$(sed -n 's,.*ktstr/\([a-z_]*\).*,\1,p' "$tmp/err" | tail -n 1)" = passes_late ]
run run -j 1 -t passes -t fails "$suite"
check "a line of progress has the reason, also of the next one in the order" \
	grep -q '^ktstr: \[2/2\] fail  ktstr/fails 0\.[0-9] s: FAIL fails: cgroup' "$tmp/err"
run run -T sleeps "$suite" "$rude"
python3 "$kunit" parse "$tmp/out" > "$tmp/kunit" 2>&1
check "kunit.py reads every result, crashes and all" \
	grep -qE 'Ran [0-9]+ tests: passed: [0-9]+, failed: [0-9]+, skipped: 1' "$tmp/kunit"
check "and finds no error in the document" [ -z "$(grep -E '\[ERROR\]|errors:' "$tmp/kunit")" ]
ran=$(sed -n 's/.*Ran \([0-9]*\) tests.*/\1/p' "$tmp/kunit")
check "and as many as were planned" out_has "^1\.\.$ran\$"
check "the head names kernel, accelerator and seed" [ "$(sed -n '2,4s/:.*//p' "$tmp/out" | tr '\n' ' ')" = \
	"# kernel # accelerator # seed " ]

# --- selection
run run -t 'ktstr/pass*' -T passes_late "$suite"
check "-t takes ids and patterns, -T takes away" ids_are "ktstr/passes"
run run -t passs "$suite"
check "an unknown test is an error with a near miss" \
	fails_with 129 "ktstr: run: no test is named 'passs', did you mean 'passes'?"
: > "$tmp/shards"
for i in 1 2 3; do
	run run --shard $i/3 -t 'pass*' -t skips -t 'sidecar*' "$suite"
	ids | tr ' ' '\n' >> "$tmp/shards"
done
check "shards are disjoint and complete" \
	[ "$(sort "$tmp/shards" | sed '/^$/d' | uniq -c | grep -c ' 1 ')" = 5 ]
run run --shard 8/8 -t passes "$suite"
check "an empty shard is a skip" out_has '^1\.\.0 # SKIP'
check "with status 4" status_is 4

# --- what tests are told
run run --seed 7 --repeat 2 --shift 2 --runs "$tmp/r" -t says_its_environment "$suite"
check "repeat 1 has the seed" out_has '^# KTSTR_SEED=7$'
check "repeat 2 has the next one" out_has '^# KTSTR_SEED=8$'
check "a seed implies tcg" out_has '^# KTSTR_ACCEL=tcg$'
check "the shift goes down" out_has '^# KTSTR_ICOUNT_SHIFT=2$'
check "so does the folder" out_has "^# KTSTR_RUNS_ROOT=$tmp/r\$"
check "repeats have folders of their own" \
	[ "$(grep '^# KTSTR_RUN_ID=' "$tmp/out" | sort -u | wc -l)" = 2 ]
run run --accel tcg -t says_its_environment -t passes "$suite"
check "no seed without --seed" out_has '^# KTSTR_SEED=\(unset\)$'
run run --tcg-threads multi -t says_its_environment "$suite"
check "--tcg-threads goes down, and implies tcg" eval \
	'out_has "^# KTSTR_TCG_THREADS=multi$" && out_has "^# KTSTR_ACCEL=tcg$"'
run run --tcg-threads multi --seed 3 "$suite"
check "and excludes a seed" fails_with 129 \
	"ktstr: run: --tcg-threads multi is not deterministic: it excludes --seed"
run run --karg quiet -v -t says_its_environment "$suite"
check "--karg and -v go down" eval \
	'out_has "^# KTSTR_KARGS=quiet$" && out_has "^# KTSTR_VERBOSE=1$"'
run run --no-skip-mode -t says_its_environment "$suite"
check "--no-skip-mode goes down" out_has '^# KTSTR_NO_SKIP_MODE=1$'
run run --kernel "$tmp/gone" -t passes "$suite"
check "a named kernel that is not there is an error" status_is 1
check "before anything runs" [ ! -s "$tmp/out" ]

# --- JSON
run run --json -t 'sidecar*' -t skips -t fails "$suite"
check "--json is one array with verdicts, reasons and sidecars" python3 - "$tmp/out" <<'PY'
import json, sys
text = open(sys.argv[1]).read()
tests = {t["id"]: t for t in json.loads(text)}
assert list(tests) == ["ktstr/fails", "ktstr/skips", "ktstr/sidecar_good", "ktstr/sidecar_bad"]
assert [t["verdict"] for t in tests.values()] == ["fail", "skip", "pass", "pass"]
assert tests["ktstr/skips"]["reason"] == "this host has no kernel"
assert tests["ktstr/fails"]["reason"].startswith("FAIL fails: cgroup")
assert tests["ktstr/fails"]["diagnostics"][0].startswith("FAIL fails: cgroup")
good, bad = tests["ktstr/sidecar_good"], tests["ktstr/sidecar_bad"]
assert good["result"]["test_name"] == "sidecar_good"
assert "18446744073709551615.50" in text, "not verbatim"
assert open(good["sidecar"]).read().strip() in text
assert "result" not in bad and "not a JSON object" in bad["sidecar_error"]
PY
run run --json "$rude"
check "--json survives garbage" python3 -m json.tool "$tmp/out" /dev/null

# --- endings
run run -t leaves_a_process "$suite"
check "what a test leaves behind is killed" status_is 0
check "and named" grep -q "leaves_a_process left 1 process running: killed" "$tmp/err"
# interrupt SIGNAL: while one test is done and one runs.
interrupt()
{
	local pid i

	ktstr run -j 8 -t passes -t sleeps "$suite" > "$tmp/out" 2> "$tmp/err" &
	pid=$!
	for ((i = 0; i < 300; i++)); do
		grep -q 'ktstr/passes' "$tmp/err" &&
			[ "$(pgrep -cf "^$tmp/bin/fake_suite -r ktstr.sleeps")" -ge 5 ] && break
		sleep 0.1
	done
	kill "-$1" $pid
	wait $pid
	rc=$?
}
interrupt TERM
check "SIGTERM: status 143" status_is 143
check "SIGTERM: nothing is left" eval '! leftovers'
# Background jobs of a shell ignore SIGINT; the tool has to take it all the same.
interrupt INT
check "SIGINT: status 130" status_is 130
check "SIGINT: nothing is left, whatever group or session it is in" eval '! leftovers'
check "SIGINT: what is known is printed" out_has '^ok 1 ktstr/passes$'
check "SIGINT: the document says that it is not complete" \
	out_has '^Bail out! Interrupt, 1 of 2 tests have no result$'
timeout 60 ktstr run -j 1 -t passes -t passes_late -t sleeps "$suite" 2> /dev/null | head -n 1 > "$tmp/out"
rc=${PIPESTATUS[0]}
check "a reader that goes away ends the run (SIGPIPE)" status_is 141
check "and nothing is left" eval '! leftovers'
timeout 60 ktstr run -t passes "$suite" > /dev/full 2> "$tmp/err"
rc=$?
check "a full disk is an error" status_is 1
if command -v script > /dev/null; then
	# what a run says of itself, as the programs of tests write it
	mkdir -p "$tmp/runs/live/ktstr.passes_late"
	printf 'cgroup_steady, step 2, 3.2 s\033' > "$tmp/runs/live/ktstr.passes_late/progress"
	tty="env TERM=xterm KTSTR_RUN_ID=live ktstr run -t passes_late -t fails '$suite'"
	script -qec "$tty" /dev/null > "$tmp/out" < /dev/null
	check "on a terminal there is a live line, with what a test says of itself" out_has \
		$'\r\\[[01]/2\\] (1 failed, )?0 s: .*passes_late \\(cgroup_steady, step 2, 3\\.2 s\\?\\)'
	check "results have their time and a colour" out_has \
		$'^.*\033\\[32mok 1 ktstr/passes_late # 0\\.[0-9] s'
	check "failures another one" out_has $'\033\\[31mnot ok 2 ktstr/fails # 0\\.[0-9] s'
	script -qec "NO_COLOR=1 $tty" /dev/null > "$tmp/out" < /dev/null
	check "NO_COLOR: none" eval 'out_has "^.*ok 1 ktstr/passes_late # 0" && out_lacks "\[3[123]m"'
	script -qec "$tty > '$tmp/tap'" /dev/null > "$tmp/out" < /dev/null
	check "results elsewhere: the terminal has a line for each, with its time" \
		out_has 'ktstr: \[[12]/2\] fail +ktstr/fails 0\.[0-9] s: FAIL fails: cgroup'
	cp "$tmp/tap" "$tmp/out"
	check "and the document has neither colour nor time" eval '
		out_has "^ok 1 ktstr/passes_late$" && out_lacks "\[3[123]m"'
fi

# --- watch: a change of a source, and nothing else, builds and runs again
run watch -t passes_late "$suite"
check "watch without a build command is wrong usage" status_is 129
mkdir "$tmp/project"
echo 'int x;' > "$tmp/project/x.c"
: > "$tmp/watch"
# awaits N PATTERN: N lines of the watcher's output
awaits()
{
	local limit=$((SECONDS + 60))

	while [ $SECONDS -lt $limit ]; do
		[ "$(grep -c "$2" "$tmp/watch")" -lt "$1" ] || return 0
		read -rt 0.1 <> <(:) || :
	done
	return 1
}
(cd "$tmp/project" && exec ktstr watch -t passes_late "$suite" -- \
	sh -c 'grep -q broken x.c && exit 3; echo >> built.log') > "$tmp/watch" 2> "$tmp/err" &
watcher=$!
check "watch builds, runs, and says how it went" awaits 1 '^PASS in '
touch "$tmp/project/notes.txt"
echo 'int y;' >> "$tmp/project/x.c"
check "a change of a source does both again" awaits 2 '^PASS in '
echo 'broken' >> "$tmp/project/x.c"
check "a build that fails says so, and nothing runs" awaits 1 '^BUILD FAILED: sh exited with status 3'
check "one build for each change" [ "$(wc -l < "$tmp/project/built.log")" = 2 ]
kill "$watcher"
wait "$watcher" 2> /dev/null

# --- kernels and environment
run kernel list --json
check "an empty cache is an empty list" [ "$(tr -d ' \n' < "$tmp/out")" = "[]" ]
run kernel path "$tmp/gone"
check "kernel path of nothing is an error" status_is 1
run kernel fetch not-a-series
check "kernel fetch needs its script" status_is 1
run kernel build --jobs none
check "kernel build with a number that is none is wrong usage" status_is 129
run kernel list --force
check "an option of another action is wrong usage" status_is 129
run kernel build 6.12 7.3
check "kernel build of two kernels is wrong usage" status_is 129
run env
check "env shows a value that is set" out_has "^KTSTR_CACHE_DIR +$tmp/cache "
missing=''
for v in $(cd "$src" && grep -rhoE '"KTSTR_[A-Z_]+[A-Z_]"' harness vmm tools-testing-ktstr \
		--include='*.c' --include='*.h' --exclude-dir=features | tr -d '"' | sort -u) \
	 $(cd "$src" && grep -rhoE '\$\{?KTSTR_[A-Z_]+' tools-testing-ktstr/setup run_tests.sh 2> /dev/null |
		tr -cd 'A-Z_\n' | sort -u); do
	case $v in
	KTSTR_SCHEDULER_BIN_*)	v=KTSTR_SCHEDULER_BIN_ ;;
	esac
	grep -qE "^${v}[* ]" "$tmp/out" || missing="$missing $v"
done
check "env knows every variable that the sources read (missing:$missing)" [ -z "$missing" ]

# Programs and schedulers are part of what a deterministic run depends on.
no_path_of_this_machine()
{
	local f bad=''

	for f in "$out"/*; do
		[ -f "$f" ] && grep -aqF -e "$src/" -e "$KSRC/" -e "$(realpath "$KSRC")/" \
			-e /tools/.tmp- "$f" && bad="$bad ${f##*/}"
	done
	echo "$bad" > "$tmp/out"
	[ -z "$bad" ]
}
[ -e "$src/../../lib.mk" ] ||
	check "what is built contains no path of this machine" no_path_of_this_machine

echo "1..$nr"
echo "# $((nr - failed)) passed, $failed failed"
[ $failed = 0 ]
