#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# `ktstr stats` on made-up runs (tests/bench/sidecars.py) in which something is planted, and on files
# that somebody has damaged.
set -u
cd "$(dirname "$0")/../.." || exit 1
command -v python3 > /dev/null || { echo "1..0 # SKIP no python3"; exit 4; }
. tests/begin.sh
forget_settings
export KTSTR_RUNS_ROOT=$tmp/runs
tests/bench/sidecars.py "$tmp/runs" 101 || exit 1

# stats STATUS ARGS...
stats()
{
	local want=$1

	shift
	timeout 60 "$out/ktstr" stats "$@" > "$tmp/out" 2> "$tmp/err"
	rc=$?
	{ echo "status $rc"; cat "$tmp/err"; head -n 40 "$tmp/out"; } > "$tmp/log"
	[ $rc = "$want" ]
}

has()	{ grep -qE -- "$1" "$tmp/out"; }
says()	{ grep -qE -- "$1" "$tmp/err"; }
# json EXPRESSION: true of the document d
json()	{ python3 -c "import json, sys; d = json.load(sys.stdin); sys.exit(not ($1))" < "$tmp/out"; }

stats 0 list && has '^b +7.3.4 +bbbbbbb +101 +0 ' && [ "$(sed -n 2p "$tmp/out" | cut -c1)" = b ]
result $? "list: the newest run first" "$tmp/log"
stats 1 compare a b && has 'ktstr/test_100 .*worst_run_delay_us .*REGRESSION' &&
	[ "$(grep -c 'REGRESSION$' "$tmp/out")" = 2 ] && has '^regressions: 2$'
result $? "compare: what is planted is found, and nothing else" "$tmp/log"
stats 129 compare b b && says 'the same runs'
result $? "compare: a run with itself is refused" "$tmp/log"
stats 0 compare b a --json && json 'd["improvements"] == 2 and d["regressions"] == 0'
result $? "compare: the other way round they are improvements" "$tmp/log"
stats 1 compare -a project-commit=aaaaaaa -b project-commit=bbbbbbb -w topology=1n1l4c1t --csv &&
	python3 -c 'import csv, sys
rows = list(csv.DictReader(sys.stdin.read().split("\n\n")[0].splitlines()))
sys.exit(not (len(rows) == 2 and {r["verdict"] for r in rows} == {"REGRESSION"}))' < "$tmp/out"
result $? "compare: by commit, on one topology, as CSV" "$tmp/log"
stats 0 compare a b -E test_1 --threshold 500
result $? "compare: --threshold and -E" "$tmp/log"
stats 1 compare a b --html && python3 -c 'import sys, html.parser
class P(html.parser.HTMLParser):
    rows = 0
    def handle_starttag(self, tag, attrs): self.rows += tag == "tr" and ("class", "bad") in attrs
p = P(); p.feed(sys.stdin.read()); sys.exit(p.rows != 2)' < "$tmp/out"
result $? "compare: as HTML" "$tmp/log"
echo '{ "per_metric_percent": { "worst_spred": 5 } }' > "$tmp/policy"
stats 1 compare a b --policy "$tmp/policy" && says "no metric is named 'worst_spred', did you mean 'worst_spread'"
result $? "compare: a policy for a metric that does not exist is refused" "$tmp/log"
echo '{ "default_percent": 100, "per_metric_percent": { "worst_run_delay_us": 300 } }' > "$tmp/policy"
stats 0 compare a b --policy "$tmp/policy"
result $? "compare: a policy replaces relative gates" "$tmp/log"
stats 129 compare a c && says "no run 'c'"
result $? "compare: a run that is not there is named" "$tmp/log"
stats 129 compare -a kernel=7.2 -b kernel=7.3 && says 'no run belongs to side A; there are: 7.3.4'
result $? "compare: a side without runs says what there is" "$tmp/log"
stats 129 -w topologie=x list && says "did you mean 'topology'"
result $? "a dimension that does not exist is refused" "$tmp/log"
stats 0 show 7.3.4-aaaaaaa --json &&
	json 'sum(r["runs"] for r in d["topology"]) == 101 and len(d["topology"]) == 4'
result $? "show: a build by its name" "$tmp/log"
stats 0 list-metrics && has '^worst_spread +lower +5.00 +25 +%'
result $? "list-metrics" "$tmp/log"
stats 0 list-values --json && json '{r["value"] for r in d["values"] if r["dimension"] == "run"} == {"a", "b"}'
result $? "list-values" "$tmp/log"

echo '{ "test_name": ' > "$tmp/runs/b/broken.ktstr.json"
printf 'SQLite format 3\0garbage' > "$tmp/runs/.index.sqlite"
stats 1 compare a b && says 'was made anew, because' && says '1 of 203 files are no sidecars' && has '^regressions: 2$'
result $? "a damaged index and a damaged sidecar change no answer" "$tmp/log"
stats 0 explain b && has 'broken.ktstr.json' && has '^kernel_commit +101 +actionable' && stats 1 explain b --strict
result $? "explain: which keys are null, and which file is none" "$tmp/log"
rm -r "$tmp/runs/b"
stats 0 list && [ "$(wc -l < "$tmp/out")" = 2 ]
result $? "runs that were removed are gone" "$tmp/log"
python3 - "$tmp/runs/a/ktstr.test_1/"*.json <<'EOF'
import json, sys
d = json.load(open(sys.argv[1]))
d["scheduler"] = '<b>\x1b[31m"&,'
json.dump(d, open(sys.argv[1], "w"))
EOF
stats 0 show a && ! grep -q $'\033' "$tmp/out" && stats 0 show a --html && has '&lt;b&gt;.*&quot;&amp;,' &&
	stats 0 show a --json && json '"<b>\x1b[31m\"&," in [r["scheduler"] for r in d["scheduler"]]'
result $? "what a sidecar says cannot write to the terminal, or HTML" "$tmp/log"

finish
