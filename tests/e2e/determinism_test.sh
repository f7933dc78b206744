#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Same seed, same run: consoles byte for byte, sidecars but for what belongs to the host; also
# while the host is busy with something else. Another seed gives another run, so the equality
# above is no accident of an empty console. The same of the work types with threads of their own
# (Schbench, Taobench), whose metrics have to be the same to the last digit.
#
# usage: determinism_test.sh [RUNS]	(default 1 quiet run, beside the loaded one)
set -u
cd "$(dirname "$0")/../.." || exit 1
out=${OUTPUT:-$PWD/build}
runs=${1:-1}
prog=$out/equal_cgroups
test=equal_cgroups_scx_ktstr
tmp=$(mktemp -d) || exit 1
busy=()
cleanup() {
	[ ${#busy[@]} = 0 ] || kill "${busy[@]}" 2>/dev/null
	rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

. tests/lib.sh

# run SEED NAME [PROGRAM TEST]: leaves $tmp/NAME/{console.log,sidecar}
run() {
	KTSTR_ACCEL=tcg KTSTR_SEED=$1 KTSTR_RUNS_ROOT=$tmp/$2.runs KTSTR_RUN_ID=r KTSTR_LIBDIR=$out \
		"${3:-$prog}" -t "${4:-$test}" >"$tmp/$2.tap" 2>&1 || { sed 's/^/# /' "$tmp/$2.tap"; return 1; }
	mkdir "$tmp/$2" &&
	cp "$tmp/$2.runs"/r/*/console.log "$tmp/$2/console.log" &&
	python3 - "$tmp/$2.runs"/r/*/*.ktstr.json >"$tmp/$2/sidecar" <<-'PY'
	import json, sys
	d = json.load(open(sys.argv[1]))
	d.pop("host")
	json.dump(d, sys.stdout, indent=1, sort_keys=True)
	PY
}

same() {	# NAME [AS]
	local as=${2:-1}

	cmp "$tmp/$as/console.log" "$tmp/$1/console.log" 2>&1 | sed 's/^/# /'
	diff "$tmp/$as/sidecar" "$tmp/$1/sidecar" | head -20 | sed 's/^/# /'
	cmp -s "$tmp/$as/console.log" "$tmp/$1/console.log" &&
		cmp -s "$tmp/$as/sidecar" "$tmp/$1/sidecar"
}

echo "TAP version 13"
run 7 1
result $? "seed 7 passes"
for i in $(seq 2 "$runs"); do
	run 7 "$i" && same "$i"
	result $? "seed 7 again: run $i is identical"
done

for _ in 1 2; do
	(while :; do :; done) &
	busy+=($!)
done
run 7 loaded && same loaded
result $? "seed 7 on a host with two busy loops: identical"
kill "${busy[@]}" 2>/dev/null
busy=()

run 8 other && ! cmp -s "$tmp/1/console.log" "$tmp/other/console.log"
result $? "seed 8 differs"
[ "$(wc -l <"$tmp/1/console.log")" -gt 50 ]
result $? "the compared console is a real one"

programs=$out/obj/tests/e2e/work_types_c_test
run 7 server "$programs" programs_and_storms &&
	run 7 server2 "$programs" programs_and_storms && same server2 server
result $? "programs with threads of their own: seed 7 again is identical"
[ "$(grep -c '"source": "\(Schbench\|Taobench\)"' "$tmp/server/sidecar")" -ge 15 ]
result $? "and their metrics were there to be compared"

finish
