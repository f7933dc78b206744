#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The whole base suite with one seed, several times: consoles byte for byte and sidecars but
# for their "host" object are those of the first run. Minutes per run, so no part of
# `make check`; tests/e2e/determinism_test.sh is the short form.
#
# usage: same_seed.sh [RUNS [SEED [BUSY_LOOPS]]]	(10, 7, 0)
set -u
cd "$(dirname "$0")/../.." || exit 1
out=${OUTPUT:-$PWD/build}
runs=${1:-10} seed=${2:-7} busy=${3:-0}
tmp=$(mktemp -d) || exit 1
pids=()
cleanup() {
	[ ${#pids[@]} = 0 ] || kill "${pids[@]}" 2>/dev/null
	rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 130' INT TERM
for _ in $(seq "$busy"); do
	(while :; do :; done) &
	pids+=($!)
done

kernel=$("$out/ktstr" kernel path) || exit	# one for all: the cache may change meanwhile
pass=0
fail=0
for i in $(seq "$runs"); do
	"$out/ktstr" run --kernel "$kernel" --accel tcg --seed "$seed" --runs "$tmp/$i" >"$tmp/$i.tap" 2>/dev/null || {
		grep '^not ok' "$tmp/$i.tap" | sed 's/^/# /'
		echo "# run $i: the suite did not pass"
	}
	(
		cd "$tmp/$i"/* || exit
		sha256sum -- */console.log
		for f in */*.ktstr.json; do
			python3 -c 'import json, sys
d = json.load(open(sys.argv[1]))
d.pop("host")
print(sys.argv[1], json.dumps(d, sort_keys=True))' "$f"
		done
	) >"$tmp/$i.all"
	if [ -s "$tmp/$i.all" ] && cmp -s "$tmp/1.all" "$tmp/$i.all"; then
		pass=$((pass + 1))
		echo "ok $i run $i: $(grep -c console.log "$tmp/$i.all") consoles and as many sidecars are those of run 1"
	else
		fail=$((fail + 1))
		diff "$tmp/1.all" "$tmp/$i.all" | cut -c1-200 | sed 's/^/# /'
		echo "not ok $i run $i differs"
	fi
	[ "$i" = 1 ] || rm -rf "${tmp:?}/$i"
done
echo "1..$runs"
echo "$pass passed, $fail failed"
[ $fail = 0 ]
