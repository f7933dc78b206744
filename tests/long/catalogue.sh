#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Every scenario of the catalogue under schedulers that are sound: whatever is not ok here is a
# false alarm, or a finding about the scheduler that docs/catalogue.md has to explain. One
# guest (--batch) for each combination, or with BATCH=no one for each scenario; prints a row
# for it, below it what was not ok.
#
# usage: catalogue.sh	with these in the environment, each a list: KERNELS SCHEDULERS
#	TOPOLOGIES SEEDS; SCENARIO (a category, or all) and DURATION (guest seconds each)
set -u
cd "$(dirname "$0")/../.." || exit 1
export KTSTR_AUTO_REPRO=off	# verdicts are wanted, not reasons
out=${OUTPUT:-$PWD/build}
read -ra kernels <<< "${KERNELS:-7.3 6.18}"
read -ra scheds <<< "${SCHEDULERS:-eevdf scx_ktstr scx_simple scx_flatcg}"
read -ra topologies <<< "${TOPOLOGIES:-1n1l2c1t 1n2l2c1t 2n2l4c1t}"
read -ra seeds <<< "${SEEDS:-1 2 3}"
batch=(--batch) mark='# '
[ "${BATCH:-yes}" = yes ] || batch=() mark=''
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

pass=0 total=0
echo "| kernel | scheduler | topology | seed | ok | skipped | not ok | wall seconds |"
echo "|---|---|---|---|---|---|---|---|"
for k in "${kernels[@]}"; do
	for t in "${topologies[@]}"; do
		for s in "${scheds[@]}"; do
			for seed in "${seeds[@]}"; do
				args=(--kernel "$k" --topology "$t" --seed "$seed"
				      --duration "${DURATION:-2}" --runs "$tmp/runs")
				[ "$s" = eevdf ] || args+=(--scheduler "$s")
				start=$SECONDS
				"$out/ktstr" run "${batch[@]}" --scenario "${SCENARIO:-all}" "${args[@]}" \
					> "$tmp/tap" 2> "$tmp/err"
				rc=$?
				skip=$(grep -c "^${mark}ok .* # SKIP" "$tmp/tap")
				ok=$(($(grep -c "^${mark}ok " "$tmp/tap") - skip))
				bad=$(grep -c "^${mark}not ok " "$tmp/tap")
				echo "| $k | $s | $t | $seed | $ok | $skip | $bad | $((SECONDS - start)) |"
				sed -n "s/^${mark}not ok /    /p" "$tmp/tap"
				total=$((total + 1))
				# a guest that died early has lines that are all ok
				if [ $rc = 0 ] && [ "$bad" = 0 ] && [ "$ok" != 0 ]; then
					pass=$((pass + 1))
				elif [ "$bad" = 0 ]; then
					grep -hE '^not ok|^#   |error' "$tmp/tap" "$tmp/err" |
						head -n 5 | sed 's/^/    /'
				fi
				rm -rf "$tmp/runs"
			done
		done
	done
done
echo "$pass of $total"
[ $pass = $total ]
