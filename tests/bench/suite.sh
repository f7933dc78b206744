#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What one test costs, from the sidecars of a run of the base suite: host work before the
# vCPUs run (kernel and scheduler look-up, initramfs, process start), boot up to PID 1, and
# the whole, on the host's clock; beside it the guest's own clock at PID 1 and at the end.
# One test at a time, so that the figures are not each other's noise. Compare figures of one
# run with each other, not with those of another machine.
#
# usage: suite.sh [ktstr run options]
set -u
cd "$(dirname "$0")/../.." || exit 1
out=${OUTPUT:-$PWD/build}
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

"$out/ktstr" run -j 1 --runs "$tmp" "$@" >"$tmp/tap" || grep '^not ok' "$tmp/tap"
grep '^# kernel' "$tmp/tap"
python3 - "$tmp"/*/*/*.ktstr.json <<'E2'
import json, sys

rows = []
for path in sys.argv[1:]:
    d = json.load(open(path))
    h = d["host"]
    rows.append((d["test_name"], h["setup_ms"], h["boot_ms"], h["total_ms"],
                 d["guest_boot_ns"] / 1e6, d["guest_total_ns"] / 1e6))
print("%-32s %9s %9s %9s | %11s %11s" %
      ("milliseconds", "set-up", "boot", "total", "guest boot", "guest end"))
for r in sorted(rows):
    print("%-32s %9d %9d %9d | %11.0f %11.0f" % r)
if rows:
    mid = [sorted(r[i] for r in rows)[len(rows) // 2] for i in range(1, 6)]
    print("%-32s %9d %9d %9d | %11.0f %11.0f" % ("median", *mid))
E2
