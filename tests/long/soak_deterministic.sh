#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Many runs with one seed on an overloaded host: all consoles byte for byte and all sidecars but for
# their "host" object are those of the first run. Schedulers that are loaded and unloaded under load,
# on 4 and on 16 vCPUs, from images and booted, several emulators at once beside busy loops.
#
# usage: soak_deterministic.sh [RUNS [AT_ONCE [BUSY_LOOPS]]]	(20 of each kind, 5, 2)
set -u
cd "$(dirname "$0")/../.." || exit 1
out=${OUTPUT:-$PWD/build}
runs=${1:-20} jobs=${2:-5} busy=${3:-2}
tmp=$(mktemp -d) || exit 1
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM

KTSTR_TEST_KERNEL=$("$out/ktstr" kernel path 2> /dev/null) || exit
export KTSTR_TEST_KERNEL KTSTR_LIBDIR=$out KTSTR_ACCEL=tcg
export KTSTR_PROJECT_COMMIT=soak	# somebody may commit meanwhile

# one DIR COLD TOPOLOGY PROGRAM TEST: leaves DIR/sum
one() {
	local dir=$1

	mkdir "$dir"
	KTSTR_COLD=$2 KTSTR_TOPOLOGY=$3 KTSTR_SEED=7 KTSTR_RUNS_ROOT=$dir/runs KTSTR_RUN_ID=r \
		"$out/$4" -t "$5" > "$dir/tap" 2>&1
	python3 - "$dir"/runs/r/*/*.ktstr.json > "$dir/sidecar" <<-'PY'
	import json, sys
	d = json.load(open(sys.argv[1]))
	d.pop("host")
	print(json.dumps(d, indent=1, sort_keys=True))
	PY
	cat "$dir"/runs/r/*/console.log "$dir/sidecar" > "$dir/all"
	sha256sum < "$dir/all" > "$dir/sum"
}

for _ in $(seq "$busy"); do
	(while :; do :; done) &
done
spinning=$(jobs -p)

pass=0 fail=0
# soak COLD TOPOLOGY PROGRAM TEST
soak() {
	local kind="$4 on $2, from an image" i base=$tmp/${4}_$2_$1 same=0

	[ "$1" = 0 ] || kind="$4 on $2, booted"
	for i in $(seq "$runs"); do
		while [ "$(jobs -rp | grep -vxFc "$spinning")" -ge "$jobs" ]; do
			wait -n
		done
		one "$base.$i" "$@" &
	done
	# all but the loops
	# shellcheck disable=SC2046
	wait $(jobs -p | grep -vxF "$spinning")
	for i in $(seq "$runs"); do
		if [ -s "$base.1/sidecar" ] && cmp -s "$base.1/sum" "$base.$i/sum"; then
			same=$((same + 1))
		else
			diff "$base.1/all" "$base.$i/all" | head -5 | cut -c1-200 | sed "s/^/# run $i: /"
		fi
	done
	pass=$((pass + same)) fail=$((fail + runs - same))
	echo "# $kind: $same of $runs"
	rm -rf "${base:?}".*
}

for cold in 0 1; do
	soak $cold 1n1l4c1t scheduler_exchange schedulers_are_exchanged_under_load
	soak $cold 1n4l4c1t equal_cgroups equal_cgroups_scx_ktstr
done
echo "$pass passed, $fail failed"
[ $fail = 0 ]
