#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# make gate-matrix: run scenarios/gate_matrix.c and print its table, one line a check with the
# finding just outside the limit; the last line is "N of N".
set -u
cd "$(dirname "$0")/../.." || exit 1
out=${OUTPUT:-$PWD/build}
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

"$out/ktstr" run -t gate_matrix --runs "$tmp" "$@" > "$tmp/out" || {
	cat "$tmp/out" >&2
	status=1
}
sed -n 's/^  \(note: \)\{0,1\}gate //p' "$tmp"/*/*/report.txt
sed -n 's/^  note: gates: //p' "$tmp"/*/*/report.txt
exit "${status:-0}"
