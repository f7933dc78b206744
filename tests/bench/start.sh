#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# How long it takes until a test begins: booted, and from an image. Each figure is the smallest of
# RUNS runs, in ms of host time.
#
#	set-up	of a run that boots: everything until the first instruction of its machine
#	boot	from there until the guest reports its start
#	prepare	of a run from an image: everything until its machine is created
#	restore	from there to the first entry of its vCPUs
#	archive	until the image's init has taken what belongs to the test
#	init	from there until the guest reports its start
#	ratio	of the two sums
#	CPU	seconds of the whole run, booted and from the image; it has 1 s of guest time for the body
#
# With KTSTR_ACCEL=kvm, of the bundled VMM; also inside tests/nested/run.sh.
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

KTSTR_TEST_KERNEL=${KTSTR_TEST_KERNEL:-$("$out/ktstr" kernel path 2> /dev/null)} || exit
export KTSTR_TEST_KERNEL KTSTR_LIBDIR=$out KTSTR_ACCEL=${KTSTR_ACCEL:-tcg} KTSTR_DURATION_S=1
[ "$KTSTR_ACCEL" = kvm ] || export KTSTR_SEED=1
TIMEFORMAT='%U %S'

# once COLD: "SETUP RESTORE ARCHIVE BOOT CPU", of times ms
once() {
	local cpu

	rm -rf "$tmp/runs"
	cpu=$({ time KTSTR_COLD=$1 KTSTR_RUNS_ROOT=$tmp/runs KTSTR_RUN_ID=r \
		"$out/examples" -t spinners_beside_bursts > "$tmp/tap" 2>&1; } 2>&1 |
		awk '{ print $1 + $2 }')
	python3 -c 'import json, sys
h = json.load(open(sys.argv[1]))["host"]
print(h["setup_ms"], h["restore_us"] / 1e3, h["archive_us"] / 1e3, h["boot_ms"], sys.argv[2])' \
		"$tmp"/runs/r/*/*.ktstr.json "$cpu"
}

# best COLD: the smallest of each
best() {
	for _ in $(seq "$runs"); do
		once "$1"
	done | awk '{ for (i = 1; i <= NF; i++) if (NR == 1 || $i < min[i]) min[i] = $i }
		END { for (i = 1; i <= 5; i++) printf "%s ", min[i]; print "" }'
}

row='%-10s %7s %7s %8s %8s %8s %7s %7s %6s %6s\n'
# shellcheck disable=SC2059 # one format for the head and the rows
printf "$row" topology set-up boot prepare restore archive init ratio CPU CPU
for t; do
	export KTSTR_TOPOLOGY=$t
	once 0 > /dev/null	# makes the image
	read -r cold_setup _ _ cold_boot cold_cpu < <(best 1)
	read -r setup restore archive init cpu < <(best 0)
	[ -n "${cpu:-}" ] || { sed 's/^/# /' "$tmp/tap"; exit 1; }
	# shellcheck disable=SC2059,SC2046
	printf "$row" "$t" "$cold_setup" "$cold_boot" $(awk "BEGIN {
		printf \"%.0f %.1f %.1f %.0f %.2f %.1f %.1f\", $setup - $restore - $archive, $restore,
			$archive, $init, ($setup + $init) / ($cold_setup + $cold_boot), $cold_cpu, $cpu
	}")
done
