#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The base suite on every kernel of the cache, or on those that are named (paths, versions,
# cache keys: what `ktstr run --kernel` takes); prints the table of docs/kernels.md.
#
# usage: kernels.sh [KERNEL...]
set -u
cd "$(dirname "$0")/../.." || exit 1
out=${OUTPUT:-$PWD/build}
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

if [ $# = 0 ]; then
	mapfile -t kernels < <("$out/ktstr" kernel list --json |
		python3 -c 'import json, sys
for e in json.load(sys.stdin):
    print(e["key"])')
	set -- "${kernels[@]}"
fi
[ $# -gt 0 ] || { echo "no kernel in the cache: ktstr kernel fetch 7.3 7.0 ..." >&2; exit 1; }

pass=0
fail=0
echo "| kernel | pass | fail | skip | wall seconds |"
echo "|---|---|---|---|---|"
for k; do
	start=$SECONDS
	"$out/ktstr" run --kernel "$k" --runs "$tmp/runs" >"$tmp/tap" 2>"$tmp/err"
	rc=$?
	release=$(sed -n 's/^# kernel: \([^,]*\),.*/\1/p' "$tmp/tap")
	counts=$(sed -n 's/^# Totals: pass:\([0-9]*\) fail:\([0-9]*\) .*skip:\([0-9]*\) .*/| \1 | \2 | \3 |/p' \
		"$tmp/tap")
	echo "| ${release:-$k} ${counts:-| - | - | - |} $((SECONDS - start)) |"
	if [ $rc = 0 ]; then
		pass=$((pass + 1))
	else
		fail=$((fail + 1))
		grep -h -e '^not ok' -e '^ktstr: .*error' "$tmp/tap" "$tmp/err" >&2
	fi
done
echo "$pass of $((pass + fail))"
[ $fail = 0 ]
