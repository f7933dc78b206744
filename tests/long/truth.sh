#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# monitor_truth_test and dump_truth_test.sh on every kernel of the cache, or on those that are named
# (paths, versions, cache keys: what `ktstr kernel path` takes). Prints the tables of docs/monitor.md and
# docs/dumps.md, a row per figure and a column per kernel, and with --write puts them there.
#
# usage: truth.sh [--write] [KERNEL...]
set -u
cd "$(dirname "$0")/../.." || exit 1
out=${OUTPUT:-$PWD/build}
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

write=
[ "${1:-}" = --write ] && { write=1; shift; }
if [ $# = 0 ]; then
	mapfile -t kernels < <("$out/ktstr" kernel list --json | python3 -c 'import json, sys
for e in json.load(sys.stdin):
    print(e["key"])')
	set -- "${kernels[@]}"
fi
[ $# -gt 0 ] || { echo "no kernel in the cache: ktstr kernel fetch 7.3 7.0 ..." >&2; exit 1; }

bad=0
for k; do
	image=$("$out/ktstr" kernel path "$k" 2>"$tmp/found") || { cat "$tmp/found" >&2; exit 1; }
	release=$(sed -n 's/^ktstr: \([0-9][^+,-]*\).*/\1/p' "$tmp/found")
	release=${release:-$k}
	echo "truth: $release" >&2
	KTSTR_LIBDIR=$out KTSTR_TEST_KERNEL=$image \
		"$out/obj/tests/e2e/monitor_truth_test" once >"$tmp/tap" 2>&1
	rc=$?
	# a guest that did not come to its end has no column: it would look like one that lacks all
	if grep -q '^# [1-9][0-9]* rounds' "$tmp/tap"; then
		cp "$tmp/tap" "$tmp/$release.tap"
	else
		rc=1
	fi
	[ $rc = 0 ] || { bad=1; sed "s/^/$release: /" "$tmp/tap" >&2; }
	# the kernel's own dump and ours; a kernel that does not load the fixture scheduler has none
	KTSTR_TEST_KERNEL=$image tests/e2e/dump_truth_test.sh once >"$tmp/dump" 2>&1
	rc=$?
	sed -n "s/^# \\([a-z_.]*: equal\\)/truth: $release: dump: \\1/p" "$tmp/dump" >&2
	! grep -q '^# task.dsq_id: equal' "$tmp/dump" || cp "$tmp/dump" "$tmp/$release.dump"
	[ $rc = 0 ] || [ $rc = 4 ] || { bad=1; sed "s/^/$release: dump: /" "$tmp/dump" >&2; }
done

# A cell: = where host and kernel agree, ~ where the kernel's readings differ each time and the host's
# is between them, - for what this kernel lacks, "no" for all else.
python3 - "$tmp" >"$tmp/table" <<'EOF'
import glob, os, re, sys

kernels = {}
for path in glob.glob(sys.argv[1] + "/*.tap"):
    figures, missing = {}, {}
    for line in open(path, errors="replace"):
        m = re.match(r"(not ok|ok) \d+ ([^:]+): exact (\d+)", line)
        if m:
            figures[m[2]] = "no" if m[1] != "ok" else "=" if m[3] != "0" else "~"
        m = re.match(r"# missing ([^:]+): (.*)", line)
        if m:
            missing[m[1]] = m[2]
    kernels[os.path.basename(path)[:-len(".tap")]] = figures, missing

names = sorted(kernels, key=lambda k: [int(n) for n in re.findall(r"\d+", k)])
rows = []
for k in reversed(names):
    rows += [f for f in kernels[k][0] if f not in rows]
rows += sorted({f for k in names for f in kernels[k][1] if f not in rows and f != "events"})

reasons = {}
print("| figure | " + " | ".join(names) + " |")
print("|---" * (len(names) + 1) + "|")
for f in rows:
    cells = []
    for k in names:
        figures, missing = kernels[k]
        cells.append(figures.get(f, "-"))
        if f not in figures:
            why = missing.get(f) or missing.get("events") or \
                "this kernel's scx_event_stats has no such counter"
            reasons.setdefault(why, {}).setdefault(f, []).append(k)
    print("| `%s` | " % f + " | ".join(cells) + " |")
print("| **sum of =** | " + " | ".join(
    "%d" % sum(v == "=" for v in kernels[k][0].values()) for k in names) + " |")
print()
for why, where in reasons.items():
    print("- `-`: %s (%s)" % (why, ", ".join("`%s`" % f for f in where)))
EOF
cat "$tmp/table"
# Of a dump: how many values are equal; what a kernel does not print, or lacks, is -.
python3 - "$tmp" >"$tmp/dumps" <<'EOF'
import glob, os, re, sys

kernels = {}
for path in glob.glob(sys.argv[1] + "/*.dump"):
    figures = {}
    for m in re.finditer(r"^# ([a-z_.]+): equal (\d+), wrong (\d+)", open(path).read(), re.M):
        figures[m[1]] = m[2] if m[3] == "0" else "%s, wrong %s" % (m[2], m[3])
    kernels[os.path.basename(path)[:-len(".dump")]] = figures
names = sorted(kernels, key=lambda k: [int(n) for n in re.findall(r"\d+", k)])
rows = []
for k in reversed(names):
    rows += [f for f in kernels[k] if f not in rows]
print("| figure | " + " | ".join(names) + " |")
print("|---" * (len(names) + 1) + "|")
for f in rows:
    print("| `%s` | " % f + " | ".join(kernels[k].get(f, "-") for k in names) + " |")
EOF
cat "$tmp/dumps"
if [ -n "$write" ] && [ $bad = 1 ]; then
	echo "truth: the pages are left as they are, see above" >&2
elif [ -n "$write" ]; then
	for page in "$tmp/table docs/monitor.md" "$tmp/dumps docs/dumps.md"; do
		# shellcheck disable=SC2086	# two words
		python3 - $page <<'EOF' || exit 1
import sys

begin, end = "<!-- truth: begin -->\n", "<!-- truth: end -->\n"
table, doc = open(sys.argv[1]).read(), open(sys.argv[2]).read()
if begin not in doc or end not in doc:
    sys.exit("truth: %s: the marks of the table are missing" % sys.argv[2])
open(sys.argv[2], "w").write(doc.split(begin)[0] + begin + "\n" + table + "\n" + end +
                             doc.split(end)[1])
EOF
	done
fi
exit $bad
