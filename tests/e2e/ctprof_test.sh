#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# ktstr ctprof on this host, on a made-up tree of /proc with hostile names, and on files that somebody has
# damaged: docs/ctprof.md.
set -u
cd "$(dirname "$0")/../.." || exit 1
command -v python3 > /dev/null || { echo "1..0 # SKIP no python3"; exit 4; }
. tests/begin.sh
forget_settings

# ctprof STATUS ARGS...
ctprof()
{
	local want=$1

	shift
	timeout 60 "$out/ktstr" ctprof "$@" > "$tmp/out" 2> "$tmp/err"
	rc=$?
	{ echo "status $rc"; cat "$tmp/err"; head -n 40 "$tmp/out"; } > "$tmp/log"
	[ $rc = "$want" ]
}

# json EXPRESSION [FILE]: true of the document d, whose rows are r[(by, label, metric)]
json()
{
	python3 -c 'import json, sys
d = json.load(open(sys.argv[2]))
r = {(x["by"], x["label"], x["metric"]): x for x in d.get("rows", [])}
sys.exit(not eval("(" + sys.argv[1] + ")"))' "$1" "${2:-$tmp/out}"
}
# refused WORDS ARGS...: wrong usage in one line
refused()
{
	local words=$1

	shift
	ctprof 129 "$@" && grep -qF -- "$words" "$tmp/err" && [ "$(wc -l < "$tmp/err")" = 1 ]
	result $? "refused: $words" "$tmp/log"
}

echo "TAP version 13"
# --- this host
sleep 100 & sleeper=$!
trap 'kill $sleeper 2> /dev/null; rm -rf "$tmp"' EXIT
ctprof 0 capture -o "$tmp/a.ctprof.zst" && ctprof 0 capture -o "$tmp/a.json"
result $? "this host is captured, packed and plain" "$tmp/log"
json "[t for t in d['threads'] if t['tid'] == $$][0]['comm'] == '$(cat /proc/$$/comm)' and
	all(t['policy'] and 'minflt' in t and t['start_ticks'] >= 0 for t in d['threads'])" "$tmp/a.json"
result $? "this script is in it, and every thread has what stat says" "$tmp/log"
json "any(t['tid'] == $sleeper for t in d['threads']) and
	d['threads'] == sorted(d['threads'], key=lambda t: (t['tgid'], t['tid'])) and
	len(d['threads']) == d['summary']['threads']" "$tmp/a.json"
result $? "threads are in order" "$tmp/log"
kill $sleeper
wait $sleeper 2> /dev/null
ctprof 0 capture -o "$tmp/b.ctprof.zst" &&
	ctprof 0 compare "$tmp/a.ctprof.zst" "$tmp/b.ctprof.zst" --json --group-by thread --all --limit 0 &&
	json "any(x['group'].endswith('/sleep[$sleeper]') and x['only_in'] == 'a' for x in d['one_sided'])"
result $? "a thread that ended is only in the first snapshot" "$tmp/log"
json "all(x['delta'] is None or x['delta'] >= 0 for x in d['rows'] if x['metric'] in
	('run_time_ns', 'timeslices', 'minflt', 'voluntary_csw', 'rchar', 'syscr'))"
result $? "no counter falls" "$tmp/log"
ctprof 0 compare --json --limit 0 --group-by comm --metrics rchar -- \
	dd if=/dev/zero of=/dev/null bs=64M count=1 status=none &&
	json "r[('comm', 'dd', 'rchar')]['delta'] >= 64 << 20"
result $? "a command that reads 64 MiB has read them, although it has ended" "$tmp/log"
ctprof 3 compare --csv --limit 0 --metrics minflt --group-by pcomm -- sh -c 'exit 3' && grep -q '^pcomm,sh,sh,primary,minflt,count,' "$tmp/out"
result $? "the exit status is the command's" "$tmp/log"
ctprof 127 compare -- /nowhere/at/all && grep -q '/nowhere/at/all: No such file' "$tmp/err"
result $? "a command that is not there: 127" "$tmp/log"
ctprof 0 compare --json --interval 1 --sections host -- sleep 2 &&
	json 'any(1 <= float(n.split()[0]) < 2 for n in d["notes"] if n.endswith("s between them"))'
result $? "an interval ends before its command" "$tmp/log"

