#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Canned scenarios on the machines of presets, under several schedulers: the table of docs/gauntlet.md,
# a row per preset and a column per scenario. A sound scheduler fails none of them.
#
# usage: gauntlet.sh [--write] [--table RUNS]
#	--table RUNS	only print the table of the runs below that folder
#	PRESETS, TESTS, SCHEDULERS, DURATION_S	in the environment: other ones
set -u
cd "$(dirname "$0")/../.." || exit 1
out=${OUTPUT:-$PWD/build}
presets=${PRESETS:-tiny-1llc tiny-2llc smt-2llc odd-3llc smt-3llc odd-7llc odd-5llc numa2-4llc cxl-1node cxl-2node asym-llcs tiered-memory}
tests=${TESTS:-cgroup_steady cgroup_cpuset_resize cgroup_rapid_churn nested_cgroup_steady fan_out_wake}
schedulers=${SCHEDULERS:-eevdf scx_simple}
duration=${DURATION_S:-2}
write=
runs=
while [ $# -gt 0 ]; do
	case $1 in
	--write)	write=1 ;;
	--table)	shift; runs=${1:?--table RUNS} ;;
	*)		echo "usage: gauntlet.sh [--write] [--table RUNS]" >&2; exit 1 ;;
	esac
	shift
done
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

if [ -z "$runs" ]; then
	runs=$tmp/runs
	for s in $schedulers; do
		args=()
		for p in $presets; do
			for t in $tests; do
				args+=(-t "gauntlet/$t/$p")
			done
		done
		[ "$s" = eevdf ] || args+=(--scheduler "$s")
		KTSTR_RUN_ID=$s "$out/ktstr" run --accel tcg -j 1 --duration "$duration" --runs "$runs" \
			"${args[@]}" "$out/catalogue" >&2
	done
fi

# A cell has a verdict per scheduler, in the order of their names.
python3 - "$runs" "$presets" "$tests" > "$tmp/table" <<'EOF'
import glob, json, os, sys

cells, machine, schedulers = {}, {}, set()
for path in glob.glob(sys.argv[1] + "/*/gauntlet.*/*.ktstr.json"):
    s = json.load(open(path))
    _, test, preset = s["variant"].split("/")
    schedulers.add(s["scheduler"])
    cells[test, preset, s["scheduler"]] = s
    machine[preset] = s["topology"]
schedulers = sorted(schedulers)
tests = sys.argv[3].split()
print("| preset | machine | " + " | ".join(f"`{t}`" for t in tests) + " |")
print("|---" * (len(tests) + 2) + "|")
bad = nr = 0
for p in sys.argv[2].split():
    if p not in machine:
        continue
    row = []
    for t in tests:
        verdicts = []
        for s in schedulers:
            c = cells.get((t, p, s))
            nr += c is not None
            bad += c is not None and c["verdict"] not in ("pass", "skip")
            verdicts.append(c["verdict"] if c else "-")
        row.append(verdicts[0] if len(set(verdicts)) == 1 else ", ".join(verdicts))
    print(f"| `{p}` | {machine[p]} | " + " | ".join(row) + " |")
kernels = sorted({c["kernel_version"] or "?" for c in cells.values()})
print(f"\n{nr} runs under {' and '.join(schedulers)} on {', '.join(kernels)}, {bad} false alarms.")
sys.exit(bad != 0)
EOF
bad=$?
cat "$tmp/table"
[ -z "$write" ] || awk -v table="$tmp/table" '
	/^<!-- gauntlet.sh -->/ { print; while ((getline line < table) > 0) print line; skip = 1; next }
	/^<!-- end -->/ { skip = 0 }
	!skip' docs/gauntlet.md > "$tmp/doc" && [ -z "$write" ] || cp "$tmp/doc" docs/gauntlet.md
exit $bad
