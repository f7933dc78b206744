#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What a trace costs the host: one test with and without --trace, by turns, seconds of CPU and of the
# wall clock. The guest loses nothing (tests/e2e/trace_test.sh). Fails if the trace makes the median
# run more than 1.5 times as long, in CPU seconds: the wall clock of a shared machine says little.
#
# usage: trace.sh [RUNS [TEST [ktstr run options]]]	(3, equal_cgroups_scx_ktstr)
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/begin.sh
runs=${1:-3} test=${2:-equal_cgroups_scx_ktstr}
shift $(($# < 2 ? $# : 2))
TIMEFORMAT='%R %U %S'

once()
{
	{ time "$out/ktstr" run --seed 1 --runs "$tmp/r" -t "$test" "${@:2}" > "$tmp/tap" 2>&1; } \
		2>> "$tmp/$1"
	grep -q '^ok 1' "$tmp/tap" || { cat "$tmp/tap"; exit 1; }
}

once warm "$@"			# makes the image
for _ in $(seq "$runs"); do
	once without "$@"
	once with --trace "$tmp/trace.pftrace" "$@"
done
events=$("$out/ktstr" trace show --no-pager "$tmp/trace.pftrace" | wc -l)
python3 - "$tmp/without" "$tmp/with" "$events" "$(stat -c %s "$tmp/trace.pftrace")" <<'E2'
import sys

def median(path):
    rows = [list(map(float, l.split())) for l in open(path)]
    return [sorted(c)[len(c) // 2] for c in ([r[0] for r in rows], [r[1] + r[2] for r in rows])]

a, b = median(sys.argv[1]), median(sys.argv[2])
print("%d events, %d KiB" % (int(sys.argv[3]), int(sys.argv[4]) // 1024))
print("%-8s %9s %9s" % ("seconds", "wall", "CPU"))
print("%-8s %9.2f %9.2f" % ("without", *a))
print("%-8s %9.2f %9.2f" % ("with", *b))
print("%-8s %9.2f %9.2f" % ("ratio", b[0] / a[0], b[1] / a[1]))
sys.exit(b[1] / a[1] > 1.5)
E2