# --- a tree that somebody made
root=$tmp/root
task=$root/proc/7/task/7
mkdir -p "$task" "$root/cg/slice/q.service" "$root/proc/self" "$root/proc/8"
stat='R 1 7 7 0 -1 4194560 70 1 3 2 11 7 100 50 20 0 1 0 900 9000 55 1 1 1 0 0 0 0 0 0 0 0 1 0 0 17 3 0 0'
printf '7 (x) (\033[31m\\n"</td>) %s 0 0 0\n' "$stat" | tee "$root/proc/7/stat" > "$task/stat"
printf '1000 2000 3\n' > "$task/schedstat"
printf '0::/slice/q.service\n' > "$task/cgroup"
printf '1 1 0:1 / /cg rw - cgroup2 none rw\n' > "$root/proc/self/mountinfo"
printf 'usage_usec 5\nnr_throttled 2\n' > "$root/cg/slice/q.service/cpu.stat"
ctprof 0 capture --root "$root" -o "$tmp/c.json" &&
	json 'd["summary"]["gone"] == 1 and d["threads"][0]["run_time_ns"] == 1000 and
		d["cgroups"][0]["figures"] == {"cpu.stat/usage_usec": 5, "cpu.stat/nr_throttled": 2}' "$tmp/c.json"
result $? "--root: another tree, with a process that has just ended" "$tmp/log"
ctprof 0 show "$tmp/c.json" && grep -q 'run_time_ns  *1.000 us' "$tmp/out" && ! grep -q $'\033' "$tmp/out"
result $? "no control character of a name reaches the terminal" "$tmp/log"
ctprof 0 show "$tmp/c.json" --html && ! grep -q '"</td>' "$tmp/out"
result $? "nor its tags the page" "$tmp/log"
ctprof 0 show "$tmp/c.json" --csv --metrics run_time_ns && python3 -c 'import csv, sys
rows = list(csv.DictReader(open(sys.argv[1], newline="")))
sys.exit(not (len(rows) == 3 and rows[1]["group"] == "x) (\033[31m\\n\"</td>" and rows[0]["b"] == "1000"))' "$tmp/out"
result $? "CSV has the name as it is" "$tmp/log"
ctprof 1 capture --root /nowhere -o "$tmp/x" && [ ! -e "$tmp/x" ] && grep -q '/nowhere/proc: No such file' "$tmp/err"
result $? "a root without /proc leaves no file" "$tmp/log"
ctprof 0 compare "$tmp/c.json" "$tmp/a.json" --json && json 'd["one_sided"] and
	any("different" in n or "names of groups" in n for n in d["notes"])' &&
	ctprof 1 compare "$tmp/c.json" "$tmp/a.json" --join threads && grep -q 'different boots' "$tmp/err"
result $? "snapshots of different hosts are joined by names only" "$tmp/log"

# --- files
bad()	# NAME WORDS: $tmp/bad is refused, in one line with its path
{
	ctprof 1 show "$tmp/bad" && grep -qF -- "$2" "$tmp/err" && grep -qF "$tmp/bad" "$tmp/err" &&
		[ "$(wc -l < "$tmp/err")" = 1 ] && [ ! -s "$tmp/out" ]
	result $? "$1: $2" "$tmp/log"
}
head -c 3000 "$tmp/a.ctprof.zst" > "$tmp/bad" && bad "a file that is cut off" "cut off"
{ head -c 3000 "$tmp/a.ctprof.zst"; tr '\0' '\377' < /dev/zero | head -c 200000; } > "$tmp/bad" && bad "a damaged file" "damaged"
head -c 3000 "$tmp/a.json" > "$tmp/bad" && bad "a text that is cut off" "line "
: > "$tmp/bad" && bad "an empty file" "the text ends where a value should be"
sed 's/"version": 1/"version": 9/' "$tmp/c.json" > "$tmp/bad" && bad "a newer file" "version 9"
echo '{ "schema": "ktstr.sidecar" }' > "$tmp/bad" && bad "another file" "its schema is ktstr.sidecar"
rm "$tmp/bad" && bad "no file" "No such file"

# --- usage
refused "must be followed by capture, compare or show"
refused "needs two snapshots, --interval S or -- COMMAND" compare "$tmp/a.json"
refused "did you mean 'run_time_ns'" show "$tmp/a.json" --metrics run_time
refused "did you mean 'pressure'" show "$tmp/a.json" --sections presure
refused "policy has no order" show "$tmp/a.json" --sort-by policy
refused "must be asc or desc" show "$tmp/a.json" --sort-by minflt:up
refused "--group-by pid: must be" show "$tmp/a.json" --group-by pid
refused "takes no --interval" capture --interval 3
refused "takes no --output" show "$tmp/a.json" -o x
refused "takes no --root" compare "$tmp/a.json" "$tmp/a.json" --root /
refused "--interval=0: must be a number from 1" compare --interval 0
refused "exclude each other" show "$tmp/a.json" --json --csv
finish
