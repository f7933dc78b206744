#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What a trace costs a guest that is traced from inside (docs/traces.md): one test with and without
# --trace, by turns; iterations of its workers and calls of schedule() per second of the guest's time. Runs
# are not deterministic, so single ratios say little: the medians are printed with their ranges. Fails if a
# trace lost events, or is not whole.
#
# usage: trace_guest.sh [RUNS [TEST [ktstr run options]]]	(3, cgroup_pipe_io --tcg-threads multi)
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/begin.sh
runs=${1:-3} test=${2:-cgroup_pipe_io}
shift $(($# < 2 ? $# : 2))
[ $# -gt 0 ] || set -- --tcg-threads multi

once()
{
	"$out/ktstr" run --runs "$tmp/$1" -t "$test" "${@:2}" > "$tmp/tap" 2>&1
	grep -q '^ok 1' "$tmp/tap" || { cat "$tmp/tap"; exit 1; }
}

once warm "$@"			# makes the image
for _ in $(seq "$runs"); do
	once without "$@"
	once with --trace "$tmp/trace.pftrace" "$@"
done
python3 - "$tmp/without" "$tmp/with" <<'E2'
import glob, json, statistics, sys

def figures(path):
    rows, whole = [], True
    for name in glob.glob(path + "/*/*/*.ktstr.json"):
        d = json.load(open(name))
        sched = d["monitor"]["schedstat_deltas"]
        rows.append((sum(c["iteration_rate"] or 0 for c in d["stats"]["cgroups"]),
                     sched["sched_count_rate"]))
        t = d["trace"]
        if t:
            whole &= not t["lost"] and not t["missed"] and not t["differ"] and t["compared"] > 0
            print("%d events, %d switches compared, %d lost, %d missed" %
                  (t["events"], t["compared"], t["lost"], t["missed"]))
    return list(zip(*rows)), whole

a, _ = figures(sys.argv[1])
b, whole = figures(sys.argv[2])
for what, x, y in zip(("iterations/s", "schedule/s"), a, b):
    m, n = statistics.median(x), statistics.median(y)
    print("%-12s without %10.1f (%.1f to %.1f)  with %10.1f (%.1f to %.1f)  ratio %.3f" %
          (what, m, min(x), max(x), n, min(y), max(y), n / m))
sys.exit(not whole)
E2
