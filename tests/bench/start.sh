#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# How long it takes until a test begins: booted, and from an image. The first number of a cell is
# set-up (everything until the test's own init begins to run, with the restore of the machine; a
# booting machine counts from its first instruction, in the second number), the second one is until
# the guest reports its start. Each is the smallest of RUNS runs, in ms of host time. The last two
# columns are seconds of CPU time of the whole run, which also has the body of 1 s of guest time.
#
# usage: start.sh [RUNS [TOPOLOGY...]]	(3; 2, 4, 16 and 64 vCPUs)
set -u
cd "$(dirname "$0")/../.." || exit 1
out=${OUTPUT:-$PWD/build}
runs=${1:-3}
shift
[ $# -gt 0 ] || set -- 1n1l2c1t 1n1l4c1t 1n4l4c1t 2n8l8c1t
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM

KTSTR_TEST_KERNEL=$("$out/ktstr" kernel path 2> /dev/null) || exit
export KTSTR_TEST_KERNEL KTSTR_LIBDIR=$out KTSTR_ACCEL=tcg KTSTR_SEED=1 KTSTR_DURATION_S=1
TIMEFORMAT='%U %S'

# once COLD: "SETUP BOOT CPU"
once() {
	local cpu

	rm -rf "$tmp/runs"
	cpu=$({ time KTSTR_COLD=$1 KTSTR_RUNS_ROOT=$tmp/runs KTSTR_RUN_ID=r \
		"$out/examples" -t spinners_beside_bursts > "$tmp/tap" 2>&1; } 2>&1 |
		awk '{ print $1 + $2 }')
	python3 -c 'import json, sys
h = json.load(open(sys.argv[1]))["host"]
print(h["setup_ms"], h["boot_ms"], sys.argv[2])' "$tmp"/runs/r/*/*.ktstr.json "$cpu"
}

# best COLD: the smallest of each
best() {
	for _ in $(seq "$runs"); do
		once "$1"
	done | awk 'NR == 1 { a = $1; b = $2; c = $3 }
		{ a = $1 < a ? $1 : a; b = $2 < b ? $2 : b; c = $3 < c ? $3 : c }
		END { print a, b, c }'
}

printf '%-12s %16s %16s %8s %8s %8s\n' topology 'booted, ms' 'from image, ms' ratio 'CPU, s' 'CPU, s'
for t; do
	export KTSTR_TOPOLOGY=$t
	once 0 > /dev/null	# makes the image
	read -r cs cb cc < <(best 1)
	read -r ws wb wc < <(best 0)
	[ -n "${wc:-}" ] || { sed 's/^/# /' "$tmp/tap"; exit 1; }
	printf '%-12s %7d + %6d %7d + %6d %8.2f %8.1f %8.1f\n' "$t" "$cs" "$cb" "$ws" "$wb" \
		"$(awk "BEGIN { print ($ws + $wb) / ($cs + $cb) }")" "$cc" "$wc"
done
